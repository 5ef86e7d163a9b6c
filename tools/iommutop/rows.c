// SPDX-License-Identifier: GPL-2.0-only
/* A snapshot as rows and columns of text. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "fmt.h"
#include "procinfo.h"
#include "rows.h"
#include "tool.h"

#define PROC(a) ((const struct snap_proc *)(a)->row)
#define AREA(a) ((const struct snap_area *)(a)->row)

static void dash(char *buf)
{
	snprintf(buf, CELL_LEN, "-");
}

/* A number to sort by, and its cell, which a statement fills. */
#define COLUMN(name, expr, fill)                                      \
	static double num_##name(const struct row_args *a)            \
	{                                                             \
		return expr;                                          \
	}                                                             \
	static void cell_##name(const struct row_args *a, char *buf)  \
	{                                                             \
		fill;                                                 \
	}

#define U64_COLUMN(name, expr) \
	COLUMN(name, expr, snprintf(buf, CELL_LEN, "%" PRIu64, (uint64_t)(expr)))
#define BYTES_COLUMN(name, expr) \
	COLUMN(name, expr, fmt_bytes(buf, expr, a->raw_bytes))
#define HEX_COLUMN(name, expr) \
	COLUMN(name, expr, snprintf(buf, CELL_LEN, "0x%" PRIx64, (uint64_t)(expr)))
/* What only the counters know: a dash without them. */
#define COUNT_COLUMN(name, expr) \
	COLUMN(name, expr, cell_count(a, buf, expr))

static void cell_count(const struct row_args *a, char *buf, uint64_t count)
{
	if (a->snap->counting)
		snprintf(buf, CELL_LEN, "%" PRIu64, count);
	else
		dash(buf);
}

U64_COLUMN(pid, PROC(a)->tgid)
U64_COLUMN(ioas, PROC(a)->nr_ioas)
U64_COLUMN(maps, PROC(a)->nr_areas)
BYTES_COLUMN(mapped, PROC(a)->mapped_bytes)
BYTES_COLUMN(pinned, PROC(a)->pinned_bytes)
COUNT_COLUMN(errors, PROC(a)->stats.errors)
COUNT_COLUMN(denies, PROC(a)->stats.denies)

static void cell_user(const struct row_args *a, char *buf)
{
	snprintf(buf, CELL_LEN, "%s", procinfo_user(PROC(a)->uid));
}

static void write_rate(char *buf, double rate)
{
	if (rate < 0)
		dash(buf);
	else
		fmt_rate(buf, rate);
}

static double num_rate(const struct row_args *a)
{
	return PROC(a)->map_rate;
}

static void cell_rate(const struct row_args *a, char *buf)
{
	write_rate(buf, PROC(a)->map_rate);
}

static void write_quantile(char *buf, const struct top_hist *hist, double q)
{
	uint64_t ns = snap_quantile(hist, q);

	if (ns)
		fmt_ns(buf, ns);
	else
		dash(buf);
}

static double num_p99(const struct row_args *a)
{
	return snap_quantile(&PROC(a)->stats.map_ns, 0.99);
}

static void cell_p99(const struct row_args *a, char *buf)
{
	write_quantile(buf, &PROC(a)->stats.map_ns, 0.99);
}

static void cell_devices(const struct row_args *a, char *buf)
{
	snprintf(buf, CELL_LEN, "%s", PROC(a)->nr_devices ? PROC(a)->devices : "-");
}

static void cell_command(const struct row_args *a, char *buf)
{
	snprintf(buf, CELL_LEN, "%s", PROC(a)->command);
}

static const struct column proc_columns[] = {
	{ "PID", "pid", 6, false, false, num_pid, cell_pid },
	{ "USER", "user", 8, true, false, NULL, cell_user },
	{ "IOAS", "ioas", 4, false, true, num_ioas, cell_ioas },
	{ "MAPS", "maps", 6, false, true, num_maps, cell_maps },
	{ "MAPPED", "mapped", 6, false, true, num_mapped, cell_mapped },
	{ "PINNED", "pinned", 6, false, true, num_pinned, cell_pinned },
	{ "MAP/s", "rate", 5, false, true, num_rate, cell_rate },
	{ "P99", "p99", 6, false, true, num_p99, cell_p99 },
	{ "DEVS", "devs", 4, true, false, NULL, cell_devices },
	{ "ERR", "err", 4, false, true, num_errors, cell_errors },
	{ "DENY", "deny", 4, false, true, num_denies, cell_denies },
	{ "COMMAND", "command", 7, true, false, NULL, cell_command },
};

U64_COLUMN(area_pid, snap_proc_of(a->snap, AREA(a))->tgid)
U64_COLUMN(area_ioas, a->snap->ioases[AREA(a)->ioas].v.id)
HEX_COLUMN(area_iova, AREA(a)->v.iova)
HEX_COLUMN(area_va, AREA(a)->v.va)
BYTES_COLUMN(area_length, AREA(a)->v.length)
BYTES_COLUMN(area_pinned, AREA(a)->v.pinned_pages * PAGE_BYTES)
U64_COLUMN(area_runs, AREA(a)->v.nr_runs)

static uint64_t average_run(const struct snap_area *area)
{
	return area->v.nr_runs ? area->v.pinned_pages * PAGE_BYTES / area->v.nr_runs : 0;
}

static double num_area_avg(const struct row_args *a)
{
	return average_run(AREA(a));
}

static void cell_area_avg(const struct row_args *a, char *buf)
{
	if (AREA(a)->v.nr_runs)
		fmt_bytes(buf, average_run(AREA(a)), a->raw_bytes);
	else
		dash(buf);
}

static void cell_area_prot(const struct row_args *a, char *buf)
{
	fmt_prot(buf, AREA(a)->v.prot);
}

static void cell_area_memory(const struct row_args *a, char *buf)
{
	snprintf(buf, CELL_LEN, "%s", memory_name(AREA(a)->v.source));
}

static uint64_t area_age(const struct row_args *a)
{
	uint64_t made = AREA(a)->v.created_ns;

	return a->snap->boot_ns > made ? a->snap->boot_ns - made : 0;
}

static double num_area_age(const struct row_args *a)
{
	return area_age(a);
}

static void cell_area_age(const struct row_args *a, char *buf)
{
	fmt_age(buf, area_age(a));
}

static void cell_area_command(const struct row_args *a, char *buf)
{
	snprintf(buf, CELL_LEN, "%s", snap_proc_of(a->snap, AREA(a))->command);
}

static const struct column map_columns[] = {
	{ "PID", "pid", 6, false, false, num_area_pid, cell_area_pid },
	{ "IOAS", "ioas", 4, false, false, num_area_ioas, cell_area_ioas },
	{ "IOVA", "iova", 10, false, false, num_area_iova, cell_area_iova },
	{ "LENGTH", "length", 6, false, true, num_area_length, cell_area_length },
	{ "PROT", "prot", 4, true, false, NULL, cell_area_prot },
	{ "MEMORY", "memory", 6, true, false, NULL, cell_area_memory },
	{ "VA", "va", 14, false, false, num_area_va, cell_area_va },
	{ "PINNED", "pinned", 6, false, true, num_area_pinned, cell_area_pinned },
	{ "RUNS", "runs", 5, false, true, num_area_runs, cell_area_runs },
	{ "AVGRUN", "avgrun", 6, false, true, num_area_avg, cell_area_avg },
	{ "AGE", "age", 6, false, true, num_area_age, cell_area_age },
	{ "COMMAND", "command", 7, true, false, NULL, cell_area_command },
};

_Static_assert(ARRAY_SIZE(proc_columns) <= ROWS_MAX_COLUMNS, "too many columns");
_Static_assert(ARRAY_SIZE(map_columns) <= ROWS_MAX_COLUMNS, "too many columns");

const struct column *rows_columns(enum view view, int *nr)
{
	if (view == VIEW_MAP) {
		*nr = ARRAY_SIZE(map_columns);
		return map_columns;
	}
	*nr = ARRAY_SIZE(proc_columns);
	return proc_columns;
}

int rows_find_column(enum view view, const char *key)
{
	const struct column *cols;
	int i, nr;

	cols = rows_columns(view, &nr);
	for (i = 0; i < nr; i++) {
		if (!strcmp(cols[i].key, key + (*key == '-')))
			return i;
	}
	return -1;
}

void rows_list_keys(enum view view, FILE *out)
{
	const struct column *cols;
	int i, nr;

	cols = rows_columns(view, &nr);
	for (i = 0; i < nr; i++)
		fprintf(out, "%s\n", cols[i].key);
}

struct order {
	const struct snap *snap;
	const struct column *col;
	bool turned;
};

/*
 * Equal rows stay in the order of the walk (their addresses), whichever way
 * round: rows that jump about cannot be read.
 */
static int cmp_rows(const void *x, const void *y, void *arg)
{
	const struct order *o = arg;
	struct row_args a = { .snap = o->snap, .row = *(const void * const *)x };
	struct row_args b = { .snap = o->snap, .row = *(const void * const *)y };
	char ta[CELL_LEN], tb[CELL_LEN];
	double na, nb;
	int r;

	if (o->col->number) {
		na = o->col->number(&a);
		nb = o->col->number(&b);
		r = (na > nb) - (na < nb);
	} else {
		o->col->cell(&a, ta);
		o->col->cell(&b, tb);
		r = strcmp(ta, tb);
	}
	if (o->col->down != o->turned)
		r = -r;
	if (!r)
		r = (a.row > b.row) - (a.row < b.row);
	return r;
}

ssize_t rows_sort(const struct snap *snap, enum view view, int column, bool turned,
		  const void ***rows)
{
	size_t i, nr = view == VIEW_MAP ? snap->nr_areas : snap->nr_procs;
	struct order order = { .snap = snap, .turned = turned };
	const struct column *cols;
	int nr_cols;

	*rows = calloc(nr ? nr : 1, sizeof(**rows));
	if (!*rows)
		return -ENOMEM;
	for (i = 0; i < nr; i++)
		(*rows)[i] = view == VIEW_MAP ? (const void *)&snap->areas[i] :
						(const void *)&snap->procs[i];
	/* Mappings are in order of process, IOAS and IOVA as they come. */
	if (column < 0 && view == VIEW_MAP)
		return nr;
	cols = rows_columns(view, &nr_cols);
	order.col = &cols[column < 0 ? rows_find_column(view, "pinned") : column];
	qsort_r(*rows, nr, sizeof(**rows), cmp_rows, &order);
	return nr;
}

static void header_rates(const struct snap *snap, char *buf)
{
	char rate[2][FMT_LEN], p[4][FMT_LEN];

	if (!snap->counting) {
		snprintf(buf, CELL_LEN, "rates, latency, errors: not counted with --once");
		return;
	}
	write_rate(rate[0], snap->map_rate);
	write_rate(rate[1], snap->unmap_rate);
	write_quantile(p[0], &snap->total.map_ns, 0.5);
	write_quantile(p[1], &snap->total.map_ns, 0.99);
	write_quantile(p[2], &snap->total.unmap_ns, 0.5);
	write_quantile(p[3], &snap->total.unmap_ns, 0.99);
	snprintf(buf, CELL_LEN,
		 "map %s/s p50 %s p99 %s  unmap %s/s p50 %s p99 %s  errors %" PRIu64
		 "  denied %" PRIu64 "  over limit %" PRIu64,
		 rate[0], p[0], p[1], rate[1], p[2], p[3], (uint64_t)snap->total.errors,
		 (uint64_t)snap->total.denies, (uint64_t)snap->total.limits);
}

static void header_refusal(const struct snap *snap, bool raw, char *buf)
{
	const struct top_refusal *ref = &snap->last_refusal;
	char when[FMT_LEN], err[FMT_LEN], b[3][FMT_LEN];
	uint64_t ago = snap->boot_ns > ref->boot_ns ? snap->boot_ns - ref->boot_ns : 0;

	if (!snap->nr_refusals) {
		snprintf(buf, CELL_LEN, "last refusal: -");
		return;
	}
	fmt_clock(when, snap->real_ns - ago, 0);
	if (ref->kind == TOP_REFUSED_LIMIT) {
		snprintf(buf, CELL_LEN,
			 "last refusal: %s %s/%d: user %s: %s charged + %s > RLIMIT_MEMLOCK %s",
			 when, ref->comm, ref->tgid, procinfo_user(ref->uid),
			 fmt_bytes(b[0], ref->charged_pages * PAGE_BYTES, raw),
			 fmt_bytes(b[1], ref->asked_pages * PAGE_BYTES, raw),
			 fmt_bytes(b[2], ref->limit_pages * PAGE_BYTES, raw));
		return;
	}
	snprintf(buf, CELL_LEN, "last refusal: %s %s/%d: %s of %s: %s by policy %s (%s%s%s)", when,
		 ref->comm, ref->tgid, op_name(ref->op), fmt_bytes(b[0], ref->length, raw),
		 errno_name(err, ref->ret), ref->policy, deny_name(ref->code),
		 ref->reason[0] ? ": " : "", ref->reason);
}

void rows_header(const struct snap *snap, const char *kernel, const char *version, int line,
		 bool raw_bytes, char *buf)
{
	char when[FMT_LEN], mapped[FMT_LEN], pinned[FMT_LEN];

	switch (line) {
	case 0:
		snprintf(buf, CELL_LEN, "iommutop - %s  kernel %s  iommufd %s",
			 fmt_clock(when, snap->real_ns, 0), kernel,
			 version[0] ? version : "(no version)");
		break;
	case 1:
		snprintf(buf, CELL_LEN,
			 "contexts %zu  IOASes %zu  maps %" PRIu64
			 "  mapped %s  pinned %s  devices %zu",
			 snap->nr_ctxs, snap->nr_ioases, snap->total_maps,
			 fmt_bytes(mapped, snap->total_mapped_bytes, raw_bytes),
			 fmt_bytes(pinned, snap->total_pinned_bytes, raw_bytes), snap->nr_devices);
		break;
	case 2:
		header_rates(snap, buf);
		break;
	default:
		header_refusal(snap, raw_bytes, buf);
	}
}
