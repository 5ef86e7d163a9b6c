// SPDX-License-Identifier: GPL-2.0-only
/*
 * pages.c - the life of a charge: once, to the creator, in any mode
 *
 * Owns: pages_table.
 */
#define _GNU_SOURCE
#include <sys/mman.h>
#include <unistd.h>

#include "bpf_policy.h"

/* The whole way up and down, told page by page. */
static void charge_and_back(const struct rig *r, const struct probe_state *p)
{
	unsigned long long adopted = p->adopted;

	CHECK_OK(rig_map(r, 0, 5));
	CHECK_EQ(p->told, 5);
	CHECK_EQ(p->charge.mem_pages, 0);
	CHECK_EQ(p->charge.length, 5 * PAGE_SZ);
	CHECK_EQ(p->charge.va, (unsigned long)r->va);
	CHECK_EQ(p->charge.source, IOMMUFD_SOURCE_USER);
	CHECK_EQ(p->charge.prot, IOMMUFD_PROT_READ | IOMMUFD_PROT_WRITE);
	CHECK_OK(rig_unmap(r, 0, 5));
	CHECK_EQ(p->told, 0);
	CHECK_EQ(p->uncharge.npages, 5);
	CHECK_EQ(p->adopted, adopted);
}

static void in_both_modes(void)
{
	struct policy pol = policy_new(NULL);
	struct rig r = rig_bare();

	CHECK_OK(iommufd_destroy(r.fd, r.ioas));
	CHECK_OK(iommufd_set_rlimit_mode(r.fd, 1));
	CHECK_OK(iommufd_ioas_alloc(r.fd, &r.ioas));
	rig_attach(&r);
	charge_and_back(&r, pol.p);
	close(r.fd);
	r = rig_new();
	charge_and_back(&r, pol.p);
	CHECK_EQ(pol.p->wrong, 0);
	policy_unload(&pol);
}

/* RLIMIT_MEMLOCK refuses first; what it refuses policies never hear of. */
static void limited(int sock, const void *arg)
{
	const struct rig *r = arg;

	become_user(1000, 4 * PAGE_SZ);
	say(sock, rig_map(r, 0, 5));
	say(sock, rig_map(r, 0, 4));
	hear(sock);
}

static void after_the_limit(void)
{
	struct policy pol = policy_new(NULL);
	struct rig r = rig_new();
	struct peer peer = peer_start(limited, &r);

	CHECK_RET(hear(peer.sock), -ENOMEM);
	CHECK_OK(hear(peer.sock));
	CHECK_EQ(pol.p->nr_charge, 1);
	CHECK_EQ(pol.p->charge.uid, 1000);
	CHECK_EQ(pol.p->charge.tgid, peer.pid);
	CHECK_EQ(pol.p->charge.limit_pages, 4);
	/* With its own. */
	CHECK_EQ(pol.p->charge.user_pages, 4);
	say(peer.sock, 0);
	peer_end(&peer);
	close(r.fd);
	CHECK_EQ(pol.p->told, 0);
	policy_unload(&pol);
}

/* Nothing is pinned, or charged, before there is a device. */
static void lazily(void)
{
	struct policy pol = policy_new(NULL);
	struct rig r = rig_bare();

	CHECK_OK(rig_map(&r, 0, 5));
	CHECK_OK(rig_map(&r, 8, 5));
	CHECK_EQ(pol.p->nr_charge, 0);
	rig_attach(&r);
	CHECK_EQ(pol.p->nr_charge, 2);
	CHECK_EQ(pol.p->told, 10);
	CHECK_EQ(pol.p->charge.op, IOMMUFD_OP_ATTACH);
	rig_detach(&r);
	CHECK_EQ(pol.p->told, 0);
	/* The second area is refused: the first is given back. */
	pol.p->limit = 7;
	CHECK_RET(mock_device_add(r.fd, r.ioas, 0, &r.m), -EDQUOT);
	CHECK_EQ(pol.p->told, 0);
	CHECK_EQ(pins_here(), 0);
	CHECK_EQ(pol.p->wrong, 0);
	policy_unload(&pol);
}

/* Copies and accesses of what is pinned cost nothing more. */
static void shared_once(void)
{
	struct policy pol = policy_new(NULL);
	struct rig r = rig_new();
	int access = CHECK_FD(access_new(&r));
	__u32 pin;

	CHECK_OK(rig_map(&r, 0, 5));
	CHECK_OK(iommufd_copy(r.fd, r.ioas, r.ioas, MOCK_IOVA, 5 * PAGE_SZ,
			      MOCK_IOVA + RIG_BYTES, MAP_RW));
	CHECK_OK(access_pin(&r, access, 0, 3, &pin));
	CHECK_EQ(pol.p->nr_charge, 1);
	CHECK_OK(access_unpin(&r, access, pin));
	CHECK_OK(rig_unmap(&r, 0, 5));
	CHECK_EQ(pol.p->nr_uncharge, 0);
	CHECK_EQ(pol.p->told, 5);
	CHECK_OK(iommufd_unmap(r.fd, r.ioas, MOCK_IOVA + RIG_BYTES,
			       5 * PAGE_SZ, NULL));
	CHECK_EQ(pol.p->told, 0);
	close(access);
	policy_unload(&pol);
}

/* Pinning fails on the way: everything that was charged is given back. */
static void pin_fails(void)
{
	struct policy pol = policy_new(NULL);
	struct rig r = rig_new();

	CHECK_OK(mprotect(r.va + 7 * PAGE_SZ, PAGE_SZ, PROT_NONE));
	CHECK_RET(rig_map(&r, 0, 10), -EFAULT);
	CHECK_EQ(pol.p->nr_charge, 1);
	CHECK_EQ(pol.p->told, 0);
	CHECK_EQ(pins_here(), 0);
	CHECK_OK(rig_map(&r, 0, 7));
	CHECK_EQ(pol.p->told, 7);
	CHECK_EQ(pol.p->wrong, 0);
	policy_unload(&pol);
}

/* A wish: so much is charged and pinned at a time. */
static void chunks(void)
{
	struct policy pol = policy_new(NULL);
	struct rig r = rig_new();

	pol.p->chunk = 16 * PAGE_SZ;
	pol.p->workers = 2;
	CHECK_OK(rig_map(&r, 0, RIG_PAGES));
	CHECK_EQ(pol.p->nr_charge, RIG_PAGES / 16);
	CHECK_EQ(pol.p->largest, 16);
	CHECK_EQ(pol.p->told, RIG_PAGES);
	CHECK_EQ(pol.p->charge.mem_pages, RIG_PAGES - 16);
	CHECK_OK(rig_unmap(&r, 0, RIG_PAGES));
	CHECK_EQ(pol.p->told, 0);
	/* The third piece is refused. */
	pol.p->limit = 40;
	CHECK_RET(rig_map(&r, 0, RIG_PAGES), -EDQUOT);
	CHECK_EQ(pol.p->most, RIG_PAGES);
	CHECK_EQ(pol.p->told, 0);
	CHECK_EQ(pins_here(), 0);
	policy_detach(&pol);
	CHECK_EQ(pol.p->exit.strikes, 0);
	policy_unload(&pol);
}

/* Of several wishes the nearest counts, and the first within a scope. */
static void nearest_wish(void)
{
	struct iommufd_pin_ops near = { .name = "near" };
	struct policy global = policy_new(NULL), first, second;
	struct rig r = rig_new();

	near.ioas_cookie = ioas_cookie(&r);
	near.priority = 1;
	first = policy_new(&near);
	near.priority = 0;
	second = policy_new(&near);
	global.p->chunk = 16 * PAGE_SZ;
	CHECK_OK(rig_map(&r, 0, RIG_PAGES));
	CHECK_EQ(first.p->largest, 16);
	CHECK_OK(rig_unmap(&r, 0, RIG_PAGES));
	second.p->chunk = 64 * PAGE_SZ;
	CHECK_OK(rig_map(&r, 0, RIG_PAGES));
	CHECK_EQ(first.p->largest, 64);
	CHECK_OK(rig_unmap(&r, 0, RIG_PAGES));
	first.p->chunk = 32 * PAGE_SZ;
	first.p->largest = 0;
	CHECK_OK(rig_map(&r, 0, RIG_PAGES));
	CHECK_EQ(first.p->largest, 32);
	CHECK_OK(rig_unmap(&r, 0, RIG_PAGES));
	policy_unload(&first);
	policy_unload(&second);
	policy_unload(&global);
}

/* A wish that cannot be is a strike, and no wish. */
static void impossible_wish(void)
{
	struct policy pol = policy_new(NULL);
	struct rig r = rig_new();

	pol.p->chunk = 4096;
	CHECK_OK(rig_map(&r, 0, RIG_PAGES));
	pol.p->chunk = IOMMUFD_CHUNK_MIN + 1;
	CHECK_OK(rig_unmap(&r, 0, RIG_PAGES));
	CHECK_OK(rig_map(&r, 0, RIG_PAGES));
	CHECK_EQ(pol.p->nr_charge, 2);
	pol.p->chunk = 0;
	pol.p->workers = IOMMUFD_WORKERS_MAX + 1;
	CHECK_OK(rig_unmap(&r, 0, RIG_PAGES));
	CHECK_OK(rig_map(&r, 0, RIG_PAGES));
	policy_detach(&pol);
	CHECK_EQ(pol.p->exit.strikes, 3);
	policy_unload(&pol);
}

/*
 * Pinned while nobody wanted to know: a policy that comes is told of all that is
 * left, in the name of the cgroup that the task was in then.
 */
static void found_later(void)
{
	struct iommufd_pin_ops conf = { .name = "probe" };
	struct policy pol, other;
	struct rig r, bare;
	__u32 pin;
	int access;

	conf.cgroup_id = cgroup_make("a");
	cgroup_make("b");
	cgroup_enter("a");
	r = rig_new();
	bare = rig_bare();
	CHECK_OK(rig_map(&r, 0, 5));
	CHECK_OK(rig_map(&r, 8, 3));
	CHECK_OK(iommufd_copy(r.fd, r.ioas, r.ioas, MOCK_IOVA, 5 * PAGE_SZ,
			      MOCK_IOVA + RIG_BYTES, MAP_RW));
	/* The copy is left. */
	CHECK_OK(rig_unmap(&r, 0, 5));
	/* Pinned by an access alone, in another context. */
	CHECK_OK(rig_map(&bare, 0, 16));
	access = CHECK_FD(access_new(&bare));
	CHECK_OK(access_pin(&bare, access, 0, 2, &pin));
	cgroup_enter("b");
	pol = policy_new(&conf);
	CHECK_EQ(pol.p->adopted, 10);
	CHECK_EQ(pol.p->told, 10);
	conf.cgroup_id = cgroup_make("b");
	other = policy_new(&conf);
	CHECK_EQ(other.p->told, 0);
	CHECK_OK(rig_map(&r, 16, 4));
	CHECK_EQ(other.p->told, 4);
	CHECK_OK(rig_unmap(&r, 8, 12));
	CHECK_EQ(pol.p->told, 7);
	CHECK_EQ(other.p->told, 0);
	CHECK_OK(access_unpin(&bare, access, pin));
	CHECK_EQ(pol.p->told, 5);
	close(access);
	close(bare.fd);
	close(r.fd);
	CHECK_EQ(pol.p->told, 0);
	CHECK_EQ(pol.p->wrong, 0);
	policy_unload(&other);
	policy_unload(&pol);
	cgroup_enter("");
}

/* One that is asked about requests alone; the other comes and goes. */
static void requests_alone(void)
{
	struct policy admit = policy_load_admit(NULL), pol;
	struct rig r = rig_new();

	CHECK_OK(policy_attach(&admit));
	CHECK_OK(rig_map(&r, 0, 5));
	CHECK_EQ(admit.p->nr_admit, 1);
	pol = policy_new(NULL);
	CHECK_EQ(pol.p->adopted, 5);
	CHECK_OK(rig_map(&r, 8, 3));
	CHECK_EQ(pol.p->told, 8);
	policy_detach(&pol);
	CHECK_OK(rig_unmap(&r, 0, 5));
	CHECK_OK(rig_map(&r, 16, 2));
	CHECK_OK(policy_attach(&pol));
	CHECK_EQ(pol.p->adopted, 5 + 5);
	pol.p->told = 5;
	CHECK_OK(rig_unmap(&r, 8, 10));
	CHECK_EQ(pol.p->told, 0);
	CHECK_EQ(admit.p->nr_admit, 3);
	admit.p->ret_admit = -EPERM;
	CHECK_RET(rig_map(&r, 0, 5), -EPERM);
	CHECK_EQ(admit.p->told, 0);
	policy_unload(&pol);
	policy_unload(&admit);
}

/* A scope that it leaves closed is closed to pages, too. */
static void requests_alone_closed(void)
{
	struct iommufd_pin_ops conf = {
		.name = "closes",
		.flags = IOMMUFD_POLICY_F_FAIL_CLOSED,
	};
	struct policy admit = policy_load_admit(&conf);
	struct rig r = rig_bare();
	unsigned int i;
	int access;
	__u32 pin;

	CHECK_OK(policy_attach(&admit));
	CHECK_OK(rig_map(&r, 0, 5));
	access = CHECK_FD(access_new(&r));
	/* Nonsense, until it is thrown out. */
	admit.p->ret_admit = 7;
	for (i = 0; i < IOMMUFD_POLICY_MAX_STRIKES; i++)
		CHECK_RET(rig_map(&r, 8, 1), -EPERM);
	policy_wait_exit(&admit);
	CHECK_RET(access_pin(&r, access, 0, 2, &pin), -EPERM);
	CHECK(scope_is_closed("closes"));
	CHECK_OK(scope_reopen("closes"));
	CHECK_OK(access_pin(&r, access, 0, 2, &pin));
	CHECK_OK(access_unpin(&r, access, pin));
	close(access);
	policy_unload(&admit);
}

static const struct test tests[] = {
	{ "pages.found_later", found_later, 60 },
	{ "pages.requests_alone", requests_alone, 60 },
	{ "pages.requests_alone_closed", requests_alone_closed, 60 },
	{ "pages.in_both_modes", in_both_modes, 60 },
	{ "pages.after_the_limit", after_the_limit, 60 },
	{ "pages.lazily", lazily, 60 },
	{ "pages.shared_once", shared_once, 60 },
	{ "pages.pin_fails", pin_fails, 60 },
	{ "pages.chunks", chunks, 60 },
	{ "pages.nearest_wish", nearest_wish, 60 },
	{ "pages.impossible_wish", impossible_wish, 60 },
};

const struct test_table pages_table = { tests, ARRAY_SIZE(tests) };
