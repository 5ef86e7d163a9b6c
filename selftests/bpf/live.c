// SPDX-License-Identifier: GPL-2.0-only
/*
 * live.c - policies come, go and are replaced, and tasks move, while memory is
 * pinned and unpinned: it adds up at every end
 *
 * Owns: live_table.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "bpf_policy.h"
#include "mem.h"
#include "racers.h"

#define NONSENSE 99

/**
 * struct arena - what the racers share
 * @r: a mock device, mapped by several
 * @idle: no device: maps pin nothing, until one is attached
 * @a: a policy
 * @b: the other one
 * @scope: of policies that come and go
 */
struct arena {
	struct rig r, idle;
	struct policy a, b;
	struct iommufd_pin_ops scope;
};

static void try_map(struct racer *me, const struct rig *r, unsigned int at)
{
	unsigned int n = 1 + rng_below(&me->rng, 8);

	/* EEXIST: mapped already. */
	if (allowed(me, rig_map(r, at, n), EEXIST, EADDRINUSE, EDQUOT, EPERM, 0))
		me->done++;
}

/* Each has 16 pages of its own. */
static void map_low(struct racer *me)
{
	struct arena *a = me->shared;

	try_map(me, &a->r, rng_below(&me->rng, 8));
	iommufd_unmap(a->r.fd, a->r.ioas, MOCK_IOVA, 16 * PAGE_SZ, NULL);
}

static void map_high(struct racer *me)
{
	struct arena *a = me->shared;

	try_map(me, &a->r, 16 + rng_below(&me->rng, 8));
	if (!rng_below(&me->rng, 4))
		iommufd_unmap(a->r.fd, a->r.ioas, MOCK_IOVA + 16 * PAGE_SZ,
			      16 * PAGE_SZ, NULL);
}

/* A device comes to what is mapped, and goes. */
static void attach_device(struct racer *me)
{
	struct arena *a = me->shared;

	if (!allowed(me, mock_device_add(a->idle.fd, a->idle.ioas, 0,
					 &a->idle.m), EDQUOT, EPERM, 0))
		return;
	rig_detach(&a->idle);
	me->done++;
}

static void clean(struct policy *pol)
{
	pol->p->told = 0;
	pol->p->adopted = 0;
	pol->p->nr_init = 0;
	pol->p->nr_exit = 0;
	pol->p->ret_admit = 0;
}

/* What it was told of when it went is what the kernel says it was. */
static void went(const struct policy *pol)
{
	CHECK_EQ(pol->p->nr_exit, 1);
	CHECK_EQ(pol->p->exit.charged_pages, pol->p->told);
	CHECK_EQ(pol->p->wrong, 0);
}

static void come_and_go(struct racer *me)
{
	struct arena *a = me->shared;

	clean(&a->a);
	CHECK_OK(policy_attach(&a->a));
	policy_detach(&a->a);
	went(&a->a);
	me->done++;
}

static void replace(struct racer *me)
{
	struct arena *a = me->shared;
	struct policy *from = a->a.link ? &a->a : &a->b;
	struct policy *to = a->a.link ? &a->b : &a->a;

	clean(to);
	CHECK_OK(policy_replace(from, to));
	CHECK_EQ(to->p->args.replaces, from->p->args.cookie);
	CHECK_EQ(from->p->exit.kind, IOMMUFD_EXIT_REPLACED);
	went(from);
	/* A replacement whose init() fails changes nothing. */
	from->p->nr_init = 0;
	from->p->ret_init = -EAGAIN;
	CHECK_RET(policy_replace(to, from), -EAGAIN);
	from->p->ret_init = 0;
	CHECK_EQ(to->p->nr_exit, 0);
	me->done++;
}

static void strike_out(struct racer *me)
{
	struct arena *a = me->shared;
	const volatile unsigned long long *ended = &a->a.p->nr_exit;

	clean(&a->a);
	CHECK_OK(policy_attach(&a->a));
	a->a.p->ret_admit = NONSENSE;
	/* The others may have stopped already. */
	while (!*ended) {
		allowed(me, rig_map(&a->r, 40, 2), EEXIST, 0);
		rig_unmap(&a->r, 40, 2);
	}
	CHECK_EQ(a->a.p->exit.kind, IOMMUFD_EXIT_EJECTED);
	went(&a->a);
	policy_detach(&a->a);
	me->done++;
}

static void move_about(struct racer *me)
{
	static const char *const groups[] = { "", "bpf_test", "bpf_test/a" };

	cgroup_enter(groups[rng_below(&me->rng, ARRAY_SIZE(groups))]);
	me->done++;
}

static void arena_init(struct arena *a)
{
	unsigned int i;

	a->r = rig_new();
	a->idle = rig_bare();
	for (i = 0; i < 8; i++)
		CHECK_OK(rig_map(&a->idle, 8 * i, 1 + i));
	a->scope.cgroup_id = cgroup_make("bpf_test");
	cgroup_make("bpf_test/a");
}

/* One that stays all the time is told of everything. */
static void run_race(struct arena *a, struct racer *racers, unsigned int n)
{
	struct policy watch = policy_new(NULL);
	unsigned int i;

	for (i = 0; i < n; i++)
		racers[i].shared = a;
	race(racers, n);
	CHECK_EQ(watch.p->told, pins_here());
	if (a->b.link)
		CHECK_EQ(a->b.p->told, pins_here());
	else if (a->a.link && !a->a.p->nr_exit)
		CHECK_EQ(a->a.p->told, pins_here());
	close(a->r.fd);
	close(a->idle.fd);
	CHECK_EQ(watch.p->told, 0);
	CHECK_EQ(watch.p->wrong, 0);
	CHECK_EQ(a->a.p->wrong, 0);
	CHECK_EQ(pins_here(), 0);
	policy_unload(&watch);
	cgroup_enter("");
	cgroup_remove("bpf_test/a");
	cgroup_remove("bpf_test");
}

static void comes_and_goes(void)
{
	struct racer racers[] = {
		{ .name = "low", .turn = map_low },
		{ .name = "high", .turn = map_high },
		{ .name = "device", .turn = attach_device },
		{ .name = "policy", .turn = come_and_go },
		{ .name = "mover", .turn = move_about },
	};
	struct arena a = {};

	arena_init(&a);
	a.a = policy_load(&a.scope);
	run_race(&a, racers, ARRAY_SIZE(racers));
	policy_unload(&a.a);
}

static void is_replaced(void)
{
	struct racer racers[] = {
		{ .name = "low", .turn = map_low },
		{ .name = "high", .turn = map_high },
		{ .name = "device", .turn = attach_device },
		{ .name = "replace", .turn = replace },
		{ .name = "mover", .turn = move_about },
	};
	struct arena a = {};

	arena_init(&a);
	a.a = policy_new(NULL);
	a.b = policy_load(NULL);
	run_race(&a, racers, ARRAY_SIZE(racers));
	CHECK_EQ(a.a.link ? a.a.p->told : a.b.p->told, 0);
	policy_unload(&a.a);
	policy_unload(&a.b);
}

static void is_ejected(void)
{
	struct racer racers[] = {
		{ .name = "low", .turn = map_low },
		{ .name = "high", .turn = map_high },
		{ .name = "device", .turn = attach_device },
		{ .name = "strikes", .turn = strike_out },
		{ .name = "mover", .turn = move_about },
	};
	struct arena a = {};

	arena_init(&a);
	a.a = policy_load(NULL);
	run_race(&a, racers, ARRAY_SIZE(racers));
	policy_unload(&a.a);
}

static void *map_all(void *arg)
{
	struct rig *r = arg;

	return (void *)(long)rig_map(r, 0, RIG_PAGES);
}

/*
 * A pin that waits for user space, for as long as that likes, holds up nobody
 * who attaches, replaces or detaches a policy; and its pages are not forgotten.
 */
static void pin_hangs(void)
{
	struct policy pol = policy_load(NULL), next = policy_load(NULL);
	struct rig r = rig_new();
	pthread_t thread;
	void *ret;
	int missing;

	r.va = mmap(NULL, RIG_BYTES, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(r.va != MAP_FAILED);
	missing = CHECK_FD(mem_missing(r.va, RIG_BYTES));
	CHECK_OK(pthread_create(&thread, NULL, map_all, &r));
	/* It has charged them when it faults. */
	usleep(300000);
	CHECK_OK(policy_attach(&pol));
	CHECK_EQ(pol.p->adopted, RIG_PAGES);
	CHECK_OK(policy_replace(&pol, &next));
	CHECK_EQ(next.p->told, RIG_PAGES);
	CHECK_EQ(pins_here(), 0);
	CHECK_OK(mem_arrives(missing, r.va, RIG_BYTES));
	CHECK_OK(pthread_join(thread, &ret));
	CHECK_OK((long)ret);
	CHECK_EQ(next.p->told, pins_here());
	CHECK_EQ(next.p->nr_charge, 0);
	CHECK_OK(rig_unmap(&r, 0, RIG_PAGES));
	CHECK_EQ(next.p->told, 0);
	CHECK_EQ(next.p->wrong, 0);
	policy_unload(&pol);
	policy_unload(&next);
}

/* What is pinned when it comes is adopted; what it cannot take it keeps. */
static void adopts(void)
{
	struct policy pol = policy_load(NULL);
	struct rig r = rig_new();

	CHECK_OK(rig_map(&r, 0, 10));
	CHECK_OK(rig_map(&r, 16, 10));
	pol.p->limit = 12;
	CHECK_OK(policy_attach(&pol));
	CHECK_EQ(pol.p->nr_adopt, 2);
	CHECK_EQ(pol.p->told, 20);
	CHECK_EQ(pol.p->nr_charge, 0);
	CHECK_RET(rig_map(&r, 32, 1), -EDQUOT);
	CHECK_OK(rig_unmap(&r, 0, 10));
	CHECK_RET(rig_map(&r, 0, 3), -EDQUOT);
	CHECK_OK(rig_map(&r, 0, 2));
	CHECK_EQ(pol.p->told, 12);
	policy_detach(&pol);
	CHECK_EQ(pol.p->exit.charged_pages, 12);
	CHECK_OK(rig_unmap(&r, 0, 2));
	CHECK_OK(rig_unmap(&r, 16, 10));
	/* It was not told of what happened after it had gone. */
	CHECK_EQ(pol.p->told, 12);
	clean(&pol);
	CHECK_OK(policy_attach(&pol));
	CHECK_EQ(pol.p->told, 0);
	policy_unload(&pol);
}

/* How many IOASes are between two that memory is moved between. */
#define BETWEEN 300

struct moved {
	struct rig r;
	__u32 ioas[2];
	bool stop;
};

static void move_memory(const struct moved *m, int from)
{
	CHECK_OK(iommufd_copy(m->r.fd, m->ioas[!from], m->ioas[from], MOCK_IOVA,
			      4 * PAGE_SZ, MOCK_IOVA, MAP_RW));
	CHECK_OK(iommufd_unmap(m->r.fd, m->ioas[from], MOCK_IOVA, 4 * PAGE_SZ,
			       NULL));
}

/* It is in the first again when this ends. */
static void *to_and_fro(void *arg)
{
	struct moved *m = arg;

	while (!__atomic_load_n(&m->stop, __ATOMIC_RELAXED)) {
		move_memory(m, 0);
		move_memory(m, 1);
	}
	return NULL;
}

/*
 * Memory that is pinned all the time, but never long in one place, is found by
 * a policy that comes, wherever that looks first.
 */
static void finds_what_moves(void)
{
	struct policy pol = policy_load(NULL);
	struct moved m = { .r = rig_new() };
	struct mock_device far;
	pthread_t thread;
	unsigned int i;
	__u32 between;

	m.ioas[0] = m.r.ioas;
	for (i = 0; i < BETWEEN; i++)
		CHECK_OK(iommufd_ioas_alloc(m.r.fd, &between));
	CHECK_OK(iommufd_ioas_alloc(m.r.fd, &m.ioas[1]));
	CHECK_OK(mock_device_add(m.r.fd, m.ioas[1], 0, &far));
	for (i = 0; i < 50; i++) {
		/* Anew: nobody has been told of it. */
		CHECK_OK(rig_map(&m.r, 0, 4));
		m.stop = false;
		CHECK_OK(pthread_create(&thread, NULL, to_and_fro, &m));
		usleep(1000);
		clean(&pol);
		CHECK_OK(policy_attach(&pol));
		CHECK_EQ(pol.p->told, 4);
		__atomic_store_n(&m.stop, true, __ATOMIC_RELAXED);
		CHECK_OK(pthread_join(thread, NULL));
		CHECK_EQ(pol.p->told, 4);
		CHECK_OK(rig_unmap(&m.r, 0, 4));
		CHECK_EQ(pol.p->told, 0);
		policy_detach(&pol);
	}
	policy_unload(&pol);
	close(m.r.fd);
}

static const struct test tests[] = {
	{ "live.adopts", adopts, 60 },
	{ "live.finds_what_moves", finds_what_moves, 120 },
	{ "live.pin_hangs", pin_hangs, 60 },
	{ "live.comes_and_goes", comes_and_goes, 120 },
	{ "live.is_replaced", is_replaced, 120 },
	{ "live.is_ejected", is_ejected, 120 },
};

const struct test_table live_table = { tests, ARRAY_SIZE(tests) };
