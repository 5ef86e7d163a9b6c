// SPDX-License-Identifier: GPL-2.0-only
/* iommutrace: what is done through /dev/iommu and VFIO, as it happens. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "command.h"
#include "fmt.h"
#include "live.h"
#include "options.h"
#include "replay.h"
#include "sink.h"
#include "source.h"
#include "tool.h"

/* What has come is shown at least this often. */
#define IDLE_MS 100

struct tracer {
	struct env env;
	struct source src;
	struct sink sink;
	struct live *live;
	struct command cmd;
	int sigfd;
	bool stop;
};

static void on_signal(struct tracer *t)
{
	struct signalfd_siginfo info;

	if (read(t->sigfd, &info, sizeof(info)) != sizeof(info))
		return;
	if (!t->cmd.pid) {
		t->stop = true;
		return;
	}
	/* Ctrl-C reaches the command from the terminal; what only we got, we hand on. */
	if (info.ssi_code == SI_USER)
		kill(t->cmd.pid, info.ssi_signo);
}

/* How long to sleep at most, in milliseconds; 0: the time is up. */
static int sleep_ms(const struct env *env, uint64_t end_ns)
{
	uint64_t now = clock_mono_ns();

	if (!env->timeout)
		return IDLE_MS;
	if (now >= end_ns)
		return 0;
	return end_ns - now < IDLE_MS * 1000000ULL ? (int)((end_ns - now + 999999) / 1000000) :
						      IDLE_MS;
}

static void loop(struct tracer *t)
{
	uint64_t end_ns = clock_mono_ns() + (uint64_t)(t->env.timeout * 1e9);
	struct pollfd fds[] = {
		{ .fd = live_fd(t->live), .events = POLLIN },
		{ .fd = t->sigfd, .events = POLLIN },
		{ .fd = t->cmd.pid ? t->cmd.pidfd : -1, .events = POLLIN },
	};
	int ms;

	while (!t->stop && !t->sink.stop) {
		ms = sleep_ms(&t->env, end_ns);
		if (!ms)
			break;
		if (poll(fds, ARRAY_SIZE(fds), ms) < 0 && errno != EINTR) {
			complain("cannot wait: %s", strerror(errno));
			t->sink.exit_code = TOOL_RUNTIME;
			break;
		}
		if (fds[1].revents)
			on_signal(t);
		live_drain(t->live);
		if (fds[2].revents)
			break;
	}
}

static int init_signals(struct tracer *t)
{
	t->sigfd = tool_signalfd();
	if (t->sigfd >= 0)
		return 0;
	complain("cannot set up signals: %s", strerror(errno));
	return TOOL_RUNTIME;
}

static int fork_command(struct tracer *t)
{
	int rc = command_fork(&t->cmd, t->env.cmd);

	if (!rc)
		rc = live_add_pid(t->live, t->cmd.pid);
	if (!rc)
		return 0;
	complain("cannot run '%s': %s", t->env.cmd[0], strerror(-rc));
	command_abandon(&t->cmd);
	return 126;
}

static int start_command(struct tracer *t)
{
	int rc = command_go(&t->cmd);

	if (!rc)
		return 0;
	complain("cannot run '%s': %s", t->env.cmd[0], strerror(-rc));
	command_abandon(&t->cmd);
	return rc == -ENOENT ? 127 : 126;
}

/*
 * The command's process is known to the filter before its program begins, and
 * made before we give up what it may need.
 */
static int start(struct tracer *t)
{
	int rc = t->env.cmd ? fork_command(t) : 0;

	if (rc)
		return rc;
	rc = live_state(t->live);
	if (rc)
		return rc;
	if (tool_drop_caps(t->env.cmd ? TOOL_KEEP_KILL : 0)) {
		command_abandon(&t->cmd);
		return TOOL_RUNTIME;
	}
	if (t->env.cmd)
		return start_command(t);
	complain("tracing");
	return 0;
}

static int trace(struct tracer *t)
{
	int rc, status = 0;

	t->live = live_open(&t->env, &t->src, &t->sink, &rc);
	if (!t->live)
		return rc;
	rc = start(t);
	if (!rc)
		loop(t);
	/* Also when --count or --timeout ended it first: it runs on untraced. */
	live_end(t->live);
	live_close(t->live);
	if (t->cmd.pid)
		status = command_wait(&t->cmd);
	if (rc) {
		sink_close(&t->sink, clock_mono_ns());
		return rc;
	}
	rc = sink_close(&t->sink, clock_mono_ns());
	return rc ? rc : status;
}

static int check(const struct tracer *t)
{
	int rc = source_check(&t->src, true);

	if (rc)
		return rc;
	if ((t->env.filters.pids.nr || t->env.cmd) && !source_host_pids()) {
		complain("processes have other numbers in this PID namespace than in the kernel; run it on the host, without -p or a command in a container");
		return TOOL_RUNTIME;
	}
	return 0;
}

int main(int argc, char **argv)
{
	static struct tracer t;
	int rc;

	signal(SIGPIPE, SIG_IGN);
	options_parse(&t.env, argc, argv);
	if (t.env.input)
		return replay(&t.env);
	source_probe(&t.src, t.env.info);
	if (t.env.info) {
		source_info(&t.src, true, stdout);
		return tool_flush(stdout) < 0 ? TOOL_RUNTIME : TOOL_OK;
	}
	rc = check(&t);
	if (!rc)
		rc = sink_open(&t.sink, &t.env, clock_real_ns() - clock_mono_ns());
	if (!rc)
		rc = init_signals(&t);
	if (rc)
		return rc;
	tool_libbpf_quiet();
	return trace(&t);
}
