/* SPDX-License-Identifier: GPL-2.0-only */
/* What newer modules tell beside the rest; see more.bpf.c. */
#ifndef MORE_H
#define MORE_H

#include "snapshot.h"

struct more;

/** more_open() - NULL if this kernel does not take it, which is no failure */
struct more *more_open(void);

/** more_add() - add to a snapshot what there is; 0 or -ENOMEM */
int more_add(struct more *m, struct snap *snap, bool want_mix);

void more_close(struct more *m);

#endif
