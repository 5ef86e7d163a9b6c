/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * test.h - the convention of our test programs
 *
 * Owns: how a test says how it went. One line per test on standard output:
 *
 *	ok NAME
 *	not ok NAME - why
 *	ok NAME # SKIP why
 *
 * and a last line with the figures; the exit status is 1 when a test failed
 * and 2 when none ran. Every test runs in a process of its own: what it opened
 * goes with it, and a crash, a hang or an early exit() is a failed test, never
 * a silent success.
 */
#ifndef SELFTESTS_LIB_TEST_H
#define SELFTESTS_LIB_TEST_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

struct test {
	const char *name;
	void (*run)(void);
	unsigned int timeout;	/* seconds, on the stock kernel; 0 means 60 */
};

/* The tests that one file has. */
struct test_table {
	const struct test *tests;
	size_t count;
};

/**
 * struct test_suite - tests that share what surrounds them
 * @name: first part of every test's name ("device/nvme")
 * @tests: the tests, run in this order
 * @count: how many
 * @before: called in the test's own process before it, or NULL
 * @after: called in the parent once the test's process is gone and reaped;
 *	   returns NULL, or why the test failed after all. May be NULL
 */
struct test_suite {
	const char *name;
	const struct test *tests;
	size_t count;
	void (*before)(void);
	const char *(*after)(void);
};

/*
 * test_run - run a suite
 * @only: when not NULL, run only the tests whose name contains it
 *
 * May be called for several suites; test_summary() counts them all.
 */
void test_run(const struct test_suite *suite, const char *only);

/*
 * test_run_tables - run all the tests of some files
 * @suite: what surrounds them; its tests are these
 * @n: how many tables
 * @only: as for test_run()
 */
void test_run_tables(const struct test_suite *suite,
		     const struct test_table *const *tables, size_t n,
		     const char *only);

/*
 * test_options - the options of a test program: -t TEXT, and -h for @usage
 *
 * What follows them is at argv[optind]. Does not return after -h, or an option
 * that there is not. Returns TEXT, for @only, or NULL.
 */
const char *test_options(int argc, char **argv, void (*usage)(FILE *to));

/*
 * How many times longer than on the stock kernel things may take here: 1, or
 * what the environment's IOMMUFD_BPF_SLOW says (the debug kernel's VM sets it).
 * Timeouts of tests are multiplied with it already.
 */
unsigned int test_slow(void);

/* Print the figures; returns the exit status of the program (0, 1 or 2). */
int test_summary(void);

/*
 * For the body of a test, in its process. Neither returns: the test's process
 * ends. A helper may call them from any depth.
 */
void test_fail(const char *file, int line, const char *fmt, ...)
	__attribute__((noreturn, format(printf, 3, 4)));
void test_skip(const char *fmt, ...)
	__attribute__((noreturn, format(printf, 1, 2)));

/* "# text" on standard output: a figure worth seeing beside the result. */
void test_note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/*
 * The name of a return value in our helpers' form: "EINVAL" for -EINVAL,
 * "success" for 0, a number otherwise. Valid until the fourth next call.
 */
const char *errno_name(long ret);

#define FAIL(...) test_fail(__FILE__, __LINE__, __VA_ARGS__)

#define CHECK(cond)							\
	do {								\
		if (!(cond))						\
			FAIL("%s is false", #cond);			\
	} while (0)

/* Integers; both are printed when they differ. */
#define CHECK_EQ(got, want)						\
	do {								\
		long long got_ = (long long)(got);			\
		long long want_ = (long long)(want);			\
									\
		if (got_ != want_)					\
			FAIL("%s is %lld (0x%llx), not %lld (0x%llx)",	\
			     #got, got_, got_, want_, want_);		\
	} while (0)

/* A helper that returns 0 or more, or -errno; @want is 0 or -ESOMETHING. */
#define CHECK_RET(call, want)						\
	do {								\
		long ret_ = (call);					\
		long want__ = (want);					\
									\
		if (ret_ != want__)					\
			FAIL("%s: %s, not %s", #call, errno_name(ret_),	\
			     errno_name(want__));			\
	} while (0)

#define CHECK_OK(call) CHECK_RET(call, 0)

/* A helper that returns a descriptor or another value >= 0; gives the value. */
#define CHECK_FD(call)							\
	({								\
		int fd_ = (call);					\
									\
		if (fd_ < 0)						\
			FAIL("%s: %s", #call, errno_name(fd_));		\
		fd_;							\
	})

#endif
