// SPDX-License-Identifier: GPL-2.0-only
/*
 * What RLIMIT_MEMLOCK means to a process, and to a user.
 *
 * iommufd compares it with what the process's user is charged in all; type1,
 * and an iommufd that was told to, with VmLck of the process. Who has
 * CAP_IPC_LOCK is charged, but not limited.
 */
#include "memlimits.h"

const char *limits_source(unsigned int sources)
{
	static const char * const names[] = { "", "iommufd", "type1", "both" };

	if (sources & 1U << TOP_FOREIGN)
		sources |= 1U << TOP_IOMMUFD;
	return names[sources & 3];
}

const char *limits_mode(const struct snap_proc *proc)
{
	static const char * const names[] = { "", "user", "mm", "both" };

	return names[(proc->modes & 1 << SNAP_MODE_USER ? 1 : 0) |
		     (proc->modes & 1 << SNAP_MODE_MM ? 2 : 0)];
}

static double percent(uint64_t pages, uint64_t limit)
{
	return limit ? 100.0 * (pages * PAGE_BYTES) / limit : -1;
}

double limits_percent(const struct snap_proc *proc)
{
	const struct top_task *t = &proc->facts;
	double user = -1, mm = -1;

	if (!proc->known || t->exempt || t->limit_bytes == TOP_UNKNOWN)
		return -1;
	if (proc->modes & 1 << SNAP_MODE_USER)
		user = percent(t->user_pages, t->limit_bytes);
	if (proc->modes & 1 << SNAP_MODE_MM)
		mm = percent(t->locked_pages, t->limit_bytes);
	return user > mm ? user : mm;
}

double limits_user_percent(const struct snap_user *user)
{
	if (!user->known || user->exempt || user->limit_bytes == TOP_UNKNOWN)
		return -1;
	return percent(user->charged_bytes / PAGE_BYTES, user->limit_bytes);
}

/* Unlimited is no number: it sorts above all, and is said in a word. */
static void cell_limit(uint64_t bytes, struct cell *c)
{
	cell_u64(c, CELL_BYTES, bytes);
	c->unlimited = bytes == TOP_UNKNOWN;
	c->unknown = false;
}

void limits_cell(const struct top_task *facts, struct cell *c)
{
	if (facts)
		cell_limit(facts->limit_bytes, c);
	else
		cell_u64(c, CELL_BYTES, TOP_UNKNOWN);
}

void limits_user_limit(const struct snap_user *user, struct cell *c)
{
	if (user->known)
		cell_limit(user->limit_bytes, c);
	else
		cell_u64(c, CELL_BYTES, TOP_UNKNOWN);
}

uint64_t limits_headroom(const struct snap_user *user)
{
	if (user->exempt || user->limit_bytes == TOP_UNKNOWN)
		return TOP_UNKNOWN;
	return user->limit_bytes > user->charged_bytes ?
	       user->limit_bytes - user->charged_bytes : 0;
}

void limits_user_headroom(const struct snap_user *user, struct cell *c)
{
	if (user->known)
		cell_limit(limits_headroom(user), c);
	else
		cell_u64(c, CELL_BYTES, TOP_UNKNOWN);
}
