// SPDX-License-Identifier: GPL-2.0-only
/* Recordings: frames in a file. frames.h describes it. */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zstd.h>

#include "frames.h"
#include "tool.h"

#define MAX_FRAME (1U << 30)

struct frames_out {
	FILE *file;
	const char *path;
	ZSTD_CCtx *zstd;
	char *packed;
	size_t room;
};

struct frames_in {
	FILE *file;
};

static int fail(const struct frames_out *out, const char *why)
{
	complain("cannot record to '%s': %s", out->path ? out->path : "standard output", why);
	return -1;
}

struct frames_out *frames_create(const char *path, const char *magic, int level)
{
	struct frames_out *out = calloc(1, sizeof(*out));

	if (!out) {
		complain("out of memory");
		return NULL;
	}
	out->path = path;
	out->zstd = ZSTD_createCCtx();
	errno = ENOMEM;
	if (out->zstd)
		out->file = path ? fopen(path, "we") : stdout;
	if (!out->file || fputs(magic, out->file) < 0) {
		fail(out, strerror(errno));
		ZSTD_freeCCtx(out->zstd);
		free(out);
		return NULL;
	}
	ZSTD_CCtx_setParameter(out->zstd, ZSTD_c_checksumFlag, 1);
	ZSTD_CCtx_setParameter(out->zstd, ZSTD_c_compressionLevel, level);
	return out;
}

static int make_room(struct frames_out *out, size_t bytes)
{
	size_t room = ZSTD_compressBound(bytes);
	char *more;

	if (room <= out->room)
		return 0;
	more = realloc(out->packed, room);
	if (!more)
		return fail(out, "out of memory");
	out->packed = more;
	out->room = room;
	return 0;
}

int frames_put(struct frames_out *out, const void *data, size_t bytes)
{
	uint32_t length;
	size_t packed;

	if (make_room(out, bytes))
		return -1;
	packed = ZSTD_compress2(out->zstd, out->packed, out->room, data, bytes);
	if (ZSTD_isError(packed))
		return fail(out, ZSTD_getErrorName(packed));
	length = packed;
	if (fwrite(&length, sizeof(length), 1, out->file) == 1 &&
	    fwrite(out->packed, packed, 1, out->file) == 1 && !fflush(out->file))
		return 0;
	return errno == EPIPE ? 1 : fail(out, strerror(errno));
}

int frames_finish(struct frames_out *out)
{
	int rc;

	if (out->path)
		rc = fclose(out->file);
	else
		rc = fflush(stdout);
	if (rc)
		rc = errno == EPIPE ? 1 : fail(out, strerror(errno));
	ZSTD_freeCCtx(out->zstd);
	free(out->packed);
	free(out);
	return rc;
}

struct frames_in *frames_open(const char *path, const char *magic, int *err)
{
	struct frames_in *in = calloc(1, sizeof(*in));
	char *line = calloc(1, strlen(magic) + 1);
	bool good;

	*err = -ENOMEM;
	if (!in || !line)
		goto fail;
	in->file = strcmp(path, "-") ? fopen(path, "re") : stdin;
	*err = -errno;
	if (!in->file)
		goto fail;
	good = fread(line, strlen(magic), 1, in->file) == 1 && !strcmp(line, magic);
	free(line);
	if (good)
		return in;
	*err = -EPROTO;
	frames_close(in);
	return NULL;
fail:
	free(line);
	free(in);
	return NULL;
}

static int unpack(const char *packed, size_t length, char **data, size_t *bytes)
{
	unsigned long long plain = ZSTD_getFrameContentSize(packed, length);

	if (!plain || plain >= MAX_FRAME)
		return FRAMES_CUT;
	*data = malloc(plain);
	if (!*data)
		return -ENOMEM;
	*bytes = plain;
	if (ZSTD_decompress(*data, plain, packed, length) == plain)
		return 0;
	free(*data);
	return FRAMES_CUT;
}

int frames_get(struct frames_in *in, char **data, size_t *bytes)
{
	char *packed;
	uint32_t length;
	size_t got = fread(&length, 1, sizeof(length), in->file);
	int rc = FRAMES_CUT;

	if (!got)
		return FRAMES_END;
	if (got != sizeof(length) || length > MAX_FRAME)
		return FRAMES_CUT;
	packed = malloc(length ? length : 1);
	if (!packed)
		return -ENOMEM;
	if (fread(packed, 1, length, in->file) == length)
		rc = unpack(packed, length, data, bytes);
	free(packed);
	return rc;
}

void frames_close(struct frames_in *in)
{
	if (!in)
		return;
	if (in->file && in->file != stdin)
		fclose(in->file);
	free(in);
}
