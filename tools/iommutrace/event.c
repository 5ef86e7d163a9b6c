// SPDX-License-Identifier: GPL-2.0-only
/*
 * Puts operations together. Attachments wait, by task and time, for the
 * operation that follows them. One whose operation found no room in the ring
 * buffer waits for nothing, and goes when there are too many.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "event.h"
#include "stack.h"

#define MAX_WAITING 512
#define MAX_CONTAINERS 65536
#define IOASES 8192

union attachment {
	struct trace_to to;
	struct trace_refusal refusal;
	struct trace_stack stack;
	struct trace_device device;
	struct trace_frames frames;
};

struct events {
	bool recorded;
	union attachment *waiting[MAX_WAITING];
	unsigned int nr_waiting;
	uint64_t *containers; /* addresses; the number is the place, from 1 */
	unsigned int nr_containers;
	/* Ids of IOASes, by their cookies; one that comes later may take the place. */
	struct {
		uint64_t cookie;
		uint32_t id;
	} ioases[IOASES];
};

struct events *events_new(bool recorded)
{
	struct events *e = calloc(1, sizeof(*e));

	if (e)
		e->recorded = recorded;
	return e;
}

void events_free(struct events *e)
{
	if (!e)
		return;
	while (e->nr_waiting)
		free(e->waiting[--e->nr_waiting]);
	free(e->containers);
	free(e);
}

static int keep(struct events *e, const void *rec, size_t size)
{
	union attachment *a;

	if (size < sizeof(struct trace_to) || size > sizeof(*a))
		return -EPROTO;
	a = calloc(1, sizeof(*a));
	if (!a)
		return -ENOMEM;
	memcpy(a, rec, size);
	if (e->nr_waiting == MAX_WAITING) {
		free(e->waiting[0]);
		e->nr_waiting--;
		memmove(e->waiting, e->waiting + 1, e->nr_waiting * sizeof(e->waiting[0]));
	}
	e->waiting[e->nr_waiting++] = a;
	return 0;
}

static void attach(struct op *op, const union attachment *a)
{
	unsigned int i;

	switch (a->to.rec.kind) {
	case TRACE_REC_REFUSAL:
		op->why = a->refusal;
		op->why.policy[TRACE_POLICY_LEN - 1] = 0;
		op->why.reason[TRACE_REASON_LEN - 1] = 0;
		op->refusal = &op->why;
		break;
	case TRACE_REC_DEVICE:
		memcpy(op->device, a->device.name, sizeof(op->device));
		op->device[TRACE_NAME_LEN - 1] = 0;
		break;
	case TRACE_REC_STACK:
		op->nr_frames = stack_resolve(a->stack.ips, op->frames);
		break;
	case TRACE_REC_FRAMES:
		for (i = 0; i < TRACE_FRAMES && a->frames.symbols[i]; i++)
			op->frames[i] = a->frames.symbols[i];
		op->nr_frames = i;
		break;
	}
}

/* All that waits for it. */
static void attach_all(struct events *e, struct op *op)
{
	unsigned int i, kept = 0;
	union attachment *a;

	for (i = 0; i < e->nr_waiting; i++) {
		a = e->waiting[i];
		if (a->to.tid != op->head.tid || a->to.mono_ns != op->head.mono_ns) {
			e->waiting[kept++] = a;
			continue;
		}
		attach(op, a);
		free(a);
	}
	e->nr_waiting = kept;
}

/* Addresses of the kernel are not for show: containers have numbers. */
uint32_t events_number(struct events *e, uint64_t address)
{
	unsigned int i;
	uint64_t *more;

	for (i = 0; i < e->nr_containers; i++) {
		if (e->containers[i] == address)
			return i + 1;
	}
	if (e->nr_containers == MAX_CONTAINERS)
		return MAX_CONTAINERS;
	more = realloc(e->containers, (e->nr_containers + 1) * sizeof(*more));
	if (!more)
		return MAX_CONTAINERS;
	e->containers = more;
	more[e->nr_containers++] = address;
	return e->nr_containers;
}

static uint64_t get64(const struct op *op, int at)
{
	return at < 0 ? 0 : op_u64(op, at);
}

static uint32_t get32(const struct op *op, int at)
{
	return at < 0 ? 0 : op_u32(op, at);
}

static void explain_deny(struct op *op)
{
	const struct iommufd_deny_event *ev = (const void *)op->ev;

	op->why.why = TRACE_REFUSED_POLICY;
	op->why.code = ev->code;
	memcpy(op->why.policy, ev->policy, sizeof(op->why.policy));
	memcpy(op->why.reason, ev->reason, sizeof(op->why.reason));
	op->refusal = &op->why;
}

static void explain_limit(struct op *op)
{
	const struct iommufd_limit_event *ev = (const void *)op->ev;

	op->ret = -ENOMEM;
	op->why.why = TRACE_REFUSED_LIMIT;
	op->why.charged_pages = ev->charged_pages;
	op->why.asked_pages = ev->asked_pages;
	op->why.limit_pages = ev->limit_pages;
	op->why.uid = ev->uid;
	op->why.tgid = ev->tgid;
	op->why.mode = ev->mode;
	op->refusal = &op->why;
	op->length = ev->asked_pages * 4096;
	op->has_length = true;
}

/* Lengths that are not simply a member; the same as the BPF half has them. */
static void normalize_length(struct op *op)
{
	switch (op->head.rec.op) {
	case TRACE_UNMAP:
		if (op->all)
			op->length = ((const struct iommufd_unmap_event *)op->ev)->unmapped_bytes;
		break;
	case TRACE_VFIO_MAP:
	case TRACE_VFIO_UNMAP:
		if (op->all)
			op->length = ((const struct trace_vfio_dma *)op->ev)->unmapped_bytes;
		break;
	case TRACE_PIN:
	case TRACE_UNPIN:
		op->length = ((const struct iommufd_pin_event *)op->ev)->npages * 4096;
		op->has_length = true;
		break;
	case TRACE_DECISION:
		op->length = ((const struct iommufd_decision_event *)op->ev)->npages * 4096;
		op->has_length = true;
		break;
	case TRACE_CHANGE_PROCESS:
		op->length = ((const struct iommufd_process_event *)op->ev)->pages * 4096;
		op->has_length = true;
		break;
	}
}

static void normalize_object(struct op *op)
{
	const struct iommufd_object_event *ev = (const void *)op->ev;

	if (ev->type == IOMMUFD_OBJECT_IOAS) {
		op->ioas = ev->cookie;
		op->ioas_id = ev->id;
		op->has_ioas_id = true;
	} else if (ev->type == IOMMUFD_OBJECT_DEVICE) {
		op->device_id = ev->id;
	}
}

void op_normalize(struct op *op)
{
	const struct places *at = &op->info->at;

	op->ret = get32(op, at->ret);
	op->ns = get64(op, at->ns);
	op->ctx = get64(op, at->ctx);
	op->ioas = get64(op, at->ioas);
	op->ioas_id = get32(op, at->ioas_id);
	op->has_ioas_id = at->ioas_id >= 0;
	op->iova = get64(op, at->iova);
	op->has_iova = at->iova >= 0;
	op->length = get64(op, at->length);
	op->has_length = at->length >= 0;
	op->all = op->has_length && op->length == UINT64_MAX;
	op->device_id = get32(op, at->device_id);
	op->device[0] = 0;
	if (at->device >= 0)
		memcpy(op->device, op->ev + at->device, sizeof(op->device) - 1);
	op->device[TRACE_NAME_LEN - 1] = 0;
	op->container = 0;
	op->refusal = NULL;
	op->nr_frames = 0;
	switch (op->head.rec.op) {
	case TRACE_DENY:
		explain_deny(op);
		break;
	case TRACE_LIMIT:
		explain_limit(op);
		break;
	case TRACE_CREATE:
	case TRACE_DESTROY:
		normalize_object(op);
		break;
	default:
		normalize_length(op);
	}
}

/* Some events name an IOAS by its cookie only. */
static void learn_ioas(struct events *e, struct op *op)
{
	unsigned int slot = op->ioas % IOASES;

	if (!op->ioas)
		return;
	if (op->has_ioas_id) {
		e->ioases[slot].cookie = op->ioas;
		e->ioases[slot].id = op->ioas_id;
	} else if (e->ioases[slot].cookie == op->ioas) {
		op->ioas_id = e->ioases[slot].id;
		op->has_ioas_id = true;
	}
}

static int take_op(struct events *e, const void *rec, size_t size, struct op *op)
{
	struct trace_vfio_dma *dma = (void *)op->ev;
	size_t have = size - sizeof(op->head);

	if (size < sizeof(op->head))
		return -EPROTO;
	memcpy(&op->head, rec, sizeof(op->head));
	if (op->head.rec.op >= TRACE_NR_OPS)
		return -EPROTO;
	op->info = &op_infos[op->head.rec.op];
	if (have > op->info->size)
		have = op->info->size;
	memcpy(op->ev, (const char *)rec + sizeof(op->head), have);
	if (have < op->info->size)
		memset(op->ev + have, 0, op->info->size - have);
	op_normalize(op);
	learn_ioas(e, op);
	if (op->head.rec.op == TRACE_VFIO_MAP || op->head.rec.op == TRACE_VFIO_UNMAP) {
		if (!e->recorded)
			dma->container = events_number(e, dma->container);
		op->container = dma->container;
	}
	if (e->nr_waiting)
		attach_all(e, op);
	op->who = who_of(&op->head);
	return 1;
}

int events_feed(struct events *e, const void *data, size_t size, struct op *op)
{
	const struct trace_rec *rec = data;

	if (size < sizeof(*rec) || rec->size > size || rec->size < sizeof(*rec))
		return -EPROTO;
	switch (rec->kind) {
	case TRACE_REC_OP:
		return take_op(e, data, rec->size, op);
	case TRACE_REC_REFUSAL:
	case TRACE_REC_STACK:
	case TRACE_REC_DEVICE:
	case TRACE_REC_FRAMES:
		return keep(e, data, rec->size);
	}
	return -EPROTO;
}
