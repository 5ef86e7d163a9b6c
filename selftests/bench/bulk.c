// SPDX-License-Identifier: GPL-2.0-only
/*
 * bulk.c - a large mapping: mapped, written into a second page table, copied to
 * another IOAS, and taken out of each again
 */
#define _GNU_SOURCE
#include <stdlib.h>

#include "bench.h"
#include "iommufd.h"
#include "mem.h"

/* Aligned for every page size, and clear of what IOMMUs reserve. */
#define IOVA (4ULL << 30)
#define CHECKED 64

enum { MAP, UNMAP, ATTACH, DETACH, COPY, UNCOPY };

struct result bulk_results[] = {
	[MAP] = { .op = "map", .unit = "page" },
	[UNMAP] = { .op = "unmap", .unit = "page" },
	[ATTACH] = { .op = "attach", .unit = "page" },
	[DETACH] = { .op = "detach", .unit = "page" },
	[COPY] = { .op = "copy", .unit = "page" },
	[UNCOPY] = { .op = "uncopy", .unit = "page" },
	{}
};

struct bulk {
	struct rig rig;
	struct backing mem;
	bool by_file;
	size_t bytes;
	size_t npages;
	__u64 *phys;
};

static void note(struct bulk *b, int op, __u64 begin, long ret)
{
	__u64 end = ticks();

	must(ret, bulk_results[op].op);
	sample(&bulk_results[op], b->npages, end - begin);
	settle();
}

static void map(struct bulk *b)
{
	struct rig *rig = &b->rig;
	__u64 iova = IOVA, begin;
	int rc;

	settle();
	begin = ticks();
	if (b->by_file)
		rc = iommufd_map_file(rig->fd, rig->ioas[0], b->mem.fd, 0,
				      b->bytes, &iova,
				      MAP_RW | IOMMU_IOAS_MAP_FIXED_IOVA);
	else
		rc = iommufd_map_fixed(rig->fd, rig->ioas[0], b->mem.va,
				       b->bytes, IOVA, MAP_RW);
	note(b, MAP, begin, rc);
	rig_check_phys(rig, 0, IOVA, b->phys, b->npages, CHECKED);
}

static void unmap(struct bulk *b, unsigned int which, int op)
{
	__u64 begin = ticks();

	note(b, op, begin,
	     iommufd_unmap(b->rig.fd, b->rig.ioas[which], IOVA, b->bytes,
			   NULL));
}

/* A HWPT takes in all that its IOAS maps when it is made. */
static void second_domain(struct bulk *b)
{
	struct rig *rig = &b->rig;
	__u64 begin;
	__u32 hwpt;
	int rc;

	settle();
	begin = ticks();
	rc = iommufd_hwpt_alloc(rig->fd, rig->dev[1], rig->ioas[0], 0, &hwpt);
	note(b, ATTACH, begin, rc);

	rig_detach(rig, 1);
	rig_attach(rig, 1, hwpt);
	rig_check_phys(rig, 1, IOVA, b->phys, b->npages, CHECKED);
	rig_detach(rig, 1);
	rig_attach(rig, 1, rig->ioas[1]);

	settle();
	begin = ticks();
	note(b, DETACH, begin, iommufd_destroy(rig->fd, hwpt));
}

static void copy(struct bulk *b)
{
	struct rig *rig = &b->rig;
	__u64 begin;

	settle();
	begin = ticks();
	note(b, COPY, begin,
	     iommufd_copy(rig->fd, rig->ioas[1], rig->ioas[0], IOVA,
			  b->bytes, IOVA, MAP_RW));
	rig_check_phys(rig, 1, IOVA, b->phys, b->npages, CHECKED);
	settle();
	unmap(b, 1, UNCOPY);
}

void run_bulk(struct bench_case *c)
{
	struct bulk b = {
		.by_file = c->by_file && !is_peer,
		.bytes = c->bytes,
		.npages = c->bytes / PAGE_SZ,
	};
	unsigned int i;

	rig_open(&b.rig);
	backing_alloc(&b.mem, c->kind, c->bytes);
	b.phys = backing_phys(&b.mem);
	for (i = 0; i < rounds; i++) {
		map(&b);
		second_domain(&b);
		copy(&b);
		settle();
		unmap(&b, 0, UNMAP);
		check_nothing_is_left(c->name);
	}
	free(b.phys);
	backing_free(&b.mem);
	rig_close(&b.rig);
}
