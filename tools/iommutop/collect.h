/* SPDX-License-Identifier: GPL-2.0-only */
/* Makes snapshots: asks every source that this kernel has, and joins them. */
#ifndef COLLECT_H
#define COLLECT_H

#include <stdbool.h>

#include "options.h"
#include "snapshot.h"
#include "source.h"

struct collector;

/**
 * collect_open() - load the BPF programs for what this kernel has
 * @src: what it has
 * @count: attach the counters too; without them rates and errors are unknown
 * @err: set to the exit code on failure, after a message
 */
struct collector *collect_open(const struct source *src, bool count, int *err);

/**
 * collect_snap() - make a snapshot
 * @c: the collector
 * @env: which processes are asked for, and whether every mapping
 * @snap: filled in; free it with snap_free()
 *
 * Return: 0 or a negative errno; @snap is empty then.
 */
int collect_snap(struct collector *c, const struct env *env, struct snap *snap);

/** collect_reset() - begin to count from zero */
void collect_reset(struct collector *c);

/** collect_close() - detach, unload, free; NULL is fine */
void collect_close(struct collector *c);

#endif
