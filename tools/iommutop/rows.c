// SPDX-License-Identifier: GPL-2.0-only
/* The rows of a view: which, and in what order. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "filter.h"
#include "rows.h"

enum view rows_view(const struct env *env)
{
	return env->tree ? VIEW_TREE : env->view;
}

/* Which */

static struct row *add_row(struct rows *rows, enum view view, const void *obj)
{
	struct row *row = snap_add(&rows->row, &rows->nr, &rows->max, sizeof(*row));

	if (!row)
		return NULL;
	row->view = view;
	row->obj = obj;
	row->parent = SIZE_MAX;
	return row;
}

static bool want_ctx(const struct snap *snap, size_t ctx)
{
	return snap->ctxs[ctx].proc != SIZE_MAX;
}

static bool want_ioas(const struct env *env, const struct snap *snap, const struct snap_ioas *ioas)
{
	return want_ctx(snap, ioas->ctx) && (env->ioas < 0 || ioas->v.id == env->ioas) &&
	       (!env->ioas_cookie || ioas->v.cookie == env->ioas_cookie);
}

/* Element @i of a view's array, or NULL if it is not asked for. */
static const void *element(const struct env *env, const struct snap *snap, enum view view,
			   size_t i)
{
	switch (view) {
	case VIEW_USER:
		return &snap->users[i];
	case VIEW_IOAS:
		return want_ioas(env, snap, &snap->ioases[i]) ? &snap->ioases[i] : NULL;
	case VIEW_MAP:
		return &snap->areas[i];
	case VIEW_DEV:
		if (!want_ctx(snap, snap->devices[i].ctx) ||
		    (env->device && strcmp(env->device, snap->devices[i].v.name)))
			return NULL;
		return &snap->devices[i];
	case VIEW_HWPT:
		return want_ctx(snap, snap->hwpts[i].ctx) ? &snap->hwpts[i] : NULL;
	case VIEW_LAT:
		return &snap->lats[i];
	case VIEW_POLICY:
		return &snap->policies[i];
	default:
		return &snap->procs[i];
	}
}

static size_t elements(const struct snap *snap, enum view view)
{
	const size_t nr[NR_VIEWS] = {
		[VIEW_PROC] = snap->nr_procs, [VIEW_USER] = snap->nr_users,
		[VIEW_IOAS] = snap->nr_ioases, [VIEW_MAP] = snap->nr_areas,
		[VIEW_DEV] = snap->nr_devices, [VIEW_HWPT] = snap->nr_hwpts,
		[VIEW_LAT] = snap->nr_lats, [VIEW_POLICY] = snap->nr_policies,
	};

	return nr[view];
}

static bool has_text(const struct snap *snap, enum view view, const struct row *row,
		     const char *text)
{
	const struct column *cols;
	char buf[CELL_LEN];
	struct cell c;
	int i, nr;

	cols = columns_of(view, &nr);
	for (i = 0; i < nr; i++) {
		cols[i].get(snap, row, &c);
		if (strcasestr(cell_show(&c, false, buf), text))
			return true;
	}
	return false;
}

/* Is every number of it nothing? */
static bool is_zero(const struct snap *snap, enum view view, const struct row *row)
{
	const struct column *cols;
	struct cell c;
	int i, nr;

	cols = columns_of(view, &nr);
	for (i = 0; i < nr; i++) {
		if (!cols[i].down || cols[i].type == CELL_AGE)
			continue;
		cols[i].get(snap, row, &c);
		if (!cell_is_zero(&c))
			return false;
	}
	return true;
}

static int add_flat(const struct env *env, const struct snap *snap, enum view view,
		    struct rows *rows)
{
	size_t i, nr = elements(snap, view);
	struct filter *filter = NULL;
	const void *obj;
	char why[128];
	int rc = 0;

	/* It was parsed before, of this view or of another. */
	if (env->filter)
		filter = filter_open(view, env->filter, why);
	for (i = 0; !rc && i < nr; i++) {
		struct row row = { .view = view };

		obj = element(env, snap, view, i);
		row.obj = obj;
		if (!obj || (filter && !filter_match(filter, snap, &row)) ||
		    (env->text && *env->text && !has_text(snap, view, &row, env->text)) ||
		    (env->skip_zero && is_zero(snap, view, &row)))
			continue;
		if (!add_row(rows, view, obj))
			rc = -ENOMEM;
	}
	filter_close(filter);
	return rc;
}

/* In what order */

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
	const struct row *a = x, *b = y;
	const struct order *o = arg;
	struct cell ca, cb;
	int r;

	o->col->get(o->snap, a, &ca);
	o->col->get(o->snap, b, &cb);
	r = cell_compare(&ca, &cb);
	if (o->col->down != o->turned)
		r = -r;
	return r ? r : (a->obj > b->obj) - (a->obj < b->obj);
}

static void sort_rows(const struct env *env, const struct snap *snap, enum view view,
		      struct rows *rows)
{
	/* Without a wish: who holds most; the others as they come. */
	static const char * const usual[NR_VIEWS] = {
		[VIEW_PROC] = "pinned", [VIEW_USER] = "charged", [VIEW_POLICY] = "refused",
	};
	const char *key = env->sort && column_find(view, env->sort) ? env->sort : usual[view];
	struct order order = { .snap = snap };

	if (!key || !rows->nr)
		return;
	order.col = column_find(view, key);
	order.turned = *key == '-';
	qsort_r(rows->row, rows->nr, sizeof(*rows->row), cmp_rows, &order);
}

/* The tree */

static int add_child(struct rows *rows, enum view view, const void *obj, size_t parent)
{
	struct row *row = add_row(rows, view, obj);

	if (!row)
		return -ENOMEM;
	row->parent = parent;
	row->depth = rows->row[parent].depth + 1;
	return 0;
}

/* The first area of an IOAS: they are in the order of the IOASes. */
static size_t first_area(const struct snap *snap, size_t ioas)
{
	size_t lo = 0, hi = snap->nr_areas, mid;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (snap->areas[mid].ioas < ioas)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static int add_ioas_tree(const struct snap *snap, size_t ioas, size_t parent, struct rows *rows)
{
	size_t i, at = rows->nr;
	int rc = add_child(rows, VIEW_IOAS, &snap->ioases[ioas], parent);

	for (i = 0; !rc && i < snap->nr_devices; i++) {
		if (snap->devices[i].v.ioas_cookie == snap->ioases[ioas].v.cookie)
			rc = add_child(rows, VIEW_DEV, &snap->devices[i], at);
	}
	for (i = first_area(snap, ioas); !rc && i < snap->nr_areas &&
	     snap->areas[i].ioas == ioas; i++)
		rc = add_child(rows, VIEW_MAP, &snap->areas[i], at);
	return rc;
}

static int add_proc_tree(const struct env *env, const struct snap *snap,
			 const struct snap_proc *proc, struct rows *rows)
{
	size_t i, at = rows->nr, p = proc - snap->procs;
	int rc = add_row(rows, VIEW_PROC, proc) ? 0 : -ENOMEM;

	for (i = 0; !rc && i < snap->nr_ioases; i++) {
		if (snap->ctxs[snap->ioases[i].ctx].proc == p &&
		    want_ioas(env, snap, &snap->ioases[i]))
			rc = add_ioas_tree(snap, i, at, rows);
	}
	/* Bound, but attached to nothing. */
	for (i = 0; !rc && i < snap->nr_devices; i++) {
		if (snap->ctxs[snap->devices[i].ctx].proc == p && !snap->devices[i].v.ioas_cookie)
			rc = add_child(rows, VIEW_DEV, &snap->devices[i], at);
	}
	return rc;
}

/* From the last to the first: what was seen at its depth comes after it. */
static void find_more(struct rows *rows)
{
	bool seen[4] = {};
	unsigned int d;
	size_t r;

	for (r = rows->nr; r > 0; r--) {
		d = rows->row[r - 1].depth;
		rows->row[r - 1].more = seen[d];
		seen[d] = true;
		memset(seen + d + 1, 0, sizeof(seen) - (d + 1) * sizeof(*seen));
	}
}

void rows_branch(const struct rows *rows, size_t r, bool ascii, char *buf)
{
	const struct row *row = &rows->row[r];

	buf[0] = 0;
	if (row->depth == 2)
		strcpy(buf, !rows->row[row->parent].more ? "   " : ascii ? "|  " : "│  ");
	if (row->depth)
		strcat(buf, row->more ? ascii ? "|- " : "├─ " : ascii ? "`- " : "└─ ");
}

static int make_tree(const struct env *env, const struct snap *snap, struct rows *rows)
{
	struct rows procs = {};
	size_t i;
	int rc;

	rc = add_flat(env, snap, VIEW_PROC, &procs);
	if (!rc)
		sort_rows(env, snap, VIEW_PROC, &procs);
	for (i = 0; !rc && i < procs.nr; i++)
		rc = add_proc_tree(env, snap, procs.row[i].obj, rows);
	rows_free(&procs);
	return rc;
}

int rows_make(const struct env *env, const struct snap *snap, struct rows *rows)
{
	int rc;

	memset(rows, 0, sizeof(*rows));
	if (env->tree) {
		rc = make_tree(env, snap, rows);
	} else {
		rc = add_flat(env, snap, env->view, rows);
		if (!rc)
			sort_rows(env, snap, env->view, rows);
	}
	if (rc)
		rows_free(rows);
	else if (env->rows && rows->nr > (size_t)env->rows)
		rows->nr = env->rows;
	find_more(rows);
	return rc;
}

void rows_free(struct rows *rows)
{
	free(rows->row);
	memset(rows, 0, sizeof(*rows));
}

bool rows_same(const struct row *a, const struct row *b)
{
	if (a->view != b->view)
		return false;
	switch (a->view) {
	case VIEW_USER:
		return ((const struct snap_user *)a->obj)->uid ==
		       ((const struct snap_user *)b->obj)->uid;
	case VIEW_IOAS:
		return ((const struct snap_ioas *)a->obj)->v.cookie ==
		       ((const struct snap_ioas *)b->obj)->v.cookie;
	case VIEW_MAP:
		return ((const struct snap_area *)a->obj)->v.ioas_cookie ==
		       ((const struct snap_area *)b->obj)->v.ioas_cookie &&
		       ((const struct snap_area *)a->obj)->v.iova ==
		       ((const struct snap_area *)b->obj)->v.iova;
	case VIEW_DEV:
		return !strcmp(((const struct snap_device *)a->obj)->v.name,
			       ((const struct snap_device *)b->obj)->v.name);
	case VIEW_HWPT:
		return ((const struct snap_hwpt *)a->obj)->v.ctx_cookie ==
		       ((const struct snap_hwpt *)b->obj)->v.ctx_cookie &&
		       ((const struct snap_hwpt *)a->obj)->v.id ==
		       ((const struct snap_hwpt *)b->obj)->v.id;
	case VIEW_LAT:
		return ((const struct snap_lat *)a->obj)->lat ==
		       ((const struct snap_lat *)b->obj)->lat;
	case VIEW_POLICY:
		return !strcmp(((const struct snap_policy *)a->obj)->name,
			       ((const struct snap_policy *)b->obj)->name);
	default:
		return ((const struct snap_proc *)a->obj)->tgid ==
		       ((const struct snap_proc *)b->obj)->tgid;
	}
}
