/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Filter expressions over columns, as lsblk(8) has them: libsmartcols parses
 * and evaluates them. 'pinned > 1G and user == "root"', 'command =~ "qemu"'.
 */
#ifndef FILTER_H
#define FILTER_H

#include "rows.h"

struct filter;

/**
 * filter_open() - parse an expression
 * @view: whose columns it names
 * @expr: the expression
 * @why: what is wrong with it, on failure
 *
 * Return: the filter, or NULL.
 */
struct filter *filter_open(enum view view, const char *expr, char why[128]);

/** filter_match() - is it true of a row? */
bool filter_match(struct filter *f, const struct snap *snap, const struct row *row);

void filter_close(struct filter *f);

#endif
