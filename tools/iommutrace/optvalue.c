// SPDX-License-Identifier: GPL-2.0-only
/* The values of iommutrace's options. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "optvalue.h"

#define BUFFER_MIN (64ULL << 10)
#define BUFFER_MAX (1ULL << 30)
#define ERRNO_MAX 4096

double optvalue_number(struct argp_state *state, const char *what, const char *arg)
{
	char *end;
	double v;

	errno = 0;
	v = strtod(arg, &end);
	if (errno || end == arg || *end || !(v > 0 && v <= 1e9))
		argp_error(state, "bad %s '%s': a number above 0", what, arg);
	return v;
}

/* A number, with a unit: "2M", "0x1000", "512". */
static bool parse_bytes(const char *arg, uint64_t *bytes)
{
	static const char units[] = "KMGTPE";
	const char *unit;
	char *end;
	int shift = 0;

	if (*arg < '0' || *arg > '9')
		return false;
	errno = 0;
	*bytes = strtoull(arg, &end, 0);
	if (errno)
		return false;
	if (*end) {
		unit = strchr(units, *end & ~0x20);
		if (!unit || (end[1] && strcmp(end + 1, "iB")))
			return false;
		shift = 10 * (unit - units + 1);
	}
	if (shift && *bytes > UINT64_MAX >> shift)
		return false;
	*bytes <<= shift;
	return true;
}

uint64_t optvalue_buffer(struct argp_state *state, const char *arg)
{
	uint64_t bytes, size = BUFFER_MIN;

	if (!parse_bytes(arg, &bytes) || bytes > BUFFER_MAX)
		argp_error(state, "bad buffer '%s': a size up to 1G", arg);
	while (size < bytes)
		size *= 2;
	return size;
}

static bool parse_address(const char *text, size_t len, uint64_t *address)
{
	char buf[32], *end;

	if (!len || len >= sizeof(buf) || *text < '0' || *text > '9')
		return false;
	snprintf(buf, sizeof(buf), "%.*s", (int)len, text);
	errno = 0;
	*address = strtoull(buf, &end, 0);
	return !errno && !*end;
}

void optvalue_iova(struct argp_state *state, struct filters *f, const char *arg)
{
	size_t len = strcspn(arg, "-");
	bool good = parse_address(arg, len, &f->iova_first);

	f->by_iova = true;
	f->iova_last = f->iova_first;
	if (good && arg[len]) {
		f->iova_last = UINT64_MAX;
		if (arg[len + 1])
			good = parse_address(arg + len + 1, strlen(arg + len + 1), &f->iova_last);
	}
	if (!good || f->iova_last < f->iova_first)
		argp_error(state, "bad range of IOVAs '%s': LO-HI, or LO-, or one address", arg);
}

void optvalue_size(struct argp_state *state, struct filters *f, const char *arg)
{
	const char *op = arg + strspn(arg, "<>=");
	size_t len = op - arg;
	uint64_t size;

	while (*op == ' ')
		op++;
	if (!parse_bytes(op, &size) || len > 2)
		goto bad;
	f->by_size = true;
	f->size_min = 0;
	f->size_max = UINT64_MAX;
	if (!len || !strncmp(arg, "=", len) || !strncmp(arg, "==", len)) {
		f->size_min = size;
		f->size_max = size;
		return;
	}
	if (len == 2 && !strncmp(arg, ">=", len))
		f->size_min = size;
	else if (len == 2 && !strncmp(arg, "<=", len))
		f->size_max = size;
	else if (len == 1 && *arg == '>' && size < UINT64_MAX)
		f->size_min = size + 1;
	else if (len == 1 && *arg == '<' && size)
		f->size_max = size - 1;
	else
		goto bad;
	return;
bad:
	argp_error(state, "bad size '%s': >=2M, <64K, =4096…", arg);
}

static int32_t find_errno(const char *name, size_t len)
{
	const char *known;
	char *end;
	long n;
	int i;

	for (i = 1; i < ERRNO_MAX; i++) {
		known = strerrorname_np(i);
		if (known && strlen(known) == len && !strncasecmp(known, name, len))
			return i;
	}
	n = strtol(name, &end, 10);
	return end == name + len && n > 0 && n < ERRNO_MAX ? n : 0;
}

void optvalue_errnos(struct argp_state *state, struct filters *f, const char *arg)
{
	size_t len;

	for (;; arg += len + 1) {
		len = strcspn(arg, ",");
		if (f->nr_errnos == TRACE_MAX_ERRNOS)
			argp_error(state, "more than %d errnos", TRACE_MAX_ERRNOS);
		f->errnos[f->nr_errnos] = len ? find_errno(arg, len) : 0;
		if (!f->errnos[f->nr_errnos])
			argp_error(state, "no errno '%.*s'", (int)len, arg);
		f->nr_errnos++;
		if (!arg[len])
			return;
	}
}

const char *optvalue_cgroup(struct argp_state *state, const char *arg)
{
	char *path = NULL;
	size_t len;

	if (asprintf(&path, "%s%s", *arg == '/' ? "" : "/", arg) < 0)
		argp_failure(state, 1, 0, "out of memory");
	len = strlen(path);
	while (len && path[len - 1] == '/')
		path[--len] = 0;
	return path;
}
