/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Operations, put together from records of the ring buffer or of a recording:
 * one at a time, with what belongs to it, and what it has in common with others
 * in one place.
 */
#ifndef EVENT_H
#define EVENT_H

#include <stdbool.h>
#include <stdint.h>

#include "iommutrace.h"
#include "ops.h"
#include "who.h"

#define EVENT_MAX 192

/**
 * struct op - an operation
 * @info: of its kind
 * @head: its record
 * @ev: its event; zeroes where the one who wrote it knew less
 * @ret: to @device_id: see struct places; 0 where it has none
 * @device: by its event, an attachment, or ""
 * @container: its number; 0: it is none of VFIO's own containers
 * @refusal: why it was refused, or NULL
 * @frames: symbols (stack.h), the innermost first
 * @who: more about the process
 */
struct op {
	const struct op_info *info;
	struct trace_op head;
	unsigned char ev[EVENT_MAX] __attribute__((aligned(8)));
	int32_t ret;
	uint32_t ioas_id;
	uint64_t ns;
	uint64_t ctx;
	uint64_t ioas;
	uint64_t iova;
	uint64_t length;
	uint32_t device_id;
	uint32_t container;
	bool has_ioas_id;
	bool has_iova;
	bool has_length;
	bool all; /* to the end: length is what was found there */
	char device[TRACE_NAME_LEN];
	const struct trace_refusal *refusal;
	struct trace_refusal why;
	unsigned int nr_frames;
	uint32_t frames[TRACE_FRAMES];
	const struct who *who;
};

struct events;

/**
 * events_new() - begin to put operations together
 * @recorded: records are of a recording: numbers for what has addresses here
 */
struct events *events_new(bool recorded);
void events_free(struct events *e);

/**
 * events_feed() - one record
 * @rec: of the ring buffer or a recording, of @size bytes
 * @op: filled in if that completes an operation
 *
 * Return: 1 if it does, 0 if not, -EPROTO if the record is none.
 */
int events_feed(struct events *e, const void *rec, size_t size, struct op *op);

/** events_number() - of one of VFIO's own containers, by its address */
uint32_t events_number(struct events *e, uint64_t address);

/** op_normalize() - fill in what follows from info, head and ev */
void op_normalize(struct op *op);

/* A number at a place of an event. */
static inline uint32_t op_u32(const struct op *op, unsigned int at)
{
	return *(const uint32_t *)(op->ev + at);
}

static inline uint64_t op_u64(const struct op *op, unsigned int at)
{
	return *(const uint64_t *)(op->ev + at);
}

#endif
