/* SPDX-License-Identifier: GPL-2.0-only */
/* A source: VFIO type1 containers, which need no module of ours. */
#ifndef TYPE1_H
#define TYPE1_H

#include "snapshot.h"

struct type1;

/**
 * type1_open() - load the walk and, with @count, the counters
 * @count: rates, latency and errors are wanted
 * @err: set to the exit code on failure, after a message
 */
struct type1 *type1_open(bool count, int *err);

/** type1_walk() - add containers to a snapshot; as type1walk_run() */
int type1_walk(struct type1 *t, bool want_areas, struct snap *snap);

/** type1_stats() - a container's counters, by the cookie of the snapshot */
void type1_stats(struct type1 *t, uint64_t cookie, struct top_stats *st);

/** type1_totals() - add the host's counters and the last refusal */
void type1_totals(struct type1 *t, struct snap *snap);

/** type1_reset() - begin to count from zero */
void type1_reset(struct type1 *t);

void type1_close(struct type1 *t);

#endif
