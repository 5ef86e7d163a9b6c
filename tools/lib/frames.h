/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Recordings: a line of text that names the format, then frames, each a length
 * and a zstd frame with a checksum of its own. A file that was cut off can be
 * read up to the cut.
 */
#ifndef FRAMES_H
#define FRAMES_H

#include <stddef.h>

struct frames_out;
struct frames_in;

/**
 * frames_create() - begin a file
 * @path: its name; NULL: the standard output
 * @magic: the line
 * @level: zstd's; negative ones are faster
 *
 * Return: the file, or NULL after a message.
 */
struct frames_out *frames_create(const char *path, const char *magic, int level);

/**
 * frames_put() - append a frame
 *
 * Return: 0; 1 if the reader has closed the pipe; -1 after a message.
 */
int frames_put(struct frames_out *out, const void *data, size_t bytes);

/** frames_finish() - close it; as frames_put() */
int frames_finish(struct frames_out *out);

/**
 * frames_open() - open a file for reading
 * @path: its name; "-": the standard input
 * @magic: the line that it must begin with
 * @err: set to a negative errno on failure; -EPROTO: it begins otherwise
 */
struct frames_in *frames_open(const char *path, const char *magic, int *err);

#define FRAMES_END 1 /* there is no more */
#define FRAMES_CUT 2 /* there was more: what is left of it is not whole */

/**
 * frames_get() - the next frame
 * @data: set to it; free() it
 * @bytes: set to its size
 *
 * Return: 0, FRAMES_END, FRAMES_CUT, or -ENOMEM.
 */
int frames_get(struct frames_in *in, char **data, size_t *bytes);

void frames_close(struct frames_in *in);

#endif
