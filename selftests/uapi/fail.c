// SPDX-License-Identifier: GPL-2.0-only
/*
 * fail.c - a failed operation leaves everything as it was
 *
 * Owns: the command line, the walk over the allocations of an operation, and
 * what holds after every test: no page is pinned. iommufd_mock.ko must be
 * loaded, and the kernel one that can let allocations fail: the debug kernel.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "fail.h"
#include "pci.h"

const char *dut;

/* More than any operation needs; a walk that does not end is a failure. */
#define MOST 3000

static int nth_fd = -1;

bool can_fail(void)
{
	return !access("/proc/self/fail-nth", W_OK);
}

static void write_nth(unsigned int nth)
{
	char text[16];
	int n = snprintf(text, sizeof(text), "%u", nth);

	/* What is left of a count may hit the write itself, once. */
	if (pwrite(nth_fd, text, n, 0) != n && pwrite(nth_fd, text, n, 0) != n)
		FAIL("cannot write fail-nth");
}

void fail_begin(unsigned int nth)
{
	/* Of this thread; a forked one has another. */
	nth_fd = CHECK_FD(open("/proc/thread-self/fail-nth",
			       O_RDWR | O_CLOEXEC));
	write_nth(nth);
}

unsigned int fail_end(void)
{
	char text[16] = "";
	unsigned int left;

	/* As above: then nothing was read, and it was not used up before. */
	if (pread(nth_fd, text, sizeof(text) - 1, 0) <= 0)
		left = 1;
	else
		left = strtoul(text, NULL, 10);
	write_nth(0);
	close(nth_fd);
	return left;
}

static int run_nth(struct scene *s, const struct op *op, unsigned int nth,
		   unsigned int *left)
{
	int ret;

	if (op->run_nth)
		return op->run_nth(s, nth, left);
	if (nth)
		fail_begin(nth);
	ret = op->run(s);
	*left = nth ? fail_end() : 1;
	return ret;
}

static void expect_same(const struct scene *s, const struct state *want,
			const char *when, unsigned int nth, int ret)
{
	struct state now = state_of(s);
	const char *what = state_differs(s, want, &now);

	if (what)
		FAIL("%s (allocation %u, %s): %s is not as it was", when, nth,
		     errno_name(ret), what);
}

/* It failed, or says so. */
static void after_failure(struct scene *s, const struct op *op,
			  const struct state *before, unsigned int nth,
			  unsigned int left, int ret)
{
	struct state now = state_of(s);

	if (left)
		FAIL("%s, though no allocation failed", errno_name(ret));
	if (ret != -ENOMEM && ret != -EFAULT && ret != op->may_say)
		FAIL("%s for allocation %u", errno_name(ret), nth);
	if (op->answers_late && ret == -EFAULT &&
	    state_differs(s, before, &now))
		op->undo(s);
	expect_same(s, before, "after a failure", nth, ret);
}

/* Nothing fails: does it do what can be seen, and can it be undone? */
static void rehearse(struct scene *s, const struct op *op,
		     const struct state *before)
{
	struct state now;
	unsigned int left;

	CHECK_OK(run_nth(s, op, 0, &left));
	now = state_of(s);
	if (!state_differs(s, before, &now))
		FAIL("it did nothing that can be seen");
	op->undo(s);
	expect_same(s, before, "undone", 0, 0);
}

void walk(struct scene *s, const struct op *op)
{
	unsigned int nth, left, failures = 0;
	struct state before = state_of(s);
	int ret;

	rehearse(s, op, &before);
	if (!can_fail())
		test_skip("this kernel cannot let allocations fail");
	for (nth = 1; ; nth++) {
		if (nth > MOST)
			FAIL("more than %u allocations", MOST);
		ret = run_nth(s, op, nth, &left);
		if (ret) {
			after_failure(s, op, &before, nth, left, ret);
			failures++;
			continue;
		}
		op->undo(s);
		expect_same(s, &before, "undone", nth, ret);
		if (left)
			break;
	}
	test_note("%u of %u failures failed it", failures, nth - 1);
	CHECK(failures > 0);
}

static void set(const char *dir, const char *name, const char *value)
{
	char path[96];
	int fd;

	snprintf(path, sizeof(path), "/sys/kernel/debug/%s/%s", dir, name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	/* Not every kind has every knob. */
	if (fd < 0)
		return;
	if (write(fd, value, strlen(value)) < 0)
		perror(path);
	close(fd);
}

/* Of any kind, whatever it is for; and nothing to print about. */
static void prepare(void)
{
	static const char *const dirs[] = {
		"failslab", "fail_page_alloc", "fail_usercopy",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(dirs); i++) {
		set(dirs[i], "verbose", "0");
		set(dirs[i], "ignore-gfp-wait", "N");
		set(dirs[i], "ignore-gfp-highmem", "N");
		set(dirs[i], "min-order", "0");
	}
}

/* The rest has been tested without them. */
static bool has_viommus(void)
{
	struct iommu_viommu_alloc cmd = {
		.size = sizeof(cmd), .type = IOMMU_VIOMMU_TYPE_SELFTEST,
	};
	int fd = iommufd_open();
	int ret = xioctl(fd, IOMMU_VIOMMU_ALLOC, &cmd);

	close(fd);
	return ret != -EOPNOTSUPP;
}

static void usage(FILE *to)
{
	fputs("usage: uapi_fail [-t TEXT] [ADDRESS]\n"
	      "Let allocations of operations fail, on the mock IOMMU and with the PCI device at\n"
	      "ADDRESS, which vfio-pci holds; with virtual IOMMUs (with-viommu) only of those.\n"
	      "\n"
	      "  -t TEXT   only the tests whose name contains TEXT\n", to);
}

int main(int argc, char **argv)
{
	static const struct test_table *const tables[] = {
		&fail_map_table, &fail_attach_table, &fail_dirty_table,
	};
	static const struct test_table *const viommu_tables[] = {
		&fail_viommu_table,
	};
	const struct test_table *const *table = tables;
	size_t n = ARRAY_SIZE(tables);
	struct test_suite suite = { .name = "fail", .after = pins_left };
	const char *only = NULL;
	size_t i;
	int opt;

	while ((opt = getopt(argc, argv, "t:h")) != -1) {
		switch (opt) {
		case 't':
			only = optarg;
			break;
		case 'h':
			usage(stdout);
			return 0;
		default:
			usage(stderr);
			return 2;
		}
	}
	if (optind < argc - 1) {
		usage(stderr);
		return 2;
	}
	dut = argv[optind];
	if ((dut && !pci_bdf_valid(dut)) || !mock_is_there() || !pins_init()) {
		fputs("uapi_fail: iommufd_mock.ko is not loaded, or no such device; see run-uapi\n",
		      stderr);
		return 2;
	}
	prepare();
	if (has_viommus()) {
		table = viommu_tables;
		n = ARRAY_SIZE(viommu_tables);
	}
	for (i = 0; i < n; i++) {
		suite.tests = table[i]->tests;
		suite.count = table[i]->count;
		test_run(&suite, only);
	}
	return test_summary();
}
