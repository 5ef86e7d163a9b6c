// SPDX-License-Identifier: GPL-2.0-only
/*
 * uapi.c - tests of /dev/iommu that need no device
 *
 * Owns: the command line, and what holds after every test: no page is pinned.
 */
#define _GNU_SOURCE
#include <getopt.h>
#include <stdio.h>
#include <unistd.h>

#include "uapi.h"

static void usage(FILE *to)
{
	fputs("usage: uapi [-t TEXT]\n"
	      "Test the commands of /dev/iommu that need no device.\n"
	      "\n"
	      "  -t TEXT   only the tests whose name contains TEXT\n", to);
}

int main(int argc, char **argv)
{
	static const struct test_table *const tables[] = {
		&frame_table, &context_table, &ioas_table, &map_table,
		&unmap_table, &copy_table, &settings_table,
	};
	struct test_suite suite = { .name = "uapi", .after = pins_left };
	const char *only = NULL;
	int opt;

	while ((opt = getopt(argc, argv, "t:x:h")) != -1) {
		switch (opt) {
		case 't':
			only = optarg;
			break;
		case 'x': /* context.c's, not for people */
			return context_after_exec(optarg);
		case 'h':
			usage(stdout);
			return 0;
		default:
			usage(stderr);
			return 2;
		}
	}
	if (access(IOMMUFD_DEV, R_OK | W_OK)) {
		fputs("uapi: no " IOMMUFD_DEV ": is iommufd.ko loaded?\n",
		      stderr);
		return 2;
	}
	if (!pins_init()) {
		fputs("uapi: cannot read /proc/vmstat\n", stderr);
		return 2;
	}
	test_run_tables(&suite, tables, ARRAY_SIZE(tables), only);
	return test_summary();
}
