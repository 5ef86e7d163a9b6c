// SPDX-License-Identifier: GPL-2.0-only
/* Recordings: snapshots in a file. record.h describes it. */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "frames.h"
#include "join.h"
#include "record.h"
#include "tool.h"

/* Sizes, too, have to be the same: a file is for the iommutop that made it. */
#define MAGIC "iommutop recording 1\n"
#define ZSTD_LEVEL 3

struct recorder {
	struct frames_out *out;
	const struct source *src;
};

/* What precedes the arrays of a snapshot. */
struct frame {
	uint32_t snap_bytes, proc_bytes;
	struct source src;
	struct snap snap; /* its pointers mean nothing */
};

/* The arrays of a snapshot, in the order in which they are written. */
struct array {
	size_t at, nr, max; /* of its members, in struct snap */
	size_t size; /* of an element */
};

#define ARRAY(a)                                                           \
	{ offsetof(struct snap, a), offsetof(struct snap, nr_##a),         \
	  offsetof(struct snap, max_##a), sizeof(*((struct snap *)0)->a) }

static const struct array arrays[] = {
	ARRAY(ctxs), ARRAY(devices), ARRAY(hwpts), ARRAY(ioases), ARRAY(areas), ARRAY(procs),
	ARRAY(users), ARRAY(policies), ARRAY(lats),
};

static void **array_at(const struct snap *snap, const struct array *a)
{
	return (void **)((char *)snap + a->at);
}

static size_t *array_nr(const struct snap *snap, const struct array *a)
{
	return (size_t *)((char *)snap + a->nr);
}

struct recorder *record_open(const char *path, const struct source *src)
{
	struct recorder *rec = calloc(1, sizeof(*rec));

	if (!rec) {
		complain("out of memory");
		return NULL;
	}
	rec->src = src;
	rec->out = frames_create(path, MAGIC, ZSTD_LEVEL);
	if (rec->out)
		return rec;
	free(rec);
	return NULL;
}

static char *put(char *at, const void *data, size_t bytes)
{
	if (bytes)
		memcpy(at, data, bytes);
	return at + bytes;
}

int record_write(struct recorder *rec, const struct snap *snap)
{
	struct frame frame = { .snap_bytes = sizeof(frame), .proc_bytes = sizeof(*snap->procs) };
	size_t i, bytes = sizeof(frame);
	char *plain, *at;
	int rc;

	frame.src = *rec->src;
	frame.snap = *snap;
	for (i = 0; i < ARRAY_SIZE(arrays); i++)
		bytes += *array_nr(snap, &arrays[i]) * arrays[i].size;
	plain = malloc(bytes);
	if (!plain) {
		complain("out of memory");
		return -1;
	}
	at = put(plain, &frame, sizeof(frame));
	for (i = 0; i < ARRAY_SIZE(arrays); i++)
		at = put(at, *array_at(snap, &arrays[i]),
			 *array_nr(snap, &arrays[i]) * arrays[i].size);
	rc = frames_put(rec->out, plain, bytes);
	free(plain);
	return rc ? -1 : 0;
}

int record_close(struct recorder *rec)
{
	int rc = frames_finish(rec->out);

	free(rec);
	return rc ? -1 : 0;
}

int feed_open_file(struct feed *feed, const char *path)
{
	int err;

	feed->path = path;
	feed->file = frames_open(path, MAGIC, &err);
	if (feed->file)
		return 0;
	if (err == -EPROTO)
		complain("'%s' is not a recording of iommutop; make one with iommutop --record",
			 path);
	else
		complain("cannot read '%s': %s", path, strerror(-err));
	return TOOL_RUNTIME;
}

/* One array, out of what is left of the frame. */
static bool take(struct snap *snap, const struct array *a, const char **at, size_t *left)
{
	size_t nr = *array_nr(snap, a), bytes = nr * a->size;
	void *copy;

	if (nr > *left / a->size)
		return false;
	copy = malloc(bytes ? bytes : 1);
	if (!copy)
		return false;
	memcpy(copy, *at, bytes);
	*array_at(snap, a) = copy;
	*(size_t *)((char *)snap + a->max) = nr;
	*at += bytes;
	*left -= bytes;
	return true;
}

static int unpack(struct feed *feed, const char *plain, size_t bytes, struct snap *snap)
{
	const struct frame *frame = (const void *)plain;
	const char *at = plain + sizeof(*frame);
	size_t i, left = bytes - sizeof(*frame);
	bool good = true;

	if (bytes < sizeof(*frame) || frame->snap_bytes != sizeof(*frame) ||
	    frame->proc_bytes != sizeof(*snap->procs))
		return -EPROTO;
	*snap = frame->snap;
	feed->recorded = frame->src;
	for (i = 0; i < ARRAY_SIZE(arrays); i++)
		*array_at(snap, &arrays[i]) = NULL;
	for (i = 0; good && i < ARRAY_SIZE(arrays); i++)
		good = take(snap, &arrays[i], &at, &left);
	if (good && !left)
		return 0;
	snap_free(snap);
	return -EPROTO;
}

/* A frame that is not whole ends the recording. */
static int next_frame(struct feed *feed, struct snap *snap)
{
	char *plain;
	size_t bytes;
	int rc = frames_get(feed->file, &plain, &bytes);

	if (rc == FRAMES_CUT)
		complain("'%s' was cut off; this is what is whole", feed->path);
	if (rc)
		return rc < 0 ? rc : FEED_END;
	rc = unpack(feed, plain, bytes, snap);
	free(plain);
	return rc;
}

int feed_next(struct feed *feed, const struct env *env, struct snap *snap)
{
	int rc;

	if (feed->collector)
		return collect_snap(feed->collector, env, snap);
	rc = next_frame(feed, snap);
	if (!rc)
		join_drop(snap, env);
	return rc;
}

const struct source *feed_source(const struct feed *feed, const struct source *live)
{
	return feed->collector ? live : &feed->recorded;
}

void feed_close(struct feed *feed)
{
	collect_close(feed->collector);
	frames_close(feed->file);
	memset(feed, 0, sizeof(*feed));
}
