// SPDX-License-Identifier: GPL-2.0-only
/* iommutrace's command line. */
#include <argp.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "options.h"
#include "optvalue.h"
#include "tool.h"

#define BUFFER_BYTES (4ULL << 20)

const char *argp_program_version = "iommutrace " TOOL_VERSION;

/* Short, so that it fits a screen: argp's own has one line an option. */
static const char help[] =
"Usage: iommutrace [OPTION]... [-- CMD ARG...]\n"
"       iommutrace record -o FILE [OPTION]... [-- CMD ARG...]\n"
"Show what is done through /dev/iommu and VFIO, one line an operation, and why\n"
"it was refused. With CMD: what it and its children do.\n"
"\n"
"  -e [!]SET     map,attach,policy,%mem,%dev,%err,/REGEX…   -e help lists them\n"
"  -p, --pid LIST          -u, --user LIST  -g, --guest NAME  only these\n"
"  -G, --cgroup PATH       -D, --device BDF   -i, --ioas ID   only these\n"
"  -F, --filter EXPR       'length > 1G and comm =~ \"qemu\"'   -F help\n"
"  --iova LO-HI            --size '>=2M'    -z, -Z  what succeeded, what failed\n"
"  --duration MS           at least         --errno NAME,NAME…\n"
"  -t -tt -ttt, -r         times: of day, us, since 1970; since the line before\n"
"  -T                      time spent, last -k, --stack  the kernel's stack\n"
"  -c, -C                  summary; and lines  -H, --hist[=op|guest|dev]\n"
"  -n, --count N           --timeout SEC    --sample N  one of N\n"
"  -m, --buffer SIZE       --strict-loss  lost events are an error (6)\n"
"  -o, --output FILE       -O, --format text|json|bin   --state  what is there\n"
"  -I, --input FILE        show what was recorded\n"
"  --info  what this kernel offers          -h, --help   -V, --version\n"
"\n"
"  iommutrace -e %err                       what fails, and why\n"
"  iommutrace -C -H -- qemu-system-x86_64 …\n";

enum long_option {
	OPT_DURATION = 256, OPT_TIMEOUT, OPT_INFO, OPT_IOVA, OPT_SIZE, OPT_ERRNO, OPT_SAMPLE,
	OPT_STRICT, OPT_STATE,
};

static const struct argp_option opts[] = {
	{ "expr", 'e', "[!]SET", 0, NULL, 0 },
	{ "pid", 'p', "LIST", 0, NULL, 0 },
	{ "user", 'u', "LIST", 0, NULL, 0 },
	{ "guest", 'g', "NAME", 0, NULL, 0 },
	{ "cgroup", 'G', "PATH", 0, NULL, 0 },
	{ "device", 'D', "BDF", 0, NULL, 0 },
	{ "ioas", 'i', "ID", 0, NULL, 0 },
	{ "filter", 'F', "EXPR", 0, NULL, 0 },
	{ "iova", OPT_IOVA, "LO-HI", 0, NULL, 0 },
	{ "size", OPT_SIZE, "[OP]SIZE", 0, NULL, 0 },
	{ "successful-only", 'z', NULL, 0, NULL, 0 },
	{ "failed-only", 'Z', NULL, 0, NULL, 0 },
	{ "duration", OPT_DURATION, "MS", 0, NULL, 0 },
	{ "errno", OPT_ERRNO, "NAME", 0, NULL, 0 },
	{ NULL, 't', NULL, 0, NULL, 0 },
	{ "relative-timestamps", 'r', NULL, 0, NULL, 0 },
	{ "syscall-times", 'T', NULL, 0, NULL, 0 },
	{ "stack", 'k', NULL, 0, NULL, 0 },
	{ "summary-only", 'c', NULL, 0, NULL, 0 },
	{ "summary", 'C', NULL, 0, NULL, 0 },
	{ "hist", 'H', "BY", OPTION_ARG_OPTIONAL, NULL, 0 },
	{ "count", 'n', "N", 0, NULL, 0 },
	{ "timeout", OPT_TIMEOUT, "SEC", 0, NULL, 0 },
	{ "buffer", 'm', "SIZE", 0, NULL, 0 },
	{ "sample", OPT_SAMPLE, "N", 0, NULL, 0 },
	{ "output", 'o', "FILE", 0, NULL, 0 },
	{ "format", 'O', "FORMAT", 0, NULL, 0 },
	{ "strict-loss", OPT_STRICT, NULL, 0, NULL, 0 },
	{ "state", OPT_STATE, NULL, 0, NULL, 0 },
	{ "input", 'I', "FILE", 0, NULL, 0 },
	{ "info", OPT_INFO, NULL, 0, NULL, 0 },
	{ "help", 'h', NULL, 0, NULL, 0 },
	{ "version", 'V', NULL, 0, NULL, 0 },
	{ NULL, 0, NULL, 0, NULL, 0 },
};

static void parse_set(struct argp_state *state, struct filters *f, const char *arg)
{
	char why[128];

	if (!strcmp(arg, "help")) {
		ops_help();
		exit(TOOL_OK);
	}
	if (ops_parse(&f->set, arg, why))
		argp_error(state, "bad set '%s': %s", arg, why);
}

static void parse_expr(struct argp_state *state, struct filters *f, const char *arg)
{
	char why[128];

	if (!strcmp(arg, "help")) {
		filters_fields();
		exit(TOOL_OK);
	}
	if (filters_parse_expr(f, arg, why))
		argp_error(state, "bad filter '%s': %s; -F help lists what there is", arg, why);
}

static error_t parse_filter(int key, char *arg, struct argp_state *state, struct filters *f)
{
	switch (key) {
	case 'e':
		parse_set(state, f, arg);
		return 0;
	case 'p':
		args_pids(state, &f->pids, arg);
		return 0;
	case 'u':
		args_users(state, &f->uids, arg);
		return 0;
	case 'g':
		f->guest = arg;
		return 0;
	case 'G':
		f->cgroup = optvalue_cgroup(state, arg);
		return 0;
	case 'D':
		f->device = arg;
		return 0;
	case 'i':
		f->ioas = args_ioas(state, arg);
		return 0;
	case 'F':
		parse_expr(state, f, arg);
		return 0;
	case 'z':
		f->set.only_good = true;
		return 0;
	case 'Z':
		f->set.only_failed = true;
		return 0;
	case OPT_IOVA:
		optvalue_iova(state, f, arg);
		return 0;
	case OPT_SIZE:
		optvalue_size(state, f, arg);
		return 0;
	case OPT_ERRNO:
		optvalue_errnos(state, f, arg);
		return 0;
	case OPT_DURATION:
		f->min_ns = llround(optvalue_number(state, "duration", arg) * 1e6);
		return 0;
	case OPT_SAMPLE:
		f->sample = args_count(state, "sample", arg);
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static void parse_hist(struct argp_state *state, struct env *env, const char *arg)
{
	if (!arg || !strcmp(arg, "op"))
		env->hist = HIST_OP;
	else if (!strcmp(arg, "guest"))
		env->hist = HIST_GUEST;
	else if (!strcmp(arg, "dev"))
		env->hist = HIST_DEV;
	else
		argp_error(state, "no histogram by '%s': op guest dev", arg);
}

static error_t parse_output(int key, char *arg, struct argp_state *state, struct env *env)
{
	switch (key) {
	case 't':
		env->clock++;
		return 0;
	case 'r':
		env->relative = true;
		return 0;
	case 'T':
		env->spent = true;
		return 0;
	case 'k':
		env->stack = true;
		return 0;
	case 'c':
		env->summary = true;
		return 0;
	case 'C':
		env->summary = true;
		env->both = true;
		return 0;
	case 'H':
		parse_hist(state, env, arg);
		return 0;
	case 'o':
		env->output = arg;
		return 0;
	case 'O':
		if (!strcmp(arg, "json"))
			env->format = FORMAT_JSON;
		else if (!strcmp(arg, "bin"))
			env->format = FORMAT_BIN;
		else if (!strcmp(arg, "text"))
			env->format = FORMAT_TEXT;
		else
			argp_error(state, "no format '%s': text json bin", arg);
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static void check(struct argp_state *state, const struct env *env)
{
	if (env->filters.set.only_good && env->filters.set.only_failed)
		argp_error(state, "only what succeeded and only what failed: nothing is left");
	if (env->cmd && env->filters.pids.nr)
		argp_error(state, "either -p or a command, not both");
	if (env->input && env->cmd)
		argp_error(state, "either --input or a command, not both");
	if (env->input && env->format == FORMAT_BIN)
		argp_error(state, "--input: it is recorded already");
	if (env->input && env->timeout)
		argp_error(state, "--timeout: a recording has its end");
	if (env->format == FORMAT_BIN && (env->summary || env->hist))
		argp_error(state, "a recording has no summary: ask for it with --input");
	if (env->format == FORMAT_BIN && !env->output && isatty(STDOUT_FILENO))
		argp_error(state, "a recording is not for a terminal: give a file, -o FILE");
}

static error_t parse_opt(int key, char *arg, struct argp_state *state)
{
	struct env *env = state->input;

	if (!parse_filter(key, arg, state, &env->filters) ||
	    !parse_output(key, arg, state, env))
		return 0;
	switch (key) {
	case 'n':
		env->count = args_count(state, "count", arg);
		return 0;
	case 'm':
		env->buffer = optvalue_buffer(state, arg);
		return 0;
	case 'I':
		env->input = arg;
		return 0;
	case OPT_TIMEOUT:
		env->timeout = optvalue_number(state, "timeout", arg);
		return 0;
	case OPT_STRICT:
		env->strict = true;
		return 0;
	case OPT_STATE:
		env->state = true;
		return 0;
	case OPT_INFO:
		env->info = true;
		return 0;
	case 'h':
		fputs(help, stdout);
		exit(TOOL_OK);
	case 'V':
		puts(argp_program_version);
		exit(TOOL_OK);
	case ARGP_KEY_ARG:
		/* The command and all that follows are its own. */
		env->cmd = &state->argv[state->next - 1];
		state->next = state->argc;
		return 0;
	case ARGP_KEY_END:
		check(state, env);
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

void options_parse(struct env *env, int argc, char **argv)
{
	static const struct argp argp = {
		.options = opts,
		.parser = parse_opt,
		.args_doc = "[-- CMD ARG...]",
	};
	bool record = argc > 1 && !strcmp(argv[1], "record");

	env->filters.set.ops = OPS_DEFAULT;
	env->filters.ioas = -1;
	env->filters.sample = 1;
	env->buffer = BUFFER_BYTES;
	argp_err_exit_status = TOOL_USAGE;
	if (record) {
		env->format = FORMAT_BIN;
		env->state = true;
		argv[1] = argv[0];
		argc--;
		argv++;
	}
	argp_parse(&argp, argc, argv, ARGP_IN_ORDER | ARGP_NO_HELP, NULL, env);
	env->lines = env->both || !(env->summary || env->hist);
	if (!record || env->info)
		return;
	if (!env->filters.set.given)
		env->filters.set.ops = OPS_RECORD;
	if (env->format != FORMAT_BIN || !env->output) {
		fprintf(stderr, "%s: record needs -o FILE, and no other format\n", argv[0]);
		exit(TOOL_USAGE);
	}
}
