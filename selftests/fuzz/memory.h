/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * memory.h - user memory of all kinds, at fixed places, and what may happen to
 * it while it is mapped for DMA
 *
 * Owns: the address range of the slots. A slot may hold anything at any time:
 * never touch it but through the kernel, which answers EFAULT.
 */
#ifndef SELFTESTS_FUZZ_MEMORY_H
#define SELFTESTS_FUZZ_MEMORY_H

#include "world.h"

#define SLOT_SIZE	(4UL << 20)
#define NR_SLOTS	20

void memory_start(struct rng *rng);

/* Nothing in any slot: a mapping of a device holds the device. */
void memory_clear(void);

/* An address in a slot; *@room: bytes from there to the slot's end. */
__u64 memory_address(struct rng *rng, __u64 *room);

/* Something else in one of the slots. */
void memory_replace(struct rng *rng);
/* Move, forget, protect, touch, lock… a part of one. */
void memory_disturb(struct rng *rng);
/* Truncate, punch, fill or seal one of the files. */
void memory_disturb_file(struct rng *rng);

/* Zeroed memory of whole pages, followed by a page without access. */
char *memory_guarded(size_t len);

#endif
