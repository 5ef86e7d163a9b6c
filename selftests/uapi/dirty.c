// SPDX-License-Identifier: GPL-2.0-only
/*
 * dirty.c - tests of dirty tracking, on the mock IOMMU
 *
 * Owns: the command line, and what holds after every test: no page is pinned.
 * iommufd_mock.ko must be loaded.
 */
#define _GNU_SOURCE
#include <getopt.h>
#include <stdio.h>
#include <unistd.h>

#include "dirty.h"

struct tracked tracked_space(bool huge)
{
	struct space s = new_space();
	struct tracked t = { .fd = s.fd, .ioas = s.ioas };
	struct mock_device m;

	CHECK_OK(mock_device_add(t.fd, t.ioas, 0, &m));
	t.dev = m.idev;
	CHECK_OK(dirty_hwpt(t.fd, t.dev, t.ioas, huge, &t.hwpt));
	CHECK_OK(set_tracking(t.fd, t.hwpt, true));
	return t;
}

static void usage(FILE *to)
{
	fputs("usage: uapi_dirty [-t TEXT]\n"
	      "Test dirty tracking with the mock IOMMU: load iommufd_mock.ko first.\n"
	      "\n"
	      "  -t TEXT   only the tests whose name contains TEXT\n", to);
}

int main(int argc, char **argv)
{
	static const struct test_table *const tables[] = {
		&dirty_errno_table, &dirty_read_table, &dirty_race_table,
	};
	struct test_suite suite = { .name = "uapi_dirty", .after = pins_left };
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
	if (!mock_is_there() || !pins_init()) {
		fputs("uapi_dirty: iommufd_mock.ko is not loaded; see run-uapi\n",
		      stderr);
		return 2;
	}
	for (i = 0; i < ARRAY_SIZE(tables); i++) {
		suite.tests = tables[i]->tests;
		suite.count = tables[i]->count;
		test_run(&suite, only);
	}
	return test_summary();
}
