/* SPDX-License-Identifier: GPL-2.0-only */
/* What was there when tracing began: shown as the operations that made it. */
#ifndef STATE_H
#define STATE_H

#include "event.h"
#include "options.h"
#include "sink.h"
#include "source.h"

struct state;

/** state_open() - load what looks; @err: set to the exit code, after a message */
struct state *state_open(const struct source *src, int *err);

/**
 * state_show() - all that there is, as far as the filters want it
 * @events: numbers containers
 *
 * Return: 0 or a negative errno.
 */
int state_show(struct state *state, const struct env *env, struct events *events,
	       struct sink *sink);

void state_close(struct state *state);

#endif
