/* SPDX-License-Identifier: GPL-2.0-only */
/* -c and -H: what operations come to, by their name, guest or device. */
#ifndef SUM_H
#define SUM_H

#include <stdint.h>
#include <stdio.h>

#include "options.h"

#define SUM_KEY_LEN 64

struct sum_row {
	char key[SUM_KEY_LEN];
	struct trace_sum sum;
};

struct sums {
	struct sum_row *rows;
	unsigned int nr;
	enum hist_by by; /* HIST_NONE: as HIST_OP */
};

/** sums_add() - an operation; 0 or -ENOMEM */
int sums_add(struct sums *sums, const struct op *op);

/** sums_put() - what has been added up already; 0 or -ENOMEM */
int sums_put(struct sums *sums, const char *key, const struct trace_sum *sum);

/**
 * sums_print() - the summary
 * @sums: by operation
 * @real_ns: now; JSON only
 * @mono_ns: likewise
 */
int sums_print(const struct sums *sums, enum format format, uint64_t real_ns, uint64_t mono_ns,
	       FILE *out);

/** sums_print_hist() - histograms of durations, as sums_print() */
int sums_print_hist(const struct sums *sums, enum format format, uint64_t real_ns,
		    uint64_t mono_ns, FILE *out);

void sums_free(struct sums *sums);

#endif
