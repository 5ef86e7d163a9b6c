// SPDX-License-Identifier: GPL-2.0-only
/* Recordings: snapshots in a file. record.h describes it. */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <zstd.h>

#include "join.h"
#include "record.h"
#include "tool.h"

/* Sizes, too, have to be the same: a file is for the iommutop that made it. */
#define MAGIC "iommutop recording 1\n"
#define MAX_FRAME (1U << 30)

struct recorder {
	FILE *file;
	const char *path;
	const struct source *src;
	ZSTD_CCtx *zstd;
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

static int fail(const char *path, const char *what, const char *why)
{
	complain("cannot %s '%s': %s", what, path, why);
	return -1;
}

struct recorder *record_open(const char *path, const struct source *src)
{
	struct recorder *rec = calloc(1, sizeof(*rec));

	if (rec) {
		rec->path = path;
		rec->src = src;
		rec->zstd = ZSTD_createCCtx();
		rec->file = rec->zstd ? fopen(path, "we") : NULL;
	}
	if (!rec || !rec->file || fputs(MAGIC, rec->file) < 0) {
		fail(path, "record to", strerror(errno));
		if (rec)
			ZSTD_freeCCtx(rec->zstd);
		free(rec);
		return NULL;
	}
	ZSTD_CCtx_setParameter(rec->zstd, ZSTD_c_checksumFlag, 1);
	return rec;
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
	size_t i, bytes = sizeof(frame), packed;
	char *plain, *out, *at;
	uint32_t length;

	frame.src = *rec->src;
	frame.snap = *snap;
	for (i = 0; i < ARRAY_SIZE(arrays); i++)
		bytes += *array_nr(snap, &arrays[i]) * arrays[i].size;
	plain = malloc(bytes);
	out = malloc(ZSTD_compressBound(bytes));
	if (!plain || !out) {
		free(plain);
		free(out);
		return fail(rec->path, "record to", "out of memory");
	}
	at = put(plain, &frame, sizeof(frame));
	for (i = 0; i < ARRAY_SIZE(arrays); i++)
		at = put(at, *array_at(snap, &arrays[i]),
			 *array_nr(snap, &arrays[i]) * arrays[i].size);
	packed = ZSTD_compress2(rec->zstd, out, ZSTD_compressBound(bytes), plain, bytes);
	length = packed;
	free(plain);
	if (ZSTD_isError(packed) || fwrite(&length, sizeof(length), 1, rec->file) != 1 ||
	    fwrite(out, packed, 1, rec->file) != 1 || fflush(rec->file)) {
		free(out);
		return fail(rec->path, "record to",
			    ZSTD_isError(packed) ? ZSTD_getErrorName(packed) : strerror(errno));
	}
	free(out);
	return 0;
}

int record_close(struct recorder *rec)
{
	int rc = fclose(rec->file) ? fail(rec->path, "record to", strerror(errno)) : 0;

	ZSTD_freeCCtx(rec->zstd);
	free(rec);
	return rc;
}

int feed_open_file(struct feed *feed, const char *path)
{
	char magic[sizeof(MAGIC)] = "";

	feed->path = path;
	feed->file = fopen(path, "re");
	if (!feed->file) {
		fail(path, "read", strerror(errno));
		return TOOL_RUNTIME;
	}
	if (fread(magic, sizeof(MAGIC) - 1, 1, feed->file) == 1 && !strcmp(magic, MAGIC))
		return 0;
	complain("'%s' is not a recording of iommutop; make one with iommutop --record", path);
	feed_close(feed);
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
	unsigned long long bytes;
	char *packed = NULL, *plain = NULL;
	uint32_t length;
	int rc = FEED_END;

	if (fread(&length, sizeof(length), 1, feed->file) != 1 || length > MAX_FRAME)
		return FEED_END;
	packed = malloc(length ? length : 1);
	if (!packed)
		return -ENOMEM;
	if (fread(packed, 1, length, feed->file) == length) {
		bytes = ZSTD_getFrameContentSize(packed, length);
		plain = bytes && bytes < MAX_FRAME ? malloc(bytes) : NULL;
		if (plain && ZSTD_decompress(plain, bytes, packed, length) == bytes)
			rc = unpack(feed, plain, bytes, snap);
	} else {
		complain("'%s' was cut off; this is what is whole", feed->path);
	}
	free(packed);
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
	if (feed->file)
		fclose(feed->file);
	memset(feed, 0, sizeof(*feed));
}
