// SPDX-License-Identifier: GPL-2.0-only
/* Writes operations in strace's form. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "fmt.h"
#include "json.h"
#include "print.h"
#include "stack.h"

#define PAGE_BYTES 4096ULL
#define NSEC 1000000000ULL

static void print_time(struct printer *p, uint64_t began_ns)
{
	static const unsigned int digits[] = { 3, 0, 6 };
	uint64_t real_ns = began_ns + p->real_offset_ns;
	char buf[FMT_LEN];
	int64_t since;

	if (p->env->relative) {
		/* Operations end in order; they need not have begun in order. */
		since = p->last_ns ? (int64_t)(began_ns - p->last_ns) : 0;
		fprintf(p->out, "%12.6f ", since / 1e9);
		p->last_ns = began_ns;
	} else if (p->env->clock >= 3) {
		fprintf(p->out, "%" PRIu64 ".%06u ", (uint64_t)(real_ns / NSEC),
			(unsigned int)(real_ns % NSEC / 1000));
	} else {
		fprintf(p->out, "%s ", fmt_clock(buf, real_ns, digits[p->env->clock]));
	}
}

static void print_took(struct printer *p, const struct op *op)
{
	if (op->head.rec.flags & TRACE_F_STATE)
		fprintf(p->out, "(there) ");
	else if (op->info->no_time)
		fprintf(p->out, "(-) ");
	else if (op->ns)
		fprintf(p->out, "(%.3f ms) ", op->ns / 1e6);
	else
		fprintf(p->out, "(? ms) ");
}

static void print_who(struct printer *p, const struct op *op)
{
	char comm[TRACE_COMM_LEN + 1] = {};

	memcpy(comm, op->head.comm, TRACE_COMM_LEN);
	fprintf(p->out, "%s/%d ", fmt_plain(comm), op->head.tgid);
	if (op->who->guest[0])
		fprintf(p->out, "%s ", op->who->guest);
}

const char *op_word(const char * const *words, uint32_t value)
{
	uint32_t i;

	for (i = 0; i <= value; i++) {
		/* The first may be one that has no name. */
		if (!words[i] && i)
			return "?";
	}
	return words[value] ? words[value] : "?";
}

static char *show_perm(char *buf, uint32_t perm)
{
	snprintf(buf, FMT_LEN, "%s%s%s%s", perm & 1 ? "r" : "", perm & 2 ? "w" : "",
		 perm & 4 ? "x" : "", perm & 8 ? " privileged" : "");
	return buf;
}

static char *show_number(const struct op *op, const struct field *f, char *buf)
{
	uint64_t v = op_u64(op, f->at);

	switch (f->kind) {
	case K_U64:
		snprintf(buf, FMT_LEN, "%" PRIu64, v);
		break;
	case K_S64:
		snprintf(buf, FMT_LEN, "%" PRId64, (int64_t)v);
		break;
	case K_HEX:
		snprintf(buf, FMT_LEN, "0x%" PRIx64, v);
		break;
	case K_PAGES:
		snprintf(buf, FMT_LEN, "%" PRIu64, v);
		break;
	case K_PAGES_SIZE:
		return fmt_size(buf, v * PAGE_BYTES);
	case K_NS:
		snprintf(buf, FMT_LEN, "%.3f", v / 1e6);
		break;
	case K_AGE:
		return fmt_ns(buf, v);
	case K_ALL:
		if (v == UINT64_MAX) {
			snprintf(buf, FMT_LEN, "all");
			break;
		}
		return fmt_size(buf, v);
	case K_CONTAINER:
		snprintf(buf, FMT_LEN, "%u", op->container);
		break;
	default:
		return fmt_size(buf, v);
	}
	return buf;
}

/* A map that failed to choose an IOVA has none. */
static char *show_iova(const struct op *op, const struct field *f, char *buf)
{
	const struct iommufd_map_event *ev = (const void *)op->ev;

	if (op->ret && !(ev->flags & IOMMUFD_REQ_FIXED_IOVA))
		snprintf(buf, FMT_LEN, "auto");
	else
		snprintf(buf, FMT_LEN, "0x%" PRIx64, op_u64(op, f->at));
	return buf;
}

static const char *show(const struct op *op, const struct field *f, char *buf)
{
	uint32_t v = op_u32(op, f->at);

	switch (f->kind) {
	case K_U32:
	case K_HWPT:
		snprintf(buf, FMT_LEN, "%u", v);
		return buf;
	case K_GROUP:
		snprintf(buf, FMT_LEN, v == UINT32_MAX ? "-" : "%u", v);
		return buf;
	case K_FLAGS:
		snprintf(buf, FMT_LEN, "0x%x", v);
		return buf;
	case K_PROT:
		return fmt_prot(buf, v);
	case K_PERM:
		return show_perm(buf, v);
	case K_IOVA:
		return show_iova(op, f, buf);
	case K_WORD:
		return op_word(f->words, v);
	case K_FLAG:
		return f->words[0];
	case K_STR:
		/* No event's text is longer, or without its end: see event.c. */
		snprintf(buf, FMT_LEN * 2, "%.64s", (const char *)op->ev + f->at);
		return fmt_plain(buf);
	default:
		return show_number(op, f, buf);
	}
}

/* Is there anything to show? */
static bool is_set(const struct op *op, const struct field *f)
{
	switch (f->kind) {
	case K_U32:
	case K_FLAGS:
	case K_HWPT:
		return op_u32(op, f->at);
	case K_FLAG:
		return op_u32(op, f->at) & f->bit;
	case K_STR:
		return op->ev[f->at];
	default:
		return op_u64(op, f->at);
	}
}

static void print_args(struct printer *p, const struct op *op)
{
	const char *sep = "";
	const struct field *f;
	char buf[FMT_LEN * 2];
	unsigned int i;

	fprintf(p->out, "%s(", op->info->name);
	for (i = 0; i < op->info->nr_fields; i++) {
		f = &op->info->fields[i];
		if (f->place > AT_ARG_SET)
			continue;
		if ((f->place == AT_ARG_SET || f->kind == K_FLAG) && !is_set(op, f))
			continue;
		fprintf(p->out, "%s%s%s%s", sep, f->name, f->name[0] ? "=" : "",
			show(op, f, buf));
		sep = ", ";
	}
	fputc(')', p->out);
}

static void print_refusal(struct printer *p, const struct trace_refusal *r)
{
	char b[4][FMT_LEN], policy[TRACE_POLICY_LEN], reason[TRACE_REASON_LEN];

	if (r->why == TRACE_REFUSED_POLICY) {
		snprintf(policy, sizeof(policy), "%s", r->policy);
		snprintf(reason, sizeof(reason), "%s", r->reason);
		fprintf(p->out, "(policy %s: %s%s%s)", fmt_plain(policy), deny_name(r->code),
			reason[0] ? ": " : "", fmt_plain(reason));
		return;
	}
	if (r->mode == IOMMUFD_ACCOUNT_MM)
		snprintf(b[3], FMT_LEN, "process %d", r->tgid);
	else
		snprintf(b[3], FMT_LEN, "user %u", r->uid);
	fprintf(p->out, "(%s: %s charged + %s > RLIMIT_MEMLOCK %s)", b[3],
		fmt_size(b[0], r->charged_pages * PAGE_BYTES),
		fmt_size(b[1], r->asked_pages * PAGE_BYTES),
		fmt_size(b[2], r->limit_pages * PAGE_BYTES));
}

static void print_result(struct printer *p, const struct op *op)
{
	char err[FMT_LEN];

	if (op->info->no_ret || (op->head.rec.flags & TRACE_F_STATE))
		return;
	if (!op->ret) {
		fprintf(p->out, " = 0");
		return;
	}
	fprintf(p->out, " = -1 %s ", errno_name(err, op->ret));
	if (op->refusal)
		print_refusal(p, op->refusal);
	else
		fprintf(p->out, "(%s)", strerror(-op->ret));
}

static void print_parts(struct printer *p, const struct op *op)
{
	const struct field *f;
	char buf[FMT_LEN * 2];
	const char *name;
	unsigned int i;
	bool any = false;

	for (i = 0; i < op->info->nr_fields; i++) {
		f = &op->info->fields[i];
		if (f->place != AT_PART || !is_set(op, f))
			continue;
		name = f->name;
		if (f->kind == K_HWPT &&
		    ((const struct iommufd_attach_event *)op->ev)->created_hwpt)
			name = "new hwpt";
		fprintf(p->out, "%s%s %s", any ? " " : " <", name, show(op, f, buf));
		any = true;
	}
	if (any)
		fputc('>', p->out);
}

int print_op(struct printer *p, const struct op *op)
{
	unsigned int i;

	if (p->env->format == FORMAT_JSON)
		return print_json_op(p, op);
	print_time(p, op_began(op));
	print_took(p, op);
	print_who(p, op);
	print_args(p, op);
	print_result(p, op);
	print_parts(p, op);
	if (p->env->spent)
		fprintf(p->out, " <%.6f>", op->ns / 1e9);
	fputc('\n', p->out);
	for (i = 0; p->env->stack && i < op->nr_frames; i++)
		fprintf(p->out, " > %s\n", stack_symbol(op->frames[i]));
	return 0;
}

int print_lost(struct printer *p, uint64_t count, uint32_t cpu, uint64_t mono_ns)
{
	struct json j;

	if (p->env->format != FORMAT_JSON) {
		fprintf(p->out, "+++ LOST %" PRIu64 " events", count);
		if (cpu != PRINT_NO_CPU)
			fprintf(p->out, ", cpu %u", cpu);
		fprintf(p->out, " +++\n");
		return 0;
	}
	if (json_begin(&j, "lost", mono_ns + p->real_offset_ns, mono_ns))
		return -ENOMEM;
	json_u64(&j, "count", count);
	if (cpu == PRINT_NO_CPU)
		json_null(&j, "cpu");
	else
		json_u64(&j, "cpu", cpu);
	return json_end(&j, p->out);
}
