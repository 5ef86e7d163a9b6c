/* SPDX-License-Identifier: GPL-2.0-only */
/* Where operations go: lines, sums, a recording; and when that is enough. */
#ifndef SINK_H
#define SINK_H

#include "file.h"
#include "options.h"
#include "print.h"
#include "sum.h"

struct sink {
	const struct env *env;
	struct printer printer;
	struct file_out *file; /* FORMAT_BIN */
	struct sums ops; /* -c */
	struct sums hist; /* -H, by whatever it is */
	uint64_t nr; /* operations, for --count */
	uint64_t nr_lost;
	bool stop; /* enough, or nobody reads any more */
	bool closed; /* the latter */
	int exit_code; /* if not TOOL_OK, why it stopped */
};

/**
 * sink_open() - open the output
 * @real_offset_ns: CLOCK_REALTIME - CLOCK_MONOTONIC; 0: sink->printer's is set
 *	later
 *
 * Return: 0, or the exit code after a message.
 */
int sink_open(struct sink *sink, const struct env *env, uint64_t real_offset_ns);

/** sink_op() - an operation that is wanted */
void sink_op(struct sink *sink, const struct op *op);

/** sink_lost() - operations that are missing here */
void sink_lost(struct sink *sink, uint64_t count, uint32_t cpu, uint64_t mono_ns);

/** sink_flush() - show what there is by now */
void sink_flush(struct sink *sink);

/**
 * sink_close() - the sums, and the end
 * @mono_ns: when it ended
 *
 * Return: the exit code.
 */
int sink_close(struct sink *sink, uint64_t mono_ns);

#endif
