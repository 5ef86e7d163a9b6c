// SPDX-License-Identifier: GPL-2.0-only
/*
 * What was there when tracing began, from a walk (lib/walk.h, lib/type1walk.h).
 * It is looked at when the programs are attached already: what comes in
 * between is told twice rather than never.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fmt.h"
#include "state.h"
#include "tool.h"
#include "type1walk.h"
#include "walk.h"

struct state {
	struct walk *walk;
	struct type1walk *type1;
	/* While it is shown: */
	const struct env *env;
	struct sink *sink;
	struct snap snap;
	uint64_t boot_ns; /* what is younger is told by its event */
	uint64_t boot_offset_ns; /* CLOCK_BOOTTIME - CLOCK_MONOTONIC */
};

struct state *state_open(const struct source *src, int *err)
{
	struct state *s = calloc(1, sizeof(*s));

	*err = 0;
	if (!s) {
		complain("out of memory");
		*err = TOOL_RUNTIME;
		return NULL;
	}
	if (src->ours)
		s->walk = walk_open(err);
	if (!*err && src->type1_btf)
		s->type1 = type1walk_open(err);
	if (!*err)
		return s;
	state_close(s);
	return NULL;
}

void state_close(struct state *s)
{
	if (!s)
		return;
	walk_close(s->walk);
	type1walk_close(s->type1);
	free(s);
}

/* Operations that might have been */

static void new_op(struct op *op, unsigned int id, const struct top_ctx *ctx)
{
	memset(op, 0, sizeof(*op));
	op->info = &op_infos[id];
	op->head.rec.kind = TRACE_REC_OP;
	op->head.rec.op = id;
	op->head.rec.flags = TRACE_F_STATE;
	op->head.tgid = ctx->tgid;
	op->head.tid = ctx->tgid;
	op->head.uid = ctx->uid;
	memcpy(op->head.comm, ctx->comm, sizeof(op->head.comm));
}

/* @made_ns: CLOCK_BOOTTIME, 0 or ~0: not known. */
static void show(struct state *s, struct op *op, uint64_t made_ns)
{
	bool known = made_ns && made_ns != TOP_UNKNOWN;

	if (known && made_ns >= s->boot_ns)
		return;
	op->head.mono_ns = (known ? made_ns : s->boot_ns) - s->boot_offset_ns;
	op->who = who_of(&op->head);
	if (filters_ok_state(&s->env->filters, op))
		sink_op(s->sink, op);
}

static void show_ctx(struct state *s, const struct snap_ctx *ctx)
{
	struct iommufd_ctx_event *ev;
	struct op op;

	new_op(&op, TRACE_OPEN, &ctx->v);
	ev = (void *)op.ev;
	ev->ctx_cookie = ctx->v.cookie;
	ev->cgroup_id = ctx->v.cgroup_id;
	ev->tgid = ctx->v.tgid;
	ev->uid = ctx->v.uid;
	memcpy(ev->comm, ctx->v.comm, sizeof(ev->comm));
	op_normalize(&op);
	show(s, &op, ctx->v.created_ns);
}

static void show_ioas(struct state *s, const struct snap_ioas *ioas)
{
	struct iommufd_object_event *ev;
	struct op op;

	new_op(&op, TRACE_CREATE, &s->snap.ctxs[ioas->ctx].v);
	ev = (void *)op.ev;
	ev->ctx_cookie = ioas->v.ctx_cookie;
	ev->cookie = ioas->v.cookie;
	ev->id = ioas->v.id;
	ev->type = IOMMUFD_OBJECT_IOAS;
	op_normalize(&op);
	show(s, &op, ioas->v.created_ns);
}

static uint32_t ioas_id(const struct state *s, uint64_t cookie)
{
	size_t i;

	for (i = 0; i < s->snap.nr_ioases; i++) {
		if (s->snap.ioases[i].v.cookie == cookie)
			return s->snap.ioases[i].v.id;
	}
	return 0;
}

static void show_attach(struct state *s, const struct snap_device *dev)
{
	struct iommufd_attach_event *ev;
	struct op op;

	new_op(&op, TRACE_ATTACH, &s->snap.ctxs[dev->ctx].v);
	ev = (void *)op.ev;
	ev->ctx_cookie = dev->v.ctx_cookie;
	ev->ioas_cookie = dev->v.ioas_cookie;
	ev->device_id = dev->v.id;
	ev->pt_id = ioas_id(s, dev->v.ioas_cookie);
	ev->hwpt_id = dev->v.hwpt_id;
	ev->group_id = dev->v.group_id;
	memcpy(ev->device, dev->v.name, sizeof(ev->device));
	op_normalize(&op);
	op.ioas_id = ev->pt_id;
	op.has_ioas_id = true;
	show(s, &op, 0);
}

static void show_device(struct state *s, const struct snap_device *dev)
{
	const struct snap_ctx *ctx = &s->snap.ctxs[dev->ctx];
	struct iommufd_vfio_event *vfio;
	struct iommufd_bind_event *ev;
	struct op op;

	if (ctx->source == TOP_TYPE1) {
		new_op(&op, TRACE_VFIO_OPEN, &ctx->v);
		vfio = (void *)op.ev;
		vfio->via = IOMMUFD_VIA_CONTAINER;
		memcpy(vfio->device, dev->v.name, sizeof(vfio->device));
		op_normalize(&op);
		show(s, &op, 0);
		return;
	}
	new_op(&op, TRACE_BIND, &ctx->v);
	ev = (void *)op.ev;
	ev->ctx_cookie = dev->v.ctx_cookie;
	ev->device_id = dev->v.id;
	ev->group_id = dev->v.group_id;
	memcpy(ev->device, dev->v.name, sizeof(ev->device));
	op_normalize(&op);
	show(s, &op, 0);
	if (dev->v.ioas_cookie)
		show_attach(s, dev);
}

/* One of the devices that reach it, or "". */
static void name_device(const struct state *s, uint64_t ioas, char name[TRACE_NAME_LEN])
{
	const char *want = s->env->filters.device;
	size_t i;

	for (i = 0; i < s->snap.nr_devices; i++) {
		if (s->snap.devices[i].v.ioas_cookie != ioas)
			continue;
		memcpy(name, s->snap.devices[i].v.name, TRACE_NAME_LEN);
		if (!want || !strcmp(want, name))
			return;
	}
}

static void show_area(struct state *s, const struct snap_area *area)
{
	const struct snap_ioas *ioas = &s->snap.ioases[area->ioas];
	const struct top_area *v = &area->v;
	struct iommufd_map_event *ev;
	struct op op;

	new_op(&op, memory_is_user(v->source) ? TRACE_MAP : TRACE_MAP_FILE,
	       &s->snap.ctxs[ioas->ctx].v);
	ev = (void *)op.ev;
	ev->ctx_cookie = ioas->v.ctx_cookie;
	ev->ioas_cookie = ioas->v.cookie;
	ev->ioas_id = ioas->v.id;
	ev->va = v->va;
	ev->iova = v->iova;
	ev->length = v->length;
	ev->prot = v->prot;
	ev->flags = IOMMUFD_REQ_FIXED_IOVA;
	ev->nr_runs = v->nr_runs;
	ev->pinned_pages = v->pinned_pages;
	op_normalize(&op);
	name_device(s, ioas->v.cookie, op.device);
	show(s, &op, v->created_ns);
}

static void show_t1_area(struct state *s, struct events *events, const struct snap_area *area)
{
	const struct snap_ioas *ioas = &s->snap.ioases[area->ioas];
	const struct top_area *v = &area->v;
	struct trace_vfio_dma *dma;
	struct op op;

	new_op(&op, TRACE_VFIO_MAP, &s->snap.ctxs[ioas->ctx].v);
	dma = (void *)op.ev;
	dma->container = events_number(events, type1walk_address(s->type1, ioas->v.cookie));
	dma->va = v->va;
	dma->iova = v->iova;
	dma->length = v->length;
	dma->prot = v->prot;
	op_normalize(&op);
	op.container = dma->container;
	name_device(s, ioas->v.cookie, op.device);
	show(s, &op, 0);
}

static int walk_all(struct state *s)
{
	int rc = 0;

	memset(&s->snap, 0, sizeof(s->snap));
	if (s->walk)
		rc = walk_run(s->walk, true, &s->snap);
	if (!rc && s->type1)
		rc = type1walk_run(s->type1, true, &s->snap);
	return rc;
}

int state_show(struct state *s, const struct env *env, struct events *events, struct sink *sink)
{
	const struct snap *snap = &s->snap;
	size_t i;
	int rc;

	s->env = env;
	s->sink = sink;
	s->boot_ns = clock_boot_ns();
	s->boot_offset_ns = s->boot_ns - clock_mono_ns();
	rc = walk_all(s);
	for (i = 0; !rc && i < snap->nr_ctxs; i++) {
		if (snap->ctxs[i].source == TOP_IOMMUFD)
			show_ctx(s, &snap->ctxs[i]);
	}
	for (i = 0; !rc && i < snap->nr_ioases; i++) {
		if (snap->ctxs[snap->ioases[i].ctx].source == TOP_IOMMUFD)
			show_ioas(s, &snap->ioases[i]);
	}
	for (i = 0; !rc && i < snap->nr_devices; i++)
		show_device(s, &snap->devices[i]);
	for (i = 0; !rc && i < snap->nr_areas; i++) {
		if (snap->ctxs[snap->ioases[snap->areas[i].ioas].ctx].source == TOP_TYPE1)
			show_t1_area(s, events, &snap->areas[i]);
		else
			show_area(s, &snap->areas[i]);
	}
	snap_free(&s->snap);
	return rc;
}
