// SPDX-License-Identifier: GPL-2.0-only
/*
 * iter_race.c - iterators while everything comes and goes
 *
 * Owns: iter_race_table.
 */
#define _GNU_SOURCE
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "iter_main.h"

static atomic_bool stop;

/* What the functions under test are called by. */
static void use_all(char *va)
{
	int fd = iommufd_open();
	struct mock_device m;
	__u32 ioas, hwpt;

	if (fd < 0)
		return;
	if (!iommufd_ioas_alloc(fd, &ioas) &&
	    !iommufd_map_fixed(fd, ioas, va, 4 * PAGE_SZ, MOCK_IOVA, MAP_RW) &&
	    !mock_device_add(fd, ioas, 0, &m)) {
		iommufd_copy(fd, ioas, ioas, MOCK_IOVA, PAGE_SZ,
			     2 * MOCK_IOVA, MAP_R);
		iommufd_hwpt_alloc(fd, m.idev, ioas,
				   IOMMU_HWPT_ALLOC_DIRTY_TRACKING, &hwpt);
		mock_device_replace(fd, m.stdev, hwpt);
		iommufd_unmap(fd, ioas, MOCK_IOVA, 4 * PAGE_SZ, NULL);
		iommufd_destroy(fd, m.stdev);
		iommufd_destroy(fd, ioas);
	}
	close(fd);
}

static void *churn(void *arg)
{
	char *va = mmap(NULL, 4 * PAGE_SZ, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	unsigned long *n = arg;

	while (va != MAP_FAILED && !stop) {
		use_all(va);
		(*n)++;
	}
	return NULL;
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

static void create_destroy(void)
{
	struct iter_walk *w = new_walk();
	unsigned long turns[2] = {}, walks = 0;
	double end = now() + 6;
	pthread_t t[2];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(t); i++)
		CHECK_OK(pthread_create(&t[i], NULL, churn, &turns[i]));
	while (now() < end) {
		const struct found *f = walk(w);

		w->bss->want_cookie[0] = f->ctx.cookie;
		w->bss->want_cookie[1] = f->ioas[0].cookie;
		w->bss->want_cookie[2] = f->hwpt[0].cookie;
		w->bss->want_cookie[3] = f->device[0].cookie;
		run_program(w->progs.hold);
		w->bss->want_ioas = f->ioas[0].cookie;
		w->bss->want_iova = f->area[0].iova;
		run_program(w->progs.runs);
		run_program(w->progs.walk_all);
		run_program(w->progs.peek);
		walks++;
	}
	stop = true;
	for (i = 0; i < ARRAY_SIZE(t); i++)
		CHECK_OK(pthread_join(t[i], NULL));
	test_note("%lu walks, %llu views, %lu contexts", walks,
		  (unsigned long long)w->bss->nr_views, turns[0] + turns[1]);
	CHECK(walks > 10 && turns[0] > 5 && turns[1] > 5);
	CHECK(w->bss->nr_views > 10);
	CHECK_EQ(walk(w)->nr_ctxs, 0);
}

static const struct test tests[] = {
	{ .name = "create-destroy", .run = create_destroy },
};

const struct test_table iter_race_table = { tests, ARRAY_SIZE(tests) };
