// SPDX-License-Identifier: GPL-2.0-only
/*
 * main.c - tests of policies
 *
 * Owns: the command line, and what holds after every test: no page is pinned,
 * and no scope is closed.
 */
#define _GNU_SOURCE
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "bpf_policy.h"

static void usage(FILE *to)
{
	fputs("usage: bpf_policy [-v] [-t TEXT]\n"
	      "Test BPF policies of iommufd.ko with the mock IOMMU of iommufd_mock.ko.\n"
	      "\n"
	      "  -t TEXT   only the tests whose name contains TEXT\n"
	      "  -v        show what libbpf says\n", to);
}

static int quiet(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	(void)level, (void)fmt, (void)ap;
	return 0;
}

static const char *missing(void)
{
	if (access(IOMMUFD_DEV, R_OK | W_OK))
		return "no " IOMMUFD_DEV ": is iommufd.ko loaded?";
	if (!mock_is_there())
		return "iommufd_mock.ko is not loaded";
	if (access("/sys/kernel/btf/iommufd", F_OK))
		return "iommufd.ko has no BTF";
	if (!pins_init())
		return "cannot read /proc/vmstat";
	return NULL;
}

static const char *nothing_left(void)
{
	if (scope_is_closed("probe")) {
		scope_reopen("probe");
		return "a scope is closed still";
	}
	return pins_left();
}

int main(int argc, char **argv)
{
	static const struct test_table *const tables[] = {
		&hooks_table, &pages_table, &scope_table, &load_table,
		&eject_table, &live_table, &property_table,
		&dirty_hooks_table, &dirty_read_table, &dirty_model_table,
		&dirty_adapt_table,
	};
	struct test_suite suite = { .name = "bpf", .after = nothing_left };
	const char *only = NULL, *why;
	int opt;

	libbpf_set_print(quiet);
	while ((opt = getopt(argc, argv, "t:vh")) != -1) {
		switch (opt) {
		case 't':
			only = optarg;
			break;
		case 'v':
			libbpf_set_print(NULL);
			break;
		case 'h':
			usage(stdout);
			return 0;
		default:
			usage(stderr);
			return 2;
		}
	}
	why = missing();
	if (why) {
		fprintf(stderr, "bpf_policy: %s\n", why);
		return 2;
	}
	test_run_tables(&suite, tables, ARRAY_SIZE(tables), only);
	return test_summary();
}
