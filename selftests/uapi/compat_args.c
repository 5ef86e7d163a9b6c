// SPDX-License-Identifier: GPL-2.0-only
/*
 * compat_args.c - which IOAS serves the container, and every argument that its
 * ioctls refuse
 *
 * Owns: args_table.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "compat.h"

#define RLIMIT_PARAM "/sys/module/iommufd/parameters/default_rlimit_mode"

/* struct vfio_iommu_type1_dma_unmap without its open end. */
struct unmap {
	__u32 argsz, flags;
	__u64 iova, size;
};

static struct vfio_iommu_type1_dma_map good_map(void)
{
	return (struct vfio_iommu_type1_dma_map){
		.argsz = sizeof(struct vfio_iommu_type1_dma_map),
		.flags = DMA_RW,
		.vaddr = PAGE_SZ,
		.iova = BASE,
		.size = 4 * PAGE_SZ,
	};
}

static struct unmap good_unmap(void)
{
	return (struct unmap){
		.argsz = sizeof(struct unmap),
		.iova = BASE,
		.size = 4 * PAGE_SZ,
	};
}

static void expect_map(int fd, struct vfio_iommu_type1_dma_map cmd, int want)
{
	CHECK_RET(xioctl(fd, VFIO_IOMMU_MAP_DMA, &cmd), want);
}

static void expect_unmap(int fd, struct unmap cmd, int want)
{
	CHECK_RET(xioctl(fd, VFIO_IOMMU_UNMAP_DMA, &cmd), want);
}

static int info(int fd, __u32 argsz)
{
	struct vfio_iommu_type1_info cmd = { .argsz = argsz };

	return xioctl(fd, VFIO_IOMMU_GET_INFO, &cmd);
}

static void without_an_ioas(void)
{
	int fd = CHECK_FD(iommufd_open());
	__u32 id = 77;

	CHECK_EQ(ioctl(fd, VFIO_GET_API_VERSION), VFIO_API_VERSION);
	CHECK_RET(iommufd_vfio_ioas(fd, IOMMU_VFIO_IOAS_GET, &id), -ENODEV);
	CHECK_EQ(id, 77);
	CHECK_RET(vfio_container_set_iommu(fd, VFIO_TYPE1_IOMMU), -ENODEV);
	CHECK_RET(vfio_container_set_iommu(fd, VFIO_TYPE1v2_IOMMU), -ENODEV);
	CHECK_RET(info(fd, sizeof(struct vfio_iommu_type1_info)), -ENODEV);
	expect_map(fd, good_map(), -ENODEV);
	expect_unmap(fd, good_unmap(), -ENODEV);
	/* There is an IOAS, but nobody said that it is the container's. */
	CHECK_OK(iommufd_ioas_alloc(fd, &id));
	expect_map(fd, good_map(), -ENODEV);
}

static void extensions(void)
{
	struct space s = new_container(0);
	unsigned long e;

	for (e = 0; e < 40; e++) {
		bool want = e == VFIO_TYPE1_IOMMU || e == VFIO_TYPE1v2_IOMMU ||
			    e == VFIO_UNMAP_ALL || e == VFIO_DMA_CC_IOMMU;

		CHECK_EQ(ioctl(s.fd, VFIO_CHECK_EXTENSION, e), want);
	}
	CHECK_EQ(ioctl(s.fd, VFIO_CHECK_EXTENSION, ~0UL), 0);
	CHECK_EQ(ioctl(s.fd, VFIO_CHECK_EXTENSION, 1UL << 32 | 1), 0);
	/* Nothing is known of devices' caches without an IOAS. */
	CHECK_OK(iommufd_vfio_ioas(s.fd, IOMMU_VFIO_IOAS_CLEAR, &s.ioas));
	CHECK_EQ(ioctl(s.fd, VFIO_CHECK_EXTENSION, VFIO_DMA_CC_IOMMU), 0);
	CHECK_EQ(ioctl(s.fd, VFIO_CHECK_EXTENSION, VFIO_TYPE1v2_IOMMU), 1);
}

static void unknown_numbers(void)
{
	struct space s = new_container(0);
	char buf[256] = { 0 };
	unsigned int nr;

	for (nr = 0; nr < IOMMUFD_CMD_BASE; nr++) {
		if (nr >= VFIO_BASE && nr <= VFIO_BASE + 2)
			continue;
		if (nr >= VFIO_BASE + 12 && nr <= VFIO_BASE + 14)
			continue;
		CHECK_RET(xioctl(s.fd, _IO(VFIO_TYPE, nr), buf), -ENOTTY);
	}
	/* Not the same number, though it ends alike. */
	CHECK_RET(xioctl(s.fd, _IO('<', VFIO_BASE), buf), -ENOTTY);
	CHECK_RET(xioctl(s.fd, _IOW(VFIO_TYPE, VFIO_BASE, int), buf), -ENOTTY);
	CHECK_RET(xioctl(s.fd, VFIO_IOMMU_DIRTY_PAGES, buf), -ENOTTY);
}

static void ioas_operations(void)
{
	struct iommu_vfio_ioas bad = { .size = sizeof(bad) };
	struct space s = new_space();
	__u32 id, other;

	for (bad.op = 3; bad.op < 40; bad.op++)
		CHECK_RET(xioctl(s.fd, IOMMU_VFIO_IOAS, &bad), -EOPNOTSUPP);
	bad.op = IOMMU_VFIO_IOAS_CLEAR;
	bad.__reserved = 1;
	CHECK_RET(xioctl(s.fd, IOMMU_VFIO_IOAS, &bad), -EOPNOTSUPP);

	for (id = 0; id < 20; id++)
		if (id != s.ioas)
			CHECK_RET(iommufd_vfio_ioas(s.fd, IOMMU_VFIO_IOAS_SET,
						    &id), -ENOENT);
	CHECK_RET(iommufd_vfio_ioas(s.fd, IOMMU_VFIO_IOAS_GET, &id), -ENODEV);
	CHECK_OK(iommufd_vfio_ioas(s.fd, IOMMU_VFIO_IOAS_CLEAR, &id));
	CHECK_OK(iommufd_vfio_ioas(s.fd, IOMMU_VFIO_IOAS_SET, &s.ioas));
	CHECK_OK(iommufd_vfio_ioas(s.fd, IOMMU_VFIO_IOAS_GET, &id));
	CHECK_EQ(id, s.ioas);
	/* A failed SET, and a second one. */
	other = 99;
	CHECK_RET(iommufd_vfio_ioas(s.fd, IOMMU_VFIO_IOAS_SET, &other),
		  -ENOENT);
	CHECK_OK(iommufd_vfio_ioas(s.fd, IOMMU_VFIO_IOAS_GET, &id));
	CHECK_EQ(id, s.ioas);
	CHECK_OK(iommufd_ioas_alloc(s.fd, &other));
	CHECK_OK(iommufd_vfio_ioas(s.fd, IOMMU_VFIO_IOAS_SET, &other));
	CHECK_OK(iommufd_vfio_ioas(s.fd, IOMMU_VFIO_IOAS_GET, &id));
	CHECK_EQ(id, other);
	CHECK_OK(iommufd_vfio_ioas(s.fd, IOMMU_VFIO_IOAS_CLEAR, &id));
	CHECK_RET(iommufd_vfio_ioas(s.fd, IOMMU_VFIO_IOAS_GET, &id), -ENODEV);
}

/* Being the container's keeps no IOAS, and its id is nobody else's. */
static void ioas_destroyed(void)
{
	struct space s = new_container(0);
	__u32 id, same;

	expect_map(s.fd, good_map(), 0);
	CHECK_OK(iommufd_destroy(s.fd, s.ioas));
	CHECK_RET(iommufd_vfio_ioas(s.fd, IOMMU_VFIO_IOAS_GET, &id), -ENODEV);
	CHECK_OK(iommufd_ioas_alloc(s.fd, &same));
	CHECK_EQ(same, s.ioas);
	CHECK_RET(iommufd_vfio_ioas(s.fd, IOMMU_VFIO_IOAS_GET, &id), -ENODEV);
	expect_map(s.fd, good_map(), -ENODEV);
	CHECK_OK(iommufd_vfio_ioas(s.fd, IOMMU_VFIO_IOAS_SET, &same));
	expect_map(s.fd, good_map(), 0);
}

static void set_iommu_types(void)
{
	struct space s = new_container(0);
	__u64 huge = 7;
	int type;

	for (type = -1; type < 20; type++)
		if (type != VFIO_TYPE1_IOMMU && type != VFIO_TYPE1v2_IOMMU)
			CHECK_RET(vfio_container_set_iommu(s.fd, type),
				  -EINVAL);
	CHECK_OK(vfio_container_set_iommu(s.fd, VFIO_TYPE1v2_IOMMU));
	CHECK_OK(iommufd_option_get(s.fd, IOMMU_OPTION_HUGE_PAGES, s.ioas,
				    &huge));
	CHECK_EQ(huge, 1);
	/* Bytes are natively fine here; a container in pages cannot have them. */
	CHECK_OK(iommufd_map_fixed(s.fd, s.ioas, nowhere(PAGE_SZ), 1, BASE + 1,
				   MAP_RW));
	CHECK_RET(vfio_container_set_iommu(s.fd, VFIO_TYPE1_IOMMU),
		  -EADDRINUSE);
	expect_all(&s, 1);
	CHECK_OK(vfio_container_set_iommu(s.fd, VFIO_TYPE1_IOMMU));
	CHECK_OK(vfio_container_set_iommu(s.fd, VFIO_TYPE1_IOMMU));
	CHECK_OK(iommufd_option_get(s.fd, IOMMU_OPTION_HUGE_PAGES, s.ioas,
				    &huge));
	CHECK_EQ(huge, 0);
	CHECK_OK(vfio_container_set_iommu(s.fd, VFIO_TYPE1v2_IOMMU));
}

static void map_arguments(void)
{
	static const __u32 flags[] = { 0, 4, 5, 6, 7, 8, 0x10 | DMA_RW,
				       1U << 31 | DMA_RW };
	struct space s = new_container(0);
	struct vfio_iommu_type1_dma_map m;
	size_t i;

	for (i = 0; i < sizeof(m); i++) {
		m = good_map();
		m.argsz = i;
		expect_map(s.fd, m, -EINVAL);
	}
	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		m = good_map();
		m.flags = flags[i];
		expect_map(s.fd, m, -EINVAL);
	}
	for (i = 1; i < PAGE_SZ; i *= 2) {
		m = good_map();
		m.iova += i;
		expect_map(s.fd, m, -EINVAL);
		m = good_map();
		m.vaddr += i;
		expect_map(s.fd, m, -EINVAL);
		m = good_map();
		m.size += i;
		expect_map(s.fd, m, -EINVAL);
	}
	m = good_map();
	m.size = 0;
	expect_map(s.fd, m, -EINVAL);
	m = good_map();
	m.iova = -PAGE_SZ;
	expect_map(s.fd, m, -EOVERFLOW);
	m = good_map();
	m.vaddr = -PAGE_SZ;
	expect_map(s.fd, m, -EOVERFLOW);
	m = good_map();
	m.size = -PAGE_SZ;
	expect_map(s.fd, m, -EOVERFLOW);
	expect_all(&s, 0);

	/* A newer caller's structure: only what is known is looked at. */
	m = good_map();
	m.argsz = ~0U;
	expect_map(s.fd, m, 0);
	expect_map(s.fd, good_map(), -EEXIST);
	m = good_map();
	m.iova += 3 * PAGE_SZ;
	expect_map(s.fd, m, -EEXIST);
	/* Read only, write only; the last page of all. */
	m = good_map();
	m.iova += 4 * PAGE_SZ;
	m.flags = VFIO_DMA_MAP_FLAG_READ;
	expect_map(s.fd, m, 0);
	m.iova += 4 * PAGE_SZ;
	m.flags = VFIO_DMA_MAP_FLAG_WRITE;
	expect_map(s.fd, m, 0);
	m.iova = -PAGE_SZ;
	m.size = PAGE_SZ;
	expect_map(s.fd, m, 0);
	expect_all(&s, 13 * PAGE_SZ);
}

static void unmap_arguments(void)
{
	static const __u32 flags[] = { 1, 4, 5, 3, 6, 8, 1U << 31 };
	struct space s = new_container(0);
	struct unmap u;
	size_t i;

	expect_map(s.fd, good_map(), 0);
	for (i = 0; i < sizeof(u); i++) {
		u = good_unmap();
		u.argsz = i;
		expect_unmap(s.fd, u, -EINVAL);
	}
	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		u = good_unmap();
		u.flags = flags[i];
		expect_unmap(s.fd, u, -EINVAL);
	}
	for (i = 1; i < PAGE_SZ; i *= 2) {
		u = good_unmap();
		u.iova += i;
		expect_unmap(s.fd, u, -EINVAL);
		u = good_unmap();
		u.size += i;
		expect_unmap(s.fd, u, -EINVAL);
	}
	u = good_unmap();
	u.size = 0;
	expect_unmap(s.fd, u, -EINVAL);
	u = good_unmap();
	u.size = -PAGE_SZ;
	expect_unmap(s.fd, u, -EOVERFLOW);
	u = good_unmap();
	u.flags = VFIO_DMA_UNMAP_FLAG_ALL;
	expect_unmap(s.fd, u, -EINVAL);
	u.iova = 0;
	expect_unmap(s.fd, u, -EINVAL);
	u = good_unmap();
	u.flags = VFIO_DMA_UNMAP_FLAG_ALL;
	u.size = 0;
	expect_unmap(s.fd, u, -EINVAL);

	/* Where nothing is, nothing is unmapped, and that is fine. */
	expect_unmapped(&s, 0, BASE, 0);
	expect_unmapped(&s, BASE + 4 * PAGE_SZ, PAGE_SZ, 0);
	/* All of it is still there. */
	u = good_unmap();
	u.argsz = ~0U;
	CHECK_OK(xioctl(s.fd, VFIO_IOMMU_UNMAP_DMA, &u));
	CHECK_EQ(u.size, 4 * PAGE_SZ);
	expect_all(&s, 0);
}

static void bad_pointers(void)
{
	static const unsigned long bad[] = {
		0, 1, PAGE_SZ, 0x7ffffffff000UL, 0xffff888000000000UL, ~0UL,
	};
	struct unmap *u;
	struct space s = new_container(0);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		void *p = nowhere(bad[i]);

		CHECK_RET(xioctl(s.fd, VFIO_IOMMU_GET_INFO, p), -EFAULT);
		CHECK_RET(xioctl(s.fd, VFIO_IOMMU_MAP_DMA, p), -EFAULT);
		CHECK_RET(xioctl(s.fd, VFIO_IOMMU_UNMAP_DMA, p), -EFAULT);
	}
	/* The answer cannot be written: it is unmapped all the same. */
	expect_map(s.fd, good_map(), 0);
	u = (void *)get_pages(PAGE_SZ);
	*u = good_unmap();
	CHECK_OK(mprotect(u, PAGE_SZ, PROT_READ));
	CHECK_RET(xioctl(s.fd, VFIO_IOMMU_UNMAP_DMA, u), -EFAULT);
	expect_all(&s, 0);
}

static void both_styles(void)
{
	struct space s = new_container(VFIO_TYPE1v2_IOMMU);
	struct vfio_iommu_type1_dma_map m = good_map();
	__u64 done;

	expect_map(s.fd, m, 0);
	CHECK_RET(iommufd_map_fixed(s.fd, s.ioas, nowhere(PAGE_SZ), PAGE_SZ,
				    BASE, MAP_RW), -EEXIST);
	CHECK_OK(iommufd_map_fixed(s.fd, s.ioas, nowhere(PAGE_SZ), PAGE_SZ,
				   BASE + 4 * PAGE_SZ, MAP_R));
	m.iova += 4 * PAGE_SZ;
	expect_map(s.fd, m, -EEXIST);
	/* Areas of both kinds by one call of either kind; none is cut. */
	CHECK_RET(vfio_type1_unmap(s.fd, BASE + PAGE_SZ, 4 * PAGE_SZ, &done),
		  -ENOENT);
	CHECK_RET(vfio_type1_unmap(s.fd, BASE, PAGE_SZ, &done), -ENOENT);
	expect_unmapped(&s, BASE - PAGE_SZ, 7 * PAGE_SZ, 5 * PAGE_SZ);
	expect_map(s.fd, good_map(), 0);
	CHECK_OK(iommufd_unmap(s.fd, s.ioas, BASE, 4 * PAGE_SZ, &done));
	CHECK_EQ(done, 4 * PAGE_SZ);
	expect_all(&s, 0);
}

static int write_param(const char *value)
{
	int fd = CHECK_FD(open(RLIMIT_PARAM, O_WRONLY | O_CLOEXEC));
	int ret = write(fd, value, strlen(value)) < 0 ? -errno : 0;

	close(fd);
	return ret;
}

static void expect_mode(int fd, __u64 want)
{
	__u64 mode = ~want;

	CHECK_OK(iommufd_option_get(fd, IOMMU_OPTION_RLIMIT_MODE, 0, &mode));
	CHECK_EQ(mode, want);
}

static void default_rlimit_mode(void)
{
	int before = CHECK_FD(iommufd_open()), after;

	expect_mode(before, 0);
	CHECK_RET(write_param("2"), -EINVAL);
	CHECK_RET(write_param("-1"), -EINVAL);
	CHECK_OK(write_param("1"));
	after = CHECK_FD(iommufd_open());
	CHECK_OK(write_param("0"));
	expect_mode(after, 1);
	/* It is where a context begins, no more. */
	CHECK_OK(iommufd_set_rlimit_mode(after, 0));
	expect_mode(after, 0);
	expect_mode(before, 0);
	expect_mode(CHECK_FD(iommufd_open()), 0);
}

static const struct test tests[] = {
	{ "args.without_an_ioas", without_an_ioas, 0 },
	{ "args.extensions", extensions, 0 },
	{ "args.unknown_numbers", unknown_numbers, 0 },
	{ "args.ioas_operations", ioas_operations, 0 },
	{ "args.ioas_destroyed", ioas_destroyed, 0 },
	{ "args.set_iommu_types", set_iommu_types, 0 },
	{ "args.map_arguments", map_arguments, 0 },
	{ "args.unmap_arguments", unmap_arguments, 0 },
	{ "args.bad_pointers", bad_pointers, 0 },
	{ "args.both_styles", both_styles, 0 },
	{ "args.default_rlimit_mode", default_rlimit_mode, 0 },
};

const struct test_table args_table = { tests, ARRAY_SIZE(tests) };
