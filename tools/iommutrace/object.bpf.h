/* SPDX-License-Identifier: GPL-2.0-only */
/* Events of what comes and goes: contexts, objects, devices, HWPTs, faults. */
#ifndef OBJECT_BPF_H
#define OBJECT_BPF_H

#define ATTACH_PROG(tp, id) \
SEC("tp_btf/iommufd:iommufd_" #tp) \
int BPF_PROG(on_##tp, const struct iommufd_attach_event *ev) \
{ \
	if (!ev) \
		return 0; \
	struct facts f = { \
		.op = id, .ret = ev->ret, .ns = ev->duration_ns, .ctx = ev->ctx_cookie, \
		.ioas = ev->ioas_cookie, .device_id = ev->device_id, .device = ev->device, \
	}; \
	return SEND(struct iommufd_attach_event, ev, f); \
}

ATTACH_PROG(attach, TRACE_ATTACH)
ATTACH_PROG(replace, TRACE_REPLACE)
ATTACH_PROG(detach, TRACE_DETACH)

#define BIND_PROG(tp, id) \
SEC("tp_btf/iommufd:iommufd_" #tp) \
int BPF_PROG(on_##tp, const struct iommufd_bind_event *ev) \
{ \
	if (!ev) \
		return 0; \
	struct facts f = { \
		.op = id, .ret = ev->ret, .ns = ev->duration_ns, .ctx = ev->ctx_cookie, \
		.device_id = ev->device_id, .device = ev->device, \
	}; \
	return SEND(struct iommufd_bind_event, ev, f); \
}

BIND_PROG(bind, TRACE_BIND)
BIND_PROG(unbind, TRACE_UNBIND)

#define CTX_PROG(tp, id) \
SEC("tp_btf/iommufd:iommufd_" #tp) \
int BPF_PROG(on_##tp, const struct iommufd_ctx_event *ev) \
{ \
	if (!ev) \
		return 0; \
	struct facts f = { \
		.op = id, .ret = ev->ret, .ns = ev->duration_ns, .ctx = ev->ctx_cookie, \
	}; \
	return SEND(struct iommufd_ctx_event, ev, f); \
}

CTX_PROG(open, TRACE_OPEN)
CTX_PROG(close, TRACE_CLOSE)

#define OBJECT_PROG(tp, op_id) \
SEC("tp_btf/iommufd:iommufd_" #tp) \
int BPF_PROG(on_##tp, const struct iommufd_object_event *ev) \
{ \
	if (!ev) \
		return 0; \
	struct facts f = { \
		.op = op_id, .ret = ev->ret, .ns = ev->duration_ns, .ctx = ev->ctx_cookie, \
	}; \
	if (ev->type == IOMMUFD_OBJECT_IOAS) { \
		f.ioas = ev->cookie; \
		f.ioas_id = ev->id; \
		f.has_ioas_id = true; \
	} else if (ev->type == IOMMUFD_OBJECT_DEVICE) { \
		f.device_id = ev->id; \
	} \
	return SEND(struct iommufd_object_event, ev, f); \
}

OBJECT_PROG(create, TRACE_CREATE)
OBJECT_PROG(destroy, TRACE_DESTROY)

SEC("tp_btf/iommufd:iommufd_hwpt_alloc")
int BPF_PROG(on_hwpt_alloc, const struct iommufd_hwpt_event *ev)
{
	if (!ev)
		return 0;
	struct facts f = {
		.op = TRACE_HWPT_ALLOC, .ret = ev->ret, .ns = ev->duration_ns,
		.ctx = ev->ctx_cookie, .ioas = ev->ioas_cookie, .device_id = ev->device_id,
	};
	return SEND(struct iommufd_hwpt_event, ev, f);
}

SEC("tp_btf/iommufd:iommufd_invalidate")
int BPF_PROG(on_invalidate, const struct iommufd_invalidate_event *ev)
{
	if (!ev)
		return 0;
	struct facts f = {
		.op = TRACE_INVALIDATE, .ret = ev->ret, .ns = ev->duration_ns,
		.ctx = ev->ctx_cookie,
	};
	return SEND(struct iommufd_invalidate_event, ev, f);
}

#define FAULT_PROG(tp, id) \
SEC("tp_btf/iommufd:iommufd_" #tp) \
int BPF_PROG(on_##tp, const struct iommufd_fault_event *ev) \
{ \
	if (!ev) \
		return 0; \
	struct facts f = { \
		.op = id, .ret = ev->ret, .ctx = ev->ctx_cookie, .device_id = ev->device_id, \
		.iova = ev->addr, .has_iova = id == TRACE_FAULT, \
	}; \
	return SEND(struct iommufd_fault_event, ev, f); \
}

FAULT_PROG(fault, TRACE_FAULT)
FAULT_PROG(response, TRACE_RESPONSE)

/* Of our vfio.ko */

#define VFIO_PROG(tp, id) \
SEC("tp_btf/vfio:" #tp) \
int BPF_PROG(on_##tp, const struct iommufd_vfio_event *ev) \
{ \
	if (!ev) \
		return 0; \
	struct facts f = { \
		.op = id, .ret = ev->ret, .ns = ev->duration_ns, .device = ev->device, \
	}; \
	return SEND(struct iommufd_vfio_event, ev, f); \
}

VFIO_PROG(vfio_device_open, TRACE_VFIO_OPEN)
VFIO_PROG(vfio_device_close, TRACE_VFIO_CLOSE)
VFIO_PROG(vfio_bind, TRACE_VFIO_BIND)

#endif
