/* SPDX-License-Identifier: GPL-2.0-only */
/* iommutrace's command line. */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "filters.h"

enum format {
	FORMAT_TEXT,
	FORMAT_JSON,
	FORMAT_BIN,
};

enum hist_by {
	HIST_NONE,
	HIST_OP,
	HIST_GUEST,
	HIST_DEV,
};

struct env {
	struct filters filters;
	bool relative; /* -r: since the line before */
	bool spent; /* -T: also as strace writes it */
	bool stack;
	bool lines; /* operations are printed */
	bool summary;
	bool both; /* that, and lines */
	enum hist_by hist;
	bool state; /* what was there before, too */
	bool info;
	bool strict; /* a loss is an error */
	unsigned int clock; /* how many -t */
	long count; /* operations; 0: no end */
	double timeout; /* seconds; 0: no end */
	uint64_t buffer; /* bytes of the ring buffer */
	const char *output; /* NULL: stdout */
	const char *input; /* a recording; NULL: this kernel */
	enum format format;
	char **cmd; /* NULL: trace everyone */
};

/** options_parse() - read the command line; exits on a usage error (2) */
void options_parse(struct env *env, int argc, char **argv);

#endif
