/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The oracle: a run list beside a plain array of pages. Every operation is
 * done on both, and what the list returns, says and costs must be what the
 * array gives.
 *
 * One cell of the array stands for @unit pages, and cell 0 for page @base:
 * the same operations are so tried at the far end of the index range and with
 * runs that are too far apart for one block.
 */
#ifndef RUN_MODEL_H
#define RUN_MODEL_H

#include "run_list.h"

struct model_cell {
	u64 pfn;
	u32 pin; /* which pin of several pages; 0 for one a page */
	enum pin_kind kind;
};

struct model {
	struct run_list rl;
	u64 base, unit;
	u32 ncells;
	u32 next_pin;
	u32 reserved; /* changes that still may not fail */
	struct model_cell *cells;
};

void model_init(struct model *m, u32 ncells, u64 base, u64 unit);
void model_destroy(struct model *m);

/* Frames are given in units too; @n cells from @cell on. 0, or -errno. */
int model_set(struct model *m, u32 cell, u64 pfn, u32 n, enum pin_kind kind);
/* Of a model with a page a cell: a frame for each. */
void model_set_frames(struct model *m, u32 cell, const unsigned long *pfns,
		      u32 n, enum pin_kind kind);
int model_clear(struct model *m, u32 first, u32 last);
int model_reserve(struct model *m, u32 n);

/* Only look; the range is clipped like the list's. */
void model_find(const struct model *m, u32 cell);
void model_walk(const struct model *m, u32 first, u32 last);
void model_hole(const struct model *m, u32 first, u32 last);

/* The whole list against the whole array, and every invariant. */
void model_check(const struct model *m);

/* The cells of the run that @cell is in; false if it is in a hole. */
bool model_run(const struct model *m, u32 cell, u32 *first, u32 *last);

/* Provided by the program: says what is wrong, and ends. */
void model_fail(const char *fmt, ...)
	__attribute__((noreturn, format(printf, 1, 2)));

#endif
