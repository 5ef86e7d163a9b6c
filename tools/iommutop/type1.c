// SPDX-License-Identifier: GPL-2.0-only
/* A source: VFIO type1 containers, walked (type1walk.h) and counted. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "bpfio.h"
#include "t1count.skel.h"
#include "tool.h"
#include "type1.h"
#include "type1walk.h"

struct type1 {
	struct type1walk *walk;
	struct t1count_bpf *count; /* NULL: not counting */
};

/* Without a function that it is split by, the latency is not split. */
static int open_count(struct type1 *t)
{
	struct type1walk_counters counters;
	int rc;

	t->count = t1count_bpf__open();
	if (!t->count)
		return -errno;
	bpfio_only_existing(t->count->obj, "vfio_iommu_type1");
	rc = t1count_bpf__load(t->count);
	if (rc)
		return rc;
	counters.begun = &t->count->bss->nr_begun;
	counters.ended = &t->count->bss->nr_ended;
	counters.stats = bpf_map__fd(t->count->maps.t1_stats);
	type1walk_count(t->walk, &counters);
	return t1count_bpf__attach(t->count);
}

struct type1 *type1_open(bool count, int *err)
{
	struct type1 *t = calloc(1, sizeof(*t));
	int rc = -ENOMEM;

	if (!t)
		goto fail;
	t->walk = type1walk_open(err);
	if (!t->walk) {
		type1_close(t);
		return NULL;
	}
	rc = count ? open_count(t) : 0;
	if (!rc)
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
	type1walk_close(t->walk);
	t1count_bpf__destroy(t->count);
	free(t);
}

int type1_walk(struct type1 *t, bool want_areas, struct snap *snap)
{
	return type1walk_run(t->walk, want_areas, snap);
}

void type1_stats(struct type1 *t, uint64_t cookie, struct top_stats *st)
{
	uint64_t address = type1walk_address(t->walk, cookie);

	memset(st, 0, sizeof(*st));
	if (t->count && address)
		bpf_map__lookup_elem(t->count->maps.t1_stats, &address, sizeof(address), st,
				     sizeof(*st), 0);
}

void type1_totals(struct type1 *t, struct snap *snap)
{
	struct top_refusal ref;

	if (!t->count)
		return;
	snap_add_stats(&snap->total, &t->count->bss->total);
	snap->nr_uncounted += t->count->bss->nr_uncounted;
	snap->nr_lost += tool_bpf_missed(t->count->obj);
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
