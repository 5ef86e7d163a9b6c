// SPDX-License-Identifier: GPL-2.0-only
/* kmsg.c - wait for a line of the kernel's log; see kmsg.h */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "kmsg.h"
#include "mem.h"

int kmsg_start(void)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	lseek(fd, 0, SEEK_END);
	return fd;
}

/* The number behind @key in @line; false when it is not there. */
static bool number_after(const char *line, const char *key, __u64 *value)
{
	const char *at = strstr(line, key);

	if (!at)
		return false;
	*value = strtoull(at + strlen(key), NULL, 16);
	return true;
}

/* AMD's flags: bit 5 of the event's flags is RW (1: write). */
#define AMD_EVENT_RW (1 << 5)

static bool is_fault(const char *line, __u64 iova, int *write_access)
{
	__u64 addr, flags;

	*write_access = -1;
	if (strstr(line, "DMAR:") && number_after(line, "fault addr ", &addr)) {
		if (strstr(line, "[DMA Write"))
			*write_access = 1;
		else if (strstr(line, "[DMA Read"))
			*write_access = 0;
	} else if (strstr(line, "IO_PAGE_FAULT") &&
		   number_after(line, "address=", &addr)) {
		if (number_after(line, "flags=", &flags))
			*write_access = !!(flags & AMD_EVENT_RW);
	} else {
		return false;
	}
	return addr / PAGE_SZ == iova / PAGE_SZ;
}

static long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

bool kmsg_wait_iommu_fault(int fd, __u64 iova, int timeout_ms,
			   int *write_access)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	long end = now_ms() + timeout_ms;
	char line[2048];
	ssize_t n;

	for (;;) {
		/* One record for each read; EPIPE: some were overwritten. */
		n = read(fd, line, sizeof(line) - 1);
		if (n >= 0) {
			line[n] = '\0';
			if (is_fault(line, iova, write_access))
				return true;
			continue;
		}
		if (errno == EPIPE || errno == EINTR || errno == EINVAL)
			continue;
		if (errno != EAGAIN || now_ms() >= end)
			return false;
		poll(&pfd, 1, end - now_ms());
	}
}
