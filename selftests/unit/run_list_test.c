// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unit tests of the run list: each function at its edges, by hand. What no
 * one thought of is for run_list_property and run_list_fuzz.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "run_alloc.h"
#include "run_check.h"
#include "run_list.h"
#include "run_model.h"
#include "test.h"

#define BLOCK_ENTRIES 510

static struct run_list rl;

void model_fail(const char *fmt, ...)
{
	char why[300];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	FAIL("%s", why);
}

/* The structure is sound, and all its memory is accounted for. */
static void check_sound(void)
{
	const char *why = run_check(&rl);

	if (why)
		FAIL("%s", why);
	CHECK_EQ(run_list_bytes(&rl), run_alloc_state.live);
}

static void begin(u64 npages)
{
	run_list_init(&rl, npages);
	check_sound();
}

static void end(void)
{
	run_alloc_ok();
	check_sound();
	run_list_destroy(&rl);
	check_sound();
	CHECK_EQ(run_alloc_state.blocks, 0);
}

static int set(u64 index, u64 pfn, u64 npages, enum pin_kind kind)
{
	int ret = run_list_set(&rl, index, pfn, npages, kind);

	check_sound();
	return ret;
}

static int clear(u64 first, u64 last)
{
	int ret = run_list_clear(&rl, first, last);

	check_sound();
	return ret;
}

/* The list is exactly these runs. */
static void expect(const struct run *want, size_t n)
{
	struct run_cursor cur;
	struct run run;
	u64 npages = 0;
	size_t i = 0;

	for_each_run(&rl, &cur, &run, 0, UINT64_MAX) {
		CHECK(i < n);
		CHECK_EQ(run.index, want[i].index);
		CHECK_EQ(run.pfn, want[i].pfn);
		CHECK_EQ(run.npages, want[i].npages);
		CHECK_EQ(run.kind, want[i].kind);
		npages += run.npages;
		i++;
	}
	CHECK_EQ(i, n);
	CHECK_EQ(run_list_nruns(&rl), n);
	CHECK_EQ(run_list_npinned(&rl), npages);
}

#define EXPECT(...)							\
	do {								\
		const struct run runs_[] = { __VA_ARGS__ };		\
									\
		expect(runs_, ARRAY_SIZE(runs_));			\
	} while (0)
#define EXPECT_EMPTY() expect(NULL, 0)

static void test_empty(void)
{
	u64 first, last;
	struct run run;

	begin(0);
	CHECK_RET(set(0, 0, 1, PIN_PAGE), -EINVAL);
	CHECK_RET(clear(0, 0), -EINVAL);
	CHECK(!run_list_find(&rl, 0, &run));
	CHECK(!run_list_next_hole(&rl, 0, 0, &first, &last));
	CHECK(!run_list_next_hole(&rl, 0, UINT64_MAX, &first, &last));
	EXPECT_EMPTY();
	end();

	begin(10);
	CHECK_OK(clear(0, 9));
	CHECK_OK(clear(9, 9));
	CHECK(!run_list_find(&rl, 3, &run));
	CHECK(run_list_next_hole(&rl, 2, 100, &first, &last));
	CHECK_EQ(first, 2);
	CHECK_EQ(last, 9);
	EXPECT_EMPTY();
	end();
}

static void test_bad_arguments(void)
{
	begin(100);
	CHECK_RET(set(0, 5, 0, PIN_PAGE), -EINVAL);
	CHECK_RET(set(0, 5, 101, PIN_PAGE), -EINVAL);
	CHECK_RET(set(99, 5, 2, PIN_PAGE), -EINVAL);
	CHECK_RET(set(100, 5, 1, PIN_PAGE), -EINVAL);
	CHECK_RET(set(UINT64_MAX, 5, 1, PIN_PAGE), -EINVAL);
	CHECK_RET(set(UINT64_MAX, 5, 2, PIN_PAGE), -EINVAL);
	CHECK_RET(set(1, 5, UINT64_MAX, PIN_PAGE), -EINVAL);
	CHECK_RET(set(0, 5, 1, PIN_HOLE), -EINVAL);
	CHECK_RET(set(0, 5, 1, PIN_NONE + 1), -EINVAL);
	CHECK_RET(set(0, 5, 1, (enum pin_kind)8), -EINVAL);
	CHECK_RET(clear(5, 4), -EINVAL);
	CHECK_RET(clear(0, 100), -EINVAL);
	CHECK_RET(clear(0, UINT64_MAX), -EINVAL);
	EXPECT_EMPTY();
	end();
}

static void test_frame_limit(void)
{
	const u64 top = 1ULL << RUN_PFN_BITS;

	begin(UINT64_MAX);
	CHECK_RET(set(0, top, 1, PIN_PAGE), -EINVAL);
	CHECK_RET(set(0, top - 1, 2, PIN_PAGE), -EINVAL);
	CHECK_RET(set(0, UINT64_MAX, 1, PIN_PAGE), -EINVAL);
	CHECK_RET(set(0, UINT64_MAX, 2, PIN_PAGE), -EINVAL);
	CHECK_RET(set(0, 1, UINT64_MAX, PIN_NONE), -EINVAL);
	CHECK_RET(set(0, 1, top, PIN_NONE), -EINVAL);
	EXPECT_EMPTY();
	CHECK_OK(set(7, top - 1, 1, PIN_PAGE));
	EXPECT({ 7, top - 1, 1, PIN_PAGE });
	CHECK_OK(clear(7, 7));
	CHECK_OK(set(7, 0, top, PIN_NONE));
	EXPECT({ 7, 0, top, PIN_NONE });
	end();
}

static void test_first_and_last_page(void)
{
	const u64 last = UINT64_MAX - 1;
	u64 hole_first, hole_last;
	struct run run;

	begin(UINT64_MAX);
	CHECK_RET(set(last, 5, 2, PIN_PAGE), -EINVAL);
	CHECK_RET(clear(0, UINT64_MAX), -EINVAL);
	CHECK_OK(set(last, 5, 1, PIN_PAGE));
	CHECK_OK(set(0, 9, 1, PIN_PAGE));
	EXPECT({ 0, 9, 1, PIN_PAGE }, { last, 5, 1, PIN_PAGE });
	CHECK(run_list_find(&rl, last, &run));
	CHECK_EQ(run.pfn, 5);
	CHECK(!run_list_find(&rl, UINT64_MAX, &run));
	CHECK(!run_list_find(&rl, last - 1, &run));
	CHECK(!run_list_find(&rl, 1, &run));
	CHECK(run_list_next_hole(&rl, 0, UINT64_MAX, &hole_first, &hole_last));
	CHECK_EQ(hole_first, 1);
	CHECK_EQ(hole_last, last - 1);
	CHECK(!run_list_next_hole(&rl, last, UINT64_MAX, &hole_first,
				  &hole_last));
	CHECK_OK(clear(1, last));
	EXPECT({ 0, 9, 1, PIN_PAGE });
	CHECK_OK(clear(0, last));
	EXPECT_EMPTY();
	end();
}

static void test_occupied(void)
{
	begin(100);
	CHECK_OK(set(10, 1000, 10, PIN_PAGE));
	CHECK_OK(set(30, 2000, 10, PIN_LEAF));
	CHECK_RET(set(10, 1, 1, PIN_PAGE), -EEXIST);
	CHECK_RET(set(19, 1, 1, PIN_PAGE), -EEXIST);
	CHECK_RET(set(9, 1, 2, PIN_PAGE), -EEXIST);
	CHECK_RET(set(19, 1, 2, PIN_PAGE), -EEXIST);
	CHECK_RET(set(20, 1, 11, PIN_PAGE), -EEXIST);
	CHECK_RET(set(15, 1, 20, PIN_PAGE), -EEXIST);
	CHECK_RET(set(39, 1, 2, PIN_PAGE), -EEXIST);
	CHECK_RET(set(0, 1, 100, PIN_PAGE), -EEXIST);
	EXPECT({ 10, 1000, 10, PIN_PAGE }, { 30, 2000, 10, PIN_LEAF });
	CHECK_OK(set(20, 1, 10, PIN_PAGE));
	CHECK_RET(set(25, 1, 1, PIN_PAGE), -EEXIST);
	end();
}

static void test_merge(void)
{
	static const enum pin_kind kinds[] = { PIN_PAGE, PIN_NONE };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		enum pin_kind kind = kinds[i];

		begin(100);
		CHECK_OK(set(10, 110, 5, kind)); /* alone */
		CHECK_OK(set(15, 115, 5, kind)); /* at the end */
		EXPECT({ 10, 110, 10, kind });
		CHECK_OK(set(5, 105, 5, kind)); /* at the front */
		EXPECT({ 5, 105, 15, kind });
		CHECK_OK(set(30, 130, 5, kind));
		CHECK_OK(set(40, 140, 5, kind));
		CHECK_OK(set(20, 120, 1, kind)); /* at the left of a hole */
		CHECK_OK(set(29, 129, 1, kind)); /* at its right */
		EXPECT({ 5, 105, 16, kind }, { 29, 129, 6, kind },
		       { 40, 140, 5, kind });
		CHECK_OK(set(35, 135, 5, kind)); /* all of a hole */
		EXPECT({ 5, 105, 16, kind }, { 29, 129, 16, kind });
		CHECK_OK(set(21, 121, 8, kind));
		EXPECT({ 5, 105, 40, kind });
		end();
	}
}

/* What looks like its neighbours and is not. */
static void test_no_merge(void)
{
	enum pin_kind a, b;

	for (a = PIN_PAGE; a <= PIN_NONE; a++) {
		for (b = PIN_PAGE; b <= PIN_NONE; b++) {
			bool same = a == b && (a == PIN_PAGE || a == PIN_NONE);

			begin(100);
			CHECK_OK(set(10, 110, 5, a));
			CHECK_OK(set(20, 120, 5, a));
			CHECK_OK(set(15, 115, 5, b));
			CHECK_EQ(run_list_nruns(&rl), same ? 1 : 3);
			end();

			/* At the end, and before the front. */
			begin(100);
			CHECK_OK(set(10, 110, 5, a));
			CHECK_OK(set(15, 115, 5, b));
			CHECK_EQ(run_list_nruns(&rl), same ? 1 : 2);
			CHECK_OK(set(5, 105, 5, a));
			CHECK_EQ(run_list_nruns(&rl), !same + 1 +
				 (a == PIN_LEAF || a == PIN_FOLIO));
			end();
		}
	}
	begin(100);
	CHECK_OK(set(10, 110, 5, PIN_PAGE));
	CHECK_OK(set(15, 116, 5, PIN_PAGE)); /* frames leave one out */
	CHECK_OK(set(5, 104, 5, PIN_PAGE));
	CHECK_OK(set(21, 122, 5, PIN_PAGE)); /* pages leave one out */
	CHECK_OK(set(20, 122, 1, PIN_PAGE));
	EXPECT({ 5, 104, 5, PIN_PAGE }, { 10, 110, 5, PIN_PAGE },
	       { 15, 116, 5, PIN_PAGE }, { 20, 122, 1, PIN_PAGE },
	       { 21, 122, 5, PIN_PAGE });
	end();
}

/* One pin of as many pages as there can be, and one page more. */
static void test_longest_run(void)
{
	const u64 max = RUN_MAX_PAGES;
	struct run run;

	begin(UINT64_MAX);
	CHECK_RET(set(0, 0, max + 1, PIN_LEAF), -EINVAL);
	CHECK_RET(set(0, 0, max + 1, PIN_FOLIO), -EINVAL);
	EXPECT_EMPTY();
	CHECK_OK(set(3, 0, max, PIN_LEAF));
	CHECK_OK(set(3 + max, max, max, PIN_FOLIO));
	CHECK_OK(set(3 + 2 * max, 2 * max, max, PIN_PAGE));
	CHECK_OK(set(3 + 3 * max, 3 * max, 1, PIN_PAGE));
	CHECK_OK(set(3 + 4 * max, 7, 3 * max - 1, PIN_NONE));
	CHECK_OK(set(2 + 7 * max, 5, 1, PIN_PAGE));
	EXPECT({ 3, 0, max, PIN_LEAF }, { 3 + max, max, max, PIN_FOLIO },
	       { 3 + 2 * max, 2 * max, max + 1, PIN_PAGE },
	       { 3 + 4 * max, 7, 3 * max - 1, PIN_NONE },
	       { 2 + 7 * max, 5, 1, PIN_PAGE });
	CHECK(run_list_find(&rl, 2 + 3 * max, &run));
	CHECK_EQ(run.npages, max + 1);
	CHECK_OK(clear(3 + 2 * max, 2 + 3 * max));
	CHECK_OK(clear(5 + 4 * max, 5 + 5 * max));
	EXPECT({ 3, 0, max, PIN_LEAF }, { 3 + max, max, max, PIN_FOLIO },
	       { 3 + 3 * max, 3 * max, 1, PIN_PAGE },
	       { 3 + 4 * max, 7, 2, PIN_NONE },
	       { 6 + 5 * max, 10 + max, 2 * max - 4, PIN_NONE },
	       { 2 + 7 * max, 5, 1, PIN_PAGE });
	end();
}

/* Runs that begin just within, and just out of, the reach of a block. */
static void test_reach(void)
{
	const u64 pfn = 1 << 30;
	u64 gap;

	for (gap = RUN_MAX_PAGES - 2; gap <= RUN_MAX_PAGES + 2; gap++) {
		begin(UINT64_MAX);
		CHECK_OK(set(5, 100, 1, PIN_PAGE));
		CHECK_OK(set(5 + gap, 200, 1, PIN_PAGE)); /* after it */
		CHECK_OK(set(5 + 3 * gap, 300, 1, PIN_PAGE));
		CHECK_OK(set(5 + 2 * gap, pfn, 1, PIN_PAGE)); /* before it */
		CHECK_OK(set(6 + 2 * gap, pfn + 1, gap - 1, PIN_PAGE));
		EXPECT({ 5, 100, 1, PIN_PAGE }, { 5 + gap, 200, 1, PIN_PAGE },
		       { 5 + 2 * gap, pfn, gap, PIN_PAGE },
		       { 5 + 3 * gap, 300, 1, PIN_PAGE });
		CHECK_OK(clear(5 + 2 * gap, 3 + 3 * gap));
		CHECK_OK(set(6 + gap, pfn + 1 - gap, 2 * gap - 2, PIN_PAGE));
		EXPECT({ 5, 100, 1, PIN_PAGE }, { 5 + gap, 200, 1, PIN_PAGE },
		       { 6 + gap, pfn + 1 - gap, 2 * gap - 1, PIN_PAGE },
		       { 5 + 3 * gap, 300, 1, PIN_PAGE });
		end();
	}
}

/* A run of which both sides join others that are in other blocks. */
static void test_merge_across_blocks(void)
{
	const u64 n = RUN_MAX_PAGES - 1;

	begin(UINT64_MAX);
	CHECK_OK(set(0, 1000, 1, PIN_LEAF));
	CHECK_OK(set(n, 5000, n, PIN_PAGE));
	CHECK_OK(set(3 * n, 5000 + 2 * n, n, PIN_PAGE));
	CHECK_OK(set(4 * n, 5, 1, PIN_LEAF));
	CHECK_OK(set(4 * n + 2, 9, 1, PIN_LEAF));
	CHECK_OK(set(2 * n, 5000 + n, n, PIN_PAGE));
	EXPECT({ 0, 1000, 1, PIN_LEAF }, { n, 5000, 3 * n, PIN_PAGE },
	       { 4 * n, 5, 1, PIN_LEAF }, { 4 * n + 2, 9, 1, PIN_LEAF });
	/* On the right only, where the block's other runs are out of reach. */
	CHECK_OK(clear(n, 4 * n - 2));
	EXPECT({ 0, 1000, 1, PIN_LEAF },
	       { 4 * n - 1, 5000 + 3 * n - 1, 1, PIN_PAGE },
	       { 4 * n, 5, 1, PIN_LEAF }, { 4 * n + 2, 9, 1, PIN_LEAF });
	CHECK_OK(set(n, 5000, 3 * n - 1, PIN_PAGE));
	EXPECT({ 0, 1000, 1, PIN_LEAF }, { n, 5000, 3 * n, PIN_PAGE },
	       { 4 * n, 5, 1, PIN_LEAF }, { 4 * n + 2, 9, 1, PIN_LEAF });
	end();
}

static void test_clear_parts(void)
{
	begin(100);
	CHECK_OK(set(0, 100, 100, PIN_PAGE));
	CHECK_OK(clear(0, 9));
	EXPECT({ 10, 110, 90, PIN_PAGE });
	CHECK_OK(clear(90, 99));
	EXPECT({ 10, 110, 80, PIN_PAGE });
	CHECK_OK(clear(40, 59));
	EXPECT({ 10, 110, 30, PIN_PAGE }, { 60, 160, 30, PIN_PAGE });
	CHECK_OK(clear(45, 50));
	CHECK_OK(clear(35, 64));
	EXPECT({ 10, 110, 25, PIN_PAGE }, { 65, 165, 25, PIN_PAGE });
	CHECK_OK(set(40, 1, 3, PIN_NONE));
	CHECK_OK(clear(41, 41));
	EXPECT({ 10, 110, 25, PIN_PAGE }, { 40, 1, 1, PIN_NONE },
	       { 42, 3, 1, PIN_NONE }, { 65, 165, 25, PIN_PAGE });
	CHECK_OK(clear(11, 88));
	EXPECT({ 10, 110, 1, PIN_PAGE }, { 89, 189, 1, PIN_PAGE });
	CHECK_OK(clear(10, 10));
	CHECK_OK(clear(89, 99));
	EXPECT_EMPTY();
	end();
}

static void test_cut_one_pin(void)
{
	static const enum pin_kind kinds[] = { PIN_LEAF, PIN_FOLIO };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		begin(100);
		CHECK_OK(set(0, 500, 10, PIN_PAGE));
		CHECK_OK(set(10, 600, 10, kinds[i]));
		CHECK_OK(set(20, 700, 10, PIN_PAGE));
		CHECK_RET(clear(10, 10), -EINVAL);
		CHECK_RET(clear(19, 19), -EINVAL);
		CHECK_RET(clear(11, 18), -EINVAL);
		CHECK_RET(clear(10, 18), -EINVAL);
		CHECK_RET(clear(11, 19), -EINVAL);
		CHECK_RET(clear(0, 18), -EINVAL);
		CHECK_RET(clear(11, 99), -EINVAL);
		CHECK_RET(clear(0, 10), -EINVAL);
		EXPECT({ 0, 500, 10, PIN_PAGE }, { 10, 600, 10, kinds[i] },
		       { 20, 700, 10, PIN_PAGE });
		CHECK_OK(clear(5, 24));
		EXPECT({ 0, 500, 5, PIN_PAGE }, { 25, 705, 5, PIN_PAGE });
		CHECK_OK(set(10, 600, 10, kinds[i]));
		CHECK_OK(clear(10, 19));
		CHECK_EQ(run_list_nruns(&rl), 2);
		end();
	}
}

static void test_find(void)
{
	struct run run;
	u64 i;

	begin(3000);
	for (i = 0; i < 1000; i++)
		CHECK_OK(run_list_set(&rl, 3 * i, 10 * i, 2, PIN_PAGE));
	check_sound();
	for (i = 0; i < 3000; i++) {
		bool found = run_list_find(&rl, i, &run);

		CHECK_EQ(found, i % 3 != 2);
		if (!found)
			continue;
		CHECK_EQ(run.index, i / 3 * 3);
		CHECK_EQ(run.pfn, i / 3 * 10);
		CHECK_EQ(run.npages, 2);
	}
	CHECK(!run_list_find(&rl, 3000, &run));
	CHECK(!run_list_find(&rl, UINT64_MAX, &run));
	end();
}

static void test_walk_clips(void)
{
	struct run_cursor cur;
	struct run run;
	int n = 0;

	begin(100);
	CHECK_OK(set(10, 110, 10, PIN_PAGE));
	CHECK_OK(set(30, 230, 10, PIN_LEAF));
	for_each_run(&rl, &cur, &run, 15, 34) {
		CHECK_EQ(run.index, n ? 30 : 15);
		CHECK_EQ(run.pfn, n ? 230 : 115);
		CHECK_EQ(run.npages, 5);
		n++;
	}
	CHECK_EQ(n, 2);
	for_each_run(&rl, &cur, &run, 32, 32) {
		CHECK_EQ(run.index, 32);
		CHECK_EQ(run.pfn, 232);
		CHECK_EQ(run.npages, 1);
		n++;
	}
	CHECK_EQ(n, 3);
	for_each_run(&rl, &cur, &run, 20, 29)
		FAIL("a run in a hole, at %llu", (unsigned long long)run.index);
	for_each_run(&rl, &cur, &run, 40, UINT64_MAX)
		FAIL("a run at %llu", (unsigned long long)run.index);
	for_each_run(&rl, &cur, &run, 0, 9)
		FAIL("a run at %llu", (unsigned long long)run.index);
	for_each_run(&rl, &cur, &run, 15, 14)
		FAIL("a run in no range, at %llu",
		     (unsigned long long)run.index);
	CHECK(!run_cursor_next(&cur, &run)); /* the end stays the end */
	end();
}

static void test_next_hole(void)
{
	u64 first, last;

	begin(100);
	CHECK_OK(set(10, 1, 10, PIN_PAGE));
	CHECK_OK(set(20, 50, 10, PIN_LEAF));
	CHECK_OK(set(40, 90, 60, PIN_NONE));
	CHECK(run_list_next_hole(&rl, 0, 99, &first, &last));
	CHECK_EQ(first, 0);
	CHECK_EQ(last, 9);
	CHECK(run_list_next_hole(&rl, 5, 7, &first, &last));
	CHECK_EQ(first, 5);
	CHECK_EQ(last, 7);
	CHECK(run_list_next_hole(&rl, 10, 99, &first, &last));
	CHECK_EQ(first, 30);
	CHECK_EQ(last, 39);
	CHECK(run_list_next_hole(&rl, 15, 35, &first, &last));
	CHECK_EQ(first, 30);
	CHECK_EQ(last, 35);
	CHECK(!run_list_next_hole(&rl, 10, 29, &first, &last));
	CHECK(!run_list_next_hole(&rl, 40, UINT64_MAX, &first, &last));
	CHECK(!run_list_next_hole(&rl, 35, 34, &first, &last));
	CHECK(!run_list_next_hole(&rl, 100, UINT64_MAX, &first, &last));
	end();
}

static void test_small_lists_allocate_nothing(void)
{
	run_alloc_fail(1, -1);
	begin(100);
	CHECK_OK(set(10, 100, 10, PIN_PAGE));
	CHECK_OK(set(20, 500, 10, PIN_PAGE));
	CHECK_OK(clear(0, 99));
	CHECK_OK(set(50, 100, 10, PIN_PAGE));
	CHECK_OK(set(10, 500, 10, PIN_LEAF));
	CHECK_OK(clear(50, 59));
	CHECK_OK(set(70, 100, 10, PIN_FOLIO));
	CHECK_EQ(run_list_bytes(&rl), 0);
	CHECK_EQ(run_alloc_state.calls + run_alloc_state.must_calls, 0);
	CHECK_RET(set(30, 1, 10, PIN_PAGE), -ENOMEM);
	EXPECT({ 10, 500, 10, PIN_LEAF }, { 70, 100, 10, PIN_FOLIO });
	end();
}

/* Scattered pages in order, as GUP gives them: what a GiB may cost. */
static void test_memory(void)
{
	const u64 gib = 1 << 18;
	u64 i;

	begin(4 * gib);
	for (i = 0; i < gib; i++)
		CHECK_OK(run_list_set(&rl, i, 2 * i, 1, PIN_PAGE));
	check_sound();
	CHECK_EQ(run_list_nruns(&rl), gib);
	test_note("1 GiB of scattered pages: %zu bytes", run_list_bytes(&rl));
	CHECK(run_list_bytes(&rl) <= (5 << 20) / 2);
	end();

	begin(4 * gib);
	for (i = 0; i < gib; i += 512)
		CHECK_OK(run_list_set(&rl, i, 2 * i, 512, PIN_PAGE));
	test_note("1 GiB of scattered huge pages: %zu bytes",
		  run_list_bytes(&rl));
	CHECK(run_list_bytes(&rl) <= 8 << 10);
	end();

	/* After a page at the end that someone pinned before. */
	begin(gib);
	CHECK_OK(set(gib - 1, 7, 1, PIN_PAGE));
	for (i = 0; i < gib - 1; i++)
		CHECK_OK(run_list_set(&rl, i, 2 * i, 1, PIN_PAGE));
	test_note("the same before a page at the end: %zu bytes",
		  run_list_bytes(&rl));
	CHECK(run_list_bytes(&rl) <= (5 << 20) / 2);
	end();

	/* From the end to the front. */
	begin(gib);
	for (i = gib; i-- > 0;)
		CHECK_OK(run_list_set(&rl, i, 2 * i, 1, PIN_PAGE));
	test_note("the same backwards: %zu bytes", run_list_bytes(&rl));
	CHECK(run_list_bytes(&rl) <= (5 << 20) / 2);
	end();
}

/* Memory goes when runs go, not only when all are gone. */
static void test_memory_comes_back(void)
{
	const u64 n = 200000;
	size_t full;
	u64 i;

	begin(n);
	for (i = 0; i < n; i++)
		CHECK_OK(run_list_set(&rl, i, 2 * i, 1, PIN_PAGE));
	full = run_list_bytes(&rl);
	for (i = 0; i < n; i++)
		if (i % 64)
			CHECK_OK(run_list_clear(&rl, i, i));
	check_sound();
	CHECK_EQ(run_list_nruns(&rl), n / 64);
	CHECK(run_list_bytes(&rl) < full / 8);
	CHECK_OK(clear(1, n - 1));
	CHECK(run_list_bytes(&rl) <= 4096);
	CHECK_OK(clear(0, n - 1));
	CHECK_EQ(run_list_bytes(&rl), 0);
	end();
}

/* Fills one block exactly, then adds where there is no room. */
static void test_full_block(void)
{
	static const u64 places[] = {
		0, 1, 2, BLOCK_ENTRIES / 2, BLOCK_ENTRIES - 2,
		BLOCK_ENTRIES - 1, BLOCK_ENTRIES,
	};
	size_t p;
	u64 i;

	for (p = 0; p < ARRAY_SIZE(places); p++) {
		u64 at = 100 + 2 * places[p] - 1;

		begin(10000);
		/* Adjacent runs of two, then cut one at its end. */
		for (i = 0; i < BLOCK_ENTRIES; i++)
			CHECK_OK(set(100 + 2 * i, 5 * i, 2, PIN_PAGE));
		CHECK_EQ(run_list_nruns(&rl), BLOCK_ENTRIES);
		CHECK_OK(clear(at, at));
		CHECK_EQ(run_list_npinned(&rl),
			 2 * BLOCK_ENTRIES - (at >= 100));
		CHECK_EQ(run_list_nruns(&rl), BLOCK_ENTRIES);
		CHECK_OK(set(at, 77777, 1, PIN_PAGE));
		CHECK_EQ(run_list_nruns(&rl), BLOCK_ENTRIES + 1);
		end();
	}
}

/* Every allocation refused in turn: nothing changes, and it works later. */
static void test_refused_memory(void)
{
	const u32 n = 3000;
	struct model m;
	u32 i, nth;

	model_init(&m, n, 0, 1);
	for (i = 0; i < n; i++) {
		/* 1777 and 3000 have no common factor: every cell once. */
		u32 cell = (u64)i * 1777 % n;

		for (nth = 1;; nth++) {
			run_alloc_fail(nth, 1);
			if (!model_set(&m, cell, 2 * cell, 1, PIN_PAGE))
				break;
			CHECK_EQ(run_alloc_state.refused, 1);
			model_check(&m);
		}
		CHECK(nth <= 3);
	}
	run_alloc_ok();
	model_check(&m);
	CHECK_EQ(run_list_nruns(&m.rl), n);
	model_destroy(&m);
}

/* Clears never fail for memory; those that cut nothing do not ask for any. */
static void test_clear_without_memory(void)
{
	u64 i;

	begin(10 * BLOCK_ENTRIES);
	for (i = 0; i < 2 * BLOCK_ENTRIES; i++)
		CHECK_OK(run_list_set(&rl, 5 * i, 9 * i, 5, PIN_PAGE));
	run_alloc_fail(1, -1);
	for (i = 0; i < 2 * BLOCK_ENTRIES; i++)
		CHECK_OK(clear(5 * i + 2, 5 * i + 2)); /* splits */
	CHECK_EQ(run_list_nruns(&rl), 4 * BLOCK_ENTRIES);
	CHECK(run_alloc_state.must_calls > 0);
	CHECK_EQ(run_alloc_state.calls, 0);
	for (i = 0; i < 2 * BLOCK_ENTRIES; i++)
		CHECK_OK(clear(5 * i + 4, 5 * i + 4)); /* trims */
	CHECK_EQ(run_list_nruns(&rl), 4 * BLOCK_ENTRIES);
	run_alloc_fail(1, -1);
	for (i = 2 * BLOCK_ENTRIES; i-- > 0;)
		CHECK_OK(clear(5 * i + 3, 5 * i + 3));
	CHECK_EQ(run_list_nruns(&rl), 2 * BLOCK_ENTRIES);
	CHECK_EQ(run_alloc_state.calls + run_alloc_state.must_calls, 0);
	end();
}

static void test_reserve(void)
{
	u64 i;

	begin(100000);
	CHECK_OK(run_list_reserve(&rl, 3));
	check_sound();
	CHECK(run_list_bytes(&rl) >= 3 * 4096);
	run_alloc_fail(1, -1);
	CHECK_OK(run_list_reserve(&rl, 2)); /* less is always there */
	CHECK_RET(run_list_reserve(&rl, 3), -ENOMEM);
	check_sound();
	/* The first runs are embedded; then two spares, which hold many. */
	for (i = 0; i < 2 * BLOCK_ENTRIES; i++)
		CHECK_OK(set(i, 2 * i, 1, PIN_PAGE));
	CHECK_RET(set(i, 2 * i, 1, PIN_PAGE), -ENOMEM);
	CHECK_EQ(run_list_npinned(&rl), i);
	run_alloc_ok();

	/* What is in reserve stays, as long as there is other memory. */
	CHECK_OK(run_list_reserve(&rl, 1));
	for (; i < 10 * BLOCK_ENTRIES; i++)
		CHECK_OK(set(i, 2 * i, 1, PIN_PAGE));
	run_alloc_fail(1, -1);
	for (; i % BLOCK_ENTRIES; i++)
		CHECK_OK(set(i, 2 * i, 1, PIN_PAGE));
	CHECK_OK(set(i, 2 * i, 1, PIN_PAGE));
	run_alloc_ok();
	CHECK_OK(run_list_reserve(&rl, 5));
	CHECK_OK(clear(0, 99999));
	CHECK_OK(run_list_reserve(&rl, 0));
	CHECK_EQ(run_list_bytes(&rl), 0);
	end();
}

/* With a reserve, a clear does not insist with the allocator. */
static void test_reserve_for_clear(void)
{
	u64 i;

	begin(10 * BLOCK_ENTRIES);
	for (i = 0; i < BLOCK_ENTRIES; i++)
		CHECK_OK(run_list_set(&rl, 5 * i, 9 * i, 5, PIN_PAGE));
	CHECK_OK(run_list_reserve(&rl, 1));
	run_alloc_fail(1, -1);
	CHECK_OK(clear(2, 2));
	CHECK_EQ(run_alloc_state.refused, 1);
	CHECK_EQ(run_alloc_state.must_calls, 0);
	CHECK_EQ(run_list_nruns(&rl), BLOCK_ENTRIES + 1);
	end();
}

static void test_destroy_with_runs(void)
{
	u64 i;

	begin(5000);
	for (i = 0; i < 5000; i++)
		CHECK_OK(run_list_set(&rl, i, 2 * i, 1, PIN_PAGE));
	CHECK_OK(run_list_reserve(&rl, 2));
	end();
	EXPECT_EMPTY();
	CHECK_OK(set(4, 5, 6, PIN_NONE));
	EXPECT({ 4, 5, 6, PIN_NONE });
	end();
}

#define TEST(fn) { .name = #fn, .run = test_##fn }

int main(int argc, char **argv)
{
	static const struct test tests[] = {
		TEST(empty),
		TEST(bad_arguments),
		TEST(frame_limit),
		TEST(first_and_last_page),
		TEST(occupied),
		TEST(merge),
		TEST(no_merge),
		TEST(longest_run),
		TEST(reach),
		TEST(merge_across_blocks),
		TEST(clear_parts),
		TEST(cut_one_pin),
		TEST(find),
		TEST(walk_clips),
		TEST(next_hole),
		TEST(small_lists_allocate_nothing),
		TEST(memory),
		TEST(memory_comes_back),
		TEST(full_block),
		TEST(refused_memory),
		TEST(clear_without_memory),
		TEST(reserve),
		TEST(reserve_for_clear),
		TEST(destroy_with_runs),
	};
	static const struct test_suite suite = {
		.name = "run_list", .tests = tests, .count = ARRAY_SIZE(tests),
	};

	test_run(&suite, argc > 1 ? argv[1] : NULL);
	return test_summary();
}
