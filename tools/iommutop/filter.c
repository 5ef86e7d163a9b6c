// SPDX-License-Identifier: GPL-2.0-only
/*
 * Filter expressions over columns: a libsmartcols table that is never printed,
 * whose one line holds the exact values of the row in question.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <libsmartcols/libsmartcols.h>

#include "filter.h"

struct filter {
	struct libscols_filter *fltr;
	struct libscols_table *table;
	const struct column *cols[ROWS_MAX_COLUMNS]; /* those that it names */
	int nr;
};

static int data_type(enum cell_type type)
{
	switch (type) {
	case CELL_TEXT:
		return SCOLS_DATA_STRING;
	case CELL_RATE:
	case CELL_PERCENT:
		return SCOLS_DATA_FLOAT;
	default:
		return SCOLS_DATA_U64;
	}
}

static bool name_columns(struct filter *f, enum view of, char why[128])
{
	struct libscols_iter *itr = scols_new_iter(SCOLS_ITER_FORWARD);
	struct libscols_column *cl;
	const struct column *col;
	const char *name;
	bool good = itr;

	while (good && !scols_filter_next_holder(f->fltr, itr, &name, 0)) {
		col = column_find(of, name);
		if (!col || *name == '-' || f->nr == ROWS_MAX_COLUMNS) {
			snprintf(why, 128, "no column '%.64s'", name);
			good = false;
			break;
		}
		cl = scols_table_new_column(f->table, name, 0, 0);
		if (!cl) {
			snprintf(why, 128, "out of memory");
			good = false;
			break;
		}
		scols_column_set_data_type(cl, data_type(col->type));
		scols_filter_assign_column(f->fltr, itr, name, cl);
		f->cols[f->nr++] = col;
	}
	scols_free_iter(itr);
	if (good && !f->nr) {
		snprintf(why, 128, "it names no column");
		good = false;
	}
	return good;
}

/* libsmartcols knows no hexadecimal numbers; outside of quotes they are some. */
static char *decimal(const char *expr)
{
	size_t len = 0, size = 3 * strlen(expr) + 1;
	char *out = malloc(size), *end, quote = 0;

	while (out && *expr) {
		if (quote ? *expr == quote : *expr == '"' || *expr == '\'')
			quote = quote ? 0 : *expr;
		if (!quote && !strncasecmp(expr, "0x", 2) && isxdigit(expr[2])) {
			len += snprintf(out + len, size - len, "%llu", strtoull(expr, &end, 16));
			expr = end;
			continue;
		}
		out[len++] = *expr++;
	}
	if (out)
		out[len] = 0;
	return out;
}

struct filter *filter_open(enum view view, const char *expr, char why[128])
{
	struct filter *f = calloc(1, sizeof(*f));
	char *plain = decimal(expr);

	snprintf(why, 128, "out of memory");
	if (!f || !plain)
		goto fail;
	f->table = scols_new_table();
	f->fltr = scols_new_filter(NULL);
	if (!f->table || !f->fltr)
		goto fail;
	if (scols_filter_parse_string(f->fltr, plain)) {
		const char *msg = scols_filter_get_errmsg(f->fltr);

		snprintf(why, 128, "%.120s", msg ? msg : "cannot be read");
		goto fail;
	}
	if (name_columns(f, view, why)) {
		free(plain);
		return f;
	}
fail:
	free(plain);
	filter_close(f);
	return NULL;
}

bool filter_match(struct filter *f, const struct snap *snap, const struct row *row)
{
	struct libscols_line *line = scols_table_new_line(f->table, NULL);
	char buf[CELL_LEN];
	struct cell c;
	int i, status = 0;

	if (!line)
		return true;
	for (i = 0; i < f->nr; i++) {
		f->cols[i]->get(snap, row, &c);
		/* "inf" is the greatest number. */
		if (c.type == CELL_HEX)
			c.type = CELL_NUMBER;
		scols_line_set_data(line, i, c.unknown ? NULL : cell_exact(&c, buf));
	}
	if (scols_line_apply_filter(line, f->fltr, &status))
		status = 0;
	scols_table_remove_lines(f->table);
	return status;
}

void filter_close(struct filter *f)
{
	if (!f)
		return;
	scols_unref_filter(f->fltr);
	scols_unref_table(f->table);
	free(f);
}
