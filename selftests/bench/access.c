// SPDX-License-Identifier: GPL-2.0-only
/* access.c - what in-kernel users do: pin, unpin, read, write */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"
#include "iommufd.h"
#include "mem.h"
#include "vmonly_bench_abi.h"

#define IOVA (4ULL << 30)
#define PINNED 16	/* pages */
#define COPIED 64	/* bytes */
#define CALLS 64

struct user {
	int fd;
	int bench;
	__u32 ioas;
	struct backing mem;
};

/* An IOAS that no device is attached to. */
static void user_open(struct user *user)
{
	struct bench_access cmd = {};

	user->fd = must(iommufd_open(), IOMMUFD_DEV);
	user->bench = open(VMONLY_BENCH_DEV, O_RDWR | O_CLOEXEC);
	if (user->bench < 0)
		die("%s: %s", VMONLY_BENCH_DEV, strerror(errno));
	must(iommufd_ioas_alloc(user->fd, &user->ioas), "IOAS_ALLOC");
	backing_alloc(&user->mem, SCATTERED, HUGE_SZ);
	must(iommufd_map_fixed(user->fd, user->ioas, user->mem.va, HUGE_SZ,
			       IOVA, MAP_RW), "map");
	cmd.fd = user->fd;
	cmd.ioas_id = user->ioas;
	must(xioctl(user->bench, BENCH_ACCESS_OPEN, &cmd), "access");
}

static void user_close(struct user *user)
{
	must(xioctl(user->bench, BENCH_ACCESS_CLOSE, NULL), "close access");
	close(user->bench);
	close(user->fd);
	backing_free(&user->mem);
}

static void call(struct user *user, unsigned long nr, __u64 length,
		 struct result *result)
{
	struct bench_access cmd = { .iova = IOVA, .length = length };

	must(xioctl(user->bench, nr, &cmd), result->op);
	sample(result, 1, cmd.ticks);
}

enum { FIRST, REPEAT, NOT_LAST, LAST };

struct result access_results[] = {
	[FIRST] = { .op = "pin-first", .unit = "call" },
	[REPEAT] = { .op = "pin-repeat", .unit = "call" },
	[NOT_LAST] = { .op = "unpin", .unit = "call" },
	[LAST] = { .op = "unpin-last", .unit = "call" },
	{}
};

void run_access(struct bench_case *c)
{
	const __u64 length = PINNED * PAGE_SZ;
	struct user user;
	int i;

	user_open(&user);
	for (i = 0; i < CALLS; i++) {
		if (i % 8 == 0)
			settle();
		call(&user, BENCH_PIN, length, &access_results[FIRST]);
		call(&user, BENCH_PIN, length, &access_results[REPEAT]);
		call(&user, BENCH_UNPIN, length, &access_results[NOT_LAST]);
		call(&user, BENCH_UNPIN, length, &access_results[LAST]);
	}
	check_nothing_is_left(c->name);
	user_close(&user);
}

enum { READ, WRITE };

struct result rw_results[] = {
	[READ] = { .op = "read-64", .unit = "call" },
	[WRITE] = { .op = "write-64", .unit = "call" },
	{}
};

void run_rw(struct bench_case *c)
{
	struct user user;
	int i;

	user_open(&user);
	for (i = 0; i < CALLS; i++) {
		call(&user, BENCH_READ, COPIED, &rw_results[READ]);
		call(&user, BENCH_WRITE, COPIED, &rw_results[WRITE]);
	}
	check_nothing_is_left(c->name);
	user_close(&user);
}
