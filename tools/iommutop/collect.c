// SPDX-License-Identifier: GPL-2.0-only
/*
 * Runs iommutop's BPF half and makes snapshots of what it returns.
 *
 * A walk may take several calls: each returns at most TOP_RECS records and
 * leaves its cursor in the mapped walk structure for the next one. Records
 * come in the order context, its devices, its IOASes, each followed by its
 * areas, so that a record belongs to the last context or IOAS before it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "collect.h"
#include "fmt.h"
#include "iommutop.skel.h"
#include "procinfo.h"
#include "tool.h"

/* Counters whose context the walk did not find. */
struct stale {
	uint64_t cookie;
	enum { STALE_BEFORE, STALE_AGAIN, STALE_NEW } seen;
};

struct collector {
	struct iommutop_bpf *skel;
	const struct top_rec *recs;
	size_t recs_bytes;
	bool counting;
	/* The snapshot before: what the rates are measured from. */
	struct snap_ctx *old_ctxs;
	size_t nr_old_ctxs;
	uint64_t old_mono_ns;
	uint64_t old_maps;
	uint64_t old_unmaps;
	struct stale *stale;
	size_t nr_stale, max_stale;
};

static int map_recs(struct collector *c)
{
	size_t page = sysconf(_SC_PAGESIZE);
	size_t bytes = sizeof(struct top_rec) * TOP_RECS;
	void *p;

	c->recs_bytes = (bytes + page - 1) / page * page;
	p = mmap(NULL, c->recs_bytes, PROT_READ, MAP_SHARED,
		 bpf_map__fd(c->skel->maps.recs), 0);
	if (p == MAP_FAILED)
		return -errno;
	c->recs = p;
	return 0;
}

struct collector *collect_open(bool count, int *err)
{
	struct collector *c = calloc(1, sizeof(*c));
	struct bpf_program *prog;
	int rc;

	if (!c) {
		complain("out of memory");
		*err = TOOL_RUNTIME;
		return NULL;
	}
	c->counting = count;
	c->skel = iommutop_bpf__open();
	if (!c->skel) {
		rc = -errno;
		goto fail;
	}
	bpf_object__for_each_program(prog, c->skel->obj) {
		if (prog != c->skel->progs.walk_objects)
			bpf_program__set_autoload(prog, count);
	}
	rc = iommutop_bpf__load(c->skel);
	if (!rc)
		rc = map_recs(c);
	if (!rc)
		rc = iommutop_bpf__attach(c->skel);
	if (rc)
		goto fail;
	return c;
fail:
	*err = tool_libbpf_failed("iommutop's BPF programs", rc);
	collect_close(c);
	return NULL;
}

void collect_close(struct collector *c)
{
	if (!c)
		return;
	if (c->recs)
		munmap((void *)c->recs, c->recs_bytes);
	iommutop_bpf__destroy(c->skel);
	free(c->old_ctxs);
	free(c->stale);
	free(c);
}

static int take_ctx(struct snap *snap, const struct top_rec *rec)
{
	struct snap_ctx *ctx = snap_add(&snap->ctxs, &snap->nr_ctxs, &snap->max_ctxs, sizeof(*ctx));

	if (!ctx)
		return -ENOMEM;
	ctx->v = rec->ctx;
	ctx->proc = SIZE_MAX;
	return 0;
}

static int take_device(struct snap *snap, const struct top_rec *rec)
{
	struct snap_device *dev;

	dev = snap_add(&snap->devices, &snap->nr_devices, &snap->max_devices, sizeof(*dev));
	if (!dev)
		return -ENOMEM;
	dev->v = rec->device;
	dev->ctx = snap->nr_ctxs - 1;
	return 0;
}

static int take_ioas(struct snap *snap, const struct top_rec *rec)
{
	struct snap_ioas *ioas;

	ioas = snap_add(&snap->ioases, &snap->nr_ioases, &snap->max_ioases, sizeof(*ioas));
	if (!ioas)
		return -ENOMEM;
	ioas->v = rec->ioas;
	ioas->ctx = snap->nr_ctxs - 1;
	return 0;
}

static int take_area(struct snap *snap, const struct top_rec *rec)
{
	struct snap_area *area;

	area = snap_add(&snap->areas, &snap->nr_areas, &snap->max_areas, sizeof(*area));
	if (!area)
		return -ENOMEM;
	area->v = rec->area;
	area->ioas = snap->nr_ioases - 1;
	return 0;
}

static int take_rec(struct snap *snap, const struct top_rec *rec)
{
	switch (rec->kind) {
	case TOP_CTX:
		return take_ctx(snap, rec);
	case TOP_DEVICE:
		return snap->nr_ctxs ? take_device(snap, rec) : -EPROTO;
	case TOP_IOAS:
		return snap->nr_ctxs ? take_ioas(snap, rec) : -EPROTO;
	case TOP_AREA:
		return snap->nr_ioases ? take_area(snap, rec) : -EPROTO;
	}
	return -EPROTO;
}

static int walk(struct collector *c, bool want_areas, struct snap *snap)
{
	struct top_walk *w = &c->skel->bss->walk;
	int fd = bpf_program__fd(c->skel->progs.walk_objects);
	__u32 i;
	int rc;

	memset(w, 0, sizeof(*w));
	w->want_areas = want_areas;
	do {
		LIBBPF_OPTS(bpf_test_run_opts, run);

		rc = bpf_prog_test_run_opts(fd, &run);
		if (rc)
			return rc;
		/* It did not get anywhere: it would do so for ever. */
		if (!w->done && !w->nr_recs)
			return -EPROTO;
		for (i = 0; i < w->nr_recs; i++) {
			rc = take_rec(snap, &c->recs[i]);
			if (rc)
				return rc;
		}
	} while (!w->done);
	return 0;
}

/* Processes */

static struct snap_proc *proc_of(struct snap *snap, const struct snap_ctx *ctx)
{
	struct snap_proc *proc;
	size_t i;

	/* Contexts of one process were mostly opened one after the other. */
	for (i = snap->nr_procs; i > 0; i--) {
		if (snap->procs[i - 1].tgid == ctx->v.tgid)
			return &snap->procs[i - 1];
	}
	proc = snap_add(&snap->procs, &snap->nr_procs, &snap->max_procs, sizeof(*proc));
	if (!proc)
		return NULL;
	proc->tgid = ctx->v.tgid;
	proc->uid = ctx->v.uid;
	proc->map_rate = -1;
	proc->unmap_rate = -1;
	memcpy(proc->comm, ctx->v.comm, sizeof(proc->comm));
	fmt_plain(proc->comm);
	proc->alive = procinfo_lives(proc->tgid, ctx->v.created_ns) &&
		      !procinfo_command(proc->tgid, proc->command, sizeof(proc->command));
	if (!proc->alive)
		snprintf(proc->command, sizeof(proc->command), "%s (gone)", proc->comm);
	return proc;
}

static void add_stats(struct top_stats *to, const struct top_stats *from)
{
	unsigned int i;

	to->maps += from->maps;
	to->map_bytes += from->map_bytes;
	to->unmaps += from->unmaps;
	to->unmap_bytes += from->unmap_bytes;
	to->attaches += from->attaches;
	to->detaches += from->detaches;
	to->errors += from->errors;
	to->denies += from->denies;
	to->limits += from->limits;
	for (i = 0; i < TOP_HIST_SLOTS; i++) {
		to->map_ns.slots[i] += from->map_ns.slots[i];
		to->unmap_ns.slots[i] += from->unmap_ns.slots[i];
	}
}

/* The counters of a context, added to its process. */
static void count_ctx(struct collector *c, struct snap *snap, struct snap_ctx *ctx,
		      struct snap_proc *proc)
{
	double seconds = (snap->mono_ns - c->old_mono_ns) / 1e9;
	const struct snap_ctx *old;
	struct top_stats st = {};

	/* A context without operations since the start has none: all zero. */
	bpf_map__lookup_elem(c->skel->maps.ctx_stats, &ctx->v.cookie, sizeof(ctx->v.cookie), &st,
			     sizeof(st), 0);
	ctx->maps = st.maps;
	ctx->unmaps = st.unmaps;
	add_stats(&proc->stats, &st);
	if (!c->old_mono_ns || seconds <= 0)
		return;
	old = snap_find_ctx(c->old_ctxs, c->nr_old_ctxs, ctx->v.cookie);
	if (proc->map_rate < 0) {
		proc->map_rate = 0;
		proc->unmap_rate = 0;
	}
	proc->map_rate += (st.maps - (old ? old->maps : 0)) / seconds;
	proc->unmap_rate += (st.unmaps - (old ? old->unmaps : 0)) / seconds;
}

static int add_procs(struct collector *c, const struct env *env, struct snap *snap)
{
	struct snap_proc *proc;
	struct snap_ctx *ctx;
	size_t i;

	for (i = 0; i < snap->nr_ctxs; i++) {
		ctx = &snap->ctxs[i];
		if (!options_want_pid(env, ctx->v.tgid))
			continue;
		proc = proc_of(snap, ctx);
		if (!proc)
			return -ENOMEM;
		ctx->proc = proc - snap->procs;
		proc->nr_ctxs++;
		if (c->counting)
			count_ctx(c, snap, ctx, proc);
	}
	return 0;
}

static void add_device_name(struct snap_proc *proc, const char *name)
{
	size_t len = strlen(proc->devices);

	if (len + 1 + strlen(name) >= sizeof(proc->devices))
		return;
	if (len)
		proc->devices[len++] = ',';
	snprintf(proc->devices + len, sizeof(proc->devices) - len, "%s", name);
}

/* What the walk found, added up per process and for the host. */
static void add_up(struct snap *snap)
{
	struct snap_proc *proc;
	struct snap_ioas *ioas;
	size_t i, p;

	for (i = 0; i < snap->nr_ioases; i++) {
		ioas = &snap->ioases[i];
		snap->total_maps += ioas->v.nr_areas;
		snap->total_mapped_bytes += ioas->v.mapped_bytes;
		snap->total_pinned_bytes += ioas->v.pinned_pages * PAGE_BYTES;
		p = snap->ctxs[ioas->ctx].proc;
		if (p == SIZE_MAX)
			continue;
		proc = &snap->procs[p];
		proc->nr_ioas++;
		proc->nr_areas += ioas->v.nr_areas;
		proc->mapped_bytes += ioas->v.mapped_bytes;
		proc->pinned_bytes += ioas->v.pinned_pages * PAGE_BYTES;
	}
	for (i = 0; i < snap->nr_devices; i++) {
		p = snap->ctxs[snap->devices[i].ctx].proc;
		if (p == SIZE_MAX)
			continue;
		snap->procs[p].nr_devices++;
		add_device_name(&snap->procs[p], snap->devices[i].v.name);
	}
}

/* Mappings of processes that were not asked for go. */
static void drop_areas(struct snap *snap)
{
	size_t i, kept = 0;

	for (i = 0; i < snap->nr_areas; i++) {
		if (snap->ctxs[snap->ioases[snap->areas[i].ioas].ctx].proc != SIZE_MAX)
			snap->areas[kept++] = snap->areas[i];
	}
	snap->nr_areas = kept;
}

/* Counters of the host and the last refusal */

static void take_refusal(struct collector *c, struct snap *snap)
{
	uint64_t before, nr = c->skel->bss->nr_refusals;
	struct top_refusal ref;
	__u32 slot;
	int tries;

	for (tries = 0; nr && tries < 8; tries++) {
		before = nr;
		slot = (nr - 1) % TOP_REFUSALS;
		if (!bpf_map__lookup_elem(c->skel->maps.refusals, &slot, sizeof(slot), &ref,
					  sizeof(ref), 0) &&
		    ref.seq == nr) {
			ref.comm[TOP_COMM_LEN - 1] = 0;
			fmt_plain(ref.comm);
			fmt_plain(ref.policy);
			fmt_plain(ref.reason);
			snap->last_refusal = ref;
			snap->nr_refusals = nr;
			return;
		}
		/* Being written, or overtaken: look again, or at the one before. */
		nr = c->skel->bss->nr_refusals;
		if (nr == before)
			nr--;
	}
}

static void count_host(struct collector *c, struct snap *snap)
{
	double seconds = (snap->mono_ns - c->old_mono_ns) / 1e9;

	snap->counting = c->counting;
	snap->map_rate = -1;
	snap->unmap_rate = -1;
	if (!c->counting)
		return;
	snap->total = c->skel->bss->total;
	snap->nr_uncounted = c->skel->bss->nr_uncounted;
	take_refusal(c, snap);
	if (c->old_mono_ns && seconds > 0) {
		snap->map_rate = (snap->total.maps - c->old_maps) / seconds;
		snap->unmap_rate = (snap->total.unmaps - c->old_unmaps) / seconds;
	}
	c->old_maps = snap->total.maps;
	c->old_unmaps = snap->total.unmaps;
}

static struct stale *find_stale(struct collector *c, uint64_t cookie)
{
	size_t i;

	for (i = 0; i < c->nr_stale; i++) {
		if (c->stale[i].cookie == cookie)
			return &c->stale[i];
	}
	return NULL;
}

/*
 * Counters of contexts that are closed. One that was opened after the walk
 * looks the same once, but not twice.
 */
static void drop_stale(struct collector *c, const struct snap *snap)
{
	int fd = bpf_map__fd(c->skel->maps.ctx_stats);
	__u64 *prev = NULL, key, next;
	struct stale *st;
	size_t i, kept = 0;

	for (i = 0; i < c->nr_stale; i++)
		c->stale[i].seen = STALE_BEFORE;
	while (!bpf_map_get_next_key(fd, prev, &next)) {
		key = next;
		prev = &key;
		if (snap_find_ctx(snap->ctxs, snap->nr_ctxs, key))
			continue;
		st = find_stale(c, key);
		if (st) {
			st->seen = STALE_AGAIN;
			continue;
		}
		st = snap_add(&c->stale, &c->nr_stale, &c->max_stale, sizeof(*st));
		if (!st)
			return;
		st->cookie = key;
		st->seen = STALE_NEW;
	}
	for (i = 0; i < c->nr_stale; i++) {
		if (c->stale[i].seen == STALE_AGAIN)
			bpf_map_delete_elem(fd, &c->stale[i].cookie);
		else if (c->stale[i].seen == STALE_NEW)
			c->stale[kept++] = c->stale[i];
	}
	c->nr_stale = kept;
}

/* The contexts as they are now: what the next rates are measured from. */
static void keep_ctxs(struct collector *c, const struct snap *snap)
{
	size_t bytes = snap->nr_ctxs * sizeof(*snap->ctxs);
	struct snap_ctx *copy;

	free(c->old_ctxs);
	c->old_ctxs = NULL;
	c->nr_old_ctxs = 0;
	c->old_mono_ns = 0;
	copy = malloc(bytes ? bytes : 1);
	if (!copy)
		return; /* No rates next time, and nothing wrong. */
	if (bytes)
		memcpy(copy, snap->ctxs, bytes);
	c->old_ctxs = copy;
	c->nr_old_ctxs = snap->nr_ctxs;
	c->old_mono_ns = snap->mono_ns;
}

int collect_snap(struct collector *c, const struct env *env, struct snap *snap)
{
	int rc;

	memset(snap, 0, sizeof(*snap));
	rc = walk(c, options_want_areas(env), snap);
	if (rc)
		goto fail;
	snap->real_ns = clock_real_ns();
	snap->mono_ns = clock_mono_ns();
	snap->boot_ns = clock_boot_ns();
	rc = add_procs(c, env, snap);
	if (rc)
		goto fail;
	add_up(snap);
	drop_areas(snap);
	count_host(c, snap);
	if (c->counting) {
		drop_stale(c, snap);
		keep_ctxs(c, snap);
	}
	return 0;
fail:
	snap_free(snap);
	return rc;
}
