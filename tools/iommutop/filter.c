// SPDX-License-Identifier: GPL-2.0-only
/* Filter expressions over the columns of a view. */
#include <stdlib.h>

#include "expr.h"
#include "filter.h"

struct filter {
	struct expr *expr;
};

struct filter_row {
	const struct snap *snap;
	const struct row *row;
};

static const void *find(const void *of, const char *name, enum cell_type *type)
{
	const struct column *col = *name == '-' ? NULL : column_find(*(const enum view *)of, name);

	if (col)
		*type = col->type;
	return col;
}

static void get(const void *field, const void *row, struct cell *c)
{
	const struct filter_row *r = row;

	((const struct column *)field)->get(r->snap, r->row, c);
}

struct filter *filter_open(enum view view, const char *text, char why[128])
{
	static const struct expr_rows rows = { .find = find, .get = get };
	struct filter *f = calloc(1, sizeof(*f));

	if (f)
		f->expr = expr_open(&rows, &view, text, why);
	if (f && f->expr)
		return f;
	free(f);
	return NULL;
}

bool filter_match(struct filter *f, const struct snap *snap, const struct row *row)
{
	struct filter_row r = { .snap = snap, .row = row };

	return expr_match(f->expr, &r);
}

void filter_close(struct filter *f)
{
	if (!f)
		return;
	expr_close(f->expr);
	free(f);
}
