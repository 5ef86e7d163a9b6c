/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * racers.h - threads that do to each other what they can
 *
 * racers.c owns them. For any program of the uAPI tests.
 */
#ifndef SELFTESTS_UAPI_RACERS_H
#define SELFTESTS_UAPI_RACERS_H

#include "common.h"

#define MAX_RACERS 6

/*
 * One thread of a race: @turn is called again and again until time is up.
 * What it may return is the test's business; it counts what it did.
 */
struct racer {
	const char *name;
	void (*turn)(struct racer *me);
	void *shared;
	struct rng rng;
	unsigned long turns, done;
};

/*
 * Let @n racers run for RACE_MS, or, where that is not enough, until each has
 * done something; and note what they did.
 */
#define RACE_MS 1500
void race(struct racer *racers, unsigned int n);

/*
 * Fail unless @ret is 0 or one of the errnos given, the last of which is 0.
 * Returns true for 0 or more.
 */
bool allowed(const struct racer *me, long ret, ...);

#endif
