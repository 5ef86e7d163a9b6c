/* SPDX-License-Identifier: GPL-2.0-only */
/* Prints a snapshot, in each format. */
#ifndef REPORT_H
#define REPORT_H

#include <stdio.h>

#include "options.h"
#include "snapshot.h"
#include "source.h"

/**
 * report_print() - print one snapshot in the format that @env asks for
 * @out: where to
 * @first: nothing was printed before
 *
 * Return: 0 or a negative errno; whether it could be written is for the
 * caller to ask (tool_flush()).
 */
int report_print(const struct env *env, const struct source *src, const struct snap *snap,
		 FILE *out, bool first);

/* The formats. */
int table_print(const struct env *env, const struct source *src, const struct snap *snap,
		FILE *out, bool first);
int csv_print(const struct env *env, const struct snap *snap, FILE *out, bool first);
int json_print(const struct env *env, const struct source *src, const struct snap *snap,
	       FILE *out);
/* @eof: end as OpenMetrics does. */
int metrics_print(const struct source *src, const struct snap *snap, FILE *out, bool eof);

#endif
