// SPDX-License-Identifier: GPL-2.0-only
/*
 * mock_access.c - in-kernel users of an IOAS; and what a device's IOMMU forbids
 * of an IOAS
 *
 * Owns: access_table.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <unistd.h>

#include "mocked.h"

#define IOVA MOCK_IOVA
#define LEN (8 * PAGE_SZ)
#define PINS MOCK_FLAGS_ACCESS_CREATE_NEEDS_PIN_PAGES

static int map(const struct space *s, void *va, __u64 length, __u64 iova,
	       __u32 prot)
{
	return iommufd_map_fixed(s->fd, s->ioas, va, length, iova, prot);
}

#define WRITE MOCK_ACCESS_RW_WRITE
#define PIN_WRITE MOCK_FLAGS_ACCESS_WRITE

static void access_permissions(void)
{
	struct space s = new_space();
	char *va = get_pages(3 * LEN), buf[16];
	int a = CHECK_FD(mock_access_new(s.fd, s.ioas, PINS));

	CHECK_OK(map(&s, va, LEN, IOVA, MAP_R));
	CHECK_OK(map(&s, va + LEN, LEN, IOVA + LEN, MAP_W));
	CHECK_RET(mock_access_pin(s.fd, a, IOVA, va, PAGE_SZ, PIN_WRITE, NULL),
		  -EPERM);
	CHECK_RET(mock_access_pin(s.fd, a, IOVA + LEN, va + LEN, PAGE_SZ, 0,
				  NULL),
		  -EPERM);
	/* The second area of the range is the one that forbids it. */
	CHECK_RET(mock_access_pin(s.fd, a, IOVA, va, 2 * LEN, 0, NULL), -EPERM);
	CHECK_RET(mock_access_rw(s.fd, a, IOVA, buf, 16, WRITE), -EPERM);
	CHECK_RET(mock_access_rw(s.fd, a, IOVA + LEN, buf, 16, 0), -EPERM);
	CHECK_RET(mock_access_rw(s.fd, a, IOVA + LEN - 8, buf, 16, 0), -EPERM);
	CHECK_OK(mock_access_rw(s.fd, a, IOVA, buf, 16, 0));
	CHECK_OK(mock_access_rw(s.fd, a, IOVA + LEN, buf, 16, WRITE));
	CHECK_EQ(pins_here(), 0);
}

static void access_nothing_there(void)
{
	struct space s = new_space();
	char *va = get_pages(2 * LEN), buf[16];
	int a = CHECK_FD(mock_access_new(s.fd, s.ioas, PINS));
	int plain = CHECK_FD(mock_access_new(s.fd, s.ioas, 0));

	CHECK_OK(map(&s, va, LEN, IOVA, MAP_RW));
	CHECK_RET(mock_access_pin(s.fd, a, IOVA + LEN, va, PAGE_SZ, 0, NULL),
		  -ENOENT);
	CHECK_RET(mock_access_pin(s.fd, a, IOVA - PAGE_SZ, va, 2 * PAGE_SZ, 0,
				  NULL),
		  -ENOENT);
	CHECK_RET(mock_access_pin(s.fd, a, IOVA, va, LEN + 1, 0, NULL),
		  -ENOENT);
	CHECK_RET(mock_access_rw(s.fd, a, IOVA + LEN - 1, buf, 2, 0), -ENOENT);
	CHECK_RET(mock_access_rw(s.fd, a, IOVA - 1, buf, 2, 0), -ENOENT);
	CHECK_RET(mock_access_rw(s.fd, a, ~0ULL - 1, buf, 16, 0), -EOVERFLOW);
	CHECK_RET(mock_access_pin(s.fd, a, ~0ULL - 1, va, 16, 0, NULL),
		  -EINVAL);
	/* One that said it would not pin. */
	CHECK_RET(mock_access_pin(s.fd, plain, IOVA, va, PAGE_SZ, 0, NULL),
		  -EINVAL);
	CHECK_OK(mock_access_rw(s.fd, plain, IOVA, buf, 16, 0));
	/* Memory that the process does not have. */
	CHECK_OK(map(&s, nowhere(PAGE_SZ), PAGE_SZ, 3 * IOVA, MAP_RW));
	CHECK_RET(mock_access_pin(s.fd, a, 3 * IOVA, va, PAGE_SZ, 0, NULL),
		  -EFAULT);
	CHECK_RET(mock_access_rw(s.fd, a, 3 * IOVA, buf, 16, 0), -EFAULT);
	CHECK_EQ(pins_here(), 0);
}

/* Pages can be pinned only where pages of IOVA are pages of memory. */
static void access_alignment(void)
{
	struct space s = new_space();
	char *va = get_pages(2 * LEN);
	__u32 other;
	int a;

	CHECK_OK(map(&s, va + 1, PAGE_SZ, IOVA, MAP_RW));
	CHECK_RET(mock_access_new(s.fd, s.ioas, PINS), -EADDRINUSE);
	a = CHECK_FD(mock_access_new(s.fd, s.ioas, 0));
	CHECK_OK(close(a));
	CHECK_OK(iommufd_ioas_alloc(s.fd, &other));
	a = CHECK_FD(mock_access_new(s.fd, other, PINS));
	CHECK_RET(mock_access_replace(s.fd, a, s.ioas), -EADDRINUSE);
	/* It is where it was: that one must stay aligned. */
	CHECK_RET(iommufd_map_fixed(s.fd, other, va, PAGE_SZ, IOVA + 1, MAP_R),
		  -EINVAL);
	CHECK_OK(iommufd_unmap(s.fd, s.ioas, 0, ~0ULL, NULL));
	CHECK_OK(mock_access_replace(s.fd, a, s.ioas));
	CHECK_RET(map(&s, va, PAGE_SZ, IOVA + 1, MAP_R), -EINVAL);
	CHECK_OK(iommufd_map_fixed(s.fd, other, va, PAGE_SZ, IOVA + 1, MAP_R));
}

static void access_ids(void)
{
	struct space s = new_space();
	struct rig r = new_rig();
	const __u32 bad[] = { 0, 99, ~0U };
	const __u32 none[] = { r.m.idev, r.m.stdev, r.m.hwpt };
	int a = CHECK_FD(mock_access_new(s.fd, s.ioas, PINS));
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		CHECK_RET(mock_access_new(s.fd, bad[i], 0), -ENOENT);
		CHECK_RET(mock_access_replace(s.fd, a, bad[i]), -ENOENT);
	}
	for (i = 0; i < ARRAY_SIZE(none); i++)
		CHECK_RET(mock_access_new(r.fd, none[i], 0), -ENOENT);
	/* It keeps its IOAS. */
	CHECK_RET(iommufd_destroy(s.fd, s.ioas), -EBUSY);
	CHECK_OK(close(a));
	CHECK_OK(iommufd_destroy(s.fd, s.ioas));
}

/* What an unmap wants back is given back, or it does not unmap. */
static void access_unmap(void)
{
	struct space s = new_space();
	char *va = get_pages(2 * LEN);
	int a = CHECK_FD(mock_access_new(s.fd, s.ioas, PINS));
	int deaf = CHECK_FD(mock_access_new(s.fd, s.ioas,
					    PINS | MOCK_FLAGS_ACCESS_CREATE_DEAF));
	__u32 id, ids[2];

	CHECK_OK(map(&s, va, LEN, IOVA, MAP_RW));
	CHECK_OK(mock_access_pin(s.fd, a, IOVA, va, LEN, 0, &id));
	CHECK_EQ(pins_here(), 8);
	CHECK_OK(iommufd_unmap(s.fd, s.ioas, IOVA, LEN, NULL));
	CHECK_EQ(pins_here(), 0);

	CHECK_OK(map(&s, va, LEN, IOVA, MAP_RW));
	CHECK_OK(map(&s, va + LEN, LEN, IOVA + LEN, MAP_RW));
	CHECK_OK(mock_access_pin(s.fd, a, IOVA + LEN, va + LEN, LEN, 0, &id));
	CHECK_OK(mock_access_pin(s.fd, deaf, IOVA, va, PAGE_SZ, 0, &ids[0]));
	CHECK_OK(mock_access_pin(s.fd, deaf, IOVA, va, PAGE_SZ, 0, &ids[1]));
	CHECK_EQ(pins_here(), 9);
	CHECK_RET(iommufd_unmap(s.fd, s.ioas, IOVA, LEN, NULL), -EDEADLK);
	CHECK_RET(iommufd_unmap(s.fd, s.ioas, 0, ~0ULL, NULL), -EDEADLK);
	/* Both are mapped, and can be pinned. */
	CHECK_RET(map(&s, va, PAGE_SZ, IOVA, MAP_R), -EEXIST);
	CHECK_RET(map(&s, va, PAGE_SZ, IOVA + LEN, MAP_R), -EEXIST);
	CHECK_OK(mock_access_unpin(s.fd, deaf, ids[0]));
	CHECK_RET(iommufd_unmap(s.fd, s.ioas, IOVA, LEN, NULL), -EDEADLK);
	CHECK_OK(mock_access_unpin(s.fd, deaf, ids[1]));
	CHECK_OK(iommufd_unmap(s.fd, s.ioas, IOVA, LEN, NULL));
	CHECK_OK(iommufd_unmap(s.fd, s.ioas, 0, ~0ULL, NULL));
	CHECK_EQ(pins_here(), 0);
}

/* --- what a device's IOMMU forbids ------------------------------------------- */

static void reach_against_allowed(void)
{
	struct rig r = new_rig();
	struct mock_device m;

	CHECK_RET(iommufd_allow(r.fd, r.ioas, 0, IOVA), -EADDRINUSE);
	CHECK_RET(iommufd_allow(r.fd, r.ioas, IOVA, ~0ULL), -EADDRINUSE);
	CHECK_RET(iommufd_allow(r.fd, r.ioas, MOCK_APERTURE_START - 1, IOVA), -EADDRINUSE);
	CHECK_RET(iommufd_allow(r.fd, r.ioas, IOVA, MOCK_APERTURE_LAST + 1), -EADDRINUSE);
	CHECK_OK(iommufd_allow(r.fd, r.ioas, MOCK_APERTURE_START, MOCK_APERTURE_LAST));
	CHECK_OK(iommufd_destroy(r.fd, r.m.stdev));
	/* What was promised keeps out what would break it. */
	CHECK_OK(iommufd_allow(r.fd, r.ioas, 0, IOVA));
	CHECK_RET(mock_device_add(r.fd, r.ioas, 0, &m), -EADDRINUSE);
	CHECK_OK(iommufd_allow(r.fd, r.ioas, MOCK_APERTURE_START, IOVA));
	CHECK_OK(mock_device_add(r.fd, r.ioas, 0, &m));
}

static int set_huge(const struct rig *r, __u64 value)
{
	return iommufd_option_set(r->fd, IOMMU_OPTION_HUGE_PAGES, r->ioas,
				  value);
}

static void reach_against_option(void)
{
	struct rig r = new_rig();
	char *va = get_pages(LEN);

	CHECK_OK(set_huge(&r, 0));
	CHECK_OK(set_huge(&r, 1));
	CHECK_OK(iommufd_map_fixed(r.fd, r.ioas, va, LEN, IOVA, MAP_R));
	CHECK_RET(set_huge(&r, 0), -EINVAL);
	CHECK_OK(set_huge(&r, 1));
	CHECK_OK(iommufd_unmap(r.fd, r.ioas, IOVA, LEN, NULL));
	CHECK_OK(set_huge(&r, 0));
	CHECK_OK(iommufd_map_fixed(r.fd, r.ioas, va, LEN, IOVA, MAP_R));
	CHECK_OK(set_huge(&r, 1));
}

static void reach_against_copy(void)
{
	struct rig r = new_rig();
	char *va = get_pages(LEN);
	__u32 from;

	CHECK_OK(iommufd_ioas_alloc(r.fd, &from));
	CHECK_OK(iommufd_map_fixed(r.fd, from, va, LEN, 0, MAP_R));
	CHECK_OK(iommufd_map_fixed(r.fd, from, va + 1, 100, LEN, MAP_R));
	CHECK_RET(iommufd_copy(r.fd, r.ioas, from, 0, LEN, 0, MAP_R), -EINVAL);
	CHECK_RET(iommufd_copy(r.fd, r.ioas, from, 0, LEN,
			       MOCK_APERTURE_START - PAGE_SZ, MAP_R), -EINVAL);
	/* Not aligned: where it comes from, where it goes, how long it is. */
	CHECK_RET(iommufd_copy(r.fd, r.ioas, from, LEN, 100, IOVA, MAP_R),
		  -EINVAL);
	CHECK_RET(iommufd_copy(r.fd, r.ioas, from, 0, PAGE_SZ, IOVA + 1,
			       MAP_R), -EINVAL);
	CHECK_RET(iommufd_copy(r.fd, r.ioas, from, 0, PAGE_SZ + 1, IOVA,
			       MAP_R), -EINVAL);
	CHECK_EQ(pins_here(), 0);
	CHECK_OK(iommufd_copy(r.fd, r.ioas, from, 0, LEN, IOVA, MAP_R));
	CHECK_EQ(pins_here(), 8);
	CHECK_OK(mock_check_map(r.fd, r.m.hwpt, IOVA, va, LEN));
}

static const struct test tests[] = {
	{ "access.permissions", access_permissions, 0 },
	{ "access.nothing_there", access_nothing_there, 0 },
	{ "access.alignment", access_alignment, 0 },
	{ "access.ids", access_ids, 0 },
	{ "access.unmap", access_unmap, 0 },
	{ "reach.against_allowed", reach_against_allowed, 0 },
	{ "reach.against_option", reach_against_option, 0 },
	{ "reach.against_copy", reach_against_copy, 0 },
};

const struct test_table access_table = { tests, ARRAY_SIZE(tests) };
