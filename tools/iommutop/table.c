// SPDX-License-Identifier: GPL-2.0-only
/* Tables, by libsmartcols, and comma-separated values. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include <libsmartcols/libsmartcols.h>

#include "header.h"
#include "report.h"
#include "rows.h"
#include "tool.h"

/* Rows that are laid out at once: libsmartcols keeps every cell of a table. */
#define CHUNK 1024

/* What is in a row's cell; a tree's first column has its branches. */
static char *cell_at(const struct env *env, const struct snap *snap, const struct rows *rows,
		     size_t r, const struct column *col, bool first, char *buf)
{
	char branch[CELL_LEN];
	struct cell c;

	col->get(snap, &rows->row[r], &c);
	if (env->format == FORMAT_RAW)
		return cell_exact(&c, buf);
	cell_show(&c, env->raw_bytes, buf);
	if (first && env->tree) {
		rows_branch(rows, r, env->ascii, branch);
		snprintf(branch + strlen(branch), sizeof(branch) - strlen(branch), "%s", buf);
		memcpy(buf, branch, sizeof(branch));
	}
	return buf;
}

static int text_width(const char *text)
{
	wchar_t wide[CELL_LEN];
	size_t n = mbstowcs(wide, text, CELL_LEN);
	int width = n < CELL_LEN ? wcswidth(wide, n) : -1;

	return width < 0 ? (int)strlen(text) : width;
}

/* Columns as wide as all rows need, or all chunks are not alike. */
static void measure(const struct env *env, const struct snap *snap, const struct rows *rows,
		    const struct column **cols, int nr, int *widths)
{
	char buf[CELL_LEN];
	int i, width;
	size_t r;

	for (i = 0; i < nr; i++)
		widths[i] = cols[i]->width;
	for (r = 0; r < rows->nr && rows->nr > CHUNK; r++) {
		for (i = 0; i + 1 < nr; i++) {
			width = text_width(cell_at(env, snap, rows, r, cols[i], !i, buf));
			widths[i] = width > widths[i] ? width : widths[i];
		}
	}
}

/* Right-aligned numbers; columns not narrower than they are described. */
static int add_columns(struct libscols_table *tb, const struct column **cols, int nr,
		       const int *widths)
{
	struct libscols_column *cl;
	int i;

	for (i = 0; i < nr; i++) {
		cl = scols_table_new_column(tb, cols[i]->title, widths[i],
					    cols[i]->type == CELL_TEXT ? 0 : SCOLS_FL_RIGHT);
		if (!cl)
			return -ENOMEM;
	}
	return 0;
}

static int add_lines(struct libscols_table *tb, const struct env *env, const struct snap *snap,
		     const struct rows *rows, size_t first, const struct column **cols, int nr)
{
	struct libscols_line *line;
	char buf[CELL_LEN];
	size_t r;
	int i;

	for (r = first; r < rows->nr && r < first + CHUNK; r++) {
		line = scols_table_new_line(tb, NULL);
		if (!line)
			return -ENOMEM;
		for (i = 0; i < nr; i++) {
			if (scols_line_set_data(line, i,
						cell_at(env, snap, rows, r, cols[i], !i, buf)))
				return -ENOMEM;
		}
	}
	return 0;
}

static int print_chunk(const struct env *env, const struct snap *snap, const struct rows *rows,
		       size_t first, const struct column **cols, int nr, const int *widths,
		       FILE *out)
{
	struct libscols_table *tb = scols_new_table();
	int rc;

	if (!tb)
		return -ENOMEM;
	scols_table_set_stream(tb, out);
	scols_table_enable_raw(tb, env->format == FORMAT_RAW);
	scols_table_enable_noheadings(tb, env->no_header || first);
	scols_table_enable_ascii(tb, env->ascii);
	/* All of it, also for a narrow terminal: lines are cut by who wants that. */
	scols_table_set_termforce(tb, SCOLS_TERMFORCE_NEVER);
	rc = add_columns(tb, cols, nr, widths);
	if (!rc)
		rc = add_lines(tb, env, snap, rows, first, cols, nr);
	if (!rc)
		rc = scols_print_table(tb);
	scols_unref_table(tb);
	return rc < 0 ? rc : 0;
}

static int print_rows(const struct env *env, const struct snap *snap, const struct rows *rows,
		      FILE *out)
{
	const struct column *cols[ROWS_MAX_COLUMNS] = {};
	int widths[ROWS_MAX_COLUMNS];
	char bad[32];
	int rc = 0, nr = columns_pick(rows_view(env), env->fields, cols, bad);
	size_t first;

	measure(env, snap, rows, cols, nr, widths);
	for (first = 0; !rc && first < rows->nr; first += CHUNK)
		rc = print_chunk(env, snap, rows, first, cols, nr, widths, out);
	if (!rows->nr && !env->no_header && env->format == FORMAT_TABLE)
		fputs("(nothing)\n", out);
	return rc;
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
