// SPDX-License-Identifier: GPL-2.0-only
/*
 * viommu.c - tests of virtual IOMMUs, which only an iommufd.ko that was built
 * with VIOMMU=1 has, on the mock IOMMU
 *
 * Owns: the command line, and what holds after every test: no page is pinned.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <unistd.h>

#include "viommu.h"

static void usage(FILE *to)
{
	fputs("usage: uapi_viommu [-t TEXT]\n"
	      "Test virtual IOMMUs of the mock IOMMU; run it with with-viommu.\n"
	      "\n"
	      "  -t TEXT   only the tests whose name contains TEXT\n", to);
}

static const char *missing(void)
{
	if (access(IOMMUFD_DEV, R_OK | W_OK))
		return "no " IOMMUFD_DEV ": is iommufd.ko loaded?";
	if (!mock_is_there())
		return "iommufd_mock.ko is not loaded";
	if (!pins_init())
		return "cannot read /proc/vmstat";
	return NULL;
}

int main(int argc, char **argv)
{
	static const struct test_table *const tables[] = {
		&viommu_alloc_table, &viommu_vdevice_table,
		&viommu_event_table, &viommu_hw_queue_table,
		&viommu_mmap_table, &viommu_race_table,
	};
	const struct test_suite suite = { .name = "uapi_viommu",
					  .after = pins_left };
	const char *only = test_options(argc, argv, usage), *why;

	if (optind < argc) {
		usage(stderr);
		return 2;
	}
	why = missing();
	if (why) {
		fprintf(stderr, "uapi_viommu: %s\n", why);
		return 2;
	}
	test_run_tables(&suite, tables, ARRAY_SIZE(tables), only);
	return test_summary();
}
