// SPDX-License-Identifier: GPL-2.0-only
/* What operations come to: the table that strace -c prints, and histograms. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "fmt.h"
#include "json.h"
#include "sum.h"

#define BAR 40

static struct trace_sum *row_of(struct sums *sums, const char *key)
{
	struct sum_row *more;
	unsigned int i;

	for (i = 0; i < sums->nr; i++) {
		if (!strcmp(sums->rows[i].key, key))
			return &sums->rows[i].sum;
	}
	more = realloc(sums->rows, (sums->nr + 1) * sizeof(*more));
	if (!more)
		return NULL;
	sums->rows = more;
	memset(&more[sums->nr], 0, sizeof(*more));
	snprintf(more[sums->nr].key, SUM_KEY_LEN, "%s", key);
	return &more[sums->nr++].sum;
}

/* As the BPF half has it. */
static unsigned int slot_of(uint64_t ns)
{
	unsigned int slot = ns ? 63 - __builtin_clzll(ns) : 0;

	return slot < TRACE_SLOTS ? slot : TRACE_SLOTS - 1;
}

int sums_add(struct sums *sums, const struct op *op)
{
	const char *key = op->info->name;
	struct trace_sum *sum;

	if (sums->by == HIST_GUEST)
		key = op->who->guest[0] ? op->who->guest : "-";
	else if (sums->by == HIST_DEV)
		key = op->device[0] ? op->device : "-";
	sum = row_of(sums, key);
	if (!sum)
		return -ENOMEM;
	sum->calls++;
	sum->errors += op->ret != 0;
	if (op->has_length && !op->ret)
		sum->bytes += op->length;
	if (!op->ns)
		return 0;
	sum->ns += op->ns;
	sum->slots[slot_of(op->ns)]++;
	if (op->ns > sum->max_ns)
		sum->max_ns = op->ns;
	return 0;
}

int sums_put(struct sums *sums, const char *key, const struct trace_sum *from)
{
	struct trace_sum *sum = row_of(sums, key);

	if (!sum)
		return -ENOMEM;
	*sum = *from;
	return 0;
}

static int by_time(const void *a, const void *b)
{
	const struct sum_row *x = a, *y = b;

	if (x->sum.ns != y->sum.ns)
		return x->sum.ns < y->sum.ns ? 1 : -1;
	return strcmp(x->key, y->key);
}

static void print_row(const struct trace_sum *sum, uint64_t all_ns, const char *name, FILE *out)
{
	char errors[24] = "", per[24] = "";

	if (sum->errors)
		snprintf(errors, sizeof(errors), "%" PRIu64, (uint64_t)sum->errors);
	if (sum->calls && all_ns != UINT64_MAX)
		snprintf(per, sizeof(per), "%" PRIu64, (uint64_t)(sum->ns / sum->calls / 1000));
	fprintf(out, "%6.2f %11.6f %11s %9" PRIu64 " %9s %s\n",
		all_ns == UINT64_MAX ? 100. : all_ns ? 100. * sum->ns / all_ns : 0.,
		sum->ns / 1e9, per, (uint64_t)sum->calls, errors, name);
}

static int json_row(const struct sum_row *row, const char *key, uint64_t real_ns,
		    uint64_t mono_ns, FILE *out)
{
	struct json j;

	if (json_begin(&j, "summary", real_ns, mono_ns))
		return -ENOMEM;
	json_str(&j, key, row->key);
	json_u64(&j, "calls", row->sum.calls);
	json_u64(&j, "errors", row->sum.errors);
	json_u64(&j, "bytes", row->sum.bytes);
	json_u64(&j, "ns", row->sum.ns);
	json_u64(&j, "max_ns", row->sum.max_ns);
	return json_end(&j, out);
}

static const char *key_name(const struct sums *sums)
{
	return sums->by == HIST_GUEST ? "guest" : sums->by == HIST_DEV ? "device" : "op";
}

int sums_print(const struct sums *sums, enum format format, uint64_t real_ns, uint64_t mono_ns,
	       FILE *out)
{
	static const char line[] =
		"------ ----------- ----------- --------- --------- ----------------\n";
	struct trace_sum all = {};
	unsigned int i;
	int rc = 0;

	if (sums->nr)
		qsort(sums->rows, sums->nr, sizeof(*sums->rows), by_time);
	for (i = 0; !rc && format == FORMAT_JSON && i < sums->nr; i++)
		rc = json_row(&sums->rows[i], key_name(sums), real_ns, mono_ns, out);
	if (format == FORMAT_JSON)
		return rc;
	for (i = 0; i < sums->nr; i++) {
		all.calls += sums->rows[i].sum.calls;
		all.errors += sums->rows[i].sum.errors;
		all.ns += sums->rows[i].sum.ns;
	}
	fprintf(out, "%% time     seconds  usecs/call     calls    errors %s\n%s",
		sums->by == HIST_NONE || sums->by == HIST_OP ? "operation" : key_name(sums), line);
	for (i = 0; i < sums->nr; i++)
		print_row(&sums->rows[i].sum, all.ns, sums->rows[i].key, out);
	fputs(line, out);
	print_row(&all, UINT64_MAX, "total", out);
	return 0;
}

static int json_hist(const struct sum_row *row, const char *key, uint64_t real_ns,
		     uint64_t mono_ns, FILE *out)
{
	yyjson_mut_val *list, *slot;
	struct json j;
	unsigned int i;

	if (json_begin(&j, "hist", real_ns, mono_ns))
		return -ENOMEM;
	json_str(&j, key, row->key);
	list = yyjson_mut_obj_add_arr(j.doc, j.obj, "slots");
	for (i = 0; i < TRACE_SLOTS; i++) {
		if (!row->sum.slots[i])
			continue;
		slot = yyjson_mut_arr_add_obj(j.doc, list);
		yyjson_mut_obj_add_uint(j.doc, slot, "from_ns", i ? 1ULL << i : 0);
		yyjson_mut_obj_add_uint(j.doc, slot, "to_ns", 1ULL << (i + 1));
		yyjson_mut_obj_add_uint(j.doc, slot, "count", row->sum.slots[i]);
	}
	return json_end(&j, out);
}

static void print_hist(const struct sum_row *row, FILE *out)
{
	unsigned int i, first = TRACE_SLOTS, last = 0;
	char a[FMT_LEN], b[FMT_LEN], bar[BAR + 1];
	uint64_t most = 0, n;

	for (i = 0; i < TRACE_SLOTS; i++) {
		n = row->sum.slots[i];
		if (!n)
			continue;
		if (first == TRACE_SLOTS)
			first = i;
		last = i;
		if (n > most)
			most = n;
	}
	fprintf(out, "%s\n", row->key);
	for (i = first; most && i <= last; i++) {
		n = row->sum.slots[i];
		memset(bar, '*', BAR);
		bar[(n * BAR + most - 1) / most] = 0;
		fprintf(out, "  %7s - %-7s %9" PRIu64 " |%-*s|\n", fmt_ns(a, i ? 1ULL << i : 0),
			fmt_ns(b, 1ULL << (i + 1)), n, BAR, bar);
	}
}

int sums_print_hist(const struct sums *sums, enum format format, uint64_t real_ns,
		    uint64_t mono_ns, FILE *out)
{
	unsigned int i;
	int rc = 0;

	if (sums->nr)
		qsort(sums->rows, sums->nr, sizeof(*sums->rows), by_time);
	for (i = 0; !rc && i < sums->nr; i++) {
		if (format == FORMAT_JSON)
			rc = json_hist(&sums->rows[i], key_name(sums), real_ns, mono_ns, out);
		else
			print_hist(&sums->rows[i], out);
	}
	return rc;
}

void sums_free(struct sums *sums)
{
	free(sums->rows);
	memset(sums, 0, sizeof(*sums));
}
