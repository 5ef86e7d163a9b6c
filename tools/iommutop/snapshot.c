// SPDX-License-Identifier: GPL-2.0-only
/* A snapshot's memory, look-ups and quantiles. */
#include <stdlib.h>
#include <string.h>

#include "snapshot.h"

void *snap_add(void *array, size_t *nr, size_t *max, size_t size)
{
	void **at = array;
	size_t want;
	void *bigger;

	if (*nr == *max) {
		want = *max ? 2 * *max : 64;
		bigger = reallocarray(*at, want, size);
		if (!bigger)
			return NULL;
		*at = bigger;
		*max = want;
	}
	bigger = (char *)*at + (*nr)++ * size;
	memset(bigger, 0, size);
	return bigger;
}

void snap_free(struct snap *snap)
{
	free(snap->ctxs);
	free(snap->devices);
	free(snap->ioases);
	free(snap->areas);
	free(snap->procs);
	memset(snap, 0, sizeof(*snap));
}

static int cmp_ctx(const void *key, const void *elem)
{
	const uint64_t *cookie = key;
	const struct snap_ctx *ctx = elem;

	return (*cookie > ctx->v.cookie) - (*cookie < ctx->v.cookie);
}

struct snap_ctx *snap_find_ctx(struct snap_ctx *ctxs, size_t nr, uint64_t cookie)
{
	if (!nr)
		return NULL;
	return bsearch(&cookie, ctxs, nr, sizeof(*ctxs), cmp_ctx);
}

const struct snap_proc *snap_proc_of(const struct snap *snap, const struct snap_area *area)
{
	return &snap->procs[snap->ctxs[snap->ioases[area->ioas].ctx].proc];
}

static uint64_t slot_middle(unsigned int slot)
{
	unsigned int shift = (slot >> TOP_HIST_SUB_SHIFT) + TOP_HIST_MIN_SHIFT;
	uint64_t sub = slot & ((1 << TOP_HIST_SUB_SHIFT) - 1);
	uint64_t width = 1ULL << (shift - TOP_HIST_SUB_SHIFT);

	return (1ULL << shift) + sub * width + width / 2;
}

uint64_t snap_quantile(const struct top_hist *hist, double q)
{
	uint64_t all = 0, seen = 0;
	unsigned int i;

	for (i = 0; i < TOP_HIST_SLOTS; i++)
		all += hist->slots[i];
	for (i = 0; i < TOP_HIST_SLOTS; i++) {
		seen += hist->slots[i];
		if (seen && seen >= q * all)
			return slot_middle(i);
	}
	return 0;
}
