// SPDX-License-Identifier: GPL-2.0-only
/*
 * iter_main.c - iterators and views: what BPF programs see is what there is
 *
 * Owns: the command line, and running the programs.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <stdio.h>
#include <unistd.h>

#include "iter_main.h"

/* For mock_rig.c. */
const char *dut;

struct iter_walk *new_walk(void)
{
	struct iter_walk *w = iter_walk__open_and_load();

	if (!w)
		FAIL("the programs cannot be loaded");
	return w;
}

void run_program(struct bpf_program *prog)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts);

	CHECK_OK(bpf_prog_test_run_opts(bpf_program__fd(prog), &opts));
	CHECK_EQ(opts.retval, 0);
}

const struct found *walk(struct iter_walk *w)
{
	memset(&w->bss->found, 0, sizeof(w->bss->found));
	w->bss->want_tgid = getpid();
	run_program(w->progs.walk);
	return &w->bss->found;
}

static void usage(FILE *to)
{
	fputs("usage: iter [-t TEXT]\n"
	      "Test BPF's iterators and views, with the mock IOMMU of iommufd_mock.ko.\n"
	      "\n"
	      "  -t TEXT   only the tests whose name contains TEXT\n", to);
}

int main(int argc, char **argv)
{
	static const struct test_table *const tables[] = {
		&iter_view_table, &iter_hold_table, &iter_load_table,
		&iter_race_table,
	};
	const struct test_suite suite = { .name = "iter", .after = pins_left };
	const char *only = test_options(argc, argv, usage);

	if (!mock_is_there() || !pins_init()) {
		usage(stderr);
		return 2;
	}
	test_run_tables(&suite, tables, ARRAY_SIZE(tables), only);
	return test_summary();
}
