// SPDX-License-Identifier: GPL-2.0-only
/*
 * A source: VFIO type1 containers, which need no module of ours.
 *
 * One run of the iterator shows every container with the sums of its mappings.
 * The mappings themselves are asked for container by container. Containers
 * have numbers here, from 1: their names in the kernel are addresses, which
 * are not for show.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "bpfio.h"
#include "t1count.skel.h"
#include "tool.h"
#include "type1.h"
#include "type1.skel.h"

#define TRIES 4

/* A container that was seen. */
struct known {
	uint64_t address;
	uint64_t owner_ns;
	int32_t tgid;
	uint32_t id;
	uint64_t run;
};

struct type1 {
	struct type1_bpf *walk;
	struct t1count_bpf *count; /* NULL: not counting */
	const struct top_rec *recs;
	struct known *known;
	size_t nr_known, max_known;
	uint32_t last_id;
	uint64_t run; /* a number of each run of the iterator */
	uint64_t turn; /* of each walk */
};

/* Has the module this function, or has the compiler inlined it? */
static bool module_has(const struct btf *btf, const char *function)
{
	return !btf || btf__find_by_name_kind(btf, function, BTF_KIND_FUNC) > 0;
}

/* Without a function that it is split by, the latency is not split. */
static int open_count(struct type1 *t)
{
	struct btf *vmlinux = btf__load_vmlinux_btf();
	struct btf *btf = vmlinux ? btf__load_module_btf("vfio_iommu_type1", vmlinux) : NULL;
	struct bpf_program *prog;
	const char *function;
	int rc;

	t->count = t1count_bpf__open();
	rc = t->count ? 0 : -errno;
	if (!rc) {
		bpf_object__for_each_program(prog, t->count->obj) {
			function = strchr(bpf_program__section_name(prog), '/') + 1;
			if (!module_has(btf, function))
				bpf_program__set_autoload(prog, false);
		}
	}
	btf__free(btf);
	btf__free(vmlinux);
	if (!rc)
		rc = t1count_bpf__load(t->count);
	return rc ? rc : t1count_bpf__attach(t->count);
}

struct type1 *type1_open(bool count, int *err)
{
	struct type1 *t = calloc(1, sizeof(*t));
	int rc = -ENOMEM;

	if (!t)
		goto fail;
	t->walk = type1_bpf__open_and_load();
	if (!t->walk) {
		rc = -errno;
		goto fail;
	}
	t->recs = bpfio_map_array(t->walk->maps.recs);
	if (!t->recs) {
		rc = -errno;
		goto fail;
	}
	rc = count ? open_count(t) : 0;
	if (rc)
		goto fail;
	return t;
fail:
	*err = tool_libbpf_failed("iommutop's BPF programs for VFIO type1", rc);
	type1_close(t);
	return NULL;
}

void type1_close(struct type1 *t)
{
	if (!t)
		return;
	if (t->recs)
		bpfio_unmap_array(t->recs, t->walk->maps.recs);
	type1_bpf__destroy(t->walk);
	t1count_bpf__destroy(t->count);
	free(t->known);
	free(t);
}

/* Over all open files of all tasks; the program writes nothing to read. */
static int run_iterator(struct type1 *t)
{
	struct bpf_link *link;
	char buf[64];
	int fd, rc;

	link = bpf_program__attach_iter(t->walk->progs.walk_containers, NULL);
	if (!link)
		return -errno;
	fd = bpf_iter_create(bpf_link__fd(link));
	rc = fd < 0 ? -errno : 0;
	while (!rc) {
		ssize_t got = read(fd, buf, sizeof(buf));

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0) {
			rc = got ? -errno : 0;
			break;
		}
	}
	if (fd >= 0)
		close(fd);
	bpf_link__destroy(link);
	return rc;
}

static void begin_run(struct type1 *t, uint64_t container, uint64_t iova)
{
	struct top_t1_walk *w = &t->walk->bss->t1;

	memset(w, 0, sizeof(*w));
	w->container = container;
	w->iova = iova;
	w->run = ++t->run;
	if (t->count) {
		t->walk->bss->nr_ended = t->count->bss->nr_ended;
		t->walk->bss->nr_begun = t->count->bss->nr_begun;
	}
}

/* Did an operation begin since begin_run(), or was one under way? */
static bool disturbed(struct type1 *t)
{
	if (t->walk->bss->t1.torn)
		return true;
	return t->count && t->count->bss->nr_begun != t->walk->bss->nr_begun;
}

static struct known *known_of(struct type1 *t, const struct top_ctx *ctx)
{
	struct known *k = NULL;
	size_t i;

	for (i = 0; i < t->nr_known; i++) {
		if (t->known[i].address == ctx->cookie)
			k = &t->known[i];
	}
	/* The address may be another container's by now. */
	if (k && k->tgid == ctx->tgid && k->owner_ns == ctx->created_ns)
		return k;
	if (k && t->count)
		bpf_map_delete_elem(bpf_map__fd(t->count->maps.t1_stats), &ctx->cookie);
	if (!k)
		k = snap_add(&t->known, &t->nr_known, &t->max_known, sizeof(*k));
	if (!k)
		return NULL;
	k->address = ctx->cookie;
	k->tgid = ctx->tgid;
	k->owner_ns = ctx->created_ns;
	k->id = ++t->last_id;
	return k;
}

static const struct known *known_by_cookie(struct type1 *t, uint64_t cookie)
{
	size_t i;

	for (i = 0; i < t->nr_known; i++) {
		if ((t->known[i].id | TYPE1_COOKIE) == cookie)
			return &t->known[i];
	}
	return NULL;
}

static int take_recs(struct type1 *t, struct snap *snap)
{
	uint64_t cookie = 0;
	struct known *k;
	struct top_rec rec;
	uint32_t i;
	int rc = 0;

	for (i = 0; !rc && i < t->walk->bss->t1.nr_recs; i++) {
		rec = t->recs[i];
		switch (rec.kind) {
		case TOP_CTX:
			k = known_of(t, &rec.ctx);
			if (!k)
				return -ENOMEM;
			k->run = t->turn;
			cookie = k->id | TYPE1_COOKIE;
			rec.ctx.cookie = cookie;
			break;
		case TOP_DEVICE:
			rec.device.ctx_cookie = cookie;
			rec.device.ioas_cookie = cookie;
			break;
		case TOP_IOAS:
			rec.ioas.ctx_cookie = cookie;
			rec.ioas.cookie = cookie;
			rec.ioas.id = cookie & ~TYPE1_COOKIE;
			break;
		}
		rc = bpfio_take_rec(snap, TOP_TYPE1, &rec);
	}
	return rc;
}

/* Those that are gone, and their counters. */
static void forget(struct type1 *t)
{
	size_t i, kept = 0;

	for (i = 0; i < t->nr_known; i++) {
		if (t->known[i].run == t->turn)
			t->known[kept++] = t->known[i];
		else if (t->count)
			bpf_map_delete_elem(bpf_map__fd(t->count->maps.t1_stats),
					    &t->known[i].address);
	}
	t->nr_known = kept;
}

/* One container's mappings, appended; -EAGAIN: they changed meanwhile. */
static int walk_areas(struct type1 *t, struct snap *snap, size_t ioas)
{
	const struct top_t1_walk *w = &t->walk->bss->t1;
	const struct known *k = known_by_cookie(t, snap->ioases[ioas].v.cookie);
	struct snap_area *area;
	uint64_t from = 0;
	uint32_t i;
	int rc;

	do {
		begin_run(t, k->address, from);
		rc = run_iterator(t);
		if (rc)
			return rc;
		/* Closed by now. */
		if (!w->nr_recs && !w->done)
			return 0;
		for (i = 0; i < w->nr_recs; i++) {
			area = SNAP_ADD(snap, areas);
			if (!area)
				return -ENOMEM;
			area->v = t->recs[i].area;
			area->v.ioas_cookie = k->id | TYPE1_COOKIE;
			area->ioas = ioas;
		}
		from = w->iova;
		if (disturbed(t))
			return -EAGAIN;
	} while (!w->done);
	return 0;
}

/* The sums are those of the mappings that are shown. */
static void sum_areas(struct snap *snap, size_t ioas, size_t first)
{
	struct top_ioas *v = &snap->ioases[ioas].v;
	size_t i;

	v->nr_areas = snap->nr_areas - first;
	v->mapped_bytes = 0;
	v->pinned_pages = 0;
	for (i = first; i < snap->nr_areas; i++) {
		v->mapped_bytes += snap->areas[i].v.length;
		v->pinned_pages += snap->areas[i].v.pinned_pages;
	}
	if (v->entries_max != TOP_UNKNOWN)
		v->entries_left = v->entries_max - v->nr_areas;
}

static int walk_all_areas(struct type1 *t, struct snap *snap, size_t first_ioas)
{
	size_t i, first;
	int rc = 0, try;

	for (i = first_ioas; i < snap->nr_ioases; i++) {
		first = snap->nr_areas;
		for (try = 0; try < TRIES; try++) {
			snap->nr_areas = first;
			rc = walk_areas(t, snap, i);
			if (rc != -EAGAIN)
				break;
		}
		if (rc && rc != -EAGAIN)
			return rc;
		snap->torn |= rc == -EAGAIN;
		sum_areas(snap, i, first);
	}
	return 0;
}

int type1_walk(struct type1 *t, bool want_areas, struct snap *snap)
{
	size_t first = snap->nr_ioases;
	int rc, try;

	t->turn++;
	for (try = 0; try < TRIES; try++) {
		begin_run(t, 0, 0);
		rc = run_iterator(t);
		if (rc)
			return rc;
		if (!disturbed(t))
			break;
	}
	snap->torn |= try == TRIES || t->walk->bss->t1.nr_lost;
	rc = take_recs(t, snap);
	if (!rc && want_areas)
		rc = walk_all_areas(t, snap, first);
	forget(t);
	if (!rc)
		snap->sources[TOP_TYPE1] = true;
	return rc;
}

void type1_stats(struct type1 *t, uint64_t cookie, struct top_stats *st)
{
	const struct known *k = known_by_cookie(t, cookie);

	memset(st, 0, sizeof(*st));
	if (t->count && k)
		bpf_map__lookup_elem(t->count->maps.t1_stats, &k->address, sizeof(k->address), st,
				     sizeof(*st), 0);
}

void type1_totals(struct type1 *t, struct snap *snap)
{
	struct top_refusal ref;

	if (!t->count)
		return;
	snap_add_stats(&snap->total, &t->count->bss->total);
	snap->nr_uncounted += t->count->bss->nr_uncounted;
	snap->nr_lost += bpfio_lost(t->count->obj);
	ref = t->count->bss->last_refusal;
	/* A torn one waits for the next time. */
	if (ref.seq && ref.seq == t->count->bss->last_refusal.seq) {
		snap->nr_refusals += ref.seq;
		bpfio_take_refusal(snap, &ref);
	}
}

void type1_reset(struct type1 *t)
{
	if (!t->count)
		return;
	memset(&t->count->bss->total, 0, sizeof(t->count->bss->total));
	bpfio_clear(bpf_map__fd(t->count->maps.t1_stats), sizeof(__u64));
}
