// SPDX-License-Identifier: GPL-2.0-only
/*
 * dirty_read.c - what reads report, compared with an oracle
 *
 * Owns: dirty_read_table.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "dirty.h"

/* Areas whose IO pages are of one size each, with holes between them. */
struct place {
	__u64 iova;
	__u64 length;
	__u64 leaf;
	bool mapped;
};

#define SMALL_IOVA MOCK_START
#define HALF_IOVA (MOCK_START + 0x21000)
#define HUGE_IOVA (2 * MOCK_START)
#define ODD_IOVA (HUGE_IOVA + 4 * MOCK_HUGE + PAGE_SZ)

static const struct place places[] = {
	{ SMALL_IOVA, 32 * PAGE_SZ, PAGE_SZ, false },
	/* Memory that begins in the middle of a page: halves of pages. */
	{ HALF_IOVA, 21 * MOCK_PAGE, MOCK_PAGE, false },
	{ HUGE_IOVA, 4 * MOCK_HUGE, MOCK_HUGE, false },
	/* Not aligned to anything, right behind the huge pages but one. */
	{ ODD_IOVA, 37 * PAGE_SZ, PAGE_SZ, false },
};

#define PLACES ARRAY_SIZE(places)
#define END (ODD_IOVA + 0x40000)

struct world {
	struct tracked t;
	struct oracle *o;
	struct place place[PLACES];
	char *small;
	char *huge;
	struct rng rng;
};

static void map_place(struct world *w, struct place *p)
{
	char *va = p->leaf == MOCK_HUGE ? w->huge : w->small;

	if (p->leaf == MOCK_PAGE)
		va += MOCK_PAGE;
	CHECK_OK(iommufd_map_fixed(w->t.fd, w->t.ioas, va, p->length, p->iova,
				   MAP_RW));
	oracle_map(w->o, p->iova, p->length, p->leaf);
	p->mapped = true;
}

static void unmap_place(struct world *w, struct place *p)
{
	CHECK_OK(iommufd_unmap(w->t.fd, w->t.ioas, p->iova, p->length, NULL));
	oracle_unmap(w->o, p->iova, p->length);
	p->mapped = false;
}

static struct world new_world(void)
{
	struct world w = { .t = tracked_space(true), .o = oracle_new() };
	size_t i;

	w.rng.state = pattern_seed();
	test_note("seed %#llx", w.rng.state);
	w.small = get_pages(64 * PAGE_SZ);
	w.huge = mem_alloc(4 * MOCK_HUGE, MEM_HUGETLB);
	if (!w.huge)
		test_skip("no huge pages");
	memcpy(w.place, places, sizeof(places));
	for (i = 0; i < PLACES; i++)
		map_place(&w, &w.place[i]);
	return w;
}

static void write_at(struct world *w, __u64 iova)
{
	bool mapped = oracle_write(w->o, iova);

	CHECK_EQ(device_write(w->t.fd, w->t.hwpt, iova), mapped);
}

/* Read into a bitmap that already says something, and compare all of it. */
static void read_and_compare(struct world *w, __u64 iova, __u64 length,
			     __u64 page_size, bool clear)
{
	size_t bytes = (length / page_size + 7) / 8, room = bytes + 64, i;
	size_t shift = rng_below(&w->rng, 32);
	unsigned char *got = (void *)guarded(room), *want = malloc(room);

	CHECK(want);
	for (i = 0; i < room; i++)
		got[i] = rng_below(&w->rng, 4) ? 0 : rng_below(&w->rng, 256);
	memcpy(want, got, room);
	oracle_read(w->o, iova, length, page_size, want + shift, clear);
	CHECK_OK(iommufd_dirty_bitmap(w->t.fd, w->t.hwpt, iova, length,
				      page_size, got + shift,
				      clear ? 0 : NO_CLEAR));
	for (i = 0; i < room; i++)
		if (got[i] != want[i])
			FAIL("[%#llx, +%#llx) by %llu, %sclear: byte %ld of %zu is %#x, not %#x",
			     iova, length, page_size, clear ? "" : "no ",
			     (long)(i - shift), bytes, got[i], want[i]);
	free(want);
	mem_free((char *)((uintptr_t)got & -PAGE_SZ),
		 ((room + PAGE_SZ - 1) & -PAGE_SZ) + PAGE_SZ);
}

static void random_read(struct world *w)
{
	unsigned int shift = 8 + rng_below(&w->rng, 14);
	__u64 page = 1ULL << shift, unit = page > MOCK_PAGE ? page : MOCK_PAGE;
	__u64 units, first, n;

	units = (END - MOCK_START) / unit;
	first = rng_below(&w->rng, units);
	n = 1 + rng_below(&w->rng, units - first);
	/* Mostly short ones, near something. */
	if (rng_below(&w->rng, 4)) {
		const struct place *p = &places[rng_below(&w->rng, PLACES)];

		first = (p->iova - MOCK_START) / unit +
			rng_below(&w->rng, p->length / unit + 1);
		n = 1 + rng_below(&w->rng, 2 * MOCK_HUGE / unit + 1);
		if (first >= units)
			first = units - 1;
		if (n > units - first)
			n = units - first;
	}
	read_and_compare(w, MOCK_START + first * unit, n * unit, page,
			 rng_below(&w->rng, 3));
}

static void random_writes(struct world *w)
{
	const struct place *p = &places[rng_below(&w->rng, PLACES)];
	unsigned int n = 1 + rng_below(&w->rng, 12);
	__u64 units = p->length / MOCK_PAGE;

	while (n--)
		write_at(w, p->iova + rng_below(&w->rng, units) * MOCK_PAGE);
}

/* Writes, reads of any part at any granule, unmaps and maps, in any order. */
static void against_oracle(void)
{
	struct world w = new_world();
	unsigned int i;

	for (i = 0; i < 4000; i++) {
		struct place *p = &w.place[rng_below(&w.rng, PLACES)];

		switch (rng_below(&w.rng, 20)) {
		case 0:
			if (p->mapped)
				unmap_place(&w, p);
			else
				map_place(&w, p);
			break;
		case 1 ... 9:
			random_writes(&w);
			break;
		default:
			random_read(&w);
			break;
		}
	}
	read_and_compare(&w, MOCK_START, END - MOCK_START, MOCK_PAGE, true);
	read_and_compare(&w, MOCK_START, END - MOCK_START, MOCK_PAGE, true);
}

/* All of it dirty, and not a bit of it. */
static void all_and_nothing(void)
{
	struct world w = new_world();
	__u64 at;
	size_t i;
	int turn;

	for (turn = 0; turn < 2; turn++) {
		for (i = 0; i < PLACES; i++)
			for (at = 0; at < places[i].length; at += MOCK_PAGE)
				write_at(&w, places[i].iova + at);
		read_and_compare(&w, MOCK_START, END - MOCK_START, PAGE_SZ,
				 turn);
	}
	read_and_compare(&w, MOCK_START, END - MOCK_START, PAGE_SZ, true);
}

/* A part of a huge page, from either side: reported, and still dirty. */
static void parts_of_a_huge_page(void)
{
	static const struct { __u64 at, len; } part[] = {
		{ 0, MOCK_HUGE / 2 }, { MOCK_HUGE / 2, MOCK_HUGE / 2 },
		{ MOCK_PAGE, MOCK_HUGE - MOCK_PAGE },
		{ 0, MOCK_HUGE - MOCK_PAGE },
		{ 5 * MOCK_PAGE, MOCK_PAGE },
		{ MOCK_HUGE - MOCK_PAGE, MOCK_PAGE },
		{ MOCK_HUGE / 2, MOCK_HUGE }, { MOCK_PAGE, 3 * MOCK_HUGE },
	};
	struct world w = new_world();
	size_t i;

	for (i = 0; i < ARRAY_SIZE(part); i++) {
		write_at(&w, HUGE_IOVA);
		write_at(&w, HUGE_IOVA + MOCK_HUGE + 7 * MOCK_PAGE);
		read_and_compare(&w, HUGE_IOVA + part[i].at, part[i].len,
				 MOCK_PAGE, true);
		/* Both times: the oracle knows that it stayed dirty. */
		read_and_compare(&w, HUGE_IOVA + part[i].at, part[i].len,
				 MOCK_PAGE, true);
		read_and_compare(&w, HUGE_IOVA, 4 * MOCK_HUGE, MOCK_PAGE,
				 true);
		read_and_compare(&w, HUGE_IOVA, 4 * MOCK_HUGE, MOCK_PAGE,
				 true);
	}
}

/* The IOTLB must forget what was read as dirty, or the next write is lost. */
static void written_again(void)
{
	struct world w = new_world();
	int turn;

	for (turn = 0; turn < 50; turn++) {
		write_at(&w, SMALL_IOVA + turn % 32 * PAGE_SZ);
		write_at(&w, HUGE_IOVA);
		write_at(&w, ODD_IOVA + 36 * PAGE_SZ);
		read_and_compare(&w, MOCK_START, END - MOCK_START, PAGE_SZ,
				 turn % 3 != 1);
	}
}

/* As VMMs do it: several IOMMUs, one bitmap. */
static void two_into_one(void)
{
	struct tracked t = tracked_space(false);
	unsigned char bits[4] = { 0, 0, 0, 0x80 };
	__u32 other;

	CHECK_OK(mock_dirty_hwpt(t.fd, t.dev, t.ioas, MOCK_IOMMUPT_DEFAULT,
				 &other));
	CHECK_OK(iommufd_dirty_track(t.fd, other, true));
	CHECK_OK(iommufd_map_fixed(t.fd, t.ioas, get_pages(32 * PAGE_SZ),
				   32 * PAGE_SZ, MOCK_START, MAP_RW));
	CHECK_EQ(device_write(t.fd, t.hwpt, MOCK_START), 1);
	CHECK_EQ(device_write(t.fd, t.hwpt, MOCK_START + 9 * PAGE_SZ), 1);
	CHECK_EQ(device_write(t.fd, other, MOCK_START + 9 * PAGE_SZ), 1);
	CHECK_EQ(device_write(t.fd, other, MOCK_START + 20 * PAGE_SZ), 1);
	CHECK_OK(iommufd_dirty_bitmap(t.fd, t.hwpt, MOCK_START, 32 * PAGE_SZ,
				      PAGE_SZ, bits, 0));
	CHECK_EQ(bits[0], 1);
	CHECK_EQ(bits[1], 2);
	CHECK_EQ(bits[2], 0);
	CHECK_EQ(bits[3], 0x80);
	CHECK_OK(iommufd_dirty_bitmap(t.fd, other, MOCK_START, 32 * PAGE_SZ,
				      PAGE_SZ, bits, 0));
	CHECK_EQ(bits[0], 1);
	CHECK_EQ(bits[1], 2);
	CHECK_EQ(bits[2], 0x10);
	CHECK_EQ(bits[3], 0x80);
}

static const struct test tests[] = {
	{ "dirty.against_oracle", against_oracle, 180 },
	{ "dirty.all_and_nothing", all_and_nothing, 0 },
	{ "dirty.parts_of_a_huge_page", parts_of_a_huge_page, 0 },
	{ "dirty.written_again", written_again, 0 },
	{ "dirty.two_into_one", two_into_one, 0 },
};

const struct test_table dirty_read_table = { tests, ARRAY_SIZE(tests) };
