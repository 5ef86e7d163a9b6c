/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * common.h - what the programs of the uAPI tests share
 *
 * Owns: the counters that must be back after every test, processes that take
 * turns with the test, and odd pieces of memory.
 */
#ifndef SELFTESTS_UAPI_COMMON_H
#define SELFTESTS_UAPI_COMMON_H

#include <linux/types.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "iommufd.h"
#include "mem.h"
#include "test.h"

/* A context with one IOAS. */
struct space {
	int fd;
	__u32 ioas;
};

struct space new_space(void);

/*
 * For struct test_suite.after: NULL once no more pages are pinned than when
 * pins_init() was called, else why not.
 */
const char *pins_left(void);
/* Pages pinned in the system since pins_init(). */
long pins_here(void);
/* Call it once, before the first test. False: /proc/vmstat has no such thing. */
bool pins_init(void);

/* An address to map that nobody ever looks at. */
static inline void *nowhere(unsigned long va)
{
	return (void *)va;
}

/* @len bytes, of which the last one is followed by a page without access. */
char *guarded(size_t len);
/* Zeroed, touched memory, @len bytes, whole pages. */
char *get_pages(size_t len);
/* The page frame behind @va; the page must be present (root only). */
__u64 frame_of(const void *va);

/* A generator for tests: the same numbers for the same seed. */
struct rng {
	__u64 state;
};

__u32 rng_below(struct rng *rng, __u32 n);

/*
 * A process that takes turns with the test. Its body gets one end of a socket
 * and ends by returning; a failed CHECK in it fails the test.
 */
struct peer {
	pid_t pid;
	int sock;
};

struct peer peer_start(void (*body)(int sock, const void *arg),
		       const void *arg);
/* Wait until it has ended, and be sure that it ended well. */
void peer_end(struct peer *peer);
/* One number, either way; hear() fails the test when the other side is gone. */
void say(int sock, long value);
long hear(int sock);
void send_fd(int sock, int fd);
int receive_fd(int sock);

/* Become a user without capabilities, with this RLIMIT_MEMLOCK. */
void become_user(uid_t uid, unsigned long memlock);

/*
 * model_run - random maps and unmaps, each compared with a model
 * @s: where; empty
 * @va: memory of MODEL_SLOTS * @unit bytes; need not exist if nothing is pinned
 * @unit: bytes of a slot, 1 or more; if it is PAGE_SZ, the kernel chooses the IOVA
 *	of some maps
 * @base: IOVA of the first slot
 * @ops: how many operations
 * @pinned: a device is attached: VmPin must follow
 *
 * Ends with everything unmapped, and IOVAs chosen from the slots only.
 */
#define MODEL_SLOTS 48
void model_run(const struct space *s, char *va, size_t unit, __u64 base,
	       unsigned int ops, bool pinned);

#endif
