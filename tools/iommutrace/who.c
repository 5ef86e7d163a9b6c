// SPDX-License-Identifier: GPL-2.0-only
/*
 * A table of processes, by number and beginning: a number alone may be another
 * process's later. When it is full it begins anew.
 */
#include <stdint.h>
#include <string.h>

#include "fmt.h"
#include "procinfo.h"
#include "who.h"

#define SLOTS 4096

static struct who table[SLOTS];
static unsigned int nr_used;
static bool recorded;

static struct who *slot_of(int32_t tgid, uint64_t start_ns)
{
	uint64_t hash = ((uint64_t)tgid << 32 ^ start_ns) * 0x9e3779b97f4a7c15ULL;
	unsigned int i = hash >> 52;

	while (table[i % SLOTS].tgid) {
		if (table[i % SLOTS].tgid == tgid && table[i % SLOTS].start_ns == start_ns)
			break;
		i++;
	}
	return &table[i % SLOTS];
}

static struct who *add(int32_t tgid, uint64_t start_ns)
{
	struct who *who;

	if (nr_used == SLOTS / 2) {
		memset(table, 0, sizeof(table));
		nr_used = 0;
	}
	who = slot_of(tgid, start_ns);
	if (!who->tgid)
		nr_used++;
	who->tgid = tgid;
	who->start_ns = start_ns;
	return who;
}

void who_recorded(void)
{
	recorded = true;
}

void who_learn(const struct trace_proc *proc)
{
	struct who *who = add(proc->tgid ? proc->tgid : INT32_MAX, proc->start_ns);

	memcpy(who->guest, proc->guest, sizeof(who->guest));
	memcpy(who->cgroup, proc->cgroup, sizeof(who->cgroup));
	who->guest[WHO_GUEST_LEN - 1] = 0;
	who->cgroup[WHO_PATH_LEN - 1] = 0;
	fmt_plain(who->guest);
	fmt_plain(who->cgroup);
}

struct who *who_of(const struct trace_op *op)
{
	/* Process 0 is the idle task: an empty slot has its number. */
	int32_t tgid = op->tgid ? op->tgid : INT32_MAX;
	struct who *who = slot_of(tgid, op->start_ns);
	uint64_t when;

	if (who->tgid)
		return who;
	who = add(tgid, op->start_ns);
	when = op->start_ns ? op->start_ns : clock_boot_ns();
	if (recorded || !procinfo_lives(tgid, when))
		return who;
	procinfo_guest(tgid, who->guest, sizeof(who->guest));
	procinfo_cgroup(tgid, who->cgroup, sizeof(who->cgroup));
	return who;
}
