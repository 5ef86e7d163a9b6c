// SPDX-License-Identifier: GPL-2.0-only
/*
 * dirty_errno.c - what dirty tracking refuses, and that nothing is lost by it
 *
 * Owns: dirty_errno_table.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "dirty.h"

#define LEN (16 * PAGE_SZ)

static int alloc(int fd, __u32 dev, __u32 pt, __u32 flags, __u32 *hwpt)
{
	struct iommu_hwpt_alloc cmd = {
		.size = sizeof(cmd),
		.flags = flags,
		.dev_id = dev,
		.pt_id = pt,
	};
	int ret = xioctl(fd, IOMMU_HWPT_ALLOC, &cmd);

	*hwpt = cmd.out_hwpt_id;
	return ret;
}

/* Tracking is on, LEN bytes are mapped, and every second page is dirty. */
static struct tracked dirty_space(void)
{
	struct tracked t = tracked_space(false);
	unsigned int i;

	CHECK_OK(iommufd_map_fixed(t.fd, t.ioas, get_pages(LEN), LEN,
				   MOCK_START, MAP_RW));
	for (i = 0; i < 16; i += 2)
		CHECK_EQ(device_write(t.fd, t.hwpt, MOCK_START + i * PAGE_SZ),
			 1);
	return t;
}

/* Nothing was lost, and nothing was added. */
static void expect_still_dirty(const struct tracked *t)
{
	unsigned char bits[2] = { 0 };

	CHECK_OK(iommufd_dirty_bitmap(t->fd, t->hwpt, MOCK_START, LEN, PAGE_SZ,
				      bits, 0));
	CHECK_EQ(bits[0], 0x55);
	CHECK_EQ(bits[1], 0x55);
	memset(bits, 0, sizeof(bits));
	CHECK_OK(iommufd_dirty_bitmap(t->fd, t->hwpt, MOCK_START, LEN, PAGE_SZ,
				      bits, 0));
	CHECK_EQ(bits[0] | bits[1], 0);
}

static void set_errnos(void)
{
	struct tracked t = dirty_space();
	struct iommu_hwpt_set_dirty_tracking cmd = {
		.size = sizeof(cmd),
		.hwpt_id = t.hwpt,
		.flags = 2,
	};
	__u32 plain;

	CHECK_RET(xioctl(t.fd, IOMMU_HWPT_SET_DIRTY_TRACKING, &cmd),
		  -EOPNOTSUPP);
	cmd.flags = 0;
	cmd.__reserved = 1;
	CHECK_RET(xioctl(t.fd, IOMMU_HWPT_SET_DIRTY_TRACKING, &cmd),
		  -EOPNOTSUPP);
	CHECK_RET(iommufd_dirty_track(t.fd, 0, true), -ENOENT);
	CHECK_RET(iommufd_dirty_track(t.fd, 999, true), -ENOENT);
	CHECK_RET(iommufd_dirty_track(t.fd, t.ioas, true), -ENOENT);
	CHECK_RET(iommufd_dirty_track(t.fd, t.dev, true), -ENOENT);
	CHECK_OK(alloc(t.fd, t.dev, t.ioas, 0, &plain));
	CHECK_RET(iommufd_dirty_track(t.fd, plain, true), -EOPNOTSUPP);
	CHECK_RET(iommufd_dirty_track(t.fd, plain, false), -EOPNOTSUPP);
	expect_still_dirty(&t);
}

static void get_errnos(void)
{
	struct tracked t = dirty_space();
	struct iommu_hwpt_get_dirty_bitmap cmd = {
		.size = sizeof(cmd),
		.hwpt_id = t.hwpt,
		.iova = MOCK_START,
		.length = LEN,
		.page_size = PAGE_SZ,
	};
	const struct { __u64 iova, length, page_size; int want; } bad[] = {
		{ MOCK_START, 0, PAGE_SZ, -EINVAL },
		{ MOCK_START, LEN, 0, -EINVAL },
		{ MOCK_START, LEN, 3 * PAGE_SZ, -EINVAL },
		{ MOCK_START, LEN, PAGE_SZ - 1, -EINVAL },
		{ MOCK_START, LEN, ~0ULL, -EINVAL },
		{ MOCK_START, LEN, 1ULL << 63, -EINVAL },
		{ MOCK_START + 1, LEN, 1, -EINVAL },
		{ MOCK_START, LEN + 1, 1, -EINVAL },
		{ MOCK_START + 1024, LEN, 1024, -EINVAL },
		{ MOCK_START, LEN - 1024, 1024, -EINVAL },
		{ MOCK_START + MOCK_PAGE, LEN, PAGE_SZ, -EINVAL },
		{ MOCK_START, LEN + MOCK_PAGE, PAGE_SZ, -EINVAL },
		{ -PAGE_SZ, 2 * PAGE_SZ, PAGE_SZ, -EOVERFLOW },
		{ MOCK_START, -PAGE_SZ, PAGE_SZ, -EOVERFLOW },
		{ ~0ULL, 2, 1, -EOVERFLOW },
	};
	unsigned char bits[2] = { 0 };
	__u32 plain;
	size_t i;

	cmd.data = (uintptr_t)bits;
	cmd.flags = 2;
	CHECK_RET(xioctl(t.fd, IOMMU_HWPT_GET_DIRTY_BITMAP, &cmd),
		  -EOPNOTSUPP);
	cmd.flags = 0;
	cmd.__reserved = 1;
	CHECK_RET(xioctl(t.fd, IOMMU_HWPT_GET_DIRTY_BITMAP, &cmd),
		  -EOPNOTSUPP);
	CHECK_RET(iommufd_dirty_bitmap(t.fd, 999, MOCK_START, LEN, PAGE_SZ,
				       bits, 0),
		  -ENOENT);
	CHECK_RET(iommufd_dirty_bitmap(t.fd, t.ioas, MOCK_START, LEN, PAGE_SZ,
				       bits, 0),
		  -ENOENT);
	CHECK_OK(alloc(t.fd, t.dev, t.ioas, 0, &plain));
	CHECK_RET(iommufd_dirty_bitmap(t.fd, plain, MOCK_START, LEN, PAGE_SZ,
				       bits, 0),
		  -EOPNOTSUPP);
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		int ret = iommufd_dirty_bitmap(t.fd, t.hwpt, bad[i].iova,
					       bad[i].length, bad[i].page_size,
					       bits, 0);

		if (ret != bad[i].want)
			FAIL("range %zu: %s, not %s", i, errno_name(ret),
			     errno_name(bad[i].want));
	}
	/* Two terabytes of bitmap. */
	CHECK_RET(iommufd_dirty_bitmap(t.fd, t.hwpt, 0, 1ULL << 44, 1,
				       nowhere(PAGE_SZ), 0),
		  -EFAULT);
	CHECK_EQ(bits[0] | bits[1], 0);
	expect_still_dirty(&t);
	/* Off: what the bits say then is anybody's guess. */
	CHECK_OK(iommufd_dirty_track(t.fd, t.hwpt, false));
	CHECK_RET(iommufd_dirty_bitmap(t.fd, t.hwpt, MOCK_START, LEN, PAGE_SZ,
				       bits, 0),
		  -EINVAL);
}

/* Two pages of bitmap, of which one, or both, cannot be written to. */
static void bitmap_faults(void)
{
	static const int prot[][2] = {
		{ PROT_READ | PROT_WRITE, PROT_NONE },
		{ PROT_READ | PROT_WRITE, PROT_READ },
		{ PROT_NONE, PROT_READ | PROT_WRITE },
		{ PROT_READ, PROT_READ | PROT_WRITE },
		{ PROT_NONE, PROT_NONE },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(prot); i++) {
		struct tracked t = dirty_space();
		char *va = get_pages(2 * PAGE_SZ);
		__u32 flags;

		/* 512 bytes of bitmap, the second half in the second page. */
		CHECK_OK(mprotect(va, PAGE_SZ, prot[i][0]));
		CHECK_OK(mprotect(va + PAGE_SZ, PAGE_SZ, prot[i][1]));
		for (flags = 0; flags <= NO_CLEAR; flags++)
			CHECK_RET(iommufd_dirty_bitmap(t.fd, t.hwpt, MOCK_START, LEN, 16,
						       va + PAGE_SZ - 256, flags), -EFAULT);
		expect_still_dirty(&t);
		CHECK_OK(munmap(va + PAGE_SZ, PAGE_SZ));
		CHECK_RET(iommufd_dirty_bitmap(t.fd, t.hwpt, MOCK_START, LEN,
					       16, va + PAGE_SZ - 256, 0),
			  -EFAULT);
		CHECK_OK(close(t.fd));
	}
}

/*
 * A bitmap so large that it is pinned in parts: a hole at its very end is found
 * before anything is cleared; and each bit lands where it should.
 */
static void bitmap_in_parts(void)
{
	const __u64 far = 0x60000000, fine = 64, end = far + LEN;
	const size_t bytes = (end - MOCK_START) / fine / 8, skip = 3;
	const size_t a = 0, b = (far - MOCK_START) / fine / 8;
	/* A page of bits for what a page of memory may make dirty. */
	const size_t one = PAGE_SZ / fine / 8;
	struct tracked t = dirty_space();
	size_t size = (skip + bytes + PAGE_SZ) & ~(PAGE_SZ - 1), i, set = 0;
	unsigned char *va = (unsigned char *)get_pages(size);

	CHECK_OK(iommufd_map_fixed(t.fd, t.ioas, get_pages(LEN), LEN, far,
				   MAP_RW));
	CHECK_EQ(device_write(t.fd, t.hwpt, far + LEN - PAGE_SZ), 1);
	CHECK_OK(mprotect(va + size - PAGE_SZ, PAGE_SZ, PROT_READ));
	CHECK_RET(iommufd_dirty_bitmap(t.fd, t.hwpt, MOCK_START,
				       end - MOCK_START, fine, va + skip, 0),
		  -EFAULT);
	CHECK_OK(mprotect(va + size - PAGE_SZ, PAGE_SZ,
			  PROT_READ | PROT_WRITE));
	memset(va, 0, size);
	CHECK_OK(iommufd_dirty_bitmap(t.fd, t.hwpt, MOCK_START,
				      end - MOCK_START, fine, va + skip, 0));
	for (i = 0; i < LEN / PAGE_SZ; i++) {
		CHECK_EQ(va[skip + a + i * one], i % 2 ? 0 : 0xff);
		CHECK_EQ(va[skip + b + i * one],
			 i == LEN / PAGE_SZ - 1 ? 0xff : 0);
	}
	for (i = 0; i < size; i++)
		set += va[i] == 0xff;
	CHECK_EQ(set, (LEN / PAGE_SZ / 2 + 1) * one);
	CHECK_OK(munmap(va, size));
}

static void bad_pointers(void)
{
	static const unsigned long bad[] = {
		0, 1, PAGE_SZ, 0x7ffffffff000UL, 0x7fffffffffffUL,
		0x800000000000UL, 0xffff888000000000UL, ~1UL, ~0UL,
	};
	struct tracked t = dirty_space();
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++)
		CHECK_RET(iommufd_dirty_bitmap(t.fd, t.hwpt, MOCK_START, LEN,
					       PAGE_SZ, nowhere(bad[i]), 0),
			  -EFAULT);
	expect_still_dirty(&t);
}

/* What cannot track is kept from what does. */
static void devices_without(void)
{
	const __u32 flag = MOCK_FLAGS_DEVICE_NO_DIRTY;
	struct tracked t = dirty_space();
	struct mock_device m, other;
	__u32 hwpt;

	CHECK_OK(mock_device_add(t.fd, t.ioas, flag, &m));
	CHECK_RET(alloc(t.fd, m.idev, t.ioas, IOMMU_HWPT_ALLOC_DIRTY_TRACKING,
			&hwpt), -EOPNOTSUPP);
	CHECK_RET(mock_device_replace(t.fd, m.stdev, t.hwpt), -EINVAL);
	CHECK_RET(mock_device_add(t.fd, t.hwpt, flag, &other), -EINVAL);
	/* As it was. */
	CHECK_OK(mock_device_replace(t.fd, m.stdev, t.ioas));
	CHECK_OK(iommufd_destroy(t.fd, m.stdev));
	CHECK_OK(mock_device_add(t.fd, t.hwpt, 0, &m));
	CHECK_RET(iommufd_destroy(t.fd, t.hwpt), -EBUSY);
	CHECK_OK(mock_device_replace(t.fd, m.stdev, t.ioas));
	expect_still_dirty(&t);
	CHECK_OK(iommufd_destroy(t.fd, t.hwpt));
}

/* Nested: its parent tracks, and keeps out what cannot. */
static void nested(void)
{
	struct space s = new_space();
	struct iommu_hwpt_selftest data = { 0 };
	struct iommu_hwpt_alloc cmd = {
		.size = sizeof(cmd),
		.data_type = IOMMU_HWPT_DATA_SELFTEST,
		.data_len = sizeof(data),
		.data_uptr = (uintptr_t)&data,
	};
	struct mock_device m, other;
	unsigned char bits = 0;
	__u32 parent;

	CHECK_OK(mock_device_add(s.fd, s.ioas, 0, &m));
	CHECK_OK(alloc(s.fd, m.idev, s.ioas, IOMMU_HWPT_ALLOC_DIRTY_TRACKING |
		       IOMMU_HWPT_ALLOC_NEST_PARENT, &parent));
	cmd.dev_id = m.idev;
	cmd.pt_id = parent;
	cmd.flags = IOMMU_HWPT_ALLOC_DIRTY_TRACKING;
	CHECK_RET(xioctl(s.fd, IOMMU_HWPT_ALLOC, &cmd), -EOPNOTSUPP);
	cmd.flags = 0;
	CHECK_OK(xioctl(s.fd, IOMMU_HWPT_ALLOC, &cmd));
	CHECK_RET(iommufd_dirty_track(s.fd, cmd.out_hwpt_id, true), -ENOENT);
	CHECK_RET(iommufd_dirty_bitmap(s.fd, cmd.out_hwpt_id, MOCK_START,
				       PAGE_SZ, PAGE_SZ, &bits, 0),
		  -ENOENT);
	CHECK_OK(iommufd_dirty_track(s.fd, parent, true));
	CHECK_RET(mock_device_add(s.fd, cmd.out_hwpt_id,
				  MOCK_FLAGS_DEVICE_NO_DIRTY, &other), -EINVAL);
	CHECK_OK(mock_device_add(s.fd, cmd.out_hwpt_id, 0, &other));
}

static void start_and_stop(void)
{
	struct tracked t = dirty_space();
	unsigned char bits[2] = { 0 };

	/* Started twice: goes on. */
	CHECK_OK(iommufd_dirty_track(t.fd, t.hwpt, true));
	expect_still_dirty(&t);
	CHECK_EQ(device_write(t.fd, t.hwpt, MOCK_START), 1);
	CHECK_OK(iommufd_dirty_track(t.fd, t.hwpt, false));
	CHECK_OK(iommufd_dirty_track(t.fd, t.hwpt, false));
	CHECK_RET(device_write(t.fd, t.hwpt, MOCK_START), -EINVAL);
	/* Starts with nothing dirty, and with an IOTLB that knows nothing. */
	CHECK_OK(iommufd_dirty_track(t.fd, t.hwpt, true));
	CHECK_OK(iommufd_dirty_bitmap(t.fd, t.hwpt, MOCK_START, LEN, PAGE_SZ,
				      bits, 0));
	CHECK_EQ(bits[0] | bits[1], 0);
	CHECK_EQ(device_write(t.fd, t.hwpt, MOCK_START), 1);
	CHECK_OK(iommufd_dirty_bitmap(t.fd, t.hwpt, MOCK_START, LEN, PAGE_SZ,
				      bits, 0));
	CHECK_EQ(bits[0], 1);
}

/* Devices cannot write there, so it cannot be dirty. */
static void read_only(void)
{
	struct tracked t = dirty_space();
	unsigned char bits = 0;

	CHECK_OK(iommufd_map_fixed(t.fd, t.ioas, get_pages(PAGE_SZ), PAGE_SZ,
				   2 * MOCK_START, MAP_R));
	CHECK_EQ(device_write(t.fd, t.hwpt, 2 * MOCK_START), 0);
	CHECK_OK(iommufd_dirty_bitmap(t.fd, t.hwpt, 2 * MOCK_START, PAGE_SZ,
				      PAGE_SZ, &bits, 0));
	CHECK_EQ(bits, 0);
}

static const struct test tests[] = {
	{ "dirty.set_errnos", set_errnos, 0 },
	{ "dirty.get_errnos", get_errnos, 0 },
	{ "dirty.bitmap_faults", bitmap_faults, 0 },
	{ "dirty.bitmap_in_parts", bitmap_in_parts, 0 },
	{ "dirty.bad_pointers", bad_pointers, 0 },
	{ "dirty.devices_without", devices_without, 0 },
	{ "dirty.nested", nested, 0 },
	{ "dirty.start_and_stop", start_and_stop, 0 },
	{ "dirty.read_only", read_only, 0 },
};

const struct test_table dirty_errno_table = { tests, ARRAY_SIZE(tests) };
