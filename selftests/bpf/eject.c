// SPDX-License-Identifier: GPL-2.0-only
/*
 * eject.c - policies that misbehave: what counts, what it leads to, who cannot
 * bring it about, and what is left
 *
 * Owns: eject_table.
 */
#define _GNU_SOURCE
#include <poll.h>
#include <pthread.h>
#include <time.h>
#include <unistd.h>

#include "bpf_policy.h"

#define NONSENSE 77
#define CLOSED IOMMUFD_POLICY_F_FAIL_CLOSED

static struct policy with_flags(__u64 flags)
{
	struct iommufd_pin_ops c = { .flags = flags };

	return policy_new(&c);
}

/* So many maps, each of one page; all of them must end like that. */
static void map_times(const struct rig *r, unsigned int times, int want)
{
	while (times--) {
		CHECK_RET(rig_map(r, 0, 1), want);
		if (!want)
			CHECK_OK(rig_unmap(r, 0, 1));
	}
}

static void struck_out(const struct policy *pol, int code)
{
	policy_wait_exit(pol);
	CHECK_EQ(pol->p->nr_exit, 1);
	CHECK_EQ(pol->p->exit.kind, IOMMUFD_EXIT_EJECTED);
	CHECK_EQ(pol->p->exit.code, code);
	CHECK_EQ(pol->p->exit.strikes, IOMMUFD_POLICY_MAX_STRIKES);
	CHECK(pol->p->exit.message[0]);
}

/* Nonsense counts as yes; after the last strike nobody is asked. */
static void fails_open(void)
{
	struct policy pol = with_flags(0);
	struct rig r = rig_new();
	struct pollfd fd = { .fd = bpf_link__fd(pol.link), .events = POLLHUP };
	struct policy next;

	pol.p->nr_admit = 0;
	pol.p->ret_admit = NONSENSE;
	map_times(&r, IOMMUFD_POLICY_MAX_STRIKES - 1, 0);
	CHECK_EQ(pol.p->nr_admit, IOMMUFD_POLICY_MAX_STRIKES - 1);
	CHECK_EQ(pol.p->nr_exit, 0);
	CHECK_EQ(poll(&fd, 1, 0), 0);
	map_times(&r, 10, 0);
	CHECK_EQ(pol.p->nr_admit, IOMMUFD_POLICY_MAX_STRIKES);
	struck_out(&pol, NONSENSE);
	/* The link says so too. */
	CHECK_EQ(poll(&fd, 1, 1000), 1);
	CHECK(!scope_is_closed("probe"));
	next = policy_load(NULL);
	CHECK_RET(policy_replace(&pol, &next), -ENOLINK);
	CHECK_OK(policy_attach(&next));
	map_times(&r, 1, 0);
	CHECK_EQ(next.p->nr_admit, 1);
	policy_unload(&next);
	policy_unload(&pol);
}

/* Nonsense is EPERM, before and after, until somebody acts. */
static void fails_closed(void)
{
	struct policy pol = with_flags(CLOSED), next;
	struct rig r = rig_new();
	int access = CHECK_FD(access_new(&r));
	__u32 pin;

	CHECK_OK(rig_map(&r, 8, 4));
	pol.p->ret_charge = -NONSENSE;
	map_times(&r, IOMMUFD_POLICY_MAX_STRIKES, -EPERM);
	struck_out(&pol, -NONSENSE);
	CHECK(scope_is_closed("probe"));
	map_times(&r, 3, -EPERM);
	/* What is pinned stays usable, and can go. */
	CHECK_OK(access_pin(&r, access, 8, 2, &pin));
	CHECK_OK(access_unpin(&r, access, pin));
	CHECK_OK(rig_unmap(&r, 8, 4));
	CHECK_EQ(pins_here(), 0);
	/* Closing what is left of it changes nothing. */
	policy_unload(&pol);
	map_times(&r, 1, -EPERM);
	/* Nor does another name. */
	CHECK_RET(scope_reopen("prob"), -ENOENT);
	next = policy_load(&(struct iommufd_pin_ops){ .name = "another" });
	CHECK_OK(policy_attach(&next));
	map_times(&r, 1, -EPERM);
	policy_unload(&next);
	/* The same does. */
	next = policy_load(NULL);
	CHECK_OK(policy_attach(&next));
	CHECK(!scope_is_closed("probe"));
	map_times(&r, 1, 0);
	CHECK_EQ(next.p->told, 0);
	CHECK_EQ(next.p->wrong, 0);
	policy_unload(&next);
	map_times(&r, 1, 0);
	close(access);
}

/* The longest name that there can be, as echo writes it. */
#define LONG_NAME "fifteen-letters"

static void reopened_by_name(void)
{
	struct iommufd_pin_ops c = { .flags = CLOSED, .name = LONG_NAME };
	struct policy pol = policy_new(&c);
	struct rig r = rig_new();

	pol.p->ret_admit = NONSENSE;
	map_times(&r, IOMMUFD_POLICY_MAX_STRIKES + 3, -EPERM);
	struck_out(&pol, NONSENSE);
	CHECK(scope_is_closed(LONG_NAME));
	CHECK_OK(scope_reopen(LONG_NAME "\n"));
	CHECK(!scope_is_closed(LONG_NAME));
	map_times(&r, 3, 0);
	CHECK_RET(scope_reopen(LONG_NAME), -ENOENT);
	policy_unload(&pol);
}

/* A closed scope is one cgroup's, and goes with it. */
static void closed_cgroup(void)
{
	struct iommufd_pin_ops c = { .flags = CLOSED };
	struct policy pol;
	struct rig r = rig_new();
	unsigned int tries = 0;

	c.cgroup_id = cgroup_make("bpf_test");
	pol = policy_new(&c);
	pol.p->ret_admit = NONSENSE;
	cgroup_enter("bpf_test");
	map_times(&r, IOMMUFD_POLICY_MAX_STRIKES, -EPERM);
	struck_out(&pol, NONSENSE);
	map_times(&r, 1, -EPERM);
	cgroup_enter("");
	map_times(&r, 1, 0);
	CHECK(scope_is_closed("probe"));
	cgroup_remove("bpf_test");
	while (scope_is_closed("probe") && tries++ < 1000)
		usleep(10000);
	CHECK(!scope_is_closed("probe"));
	policy_unload(&pol);
}

/*
 * Refusals are not strikes, however many a tenant asks for; and what strikes a
 * guard out, closes: there is no way around it.
 */
static void tenant(int sock, const void *arg)
{
	const struct rig *r = arg;
	unsigned int i;

	become_user(1000, 1 << 30);
	for (i = 0; i < 10 * IOMMUFD_POLICY_MAX_STRIKES; i++)
		CHECK_RET(rig_map(r, 0, 9), -EDQUOT);
	say(sock, 0);
	/* The quota is broken now, in a way that it can bring about. */
	hear(sock);
	for (i = 0; i < 3 * IOMMUFD_POLICY_MAX_STRIKES; i++)
		CHECK_RET(rig_map(r, 0, 9), -EPERM);
	say(sock, 0);
	hear(sock);
	CHECK_RET(rig_map(r, 0, 9), -EPERM);
	CHECK_RET(rig_map(r, 0, 1), -EPERM);
	/* It cannot open it, either. */
	CHECK(access("/sys/module/iommufd/parameters/policy_reopen", W_OK));
	say(sock, 0);
	hear(sock);
}

static void tenant_strikes(void)
{
	struct policy pol = with_flags(CLOSED | IOMMUFD_POLICY_F_STRIKE_OVERRUN);
	struct rig r = rig_new();
	struct peer peer;

	pol.p->limit = 8;
	peer = peer_start(tenant, &r);
	CHECK_OK(hear(peer.sock));
	CHECK_EQ(pol.p->nr_exit, 0);
	pol.p->limit = 0;
	pol.p->ret_charge = NONSENSE;
	say(peer.sock, 0);
	CHECK_OK(hear(peer.sock));
	struck_out(&pol, NONSENSE);
	say(peer.sock, 0);
	CHECK_OK(hear(peer.sock));
	say(peer.sock, 0);
	peer_end(&peer);
	CHECK_OK(scope_reopen("probe"));
	policy_unload(&pol);
}

static long map_ns(const struct rig *r)
{
	struct timespec a, b;

	clock_gettime(CLOCK_MONOTONIC, &a);
	map_times(r, 1, 0);
	clock_gettime(CLOCK_MONOTONIC, &b);
	return (b.tv_sec - a.tv_sec) * 1000000000L + b.tv_nsec - a.tv_nsec;
}

/*
 * Enough work for more than the limit: in the shortest of several maps, as
 * other things take time, too.
 */
static void make_slow(struct policy *pol, const struct rig *r)
{
	long ns, least = 0;
	int i;

	for (pol->p->spin = 1 << 18; pol->p->spin <= 1 << 23; pol->p->spin *= 2) {
		least = map_ns(r);
		for (i = 0; i < 4; i++) {
			ns = map_ns(r);
			least = ns < least ? ns : least;
		}
		if (least > 4L * IOMMUFD_POLICY_OVERRUN_NS)
			return;
	}
	test_skip("no program is slow enough: %ld ns", least);
}

/* Overruns are counted, and no more than that. */
static void overruns_count(void)
{
	struct policy pol = with_flags(0);
	struct rig r = rig_new();

	make_slow(&pol, &r);
	map_times(&r, 2 * IOMMUFD_POLICY_MAX_STRIKES, 0);
	policy_detach(&pol);
	CHECK_EQ(pol.p->exit.kind, IOMMUFD_EXIT_UNREG);
	CHECK_EQ(pol.p->exit.strikes, 0);
	CHECK(pol.p->exit.overruns > IOMMUFD_POLICY_MAX_STRIKES);
	policy_unload(&pol);
}

/* Unless it asked for more. */
static void overruns_eject(void)
{
	struct policy slow = with_flags(0), pol;
	struct rig r = rig_new();
	unsigned long long spin;

	make_slow(&slow, &r);
	spin = slow.p->spin;
	policy_unload(&slow);
	pol = with_flags(IOMMUFD_POLICY_F_STRIKE_OVERRUN);
	pol.p->spin = spin;
	map_times(&r, 2 * IOMMUFD_POLICY_MAX_STRIKES, 0);
	policy_wait_exit(&pol);
	CHECK_EQ(pol.p->exit.kind, IOMMUFD_EXIT_EJECTED);
	CHECK(pol.p->exit.overruns >= IOMMUFD_POLICY_MAX_STRIKES);
	policy_unload(&pol);
}

/* The last close of a link, while it is being ejected. */
static void *map_until_told(void *arg)
{
	const struct rig *r = arg;

	map_times(r, 2 * IOMMUFD_POLICY_MAX_STRIKES, 0);
	return NULL;
}

static void last_close_races(void)
{
	struct rig r = rig_new();
	struct policy pol = policy_load(NULL);
	unsigned int i, ejected = 0;
	struct rng rng = { 5 };

	pol.p->ret_admit = NONSENSE;
	for (i = 0; i < 60; i++) {
		const volatile unsigned long long *asked = &pol.p->nr_admit;
		unsigned int when = IOMMUFD_POLICY_MAX_STRIKES - rng_below(&rng, 3);
		pthread_t thread;

		pol.p->nr_exit = 0;
		pol.p->nr_admit = 0;
		CHECK_OK(policy_attach(&pol));
		CHECK_OK(pthread_create(&thread, NULL, map_until_told, &r));
		while (*asked < when)
			;
		/* close(2) of the last descriptor: no detach before it. */
		policy_detach(&pol);
		policy_wait_exit(&pol);
		ejected += pol.p->exit.kind == IOMMUFD_EXIT_EJECTED;
		pthread_join(thread, NULL);
		CHECK_EQ(pol.p->nr_exit, 1);
	}
	test_note("%u of %u were ejected first", ejected, i);
	policy_unload(&pol);
}

static const struct test tests[] = {
	{ "eject.fails_open", fails_open, 60 },
	{ "eject.fails_closed", fails_closed, 60 },
	{ "eject.reopened_by_name", reopened_by_name, 60 },
	{ "eject.closed_cgroup", closed_cgroup, 60 },
	{ "eject.tenant_strikes", tenant_strikes, 60 },
	{ "eject.overruns_count", overruns_count, 120 },
	{ "eject.overruns_eject", overruns_eject, 120 },
	{ "eject.last_close_races", last_close_races, 120 },
};

const struct test_table eject_table = { tests, ARRAY_SIZE(tests) };
