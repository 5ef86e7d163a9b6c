/* SPDX-License-Identifier: GPL-2.0-only */
/* scale.h - what the parts of bench_scale share: what the system says of itself */
#ifndef SELFTESTS_BENCH_SCALE_H
#define SELFTESTS_BENCH_SCALE_H

#include <linux/types.h>

/* Memory that the kernel has for itself, in bytes: slabs, vmalloc, tables. */
long kernel_memory(void);
/* Remember the sizes of all slab caches. */
void slabs_begin(void);
/* Print, a line each, those that have grown most since, and by how much. */
void slabs_print(const char *prefix);

/**
 * struct top - a run of iommutop
 * @ticks: instructions
 * @maps: mappings, as its summary says
 * @mapped: bytes
 * @pinned: bytes
 * @rows: mappings that were listed
 * @listed: their bytes
 */
struct top {
	__u64 ticks;
	__u64 maps;
	__u64 mapped;
	__u64 pinned;
	__u64 rows;
	__u64 listed;
};

/* iommutop -1 -O json -w map, and what it says. */
struct top run_iommutop(void);

#endif
