/* SPDX-License-Identifier: GPL-2.0-only */
/* What exists in iommufd-bpf's module, by its iterators. */
#ifndef WALK_H
#define WALK_H

#include "snapshot.h"

struct walk;

/** walk_open() - load it; @err: set to the exit code on failure, after a message */
struct walk *walk_open(int *err);

/** walk_run() - add what exists to a snapshot; 0 or a negative errno */
int walk_run(struct walk *w, bool want_areas, struct snap *snap);

void walk_close(struct walk *w);

#endif
