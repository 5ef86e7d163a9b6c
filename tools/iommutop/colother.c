// SPDX-License-Identifier: GPL-2.0-only
/* The columns of latencies, policies and the tree; columns by name. */
#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "bars.h"
#include "colmacros.h"
#include "fmt.h"
#include "tool.h"

uint64_t column_quantile(const struct top_hist *hist, double q)
{
	uint64_t ns = snap_quantile(hist, q);

	return ns ? ns : TOP_UNKNOWN;
}

static void lat_bar(const struct snap_lat *r, struct cell *c)
{
	char buf[CELL_LEN];

	cell_text(c, bars_spark(&r->hist, buf, sizeof(buf)));
}

static double lat_average(const struct snap_lat *r)
{
	uint64_t nr = snap_hist_count(&r->hist);

	return nr ? snap_hist_ns(&r->hist) / nr : 0;
}

TEXT(l_op, struct snap_lat, snap_lat_name(r->lat))
NUMBER(l_count, struct snap_lat, snap_hist_count(&r->hist))
NS(l_avg, struct snap_lat, snap_hist_count(&r->hist) ? (uint64_t)lat_average(r) : TOP_UNKNOWN)
NS(l_p50, struct snap_lat, column_quantile(&r->hist, 0.5))
NS(l_p90, struct snap_lat, column_quantile(&r->hist, 0.9))
NS(l_p99, struct snap_lat, column_quantile(&r->hist, 0.99))
NS(l_max, struct snap_lat, column_quantile(&r->hist, 1))
NS(l_sum, struct snap_lat, snap_hist_count(&r->hist) ? (uint64_t)snap_hist_ns(&r->hist) :
							TOP_UNKNOWN)
GETTER(l_hist, struct snap_lat, lat_bar(r, c))

static const struct column lat_columns[] = {
	COL("OPERATION", "op", CELL_TEXT, 11, false, l_op, "an operation, and its parts"),
	COL("COUNT", "count", CELL_NUMBER, 7, true, l_count, "how many took that time at all"),
	COL("SUM", "sum", CELL_NS, 6, true, l_sum, "time spent"),
	COL("AVG", "avg", CELL_NS, 6, true, l_avg, "on average"),
	COL("P50", "p50", CELL_NS, 6, true, l_p50, "half took less"),
	COL("P90", "p90", CELL_NS, 6, true, l_p90, "9 of 10 took less"),
	COL("P99", "p99", CELL_NS, 6, true, l_p99, "99 of 100 took less"),
	COL("MAX", "max", CELL_NS, 6, true, l_max, "the longest"),
	COL("128ns to 4s", "hist", CELL_TEXT, BARS_WIDTH, false, l_hist,
	    "how many took how long: each place is twice as long as the one before"),
};

/* Why it ended, or what it refused last, and why. */
static void policy_last(const struct snap_policy *r, struct cell *c)
{
	char buf[CELL_LEN], err[FMT_LEN];

	if (r->ended) {
		snprintf(buf, sizeof(buf), "ended: %s", r->message);
		cell_text(c, buf);
		return;
	}
	if (!r->last.boot_ns) {
		cell_text(c, "");
		return;
	}
	snprintf(buf, sizeof(buf), "%s of pid %d: %s, %s%s%s", op_name(r->last.op), r->last.tgid,
		 errno_name(err, r->last.ret), deny_name(r->last.code),
		 r->last.reason[0] ? ": " : "", r->last.reason);
	cell_text(c, buf);
}

static uint64_t policy_ago(const struct snap *s, const struct snap_policy *r)
{
	if (!r->last.boot_ns)
		return TOP_UNKNOWN;
	return s->boot_ns > r->last.boot_ns ? s->boot_ns - r->last.boot_ns : 0;
}

TEXT(p_name, struct snap_policy, r->name)
TEXT(p_scope, struct snap_policy, r->scope)
TEXT(p_state, struct snap_policy, r->ended ? "ended" : "attached")
NUMBER(p_calls, struct snap_policy, r->calls)
NUMBER(p_allowed, struct snap_policy, r->allowed)
NUMBER(p_refused, struct snap_policy, r->refused)
NS(p_ns, struct snap_policy, r->ns_per_call)
AGE(p_ago, struct snap_policy, policy_ago(s, r))
GETTER(p_last, struct snap_policy, policy_last(r, c))

static const struct column policy_columns[] = {
	COL("POLICY", "policy", CELL_TEXT, 10, false, p_name, "its name"),
	COL("SCOPE", "scope", CELL_TEXT, 6, false, p_scope, "where it applies"),
	EXTRA("STATE", "state", CELL_TEXT, 5, false, p_state, "attached, or ended"),
	EXTRA("CALLS", "calls", CELL_NUMBER, 7, true, p_calls, "how often its programs ran"),
	COL("ALLOWED", "allowed", CELL_NUMBER, 7, true, p_allowed, "its answers that let pass"),
	COL("REFUSED", "refused", CELL_NUMBER, 7, true, p_refused, "its answers that refused"),
	COL("NS/CALL", "ns", CELL_NS, 7, true, p_ns, "what a call costs, on average"),
	COL("AGO", "ago", CELL_AGE, 4, false, p_ago, "since its last refusal"),
	COL("LAST REFUSAL", "last", CELL_TEXT, 12, false, p_last, "what it refused, and why"),
};

/* The tree: one row a process, IO address space, device or mapping. */

static void tree_text(const struct snap *s, const struct row *row, struct cell *c)
{
	const struct snap_device *dev = row->obj;
	const struct snap_ioas *ioas = row->obj;
	const struct snap_area *area = row->obj;
	const struct snap_proc *proc = row->obj;
	char buf[CELL_LEN];

	switch (row->view) {
	case VIEW_IOAS:
		snprintf(buf, sizeof(buf), "%s %u",
			 s->ctxs[ioas->ctx].source == TOP_TYPE1 ? "container" : "ioas", ioas->v.id);
		break;
	case VIEW_DEV:
		snprintf(buf, sizeof(buf), "device %s", dev->v.name);
		break;
	case VIEW_MAP:
		snprintf(buf, sizeof(buf), "map 0x%" PRIx64, (uint64_t)area->v.iova);
		break;
	default:
		snprintf(buf, sizeof(buf), "%d %s", proc->tgid, proc->comm);
	}
	cell_text(c, buf);
}

static void tree_number(const struct row *row, struct cell *c, enum cell_type type,
			uint64_t proc, uint64_t ioas, uint64_t area)
{
	cell_u64(c, type, row->view == VIEW_PROC ? proc : row->view == VIEW_IOAS ? ioas :
			  row->view == VIEW_MAP ? area : TOP_UNKNOWN);
}

static void get_t_object(const struct snap *s, const struct row *row, struct cell *c)
{
	tree_text(s, row, c);
}

static void get_t_maps(const struct snap *s, const struct row *row, struct cell *c)
{
	(void)s;
	tree_number(row, c, CELL_NUMBER,
		    row->view == VIEW_PROC ? ((const struct snap_proc *)row->obj)->nr_areas : 0,
		    row->view == VIEW_IOAS ? ((const struct snap_ioas *)row->obj)->v.nr_areas : 0,
		    TOP_UNKNOWN);
}

static void get_t_mapped(const struct snap *s, const struct row *row, struct cell *c)
{
	const struct snap_ioas *ioas = row->obj;
	const struct snap_area *area = row->obj;
	const struct snap_proc *proc = row->obj;

	(void)s;
	tree_number(row, c, CELL_BYTES, row->view == VIEW_PROC ? proc->mapped_bytes : 0,
		    row->view == VIEW_IOAS ? ioas->v.mapped_bytes : 0,
		    row->view == VIEW_MAP ? area->v.length : 0);
}

static void get_t_pinned(const struct snap *s, const struct row *row, struct cell *c)
{
	const struct snap_ioas *ioas = row->obj;
	const struct snap_area *area = row->obj;
	const struct snap_proc *proc = row->obj;

	(void)s;
	tree_number(row, c, CELL_BYTES, row->view == VIEW_PROC ? proc->pinned_bytes : 0,
		    row->view == VIEW_IOAS ? ioas->v.pinned_pages * PAGE_BYTES : 0,
		    row->view == VIEW_MAP ? area->v.pinned_pages * PAGE_BYTES : 0);
}

static void get_t_detail(const struct snap *s, const struct row *row, struct cell *c)
{
	const struct snap_ioas *ioas = row->obj;
	const struct snap_device *dev = row->obj;
	const struct snap_area *area = row->obj;
	char buf[CELL_LEN] = "", prot[FMT_LEN];

	(void)s;
	switch (row->view) {
	case VIEW_IOAS:
		if (ioas->v.entries_left != TOP_UNKNOWN)
			snprintf(buf, sizeof(buf), "%" PRIu64 " mappings left",
				 (uint64_t)ioas->v.entries_left);
		break;
	case VIEW_DEV:
		snprintf(buf, sizeof(buf), "group %u", dev->v.group_id);
		break;
	case VIEW_MAP:
		snprintf(buf, sizeof(buf), "%s %s 0x%" PRIx64, fmt_prot(prot, area->v.prot),
			 memory_name(area->v.source), (uint64_t)area->v.va);
		break;
	default:
		snprintf(buf, sizeof(buf), "%s", ((const struct snap_proc *)row->obj)->command);
	}
	cell_text(c, buf);
}

static const struct column tree_columns[] = {
	COL("OBJECT", "object", CELL_TEXT, 28, false, t_object,
	    "a process, its IO address spaces, their devices and mappings"),
	COL("MAPS", "maps", CELL_NUMBER, 5, true, t_maps, "mappings"),
	COL("MAPPED", "mapped", CELL_BYTES, 6, true, t_mapped, "bytes mapped"),
	COL("PINNED", "pinned", CELL_BYTES, 6, true, t_pinned, "bytes pinned"),
	COL("DETAIL", "detail", CELL_TEXT, 6, false, t_detail, "what else there is to say"),
};

static const struct columns lat_cols = { lat_columns, ARRAY_SIZE(lat_columns) };
static const struct columns policy_cols = { policy_columns, ARRAY_SIZE(policy_columns) };
static const struct columns tree_cols = { tree_columns, ARRAY_SIZE(tree_columns) };

const struct column *columns_of(enum view view, int *nr)
{
	static const struct columns * const all[NR_ALL_VIEWS] = {
		[VIEW_PROC] = &proc_view, [VIEW_USER] = &user_view, [VIEW_IOAS] = &ioas_view,
		[VIEW_MAP] = &map_view, [VIEW_DEV] = &dev_view, [VIEW_HWPT] = &hwpt_view,
		[VIEW_LAT] = &lat_cols, [VIEW_POLICY] = &policy_cols, [VIEW_TREE] = &tree_cols,
	};

	*nr = all[view]->nr;
	return all[view]->col;
}

const struct column *column_find(enum view view, const char *key)
{
	const struct column *cols;
	int i, nr;

	cols = columns_of(view, &nr);
	for (i = 0; i < nr; i++) {
		if (!strcasecmp(cols[i].key, key + (*key == '-')))
			return &cols[i];
	}
	return NULL;
}

void columns_list(enum view view, FILE *out)
{
	const struct column *cols;
	int i, nr;

	cols = columns_of(view, &nr);
	for (i = 0; i < nr; i++)
		fprintf(out, "%-10s %s\n", cols[i].key, cols[i].help);
}

int columns_pick(enum view view, const char *fields, const struct column **cols, char bad[32])
{
	const struct column *all;
	int i, nr, picked = 0;

	all = columns_of(view, &nr);
	for (i = 0; !fields && i < nr; i++) {
		if (!all[i].extra)
			cols[picked++] = &all[i];
	}
	while (fields && *fields && picked < ROWS_MAX_COLUMNS) {
		snprintf(bad, 32, "%.*s", (int)strcspn(fields, ","), fields);
		cols[picked] = *bad == '-' ? NULL : column_find(view, bad);
		if (!cols[picked++])
			return -1;
		fields += strcspn(fields, ",");
		fields += *fields == ',';
	}
	return picked;
}
