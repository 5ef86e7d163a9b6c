// SPDX-License-Identifier: GPL-2.0-only
/*
 * dirty.c - tests of dirty tracking, on the mock IOMMU
 *
 * Owns: the command line, and what holds after every test: no page is pinned.
 * iommufd_mock.ko must be loaded.
 */
#define _GNU_SOURCE
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
	CHECK_OK(mock_dirty_hwpt(t.fd, t.dev, t.ioas,
				 huge ? MOCK_IOMMUPT_HUGE : MOCK_IOMMUPT_DEFAULT, &t.hwpt));
	CHECK_OK(iommufd_dirty_track(t.fd, t.hwpt, true));
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
	const struct test_suite suite = { .name = "uapi_dirty",
					  .after = pins_left };
	const char *only = test_options(argc, argv, usage);

	if (!mock_is_there() || !pins_init()) {
		fputs("uapi_dirty: iommufd_mock.ko is not loaded; see run-uapi\n",
		      stderr);
		return 2;
	}
	test_run_tables(&suite, tables, ARRAY_SIZE(tables), only);
	return test_summary();
}
