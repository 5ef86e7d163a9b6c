/* SPDX-License-Identifier: GPL-2.0-only */
/* --filter: an expression of libsmartcols over the fields of a row. */
#ifndef EXPR_H
#define EXPR_H

#include <stdbool.h>

#include "cell.h"

#define EXPR_MAX_FIELDS 24
#define EXPR_WHY 128

struct expr;

/**
 * struct expr_rows - what rows are made of
 * @find: a field by name, with what type its cells are of; NULL if there is
 *	none
 * @get: fill in the cell of a field, as @find returned it
 */
struct expr_rows {
	const void *(*find)(const void *of, const char *name, enum cell_type *type);
	void (*get)(const void *field, const void *row, struct cell *c);
};

/**
 * expr_open() - an expression, ready to be asked
 * @rows: what it is over
 * @of: for @rows->find
 * @text: the expression
 * @why: what is wrong with it, on failure
 *
 * Return: the expression, or NULL.
 */
struct expr *expr_open(const struct expr_rows *rows, const void *of, const char *text,
		       char why[EXPR_WHY]);

/** expr_match() - is it true of a row? */
bool expr_match(struct expr *expr, const void *row);

void expr_close(struct expr *expr);

#endif
