// SPDX-License-Identifier: GPL-2.0-only
/* Tables, by libsmartcols, and comma-separated values. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <libsmartcols/libsmartcols.h>

#include "header.h"
#include "report.h"
#include "rows.h"
#include "tool.h"

/* Right-aligned numbers; columns not narrower than they are described. */
static int add_columns(struct libscols_table *tb, const struct column **cols, int nr, bool tree)
{
	struct libscols_column *cl;
	int i, flags;

	for (i = 0; i < nr; i++) {
		flags = cols[i]->type == CELL_TEXT ? 0 : SCOLS_FL_RIGHT;
		if (tree && !i)
			flags = SCOLS_FL_TREE;
		cl = scols_table_new_column(tb, cols[i]->title, cols[i]->width, flags);
		if (!cl)
			return -ENOMEM;
	}
	return 0;
}

static int add_lines(struct libscols_table *tb, const struct env *env, const struct snap *snap,
		     const struct rows *rows, const struct column **cols, int nr)
{
	struct libscols_line **lines = calloc(rows->nr ? rows->nr : 1, sizeof(*lines));
	const struct row *row;
	char buf[CELL_LEN];
	struct cell c;
	size_t r;
	int i, rc = lines ? 0 : -ENOMEM;

	for (r = 0; !rc && r < rows->nr; r++) {
		row = &rows->row[r];
		lines[r] = scols_table_new_line(tb, row->parent == SIZE_MAX ? NULL :
						    lines[row->parent]);
		if (!lines[r])
			rc = -ENOMEM;
		for (i = 0; !rc && i < nr; i++) {
			cols[i]->get(snap, row, &c);
			if (scols_line_set_data(lines[r], i,
						env->format == FORMAT_RAW ? cell_exact(&c, buf) :
						cell_show(&c, env->raw_bytes, buf)))
				rc = -ENOMEM;
		}
	}
	free(lines);
	return rc;
}

static int print_rows(const struct env *env, const struct snap *snap, const struct rows *rows,
		      FILE *out)
{
	const struct column *cols[ROWS_MAX_COLUMNS] = {};
	char bad[32];
	int rc, nr = columns_pick(rows_view(env), env->fields, cols, bad);
	struct libscols_table *tb = scols_new_table();

	if (!tb)
		return -ENOMEM;
	scols_table_set_stream(tb, out);
	scols_table_enable_raw(tb, env->format == FORMAT_RAW);
	scols_table_enable_noheadings(tb, env->no_header);
	scols_table_enable_ascii(tb, env->ascii);
	/* All of it, also for a narrow terminal: lines are cut by who wants that. */
	scols_table_set_termforce(tb, SCOLS_TERMFORCE_NEVER);
	rc = add_columns(tb, cols, nr, env->tree);
	if (!rc)
		rc = add_lines(tb, env, snap, rows, cols, nr);
	if (!rc && rows->nr)
		rc = scols_print_table(tb);
	else if (!rc && !env->no_header && env->format == FORMAT_TABLE)
		fputs("(nothing)\n", out);
	scols_unref_table(tb);
	return rc < 0 ? rc : 0;
}

int table_print(const struct env *env, const struct source *src, const struct snap *snap,
		FILE *out, bool first)
{
	char buf[CELL_LEN];
	struct rows rows;
	int i, rc;

	rc = rows_make(env, snap, &rows);
	if (rc)
		return rc;
	if (env->format == FORMAT_TABLE && !env->no_header) {
		if (!first)
			fputc('\n', out);
		for (i = 0; i < HEADER_LINES; i++) {
			header_line(snap, src, i, env->raw_bytes, buf);
			fprintf(out, "%s\n", buf);
		}
		fputc('\n', out);
	}
	rc = print_rows(env, snap, &rows, out);
	rows_free(&rows);
	return rc;
}

/* As RFC 4180 has it: quoted where needed, a quote doubled. */
static void csv_field(FILE *out, const char *text)
{
	if (!strpbrk(text, ",\"\n")) {
		fputs(text, out);
		return;
	}
	fputc('"', out);
	for (; *text; text++) {
		if (*text == '"')
			fputc('"', out);
		fputc(*text, out);
	}
	fputc('"', out);
}

int csv_print(const struct env *env, const struct snap *snap, FILE *out, bool first)
{
	const struct column *cols[ROWS_MAX_COLUMNS] = {};
	char bad[32];
	int i, rc, nr = columns_pick(rows_view(env), env->fields, cols, bad);
	char buf[CELL_LEN];
	struct rows rows;
	struct cell c;
	size_t r;

	rc = rows_make(env, snap, &rows);
	if (rc)
		return rc;
	for (i = 0; first && !env->no_header && i < nr; i++)
		fprintf(out, "%s%s", cols[i]->key, i + 1 < nr ? "," : "\n");
	for (r = 0; r < rows.nr; r++) {
		for (i = 0; i < nr; i++) {
			cols[i]->get(snap, &rows.row[r], &c);
			csv_field(out, cell_exact(&c, buf));
			fputc(i + 1 < nr ? ',' : '\n', out);
		}
	}
	rows_free(&rows);
	return 0;
}

int report_print(const struct env *env, const struct source *src, const struct snap *snap,
		 FILE *out, bool first)
{
	switch (env->format) {
	case FORMAT_CSV:
		return csv_print(env, snap, out, first);
	case FORMAT_JSON:
		return json_print(env, src, snap, out);
	case FORMAT_OPENMETRICS:
	case FORMAT_PROMETHEUS:
		return metrics_print(src, snap, out, env->format == FORMAT_OPENMETRICS);
	default:
		return table_print(env, src, snap, out, first);
	}
}
