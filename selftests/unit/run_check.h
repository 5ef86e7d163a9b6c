/* SPDX-License-Identifier: GPL-2.0-only */
/* The invariants of the run list's structure, checked from outside. */
#ifndef RUN_CHECK_H
#define RUN_CHECK_H

#include "run_list.h"

/*
 * Walks the whole structure; returns what is wrong with it, or NULL. The text
 * is valid until the next call.
 */
const char *run_check(const struct run_list *rl);

#endif
