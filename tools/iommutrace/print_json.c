// SPDX-License-Identifier: GPL-2.0-only
/* Writes operations as JSON lines; docs/iommutrace.schema.json describes them. */
#include <errno.h>
#include <string.h>

#include "fmt.h"
#include "json.h"
#include "print.h"
#include "stack.h"

#define PAGE_BYTES 4096ULL

static void json_all(struct json *j, const struct field *f, uint64_t v)
{
	/* ~0 is not a length but "everything". */
	json_bool(j, "all", v == UINT64_MAX);
	if (v == UINT64_MAX)
		json_null(j, f->json);
	else
		json_u64(j, f->json, v);
}

static void json_iova(struct json *j, const struct op *op, const struct field *f)
{
	bool fixed = ((const struct iommufd_map_event *)op->ev)->flags & IOMMUFD_REQ_FIXED_IOVA;

	/* It was never chosen. */
	if (op->ret && !fixed)
		json_null(j, f->json);
	else
		json_hex(j, f->json, op_u64(op, f->at));
	json_bool(j, "fixed_iova", fixed);
}

static void json_number(struct json *j, const struct op *op, const struct field *f)
{
	uint64_t v = op_u64(op, f->at);

	switch (f->kind) {
	case K_S64:
		json_int(j, f->json, v);
		break;
	case K_HEX:
		json_hex(j, f->json, v);
		break;
	case K_ALL:
		json_all(j, f, v);
		break;
	case K_PAGES:
	case K_PAGES_SIZE:
		json_u64(j, f->json, v * PAGE_BYTES);
		break;
	default:
		json_u64(j, f->json, v);
	}
}

static void json_field(struct json *j, const struct op *op, const struct field *f)
{
	uint32_t v = op_u32(op, f->at);
	char buf[FMT_LEN * 2];

	switch (f->kind) {
	case K_U32:
	case K_HWPT:
	case K_FLAGS:
		json_u64(j, f->json, v);
		break;
	case K_GROUP:
		if (v == UINT32_MAX)
			json_null(j, f->json);
		else
			json_u64(j, f->json, v);
		break;
	case K_PROT:
		json_str(j, f->json, fmt_prot(buf, v));
		break;
	case K_PERM:
		json_u64(j, f->json, v);
		break;
	case K_IOVA:
		json_iova(j, op, f);
		break;
	case K_WORD:
		json_str(j, f->json, op_word(f->words, v));
		break;
	case K_BOOL:
		json_bool(j, f->json, v != 0);
		break;
	case K_FLAG:
		json_bool(j, f->json, (v & f->bit) != 0);
		break;
	case K_STR:
		snprintf(buf, sizeof(buf), "%.64s", (const char *)op->ev + f->at);
		json_str(j, f->json, buf);
		break;
	case K_CONTAINER:
		json_u64(j, f->json, op->container);
		break;
	default:
		json_number(j, op, f);
	}
}

static void json_refusal(struct json *j, const struct trace_refusal *r)
{
	struct json in = { .doc = j->doc };

	if (r->why == TRACE_REFUSED_POLICY) {
		in.obj = yyjson_mut_obj_add_obj(j->doc, j->obj, "denied");
		json_str(&in, "policy", r->policy);
		json_str(&in, "code", deny_name(r->code));
		json_str(&in, "reason", r->reason);
		return;
	}
	in.obj = yyjson_mut_obj_add_obj(j->doc, j->obj, "over_limit");
	json_str(&in, "of", r->mode == IOMMUFD_ACCOUNT_MM ? "process" : "user");
	json_u64(&in, "uid", r->uid);
	json_u64(&in, "charged_bytes", r->charged_pages * PAGE_BYTES);
	json_u64(&in, "asked_bytes", r->asked_pages * PAGE_BYTES);
	json_u64(&in, "limit_bytes", r->limit_pages * PAGE_BYTES);
}

static void json_stack(struct json *j, const struct op *op)
{
	yyjson_mut_val *list = yyjson_mut_obj_add_arr(j->doc, j->obj, "stack");
	unsigned int i;

	for (i = 0; i < op->nr_frames; i++)
		yyjson_mut_arr_add_strcpy(j->doc, list, stack_symbol(op->frames[i]));
}

static void json_result(struct json *j, const struct op *op)
{
	char err[FMT_LEN];

	if (op->info->no_ret) {
		json_null(j, "ret");
		return;
	}
	json_int(j, "ret", op->ret);
	if (op->ret)
		json_str(j, "errno", errno_name(err, op->ret));
}

static void json_who(struct json *j, const struct op *op)
{
	char comm[TRACE_COMM_LEN + 1] = {};

	memcpy(comm, op->head.comm, TRACE_COMM_LEN);
	json_int(j, "pid", op->head.tgid);
	json_int(j, "tid", op->head.tid);
	json_u64(j, "uid", op->head.uid);
	json_str(j, "comm", comm);
	if (op->who->guest[0])
		json_str(j, "guest", op->who->guest);
	else
		json_null(j, "guest");
	json_bool(j, "kthread", op->head.rec.flags & TRACE_F_KTHREAD);
	json_u64(j, "cpu", op->head.cpu);
}

int print_json_op(struct printer *p, const struct op *op)
{
	bool state = op->head.rec.flags & TRACE_F_STATE;
	const struct field *f;
	unsigned int i;
	struct json j;

	if (json_begin(&j, state ? "state" : "op", op_began(op) + p->real_offset_ns, op_began(op)))
		return -ENOMEM;
	json_str(&j, "op", op->info->name);
	json_who(&j, op);
	if (op->ctx)
		json_u64(&j, "ctx", op->ctx);
	else
		json_null(&j, "ctx");
	if (!state) {
		json_result(&j, op);
		if (op->ns)
			json_u64(&j, "duration_ns", op->ns);
		else
			json_null(&j, "duration_ns");
	}
	if (op->info->at.ioas >= 0)
		json_u64(&j, "ioas_cookie", op->ioas);
	for (i = 0; i < op->info->nr_fields; i++) {
		f = &op->info->fields[i];
		if (f->json)
			json_field(&j, op, f);
	}
	if (op->device[0] && op->info->at.device < 0)
		json_str(&j, "device", op->device);
	if (op->ret && op->refusal)
		json_refusal(&j, op->refusal);
	if (p->env->stack)
		json_stack(&j, op);
	return json_end(&j, p->out);
}
