// SPDX-License-Identifier: GPL-2.0-only
/* See filewalk.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bpfio.h"
#include "filewalk.h"

#define TRIES 4

static int run(struct filewalk *f, const struct bpf_program *prog, uint64_t address, uint64_t iova)
{
	memset(f->run, 0, sizeof(*f->run));
	f->run->container = address;
	f->run->iova = iova;
	f->run->run = ++f->last_run;
	if (f->begun) {
		*f->nr_ended = *f->ended;
		*f->nr_begun = *f->begun;
	}
	return bpfio_run_iterator(prog);
}

/* Did a call begin since run(), or was one under way? */
static bool disturbed(const struct filewalk *f)
{
	return f->run->torn || (f->begun && *f->begun != *f->nr_begun);
}

int filewalk_begin(struct filewalk *f, bool *torn)
{
	int rc, try;

	f->turn++;
	for (try = 0; try < TRIES; try++) {
		rc = run(f, f->all, 0, 0);
		if (rc)
			return rc;
		if (!disturbed(f))
			break;
	}
	*torn |= try == TRIES || f->run->nr_lost;
	return 0;
}

const struct filewalk_known *filewalk_known(struct filewalk *f, const struct top_ctx *ctx)
{
	struct filewalk_known *k = NULL;
	size_t i;

	for (i = 0; i < f->nr_known; i++) {
		if (f->known[i].address == ctx->cookie)
			k = &f->known[i];
	}
	/* The address may be another one's by now. */
	if (!k || k->tgid != ctx->tgid || k->owner_ns != ctx->created_ns) {
		if (k && f->stats >= 0)
			bpfio_drop(f->stats, ctx->cookie, f->gone);
		if (!k)
			k = snap_add(&f->known, &f->nr_known, &f->max_known, sizeof(*k));
		if (!k)
			return NULL;
		k->address = ctx->cookie;
		k->tgid = ctx->tgid;
		k->owner_ns = ctx->created_ns;
		k->nr = ++f->last_nr;
	}
	k->turn = f->turn;
	return k;
}

const struct filewalk_known *filewalk_by_nr(const struct filewalk *f, uint64_t nr)
{
	size_t i;

	for (i = 0; i < f->nr_known; i++) {
		if (f->known[i].nr == nr)
			return &f->known[i];
	}
	return NULL;
}

/* Appended; -EAGAIN: they changed meanwhile. */
static int walk_areas(struct filewalk *f, struct snap *snap, size_t ioas, uint64_t address)
{
	struct snap_area *area;
	uint64_t from = 0;
	uint32_t i;
	int rc;

	do {
		rc = run(f, f->areas, address, from);
		if (rc)
			return rc;
		/* Closed by now. */
		if (!f->run->nr_recs && !f->run->done)
			return 0;
		for (i = 0; i < f->run->nr_recs; i++) {
			area = SNAP_ADD(snap, areas);
			if (!area)
				return -ENOMEM;
			area->v = f->recs[i].area;
			area->v.ioas_cookie = snap->ioases[ioas].v.cookie;
			area->ioas = ioas;
		}
		from = f->run->iova;
		if (disturbed(f))
			return -EAGAIN;
	} while (!f->run->done);
	return 0;
}

int filewalk_areas(struct filewalk *f, struct snap *snap, size_t ioas, uint64_t address)
{
	size_t first = snap->nr_areas;
	int rc = 0, try;

	for (try = 0; try < TRIES; try++) {
		snap->nr_areas = first;
		rc = walk_areas(f, snap, ioas, address);
		if (rc != -EAGAIN)
			break;
	}
	if (rc && rc != -EAGAIN)
		return rc;
	snap->torn |= rc == -EAGAIN;
	bpfio_sum_areas(snap, ioas, first);
	return 0;
}

void filewalk_end(struct filewalk *f)
{
	size_t i, kept = 0;

	for (i = 0; i < f->nr_known; i++) {
		if (f->known[i].turn == f->turn)
			f->known[kept++] = f->known[i];
		else if (f->stats >= 0)
			bpfio_drop(f->stats, f->known[i].address, f->gone);
	}
	f->nr_known = kept;
}

void filewalk_free(struct filewalk *f)
{
	free(f->known);
}
