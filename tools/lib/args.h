/* SPDX-License-Identifier: GPL-2.0-only */
/* Arguments that both viewers take, and complain about in the same words. */
#ifndef TOOL_ARGS_H
#define TOOL_ARGS_H

#include <argp.h>
#include <sys/types.h>

#define MAX_PIDS 256

/* The processes that -p names; none: every process. */
struct pid_list {
	pid_t pids[MAX_PIDS];
	unsigned int nr;
};

/* Each ends the program with a message and status 2 if @arg is not one. */
void args_pids(struct argp_state *state, struct pid_list *list, const char *arg);
long args_count(struct argp_state *state, const char *what, const char *arg);

#endif
