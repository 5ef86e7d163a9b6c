// SPDX-License-Identifier: GPL-2.0-only
/*
 * OpenMetrics, and the text that the node exporter's textfile collector takes.
 *
 * Labels are what stays the same while a process lives; never an IOVA: each
 * value of a label is a time series that somebody keeps.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "procinfo.h"
#include "report.h"
#include "tool.h"

struct metrics {
	FILE *out;
	bool open; /* OpenMetrics: a counter's family is named without _total */
};

/* The lines before a family of samples. */
static void family(const struct metrics *m, const char *name, const char *type, const char *unit,
		   const char *help)
{
	const char *total = !m->open && !strcmp(type, "counter") ? "_total" : "";

	fprintf(m->out, "# HELP iommufd_%s%s %s\n# TYPE iommufd_%s%s %s\n", name, total, help, name,
		total, type);
	if (m->open && unit)
		fprintf(m->out, "# UNIT iommufd_%s %s\n", name, unit);
}

/* name="text", with what must be escaped. */
static void label(const struct metrics *m, const char *before, const char *name, const char *text)
{
	fprintf(m->out, "%s%s=\"", before, name);
	for (; *text; text++) {
		if (*text == '\\' || *text == '"')
			fputc('\\', m->out);
		fputc(*text, m->out);
	}
	fputc('"', m->out);
}

static void proc_labels(const struct metrics *m, const struct snap_proc *proc, const char *name)
{
	fprintf(m->out, "iommufd_%s{pid=\"%d\"", name, proc->tgid);
	label(m, ",", "comm", proc->comm);
	label(m, ",", "user", procinfo_user(proc->uid));
	label(m, ",", "guest", proc->guest);
	fputs("} ", m->out);
}

static void processes(const struct metrics *m, const struct snap *snap)
{
	size_t i;

	family(m, "pinned_bytes", "gauge", "bytes", "Memory pinned for devices, by process.");
	for (i = 0; i < snap->nr_procs; i++) {
		proc_labels(m, &snap->procs[i], "pinned_bytes");
		fprintf(m->out, "%" PRIu64 "\n", snap->procs[i].pinned_bytes);
	}
	family(m, "mappings", "gauge", NULL, "Mappings in IO address spaces, by process.");
	for (i = 0; i < snap->nr_procs; i++) {
		proc_labels(m, &snap->procs[i], "mappings");
		fprintf(m->out, "%" PRIu64 "\n", snap->procs[i].nr_areas);
	}
	family(m, "memlock_limit_bytes", "gauge", "bytes",
	       "RLIMIT_MEMLOCK of the process; +Inf without a limit.");
	for (i = 0; i < snap->nr_procs; i++) {
		if (!snap->procs[i].known)
			continue;
		proc_labels(m, &snap->procs[i], "memlock_limit_bytes");
		if (snap->procs[i].facts.limit_bytes == TOP_UNKNOWN)
			fputs("+Inf\n", m->out);
		else
			fprintf(m->out, "%" PRIu64 "\n",
				(uint64_t)snap->procs[i].facts.limit_bytes);
	}
}

static void users(const struct metrics *m, const struct snap *snap)
{
	size_t i;

	family(m, "user_charged_bytes", "gauge", "bytes",
	       "Memory that counts against the RLIMIT_MEMLOCK of a user's processes.");
	for (i = 0; i < snap->nr_users; i++) {
		if (!snap->users[i].known)
			continue;
		fputs("iommufd_user_charged_bytes", m->out);
		label(m, "{", "user", procinfo_user(snap->users[i].uid));
		fprintf(m->out, "} %" PRIu64 "\n", snap->users[i].charged_bytes);
	}
}

/* Cumulative, as histograms are here: le is the upper end of an octave. */
static void durations(const struct metrics *m, const struct snap *snap)
{
	static const struct {
		enum top_lat lat;
		const char *op, *part;
	} parts[] = {
		{ TOP_LAT_MAP, "map", "all" }, { TOP_LAT_MAP_PIN, "map", "pin" },
		{ TOP_LAT_MAP_FILL, "map", "fill" }, { TOP_LAT_MAP_ACCOUNT, "map", "account" },
		{ TOP_LAT_MAP_POLICY, "map", "policy" }, { TOP_LAT_UNMAP, "unmap", "all" },
		{ TOP_LAT_UNMAP_CLEAR, "unmap", "clear" },
		{ TOP_LAT_UNMAP_UNPIN, "unmap", "unpin" },
		{ TOP_LAT_ATTACH, "attach", "all" },
	};
	const struct top_hist *hist;
	unsigned int shift;
	uint64_t sum;
	size_t i;

	family(m, "op_duration_seconds", "histogram", "seconds",
	       "How long operations took, and their parts.");
	for (i = 0; i < ARRAY_SIZE(parts); i++) {
		hist = &snap->total.lat[parts[i].lat];
		sum = 0;
		for (shift = TOP_HIST_MIN_SHIFT; shift < TOP_HIST_MIN_SHIFT + 25; shift++) {
			sum += snap_octave(hist, shift);
			fprintf(m->out,
				"iommufd_op_duration_seconds_bucket{op=\"%s\",part=\"%s\",le=\"%.12g\"} %"
				PRIu64 "\n", parts[i].op, parts[i].part,
				(double)(2ULL << shift) / 1e9, sum);
		}
		fprintf(m->out,
			"iommufd_op_duration_seconds_bucket{op=\"%s\",part=\"%s\",le=\"+Inf\"} %"
			PRIu64 "\n", parts[i].op, parts[i].part, snap_hist_count(hist));
		fprintf(m->out, "iommufd_op_duration_seconds_sum{op=\"%s\",part=\"%s\"} %.9f\n",
			parts[i].op, parts[i].part, snap_hist_ns(hist) / 1e9);
		fprintf(m->out,
			"iommufd_op_duration_seconds_count{op=\"%s\",part=\"%s\"} %" PRIu64 "\n",
			parts[i].op, parts[i].part, snap_hist_count(hist));
	}
}

static bool same_policy(const struct snap_policy *a, const struct snap_policy *b)
{
	return !a->ended && !b->ended && !strcmp(a->name, b->name) && !strcmp(a->scope, b->scope);
}

static void decisions(const struct metrics *m, const struct snap_policy *pol,
		      const char *decision, uint64_t nr)
{
	if (nr == TOP_UNKNOWN)
		return;
	fputs("iommufd_policy_decisions_total", m->out);
	label(m, "{", "policy", pol->name);
	label(m, ",", "scope", pol->scope);
	label(m, ",", "decision", decision);
	fprintf(m->out, "} %" PRIu64 "\n", nr);
}

/* Those of the same name and scope are one: no two samples have the same labels. */
static void policies(const struct metrics *m, const struct snap *snap)
{
	const struct snap_policy *pol, *other;
	uint64_t allowed, refused;
	size_t i, o, first;

	family(m, "policy_decisions", "counter", NULL, "What policies decided.");
	for (i = 0; i < snap->nr_policies; i++) {
		pol = &snap->policies[i];
		allowed = pol->allowed;
		refused = pol->refused;
		first = i;
		for (o = 0; o < snap->nr_policies; o++) {
			other = &snap->policies[o];
			if (o == i || !same_policy(pol, other))
				continue;
			first = o < first ? o : first;
			if (allowed != TOP_UNKNOWN && other->allowed != TOP_UNKNOWN)
				allowed += other->allowed;
			refused += other->refused;
		}
		if (pol->ended || first != i)
			continue;
		decisions(m, pol, "refused", refused);
		decisions(m, pol, "allowed", allowed);
	}
}

/* By device and owner: begins anew with each time that it is bound. */
static void faults(const struct metrics *m, const struct snap *snap)
{
	const struct snap_device *dev;
	size_t i;

	family(m, "faults", "counter", NULL, "IO page faults, by device.");
	for (i = 0; i < snap->nr_devices; i++) {
		dev = &snap->devices[i];
		if (dev->v.nr_faults == TOP_UNKNOWN)
			continue;
		fprintf(m->out, "iommufd_faults_total{pid=\"%d\"", snap->ctxs[dev->ctx].v.tgid);
		label(m, ",", "device", dev->v.name);
		fprintf(m->out, "} %" PRIu64 "\n", (uint64_t)dev->v.nr_faults);
	}
}

static void counters(const struct metrics *m, const struct snap *snap)
{
	const struct top_stats *t = &snap->total;

	durations(m, snap);
	family(m, "op_bytes", "counter", "bytes", "Bytes mapped and unmapped.");
	fprintf(m->out, "iommufd_op_bytes_total{op=\"map\"} %" PRIu64 "\n", (uint64_t)t->map_bytes);
	fprintf(m->out, "iommufd_op_bytes_total{op=\"unmap\"} %" PRIu64 "\n",
		(uint64_t)t->unmap_bytes);
	family(m, "errors", "counter", NULL, "Operations that failed; of them, over a limit.");
	fprintf(m->out, "iommufd_errors_total{kind=\"all\"} %" PRIu64 "\n", (uint64_t)t->errors);
	fprintf(m->out, "iommufd_errors_total{kind=\"limit\"} %" PRIu64 "\n", (uint64_t)t->limits);
	policies(m, snap);
	family(m, "events_lost", "counter", NULL, "Events that were not counted.");
	fprintf(m->out, "iommufd_events_lost_total %" PRIu64 "\n", snap->nr_lost);
}

int metrics_print(const struct source *src, const struct snap *snap, FILE *out, bool eof)
{
	const struct metrics m = { .out = out, .open = eof };

	(void)src;
	processes(&m, snap);
	users(&m, snap);
	faults(&m, snap);
	if (snap->counting)
		counters(&m, snap);
	if (eof)
		fputs("# EOF\n", out);
	return 0;
}
