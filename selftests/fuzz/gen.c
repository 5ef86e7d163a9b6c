// SPDX-License-Identifier: GPL-2.0-only
/*
 * gen.c - values for fields: mostly plausible, so that they get somewhere;
 * at times at the edge, and at times nonsense
 */
#include <linux/iommufd_ext.h>
#include <string.h>

#include "command.h"
#include "mem.h"
#include "memory.h"

/* The mock's aperture begins here; real IOMMUs' reach there too. */
#define IOVA_BASE	(1ULL << 24)
#define IOVA_SPAN	(1ULL << 28)

__u64 gen_read(const char *at, const struct field *field)
{
	__u64 value = 0;

	memcpy(&value, at + field->offset, field->size);
	return value;
}

static __u64 odd_number(struct rng *rng)
{
	static const __u64 odd[] = {
		0, 1, 2, 0xfff, 0x1000, 0x1001, 0x7fffffff, 0x80000000,
		0xfffff000, 0xffffffff, 0x100000000, 0xfee00000, 0xfeefffff,
		0x7fffffffffff, 0x800000000000, 0x7ffffffffffff000,
		0x7fffffffffffffff, 0x8000000000000000, 0xffff888000000000,
		0xfffffffffffff000, 0xfffffffffffffffe, 0xffffffffffffffff,
	};

	return odd[rng_below(rng, ARRAY_SIZE(odd))];
}

static __u64 gen_flags(struct rng *rng, __u64 mask)
{
	__u64 flags = rng_next(rng) & mask;

	if (rng_chance(rng, 1, 3))
		flags = mask;
	else if (rng_chance(rng, 1, 4))
		flags = 0;
	if (rng_chance(rng, 1, 32))
		flags |= 1ULL << rng_below(rng, 64);
	return flags;
}

static __u64 gen_enum(struct rng *rng, const struct list *list)
{
	__u32 value = list->values[rng_below(rng, list->count)];

	return rng_chance(rng, 1, 48) ? value + 1 + rng_below(rng, 8) : value;
}

static __u64 gen_address(struct turn *turn)
{
	turn->room_left = SLOT_SIZE;
	if (rng_chance(&turn->rng, 1, 24))
		return odd_number(&turn->rng);
	return memory_address(&turn->rng, &turn->room_left);
}

static __u64 gen_iova(struct turn *turn)
{
	struct rng *rng = &turn->rng;
	__u64 offset = 0;

	turn->has_map = false;
	if (rng_chance(rng, 1, 24))
		return odd_number(rng);
	if (rng_chance(rng, 7, 8)) {
		turn->map = world_get_map(rng, turn->ctx, &turn->map_at);
		turn->has_map = turn->map.length;
	}
	if (!turn->has_map)
		return IOVA_BASE + rng_below(rng, IOVA_SPAN / PAGE_SZ) * PAGE_SZ +
		       (rng_chance(rng, 1, 16) ? rng_below(rng, PAGE_SZ) : 0);
	switch (rng_below(rng, 8)) {
	case 0:		/* within it */
		offset = rng_below(rng, turn->map.length);
		break;
	case 1:		/* from one of its pages to its end */
		offset = rng_below(rng, turn->map.length) & ~(PAGE_SZ - 1);
		break;
	case 2:		/* right behind it */
		return turn->map.iova + turn->map.length;
	}
	turn->map.iova += offset;
	turn->map.length -= offset;
	if (turn->map.va)
		turn->map.va += offset;
	return turn->map.iova;
}

/* Where nothing is yet, as a rule. */
static __u64 gen_new_iova(struct turn *turn)
{
	turn->has_map = false;
	if (rng_chance(&turn->rng, 1, 6)) {
		__u64 iova = gen_iova(turn);

		turn->has_map = false;
		return iova;
	}
	return IOVA_BASE + rng_below(&turn->rng, IOVA_SPAN / PAGE_SZ) * PAGE_SZ;
}

static __u64 gen_length(struct turn *turn)
{
	struct rng *rng = &turn->rng;

	if (rng_chance(rng, 1, 24))
		return odd_number(rng);
	if (turn->has_map && rng_chance(rng, 3, 4))
		return rng_chance(rng, 2, 3) || turn->map.length < PAGE_SZ ?
		       turn->map.length : PAGE_SZ;
	switch (rng_below(rng, 8)) {
	case 0:		/* all of it */
		return turn->room_left;
	case 1:
		return turn->room_left / 2;
	case 2:
		return HUGE_SZ;
	case 3:		/* not whole pages */
		return 1 + rng_below(rng, 8 * PAGE_SZ);
	default:
		return (1 + rng_below(rng, 32)) * PAGE_SZ;
	}
}

static __u64 gen_page_size(struct rng *rng)
{
	switch (rng_below(rng, 8)) {
	case 0:
		return 2048;
	case 1:
		return HUGE_SZ;
	case 2:
		return odd_number(rng);
	default:
		return PAGE_SZ;
	}
}

/* Room for @len bytes, seldom too little of it; or a pointer to nowhere. */
static __u64 take_data(struct turn *turn, size_t len, char **at)
{
	struct rng *rng = &turn->rng;

	*at = NULL;
	if (rng_chance(rng, 1, 24))
		return odd_number(rng);
	if (rng_chance(rng, 1, 24))
		return (__u64)(turn->data_end - rng_below(rng, len + 1));
	if (turn->data_used + len > (size_t)(turn->data_end - turn->data))
		turn->data_used = 0;
	*at = turn->data + turn->data_used;
	turn->data_used += (len + 7) & ~7UL;
	return (__u64)*at;
}

static __u64 gen_ranges(struct turn *turn, unsigned int max)
{
	struct iommu_iova_range *ranges;
	struct rng *rng = &turn->rng;
	__u64 value, start = 0;
	unsigned int i;
	char *at;

	value = take_data(turn, max * sizeof(*ranges), &at);
	ranges = (void *)at;
	for (i = 0; ranges && i < max; i++) {
		/* Mostly in order and apart, as they have to be. */
		start += rng_below(rng, IOVA_SPAN);
		ranges[i].start = rng_chance(rng, 1, 16) ? odd_number(rng) :
							   start & ~0xfffULL;
		start += 1 + rng_below(rng, 4 * IOVA_SPAN);
		ranges[i].last = rng_chance(rng, 1, 16) ? odd_number(rng) :
							  start | 0xfff;
	}
	return value;
}

/* Small numbers in 32-bit words: what drivers' structures look like. */
static __u64 gen_data(struct turn *turn, size_t len)
{
	__u64 value;
	char *at;
	size_t i;

	value = take_data(turn, len, &at);
	for (i = 0; at && i + 4 <= len; i += 4) {
		__u32 word = rng_chance(&turn->rng, 1, 8) ?
			     odd_number(&turn->rng) : rng_below(&turn->rng, 4);

		memcpy(at + i, &word, sizeof(word));
	}
	return value;
}

/* Where an answer goes: also where the rest of the fuzzer works. */
static __u64 gen_room(struct turn *turn, size_t len)
{
	__u64 room;
	char *at;

	if (rng_chance(&turn->rng, 1, 8))
		return memory_address(&turn->rng, &room);
	return take_data(turn, len, &at);
}

static __u64 gen_value(struct turn *turn, const struct field *field)
{
	struct rng *rng = &turn->rng;

	switch (field->gen) {
	case GEN_CONST:
		return field->arg;
	case GEN_ZERO:
		return rng_chance(rng, 1, 64) ? odd_number(rng) : 0;
	case GEN_FLAGS:
		return gen_flags(rng, field->arg);
	case GEN_ENUM:
		return gen_enum(rng, &field->list);
	case GEN_BELOW:
		return rng_chance(rng, 1, 32) ? odd_number(rng) :
						rng_below(rng, field->arg);
	case GEN_ID:
		return world_get_id(rng, turn->ctx, field->arg);
	case GEN_FD:
		if (rng_chance(rng, 1, 24))
			return world_get_fd(rng, turn->ctx,
					    rng_below(rng, NR_FD_KINDS));
		if (field->arg == FD_CTX)
			return atomic_load(&world.fds[FD_CTX][turn->ctx]);
		return world_get_fd(rng, turn->ctx, field->arg);
	case GEN_ADDRESS:
		return gen_address(turn);
	case GEN_IOVA:
		return gen_iova(turn);
	case GEN_NEW_IOVA:
		return gen_new_iova(turn);
	case GEN_MAPPED_VA:
		if (turn->has_map && turn->map.va && rng_chance(rng, 7, 8))
			return turn->map.va;
		return gen_address(turn);
	case GEN_LENGTH:
		return gen_length(turn);
	case GEN_PAGE_SIZE:
		return gen_page_size(rng);
	case GEN_RANGES:
		return gen_ranges(turn, field->arg);
	case GEN_DATA:
		return gen_data(turn, field->arg);
	case GEN_ROOM:
		return gen_room(turn, field->arg);
	default:
		return rng_chance(rng, 1, 2) ? odd_number(rng) : rng_next(rng);
	}
}

/* What the fields have to do with each other. */
static void relate(struct turn *turn, const struct field *field, char *at)
{
	switch (field->gen) {
	case GEN_ID:
		if (field->arg == ID_IOAS)
			turn->ioas = field;
		break;
	case GEN_NEW_IOVA:
		turn->new_iova = field;
		turn->new_ioas = turn->ioas;
		break;
	case GEN_IOVA:
		/* A mapping is only one in its own IOAS. */
		if (turn->has_map && turn->ioas && turn->map.ioas)
			memcpy(at + turn->ioas->offset, &turn->map.ioas,
			       sizeof(__u32));
		break;
	case GEN_LENGTH:
		turn->length = field;
		break;
	case GEN_ADDRESS:
		turn->address = field;
	}
}

void gen_fields(struct turn *turn, const struct command *command, char *at)
{
	const struct field *field;
	__u64 value;

	turn->has_map = false;
	turn->room_left = SLOT_SIZE;
	turn->ioas = NULL;
	turn->new_ioas = NULL;
	turn->new_iova = NULL;
	turn->length = NULL;
	turn->address = NULL;
	for (field = command->fields; field->gen != GEN_END; field++) {
		value = gen_value(turn, field);
		memcpy(at + field->offset, &value, field->size);
		relate(turn, field, at);
	}
}
