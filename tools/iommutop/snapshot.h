/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A snapshot: everything that one walk found, joined with the counters and
 * added up per process. Whole and independent of the next.
 */
#ifndef SNAPSHOT_H
#define SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "iommutop.h"

#define PAGE_BYTES 4096ULL

struct snap_ctx {
	struct top_ctx v;
	size_t proc; /* index into procs; SIZE_MAX if not asked for */
	uint64_t maps; /* counters, for the rates of the next snapshot */
	uint64_t unmaps;
};

struct snap_device {
	struct top_device v;
	size_t ctx;
};

struct snap_ioas {
	struct top_ioas v;
	size_t ctx;
};

struct snap_area {
	struct top_area v;
	size_t ioas;
};

struct snap_proc {
	int32_t tgid;
	uint32_t uid;
	bool alive; /* /proc/TGID is still the process that opened it */
	char comm[TOP_COMM_LEN];
	char command[256];
	char devices[256]; /* BDFs, with commas */
	unsigned int nr_ctxs;
	unsigned int nr_ioas;
	unsigned int nr_devices;
	uint64_t nr_areas;
	uint64_t mapped_bytes;
	uint64_t pinned_bytes;
	double map_rate; /* a second; < 0: not known yet */
	double unmap_rate;
	struct top_stats stats; /* all zero without counters */
};

struct snap {
	uint64_t real_ns;
	uint64_t mono_ns;
	uint64_t boot_ns;
	struct snap_ctx *ctxs; /* by cookie */
	size_t nr_ctxs, max_ctxs;
	struct snap_device *devices;
	size_t nr_devices, max_devices;
	struct snap_ioas *ioases;
	size_t nr_ioases, max_ioases;
	struct snap_area *areas; /* empty unless asked for */
	size_t nr_areas, max_areas;
	struct snap_proc *procs;
	size_t nr_procs, max_procs;
	/* Of the whole host, whatever was asked for. */
	uint64_t total_maps;
	uint64_t total_mapped_bytes;
	uint64_t total_pinned_bytes;
	struct top_stats total;
	double map_rate;
	double unmap_rate;
	bool counting; /* the counters are attached */
	uint64_t nr_uncounted;
	uint64_t nr_refusals;
	struct top_refusal last_refusal; /* if nr_refusals */
};

/**
 * snap_add() - make room for one more element of an array
 * @array: the array; may be moved
 * @nr: elements in use, made one more
 * @max: elements allocated
 * @size: of an element
 *
 * Return: the new element, zeroed, or NULL without memory.
 */
void *snap_add(void *array, size_t *nr, size_t *max, size_t size);

/** snap_free() - free what a snapshot holds and zero it */
void snap_free(struct snap *snap);

/** snap_find_ctx() - a context by cookie among @nr in that order, or NULL */
struct snap_ctx *snap_find_ctx(struct snap_ctx *ctxs, size_t nr, uint64_t cookie);

/** snap_proc_of() - the process to which an area belongs */
const struct snap_proc *snap_proc_of(const struct snap *snap, const struct snap_area *area);

/**
 * snap_quantile() - the duration that a share of the operations stayed below
 * @hist: the histogram
 * @q: the share, 0 to 1
 *
 * Return: nanoseconds, at most 6% off; 0 if the histogram is empty.
 */
uint64_t snap_quantile(const struct top_hist *hist, double q);

#endif
