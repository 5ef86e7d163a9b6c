// SPDX-License-Identifier: GPL-2.0-only
/*
 * model.c - random maps and unmaps, compared with a model
 *
 * Owns: the model, an array that says for each slot of IOVAs which area is in
 * it. It knows no rule but these: an area is where nothing else is; an unmap
 * takes whole areas or does nothing; where the kernel is to choose, it finds
 * room if there is any.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>

#include "common.h"

struct model {
	const struct space *s;
	char *va;
	size_t unit;
	__u64 base;
	struct rng rng;
	unsigned int next_area;
	unsigned int area[MODEL_SLOTS];	/* 0: nothing */
};

static unsigned int slots_used(const struct model *m)
{
	unsigned int i, used = 0;

	for (i = 0; i < MODEL_SLOTS; i++)
		used += m->area[i] != 0;
	return used;
}

/* Slots that get a new area. */
static void take(struct model *m, unsigned int first, unsigned int n)
{
	unsigned int i;

	m->next_area++;
	for (i = first; i < first + n; i++)
		m->area[i] = m->next_area;
}

static bool is_free(const struct model *m, unsigned int first, unsigned int n)
{
	unsigned int i;

	for (i = first; i < first + n; i++)
		if (m->area[i])
			return false;
	return true;
}

/* IOVAs are as aligned as the length, and the memory, allow. */
static size_t alignment(const void *va, size_t length)
{
	size_t align = PAGE_SZ;

	while (align < length && !((uintptr_t)va & align))
		align *= 2;
	return align;
}

static void one_auto_map(struct model *m)
{
	unsigned int n = 1 + rng_below(&m->rng, 8), i;
	char *va = m->va + rng_below(&m->rng, MODEL_SLOTS - n + 1) * m->unit;
	size_t align = alignment(va, n * m->unit);
	int want = -ENOSPC;
	__u64 iova;

	for (i = 0; i + n <= MODEL_SLOTS; i++)
		if (!((m->base + i * m->unit) % align) && is_free(m, i, n))
			want = 0;
	CHECK_RET(iommufd_map_auto(m->s->fd, m->s->ioas, va, n * m->unit,
				   &iova, MAP_RW), want);
	if (want)
		return;
	CHECK_EQ(iova % align, 0);
	CHECK(iova >= m->base && iova <= m->base + (MODEL_SLOTS - n) * m->unit);
	i = (iova - m->base) / m->unit;
	CHECK(is_free(m, i, n));
	take(m, i, n);
}

static void one_map(struct model *m)
{
	unsigned int first = rng_below(&m->rng, MODEL_SLOTS);
	unsigned int n = 1 + rng_below(&m->rng, 8);
	int want = 0;

	if (n > MODEL_SLOTS - first)
		n = MODEL_SLOTS - first;
	if (!is_free(m, first, n))
		want = -EEXIST;
	CHECK_RET(iommufd_map_fixed(m->s->fd, m->s->ioas,
				    m->va + first * m->unit, n * m->unit,
				    m->base + first * m->unit, MAP_RW), want);
	if (!want)
		take(m, first, n);
}

/* Is the border in front of slot @i inside an area? */
static bool cuts(const struct model *m, unsigned int i)
{
	return i > 0 && i < MODEL_SLOTS && m->area[i] &&
	       m->area[i - 1] == m->area[i];
}

static void one_unmap(struct model *m)
{
	unsigned int first = rng_below(&m->rng, MODEL_SLOTS);
	unsigned int n = 1 + rng_below(&m->rng, 16), i, used = 0;
	__u64 done = 0;
	int want = 0;

	if (n > MODEL_SLOTS - first)
		n = MODEL_SLOTS - first;
	for (i = first; i < first + n; i++)
		used += m->area[i] != 0;
	if (!used || cuts(m, first) || cuts(m, first + n))
		want = -ENOENT;
	CHECK_RET(iommufd_unmap(m->s->fd, m->s->ioas,
				m->base + first * m->unit, n * m->unit, &done),
		  want);
	if (want)
		return;
	CHECK_EQ(done, used * m->unit);
	for (i = first; i < first + n; i++)
		m->area[i] = 0;
}

static void unmap_all(struct model *m)
{
	__u64 done = 0;

	CHECK_OK(iommufd_unmap(m->s->fd, m->s->ioas, 0, ~0ULL, &done));
	CHECK_EQ(done, slots_used(m) * m->unit);
	memset(m->area, 0, sizeof(m->area));
}

void model_run(const struct space *s, char *va, size_t unit, __u64 base,
	       unsigned int ops, bool pinned)
{
	struct model m = {
		.s = s,
		.va = va,
		.unit = unit,
		.base = base,
		.rng = { pattern_seed() },
	};
	unsigned int i, what;

	test_note("seed %#llx", m.rng.state);
	if (unit == PAGE_SZ)
		CHECK_OK(iommufd_allow(s->fd, s->ioas, base,
				       base + MODEL_SLOTS * unit - 1));
	for (i = 0; i < ops; i++) {
		what = rng_below(&m.rng, 100);
		if (what < 25 && unit == PAGE_SZ)
			one_auto_map(&m);
		else if (what < 55)
			one_map(&m);
		else if (what < 99)
			one_unmap(&m);
		else
			unmap_all(&m);
		if (pinned && i % 8 == 0)
			CHECK_EQ(proc_status_bytes("VmPin"),
				 slots_used(&m) * unit);
	}
	unmap_all(&m);
	if (pinned)
		CHECK_EQ(proc_status_bytes("VmPin"), 0);
}
