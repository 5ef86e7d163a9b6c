// SPDX-License-Identifier: GPL-2.0-only
/* inject.c - let an allocation of the calling thread fail; see inject.h */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "inject.h"
#include "test.h"

#define FAIL_NTH "/proc/thread-self/fail-nth"

static void set(const char *what, const char *file, const char *value)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "/sys/kernel/debug/%s/%s", what, file);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	if (write(fd, value, strlen(value)) < 0)
		perror(path);
	close(fd);
}

bool inject_prepare(void)
{
	static const char *const kinds[] = {
		"failslab", "fail_page_alloc", "fail_usercopy",
	};
	size_t i;

	if (access(FAIL_NTH, R_OK | W_OK))
		return false;
	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		set(kinds[i], "verbose", "0");
		set(kinds[i], "ignore-gfp-wait", "N");
		set(kinds[i], "ignore-gfp-highmem", "N");
		set(kinds[i], "min-order", "0");
	}
	return true;
}

int inject_arm(unsigned int nth)
{
	char text[16];
	int fd, n;

	fd = open(FAIL_NTH, O_RDWR | O_CLOEXEC);
	n = snprintf(text, sizeof(text), "%u", nth);
	if (fd >= 0 && write(fd, text, n) != n) {
		close(fd);
		return -1;
	}
	return fd;
}

bool inject_disarm(int armed)
{
	char text[16] = "";
	int err = errno;
	bool hit;

	if (armed < 0)
		return false;
	/* What was not used up may hit the calls that disarm: once, at most. */
	hit = pread(armed, text, sizeof(text) - 1, 0) > 0 && atoi(text) == 0;
	if (pwrite(armed, "0", 1, 0) != 1 && pwrite(armed, "0", 1, 0) != 1)
		abort();
	close(armed);
	errno = err;
	return hit;
}
