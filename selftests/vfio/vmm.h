/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vmm.h - how the vmm program talks: one line for each step, and one sentence
 * when a step fails
 */
#ifndef SELFTESTS_VFIO_VMM_H
#define SELFTESTS_VFIO_VMM_H

#include <linux/types.h>
#include <stddef.h>

/* "vmm: NAME  text" on standard output, at once. */
void step(const char *name, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * "vmm: FAILED at NAME: text: ERRNO (what it means)" on standard error, and
 * exit status 1. The kernel unwinds what is open. @ret: -errno, or 0 for none.
 */
void fail(const char *name, int ret, const char *fmt, ...)
	__attribute__((noreturn, format(printf, 3, 4)));

/* "24 KiB", "2.0 MiB"; valid until the fourth next call. */
const char *bytes_text(__u64 bytes);

/* Parse "4096", "64K", "2M", "1G"; 0 and *@bytes, or -EINVAL, -ERANGE. */
int bytes_parse(const char *text, __u64 *bytes);

/* Seconds since some moment, for durations. */
double seconds(void);

#endif
