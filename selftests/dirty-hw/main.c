// SPDX-License-Identifier: GPL-2.0-only
/*
 * main.c - tests of dirty tracking with the kernel's real IOMMU drivers
 *
 * Owns: the command line, the devices under test, the calls, and what holds
 * after every test: no page is pinned. See run-dirty-hw for what must be loaded.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "dirty-hw.h"
#include "pci.h"
#include "vfio.h"

#define NODE "/dev/vmonly_dirty"
#define PARAMETER "/sys/module/iommufd/parameters/dirty_tracking"

const char *dut, *dut2;
bool faked;

static long pins_at_start;
static int node = -1;

void allow_tracking(bool on)
{
	int fd = CHECK_FD(open(PARAMETER, O_WRONLY | O_CLOEXEC));

	CHECK_EQ(write(fd, on ? "Y" : "N", 1), 1);
	close(fd);
}

struct tracked tracked_device(void)
{
	struct tracked t;
	__u32 pt;
	int ret;

	allow_tracking(true);
	ret = dma_open(&t.d, dut, DMA_IOMMUFD);
	if (ret)
		FAIL("%s: %s: %s", dut, dma_step, errno_name(ret));
	CHECK_OK(iommufd_hwpt_alloc(t.d.space, t.d.devid, t.d.ioas,
				    IOMMU_HWPT_ALLOC_DIRTY_TRACKING, &t.hwpt));
	pt = t.hwpt;
	CHECK_OK(vfio_attach(t.d.dev, &pt));
	CHECK_EQ(pt, t.hwpt);
	return t;
}

int set_tracking(const struct tracked *t, bool on)
{
	return iommufd_dirty_track(t->d.space, t->hwpt, on);
}

int get_bitmap(const struct tracked *t, __u64 iova, __u64 length,
	       __u64 page_size, void *bitmap, __u32 flags)
{
	return iommufd_dirty_bitmap(t->d.space, t->hwpt, iova, length,
				    page_size, bitmap, flags);
}

int device_access(const char *bdf, __u64 iova, bool write,
		  struct vmonly_access *access)
{
	unsigned int bus, dev, fn;
	int n;

	*access = (struct vmonly_access){ .write = write, .iova = iova };
	n = sscanf(bdf, "0000:%x:%x.%x", &bus, &dev, &fn);
	CHECK_EQ(n, 3);
	access->rid = bus << 8 | dev << 3 | fn;
	if (node < 0)
		node = CHECK_FD(open(NODE, O_RDWR | O_CLOEXEC));
	return xioctl(node, VMONLY_DIRTY_ACCESS, access);
}

void device_writes(__u64 iova)
{
	struct vmonly_access access;

	CHECK_OK(device_access(dut, iova, true, &access));
}

struct vmonly_access leaf_at(__u64 iova)
{
	struct vmonly_access access;

	CHECK_OK(device_access(dut, iova, false, &access));
	return access;
}

void *map_memory(const struct tracked *t, size_t len, enum mem_shape shape,
		 __u64 iova)
{
	void *va = mem_alloc(len, shape);

	if (!va && errno == ENOMEM && shape == MEM_HUGETLB)
		test_skip("no 2 MiB pages: set vm.nr_hugepages");
	if (!va)
		FAIL("%zu bytes of memory: %s", len, errno_name(-errno));
	CHECK_OK(iommufd_map_fixed(t->d.space, t->d.ioas, va, len, iova,
				   MAP_RW));
	return va;
}

void only_small_leaves(const struct tracked *t)
{
	CHECK_OK(iommufd_option_set(t->d.space, IOMMU_OPTION_HUGE_PAGES,
				    t->d.ioas, 0));
}

void expect_leaves(__u64 iova, __u64 length, __u64 leaf)
{
	__u64 at;

	for (at = iova; at < iova + length; at += leaf)
		CHECK_EQ(leaf_at(at).leaf, leaf);
}

size_t count_bits(const unsigned char *bitmap, size_t bits)
{
	size_t i, n = 0;

	for (i = 0; i < bits; i++)
		n += bit_of(bitmap, i);
	return n;
}

static const char *after_test(void)
{
	const struct timespec pause = { .tv_nsec = 10 * 1000000L };
	static char why[80];
	int tries;
	long left = 0;

	for (tries = 0; tries < 100; tries++) {
		left = pins_now() - pins_at_start;
		if (!left)
			return NULL;
		nanosleep(&pause, NULL);
	}
	pins_at_start += left;
	snprintf(why, sizeof(why), "%ld pages are still pinned", left);
	return why;
}

static void usage(FILE *to)
{
	fputs("usage: dirty-hw [-t TEXT] ADDRESS [ADDRESS]\n"
	      "Test dirty tracking with the kernel's IOMMU driver, on PCI devices that vfio-pci\n"
	      "holds. All of it needs vmonly_dirty.ko; without, only that nothing is offered.\n"
	      "\n"
	      "  -t TEXT   only the tests whose name contains TEXT\n", to);
}

static void run_all(const char *only)
{
	static const struct test_table *const tables[] = {
		&basic_table, &model_table, &live_table,
	};
	struct test_suite suite = { .after = after_test };

	if (!faked) {
		suite.name = "dirty-hw/absent";
		suite.tests = absent_table.tests;
		suite.count = absent_table.count;
		test_run(&suite, only);
		return;
	}
	suite.name = "dirty-hw";
	test_run_tables(&suite, tables, ARRAY_SIZE(tables), only);
}

int main(int argc, char **argv)
{
	const char *only = test_options(argc, argv, usage);

	if (optind == argc || argc - optind > 2 ||
	    !pci_bdf_valid(argv[optind]) ||
	    (argv[optind + 1] && !pci_bdf_valid(argv[optind + 1]))) {
		usage(stderr);
		return 2;
	}
	dut = argv[optind];
	dut2 = argv[optind + 1];
	faked = !access(NODE, F_OK);
	pins_at_start = pins_now();
	run_all(only);
	return test_summary();
}
