// SPDX-License-Identifier: GPL-2.0-only
/*
 * mocked.c - tests of /dev/iommu with the mock IOMMU: what the emulated IOMMUs
 * of the VM cannot do
 *
 * Owns: the command line, the mock device, and what holds after every test: no
 * page is pinned.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <unistd.h>

#include "mocked.h"
#include "pci.h"

const char *dut;

struct dma bound_device(int fd, __u32 ioas)
{
	struct dma d = {
		.api = DMA_IOMMUFD, .group = -1, .space = fd, .ioas = ioas,
	};

	if (!dut)
		test_skip("no device with an IOMMU here");
	d.dev = CHECK_FD(vfio_cdev_open(dut));
	CHECK_OK(vfio_bind(d.dev, d.space, &d.devid));
	return d;
}

static void usage(FILE *to)
{
	fputs("usage: uapi_mock [-t TEXT] [ADDRESS]\n"
	      "Test /dev/iommu with the mock IOMMU of iommufd_mock.ko; with the PCI device at\n"
	      "ADDRESS, which vfio-pci holds, also how the two kinds get along.\n"
	      "\n"
	      "  -t TEXT   only the tests whose name contains TEXT\n", to);
}

static const char *missing(void)
{
	if (dut && !pci_bdf_valid(dut))
		return "that is not a PCI address like 0000:00:04.0";
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
		&hw_info_table, &nest_table, &invalidate_table,
		&nest_race_table, &pasid_table, &fault_table,
		&fault_race_table, &mock_file_table, &access_table,
	};
	const struct test_suite suite = { .name = "uapi_mock",
					  .after = pins_left };
	const char *only = test_options(argc, argv, usage), *why;

	if (optind < argc - 1) {
		usage(stderr);
		return 2;
	}
	dut = argv[optind];
	why = missing();
	if (why) {
		fprintf(stderr, "uapi_mock: %s\n", why);
		return 2;
	}
	test_run_tables(&suite, tables, ARRAY_SIZE(tables), only);
	return test_summary();
}
