// SPDX-License-Identifier: GPL-2.0-only
/*
 * device.c - tests of /dev/iommu and the device cdev on real PCI devices
 *
 * Owns: the command line, the device under test, and what holds before and
 * after every test: no page stays pinned, and the device is free again. The
 * device is an NVMe controller or QEMU's edu, held by vfio-pci. Blocks of the
 * NVMe namespace are overwritten.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "device.h"
#include "pci.h"

const char *dut;
enum engine_kind dut_kind;
enum dma_api dut_api = DMA_IOMMUFD;
/* Instead of all else: who owns the device, and what is left of him. */
static bool only_owners;
long pins_at_start;

struct dma bound_device(void)
{
	struct dma d = { .api = DMA_IOMMUFD, .group = -1 };

	d.space = CHECK_FD(iommufd_open());
	d.dev = CHECK_FD(vfio_cdev_open(dut));
	CHECK_OK(vfio_bind(d.dev, d.space, &d.devid));
	CHECK_OK(iommufd_ioas_alloc(d.space, &d.ioas));
	return d;
}

struct dma attached_device(void)
{
	struct dma d;
	int ret = dma_open(&d, dut, dut_api);

	if (ret)
		FAIL("%s: %s", dma_step, errno_name(ret));
	return d;
}

void needs_iommufd(void)
{
	if (dut_api != DMA_IOMMUFD)
		test_skip("not a thing of legacy containers");
}

struct engine running_engine(struct dma *d)
{
	struct engine e;

	*d = attached_device();
	CHECK_OK(engine_start(&e, dut_kind, d));
	return e;
}

char *get_memory(size_t len, enum mem_shape shape)
{
	char *va = mem_alloc(len, shape);

	if (!va)
		FAIL("%zu bytes of memory of shape %d: %s", len, shape,
		     errno_name(-errno));
	return va;
}

void expect_copy(struct engine *e, void *src, __u64 src_iova, void *dst,
		 __u64 dst_iova)
{
	__u64 seed = pattern_seed();
	long at;

	pattern_fill(src, PAGE_SZ, seed);
	if (dst != src)
		memset(dst, 0, PAGE_SZ);
	CHECK_OK(engine_load(e, 0, src_iova));
	if (dst == src)
		memset(dst, 0, PAGE_SZ);
	CHECK_OK(engine_store(e, 0, dst_iova));
	at = pattern_check(dst, PAGE_SZ, seed);
	if (at >= 0)
		FAIL("byte %ld is wrong after a copy %#llx -> %#llx", at,
		     src_iova, dst_iova);
}

/* Nothing stays pinned, and anyone may take the device now. */
static const char *after_test(void)
{
	const struct timespec pause = { .tv_nsec = 10 * 1000000L };
	static char why[160];
	int tries, group;
	long pins;

	for (tries = 0; tries < 100; tries++) {
		pins = pins_now();
		if (pins == pins_at_start)
			break;
		nanosleep(&pause, NULL);
	}
	if (pins != pins_at_start) {
		snprintf(why, sizeof(why), "%ld pages are still pinned",
			 pins - pins_at_start);
		/* Blame one test for it, not all that follow. */
		pins_at_start = pins;
		return why;
	}
	group = vfio_group_open(dut);
	if (group < 0) {
		snprintf(why, sizeof(why), "the device is not free: %s",
			 errno_name(group));
		return why;
	}
	close(group);
	return NULL;
}

static void run_device(const char *bdf, const char *only)
{
	/* Those that fit all APIs come first. */
	static const struct test_table *const tables[] = {
		&dma_table, &fault_table,
		&bind_table, &attach_table, &replace_table, &resv_table,
		&life_table,
	};
	static const struct test_table *const compat_tables[] = {
		&dma_table, &fault_table, &compat_table,
	};
	static const struct test_table *const owner_tables[] = {
		&kill_table, &own_table,
	};
	static const char *const suites[] = {
		[DMA_IOMMUFD] = "device",
		[DMA_TYPE1] = "device-type1",
		[DMA_COMPAT] = "device-compat",
	};
	const struct test_table *const *table = tables;
	size_t count = dut_api == DMA_IOMMUFD ? ARRAY_SIZE(tables) : 2;
	struct test_suite suite = { .after = after_test };
	char name[64];
	size_t i;

	dut = bdf;
	dut_kind = engine_kind_of(bdf);
	snprintf(name, sizeof(name), "%s/%s", suites[dut_api],
		 engine_kind_name(dut_kind));
	suite.name = name;
	if (dut_api == DMA_COMPAT) {
		table = compat_tables;
		count = ARRAY_SIZE(compat_tables);
	} else if (only_owners) {
		table = owner_tables;
		count = ARRAY_SIZE(owner_tables);
	}
	for (i = 0; i < count; i++) {
		suite.tests = table[i]->tests;
		suite.count = table[i]->count;
		test_run(&suite, only);
	}
}

/* One sentence on what is missing, or NULL. */
static const char *missing(const char *bdf)
{
	char driver[64] = "", path[300];

	if (!pci_bdf_valid(bdf))
		return "not a PCI address like 0000:00:04.0";
	if (engine_kind_of(bdf) == ENGINE_NONE)
		return "neither an NVMe controller nor an edu device";
	if (pci_driver(bdf, driver, sizeof(driver)) ||
	    strcmp(driver, "vfio-pci"))
		return "not held by vfio-pci; bind it first (see run-device)";
	if (dut_api == DMA_TYPE1)
		return NULL;
	if (vfio_cdev_path(bdf, path, sizeof(path)))
		return "no node in /dev/vfio/devices: is our vfio.ko loaded?";
	if (access(IOMMUFD_DEV, R_OK | W_OK))
		return "no " IOMMUFD_DEV ": is iommufd.ko loaded?";
	return NULL;
}

static void usage(FILE *to)
{
	fputs("usage: device [-c|-k|-l] [-t TEXT] ADDRESS...\n"
	      "Test /dev/iommu with the PCI devices at ADDRESS (0000:00:04.0), which vfio-pci\n"
	      "holds: NVMe controllers, whose blocks are overwritten, and QEMU's edu.\n"
	      "\n"
	      "  -c        only the tests of DMA, with " IOMMUFD_DEV " as VFIO's container\n"
	      "  -k        only the tests of owners: who is killed, who comes next\n"
	      "  -l        only the tests of DMA, through legacy containers of type 1\n"
	      "  -t TEXT   only the tests whose name contains TEXT\n", to);
}

int main(int argc, char **argv)
{
	const char *only = NULL, *why;
	int opt, i;

	while ((opt = getopt(argc, argv, "cklt:h")) != -1) {
		switch (opt) {
		case 'c':
			dut_api = DMA_COMPAT;
			break;
		case 'k':
			only_owners = true;
			break;
		case 'l':
			dut_api = DMA_TYPE1;
			break;
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
	if (optind == argc) {
		usage(stderr);
		return 2;
	}
	for (i = optind; i < argc; i++) {
		why = missing(argv[i]);
		if (why) {
			fprintf(stderr, "device: %s: %s\n", argv[i], why);
			return 2;
		}
	}
	pins_at_start = pins_now();
	if (pins_at_start < 0) {
		fprintf(stderr, "device: cannot read /proc/vmstat\n");
		return 2;
	}
	for (i = optind; i < argc; i++)
		run_device(argv[i], only);
	return test_summary();
}
