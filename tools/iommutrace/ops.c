// SPDX-License-Identifier: GPL-2.0-only
/* The table of operations. sets.c has the sets. */
#include "ops.h"
#include "tool.h"

static const char * const objects[] = {
	"none", "ioas", "hwpt", "device", "access", "fault",
	"viommu", "vdevice", "veventq", "hw_queue", "test", NULL,
};

static const char * const causes[] = { "?", "user", "kernel", "close", NULL };

static const char * const answers[] = { "?", "user", "detach", "close", NULL };

static const char * const codes[] = { "success", "invalid", NULL };

static const char * const vias[] = { "?", "cdev", "group", "container", NULL };

static const char * const hwpts[] = { "none", "automatic", "paging", "nested", NULL };

static const char * const sources[] = { "none", "user", "file", "dmabuf", NULL };

static const char * const tables[] = { "?", "pin", "dirty", NULL };

static const char * const hooks[] = {
	"?", "init", "exit", "admit", "charge", "adopt", "uncharge", "dirty_start",
	"read_area", "area_done", "dirty_stop", NULL,
};

static const char * const exits[] = {
	"none", "unreg", "replaced", "ejected", "scope_gone", "attach_failed", NULL,
};

/* enum iommufd_op */
static const char * const iommufd_ops[] = {
	"none", "map", "unmap", "attach", "detach", "copy", "map_file", "access_attach",
	"access_pin", "change_process", "replace", "hwpt_alloc", "access_unpin", "destroy",
	"dirty_start", "dirty_read", "dirty_stop", NULL,
};

static const char * const modes[] = { "user", "process", NULL };

static const char * const word_clear[] = { "clear" };

static const char * const word_write[] = { "write" };

/* F(how it is shown, place, member, name in text, name in JSON) */
#define F(k, p, m, text, js) \
	{ .name = text, .json = js, .kind = K_##k, .place = AT_##p, .at = offsetof(EV, m) }
#define W(p, m, text, js, list) \
	{ .name = text, .json = js, .kind = K_WORD, .place = AT_##p, .at = offsetof(EV, m), \
	  .words = list }
#define B(p, m, mask, js, list) \
	{ .name = "", .json = js, .kind = K_FLAG, .place = AT_##p, .at = offsetof(EV, m), \
	  .bit = mask, .words = list }

#define EV struct iommufd_map_event
#define MAP_TAIL                                                                 \
	F(IOVA, ARG, iova, "iova", "iova"), F(SIZE, ARG, length, "len", "length"), \
	F(PROT, ARG, prot, "", "prot"), F(NS, PART, policy_ns, "policy", "policy_ns"), \
	F(NS, PART, pin_ns, "pin", "pin_ns"),                                    \
	F(NS, PART, account_ns, "account", "account_ns"),                        \
	F(NS, PART, fill_ns, "fill", "fill_ns"),                                 \
	F(PAGES, PART, pinned_pages, "pages", "pinned_bytes"),                   \
	F(U32, PART, nr_runs, "runs", "runs"), F(U32, JSON, nr_domains, "", "domains")
#define MAP_IOAS F(U32, ARG, ioas_id, "ioas", "ioas")
static const struct field map_fields[] = {
	MAP_IOAS, F(HEX, ARG, va, "va", "va"), MAP_TAIL,
};

static const struct field map_file_fields[] = {
	MAP_IOAS, F(HEX, ARG, va, "offset", "offset"), MAP_TAIL,
};

static const struct field copy_fields[] = {
	MAP_IOAS, F(U32, ARG, src_ioas_id, "src", "src_ioas"),
	F(HEX, ARG, src_iova, "src_iova", "src_iova"), MAP_TAIL,
};

#undef EV

#define EV struct iommufd_unmap_event
static const struct field unmap_fields[] = {
	F(U32, ARG, ioas_id, "ioas", "ioas"), F(HEX, ARG, iova, "iova", "iova"),
	F(ALL, ARG, length, "len", "length"), F(NS, PART, clear_ns, "clear", "clear_ns"),
	F(NS, PART, unpin_ns, "unpin", "unpin_ns"), F(U64, PART, nr_areas, "areas", "areas"),
	F(U64, PART, unmapped_bytes, "bytes", "unmapped_bytes"),
	F(PAGES, PART, unpinned_pages, "pages", "unpinned_bytes"),
};

#undef EV

#define EV struct iommufd_attach_event
#define ATTACH_HEAD                                                              \
	F(STR, ARG, device, "dev", "device"), F(U32, ARG, device_id, "id", "device_id"), \
	F(U32, ARG_SET, pasid, "pasid", "pasid"), F(GROUP, JSON, group_id, "", "group")
static const struct field attach_fields[] = {
	ATTACH_HEAD, F(U32, ARG, pt_id, "pt", "pt"),
	F(NS, PART, policy_ns, "policy", "policy_ns"), F(NS, PART, pin_ns, "pin", "pin_ns"),
	F(NS, PART, account_ns, "account", "account_ns"),
	F(NS, PART, fill_ns, "fill", "fill_ns"), F(HWPT, PART, hwpt_id, "hwpt", "hwpt"),
	F(BOOL, JSON, created_hwpt, "", "created_hwpt"),
	F(PAGES, PART, pinned_pages, "pages", "pinned_bytes"),
};

static const struct field detach_fields[] = {
	ATTACH_HEAD, F(NS, PART, policy_ns, "policy", "policy_ns"),
	F(HWPT, PART, hwpt_id, "hwpt", "hwpt"),
	F(PAGES, PART, pinned_pages, "pages", "unpinned_bytes"),
};

#undef EV

#define EV struct iommufd_bind_event
static const struct field bind_fields[] = {
	F(STR, ARG, device, "dev", "device"), F(U32, ARG_SET, device_id, "id", "device_id"),
	F(GROUP, ARG, group_id, "group", "group"),
	F(U64, JSON, device_cookie, "", "device_cookie"),
};

#undef EV

#define EV struct iommufd_ctx_event
static const struct field ctx_fields[] = {
	F(U64, ARG, ctx_cookie, "ctx", NULL), B(ARG, flags, IOMMUFD_CTX_CONTAINER, "container",
						(const char * const[]){ "container" }),
	B(ARG, flags, IOMMUFD_CTX_NO_IOMMU, "no_iommu", (const char * const[]){ "no_iommu" }),
	F(U64, PART, nr_objects, "objects", "objects"),
	F(AGE, PART, lifetime_ns, "lifetime", "lifetime_ns"),
	F(U64, JSON, cgroup_id, "", "cgroup_id"),
};

#undef EV

#define EV struct iommufd_object_event
static const struct field create_fields[] = {
	W(ARG, type, "type", "object", objects), F(U32, ARG, id, "id", "id"),
	F(U64, JSON, cookie, "", "cookie"),
};

static const struct field destroy_fields[] = {
	W(ARG, type, "type", "object", objects), F(U32, ARG, id, "id", "id"),
	W(ARG, cause, "by", "by", causes), F(U64, JSON, cookie, "", "cookie"),
};

#undef EV

#define EV struct iommufd_pin_event
#define PIN_HEAD                                                                 \
	F(U32, ARG, ioas_id, "ioas", "ioas"), W(ARG, op, "for", "for", iommufd_ops), \
	F(HEX, ARG, va, "va", "va"), F(PAGES_SIZE, ARG, npages, "len", "length"), \
	W(ARG, source, "source", "memory", sources),                             \
	F(U32, ARG, tgid, "payer", "payer_pid"), F(U32, JSON, uid, "", "payer_uid")
static const struct field pin_fields[] = {
	PIN_HEAD, F(NS, PART, pin_ns, "pin", "pin_ns"),
	F(NS, PART, account_ns, "account", "account_ns"),
	F(PAGES, PART, pages, "pages", "pinned_bytes"), F(U64, PART, nr_runs, "runs", "runs"),
};

static const struct field unpin_fields[] = {
	PIN_HEAD, F(NS, PART, pin_ns, "unpin", "unpin_ns"),
	F(PAGES, PART, pages, "pages", "unpinned_bytes"),
	F(U64, PART, nr_runs, "runs", "runs"),
};

#undef EV

#define EV struct iommufd_fill_event
static const struct field fill_fields[] = {
	F(U32, ARG, ioas_id, "ioas", "ioas"), F(U32, ARG, hwpt_id, "hwpt", "hwpt"),
	W(ARG, op, "for", "for", iommufd_ops), F(HEX, ARG, iova, "iova", "iova"),
	F(SIZE, ARG, length, "len", "length"), F(U64, PART, nr_runs, "runs", "runs"),
};

#undef EV

#define EV struct iommufd_access_event
#define ACCESS_HEAD                                                              \
	F(U32, ARG, access_id, "access", "access"), F(U32, ARG, ioas_id, "ioas", "ioas")
#define ACCESS_PARTS                                                             \
	F(NS, PART, account_ns, "account", "account_ns")
static const struct field access_fields[] = {
	ACCESS_HEAD, F(NS, PART, pin_ns, "pin", "pin_ns"), ACCESS_PARTS,
};

#define ACCESS_RANGE                                                             \
	F(HEX, ARG, iova, "iova", "iova"), F(SIZE, ARG, length, "len", "length"), \
	B(ARG, flags, IOMMUFD_ACCESS_EVENT_WRITE, "write", word_write)
static const struct field access_pin_fields[] = {
	ACCESS_HEAD, ACCESS_RANGE, F(NS, PART, pin_ns, "pin", "pin_ns"), ACCESS_PARTS,
	F(PAGES, PART, pages, "pages", "pinned_bytes"),
};

static const struct field access_unpin_fields[] = {
	ACCESS_HEAD, ACCESS_RANGE, F(NS, PART, pin_ns, "unpin", "unpin_ns"), ACCESS_PARTS,
	F(PAGES, PART, pages, "pages", "unpinned_bytes"),
};

static const struct field access_rw_fields[] = {
	ACCESS_HEAD, ACCESS_RANGE, F(NS, PART, pin_ns, "pin", "pin_ns"), ACCESS_PARTS,
};

#undef EV

#define EV struct iommufd_hwpt_event
static const struct field hwpt_fields[] = {
	F(U32, ARG, device_id, "id", "device_id"), F(U32, ARG, pt_id, "pt", "pt"),
	F(FLAGS, ARG_SET, flags, "flags", "flags"),
	F(U32, ARG_SET, data_type, "data_type", "data_type"),
	F(U32, ARG_SET, fault_id, "fault", "fault"), W(ARG, type, "type", "hwpt_type", hwpts),
	F(NS, PART, policy_ns, "policy", "policy_ns"), F(NS, PART, pin_ns, "pin", "pin_ns"),
	F(NS, PART, account_ns, "account", "account_ns"),
	F(NS, PART, fill_ns, "fill", "fill_ns"), F(U32, PART, hwpt_id, "hwpt", "hwpt"),
	F(PAGES, PART, pinned_pages, "pages", "pinned_bytes"),
};

#undef EV

#define EV struct iommufd_invalidate_event
static const struct field invalidate_fields[] = {
	F(U32, ARG, id, "hwpt", "hwpt"), F(U32, ARG, data_type, "data_type", "data_type"),
	F(U32, ARG, nr_asked, "entries", "asked"), F(U32, PART, nr_done, "done", "done"),
};

#undef EV

#define EV struct iommufd_dirty_event
static const struct field dirty_fields[] = {
	F(U32, ARG, hwpt_id, "hwpt", "hwpt"),
	F(SIZE, PART, dirty_bytes, "dirty", "dirty_bytes"),
};

static const struct field dirty_read_fields[] = {
	F(U32, ARG, hwpt_id, "hwpt", "hwpt"), F(HEX, ARG, iova, "iova", "iova"),
	F(SIZE, ARG, length, "len", "length"), F(SIZE, ARG, page_size, "page", "page_size"),
	B(ARG, flags, IOMMUFD_DIRTY_CLEAR, "clear", word_clear),
	F(SIZE, PART, dirty_bytes, "dirty", "dirty_bytes"),
};

#undef EV

#define EV struct iommufd_fault_event
static const struct field fault_fields[] = {
	F(U32, ARG, queue_id, "queue", "queue"), F(U32, ARG, device_id, "id", "device_id"),
	F(HEX, ARG, addr, "addr", "addr"), F(PERM, ARG, perm, "", "perm"),
	F(U32, ARG_SET, pasid, "pasid", "pasid"), F(U32, ARG, grpid, "grpid", "grpid"),
	F(U32, ARG, cookie, "cookie", "cookie"), F(U32, PART, nr_faults, "faults", "faults"),
};

static const struct field response_fields[] = {
	F(U32, ARG, queue_id, "queue", "queue"), F(U32, ARG_SET, device_id, "id", "device_id"),
	F(U32, ARG, cookie, "cookie", "cookie"), W(ARG, code, "code", "code", codes),
	W(ARG, cause, "by", "by", answers), F(NS, PART, latency_ns, "since fault", "latency_ns"),
};

#undef EV

#define EV struct iommufd_process_event
static const struct field process_fields[] = {
	F(U32, ARG, tgid, "payer", "payer_pid"), F(U32, JSON, uid, "", "payer_uid"),
	F(NS, PART, account_ns, "account", "account_ns"), F(U32, PART, nr_mems, "mems", "mems"),
	F(PAGES, PART, pages, "pages", "moved_bytes"),
};

#undef EV

#define EV struct iommufd_deny_event
static const struct field deny_fields[] = {
	F(U32, ARG, ioas_id, "ioas", "ioas"), W(ARG, op, "for", "for", iommufd_ops),
	F(SIZE, ARG_SET, length, "len", "length"),
};

#undef EV

#define EV struct iommufd_limit_event
static const struct field limit_fields[] = {
	F(U32, ARG_SET, ioas_id, "ioas", "ioas"), W(ARG, op, "for", "for", iommufd_ops),
	F(PAGES_SIZE, ARG, asked_pages, "len", "length"),
	F(U32, ARG_SET, tgid, "payer", "payer_pid"), W(JSON, mode, "", "mode", modes),
};

#undef EV

#define EV struct iommufd_decision_event
static const struct field decision_fields[] = {
	F(STR, ARG, policy, "policy", "policy"), W(ARG, hook, "hook", "hook", hooks),
	W(ARG, op, "for", "for", iommufd_ops), F(PAGES_SIZE, ARG, npages, "len", "length"),
	F(U32, PART, workers, "workers", "workers"),
	F(SIZE, PART, chunk_bytes, "chunk", "chunk_bytes"),
	F(U64, JSON, policy_cookie, "", "policy_cookie"),
	F(U64, JSON, cgroup_id, "", "cgroup_id"),
};

#undef EV

#define EV struct iommufd_strike_event
static const struct field strike_fields[] = {
	F(STR, ARG, policy, "policy", "policy"), W(ARG, hook, "hook", "hook", hooks),
	F(S64, ARG, value, "value", "value"), F(U32, PART, strikes, "strikes", "strikes"),
	F(U64, JSON, cookie, "", "policy_cookie"),
};

#undef EV

#define EV struct iommufd_exit_info
static const struct field exit_fields[] = {
	F(STR, ARG, policy, "policy", "policy"), W(ARG, table, "table", "table", tables),
	W(ARG, kind, "why", "why", exits), F(STR, ARG, message, "message", "message"),
	F(U64, PART, calls, "calls", "calls"), F(U64, PART, denials, "denials", "denials"),
	F(U64, PART, overruns, "overruns", "overruns"),
	F(U32, PART, strikes, "strikes", "strikes"),
	F(PAGES, PART, charged_pages, "charged pages", "charged_bytes"),
	F(U64, JSON, cookie, "", "policy_cookie"),
};

#undef EV

#define EV struct iommufd_vfio_event
static const struct field vfio_fields[] = {
	F(STR, ARG, device, "dev", "device"), F(U32, ARG, index, "vfio", "index"),
	W(ARG, via, "via", "via", vias), F(U32, PART, open_count, "open", "open_count"),
};

static const struct field vfio_bind_fields[] = {
	F(STR, ARG, device, "dev", "device"), F(U32, ARG, index, "vfio", "index"),
	W(ARG, via, "via", "via", vias), F(U32, PART, devid, "id", "device_id"),
};

#undef EV

#define EV struct trace_vfio_dma
static const struct field vfio_map_fields[] = {
	F(CONTAINER, ARG, container, "container", "container"),
	F(HEX, ARG, va, "va", "va"), F(HEX, ARG, iova, "iova", "iova"),
	F(SIZE, ARG, length, "len", "length"), F(PROT, ARG, prot, "", "prot"),
	F(U32, JSON, flags, "", "flags"), F(NS, PART, pin_ns, "pin", "pin_ns"),
	F(NS, PART, account_ns, "account", "account_ns"),
};

static const struct field vfio_unmap_fields[] = {
	F(CONTAINER, ARG, container, "container", "container"),
	F(HEX, ARG, iova, "iova", "iova"), F(ALL, ARG, length, "len", "length"),
	F(U32, JSON, flags, "", "flags"), F(NS, PART, pin_ns, "unpin", "unpin_ns"),
	F(NS, PART, account_ns, "account", "account_ns"),
	F(U64, PART, unmapped_bytes, "bytes", "unmapped_bytes"),
};

#undef EV

#define NONE .ctx = -1, .ioas = -1, .ioas_id = -1, .ret = -1, .ns = -1, .iova = -1, \
	.length = -1, .device = -1, .device_id = -1
#define AT(m) offsetof(EV, m)
#define OP(id, text, tp, list, ...) \
	[TRACE_##id] = { .name = text, .tracepoint = tp, .size = sizeof(EV), .fields = list, \
			 .nr_fields = ARRAY_SIZE(list), __VA_ARGS__ }

#pragma GCC diagnostic ignored "-Woverride-init"
const struct op_info op_infos[TRACE_NR_OPS] = {
#define EV struct iommufd_map_event
#define PLACES                                                                   \
	.at = { NONE, .ctx = AT(ctx_cookie), .ioas = AT(ioas_cookie),            \
		.ioas_id = AT(ioas_id), .ret = AT(ret), .ns = AT(duration_ns),   \
		.iova = AT(iova), .length = AT(length) }
	OP(MAP, "map", "iommufd_map", map_fields, PLACES),
	OP(MAP_FILE, "map_file", "iommufd_map", map_file_fields, PLACES),
	OP(COPY, "copy", "iommufd_copy", copy_fields, PLACES),
#undef EV
#define EV struct iommufd_unmap_event
	OP(UNMAP, "unmap", "iommufd_unmap", unmap_fields, PLACES),
#undef EV
#define EV struct iommufd_fill_event
	OP(FILL, "fill", "iommufd_fill", fill_fields, PLACES),
	OP(CLEAR, "clear", "iommufd_clear", fill_fields, PLACES),
#undef EV
#define EV struct iommufd_access_event
	OP(ACCESS_PIN, "access_pin", "iommufd_access_pin", access_pin_fields, PLACES),
	OP(ACCESS_UNPIN, "access_unpin", "iommufd_access_unpin", access_unpin_fields, PLACES),
	OP(ACCESS_RW, "access_rw", "iommufd_access_rw", access_rw_fields, PLACES),
#undef PLACES
#define PLACES                                                                   \
	.at = { NONE, .ctx = AT(ctx_cookie), .ioas = AT(ioas_cookie),            \
		.ioas_id = AT(ioas_id), .ret = AT(ret), .ns = AT(duration_ns) }
	OP(ACCESS_ATTACH, "access_attach", "iommufd_access_attach", access_fields, PLACES),
	OP(ACCESS_REPLACE, "access_replace", "iommufd_access_replace", access_fields, PLACES),
	OP(ACCESS_DETACH, "access_detach", "iommufd_access_detach", access_fields, PLACES),
#undef EV
#define EV struct iommufd_pin_event
	OP(PIN, "pin", "iommufd_pin", pin_fields, PLACES),
	OP(UNPIN, "unpin", "iommufd_unpin", unpin_fields, PLACES),
#undef EV
#undef PLACES
#define EV struct iommufd_attach_event
#define PLACES                                                                   \
	.at = { NONE, .ctx = AT(ctx_cookie), .ioas = AT(ioas_cookie), .ret = AT(ret), \
		.ns = AT(duration_ns), .device = AT(device), .device_id = AT(device_id) }
	OP(ATTACH, "attach", "iommufd_attach", attach_fields, PLACES),
	OP(REPLACE, "replace", "iommufd_replace", attach_fields, PLACES),
	OP(DETACH, "detach", "iommufd_detach", detach_fields, PLACES),
#undef EV
#undef PLACES
#define EV struct iommufd_bind_event
#define PLACES                                                                   \
	.at = { NONE, .ctx = AT(ctx_cookie), .ret = AT(ret), .ns = AT(duration_ns), \
		.device = AT(device), .device_id = AT(device_id) }
	OP(BIND, "bind", "iommufd_bind", bind_fields, PLACES),
	OP(UNBIND, "unbind", "iommufd_unbind", bind_fields, PLACES),
#undef EV
#undef PLACES
#define EV struct iommufd_ctx_event
#define PLACES .at = { NONE, .ctx = AT(ctx_cookie), .ret = AT(ret), .ns = AT(duration_ns) }
	OP(OPEN, "open", "iommufd_open", ctx_fields, PLACES),
	OP(CLOSE, "close", "iommufd_close", ctx_fields, PLACES),
#undef EV
#define EV struct iommufd_object_event
	OP(CREATE, "create", "iommufd_create", create_fields, PLACES, .no_time = true),
	OP(DESTROY, "destroy", "iommufd_destroy", destroy_fields, PLACES),
#undef EV
#define EV struct iommufd_invalidate_event
	OP(INVALIDATE, "invalidate", "iommufd_invalidate", invalidate_fields, PLACES),
#undef EV
#define EV struct iommufd_process_event
	OP(CHANGE_PROCESS, "change_process", "iommufd_change_process", process_fields, PLACES),
#undef EV
#undef PLACES
#define EV struct iommufd_hwpt_event
	OP(HWPT_ALLOC, "hwpt_alloc", "iommufd_hwpt_alloc", hwpt_fields,
	   .at = { NONE, .ctx = AT(ctx_cookie), .ioas = AT(ioas_cookie), .ret = AT(ret),
		   .ns = AT(duration_ns), .device_id = AT(device_id) }),
#undef EV
#define EV struct iommufd_dirty_event
#define PLACES                                                                   \
	.at = { NONE, .ctx = AT(ctx_cookie), .ioas = AT(ioas_cookie), .ret = AT(ret), \
		.ns = AT(duration_ns) }
	OP(DIRTY_START, "dirty_start", "iommufd_dirty_start", dirty_fields, PLACES),
	OP(DIRTY_STOP, "dirty_stop", "iommufd_dirty_stop", dirty_fields, PLACES),
	OP(DIRTY_READ, "dirty_read", "iommufd_dirty_read", dirty_read_fields,
	   .at = { NONE, .ctx = AT(ctx_cookie), .ioas = AT(ioas_cookie), .ret = AT(ret),
		   .ns = AT(duration_ns), .iova = AT(iova), .length = AT(length) }),
#undef EV
#undef PLACES
#define EV struct iommufd_fault_event
	OP(FAULT, "fault", "iommufd_fault", fault_fields,
	   .at = { NONE, .ctx = AT(ctx_cookie), .ret = AT(ret), .iova = AT(addr),
		   .device_id = AT(device_id) }, .no_time = true),
	OP(RESPONSE, "response", "iommufd_response", response_fields,
	   .at = { NONE, .ctx = AT(ctx_cookie), .ret = AT(ret), .device_id = AT(device_id) },
	   .no_time = true),
#undef EV
#define EV struct iommufd_deny_event
	OP(DENY, "deny", "iommufd_deny", deny_fields,
	   .at = { NONE, .ctx = AT(ctx_cookie), .ioas = AT(ioas_cookie), .ioas_id = AT(ioas_id),
		   .ret = AT(ret), .length = AT(length) }, .no_time = true),
#undef EV
#define EV struct iommufd_limit_event
	OP(LIMIT, "limit", "iommufd_limit", limit_fields,
	   .at = { NONE, .ctx = AT(ctx_cookie), .ioas = AT(ioas_cookie),
		   .ioas_id = AT(ioas_id) }, .no_time = true),
#undef EV
#define EV struct iommufd_decision_event
	OP(DECISION, "policy_decision", "iommufd_policy_decision", decision_fields,
	   .at = { NONE, .ctx = AT(ctx_cookie), .ioas = AT(ioas_cookie), .ret = AT(ret),
		   .ns = AT(duration_ns) }),
#undef EV
#define EV struct iommufd_strike_event
	OP(STRIKE, "policy_strike", "iommufd_policy_strike", strike_fields, .at = { NONE },
	   .no_time = true, .no_ret = true),
#undef EV
#define EV struct iommufd_exit_info
	OP(EXIT, "policy_exit", "iommufd_policy_exit", exit_fields, .at = { NONE },
	   .no_time = true, .no_ret = true),
#undef EV
#define EV struct iommufd_vfio_event
#define PLACES                                                                   \
	.at = { NONE, .ret = AT(ret), .ns = AT(duration_ns), .device = AT(device) }
	OP(VFIO_OPEN, "vfio_open", "vfio_device_open", vfio_fields, PLACES),
	OP(VFIO_CLOSE, "vfio_close", "vfio_device_close", vfio_fields, PLACES),
	OP(VFIO_BIND, "vfio_bind", "vfio_bind", vfio_bind_fields, PLACES),
#undef EV
#undef PLACES
#define EV struct trace_vfio_dma
#define PLACES                                                                   \
	.at = { NONE, .ret = AT(ret), .ns = AT(duration_ns), .iova = AT(iova), \
		.length = AT(length) }
	OP(VFIO_MAP, "vfio_map", "vfio_dma_map", vfio_map_fields, PLACES),
	OP(VFIO_UNMAP, "vfio_unmap", "vfio_dma_unmap", vfio_unmap_fields, PLACES),
#undef EV
#undef PLACES
};
