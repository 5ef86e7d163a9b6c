// SPDX-License-Identifier: GPL-2.0-only
/*
 * trace_main.c - every event fires, once for each operation, with right values
 *
 * Owns: the command line, and the programs that catch the events: loaded once,
 * they write to memory that all tests' processes share.
 */
#include <bpf/libbpf.h>
#include <stdio.h>
#include <unistd.h>

#include "pci.h"
#include "trace_main.h"

const char *bdf;
struct trace_catch *caught;

/* mock_rig.c would skip tests without it. */
const char *dut;

void forget(void)
{
	memset(caught->bss, 0, sizeof(*caught->bss));
}

__u64 ctx_cookie(void)
{
	__u64 cookie = NTH(iommufd_open, 0)->ctx_cookie;

	CHECK(cookie);
	return cookie;
}

static void usage(FILE *to)
{
	fputs("usage: trace [-t TEXT] [ADDRESS]\n"
	      "Test the tracepoints, with the mock IOMMU of iommufd_mock.ko; with the PCI device at\n"
	      "ADDRESS, which vfio-pci holds, also those of vfio.ko.\n"
	      "\n"
	      "  -t TEXT   only the tests whose name contains TEXT\n", to);
}

int main(int argc, char **argv)
{
	static const struct test_table *const tables[] = {
		&trace_object_table, &trace_memory_table, &trace_device_table,
		&trace_vfio_table, &trace_policy_table,
	};
	const struct test_suite suite = { .name = "trace", .before = forget };
	const char *only = test_options(argc, argv, usage);

	bdf = argv[optind];
	if (!mock_is_there() || (bdf && !pci_bdf_valid(bdf))) {
		usage(stderr);
		return 2;
	}
	caught = trace_catch__open_and_load();
	if (!caught || trace_catch__attach(caught)) {
		fputs("trace: the programs cannot be loaded\n", stderr);
		return 2;
	}
	test_run_tables(&suite, tables, ARRAY_SIZE(tables), only);
	trace_catch__destroy(caught);
	return test_summary();
}
