// SPDX-License-Identifier: GPL-2.0-only
/*
 * The run list at its size: tens of millions of runs. What a run costs in
 * memory is checked; what it costs in time is printed.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "run_alloc.h"
#include "run_check.h"
#include "run_list.h"
#include "test.h"

static u64 nruns = 32 << 20;
static struct run_list rl;

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1e9 + ts.tv_nsec;
}

static void note(const char *what, double since, u64 n)
{
	test_note("%-28s %6.1f ns each, %5.2f bytes a run", what,
		  (now() - since) / n,
		  run_list_nruns(&rl) ?
		  (double)run_list_bytes(&rl) / run_list_nruns(&rl) : 0);
}

static void check_sound(u64 want)
{
	const char *why = run_check(&rl);

	if (why)
		FAIL("%s", why);
	CHECK_EQ(run_list_nruns(&rl), want);
}

static void end(void)
{
	run_list_destroy(&rl);
	CHECK_EQ(run_alloc_state.blocks, 0);
}

static void fill_ascending(void)
{
	u64 i;

	run_list_init(&rl, nruns);
	for (i = 0; i < nruns; i++)
		if (run_list_set(&rl, i, 2 * i, 1, PIN_PAGE))
			FAIL("set");
}

/* As a guest's memory that is scattered all over: set up, read, torn down. */
static void ascending(void)
{
	double t = now();
	struct run_cursor cur;
	u64 first, last, sum = 0, i;
	struct run run;

	fill_ascending();
	note("append", t, nruns);
	check_sound(nruns);
	CHECK(run_list_bytes(&rl) < nruns * 8 * 5 / 4);

	t = now();
	for_each_run(&rl, &cur, &run, 0, nruns - 1)
		sum += run.pfn;
	note("walk", t, nruns);
	CHECK_EQ(sum, nruns * (nruns - 1));

	t = now();
	for (i = 0; i < nruns / 16; i++) {
		u64 index = i * 2654435761U % nruns;

		if (!run_list_find(&rl, index, &run) || run.pfn != 2 * index)
			FAIL("find");
	}
	note("find at random", t, nruns / 16);

	CHECK_OK(run_list_clear(&rl, nruns - 1, nruns - 1));
	t = now();
	CHECK(run_list_next_hole(&rl, 0, nruns - 1, &first, &last));
	note("pass over, to a hole", t, nruns);
	CHECK_EQ(first, nruns - 1);

	t = now();
	CHECK_OK(run_list_clear(&rl, 0, nruns - 1));
	note("clear all", t, nruns);
	CHECK_EQ(run_list_bytes(&rl), 0);
	end();
}

/* In parts of a GiB, from the end, as the documentation says. */
static void clear_in_parts(void)
{
	u64 i, n = nruns;
	double t;

	fill_ascending();
	t = now();
	for (; n; n = i) {
		i = n > 1 << 18 ? n - (1 << 18) : 0;
		CHECK_OK(run_list_clear(&rl, i, n - 1));
	}
	note("clear from the end", t, nruns);
	CHECK_EQ(run_list_bytes(&rl), 0);

	fill_ascending();
	t = now();
	for (i = 0; i < nruns; i = n) {
		n = i + (1 << 18) < nruns ? i + (1 << 18) : nruns;
		CHECK_OK(run_list_clear(&rl, i, n - 1));
	}
	note("clear from the front", t, nruns);
	CHECK_EQ(run_list_bytes(&rl), 0);
	end();
}

/* Pages pinned one by one, anywhere: never more than twice the memory. */
static void at_random(void)
{
	double t = now();
	u64 n = nruns / 4, i;

	/* A multiplication by an odd number permutes the indexes below 2^k. */
	CHECK(!(nruns & (nruns - 1)));
	run_list_init(&rl, nruns);
	for (i = 0; i < n; i++)
		if (run_list_set(&rl, i * 2654435761U & (nruns - 1), 2 * i + 1,
				 1, PIN_PAGE))
			FAIL("set");
	note("insert at random", t, n);
	check_sound(n);
	/* Each run with a hole at its side, in blocks half full. */
	CHECK(run_list_bytes(&rl) < n * 8 * 2 * 2);

	t = now();
	for (i = 0; i < n; i++)
		if (run_list_clear(&rl, i * 2654435761U & (nruns - 1),
				   i * 2654435761U & (nruns - 1)))
			FAIL("clear");
	note("clear at random", t, n);
	CHECK_EQ(run_list_bytes(&rl), 0);
	end();
}

/* The far end of what a list can hold: a TiB of memory, a page in each MiB. */
static void sparse(void)
{
	const u64 step = 256;
	double t = now();
	u64 n = 1 << 20, i;

	run_list_init(&rl, n * step);
	for (i = 0; i < n; i++)
		CHECK_OK(run_list_set(&rl, i * step, 3 * i, 1, PIN_PAGE));
	note("append, sparse", t, n);
	check_sound(n);
	CHECK(run_list_bytes(&rl) < n * 8 * 2 * 5 / 4);
	end();
}

int main(int argc, char **argv)
{
	static const struct test tests[] = {
		{ "ascending", ascending, 300 },
		{ "clear_in_parts", clear_in_parts, 300 },
		{ "at_random", at_random, 300 },
		{ "sparse", sparse, 300 },
	};
	static const struct test_suite suite = {
		.name = "run_list/scale", .tests = tests,
		.count = ARRAY_SIZE(tests),
	};

	/* A power of two. */
	if (argc > 1)
		nruns = strtoull(argv[1], NULL, 0);
	test_run(&suite, argc > 2 ? argv[2] : NULL);
	return test_summary();
}
