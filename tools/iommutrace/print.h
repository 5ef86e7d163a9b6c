/* SPDX-License-Identifier: GPL-2.0-only */
/* Writes events: in strace's form for people, as JSON lines for programs. */
#ifndef PRINT_H
#define PRINT_H

#include <stdint.h>
#include <stdio.h>

#include "iommutrace.h"
#include "options.h"

struct printer {
	const struct env *env;
	FILE *out;
	uint64_t real_offset_ns; /* CLOCK_REALTIME - CLOCK_MONOTONIC */
	uint64_t last_ns; /* -r: when the line before began; 0: there is none */
};

/** print_event() - one operation; 0 or a negative errno */
int print_event(struct printer *p, const struct op_event *e);

/** print_lost() - operations that are missing here; 0 or a negative errno */
int print_lost(struct printer *p, uint64_t count);

/** print_json_event() - print_event() for FORMAT_JSON */
int print_json_event(struct printer *p, const struct op_event *e);

#endif
