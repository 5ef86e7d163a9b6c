/* SPDX-License-Identifier: GPL-2.0-only */
/* How the files of columns say what is in a cell. */
#ifndef COLMACROS_H
#define COLMACROS_H

#include "rows.h"

/* A getter named get_NAME: TYPE *r is the row's object, s the snapshot. */
#define GETTER(name, TYPE, fill)                                                     \
	static void get_##name(const struct snap *s, const struct row *row,          \
			       struct cell *c)                                       \
	{                                                                            \
		const TYPE *r = row->obj;                                            \
		(void)s;                                                             \
		(void)r;                                                             \
		fill;                                                                \
	}

#define TEXT(name, TYPE, expr) GETTER(name, TYPE, cell_text(c, expr))
#define NUMBER(name, TYPE, expr) GETTER(name, TYPE, cell_u64(c, CELL_NUMBER, expr))
#define BYTES(name, TYPE, expr) GETTER(name, TYPE, cell_u64(c, CELL_BYTES, expr))
#define HEX(name, TYPE, expr) GETTER(name, TYPE, cell_u64(c, CELL_HEX, expr))
#define NS(name, TYPE, expr) GETTER(name, TYPE, cell_u64(c, CELL_NS, expr))
#define AGE(name, TYPE, expr) GETTER(name, TYPE, cell_u64(c, CELL_AGE, expr))
#define RATE(name, TYPE, expr) GETTER(name, TYPE, cell_real(c, CELL_RATE, expr))
#define PERCENT(name, TYPE, expr) GETTER(name, TYPE, cell_real(c, CELL_PERCENT, expr))
/* What only the counters know. */
#define COUNTED(name, TYPE, expr) NUMBER(name, TYPE, s->counting ? (expr) : TOP_UNKNOWN)

/* A row of a table of columns; WIDE for what is shown only when asked for. */
#define COL(title, key, type, width, down, name, help) \
	{ title, key, type, width, down, false, get_##name, help }
#define EXTRA(title, key, type, width, down, name, help) \
	{ title, key, type, width, down, true, get_##name, help }

/* A table of columns, and how many it has. */
struct columns {
	const struct column *col;
	int nr;
};

extern const struct columns proc_view, user_view, ioas_view, map_view, dev_view, hwpt_view;

/* A quantile as a cell takes it: not known without operations. */
uint64_t column_quantile(const struct top_hist *hist, double q);

#endif
