// SPDX-License-Identifier: GPL-2.0-only
/*
 * Makes snapshots: asks every source that this kernel has, takes the counters
 * of what they showed, and works out the rates since the snapshot before.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/libbpf.h>

#include "collect.h"
#include "fmt.h"
#include "foreign.h"
#include "join.h"
#include "more.h"
#include "ours.h"
#include "tasks.h"
#include "tool.h"
#include "type1.h"

struct collector {
	struct ours *ours;
	struct more *more; /* NULL: this module has no more to tell */
	struct type1 *type1;
	struct foreign *foreign;
	struct tasks *tasks;
	bool counting;
	/* The snapshot before: what the rates are measured from. */
	struct snap_ctx *old_ctxs;
	size_t nr_old_ctxs;
	struct snap_hwpt *old_hwpts;
	size_t nr_old_hwpts;
	uint64_t old_mono_ns;
	uint64_t old_maps;
	uint64_t old_unmaps;
};

struct collector *collect_open(const struct source *src, bool count, int *err)
{
	struct collector *c = calloc(1, sizeof(*c));

	if (!c) {
		complain("out of memory");
		*err = TOOL_RUNTIME;
		return NULL;
	}
	c->counting = count;
	*err = 0;
	if (src->ours)
		c->ours = ours_open(count, err);
	if (c->ours)
		c->more = more_open();
	if (!*err && src->upstream)
		c->foreign = foreign_open(count, err);
	if (!*err && src->type1)
		c->type1 = type1_open(count, err);
	if (!*err)
		c->tasks = tasks_open(err);
	if (!*err)
		return c;
	collect_close(c);
	return NULL;
}

void collect_close(struct collector *c)
{
	if (!c)
		return;
	ours_close(c->ours);
	more_close(c->more);
	type1_close(c->type1);
	foreign_close(c->foreign);
	tasks_close(c->tasks);
	free(c->old_ctxs);
	free(c->old_hwpts);
	free(c);
}

static int walk(struct collector *c, const struct env *env, struct snap *snap)
{
	bool areas = options_want_areas(env);
	int rc = 0;

	if (c->ours)
		rc = ours_walk(c->ours, areas, snap);
	if (!rc && c->more)
		rc = more_add(c->more, snap, areas);
	if (!rc && c->foreign)
		rc = foreign_walk(c->foreign, areas, snap);
	if (!rc && c->type1)
		rc = type1_walk(c->type1, areas, snap);
	snap->real_ns = clock_real_ns();
	snap->mono_ns = clock_mono_ns();
	snap->boot_ns = clock_boot_ns();
	return rc;
}

/* The counters of a context, added to its process. */
static void count_ctx(struct collector *c, struct snap *snap, struct snap_ctx *ctx)
{
	struct snap_proc *proc = &snap->procs[ctx->proc];
	double seconds = (snap->mono_ns - c->old_mono_ns) / 1e9;
	const struct snap_ctx *old;
	struct top_stats st;

	if (ctx->source == TOP_IOMMUFD)
		ours_stats(c->ours, ctx->v.cookie, &st);
	else if (ctx->source == TOP_FOREIGN)
		foreign_stats(c->foreign, ctx->v.cookie, &st);
	else
		type1_stats(c->type1, ctx->v.cookie, &st);
	ctx->maps = st.maps;
	ctx->unmaps = st.unmaps;
	snap_add_stats(&proc->stats, &st);
	if (snap->accumulated) {
		proc->map_rate = proc->stats.maps;
		proc->unmap_rate = proc->stats.unmaps;
		return;
	}
	if (!c->old_mono_ns || seconds <= 0)
		return;
	old = snap_find_ctx(c->old_ctxs, c->nr_old_ctxs, ctx->source, ctx->v.cookie);
	if (proc->map_rate < 0) {
		proc->map_rate = 0;
		proc->unmap_rate = 0;
	}
	proc->map_rate += (st.maps - (old ? old->maps : 0)) / seconds;
	proc->unmap_rate += (st.unmaps - (old ? old->unmaps : 0)) / seconds;
}

static int count_host(struct collector *c, struct snap *snap)
{
	double seconds = (snap->mono_ns - c->old_mono_ns) / 1e9;
	int rc = 0;

	snap->counting = c->counting;
	snap->map_rate = -1;
	snap->unmap_rate = -1;
	if (!c->counting)
		return 0;
	if (c->ours)
		rc = ours_totals(c->ours, snap);
	if (c->foreign)
		foreign_totals(c->foreign, snap);
	if (c->type1)
		type1_totals(c->type1, snap);
	if (snap->accumulated) {
		snap->map_rate = snap->total.maps;
		snap->unmap_rate = snap->total.unmaps;
	} else if (c->old_mono_ns && seconds > 0) {
		snap->map_rate = (snap->total.maps - c->old_maps) / seconds;
		snap->unmap_rate = (snap->total.unmaps - c->old_unmaps) / seconds;
	}
	c->old_maps = snap->total.maps;
	c->old_unmaps = snap->total.unmaps;
	return rc;
}

/* Pages a second that reads of dirty bits have found. */
static void rate_hwpts(struct collector *c, struct snap *snap)
{
	double seconds = (snap->mono_ns - c->old_mono_ns) / 1e9;
	struct top_hwpt *v, *old;
	size_t i, o;

	for (i = 0; c->old_mono_ns && seconds > 0 && i < snap->nr_hwpts; i++) {
		v = &snap->hwpts[i].v;
		for (o = 0; v->dirty == 1 && o < c->nr_old_hwpts; o++) {
			old = &c->old_hwpts[o].v;
			if (old->ctx_cookie == v->ctx_cookie && old->id == v->id &&
			    old->dirty_bytes <= v->dirty_bytes)
				snap->hwpts[i].dirty_rate =
					(v->dirty_bytes - old->dirty_bytes) / PAGE_BYTES / seconds;
		}
	}
}

static void *copy_of(const void *array, size_t bytes)
{
	void *copy = malloc(bytes ? bytes : 1);

	if (copy && bytes)
		memcpy(copy, array, bytes);
	return copy;
}

/* The contexts as they are now: what the next rates are measured from. */
static void keep_ctxs(struct collector *c, const struct snap *snap)
{
	free(c->old_ctxs);
	free(c->old_hwpts);
	c->old_ctxs = copy_of(snap->ctxs, snap->nr_ctxs * sizeof(*snap->ctxs));
	c->old_hwpts = copy_of(snap->hwpts, snap->nr_hwpts * sizeof(*snap->hwpts));
	/* Without memory: no rates next time, and nothing wrong. */
	c->nr_old_ctxs = c->old_ctxs ? snap->nr_ctxs : 0;
	c->nr_old_hwpts = c->old_hwpts ? snap->nr_hwpts : 0;
	c->old_mono_ns = c->old_ctxs ? snap->mono_ns : 0;
}

int collect_snap(struct collector *c, const struct env *env, struct snap *snap)
{
	size_t i;
	int rc;

	memset(snap, 0, sizeof(*snap));
	snap->accumulated = env->accumulated;
	rc = walk(c, env, snap);
	if (!rc)
		rc = join_procs(snap, env);
	if (!rc)
		rc = tasks_ask(c->tasks, snap);
	for (i = 0; !rc && c->counting && i < snap->nr_ctxs; i++) {
		if (snap->ctxs[i].proc != SIZE_MAX)
			count_ctx(c, snap, &snap->ctxs[i]);
	}
	if (!rc)
		rc = count_host(c, snap);
	if (!rc)
		rc = join_sums(snap, env);
	if (rc) {
		snap_free(snap);
		return rc;
	}
	rate_hwpts(c, snap);
	keep_ctxs(c, snap);
	return 0;
}

void collect_reset(struct collector *c)
{
	if (c->ours)
		ours_reset(c->ours);
	if (c->foreign)
		foreign_reset(c->foreign);
	if (c->type1)
		type1_reset(c->type1);
	c->old_mono_ns = 0;
	c->old_maps = 0;
	c->old_unmaps = 0;
}
