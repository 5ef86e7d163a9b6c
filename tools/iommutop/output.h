/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where printed snapshots go: stdout, or a file. Metrics go to a file that is
 * renamed into place each time, so that who reads it never reads a part.
 */
#ifndef OUTPUT_H
#define OUTPUT_H

#include "options.h"
#include "snapshot.h"
#include "source.h"

struct output;

/** output_open() - NULL after a message */
struct output *output_open(const struct env *env);

/** output_print() - 0; 1 if the reader has gone; -1 after a message */
int output_print(struct output *o, const struct env *env, const struct source *src,
		 const struct snap *snap);

void output_close(struct output *o);

#endif
