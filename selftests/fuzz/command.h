/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * command.h - the table of what the fuzzer does, and one turn of it
 *
 * A new ioctl is a row of the table in commands.c: its number, its structure,
 * and for each field how it is filled. What a field may be decides gen.c.
 */
#ifndef SELFTESTS_FUZZ_COMMAND_H
#define SELFTESTS_FUZZ_COMMAND_H

#include "world.h"

enum gen {
	GEN_END,
	GEN_CONST,	/* @arg */
	GEN_ZERO,	/* 0; seldom not */
	GEN_FLAGS,	/* some bits of @arg; seldom others */
	GEN_ENUM,	/* one of @list; seldom another */
	GEN_BELOW,	/* in [0, @arg); seldom not */
	GEN_ID,		/* of an object, enum id_kind @arg */
	GEN_FD,		/* enum fd_kind @arg */
	GEN_ADDRESS,	/* of user memory */
	GEN_IOVA,	/* mostly of a mapping */
	GEN_NEW_IOVA,	/* mostly of none: success makes one here */
	GEN_MAPPED_VA,	/* of the memory that the last GEN_IOVA is a mapping of */
	GEN_LENGTH,	/* of what the fields before it point to */
	GEN_PAGE_SIZE,
	GEN_RANGES,	/* a pointer to @arg iommu_iova_ranges at most */
	GEN_DATA,	/* a pointer to @arg bytes of data */
	GEN_ROOM,	/* a pointer to room for an answer */
	GEN_RANDOM,
	/* The kernel fills these in. */
	OUT_ID,		/* an id, enum id_kind @arg */
	OUT_FD,		/* a descriptor, enum fd_kind @arg */
	OUT_RETURNED,	/* likewise, and it is what the ioctl returns */
	OUT_UNMAPPED,	/* the mapping of the last GEN_IOVA is no more */
};

/* A pointer's list for GEN_ENUM. */
struct list {
	const __u32 *values;
	unsigned int count;
};

struct field {
	const char *name;
	unsigned short offset;
	unsigned char size;
	unsigned char gen;
	__u64 arg;
	struct list list;
};

struct turn;

/**
 * struct command - a row of the table
 * @name: for people
 * @weight: how often it is chosen, beside the others' weights
 * @nr: of the ioctl
 * @fd: what it is an ioctl of
 * @size: of its structure; 0 if it has none
 * @fields: up to GEN_END; the structure's size field is not among them
 * @run: not an ioctl: what to call; the return value is for the trace only
 */
struct command {
	const char *name;
	unsigned int weight;
	unsigned long nr;
	enum fd_kind fd;
	unsigned int size;
	const struct field *fields;
	long (*run)(struct turn *turn);
};

extern const struct command commands[];
extern const unsigned int nr_commands;
extern const struct command actions[];
extern const unsigned int nr_actions;

/* What one thread needs for its turns. */
struct turn {
	struct rng rng;
	unsigned int ctx;	/* which context it is about */
	char *room, *room_end;	/* for the structure; no access at the end */
	char *data, *data_end;	/* for what it points to */
	size_t data_used;
	/* What the fields so far were about: they shall fit together. */
	struct mapped map;
	unsigned int map_at;	/* where the world has it */
	__u64 room_left;	/* of the memory at the last address */
	bool has_map;
	/* Where the fields are, if there are such. */
	const struct field *ioas, *new_ioas, *new_iova, *length, *address;
	bool lone;		/* the only thread: wait for children */
	bool child;		/* forked: fork no more */
};

/* Get the buffers; once for each thread. */
void turn_init(struct turn *turn, bool lone);

/*
 * Do one thing.
 * @seed: decides which, and how
 * @number: for the trace
 * @skip: names that are left out, or NULL
 */
void turn_take(struct turn *turn, __u64 seed, unsigned long number,
	       const char *skip);

/* Fill the structure at @at; see gen.c. */
void gen_fields(struct turn *turn, const struct command *command, char *at);
__u64 gen_read(const char *at, const struct field *field);

/* rigs.c: actions that make several things, which fit together. */
long rig_pasids(struct turn *turn);
long rig_access(struct turn *turn);
long rig_nested(struct turn *turn);
long rig_viommu(struct turn *turn);

/* For each row, commands first, then actions; shared with the parent. */
struct tally {
	_Atomic unsigned long turns, done;
};

extern struct tally *tallies;

/* Print each turn to standard error. */
extern bool trace;
/* Let allocations fail in some turns, if the kernel can. */
extern bool inject;

#endif
