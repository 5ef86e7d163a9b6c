// SPDX-License-Identifier: GPL-2.0-only
/*
 * test.c - runs tests, each in a process, and reports them
 *
 * Owns: the processes of the tests, the pipe on which a test says how it went,
 * the counts. A test that says nothing on the pipe has failed, whatever its
 * exit status is.
 */
#define _GNU_SOURCE
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "test.h"

#define DEFAULT_TIMEOUT 60

enum verdict {
	VERDICT_NONE = 0,	/* nothing was said: it crashed or left early */
	VERDICT_OK,
	VERDICT_FAIL,
	VERDICT_SKIP,
};

/* Below PIPE_BUF, so that one write arrives whole or not at all. */
struct report {
	enum verdict verdict;
	char why[512];
};

static int report_fd = -1;
static unsigned int passed, failed, skipped;

const char *errno_name(long ret)
{
	static char buf[4][32];
	static unsigned int next;
	const char *name;
	char *out;

	if (ret == 0)
		return "success";
	name = ret < 0 && ret > -4096 ? strerrorname_np(-ret) : NULL;
	if (name)
		return name;
	out = buf[next++ % ARRAY_SIZE(buf)];
	snprintf(out, sizeof(buf[0]), "%ld", ret);
	return out;
}

unsigned int test_slow(void)
{
	const char *text = getenv("IOMMUFD_BPF_SLOW");
	unsigned long slow = text ? strtoul(text, NULL, 10) : 1;

	return slow >= 1 && slow <= 1000 ? slow : 1;
}

/* Tell the parent and end. Outside a test there are only people to tell. */
static void __attribute__((noreturn)) finish(const struct report *report)
{
	fflush(stdout);
	if (report_fd < 0) {
		fprintf(stderr, "%s\n", report->why);
		exit(1);
	}
	if (write(report_fd, report, sizeof(*report)) != sizeof(*report))
		_exit(3);
	_exit(0);
}

void test_fail(const char *file, int line, const char *fmt, ...)
{
	struct report report = { .verdict = VERDICT_FAIL };
	const char *base = strrchr(file, '/');
	va_list ap;
	int n;

	n = snprintf(report.why, sizeof(report.why), "%.64s:%d: ",
		     base ? base + 1 : file, line);
	va_start(ap, fmt);
	vsnprintf(report.why + n, sizeof(report.why) - n, fmt, ap);
	va_end(ap);
	finish(&report);
}

void test_skip(const char *fmt, ...)
{
	struct report report = { .verdict = VERDICT_SKIP };
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(report.why, sizeof(report.why), fmt, ap);
	va_end(ap);
	finish(&report);
}

void test_note(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs("# ", stdout);
	vprintf(fmt, ap);
	putchar('\n');
	va_end(ap);
	fflush(stdout);
}

static void __attribute__((noreturn))
run_in_child(const struct test_suite *suite, const struct test *test, int fd)
{
	struct report report = { .verdict = VERDICT_OK };

	setpgid(0, 0);
	report_fd = fd;
	if (suite->before)
		suite->before();
	test->run();
	finish(&report);
}

/* The child's report; VERDICT_NONE with a reason when there is none. */
static void wait_report(pid_t pid, int fd, unsigned int timeout,
			struct report *report)
{
	int pidfd = syscall(SYS_pidfd_open, pid, 0);
	struct pollfd fds[] = {
		{ .fd = fd, .events = POLLIN },
		{ .fd = pidfd, .events = POLLIN },
	};
	int status;
	int n;

	do {
		n = poll(fds, ARRAY_SIZE(fds), timeout * 1000);
	} while (n < 0 && errno == EINTR);
	if (n <= 0)
		kill(-pid, SIGKILL);
	/* What the test forked and forgot must not outlive it. */
	if (waitpid(pid, &status, 0) != pid)
		status = 0;
	kill(-pid, SIGKILL);
	if (pidfd >= 0)
		close(pidfd);

	/* The pipe may hold a report even if the child was seen to end first. */
	fds[0].revents = 0;
	if (poll(fds, 1, 0) == 1 &&
	    read(fd, report, sizeof(*report)) == sizeof(*report))
		return;

	report->verdict = VERDICT_NONE;
	if (n <= 0)
		snprintf(report->why, sizeof(report->why),
			 "no result after %u seconds", timeout);
	else if (WIFSIGNALED(status))
		snprintf(report->why, sizeof(report->why), "killed by SIG%s",
			 sigabbrev_np(WTERMSIG(status)) ?: "?");
	else
		snprintf(report->why, sizeof(report->why),
			 "ended with status %d without a result",
			 WEXITSTATUS(status));
}

static void print_result(const struct test_suite *suite,
			 const struct test *test, const struct report *report)
{
	switch (report->verdict) {
	case VERDICT_OK:
		passed++;
		printf("ok %s/%s\n", suite->name, test->name);
		break;
	case VERDICT_SKIP:
		skipped++;
		printf("ok %s/%s # SKIP %s\n", suite->name, test->name,
		       report->why);
		break;
	default:
		failed++;
		printf("not ok %s/%s - %s\n", suite->name, test->name,
		       report->why);
		break;
	}
	fflush(stdout);
}

static long long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000LL + ts.tv_nsec / 1000000;
}

/* Where the time goes, when it is long enough to be asked for. */
static void note_time(const struct test_suite *suite, const struct test *test,
		      long long begin)
{
	long long ms = now_ms() - begin;

	if (ms >= 2000)
		test_note("%s/%s took %lld ms", suite->name, test->name, ms);
}

static void run_one(const struct test_suite *suite, const struct test *test)
{
	unsigned int timeout = (test->timeout ?: DEFAULT_TIMEOUT) * test_slow();
	struct report report = { 0 };
	long long begin = now_ms();
	const char *why;
	int fds[2];
	pid_t pid;

	fflush(NULL);
	if (pipe(fds) < 0) {
		perror("pipe");
		exit(1);
	}
	pid = fork();
	if (pid < 0) {
		perror("fork");
		exit(1);
	}
	if (pid == 0) {
		close(fds[0]);
		run_in_child(suite, test, fds[1]);
	}
	/* Both sides do it, so that neither can be too late. */
	setpgid(pid, pid);
	close(fds[1]);
	wait_report(pid, fds[0], timeout, &report);
	close(fds[0]);

	why = suite->after ? suite->after() : NULL;
	if (why && report.verdict != VERDICT_FAIL &&
	    report.verdict != VERDICT_NONE) {
		report.verdict = VERDICT_FAIL;
		snprintf(report.why, sizeof(report.why), "afterwards: %s", why);
	}
	print_result(suite, test, &report);
	note_time(suite, test, begin);
}

void test_run(const struct test_suite *suite, const char *only)
{
	size_t i;

	for (i = 0; i < suite->count; i++)
		if (!only || strstr(suite->tests[i].name, only))
			run_one(suite, &suite->tests[i]);
}

void test_run_tables(const struct test_suite *suite,
		     const struct test_table *const *tables, size_t n,
		     const char *only)
{
	struct test_suite one = *suite;
	size_t i;

	for (i = 0; i < n; i++) {
		one.tests = tables[i]->tests;
		one.count = tables[i]->count;
		test_run(&one, only);
	}
}

const char *test_options(int argc, char **argv, void (*usage)(FILE *to))
{
	const char *only = NULL;
	int opt;

	while ((opt = getopt(argc, argv, "t:h")) != -1) {
		switch (opt) {
		case 't':
			only = optarg;
			break;
		case 'h':
			usage(stdout);
			exit(0);
		default:
			usage(stderr);
			exit(2);
		}
	}
	return only;
}

int test_summary(void)
{
	printf("# %u passed, %u failed, %u skipped\n", passed, failed, skipped);
	fflush(stdout);
	if (failed)
		return 1;
	return passed + skipped ? 0 : 2;
}
