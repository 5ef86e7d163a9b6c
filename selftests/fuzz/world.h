/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * world.h - what one episode of the fuzzer works on
 *
 * Owns: the random numbers, and what is known of the kernel's objects: their
 * ids, the descriptors, the mappings. All threads share it without locks: a
 * wrong or stale answer is as good as a right one, as long as one thread alone
 * gets the same answers for the same seed.
 */
#ifndef SELFTESTS_FUZZ_WORLD_H
#define SELFTESTS_FUZZ_WORLD_H

#include <linux/types.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#define NR_CTX	3	/* contexts that are open at a time */
#define NR_IDS	4	/* ids remembered, of a kind in a context */
#define NR_FDS	9	/* descriptors that are open at a time, of a kind */
#define NR_MAPS	12	/* mappings remembered, of a context */

enum id_kind {
	ID_IOAS,
	ID_HWPT,
	ID_PARENT,	/* HWPTs that others can be nested on */
	ID_NESTED,
	ID_DIRTY,	/* HWPTs that can track writes */
	ID_PASID,	/* that PASIDs can be attached to */
	ID_FAULTY,	/* whose faults go to a queue */
	ID_STDEV,	/* mock devices: what DESTROY ends */
	ID_IDEV,	/* devices as bound: mock or real */
	ID_FAULT,
	ID_VIOMMU,
	ID_VDEVICE,
	ID_VEVENTQ,
	ID_HW_QUEUE,
	ID_PINS,	/* of a mock access: what it has pinned */
	NR_ID_KINDS,
	ID_PT,		/* only to ask for one: an IOAS or a HWPT */
	ID_ANY,		/* only to ask for one */
};

enum fd_kind {
	FD_CTX,		/* [i] is context i */
	FD_ACCESS,
	FD_FAULT,
	FD_VEVENTQ,
	FD_DMABUF,
	FD_FILE,	/* memfds, hugetlb or not, and other files */
	FD_CDEV,	/* the real device */
	NR_FD_KINDS,
};

/* One after the other, the same for the same start. */
struct rng {
	__u64 state;
};

__u64 rng_next(struct rng *rng);
/* In [0, n); n > 0. */
__u64 rng_below(struct rng *rng, __u64 n);
/* True @n times in @of. */
bool rng_chance(struct rng *rng, unsigned int n, unsigned int of);
/* A seed that depends on both and resembles neither. */
__u64 seed_mix(__u64 a, __u64 b);

struct mapped {
	__u32 ioas;
	__u64 iova;
	__u64 length;
	__u64 va;	/* 0: of a file */
};

struct world {
	atomic_uint ids[NR_CTX][NR_ID_KINDS][NR_IDS];
	atomic_int fds[NR_FD_KINDS][NR_FDS];
	struct mapped maps[NR_CTX][NR_MAPS];
	atomic_uint cookies[8];	/* of faults that were read */
};

extern struct world world;

/* The real device, or NULL: path of its cdev. */
extern const char *world_cdev;

/* Contexts with an IOAS each, files. */
void world_start(struct rng *rng);
/* Every descriptor. */
void world_close(void);

void world_put_id(struct rng *rng, unsigned int ctx, enum id_kind kind,
		  __u32 id);
__u32 world_get_id(struct rng *rng, unsigned int ctx, enum id_kind kind);

/*
 * Descriptors of a context's objects, or of anything. world_put_fd() takes @fd;
 * what was in its place is closed. world_get_fd() gives one of the context's,
 * or else another's, or else -1.
 */
void world_put_fd(struct rng *rng, unsigned int ctx, enum fd_kind kind,
		  int fd);
int world_get_fd(struct rng *rng, unsigned int ctx, enum fd_kind kind);
/* Close one of the kind. */
void world_drop_fd(struct rng *rng, unsigned int ctx, enum fd_kind kind);

void world_put_map(struct rng *rng, unsigned int ctx,
		   const struct mapped *map);
/* *@at: where, for world_drop_map(). */
struct mapped world_get_map(struct rng *rng, unsigned int ctx,
			    unsigned int *at);
void world_drop_map(unsigned int ctx, unsigned int at);

/* A new context in place of number @i, mostly with a mock device. */
void world_open_ctx(struct rng *rng, unsigned int i);

#endif
