// SPDX-License-Identifier: GPL-2.0-only
/*
 * device.c - tests of /dev/iommu with a device attached
 *
 * Owns: the command line, the device, and what holds after every test: no page
 * is pinned. The device is any that vfio-pci holds; it is never started.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <unistd.h>

#include "device.h"
#include "pci.h"

const char *dut;

struct dma accounted_device(int mode)
{
	struct dma d = { .api = DMA_IOMMUFD, .group = -1 };

	d.space = CHECK_FD(iommufd_open());
	CHECK_OK(iommufd_set_rlimit_mode(d.space, mode));
	d.dev = CHECK_FD(vfio_cdev_open(dut));
	CHECK_OK(vfio_bind(d.dev, d.space, &d.devid));
	CHECK_OK(iommufd_ioas_alloc(d.space, &d.ioas));
	return d;
}

struct dma bound_device(void)
{
	return accounted_device(0);
}

void attach_device(struct dma *d)
{
	d->hwpt = d->ioas;
	CHECK_OK(vfio_attach(d->dev, &d->hwpt));
}

struct dma attached_device(void)
{
	struct dma d = bound_device();

	attach_device(&d);
	return d;
}

void expect_pinned(unsigned long npages)
{
	CHECK_EQ(proc_status_bytes("VmPin"), npages * PAGE_SZ);
	CHECK_EQ(pins_here(), npages);
	/* That is for mlock(), and for accounting by process. */
	CHECK_EQ(proc_status_bytes("VmLck"), 0);
}

void expect_nothing(const struct dma *d)
{
	__u64 done = 1;

	expect_pinned(0);
	CHECK_OK(iommufd_unmap(d->space, d->ioas, 0, ~0ULL, &done));
	CHECK_EQ(done, 0);
}

/* One sentence on what is missing, or NULL. */
static const char *missing(const char *bdf)
{
	char driver[64] = "", path[300];

	if (!pci_bdf_valid(bdf))
		return "not a PCI address like 0000:00:04.0";
	if (pci_driver(bdf, driver, sizeof(driver)) ||
	    strcmp(driver, "vfio-pci"))
		return "not held by vfio-pci; bind it first (see run-uapi)";
	if (vfio_cdev_path(bdf, path, sizeof(path)))
		return "no node in /dev/vfio/devices: is our vfio.ko loaded?";
	if (access(IOMMUFD_DEV, R_OK | W_OK))
		return "no " IOMMUFD_DEV ": is iommufd.ko loaded?";
	if (!pins_init())
		return "cannot read /proc/vmstat";
	return NULL;
}

static void usage(FILE *to)
{
	fputs("usage: uapi_device [-t TEXT] ADDRESS\n"
	      "Test /dev/iommu with the PCI device at ADDRESS (0000:00:04.0), which vfio-pci\n"
	      "holds. Its IOMMU is used, the device itself is not.\n"
	      "\n"
	      "  -t TEXT   only the tests whose name contains TEXT\n", to);
}

int main(int argc, char **argv)
{
	static const struct test_table *const tables[] = {
		&pin_table, &attach_table, &memory_table, &owner_table,
		&limit_table, &file_table, &process_table, &kill_table,
	};
	const struct test_suite suite = { .name = "uapi_device",
					  .after = pins_left };
	const char *only = test_options(argc, argv, usage), *why;

	if (optind != argc - 1) {
		usage(stderr);
		return 2;
	}
	dut = argv[optind];
	why = missing(dut);
	if (why) {
		fprintf(stderr, "uapi_device: %s: %s\n", dut, why);
		return 2;
	}
	test_run_tables(&suite, tables, ARRAY_SIZE(tables), only);
	return test_summary();
}
