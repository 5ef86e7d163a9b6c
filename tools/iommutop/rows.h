/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A snapshot as rows and columns: what tables, files and the live screen show.
 */
#ifndef ROWS_H
#define ROWS_H

#include <stdbool.h>
#include <stdio.h>

#include "cell.h"
#include "options.h"
#include "snapshot.h"

#define ROWS_MAX_COLUMNS 24

/* One row: an element of one of the snapshot's arrays. */
struct row {
	enum view view; /* of which array */
	unsigned short depth; /* in a tree */
	bool more; /* in a tree: another of its kind follows below */
	size_t parent; /* its row; SIZE_MAX: none */
	const void *obj;
};

/**
 * struct column - one column of a view
 * @title: its heading
 * @key: its name in options and expressions
 * @type: of its cells
 * @width: at least this wide
 * @down: sorted from the greatest to the least unless turned round
 * @extra: shown only when asked for, by --fields
 * @get: fills in a cell
 * @help: what it says
 */
struct column {
	const char *title;
	const char *key;
	enum cell_type type;
	int width;
	bool down;
	bool extra;
	void (*get)(const struct snap *snap, const struct row *row, struct cell *c);
	const char *help;
};

/* All columns of a view, in order; rows_column() gives one by name. */
const struct column *columns_of(enum view view, int *nr);

/** column_find() - by "KEY" or "-KEY"; NULL if there is none */
const struct column *column_find(enum view view, const char *key);

/** columns_list() - --sort=help and --fields=help */
void columns_list(enum view view, FILE *out);

/**
 * columns_pick() - the columns to show
 * @fields: "KEY,KEY…", or NULL for those that are not extra
 * @cols: ROWS_MAX_COLUMNS of them
 *
 * Return: how many; -1 if a name is not known, and @bad is set to it.
 */
int columns_pick(enum view view, const char *fields, const struct column **cols, char bad[32]);

/* Rows in the order in which they are shown. */
struct rows {
	struct row *row;
	size_t nr, max;
};

/**
 * rows_make() - the rows of a view
 * @env: the view, the order, what is filtered out
 * @snap: where they come from, and must outlive them
 * @rows: filled in; free it with rows_free()
 *
 * Return: 0 or -ENOMEM.
 */
int rows_make(const struct env *env, const struct snap *snap, struct rows *rows);
void rows_free(struct rows *rows);

/** rows_branch() - what is drawn before a tree's row: "│  ├─ "; @buf of CELL_LEN bytes */
void rows_branch(const struct rows *rows, size_t r, bool ascii, char *buf);

/** rows_same() - do two rows, of different snapshots, show the same thing? */
bool rows_same(const struct row *a, const struct row *b);

/** rows_view() - the view that the options ask for, with --tree */
enum view rows_view(const struct env *env);

#endif
