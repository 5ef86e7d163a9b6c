/* SPDX-License-Identifier: GPL-2.0-only */
/* The live screen. */
#ifndef SCREEN_H
#define SCREEN_H

#include "options.h"
#include "record.h"
#include "source.h"

/** screen_possible() - else false, after a message, and @rc is the exit code */
bool screen_possible(int *rc);

/**
 * screen_run() - show snapshots until the user, a signal or --count ends it
 * @env: the options; the keys change the view and the order
 * @src: for the header
 * @feed: where the snapshots come from
 *
 * The terminal is as it was found when this returns, whatever happened.
 *
 * Return: the exit code, after a message if it is not 0.
 */
int screen_run(struct env *env, const struct source *src, struct feed *feed);

#endif
