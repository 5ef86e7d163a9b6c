// SPDX-License-Identifier: GPL-2.0-only
/* iommutrace's command line. */
#include <argp.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "iommutrace.h"
#include "options.h"
#include "tool.h"

#define OP(op) (1ULL << TRACE_##op)
#define MEM_OPS (OP(MAP) | OP(MAP_FILE) | OP(COPY) | OP(UNMAP))
#define DEV_OPS (OP(ATTACH) | OP(REPLACE) | OP(DETACH))
#define ALL_OPS (MEM_OPS | DEV_OPS)

enum long_option {
	OPT_DURATION = 256,
	OPT_TIMEOUT,
	OPT_INFO,
};

const char *argp_program_version = "iommutrace " TOOL_VERSION;

static const char doc[] =
"Show what is done through /dev/iommu, one line an operation.\n"
"\n"
"EXAMPLES:\n"
"    iommutrace                       # everything, until Ctrl-C\n"
"    iommutrace -e map,unmap -p 42    # what process 42 maps and unmaps\n"
"    iommutrace -e %err               # only what fails, and why\n"
"    iommutrace --duration 10         # only what takes 10 ms or more\n"
"    iommutrace -o log -- qemu-system-x86_64 …   # one command\n"
"\vSET: map, map_file, copy, unmap, attach, replace, detach, %mem (map, map_file,\n"
"copy, unmap), %dev (attach, replace, detach), %err (what failed), all. '!' in\n"
"front: all but these.\n"
"With a command, only its operations and its children's are shown, and its\n"
"exit status is returned. Without, \"tracing\" on stderr says that nothing is\n"
"missed from there on.";

static const struct argp_option opts[] = {
	{ "expr", 'e', "[!]SET", 0, "Only these operations", 0 },
	{ "pid", 'p', "LIST", 0, "Only these processes: PID,PID…", 0 },
	{ "successful-only", 'z', NULL, 0, "Only what succeeded", 0 },
	{ "failed-only", 'Z', NULL, 0, "Only what failed", 0 },
	{ "duration", OPT_DURATION, "MS", 0, "Only what took MS milliseconds or more", 0 },
	{ NULL, 't', NULL, 0, "Time of day; -tt microseconds; -ttt since the epoch", 1 },
	{ "relative-timestamps", 'r', NULL, 0, "Time since the line before", 1 },
	{ "syscall-times", 'T', NULL, 0, "Time spent, at the end of the line as strace does", 1 },
	{ "count", 'n', "N", 0, "Stop after N lines", 2 },
	{ "timeout", OPT_TIMEOUT, "SEC", 0, "Stop after SEC seconds", 2 },
	{ "output", 'o', "FILE", 0, "Write to FILE", 2 },
	{ "format", 'O', "FORMAT", 0, "text or json (one object a line)", 2 },
	{ "info", OPT_INFO, NULL, 0, "Say what this kernel offers, and exit", 3 },
	{ NULL, 'h', NULL, OPTION_HIDDEN, "Show this help", 3 },
	{ NULL, 0, NULL, 0, NULL, 0 },
};

static double parse_number(struct argp_state *state, const char *what, const char *arg)
{
	char *end;
	double v;

	errno = 0;
	v = strtod(arg, &end);
	if (errno || end == arg || *end || !(v > 0 && v <= 1e9))
		argp_error(state, "bad %s '%s': a number above 0", what, arg);
	return v;
}

/* One word of a set; returns its operations, or 0 for %err, which it notes. */
static uint64_t parse_word(struct argp_state *state, const char *word, size_t len, bool *err)
{
	static const struct {
		const char *name;
		uint64_t ops;
	} words[] = {
		{ "map", OP(MAP) },
		{ "map_file", OP(MAP_FILE) },
		{ "copy", OP(COPY) },
		{ "unmap", OP(UNMAP) },
		{ "attach", OP(ATTACH) },
		{ "replace", OP(REPLACE) },
		{ "detach", OP(DETACH) },
		{ "%mem", MEM_OPS },
		{ "%dev", DEV_OPS },
		{ "all", ALL_OPS },
		{ "%err", 0 },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(words); i++) {
		if (strlen(words[i].name) != len || strncmp(words[i].name, word, len))
			continue;
		if (!words[i].ops)
			*err = true;
		return words[i].ops;
	}
	argp_error(state,
		   "no operation '%.*s': this version has map, map_file, copy, unmap, attach, replace, detach, %%mem, %%dev, %%err, all",
		   (int)len, word);
	return 0;
}

static void parse_set(struct argp_state *state, struct env *env, const char *arg)
{
	bool negate = *arg == '!', err = false;
	const char *word = arg + negate;
	uint64_t ops = 0;
	size_t len;

	for (;;) {
		len = strcspn(word, ",");
		ops |= parse_word(state, word, len, &err);
		if (!word[len])
			break;
		word += len + 1;
	}
	if (ops)
		env->ops = negate ? ALL_OPS & ~ops : ops;
	if (err && negate)
		env->only_good = true;
	else if (err)
		env->only_failed = true;
	if (!env->ops)
		argp_error(state, "'%s' leaves no operation", arg);
}

static void parse_filter(int key, char *arg, struct argp_state *state, struct env *env)
{
	switch (key) {
	case 'e':
		parse_set(state, env, arg);
		break;
	case 'p':
		args_pids(state, &env->pids, arg);
		break;
	case 'z':
		env->only_good = true;
		break;
	case 'Z':
		env->only_failed = true;
		break;
	case OPT_DURATION:
		env->min_duration_ns = llround(parse_number(state, "duration", arg) * 1e6);
		break;
	}
}

static void check(struct argp_state *state, const struct env *env)
{
	if (env->only_good && env->only_failed)
		argp_error(state, "only what succeeded and only what failed: nothing is left");
	if (env->cmd && env->pids.nr)
		argp_error(state, "either -p or a command, not both");
}

static error_t parse_opt(int key, char *arg, struct argp_state *state)
{
	struct env *env = state->input;

	switch (key) {
	case 'e':
	case 'p':
	case 'z':
	case 'Z':
	case OPT_DURATION:
		parse_filter(key, arg, state, env);
		break;
	case 't':
		env->clock++;
		break;
	case 'r':
		env->relative = true;
		break;
	case 'T':
		env->spent = true;
		break;
	case 'n':
		env->count = args_count(state, "count", arg);
		break;
	case OPT_TIMEOUT:
		env->timeout = parse_number(state, "timeout", arg);
		break;
	case 'o':
		env->output = arg;
		break;
	case 'O':
		if (!strcmp(arg, "json"))
			env->format = FORMAT_JSON;
		else if (strcmp(arg, "text"))
			argp_error(state, "no format '%s': this version has text and json", arg);
		break;
	case OPT_INFO:
		env->info = true;
		break;
	case 'h':
		argp_state_help(state, stdout, ARGP_HELP_STD_HELP);
		break;
	case ARGP_KEY_ARG:
		/* The command and all that follows are its own. */
		env->cmd = &state->argv[state->next - 1];
		state->next = state->argc;
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
		.args_doc = "[-- CMD ARG…]",
		.doc = doc,
	};

	env->ops = ALL_OPS;
	argp_err_exit_status = TOOL_USAGE;
	argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, env);
}
