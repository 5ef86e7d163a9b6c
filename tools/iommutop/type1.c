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

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "bpfio.h"
#include "filewalk.h"
#include "t1count.skel.h"
#include "tool.h"
#include "type1.h"
#include "type1.skel.h"

struct type1 {
	struct type1_bpf *walk;
	struct t1count_bpf *count; /* NULL: not counting */
	struct filewalk files;
};

/* Without a function that it is split by, the latency is not split. */
static int open_count(struct type1 *t)
{
	int rc;

	t->count = t1count_bpf__open();
	if (!t->count)
		return -errno;
	bpfio_only_existing(t->count->obj, "vfio_iommu_type1");
	rc = t1count_bpf__load(t->count);
	return rc ? rc : t1count_bpf__attach(t->count);
}

static void init_walk(struct type1 *t)
{
	struct filewalk *f = &t->files;

	f->all = t->walk->progs.walk_containers;
	f->areas = t->walk->progs.walk_containers;
	f->run = &t->walk->bss->walk;
	f->nr_begun = &t->walk->bss->nr_begun;
	f->nr_ended = &t->walk->bss->nr_ended;
	f->stats = -1;
	if (t->count) {
		f->begun = &t->count->bss->nr_begun;
		f->ended = &t->count->bss->nr_ended;
		f->stats = bpf_map__fd(t->count->maps.t1_stats);
	}
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
	t->files.recs = bpfio_map_array(t->walk->maps.recs);
	if (!t->files.recs) {
		rc = -errno;
		goto fail;
	}
	rc = count ? open_count(t) : 0;
	if (rc)
		goto fail;
	init_walk(t);
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
	if (t->files.recs)
		bpfio_unmap_array(t->files.recs, t->walk->maps.recs);
	type1_bpf__destroy(t->walk);
	t1count_bpf__destroy(t->count);
	filewalk_free(&t->files);
	free(t);
}

static const struct filewalk_known *known_by_cookie(struct type1 *t, uint64_t cookie)
{
	return filewalk_by_nr(&t->files, cookie & ~TYPE1_COOKIE);
}

static int take_recs(struct type1 *t, struct snap *snap)
{
	uint64_t cookie = 0;
	const struct filewalk_known *k;
	struct top_rec rec;
	uint32_t i;
	int rc = 0;

	for (i = 0; !rc && i < t->files.run->nr_recs; i++) {
		rec = t->files.recs[i];
		switch (rec.kind) {
		case TOP_CTX:
			k = filewalk_known(&t->files, &rec.ctx);
			if (!k)
				return -ENOMEM;
			cookie = k->nr | TYPE1_COOKIE;
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

static int walk_all_areas(struct type1 *t, struct snap *snap, size_t first)
{
	size_t i;
	int rc = 0;

	for (i = first; !rc && i < snap->nr_ioases; i++)
		rc = filewalk_areas(&t->files, snap, i,
				    known_by_cookie(t, snap->ioases[i].v.cookie)->address);
	return rc;
}

int type1_walk(struct type1 *t, bool want_areas, struct snap *snap)
{
	size_t first = snap->nr_ioases;
	int rc = filewalk_begin(&t->files, &snap->torn);

	if (rc)
		return rc;
	rc = take_recs(t, snap);
	if (!rc && want_areas)
		rc = walk_all_areas(t, snap, first);
	filewalk_end(&t->files);
	if (!rc)
		snap->sources[TOP_TYPE1] = true;
	return rc;
}

void type1_stats(struct type1 *t, uint64_t cookie, struct top_stats *st)
{
	const struct filewalk_known *k = known_by_cookie(t, cookie);

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
