// SPDX-License-Identifier: GPL-2.0-only
/* What newer modules tell beside the rest; see more.bpf.c. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "bpfio.h"
#include "cgroup.h"
#include "fmt.h"
#include "more.h"
#include "more.skel.h"

struct more {
	struct more_bpf *skel;
	const struct top_rec *recs;
	const struct top_policy *policies;
	struct top_mix *mixes;
};

struct more *more_open(void)
{
	struct more *m = calloc(1, sizeof(*m));

	if (!m)
		return NULL;
	m->skel = more_bpf__open_and_load();
	if (m->skel) {
		m->recs = bpfio_map_array(m->skel->maps.recs);
		m->policies = bpfio_map_array(m->skel->maps.policies);
		m->mixes = (void *)bpfio_map_array(m->skel->maps.mixes);
	}
	if (m->recs && m->policies && m->mixes)
		return m;
	more_close(m);
	return NULL;
}

void more_close(struct more *m)
{
	if (!m)
		return;
	if (m->recs)
		bpfio_unmap_array(m->recs, m->skel->maps.recs);
	if (m->policies)
		bpfio_unmap_array(m->policies, m->skel->maps.policies);
	if (m->mixes)
		bpfio_unmap_array(m->mixes, m->skel->maps.mixes);
	more_bpf__destroy(m->skel);
	free(m);
}

static int run(const struct bpf_program *prog)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts);

	return bpf_prog_test_run_opts(bpf_program__fd(prog), &opts);
}

static void take_device(struct snap *snap, const struct top_device_more *more)
{
	struct top_device *v;
	size_t i;

	for (i = 0; i < snap->nr_devices; i++) {
		v = &snap->devices[i].v;
		if (v->ctx_cookie != more->ctx_cookie || v->id != more->id)
			continue;
		v->nr_faults = more->nr_faults;
		v->nr_pasids = more->nr_pasids;
		snap->total.faults += more->nr_faults;
	}
}

static int take_hwpt(struct snap *snap, const struct top_hwpt *v)
{
	struct snap_ctx *ctx = snap_find_ctx(snap->ctxs, snap->nr_ctxs, TOP_IOMMUFD, v->ctx_cookie);
	struct snap_hwpt *hwpt;
	size_t i;

	/* Opened after the other walk. */
	if (!ctx)
		return 0;
	hwpt = SNAP_ADD(snap, hwpts);
	if (!hwpt)
		return -ENOMEM;
	hwpt->v = *v;
	hwpt->ctx = ctx - snap->ctxs;
	hwpt->dirty_rate = -1;
	for (i = 0; v->kind == TOP_HWPT_PAGING && i < snap->nr_ioases; i++) {
		if (snap->ioases[i].v.cookie != v->ioas_cookie)
			continue;
		if (snap->ioases[i].v.dirty == TOP_UNKNOWN32)
			snap->ioases[i].v.dirty = 0;
		snap->ioases[i].v.dirty |= v->dirty;
	}
	return 0;
}

static int take_recs(struct more *m, struct snap *snap)
{
	const struct top_rec *rec;
	struct snap_ctx *ctx;
	uint32_t i;
	int rc = 0;

	for (i = 0; !rc && i < m->skel->bss->nr_recs; i++) {
		rec = &m->recs[i];
		if (rec->kind == TOP_HWPT)
			rc = take_hwpt(snap, &rec->hwpt);
		else if (rec->kind == TOP_DEVICE_MORE)
			take_device(snap, &rec->more);
		ctx = rec->kind == TOP_MODE ? snap_find_ctx(snap->ctxs, snap->nr_ctxs, TOP_IOMMUFD,
							    rec->mode.ctx_cookie) : NULL;
		if (ctx)
			ctx->mode = rec->mode.mm ? SNAP_MODE_MM : SNAP_MODE_USER;
	}
	return rc;
}

/* Only of what is pinned: the rest has none; nor has, this time, what is busy. */
static void add_mixes(struct more *m, struct snap *snap)
{
	struct top_area *v;
	size_t first, i, nr;

	for (first = 0; first < snap->nr_areas; first += nr) {
		nr = snap->nr_areas - first;
		if (nr > TOP_MIXES)
			nr = TOP_MIXES;
		for (i = 0; i < nr; i++) {
			m->mixes[i].ioas_cookie = snap->areas[first + i].v.ioas_cookie;
			m->mixes[i].iova = snap->areas[first + i].v.iova;
		}
		m->skel->bss->nr_mixes = nr;
		if (run(m->skel->progs.ask_mixes) || !m->skel->bss->has_mix)
			return;
		for (i = 0; i < nr; i++) {
			v = &snap->areas[first + i].v;
			if (!m->mixes[i].ioas_cookie)
				continue;
			v->bytes_4k = m->mixes[i].bytes_4k;
			v->bytes_2m = m->mixes[i].bytes_2m;
			v->bytes_1g = m->mixes[i].bytes_1g;
		}
	}
}

static int take_policy(struct snap *snap, const struct top_policy *v)
{
	struct snap_policy *pol = SNAP_ADD(snap, policies);

	if (!pol)
		return -ENOMEM;
	memcpy(pol->name, v->name, sizeof(pol->name));
	pol->name[sizeof(pol->name) - 1] = 0;
	fmt_plain(pol->name);
	/* As iommupolicy writes it. */
	if (v->ioas_cookie)
		snprintf(pol->scope, sizeof(pol->scope), "ioas %" PRIu64, (uint64_t)v->ioas_cookie);
	else if (v->cgroup_id)
		cgroup_path_of(v->cgroup_id, pol->scope, sizeof(pol->scope));
	else
		snprintf(pol->scope, sizeof(pol->scope), "everybody");
	fmt_plain(pol->scope);
	pol->ended = v->ended_ns;
	memcpy(pol->message, v->message, sizeof(pol->message));
	pol->message[sizeof(pol->message) - 1] = 0;
	fmt_plain(pol->message);
	pol->calls = v->calls;
	pol->allowed = v->allowed;
	pol->refused = v->denials;
	pol->ns_per_call = v->total_ns == TOP_UNKNOWN || !v->calls ? TOP_UNKNOWN :
			   v->total_ns / v->calls;
	return 0;
}

int more_add(struct more *m, struct snap *snap, bool want_mix)
{
	uint32_t i;
	int rc;

	if (!run(m->skel->progs.walk_more)) {
		snap->has_hwpts = m->skel->bss->has_hwpts;
		snap->has_faults = m->skel->bss->has_hwpts;
		snap->torn |= m->skel->bss->nr_lost;
		rc = take_recs(m, snap);
		if (rc)
			return rc;
	}
	if (want_mix)
		add_mixes(m, snap);
	if (run(m->skel->progs.walk_policies))
		return 0;
	for (i = 0; i < m->skel->bss->nr_policies; i++) {
		rc = take_policy(snap, &m->policies[i]);
		if (rc)
			return rc;
	}
	return 0;
}
