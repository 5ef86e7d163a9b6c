/* SPDX-License-Identifier: GPL-2.0-only */
/* Adds up what the walks found: per process, per user, for the host. */
#ifndef JOIN_H
#define JOIN_H

#include "options.h"
#include "snapshot.h"

/** join_procs() - the processes of the contexts, those that @env asks for */
int join_procs(struct snap *snap, const struct env *env);

/** join_drop() - drop what @env does not ask for, of a recording */
void join_drop(struct snap *snap, const struct env *env);

/**
 * join_sums() - everything that is a sum
 *
 * After the facts and the counters of the processes are there. Drops what
 * @env does not ask for. Return: 0 or -ENOMEM.
 */
int join_sums(struct snap *snap, const struct env *env);

#endif
