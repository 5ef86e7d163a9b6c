// SPDX-License-Identifier: GPL-2.0-only
/* iommutop: who maps and pins what, through /dev/iommu and VFIO type1, now. */
#include <errno.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "bars.h"
#include "collect.h"
#include "fmt.h"
#include "offers.h"
#include "options.h"
#include "output.h"
#include "record.h"
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

/* Return: -1 to go on, or the exit code. */
static int show(const struct env *env, const struct source *src, struct feed *feed,
		struct output *out, struct recorder *rec)
{
	struct snap snap;
	int rc;

	rc = feed_next(feed, env, &snap);
	if (rc == FEED_END)
		return TOOL_OK;
	if (rc) {
		complain("cannot read the state of the kernel: %s", strerror(-rc));
		return TOOL_RUNTIME;
	}
	if (rec)
		rc = record_write(rec, &snap);
	if (!rc && !rec)
		rc = output_print(out, env, feed_source(feed, src), &snap);
	snap_free(&snap);
	if (rc < 0)
		return TOOL_RUNTIME;
	return rc ? TOOL_OK : -1;
}

static int batch_loop(const struct env *env, const struct source *src, struct feed *feed,
		      int sigfd)
{
	struct recorder *rec = NULL;
	struct output *out = NULL;
	long shown = 0;
	int rc = -1;

	if (env->record)
		rec = record_open(env->record, src);
	else
		out = output_open(env);
	if (!rec && !out)
		return TOOL_RUNTIME;
	while (rc < 0) {
		rc = show(env, src, feed, out, rec);
		if (rc < 0 && env->count && ++shown >= env->count)
			rc = TOOL_OK;
		/* What was recorded is shown as it comes. */
		if (rc < 0 && !env->input && wait_or_stop(sigfd, env->delay))
			rc = TOOL_OK;
	}
	if (rec && record_close(rec))
		rc = TOOL_RUNTIME;
	output_close(out);
	return rc;
}

/*
 * Ctrl-C ends it between two tables, never in the middle of one; and while
 * programs are loaded, when they are.
 */
static void hold_signals(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGHUP);
	sigprocmask(SIG_BLOCK, set, NULL);
}

static int batch_run(const struct env *env, const struct source *src, struct feed *feed)
{
	sigset_t set;
	int sigfd, rc;

	hold_signals(&set);
	sigfd = signalfd(-1, &set, SFD_CLOEXEC);
	if (sigfd < 0) {
		complain("cannot set up signals: %s", strerror(errno));
		return TOOL_RUNTIME;
	}
	rc = batch_loop(env, src, feed, sigfd);
	close(sigfd);
	return rc;
}

static int open_feed(const struct env *env, const struct source *src, struct feed *feed)
{
	int rc;

	memset(feed, 0, sizeof(*feed));
	if (env->input)
		return feed_open_file(feed, env->input);
	rc = source_check(src, true);
	if (rc)
		return rc;
	tool_libbpf_quiet();
	/* One table has nothing to measure from: spare the kernel the hooks. */
	feed->collector = collect_open(src, !env->once, &rc);
	if (feed->collector && tool_drop_caps(env->output || env->record ? TOOL_KEEP_FILES : 0)) {
		feed_close(feed);
		rc = TOOL_RUNTIME;
	}
	return rc;
}

int main(int argc, char **argv)
{
	struct env env = {};
	struct source src;
	struct feed feed;
	sigset_t set;
	int rc;

	signal(SIGPIPE, SIG_IGN);
	setlocale(LC_CTYPE, "");
	options_parse(&env, argc, argv);
	bars_ascii = env.ascii;
	source_probe(&src, true);
	if (env.info) {
		source_info(&src, true, stdout);
		if (src.iommufd) {
			puts("what it tells of");
			offers_info(stdout);
		}
		return tool_flush(stdout) < 0 ? TOOL_RUNTIME : TOOL_OK;
	}
	if (!env.batch && !screen_possible(&rc))
		return rc;
	hold_signals(&set);
	rc = open_feed(&env, &src, &feed);
	if (rc)
		return rc;
	if (env.batch)
		rc = batch_run(&env, &src, &feed);
	else
		rc = screen_run(&env, &src, &feed);
	feed_close(&feed);
	return rc;
}
