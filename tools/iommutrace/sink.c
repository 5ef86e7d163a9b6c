// SPDX-License-Identifier: GPL-2.0-only
/* Where operations go. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "fmt.h"
#include "sink.h"
#include "tool.h"

int sink_open(struct sink *sink, const struct env *env, uint64_t real_offset_ns)
{
	sink->env = env;
	sink->hist.by = env->hist;
	sink->printer.env = env;
	sink->printer.out = stdout;
	sink->printer.real_offset_ns = real_offset_ns;
	if (env->format == FORMAT_BIN) {
		sink->file = file_create(env->output, real_offset_ns, env->filters.sample);
		return sink->file ? 0 : TOOL_RUNTIME;
	}
	if (!env->output)
		return 0;
	sink->printer.out = fopen(env->output, "we");
	if (sink->printer.out)
		return 0;
	complain("cannot write '%s': %s", env->output, strerror(errno));
	return TOOL_RUNTIME;
}

/* What a write came to: < 0: it failed, after a message; > 0: nobody reads. */
static void wrote(struct sink *sink, int rc)
{
	if (rc < 0)
		sink->exit_code = TOOL_RUNTIME;
	if (rc > 0)
		sink->closed = true;
	if (rc)
		sink->stop = true;
}

static void failed(struct sink *sink, const char *what, int err)
{
	complain("cannot %s: %s", what, strerror(-err));
	wrote(sink, -1);
}

void sink_op(struct sink *sink, const struct op *op)
{
	const struct env *env = sink->env;
	bool state = op->head.rec.flags & TRACE_F_STATE;
	int rc = 0;

	if (sink->file)
		wrote(sink, file_op(sink->file, op));
	else if (env->lines)
		rc = print_op(&sink->printer, op);
	if (state)
		return;
	if (!rc && env->summary)
		rc = sums_add(&sink->ops, op);
	if (!rc && env->hist)
		rc = sums_add(&sink->hist, op);
	if (rc)
		failed(sink, "print", rc);
	sink->nr++;
	if (env->count && sink->nr >= (uint64_t)env->count)
		sink->stop = true;
}

void sink_lost(struct sink *sink, uint64_t count, uint32_t cpu, uint64_t mono_ns)
{
	int rc;

	sink->nr_lost += count;
	if (sink->file) {
		wrote(sink, file_lost(sink->file, count, cpu, mono_ns));
		return;
	}
	rc = print_lost(&sink->printer, count, cpu, mono_ns);
	if (rc)
		failed(sink, "print", rc);
}

void sink_flush(struct sink *sink)
{
	wrote(sink, sink->file ? file_tick(sink->file) : tool_flush(sink->printer.out));
}

static void print_sums(struct sink *sink, uint64_t mono_ns)
{
	const struct env *env = sink->env;
	uint64_t real_ns = mono_ns + sink->printer.real_offset_ns;
	FILE *out = sink->printer.out;
	int rc = 0;

	if (env->summary)
		rc = sums_print(&sink->ops, env->format, real_ns, mono_ns, out);
	if (!rc && env->hist)
		rc = sums_print_hist(&sink->hist, env->format, real_ns, mono_ns, out);
	if (rc)
		failed(sink, "print", rc);
	if (env->filters.sample > 1 && (env->summary || env->hist) && env->format == FORMAT_TEXT)
		fprintf(out, "one operation of %" PRIu64 "\n", env->filters.sample);
}

int sink_close(struct sink *sink, uint64_t mono_ns)
{
	if (sink->file) {
		wrote(sink, file_end(sink->file));
	} else {
		print_sums(sink, mono_ns);
		wrote(sink, tool_flush(sink->printer.out));
		if (sink->env->output && fclose(sink->printer.out) && !sink->exit_code)
			failed(sink, "write the output", -errno);
	}
	sums_free(&sink->ops);
	sums_free(&sink->hist);
	if (!sink->nr_lost || sink->exit_code || sink->closed)
		return sink->exit_code;
	if (!sink->env->input)
		complain("%" PRIu64 " events were lost; ask for fewer (-e, -p…), give a larger buffer (-m), or record them (iommutrace record)",
			 sink->nr_lost);
	return sink->env->strict ? TOOL_LOSS : TOOL_OK;
}
