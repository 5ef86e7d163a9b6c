// SPDX-License-Identifier: GPL-2.0-only
/* small.c - calls for a page each: one, and many that lie side by side */
#define _GNU_SOURCE
#include <stdlib.h>

#include "bench.h"
#include "iommufd.h"
#include "mem.h"

#define IOVA (4ULL << 30)
#define PAIRS 256

enum { MAP, UNMAP };

struct result small_results[] = {
	[MAP] = { .op = "map", .unit = "call" },
	[UNMAP] = { .op = "unmap", .unit = "call" },
	{}
};

void run_small(struct bench_case *c)
{
	struct backing mem;
	struct rig rig;
	__u64 *phys, begin, end;
	unsigned int i;
	int rc;

	rig_open(&rig);
	backing_alloc(&mem, SCATTERED, HUGE_SZ);
	phys = backing_phys(&mem);
	for (i = 0; i < PAIRS; i++) {
		if (i % 32 == 0)
			settle();
		begin = ticks();
		rc = iommufd_map_fixed(rig.fd, rig.ioas[0], mem.va, PAGE_SZ,
				       IOVA, MAP_RW);
		end = ticks();
		must(rc, "map");
		sample(&small_results[MAP], 1, end - begin);
		if (!i)
			rig_check_phys(&rig, 0, IOVA, phys, 1, 0);

		begin = ticks();
		rc = iommufd_unmap(rig.fd, rig.ioas[0], IOVA, PAGE_SZ, NULL);
		end = ticks();
		must(rc, "unmap");
		sample(&small_results[UNMAP], 1, end - begin);
	}
	check_nothing_is_left(c->name);
	free(phys);
	backing_free(&mem);
	rig_close(&rig);
}

enum { MAPS, ATTACH, DETACH, UNMAPS };

struct result areas_results[] = {
	[MAPS] = { .op = "map", .unit = "area" },
	[ATTACH] = { .op = "attach", .unit = "area" },
	[DETACH] = { .op = "detach", .unit = "area" },
	[UNMAPS] = { .op = "unmap", .unit = "area" },
	{}
};

static void note_areas(int op, size_t n, __u64 begin, long ret)
{
	__u64 end = ticks();

	must(ret, areas_results[op].op);
	sample(&areas_results[op], n, end - begin);
	settle();
}

static long map_areas(struct rig *rig, struct backing *mem, size_t n)
{
	long rc = 0;
	size_t i;

	for (i = 0; i < n && !rc; i++)
		rc = iommufd_map_fixed(rig->fd, rig->ioas[0],
				       mem->va + i * PAGE_SZ, PAGE_SZ,
				       IOVA + i * PAGE_SZ, MAP_RW);
	return rc;
}

void run_areas(struct bench_case *c)
{
	const size_t n = c->bytes / PAGE_SZ;
	struct backing mem;
	struct rig rig;
	unsigned int i;
	__u64 *phys, begin;
	__u32 hwpt;

	rig_open(&rig);
	backing_alloc(&mem, c->kind, c->bytes);
	phys = backing_phys(&mem);
	for (i = 0; i < rounds; i++) {
		settle();
		begin = ticks();
		note_areas(MAPS, n, begin, map_areas(&rig, &mem, n));
		rig_check_phys(&rig, 0, IOVA, phys, n, 16);

		settle();
		begin = ticks();
		note_areas(ATTACH, n, begin,
			   iommufd_hwpt_alloc(rig.fd, rig.dev[1], rig.ioas[0],
					      0, &hwpt));
		begin = ticks();
		note_areas(DETACH, n, begin, iommufd_destroy(rig.fd, hwpt));

		begin = ticks();
		note_areas(UNMAPS, n, begin,
			   iommufd_unmap(rig.fd, rig.ioas[0], IOVA,
					 n * PAGE_SZ, NULL));
		check_nothing_is_left(c->name);
	}
	free(phys);
	backing_free(&mem);
	rig_close(&rig);
}
