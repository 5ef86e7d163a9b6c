// SPDX-License-Identifier: GPL-2.0-only
/* Recordings, read. What is in one is not trusted: it may come from anywhere. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "file_magic.h"
#include "frames.h"
#include "stack.h"
#include "tool.h"

struct player {
	const char *path;
	const struct file_reader *reader;
	void *ctx;
	struct events *events;
	struct op op;
	bool begun, ended, stopped;
};

/* A record that is shorter than ours is of an older iommutrace: the rest is 0. */
static void take(void *to, size_t size, const struct trace_rec *rec)
{
	memset(to, 0, size);
	memcpy(to, rec, rec->size < size ? rec->size : size);
}

static int play_header(struct player *p, const struct trace_rec *rec)
{
	struct trace_header header;

	take(&header, sizeof(header), rec);
	header.kernel[sizeof(header.kernel) - 1] = 0;
	header.tool[sizeof(header.tool) - 1] = 0;
	if (header.version != FILE_VERSION) {
		complain("'%s' was recorded by another version of iommutrace (%s); replay it with that",
			 p->path, header.tool);
		return -EPROTO;
	}
	p->begun = true;
	return p->reader->header(p->ctx, &header);
}

static int play_op(struct player *p, const struct trace_rec *rec)
{
	int rc = events_feed(p->events, rec, rec->size, &p->op);

	if (rc == 1)
		return p->reader->op(p->ctx, &p->op);
	/* Of a kind that is newer than this iommutrace. */
	return rc == -EPROTO ? 0 : rc;
}

static int play_rec(struct player *p, const struct trace_rec *rec)
{
	struct trace_symbol symbol;
	struct trace_lost lost;
	struct trace_proc proc;

	if (!p->begun && rec->kind != TRACE_REC_HEADER)
		return -EPROTO;
	switch (rec->kind) {
	case TRACE_REC_HEADER:
		return play_header(p, rec);
	case TRACE_REC_PROC:
		take(&proc, sizeof(proc), rec);
		who_learn(&proc);
		return 0;
	case TRACE_REC_SYMBOL:
		take(&symbol, sizeof(symbol), rec);
		stack_learn(&symbol);
		return 0;
	case TRACE_REC_LOST:
		take(&lost, sizeof(lost), rec);
		return p->reader->lost(p->ctx, &lost);
	case TRACE_REC_END:
		p->ended = true;
		return 0;
	}
	return play_op(p, rec);
}

static int play_frame(struct player *p, const char *data, size_t bytes)
{
	struct trace_rec rec;
	int rc = 0;

	while (!rc && bytes) {
		if (bytes < sizeof(rec))
			return -EPROTO;
		memcpy(&rec, data, sizeof(rec));
		if (rec.size < sizeof(rec) || rec.size > bytes || rec.size % 8)
			return -EPROTO;
		rc = play_rec(p, (const void *)data);
		data += rec.size;
		bytes -= rec.size;
	}
	return rc;
}

static int play_all(struct player *p, struct frames_in *in)
{
	char *data;
	size_t bytes;
	int rc, got;

	for (;;) {
		got = frames_get(in, &data, &bytes);
		if (got < 0)
			return got;
		if (got)
			return 0;
		rc = play_frame(p, data, bytes);
		free(data);
		if (rc)
			return rc;
	}
}

int file_play(const char *path, const struct file_reader *reader, void *ctx)
{
	struct player p = { .path = path, .reader = reader, .ctx = ctx };
	struct frames_in *in;
	int rc;

	in = frames_open(path, FILE_MAGIC, &rc);
	if (!in && rc == -EPROTO)
		complain("'%s' is not a recording of iommutrace; make one with iommutrace record -o FILE",
			 path);
	else if (!in)
		complain("cannot read '%s': %s", path, strerror(-rc));
	if (!in)
		return TOOL_RUNTIME;
	p.events = events_new(true);
	who_recorded();
	rc = p.events ? play_all(&p, in) : -ENOMEM;
	events_free(p.events);
	frames_close(in);
	if (rc == -ECANCELED)
		return 0;
	if (rc == -EPROTO && p.begun)
		complain("'%s' is damaged; this is what comes before", path);
	else if (rc < 0 && rc != -EPROTO)
		complain("cannot replay '%s': %s", path, strerror(-rc));
	if (rc)
		return TOOL_RUNTIME;
	if (!p.ended)
		complain("'%s' was cut off; this is what is whole", path);
	return 0;
}
