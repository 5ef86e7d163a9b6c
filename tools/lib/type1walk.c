// SPDX-License-Identifier: GPL-2.0-only
/*
 * VFIO type1 containers, which need no module of ours.
 *
 * One run of the iterator shows every container with the sums of its mappings.
 * The mappings themselves are asked for container by container. Containers
 * have numbers here, from 1: their names in the kernel are addresses, which
 * are not for show.
 */
#include <errno.h>
#include <stdlib.h>

#include <bpf/libbpf.h>

#include "bpfio.h"
#include "filewalk.h"
#include "tool.h"
#include "type1walk.h"
#include "type1walk.skel.h"

struct type1walk {
	struct type1walk_bpf *skel;
	struct filewalk files;
};

struct type1walk *type1walk_open(int *err)
{
	struct type1walk *t = calloc(1, sizeof(*t));
	int rc = -ENOMEM;

	if (!t)
		goto fail;
	t->skel = type1walk_bpf__open_and_load();
	if (!t->skel) {
		rc = -errno;
		goto fail;
	}
	t->files = FILEWALK(t->skel, walk_containers, walk_containers);
	t->files.recs = bpfio_map_array(t->skel->maps.recs);
	if (t->files.recs)
		return t;
	rc = -errno;
fail:
	*err = tool_libbpf_failed("the BPF program that looks at VFIO type1", rc);
	type1walk_close(t);
	return NULL;
}

void type1walk_close(struct type1walk *t)
{
	if (!t)
		return;
	if (t->files.recs)
		bpfio_unmap_array(t->files.recs, t->skel->maps.recs);
	type1walk_bpf__destroy(t->skel);
	filewalk_free(&t->files);
	free(t);
}

void type1walk_count(struct type1walk *t, const struct type1walk_counters *counters)
{
	t->files.begun = counters->begun;
	t->files.ended = counters->ended;
	t->files.stats = counters->stats;
}

static const struct filewalk_known *known_by_cookie(struct type1walk *t, uint64_t cookie)
{
	return filewalk_by_nr(&t->files, cookie & ~TYPE1_COOKIE);
}

static int take_recs(struct type1walk *t, struct snap *snap)
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

static int walk_all_areas(struct type1walk *t, struct snap *snap, size_t first)
{
	size_t i;
	int rc = 0;

	for (i = first; !rc && i < snap->nr_ioases; i++)
		rc = filewalk_areas(&t->files, snap, i,
				    known_by_cookie(t, snap->ioases[i].v.cookie)->address);
	return rc;
}

int type1walk_run(struct type1walk *t, bool want_areas, struct snap *snap)
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

uint64_t type1walk_address(struct type1walk *t, uint64_t cookie)
{
	const struct filewalk_known *k = known_by_cookie(t, cookie);

	return k ? k->address : 0;
}
