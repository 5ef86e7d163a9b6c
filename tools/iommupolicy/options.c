// SPDX-License-Identifier: GPL-2.0-only
/* iommupolicy's command line. */
#include <argp.h>
#include <stdlib.h>
#include <string.h>

#include "args.h"
#include "options.h"
#include "tool.h"
#include "value.h"

enum long_option {
	OPT_AS = 256,
	OPT_CGROUP,
	OPT_IOAS,
	OPT_ALL,
	OPT_INFO,
};

const char *argp_program_version = "iommupolicy " TOOL_VERSION;

static const char doc[] =
"Attach BPF policies to iommufd, see what they do, change their settings.\n"
"\n"
"    load NAME|FILE.bpf.o [KEY=VALUE…]     attach a policy; it stays\n"
"    replace NAME|FILE.bpf.o [KEY=VALUE…]  attach it in its old one's place\n"
"    unload NAME… | --all                  detach\n"
"    list                                  what is attached\n"
"    show [NAME]                           counters, settings, refusals, ends\n"
"    watch [NAME]                          refusals, strikes, ends as they come\n"
"    set NAME KEY=VALUE…                   change settings of one attached\n"
"    get NAME [KEY…]                       show them\n"
"\n"
"EXAMPLES:\n"
"    iommupolicy load pin_quota default=8G\n"
"    iommupolicy set pin_quota /machine.slice/vm1=64G '/test/*=1G'\n"
"    iommupolicy load max_map --cgroup /user.slice max_bytes=1G\n"
"    iommupolicy show pin_quota\n"
"\vNAME is a bundled policy (pin_quota, pin_guard, …) or one that is attached.\n"
"A KEY is a variable of the policy (rules[0], rules[0].uid_min), the path of a\n"
"cgroup, or a pattern of paths. VALUE: 64G, 0x10, max; none takes a cgroup's\n"
"away. With load and replace also priority=N and flags=N.\n"
"Policies are pinned in /sys/fs/bpf/iommufd, for root only.";

static const struct argp_option opts[] = {
	{ "cgroup", OPT_CGROUP, "PATH", 0, "Only for this cgroup and those below it", 0 },
	{ "ioas", OPT_IOAS, "COOKIE", 0, "Only for this IOAS (iommutop -O json shows cookies)", 0 },
	{ "as", OPT_AS, "NAME", 0, "Call it so: to attach one file several times", 0 },
	{ "all", OPT_ALL, NULL, 0, "Unload all that iommupolicy has loaded", 0 },
	{ "format", 'O', "FORMAT", 0, "text or json (one object a line): list, show, watch", 1 },
	{ "count", 'n', "N", 0, "watch: stop after N events", 1 },
	{ "info", OPT_INFO, NULL, 0, "Say what this kernel offers, and exit", 2 },
	{ NULL, 'h', NULL, OPTION_HIDDEN, "Show this help", 2 },
	{ NULL, 0, NULL, 0, NULL, 0 },
};

static const struct {
	const char *name;
	enum command command;
	int min, max; /* words behind it; -1: any number */
} commands[] = {
	{ "load", CMD_LOAD, 1, -1 },
	{ "replace", CMD_REPLACE, 1, -1 },
	{ "unload", CMD_UNLOAD, 0, -1 },
	{ "list", CMD_LIST, 0, 0 },
	{ "show", CMD_SHOW, 0, 1 },
	{ "watch", CMD_WATCH, 0, 1 },
	{ "set", CMD_SET, 2, -1 },
	{ "get", CMD_GET, 1, -1 },
};

static void parse_command(struct argp_state *state, struct env *env, const char *arg)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		if (!strcmp(commands[i].name, arg)) {
			env->command = commands[i].command;
			return;
		}
	}
	argp_error(state, "no command '%s': load, replace, unload, list, show, watch, set, get",
		   arg);
}

static void check_scope(struct argp_state *state, const struct env *env)
{
	bool loads = env->command == CMD_LOAD || env->command == CMD_REPLACE;

	if (env->cgroup && env->ioas_cookie)
		argp_error(state, "either --cgroup or --ioas, not both");
	if ((env->cgroup || env->ioas_cookie || env->as) && !loads)
		argp_error(state, "--cgroup, --ioas and --as are for load and replace");
	if (env->all && env->command != CMD_UNLOAD)
		argp_error(state, "--all is for unload");
	if (env->count && env->command != CMD_WATCH)
		argp_error(state, "-n is for watch");
}

static void check(struct argp_state *state, struct env *env)
{
	bool assigns = env->command == CMD_LOAD || env->command == CMD_REPLACE ||
		       env->command == CMD_SET;
	int i, words;

	if (env->command == CMD_INFO)
		return;
	if (env->command == CMD_NONE)
		argp_error(state, "what is to be done? load, replace, unload, list, show, watch, set or get");
	words = env->nr_words + !!env->name;
	for (i = 0; commands[i].command != env->command;)
		i++;
	if (words < commands[i].min)
		argp_error(state, "%s lacks an argument: see --help", commands[i].name);
	if (commands[i].max >= 0 && words > commands[i].max)
		argp_error(state, "%s has too many arguments", commands[i].name);
	for (i = 0; assigns && i < env->nr_words; i++) {
		if (!strchr(env->words[i], '=') || env->words[i][0] == '=')
			argp_error(state, "'%s' is not KEY=VALUE", env->words[i]);
	}
	if (env->command == CMD_UNLOAD && env->all == !!env->name)
		argp_error(state, "unload what? NAME…, or --all");
	check_scope(state, env);
}

static void parse_word(struct argp_state *state, struct env *env, char *arg)
{
	if (env->command == CMD_NONE && arg)
		parse_command(state, env, arg);
	else if (!env->name)
		env->name = arg;
	else
		env->words[env->nr_words++] = arg;
}

static error_t parse_opt(int key, char *arg, struct argp_state *state)
{
	struct env *env = state->input;

	switch (key) {
	case OPT_CGROUP:
		env->cgroup = arg;
		break;
	case OPT_IOAS:
		if (value_number(arg, &env->ioas_cookie) || !env->ioas_cookie)
			argp_error(state, "bad cookie '%s': a number from 1", arg);
		break;
	case OPT_AS:
		env->as = arg;
		break;
	case OPT_ALL:
		env->all = true;
		break;
	case 'O':
		env->json = !strcmp(arg, "json");
		if (!env->json && strcmp(arg, "text"))
			argp_error(state, "no format '%s': text or json", arg);
		break;
	case 'n':
		env->count = args_count(state, "count", arg);
		break;
	case OPT_INFO:
		env->command = CMD_INFO;
		break;
	case 'h':
		argp_state_help(state, stdout, ARGP_HELP_STD_HELP);
		break;
	case ARGP_KEY_ARG:
		parse_word(state, env, arg);
		break;
	case ARGP_KEY_END:
		check(state, env);
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
		.args_doc = "COMMAND [ARG…]",
		.doc = doc,
	};

	argp_err_exit_status = TOOL_USAGE;
	env->words = calloc(argc + 1, sizeof(*env->words));
	if (!env->words)
		exit(TOOL_RUNTIME);
	argp_parse(&argp, argc, argv, 0, NULL, env);
}
