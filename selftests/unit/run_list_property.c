// SPDX-License-Identifier: GPL-2.0-only
/*
 * Property tests of the run list: random operations on a list and on a plain
 * array of pages, with every invariant checked after each. A failure prints
 * the command that repeats it.
 */
#include <getopt.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "run_alloc.h"
#include "run_model.h"
#include "test.h"

/*
 * Pages a cell, and where the list begins: see run_model.h. The last ones put
 * few runs, or only one, within the reach of a block.
 */
static const struct shape {
	const char *name;
	u64 unit;
	bool far; /* ends at the last page that there can be */
	u32 ncells;
} shapes[] = {
	{ "single_pages", 1, false, 5000 },
	{ "last_pages", 1, true, 3000 },
	{ "huge_pages", 512, true, 5000 },
	{ "odd_size", 4099, false, 3000 },
	{ "giant_pages", 1 << 18, false, 300 },
	{ "near_reach", (1 << 20) + 1, true, 200 },
	{ "at_reach", 1 << 21, false, 100 },
	{ "over_reach", 1 << 24, true, 100 },
};

static const struct shape *shape;
static u64 seed, ops = 6000, op;

void model_fail(const char *fmt, ...)
{
	char why[300];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	FAIL("%s (repeat with: run_list_property --seed %" PRIu64 " --ops %"
	     PRIu64 " %s)", why, seed, op + 1, shape->name);
}

static u64 rng;

static u32 rnd(u32 n)
{
	rng ^= rng << 13;
	rng ^= rng >> 7;
	rng ^= rng << 17;
	return (u32)((rng * 0x2545f4914f6cdd1dULL) >> 32) % n;
}

static u32 rnd_len(const struct model *m)
{
	switch (rnd(16)) {
	case 0:
		return 1 + rnd(m->ncells / 4);
	case 1 ... 4:
		return 1 + rnd(8);
	default:
		return 1;
	}
}

/* Frames that continue those of other cells, often enough. */
static u64 rnd_pfn(const struct model *m, u32 cell)
{
	u64 limit = (1ULL << RUN_PFN_BITS) / m->unit;

	switch (rnd(8)) {
	case 0:
		return limit - 1 - rnd(4);
	case 1 ... 4:
		return cell;
	case 5:
		return cell + 1;
	case 6:
		if (cell && m->cells[cell - 1].kind != PIN_HOLE)
			return m->cells[cell - 1].pfn / m->unit + 1;
		return cell;
	default:
		return rnd(limit > UINT32_MAX ? UINT32_MAX : limit);
	}
}

static enum pin_kind rnd_kind(void)
{
	static const enum pin_kind kinds[] = {
		PIN_PAGE, PIN_PAGE, PIN_PAGE, PIN_NONE, PIN_LEAF, PIN_FOLIO,
	};

	if (!rnd(200))
		return rnd(2) ? PIN_HOLE : PIN_NONE + 1;
	return kinds[rnd(ARRAY_SIZE(kinds))];
}

enum mode {
	MODE_ANY,
	MODE_APPEND, /* after the last run */
	MODE_FILL_UP, /* holes, from the front */
	MODE_FILL_DOWN, /* holes, from the end */
	MODE_FILL_RANDOM,
	MODE_CLEAR_RUNS,
	MODE_CLEAR_PARTS,
	MODE_CLEAR_RANGES,
	MODES
};

/* Some that go on, some that do not, and now and then one that is no frame. */
static void set_frames(struct model *m, u32 cell)
{
	unsigned long pfns[700];
	u32 i, n = rnd(8) ? 1 + rnd(20) : 1 + rnd(ARRAY_SIZE(pfns));

	for (i = 0; i < n; i++)
		pfns[i] = i && rnd(2) ? pfns[i - 1] + 1 : rnd_pfn(m, cell);
	if (!rnd(50))
		pfns[rnd(n)] = 1UL << RUN_PFN_BITS;
	model_set_frames(m, cell, pfns, n, rnd(4) ? PIN_PAGE : PIN_NONE);
}

static void fill(struct model *m, u32 cell, bool down)
{
	u32 i;

	for (i = 0; i < m->ncells; i++) {
		if (m->cells[cell].kind == PIN_HOLE)
			break;
		cell = (cell + (down ? m->ncells - 1 : 1)) % m->ncells;
	}
	if (m->unit == 1 && !rnd(4))
		set_frames(m, cell);
	else
		model_set(m, cell, rnd_pfn(m, cell), rnd(8) ? 1 : 1 + rnd(3),
			  rnd_kind());
}

static void append(struct model *m)
{
	u32 cell = m->ncells;

	while (cell && m->cells[cell - 1].kind == PIN_HOLE)
		cell--;
	if (cell < m->ncells && m->unit == 1 && !rnd(4))
		set_frames(m, cell);
	else if (cell < m->ncells)
		model_set(m, cell, rnd_pfn(m, cell), 1 + !rnd(4), rnd_kind());
	else
		model_clear(m, rnd(m->ncells), m->ncells - 1);
}

static void clear_run(struct model *m, u32 cell, bool part)
{
	u32 a, b;

	if (!model_run(m, cell, &a, &b)) {
		model_clear(m, cell, cell);
		return;
	}
	if (part && rnd(2))
		a += rnd(b - a + 1);
	else if (part)
		b -= rnd(b - a + 1);
	model_clear(m, a, b);
}

static void step(struct model *m, enum mode mode)
{
	u32 cell = rnd(m->ncells), len = rnd_len(m);

	if (mode == MODE_ANY || !rnd(8))
		mode = 1 + rnd(MODES - 1);
	switch (mode) {
	case MODE_APPEND:
		append(m);
		break;
	case MODE_FILL_UP:
	case MODE_FILL_DOWN:
		fill(m, rnd(4) ? 0 : cell, mode == MODE_FILL_DOWN);
		break;
	case MODE_FILL_RANDOM:
		model_set(m, cell, rnd_pfn(m, cell), len, rnd_kind());
		break;
	case MODE_CLEAR_RUNS:
		clear_run(m, cell, false);
		break;
	case MODE_CLEAR_PARTS:
		clear_run(m, cell, true);
		break;
	default:
		model_clear(m, cell, cell + len - 1);
	}
	if (!rnd(64))
		model_reserve(m, rnd(4));
	model_find(m, rnd(m->ncells + 1));
	model_walk(m, rnd(m->ncells), rnd(m->ncells));
	model_hole(m, cell, cell + rnd_len(m) - 1);
}

static void run_shape(void)
{
	enum mode mode = MODE_APPEND;
	struct model m;
	u64 base = 0;

	if (shape->far)
		base = UINT64_MAX - shape->ncells * shape->unit;
	model_init(&m, shape->ncells, base, shape->unit);
	rng = (seed + 1) * 0x9e3779b97f4a7c15ULL;
	for (op = 0; op < ops; op++) {
		/* Long enough that filling fills blocks. */
		if (op % 700 == 699)
			mode = rnd(MODES);
		if (!rnd(8))
			run_alloc_fail(1 + rnd(3), rnd(2) ? 1 : -1);
		step(&m, mode);
		run_alloc_ok();
		model_check(&m);
	}
	model_destroy(&m);
	if (run_alloc_state.blocks)
		model_fail("%zu blocks leaked", run_alloc_state.blocks);
}

static void usage(void)
{
	fprintf(stderr, "usage: run_list_property [--seed N] [--ops N] [SHAPE]\n"
		"Random operations against an oracle. Without --seed, the time is the seed.\n");
	exit(2);
}

static u64 number(const char *arg)
{
	char *end;
	u64 n = strtoull(arg, &end, 0);

	if (!*arg || *end)
		usage();
	return n;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "seed", required_argument, NULL, 's' },
		{ "ops", required_argument, NULL, 'o' },
		{ }
	};
	size_t i;
	int c;

	seed = time(NULL);
	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 's')
			seed = number(optarg);
		else if (c == 'o')
			ops = number(optarg);
		else
			usage();
	}
	test_note("run_list_property: --seed %" PRIu64 " --ops %" PRIu64, seed,
		  ops);
	for (i = 0; i < ARRAY_SIZE(shapes); i++) {
		const struct test test = {
			.name = shapes[i].name, .run = run_shape, .timeout = 600,
		};
		const struct test_suite suite = {
			.name = "run_list/property", .tests = &test, .count = 1,
		};

		if (optind < argc && strcmp(argv[optind], shapes[i].name))
			continue;
		shape = &shapes[i];
		test_run(&suite, NULL);
	}
	return test_summary();
}
