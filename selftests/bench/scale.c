// SPDX-License-Identifier: GPL-2.0-only
/*
 * bench_scale: a host of many terabytes, on a mock IOMMU: what grows with what
 * is mapped, and is all of it right?
 *
 *	bench_scale PROFILE
 *
 * Each virtual machine is a context with an IOAS and a page table that tracks
 * writes. All map the same memory again and again: neither iommufd nor the page
 * tables care. After so many machines as each step says, everything is written
 * into second page tables, dirty pages are read, iommutop looks. Prints what
 * that took, in instructions: for a VM with --icount. Ends with 1 when anything
 * is not what it must be. run-scale calls it.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"
#include "mem.h"
#include "mock.h"
#include "scale.h"

#define MIB (1UL << 20)
#define GIB (1UL << 30)
/* Aligned for every page size, and in reach of the mock. */
#define BASE GIB
#define VMS_MAX 32
#define STEPS 3
#define CHECKED 64
/* A device has written to one IO page of so many. */
#define DIRTY_ONE_IN 100

bool is_peer;

/**
 * struct profile - what is mapped
 * @name: the argument
 * @kind: of the memory
 * @memory: how much there is of it
 * @vm: bytes that each machine maps
 * @area: bytes of a mapping
 * @by_file: by IOMMU_IOAS_MAP_FILE
 * @leaf: bytes of an IO page
 * @vms: machines at each step
 */
static const struct profile {
	const char *name;
	enum backing_kind kind;
	size_t memory;
	size_t vm;
	size_t area;
	bool by_file;
	size_t leaf;
	unsigned int vms[STEPS];
} profiles[] = {
	/* As QEMU maps its guest's memory. */
	{ "large", REPEATED_2M, 64 * GIB, 64 * GIB, 64 * GIB, false,
	  MOCK_HUGE_PAGE_SIZE, { 2, 8, 32 } },
	{ "many", REPEATED_2M, 64 * MIB, 64 * GIB, 16 * MIB, true,
	  MOCK_HUGE_PAGE_SIZE, { 2, 8, 32 } },
	{ "4k", REPEATED_4K, 64 * MIB, 4 * GIB, 64 * MIB, false,
	  PAGE_SZ, { 1, 4, 16 } },
};

static const struct profile *p;
static struct backing mem;

static struct vm {
	int fd;
	__u32 ioas;
	struct mock_device device;
	__u32 hwpt;
	__u32 second;
} vms[VMS_MAX];

static void vm_open(struct vm *vm)
{
	vm->fd = must(iommufd_open(), IOMMUFD_DEV);
	must(iommufd_ioas_alloc(vm->fd, &vm->ioas), "IOAS_ALLOC");
	must(mock_device_add(vm->fd, vm->ioas, 0, &vm->device), "mock device");
	must(mock_dirty_hwpt(vm->fd, vm->device.idev, vm->ioas,
			     MOCK_IOMMUPT_WIDE, &vm->hwpt), "HWPT");
	/* The page table of its attach ends at 2 GiB; it goes with this. */
	must(mock_device_replace(vm->fd, vm->device.stdev, vm->hwpt), "attach");
}

static void vm_map(struct vm *vm)
{
	size_t at;

	for (at = 0; at < p->vm; at += p->area) {
		/* An area is all of the memory, or a part of what is unique. */
		size_t from = at % mem.unique;
		__u64 iova = BASE + at;
		int rc;

		if (p->by_file)
			rc = iommufd_map_file(vm->fd, vm->ioas, mem.fd, from,
					      p->area, &iova,
					      MAP_RW | IOMMU_IOAS_MAP_FIXED_IOVA);
		else
			rc = iommufd_map_fixed(vm->fd, vm->ioas, mem.va + from,
					       p->area, iova, MAP_RW);
		must(rc, "map");
	}
}

/* The first, the last and some others of a page table's 2 MiB pieces. */
static void vm_check(struct vm *vm, __u32 hwpt)
{
	size_t n = p->vm / HUGE_SZ, i;

	for (i = 0; i < CHECKED + 2; i++) {
		size_t at = (!i ? 0 : i == 1 ? n - 1 : random() % n) * HUGE_SZ;

		must(mock_check_map(vm->fd, hwpt, BASE + at,
				    mem.va + at % mem.unique, HUGE_SZ),
		     "a page table does not hold the memory");
	}
}

static void vm_second(struct vm *vm)
{
	must(mock_dirty_hwpt(vm->fd, vm->device.idev, vm->ioas,
			     MOCK_IOMMUPT_WIDE, &vm->second), "second HWPT");
}

static void vm_unmap(struct vm *vm)
{
	__u64 done;

	must(iommufd_unmap(vm->fd, vm->ioas, BASE, p->vm, &done), "unmap");
	if (done != p->vm)
		die("%llu bytes were unmapped, not %zu", done, p->vm);
}

/* --- dirty pages --- */

static size_t bitmap_bytes(size_t page_size)
{
	return p->vm / page_size / 8;
}

static unsigned char *bitmap(size_t page_size)
{
	unsigned char *bits = calloc(1, bitmap_bytes(page_size));

	if (!bits)
		die("no memory for a bitmap");
	return bits;
}

/* The device writes. Return: a bit for each page that has to be dirty. */
static unsigned char *vm_write(struct vm *vm)
{
	unsigned char *leaves = bitmap(p->leaf), *want = bitmap(PAGE_SZ);
	size_t n = p->vm / p->leaf, per = p->leaf / PAGE_SZ, i, j, at;
	int written = 0;

	for (i = 0; i < n / DIRTY_ONE_IN + 1; i++) {
		at = random() % n;
		if (leaves[at / 8] & 1 << at % 8)
			continue;
		leaves[at / 8] |= 1 << at % 8;
		for (j = at * per; j < (at + 1) * per; j++)
			want[j / 8] |= 1 << j % 8;
		written++;
	}
	if (must(mock_dirty(vm->fd, vm->hwpt, BASE, p->vm, p->leaf, leaves),
		 "DIRTY") != written)
		die("the device could not write everywhere");
	free(leaves);
	return want;
}

/* Return: the instructions of a read that reports exactly @want. */
static __u64 vm_read(struct vm *vm, const unsigned char *want)
{
	unsigned char *got = bitmap(PAGE_SZ);
	__u64 begin, end;

	/* Its memory is there: that of a VMM is. This memset is not left out. */
	explicit_bzero(got, bitmap_bytes(PAGE_SZ));
	begin = ticks();
	must(iommufd_dirty_bitmap(vm->fd, vm->hwpt, BASE, p->vm, PAGE_SZ, got, 0),
	     "GET_DIRTY_BITMAP");
	end = ticks();
	if (memcmp(got, want, bitmap_bytes(PAGE_SZ)))
		die("the bitmap does not say what was written");
	free(got);
	return end - begin;
}

/* Both reads of all machines: after some writes, and after none. */
static void read_dirty(unsigned int n, __u64 *dirty, __u64 *clean)
{
	unsigned char *none = bitmap(PAGE_SZ), *want;
	unsigned int i;

	*dirty = *clean = 0;
	for (i = 0; i < n; i++) {
		must(iommufd_dirty_track(vms[i].fd, vms[i].hwpt, true), "track");
		want = vm_write(&vms[i]);
		*dirty += vm_read(&vms[i], want);
		*clean += vm_read(&vms[i], none);
		free(want);
		must(iommufd_dirty_track(vms[i].fd, vms[i].hwpt, false), "track");
	}
	free(none);
}

/* --- a step --- */

/* What a step has found; ticks are those of all machines. */
struct found {
	unsigned int vms;
	__u64 map;
	__u64 second;
	__u64 dirty;
	__u64 clean;
	long memory;
	long tables;
	struct top top;
};

static void check_top(const struct top *top, unsigned int n)
{
	const __u64 bytes = n * p->vm, maps = bytes / p->area;

	if (top->maps != maps || top->mapped != bytes || top->pinned != bytes)
		die("iommutop: %llu mappings, %llu bytes, %llu pinned; and not %llu, %llu",
		    top->maps, top->mapped, top->pinned, maps, bytes);
	if (top->rows != maps || top->listed != bytes)
		die("iommutop lists %llu mappings, %llu bytes", top->rows,
		    top->listed);
}

static void grow(unsigned int from, struct found *f)
{
	unsigned int i;
	__u64 begin;

	for (i = from; i < f->vms; i++) {
		vm_open(&vms[i]);
		begin = ticks();
		vm_map(&vms[i]);
		begin = ticks() - begin;
		f->map += begin;
		vm_check(&vms[i], vms[i].hwpt);
	}
	if (proc_status_bytes("VmPin") != (long)(f->vms * p->vm))
		die("VmPin is %ld", proc_status_bytes("VmPin"));
}

static void look(struct found *f, long memory_at_start)
{
	unsigned int i;
	__u64 begin;

	f->memory = kernel_memory() - memory_at_start;
	begin = ticks();
	for (i = 0; i < f->vms; i++)
		vm_second(&vms[i]);
	f->second = ticks() - begin;
	f->tables = kernel_memory() - memory_at_start - f->memory;
	for (i = 0; i < f->vms; i++) {
		vm_check(&vms[i], vms[i].second);
		must(iommufd_destroy(vms[i].fd, vms[i].second), "destroy");
	}
	read_dirty(f->vms, &f->dirty, &f->clean);
	f->top = run_iommutop();
	check_top(&f->top, f->vms);
}

static void print_found(const struct found *f)
{
	const double pages = f->vms * (double)p->vm / PAGE_SZ;
	const double gib = f->vms * (double)p->vm / GIB;

	printf("step\t%s\t%u\t%.0f\t%.0f\t%.3f\t%.3f\t%.3f\t%.3f\t%.2f\t%.2f\t%.1f\n",
	       p->name, f->vms, gib, f->vms * (double)(p->vm / p->area),
	       f->map / pages, f->second / pages, f->dirty / pages,
	       f->clean / pages, (f->memory - f->tables) / gib / 1024,
	       f->tables / gib / 1024, f->top.ticks / 1e6);
	fflush(stdout);
}

/* --- all of it --- */

static void unmap_all(unsigned int n, long pins, long locked, long memory)
{
	unsigned int i;
	__u64 begin = ticks();

	for (i = 0; i < n; i++)
		vm_unmap(&vms[i]);
	begin = ticks() - begin;
	if (pins_now() != pins)
		die("%ld pins are left", pins_now() - pins);
	if (proc_status_bytes("VmPin") || proc_status_bytes("VmLck") != locked)
		die("VmPin is %ld, VmLck %ld", proc_status_bytes("VmPin"),
		    proc_status_bytes("VmLck"));
	for (i = 0; i < n; i++)
		close(vms[i].fd);
	printf("unmap\t%s\t%.3f\t%.1f\n", p->name,
	       begin / (n * (double)p->vm / PAGE_SZ),
	       (kernel_memory() - memory) / (double)MIB);
}

static void run(void)
{
	long pins, locked, memory;
	unsigned int i, had = 0;
	struct found f = {};

	backing_alloc(&mem, p->kind, p->memory);
	pins = pins_now();
	locked = proc_status_bytes("VmLck");
	memory = kernel_memory();
	slabs_begin();
	for (i = 0; i < STEPS; i++) {
		f.vms = p->vms[i];
		fprintf(stderr, "#   %u VMs\n", f.vms);
		grow(had, &f);
		if (i == STEPS - 1) {
			char prefix[32];

			snprintf(prefix, sizeof(prefix), "slab\t%s", p->name);
			slabs_print(prefix);
		}
		look(&f, memory);
		print_found(&f);
		had = f.vms;
	}
	unmap_all(had, pins, locked, memory);
}

int main(int argc, char **argv)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(profiles); i++)
		if (argc == 2 && !strcmp(argv[1], profiles[i].name))
			p = &profiles[i];
	if (!p)
		die("usage: bench_scale large|many|4k");
	if (!mock_is_there())
		die("iommufd_mock.ko is not loaded; see run-scale");
	run();
	return 0;
}
