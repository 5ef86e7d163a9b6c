/* SPDX-License-Identifier: GPL-2.0-only */
/* Arguments that both viewers take, and complain about in the same words. */
#ifndef TOOL_ARGS_H
#define TOOL_ARGS_H

#include <argp.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define MAX_PIDS 256

/* The processes that -p names; none: every process. */
struct pid_list {
	pid_t pids[MAX_PIDS];
	unsigned int nr;
};

/* The users that -u names, likewise. */
struct uid_list {
	uid_t uids[MAX_PIDS];
	unsigned int nr;
};

/* Is it in the list, or the list empty? */
bool args_has_pid(const struct pid_list *list, pid_t pid);
bool args_has_uid(const struct uid_list *list, uid_t uid);

/* Each ends the program with a message and status 2 if @arg is not one. */
void args_pids(struct argp_state *state, struct pid_list *list, const char *arg);
void args_users(struct argp_state *state, struct uid_list *list, const char *arg);
int64_t args_ioas(struct argp_state *state, const char *arg);
long args_count(struct argp_state *state, const char *what, const char *arg);

#endif
