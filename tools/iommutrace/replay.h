/* SPDX-License-Identifier: GPL-2.0-only */
/* --input: what was recorded, as if it happened now. */
#ifndef REPLAY_H
#define REPLAY_H

#include "options.h"

/** replay() - all of it; the exit code */
int replay(const struct env *env);

#endif
