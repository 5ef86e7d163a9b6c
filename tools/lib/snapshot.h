/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A snapshot: everything that the walks found, joined with the counters and
 * added up per process and per user. Whole and independent of the next.
 *
 * Its arrays refer to one another by index, so that it can be written to a
 * file and read again as it is.
 */
#ifndef SNAPSHOT_H
#define SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared.h"

#define PAGE_BYTES 4096ULL
/* Cookies of type1 containers: this, and the number by which they are shown. */
#define TYPE1_COOKIE (1ULL << 48)
#define SNAP_GUEST_LEN 64
#define SNAP_PATH_LEN 256

enum snap_mode { SNAP_MODE_UNKNOWN, SNAP_MODE_USER, SNAP_MODE_MM };

struct snap_ctx {
	struct top_ctx v;
	enum top_source source;
	enum snap_mode mode; /* against whose limit it counts */
	size_t proc; /* index into procs; SIZE_MAX if not asked for */
	uint64_t maps; /* counters, for the rates of the next snapshot */
	uint64_t unmaps;
};

struct snap_device {
	struct top_device v;
	size_t ctx;
};

struct snap_hwpt {
	struct top_hwpt v;
	size_t ctx;
	double dirty_rate; /* pages a second; < 0: not known */
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
	bool known; /* the kernel was asked, and facts holds its answer */
	bool wanted;
	unsigned int sources; /* bits of enum top_source */
	unsigned int modes; /* bits of enum snap_mode */
	struct top_task facts;
	char comm[TOP_COMM_LEN];
	char guest[SNAP_GUEST_LEN];
	char cgroup[SNAP_PATH_LEN];
	char command[256];
	char devices[256]; /* BDFs, with commas */
	unsigned int nr_ctxs;
	unsigned int nr_ioas;
	unsigned int nr_devices;
	unsigned int nr_dirty; /* IOASes with dirty tracking; UINT_MAX: not known */
	uint64_t nr_areas;
	uint64_t mapped_bytes;
	uint64_t pinned_bytes;
	uint64_t entries_left; /* the least of its containers, or TOP_UNKNOWN */
	double map_rate; /* a second; < 0: not known yet */
	double unmap_rate;
	struct top_stats stats; /* all zero without counters */
};

struct snap_user {
	uint32_t uid;
	bool known; /* the next four are */
	bool exempt; /* one of its processes has CAP_IPC_LOCK */
	uint64_t charged_bytes;
	uint64_t locked_bytes; /* VmLck of its processes: what type1 charges */
	uint64_t limit_bytes; /* the lowest; TOP_UNKNOWN: none */
	unsigned int nr_procs;
	unsigned int nr_ioas;
	uint64_t nr_areas;
	uint64_t mapped_bytes;
	uint64_t pinned_bytes;
};

struct snap_policy {
	char name[TOP_POLICY_LEN];
	char scope[SNAP_PATH_LEN]; /* "": not known */
	bool ended; /* it is attached no more */
	char message[TOP_REASON_LEN]; /* why; "" while it is */
	uint64_t calls; /* TOP_UNKNOWN: not known; likewise: */
	uint64_t allowed;
	uint64_t refused;
	uint64_t ns_per_call;
	struct top_denials last; /* boot_ns 0: none since iommutop began */
};

struct snap_lat {
	uint32_t lat; /* enum top_lat */
	uint32_t pad;
	struct top_hist hist;
};

struct snap {
	uint64_t real_ns;
	uint64_t mono_ns;
	uint64_t boot_ns;
	struct snap_ctx *ctxs; /* by source, then by cookie */
	size_t nr_ctxs, max_ctxs;
	struct snap_device *devices;
	size_t nr_devices, max_devices;
	struct snap_hwpt *hwpts;
	size_t nr_hwpts, max_hwpts;
	struct snap_ioas *ioases;
	size_t nr_ioases, max_ioases;
	struct snap_area *areas; /* empty unless asked for */
	size_t nr_areas, max_areas;
	struct snap_proc *procs;
	size_t nr_procs, max_procs;
	struct snap_user *users;
	size_t nr_users, max_users;
	struct snap_policy *policies;
	size_t nr_policies, max_policies;
	struct snap_lat *lats; /* of the processes that are asked for */
	size_t nr_lats, max_lats;
	/* Of the whole host, whatever was asked for. */
	bool sources[TOP_NR_SOURCES]; /* which were read */
	bool has_hwpts; /* the source tells of them */
	bool has_faults; /* likewise */
	bool counting; /* the counters are attached */
	bool torn; /* a container changed all the while it was walked */
	bool accumulated; /* counts since the beginning in place of rates */
	uint64_t total_maps;
	uint64_t total_mapped_bytes;
	uint64_t total_pinned_bytes;
	uint64_t total_limit_bytes; /* the lowest that binds; TOP_UNKNOWN */
	struct top_stats total;
	double map_rate;
	double unmap_rate;
	uint64_t nr_uncounted;
	uint64_t nr_lost; /* events that no program saw */
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

/* An element more of one of a snapshot's arrays: SNAP_ADD(snap, ctxs). */
#define SNAP_ADD(s, what)                                                        \
	((__typeof__((s)->what))snap_add(&(s)->what, &(s)->nr_##what,            \
					 &(s)->max_##what, sizeof(*(s)->what)))

/** snap_free() - free what a snapshot holds and zero it */
void snap_free(struct snap *snap);

/** snap_find_ctx() - a context by source and cookie, or NULL */
struct snap_ctx *snap_find_ctx(struct snap_ctx *ctxs, size_t nr, enum top_source source,
			       uint64_t cookie);

/** snap_proc_of() - the process to which an area belongs */
const struct snap_proc *snap_proc_of(const struct snap *snap, const struct snap_area *area);

/** snap_add_stats() - add counters to counters */
void snap_add_stats(struct top_stats *to, const struct top_stats *from);

/** snap_hist_count() - operations in a histogram */
uint64_t snap_hist_count(const struct top_hist *hist);

/**
 * snap_quantile() - the duration that a share of the operations stayed below
 * @hist: the histogram
 * @q: the share, 0 to 1
 *
 * Return: nanoseconds, at most 6% off; 0 if the histogram is empty.
 */
uint64_t snap_quantile(const struct top_hist *hist, double q);

/** snap_octave() - operations that took from 2^@shift ns to twice as long */
uint64_t snap_octave(const struct top_hist *hist, unsigned int shift);

/** snap_hist_ns() - the sum of all durations, at most 6% off */
double snap_hist_ns(const struct top_hist *hist);

/** snap_lat_name() - enum top_lat: "map", "map pin", … */
const char *snap_lat_name(unsigned int lat);

#endif
