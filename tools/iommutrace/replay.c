// SPDX-License-Identifier: GPL-2.0-only
/* --input: the recording's operations through the same filters to the same sink. */
#include <errno.h>

#include "file.h"
#include "replay.h"
#include "sink.h"
#include "tool.h"

struct replay {
	const struct env *env;
	struct sink sink;
	uint64_t nr_sampled;
	uint64_t last_ns;
};

static int on_header(void *ctx, const struct trace_header *header)
{
	struct replay *r = ctx;

	r->sink.printer.real_offset_ns = header->real_offset_ns;
	r->last_ns = header->mono_ns;
	return 0;
}

static int on_op(void *ctx, const struct op *op)
{
	struct replay *r = ctx;
	const struct env *env = r->env;
	bool state = op->head.rec.flags & TRACE_F_STATE;

	r->last_ns = op->head.mono_ns;
	if (state && !env->state)
		return 0;
	if (!(state ? filters_ok_state : filters_ok)(&env->filters, op))
		return 0;
	if (!state && env->filters.sample > 1 && r->nr_sampled++ % env->filters.sample)
		return 0;
	sink_op(&r->sink, op);
	return r->sink.stop ? -ECANCELED : 0;
}

static int on_lost(void *ctx, const struct trace_lost *lost)
{
	struct replay *r = ctx;

	r->last_ns = lost->mono_ns;
	sink_lost(&r->sink, lost->count, lost->cpu, lost->mono_ns);
	return r->sink.stop ? -ECANCELED : 0;
}

int replay(const struct env *env)
{
	static const struct file_reader reader = {
		.header = on_header, .op = on_op, .lost = on_lost,
	};
	struct replay r = { .env = env };
	int rc, closed;

	rc = sink_open(&r.sink, env, 0);
	if (rc)
		return rc;
	rc = file_play(env->input, &reader, &r);
	closed = sink_close(&r.sink, r.last_ns);
	return rc ? rc : closed;
}
