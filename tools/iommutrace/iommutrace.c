// SPDX-License-Identifier: GPL-2.0-only
/* iommutrace: what is done through /dev/iommu, as it happens. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "command.h"
#include "fmt.h"
#include "iommutrace.skel.h"
#include "options.h"
#include "print.h"
#include "source.h"
#include "tool.h"

#define BUFFER_BYTES (8 << 20)
/* Loss is looked for this often when nothing else happens. */
#define IDLE_MS 200

struct tracer {
	struct env env;
	struct iommutrace_bpf *skel;
	struct ring_buffer *ring;
	struct printer printer;
	struct command cmd;
	int sigfd;
	long printed;
	uint64_t lost; /* reported so far */
	bool stop;
	int exit_code;
};

static int on_event(void *ctx, void *data, size_t size)
{
	struct tracer *t = ctx;
	int rc;

	if (size < sizeof(struct op_event))
		return -EPROTO;
	rc = print_event(&t->printer, data);
	if (rc)
		return rc;
	if (t->env.count && ++t->printed >= t->env.count) {
		t->stop = true;
		return -ECANCELED;
	}
	return 0;
}

static int add_pid(struct tracer *t, __s32 pid)
{
	__u8 one = 1;

	return bpf_map__update_elem(t->skel->maps.pids, &pid, sizeof(pid), &one, sizeof(one),
				    BPF_ANY);
}

static int load(struct tracer *t)
{
	const struct env *env = &t->env;
	unsigned int i;
	int rc;

	t->skel = iommutrace_bpf__open();
	if (!t->skel)
		return -errno;
	t->skel->rodata->want_ops = env->ops;
	t->skel->rodata->only_failed = env->only_failed;
	t->skel->rodata->only_good = env->only_good;
	t->skel->rodata->min_duration_ns = env->min_duration_ns;
	t->skel->rodata->by_pid = env->pids.nr || env->cmd;
	t->skel->rodata->follow_forks = env->cmd;
	bpf_map__set_max_entries(t->skel->maps.events, BUFFER_BYTES);
	if (!env->cmd) {
		bpf_program__set_autoload(t->skel->progs.on_fork, false);
		bpf_program__set_autoload(t->skel->progs.on_exit, false);
	}
	rc = iommutrace_bpf__load(t->skel);
	if (rc)
		return rc;
	for (i = 0; i < env->pids.nr; i++) {
		rc = add_pid(t, env->pids.pids[i]);
		if (rc)
			return rc;
	}
	t->ring = ring_buffer__new(bpf_map__fd(t->skel->maps.events), on_event, t, NULL);
	if (!t->ring)
		return -errno;
	return iommutrace_bpf__attach(t->skel);
}

static void complain_and_stop(struct tracer *t, const char *what, int err)
{
	complain("%s: %s", what, strerror(-err));
	t->exit_code = TOOL_RUNTIME;
	t->stop = true;
}

/* Print what is in the ring buffer, then what found no room in it. */
static void drain(struct tracer *t)
{
	uint64_t lost;
	int rc = ring_buffer__consume(t->ring);

	if (rc < 0 && rc != -ECANCELED)
		complain_and_stop(t, "cannot print", rc);
	lost = t->skel->bss->nr_lost;
	if (lost > t->lost) {
		print_lost(&t->printer, lost - t->lost);
		t->lost = lost;
	}
	rc = tool_flush(t->printer.out);
	if (rc < 0)
		t->exit_code = TOOL_RUNTIME;
	if (rc)
		t->stop = true;
}

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
		{ .fd = ring_buffer__epoll_fd(t->ring), .events = POLLIN },
		{ .fd = t->sigfd, .events = POLLIN },
		{ .fd = t->cmd.pid ? t->cmd.pidfd : -1, .events = POLLIN },
	};
	int ms;

	while (!t->stop) {
		ms = sleep_ms(&t->env, end_ns);
		if (!ms)
			break;
		if (poll(fds, ARRAY_SIZE(fds), ms) < 0 && errno != EINTR) {
			complain_and_stop(t, "cannot wait", -errno);
			break;
		}
		if (fds[1].revents)
			on_signal(t);
		drain(t);
		if (fds[2].revents)
			break;
	}
	/* What came between the last look and the end. */
	if (!t->stop)
		drain(t);
}

static int init_signals(struct tracer *t)
{
	t->sigfd = tool_signalfd();
	return t->sigfd < 0 ? -errno : 0;
}

static int open_output(struct tracer *t)
{
	t->printer.env = &t->env;
	t->printer.out = stdout;
	t->printer.real_offset_ns = clock_real_ns() - clock_mono_ns();
	if (!t->env.output)
		return 0;
	t->printer.out = fopen(t->env.output, "we");
	if (t->printer.out)
		return 0;
	complain("cannot write '%s': %s", t->env.output, strerror(errno));
	return TOOL_RUNTIME;
}

/* The command's process is known to the filter before its program begins. */
static int start_command(struct tracer *t)
{
	int rc = command_fork(&t->cmd, t->env.cmd);

	if (!rc)
		rc = add_pid(t, t->cmd.pid);
	if (!rc)
		rc = command_go(&t->cmd);
	if (!rc)
		return 0;
	complain("cannot run '%s': %s", t->env.cmd[0], strerror(-rc));
	command_abandon(&t->cmd);
	return rc == -ENOENT ? 127 : 126;
}

static int trace(struct tracer *t)
{
	int rc;

	rc = load(t);
	if (rc)
		return tool_libbpf_failed("iommutrace's BPF programs", rc);
	if (t->env.cmd) {
		rc = start_command(t);
		if (rc)
			return rc;
	} else {
		complain("tracing");
	}
	loop(t);
	/* Also when --count or --timeout ended it first: it runs on untraced. */
	iommutrace_bpf__detach(t->skel);
	if (t->cmd.pid) {
		rc = command_wait(&t->cmd);
		if (!t->exit_code)
			t->exit_code = rc;
	}
	return t->exit_code;
}

static int check(const struct tracer *t)
{
	struct source src;
	int rc;

	source_probe(&src);
	rc = source_check(&src, false);
	if (rc)
		return rc;
	if ((t->env.pids.nr || t->env.cmd) && !source_host_pids()) {
		complain("processes have other numbers in this PID namespace than in the kernel; run it on the host, without -p or a command in a container");
		return TOOL_RUNTIME;
	}
	return 0;
}

int main(int argc, char **argv)
{
	static struct tracer t;
	struct source src;
	int rc;

	options_parse(&t.env, argc, argv);
	if (t.env.info) {
		source_probe(&src);
		source_info(&src, false, stdout);
		return tool_flush(stdout) < 0 ? TOOL_RUNTIME : TOOL_OK;
	}
	rc = check(&t);
	if (!rc)
		rc = open_output(&t);
	if (rc)
		return rc;
	rc = init_signals(&t);
	if (rc) {
		complain("cannot set up signals: %s", strerror(-rc));
		return TOOL_RUNTIME;
	}
	tool_libbpf_quiet();
	rc = trace(&t);
	ring_buffer__free(t.ring);
	iommutrace_bpf__destroy(t.skel);
	return rc;
}
