// SPDX-License-Identifier: GPL-2.0-only
/*
 * compat.c - tests of the VFIO container that /dev/iommu serves
 *
 * Owns: the command line, and what holds after every test: no page is pinned.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <unistd.h>

#include "compat.h"

const char *dut;

struct space new_container(int type)
{
	struct space s = new_space();

	CHECK_OK(iommufd_vfio_ioas(s.fd, IOMMU_VFIO_IOAS_SET, &s.ioas));
	if (type)
		CHECK_OK(vfio_container_set_iommu(s.fd, type));
	return s;
}

void expect_unmapped(const struct space *s, __u64 iova, __u64 length,
		     __u64 want)
{
	__u64 done = ~want;

	CHECK_OK(vfio_type1_unmap(s->fd, iova, length, &done));
	CHECK_EQ(done, want);
}

void expect_all(const struct space *s, __u64 want)
{
	struct vfio_iommu_type1_dma_unmap cmd = {
		.argsz = sizeof(cmd),
		.flags = VFIO_DMA_UNMAP_FLAG_ALL,
	};

	CHECK_OK(xioctl(s->fd, VFIO_IOMMU_UNMAP_DMA, &cmd));
	CHECK_EQ(cmd.size, want);
}

static void usage(FILE *to)
{
	fputs("usage: uapi_compat [-t TEXT] [ADDRESS]\n"
	      "Test the VFIO container that /dev/iommu serves, also with the PCI device at\n"
	      "ADDRESS (0000:00:04.0), which vfio-pci holds, and with the mock IOMMU.\n"
	      "\n"
	      "  -t TEXT   only the tests whose name contains TEXT\n", to);
}

int main(int argc, char **argv)
{
	static const struct test_table *const tables[] = {
		&args_table, &info_table, &cut_table, &mock_table,
		&device_table, &cgroup_table,
	};
	const struct test_suite suite = { .name = "uapi_compat",
					  .after = pins_left };
	const char *only = test_options(argc, argv, usage);

	if (optind < argc - 1) {
		usage(stderr);
		return 2;
	}
	dut = argv[optind];
	if (access(IOMMUFD_DEV, R_OK | W_OK)) {
		fputs("uapi_compat: no " IOMMUFD_DEV ": is iommufd.ko loaded?\n",
		      stderr);
		return 2;
	}
	if (!pins_init()) {
		fputs("uapi_compat: cannot read /proc/vmstat\n", stderr);
		return 2;
	}
	test_run_tables(&suite, tables, ARRAY_SIZE(tables), only);
	return test_summary();
}
