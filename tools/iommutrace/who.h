/* SPDX-License-Identifier: GPL-2.0-only */
/* What is known of a process beside its events: looked up once, remembered. */
#ifndef WHO_H
#define WHO_H

#include <stdbool.h>

#include "iommutrace.h"

#define WHO_GUEST_LEN 64
#define WHO_PATH_LEN 256

struct who {
	uint64_t start_ns;
	int32_t tgid;
	bool written; /* to the recording */
	char guest[WHO_GUEST_LEN]; /* as procinfo_guest() has it */
	char cgroup[WHO_PATH_LEN]; /* as procinfo_cgroup() */
};

/* A process, in recordings. */
struct trace_proc {
	struct trace_rec rec;
	__u64 start_ns;
	__s32 tgid;
	__u32 pad;
	char guest[WHO_GUEST_LEN];
	char cgroup[WHO_PATH_LEN];
};

/** who_recorded() - from now on only what who_learn() has told is known */
void who_recorded(void);

/** who_learn() - a process of a recording */
void who_learn(const struct trace_proc *proc);

/** who_of() - the process of an operation; never NULL, until the next call */
struct who *who_of(const struct trace_op *op);

#endif
