// SPDX-License-Identifier: GPL-2.0-only
/*
 * racers.c - threads that do to each other what they can; see racers.h
 *
 * Owns: the threads, and when they stop.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <time.h>

#include "racers.h"

/* How often it is looked whether that is enough. */
#define PAUSE_MS 50

static atomic_bool stop;
static pthread_barrier_t start;

static void *run_racer(void *arg)
{
	struct racer *me = arg;

	pthread_barrier_wait(&start);
	while (!atomic_load_explicit(&stop, memory_order_relaxed)) {
		me->turn(me);
		me->turns++;
	}
	return NULL;
}

/* Has each of them got through? They go on meanwhile. */
static bool all_through(const struct racer *racers, unsigned int n)
{
	while (n--)
		if (!__atomic_load_n(&racers[n].done, __ATOMIC_RELAXED))
			return false;
	return true;
}

void race(struct racer *racers, unsigned int n)
{
	const struct timespec pause = { .tv_nsec = PAUSE_MS * 1000000L };
	unsigned int i, ms, most = RACE_MS * 10 * test_slow();
	pthread_t threads[MAX_RACERS];

	CHECK(n <= MAX_RACERS);
	atomic_store(&stop, false);
	CHECK_OK(pthread_barrier_init(&start, NULL, n));
	for (i = 0; i < n; i++) {
		racers[i].rng.state = pattern_seed();
		CHECK_OK(pthread_create(&threads[i], NULL, run_racer,
					&racers[i]));
	}
	for (ms = 0; ms < most; ms += PAUSE_MS) {
		if (ms >= RACE_MS && all_through(racers, n))
			break;
		nanosleep(&pause, NULL);
	}
	atomic_store(&stop, true);
	for (i = 0; i < n; i++) {
		CHECK_OK(pthread_join(threads[i], NULL));
		test_note("%s: %lu of %lu", racers[i].name, racers[i].done,
			  racers[i].turns);
		/* One that never got through has raced with nobody. */
		CHECK(racers[i].done > 0);
	}
	pthread_barrier_destroy(&start);
}

bool allowed(const struct racer *me, long ret, ...)
{
	va_list ap;
	int err;

	if (ret >= 0)
		return true;
	va_start(ap, ret);
	while ((err = va_arg(ap, int)))
		if (ret == -err)
			break;
	va_end(ap);
	if (!err)
		FAIL("%s: %s", me->name, errno_name(ret));
	return false;
}
