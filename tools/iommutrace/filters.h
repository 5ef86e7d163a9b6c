/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is to be shown. filter.bpf.h has the same for what is traced now; here
 * it is for recordings, and for what BPF programs cannot judge.
 */
#ifndef FILTERS_H
#define FILTERS_H

#include <stdbool.h>
#include <stdint.h>

#include "args.h"
#include "event.h"
#include "ops.h"

struct expr;

struct filters {
	struct op_set set;
	uint64_t min_ns;
	struct pid_list pids;
	struct uid_list uids;
	const char *guest; /* NULL: all; likewise: */
	const char *cgroup; /* a path, with no slash at its end */
	const char *device;
	int64_t ioas; /* -1: all */
	bool by_iova;
	uint64_t iova_first, iova_last;
	bool by_size;
	uint64_t size_min, size_max;
	int32_t errnos[TRACE_MAX_ERRNOS];
	unsigned int nr_errnos;
	uint64_t sample; /* one of so many */
	const char *expr_text;
	struct expr *expr;
};

/** filters_in_user() - is there one that only userspace can judge? */
bool filters_in_user(const struct filters *f);

/** filters_ok_user() - an operation that BPF programs let through: the rest */
bool filters_ok_user(const struct filters *f, const struct op *op);

/** filters_ok() - all of them; of a recording. Not the sample. */
bool filters_ok(const struct filters *f, const struct op *op);

/** filters_ok_state() - what was there before: only whose it is, and where */
bool filters_ok_state(const struct filters *f, const struct op *op);

/** filters_parse_expr() - --filter; 0, or -1 and why not */
int filters_parse_expr(struct filters *f, const char *text, char why[128]);

/** filters_fields() - --filter help: what expressions may name */
void filters_fields(void);

#endif
