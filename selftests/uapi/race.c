// SPDX-License-Identifier: GPL-2.0-only
/*
 * race.c - several threads that do to each other what they can
 *
 * Owns: the command line, and what holds after every test: no page is pinned,
 * and the modules can be taken out of the kernel and put back.
 */
#define _GNU_SOURCE
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "pci.h"
#include "race.h"
#include "vfio.h"

const char *dut;

/* Nothing is pinned, and nothing holds the modules. */
static const char *after_race(void)
{
	static char why[256];
	const char *left = pins_left();
	char path[PATH_MAX], command[PATH_MAX + 64];
	ssize_t n;
	FILE *f;

	if (left)
		return left;
	n = readlink("/proc/self/exe", path, sizeof(path) - 1);
	if (n < 0)
		return "who am I?";
	path[n] = '\0';
	snprintf(command, sizeof(command), "%s/reload-modules 2>&1 && echo ok",
		 dirname(path));
	f = popen(command, "re");
	if (!f)
		return "cannot run reload-modules";
	if (!fgets(why, sizeof(why), f))
		snprintf(why, sizeof(why), "reload-modules said nothing");
	pclose(f);
	why[strcspn(why, "\n")] = '\0';
	if (strcmp(why, "ok"))
		return why;
	if (dut && vfio_cdev_path(dut, path, sizeof(path)))
		return "the device has no cdev after a reload";
	return NULL;
}

static void usage(FILE *to)
{
	fputs("usage: uapi_race [-t TEXT] [ADDRESS]\n"
	      "Let threads race on /dev/iommu; with the PCI device at ADDRESS, which vfio-pci\n"
	      "holds, also on attaching it. Reloads the modules after each test.\n"
	      "\n"
	      "  -t TEXT   only the tests whose name contains TEXT\n", to);
}

static void run_table(const struct test_table *table, const char *only)
{
	const struct test_suite suite = {
		.name = "uapi_race",
		.tests = table->tests,
		.count = table->count,
		.after = after_race,
	};

	test_run(&suite, only);
}

int main(int argc, char **argv)
{
	const char *only = test_options(argc, argv, usage);

	if (optind < argc - 1) {
		usage(stderr);
		return 2;
	}
	dut = argv[optind];
	if (dut && !pci_bdf_valid(dut)) {
		fprintf(stderr, "uapi_race: %s: not a PCI address\n", dut);
		return 2;
	}
	if (!pins_init() || access(IOMMUFD_DEV, R_OK | W_OK)) {
		fputs("uapi_race: no " IOMMUFD_DEV ": is iommufd.ko loaded?\n",
		      stderr);
		return 2;
	}
	run_table(&space_table, only);
	if (dut)
		run_table(&device_table, only);
	return test_summary();
}
