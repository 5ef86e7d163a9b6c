// SPDX-License-Identifier: GPL-2.0-only
/*
 * Expressions over fields: a libsmartcols table that is never printed, whose
 * one line holds the exact values of the row in question.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <libsmartcols/libsmartcols.h>

#include "expr.h"

struct expr {
	const struct expr_rows *rows;
	struct libscols_filter *fltr;
	struct libscols_table *table;
	const void *fields[EXPR_MAX_FIELDS]; /* those that it names */
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

static bool name_fields(struct expr *e, const void *of, char why[EXPR_WHY])
{
	struct libscols_iter *itr = scols_new_iter(SCOLS_ITER_FORWARD);
	struct libscols_column *cl;
	enum cell_type type;
	const void *field;
	const char *name;
	bool good = itr;

	while (good && !scols_filter_next_holder(e->fltr, itr, &name, 0)) {
		field = e->rows->find(of, name, &type);
		if (!field || e->nr == EXPR_MAX_FIELDS) {
			snprintf(why, EXPR_WHY, "no column '%.64s'", name);
			good = false;
			break;
		}
		cl = scols_table_new_column(e->table, name, 0, 0);
		if (!cl) {
			snprintf(why, EXPR_WHY, "out of memory");
			good = false;
			break;
		}
		scols_column_set_data_type(cl, data_type(type));
		scols_filter_assign_column(e->fltr, itr, name, cl);
		e->fields[e->nr++] = field;
	}
	scols_free_iter(itr);
	if (good && !e->nr) {
		snprintf(why, EXPR_WHY, "it names no column");
		good = false;
	}
	return good;
}

/* libsmartcols knows no hexadecimal numbers; outside of quotes they are some. */
static char *decimal(const char *text)
{
	size_t len = 0, size = 3 * strlen(text) + 1;
	char *out = malloc(size), *end, quote = 0;

	while (out && *text) {
		if (quote ? *text == quote : *text == '"' || *text == '\'')
			quote = quote ? 0 : *text;
		if (!quote && !strncasecmp(text, "0x", 2) && isxdigit(text[2])) {
			len += snprintf(out + len, size - len, "%llu", strtoull(text, &end, 16));
			text = end;
			continue;
		}
		out[len++] = *text++;
	}
	if (out)
		out[len] = 0;
	return out;
}

struct expr *expr_open(const struct expr_rows *rows, const void *of, const char *text,
		       char why[EXPR_WHY])
{
	struct expr *e = calloc(1, sizeof(*e));
	char *plain = decimal(text);

	snprintf(why, EXPR_WHY, "out of memory");
	if (!e || !plain)
		goto fail;
	e->rows = rows;
	e->table = scols_new_table();
	e->fltr = scols_new_filter(NULL);
	if (!e->table || !e->fltr)
		goto fail;
	if (scols_filter_parse_string(e->fltr, plain)) {
		const char *msg = scols_filter_get_errmsg(e->fltr);

		snprintf(why, EXPR_WHY, "%.120s", msg ? msg : "cannot be read");
		goto fail;
	}
	if (name_fields(e, of, why)) {
		free(plain);
		return e;
	}
fail:
	free(plain);
	expr_close(e);
	return NULL;
}

bool expr_match(struct expr *e, const void *row)
{
	struct libscols_line *line = scols_table_new_line(e->table, NULL);
	char buf[CELL_LEN];
	struct cell c;
	int i, status = 0;

	if (!line)
		return true;
	for (i = 0; i < e->nr; i++) {
		e->rows->get(e->fields[i], row, &c);
		/* "inf" is the greatest number. */
		if (c.type == CELL_HEX)
			c.type = CELL_NUMBER;
		scols_line_set_data(line, i, c.unknown ? NULL : cell_exact(&c, buf));
	}
	if (scols_line_apply_filter(line, e->fltr, &status))
		status = 0;
	scols_table_remove_lines(e->table);
	return status;
}

void expr_close(struct expr *e)
{
	if (!e)
		return;
	scols_unref_filter(e->fltr);
	scols_unref_table(e->table);
	free(e);
}
