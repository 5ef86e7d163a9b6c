// SPDX-License-Identifier: GPL-2.0-only
/*
 * mocked.c - tests of /dev/iommu with the mock IOMMU: what the emulated IOMMUs
 * of the VM cannot do
 *
 * Owns: the command line, the mock device, and what holds after every test: no
 * page is pinned.
 */
#define _GNU_SOURCE
#include <getopt.h>
#include <stdio.h>
#include <unistd.h>

#include "mocked.h"
#include "pci.h"

const char *dut;

struct rig new_rig(void)
{
	struct space s = new_space();
	struct rig r = { .fd = s.fd, .ioas = s.ioas };

	CHECK_OK(mock_device_add(r.fd, r.ioas, 0, &r.m));
	return r;
}

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

struct iommu_hwpt_alloc hwpt_cmd(const struct rig *r, __u32 pt, __u32 flags)
{
	return (struct iommu_hwpt_alloc){
		.size = sizeof(struct iommu_hwpt_alloc),
		.flags = flags,
		.dev_id = r->m.idev,
		.pt_id = pt,
	};
}

struct iommu_hwpt_alloc nested_cmd(const struct rig *r, __u32 parent)
{
	static const struct iommu_hwpt_selftest data = {
		.iotlb = IOMMU_TEST_IOTLB_DEFAULT,
	};
	struct iommu_hwpt_alloc cmd = hwpt_cmd(r, parent, 0);

	cmd.data_type = IOMMU_HWPT_DATA_SELFTEST;
	cmd.data_len = sizeof(data);
	cmd.data_uptr = (uintptr_t)&data;
	return cmd;
}

__u32 new_hwpt(const struct rig *r, __u32 flags)
{
	struct iommu_hwpt_alloc cmd = hwpt_cmd(r, r->ioas, flags);

	CHECK_OK(xioctl(r->fd, IOMMU_HWPT_ALLOC, &cmd));
	return cmd.out_hwpt_id;
}

__u32 new_parent(const struct rig *r)
{
	return new_hwpt(r, IOMMU_HWPT_ALLOC_NEST_PARENT);
}

__u32 new_nested(const struct rig *r, __u32 parent)
{
	struct iommu_hwpt_alloc cmd = nested_cmd(r, parent);

	CHECK_OK(xioctl(r->fd, IOMMU_HWPT_ALLOC, &cmd));
	return cmd.out_hwpt_id;
}

int check_iotlb(int fd, __u32 hwpt, __u32 id, __u32 want)
{
	struct iommu_test_cmd cmd = {
		.op = IOMMU_TEST_OP_MD_CHECK_IOTLB,
		.id = hwpt,
		.check_iotlb = { .id = id, .iotlb = want },
	};

	return mock_cmd(fd, &cmd);
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
		&fault_race_table, &mock_file_table,
	};
	struct test_suite suite = { .name = "uapi_mock", .after = pins_left };
	const char *only = NULL, *why;
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
	why = missing();
	if (why) {
		fprintf(stderr, "uapi_mock: %s\n", why);
		return 2;
	}
	for (i = 0; i < ARRAY_SIZE(tables); i++) {
		suite.tests = tables[i]->tests;
		suite.count = tables[i]->count;
		test_run(&suite, only);
	}
	return test_summary();
}
