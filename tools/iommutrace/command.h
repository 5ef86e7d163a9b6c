/* SPDX-License-Identifier: GPL-2.0-only */
/* Runs the command that is to be traced. */
#ifndef COMMAND_H
#define COMMAND_H

#include <stdbool.h>
#include <sys/types.h>

struct command {
	pid_t pid; /* 0: none, or it has been waited for */
	int pidfd; /* readable when it has ended */
	int go; /* pipe to the child, which waits before it runs the program */
	int result; /* pipe from the child: an errno if that failed */
};

/** command_fork() - make the child, which waits; 0 or a negative errno */
int command_fork(struct command *cmd, char **argv);

/**
 * command_go() - let the child run its program
 *
 * Return: 0, or a negative errno if it could not be run.
 */
int command_go(struct command *cmd);

/** command_wait() - wait for its end; its exit status as a shell gives it */
int command_wait(struct command *cmd);

/** command_abandon() - kill and reap it, if there is one */
void command_abandon(struct command *cmd);

#endif
