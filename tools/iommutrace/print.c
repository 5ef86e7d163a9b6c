// SPDX-License-Identifier: GPL-2.0-only
/* Writes events in strace's form. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "fmt.h"
#include "json.h"
#include "print.h"

#define PAGE_BYTES 4096ULL
#define FIXED_IOVA 1 /* IOMMUFD_REQ_FIXED_IOVA */
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

/* Where, how much and how: the same for a map and for a copy. */
static void print_map_args(struct printer *p, const struct op_event *e)
{
	char a[FMT_LEN], b[FMT_LEN];

	if (e->ret && !(e->map.flags & FIXED_IOVA))
		snprintf(a, sizeof(a), "auto");
	else
		snprintf(a, sizeof(a), "0x%" PRIx64, (uint64_t)e->map.iova);
	fprintf(p->out, "iova=%s, len=%s, ", a, fmt_size(b, e->map.length));
	fprintf(p->out, "%s)", fmt_prot(a, e->map.prot));
}

static void print_args(struct printer *p, const struct op_event *e)
{
	char a[FMT_LEN];

	switch (e->op) {
	case TRACE_MAP:
		fprintf(p->out, "map(ioas=%u, va=0x%" PRIx64 ", ", e->ioas_id,
			(uint64_t)e->map.va);
		print_map_args(p, e);
		break;
	case TRACE_MAP_FILE:
		fprintf(p->out, "map_file(ioas=%u, offset=0x%" PRIx64 ", ", e->ioas_id,
			(uint64_t)e->map.va);
		print_map_args(p, e);
		break;
	case TRACE_COPY:
		fprintf(p->out, "copy(ioas=%u, src=%u, src_iova=0x%" PRIx64 ", ", e->ioas_id,
			e->map.src_ioas_id, (uint64_t)e->map.src_iova);
		print_map_args(p, e);
		break;
	case TRACE_UNMAP:
		fprintf(p->out, "unmap(ioas=%u, iova=0x%" PRIx64 ", len=%s)", e->ioas_id,
			(uint64_t)e->unmap.iova,
			e->unmap.length == UINT64_MAX ? "all" : fmt_size(a, e->unmap.length));
		break;
	case TRACE_ATTACH:
	case TRACE_REPLACE:
		fprintf(p->out, "%s(dev=%s, id=%u, pt=%u)", op_name(e->op), e->attach.device,
			e->attach.device_id, e->attach.pt_id);
		break;
	case TRACE_DETACH:
		fprintf(p->out, "detach(dev=%s, id=%u)", e->attach.device, e->attach.device_id);
		break;
	}
}

static void print_result(struct printer *p, const struct op_event *e)
{
	const struct trace_refusal *r = &e->refusal;
	char err[FMT_LEN], b[3][FMT_LEN];

	if (!e->ret) {
		fprintf(p->out, " = 0");
		return;
	}
	fprintf(p->out, " = -1 %s ", errno_name(err, e->ret));
	if (r->flags & TRACE_REFUSED_POLICY)
		fprintf(p->out, "(policy %s: %s%s%s)", r->policy, deny_name(r->code),
			r->reason[0] ? ": " : "", r->reason);
	else if (r->flags & TRACE_REFUSED_LIMIT)
		fprintf(p->out, "(user %u: %s charged + %s > RLIMIT_MEMLOCK %s)", r->uid,
			fmt_size(b[0], r->charged_pages * PAGE_BYTES),
			fmt_size(b[1], r->asked_pages * PAGE_BYTES),
			fmt_size(b[2], r->limit_pages * PAGE_BYTES));
	else
		fprintf(p->out, "(%s)", strerror(-e->ret));
}

/* The parts of an operation: times in milliseconds, counts as they are. */
struct parts {
	FILE *out;
	bool any;
};

static void part(struct parts *parts, const char *name)
{
	fprintf(parts->out, "%s%s ", parts->any ? " " : " <", name);
	parts->any = true;
}

static void part_ns(struct parts *parts, const char *name, uint64_t ns)
{
	if (!ns)
		return;
	part(parts, name);
	fprintf(parts->out, "%.3f", ns / 1e6);
}

static void part_nr(struct parts *parts, const char *name, uint64_t nr)
{
	if (!nr)
		return;
	part(parts, name);
	fprintf(parts->out, "%" PRIu64, nr);
}

static void print_parts(struct printer *p, const struct op_event *e)
{
	struct parts parts = { .out = p->out };

	switch (e->op) {
	case TRACE_MAP:
	case TRACE_MAP_FILE:
	case TRACE_COPY:
		part_ns(&parts, "policy", e->map.policy_ns);
		part_ns(&parts, "pin", e->map.pin_ns);
		part_ns(&parts, "account", e->map.account_ns);
		part_ns(&parts, "fill", e->map.fill_ns);
		part_nr(&parts, "pages", e->map.pinned_pages);
		part_nr(&parts, "runs", e->map.nr_runs);
		break;
	case TRACE_UNMAP:
		part_ns(&parts, "clear", e->unmap.clear_ns);
		part_ns(&parts, "unpin", e->unmap.unpin_ns);
		part_nr(&parts, "areas", e->unmap.nr_areas);
		part_nr(&parts, "bytes", e->unmap.unmapped_bytes);
		part_nr(&parts, "pages", e->unmap.unpinned_pages);
		break;
	default:
		part_ns(&parts, "policy", e->attach.policy_ns);
		part_nr(&parts, e->attach.created_hwpt ? "new hwpt" : "hwpt", e->attach.hwpt_id);
		part_nr(&parts, "pages", e->attach.pinned_pages);
	}
	if (parts.any)
		fputc('>', p->out);
}

int print_event(struct printer *p, const struct op_event *e)
{
	uint64_t began_ns = e->mono_ns - e->duration_ns;
	char comm[TRACE_COMM_LEN + 1] = {};

	if (p->env->format == FORMAT_JSON)
		return print_json_event(p, e);
	memcpy(comm, e->comm, TRACE_COMM_LEN);
	print_time(p, began_ns);
	if (e->duration_ns)
		fprintf(p->out, "(%.3f ms) ", e->duration_ns / 1e6);
	else
		fprintf(p->out, "(? ms) ");
	fprintf(p->out, "%s/%d ", fmt_plain(comm), e->tgid);
	print_args(p, e);
	print_result(p, e);
	print_parts(p, e);
	if (p->env->spent)
		fprintf(p->out, " <%.6f>", e->duration_ns / 1e9);
	fputc('\n', p->out);
	return 0;
}

int print_lost(struct printer *p, uint64_t count)
{
	struct json j;

	if (p->env->format == FORMAT_TEXT) {
		fprintf(p->out, "+++ LOST %" PRIu64 " events +++\n", count);
		return 0;
	}
	if (json_begin(&j, "lost", clock_real_ns(), clock_mono_ns()))
		return -ENOMEM;
	json_u64(&j, "count", count);
	return json_end(&j, p->out);
}
