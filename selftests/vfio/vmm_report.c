// SPDX-License-Identifier: GPL-2.0-only
/* vmm_report.c - what the vmm program prints and parses; see vmm.h */
#define _GNU_SOURCE
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "test.h"
#include "vmm.h"

void step(const char *name, const char *fmt, ...)
{
	va_list ap;

	printf("vmm: %-9s ", name);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	fflush(stdout);
}

void fail(const char *name, int ret, const char *fmt, ...)
{
	va_list ap;

	fflush(stdout);
	fprintf(stderr, "vmm: FAILED at %s: ", name);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	if (ret)
		fprintf(stderr, ": %s (%s)", errno_name(ret), strerror(-ret));
	fputc('\n', stderr);
	exit(1);
}

const char *bytes_text(__u64 bytes)
{
	static const char *const unit[] = { "bytes", "KiB", "MiB", "GiB" };
	static char buf[4][32];
	static unsigned int next;
	char *out = buf[next++ % ARRAY_SIZE(buf)];
	double value = bytes;
	size_t i = 0;

	while (value >= 1024 && i + 1 < ARRAY_SIZE(unit)) {
		value /= 1024;
		i++;
	}
	snprintf(out, sizeof(buf[0]), "%.*f %s", value == (__u64)value ? 0 : 1,
		 value, unit[i]);
	return out;
}

int bytes_parse(const char *text, __u64 *bytes)
{
	unsigned int shift = 0;
	unsigned long long value;
	char *end;

	if (*text < '0' || *text > '9')
		return -EINVAL;
	errno = 0;
	value = strtoull(text, &end, 0);
	if (errno)
		return -ERANGE;
	switch (*end) {
	case 'k': case 'K':
		shift = 10;
		break;
	case 'm': case 'M':
		shift = 20;
		break;
	case 'g': case 'G':
		shift = 30;
		break;
	}
	if (shift)
		end++;
	if (*end)
		return -EINVAL;
	if (value > ~0ULL >> shift)
		return -ERANGE;
	*bytes = value << shift;
	return 0;
}

double seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}
