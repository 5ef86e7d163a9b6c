// SPDX-License-Identifier: GPL-2.0-only
/*
 * Watching a kernel's console for reports: what the kernel prints when it has
 * found itself wrong. Reads the log file that the emulator writes; owns the
 * list of what counts.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proto.h"
#include "watch.h"

/* A message begins with @start, and holds @also if that is given. */
static const struct {
	const char *start, *also;
	enum severity severity;
} signs[] = {
	{ "Kernel panic", NULL, DEAD },
	{ "Oops", NULL, BROKEN },
	{ "BUG: unable to handle", NULL, BROKEN },
	{ "BUG: kernel NULL", NULL, BROKEN },
	{ "general protection fault", NULL, BROKEN },
	{ "kernel BUG at", NULL, BROKEN },
	{ "invalid opcode:", NULL, BROKEN },
	{ "divide error:", NULL, BROKEN },
	{ "double fault:", NULL, BROKEN },
	{ "stack segment:", NULL, BROKEN },
	{ "watchdog: BUG: soft lockup", NULL, BROKEN },
	{ "watchdog: CPU", "hard LOCKUP", BROKEN },
	{ "BUG: ", NULL, COMPLAINT },
	{ "WARNING: ", NULL, COMPLAINT },
	{ "INFO: possible ", NULL, COMPLAINT },
	{ "ODEBUG: ", NULL, COMPLAINT },
	{ "UBSAN: ", NULL, COMPLAINT },
	{ "KASAN: ", NULL, COMPLAINT },
	{ "KCSAN: ", NULL, COMPLAINT },
	{ "INFO: task ", "blocked for more than", COMPLAINT },
	{ "INFO: rcu", "detected", COMPLAINT },
	{ "INFO: trying to register non-static key", NULL, COMPLAINT },
	{ "rcu: INFO: rcu", "detected", COMPLAINT },
	{ "rcu: INFO: rcu", "self-detected", COMPLAINT },
	{ "list_add", "corruption", COMPLAINT },
	{ "list_del", "corruption", COMPLAINT },
	{ "refcount_t: ", NULL, COMPLAINT },
	{ "kmemleak: ", "new suspected memory leaks", COMPLAINT },
	{ "DEBUG_LOCKS_WARN_ON", NULL, COMPLAINT },
	{ "sysfs: cannot create duplicate filename", NULL, COMPLAINT },
	{ "kobject: ", "is not initialized", COMPLAINT },
	{ "DMA-API: ", NULL, COMPLAINT },
	{ "page_owner", "tracks", COMPLAINT },
};

int watch_open(struct watch *w, const char *path)
{
	memset(w, 0, sizeof(*w));
	w->fd = open(path, O_RDONLY | O_CREAT | O_CLOEXEC, 0600);
	return w->fd < 0 ? -1 : 0;
}

/* The message in a line: after the time stamp, and the caller if printed. */
static const char *message(const char *line)
{
	while (*line == '[') {
		const char *end = strchr(line, ']');

		if (!end)
			break;
		line = end + 1;
		while (*line == ' ')
			line++;
	}
	return line;
}

static enum severity judge(const char *line)
{
	const char *m = message(line);

	for (size_t i = 0; i < sizeof(signs) / sizeof(*signs); i++) {
		if (!strncmp(m, signs[i].start, strlen(signs[i].start)) &&
		    (!signs[i].also || strstr(m, signs[i].also)))
			return signs[i].severity;
	}
	return QUIET;
}

static void look_at_line(struct watch *w, size_t begin)
{
	const char *line = w->text + begin;
	enum severity s;

	if (!strcmp(message(line), LOG_END)) {
		w->ended = true;
		return;
	}
	s = judge(line);
	/* Asked-for dumps come after the end, and are no reports. */
	if (s == QUIET || w->ended)
		return;
	if (w->worst == QUIET)
		w->report = begin;
	if (s > w->worst)
		w->worst = s;
}

static void append(struct watch *w, const char *data, size_t n)
{
	char *text = realloc(w->text, w->len + n + 1);

	if (!text)
		abort();
	w->text = text;
	for (size_t i = 0; i < n; i++)
		if (data[i] != '\r' && data[i])
			w->text[w->len++] = data[i];
	w->text[w->len] = 0;
}

/* Read and judge what the kernel has printed since the last call. */
void watch_poll(struct watch *w)
{
	char buf[8192];
	ssize_t n;

	while ((n = read(w->fd, buf, sizeof(buf))) > 0)
		append(w, buf, n);
	while (w->scanned < w->len) {
		size_t begin = w->scanned;
		char *nl = memchr(w->text + begin, '\n', w->len - begin);

		if (!nl)
			break;
		*nl = 0;
		look_at_line(w, begin);
		*nl = '\n';
		w->scanned = nl + 1 - w->text;
	}
}

/* From the first report on, two lines of context before it. */
void watch_print_report(const struct watch *w, FILE *to)
{
	size_t from = w->report, end;
	int lines;

	for (lines = 0; from && lines < 3; from--)
		if (w->text[from - 1] == '\n' && ++lines == 3)
			break;
	end = from;
	for (lines = 0; end < w->len && lines < 250; end++)
		lines += w->text[end] == '\n';
	fwrite(w->text + from, 1, end - from, to);
	if (end < w->len)
		fprintf(to, "(more follows)\n");
}

void watch_print_tail(const struct watch *w, FILE *to, int lines)
{
	size_t from = w->len;

	if (from && w->text[from - 1] == '\n')
		from--;
	while (from && (w->text[from - 1] != '\n' || --lines > 0))
		from--;
	if (w->len)
		fwrite(w->text + from, 1, w->len - from, to);
}
