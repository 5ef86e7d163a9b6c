// SPDX-License-Identifier: GPL-2.0-only
/*
 * slow.c - preloaded into the kernel's own selftests on the debug kernel, so
 * that they need not be changed: their harness gives a test 30 seconds, and
 * waits for it with poll()
 */
#define _GNU_SOURCE
#include <poll.h>
#include <stdlib.h>
#include <time.h>

int poll(struct pollfd *fds, nfds_t n, int ms)
{
	const char *slow = getenv("IOMMUFD_BPF_SLOW");
	long long limit = (long long)ms * (slow ? atoi(slow) : 1);
	struct timespec left = {
		.tv_sec = limit / 1000,
		.tv_nsec = limit % 1000 * 1000000,
	};

	return ppoll(fds, n, ms < 0 ? NULL : &left, NULL);
}
