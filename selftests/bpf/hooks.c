// SPDX-License-Identifier: GPL-2.0-only
/*
 * hooks.c - every operation that pins asks admit() and charge(): allowed, and
 * refused without a trace
 *
 * Owns: hooks_table.
 */
#define _GNU_SOURCE
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "bpf_policy.h"
#include "vfio.h"

/* A rig with 8 pages mapped, an IOAS beside it, and a file of its size. */
struct stage {
	struct rig r;
	__u32 other;
	int file;
	int access;
};

static int do_map(struct stage *s)
{
	return rig_map(&s->r, 16, 4);
}

static int do_map_file(struct stage *s)
{
	__u64 iova = MOCK_IOVA + 32 * PAGE_SZ;

	return iommufd_map_file(s->r.fd, s->r.ioas, s->file, 0, 4 * PAGE_SZ,
				&iova, MAP_RW | IOMMU_IOAS_MAP_FIXED_IOVA);
}

static int do_copy(struct stage *s)
{
	/* From where nothing is pinned. */
	CHECK_OK(iommufd_map_fixed(s->r.fd, s->other, s->r.va + 40 * PAGE_SZ,
				   4 * PAGE_SZ, MOCK_IOVA, MAP_RW));
	return iommufd_copy(s->r.fd, s->r.ioas, s->other, MOCK_IOVA,
			    4 * PAGE_SZ, MOCK_IOVA + 40 * PAGE_SZ, MAP_RW);
}

static int do_attach(struct stage *s)
{
	struct mock_device m;

	CHECK_OK(iommufd_map_fixed(s->r.fd, s->other, s->r.va + 40 * PAGE_SZ,
				   4 * PAGE_SZ, MOCK_IOVA, MAP_RW));
	return mock_device_add(s->r.fd, s->other, 0, &m);
}

static int do_replace(struct stage *s)
{
	CHECK_OK(iommufd_map_fixed(s->r.fd, s->other, s->r.va + 40 * PAGE_SZ,
				   4 * PAGE_SZ, MOCK_IOVA, MAP_RW));
	return mock_device_replace(s->r.fd, s->r.m.stdev, s->other);
}

static int do_access_attach(struct stage *s)
{
	int ret = access_new(&s->r);

	if (ret < 0)
		return ret;
	/* It holds the context. */
	close(ret);
	return 0;
}

/* Of pages that nobody has pinned: their device is gone. */
static int do_access_pin(struct stage *s)
{
	__u32 pin;

	return access_pin(&s->r, s->access, 0, 4, &pin);
}

static int do_container_map(struct stage *s)
{
	return vfio_type1_map(s->r.fd, s->r.va + 48 * PAGE_SZ, 4 * PAGE_SZ,
			      MOCK_IOVA + 48 * PAGE_SZ, 3);
}

/**
 * struct operation - one that pins 4 pages
 * @run: it
 * @op: what admit() is told it is
 * @admit: admit() is asked
 * @charge: charge() is asked
 */
static const struct operation {
	const char *name;
	int (*run)(struct stage *s);
	unsigned int op;
	bool admit, charge;
} operations[] = {
	{ "map", do_map, IOMMUFD_OP_MAP, true, true },
	{ "map_file", do_map_file, IOMMUFD_OP_MAP_FILE, true, true },
	{ "copy", do_copy, IOMMUFD_OP_COPY, true, true },
	{ "attach", do_attach, IOMMUFD_OP_ATTACH, true, true },
	{ "replace", do_replace, IOMMUFD_OP_ATTACH, true, true },
	{ "access_attach", do_access_attach, IOMMUFD_OP_ACCESS_ATTACH, true,
	  false },
	{ "access_pin", do_access_pin, IOMMUFD_OP_ACCESS_PIN, false, true },
	{ "container_map", do_container_map, IOMMUFD_OP_MAP, true, true },
};

/* A replace is admitted as the attach that it is. */
static unsigned int charge_op(const struct operation *o)
{
	return o->run == do_replace ? IOMMUFD_OP_REPLACE : o->op;
}

static struct stage new_stage(const struct operation *o)
{
	struct stage s = {};
	__u32 ioas;

	s.r = rig_new();
	CHECK_OK(rig_map(&s.r, 0, 8));
	CHECK_OK(iommufd_ioas_alloc(s.r.fd, &s.other));
	s.file = CHECK_FD(memfd_create("test", MFD_CLOEXEC));
	CHECK_OK(ftruncate(s.file, RIG_BYTES));
	ioas = s.r.ioas;
	CHECK_OK(iommufd_vfio_ioas(s.r.fd, IOMMU_VFIO_IOAS_SET, &ioas));
	if (o->run == do_access_pin) {
		s.access = CHECK_FD(access_new(&s.r));
		rig_detach(&s.r);
		CHECK_EQ(pins_here(), 0);
	}
	return s;
}

static void end_stage(struct stage *s)
{
	close(s->r.fd);
	close(s->file);
	if (s->access)
		close(s->access);
}

static void allows(const struct operation *o, struct policy *pol)
{
	struct stage s = new_stage(o);
	unsigned long long admits = pol->p->nr_admit;
	unsigned long long charges = pol->p->nr_charge;
	long long told = pol->p->told;
	long pins = pins_here();

	CHECK_EQ(told, pins);
	if (o->run(&s))
		FAIL("%s is refused", o->name);
	if (o->admit) {
		CHECK_EQ(pol->p->admit.op, o->op);
		CHECK(pol->p->nr_admit > admits);
	}
	/* A replace gives back 8 that the other IOAS does not have. */
	CHECK_EQ(pol->p->told, pins_here());
	if (o->charge) {
		CHECK_EQ(pol->p->nr_charge, charges + 1);
		CHECK_EQ(pol->p->charge.op, charge_op(o));
		CHECK_EQ(pol->p->charge.npages, 4);
		CHECK_EQ(pol->p->charge.tgid, getpid());
		CHECK(pol->p->charge.ioas_cookie);
		CHECK_EQ(pol->p->charge.ctx_cookie, pol->p->admit.ctx_cookie);
	} else {
		CHECK_EQ(pins_here(), pins);
	}
	end_stage(&s);
	CHECK_EQ(pol->p->told, 0);
	CHECK_EQ(pins_here(), 0);
}

static void refuses(const struct operation *o, struct policy *pol, bool admit,
		    int code)
{
	struct stage s = new_stage(o);
	unsigned long long charges;
	long pins = pins_here();
	int ret;

	pol->p->ops = 1U << (admit ? o->op : charge_op(o));
	if (admit)
		pol->p->ret_admit = code;
	else
		pol->p->ret_charge = code;
	charges = pol->p->nr_charge;
	ret = o->run(&s);
	if (ret != code)
		FAIL("%s, refused by %s: %s", o->name,
		     admit ? "admit" : "charge", errno_name(ret));
	CHECK_EQ(pol->p->nr_charge, charges + !admit);
	CHECK_EQ(pins_here(), pins);
	CHECK_EQ(pol->p->told, pins);
	pol->p->ret_admit = 0;
	pol->p->ret_charge = 0;
	/* Nothing is left in its way. */
	if (o->run != do_copy && o->run != do_attach && o->run != do_replace)
		CHECK_OK(o->run(&s));
	end_stage(&s);
	CHECK_EQ(pol->p->told, 0);
}

static void everything_is_asked(void)
{
	struct policy pol = policy_new(NULL);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(operations); i++)
		allows(&operations[i], &pol);
	CHECK_EQ(pol.p->wrong, 0);
	policy_unload(&pol);
}

static void admit_refuses(void)
{
	static const int codes[] = { -EPERM, -ENOMEM, -EDQUOT };
	struct policy pol = policy_new(NULL);
	size_t i, c;

	for (i = 0; i < ARRAY_SIZE(operations); i++)
		for (c = 0; c < ARRAY_SIZE(codes) && operations[i].admit; c++)
			refuses(&operations[i], &pol, true, codes[c]);
	CHECK_EQ(pol.p->wrong, 0);
	policy_unload(&pol);
}

static void charge_refuses(void)
{
	static const int codes[] = { -EPERM, -ENOMEM, -EDQUOT };
	struct policy pol = policy_new(NULL);
	size_t i, c;

	for (i = 0; i < ARRAY_SIZE(operations); i++)
		for (c = 0; c < ARRAY_SIZE(codes) && operations[i].charge; c++)
			refuses(&operations[i], &pol, false, codes[c]);
	CHECK_EQ(pol.p->wrong, 0);
	policy_unload(&pol);
}

/* Who asks, for what, and what there is already. */
static void what_is_told(void)
{
	const struct rlimit limit = { 100 * PAGE_SZ, 100 * PAGE_SZ };
	struct policy pol = policy_new(NULL);
	const struct iommufd_pin_req *a = &pol.p->admit;
	struct rig r = rig_bare();
	struct mock_device m;
	__u64 iova = MOCK_IOVA + 32 * PAGE_SZ, cgroup, user;
	int file = CHECK_FD(memfd_create("test", MFD_CLOEXEC));

	CHECK_OK(ftruncate(file, RIG_BYTES));
	CHECK_OK(setrlimit(RLIMIT_MEMLOCK, &limit));
	cgroup = cgroup_make("bpf_test");
	cgroup_enter("bpf_test");
	rig_attach(&r);
	CHECK_EQ(a->op, IOMMUFD_OP_ATTACH);
	CHECK_EQ(a->device_id, r.m.idev);
	CHECK_EQ(a->ioas_id, r.ioas);
	CHECK_EQ(a->npages, 0);
	CHECK_OK(rig_map(&r, 1, 5));
	CHECK_EQ(a->op, IOMMUFD_OP_MAP);
	CHECK_EQ(a->flags, IOMMUFD_REQ_FIXED_IOVA);
	CHECK(a->ctx_cookie && a->ioas_cookie);
	CHECK_EQ(a->ioas_id, r.ioas);
	CHECK_EQ(a->device_id, 0);
	CHECK_EQ(a->tgid, getpid());
	CHECK_EQ(a->uid, 0);
	CHECK_EQ(a->cgroup_id, cgroup);
	CHECK_EQ(a->iova, MOCK_IOVA + PAGE_SZ);
	CHECK_EQ(a->length, 5 * PAGE_SZ);
	CHECK_EQ(a->va, (unsigned long)r.va + PAGE_SZ);
	CHECK_EQ(a->npages, 5);
	CHECK_EQ(a->prot, IOMMUFD_PROT_READ | IOMMUFD_PROT_WRITE);
	CHECK_EQ(a->source, IOMMUFD_SOURCE_USER);
	CHECK_EQ(a->ioas_bytes, 0);
	CHECK_EQ(a->ioas_pages, 0);
	CHECK_EQ(a->mm_pages, 0);
	CHECK_EQ(a->limit_pages, 100);
	user = a->user_pages;
	CHECK_EQ(pol.p->charge.cgroup_id, cgroup);
	CHECK_OK(iommufd_map_file(r.fd, r.ioas, file, 4 * PAGE_SZ, 3 * PAGE_SZ,
				  &iova, MAP_R | IOMMU_IOAS_MAP_FIXED_IOVA));
	CHECK_EQ(a->op, IOMMUFD_OP_MAP_FILE);
	CHECK_EQ(a->va, 4 * PAGE_SZ);
	CHECK_EQ(a->npages, 3);
	CHECK_EQ(a->prot, IOMMUFD_PROT_READ);
	CHECK_EQ(a->source, IOMMUFD_SOURCE_FILE);
	CHECK_EQ(a->ioas_bytes, 5 * PAGE_SZ);
	CHECK_EQ(a->ioas_pages, 5);
	CHECK_EQ(a->mm_pages, 5);
	CHECK_EQ(a->user_pages, user + 5);
	/* What the first device has pinned is no pin of the second's. */
	CHECK_OK(mock_device_add(r.fd, r.ioas, 0, &m));
	CHECK_EQ(a->device_id, m.idev);
	CHECK_EQ(a->ioas_pages, 8);
	CHECK_OK(iommufd_destroy(r.fd, m.stdev));
	rig_detach(&r);
	rig_attach(&r);
	CHECK_EQ(a->npages, 8);
	CHECK_EQ(a->ioas_pages, 0);
	close(r.fd);
	cgroup_enter("");
	cgroup_remove("bpf_test");
	policy_unload(&pol);
}

/* init() says no: nothing is attached, and exit() is not called. */
static void init_refuses(void)
{
	struct policy pol = policy_load(NULL);
	struct rig r = rig_new();

	pol.p->ret_init = -EBUSY;
	CHECK_RET(policy_attach(&pol), -EBUSY);
	pol.p->ret_init = 1;
	CHECK_RET(policy_attach(&pol), -EINVAL);
	CHECK_EQ(pol.p->nr_init, 2);
	CHECK_EQ(pol.p->nr_exit, 0);
	pol.p->ret_admit = -EPERM;
	CHECK_OK(rig_map(&r, 0, 1));
	pol.p->ret_init = 0;
	CHECK_OK(policy_attach(&pol));
	CHECK_RET(rig_map(&r, 1, 1), -EPERM);
	CHECK_EQ(pol.p->nr_init, 3);
	CHECK_EQ(pol.p->adopted, 1);
	CHECK(pol.p->args.cookie && !pol.p->args.replaces);
	policy_detach(&pol);
	CHECK_EQ(pol.p->nr_exit, 1);
	CHECK_EQ(pol.p->exit.kind, IOMMUFD_EXIT_UNREG);
	CHECK_EQ(pol.p->exit.cookie, pol.p->args.cookie);
	CHECK_EQ(pol.p->exit.charged_pages, 1);
	CHECK_EQ(pol.p->exit.table, IOMMUFD_TABLE_PIN);
	CHECK(!strcmp(pol.p->exit.policy, "probe"));
	CHECK_OK(rig_map(&r, 1, 1));
	policy_unload(&pol);
}

static const struct test tests[] = {
	{ "hooks.everything_is_asked", everything_is_asked, 120 },
	{ "hooks.admit_refuses", admit_refuses, 120 },
	{ "hooks.charge_refuses", charge_refuses, 120 },
	{ "hooks.what_is_told", what_is_told, 60 },
	{ "hooks.init_refuses", init_refuses, 60 },
};

const struct test_table hooks_table = { tests, ARRAY_SIZE(tests) };
