// SPDX-License-Identifier: GPL-2.0-only
/* rig.c - devices, their IOASes, and what must hold of them; see bench.h */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "bench.h"
#include "iommufd.h"
#include "mem.h"
#include "vmonly_bench_abi.h"

/* What is pinned and charged in the system, in pages. */
struct charges {
	long pins;
	struct bench_charges charged;
};

static struct charges at_start;

static void read_charges(struct charges *now)
{
	int fd = open(VMONLY_BENCH_DEV, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		die("%s: %s", VMONLY_BENCH_DEV, strerror(errno));
	now->pins = pins_now();
	must(xioctl(fd, BENCH_CHARGES, &now->charged), "BENCH_CHARGES");
	close(fd);
}

void check_start(void)
{
	read_charges(&at_start);
}

void check_nothing_is_left(const char *where)
{
	struct charges now;

	read_charges(&now);
	if (now.pins != at_start.pins)
		die("%s: %ld pages are still pinned", where,
		    now.pins - at_start.pins);
	if (memcmp(&now.charged, &at_start.charged, sizeof(now.charged)))
		die("%s: locked_vm of the user %lld, of the process %lld, pinned_vm %lld pages more than before",
		    where,
		    now.charged.locked_vm - at_start.charged.locked_vm,
		    now.charged.mm_locked_vm - at_start.charged.mm_locked_vm,
		    now.charged.mm_pinned_vm - at_start.charged.mm_pinned_vm);
}

void rig_attach(struct rig *rig, unsigned int device, __u32 pt_id)
{
	struct bench_device cmd = { .index = device, .id = pt_id };

	must(xioctl(rig->bench, BENCH_ATTACH, &cmd), "attach");
}

void rig_detach(struct rig *rig, unsigned int device)
{
	struct bench_device cmd = { .index = device };

	must(xioctl(rig->bench, BENCH_DETACH, &cmd), "detach");
}

void rig_open(struct rig *rig)
{
	unsigned int i;

	rig->fd = must(iommufd_open(), IOMMUFD_DEV);
	rig->bench = open(VMONLY_BENCH_DEV, O_RDWR | O_CLOEXEC);
	if (rig->bench < 0)
		die("%s: %s", VMONLY_BENCH_DEV, strerror(errno));
	for (i = 0; i < 2; i++) {
		struct bench_device cmd = { .index = i, .fd = rig->fd };

		must(iommufd_ioas_alloc(rig->fd, &rig->ioas[i]), "IOAS_ALLOC");
		must(xioctl(rig->bench, BENCH_BIND, &cmd), "bind");
		rig->dev[i] = cmd.id;
		rig_attach(rig, i, rig->ioas[i]);
	}
}

void rig_close(struct rig *rig)
{
	/* Detaches and unbinds. */
	close(rig->bench);
	close(rig->fd);
}

static void check_page(struct rig *rig, unsigned int device, __u64 iova,
		       __u64 want)
{
	struct bench_phys cmd = { .index = device, .iova = iova };

	must(xioctl(rig->bench, BENCH_PHYS, &cmd), "iova_to_phys");
	if (cmd.phys != want)
		die("IOVA %#llx of device %u is at %#llx and not at %#llx",
		    iova, device, cmd.phys, want);
}

void rig_check_phys(struct rig *rig, unsigned int device, __u64 iova,
		    const __u64 *phys, size_t npages, unsigned int n)
{
	unsigned int i;

	check_page(rig, device, iova, phys[0]);
	check_page(rig, device, iova + (npages - 1) * PAGE_SZ,
		   phys[npages - 1]);
	for (i = 0; i < n; i++) {
		size_t page = (size_t)random() % npages;

		check_page(rig, device, iova + page * PAGE_SZ + 8,
			   phys[page] + 8);
	}
	/* What follows it is not mapped. */
	rig_check_empty(rig, device, iova + npages * PAGE_SZ);
}

void rig_check_empty(struct rig *rig, unsigned int device, __u64 iova)
{
	check_page(rig, device, iova, 0);
}
