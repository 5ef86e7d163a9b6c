/* SPDX-License-Identifier: GPL-2.0-only */
/* A source: iommufd-bpf's module, by its iterators and tracepoints. */
#ifndef OURS_H
#define OURS_H

#include "snapshot.h"

struct ours;

/**
 * ours_open() - load the walk and, with @count, the counters
 * @count: rates, latency and errors are wanted
 * @err: set to the exit code on failure, after a message
 */
struct ours *ours_open(bool count, int *err);

/** ours_walk() - add what exists to a snapshot; 0 or a negative errno */
int ours_walk(struct ours *o, bool want_areas, struct snap *snap);

/** ours_stats() - a context's counters; zeroes if it has done nothing */
void ours_stats(struct ours *o, uint64_t cookie, struct top_stats *st);

/** ours_totals() - add the host's counters, policies, the last refusal */
int ours_totals(struct ours *o, struct snap *snap);

/** ours_reset() - begin to count from zero */
void ours_reset(struct ours *o);

void ours_close(struct ours *o);

#endif
