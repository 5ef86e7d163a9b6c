// SPDX-License-Identifier: GPL-2.0-only
/* Writes events as JSON lines. */
#include <errno.h>
#include <string.h>

#include "fmt.h"
#include "json.h"
#include "print.h"

#define PAGE_BYTES 4096ULL
#define FIXED_IOVA 1 /* IOMMUFD_REQ_FIXED_IOVA */

static void json_map(struct json *j, const struct trace_map *m, unsigned int op, int failed)
{
	char prot[FMT_LEN];

	if (op == TRACE_COPY) {
		json_u64(j, "src_ioas", m->src_ioas_id);
		json_hex(j, "src_iova", m->src_iova);
	} else {
		json_hex(j, op == TRACE_MAP_FILE ? "offset" : "va", m->va);
	}
	/* It was never chosen. */
	if (failed && !(m->flags & FIXED_IOVA))
		json_null(j, "iova");
	else
		json_hex(j, "iova", m->iova);
	json_bool(j, "fixed_iova", m->flags & FIXED_IOVA);
	json_u64(j, "length", m->length);
	json_str(j, "prot", fmt_prot(prot, m->prot));
	json_u64(j, "domains", m->nr_domains);
	json_u64(j, "runs", m->nr_runs);
	json_u64(j, "pinned_bytes", m->pinned_pages * PAGE_BYTES);
	json_u64(j, "policy_ns", m->policy_ns);
	json_u64(j, "pin_ns", m->pin_ns);
	json_u64(j, "account_ns", m->account_ns);
	json_u64(j, "fill_ns", m->fill_ns);
}

static void json_unmap(struct json *j, const struct trace_unmap *u)
{
	json_hex(j, "iova", u->iova);
	/* ~0 is not a length but "everything". */
	json_bool(j, "all", u->length == UINT64_MAX);
	if (u->length == UINT64_MAX)
		json_null(j, "length");
	else
		json_u64(j, "length", u->length);
	json_u64(j, "unmapped_bytes", u->unmapped_bytes);
	json_u64(j, "areas", u->nr_areas);
	json_u64(j, "unpinned_bytes", u->unpinned_pages * PAGE_BYTES);
	json_u64(j, "clear_ns", u->clear_ns);
	json_u64(j, "unpin_ns", u->unpin_ns);
}

static void json_attach(struct json *j, const struct trace_attach *a, int attach)
{
	json_str(j, "device", a->device);
	json_u64(j, "device_id", a->device_id);
	if (attach)
		json_u64(j, "pt", a->pt_id);
	json_u64(j, "hwpt", a->hwpt_id);
	json_u64(j, "group", a->group_id);
	if (attach)
		json_bool(j, "created_hwpt", a->created_hwpt);
	json_u64(j, attach ? "pinned_bytes" : "unpinned_bytes", a->pinned_pages * PAGE_BYTES);
	json_u64(j, "policy_ns", a->policy_ns);
}

static void json_refusal(struct json *j, const struct trace_refusal *r)
{
	struct json in = { .doc = j->doc };

	if (r->flags & TRACE_REFUSED_POLICY) {
		in.obj = yyjson_mut_obj_add_obj(j->doc, j->obj, "denied");
		json_str(&in, "policy", r->policy);
		json_str(&in, "code", deny_name(r->code));
		json_str(&in, "reason", r->reason);
	} else if (r->flags & TRACE_REFUSED_LIMIT) {
		in.obj = yyjson_mut_obj_add_obj(j->doc, j->obj, "over_limit");
		json_u64(&in, "uid", r->uid);
		json_u64(&in, "charged_bytes", r->charged_pages * PAGE_BYTES);
		json_u64(&in, "asked_bytes", r->asked_pages * PAGE_BYTES);
		json_u64(&in, "limit_bytes", r->limit_pages * PAGE_BYTES);
	}
}

int print_json_event(struct printer *p, const struct op_event *e)
{
	uint64_t began_ns = e->mono_ns - e->duration_ns;
	char comm[TRACE_COMM_LEN + 1] = {}, err[FMT_LEN];
	struct json j;

	if (json_begin(&j, "op", began_ns + p->real_offset_ns, began_ns))
		return -ENOMEM;
	memcpy(comm, e->comm, TRACE_COMM_LEN);
	json_str(&j, "op", op_name(e->op));
	json_int(&j, "pid", e->tgid);
	json_int(&j, "tid", e->tid);
	json_u64(&j, "uid", e->uid);
	json_str(&j, "comm", comm);
	json_u64(&j, "ctx", e->ctx_cookie);
	json_int(&j, "ret", e->ret);
	if (e->ret)
		json_str(&j, "errno", errno_name(err, e->ret));
	if (e->duration_ns)
		json_u64(&j, "duration_ns", e->duration_ns);
	else
		json_null(&j, "duration_ns");
	json_u64(&j, "ioas_cookie", e->ioas_cookie);
	switch (e->op) {
	case TRACE_MAP:
	case TRACE_MAP_FILE:
	case TRACE_COPY:
		json_u64(&j, "ioas", e->ioas_id);
		json_map(&j, &e->map, e->op, e->ret);
		break;
	case TRACE_UNMAP:
		json_u64(&j, "ioas", e->ioas_id);
		json_unmap(&j, &e->unmap);
		break;
	default:
		json_attach(&j, &e->attach, e->op != TRACE_DETACH);
	}
	if (e->ret)
		json_refusal(&j, &e->refusal);
	return json_end(&j, p->out);
}
