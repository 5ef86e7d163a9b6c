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
#include <stdio.h>
#include <unistd.h>

#include "fail.h"
#include "inject.h"
#include "pci.h"

const char *dut;

/* More than any operation needs; a walk that does not end is a failure. */
#define MOST 3000

static int run_nth(struct scene *s, const struct op *op, unsigned int nth,
		   bool *hit)
{
	int armed, ret;

	if (op->run_nth)
		return op->run_nth(s, nth, hit);
	armed = nth ? CHECK_FD(inject_arm(nth)) : -1;
	ret = op->run(s);
	*hit = inject_disarm(armed);
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
			  bool hit, int ret)
{
	struct state now = state_of(s);

	if (!hit)
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
	bool hit;

	CHECK_OK(run_nth(s, op, 0, &hit));
	now = state_of(s);
	if (!state_differs(s, before, &now))
		FAIL("it did nothing that can be seen");
	op->undo(s);
	expect_same(s, before, "undone", 0, 0);
}

void walk(struct scene *s, const struct op *op)
{
	unsigned int nth, failures = 0;
	struct state before = state_of(s);
	bool hit;
	int ret;

	rehearse(s, op, &before);
	if (!inject_prepare())
		test_skip("this kernel cannot let allocations fail");
	for (nth = 1; ; nth++) {
		if (nth > MOST)
			FAIL("more than %u allocations", MOST);
		ret = run_nth(s, op, nth, &hit);
		if (ret) {
			after_failure(s, op, &before, nth, hit, ret);
			failures++;
			continue;
		}
		op->undo(s);
		expect_same(s, &before, "undone", nth, ret);
		if (!hit)
			break;
	}
	test_note("%u of %u failures failed it", failures, nth - 1);
	CHECK(failures > 0);
}

static void usage(FILE *to)
{
	fputs("usage: uapi_fail [-t TEXT] [ADDRESS | viommu]\n"
	      "Let allocations of operations fail, on the mock IOMMU and with the PCI device at\n"
	      "ADDRESS, which vfio-pci holds; or those of virtual IOMMUs (with-viommu) only.\n"
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
	const struct test_suite suite = { .name = "fail", .after = pins_left };
	const char *only = test_options(argc, argv, usage);

	if (optind < argc - 1) {
		usage(stderr);
		return 2;
	}
	dut = argv[optind];
	if (dut && !strcmp(dut, "viommu")) {
		dut = NULL;
		table = viommu_tables;
		n = ARRAY_SIZE(viommu_tables);
	}
	if ((dut && !pci_bdf_valid(dut)) || !mock_is_there() || !pins_init()) {
		fputs("uapi_fail: iommufd_mock.ko is not loaded, or no such device; see run-uapi\n",
		      stderr);
		return 2;
	}
	test_run_tables(&suite, table, n, only);
	return test_summary();
}
