/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A snapshot as rows and columns of text: what the printed table and the
 * live screen both show.
 */
#ifndef ROWS_H
#define ROWS_H

#include <stdbool.h>
#include <stdio.h>

#include "options.h"
#include "snapshot.h"

#define CELL_LEN 512
#define ROWS_MAX_COLUMNS 16

struct row_args {
	const struct snap *snap;
	const void *row; /* struct snap_proc or struct snap_area */
	bool raw_bytes;
};

/**
 * struct column - one column of a view
 * @title: its heading
 * @key: its name for --sort
 * @width: at least this wide
 * @left: text, written from the left
 * @down: sorted from the greatest to the least unless turned round
 * @number: what it is sorted by; NULL: by its text
 * @cell: writes its text into a buffer of CELL_LEN bytes
 */
struct column {
	const char *title;
	const char *key;
	int width;
	bool left;
	bool down;
	double (*number)(const struct row_args *a);
	void (*cell)(const struct row_args *a, char *buf);
};

/** rows_columns() - a view's columns, and how many */
const struct column *rows_columns(enum view view, int *nr);

/** rows_find_column() - a column by "KEY" or "-KEY"; -1 if there is none */
int rows_find_column(enum view view, const char *key);

/** rows_list_keys() - --sort=help */
void rows_list_keys(enum view view, FILE *out);

/**
 * rows_sort() - the rows of a view, in order
 * @snap: where they come from, and must outlive them
 * @view: which
 * @column: to sort by; -1: the view's own order
 * @turned: the other way round
 * @rows: set to a new array of pointers into @snap; free() it
 *
 * Return: how many rows, or a negative errno.
 */
ssize_t rows_sort(const struct snap *snap, enum view view, int column, bool turned,
		  const void ***rows);

/**
 * rows_header() - the lines above the table
 * @line: 0 to ROWS_HEADER_LINES - 1
 * @buf: CELL_LEN bytes
 */
#define ROWS_HEADER_LINES 4
void rows_header(const struct snap *snap, const char *kernel, const char *version, int line,
		 bool raw_bytes, char *buf);

#endif
