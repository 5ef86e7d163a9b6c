// SPDX-License-Identifier: GPL-2.0-only
/* scale_system.c - memory, slabs, and iommutop's view; see scale.h */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"
#include "mem.h"
#include "scale.h"

#define CACHES_MAX 512
#define CACHES_SHOWN 6
#define OUTPUT "/tmp/bench_scale.json"

struct cache {
	char name[40];
	unsigned long objects;
	unsigned long size;	/* of one */
	unsigned long bytes;	/* of its slabs */
};

static struct cache before[CACHES_MAX];
static size_t nr_before;

static FILE *open_or_die(const char *path)
{
	FILE *f = fopen(path, "re");

	if (!f)
		die("%s: %s", path, strerror(errno));
	return f;
}

long kernel_memory(void)
{
	static const char *const counted[] = {
		"SUnreclaim", "VmallocUsed", "PageTables", "SecPageTables",
	};
	FILE *f = open_or_die("/proc/meminfo");
	char name[64];
	long value, sum = 0;
	size_t i;

	/* Slabs that RCU has not freed yet. */
	settle();
	while (fscanf(f, "%63[^:]: %ld%*[^\n]\n", name, &value) == 2)
		for (i = 0; i < ARRAY_SIZE(counted); i++)
			if (!strcmp(name, counted[i]))
				sum += value * 1024;
	fclose(f);
	return sum;
}

static size_t read_slabs(struct cache *caches)
{
	FILE *f = open_or_die("/proc/slabinfo");
	unsigned long pages, slabs;
	char line[512];
	size_t n = 0;

	while (n < CACHES_MAX && fgets(line, sizeof(line), f)) {
		struct cache *c = &caches[n];

		if (sscanf(line, "%39s %lu %*u %lu %*u %lu : tunables %*u %*u %*u : slabdata %*u %lu",
			   c->name, &c->objects, &c->size, &pages, &slabs) != 5)
			continue;
		c->bytes = slabs * pages * PAGE_SZ;
		n++;
	}
	fclose(f);
	if (!n)
		die("/proc/slabinfo says nothing");
	return n;
}

void slabs_begin(void)
{
	nr_before = read_slabs(before);
}

static int by_bytes(const void *a, const void *b)
{
	const struct cache *x = a, *y = b;

	return (long)x->bytes < (long)y->bytes ? 1 : -1;
}

void slabs_print(const char *prefix)
{
	static struct cache now[CACHES_MAX];
	size_t n = read_slabs(now), i, j;

	/* A cache that is new begins with nothing; what shrank goes below 0. */
	for (i = 0; i < n; i++)
		for (j = 0; j < nr_before; j++) {
			if (strcmp(now[i].name, before[j].name))
				continue;
			now[i].bytes -= before[j].bytes;
			now[i].objects -= before[j].objects;
		}
	qsort(now, n, sizeof(now[0]), by_bytes);
	for (i = 0; i < CACHES_SHOWN && i < n && (long)now[i].bytes > 0; i++)
		printf("%s\t%s\t%lu\t%ld\t%ld\n", prefix, now[i].name,
		       now[i].size, (long)now[i].objects, (long)now[i].bytes);
}

static void exec_iommutop(void)
{
	int fd = open(OUTPUT, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if (fd < 0 || dup2(fd, STDOUT_FILENO) < 0)
		_exit(126);
	execlp("iommutop", "iommutop", "-1", "-O", "json", "-w", "map", NULL);
	_exit(127);
}

/* The value of a member, as a number; 0 if it is not there. */
static __u64 member(const char *line, const char *name)
{
	char key[64];
	const char *at;

	snprintf(key, sizeof(key), "\"%s\":", name);
	at = strstr(line, key);
	return at ? strtoull(at + strlen(key), NULL, 10) : 0;
}

static __u64 microseconds(const struct timeval *tv)
{
	return tv->tv_sec * 1000000ULL + tv->tv_usec;
}

struct top run_iommutop(void)
{
	struct top top = {};
	struct rusage usage;
	size_t room = 0;
	char *line = NULL;
	int status;
	pid_t pid;
	FILE *f;

	fflush(stdout);
	pid = fork();
	if (!pid)
		exec_iommutop();
	if (pid < 0 || wait4(pid, &status, 0, &usage) != pid || status)
		die("iommutop failed");
	/* Its own: not what passes while it waits for its file to be read. */
	top.ticks = 1000 * (microseconds(&usage.ru_utime) +
			    microseconds(&usage.ru_stime));
	f = open_or_die(OUTPUT);
	while (getline(&line, &room, f) > 0) {
		if (strstr(line, "\"type\":\"summary\"")) {
			top.maps = member(line, "maps");
			top.mapped = member(line, "mapped_bytes");
			top.pinned = member(line, "pinned_bytes");
		} else if (strstr(line, "\"type\":\"map\"")) {
			top.rows++;
			top.listed += member(line, "length");
		}
	}
	free(line);
	fclose(f);
	unlink(OUTPUT);
	return top;
}
