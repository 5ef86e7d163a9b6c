// SPDX-License-Identifier: GPL-2.0-only
/*
 * parallel.c - one thread, and two at once, by the clock: what instructions
 * cannot tell is how long who waits for whom
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench.h"
#include "iommufd.h"
#include "mem.h"

#define THREADS 2
/* Each thread's place, also where they share an IOAS. */
#define IOVA(i) ((4ULL + (i)) << 30)
/* A sample: long against the time that threads take to begin and to end. */
#define SAMPLE_NS (50 * 1000 * 1000)
#define CHECKED 64

enum { ONE, TWO };

struct result parallel_results[] = {
	[ONE] = { .op = "1", .unit = "page" },
	[TWO] = { .op = "2", .unit = "page" },
	{}
};

/**
 * struct worker - a thread, and what it works on
 * @thread: it
 * @fd: of /dev/iommu
 * @cpu: where it stays; its number in the team, too
 * @device: who reaches @ioas
 * @ioas: where it maps
 * @mem: its own memory
 * @phys: where that is
 * @bytes: of a call
 * @loops: calls in a sample
 * @rc: what failed, or 0
 * @begin: when it began, in nanoseconds
 * @end: when it was done
 */
struct worker {
	pthread_t thread;
	int fd;
	unsigned int cpu;
	unsigned int device;
	__u32 ioas;
	struct backing mem;
	__u64 *phys;
	size_t bytes;
	unsigned int loops;
	int rc;
	__u64 begin;
	__u64 end;
};

/* What all do, and how many are not there yet. */
static void (*job)(struct worker *w);
static atomic_uint missing;

static __u64 now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

static void map(struct worker *w)
{
	w->rc = iommufd_map_fixed(w->fd, w->ioas, w->mem.va, w->bytes,
				  IOVA(w->cpu), MAP_RW);
}

static void unmap(struct worker *w)
{
	w->rc = iommufd_unmap(w->fd, w->ioas, IOVA(w->cpu), w->bytes, NULL);
}

static void pairs(struct worker *w)
{
	unsigned int i;

	for (i = 0; i < w->loops && !w->rc; i++) {
		map(w);
		if (!w->rc)
			unmap(w);
	}
}

/* Nothing of the kernel's. */
static void fill(struct worker *w)
{
	unsigned int i;

	for (i = 0; i < w->loops; i++)
		pattern_fill(w->mem.va, w->bytes, i);
}

static void *thread(void *arg)
{
	struct worker *w = arg;
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(w->cpu, &cpus);
	if (sched_setaffinity(0, sizeof(cpus), &cpus)) {
		w->rc = -errno;
		missing--;
		return NULL;
	}
	/* Together: each has a CPU of its own. */
	missing--;
	while (missing)
		;
	w->begin = now();
	job(w);
	w->end = now();
	return NULL;
}

/* The first @n of the team do @what. Return: how long it took. */
static __u64 run_team(struct worker *team, unsigned int n,
		      void (*what)(struct worker *w))
{
	__u64 begin = ~0ULL, end = 0;
	unsigned int i;

	job = what;
	missing = n;
	for (i = 0; i < n; i++) {
		team[i].rc = 0;
		if (pthread_create(&team[i].thread, NULL, thread, &team[i]))
			die("no thread");
	}
	for (i = 0; i < n; i++) {
		pthread_join(team[i].thread, NULL);
		must(team[i].rc, "a thread");
		if (team[i].begin < begin)
			begin = team[i].begin;
		if (team[i].end > end)
			end = team[i].end;
	}
	return end - begin;
}

/* Does a sample last long enough? Once it may just have been interrupted. */
static bool long_enough(struct worker *team, void (*what)(struct worker *w))
{
	unsigned int i;

	for (i = 0; i < 3; i++)
		if (run_team(team, 1, what) < SAMPLE_NS)
			return false;
	return true;
}

/* The first runs are slow, too: the emulator translates what it meets. */
static void choose_loops(struct worker *team, void (*what)(struct worker *w))
{
	unsigned int i;

	while (!long_enough(team, what))
		for (i = 0; i < THREADS; i++)
			team[i].loops *= 2;
}

/* One and two in turn, so that what changes outside changes both. */
static void measure(struct worker *team, void (*what)(struct worker *w))
{
	unsigned int i;
	__u64 count;

	choose_loops(team, what);
	count = team->bytes / PAGE_SZ * team->loops;
	for (i = 0; i < rounds; i++) {
		sample(&parallel_results[ONE], count, run_team(team, 1, what));
		sample(&parallel_results[TWO], THREADS * count,
		       run_team(team, THREADS, what));
	}
}

static void team_alloc(struct worker *team, const struct bench_case *c)
{
	unsigned int i;

	for (i = 0; i < THREADS; i++) {
		struct worker *w = &team[i];

		*w = (struct worker){
			.cpu = i, .bytes = c->bytes, .loops = 1,
		};
		backing_alloc(&w->mem, c->kind, c->bytes);
		w->phys = backing_phys(&w->mem);
	}
}

static void team_free(struct worker *team)
{
	unsigned int i;

	for (i = 0; i < THREADS; i++) {
		free(team[i].phys);
		backing_free(&team[i].mem);
	}
}

/* What two map at once is there, all of it, and then none of it. */
static void check_team(struct worker *team, struct rig *rig)
{
	unsigned int i;

	run_team(team, THREADS, map);
	for (i = 0; i < THREADS; i++)
		rig_check_phys(rig, team[i].device, IOVA(i), team[i].phys,
			       team[i].bytes / PAGE_SZ, CHECKED);
	run_team(team, THREADS, unmap);
	for (i = 0; i < THREADS; i++)
		rig_check_empty(rig, team[i].device, IOVA(i));
}

void run_parallel(struct bench_case *c)
{
	struct worker team[THREADS];
	struct rig rig;
	unsigned int i;

	rig_open(&rig);
	team_alloc(team, c);
	for (i = 0; i < THREADS; i++) {
		team[i].fd = rig.fd;
		team[i].device = c->shared ? 0 : i;
		team[i].ioas = rig.ioas[team[i].device];
	}
	check_team(team, &rig);
	measure(team, pairs);
	check_team(team, &rig);
	check_nothing_is_left(c->name);
	team_free(team);
	rig_close(&rig);
}

void run_no_iommu(struct bench_case *c)
{
	struct worker team[THREADS];
	unsigned int i;

	team_alloc(team, c);
	measure(team, fill);
	for (i = 0; i < THREADS; i++)
		if (pattern_check(team[i].mem.va, c->bytes, team[i].loops - 1) >= 0)
			die("%s: what a thread wrote is not there", c->name);
	team_free(team);
}
