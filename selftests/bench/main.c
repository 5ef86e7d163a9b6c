// SPDX-License-Identifier: GPL-2.0-only
/*
 * bench: how many instructions an operation of /dev/iommu takes, of whichever
 * iommufd.ko is loaded.
 *
 *	bench [-p] [-l] [-s SET] [-r ROUNDS] [CASE]…
 *
 * Prints, separated by tabs, case, operation, unit, how many of that in one
 * call, and the fewest and the median of instructions; of the set `parallel`,
 * of nanoseconds. Makes sense in a VM with --icount only, that set in one without.
 * Needs the benchmark's module. run-bench calls it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"
#include "mem.h"

#define MIB (1UL << 20)
#define GIB (1UL << 30)

bool is_peer;
unsigned int rounds = 5;

/* A new case is a line here, and its gate, if it has one, a line in `gates`. */
static struct bench_case cases[] = {
	/* First: what scatters memory leaves little that is contiguous. */
	{ "4k-contiguous", run_bulk, CONTIGUOUS, 64 * MIB, .results = bulk_results },
	{ "4k-scattered", run_bulk, SCATTERED, 64 * MIB, .results = bulk_results },
	{ "thp", run_bulk, THP, 256 * MIB, .results = bulk_results },
	{ "memfd-2m", run_bulk, HUGETLB_2M, 256 * MIB, .by_file = true, .results = bulk_results },
	{ "memfd-1g", run_bulk, HUGETLB_1G, GIB, .by_file = true, .results = bulk_results },
	{ "hugetlb-2m", run_bulk, HUGETLB_2M, 256 * MIB, .results = bulk_results },
	{ "hugetlb-1g", run_bulk, HUGETLB_1G, GIB, .results = bulk_results },
	{ "small", run_small, .results = small_results },
	{ "areas", run_areas, SCATTERED, 500 * PAGE_SZ, .results = areas_results },
	{ "access", run_access, .results = access_results },
	{ "rw", run_rw, .results = rw_results },

	/* Gibibytes of different pages would take long to come. */
	{ "hugetlb-2m", run_bulk, REPEATED_2M, 4 * GIB, .results = bulk_results,
	  .set = CURVES, .step = 4 },
	{ "memfd-2m", run_bulk, HUGETLB_2M, 256 * MIB, .by_file = true, .results = bulk_results,
	  .set = CURVES, .step = 4 },
	{ "4k-scattered", run_bulk, REPEATED_4K, 4 * GIB, .results = bulk_results,
	  .set = CURVES, .step = 4 },
	{ "areas", run_areas, REPEATED_4K, 100000 * PAGE_SZ, .results = areas_results,
	  .set = CURVES, .step = 10 },

	{ "no iommufd", run_no_iommu, SCATTERED, MIB, .results = parallel_results,
	  .set = PARALLEL },
	{ "4k, an IOAS each", run_parallel, SCATTERED, 16 * MIB, .results = parallel_results,
	  .set = PARALLEL },
	{ "4k, one IOAS", run_parallel, SCATTERED, 16 * MIB, .results = parallel_results,
	  .set = PARALLEL, .shared = true },
	{ "thp, an IOAS each", run_parallel, THP, 64 * MIB, .results = parallel_results,
	  .set = PARALLEL },
	{ "a page, an IOAS each", run_parallel, SCATTERED, PAGE_SZ, .results = parallel_results,
	  .set = PARALLEL },
	{ "a page, one IOAS", run_parallel, SCATTERED, PAGE_SZ, .results = parallel_results,
	  .set = PARALLEL, .shared = true },
};

static const char *const sets[] = {
	[TABLE] = "table",
	[CURVES] = "curves",
	[PARALLEL] = "parallel",
};

void sample(struct result *result, __u64 count, __u64 n)
{
	result->count = count;
	if (result->nr < SAMPLES_MAX)
		result->samples[result->nr++] = n;
}

static int compare(const void *a, const void *b)
{
	const __u64 *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static void report(struct bench_case *c)
{
	struct result *r;

	for (r = c->results; r->op; r++) {
		if (!r->nr)
			die("%s: nothing was measured of %s", c->name, r->op);
		qsort(r->samples, r->nr, sizeof(r->samples[0]), compare);
		printf("%s\t%s\t%s\t%llu\t%llu\t%llu\n", c->name, r->op,
		       r->unit, r->count, r->samples[0],
		       r->samples[r->nr / 2]);
	}
	fflush(stdout);
}

static void run(struct bench_case *c)
{
	struct result *r;

	for (r = c->results; r->op; r++)
		r->nr = 0;
	fprintf(stderr, "# %s\n", c->name);
	check_start();
	c->run(c);
	check_nothing_is_left(c->name);
	report(c);
}

static void run_sizes(struct bench_case *c)
{
	const size_t most = c->bytes;
	const unsigned int some = rounds;

	if (!c->step)
		return run(c);
	for (c->bytes = PAGE_SZ; c->bytes <= most; c->bytes *= c->step) {
		/* What little disturbs is nothing to so many pages. */
		rounds = c->bytes < 256 * MIB ? some : 1;
		run(c);
	}
	rounds = some;
}

static bool wanted(const struct bench_case *c, enum bench_set set, char **names)
{
	if (c->set != set)
		return false;
	if (!*names)
		return true;
	for (; *names; names++)
		if (!strcmp(*names, c->name))
			return true;
	return false;
}

static enum bench_set find_set(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(sets); i++)
		if (!strcmp(sets[i], name))
			return i;
	die("there is no set %s", name);
}

/* Nobody interrupts but interrupts. */
static void go_first(void)
{
	const struct sched_param param = { .sched_priority = 50 };

	if (sched_setscheduler(0, SCHED_FIFO, &param))
		die("SCHED_FIFO: %s", strerror(errno));
}

int main(int argc, char **argv)
{
	enum bench_set set = TABLE;
	unsigned int ran = 0;
	size_t i;
	int opt;

	while ((opt = getopt(argc, argv, "pls:r:")) != -1) {
		switch (opt) {
		case 'p':
			is_peer = true;
			break;
		case 'l':
			for (i = 0; i < ARRAY_SIZE(cases); i++)
				printf("%s\t%s\n", sets[cases[i].set], cases[i].name);
			return 0;
		case 's':
			set = find_set(optarg);
			break;
		case 'r':
			rounds = atoi(optarg);
			if (rounds)
				break;
			/* fallthrough */
		default:
			die("usage: bench [-p] [-l] [-s SET] [-r ROUNDS] [CASE]...");
		}
	}
	/* Threads that do not let go would keep the kernel's from theirs. */
	if (set != PARALLEL)
		go_first();
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		if (!wanted(&cases[i], set, argv + optind))
			continue;
		run_sizes(&cases[i]);
		ran++;
	}
	return ran ? 0 : 2;
}
