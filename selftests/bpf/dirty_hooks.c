// SPDX-License-Identifier: GPL-2.0-only
/*
 * dirty_hooks.c - dirty policies come and go: who is asked, what may be refused,
 * what happens to one that misbehaves
 *
 * Owns: dirty_hooks_table.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "dirty_policy.h"

static void check_who(const struct iommufd_dirty_req *req,
		      const struct dirty_rig *r, unsigned int op)
{
	CHECK_EQ(req->op, op);
	CHECK_EQ(req->ioas_id, r->ioas);
	CHECK_EQ(req->hwpt_id, r->hwpt);
	CHECK_EQ(req->tgid, getpid());
	CHECK_EQ(req->uid, getuid());
	CHECK(req->ctx_cookie && req->ioas_cookie && req->hwpt_cookie);
	CHECK(req->cgroup_id);
}

static void start_stop(void)
{
	struct dirty_policy pol = dirty_new(NULL, IOMMUFD_DIRTY_SCAN);
	struct dirty_rig r = dirty_rig();

	dirty_map(&r, 0, 4);
	CHECK_OK(iommufd_dirty_track(r.fd, r.hwpt, true));
	CHECK_EQ(pol.p->nr_start, 1);
	check_who(&pol.p->start, &r, IOMMUFD_OP_DIRTY_START);
	CHECK_EQ(pol.p->start.area_length, 0);
	/* It is on already: nobody is asked. */
	CHECK_OK(iommufd_dirty_track(r.fd, r.hwpt, true));
	CHECK_EQ(pol.p->nr_start, 1);

	CHECK_EQ(dirty_count(&r, r.hwpt, 0, 4, 0), 0);
	CHECK_EQ(pol.p->nr_read, 1);
	check_who(&pol.p->read, &r, IOMMUFD_OP_DIRTY_READ);
	CHECK_EQ(pol.p->read.hwpt_cookie, pol.p->start.hwpt_cookie);
	CHECK_EQ(pol.p->read.area_iova, MOCK_IOVA);
	CHECK_EQ(pol.p->read.area_length, 4 * PAGE_SZ);
	CHECK_EQ(pol.p->read.page_size, PAGE_SZ);

	CHECK_OK(iommufd_dirty_track(r.fd, r.hwpt, false));
	CHECK_EQ(pol.p->nr_stop, 1);
	check_who(&pol.p->stop, &r, IOMMUFD_OP_DIRTY_STOP);
	CHECK_EQ(pol.p->stop.hwpt_cookie, pol.p->start.hwpt_cookie);
	CHECK_OK(iommufd_dirty_track(r.fd, r.hwpt, false));
	CHECK_EQ(pol.p->nr_stop, 1);

	/* A HWPT that goes is not tracked any more. */
	CHECK_OK(iommufd_dirty_track(r.fd, r.hwpt, true));
	CHECK_OK(iommufd_destroy(r.fd, r.hwpt));
	CHECK_EQ(pol.p->nr_start, 2);
	CHECK_EQ(pol.p->nr_stop, 2);
	close(r.fd);
	dirty_unload(&pol);
	CHECK_EQ(pins_here(), 0);
}

static void start_refused(void)
{
	static const int errnos[] = { -EPERM, -ENOMEM, -EDQUOT };
	struct dirty_policy pol = dirty_new(NULL, IOMMUFD_DIRTY_SCAN);
	struct dirty_rig r = dirty_rig();
	unsigned char bits[1];
	size_t i;

	dirty_map(&r, 0, 4);
	for (i = 0; i < ARRAY_SIZE(errnos); i++) {
		pol.p->ret_start = errnos[i];
		CHECK_RET(iommufd_dirty_track(r.fd, r.hwpt, true), errnos[i]);
		/* Nothing is tracked, and nothing was begun. */
		CHECK_RET(dirty_read(&r, r.hwpt, 0, 4, bits, 0), -EINVAL);
		CHECK_OK(iommufd_dirty_track(r.fd, r.hwpt, false));
	}
	CHECK_EQ(pol.p->nr_start, 3);
	CHECK_EQ(pol.p->nr_stop, 0);
	pol.p->ret_start = 0;
	CHECK_OK(iommufd_dirty_track(r.fd, r.hwpt, true));
	CHECK_EQ(dirty_count(&r, r.hwpt, 0, 4, 0), 0);
	dirty_detach(&pol);
	CHECK_EQ(pol.p->exit.kind, IOMMUFD_EXIT_UNREG);
	CHECK_EQ(pol.p->exit.table, IOMMUFD_TABLE_DIRTY);
	CHECK_EQ(pol.p->exit.denials, 3);
	/* It is gone: not told, and not in the way. */
	CHECK_OK(iommufd_dirty_track(r.fd, r.hwpt, false));
	CHECK_OK(iommufd_dirty_track(r.fd, r.hwpt, true));
	CHECK_EQ(pol.p->nr_stop, 0);
	dirty_unload(&pol);
}

static void start_nonsense(void)
{
	const struct iommufd_dirty_ops closed = {
		.flags = IOMMUFD_POLICY_F_FAIL_CLOSED,
	};
	struct dirty_policy pol = dirty_new(NULL, IOMMUFD_DIRTY_SCAN);
	struct dirty_rig r = dirty_rig();
	int i;

	pol.p->ret_start = -EINVAL;
	CHECK_OK(iommufd_dirty_track(r.fd, r.hwpt, true));
	CHECK_OK(iommufd_dirty_track(r.fd, r.hwpt, false));
	pol.p->ret_start = 1;
	CHECK_OK(iommufd_dirty_track(r.fd, r.hwpt, true));
	CHECK_OK(iommufd_dirty_track(r.fd, r.hwpt, false));
	dirty_detach(&pol);
	CHECK_EQ(pol.p->exit.strikes, 2);
	CHECK_EQ(pol.p->nr_stop, 2);
	dirty_unload(&pol);

	/* Rather nobody is tracked than somebody unchecked. */
	pol = dirty_new(&closed, IOMMUFD_DIRTY_SCAN);
	pol.p->ret_start = 1;
	for (i = 0; i < IOMMUFD_POLICY_MAX_STRIKES; i++)
		CHECK_RET(iommufd_dirty_track(r.fd, r.hwpt, true), -EPERM);
	dirty_wait_exit(&pol);
	CHECK_EQ(pol.p->exit.kind, IOMMUFD_EXIT_EJECTED);
	CHECK_RET(iommufd_dirty_track(r.fd, r.hwpt, true), -EPERM);
	CHECK(scope_is_closed("dirty_probe"));
	CHECK_OK(scope_reopen("dirty_probe"));
	CHECK_OK(iommufd_dirty_track(r.fd, r.hwpt, true));
	dirty_unload(&pol);
}

/* What is tracked when the scope is closed is scanned. */
static void closed_scope_reads(void)
{
	const struct iommufd_dirty_ops closed = {
		.flags = IOMMUFD_POLICY_F_FAIL_CLOSED,
	};
	struct dirty_policy pol = dirty_new(&closed, IOMMUFD_DIRTY_ASSUME);
	struct dirty_rig r = dirty_rig();
	int i;

	dirty_map(&r, 0, 8);
	CHECK_OK(iommufd_dirty_track(r.fd, r.hwpt, true));
	CHECK_EQ(dirty_count(&r, r.hwpt, 0, 8, 0), 8);
	pol.p->verdict = 77;
	for (i = 0; i < IOMMUFD_POLICY_MAX_STRIKES; i++) {
		dirty_write(&r, r.hwpt, i % 8);
		CHECK_EQ(dirty_count(&r, r.hwpt, 0, 8, 0), 1);
	}
	dirty_wait_exit(&pol);
	CHECK_EQ(pol.p->exit.kind, IOMMUFD_EXIT_EJECTED);
	CHECK_EQ(pol.p->exit.code, 77);
	CHECK_EQ(pol.p->exit.strikes, IOMMUFD_POLICY_MAX_STRIKES);
	CHECK(scope_is_closed("dirty_probe"));
	dirty_write(&r, r.hwpt, 3);
	CHECK_EQ(dirty_count(&r, r.hwpt, 0, 8, 0), 1);
	CHECK_EQ(dirty_count(&r, r.hwpt, 0, 8, 0), 0);
	CHECK_OK(scope_reopen("dirty_probe"));
	dirty_unload(&pol);
}

/* Without fail-closed the scope is as if the policy had never been there. */
static void ejected(void)
{
	struct dirty_policy pol = dirty_new(NULL, IOMMUFD_DIRTY_ASSUME);
	struct dirty_rig r = dirty_rig();
	int i;

	dirty_map(&r, 0, 8);
	CHECK_OK(iommufd_dirty_track(r.fd, r.hwpt, true));
	dirty_write(&r, r.hwpt, 2);
	CHECK_EQ(dirty_count(&r, r.hwpt, 0, 8, 0), 8);
	pol.p->verdict = 3;
	for (i = 0; i < IOMMUFD_POLICY_MAX_STRIKES; i++)
		/* The first scan finds what was written before. */
		CHECK_EQ(dirty_count(&r, r.hwpt, 0, 8, 0), !i);
	dirty_wait_exit(&pol);
	CHECK(!scope_is_closed("dirty_probe"));
	dirty_write(&r, r.hwpt, 5);
	CHECK_EQ(dirty_count(&r, r.hwpt, 0, 8, 0), 1);
	CHECK_OK(iommufd_dirty_track(r.fd, r.hwpt, false));
	CHECK_EQ(pol.p->nr_stop, 0);
	dirty_unload(&pol);
	/* The scope is free for another one. */
	pol = dirty_new(NULL, IOMMUFD_DIRTY_KEEP);
	CHECK_OK(iommufd_dirty_track(r.fd, r.hwpt, true));
	CHECK_EQ(pol.p->nr_start, 1);
	dirty_unload(&pol);
}

static void one_a_scope(void)
{
	struct iommufd_dirty_ops conf = {
		.cgroup_id = cgroup_make("dirty_one"),
	};
	struct dirty_policy a = dirty_new(NULL, 0), b = dirty_load(NULL);
	struct dirty_policy c = dirty_new(&conf, 0), d = dirty_load(&conf);

	CHECK_RET(dirty_attach(&b), -EEXIST);
	CHECK_RET(dirty_attach(&d), -EEXIST);
	/* Not even initialised. */
	CHECK_EQ(b.p->nr_init + b.p->nr_exit, 0);
	/* It may take the other's place. */
	CHECK_OK(dirty_replace(&a, &b));
	CHECK_EQ(a.p->exit.kind, IOMMUFD_EXIT_REPLACED);
	CHECK_RET(dirty_attach(&a), -EEXIST);
	dirty_detach(&b);
	a.p->ret_init = -ENOSPC;
	CHECK_RET(dirty_attach(&a), -ENOSPC);
	a.p->ret_init = 0;
	CHECK_OK(dirty_attach(&a));
	dirty_unload(&a);
	dirty_unload(&b);
	dirty_unload(&c);
	CHECK_OK(dirty_attach(&d));
	dirty_unload(&d);
	cgroup_remove("dirty_one");
}

/* Which of them was asked about the area? Each answers its own. */
static void expect_nearest(const struct dirty_rig *r,
			   struct dirty_policy *pols[], int n, int nearest)
{
	__u64 before[4];
	int i;

	for (i = 0; i < n; i++)
		before[i] = pols[i]->p->nr_read;
	dirty_count(r, r->hwpt, 0, 4, 0);
	for (i = 0; i < n; i++)
		CHECK_EQ(pols[i]->p->nr_read - before[i], i == nearest);
}

static void nearest(void)
{
	struct iommufd_dirty_ops outer = {}, inner = {}, ioas = {}, other = {};
	struct dirty_policy pol[4], stranger;
	struct dirty_policy *pols[] = { &pol[0], &pol[1], &pol[2], &pol[3] };
	struct dirty_rig r;

	outer.cgroup_id = cgroup_make("dirty_a");
	inner.cgroup_id = cgroup_make("dirty_a/b");
	other.cgroup_id = cgroup_make("dirty_c");
	cgroup_enter("dirty_a/b");
	pol[0] = dirty_new(NULL, IOMMUFD_DIRTY_SCAN);
	r = dirty_rig();
	dirty_map(&r, 0, 4);
	CHECK_OK(iommufd_dirty_track(r.fd, r.hwpt, true));
	CHECK_EQ(pol[0].p->start.cgroup_id, inner.cgroup_id);
	ioas.ioas_cookie = pol[0].p->start.ioas_cookie;
	pol[1] = dirty_new(&outer, IOMMUFD_DIRTY_SCAN);
	pol[2] = dirty_new(&inner, IOMMUFD_DIRTY_SCAN);
	pol[3] = dirty_new(&ioas, IOMMUFD_DIRTY_SCAN);
	stranger = dirty_new(&other, IOMMUFD_DIRTY_SCAN);
	/* The memory's cgroup counts, wherever its owner is now. */
	cgroup_enter("dirty_c");
	expect_nearest(&r, pols, 4, 3);
	dirty_detach(&pol[3]);
	expect_nearest(&r, pols, 4, 2);
	CHECK_EQ(pol[2].p->read.cgroup_id, inner.cgroup_id);
	dirty_detach(&pol[2]);
	expect_nearest(&r, pols, 4, 1);
	dirty_detach(&pol[1]);
	expect_nearest(&r, pols, 4, 0);
	CHECK_EQ(stranger.p->nr_read, 0);
	/* Of starting, that of the task that asks. */
	CHECK_OK(iommufd_dirty_track(r.fd, r.hwpt, false));
	CHECK_EQ(pol[0].p->nr_stop, 1);
	CHECK_OK(iommufd_dirty_track(r.fd, r.hwpt, true));
	CHECK_EQ(stranger.p->nr_start, 1);
	CHECK_EQ(pol[0].p->nr_start, 1);
	close(r.fd);
	CHECK_EQ(stranger.p->nr_stop, 1);
	cgroup_enter("");
	dirty_unload(&pol[0]);
	dirty_unload(&pol[1]);
	dirty_unload(&pol[2]);
	dirty_unload(&pol[3]);
	dirty_unload(&stranger);
	cgroup_remove("dirty_a/b");
	cgroup_remove("dirty_a");
	cgroup_remove("dirty_c");
}

/* The IOAS goes, and its policy with it. */
static void ioas_gone(void)
{
	struct dirty_policy any = dirty_new(NULL, IOMMUFD_DIRTY_SCAN), pol;
	struct iommufd_dirty_ops conf = {};
	struct dirty_rig r = dirty_rig();

	CHECK_OK(iommufd_dirty_track(r.fd, r.hwpt, true));
	conf.ioas_cookie = any.p->start.ioas_cookie;
	dirty_unload(&any);
	pol = dirty_new(&conf, IOMMUFD_DIRTY_SCAN);
	close(r.fd);
	dirty_wait_exit(&pol);
	CHECK_EQ(pol.p->exit.kind, IOMMUFD_EXIT_SCOPE_GONE);
	bpf_link__destroy(pol.link);
	pol.link = NULL;
	CHECK_RET(dirty_attach(&pol), -ENOENT);
	dirty_unload(&pol);
}

static int load_one(const char *name)
{
	struct bpf_object *obj = bpf_object__open(object_path("dirty_bad"));
	char table[32], program[32];
	struct bpf_program *prog;
	struct bpf_link *link;
	struct bpf_map *map;
	int ret;

	CHECK(obj);
	snprintf(table, sizeof(table), "t_%s", name);
	snprintf(program, sizeof(program), "p_%s", name);
	if (!bpf_object__find_program_by_name(obj, program))
		snprintf(program, sizeof(program), "p_fine");
	bpf_object__for_each_program(prog, obj)
		bpf_program__set_autoload(prog, !strcmp(bpf_program__name(prog),
							program));
	bpf_object__for_each_map(map, obj)
		if (bpf_map__type(map) == BPF_MAP_TYPE_STRUCT_OPS)
			bpf_map__set_autocreate(map, !strcmp(bpf_map__name(map),
							     table));
	ret = bpf_object__load(obj);
	if (!ret) {
		map = bpf_object__find_map_by_name(obj, table);
		link = bpf_map__attach_struct_ops(map);
		ret = link ? 0 : -errno;
		bpf_link__destroy(link);
	}
	bpf_object__close(obj);
	return ret;
}

static void bad_tables(void)
{
	static const char *const bad[] = {
		"writes", "sleepy_start", "sleepy_read_area",
		"sleepy_area_done", "sleepy_stop", "forges", "mistakes",
		"noname", "flags",
	};
	size_t i;

	CHECK_OK(load_one("fine"));
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		int ret = load_one(bad[i]);

		/* The verifier says EACCES or EINVAL, whatever it is. */
		if (ret != -EACCES && ret != -EINVAL)
			FAIL("%s: %s", bad[i], errno_name(ret));
	}
}

static void no_capability(void)
{
	struct dirty_policy pol = dirty_load(NULL);

	/* It keeps what it loaded. */
	become_user(1000, 1 << 20);
	CHECK_RET(dirty_attach(&pol), -EPERM);
}

static const struct test tests[] = {
	{ "dirty_start_stop", start_stop, 0 },
	{ "dirty_start_refused", start_refused, 0 },
	{ "dirty_start_nonsense", start_nonsense, 0 },
	{ "dirty_closed_scope_reads", closed_scope_reads, 0 },
	{ "dirty_ejected", ejected, 0 },
	{ "dirty_one_a_scope", one_a_scope, 0 },
	{ "dirty_nearest", nearest, 0 },
	{ "dirty_ioas_gone", ioas_gone, 0 },
	{ "dirty_bad_tables", bad_tables, 0 },
	{ "dirty_no_capability", no_capability, 0 },
};

const struct test_table dirty_hooks_table = { tests, ARRAY_SIZE(tests) };
