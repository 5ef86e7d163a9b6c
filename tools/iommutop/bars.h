/* SPDX-License-Identifier: GPL-2.0-only */
/* Histograms drawn with characters. */
#ifndef BARS_H
#define BARS_H

#include <stdbool.h>

#include "snapshot.h"

#define BARS_WIDTH 25 /* octaves, from 128 ns to 4 s */

/* Characters that every terminal has, in place of blocks. Set once. */
extern bool bars_ascii;

/** bars_spark() - a histogram in one line, a place an octave; "" if empty */
char *bars_spark(const struct top_hist *hist, char *buf, size_t size);

/** bars_line() - a bar of a @share (0 to 1) of @width places */
char *bars_line(double share, int width, char *buf, size_t size);

#endif
