/* SPDX-License-Identifier: GPL-2.0-only */
/* iommutrace's command line. */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "args.h"

enum format {
	FORMAT_TEXT,
	FORMAT_JSON,
};

struct env {
	uint64_t ops; /* bit enum trace_op */
	bool only_failed;
	bool only_good;
	bool relative; /* -r: since the line before */
	bool spent; /* -T: also as strace writes it */
	bool info;
	unsigned int clock; /* how many -t */
	long count; /* events; 0: no end */
	double timeout; /* seconds; 0: no end */
	uint64_t min_duration_ns;
	const char *output; /* NULL: stdout */
	enum format format;
	struct pid_list pids;
	char **cmd; /* NULL: trace everyone */
};

/** options_parse() - read the command line; exits on a usage error (2) */
void options_parse(struct env *env, int argc, char **argv);

#endif
