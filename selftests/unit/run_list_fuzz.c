// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fuzzing of the run list: bytes become operations on a list and on the
 * oracle. LLVMFuzzerTestOneInput() is for clang's -fsanitize=fuzzer; without
 * it (-DREPLAY) the program runs files, or inputs made from a seed.
 *
 * An input is a byte that says how big a cell is, then five bytes for each
 * operation: what, where (2), how long, and frame.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "run_alloc.h"
#include "run_model.h"
#include "test.h"

#define NCELLS 1500

void model_fail(const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "run_list_fuzz: ");
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, "\n");
	abort();
}

enum { OP_SET, OP_FILL, OP_CLEAR, OP_CLEAR_RUN, OP_RESERVE, OPS };

/* Runs that do not merge fill blocks with few bytes of input. */
static void fill(struct model *m, u32 cell, u32 n, u32 frame)
{
	while (n-- && cell < m->ncells) {
		model_set(m, cell, 3 * cell + frame, 1, PIN_PAGE);
		cell++;
	}
}

static void step(struct model *m, const uint8_t *op)
{
	u32 cell = (op[1] | op[2] << 8) % m->ncells, n = op[3], a, b;
	/* One in eight, with a refusal at one of two allocations. */
	u32 fail = op[0] >> 4;

	if (fail == 1 || fail == 2)
		run_alloc_fail(fail, 1);
	switch ((op[0] & 15) % OPS) {
	case OP_SET:
		model_set(m, cell, cell + op[4] % 4, n % 16,
			  1 + (op[4] >> 2) % 4);
		break;
	case OP_FILL:
		fill(m, cell, n, op[4] % 2);
		break;
	case OP_CLEAR:
		model_clear(m, cell, cell + n);
		break;
	case OP_CLEAR_RUN:
		if (model_run(m, cell, &a, &b))
			model_clear(m, a, b);
		break;
	default:
		model_reserve(m, n % 3);
	}
	run_alloc_ok();
	model_find(m, cell);
	model_hole(m, cell, cell + n);
	model_walk(m, cell, cell + n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const u64 units[] = { 1, 1, 1, 512, 5000, 1 << 19, 1 << 21 };
	struct model m;
	u64 unit, base;
	size_t i;

	if (!size)
		return 0;
	unit = units[(data[0] & 127) % ARRAY_SIZE(units)];
	base = data[0] & 128 ? UINT64_MAX - NCELLS * unit : 0;
	model_init(&m, NCELLS, base, unit);
	for (i = 1; i + 5 <= size; i += 5) {
		step(&m, data + i);
		model_check(&m);
	}
	model_destroy(&m);
	if (run_alloc_state.blocks)
		model_fail("memory leaked");
	return 0;
}

#ifdef REPLAY
#define MAX_INPUT 4096

static void run_file(const char *path)
{
	static uint8_t data[1 << 20];
	FILE *f = fopen(path, "rb");
	size_t size;

	if (!f) {
		perror(path);
		exit(2);
	}
	size = fread(data, 1, sizeof(data), f);
	fclose(f);
	LLVMFuzzerTestOneInput(data, size);
}

/* Leaves the input that fails behind, for a replay. */
static void run_random(unsigned int seed, unsigned int count, const char *save)
{
	uint8_t data[MAX_INPUT];
	unsigned int i, j;

	for (i = 0; i < count; i++) {
		size_t size = 1 + rand_r(&seed) % MAX_INPUT;
		FILE *f;

		for (j = 0; j < size; j++)
			data[j] = rand_r(&seed) >> 7;
		f = save ? fopen(save, "wb") : NULL;
		if (f) {
			fwrite(data, 1, size, f);
			fclose(f);
		}
		LLVMFuzzerTestOneInput(data, size);
	}
	if (save)
		remove(save);
}

int main(int argc, char **argv)
{
	int i;

	if (argc >= 4 && !strcmp(argv[1], "--random")) {
		run_random(atoi(argv[2]), atoi(argv[3]),
			   argc > 4 ? argv[4] : NULL);
		printf("ok run_list/fuzz/random (seed %s, %s inputs)\n",
		       argv[2], argv[3]);
		return 0;
	}
	if (argc < 2) {
		fprintf(stderr, "usage: run_list_replay FILE...\n"
			"       run_list_replay --random SEED COUNT [SAVE]\n");
		return 2;
	}
	for (i = 1; i < argc; i++)
		run_file(argv[i]);
	printf("ok run_list/fuzz/replay (%d inputs)\n", argc - 1);
	return 0;
}
#endif
