// SPDX-License-Identifier: GPL-2.0-only
/*
 * dirty_read.c - what each answer of read_area() does to a read, and for how
 * long it may be given
 *
 * Owns: dirty_read_table.
 */
#define _GNU_SOURCE
#include <sys/mman.h>
#include <unistd.h>

#include "dirty_policy.h"
#include "vfio.h"

#define MAX IOMMUFD_DIRTY_MAX_ASSUMES

/* 16 pages in one area, nothing dirty, tracked. */
static struct dirty_rig tracked(void)
{
	struct dirty_rig r = dirty_rig();

	dirty_map(&r, 0, 16);
	CHECK_OK(iommufd_dirty_track(r.fd, r.hwpt, true));
	return r;
}

static unsigned int count(const struct dirty_rig *r, __u32 flags)
{
	return dirty_count(r, r->hwpt, 0, 16, flags);
}

/* What is done, and what was told of it. */
static void expect_done(const struct dirty_policy *pol, unsigned int verdict,
			unsigned int ndirty)
{
	const struct dirty_entry *e =
		&pol->p->log[(pol->p->nr_log - 1) % DIRTY_LOG];

	CHECK_EQ(e->verdict, verdict);
	CHECK_EQ(e->ndirty, ndirty);
	CHECK_EQ(pol->p->nr_done, pol->p->nr_read);
}

static void scan(void)
{
	struct dirty_policy pol = dirty_new(NULL, IOMMUFD_DIRTY_SCAN);
	struct dirty_rig r = tracked();

	dirty_write(&r, r.hwpt, 3);
	CHECK_EQ(count(&r, NO_CLEAR), 1);
	CHECK_EQ(pol.p->read.flags, IOMMUFD_DIRTY_REQ_NO_CLEAR);
	expect_done(&pol, IOMMUFD_DIRTY_SCAN, 1);
	CHECK_EQ(count(&r, 0), 1);
	CHECK_EQ(pol.p->read.flags, 0);
	CHECK_EQ(count(&r, 0), 0);
	expect_done(&pol, IOMMUFD_DIRTY_SCAN, 0);
	dirty_unload(&pol);
}

static void keep(void)
{
	struct dirty_policy pol = dirty_new(NULL, IOMMUFD_DIRTY_KEEP);
	struct dirty_rig r = tracked();
	int i;

	dirty_write(&r, r.hwpt, 3);
	for (i = 0; i < 2 * MAX; i++)
		CHECK_EQ(count(&r, i & 1 ? NO_CLEAR : 0), 1);
	expect_done(&pol, IOMMUFD_DIRTY_KEEP, 1);
	dirty_write(&r, r.hwpt, 4);
	CHECK_EQ(count(&r, 0), 2);
	pol.p->verdict = IOMMUFD_DIRTY_SCAN;
	CHECK_EQ(count(&r, 0), 2);
	CHECK_EQ(count(&r, 0), 0);
	dirty_unload(&pol);
}

static void assume(void)
{
	struct dirty_policy pol = dirty_new(NULL, IOMMUFD_DIRTY_ASSUME);
	struct dirty_rig r = tracked();

	dirty_write(&r, r.hwpt, 3);
	CHECK_EQ(count(&r, 0), 16);
	expect_done(&pol, IOMMUFD_DIRTY_ASSUME, 16);
	CHECK_EQ(count(&r, NO_CLEAR), 16);
	/* What it had found is still there to be found. */
	pol.p->verdict = IOMMUFD_DIRTY_SCAN;
	CHECK_EQ(count(&r, 0), 1);
	expect_done(&pol, IOMMUFD_DIRTY_SCAN, 1);
	CHECK_EQ(count(&r, 0), 0);
	dirty_unload(&pol);
}

/* Parts of areas, gaps, and the rest of the bitmap. */
static void clipped(void)
{
	struct dirty_policy pol = dirty_new(NULL, IOMMUFD_DIRTY_ASSUME);
	struct dirty_rig r = dirty_rig();
	unsigned char bits[DIRTY_PAGES / 8] = {};
	unsigned int i;

	dirty_map(&r, 0, 8);
	dirty_map(&r, 12, 20);
	dirty_map(&r, 32, 1);
	CHECK_OK(iommufd_dirty_track(r.fd, r.hwpt, true));
	CHECK_OK(dirty_read(&r, r.hwpt, 5, 20, bits, 0));
	for (i = 0; i < DIRTY_PAGES; i++)
		CHECK_EQ(bit_of(bits, i), i < 3 || (i >= 7 && i < 20));
	CHECK_EQ(pol.p->nr_read, 2);
	CHECK_EQ(pol.p->read.area_iova, MOCK_IOVA + 12 * PAGE_SZ);
	CHECK_EQ(pol.p->read.area_length, 20 * PAGE_SZ);
	CHECK_EQ(pol.p->read.iova, MOCK_IOVA + 12 * PAGE_SZ);
	CHECK_EQ(pol.p->read.length, 13 * PAGE_SZ);
	CHECK_EQ(pol.p->log[0].iova, MOCK_IOVA + 5 * PAGE_SZ);
	CHECK_EQ(pol.p->log[0].length, 3 * PAGE_SZ);
	dirty_unload(&pol);
}

/* What is idle is seen to be clean, whatever the policy says. */
static void limit(void)
{
	struct dirty_policy pol = dirty_new(NULL, IOMMUFD_DIRTY_ASSUME);
	struct dirty_rig r = tracked();
	int round, i;

	for (round = 0; round < 3; round++) {
		dirty_write(&r, r.hwpt, round);
		for (i = 0; i < MAX; i++) {
			CHECK_EQ(count(&r, 0), 16);
			CHECK_EQ(pol.p->read.assumes, i);
		}
		CHECK_EQ(count(&r, 0), 1);
		CHECK_EQ(pol.p->read.assumes, MAX);
		expect_done(&pol, IOMMUFD_DIRTY_SCAN, 1);
	}
	/* KEEP does not put it off. */
	for (i = 0; i < MAX; i++)
		CHECK_EQ(count(&r, 0), 16);
	dirty_write(&r, r.hwpt, 9);
	pol.p->verdict = IOMMUFD_DIRTY_KEEP;
	CHECK_EQ(count(&r, 0), 1);
	expect_done(&pol, IOMMUFD_DIRTY_SCAN, 1);
	CHECK_EQ(count(&r, 0), 0);
	dirty_unload(&pol);
}

/* Peeks are counted, and are told the truth when it is due; none clears. */
static void limit_peeks(void)
{
	struct dirty_policy pol = dirty_new(NULL, IOMMUFD_DIRTY_ASSUME);
	struct dirty_rig r = tracked();
	int i;

	dirty_write(&r, r.hwpt, 1);
	for (i = 0; i < MAX; i++)
		CHECK_EQ(count(&r, NO_CLEAR), 16);
	for (i = 0; i < 3; i++)
		CHECK_EQ(count(&r, NO_CLEAR), 1);
	/* It stays due for those who clear. */
	CHECK_EQ(count(&r, 0), 1);
	CHECK_EQ(count(&r, 0), 16);
	CHECK_EQ(pol.p->read.assumes, 0);
	dirty_unload(&pol);
}

/* Who reads in pieces gets to the end as well, however the pieces fall. */
static void limit_pieces(void)
{
	struct dirty_policy pol = dirty_new(NULL, IOMMUFD_DIRTY_ASSUME);
	struct dirty_rig r = tracked();
	unsigned int piece, round, at, i;
	unsigned int in_a_row[16];

	for (piece = 1; piece <= 8; piece++) {
		memset(in_a_row, 0, sizeof(in_a_row));
		for (round = 0; round < 3 * (MAX + 1); round++) {
			for (at = 0; at < 16; at += piece) {
				unsigned int n = piece < 16 - at ? piece :
								   16 - at;
				unsigned int got = dirty_count(&r, r.hwpt, at,
							       n, 0);

				/* Nothing is written: all or nothing. */
				CHECK(!got || got == n);
				for (i = at; i < at + n; i++)
					in_a_row[i] = got ? in_a_row[i] + 1 : 0;
				CHECK(in_a_row[at] <= MAX);
			}
		}
		CHECK_OK(iommufd_dirty_track(r.fd, r.hwpt, false));
		CHECK_OK(iommufd_dirty_track(r.fd, r.hwpt, true));
	}
	dirty_unload(&pol);
}

/* What a policy is told of earlier reads, and when that is forgotten. */
static void memory(void)
{
	struct dirty_policy pol = dirty_new(NULL, IOMMUFD_DIRTY_SCAN);
	const struct dirty_probe *p = pol.p;
	struct dirty_rig r = tracked();
	__u32 other;
	int i;

	CHECK_OK(mock_dirty_hwpt(r.fd, r.m.idev, r.ioas, MOCK_IOMMUPT_DEFAULT,
				 &other));
	CHECK_OK(iommufd_dirty_track(r.fd, other, true));
	for (i = 0; i < 5; i++)
		dirty_write(&r, r.hwpt, i);
	CHECK_EQ(count(&r, 0), 5);
	CHECK_EQ(p->read.last_pages + p->read.last_dirty_pages +
		 p->read.since_ns + p->read.assumes, 0);
	pol.p->verdict = IOMMUFD_DIRTY_ASSUME;
	CHECK_EQ(count(&r, 0), 16);
	CHECK_EQ(p->read.last_pages, 16);
	CHECK_EQ(p->read.last_dirty_pages, 5);
	CHECK(p->read.since_ns > 0);
	CHECK_EQ(count(&r, 0), 16);
	CHECK_EQ(p->read.assumes, 1);
	CHECK_EQ(p->read.last_dirty_pages, 5);
	/* The other HWPT has dirty bits, and a memory, of its own. */
	CHECK_EQ(dirty_count(&r, other, 0, 16, 0), 16);
	CHECK_EQ(p->read.last_pages + p->read.assumes, 0);
	CHECK_EQ(p->read.hwpt_id, other);
	CHECK_EQ(p->read.hwpt_cookie, p->start.hwpt_cookie);
	count(&r, 0);
	CHECK_EQ(p->read.assumes, 2);
	/* It goes when tracking stops, */
	CHECK_OK(iommufd_dirty_track(r.fd, r.hwpt, false));
	CHECK_OK(iommufd_dirty_track(r.fd, r.hwpt, true));
	count(&r, 0);
	CHECK_EQ(p->read.last_pages + p->read.assumes, 0);
	/* when the policy does and somebody reads, */
	dirty_count(&r, other, 0, 16, 0);
	CHECK_EQ(p->read.assumes, 1);
	dirty_detach(&pol);
	CHECK_EQ(count(&r, 0), 0);
	CHECK_OK(dirty_attach(&pol));
	count(&r, 0);
	CHECK_EQ(p->read.last_pages + p->read.assumes, 0);
	dirty_count(&r, other, 0, 16, 0);
	CHECK_EQ(p->read.assumes, 2);
	/* and with the area. */
	dirty_unmap(&r, 0, 16);
	dirty_map(&r, 0, 16);
	count(&r, 0);
	CHECK_EQ(p->read.last_pages + p->read.assumes, 0);
	CHECK_OK(iommufd_destroy(r.fd, other));
	dirty_unload(&pol);
}

/* An area that takes several steps is asked about once. */
static void steps(void)
{
	struct dirty_policy pol = dirty_new(NULL, IOMMUFD_DIRTY_ASSUME);
	/* The mock's IOVAs end at 2 GiB, and a step at 1 GiB. */
	const __u64 length = 64 << 20, iova = (1ULL << 30) - (length >> 1);
	const size_t bytes = length / PAGE_SZ / 8;
	unsigned char *bits = (void *)get_pages(bytes);
	struct dirty_rig r = dirty_rig();
	char *va = mmap(NULL, length, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	unsigned long i, n = 0;

	CHECK(va != MAP_FAILED);
	CHECK_OK(iommufd_map_fixed(r.fd, r.ioas, va, length, iova, MAP_RW));
	CHECK_OK(iommufd_dirty_track(r.fd, r.hwpt, true));
	CHECK_OK(iommufd_dirty_bitmap(r.fd, r.hwpt, iova, length, PAGE_SZ, bits,
				      0));
	CHECK_EQ(pol.p->nr_read, 1);
	expect_done(&pol, IOMMUFD_DIRTY_ASSUME, length / PAGE_SZ);
	for (i = 0; i < length / PAGE_SZ; i++)
		n += bit_of(bits, i);
	CHECK_EQ(n, length / PAGE_SZ);
	pol.p->verdict = IOMMUFD_DIRTY_SCAN;
	CHECK_OK(iommufd_dirty_bitmap(r.fd, r.hwpt, iova, length, PAGE_SZ, bits,
				      0));
	CHECK_EQ(pol.p->nr_read, 2);
	expect_done(&pol, IOMMUFD_DIRTY_SCAN, 0);
	CHECK_EQ(pol.p->read.assumes, 1);
	dirty_unload(&pol);
}

/* A policy that takes another's place is asked; the old one's count holds. */
static void replaced(void)
{
	struct dirty_policy a = dirty_new(NULL, IOMMUFD_DIRTY_ASSUME);
	struct dirty_policy b = dirty_load(NULL);
	struct dirty_rig r = tracked();
	int i;

	b.p->verdict = IOMMUFD_DIRTY_ASSUME;
	for (i = 0; i < MAX; i++) {
		CHECK_EQ(count(&r, 0), 16);
		CHECK_OK(i & 1 ? dirty_replace(&b, &a) : dirty_replace(&a, &b));
	}
	CHECK_EQ(count(&r, 0), 0);
	CHECK_EQ(a.p->nr_read + b.p->nr_read, MAX + 1);
	CHECK_OK(iommufd_dirty_track(r.fd, r.hwpt, false));
	/* Not that policy: it has come and gone since. */
	CHECK_EQ(a.p->nr_stop + b.p->nr_stop, 0);
	dirty_unload(&a);
	dirty_unload(&b);
}

/* An area that is cut in two is two that nothing is known of. */
static void cut(void)
{
	struct dirty_policy pol = dirty_new(NULL, IOMMUFD_DIRTY_ASSUME);
	struct space s = new_space();
	struct dirty_rig r = { .fd = s.fd, .ioas = s.ioas };
	__u64 done = 0;

	r.va = get_pages(DIRTY_PAGES * PAGE_SZ);
	CHECK_OK(iommufd_vfio_ioas(s.fd, IOMMU_VFIO_IOAS_SET, &s.ioas));
	CHECK_OK(vfio_container_set_iommu(s.fd, VFIO_TYPE1_IOMMU));
	CHECK_OK(mock_device_add(r.fd, r.ioas, 0, &r.m));
	CHECK_OK(mock_dirty_hwpt(r.fd, r.m.idev, r.ioas, MOCK_IOMMUPT_DEFAULT,
				 &r.hwpt));
	dirty_map(&r, 0, 16);
	CHECK_OK(iommufd_dirty_track(r.fd, r.hwpt, true));
	dirty_write(&r, r.hwpt, 12);
	CHECK_EQ(count(&r, 0), 16);
	CHECK_OK(vfio_type1_unmap(r.fd, MOCK_IOVA + 4 * PAGE_SZ, 4 * PAGE_SZ,
				  &done));
	CHECK_EQ(done, 4 * PAGE_SZ);
	pol.p->nr_read = 0;
	pol.p->nr_done = 0;
	CHECK_EQ(count(&r, 0), 12);
	CHECK_EQ(pol.p->nr_read, 2);
	CHECK_EQ(pol.p->read.area_iova, MOCK_IOVA + 8 * PAGE_SZ);
	CHECK_EQ(pol.p->read.assumes, 0);
	pol.p->verdict = IOMMUFD_DIRTY_SCAN;
	CHECK_EQ(count(&r, 0), 1);
	dirty_unload(&pol);
}

static const struct test tests[] = {
	{ "dirty_scan", scan, 0 },
	{ "dirty_keep", keep, 0 },
	{ "dirty_assume", assume, 0 },
	{ "dirty_clipped", clipped, 0 },
	{ "dirty_limit", limit, 0 },
	{ "dirty_limit_peeks", limit_peeks, 0 },
	{ "dirty_limit_pieces", limit_pieces, 0 },
	{ "dirty_memory", memory, 0 },
	{ "dirty_steps", steps, 0 },
	{ "dirty_replaced", replaced, 0 },
	{ "dirty_cut", cut, 0 },
};

const struct test_table dirty_read_table = { tests, ARRAY_SIZE(tests) };
