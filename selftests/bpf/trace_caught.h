/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * trace_caught.h - the events that the tests have caught
 */
#ifndef SELFTESTS_BPF_TRACE_CAUGHT_H
#define SELFTESTS_BPF_TRACE_CAUGHT_H

#include <linux/types.h>

#include "iommufd_bpf_abi.h"
#include "test.h"
#include "trace_events.h"
#include "trace_catch.skel.h"

/* The events, shared by all processes; attached. */
extern struct trace_catch *caught;

extern const struct test_table trace_policy_table;

/* Forget what came so far. */
void forget(void);

/* How many came of an event. */
#define GOT(event) (__atomic_load_n(&caught->bss->got_##event.nr, __ATOMIC_ACQUIRE))

/* The nth of an event; it must have come. */
#define NTH(event, n) \
	({ \
		if ((n) >= KEPT || GOT(event) <= (n)) \
			FAIL(#event ": %u came", GOT(event)); \
		&caught->bss->got_##event.ev[n]; \
	})

/* The only one since forget(). */
#define ONLY(event) \
	({ \
		if (GOT(event) != 1) \
			FAIL(#event ": %u came, not 1", GOT(event)); \
		&caught->bss->got_##event.ev[0]; \
	})

/* The cookie of a new context, which was opened since forget(). */
__u64 ctx_cookie(void);

#endif
