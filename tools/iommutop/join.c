// SPDX-License-Identifier: GPL-2.0-only
/* Adds up what the walks found: per process, per user, for the host. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "fmt.h"
#include "join.h"
#include "procinfo.h"

/* Which processes */

static bool want_proc(const struct env *env, const struct snap *snap, const struct snap_proc *proc)
{
	unsigned int i;
	size_t d, len;

	if (!args_has_pid(&env->pids, proc->tgid) || !args_has_uid(&env->uids, proc->uid))
		return false;
	if (env->guest && strcmp(env->guest, proc->guest))
		return false;
	if (env->cgroup) {
		len = strlen(env->cgroup);
		while (len && env->cgroup[len - 1] == '/')
			len--;
		if (strncmp(proc->cgroup, env->cgroup, len) ||
		    (proc->cgroup[len] && proc->cgroup[len] != '/'))
			return false;
	}
	if (!env->device)
		return true;
	i = proc - snap->procs;
	for (d = 0; d < snap->nr_devices; d++) {
		if (snap->ctxs[snap->devices[d].ctx].proc == i &&
		    !strcmp(snap->devices[d].v.name, env->device))
			return true;
	}
	return false;
}

static struct snap_proc *proc_of(struct snap *snap, const struct snap_ctx *ctx)
{
	struct snap_proc *proc;
	size_t i;

	/* Contexts of one process were mostly opened one after the other. */
	for (i = snap->nr_procs; i > 0; i--) {
		if (snap->procs[i - 1].tgid == ctx->v.tgid)
			return &snap->procs[i - 1];
	}
	proc = SNAP_ADD(snap, procs);
	if (!proc)
		return NULL;
	proc->tgid = ctx->v.tgid;
	proc->uid = ctx->v.uid;
	proc->map_rate = -1;
	proc->unmap_rate = -1;
	proc->entries_left = TOP_UNKNOWN;
	memcpy(proc->comm, ctx->v.comm, sizeof(proc->comm));
	proc->comm[TOP_COMM_LEN - 1] = 0;
	fmt_plain(proc->comm);
	proc->alive = procinfo_lives(proc->tgid, ctx->v.created_ns) &&
		      !procinfo_command(proc->tgid, proc->command, sizeof(proc->command));
	if (proc->alive) {
		procinfo_guest(proc->tgid, proc->guest, sizeof(proc->guest));
		procinfo_cgroup(proc->tgid, proc->cgroup, sizeof(proc->cgroup));
	} else {
		snprintf(proc->command, sizeof(proc->command), "%s (gone)", proc->comm);
	}
	return proc;
}

/* The processes that are not asked for go; their contexts belong to none. */
static void drop_procs(struct snap *snap, const struct env *env)
{
	size_t i, c, kept = 0;

	for (i = 0; i < snap->nr_procs; i++)
		snap->procs[i].wanted = want_proc(env, snap, &snap->procs[i]);
	for (c = 0; c < snap->nr_ctxs; c++) {
		i = snap->ctxs[c].proc;
		if (i != SIZE_MAX && !snap->procs[i].wanted)
			snap->ctxs[c].proc = SIZE_MAX;
	}
	/* What refers to those that stay follows them. */
	for (i = 0; i < snap->nr_procs; i++) {
		if (!snap->procs[i].wanted)
			continue;
		for (c = 0; kept != i && c < snap->nr_ctxs; c++) {
			if (snap->ctxs[c].proc == i)
				snap->ctxs[c].proc = kept;
		}
		if (kept != i)
			snap->procs[kept] = snap->procs[i];
		kept++;
	}
	snap->nr_procs = kept;
}

/* A module that does not say has only that mode, or is that old. */
static enum snap_mode mode_of(const struct snap_ctx *ctx)
{
	if (ctx->source == TOP_TYPE1)
		return SNAP_MODE_MM;
	return ctx->mode == SNAP_MODE_UNKNOWN ? SNAP_MODE_USER : ctx->mode;
}

int join_procs(struct snap *snap, const struct env *env)
{
	struct snap_proc *proc;
	size_t i;

	for (i = 0; i < snap->nr_ctxs; i++) {
		proc = proc_of(snap, &snap->ctxs[i]);
		if (!proc)
			return -ENOMEM;
		snap->ctxs[i].proc = proc - snap->procs;
		proc->nr_ctxs++;
		proc->sources |= 1U << snap->ctxs[i].source;
		proc->modes |= 1U << mode_of(&snap->ctxs[i]);
	}
	drop_procs(snap, env);
	return 0;
}

/* Sums */

static void add_device_name(struct snap_proc *proc, const char *name)
{
	size_t len = strlen(proc->devices);

	if (len + 1 + strlen(name) >= sizeof(proc->devices))
		return;
	if (len)
		proc->devices[len++] = ',';
	snprintf(proc->devices + len, sizeof(proc->devices) - len, "%s", name);
}

static void add_ioas(struct snap *snap, const struct snap_ioas *ioas)
{
	uint64_t pinned = ioas->v.pinned_pages * PAGE_BYTES;
	size_t p = snap->ctxs[ioas->ctx].proc;
	struct snap_proc *proc;

	snap->total_maps += ioas->v.nr_areas;
	snap->total_mapped_bytes += ioas->v.mapped_bytes;
	snap->total_pinned_bytes += pinned;
	if (p == SIZE_MAX)
		return;
	proc = &snap->procs[p];
	proc->nr_ioas++;
	proc->nr_areas += ioas->v.nr_areas;
	proc->mapped_bytes += ioas->v.mapped_bytes;
	proc->pinned_bytes += pinned;
	if (ioas->v.entries_left < proc->entries_left)
		proc->entries_left = ioas->v.entries_left;
	if (ioas->v.dirty == TOP_UNKNOWN32 && proc->nr_dirty == 0)
		proc->nr_dirty = UINT_MAX;
	else if (ioas->v.dirty != TOP_UNKNOWN32)
		proc->nr_dirty = (proc->nr_dirty == UINT_MAX ? 0 : proc->nr_dirty) +
				 ioas->v.dirty;
}

static struct snap_user *user_of(struct snap *snap, uint32_t uid)
{
	struct snap_user *user;
	size_t i;

	for (i = 0; i < snap->nr_users; i++) {
		if (snap->users[i].uid == uid)
			return &snap->users[i];
	}
	user = SNAP_ADD(snap, users);
	if (user) {
		user->uid = uid;
		user->limit_bytes = TOP_UNKNOWN;
	}
	return user;
}

static int add_user(struct snap *snap, const struct snap_proc *proc)
{
	const struct top_task *t = &proc->facts;
	struct snap_user *user = user_of(snap, proc->known ? t->uid : proc->uid);

	if (!user)
		return -ENOMEM;
	user->nr_procs++;
	user->nr_ioas += proc->nr_ioas;
	user->nr_areas += proc->nr_areas;
	user->mapped_bytes += proc->mapped_bytes;
	user->pinned_bytes += proc->pinned_bytes;
	if (!proc->known)
		return 0;
	user->known = true;
	user->charged_bytes = t->user_pages * PAGE_BYTES;
	user->locked_bytes += t->locked_pages * PAGE_BYTES;
	user->exempt |= t->exempt;
	if (t->limit_bytes < user->limit_bytes)
		user->limit_bytes = t->limit_bytes;
	if (!t->exempt && t->limit_bytes < snap->total_limit_bytes)
		snap->total_limit_bytes = t->limit_bytes;
	return 0;
}

/* The histograms of those that are asked for: of all, that of the host. */
static int add_lats(struct snap *snap, const struct env *env)
{
	bool all = !env->pids.nr && !env->uids.nr && !env->guest && !env->cgroup && !env->device;
	struct snap_lat *lat;
	unsigned int i;
	size_t p, slot;

	for (i = 0; snap->counting && i < TOP_NR_LATS; i++) {
		lat = SNAP_ADD(snap, lats);
		if (!lat)
			return -ENOMEM;
		lat->lat = i;
		if (all)
			lat->hist = snap->total.lat[i];
		for (p = 0; !all && p < snap->nr_procs; p++) {
			for (slot = 0; slot < TOP_HIST_SLOTS; slot++)
				lat->hist.slots[slot] += snap->procs[p].stats.lat[i].slots[slot];
		}
	}
	return 0;
}

static bool want_ioas(const struct snap *snap, const struct env *env, size_t i)
{
	const struct snap_ioas *ioas = &snap->ioases[i];

	return snap->ctxs[ioas->ctx].proc != SIZE_MAX &&
	       (env->ioas < 0 || ioas->v.id == env->ioas) &&
	       (!env->ioas_cookie || ioas->v.cookie == env->ioas_cookie);
}

static void drop_areas(struct snap *snap, const struct env *env)
{
	size_t i, kept = 0;

	for (i = 0; i < snap->nr_areas; i++) {
		if (want_ioas(snap, env, snap->areas[i].ioas))
			snap->areas[kept++] = snap->areas[i];
	}
	snap->nr_areas = kept;
}

void join_drop(struct snap *snap, const struct env *env)
{
	drop_procs(snap, env);
	drop_areas(snap, env);
}

int join_sums(struct snap *snap, const struct env *env)
{
	struct snap_proc *proc;
	size_t i, p;
	int rc = 0;

	snap->total_limit_bytes = TOP_UNKNOWN;
	for (i = 0; i < snap->nr_ioases; i++)
		add_ioas(snap, &snap->ioases[i]);
	for (i = 0; i < snap->nr_devices; i++) {
		p = snap->ctxs[snap->devices[i].ctx].proc;
		if (p == SIZE_MAX)
			continue;
		proc = &snap->procs[p];
		proc->nr_devices++;
		add_device_name(proc, snap->devices[i].v.name);
	}
	for (i = 0; !rc && i < snap->nr_procs; i++)
		rc = add_user(snap, &snap->procs[i]);
	drop_areas(snap, env);
	return rc ? rc : add_lats(snap, env);
}
