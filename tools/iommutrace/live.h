/* SPDX-License-Identifier: GPL-2.0-only */
/* BPF programs on this kernel, and what comes from them. */
#ifndef LIVE_H
#define LIVE_H

#include "options.h"
#include "sink.h"
#include "source.h"

struct live;

/**
 * live_open() - load what the options need, and attach it
 * @src: what this kernel has
 * @sink: where operations go
 * @err: set to the exit code on failure, after a message
 */
struct live *live_open(const struct env *env, const struct source *src, struct sink *sink,
		       int *err);

/** live_add_pid() - trace this one too; 0 or a negative errno */
int live_add_pid(struct live *live, pid_t pid);

/** live_state() - give the sink what is there already, if asked to; 0, or the exit code */
int live_state(struct live *live);

/** live_fd() - readable when there is much to do */
int live_fd(const struct live *live);

/** live_drain() - give the sink what there is, and what found no room */
void live_drain(struct live *live);

/** live_end() - detach; then what is left, losses and sums, to the sink */
void live_end(struct live *live);

void live_close(struct live *live);

#endif
