// SPDX-License-Identifier: GPL-2.0-only
/* Runs the command that is to be traced. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "command.h"

static void child(const struct command *cmd, int go, int result, char **argv)
{
	sigset_t none;
	char byte;
	int err;

	close(cmd->go);
	close(cmd->result);
	/* Nobody told it to go on: the tracer is gone. */
	if (read(go, &byte, 1) != 1)
		_exit(1);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	execvp(argv[0], argv);
	err = errno;
	if (write(result, &err, sizeof(err)) != sizeof(err))
		_exit(126);
	_exit(127);
}

int command_fork(struct command *cmd, char **argv)
{
	int go[2], result[2], rc;

	if (pipe2(go, O_CLOEXEC))
		return -errno;
	if (pipe2(result, O_CLOEXEC)) {
		rc = -errno;
		goto close_go;
	}
	cmd->go = go[1];
	cmd->result = result[0];
	cmd->pid = fork();
	if (cmd->pid < 0) {
		rc = -errno;
		cmd->pid = 0;
		goto close_both;
	}
	if (!cmd->pid)
		child(cmd, go[0], result[1], argv);
	close(go[0]);
	close(result[1]);
	cmd->pidfd = syscall(SYS_pidfd_open, cmd->pid, 0);
	if (cmd->pidfd >= 0)
		return 0;
	rc = -errno;
	command_abandon(cmd);
	return rc;
close_both:
	close(result[0]);
	close(result[1]);
close_go:
	close(go[0]);
	close(go[1]);
	return rc;
}

int command_go(struct command *cmd)
{
	int err = 0;
	ssize_t got;

	if (write(cmd->go, "g", 1) != 1)
		return -errno;
	/* The pipe closes by itself when the program begins. */
	do {
		got = read(cmd->result, &err, sizeof(err));
	} while (got < 0 && errno == EINTR);
	return got == sizeof(err) ? -err : 0;
}

int command_wait(struct command *cmd)
{
	int status = 0;

	while (waitpid(cmd->pid, &status, 0) < 0) {
		if (errno != EINTR)
			return 1;
	}
	cmd->pid = 0;
	if (WIFSIGNALED(status))
		return 128 + WTERMSIG(status);
	return WEXITSTATUS(status);
}

void command_abandon(struct command *cmd)
{
	if (!cmd->pid)
		return;
	kill(cmd->pid, SIGKILL);
	command_wait(cmd);
}
