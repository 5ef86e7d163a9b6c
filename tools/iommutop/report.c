// SPDX-License-Identifier: GPL-2.0-only
/* Prints a snapshot: as a table for people, as JSON lines for programs. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fmt.h"
#include "json.h"
#include "procinfo.h"
#include "report.h"
#include "rows.h"
#include "tool.h"

static ssize_t sorted(const struct env *env, const struct snap *snap, enum view view,
		      const void ***rows)
{
	int column = env->sort ? rows_find_column(view, env->sort) : -1;
	ssize_t nr;

	nr = rows_sort(snap, view, column, env->sort && env->sort[0] == '-', rows);
	if (nr > 0 && env->rows && nr > env->rows)
		nr = env->rows;
	return nr;
}

static void print_cell(const struct column *col, bool last, int width, const char *text)
{
	if (col->left)
		printf("%-*s%s", last ? 0 : width, text, last ? "\n" : " ");
	else
		printf("%*s%s", width, text, last ? "\n" : " ");
}

static int print_table(const struct env *env, const struct source *src, const struct snap *snap)
{
	struct row_args a = { .snap = snap, .raw_bytes = env->raw_bytes };
	int widths[ROWS_MAX_COLUMNS], i, len, nr_cols;
	const struct column *cols;
	char buf[CELL_LEN];
	const void **rows;
	ssize_t r, nr;

	cols = rows_columns(env->view, &nr_cols);
	nr = sorted(env, snap, env->view, &rows);
	if (nr < 0)
		return nr;
	for (i = 0; i < ROWS_HEADER_LINES; i++) {
		rows_header(snap, src->kernel, src->version, i, env->raw_bytes, buf);
		puts(buf);
	}
	putchar('\n');
	for (i = 0; i < nr_cols; i++) {
		widths[i] = cols[i].width;
		for (r = 0; r < nr; r++) {
			a.row = rows[r];
			cols[i].cell(&a, buf);
			len = strlen(buf);
			if (len > widths[i])
				widths[i] = len;
		}
		print_cell(&cols[i], i + 1 == nr_cols, widths[i], cols[i].title);
	}
	for (r = 0; r < nr; r++) {
		a.row = rows[r];
		for (i = 0; i < nr_cols; i++) {
			cols[i].cell(&a, buf);
			print_cell(&cols[i], i + 1 == nr_cols, widths[i], buf);
		}
	}
	free(rows);
	return 0;
}

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
		{ "map_p50_ns", snap_quantile(&st->map_ns, 0.5) },
		{ "map_p99_ns", snap_quantile(&st->map_ns, 0.99) },
		{ "unmap_p50_ns", snap_quantile(&st->unmap_ns, 0.5) },
		{ "unmap_p99_ns", snap_quantile(&st->unmap_ns, 0.99) },
	};
	const struct {
		const char *key;
		double value;
	} rates[] = { { "map_per_second", map_rate }, { "unmap_per_second", unmap_rate } };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(counters); i++) {
		if (snap->counting)
			json_u64(j, counters[i].key, counters[i].value);
		else
			json_null(j, counters[i].key);
	}
	for (i = 0; i < ARRAY_SIZE(rates); i++) {
		if (rates[i].value >= 0)
			json_real(j, rates[i].key, rates[i].value);
		else
			json_null(j, rates[i].key);
	}
}

static int json_summary(const struct source *src, const struct snap *snap)
{
	struct json j;

	if (json_begin(&j, "summary", snap->real_ns, snap->mono_ns))
		return -ENOMEM;
	json_str(&j, "kernel", src->kernel);
	json_str(&j, "module_version", src->version);
	json_str(&j, "source", "iommufd-bpf");
	json_u64(&j, "contexts", snap->nr_ctxs);
	json_u64(&j, "ioases", snap->nr_ioases);
	json_u64(&j, "devices", snap->nr_devices);
	json_u64(&j, "maps", snap->total_maps);
	json_u64(&j, "mapped_bytes", snap->total_mapped_bytes);
	json_u64(&j, "pinned_bytes", snap->total_pinned_bytes);
	json_counters(&j, snap, &snap->total, snap->map_rate, snap->unmap_rate);
	if (snap->counting) {
		json_u64(&j, "over_limit", snap->total.limits);
		json_u64(&j, "events_without_context", snap->nr_uncounted);
	}
	if (snap->nr_refusals)
		json_refusal(&j, &snap->last_refusal);
	return json_end(&j, stdout);
}

static int json_proc(const struct snap *snap, const struct snap_proc *proc)
{
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
	json_u64(&j, "contexts", proc->nr_ctxs);
	json_u64(&j, "ioases", proc->nr_ioas);
	json_u64(&j, "maps", proc->nr_areas);
	json_u64(&j, "mapped_bytes", proc->mapped_bytes);
	json_u64(&j, "pinned_bytes", proc->pinned_bytes);
	devices = yyjson_mut_obj_add_arr(j.doc, j.obj, "devices");
	for (i = 0; i < snap->nr_devices; i++) {
		if (snap->ctxs[snap->devices[i].ctx].v.tgid == proc->tgid)
			yyjson_mut_arr_add_strcpy(j.doc, devices, snap->devices[i].v.name);
	}
	json_counters(&j, snap, &proc->stats, proc->map_rate, proc->unmap_rate);
	return json_end(&j, stdout);
}

static int json_map(const struct snap *snap, const struct snap_area *area)
{
	const struct snap_ioas *ioas = &snap->ioases[area->ioas];
	char prot[FMT_LEN];
	struct json j;

	if (json_begin(&j, "map", snap->real_ns, snap->mono_ns))
		return -ENOMEM;
	json_int(&j, "pid", snap_proc_of(snap, area)->tgid);
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
	json_u64(&j, "runs", area->v.nr_runs);
	json_u64(&j, "age_ns", snap->boot_ns > area->v.created_ns ?
			       snap->boot_ns - area->v.created_ns : 0);
	return json_end(&j, stdout);
}

static int json_ioas(const struct snap *snap, const struct snap_ioas *ioas)
{
	struct json j;

	if (json_begin(&j, "ioas", snap->real_ns, snap->mono_ns))
		return -ENOMEM;
	json_int(&j, "pid", snap->ctxs[ioas->ctx].v.tgid);
	json_u64(&j, "ctx", ioas->v.ctx_cookie);
	json_u64(&j, "ioas", ioas->v.id);
	json_u64(&j, "ioas_cookie", ioas->v.cookie);
	json_u64(&j, "maps", ioas->v.nr_areas);
	json_u64(&j, "domains", ioas->v.nr_domains);
	json_u64(&j, "mapped_bytes", ioas->v.mapped_bytes);
	json_u64(&j, "pinned_bytes", ioas->v.pinned_pages * PAGE_BYTES);
	return json_end(&j, stdout);
}

static int json_device(const struct snap *snap, const struct snap_device *dev)
{
	struct json j;

	if (json_begin(&j, "device", snap->real_ns, snap->mono_ns))
		return -ENOMEM;
	json_int(&j, "pid", snap->ctxs[dev->ctx].v.tgid);
	json_u64(&j, "ctx", dev->v.ctx_cookie);
	json_u64(&j, "device", dev->v.id);
	json_str(&j, "name", dev->v.name);
	json_u64(&j, "group", dev->v.group_id);
	json_u64(&j, "hwpt", dev->v.hwpt_id);
	json_u64(&j, "ioas_cookie", dev->v.ioas_cookie);
	return json_end(&j, stdout);
}

static int json_rows(const struct env *env, const struct snap *snap, enum view view)
{
	const void **rows;
	ssize_t r, nr;
	int rc = 0;

	nr = sorted(env, snap, view, &rows);
	if (nr < 0)
		return nr;
	for (r = 0; !rc && r < nr; r++)
		rc = view == VIEW_MAP ? json_map(snap, rows[r]) : json_proc(snap, rows[r]);
	free(rows);
	return rc;
}

/* The summary and one view; everything if no view was asked for. */
static int print_json(const struct env *env, const struct source *src, const struct snap *snap)
{
	size_t i;
	int rc;

	rc = json_summary(src, snap);
	if (!rc && env->view_given)
		return json_rows(env, snap, env->view);
	if (!rc)
		rc = json_rows(env, snap, VIEW_PROC);
	for (i = 0; !rc && i < snap->nr_ioases; i++) {
		if (snap->ctxs[snap->ioases[i].ctx].proc != SIZE_MAX)
			rc = json_ioas(snap, &snap->ioases[i]);
	}
	for (i = 0; !rc && i < snap->nr_devices; i++) {
		if (snap->ctxs[snap->devices[i].ctx].proc != SIZE_MAX)
			rc = json_device(snap, &snap->devices[i]);
	}
	return rc ? rc : json_rows(env, snap, VIEW_MAP);
}

int report_print(const struct env *env, const struct source *src, const struct snap *snap)
{
	return env->format == FORMAT_JSON ? print_json(env, src, snap) :
					    print_table(env, src, snap);
}
