// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmm.c - a program that uses a device as a VMM does
 *
 * It opens an NVMe controller that vfio-pci holds, gives it an address space,
 * maps memory there, and drives the controller by DMA through those mappings:
 * identifies it, writes blocks, reads them back through other memory at other
 * IO addresses, and compares. One line for each step, with figures; the first
 * step that does not go as it should ends the program with status 1.
 *
 * The blocks that it overwrites are saved first and restored at the end.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "dma.h"
#include "mem.h"
#include "nvme.h"
#include "pci.h"
#include "test.h"
#include "vfio.h"
#include "vmm.h"

#define DEFAULT_BLOCKS 2048U
#define MAX_BYTES (256ULL << 20)
#define OUT_IOVA (8ULL << 30)	/* fixed: where the device reads what we send */
#define MAX_RANGES 16

/* One mapping. */
struct area {
	const char *name;
	void *va;
	size_t len;
	__u64 iova;
	bool mapped;
};

static struct vmm {
	const char *bdf;
	enum dma_api api;
	unsigned int blocks;
	bool hold;
	__u64 ask_denied;	/* bytes; 0: don't */

	struct dma dma;
	struct nvme nvme;
	struct area queues;	/* queues and small structures, automatic IOVA */
	struct area out;	/* what is written, fixed IOVA, device reads only */
	struct area in;		/* what is read back, automatic, scattered */
	struct area saved;	/* what the blocks held before */
	bool overwritten;
	long pinned_before;
} vmm = { .blocks = DEFAULT_BLOCKS };

static void usage(FILE *to)
{
	fprintf(to,
		"usage: vmm [OPTION]... ADDRESS\n"
		"Drive the NVMe controller at PCI ADDRESS (0000:00:04.0) from this process, by\n"
		"DMA through /dev/iommu. vfio-pci must hold the controller.\n"
		"\n"
		"  --legacy           use the VFIO container of type 1 instead of /dev/iommu\n"
		"  --blocks N         write and read back N blocks (default %u); what they held\n"
		"                     is restored at the end\n"
		"  --ask-denied SIZE  ask for one more mapping of SIZE bytes (K, M, G), which a\n"
		"                     policy must refuse with EPERM or EDQUOT\n"
		"  --hold             then keep the mappings until SIGTERM, SIGINT or end of input\n"
		"  --help\n",
		DEFAULT_BLOCKS);
}

/* What /proc/PID/status calls the bytes charged for our mappings. */
static const char *pinned_field(void)
{
	return vmm.api == DMA_IOMMUFD ? "VmPin" : "VmLck";
}

static void map_area(struct area *area, const char *name, size_t len,
		     enum mem_shape shape, __u64 fixed_iova, __u32 prot)
{
	long runs;
	int ret;

	area->name = name;
	area->len = len;
	area->va = mem_alloc(len, shape);
	if (!area->va && shape == MEM_THP)
		area->va = mem_alloc(len, MEM_PLAIN);
	if (!area->va)
		fail("map", -errno, "%s of memory for %s", bytes_text(len),
		     name);
	area->iova = fixed_iova;
	if (fixed_iova)
		ret = dma_map_fixed(&vmm.dma, area->va, len, fixed_iova, prot);
	else
		ret = dma_map_auto(&vmm.dma, area->va, len, &area->iova, prot);
	if (ret)
		fail("map", ret, "%s for %s", bytes_text(len), name);
	area->mapped = true;
	runs = mem_runs(area->va, len);
	step("map", "%-7s %8s at IOVA %#llx (%s, device %s), page runs: %ld",
	     name, bytes_text(len), area->iova,
	     fixed_iova ? "fixed" : "automatic",
	     prot & MAP_W ? "reads and writes" : "only reads", runs);
}

static void map_queues(void)
{
	map_area(&vmm.queues, "queues", NVME_MEM_SIZE, MEM_PLAIN, 0, MAP_RW);
}

static void connect_cdev(void)
{
	struct iommu_iova_range ranges[MAX_RANGES];
	__u32 count = MAX_RANGES;
	struct dma *dma = &vmm.dma;
	char path[300];
	int ret;

	dma->space = iommufd_open();
	if (dma->space < 0)
		fail("open", dma->space, IOMMUFD_DEV);
	ret = vfio_cdev_path(vmm.bdf, path, sizeof(path));
	if (ret)
		fail("open", ret, "%s has no device node below /dev/vfio/devices",
		     vmm.bdf);
	dma->dev = vfio_cdev_open(vmm.bdf);
	if (dma->dev < 0)
		fail("open", dma->dev, "%s", path);
	step("open", "%s is %s", vmm.bdf, path);

	ret = vfio_bind(dma->dev, dma->space, &dma->devid);
	if (ret)
		fail("bind", ret, "%s to " IOMMUFD_DEV, path);
	step("bind", "to " IOMMUFD_DEV ": device id %u", dma->devid);

	ret = iommufd_ioas_alloc(dma->space, &dma->ioas);
	if (ret)
		fail("ioas", ret, "IOMMU_IOAS_ALLOC");
	step("ioas", "id %u, an address space for the device", dma->ioas);

	/* Before the attach, as a VMM does; the data buffers come after it. */
	map_queues();

	dma->hwpt = dma->ioas;
	ret = vfio_attach(dma->dev, &dma->hwpt);
	if (ret)
		fail("attach", ret, "device %u to IOAS %u", dma->devid,
		     dma->ioas);
	ret = iommufd_ranges(dma->space, dma->ioas, ranges, &count, NULL);
	if (ret)
		fail("attach", ret, "IOMMU_IOAS_IOVA_RANGES");
	step("attach", "HWPT id %u; the device can use %u ranges, up to %#llx",
	     dma->hwpt, count, count ? ranges[count - 1].last : 0);
}

static void connect_legacy(void)
{
	int ret = dma_open(&vmm.dma, vmm.bdf, DMA_TYPE1);

	if (ret)
		fail("open", ret, "%s", dma_step);
	step("open", "%s in group %d, with a container of type 1", vmm.bdf,
	     vfio_group_number(vmm.bdf));
	map_queues();
}

/* The class code of an NVMe controller. */
#define CLASS_NVME 0x010802

static void connect_device(void)
{
	char driver[64] = "";
	__u32 class = 0;
	int ret;

	ret = pci_identity(vmm.bdf, NULL, NULL, &class);
	if (ret)
		fail("open", ret, "no PCI device %s", vmm.bdf);
	if (class != CLASS_NVME)
		fail("open", 0, "%s is not an NVMe controller (class %06x)",
		     vmm.bdf, class);
	pci_driver(vmm.bdf, driver, sizeof(driver));
	if (strcmp(driver, "vfio-pci"))
		fail("open", 0, "%s is held by %s; bind it to vfio-pci first",
		     vmm.bdf, driver[0] ? driver : "no driver");

	vmm.pinned_before = dma_charged(&vmm.dma);
	if (vmm.api == DMA_IOMMUFD)
		connect_cdev();
	else
		connect_legacy();
}

static void identify(void)
{
	int ret;

	ret = nvme_start(&vmm.nvme, vmm.dma.dev, vmm.queues.va,
			 vmm.queues.iova);
	if (ret)
		fail("identify", ret, "the controller did not start");
	ret = nvme_identify(&vmm.nvme);
	if (ret)
		fail("identify", ret, "status %#x", vmm.nvme.status);
	step("identify", "\"%s\", serial %s, firmware %s, %s in blocks of %u",
	     vmm.nvme.model, vmm.nvme.serial, vmm.nvme.firmware,
	     bytes_text(vmm.nvme.blocks * vmm.nvme.block_size),
	     vmm.nvme.block_size);
}

static void move(const char *name, bool write, const struct area *area,
		 size_t len)
{
	double start = seconds(), took;
	int ret;

	ret = nvme_rw(&vmm.nvme, write, 0, area->iova, len);
	if (ret)
		fail(name, ret, "status %#x", vmm.nvme.status);
	took = seconds() - start;
	step(name, "%zu blocks, %s, %s %s at %#llx, in %.1f ms",
	     len / vmm.nvme.block_size, bytes_text(len),
	     write ? "from" : "to", area->name, area->iova, took * 1e3);
}

static void write_and_read_back(void)
{
	size_t len = (size_t)vmm.blocks * vmm.nvme.block_size;
	size_t buffer = (len + HUGE_SZ - 1) & ~(HUGE_SZ - 1);
	__u64 seed = pattern_seed();
	long at;

	if (vmm.blocks > vmm.nvme.blocks || len > MAX_BYTES)
		fail("write", 0, "%u blocks are too many", vmm.blocks);
	map_area(&vmm.out, "out", buffer, MEM_THP, OUT_IOVA, MAP_R);
	map_area(&vmm.in, "in", buffer, MEM_SCATTERED, 0, MAP_RW);
	map_area(&vmm.saved, "saved", buffer, MEM_PLAIN, 0, MAP_RW);

	move("save", false, &vmm.saved, len);
	pattern_fill(vmm.out.va, len, seed);
	/* What arrives must not be what was there. */
	memset(vmm.in.va, 0xa5, buffer);
	vmm.overwritten = true;
	move("write", true, &vmm.out, len);
	move("read", false, &vmm.in, len);

	at = pattern_check(vmm.in.va, len, seed);
	if (at >= 0)
		fail("compare", 0, "byte %ld differs (seed %#llx)", at, seed);
	/* Nor may anything land behind the end. */
	for (at = len; at < (long)buffer; at++)
		if (((unsigned char *)vmm.in.va)[at] != 0xa5)
			fail("compare", 0, "byte %ld, behind the end, changed",
			     at);
	step("compare", "%zu bytes came back as they were sent (seed %#llx)",
	     len, seed);
}

/* One more mapping, which somebody is expected to refuse. */
static void ask_denied(void)
{
	size_t len = vmm.ask_denied;
	__u64 iova;
	void *va;
	int ret;

	va = mmap(NULL, len, PROT_READ | PROT_WRITE,
		  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (va == MAP_FAILED)
		fail("denied", -errno, "%s of address space", bytes_text(len));
	ret = dma_map_auto(&vmm.dma, va, len, &iova, MAP_RW);
	if (!ret)
		fail("denied", 0, "a mapping of %s was allowed, at IOVA %#llx",
		     bytes_text(len), iova);
	if (ret != -EPERM && ret != -EDQUOT)
		fail("denied", ret, "a mapping of %s failed, but not by policy",
		     bytes_text(len));
	munmap(va, len);
	step("denied", "a mapping of %s: %s (%s)", bytes_text(len),
	     errno_name(ret), strerror(-ret));
}

/* Until SIGTERM, SIGINT or the end of standard input. */
static void hold(int signals)
{
	struct pollfd fds[] = {
		{ .fd = signals, .events = POLLIN },
		{ .fd = STDIN_FILENO, .events = POLLIN },
	};
	struct signalfd_siginfo info;
	char scrap[256];

	step("hold", "%s %s; until SIGTERM or end of input (pid %d)",
	     pinned_field(), bytes_text(dma_charged(&vmm.dma)),
	     getpid());
	for (;;) {
		if (poll(fds, ARRAY_SIZE(fds), -1) < 0)
			continue;
		if (fds[0].revents) {
			if (read(signals, &info, sizeof(info)) !=
			    sizeof(info))
				continue;
			step("hold", "ended by SIG%s",
			     sigabbrev_np(info.ssi_signo));
			return;
		}
		if (fds[1].revents &&
		    read(STDIN_FILENO, scrap, sizeof(scrap)) <= 0) {
			step("hold", "ended by end of input");
			return;
		}
	}
}

static size_t unmap_area(struct area *area)
{
	size_t len = area->mapped ? area->len : 0;
	int ret;

	if (!len)
		return 0;
	ret = dma_unmap(&vmm.dma, area->iova, area->len);
	if (ret)
		fail("unwind", ret, "unmap %s", area->name);
	mem_free(area->va, area->len);
	area->mapped = false;
	return len;
}

/* However we end: what the blocks held comes back, if the device still works. */
static void restore_at_exit(void)
{
	if (vmm.overwritten &&
	    nvme_rw(&vmm.nvme, true, 0, vmm.saved.iova,
		    (size_t)vmm.blocks * vmm.nvme.block_size))
		fprintf(stderr, "vmm: the first %u blocks are not restored\n",
			vmm.blocks);
}

static void unwind(void)
{
	size_t unmapped = 0;
	long left;
	int ret;

	move("restore", true, &vmm.saved,
	     (size_t)vmm.blocks * vmm.nvme.block_size);
	vmm.overwritten = false;
	ret = nvme_stop(&vmm.nvme);
	if (ret)
		fail("unwind", ret, "the controller did not stop");
	unmapped += unmap_area(&vmm.saved);
	unmapped += unmap_area(&vmm.in);
	unmapped += unmap_area(&vmm.out);
	unmapped += unmap_area(&vmm.queues);
	if (vmm.api == DMA_IOMMUFD) {
		ret = vfio_detach(vmm.dma.dev);
		if (!ret)
			ret = iommufd_destroy(vmm.dma.space, vmm.dma.ioas);
		if (ret)
			fail("unwind", ret, "detach and destroy the IOAS");
	}
	dma_close(&vmm.dma);
	left = dma_charged(&vmm.dma);
	if (left != vmm.pinned_before)
		fail("unwind", 0, "%s is %ld bytes, and was %ld before",
		     pinned_field(), left, vmm.pinned_before);
	step("unwind", "%s unmapped, device closed, %s %s",
	     bytes_text(unmapped), pinned_field(), bytes_text(left));
}

static int parse_options(int argc, char **argv)
{
	enum { LEGACY = 1, BLOCKS, HOLD, ASK_DENIED, HELP };
	static const struct option options[] = {
		{ "legacy", no_argument, NULL, LEGACY },
		{ "blocks", required_argument, NULL, BLOCKS },
		{ "hold", no_argument, NULL, HOLD },
		{ "ask-denied", required_argument, NULL, ASK_DENIED },
		{ "help", no_argument, NULL, HELP },
		{ 0 },
	};
	__u64 value;
	int opt;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (opt) {
		case LEGACY:
			vmm.api = DMA_TYPE1;
			break;
		case HOLD:
			vmm.hold = true;
			break;
		case BLOCKS:
			if (bytes_parse(optarg, &value) || !value ||
			    value > MAX_BYTES / 512)
				goto bad_value;
			vmm.blocks = value;
			break;
		case ASK_DENIED:
			if (bytes_parse(optarg, &value) || !value ||
			    value % PAGE_SZ)
				goto bad_value;
			vmm.ask_denied = value;
			break;
		case HELP:
			usage(stdout);
			exit(0);
		default:
			return -EINVAL;
		}
	}
	if (optind + 1 != argc)
		return -EINVAL;
	vmm.bdf = argv[optind];
	if (pci_bdf_valid(vmm.bdf))
		return 0;
	fprintf(stderr, "vmm: %s is not a PCI address like 0000:00:04.0\n",
		vmm.bdf);
	return -EINVAL;
bad_value:
	fprintf(stderr, "vmm: %s is not a size that makes sense here\n",
		optarg);
	return -EINVAL;
}

int main(int argc, char **argv)
{
	sigset_t mask;
	int signals;

	vmm.dma = (struct dma){ .dev = -1, .space = -1, .group = -1 };
	if (parse_options(argc, argv)) {
		usage(stderr);
		return 2;
	}
	vmm.dma.api = vmm.api;
	connect_device();
	identify();
	/* From here on the blocks are restored before a signal ends us. */
	sigemptyset(&mask);
	sigaddset(&mask, SIGTERM);
	sigaddset(&mask, SIGINT);
	sigprocmask(SIG_BLOCK, &mask, NULL);
	atexit(restore_at_exit);
	signals = signalfd(-1, &mask, SFD_CLOEXEC);
	if (signals < 0)
		fail("signals", -errno, "signalfd");
	write_and_read_back();
	if (vmm.ask_denied)
		ask_denied();
	if (vmm.hold)
		hold(signals);
	unwind();
	step("PASS", "the device did what it was asked, by DMA through %s",
	     vmm.api == DMA_IOMMUFD ? IOMMUFD_DEV : "a type 1 container");
	return 0;
}
