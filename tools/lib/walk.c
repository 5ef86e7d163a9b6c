// SPDX-License-Identifier: GPL-2.0-only
/*
 * What exists in iommufd-bpf's module, by its iterators.
 *
 * A walk may take several calls: each returns at most TOP_RECS records and
 * leaves its cursor in the mapped walk structure for the next one. Records
 * come in the order context, its devices, its HWPTs, its IOASes, each followed
 * by its areas, so that a record belongs to the last context or IOAS before it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "bpfio.h"
#include "tool.h"
#include "walk.h"
#include "walk.skel.h"

struct walk {
	struct walk_bpf *skel;
	const struct top_rec *recs;
};

struct walk *walk_open(int *err)
{
	struct walk *w = calloc(1, sizeof(*w));
	int rc = -ENOMEM;

	if (!w)
		goto fail;
	w->skel = walk_bpf__open_and_load();
	if (!w->skel) {
		rc = -errno;
		goto fail;
	}
	w->recs = bpfio_map_array(w->skel->maps.recs);
	if (w->recs)
		return w;
	rc = -errno;
fail:
	*err = tool_libbpf_failed("the BPF program that looks at contexts", rc);
	walk_close(w);
	return NULL;
}

void walk_close(struct walk *w)
{
	if (!w)
		return;
	if (w->recs)
		bpfio_unmap_array(w->recs, w->skel->maps.recs);
	walk_bpf__destroy(w->skel);
	free(w);
}

static int run_walk(struct walk *w, struct snap *snap)
{
	struct top_walk *at = &w->skel->bss->walk;
	__u32 i;
	int rc;

	do {
		LIBBPF_OPTS(bpf_test_run_opts, run);

		rc = bpf_prog_test_run_opts(bpf_program__fd(w->skel->progs.walk_objects), &run);
		if (rc)
			return rc;
		/* It did not get anywhere: it would do so for ever. */
		if (!at->done && !at->nr_recs)
			return -EPROTO;
		for (i = 0; i < at->nr_recs; i++) {
			rc = bpfio_take_rec(snap, TOP_IOMMUFD, &w->recs[i]);
			if (rc)
				return rc;
		}
	} while (!at->done);
	return 0;
}

int walk_run(struct walk *w, bool want_areas, struct snap *snap)
{
	int rc;

	memset(&w->skel->bss->walk, 0, sizeof(w->skel->bss->walk));
	w->skel->bss->walk.want_areas = want_areas;
	rc = run_walk(w, snap);
	if (!rc)
		snap->sources[TOP_IOMMUFD] = true;
	return rc;
}
