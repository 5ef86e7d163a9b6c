/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Recordings: snapshots in a file, to be looked at later, elsewhere; a frame
 * (frames.h) each.
 */
#ifndef RECORD_H
#define RECORD_H

#include "collect.h"
#include "options.h"
#include "snapshot.h"
#include "source.h"

struct recorder;

/** record_open() - begin a file; NULL after a message */
struct recorder *record_open(const char *path, const struct source *src);

/** record_write() - append a snapshot; 0 or -1 after a message */
int record_write(struct recorder *rec, const struct snap *snap);

/** record_close() - 0 or -1 after a message */
int record_close(struct recorder *rec);

/* Where snapshots come from: this kernel, or a recording. */
struct feed {
	struct collector *collector; /* NULL: a recording */
	struct frames_in *file;
	const char *path;
	struct source recorded;
};

#define FEED_END 1

/** feed_open_file() - a recording; 0, or the exit code after a message */
int feed_open_file(struct feed *feed, const char *path);

/**
 * feed_next() - the next snapshot
 *
 * Return: 0; FEED_END when the recording is over; a negative errno.
 */
int feed_next(struct feed *feed, const struct env *env, struct snap *snap);

/** feed_source() - what the snapshots' kernel was like; @live if it is this one */
const struct source *feed_source(const struct feed *feed, const struct source *live);

void feed_close(struct feed *feed);

#endif
