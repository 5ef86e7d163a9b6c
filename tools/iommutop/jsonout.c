// SPDX-License-Identifier: GPL-2.0-only
/* A snapshot as JSON lines: docs/iommutop.schema.json says what is in them. */
#include <errno.h>

#include "fmt.h"
#include "header.h"
#include "json.h"
#include "memlimits.h"
#include "pciname.h"
#include "procinfo.h"
#include "report.h"
#include "rows.h"
#include "tool.h"

static void json_refusal(struct json *j, const struct top_refusal *ref)
{
	yyjson_mut_val *obj = yyjson_mut_obj_add_obj(j->doc, j->obj, "last_refusal");
	struct json in = { .doc = j->doc, .obj = obj };
	char err[FMT_LEN];

	json_str(&in, "by", ref->kind == TOP_REFUSED_POLICY ? "policy" : "rlimit_memlock");
	json_int(&in, "pid", ref->tgid);
	json_str(&in, "comm", ref->comm);
	json_u64(&in, "uid", ref->uid);
	if (ref->kind == TOP_REFUSED_POLICY) {
		json_u64(&in, "ctx", ref->ctx_cookie);
		json_str(&in, "op", op_name(ref->op));
		json_u64(&in, "length", ref->length);
		json_str(&in, "errno", errno_name(err, ref->ret));
		json_str(&in, "policy", ref->policy);
		json_str(&in, "code", deny_name(ref->code));
		json_str(&in, "reason", ref->reason);
	} else {
		json_u64(&in, "charged_bytes", ref->charged_pages * PAGE_BYTES);
		json_u64(&in, "asked_bytes", ref->asked_pages * PAGE_BYTES);
		json_u64(&in, "limit_bytes", ref->limit_pages * PAGE_BYTES);
	}
}

/* A duration that a share of the operations stayed below; null without any. */
static void json_quantile(struct json *j, const char *key, const struct top_hist *hist, double q)
{
	uint64_t ns = snap_quantile(hist, q);

	if (ns)
		json_u64(j, key, ns);
	else
		json_null(j, key);
}

static void json_known(struct json *j, const char *key, uint64_t value)
{
	if (value == TOP_UNKNOWN)
		json_null(j, key);
	else
		json_u64(j, key, value);
}

static void json_rate(struct json *j, const char *key, double rate)
{
	if (rate >= 0)
		json_real(j, key, rate);
	else
		json_null(j, key);
}

/* What the counters know, of a process or of the host; null without them. */
static void json_counters(struct json *j, const struct snap *snap, const struct top_stats *st,
			  double map_rate, double unmap_rate)
{
	const struct {
		const char *key;
		uint64_t value;
	} counters[] = {
		{ "map_count", st->maps },
		{ "map_bytes", st->map_bytes },
		{ "unmap_count", st->unmaps },
		{ "unmap_bytes", st->unmap_bytes },
		{ "attach_count", st->attaches },
		{ "detach_count", st->detaches },
		{ "errors", st->errors },
		{ "denied", st->denies },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(counters); i++)
		json_known(j, counters[i].key, snap->counting ? counters[i].value : TOP_UNKNOWN);
	json_quantile(j, "map_p50_ns", &st->lat[TOP_LAT_MAP], 0.5);
	json_quantile(j, "map_p99_ns", &st->lat[TOP_LAT_MAP], 0.99);
	json_quantile(j, "unmap_p50_ns", &st->lat[TOP_LAT_UNMAP], 0.5);
	json_quantile(j, "unmap_p99_ns", &st->lat[TOP_LAT_UNMAP], 0.99);
	json_rate(j, "map_per_second", snap->accumulated ? -1 : map_rate);
	json_rate(j, "unmap_per_second", snap->accumulated ? -1 : unmap_rate);
}

static int json_summary(const struct source *src, const struct snap *snap, FILE *out)
{
	struct json j;

	if (json_begin(&j, "summary", snap->real_ns, snap->mono_ns))
		return -ENOMEM;
	json_str(&j, "kernel", src->kernel);
	json_str(&j, "module_version", src->version);
	json_str(&j, "module_installed", src->installed);
	json_str(&j, "source", header_source(snap));
	json_u64(&j, "contexts", snap->nr_ctxs);
	json_u64(&j, "ioases", snap->nr_ioases);
	json_known(&j, "hwpts", snap->has_hwpts ? snap->nr_hwpts : TOP_UNKNOWN);
	json_u64(&j, "devices", snap->nr_devices);
	json_u64(&j, "maps", snap->total_maps);
	json_u64(&j, "mapped_bytes", snap->total_mapped_bytes);
	json_u64(&j, "pinned_bytes", snap->total_pinned_bytes);
	json_known(&j, "limit_bytes", snap->total_limit_bytes);
	/* A type1 container changed all the while it was walked. */
	json_bool(&j, "exact", !snap->torn);
	json_counters(&j, snap, &snap->total, snap->map_rate, snap->unmap_rate);
	json_known(&j, "over_limit", snap->counting ? snap->total.limits : TOP_UNKNOWN);
	json_known(&j, "faults", snap->has_faults ? snap->total.faults : TOP_UNKNOWN);
	json_known(&j, "events_without_context",
		   snap->counting ? snap->nr_uncounted : TOP_UNKNOWN);
	json_known(&j, "events_lost", snap->counting ? snap->nr_lost : TOP_UNKNOWN);
	if (snap->nr_refusals)
		json_refusal(&j, &snap->last_refusal);
	return json_end(&j, out);
}

/* Lost events are a record of their own, beside the sum. */
static int json_lost(const struct snap *snap, FILE *out)
{
	struct json j;

	if (!snap->nr_lost && !snap->nr_uncounted)
		return 0;
	if (json_begin(&j, "lost", snap->real_ns, snap->mono_ns))
		return -ENOMEM;
	json_u64(&j, "events", snap->nr_lost);
	json_u64(&j, "events_without_context", snap->nr_uncounted);
	return json_end(&j, out);
}

static int json_proc(const struct snap *snap, const struct snap_proc *proc, FILE *out)
{
	const struct top_task *t = &proc->facts;
	yyjson_mut_val *devices;
	struct json j;
	size_t i;

	if (json_begin(&j, "proc", snap->real_ns, snap->mono_ns))
		return -ENOMEM;
	json_int(&j, "pid", proc->tgid);
	json_u64(&j, "uid", proc->uid);
	json_str(&j, "user", procinfo_user(proc->uid));
	json_str(&j, "comm", proc->comm);
	json_str(&j, "command", proc->command);
	json_bool(&j, "alive", proc->alive);
	json_str(&j, "guest", proc->guest);
	json_str(&j, "cgroup", proc->cgroup);
	json_str(&j, "source", limits_source(proc->sources));
	json_u64(&j, "contexts", proc->nr_ctxs);
	json_u64(&j, "ioases", proc->nr_ioas);
	json_u64(&j, "maps", proc->nr_areas);
	json_known(&j, "maps_left", proc->entries_left);
	json_u64(&j, "mapped_bytes", proc->mapped_bytes);
	json_u64(&j, "pinned_bytes", proc->pinned_bytes);
	json_known(&j, "vmpin_bytes", proc->known ? t->pinned_pages * PAGE_BYTES : TOP_UNKNOWN);
	json_known(&j, "vmlck_bytes", proc->known ? t->locked_pages * PAGE_BYTES : TOP_UNKNOWN);
	json_known(&j, "limit_bytes", proc->known ? t->limit_bytes : TOP_UNKNOWN);
	if (proc->known)
		json_bool(&j, "exempt", t->exempt);
	else
		json_null(&j, "exempt");
	devices = yyjson_mut_obj_add_arr(j.doc, j.obj, "devices");
	for (i = 0; i < snap->nr_devices; i++) {
		if (snap->ctxs[snap->devices[i].ctx].v.tgid == proc->tgid)
			yyjson_mut_arr_add_strcpy(j.doc, devices, snap->devices[i].v.name);
	}
	json_counters(&j, snap, &proc->stats, proc->map_rate, proc->unmap_rate);
	return json_end(&j, out);
}

static int json_user(const struct snap *snap, const struct snap_user *user, FILE *out)
{
	struct json j;

	if (json_begin(&j, "user", snap->real_ns, snap->mono_ns))
		return -ENOMEM;
	json_u64(&j, "uid", user->uid);
	json_str(&j, "user", procinfo_user(user->uid));
	json_known(&j, "charged_bytes", user->known ? user->charged_bytes : TOP_UNKNOWN);
	json_known(&j, "vmlck_bytes", user->known ? user->locked_bytes : TOP_UNKNOWN);
	json_known(&j, "limit_bytes", user->known ? user->limit_bytes : TOP_UNKNOWN);
	json_known(&j, "headroom_bytes", user->known ? limits_headroom(user) : TOP_UNKNOWN);
	if (user->known)
		json_bool(&j, "exempt", user->exempt);
	else
		json_null(&j, "exempt");
	json_u64(&j, "processes", user->nr_procs);
	json_u64(&j, "ioases", user->nr_ioas);
	json_u64(&j, "maps", user->nr_areas);
	json_u64(&j, "mapped_bytes", user->mapped_bytes);
	json_u64(&j, "pinned_bytes", user->pinned_bytes);
	return json_end(&j, out);
}

static const char *kind_of(const struct snap *snap, size_t ctx)
{
	return snap->ctxs[ctx].source == TOP_TYPE1 ? "type1" : "iommufd";
}

static int json_map(const struct snap *snap, const struct snap_area *area, FILE *out)
{
	const struct snap_ioas *ioas = &snap->ioases[area->ioas];
	uint64_t made = area->v.created_ns;
	char prot[FMT_LEN];
	struct json j;

	if (json_begin(&j, "map", snap->real_ns, snap->mono_ns))
		return -ENOMEM;
	json_int(&j, "pid", snap_proc_of(snap, area)->tgid);
	json_str(&j, "kind", kind_of(snap, ioas->ctx));
	json_u64(&j, "ctx", ioas->v.ctx_cookie);
	json_u64(&j, "ioas", ioas->v.id);
	json_u64(&j, "ioas_cookie", ioas->v.cookie);
	json_hex(&j, "iova", area->v.iova);
	json_u64(&j, "length", area->v.length);
	json_str(&j, "prot", fmt_prot(prot, area->v.prot));
	json_str(&j, "memory", memory_name(area->v.source));
	/* Where it is in the process, or in the file. */
	json_hex(&j, memory_is_user(area->v.source) ? "va" : "offset", area->v.va);
	json_int(&j, "memory_pid", area->v.tgid);
	json_u64(&j, "charged_uid", area->v.uid);
	json_u64(&j, "pinned_bytes", area->v.pinned_pages * PAGE_BYTES);
	json_known(&j, "runs", area->v.nr_runs);
	json_known(&j, "access_pins", area->v.access_pins == TOP_UNKNOWN32 ? TOP_UNKNOWN :
				      area->v.access_pins);
	if (area->v.bytes_4k != TOP_UNKNOWN) {
		json_u64(&j, "bytes_4k", area->v.bytes_4k);
		json_u64(&j, "bytes_2m", area->v.bytes_2m);
		json_u64(&j, "bytes_1g", area->v.bytes_1g);
	}
	json_known(&j, "age_ns", made == TOP_UNKNOWN ? made :
				 snap->boot_ns > made ? snap->boot_ns - made : 0);
	return json_end(&j, out);
}

static int json_ioas(const struct snap *snap, const struct snap_ioas *ioas, FILE *out)
{
	struct json j;

	if (json_begin(&j, "ioas", snap->real_ns, snap->mono_ns))
		return -ENOMEM;
	json_int(&j, "pid", snap->ctxs[ioas->ctx].v.tgid);
	json_str(&j, "kind", kind_of(snap, ioas->ctx));
	json_u64(&j, "ctx", ioas->v.ctx_cookie);
	json_u64(&j, "ioas", ioas->v.id);
	json_u64(&j, "ioas_cookie", ioas->v.cookie);
	json_u64(&j, "maps", ioas->v.nr_areas);
	json_known(&j, "maps_left", ioas->v.entries_left);
	json_known(&j, "maps_limit", ioas->v.entries_max);
	json_u64(&j, "domains", ioas->v.nr_domains);
	json_u64(&j, "mapped_bytes", ioas->v.mapped_bytes);
	json_u64(&j, "pinned_bytes", ioas->v.pinned_pages * PAGE_BYTES);
	if (ioas->v.dirty == TOP_UNKNOWN32)
		json_null(&j, "dirty_tracking");
	else
		json_bool(&j, "dirty_tracking", ioas->v.dirty);
	return json_end(&j, out);
}

static int json_device(const struct snap *snap, const struct snap_device *dev, FILE *out)
{
	char text[128];
	struct json j;

	if (json_begin(&j, "device", snap->real_ns, snap->mono_ns))
		return -ENOMEM;
	json_int(&j, "pid", snap->ctxs[dev->ctx].v.tgid);
	json_str(&j, "kind", kind_of(snap, dev->ctx));
	json_u64(&j, "ctx", dev->v.ctx_cookie);
	json_known(&j, "device", dev->v.id == TOP_UNKNOWN32 ? TOP_UNKNOWN : dev->v.id);
	json_str(&j, "name", dev->v.name);
	pciname_driver(dev->v.name, text, sizeof(text));
	json_str(&j, "driver", text);
	pciname_model(dev->v.name, text, sizeof(text));
	json_str(&j, "model", text);
	json_u64(&j, "group", dev->v.group_id);
	json_known(&j, "hwpt", dev->v.hwpt_id == TOP_UNKNOWN32 ? TOP_UNKNOWN : dev->v.hwpt_id);
	json_u64(&j, "ioas_cookie", dev->v.ioas_cookie);
	json_known(&j, "pasids", dev->v.nr_pasids == TOP_UNKNOWN32 ? TOP_UNKNOWN :
				 dev->v.nr_pasids);
	json_known(&j, "faults", dev->v.nr_faults);
	return json_end(&j, out);
}

static int json_hwpt(const struct snap *snap, const struct snap_hwpt *hwpt, FILE *out)
{
	struct json j;

	if (json_begin(&j, "hwpt", snap->real_ns, snap->mono_ns))
		return -ENOMEM;
	json_int(&j, "pid", snap->ctxs[hwpt->ctx].v.tgid);
	json_u64(&j, "ctx", hwpt->v.ctx_cookie);
	json_u64(&j, "hwpt", hwpt->v.id);
	json_u64(&j, "ioas_cookie", hwpt->v.ioas_cookie);
	json_str(&j, "hwpt_type", hwpt->v.kind == TOP_HWPT_NESTED ? "nested" : "paging");
	if (hwpt->v.dirty == TOP_UNKNOWN32)
		json_null(&j, "dirty_tracking");
	else
		json_bool(&j, "dirty_tracking", hwpt->v.dirty);
	json_known(&j, "devices", hwpt->v.nr_devices == TOP_UNKNOWN32 ? TOP_UNKNOWN :
				  hwpt->v.nr_devices);
	json_known(&j, "faults", hwpt->v.nr_faults);
	json_known(&j, "dirty_bytes", hwpt->v.dirty_bytes);
	json_rate(&j, "dirty_pages_per_second", hwpt->dirty_rate);
	return json_end(&j, out);
}

static int json_lat(const struct snap *snap, const struct snap_lat *lat, FILE *out)
{
	yyjson_mut_val *buckets;
	struct json j;
	unsigned int i;

	if (json_begin(&j, "latency", snap->real_ns, snap->mono_ns))
		return -ENOMEM;
	json_str(&j, "op", snap_lat_name(lat->lat));
	json_u64(&j, "count", snap_hist_count(&lat->hist));
	json_quantile(&j, "p50_ns", &lat->hist, 0.5);
	json_quantile(&j, "p90_ns", &lat->hist, 0.9);
	json_quantile(&j, "p99_ns", &lat->hist, 0.99);
	json_quantile(&j, "max_ns", &lat->hist, 1);
	/* From 2^(7+i) ns to twice as long. */
	buckets = yyjson_mut_obj_add_arr(j.doc, j.obj, "octaves");
	for (i = 0; i < TOP_HIST_SLOTS >> TOP_HIST_SUB_SHIFT; i++)
		yyjson_mut_arr_add_uint(j.doc, buckets,
					snap_octave(&lat->hist, TOP_HIST_MIN_SHIFT + i));
	return json_end(&j, out);
}

static int json_policy(const struct snap *snap, const struct snap_policy *pol, FILE *out)
{
	char err[FMT_LEN];
	struct json j;

	if (json_begin(&j, "policy", snap->real_ns, snap->mono_ns))
		return -ENOMEM;
	json_str(&j, "name", pol->name);
	json_str(&j, "scope", pol->scope);
	json_str(&j, "state", pol->ended ? "ended" : "attached");
	json_known(&j, "calls", pol->calls);
	json_known(&j, "allowed", pol->allowed);
	json_known(&j, "refused", pol->refused);
	json_known(&j, "ns_per_call", pol->ns_per_call);
	if (pol->ended)
		json_str(&j, "message", pol->message);
	if (pol->last.boot_ns) {
		json_int(&j, "last_pid", pol->last.tgid);
		json_str(&j, "last_op", op_name(pol->last.op));
		json_str(&j, "last_errno", errno_name(err, pol->last.ret));
		json_str(&j, "last_code", deny_name(pol->last.code));
		json_str(&j, "last_reason", pol->last.reason);
	}
	return json_end(&j, out);
}

static int json_row(const struct snap *snap, const struct row *row, FILE *out)
{
	switch (row->view) {
	case VIEW_USER:
		return json_user(snap, row->obj, out);
	case VIEW_IOAS:
		return json_ioas(snap, row->obj, out);
	case VIEW_MAP:
		return json_map(snap, row->obj, out);
	case VIEW_DEV:
		return json_device(snap, row->obj, out);
	case VIEW_HWPT:
		return json_hwpt(snap, row->obj, out);
	case VIEW_LAT:
		return json_lat(snap, row->obj, out);
	case VIEW_POLICY:
		return json_policy(snap, row->obj, out);
	default:
		return json_proc(snap, row->obj, out);
	}
}

static int json_rows(const struct env *env, const struct snap *snap, FILE *out)
{
	struct rows rows;
	size_t r;
	int rc;

	rc = rows_make(env, snap, &rows);
	for (r = 0; !rc && r < rows.nr; r++)
		rc = json_row(snap, &rows.row[r], out);
	rows_free(&rows);
	return rc;
}

/* The summary and one view; everything if no view was asked for. */
int json_print(const struct env *env, const struct source *src, const struct snap *snap, FILE *out)
{
	static const enum view all[] = {
		VIEW_PROC, VIEW_USER, VIEW_IOAS, VIEW_DEV, VIEW_HWPT, VIEW_POLICY, VIEW_LAT,
		VIEW_MAP,
	};
	struct env one = *env;
	size_t i;
	int rc;

	rc = json_summary(src, snap, out);
	if (!rc)
		rc = json_lost(snap, out);
	if (rc || env->view_given || env->tree)
		return rc ? rc : json_rows(env, snap, out);
	for (i = 0; !rc && i < ARRAY_SIZE(all); i++) {
		one.view = all[i];
		/* A column of one view is none of another. */
		if (env->filter && all[i] != env->view)
			continue;
		rc = json_rows(&one, snap, out);
	}
	return rc;
}
