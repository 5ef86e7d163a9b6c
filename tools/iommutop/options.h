/* SPDX-License-Identifier: GPL-2.0-only */
/* iommutop's command line. */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "args.h"

enum view {
	VIEW_PROC,
	VIEW_MAP,
	NR_VIEWS,
};

enum format {
	FORMAT_TABLE,
	FORMAT_JSON,
};

struct env {
	enum view view;
	bool view_given;
	enum format format;
	bool once;
	bool batch; /* no screen: print, wait, print */
	bool raw_bytes;
	bool info;
	double delay; /* seconds */
	long count; /* refreshes; 0: no end */
	long rows; /* at most; 0: all */
	const char *sort; /* "KEY" or "-KEY"; NULL: the view's own order */
	struct pid_list pids;
};

extern const char * const view_names[NR_VIEWS];

/** options_parse() - read the command line; exits on a usage error (2) */
void options_parse(struct env *env, int argc, char **argv);

/** options_want_areas() - is every mapping to be shown, not only the sums? */
bool options_want_areas(const struct env *env);

/** options_want_pid() - is this process asked for? */
bool options_want_pid(const struct env *env, pid_t pid);

#endif
