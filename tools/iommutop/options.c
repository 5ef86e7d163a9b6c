// SPDX-License-Identifier: GPL-2.0-only
/* iommutop's command line. */
#include <argp.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "filter.h"
#include "options.h"
#include "rows.h"
#include "tool.h"

const char *argp_program_version = "iommutop " TOOL_VERSION;

const char * const view_names[NR_ALL_VIEWS] = {
	"proc", "user", "ioas", "map", "dev", "hwpt", "lat", "policy", "tree",
};

/* Short, so that it fits a screen: argp's own has one line an option. */
static const char help[] =
"Usage: iommutop [OPTION]... [DELAY [COUNT]]\n"
"Show who maps and pins what, through /dev/iommu and VFIO type1 containers.\n"
"\n"
"  -1, --once              one table       -d, --delay SEC   refresh (2)\n"
"  -b, --batch             tables, no screen  -n, --count N  stop after N\n"
"  -w, --view VIEW         proc user ioas map dev hwpt lat policy   --tree\n"
"  -p, --pid LIST          -u, --user LIST -g, --guest NAME  only these\n"
"  -G, --cgroup PATH       -D, --device BDF   -i, --ioas ID  only these\n"
"  -F, --filter EXPR       'pinned > 1G and command =~ \"qemu\"'\n"
"  -f, --fields LIST|help  columns         -s, --sort [-]KEY|help\n"
"  -r, --rows N            at most         --skip-zero, --accumulated\n"
"  -O, --format FORMAT     table raw csv json openmetrics prometheus\n"
"  -o, --output FILE       renamed into place when complete (metrics)\n"
"  -B, --bytes             exact           --no-header\n"
"  --record FILE           -I, --input FILE   show what was recorded\n"
"  --color auto|always|never               --ascii\n"
"  --info  what this kernel offers         -h, --help   -V, --version\n"
"\n"
"  iommutop -1 -w map -p 42       every mapping of process 42, once\n"
"  iommutop -1 -O json | jq       everything, for programs\n"
"\n"
"Rates, latency, errors and refusals count from when iommutop starts.\n";

enum {
	OPT_TREE = 256, OPT_SKIP_ZERO, OPT_ACCUMULATED, OPT_NO_HEADER, OPT_RECORD, OPT_COLOR,
	OPT_ASCII, OPT_INFO,
};

static const struct argp_option opts[] = {
	{ "delay", 'd', "SEC", 0, NULL, 0 },
	{ "count", 'n', "N", 0, NULL, 0 },
	{ "batch", 'b', NULL, 0, NULL, 0 },
	{ "once", '1', NULL, 0, NULL, 0 },
	{ "view", 'w', "VIEW", 0, NULL, 0 },
	{ "tree", OPT_TREE, NULL, 0, NULL, 0 },
	{ "pid", 'p', "LIST", 0, NULL, 0 },
	{ "user", 'u', "LIST", 0, NULL, 0 },
	{ "guest", 'g', "NAME", 0, NULL, 0 },
	{ "cgroup", 'G', "PATH", 0, NULL, 0 },
	{ "device", 'D', "BDF", 0, NULL, 0 },
	{ "ioas", 'i', "ID", 0, NULL, 0 },
	{ "filter", 'F', "EXPR", 0, NULL, 0 },
	{ "fields", 'f', "LIST", 0, NULL, 0 },
	{ "sort", 's', "[-]KEY", 0, NULL, 0 },
	{ "rows", 'r', "N", 0, NULL, 0 },
	{ "skip-zero", OPT_SKIP_ZERO, NULL, 0, NULL, 0 },
	{ "accumulated", OPT_ACCUMULATED, NULL, 0, NULL, 0 },
	{ "format", 'O', "FORMAT", 0, NULL, 0 },
	{ "output", 'o', "FILE", 0, NULL, 0 },
	{ "bytes", 'B', NULL, 0, NULL, 0 },
	{ "no-header", OPT_NO_HEADER, NULL, 0, NULL, 0 },
	{ "record", OPT_RECORD, "FILE", 0, NULL, 0 },
	{ "input", 'I', "FILE", 0, NULL, 0 },
	{ "color", OPT_COLOR, "WHEN", 0, NULL, 0 },
	{ "ascii", OPT_ASCII, NULL, 0, NULL, 0 },
	{ "info", OPT_INFO, NULL, 0, NULL, 0 },
	{ "help", 'h', NULL, 0, NULL, 0 },
	{ "version", 'V', NULL, 0, NULL, 0 },
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

/* The place of a word in a list; a usage error if it is not there. */
static int parse_word(struct argp_state *state, const char *what, const char *arg,
		      const char * const *words, int nr)
{
	char list[128] = "";
	int i;

	for (i = 0; i < nr; i++) {
		if (!strcmp(arg, words[i]))
			return i;
		snprintf(list + strlen(list), sizeof(list) - strlen(list), " %s", words[i]);
	}
	argp_error(state, "no %s '%s':%s", what, arg, list);
	return 0;
}

static error_t parse_choice(int key, char *arg, struct argp_state *state, struct env *env)
{
	static const char * const formats[] = {
		"table", "raw", "csv", "json", "openmetrics", "prometheus",
	};
	static const char * const colors[] = { "auto", "always", "never" };

	switch (key) {
	case 'w':
		env->view = parse_word(state, "view", arg, view_names, NR_VIEWS);
		env->view_given = true;
		return 0;
	case 'O':
		env->format = parse_word(state, "format", arg, formats, ARRAY_SIZE(formats));
		return 0;
	case OPT_COLOR:
		env->color = parse_word(state, "--color", arg, colors, ARRAY_SIZE(colors));
		return 0;
	case 'p':
		args_pids(state, &env->pids, arg);
		return 0;
	case 'u':
		args_users(state, &env->uids, arg);
		return 0;
	case 'i':
		env->ioas = args_ioas(state, arg);
		return 0;
	case 'd':
		env->delay = parse_delay(state, arg);
		return 0;
	case 'n':
		env->count = args_count(state, "count", arg);
		return 0;
	case 'r':
		env->rows = args_count(state, "number of rows", arg);
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

/* Those that set one member to what they are given. */
static error_t parse_simple(int key, char *arg, struct env *env)
{
	const struct {
		int key;
		const char **text;
		bool *flag;
	} simple[] = {
		{ 'g', &env->guest, NULL }, { 'G', &env->cgroup, NULL },
		{ 'D', &env->device, NULL }, { 'F', &env->filter, NULL },
		{ 'f', &env->fields, NULL }, { 's', &env->sort, NULL },
		{ 'o', &env->output, NULL }, { OPT_RECORD, &env->record, NULL },
		{ 'I', &env->input, NULL }, { 'b', NULL, &env->batch },
		{ '1', NULL, &env->once }, { OPT_TREE, NULL, &env->tree },
		{ OPT_SKIP_ZERO, NULL, &env->skip_zero },
		{ OPT_ACCUMULATED, NULL, &env->accumulated }, { 'B', NULL, &env->raw_bytes },
		{ OPT_NO_HEADER, NULL, &env->no_header }, { OPT_ASCII, NULL, &env->ascii },
		{ OPT_INFO, NULL, &env->info },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(simple); i++) {
		if (simple[i].key != key)
			continue;
		if (simple[i].text)
			*simple[i].text = arg;
		else
			*simple[i].flag = true;
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

/* What can only be judged when everything has been read. */
static void check_all(struct argp_state *state, struct env *env)
{
	const struct column *cols[ROWS_MAX_COLUMNS] = {};
	struct filter *filter;
	char why[128], bad[32];

	if ((env->sort && !strcmp(env->sort, "help")) ||
	    (env->fields && !strcmp(env->fields, "help"))) {
		columns_list(rows_view(env), stdout);
		exit(TOOL_OK);
	}
	if (env->sort && !column_find(env->view, env->sort))
		argp_error(state, "no column '%s' in this view: --sort=help lists them", env->sort);
	if (env->fields && columns_pick(rows_view(env), env->fields, cols, bad) <= 0)
		argp_error(state, "no column '%s' in this view: --fields=help lists them", bad);
	if (env->filter) {
		filter = filter_open(env->view, env->filter, why);
		if (!filter)
			argp_error(state, "bad filter '%s': %s; --fields=help lists the columns",
				   env->filter, why);
		filter_close(filter);
	}
	if (env->record && env->input)
		argp_error(state, "--record and --input: it is recorded already");
	if (env->tree && env->view_given && env->view != VIEW_PROC)
		argp_error(state, "--tree has a view of its own: leave out --view");
}

static error_t parse_opt(int key, char *arg, struct argp_state *state)
{
	struct env *env = state->input;

	if (!parse_simple(key, arg, env) || !parse_choice(key, arg, state, env))
		return 0;
	switch (key) {
	case 'h':
		fputs(help, stdout);
		exit(TOOL_OK);
	case 'V':
		puts(argp_program_version);
		exit(TOOL_OK);
	case ARGP_KEY_ARG:
		if (state->arg_num == 0)
			env->delay = parse_delay(state, arg);
		else if (state->arg_num == 1)
			env->count = args_count(state, "count", arg);
		else
			argp_error(state, "one argument too many: '%s'", arg);
		return 0;
	case ARGP_KEY_END:
		check_all(state, env);
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

void options_parse(struct env *env, int argc, char **argv)
{
	static const struct argp argp = {
		.options = opts,
		.parser = parse_opt,
		.args_doc = "[DELAY [COUNT]]",
	};

	env->delay = 2;
	env->ioas = -1;
	argp_err_exit_status = TOOL_USAGE;
	argp_parse(&argp, argc, argv, ARGP_NO_HELP, NULL, env);
	if (env->once) {
		env->batch = true;
		env->count = 1;
	}
	/* Only a table moves. */
	if (env->format != FORMAT_TABLE || env->output || env->record)
		env->batch = true;
}

bool options_want_areas(const struct env *env)
{
	/* JSON without a view is everything, and so is a recording. */
	return env->view == VIEW_MAP || env->tree || env->record ||
	       (env->format == FORMAT_JSON && !env->view_given);
}
