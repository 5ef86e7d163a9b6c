// SPDX-License-Identifier: GPL-2.0-only
/*
 * trace_policy.c - events of policies: what each answered, and how it ended
 *
 * Owns: trace_policy_table.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <unistd.h>

#include "bpf_policy.h"
#include "trace_caught.h"

#define NONSENSE 77

/* Of admit() with its wishes, then of each piece that is charged. */
static void decisions(void)
{
	struct policy pol = policy_new(NULL);
	struct rig r = rig_new();
	const struct iommufd_decision_event *d;
	__u64 ctx = ctx_cookie();
	unsigned int i;

	forget();
	pol.p->chunk = 16 * PAGE_SZ;
	pol.p->workers = 3;
	CHECK_OK(rig_map(&r, 0, 32));
	CHECK_EQ(GOT(iommufd_policy_decision), 3);
	for (i = 0; i < 3; i++) {
		d = NTH(iommufd_policy_decision, i);
		CHECK_EQ(d->policy_cookie, pol.p->args.cookie);
		CHECK_EQ(d->ctx_cookie, ctx);
		CHECK_EQ(d->ioas_cookie, pol.p->admit.ioas_cookie);
		CHECK_EQ(d->cgroup_id, pol.p->admit.cgroup_id);
		CHECK_EQ(d->hook, i ? IOMMUFD_HOOK_CHARGE : IOMMUFD_HOOK_ADMIT);
		CHECK_EQ(d->op, IOMMUFD_OP_MAP);
		CHECK_EQ(d->npages, i ? 16 : 32);
		/* Wishes are admit()'s. Nobody follows that for workers yet. */
		CHECK_EQ(d->workers, i ? 0 : 3);
		CHECK_EQ(d->chunk_bytes, i ? 0 : 16 * PAGE_SZ);
		CHECK_EQ(d->ret, 0);
		CHECK(d->duration_ns);
		CHECK(!strcmp(d->policy, "probe"));
	}
	CHECK_EQ(GOT(iommufd_deny), 0);
	policy_unload(&pol);
}

static void refusals(void)
{
	struct policy pol = policy_new(NULL);
	struct rig r = rig_new();
	const struct iommufd_deny_event *d;
	__u64 ctx = ctx_cookie();

	forget();
	pol.p->ret_admit = -EDQUOT;
	CHECK_RET(rig_map(&r, 0, 5), -EDQUOT);
	d = ONLY(iommufd_deny);
	CHECK_EQ(d->ctx_cookie, ctx);
	CHECK_EQ(d->ioas_cookie, pol.p->admit.ioas_cookie);
	CHECK_EQ(d->ioas_id, r.ioas);
	CHECK_EQ(d->op, IOMMUFD_OP_MAP);
	CHECK_EQ(d->length, 5 * PAGE_SZ);
	CHECK_EQ(d->ret, -EDQUOT);
	CHECK_EQ(d->code, IOMMUFD_DENY_USER);
	CHECK(!strcmp(d->policy, "probe"));
	CHECK(!strcmp(d->reason, "the test says so"));
	CHECK_EQ(ONLY(iommufd_policy_decision)->ret, -EDQUOT);
	/* A reason is for one refusal. */
	forget();
	pol.p->ret_admit = 0;
	pol.p->ret_charge = -EPERM;
	CHECK_RET(rig_map(&r, 0, 5), -EPERM);
	d = ONLY(iommufd_deny);
	CHECK_EQ(d->ret, -EPERM);
	CHECK_EQ(d->code, IOMMUFD_DENY_UNSPECIFIED);
	CHECK(!d->reason[0]);
	policy_unload(&pol);
}

static void end(void)
{
	struct rig r = rig_new();
	struct policy pol = policy_new(NULL);
	const struct iommufd_strike_event *s;
	const struct iommufd_exit_info *e;
	unsigned int i;

	forget();
	pol.p->ret_admit = NONSENSE;
	CHECK_OK(rig_map(&r, 0, 1));
	s = ONLY(iommufd_policy_strike);
	CHECK_EQ(s->cookie, pol.p->args.cookie);
	CHECK_EQ(s->value, NONSENSE);
	CHECK_EQ(s->hook, IOMMUFD_HOOK_ADMIT);
	CHECK_EQ(s->strikes, 1);
	CHECK(!strcmp(s->policy, "probe"));
	for (i = 1; i < IOMMUFD_POLICY_MAX_STRIKES; i++)
		CHECK_OK(rig_map(&r, i, 1));
	policy_wait_exit(&pol);
	/* It comes after the program. */
	for (i = 0; !GOT(iommufd_policy_exit) && i < 1000; i++)
		usleep(5000);
	e = ONLY(iommufd_policy_exit);
	CHECK_EQ(e->cookie, pol.p->args.cookie);
	CHECK_EQ(e->kind, IOMMUFD_EXIT_EJECTED);
	CHECK_EQ(e->code, NONSENSE);
	CHECK_EQ(e->strikes, IOMMUFD_POLICY_MAX_STRIKES);
	CHECK_EQ(GOT(iommufd_policy_strike), IOMMUFD_POLICY_MAX_STRIKES);
	/* admit() and charge() of each but the last, of which nobody asks charge(). */
	CHECK_EQ(e->calls, 2 * IOMMUFD_POLICY_MAX_STRIKES - 1);
	CHECK_EQ(e->denials, 0);
	CHECK_EQ(e->charged_pages, IOMMUFD_POLICY_MAX_STRIKES - 1);
	CHECK_EQ(e->table, IOMMUFD_TABLE_PIN);
	CHECK(!strcmp(e->policy, "probe") && e->message[0]);
	policy_unload(&pol);
	/* One that is closed by its loader. */
	pol = policy_new(NULL);
	forget();
	policy_detach(&pol);
	CHECK_EQ(ONLY(iommufd_policy_exit)->kind, IOMMUFD_EXIT_UNREG);
	policy_unload(&pol);
}

static const struct test tests[] = {
	{ .name = "decisions", .run = decisions },
	{ .name = "refusals", .run = refusals },
	{ .name = "end", .run = end },
};

const struct test_table trace_policy_table = { tests, ARRAY_SIZE(tests) };
