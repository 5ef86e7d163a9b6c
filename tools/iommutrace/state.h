/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What was there when tracing began: shown as the operations that made it; and
 * which devices VFIO's own containers have.
 */
#ifndef STATE_H
#define STATE_H

#include "event.h"
#include "options.h"
#include "sink.h"
#include "source.h"

struct state;

/**
 * state_open() - load what looks
 * @all: at all that there is; else at VFIO's containers, which does for
 *	state_container_device()
 * @err: set to the exit code, after a message
 */
struct state *state_open(const struct source *src, bool all, int *err);

/**
 * state_show() - all that there is, as far as the filters want it
 * @events: numbers containers
 *
 * Return: 0 or a negative errno.
 */
int state_show(struct state *state, const struct env *env, struct events *events,
	       struct sink *sink);

/**
 * state_container_device() - a device of one of VFIO's containers
 * @address: the container
 * @want: this one, if it has it; NULL: any
 * @name: set to it, or ""
 *
 * It is looked for when a container is seen for the first time.
 */
void state_container_device(struct state *state, uint64_t address, const char *want,
			    char name[TRACE_NAME_LEN]);

void state_close(struct state *state);

#endif
