// SPDX-License-Identifier: GPL-2.0-only
/* A snapshot's memory, look-ups, sums and quantiles. */
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
	free(snap->hwpts);
	free(snap->ioases);
	free(snap->areas);
	free(snap->procs);
	free(snap->users);
	free(snap->policies);
	free(snap->lats);
	memset(snap, 0, sizeof(*snap));
}

struct snap_ctx *snap_find_ctx(struct snap_ctx *ctxs, size_t nr, enum top_source source,
			       uint64_t cookie)
{
	size_t i, lo = 0, hi = nr;

	/* Our module's come first, by rising cookie. */
	while (source == TOP_IOMMUFD && lo < hi) {
		i = lo + (hi - lo) / 2;
		if (ctxs[i].source == source && ctxs[i].v.cookie == cookie)
			return &ctxs[i];
		if (ctxs[i].source == source && ctxs[i].v.cookie < cookie)
			lo = i + 1;
		else
			hi = i;
	}
	for (i = 0; source != TOP_IOMMUFD && i < nr; i++) {
		if (ctxs[i].source == source && ctxs[i].v.cookie == cookie)
			return &ctxs[i];
	}
	return NULL;
}

const struct snap_proc *snap_proc_of(const struct snap *snap, const struct snap_area *area)
{
	return &snap->procs[snap->ctxs[snap->ioases[area->ioas].ctx].proc];
}

void snap_add_stats(struct top_stats *to, const struct top_stats *from)
{
	unsigned int i, l;

	to->maps += from->maps;
	to->map_bytes += from->map_bytes;
	to->unmaps += from->unmaps;
	to->unmap_bytes += from->unmap_bytes;
	to->attaches += from->attaches;
	to->detaches += from->detaches;
	to->errors += from->errors;
	to->denies += from->denies;
	to->limits += from->limits;
	to->faults += from->faults;
	for (l = 0; l < TOP_NR_LATS; l++) {
		for (i = 0; i < TOP_HIST_SLOTS; i++)
			to->lat[l].slots[i] += from->lat[l].slots[i];
	}
}

static uint64_t slot_middle(unsigned int slot)
{
	unsigned int shift = (slot >> TOP_HIST_SUB_SHIFT) + TOP_HIST_MIN_SHIFT;
	uint64_t sub = slot & ((1 << TOP_HIST_SUB_SHIFT) - 1);
	uint64_t width = 1ULL << (shift - TOP_HIST_SUB_SHIFT);

	return (1ULL << shift) + sub * width + width / 2;
}

uint64_t snap_hist_count(const struct top_hist *hist)
{
	uint64_t all = 0;
	unsigned int i;

	for (i = 0; i < TOP_HIST_SLOTS; i++)
		all += hist->slots[i];
	return all;
}

uint64_t snap_quantile(const struct top_hist *hist, double q)
{
	uint64_t all = snap_hist_count(hist), seen = 0;
	unsigned int i;

	for (i = 0; i < TOP_HIST_SLOTS; i++) {
		seen += hist->slots[i];
		if (seen && seen >= q * all)
			return slot_middle(i);
	}
	return 0;
}

uint64_t snap_octave(const struct top_hist *hist, unsigned int shift)
{
	unsigned int i, first = (shift - TOP_HIST_MIN_SHIFT) << TOP_HIST_SUB_SHIFT;
	uint64_t nr = 0;

	for (i = first; i < first + (1 << TOP_HIST_SUB_SHIFT) && i < TOP_HIST_SLOTS; i++)
		nr += hist->slots[i];
	return nr;
}

double snap_hist_ns(const struct top_hist *hist)
{
	double sum = 0;
	unsigned int i;

	for (i = 0; i < TOP_HIST_SLOTS; i++)
		sum += (double)hist->slots[i] * slot_middle(i);
	return sum;
}

const char *snap_lat_name(unsigned int lat)
{
	static const char * const names[TOP_NR_LATS] = {
		"map", "map pin", "map fill", "map account", "map policy",
		"unmap", "unmap clear", "unmap unpin", "attach",
	};

	return lat < TOP_NR_LATS ? names[lat] : "?";
}
