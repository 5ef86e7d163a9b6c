// SPDX-License-Identifier: GPL-2.0-only
/*
 * scope.c - for whom a policy is: who is asked, in which order, how charges are
 * undone, what happens when a scope goes, and when memory changes its owner
 *
 * Owns: scope_table, and the cgroups below /bpf_test.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <sched.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "bpf_policy.h"

#define TOP "bpf_test"

static struct iommufd_pin_ops conf(__u64 cgroup, __u64 ioas, int priority)
{
	return (struct iommufd_pin_ops){
		.cgroup_id = cgroup, .ioas_cookie = ioas, .priority = priority,
	};
}

static struct policy of(__u64 cgroup, __u64 ioas, int priority)
{
	struct iommufd_pin_ops c = conf(cgroup, ioas, priority);

	return policy_new(&c);
}

/* When a program was called last. */
static unsigned long long when(const struct policy *pol, unsigned int hook)
{
	unsigned long long i, ns = 0;

	for (i = 0; i < pol->p->nr_log && i < PROBE_LOG; i++)
		if (pol->p->log[i].hook == hook && pol->p->log[i].ns > ns)
			ns = pol->p->log[i].ns;
	return ns;
}

/* Was each of them called before the next one? */
static void in_order(struct policy *pols, int n, unsigned int hook, bool reverse)
{
	int i;

	for (i = 0; i < n; i++) {
		CHECK(when(&pols[i], hook));
		if (!i)
			continue;
		if (reverse)
			CHECK(when(&pols[i - 1], hook) > when(&pols[i], hook));
		else
			CHECK(when(&pols[i - 1], hook) < when(&pols[i], hook));
	}
}

/* cgroups TOP, TOP/a, TOP/a/b, and the caller in the last one. */
struct groups {
	__u64 top, a, b, other;
};

static struct groups make_groups(void)
{
	struct groups g;

	g.top = cgroup_make(TOP);
	g.a = cgroup_make(TOP "/a");
	g.b = cgroup_make(TOP "/a/b");
	g.other = cgroup_make(TOP "/other");
	cgroup_enter(TOP "/a/b");
	return g;
}

static void remove_groups(void)
{
	cgroup_enter("");
	cgroup_remove(TOP "/other");
	cgroup_remove(TOP "/a/b");
	cgroup_remove(TOP "/a");
	cgroup_remove(TOP);
}

/*
 * Attached in disorder; asked from the outside in, by priority, then by age.
 * When the last but one refuses, those before are told in reverse.
 */
static void order_and_undoing(void)
{
	struct groups g = make_groups();
	struct rig r = rig_new();
	__u64 ioas = ioas_cookie(&r);
	struct policy p[8];
	int i;

	p[7] = of(0, ioas, -1);
	p[4] = of(g.a, 0, 0);
	p[6] = of(0, ioas, 1);
	p[1] = of(0, 0, 5);
	p[5] = of(g.b, 0, 9);
	p[2] = of(0, 0, 5);
	p[3] = of(g.top, 0, -9);
	p[0] = of(0, 0, 6);
	CHECK_OK(rig_map(&r, 0, 3));
	in_order(p, 8, IOMMUFD_HOOK_ADMIT, false);
	in_order(p, 8, IOMMUFD_HOOK_CHARGE, false);
	CHECK_OK(rig_unmap(&r, 0, 3));
	in_order(p, 8, IOMMUFD_HOOK_UNCHARGE, true);
	for (i = 0; i < 8; i++) {
		CHECK_EQ(p[i].p->nr_charge, 1);
		CHECK_EQ(p[i].p->nr_uncharge, 1);
	}

	p[6].p->ret_charge = -EDQUOT;
	CHECK_RET(rig_map(&r, 0, 3), -EDQUOT);
	for (i = 0; i < 8; i++) {
		CHECK_EQ(p[i].p->nr_charge, i < 7 ? 2 : 1);
		CHECK_EQ(p[i].p->nr_uncharge, i < 6 ? 2 : 1);
		CHECK_EQ(p[i].p->told, 0);
		CHECK_EQ(p[i].p->wrong, 0);
	}
	in_order(p, 6, IOMMUFD_HOOK_UNCHARGE, true);
	p[6].p->ret_charge = 0;

	/* The first that refuses admits nobody further. */
	p[3].p->ret_admit = -EPERM;
	CHECK_RET(rig_map(&r, 0, 3), -EPERM);
	CHECK_EQ(p[3].p->nr_admit, 3);
	CHECK_EQ(p[4].p->nr_admit, 2);
	CHECK_EQ(p[0].p->nr_charge, 2);
	for (i = 0; i < 8; i++)
		policy_unload(&p[i]);
	remove_groups();
}

/* A cgroup's policy is for what is below, an IOAS's for that one. */
static void whom(void)
{
	struct groups g = make_groups();
	struct rig r = rig_new(), s = rig_new();
	struct policy top = of(g.top, 0, 0), other = of(g.other, 0, 0);
	struct policy ioas = of(0, ioas_cookie(&r), 0);

	CHECK_OK(rig_map(&r, 0, 3));
	CHECK_OK(rig_map(&s, 0, 2));
	CHECK_EQ(top.p->told, 5);
	CHECK_EQ(other.p->told, 0);
	CHECK_EQ(ioas.p->told, 3);
	CHECK_EQ(top.p->charge.cgroup_id, g.b);
	/* Who moves takes nothing along. */
	cgroup_enter(TOP "/other");
	CHECK_OK(rig_map(&s, 8, 4));
	CHECK_EQ(other.p->told, 4);
	CHECK_EQ(top.p->told, 9);
	CHECK_EQ(top.p->charge.cgroup_id, g.other);
	/* The creator's cgroup is charged, whoever makes it pin. */
	CHECK_OK(iommufd_destroy(s.fd, s.m.stdev));
	CHECK_EQ(top.p->told, 3);
	rig_attach(&s);
	CHECK_EQ(other.p->told, 4);
	CHECK_EQ(top.p->told, 9);
	cgroup_enter("");
	CHECK_OK(rig_map(&s, 16, 4));
	CHECK_EQ(top.p->told, 9);
	CHECK_OK(rig_unmap(&s, 0, 2));
	CHECK_OK(rig_unmap(&s, 8, 4));
	CHECK_EQ(other.p->told, 0);
	CHECK_EQ(top.p->told, 3);
	policy_unload(&top);
	policy_unload(&other);
	policy_unload(&ioas);
	close(r.fd);
	close(s.fd);
	remove_groups();
}

/* Copies are the first IOAS's. */
static void copies(void)
{
	struct rig r = rig_new();
	struct policy first = of(0, ioas_cookie(&r), 0), second;
	struct rig s = r;

	CHECK_OK(iommufd_ioas_alloc(r.fd, &s.ioas));
	rig_attach(&s);
	second = of(0, ioas_cookie(&s), 0);
	CHECK_OK(rig_map(&r, 0, 3));
	CHECK_OK(iommufd_copy(r.fd, s.ioas, r.ioas, MOCK_IOVA, 3 * PAGE_SZ,
			      MOCK_IOVA, MAP_RW));
	CHECK_OK(rig_unmap(&r, 0, 3));
	CHECK_EQ(first.p->told, 3);
	CHECK_EQ(second.p->told, 0);
	/* Who copies is asked where he copies to. */
	CHECK_EQ(second.p->admit.op, IOMMUFD_OP_COPY);
	CHECK_OK(rig_unmap(&s, 0, 3));
	CHECK_EQ(first.p->told, 0);
	policy_unload(&first);
	policy_unload(&second);
}

static void expect(const struct iommufd_pin_ops *c, int want)
{
	struct policy pol = policy_load(c);

	CHECK_RET(policy_attach(&pol), want);
	CHECK_EQ(pol.p->nr_init, 0);
	policy_unload(&pol);
}

static void wrong_scopes(void)
{
	struct groups g = make_groups();
	struct rig r = rig_new();
	struct iommufd_pin_ops both = conf(g.a, ioas_cookie(&r), 0);
	struct iommufd_pin_ops no_cgroup = conf(~0ULL - 1, 0, 0);
	struct iommufd_pin_ops no_ioas = conf(0, ~0ULL, 0);
	struct policy pol = policy_load(&no_ioas);

	expect(&both, -EINVAL);
	expect(&no_cgroup, -ENOENT);
	/* It is looked for last, so that it cannot go meanwhile. */
	CHECK_RET(policy_attach(&pol), -ENOENT);
	CHECK_EQ(pol.p->nr_init, 1);
	CHECK_EQ(pol.p->nr_exit, 1);
	CHECK_EQ(pol.p->exit.kind, IOMMUFD_EXIT_ATTACH_FAILED);
	policy_unload(&pol);
	remove_groups();
}

/* The cgroup is removed: the policy goes, its link is as good as closed. */
static void cgroup_goes(void)
{
	struct groups g = make_groups();
	struct policy pol = of(g.b, 0, 0), next;
	struct rig r = rig_new();

	CHECK_OK(rig_map(&r, 0, 3));
	CHECK_EQ(pol.p->told, 3);
	remove_groups();
	policy_wait_exit(&pol);
	CHECK_EQ(pol.p->exit.kind, IOMMUFD_EXIT_SCOPE_GONE);
	CHECK_EQ(pol.p->exit.charged_pages, 3);
	CHECK_OK(rig_unmap(&r, 0, 3));
	CHECK_EQ(pol.p->nr_uncharge, 0);
	next = policy_load(NULL);
	CHECK_RET(policy_replace(&pol, &next), -ENOLINK);
	policy_unload(&next);
	policy_unload(&pol);
}

static void ioas_goes(void)
{
	struct rig r = rig_new();
	__u32 other;
	struct policy pol = of(0, ioas_cookie(&r), 0);

	CHECK_OK(rig_map(&r, 0, 3));
	CHECK_OK(iommufd_ioas_alloc(r.fd, &other));
	CHECK_OK(iommufd_destroy(r.fd, r.m.stdev));
	CHECK_EQ(pol.p->told, 0);
	CHECK_OK(iommufd_destroy(r.fd, r.ioas));
	policy_wait_exit(&pol);
	CHECK_EQ(pol.p->exit.kind, IOMMUFD_EXIT_SCOPE_GONE);
	policy_unload(&pol);
}

/* In a cgroup namespace only what is below its root has an id. */
static void in_namespace(int sock, const void *arg)
{
	const struct groups *g = arg;
	struct iommufd_pin_ops out = conf(g->other, 0, 0);
	struct iommufd_pin_ops in = conf(g->b, 0, 0);
	struct policy pol;

	cgroup_enter(TOP "/a");
	CHECK_OK(unshare(CLONE_NEWCGROUP));
	pol = policy_load(&out);
	CHECK_RET(policy_attach(&pol), -ENOENT);
	policy_unload(&pol);
	pol = policy_load(&in);
	CHECK_OK(policy_attach(&pol));
	policy_unload(&pol);
	cgroup_enter("");
	say(sock, 0);
}

static void namespaces(void)
{
	struct groups g = make_groups();
	struct peer peer;

	cgroup_enter("");
	peer = peer_start(in_namespace, &g);
	CHECK_OK(hear(peer.sock));
	peer_end(&peer);
	remove_groups();
}

/* CHANGE_PROCESS: what one cgroup was charged is the other's, or nothing is. */
static void changes_process(void)
{
	struct groups g = make_groups();
	struct policy all = of(0, 0, 0), old = of(g.a, 0, 0);
	struct policy new = of(g.other, 0, 0);
	int file = CHECK_FD(memfd_create("test", MFD_CLOEXEC));
	__u64 iova = MOCK_IOVA;
	struct rig r = rig_new();
	int i;

	CHECK_OK(ftruncate(file, RIG_BYTES));
	for (i = 0; i < 3; i++, iova += 4 * PAGE_SZ)
		CHECK_OK(iommufd_map_file(r.fd, r.ioas, file,
					  i * 4 * PAGE_SZ, 4 * PAGE_SZ, &iova,
					  MAP_RW | IOMMU_IOAS_MAP_FIXED_IOVA));
	CHECK_EQ(old.p->told, 12);
	cgroup_enter(TOP "/other");

	/* A limit that the moved pages alone do not break is not in the way. */
	all.p->limit = 12;
	new.p->limit = 11;
	CHECK_RET(iommufd_change_process(r.fd), -EDQUOT);
	CHECK_EQ(all.p->told, 12);
	CHECK_EQ(old.p->told, 12);
	CHECK_EQ(new.p->told, 0);
	CHECK_EQ(new.p->most, 8);
	CHECK_EQ(new.p->charge.op, IOMMUFD_OP_CHANGE_PROCESS);
	CHECK_EQ(new.p->charge.cgroup_id, g.other);
	CHECK(old.p->adopted == 12);

	new.p->limit = 12;
	CHECK_OK(iommufd_change_process(r.fd));
	CHECK_EQ(all.p->told, 12);
	CHECK_EQ(old.p->told, 0);
	CHECK_EQ(new.p->told, 12);
	CHECK_OK(iommufd_unmap(r.fd, r.ioas, MOCK_IOVA, 4 * PAGE_SZ, NULL));
	CHECK_EQ(new.p->told, 8);
	close(r.fd);
	close(file);
	CHECK_EQ(new.p->told, 0);
	CHECK_EQ(all.p->told, 0);
	CHECK_EQ(all.p->wrong + old.p->wrong + new.p->wrong, 0);
	policy_unload(&all);
	policy_unload(&old);
	policy_unload(&new);
	remove_groups();
}

static const struct test tests[] = {
	{ "scope.order_and_undoing", order_and_undoing, 120 },
	{ "scope.whom", whom, 60 },
	{ "scope.copies", copies, 60 },
	{ "scope.wrong_scopes", wrong_scopes, 60 },
	{ "scope.cgroup_goes", cgroup_goes, 60 },
	{ "scope.ioas_goes", ioas_goes, 60 },
	{ "scope.namespaces", namespaces, 60 },
	{ "scope.changes_process", changes_process, 60 },
};

const struct test_table scope_table = { tests, ARRAY_SIZE(tests) };
