// SPDX-License-Identifier: GPL-2.0-only
/*
 * The allocator under the run list in userspace: malloc(), counted, and
 * refused when a test says so. A call that may not fail is never refused, as
 * the kernel never does with __GFP_NOFAIL.
 */
#include <stdio.h>
#include <stdlib.h>

#include "run_alloc.h"
#include "run_list_user.h"

struct run_alloc_state run_alloc_state;

/* In front of each allocation; keeps malloc's alignment. */
union header {
	size_t size;
	max_align_t align;
};

void run_alloc_fail(long nth, long count)
{
	run_alloc_state.calls = 0;
	run_alloc_state.must_calls = 0;
	run_alloc_state.refused = 0;
	run_alloc_state.fail_at = nth;
	run_alloc_state.fail_count = count;
}

void run_alloc_ok(void)
{
	run_alloc_fail(0, 0);
}

static bool refuse(void)
{
	struct run_alloc_state *st = &run_alloc_state;

	if (!st->fail_at || (long)st->calls < st->fail_at)
		return false;
	return st->fail_count < 0 ||
	       (long)st->calls - st->fail_at < st->fail_count;
}

void *run_alloc(size_t size, bool must)
{
	struct run_alloc_state *st = &run_alloc_state;
	union header *h;

	if (must) {
		st->must_calls++;
	} else {
		st->calls++;
		if (refuse()) {
			st->refused++;
			return NULL;
		}
	}
	h = malloc(sizeof(*h) + size);
	if (!h) {
		fprintf(stderr, "out of memory: %zu bytes\n", size);
		exit(2);
	}
	h->size = size;
	/* Memory that is read before it is written should not look empty. */
	memset(h + 1, 0xa5, size < 4096 ? size : 4096);
	st->live += size;
	st->blocks++;
	return h + 1;
}

void run_free(void *p)
{
	union header *h = p;

	if (!p)
		return;
	h--;
	run_alloc_state.live -= h->size;
	run_alloc_state.blocks--;
	memset(p, 0x5a, h->size < 4096 ? h->size : 4096);
	free(h);
}
