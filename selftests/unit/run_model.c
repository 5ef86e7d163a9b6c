// SPDX-License-Identifier: GPL-2.0-only
/* The oracle; run_model.h says what it is. */
#include <inttypes.h>
#include <stdlib.h>

#include "run_alloc.h"
#include "run_check.h"
#include "run_model.h"

static u64 page_of(const struct model *m, u64 cell)
{
	return m->base + cell * m->unit;
}

/* The last page of a cell; the last that there can be for those beyond. */
static u64 last_page_of(const struct model *m, u32 cell)
{
	if (cell >= m->ncells)
		return UINT64_MAX;
	return page_of(m, cell) + m->unit - 1;
}

/* Does cell @i + 1 go on where cell @i ends, in one run? */
static bool continues(const struct model *m, u32 i)
{
	const struct model_cell *a = &m->cells[i], *b = a + 1;

	if (i + 1 >= m->ncells || a->kind != b->kind)
		return false;
	if (a->kind == PIN_LEAF || a->kind == PIN_FOLIO)
		return a->pin == b->pin;
	return a->kind == PIN_HOLE || a->pfn + m->unit == b->pfn;
}

bool model_run(const struct model *m, u32 cell, u32 *first, u32 *last)
{
	u32 a = cell, b = cell;

	if (m->cells[cell].kind == PIN_HOLE)
		return false;
	while (a > 0 && continues(m, a - 1))
		a--;
	while (continues(m, b))
		b++;
	*first = a;
	*last = b;
	return true;
}

void model_init(struct model *m, u32 ncells, u64 base, u64 unit)
{
	*m = (struct model){
		.base = base, .unit = unit, .ncells = ncells, .next_pin = 1,
		.cells = calloc(ncells, sizeof(*m->cells)),
	};
	if (!m->cells)
		model_fail("out of memory");
	run_list_init(&m->rl, page_of(m, ncells));
}

void model_destroy(struct model *m)
{
	run_list_destroy(&m->rl);
	if (m->rl.bytes || m->rl.npinned || m->rl.nruns || m->rl.nblocks)
		model_fail("a destroyed list is not empty");
	free(m->cells);
}

/* What an operation asked of the allocator. */
struct cost {
	unsigned long calls, must_calls, refused;
};

static struct cost cost_begin(void)
{
	return (struct cost){
		run_alloc_state.calls, run_alloc_state.must_calls,
		run_alloc_state.refused,
	};
}

static struct cost cost_end(struct cost from)
{
	return (struct cost){
		run_alloc_state.calls - from.calls,
		run_alloc_state.must_calls - from.must_calls,
		run_alloc_state.refused - from.refused,
	};
}

/* Judges what @err may be when the arguments allow @want; the list is @what. */
static void judge(struct model *m, const char *what, int err, int want,
		  const struct cost *cost, bool may_fail)
{
	if (want ? err != want : err && err != -ENOMEM)
		model_fail("%s: %d, not %d", what, err, want);
	if (err == -ENOMEM && (!may_fail || !cost->refused || m->reserved))
		model_fail("%s: ENOMEM: refused %lu, reserved %u", what,
			   cost->refused, m->reserved);
	if (want && cost->calls + cost->must_calls)
		model_fail("%s: memory for what is refused", what);
	/* A block and a directory, and no more. */
	if (cost->calls + cost->must_calls > 2)
		model_fail("%s: %lu allocations", what,
			   cost->calls + cost->must_calls);
	if (!err && cost->refused && m->reserved)
		m->reserved--;
	if (m->rl.nspares < m->reserved)
		model_fail("%s: the reserve is gone", what);
}

int model_set(struct model *m, u32 cell, u64 pfn, u32 n, enum pin_kind kind)
{
	bool one_pin = kind == PIN_LEAF || kind == PIN_FOLIO;
	int want = 0, err;
	struct cost cost;
	u32 i;

	if (!n || n > m->ncells || cell > m->ncells - n)
		want = -EINVAL;
	else if (kind < PIN_PAGE || kind > PIN_NONE)
		want = -EINVAL;
	else if ((pfn + n) * m->unit > 1ULL << RUN_PFN_BITS)
		want = -EINVAL;
	else if (one_pin && n * m->unit > RUN_MAX_PAGES)
		want = -EINVAL;
	for (i = cell; !want && i < cell + n; i++)
		if (m->cells[i].kind != PIN_HOLE)
			want = -EEXIST;

	cost = cost_begin();
	err = run_list_set(&m->rl, page_of(m, cell), pfn * m->unit,
			   n * m->unit, kind);
	cost = cost_end(cost);
	if (cost.must_calls)
		model_fail("set: insists on memory");
	judge(m, "set", err, want, &cost, true);
	if (err)
		return err;
	for (i = 0; i < n; i++)
		m->cells[cell + i] = (struct model_cell){
			.pfn = (pfn + i) * m->unit, .kind = kind,
			.pin = one_pin ? m->next_pin : 0,
		};
	m->next_pin += one_pin;
	return 0;
}

/* How many frames can be set, from the first on. */
static u32 count_settable(const struct model *m, u32 cell,
			  const unsigned long *pfns, u32 n)
{
	u32 i;

	for (i = 0; i < n; i++)
		if (cell + i >= m->ncells || pfns[i] >> RUN_PFN_BITS ||
		    m->cells[cell + i].kind != PIN_HOLE)
			break;
	return i;
}

void model_set_frames(struct model *m, u32 cell, const unsigned long *pfns,
		      u32 n, enum pin_kind kind)
{
	u32 want = count_settable(m, cell, pfns, n), i;
	struct cost cost = cost_begin();
	u64 done = run_list_set_frames(&m->rl, page_of(m, cell), pfns, n, kind);

	cost = cost_end(cost);
	if (cost.must_calls)
		model_fail("set_frames: insists on memory");
	if (done > want || (done < want && (!cost.refused || m->reserved)))
		model_fail("set_frames: %llu of %u, not %u; refused %lu",
			   (unsigned long long)done, n, want, cost.refused);
	for (i = 0; i < cost.refused && m->reserved; i++)
		m->reserved--;
	for (i = 0; i < done; i++)
		m->cells[cell + i] = (struct model_cell){
			.pfn = pfns[i], .kind = kind,
		};
}

int model_clear(struct model *m, u32 first, u32 last)
{
	bool cut = false;
	struct cost cost;
	int want = 0, err;
	u32 i, a, b;

	if (first > last || last >= m->ncells) {
		want = -EINVAL;
	} else {
		for (i = first;; i = last) {
			if (model_run(m, i, &a, &b) && (a < first || b > last)) {
				cut = true;
				if (m->cells[i].pin)
					want = -EINVAL;
			}
			if (i == last)
				break;
		}
	}

	cost = cost_begin();
	err = run_list_clear(&m->rl, page_of(m, first),
			     last_page_of(m, last));
	cost = cost_end(cost);
	judge(m, "clear", err, want, &cost, false);
	if (!cut && cost.calls + cost.must_calls)
		model_fail("clear: memory to clear whole runs");
	if (err)
		return err;
	for (i = first; i <= last; i++)
		m->cells[i] = (struct model_cell){ 0 };
	return 0;
}

int model_reserve(struct model *m, u32 n)
{
	unsigned long refused = run_alloc_state.refused;
	int err = run_list_reserve(&m->rl, n);

	refused = run_alloc_state.refused - refused;
	if (err && (err != -ENOMEM || !refused))
		model_fail("reserve: %d", err);
	if (err && n <= m->reserved)
		model_fail("reserve: %u are in reserve, %u failed",
			   m->reserved, n);
	if (!err)
		m->reserved = n;
	if (m->rl.nspares < m->reserved || (!err && m->rl.nspares != n))
		model_fail("reserve: %u blocks for %u", m->rl.nspares, n);
	return err;
}

/* @run must be the cells from @first to @last. */
static void expect_run(const struct model *m, const char *what,
		       const struct run *run, u32 first, u32 last)
{
	if (run->index != page_of(m, first) ||
	    run->npages != (last - first + 1) * m->unit ||
	    run->pfn != m->cells[first].pfn ||
	    run->kind != m->cells[first].kind)
		model_fail("%s: cells %u to %u: page %" PRIu64 ", frame %" PRIu64
			   ", %" PRIu64 " pages, kind %d", what, first, last,
			   run->index, run->pfn, run->npages, run->kind);
}

void model_find(const struct model *m, u32 cell)
{
	struct run run = { 0 };
	bool want, found;
	u32 a, b;

	want = cell < m->ncells && model_run(m, cell, &a, &b);
	found = run_list_find(&m->rl, page_of(m, cell), &run);
	if (found != want)
		model_fail("find: cell %u: %d, not %d", cell, found, want);
	if (!found)
		return;
	expect_run(m, "find", &run, a, b);
	if (!run_list_find(&m->rl, page_of(m, cell) + m->unit - 1, &run))
		model_fail("find: last page of cell %u", cell);
	expect_run(m, "find", &run, a, b);
}

void model_walk(const struct model *m, u32 first, u32 last)
{
	struct run_cursor cur;
	struct run run;
	u32 i = first, b;

	for_each_run(&m->rl, &cur, &run, page_of(m, first),
		     last_page_of(m, last)) {
		while (i < m->ncells && m->cells[i].kind == PIN_HOLE)
			i++;
		if (i >= m->ncells || i > last)
			model_fail("walk: a run at page %" PRIu64 " too many",
				   run.index);
		for (b = i; b < last && continues(m, b);)
			b++;
		expect_run(m, "walk", &run, i, b);
		i = b + 1;
	}
	for (; i < m->ncells && i <= last; i++)
		if (m->cells[i].kind != PIN_HOLE)
			model_fail("walk: ends before cell %u", i);
}

void model_hole(const struct model *m, u32 first, u32 last)
{
	u64 hole_first = 0, hole_last = 0;
	u32 a = first, b;
	bool found, want;

	found = run_list_next_hole(&m->rl, page_of(m, first),
				   last_page_of(m, last), &hole_first,
				   &hole_last);
	while (a <= last && a < m->ncells && m->cells[a].kind != PIN_HOLE)
		a++;
	want = a <= last && a < m->ncells;
	if (found != want)
		model_fail("hole: %u to %u: %d, not %d", first, last, found,
			   want);
	if (!found)
		return;
	for (b = a; b < last && continues(m, b);)
		b++;
	if (hole_first != page_of(m, a) ||
	    hole_last != last_page_of(m, b))
		model_fail("hole: cells %u to %u: pages %" PRIu64 " to %" PRIu64,
			   a, b, hole_first, hole_last);
}

void model_check(const struct model *m)
{
	const char *why = run_check(&m->rl);
	u64 npinned = 0, nruns = 0;
	u32 i;

	if (why)
		model_fail("%s", why);
	for (i = 0; i < m->ncells; i++) {
		if (m->cells[i].kind == PIN_HOLE)
			continue;
		npinned += m->unit;
		nruns += !continues(m, i);
	}
	if (npinned != run_list_npinned(&m->rl) ||
	    nruns != run_list_nruns(&m->rl))
		model_fail("%" PRIu64 " pages in %" PRIu64 " runs, not %" PRIu64
			   " in %" PRIu64, run_list_npinned(&m->rl),
			   run_list_nruns(&m->rl), npinned, nruns);
	if (run_list_bytes(&m->rl) != run_alloc_state.live)
		model_fail("%zu bytes, not %zu", run_list_bytes(&m->rl),
			   run_alloc_state.live);
	model_walk(m, 0, m->ncells - 1);
}
