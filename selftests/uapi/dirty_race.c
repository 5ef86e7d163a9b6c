// SPDX-License-Identifier: GPL-2.0-only
/*
 * dirty_race.c - devices write while others read, clear, map and unmap
 *
 * Owns: dirty_race_table. Each write must be reported by exactly one of the
 * reads that clear: a writer waits until its own has been.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "dirty.h"

#define PAGES 256
#define WRITERS 2
#define LEN (PAGES * PAGE_SZ)
#define RUN_MS 4000
#define LOST_MS 20000

/* What comes and goes beside what is written to. */
#define OTHER_IOVA (MOCK_START + LEN)

struct arena {
	struct tracked t;
	char *other;
	atomic_uint seen[PAGES];
	atomic_bool stop;		/* writers */
	atomic_bool end;		/* everybody else */
	pthread_barrier_t start;
};

struct actor {
	struct arena *a;
	unsigned int number;
	void (*turn)(struct actor *me);
	struct rng rng;
	unsigned long done;
};

static long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void write_one(struct actor *me)
{
	unsigned int page = rng_below(&me->rng, PAGES / WRITERS) * WRITERS +
			    me->number;
	__u64 iova = MOCK_START + page * PAGE_SZ +
		     rng_below(&me->rng, 2) * MOCK_PAGE;
	const struct timespec moment = { .tv_nsec = 20000 };
	struct arena *a = me->a;
	unsigned int before = atomic_load(&a->seen[page]);
	long begin = now_ms();

	CHECK_EQ(device_write(a->t.fd, a->t.hwpt, iova), 1);
	while (atomic_load(&a->seen[page]) == before) {
		if (now_ms() - begin > LOST_MS)
			FAIL("a write to page %u was never reported", page);
		nanosleep(&moment, NULL);
	}
	CHECK_EQ(atomic_load(&a->seen[page]), before + 1);
	me->done++;
}

static void read_some(struct actor *me)
{
	unsigned int first = rng_below(&me->rng, PAGES);
	unsigned int n = 1 + rng_below(&me->rng, 2 * PAGES - first), i;
	unsigned char bits[2 * PAGES / 8] = { 0 };
	struct arena *a = me->a;

	CHECK_OK(iommufd_dirty_bitmap(a->t.fd, a->t.hwpt,
				      MOCK_START + first * PAGE_SZ, n * PAGE_SZ,
				      PAGE_SZ, bits, 0));
	for (i = 0; i < n && first + i < PAGES; i++)
		if (bit_of(bits, i))
			atomic_fetch_add(&a->seen[first + i], 1);
	me->done++;
}

/* Clears nothing, so it must not disturb the count. */
static void peek(struct actor *me)
{
	unsigned char bits[2 * PAGES / 8] = { 0 };
	struct arena *a = me->a;

	CHECK_OK(iommufd_dirty_bitmap(a->t.fd, a->t.hwpt, MOCK_START, 2 * LEN,
				      PAGE_SZ, bits, NO_CLEAR));
	me->done++;
}

static void map_and_unmap(struct actor *me)
{
	__u64 iova = OTHER_IOVA + rng_below(&me->rng, PAGES / 2) * PAGE_SZ;
	size_t len = (1 + rng_below(&me->rng, PAGES / 2)) * PAGE_SZ;
	struct arena *a = me->a;
	__u64 done;

	CHECK_OK(iommufd_map_fixed(a->t.fd, a->t.ioas, a->other, len, iova,
				   MAP_RW));
	/* Counts for nobody; goes with the area. */
	CHECK_EQ(device_write(a->t.fd, a->t.hwpt, iova), 1);
	CHECK_OK(iommufd_unmap(a->t.fd, a->t.ioas, iova, len, &done));
	CHECK_EQ(done, len);
	me->done++;
}

/* HWPTs that join and leave walk the same areas. */
static void join_and_leave(struct actor *me)
{
	struct arena *a = me->a;
	__u32 hwpt;

	CHECK_OK(mock_dirty_hwpt(a->t.fd, a->t.dev, a->t.ioas,
				 MOCK_IOMMUPT_DEFAULT, &hwpt));
	CHECK_OK(iommufd_dirty_track(a->t.fd, hwpt, true));
	CHECK_OK(iommufd_destroy(a->t.fd, hwpt));
	me->done++;
}

static void *act(void *arg)
{
	struct actor *me = arg;
	atomic_bool *stop = me->turn == write_one ? &me->a->stop : &me->a->end;

	me->rng.state = pattern_seed() + (uintptr_t)me;
	pthread_barrier_wait(&me->a->start);
	while (!atomic_load(stop))
		me->turn(me);
	return NULL;
}

static void run(struct arena *a, struct actor *actors, unsigned int n)
{
	const struct timespec pause = { .tv_sec = RUN_MS / 1000 };
	pthread_t threads[8];
	unsigned int i;

	CHECK(n <= ARRAY_SIZE(threads));
	CHECK_OK(pthread_barrier_init(&a->start, NULL, n));
	for (i = 0; i < n; i++) {
		actors[i].a = a;
		CHECK_OK(pthread_create(&threads[i], NULL, act, &actors[i]));
	}
	nanosleep(&pause, NULL);
	/* The readers go on until the last write has been reported. */
	atomic_store(&a->stop, true);
	for (i = 0; i < WRITERS; i++)
		CHECK_OK(pthread_join(threads[i], NULL));
	atomic_store(&a->end, true);
	for (; i < n; i++)
		CHECK_OK(pthread_join(threads[i], NULL));
	for (i = 0; i < n; i++)
		CHECK(actors[i].done);
}

static void none_is_lost(void)
{
	static struct arena a;
	struct actor actors[] = {
		{ .turn = write_one, .number = 0 },
		{ .turn = write_one, .number = 1 },
		{ .turn = read_some },
		{ .turn = read_some },
		{ .turn = peek },
		{ .turn = map_and_unmap },
		{ .turn = join_and_leave },
	};
	unsigned char bits[PAGES / 8] = { 0 };
	unsigned long seen = 0;
	unsigned int i;

	a.t = tracked_space(false);
	a.other = get_pages(LEN);
	CHECK_OK(iommufd_map_fixed(a.t.fd, a.t.ioas, get_pages(LEN), LEN,
				   MOCK_START, MAP_RW));
	run(&a, actors, ARRAY_SIZE(actors));
	for (i = 0; i < PAGES; i++)
		seen += a.seen[i];
	test_note("%lu writes, %lu reads, %lu peeks, %lu maps, %lu joins",
		  actors[0].done + actors[1].done,
		  actors[2].done + actors[3].done, actors[4].done,
		  actors[5].done, actors[6].done);
	/* One report for each, and nothing is left. */
	CHECK_EQ(seen, actors[0].done + actors[1].done);
	CHECK_OK(iommufd_dirty_bitmap(a.t.fd, a.t.hwpt, MOCK_START, LEN,
				      PAGE_SZ, bits, 0));
	for (i = 0; i < sizeof(bits); i++)
		CHECK_EQ(bits[i], 0);
}

/* The bitmap's memory goes away while it is read into. */
static void bitmap_comes_and_goes(struct actor *me)
{
	struct arena *a = me->a;
	unsigned char *bits = (void *)get_pages(2 * PAGE_SZ);
	int ret;

	if (rng_below(&me->rng, 2))
		mem_free(bits + PAGE_SZ, PAGE_SZ);
	ret = iommufd_dirty_bitmap(a->t.fd, a->t.hwpt, MOCK_START, LEN, 1024,
				   bits + PAGE_SZ - 64, 0);
	CHECK(ret == 0 || ret == -EFAULT);
	if (!ret) {
		unsigned int i;

		for (i = 0; i < PAGES; i++)
			if (bit_of(bits + PAGE_SZ - 64, i * PAGE_SZ / 1024))
				atomic_fetch_add(&a->seen[i], 1);
		mem_free(bits + PAGE_SZ, PAGE_SZ);
	}
	mem_free(bits, PAGE_SZ);
	me->done++;
}

static void faults_lose_nothing(void)
{
	static struct arena a;
	struct actor actors[] = {
		{ .turn = write_one, .number = 0 },
		{ .turn = write_one, .number = 1 },
		{ .turn = bitmap_comes_and_goes },
		{ .turn = bitmap_comes_and_goes },
	};

	a.t = tracked_space(false);
	CHECK_OK(iommufd_map_fixed(a.t.fd, a.t.ioas, get_pages(LEN), LEN,
				   MOCK_START, MAP_RW));
	run(&a, actors, ARRAY_SIZE(actors));
	test_note("%lu writes, %lu reads", actors[0].done + actors[1].done,
		  actors[2].done + actors[3].done);
}

static const struct test tests[] = {
	{ "dirty.none_is_lost", none_is_lost, 0 },
	{ "dirty.faults_lose_nothing", faults_lose_nothing, 0 },
};

const struct test_table dirty_race_table = { tests, ARRAY_SIZE(tests) };
