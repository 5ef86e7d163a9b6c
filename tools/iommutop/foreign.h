/* SPDX-License-Identifier: GPL-2.0-only */
/* A source: an iommufd that is not iommufd-bpf's. */
#ifndef FOREIGN_H
#define FOREIGN_H

#include <stdbool.h>

#include "snapshot.h"

struct foreign;

/**
 * foreign_open() - load the programs
 * @count: attach the counters, too
 * @err: set to the exit code on failure, after the reason was printed
 */
struct foreign *foreign_open(bool count, int *err);
void foreign_close(struct foreign *f);

/** foreign_walk() - add what exists to a snapshot; 0 or a negative errno */
int foreign_walk(struct foreign *f, bool want_areas, struct snap *snap);

/** foreign_stats() - the counters of a context; all zero without any */
void foreign_stats(struct foreign *f, uint64_t cookie, struct top_stats *st);

/** foreign_totals() - add the host's counters to a snapshot */
void foreign_totals(struct foreign *f, struct snap *snap);

/** foreign_reset() - count from zero */
void foreign_reset(struct foreign *f);

#endif
