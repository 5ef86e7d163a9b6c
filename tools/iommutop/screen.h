/* SPDX-License-Identifier: GPL-2.0-only */
/* The live screen. */
#ifndef SCREEN_H
#define SCREEN_H

#include "collect.h"
#include "options.h"
#include "source.h"

/**
 * screen_run() - show snapshots until the user, a signal or --count ends it
 * @env: the options; the keys change the view and the order
 * @src: for the header
 * @c: where the snapshots come from
 *
 * The terminal is as it was found when this returns, whatever happened.
 *
 * Return: the exit code, after a message if it is not 0.
 */
int screen_run(struct env *env, const struct source *src, struct collector *c);

#endif
