/* SPDX-License-Identifier: GPL-2.0-only */
/* A value of a table: as a person reads it, exactly, and in order. */
#ifndef CELL_H
#define CELL_H

#include <stdbool.h>
#include <stdint.h>

#define CELL_LEN 512

enum cell_type {
	CELL_TEXT,
	CELL_NUMBER,
	CELL_BYTES,
	CELL_HEX,
	CELL_NS, /* a duration */
	CELL_AGE, /* a long one */
	CELL_RATE, /* a second */
	CELL_PERCENT,
};

/* @text is a CELL_TEXT's; of the others the number in @u or, of the last two, @d. */
struct cell {
	enum cell_type type;
	bool unknown; /* shown as "-" */
	bool unlimited; /* shown as "inf"; @u is the greatest number */
	uint64_t u;
	double d;
	char text[CELL_LEN];
};

/* Fill in a cell; cell_u64() takes ~0 for not known, cell_real() less than 0. */
void cell_text(struct cell *c, const char *text);
void cell_u64(struct cell *c, enum cell_type type, uint64_t u);
void cell_real(struct cell *c, enum cell_type type, double d);

/** cell_show() - for people; @raw: exact bytes; @buf of CELL_LEN bytes */
char *cell_show(const struct cell *c, bool raw, char *buf);

/** cell_exact() - for programs: a plain number or the text; "" if not known */
char *cell_exact(const struct cell *c, char *buf);

/** cell_compare() - as strcmp(); what is not known comes before all */
int cell_compare(const struct cell *a, const struct cell *b);

/** cell_is_zero() - 0, "" or not known */
bool cell_is_zero(const struct cell *c);

#endif
