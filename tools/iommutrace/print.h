/* SPDX-License-Identifier: GPL-2.0-only */
/* Writes operations: in strace's form for people, as JSON lines for programs. */
#ifndef PRINT_H
#define PRINT_H

#include <stdint.h>
#include <stdio.h>

#include "event.h"
#include "options.h"

struct printer {
	const struct env *env;
	FILE *out;
	uint64_t real_offset_ns; /* CLOCK_REALTIME - CLOCK_MONOTONIC */
	uint64_t last_ns; /* -r: when the line before began; 0: there is none */
};

#define PRINT_NO_CPU UINT32_MAX

/** print_op() - one operation; 0 or a negative errno */
int print_op(struct printer *p, const struct op *op);

/** print_lost() - operations that are missing here; 0 or a negative errno */
int print_lost(struct printer *p, uint64_t count, uint32_t cpu, uint64_t mono_ns);

/** print_json_op() - print_op() for FORMAT_JSON */
int print_json_op(struct printer *p, const struct op *op);

/** op_began() - when it did, CLOCK_MONOTONIC */
static inline uint64_t op_began(const struct op *op)
{
	return op->head.mono_ns - op->ns;
}

/** op_word() - a value of an enumeration, in words; "?" */
const char *op_word(const char * const *words, uint32_t value);

#endif
