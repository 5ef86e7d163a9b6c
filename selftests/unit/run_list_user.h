/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What run_list.c takes from the kernel, for userspace: fixed-size types, a
 * few helpers, and an allocator that a test can make fail.
 */
#ifndef RUN_LIST_USER_H
#define RUN_LIST_USER_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef uint64_t u64;
typedef uint32_t u32;

#define U32_MAX UINT32_MAX
#define BIT_ULL(n) (1ULL << (n))

#define noinline __attribute__((__noinline__))
#define BUILD_BUG_ON(cond) _Static_assert(!(cond), #cond)
#define min(a, b) ((a) < (b) ? (a) : (b))
#define max(a, b) ((a) > (b) ? (a) : (b))

/* Implemented in run_alloc.c; see run_alloc.h for what tests may ask of it. */
void *run_alloc(size_t size, bool must);
void run_free(void *p);

#endif
