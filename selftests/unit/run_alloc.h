/* SPDX-License-Identifier: GPL-2.0-only */
/* The allocator under the run list in userspace, as tests see it. */
#ifndef RUN_ALLOC_H
#define RUN_ALLOC_H

#include <stddef.h>

struct run_alloc_state {
	unsigned long calls; /* how often memory was asked for */
	unsigned long must_calls; /* of these, those that may not fail */
	unsigned long refused;
	long fail_at; /* refuse this call, counted from 1, and ... */
	long fail_count; /* ... this many in all; -1: all that follow */
	size_t live; /* bytes in use */
	size_t blocks; /* allocations in use */
};

extern struct run_alloc_state run_alloc_state;

/* Refuses @count calls (-1: all) from the @nth from now on, counted from 1. */
void run_alloc_fail(long nth, long count);
void run_alloc_ok(void);

#endif
