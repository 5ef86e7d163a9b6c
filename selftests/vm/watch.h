/* SPDX-License-Identifier: GPL-2.0-only */
/* Watching a kernel's console for reports. See watch.c. */
#ifndef VM_WATCH_H
#define VM_WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum severity {
	QUIET,		/* nothing found */
	COMPLAINT,	/* a report; the kernel goes on */
	BROKEN,		/* an oops: what comes may hang */
	DEAD,		/* a panic */
};

struct watch {
	int fd;			/* the console's log */
	char *text;		/* all of it so far, without carriage returns */
	size_t len;
	size_t scanned;		/* complete lines up to here have been looked at */
	enum severity worst;
	size_t report;		/* where the first report begins */
	bool ended;		/* LOG_END has been seen */
};

int watch_open(struct watch *w, const char *path);
void watch_poll(struct watch *w);
void watch_print_report(const struct watch *w, FILE *to);
void watch_print_tail(const struct watch *w, FILE *to, int lines);

#endif
