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
	VIEW_USER,
	VIEW_IOAS,
	VIEW_MAP,
	VIEW_DEV,
	VIEW_HWPT,
	VIEW_LAT,
	VIEW_POLICY,
	NR_VIEWS,
	VIEW_TREE = NR_VIEWS, /* processes with all that they hold: --tree */
	NR_ALL_VIEWS,
};

enum format {
	FORMAT_TABLE,
	FORMAT_RAW,
	FORMAT_CSV,
	FORMAT_JSON,
	FORMAT_OPENMETRICS,
	FORMAT_PROMETHEUS,
};

enum color { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };

struct env {
	enum view view;
	bool view_given;
	bool tree;
	enum format format;
	bool once;
	bool batch; /* no screen: print, wait, print */
	bool raw_bytes;
	bool no_header;
	bool skip_zero;
	bool accumulated;
	bool ascii;
	bool info;
	enum color color;
	double delay; /* seconds */
	long count; /* refreshes; 0: no end */
	long rows; /* at most; 0: all */
	const char *sort; /* "KEY" or "-KEY"; NULL: the view's own order */
	const char *fields; /* "KEY,KEY…"; NULL: all */
	const char *filter; /* an expression over columns */
	const char *text; /* rows that contain it; "" or NULL: all */
	const char *output; /* a file in place of stdout */
	const char *record;
	const char *input;
	/* What is shown; an empty list or NULL: all. */
	struct pid_list pids;
	struct uid_list uids;
	const char *guest;
	const char *cgroup;
	const char *device;
	int64_t ioas; /* -1: all */
	uint64_t ioas_cookie; /* by drilling down; 0: all */
};

extern const char * const view_names[NR_ALL_VIEWS];

/** options_parse() - read the command line; exits on a usage error (2) */
void options_parse(struct env *env, int argc, char **argv);

/** options_want_areas() - is every mapping to be shown, not only the sums? */
bool options_want_areas(const struct env *env);

#endif
