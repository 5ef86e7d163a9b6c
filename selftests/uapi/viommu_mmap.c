// SPDX-License-Identifier: GPL-2.0-only
/*
 * viommu_mmap.c - a virtual IOMMU's registers, mapped through /dev/iommu
 *
 * Owns: viommu_mmap_table.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "viommu.h"

#define PROT_RW (PROT_READ | PROT_WRITE)

struct regs {
	__u32 viommu;
	__u64 offset;
	__u64 length;
};

static struct regs new_regs(const struct vrig *v, __u32 number)
{
	struct iommu_viommu_selftest d = { .in_data = number };
	struct regs regs;

	CHECK_OK(viommu_alloc(&v->r, v->parent, &d, &regs.viommu));
	regs.offset = d.out_mmap_offset;
	regs.length = d.out_mmap_length;
	return regs;
}

/* Its address, or the errno, which no address is. */
static long map(const struct vrig *v, const struct regs *regs, int prot,
		int flags)
{
	void *p = mmap(NULL, regs->length, prot, flags, v->r.fd, regs->offset);

	return p == MAP_FAILED ? -errno : (long)p;
}

static volatile __u32 *new_map(const struct vrig *v, const struct regs *regs)
{
	long ret = map(v, regs, PROT_RW, MAP_SHARED);

	CHECK(ret < -4095 || ret > 0);
	return (void *)ret;
}

static void unmap(volatile __u32 *p, size_t length)
{
	CHECK_OK(munmap((void *)p, length));
}

static void arguments(void)
{
	struct vrig v = new_vrig();
	struct regs regs = new_regs(&v, 1), bad;

	CHECK_RET(map(&v, &regs, PROT_RW, MAP_PRIVATE), -EINVAL);
	CHECK_RET(map(&v, &regs, PROT_RW | PROT_EXEC, MAP_SHARED), -EPERM);
	for (bad = regs; bad.offset < regs.offset + 4 * PAGE_SZ;) {
		bad.offset += PAGE_SZ;
		CHECK_RET(map(&v, &bad, PROT_RW, MAP_SHARED), -ENXIO);
	}
	bad = regs;
	bad.length = PAGE_SZ;
	CHECK_RET(map(&v, &bad, PROT_RW, MAP_SHARED), -ENXIO);
	bad.length = regs.length + PAGE_SZ;
	CHECK_RET(map(&v, &bad, PROT_RW, MAP_SHARED), -ENXIO);
	bad.length = regs.length;
	bad.offset = 1ULL << 62;
	CHECK_RET(map(&v, &bad, PROT_RW, MAP_SHARED), -ENXIO);
	CHECK_OK(iommufd_destroy(v.r.fd, regs.viommu));
	CHECK_RET(map(&v, &regs, PROT_RW, MAP_SHARED), -ENXIO);
}

/* Each has registers of its own, in its own context only. */
static void several(void)
{
	struct vrig v = new_vrig(), other = new_vrig();
	struct regs a = new_regs(&v, 11), b = new_regs(&v, 22);
	volatile __u32 *pa = new_map(&v, &a), *pb = new_map(&v, &b);

	CHECK(a.offset != b.offset);
	CHECK_EQ(*pa, 11);
	CHECK_EQ(*pb, 22);
	*pa = 33;
	pa[a.length / sizeof(*pa) - 1] = 44;
	CHECK_EQ(*pb, 22);
	CHECK_RET(map(&other, &b, PROT_RW, MAP_SHARED), -ENXIO);
	unmap(pa, a.length);
	/* What was written is there the next time. */
	pa = new_map(&v, &a);
	CHECK_EQ(*pa, 33);
	CHECK_EQ(pa[a.length / sizeof(*pa) - 1], 44);
	/* Never to be executed, nor larger. */
	CHECK_EQ(mprotect((void *)pa, a.length, PROT_READ | PROT_EXEC), -1);
	CHECK_EQ(errno, EACCES);
	CHECK(mremap((void *)pa, a.length, a.length + PAGE_SZ, MREMAP_MAYMOVE) ==
	      MAP_FAILED);
	CHECK_EQ(errno, EFAULT);
}

/* A mapping keeps the virtual IOMMU: also a part, a copy, and a child's. */
static void lifetime(void)
{
	struct vrig v = new_vrig();
	struct regs regs = new_regs(&v, 5);
	volatile __u32 *p = new_map(&v, &regs), *q;
	int status;
	pid_t pid;

	CHECK_RET(iommufd_destroy(v.r.fd, regs.viommu), -EBUSY);
	unmap(p, PAGE_SZ);
	CHECK_RET(iommufd_destroy(v.r.fd, regs.viommu), -EBUSY);
	unmap(p + PAGE_SZ / sizeof(*p), regs.length - PAGE_SZ);
	p = new_map(&v, &regs);
	q = new_map(&v, &regs);
	unmap(p, regs.length);
	CHECK_RET(iommufd_destroy(v.r.fd, regs.viommu), -EBUSY);
	pid = fork();
	CHECK(pid >= 0);
	if (!pid) {
		pause();
		_exit(0);
	}
	unmap(q, regs.length);
	CHECK_RET(iommufd_destroy(v.r.fd, regs.viommu), -EBUSY);
	CHECK_OK(kill(pid, SIGKILL));
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK_OK(iommufd_destroy(v.r.fd, regs.viommu));
	CHECK_OK(iommufd_destroy(v.r.fd, v.viommu));
	CHECK_OK(iommufd_destroy(v.r.fd, v.parent));
}

/* The context is closed; what is mapped is all that keeps it. */
static void after_close(void)
{
	struct vrig v = new_vrig();
	struct regs regs = new_regs(&v, 6);
	volatile __u32 *p = new_map(&v, &regs);
	char *va = get_pages(PAGE_SZ);

	CHECK_OK(iommufd_map_fixed(v.r.fd, v.r.ioas, va, PAGE_SZ, MOCK_IOVA,
				   MAP_RW));
	CHECK_OK(close(v.r.fd));
	CHECK_EQ(pins_here(), 1);
	CHECK_EQ(*p, 6);
	unmap(p, PAGE_SZ);
	CHECK_EQ(pins_here(), 1);
	unmap(p + PAGE_SZ / sizeof(*p), regs.length - PAGE_SZ);
	CHECK_EQ(pins_here(), 0);
}

static const struct test tests[] = {
	{ "mmap/arguments", arguments, 0 },
	{ "mmap/several", several, 0 },
	{ "mmap/lifetime", lifetime, 0 },
	{ "mmap/after_close", after_close, 0 },
};

const struct test_table viommu_mmap_table = { tests, ARRAY_SIZE(tests) };
