// SPDX-License-Identifier: GPL-2.0-only
/*
 * mock_fault_race.c - a device faults while everything about it changes
 *
 * Owns: fault_race_table. Each fault must be answered once, whoever does it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include "mock_fault.h"
#include "racers.h"

#define PASID IOMMU_HWPT_ALLOC_PASID
#define NR_PASIDS 4
#define NR_HWPTS 4

struct arena {
	struct rig r;
	struct queue q[2];
	__u32 hwpt[NR_HWPTS];
	atomic_ulong faults;
};

static __u32 any_hwpt(struct racer *me)
{
	const struct arena *a = me->shared;

	return a->hwpt[rng_below(&me->rng, NR_HWPTS)];
}

static void do_fault(struct racer *me)
{
	struct arena *a = me->shared;
	__u32 pasid = rng_below(&me->rng, NR_PASIDS);
	int ret = fault_last(&a->r, pasid, rng_below(&me->rng, 8), me->turns);

	/*
	 * EINVAL: the core, which knows no queue, has said that it failed.
	 * EBUSY: too many wait.
	 */
	if (allowed(me, ret, EINVAL, ENODEV, EBUSY, 0))
		me->done++;
	if (!ret || ret == -EINVAL)
		atomic_fetch_add(&a->faults, 1);
}

static void do_answer(struct racer *me)
{
	struct arena *a = me->shared;
	struct queue *q = &a->q[rng_below(&me->rng, 2)];
	struct iommu_hwpt_pgfault f[4];
	int i, n = queue_read(q, f, ARRAY_SIZE(f));

	CHECK(n >= 0);
	for (i = 0; i < n; i++) {
		int ret = queue_answer(q, f[i].cookie,
				       rng_below(&me->rng, 2));

		/* It was just being detached from what the fault was of. */
		me->done += allowed(me, ret, EINVAL, 0);
	}
}

/* Guesses, of which some may be right: then another's answer is wrong. */
static void do_guess(struct racer *me)
{
	struct arena *a = me->shared;
	struct queue *q = &a->q[rng_below(&me->rng, 2)];
	int ret = queue_answer(q, 1 + rng_below(&me->rng, 5000), 0);

	allowed(me, ret, EINVAL, 0);
	me->done++;
}

static void do_replace(struct racer *me)
{
	struct arena *a = me->shared;
	__u32 id = rng_below(&me->rng, 5) ? any_hwpt(me) : a->r.ioas;
	int ret = mock_device_replace(a->r.fd, a->r.m.stdev, id);

	/* EINVAL: the IOAS, beside PASIDs */
	me->done += allowed(me, ret, EINVAL, 0);
}

static void do_pasid(struct racer *me)
{
	struct arena *a = me->shared;
	__u32 pasid = 1 + rng_below(&me->rng, NR_PASIDS - 1);
	int ret;

	switch (rng_below(&me->rng, 3)) {
	case 0:
		ret = pasid_attach(&a->r, pasid, any_hwpt(me));
		break;
	case 1:
		ret = pasid_replace(&a->r, pasid, any_hwpt(me));
		break;
	default:
		ret = pasid_detach(&a->r, pasid);
		break;
	}
	me->done += allowed(me, ret, EINVAL, EBUSY, 0);
}

static void make_arena(struct arena *a)
{
	unsigned int i;

	a->r = new_pasid_rig(0);
	for (i = 0; i < 2; i++)
		a->q[i] = new_queue(a->r.fd);
	for (i = 0; i < NR_HWPTS; i++)
		a->hwpt[i] = hwpt_with(&a->r, 0, PASID,
				       i < 3 ? &a->q[i % 2] : NULL);
}

/* Everything detached: nothing waits, and the numbers add up. */
static void settle(struct arena *a)
{
	__u32 nr[MOCK_NR_ANSWERS];
	unsigned int i;

	for (i = 1; i < NR_PASIDS; i++)
		CHECK_OK(pasid_detach(&a->r, i));
	CHECK_OK(mock_device_replace(a->r.fd, a->r.m.stdev, a->r.ioas));
	get_answers(&a->r, nr);
	CHECK_EQ(nr[MOCK_WAITING], 0);
	CHECK_EQ(nr[MOCK_FAILURE], 0);
	CHECK_EQ(nr[MOCK_SUCCESS] + nr[MOCK_INVALID], atomic_load(&a->faults));
	test_note("%u answered well, %u failed", nr[MOCK_SUCCESS],
		  nr[MOCK_INVALID]);
	CHECK(nr[MOCK_SUCCESS] > 0);
	for (i = 0; i < NR_HWPTS; i++)
		CHECK_OK(iommufd_destroy(a->r.fd, a->hwpt[i]));
}

static void fault_against_all(void)
{
	static struct arena a;
	struct racer r[] = {
		{ .name = "fault", .turn = do_fault, .shared = &a },
		{ .name = "answer", .turn = do_answer, .shared = &a },
		{ .name = "answer too", .turn = do_answer, .shared = &a },
		{ .name = "guess", .turn = do_guess, .shared = &a },
		{ .name = "replace", .turn = do_replace, .shared = &a },
		{ .name = "pasid", .turn = do_pasid, .shared = &a },
	};

	make_arena(&a);
	race(r, ARRAY_SIZE(r));
	settle(&a);
}

/* Queues come, are attached to, and are closed in the middle of it. */
static void do_close(struct racer *me)
{
	struct arena *a = me->shared;
	struct queue q = new_queue(a->r.fd);
	__u32 hwpt = hwpt_with(&a->r, 0, PASID, &q);

	CHECK_OK(mock_device_replace(a->r.fd, a->r.m.stdev, hwpt));
	if (rng_below(&me->rng, 2)) {
		struct iommu_hwpt_pgfault f;

		CHECK(queue_read(&q, &f, 1) >= 0);
	}
	CHECK_OK(close(q.fd));
	CHECK_OK(mock_device_replace(a->r.fd, a->r.m.stdev, a->hwpt[0]));
	CHECK_OK(iommufd_destroy(a->r.fd, hwpt));
	CHECK_OK(iommufd_destroy(a->r.fd, q.id));
	me->done++;
}

static void fault_against_close(void)
{
	static struct arena a;
	struct racer r[] = {
		{ .name = "fault", .turn = do_fault, .shared = &a },
		{ .name = "fault too", .turn = do_fault, .shared = &a },
		{ .name = "answer", .turn = do_answer, .shared = &a },
		{ .name = "close", .turn = do_close, .shared = &a },
	};

	make_arena(&a);
	race(r, ARRAY_SIZE(r));
	settle(&a);
}

static void *fault_on(void *arg)
{
	const struct rig *r = arg;
	int ret;

	do {
		ret = fault_last(r, 0, 1, 1);
	} while (!ret || ret == -EBUSY);
	/* The descriptor is closed, or the number is another file's already. */
	CHECK(ret == -EBADF || ret == -ENOTTY || ret == -ENOENT ||
	      ret == -ENODEV);
	return NULL;
}

/* Both files are closed while the device goes on. */
static void fault_against_exit(void)
{
	unsigned int i;

	for (i = 0; i < 50; i++) {
		struct rig r = new_pasid_rig(0);
		struct queue q = new_queue(r.fd);
		__u32 h = hwpt_with(&r, 0, PASID, &q);
		struct iommu_hwpt_pgfault f;
		pthread_t thread;

		CHECK_OK(mock_device_replace(r.fd, r.m.stdev, h));
		CHECK_OK(pthread_create(&thread, NULL, fault_on, &r));
		while (!queue_read(&q, &f, 1))
			;
		if (i % 2) {
			CHECK_OK(close(q.fd));
			CHECK_OK(close(r.fd));
		} else {
			CHECK_OK(close(r.fd));
			CHECK_OK(close(q.fd));
		}
		CHECK_OK(pthread_join(thread, NULL));
	}
}

static const struct test tests[] = {
	{ "fault_race.against_all", fault_against_all, 0 },
	{ "fault_race.against_close", fault_against_close, 0 },
	{ "fault_race.against_exit", fault_against_exit, 0 },
};

const struct test_table fault_race_table = { tests, ARRAY_SIZE(tests) };
