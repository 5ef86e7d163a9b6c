// SPDX-License-Identifier: GPL-2.0-only
/*
 * dirty.c - tests of dirty tracking, on the mock IOMMU
 *
 * Owns: the command line, the calls, and what holds after every test: no page
 * is pinned. iommufd_mock.ko must be loaded.
 */
#define _GNU_SOURCE
#include <getopt.h>
#include <stdio.h>
#include <unistd.h>

#include "dirty.h"

int dirty_hwpt(int fd, __u32 dev, __u32 ioas, bool huge, __u32 *hwpt)
{
	const struct iommu_hwpt_selftest data = {
		.pagetable_type = huge ? MOCK_IOMMUPT_HUGE :
					 MOCK_IOMMUPT_DEFAULT,
	};
	struct iommu_hwpt_alloc cmd = {
		.size = sizeof(cmd),
		.flags = IOMMU_HWPT_ALLOC_DIRTY_TRACKING,
		.dev_id = dev,
		.pt_id = ioas,
		.data_type = IOMMU_HWPT_DATA_SELFTEST,
		.data_len = sizeof(data),
		.data_uptr = (uintptr_t)&data,
	};
	int ret = xioctl(fd, IOMMU_HWPT_ALLOC, &cmd);

	*hwpt = cmd.out_hwpt_id;
	return ret;
}

int set_tracking(int fd, __u32 hwpt, bool enable)
{
	struct iommu_hwpt_set_dirty_tracking cmd = {
		.size = sizeof(cmd),
		.hwpt_id = hwpt,
		.flags = enable ? IOMMU_HWPT_DIRTY_TRACKING_ENABLE : 0,
	};

	return xioctl(fd, IOMMU_HWPT_SET_DIRTY_TRACKING, &cmd);
}

int get_bitmap(int fd, __u32 hwpt, __u64 iova, __u64 length, __u64 page_size,
	       void *bitmap, __u32 flags)
{
	struct iommu_hwpt_get_dirty_bitmap cmd = {
		.size = sizeof(cmd),
		.hwpt_id = hwpt,
		.flags = flags,
		.iova = iova,
		.length = length,
		.page_size = page_size,
		.data = (uintptr_t)bitmap,
	};

	return xioctl(fd, IOMMU_HWPT_GET_DIRTY_BITMAP, &cmd);
}

int device_write(int fd, __u32 hwpt, __u64 iova)
{
	unsigned char bit = 1;
	struct iommu_test_cmd cmd = {
		.op = IOMMU_TEST_OP_DIRTY,
		.id = hwpt,
		.dirty = {
			.iova = iova,
			.length = MOCK_PAGE,
			.page_size = MOCK_PAGE,
			.uptr = (uintptr_t)&bit,
		},
	};
	int ret = mock_cmd(fd, &cmd);

	return ret ?: (int)cmd.dirty.out_nr_dirty;
}

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
