// SPDX-License-Identifier: GPL-2.0-only
/* iommutop's command line. */
#include <argp.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "options.h"
#include "rows.h"
#include "tool.h"

const char *argp_program_version = "iommutop " TOOL_VERSION;

const char * const view_names[NR_VIEWS] = { "proc", "map" };

static const char doc[] =
"Show who maps and pins what through /dev/iommu.\n"
"\n"
"EXAMPLES:\n"
"    iommutop                  # live screen, refreshed every 2 seconds\n"
"    iommutop -1               # the processes, once\n"
"    iommutop -1 -w map -p 42  # every mapping of process 42, once\n"
"    iommutop -b -n 10 1       # ten tables, one a second\n"
"    iommutop -1 -O json | jq  # for programs\n"
"\vRates, latency, errors and refusals are counted from when iommutop starts.\n"
"Mappings are shown whenever they were made.";

static const struct argp_option opts[] = {
	{ "delay", 'd', "SEC", 0, "Refresh every SEC seconds (2)", 0 },
	{ "count", 'n', "N", 0, "Stop after N refreshes", 0 },
	{ "batch", 'b', NULL, 0, "Print tables one after the other, no screen", 0 },
	{ "once", '1', NULL, 0, "Print one table and exit", 0 },
	{ "view", 'w', "VIEW", 0, "proc (processes), map (mappings); json without it: everything",
	  0 },
	{ "pid", 'p', "LIST", 0, "Only these processes: PID,PID…", 0 },
	{ "sort", 's', "[-]KEY", 0, "Sort by a column, '-' turns the order; help lists them", 0 },
	{ "rows", 'r', "N", 0, "At most N rows", 0 },
	{ "format", 'O', "FORMAT", 0, "table or json (one object a line; implies -b)", 0 },
	{ "bytes", 'B', NULL, 0, "Exact bytes in tables", 0 },
	{ "info", 'I' + 256, NULL, 0, "Say what this kernel offers, and exit", 0 },
	{ NULL, 'h', NULL, OPTION_HIDDEN, "Show this help", 0 },
	{ NULL, 0, NULL, 0, NULL, 0 },
};

static double parse_delay(struct argp_state *state, const char *arg)
{
	char *end;
	double d;

	errno = 0;
	d = strtod(arg, &end);
	if (errno || end == arg || *end || !(d >= 0.1 && d <= 86400))
		argp_error(state, "bad delay '%s': seconds from 0.1 to 86400", arg);
	return d;
}

static void parse_view(struct argp_state *state, struct env *env, const char *arg)
{
	unsigned int i;

	for (i = 0; i < NR_VIEWS; i++) {
		if (!strcmp(arg, view_names[i])) {
			env->view = i;
			env->view_given = true;
			return;
		}
	}
	argp_error(state, "no view '%s': this version has proc and map", arg);
}

static error_t parse_opt(int key, char *arg, struct argp_state *state)
{
	struct env *env = state->input;

	switch (key) {
	case 'd':
		env->delay = parse_delay(state, arg);
		break;
	case 'n':
		env->count = args_count(state, "count", arg);
		break;
	case 'b':
		env->batch = true;
		break;
	case '1':
		env->once = true;
		break;
	case 'w':
		parse_view(state, env, arg);
		break;
	case 'p':
		args_pids(state, &env->pids, arg);
		break;
	case 's':
		env->sort = arg;
		break;
	case 'r':
		env->rows = args_count(state, "number of rows", arg);
		break;
	case 'O':
		if (!strcmp(arg, "json"))
			env->format = FORMAT_JSON;
		else if (strcmp(arg, "table"))
			argp_error(state, "no format '%s': this version has table and json", arg);
		break;
	case 'B':
		env->raw_bytes = true;
		break;
	case 'I' + 256:
		env->info = true;
		break;
	case 'h':
		argp_state_help(state, stdout, ARGP_HELP_STD_HELP);
		break;
	case ARGP_KEY_ARG:
		if (state->arg_num == 0)
			env->delay = parse_delay(state, arg);
		else if (state->arg_num == 1)
			env->count = args_count(state, "count", arg);
		else
			argp_error(state, "one argument too many: '%s'", arg);
		break;
	case ARGP_KEY_END:
		if (env->sort && !strcmp(env->sort, "help")) {
			rows_list_keys(env->view, stdout);
			exit(TOOL_OK);
		}
		if (env->sort && rows_find_column(env->view, env->sort) < 0)
			argp_error(state, "no column '%s' in this view: --sort=help lists them",
				   env->sort);
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

void options_parse(struct env *env, int argc, char **argv)
{
	static const struct argp argp = {
		.options = opts,
		.parser = parse_opt,
		.args_doc = "[DELAY [COUNT]]",
		.doc = doc,
	};

	env->delay = 2;
	argp_err_exit_status = TOOL_USAGE;
	argp_parse(&argp, argc, argv, 0, NULL, env);
	if (env->once) {
		env->batch = true;
		env->count = 1;
	}
	if (env->format == FORMAT_JSON)
		env->batch = true;
}

bool options_want_areas(const struct env *env)
{
	/* JSON without a view is everything. */
	return env->view == VIEW_MAP || (env->format == FORMAT_JSON && !env->view_given);
}

bool options_want_pid(const struct env *env, pid_t pid)
{
	unsigned int i;

	for (i = 0; i < env->pids.nr; i++) {
		if (env->pids.pids[i] == pid)
			return true;
	}
	return !env->pids.nr;
}
