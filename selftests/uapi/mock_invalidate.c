// SPDX-License-Identifier: GPL-2.0-only
/*
 * mock_invalidate.c - IOMMU_HWPT_INVALIDATE
 *
 * Owns: invalidate_table. How many entries were done is told every time.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "mocked.h"

#define ENTRY_NUM_MAX (1U << 19)
#define ENTRY_LEN sizeof(struct iommu_hwpt_invalidate_selftest)

static struct iommu_hwpt_invalidate
invalidate_cmd(__u32 hwpt, const struct iommu_hwpt_invalidate_selftest *inv,
	       __u32 n)
{
	return (struct iommu_hwpt_invalidate){
		.size = sizeof(struct iommu_hwpt_invalidate),
		.hwpt_id = hwpt,
		.data_uptr = (uintptr_t)inv,
		.data_type = IOMMU_HWPT_INVALIDATE_DATA_SELFTEST,
		.entry_len = ENTRY_LEN,
		.entry_num = n,
	};
}

/* Send it; it must return @want with @done entries done. */
static void expect(const struct rig *r, struct iommu_hwpt_invalidate cmd,
		   int want, __u32 done)
{
	CHECK_RET(xioctl(r->fd, IOMMU_HWPT_INVALIDATE, &cmd), want);
	CHECK_EQ(cmd.entry_num, done);
}

static void expect_iotlb(const struct rig *r, __u32 nested, unsigned int empty)
{
	unsigned int i;

	for (i = 0; i < MOCK_NESTED_DOMAIN_IOTLB_NUM; i++)
		CHECK_OK(check_iotlb(r->fd, nested, i,
				     empty & 1U << i ?
					     0 : IOMMU_TEST_IOTLB_DEFAULT));
}

static void invalidate_arguments(void)
{
	static const struct iommu_hwpt_invalidate_selftest inv;
	struct rig r = new_rig();
	__u32 nested = new_nested(&r, new_parent(&r));
	const struct iommu_hwpt_invalidate good = invalidate_cmd(nested, &inv,
								 1);
	struct iommu_hwpt_invalidate cmd;
	static const __u32 lens[] = {
		0, 1, ENTRY_LEN - 1, ENTRY_LEN + 1, PAGE_SZ, PAGE_SZ + 1, ~0U,
	};
	static const __u32 nums[] = { ENTRY_NUM_MAX + 1, 1U << 31, ~0U };
	size_t i;

	cmd = good;
	cmd.__reserved = 1;
	expect(&r, cmd, -EOPNOTSUPP, 0);
	cmd = good;
	cmd.data_uptr = 0;
	expect(&r, cmd, -EINVAL, 0);
	cmd = good;
	cmd.data_type++;
	expect(&r, cmd, -EINVAL, 0);
	for (i = 0; i < ARRAY_SIZE(lens); i++) {
		cmd = good;
		cmd.entry_len = lens[i];
		expect(&r, cmd, -EINVAL, 0);
	}
	for (i = 0; i < ARRAY_SIZE(nums); i++) {
		cmd = good;
		cmd.entry_num = nums[i];
		expect(&r, cmd, -EINVAL, 0);
	}
	expect_iotlb(&r, nested, 0);
	expect(&r, good, 0, 1);
	expect_iotlb(&r, nested, 1);
}

static void invalidate_ids(void)
{
	static const struct iommu_hwpt_invalidate_selftest inv;
	struct rig r = new_rig(), other = new_rig();
	__u32 parent = new_parent(&r), nested = new_nested(&r, parent), theirs;
	const __u32 wrong[] = {
		parent, r.ioas, r.m.idev, r.m.stdev, r.m.hwpt,
	};
	const __u32 none[] = { 0, 99, 0x7fffffff, ~0U };
	__u32 n;
	size_t i;

	for (n = 0; n < 2; n++) {
		for (i = 0; i < ARRAY_SIZE(wrong); i++)
			expect(&r, invalidate_cmd(wrong[i], &inv, n), -EINVAL,
			       0);
		for (i = 0; i < ARRAY_SIZE(none); i++)
			expect(&r, invalidate_cmd(none[i], &inv, n), -ENOENT,
			       0);
	}
	do {
		theirs = new_nested(&other, new_parent(&other));
	} while (theirs <= nested);
	expect(&r, invalidate_cmd(theirs, &inv, 1), -ENOENT, 0);
	expect(&other, invalidate_cmd(theirs, &inv, 1), 0, 1);
	CHECK_OK(iommufd_destroy(r.fd, nested));
	expect(&r, invalidate_cmd(nested, &inv, 1), -ENOENT, 0);
}

/* No entries ask only whether the type is known. */
static void invalidate_nothing(void)
{
	struct rig r = new_rig();
	__u32 nested = new_nested(&r, new_parent(&r));
	struct iommu_hwpt_invalidate cmd = invalidate_cmd(nested, NULL, 0);

	expect(&r, cmd, 0, 0);
	cmd.data_uptr = ~0ULL;
	cmd.entry_len = ~0U;
	expect(&r, cmd, 0, 0);
	cmd.entry_len = 0;
	expect(&r, cmd, 0, 0);
	cmd.data_type = IOMMU_HWPT_INVALIDATE_DATA_VTD_S1;
	expect(&r, cmd, -EINVAL, 0);
	cmd.__reserved = 1;
	expect(&r, cmd, -EOPNOTSUPP, 0);
	expect_iotlb(&r, nested, 0);
}

static void invalidate_entries(void)
{
	struct iommu_hwpt_invalidate_selftest inv[2] = {
		{ .iotlb_id = 1 }, { .iotlb_id = 3 },
	};
	struct rig r = new_rig();
	__u32 parent = new_parent(&r);
	__u32 a = new_nested(&r, parent), b = new_nested(&r, parent);
	unsigned int i;

	expect(&r, invalidate_cmd(a, inv, 2), 0, 2);
	expect_iotlb(&r, a, 1 << 1 | 1 << 3);
	/* Attached, and not: all the same. */
	CHECK_OK(mock_device_replace(r.fd, r.m.stdev, a));
	inv[0].flags = IOMMU_TEST_INVALIDATE_FLAG_ALL;
	inv[0].iotlb_id = ~0U;
	expect(&r, invalidate_cmd(a, inv, 1), 0, 1);
	expect_iotlb(&r, a, 0xf);
	expect_iotlb(&r, b, 0);

	for (i = 1; i < 32; i++) {
		inv[0].flags = 1U << i;
		expect(&r, invalidate_cmd(b, inv, 2), -EOPNOTSUPP, 0);
	}
	inv[0].flags = 0;
	inv[0].iotlb_id = MOCK_NESTED_DOMAIN_IOTLB_NUM;
	expect(&r, invalidate_cmd(b, inv, 2), -EINVAL, 0);
	expect_iotlb(&r, b, 0);
	/* The one before the bad one was done, the one behind was not. */
	inv[0].iotlb_id = 0;
	inv[1].flags = 2;
	expect(&r, invalidate_cmd(b, inv, 2), -EOPNOTSUPP, 1);
	expect_iotlb(&r, b, 1);
}

/* Arrays that are done in several goes, with the bad one at any place. */
static void invalidate_many(void)
{
	static const __u32 bad[] = {
		0, 1, 1022, 1023, 1024, 1025, 2047, 2048, 2049, 4998, 4999,
	};
	const __u32 n = 5000;
	struct iommu_hwpt_invalidate_selftest *inv = calloc(n, ENTRY_LEN);
	struct rig r = new_rig();
	__u32 parent = new_parent(&r), nested;
	size_t i;

	CHECK(inv);
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		nested = new_nested(&r, parent);
		inv[bad[i]].flags = ~0U;
		inv[n - 1].iotlb_id = 2;
		expect(&r, invalidate_cmd(nested, inv, n), -EOPNOTSUPP,
		       bad[i]);
		expect_iotlb(&r, nested, bad[i] ? 1 : 0);
		inv[bad[i]].flags = 0;
		expect(&r, invalidate_cmd(nested, inv, n), 0, n);
		expect_iotlb(&r, nested, 1 | 1 << 2);
		CHECK_OK(iommufd_destroy(r.fd, nested));
	}
	free(inv);
	/* As much as can be asked for, from one page of zeros. */
	inv = (void *)get_pages(ENTRY_NUM_MAX * ENTRY_LEN);
	nested = new_nested(&r, parent);
	expect(&r, invalidate_cmd(nested, inv, ENTRY_NUM_MAX), 0,
	       ENTRY_NUM_MAX);
}

/* The array cannot be read to its end. */
static void invalidate_cut_off(void)
{
	static const __u32 have[] = { 0, 1, 511, 1023, 1024, 1025, 3000 };
	static const unsigned long bad[] = {
		1, PAGE_SZ, 0x800000000000UL, 0xffff888000000000UL,
		~0UL - ENTRY_LEN, ~0UL,
	};
	struct rig r = new_rig();
	__u32 parent = new_parent(&r), nested = new_nested(&r, parent);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++)
		expect(&r, invalidate_cmd(nested, nowhere(bad[i]), 3000),
		       -EFAULT, 0);
	for (i = 0; i < ARRAY_SIZE(have); i++) {
		char *inv = guarded(have[i] * ENTRY_LEN + 5);

		expect(&r, invalidate_cmd(nested, (void *)inv, 4000), -EFAULT,
		       have[i]);
	}
	expect_iotlb(&r, nested, 1);
}

/* What is done is done, although nobody can be told. */
static void invalidate_read_only(void)
{
	struct iommu_hwpt_invalidate *cmd = (void *)get_pages(PAGE_SZ);
	static const struct iommu_hwpt_invalidate_selftest inv;
	struct rig r = new_rig();
	__u32 nested = new_nested(&r, new_parent(&r));

	*cmd = invalidate_cmd(nested, &inv, 1);
	CHECK_OK(mprotect(cmd, PAGE_SZ, PROT_READ));
	CHECK_RET(xioctl(r.fd, IOMMU_HWPT_INVALIDATE, cmd), -EFAULT);
	expect_iotlb(&r, nested, 1);
}

static const struct test tests[] = {
	{ "invalidate.arguments", invalidate_arguments, 0 },
	{ "invalidate.ids", invalidate_ids, 0 },
	{ "invalidate.nothing", invalidate_nothing, 0 },
	{ "invalidate.entries", invalidate_entries, 0 },
	{ "invalidate.many", invalidate_many, 0 },
	{ "invalidate.cut_off", invalidate_cut_off, 0 },
	{ "invalidate.read_only", invalidate_read_only, 0 },
};

const struct test_table invalidate_table = { tests, ARRAY_SIZE(tests) };
