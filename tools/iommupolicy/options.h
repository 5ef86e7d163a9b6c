/* SPDX-License-Identifier: GPL-2.0-only */
/* iommupolicy's command line. */
#ifndef POLICY_OPTIONS_H
#define POLICY_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

enum command {
	CMD_NONE = 0,
	CMD_LOAD,
	CMD_REPLACE,
	CMD_UNLOAD,
	CMD_LIST,
	CMD_SHOW,
	CMD_WATCH,
	CMD_SET,
	CMD_GET,
	CMD_INFO,
};

struct env {
	enum command command;
	const char *name; /* of a policy, or its file */
	const char *as; /* --as */
	const char *cgroup; /* --cgroup */
	uint64_t ioas_cookie; /* --ioas */
	char **words; /* KEY=VALUE…, ends with NULL */
	int nr_words;
	long count; /* watch: so many events; 0: until Ctrl-C */
	bool all;
	bool json;
};

/** options_parse() - fill in @env, or end the program with status 2 or 0 */
void options_parse(struct env *env, int argc, char **argv);

#endif
