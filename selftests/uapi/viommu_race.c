// SPDX-License-Identifier: GPL-2.0-only
/*
 * viommu_race.c - everything of a virtual IOMMU comes and goes at once
 *
 * Owns: viommu_race_table. Ids are shared without care: one may name another
 * object by the time it is used.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <unistd.h>

#include "racers.h"
#include "viommu.h"

struct arena {
	struct vrig v;
	char *va;
	__u32 nested;
	struct queue q;
	atomic_uint stdev, idev, vdev, viommu, queues[2];
	atomic_ullong offset;
};

static void make_arena(struct arena *a)
{
	memset(a, 0, sizeof(*a));
	a->v = new_vrig();
	a->nested = new_nested(&a->v.r, a->v.viommu);
	a->va = get_pages(PAGE_SZ);
	a->stdev = a->v.r.m.stdev;
	a->idev = a->v.r.m.idev;
}

static int destroy(struct racer *me, __u32 id)
{
	const struct arena *a = me->shared;
	int ret = iommufd_destroy(a->v.r.fd, id);

	allowed(me, ret, ENOENT, EBUSY, 0);
	return ret;
}

/* --- the device goes while it gets, or loses, its virtual one --- */

static void make_vdevice(struct racer *me)
{
	struct arena *a = me->shared;
	__u32 id;
	int ret = vdevice_alloc(&a->v, atomic_load(&a->idev), 1, &id);

	if (allowed(me, ret, ENOENT, EEXIST, 0)) {
		atomic_store(&a->vdev, id);
		me->done++;
	}
}

static void destroy_vdevice(struct racer *me)
{
	struct arena *a = me->shared;

	/* ENOENT: the device was faster. Never again does it name another. */
	me->done += !destroy(me, atomic_exchange(&a->vdev, 0));
}

static void renew_device(struct racer *me)
{
	struct arena *a = me->shared;
	struct mock_device m;

	CHECK_OK(iommufd_destroy(a->v.r.fd, atomic_load(&a->stdev)));
	CHECK_OK(mock_device_add(a->v.r.fd, a->v.r.ioas, 0, &m));
	atomic_store(&a->stdev, m.stdev);
	atomic_store(&a->idev, m.idev);
	me->done++;
}

static void invalidate(struct racer *me)
{
	static const struct iommu_viommu_invalidate_selftest inv[8] = {
		{ .vdev_id = 1 }, { .vdev_id = 1 }, { .vdev_id = 1 },
		{ .vdev_id = 1 }, { .vdev_id = 1 }, { .vdev_id = 1 },
		{ .vdev_id = 1 }, { .vdev_id = 1 },
	};
	struct arena *a = me->shared;
	struct iommu_hwpt_invalidate cmd = {
		.size = sizeof(cmd),
		.hwpt_id = a->v.viommu,
		.data_uptr = (uintptr_t)inv,
		.data_type = IOMMU_VIOMMU_INVALIDATE_DATA_SELFTEST,
		.entry_len = sizeof(inv[0]),
		.entry_num = ARRAY_SIZE(inv),
	};

	/* EINVAL: there is no device of that id just now. */
	me->done += allowed(me, xioctl(a->v.r.fd, IOMMU_HWPT_INVALIDATE, &cmd),
			    EINVAL, 0);
}

static void unbind(void)
{
	struct arena a;
	struct racer r[] = {
		{ .name = "vdevice", .turn = make_vdevice, .shared = &a },
		{ .name = "destroy", .turn = destroy_vdevice, .shared = &a },
		{ .name = "device", .turn = renew_device, .shared = &a },
		{ .name = "invalidate", .turn = invalidate, .shared = &a },
	};

	make_arena(&a);
	race(r, ARRAY_SIZE(r));
	/* Nothing is left of any of them. */
	CHECK_OK(iommufd_destroy(a.v.r.fd, a.stdev));
	CHECK_OK(iommufd_destroy(a.v.r.fd, a.nested));
	CHECK_OK(iommufd_destroy(a.v.r.fd, a.v.viommu));
	CHECK_OK(close(a.v.r.fd));
}

/* --- events are reported while the queue, or the device, goes --- */

static void report(struct racer *me)
{
	struct arena *a = me->shared;

	/* EOPNOTSUPP: no queue; ENOENT: no device */
	me->done += allowed(me, trigger(&a->v), EOPNOTSUPP, ENOENT, 0);
}

static void move(struct racer *me)
{
	struct arena *a = me->shared;
	const struct rig *r = &a->v.r;
	int ret = mock_device_replace(r->fd, r->m.stdev, a->nested);

	me->done += allowed(me, ret, ENOENT, 0);
	if (rng_below(&me->rng, 4) == 0)
		CHECK_OK(mock_device_replace(r->fd, r->m.stdev, r->ioas));
}

/* Makes one, reads from it, closes it, destroys it. */
static void listen_and_go(struct racer *me)
{
	struct arena *a = me->shared;
	struct queue q = new_veventq(&a->v, 1 + rng_below(&me->rng, 3));
	unsigned int i, n = rng_below(&me->rng, 20);
	long last = -1;

	for (i = 0; i < n; i++) {
		struct event e;
		long got = event_read(&q, &e, sizeof(e));

		CHECK(got >= 0);
		if (!got)
			continue;
		/* Numbers only rise; without LOST an event is whole. */
		CHECK((long)e.head.sequence > last);
		last = e.head.sequence;
		if (e.head.flags)
			CHECK_EQ(got, HEAD_SIZE);
		else
			CHECK_EQ(e.body.virt_id, 1);
		me->done++;
	}
	CHECK_OK(close(q.fd));
	CHECK_OK(iommufd_destroy(a->v.r.fd, q.id));
}

static void events(void)
{
	struct arena a;
	struct racer r[] = {
		{ .name = "report", .turn = report, .shared = &a },
		{ .name = "report", .turn = report, .shared = &a },
		{ .name = "listen", .turn = listen_and_go, .shared = &a },
		{ .name = "move", .turn = move, .shared = &a },
		{ .name = "vdevice", .turn = make_vdevice, .shared = &a },
		{ .name = "destroy", .turn = destroy_vdevice, .shared = &a },
	};

	make_arena(&a);
	race(r, ARRAY_SIZE(r));
	CHECK_OK(iommufd_destroy(a.v.r.fd, a.stdev));
	CHECK_OK(iommufd_destroy(a.v.r.fd, a.nested));
	CHECK_OK(iommufd_destroy(a.v.r.fd, a.v.viommu));
}

/* --- mapped while it goes; queues in memory that is being unmapped --- */

static void renew_viommu(struct racer *me)
{
	struct arena *a = me->shared;
	struct iommu_viommu_selftest d = { .in_data = 77 };
	__u32 id;

	if (destroy(me, atomic_load(&a->viommu)) == -EBUSY)
		return;
	CHECK_OK(viommu_alloc(&a->v.r, a->v.parent, &d, &id));
	atomic_store(&a->offset, d.out_mmap_offset);
	atomic_store(&a->viommu, id);
	me->done++;
}

static void map_regs(struct racer *me)
{
	struct arena *a = me->shared;
	volatile __u32 *p = mmap(NULL, 2 * PAGE_SZ, PROT_READ | PROT_WRITE,
				 MAP_SHARED, a->v.r.fd,
				 atomic_load(&a->offset));

	if (p == MAP_FAILED) {
		CHECK_EQ(errno, ENXIO);
		return;
	}
	CHECK_EQ(*p, 77);
	CHECK_OK(munmap((void *)p, 2 * PAGE_SZ));
	me->done++;
}

static void make_queue(struct racer *me)
{
	struct arena *a = me->shared;
	__u32 index = rng_below(&me->rng, 2), id;
	int ret = hw_queue_alloc(&a->v, index, MOCK_IOVA, 64, &id);

	/* ENOENT: not mapped, or the queue before it is just going */
	if (allowed(me, ret, ENOENT, EEXIST, EIO, 0)) {
		atomic_store(&a->queues[index], id);
		me->done++;
	}
}

static void destroy_queue(struct racer *me)
{
	struct arena *a = me->shared;
	atomic_uint *slot = &a->queues[rng_below(&me->rng, 2)];
	__u32 id = atomic_load(slot);

	me->done += !destroy(me, id);
}

static void map_and_unmap(struct racer *me)
{
	struct arena *a = me->shared;
	const struct rig *r = &a->v.r;
	int ret;

	ret = iommufd_map_fixed(r->fd, r->ioas, a->va, PAGE_SZ, MOCK_IOVA,
				MAP_RW);
	/* A queue keeps it from the last turn. */
	allowed(me, ret, EEXIST, 0);
	ret = iommufd_unmap(r->fd, r->ioas, MOCK_IOVA, PAGE_SZ, NULL);
	me->done += allowed(me, ret, EBUSY, 0);
}

static void memory(void)
{
	struct arena a;
	struct racer r[] = {
		{ .name = "viommu", .turn = renew_viommu, .shared = &a },
		{ .name = "mmap", .turn = map_regs, .shared = &a },
		{ .name = "queue", .turn = make_queue, .shared = &a },
		{ .name = "queue", .turn = make_queue, .shared = &a },
		{ .name = "destroy", .turn = destroy_queue, .shared = &a },
		{ .name = "map", .turn = map_and_unmap, .shared = &a },
	};

	make_arena(&a);
	race(r, ARRAY_SIZE(r));
	CHECK_OK(close(a.v.r.fd));
	CHECK_EQ(pins_here(), 0);
}

static const struct test tests[] = {
	{ "race/unbind", unbind, 0 },
	{ "race/events", events, 0 },
	{ "race/memory", memory, 0 },
};

const struct test_table viommu_race_table = { tests, ARRAY_SIZE(tests) };
