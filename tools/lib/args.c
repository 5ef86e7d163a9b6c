// SPDX-License-Identifier: GPL-2.0-only
/* Arguments that both viewers take. */
#include <errno.h>
#include <pwd.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

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

static uid_t find_user(struct argp_state *state, const char *name)
{
	struct passwd *pw = getpwnam(name);
	char *end;
	unsigned long uid;

	if (pw)
		return pw->pw_uid;
	errno = 0;
	uid = strtoul(name, &end, 10);
	if (errno || end == name || *end || *name == '-' || uid > UINT32_MAX)
		argp_error(state, "no user '%s'", name);
	return uid;
}

void args_users(struct argp_state *state, struct uid_list *list, const char *arg)
{
	char *copy = strdup(arg), *rest = copy, *name;

	while (rest) {
		name = strsep(&rest, ",");
		if (list->nr == MAX_PIDS)
			argp_error(state, "more than %d users", MAX_PIDS);
		list->uids[list->nr++] = find_user(state, name);
	}
	free(copy);
}

bool args_has_pid(const struct pid_list *list, pid_t pid)
{
	unsigned int i;

	for (i = 0; i < list->nr; i++) {
		if (list->pids[i] == pid)
			return true;
	}
	return !list->nr;
}

bool args_has_uid(const struct uid_list *list, uid_t uid)
{
	unsigned int i;

	for (i = 0; i < list->nr; i++) {
		if (list->uids[i] == uid)
			return true;
	}
	return !list->nr;
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

int64_t args_ioas(struct argp_state *state, const char *arg)
{
	unsigned long id;
	char *end;

	errno = 0;
	id = strtoul(arg, &end, 0);
	if (errno || end == arg || *end || *arg == '-' || id > UINT32_MAX)
		argp_error(state, "bad IOAS '%s': its id", arg);
	return id;
}
