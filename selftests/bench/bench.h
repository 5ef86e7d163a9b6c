/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * bench.h - what the parts of the benchmark share
 *
 * A case sets up a rig, does what is measured several times, and hands each
 * result to sample(). What comes of it is printed by report(): the least of
 * each kind counts, because what disturbs only ever adds.
 */
#ifndef SELFTESTS_BENCH_BENCH_H
#define SELFTESTS_BENCH_BENCH_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* Whose iommufd.ko is loaded: the peer has no IOMMU_IOAS_MAP_FILE. */
extern bool is_peer;

/* The VM's time-stamp counter goes up by one with each instruction. */
static inline __u64 ticks(void)
{
	return __builtin_ia32_rdtsc();
}

/* --- util.c --- */

void __attribute__((noreturn, format(printf, 1, 2))) die(const char *fmt, ...);
/* 0 or more, or it ends here; @what in words. */
long must(long ret, const char *what);
/* Let what was put off until later be done, and not while we measure. */
void settle(void);

/* --- results: main.c --- */

enum { SAMPLES_MAX = 512 };

/**
 * struct result - an operation of a case
 * @op: its name
 * @unit: of what there are @count in one sample: "page", "call", "area"
 */
struct result {
	const char *op;
	const char *unit;
	__u64 count;
	__u64 samples[SAMPLES_MAX];
	unsigned int nr;
};

void sample(struct result *result, __u64 count, __u64 ticks);

/* --- memory: backing.c --- */

/**
 * struct backing - memory of one kind
 * @va: where it is mapped, and touched
 * @bytes: how much: whole huge pages
 * @unique: of these are different, then they repeat
 * @fd: its file, or -1
 */
struct backing {
	char *va;
	size_t bytes;
	size_t unique;
	int fd;
};

enum backing_kind {
	SCATTERED,	/* single pages, hardly two of them neighbours */
	CONTIGUOUS,	/* single pages of shmem, in order */
	THP,
	HUGETLB_2M,
	HUGETLB_1G,
	/* A little memory in a file, mapped again and again: how much there is
	 * of it is all the same to what walks page tables.
	 */
	REPEATED_4K,	/* scattered */
	REPEATED_2M,	/* huge pages, hardly two of them neighbours */
};

/* At least @bytes. */
void backing_alloc(struct backing *mem, enum backing_kind kind, size_t bytes);
void backing_free(struct backing *mem);
/* The physical address of each page; free(). */
__u64 *backing_phys(const struct backing *mem);

/* --- the devices and their IOASes: rig.c --- */

/**
 * struct rig - a context with two IOASes, each with a device attached
 * @fd: of /dev/iommu
 * @bench: of the benchmark's module
 * @ioas: the IOASes
 * @dev: the devices' ids in the context
 */
struct rig {
	int fd;
	int bench;
	__u32 ioas[2];
	__u32 dev[2];
};

void rig_open(struct rig *rig);
void rig_close(struct rig *rig);
void rig_attach(struct rig *rig, unsigned int device, __u32 pt_id);
void rig_detach(struct rig *rig, unsigned int device);
/*
 * Does the device reach the memory at @iova? Looks at @n random pages, and at
 * the first and the last.
 */
void rig_check_phys(struct rig *rig, unsigned int device, __u64 iova,
		    const __u64 *phys, size_t npages, unsigned int n);
/* Or is nothing there? */
void rig_check_empty(struct rig *rig, unsigned int device, __u64 iova);
/* Is nothing pinned or charged that was not when the program began? */
void check_start(void);
void check_nothing_is_left(const char *where);

/* --- cases --- */

/* Cases that run together: bench -s. */
enum bench_set {
	TABLE,
	CURVES,		/* each with many sizes */
	PARALLEL,	/* several threads; samples are nanoseconds */
};

/**
 * struct bench_case - a row of the table
 * @name: the first column
 * @run: what does it
 * @kind: of the memory, where it matters
 * @bytes: how much one call maps; of areas, all of them, a page each
 * @by_file: we map it by IOMMU_IOAS_MAP_FILE, the peer by address
 * @results: filled in by @run; ends with one without a name
 * @set: what it is run with
 * @step: of a curve: from a page to @bytes, each so many times the one before
 * @shared: all threads use one IOAS, rather than one each
 */
struct bench_case {
	const char *name;
	void (*run)(struct bench_case *c);
	enum backing_kind kind;
	size_t bytes;
	bool by_file;
	struct result *results;
	enum bench_set set;
	unsigned int step;
	bool shared;
};

extern unsigned int rounds;

void run_bulk(struct bench_case *c);	/* bulk.c */
void run_small(struct bench_case *c);	/* small.c */
void run_areas(struct bench_case *c);
void run_access(struct bench_case *c);	/* access.c */
void run_rw(struct bench_case *c);
void run_parallel(struct bench_case *c);	/* parallel.c */
void run_no_iommu(struct bench_case *c);

extern struct result bulk_results[], small_results[], areas_results[],
	access_results[], rw_results[], parallel_results[];

#endif
