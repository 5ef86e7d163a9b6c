// SPDX-License-Identifier: GPL-2.0-only
/* Arguments that both viewers take. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#include "args.h"

void args_pids(struct argp_state *state, struct pid_list *list, const char *arg)
{
	const char *p = arg;
	char *end;
	long pid;

	for (;;) {
		errno = 0;
		pid = strtol(p, &end, 10);
		if (errno || end == p || (*end && *end != ',') || pid < 1 || pid > INT32_MAX)
			argp_error(state, "bad list of processes '%s': PID,PID…", arg);
		if (list->nr == MAX_PIDS)
			argp_error(state, "more than %d processes", MAX_PIDS);
		list->pids[list->nr++] = pid;
		if (!*end)
			return;
		p = end + 1;
	}
}

long args_count(struct argp_state *state, const char *what, const char *arg)
{
	char *end;
	long n;

	errno = 0;
	n = strtol(arg, &end, 10);
	if (errno || end == arg || *end || n < 1)
		argp_error(state, "bad %s '%s': a number from 1", what, arg);
	return n;
}
