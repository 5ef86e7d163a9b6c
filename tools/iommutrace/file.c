// SPDX-License-Identifier: GPL-2.0-only
/* Recordings, written. */
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "file.h"
#include "file_magic.h"
#include "fmt.h"
#include "frames.h"
#include "stack.h"
#include "tool.h"

/* A frame has as much as this, or as much as came in this time. */
#define FRAME_BYTES (256 << 10)
#define FRAME_NS 1000000000ULL
/* Fast: the reader has the time that the traced have not. */
#define LEVEL -3

struct file_out {
	struct frames_out *frames;
	size_t used;
	uint64_t since_ns; /* when the first record was put into buf */
	uint32_t nr_symbols; /* written */
	char buf[FRAME_BYTES + 8192];
};

static int write_out(struct file_out *out)
{
	int rc = out->used ? frames_put(out->frames, out->buf, out->used) : 0;

	out->used = 0;
	return rc;
}

static void *room(struct file_out *out, size_t size)
{
	void *at = out->buf + out->used;

	if (!out->used)
		out->since_ns = clock_mono_ns();
	out->used += size;
	memset(at, 0, size);
	return at;
}

/* One record of a fixed size, zeroed but for its head. */
static void *new_rec(struct file_out *out, unsigned int kind, size_t size)
{
	struct trace_rec *rec = room(out, size);

	rec->kind = kind;
	rec->size = size;
	return rec;
}

#define NEW_REC(out, kind, type) ((type *)new_rec(out, kind, sizeof(type)))

static int write_full(struct file_out *out)
{
	return out->used < FRAME_BYTES ? 0 : write_out(out);
}

struct file_out *file_create(const char *path, uint64_t real_offset_ns, uint64_t sample)
{
	struct file_out *out = calloc(1, sizeof(*out));
	struct trace_header *header;
	struct utsname uts;

	if (!out) {
		complain("out of memory");
		return NULL;
	}
	out->frames = frames_create(path, FILE_MAGIC, LEVEL);
	if (!out->frames) {
		free(out);
		return NULL;
	}
	header = NEW_REC(out, TRACE_REC_HEADER, struct trace_header);
	header->version = FILE_VERSION;
	header->real_offset_ns = real_offset_ns;
	header->mono_ns = clock_mono_ns();
	header->sample = sample;
	snprintf(header->tool, sizeof(header->tool), TOOL_VERSION);
	if (!uname(&uts))
		snprintf(header->kernel, sizeof(header->kernel), "%.64s", uts.release);
	return out;
}

static void put_proc(struct file_out *out, const struct op *op)
{
	struct trace_proc *proc = NEW_REC(out, TRACE_REC_PROC, struct trace_proc);

	proc->start_ns = op->head.start_ns;
	proc->tgid = op->head.tgid;
	memcpy(proc->guest, op->who->guest, sizeof(proc->guest));
	memcpy(proc->cgroup, op->who->cgroup, sizeof(proc->cgroup));
	who_of(&op->head)->written = true;
}

static void fill_to(struct trace_to *to, const struct op *op)
{
	to->mono_ns = op->head.mono_ns;
	to->tid = op->head.tid;
}

static void put_frames(struct file_out *out, const struct op *op)
{
	struct trace_symbol *symbol;
	struct trace_frames *frames;
	unsigned int i;

	for (i = 0; i < op->nr_frames; i++) {
		while (out->nr_symbols < op->frames[i]) {
			symbol = NEW_REC(out, TRACE_REC_SYMBOL, struct trace_symbol);
			symbol->number = ++out->nr_symbols;
			snprintf(symbol->name, sizeof(symbol->name), "%s",
				 stack_symbol(symbol->number));
		}
	}
	frames = NEW_REC(out, TRACE_REC_FRAMES, struct trace_frames);
	fill_to(&frames->to, op);
	memcpy(frames->symbols, op->frames, op->nr_frames * sizeof(op->frames[0]));
}

static void put_attachments(struct file_out *out, const struct op *op)
{
	struct trace_device *device;
	struct trace_refusal *why;
	struct trace_to to;

	/* Those say themselves what they are. */
	if (op->refusal && op->head.rec.op != TRACE_DENY && op->head.rec.op != TRACE_LIMIT) {
		why = NEW_REC(out, TRACE_REC_REFUSAL, struct trace_refusal);
		to = why->to;
		*why = *op->refusal;
		why->to = to;
		fill_to(&why->to, op);
	}
	if (op->device[0] && op->info->at.device < 0) {
		device = NEW_REC(out, TRACE_REC_DEVICE, struct trace_device);
		fill_to(&device->to, op);
		memcpy(device->name, op->device, sizeof(device->name));
	}
	if (op->nr_frames)
		put_frames(out, op);
}

int file_op(struct file_out *out, const struct op *op)
{
	size_t size = sizeof(op->head) + op->info->size;
	struct trace_op *head;
	int rc;

	/* Symbols are the only thing that there can be many of. */
	if (op->nr_frames && out->used > FRAME_BYTES / 2) {
		rc = write_out(out);
		if (rc)
			return rc;
	}
	if (!op->who->written)
		put_proc(out, op);
	put_attachments(out, op);
	head = room(out, size);
	*head = op->head;
	head->rec.size = size;
	memcpy(head + 1, op->ev, op->info->size);
	return write_full(out);
}

int file_lost(struct file_out *out, uint64_t count, uint32_t cpu, uint64_t mono_ns)
{
	struct trace_lost *lost = NEW_REC(out, TRACE_REC_LOST, struct trace_lost);

	lost->mono_ns = mono_ns;
	lost->count = count;
	lost->cpu = cpu;
	return write_full(out);
}

int file_tick(struct file_out *out)
{
	if (!out->used || clock_mono_ns() - out->since_ns < FRAME_NS)
		return 0;
	return write_out(out);
}

int file_end(struct file_out *out)
{
	int rc, finished;

	NEW_REC(out, TRACE_REC_END, struct trace_rec);
	rc = write_out(out);
	finished = frames_finish(out->frames);
	free(out);
	return rc ? rc : finished;
}
