// SPDX-License-Identifier: GPL-2.0-only
/*
 * legacy.c - tests of what vfio.ko must do as the stock module does: groups,
 * containers with the stock type1, device files, KVM's side; and that groups
 * and the device cdev exclude each other
 *
 * usage: legacy [--stock] BDF
 *
 * Owns: the command line, and what holds after every test: the group can be
 * opened, so nothing holds the device. The device BDF ("0000:01:00.0") is any
 * PCI device with INTx and a memory BAR 0, alone in its IOMMU group or with
 * bridges; it is given to vfio-pci and stays there.
 *
 * With --stock only what the stock vfio.ko has too: run on the stock module, it
 * shows that the errnos expected here are the stock ones.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "legacy.h"

const char *bdf;
bool container_is_iommufd;

static void before(void)
{
	CHECK_OK(pci_bind_driver(bdf, "vfio-pci"));
}

/* Every test leaves the device free, and its driver as it may like. */
static const char *after(void)
{
	int group;

	if (pci_bind_driver(bdf, "vfio-pci"))
		return "vfio-pci does not take the device any more";
	group = vfio_group_open(bdf);
	if (group < 0)
		return "the group cannot be opened any more";
	close(group);
	return NULL;
}

static void run(const char *name, const struct test_table *const *tables,
		size_t n)
{
	struct test_suite suite = {
		.name = name, .before = before, .after = after,
	};

	for (; n; n--, tables++) {
		suite.tests = (*tables)->tests;
		suite.count = (*tables)->count;
		test_run(&suite, NULL);
	}
}

int main(int argc, char **argv)
{
	static const struct test_table *const stock_tables[] = {
		&legacy_group_stock, &legacy_device_stock, &legacy_life_stock,
		&legacy_kvm_stock,
	};
	static const struct test_table *const own_tables[] = {
		&legacy_cdev_own, &legacy_iommufd_own, &legacy_life_own,
		&legacy_kvm_own,
		&legacy_user_own,
	};
	bool stock = argc == 3 && !strcmp(argv[1], "--stock");

	bdf = argv[argc - 1];
	if (argc != 2 + stock || !pci_bdf_valid(bdf)) {
		fprintf(stderr, "usage: legacy [--stock] BDF, for example legacy 0000:01:00.0\n");
		return 2;
	}
	run("legacy", stock_tables, ARRAY_SIZE(stock_tables));
	if (stock)
		return test_summary();
	run("legacy", own_tables, ARRAY_SIZE(own_tables));
	/* What a device does is the same with an iommufd as the container. */
	container_is_iommufd = true;
	run("legacy-iommufd", stock_tables + 1, ARRAY_SIZE(stock_tables) - 1);
	return test_summary();
}
