/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Recordings: the records of iommutrace.h, as they came, in frames
 * (lib/frames.h), with what a reader elsewhere cannot know before them: a
 * header; processes and symbols, each before it is needed; losses; and an end.
 */
#ifndef FILE_H
#define FILE_H

#include <stdint.h>

#include "event.h"

#define FILE_VERSION 1

/**
 * struct trace_header - the first record
 * @version: FILE_VERSION
 * @real_offset_ns: CLOCK_REALTIME - CLOCK_MONOTONIC
 * @mono_ns: when it was begun
 * @sample: one of so many
 */
struct trace_header {
	struct trace_rec rec;
	__u32 version;
	__u32 pad;
	__u64 real_offset_ns;
	__u64 mono_ns;
	__u64 sample;
	char kernel[72];
	char tool[24];
};

struct trace_lost {
	struct trace_rec rec;
	__u64 mono_ns;
	__u64 count;
	__u32 cpu; /* ~0: not known */
	__u32 pad;
};

struct file_out;

/** file_create() - begin a recording; NULL after a message */
struct file_out *file_create(const char *path, uint64_t real_offset_ns, uint64_t sample);

/*
 * Each returns 0; 1 if the reader has closed the pipe; -1 after a message.
 * file_tick() writes what is old enough, file_end() the rest, and frees it.
 */
int file_op(struct file_out *out, const struct op *op);
int file_lost(struct file_out *out, uint64_t count, uint32_t cpu, uint64_t mono_ns);
int file_tick(struct file_out *out);
int file_end(struct file_out *out);

/**
 * struct file_reader - what to do with what is in a recording
 *
 * Each returns 0 to go on.
 */
struct file_reader {
	int (*header)(void *ctx, const struct trace_header *header);
	int (*op)(void *ctx, const struct op *op);
	int (*lost)(void *ctx, const struct trace_lost *lost);
};

/**
 * file_play() - read a recording
 *
 * Return: 0, also when it was cut off or @reader stopped it; or the exit code,
 * after a message.
 */
int file_play(const char *path, const struct file_reader *reader, void *ctx);

#endif
