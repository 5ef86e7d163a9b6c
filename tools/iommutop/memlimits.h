/* SPDX-License-Identifier: GPL-2.0-only */
/* What RLIMIT_MEMLOCK means to a process, and to a user. */
#ifndef MEMLIMITS_H
#define MEMLIMITS_H

#include "cell.h"
#include "snapshot.h"

/** limits_mode() - "user", "mm", "both" or "": against what it is counted */
const char *limits_mode(const struct snap_proc *proc);

/** limits_source() - "iommufd", "type1", "both": bits of enum top_source */
const char *limits_source(unsigned int sources);

/** limits_percent() - charged, of the limit that binds; < 0: none does */
double limits_percent(const struct snap_proc *proc);
double limits_user_percent(const struct snap_user *user);

/* Cells: bytes, "inf" without a limit, not known without facts (NULL). */
void limits_cell(const struct top_task *facts, struct cell *c);
void limits_user_limit(const struct snap_user *user, struct cell *c);
void limits_user_headroom(const struct snap_user *user, struct cell *c);

/** limits_headroom() - bytes that may still be pinned; TOP_UNKNOWN: no limit */
uint64_t limits_headroom(const struct snap_user *user);

#endif
