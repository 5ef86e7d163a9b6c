// SPDX-License-Identifier: GPL-2.0-only
/* Numbers, times and names as people read them. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "fmt.h"
#include "tool.h"

#define NSEC 1000000000ULL

char *fmt_bytes(char *buf, uint64_t bytes, bool raw)
{
	static const char units[] = "KMGTPE";
	double v = bytes;
	int i = -1;

	if (raw || bytes < 1024) {
		snprintf(buf, FMT_LEN, "%" PRIu64, bytes);
		return buf;
	}
	/* 1023.96K would be printed as 1024.0K. */
	while (v >= 1023.95 && i < 5) {
		v /= 1024;
		i++;
	}
	snprintf(buf, FMT_LEN, v < 99.95 ? "%.1f%c" : "%.0f%c", v, units[i < 0 ? 0 : i]);
	return buf;
}

char *fmt_size(char *buf, uint64_t bytes)
{
	static const char units[] = "KMGTPE";
	int i = -1;

	while (bytes && bytes % 1024 == 0 && i < 5) {
		bytes /= 1024;
		i++;
	}
	if (i < 0)
		snprintf(buf, FMT_LEN, "%" PRIu64, bytes);
	else
		snprintf(buf, FMT_LEN, "%" PRIu64 "%c", bytes, units[i]);
	return buf;
}

char *fmt_ns(char *buf, uint64_t ns)
{
	static const struct {
		double unit;
		const char *name;
	} units[] = { { 1e3, "us" }, { 1e6, "ms" }, { 1e9, "s" } };
	unsigned int i = 0;
	double v;

	if (ns < 1000) {
		snprintf(buf, FMT_LEN, "%" PRIu64 "ns", ns);
		return buf;
	}
	while (i + 1 < ARRAY_SIZE(units) && ns >= units[i].unit * 999.5)
		i++;
	v = ns / units[i].unit;
	snprintf(buf, FMT_LEN, "%.*f%s", v < 9.995 ? 2 : v < 99.95 ? 1 : 0, v, units[i].name);
	return buf;
}

char *fmt_age(char *buf, uint64_t ns)
{
	uint64_t s = ns / NSEC;

	if (s < 60)
		snprintf(buf, FMT_LEN, "%" PRIu64 "s", s);
	else if (s < 3600)
		snprintf(buf, FMT_LEN, "%" PRIu64 "m%02us", s / 60, (unsigned int)(s % 60));
	else if (s < 86400)
		snprintf(buf, FMT_LEN, "%" PRIu64 "h%02um", s / 3600, (unsigned int)(s / 60 % 60));
	else
		snprintf(buf, FMT_LEN, "%" PRIu64 "d%02uh", s / 86400,
			 (unsigned int)(s / 3600 % 24));
	return buf;
}

char *fmt_rate(char *buf, double rate)
{
	if (rate < 0.05)
		snprintf(buf, FMT_LEN, "0");
	else if (rate < 9.95)
		snprintf(buf, FMT_LEN, "%.1f", rate);
	else if (rate < 99999.5)
		snprintf(buf, FMT_LEN, "%.0f", rate);
	else
		snprintf(buf, FMT_LEN, "%.1fM", rate / 1e6);
	return buf;
}

char *fmt_prot(char *buf, unsigned int prot)
{
	snprintf(buf, FMT_LEN, "%s%s%s", prot & 1 ? "r" : "", prot & 2 ? "w" : "",
		 prot & 3 ? "" : "-");
	return buf;
}

bool memory_is_user(unsigned int source)
{
	return source == 1; /* IOMMUFD_SOURCE_USER */
}

const char *memory_name(unsigned int source)
{
	/* enum iommufd_source */
	static const char * const names[] = { "none", "user", "file", "dmabuf" };

	return source < ARRAY_SIZE(names) ? names[source] : "?";
}

char *fmt_rfc3339(char *buf, uint64_t real_ns)
{
	time_t s = real_ns / NSEC;
	char day[32], zone[8];
	struct tm tm;

	localtime_r(&s, &tm);
	strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", &tm);
	strftime(zone, sizeof(zone), "%z", &tm);
	/* strftime writes +0100, RFC 3339 wants +01:00. */
	snprintf(buf, FMT_LEN, "%s.%09u%.3s:%.2s", day, (unsigned int)(real_ns % NSEC), zone,
		 zone + 3);
	return buf;
}

char *fmt_clock(char *buf, uint64_t real_ns, unsigned int digits)
{
	time_t s = real_ns / NSEC;
	char day[16], frac[16];
	struct tm tm;

	localtime_r(&s, &tm);
	strftime(day, sizeof(day), "%H:%M:%S", &tm);
	snprintf(frac, sizeof(frac), "%09u", (unsigned int)(real_ns % NSEC));
	snprintf(buf, FMT_LEN, "%s%s%.*s", day, digits ? "." : "", (int)digits, frac);
	return buf;
}

char *fmt_plain(char *text)
{
	char *c;

	for (c = text; *c; c++) {
		if ((unsigned char)*c < ' ' || *c == 127)
			*c = '?';
	}
	return text;
}

char *errno_name(char *buf, int err)
{
	const char *name = strerrorname_np(err < 0 ? -err : err);

	if (name)
		snprintf(buf, FMT_LEN, "%s", name);
	else
		snprintf(buf, FMT_LEN, "E%d", err < 0 ? -err : err);
	return buf;
}

const char *op_name(unsigned int op)
{
	/* enum iommufd_op */
	static const char * const names[] = {
		[1] = "map", [2] = "unmap", [3] = "attach", [4] = "detach", [5] = "copy",
		[6] = "map_file", [7] = "access_attach", [8] = "access_pin",
		[9] = "change_process", [10] = "replace", [11] = "hwpt_alloc",
		[12] = "access_unpin", [13] = "destroy", [14] = "dirty_start",
		[15] = "dirty_read", [16] = "dirty_stop",
	};

	return op < ARRAY_SIZE(names) && names[op] ? names[op] : "?";
}

const char *deny_name(unsigned int code)
{
	static const char * const names[] = {
		"unspecified", "quota", "size", "user", "prot", "source", "device",
		"closed",
	};

	return code < ARRAY_SIZE(names) ? names[code] : "unknown";
}

static uint64_t clock_ns(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return ts.tv_sec * NSEC + ts.tv_nsec;
}

uint64_t clock_mono_ns(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

uint64_t clock_boot_ns(void)
{
	return clock_ns(CLOCK_BOOTTIME);
}

uint64_t clock_real_ns(void)
{
	return clock_ns(CLOCK_REALTIME);
}
