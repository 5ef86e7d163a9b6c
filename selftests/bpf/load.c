// SPDX-License-Identifier: GPL-2.0-only
/*
 * load.c - what must not be loaded, and who must not attach
 *
 * Owns: load_table.
 */
#define _GNU_SOURCE
#include <bpf/bpf.h>
#include <stdio.h>
#include <unistd.h>

#include "bpf_policy.h"

/*
 * One table of bad.bpf.c, or, if @table is NULL, one program, and no other. What
 * the table says beside its programs is looked at when it is attached.
 */
static int load_one(const char *file, const char *table, const char *program)
{
	struct bpf_object *obj = bpf_object__open(object_path(file));
	struct bpf_program *prog;
	struct bpf_map *map;
	int ret;

	if (!obj)
		FAIL("%s cannot be opened", file);
	bpf_object__for_each_program(prog, obj)
		bpf_program__set_autoload(prog, !strcmp(bpf_program__name(prog),
							program));
	bpf_object__for_each_map(map, obj)
		if (bpf_map__type(map) == BPF_MAP_TYPE_STRUCT_OPS)
			bpf_map__set_autocreate(map,
						table && !strcmp(bpf_map__name(map),
								 table));
	ret = bpf_object__load(obj);
	if (!ret && table) {
		struct bpf_link *link;

		map = bpf_object__find_map_by_name(obj, table);
		link = bpf_map__attach_struct_ops(map);
		ret = link ? 0 : -errno;
		bpf_link__destroy(link);
	}
	bpf_object__close(obj);
	return ret;
}

static void verifier(void)
{
	static const char *const bad[] = {
		"writes", "writes_charge", "overreads", "sleepy_admit",
		"sleepy_charge", "sleepy_adopt", "sleepy_uncharge", "sleeps",
		"forges", "overtexts",
	};
	char table[32], prog[32];
	size_t i;

	CHECK_OK(load_one("bad", "t_fine", "p_fine"));
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		int ret;

		snprintf(table, sizeof(table), "t_%s", bad[i]);
		snprintf(prog, sizeof(prog), "p_%s", bad[i]);
		ret = load_one("bad", table, prog);
		/* The verifier says EACCES or EINVAL, whatever it is. */
		if (ret != -EACCES && ret != -EINVAL)
			FAIL("%s: %s", bad[i], errno_name(ret));
	}
}

/* The setters are not for other kinds of programs. */
static void other_contexts(void)
{
	int ret = load_one("bad", NULL, "p_context");

	if (ret != -EACCES && ret != -EINVAL)
		FAIL("a syscall program with a setter: %s", errno_name(ret));
}

static void tables(void)
{
	CHECK_RET(load_one("bad", "t_noname", "p_fine"), -EINVAL);
	CHECK_RET(load_one("bad", "t_badname", "p_fine"), -EINVAL);
	CHECK_RET(load_one("bad", "t_flags", "p_fine"), -EINVAL);
	CHECK_RET(load_one("bad", "t_nolink", "p_fine"), -EOPNOTSUPP);
}

/* A policy for a later release loads, unless it needs what came later. */
static void later_release(void)
{
	int ret;

	CHECK_OK(load_one("bad", "t_later", "p_later"));
	ret = load_one("bad", "t_horizon", "p_later");
	if (ret != -ENOTSUP)
		FAIL("a table with a member that is not known: %s",
		     errno_name(ret));
}

static void license(void)
{
	CHECK_RET(load_one("bad_license", "t_license", "p_license"), -EINVAL);
}

struct fds {
	int map, link, other;
};

/* Holding the descriptors is not enough. */
static void unprivileged(int sock, const void *arg)
{
	const struct fds *fds = arg;
	int fd;

	become_user(1000, 1 << 20);
	fd = bpf_link_create(fds->map, 0, BPF_STRUCT_OPS, NULL);
	say(sock, fd);
	fd = bpf_link_update(fds->link, fds->other, NULL);
	say(sock, fd);
	hear(sock);
}

static void who_may(void)
{
	struct policy one = policy_load(NULL), two = policy_new(NULL);
	struct policy three = policy_load(NULL);
	struct fds fds = {
		.map = bpf_map__fd(one.map),
		.link = bpf_link__fd(two.link),
		.other = bpf_map__fd(three.map),
	};
	struct peer peer;

	/* That makes the maps ready to be attached by anybody. */
	CHECK_OK(policy_attach(&one));
	policy_detach(&one);
	CHECK_OK(policy_attach(&three));
	policy_detach(&three);
	one.p->nr_init = 0;
	three.p->nr_init = 0;
	peer = peer_start(unprivileged, &fds);
	CHECK_RET(hear(peer.sock), -EPERM);
	CHECK_RET(hear(peer.sock), -EPERM);
	CHECK_EQ(one.p->nr_init + three.p->nr_init, 0);
	CHECK_EQ(two.p->nr_exit, 0);
	say(peer.sock, 0);
	peer_end(&peer);
	/* The same by who may. */
	CHECK_OK(policy_attach(&one));
	CHECK_OK(policy_replace(&two, &three));
	policy_unload(&one);
	policy_unload(&two);
	policy_unload(&three);
}

static const struct test tests[] = {
	{ "load.verifier", verifier, 120 },
	{ "load.other_contexts", other_contexts, 60 },
	{ "load.tables", tables, 60 },
	{ "load.later_release", later_release, 60 },
	{ "load.license", license, 60 },
	{ "load.who_may", who_may, 60 },
};

const struct test_table load_table = { tests, ARRAY_SIZE(tests) };
