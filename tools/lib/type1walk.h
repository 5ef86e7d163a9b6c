/* SPDX-License-Identifier: GPL-2.0-only */
/* VFIO type1 containers, which need no module of ours. */
#ifndef TYPE1WALK_H
#define TYPE1WALK_H

#include "snapshot.h"

struct type1walk;

/**
 * struct type1walk_counters - what somebody counts meanwhile
 * @begun: ioctls that change mappings, begun: one that begins disturbs a walk
 * @ended: likewise, ended
 * @stats: a hash of counters by a container's address: those of one that is
 *	not there any more are removed
 */
struct type1walk_counters {
	const __u64 *begun;
	const __u64 *ended;
	int stats;
};

/** type1walk_open() - load it; @err: set to the exit code on failure, after a message */
struct type1walk *type1walk_open(int *err);

/** type1walk_count() - somebody counts */
void type1walk_count(struct type1walk *t, const struct type1walk_counters *counters);

/**
 * type1walk_run() - add containers to a snapshot
 *
 * A container that changes while it is walked is walked again, a few times;
 * snap->torn says that it was no use. Return: 0 or a negative errno.
 */
int type1walk_run(struct type1walk *t, bool want_areas, struct snap *snap);

/** type1walk_address() - a container's, by the cookie of the snapshot; 0: none */
uint64_t type1walk_address(struct type1walk *t, uint64_t cookie);

void type1walk_close(struct type1walk *t);

#endif
