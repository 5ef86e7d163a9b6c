/* SPDX-License-Identifier: GPL-2.0-only */
/* Events of memory: mapped, pinned, written to IO page tables, accessed. */
#ifndef MEM_BPF_H
#define MEM_BPF_H

/* Member by member: the two that there can be a storm of. */
static __always_inline int send_map(void *ctx, __u32 id, const struct iommufd_map_event *ev)
{
	struct facts f = {
		.op = id, .ret = ev->ret, .ns = ev->duration_ns, .ctx = ev->ctx_cookie,
		.ioas = ev->ioas_cookie, .ioas_id = ev->ioas_id, .has_ioas_id = true,
		.iova = ev->iova, .length = ev->length, .has_iova = true, .has_length = true,
	};
	struct iommufd_map_event *to;
	struct trace_op *op = begin(ctx, &f, sizeof(*to));

	if (!op)
		return 0;
	to = (void *)(op + 1);
	to->ctx_cookie = ev->ctx_cookie;
	to->ioas_cookie = ev->ioas_cookie;
	to->ioas_id = ev->ioas_id;
	to->ret = ev->ret;
	to->va = ev->va;
	to->iova = ev->iova;
	to->length = ev->length;
	to->prot = ev->prot;
	to->flags = ev->flags;
	to->nr_domains = ev->nr_domains;
	to->nr_runs = ev->nr_runs;
	to->pinned_pages = ev->pinned_pages;
	to->duration_ns = ev->duration_ns;
	to->policy_ns = ev->policy_ns;
	to->pin_ns = ev->pin_ns;
	to->account_ns = ev->account_ns;
	to->fill_ns = ev->fill_ns;
	to->op = ev->op;
	to->src_ioas_id = ev->src_ioas_id;
	to->src_iova = ev->src_iova;
	done(op, sizeof(*to));
	return 0;
}

SEC("tp_btf/iommufd:iommufd_map")
int BPF_PROG(on_map, const struct iommufd_map_event *ev)
{
	if (!ev)
		return 0;
	return send_map(ctx, ev->op == IOMMUFD_OP_MAP_FILE ? TRACE_MAP_FILE : TRACE_MAP, ev);
}

SEC("tp_btf/iommufd:iommufd_copy")
int BPF_PROG(on_copy, const struct iommufd_map_event *ev)
{
	return ev ? send_map(ctx, TRACE_COPY, ev) : 0;
}

SEC("tp_btf/iommufd:iommufd_unmap")
int BPF_PROG(on_unmap, const struct iommufd_unmap_event *ev)
{
	struct iommufd_unmap_event *to;
	struct trace_op *op;

	if (!ev)
		return 0;

	struct facts f = {
		.op = TRACE_UNMAP, .ret = ev->ret, .ns = ev->duration_ns, .ctx = ev->ctx_cookie,
		.ioas = ev->ioas_cookie, .ioas_id = ev->ioas_id, .has_ioas_id = true,
		.iova = ev->iova, .has_iova = true, .has_length = true,
		.all = ev->length == ~0ULL,
	};

	f.length = f.all ? ev->unmapped_bytes : ev->length;
	op = begin(ctx, &f, sizeof(*to));
	if (!op)
		return 0;
	to = (void *)(op + 1);
	to->ctx_cookie = ev->ctx_cookie;
	to->ioas_cookie = ev->ioas_cookie;
	to->ioas_id = ev->ioas_id;
	to->ret = ev->ret;
	to->iova = ev->iova;
	to->length = ev->length;
	to->unmapped_bytes = ev->unmapped_bytes;
	to->nr_areas = ev->nr_areas;
	to->unpinned_pages = ev->unpinned_pages;
	to->duration_ns = ev->duration_ns;
	to->clear_ns = ev->clear_ns;
	to->unpin_ns = ev->unpin_ns;
	done(op, sizeof(*to));
	return 0;
}

#define PIN_PROG(tp, id) \
SEC("tp_btf/iommufd:iommufd_" #tp) \
int BPF_PROG(on_##tp, const struct iommufd_pin_event *ev) \
{ \
	if (!ev) \
		return 0; \
	struct facts f = { \
		.op = id, .ret = ev->ret, .ns = ev->duration_ns, .ctx = ev->ctx_cookie, \
		.ioas = ev->ioas_cookie, .ioas_id = ev->ioas_id, .has_ioas_id = true, \
		.length = ev->npages << 12, .has_length = true, \
	}; \
	return SEND(struct iommufd_pin_event, ev, f); \
}

PIN_PROG(pin, TRACE_PIN)
PIN_PROG(unpin, TRACE_UNPIN)

#define FILL_PROG(tp, id) \
SEC("tp_btf/iommufd:iommufd_" #tp) \
int BPF_PROG(on_##tp, const struct iommufd_fill_event *ev) \
{ \
	if (!ev) \
		return 0; \
	struct facts f = { \
		.op = id, .ret = ev->ret, .ns = ev->duration_ns, .ctx = ev->ctx_cookie, \
		.ioas = ev->ioas_cookie, .ioas_id = ev->ioas_id, .has_ioas_id = true, \
		.iova = ev->iova, .length = ev->length, .has_iova = true, .has_length = true, \
	}; \
	return SEND(struct iommufd_fill_event, ev, f); \
}

FILL_PROG(fill, TRACE_FILL)
FILL_PROG(clear, TRACE_CLEAR)

#define ACCESS_PROG(tp, id, range) \
SEC("tp_btf/iommufd:iommufd_" #tp) \
int BPF_PROG(on_##tp, const struct iommufd_access_event *ev) \
{ \
	if (!ev) \
		return 0; \
	struct facts f = { \
		.op = id, .ret = ev->ret, .ns = ev->duration_ns, .ctx = ev->ctx_cookie, \
		.ioas = ev->ioas_cookie, .ioas_id = ev->ioas_id, .has_ioas_id = true, \
		.iova = ev->iova, .length = ev->length, .has_iova = range, .has_length = range, \
	}; \
	return SEND(struct iommufd_access_event, ev, f); \
}

ACCESS_PROG(access_attach, TRACE_ACCESS_ATTACH, false)
ACCESS_PROG(access_replace, TRACE_ACCESS_REPLACE, false)
ACCESS_PROG(access_detach, TRACE_ACCESS_DETACH, false)
ACCESS_PROG(access_pin, TRACE_ACCESS_PIN, true)
ACCESS_PROG(access_unpin, TRACE_ACCESS_UNPIN, true)
ACCESS_PROG(access_rw, TRACE_ACCESS_RW, true)

#define DIRTY_PROG(tp, id, range) \
SEC("tp_btf/iommufd:iommufd_" #tp) \
int BPF_PROG(on_##tp, const struct iommufd_dirty_event *ev) \
{ \
	if (!ev) \
		return 0; \
	struct facts f = { \
		.op = id, .ret = ev->ret, .ns = ev->duration_ns, .ctx = ev->ctx_cookie, \
		.ioas = ev->ioas_cookie, .iova = ev->iova, .length = ev->length, \
		.has_iova = range, .has_length = range, \
	}; \
	return SEND(struct iommufd_dirty_event, ev, f); \
}

DIRTY_PROG(dirty_start, TRACE_DIRTY_START, false)
DIRTY_PROG(dirty_read, TRACE_DIRTY_READ, true)
DIRTY_PROG(dirty_stop, TRACE_DIRTY_STOP, false)

SEC("tp_btf/iommufd:iommufd_change_process")
int BPF_PROG(on_change_process, const struct iommufd_process_event *ev)
{
	if (!ev)
		return 0;
	struct facts f = {
		.op = TRACE_CHANGE_PROCESS, .ret = ev->ret, .ns = ev->duration_ns,
		.ctx = ev->ctx_cookie, .length = ev->pages << 12, .has_length = true,
	};
	return SEND(struct iommufd_process_event, ev, f);
}

#endif
