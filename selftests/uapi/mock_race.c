// SPDX-License-Identifier: GPL-2.0-only
/*
 * mock_race.c - nested HWPTs, their parents and the devices on them come and go
 * at the same time
 *
 * Owns: nest_race_table. Ids are shared without care: one may name another
 * HWPT by the time it is used.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdatomic.h>
#include <unistd.h>

#include "mocked.h"
#include "racers.h"

#define SLOTS 3

struct arena {
	struct rig r;
	char *va;
	atomic_uint parents[SLOTS];
	atomic_uint nested[SLOTS];
};

static atomic_uint *any(struct racer *me, atomic_uint *slots)
{
	return &slots[rng_below(&me->rng, SLOTS)];
}

static void destroy(struct racer *me, const struct arena *a, __u32 id)
{
	if (id)
		allowed(me, iommufd_destroy(a->r.fd, id), ENOENT, EBUSY, 0);
}

static void make_parent(struct racer *me)
{
	struct arena *a = me->shared;
	struct iommu_hwpt_alloc cmd = hwpt_cmd(&a->r, a->r.ioas,
					       IOMMU_HWPT_ALLOC_NEST_PARENT);

	CHECK_OK(xioctl(a->r.fd, IOMMU_HWPT_ALLOC, &cmd));
	destroy(me, a, atomic_exchange(any(me, a->parents), cmd.out_hwpt_id));
	me->done++;
}

static void make_nested(struct racer *me)
{
	struct arena *a = me->shared;
	struct iommu_hwpt_alloc cmd =
		nested_cmd(&a->r, atomic_load(any(me, a->parents)));

	/* EINVAL: the parent has gone, or the id is another's now. */
	if (allowed(me, xioctl(a->r.fd, IOMMU_HWPT_ALLOC, &cmd), EINVAL, 0)) {
		destroy(me, a,
			atomic_exchange(any(me, a->nested), cmd.out_hwpt_id));
		me->done++;
	}
}

static void destroy_any(struct racer *me)
{
	struct arena *a = me->shared;
	atomic_uint *slots = rng_below(&me->rng, 2) ? a->parents : a->nested;
	int ret = iommufd_destroy(a->r.fd, atomic_load(any(me, slots)));

	me->done += allowed(me, ret, ENOENT, EBUSY, 0);
}

static void replace(struct racer *me)
{
	struct arena *a = me->shared;
	__u32 id;
	int ret;

	switch (rng_below(&me->rng, 4)) {
	case 0:
		id = a->r.ioas;
		break;
	case 1:
		id = atomic_load(any(me, a->parents));
		break;
	default:
		id = atomic_load(any(me, a->nested));
		break;
	}
	ret = mock_device_replace(a->r.fd, a->r.m.stdev, id);
	me->done += allowed(me, ret, ENOENT, 0);
}

static void invalidate(struct racer *me)
{
	static const struct iommu_hwpt_invalidate_selftest inv[8];
	struct arena *a = me->shared;
	struct iommu_hwpt_invalidate cmd = {
		.size = sizeof(cmd),
		.hwpt_id = atomic_load(any(me, a->nested)),
		.data_uptr = (uintptr_t)inv,
		.data_type = IOMMU_HWPT_INVALIDATE_DATA_SELFTEST,
		.entry_len = sizeof(inv[0]),
		.entry_num = ARRAY_SIZE(inv),
	};
	int ret = xioctl(a->r.fd, IOMMU_HWPT_INVALIDATE, &cmd);
	bool done = allowed(me, ret, ENOENT, EINVAL, 0);

	CHECK_EQ(cmd.entry_num, done ? ARRAY_SIZE(inv) : 0);
	me->done += done;
}

static void map_and_unmap(struct racer *me)
{
	struct arena *a = me->shared;
	__u64 iova = MOCK_IOVA + rng_below(&me->rng, 64) * 8 * PAGE_SZ;
	int ret;

	CHECK_OK(iommufd_map_fixed(a->r.fd, a->r.ioas, a->va, 8 * PAGE_SZ,
				   iova, MAP_RW));
	do {
		/* Just then a HWPT that joins or leaves holds it. */
		ret = iommufd_unmap(a->r.fd, a->r.ioas, iova, 8 * PAGE_SZ,
				    NULL);
	} while (!allowed(me, ret, EBUSY, 0));
	me->done++;
}

static void nest_against_all(void)
{
	struct arena a = { .r = new_rig(), .va = get_pages(8 * PAGE_SZ) };
	struct racer r[] = {
		{ .name = "parent", .turn = make_parent, .shared = &a },
		{ .name = "nested", .turn = make_nested, .shared = &a },
		{ .name = "destroy", .turn = destroy_any, .shared = &a },
		{ .name = "replace", .turn = replace, .shared = &a },
		{ .name = "invalidate", .turn = invalidate, .shared = &a },
		{ .name = "map", .turn = map_and_unmap, .shared = &a },
	};
	unsigned int i;

	race(r, ARRAY_SIZE(r));
	CHECK_EQ(pins_here(), 0);
	CHECK_OK(mock_device_replace(a.r.fd, a.r.m.stdev, a.r.ioas));
	/* All that is left can go, in the right order. */
	for (i = 0; i < SLOTS; i++)
		destroy(&r[0], &a, atomic_load(&a.nested[i]));
	CHECK_OK(iommufd_map_fixed(a.r.fd, a.r.ioas, a.va, 8 * PAGE_SZ,
				   MOCK_IOVA, MAP_RW));
	CHECK_EQ(pins_here(), 8);
	CHECK_OK(close(a.r.fd));
	CHECK_EQ(pins_here(), 0);
}

static const struct test tests[] = {
	{ "nest_race.against_all", nest_against_all, 0 },
};

const struct test_table nest_race_table = { tests, ARRAY_SIZE(tests) };
