// SPDX-License-Identifier: GPL-2.0-only
/* iommutop: who maps and pins what through /dev/iommu, now. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <poll.h>
#include <unistd.h>

#include "collect.h"
#include "fmt.h"
#include "options.h"
#include "report.h"
#include "screen.h"
#include "source.h"
#include "tool.h"

/* Wait for the next refresh; true if a signal came that ends the program. */
static bool wait_or_stop(int sigfd, double seconds)
{
	uint64_t now = clock_mono_ns(), end = now + seconds * 1e9;
	struct pollfd pfd = { .fd = sigfd, .events = POLLIN };

	while (now < end) {
		if (poll(&pfd, 1, (end - now + 999999) / 1000000) > 0)
			return true;
		now = clock_mono_ns();
	}
	return false;
}

static int batch_loop(const struct env *env, const struct source *src, struct collector *c,
		      int sigfd)
{
	struct snap snap;
	long shown = 0;
	int rc;

	for (;;) {
		rc = collect_snap(c, env, &snap);
		if (rc) {
			complain("cannot read the module's state: %s", strerror(-rc));
			return TOOL_RUNTIME;
		}
		if (shown++ && env->format == FORMAT_TABLE)
			putchar('\n');
		rc = report_print(env, src, &snap);
		snap_free(&snap);
		if (rc) {
			complain("cannot print: %s", strerror(-rc));
			return TOOL_RUNTIME;
		}
		rc = tool_flush(stdout);
		if (rc)
			return rc < 0 ? TOOL_RUNTIME : TOOL_OK;
		if (env->count && shown >= env->count)
			return TOOL_OK;
		if (wait_or_stop(sigfd, env->delay))
			return TOOL_OK;
	}
}

static int batch_run(const struct env *env, const struct source *src, struct collector *c)
{
	sigset_t set;
	int sigfd, rc;

	/* Ctrl-C ends it between two tables, never in the middle of one. */
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	sigfd = signalfd(-1, &set, SFD_CLOEXEC);
	if (sigfd < 0) {
		complain("cannot set up signals: %s", strerror(errno));
		return TOOL_RUNTIME;
	}
	rc = batch_loop(env, src, c, sigfd);
	close(sigfd);
	return rc;
}

int main(int argc, char **argv)
{
	struct env env = {};
	struct collector *c;
	struct source src;
	int rc;

	signal(SIGPIPE, SIG_IGN);
	options_parse(&env, argc, argv);
	source_probe(&src);
	if (env.info) {
		source_info(&src, stdout);
		return tool_flush(stdout) < 0 ? TOOL_RUNTIME : TOOL_OK;
	}
	rc = source_check(&src);
	if (rc)
		return rc;
	tool_libbpf_quiet();
	/* One table has nothing to measure from: spare the kernel the hooks. */
	c = collect_open(!env.once, &rc);
	if (!c)
		return rc;
	if (env.batch)
		rc = batch_run(&env, &src, c);
	else
		rc = screen_run(&env, &src, c);
	collect_close(c);
	return rc;
}
