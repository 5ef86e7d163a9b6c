// SPDX-License-Identifier: GPL-2.0-only
/* A source: iommufd-bpf's module, by its iterators and tracepoints. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "bpfio.h"
#include "count.skel.h"
#include "fmt.h"
#include "ours.h"
#include "tool.h"
#include "walk.h"

struct ours {
	struct walk *walk;
	struct count_bpf *count; /* NULL: not counting */
	struct bpfio_stale stale;
	struct top_stats gone; /* of contexts that are closed */
};

struct ours *ours_open(bool count, int *err)
{
	struct ours *o = calloc(1, sizeof(*o));
	int rc = -ENOMEM;

	if (!o)
		goto fail;
	o->walk = walk_open(err);
	if (!o->walk) {
		ours_close(o);
		return NULL;
	}
	if (count) {
		o->count = count_bpf__open_and_load();
		rc = o->count ? count_bpf__attach(o->count) : -errno;
		if (rc)
			goto fail;
	}
	return o;
fail:
	*err = tool_libbpf_failed("iommutop's BPF programs", rc);
	ours_close(o);
	return NULL;
}

void ours_close(struct ours *o)
{
	if (!o)
		return;
	walk_close(o->walk);
	count_bpf__destroy(o->count);
	bpfio_stale_free(&o->stale);
	free(o);
}

int ours_walk(struct ours *o, bool want_areas, struct snap *snap)
{
	return walk_run(o->walk, want_areas, snap);
}

void ours_stats(struct ours *o, uint64_t cookie, struct top_stats *st)
{
	memset(st, 0, sizeof(*st));
	/* A context without operations since the start has none: all zero. */
	if (o->count)
		bpf_map__lookup_elem(o->count->maps.ctx_stats, &cookie, sizeof(cookie), st,
				     sizeof(*st), 0);
}

static void take_refusal(struct ours *o, struct snap *snap)
{
	uint64_t before, nr = o->count->bss->nr_refusals;
	struct top_refusal ref;
	__u32 slot;
	int tries;

	snap->nr_refusals += nr;
	for (tries = 0; nr && tries < 8; tries++) {
		before = nr;
		slot = (nr - 1) % TOP_REFUSALS;
		if (!bpf_map__lookup_elem(o->count->maps.refusals, &slot, sizeof(slot), &ref,
					  sizeof(ref), 0) &&
		    ref.seq == nr) {
			bpfio_take_refusal(snap, &ref);
			return;
		}
		/* Being written, or overtaken: look again, or at the one before. */
		nr = o->count->bss->nr_refusals;
		if (nr == before)
			nr--;
	}
}

/* One that has ended only if there is no other. */
static struct snap_policy *policy_named(struct snap *snap, const char *name)
{
	struct snap_policy *found = NULL;
	size_t i;

	for (i = 0; i < snap->nr_policies; i++) {
		if (strncmp(snap->policies[i].name, name, TOP_POLICY_LEN))
			continue;
		if (!found || found->ended)
			found = &snap->policies[i];
	}
	return found;
}

/*
 * What the tracepoint has told of refusals: the last of each policy; and the
 * policies, where the module does not tell of them itself.
 */
static int take_policies(struct ours *o, struct snap *snap)
{
	int fd = bpf_map__fd(o->count->maps.denials);
	char key[TOP_POLICY_LEN], *prev = NULL;
	struct snap_policy *pol;
	struct top_denials den;

	while (!bpf_map_get_next_key(fd, prev, key)) {
		prev = key;
		if (bpf_map_lookup_elem(fd, key, &den))
			continue;
		pol = policy_named(snap, key);
		if (pol) {
			pol->last = den;
			fmt_plain(pol->last.reason);
			continue;
		}
		pol = SNAP_ADD(snap, policies);
		if (!pol)
			return -ENOMEM;
		memcpy(pol->name, key, sizeof(pol->name));
		pol->name[sizeof(pol->name) - 1] = 0;
		fmt_plain(pol->name);
		pol->calls = TOP_UNKNOWN;
		pol->allowed = TOP_UNKNOWN;
		pol->ns_per_call = TOP_UNKNOWN;
		pol->refused = den.refused;
		pol->last = den;
		fmt_plain(pol->last.reason);
	}
	return 0;
}

/* The host's: those of all contexts, of those that are closed, and the rest. */
static void add_up(struct ours *o, struct snap *snap)
{
	bpfio_add_up(bpf_map__fd(o->count->maps.ctx_stats), &snap->total);
	snap_add_stats(&snap->total, &o->gone);
	snap_add_stats(&snap->total, &o->count->bss->rest);
}

int ours_totals(struct ours *o, struct snap *snap)
{
	if (!o->count)
		return 0;
	/* First: who is counted as gone is no longer in the map afterwards. */
	bpfio_drop_stale(&o->stale, bpf_map__fd(o->count->maps.ctx_stats), snap, TOP_IOMMUFD,
			 &o->gone);
	add_up(o, snap);
	snap->nr_uncounted += o->count->bss->nr_uncounted;
	snap->nr_lost += tool_bpf_missed(o->count->obj);
	take_refusal(o, snap);
	return take_policies(o, snap);
}

void ours_reset(struct ours *o)
{
	if (!o->count)
		return;
	memset(&o->count->bss->rest, 0, sizeof(o->count->bss->rest));
	memset(&o->gone, 0, sizeof(o->gone));
	bpfio_clear(bpf_map__fd(o->count->maps.ctx_stats), sizeof(__u64));
	bpfio_clear(bpf_map__fd(o->count->maps.denials), TOP_POLICY_LEN);
}
