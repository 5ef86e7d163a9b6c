// SPDX-License-Identifier: GPL-2.0-only
/*
 * property.c - random operations, some of which fail: after each, what policies
 * were told is what the kernel has pinned
 *
 * Owns: property_table. property_device.c has the devices.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "inject.h"
#include "property.h"
#include "vfio.h"

/* Where copies go, and how many there may be. */
#define COPY_IOVA (MOCK_IOVA + 16 * RIG_BYTES)

static struct rig *any_ioas(struct world *w)
{
	return &w->ioas[any(w, NR_IOAS)];
}

static int op_map(struct world *w)
{
	unsigned int at = any(w, RIG_PAGES - 8);

	return rig_map(any_ioas(w), at, 1 + any(w, 8));
}

static int op_map_file(struct world *w)
{
	__u64 iova = MOCK_IOVA + any(w, RIG_PAGES - 8) * PAGE_SZ;
	struct rig *r = any_ioas(w);

	return iommufd_map_file(r->fd, r->ioas, w->file,
				any(w, RIG_PAGES - 8) * PAGE_SZ,
				(1 + any(w, 8)) * PAGE_SZ, &iova,
				MAP_RW | IOMMU_IOAS_MAP_FIXED_IOVA);
}

/* Pages in the middle cannot be pinned. */
static int op_map_hole(struct world *w)
{
	struct rig *r = any_ioas(w);
	unsigned int at = any(w, RIG_PAGES - 8);
	char *hole = r->va + (at + 1 + any(w, 7)) * PAGE_SZ;
	int ret;

	CHECK_OK(mprotect(hole, PAGE_SZ, PROT_NONE));
	ret = rig_map(r, at, 8);
	CHECK_OK(mprotect(hole, PAGE_SZ, PROT_READ | PROT_WRITE));
	return ret;
}

static int op_unmap(struct world *w)
{
	unsigned int at = any(w, RIG_PAGES - 16);

	return rig_unmap(any_ioas(w), at, 16);
}

static int op_unmap_all(struct world *w)
{
	struct rig *r = any_ioas(w);

	return any(w, 8) ? -EAGAIN : iommufd_unmap(r->fd, r->ioas, 0, ~0ULL, NULL);
}

static int op_copy(struct world *w)
{
	struct rig *to = any_ioas(w), *from = any_ioas(w);

	return iommufd_copy(to->fd, to->ioas, from->ioas,
			    MOCK_IOVA + any(w, RIG_PAGES) * PAGE_SZ,
			    (1 + any(w, 6)) * PAGE_SZ,
			    COPY_IOVA + any(w, RIG_PAGES) * PAGE_SZ, MAP_RW);
}

/* The first IOAS is the container's. */
static int op_container_map(struct world *w)
{
	unsigned int at = any(w, RIG_PAGES - 8);
	struct rig *r = &w->ioas[0];

	return vfio_type1_map(r->fd, r->va + at * PAGE_SZ,
			      (1 + any(w, 8)) * PAGE_SZ,
			      MOCK_IOVA + at * PAGE_SZ,
			      VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE);
}

/* A page: of type1v2 that refuses to cut, type1 does it. */
static int op_container_unmap(struct world *w)
{
	unsigned int at = any(w, RIG_PAGES - 16);
	__u64 done;

	return vfio_type1_unmap(w->ioas[0].fd, MOCK_IOVA + at * PAGE_SZ,
				(any(w, 2) ? 16 : 1) * PAGE_SZ, &done);
}

static int op_device(struct world *w)
{
	return w->devices->come_or_go(w);
}

/* What it is attached to may be another's from now on. */
static int op_replace(struct world *w)
{
	return w->devices->replace ? w->devices->replace(w) : -EAGAIN;
}

static int op_access(struct world *w)
{
	unsigned int i = any(w, NR_PINS);
	int ret;

	if (!w->pin[i])
		return access_pin(&w->ioas[0], w->access, any(w, RIG_PAGES - 4),
				  1 + any(w, 3), &w->pin[i]);
	ret = access_unpin(&w->ioas[0], w->access, w->pin[i]);
	w->pin[i] = 0;
	return ret;
}

static int op_move(struct world *w)
{
	cgroup_enter(any(w, 2) ? "bpf_test/a" : "bpf_test/b");
	return 0;
}

static int op_change_process(struct world *w)
{
	return iommufd_change_process(w->ioas[0].fd);
}

static int op_policy(struct world *w)
{
	struct policy *pol = &w->pol[NR_POLICIES - 1];
	int ret;

	if (w->own) {
		policy_detach(pol);
		CHECK_EQ(pol->p->exit.charged_pages, pol->p->told);
		w->own = false;
		return 0;
	}
	pol->p->told = 0;
	pol->p->nr_init = 0;
	pol->p->nr_exit = 0;
	ret = policy_attach(pol);
	if (ret && !w->injects)
		FAIL("a policy cannot be attached: %s", errno_name(ret));
	/* It may have got as far as adopting: then it was told that it ends. */
	if (ret && pol->p->nr_exit)
		CHECK_EQ(pol->p->exit.kind, IOMMUFD_EXIT_ATTACH_FAILED);
	w->own = !ret;
	return ret;
}

static void cheer_up(struct world *w)
{
	unsigned int i;

	for (i = 0; i < NR_POLICIES; i++) {
		w->pol[i].p->ret_charge = 0;
		w->pol[i].p->ret_admit = 0;
		w->pol[i].p->limit = 0;
	}
}

/*
 * One of the policies refuses some, or all, or allows so much only. Now and then
 * none does: else hardly anything would be pinned.
 */
static int op_mood(struct world *w)
{
	static const int codes[] = { -EPERM, -ENOMEM, -EDQUOT };
	struct probe_state *p = w->pol[any(w, NR_POLICIES)].p;

	if (any(w, 2)) {
		cheer_up(w);
		return 0;
	}
	p->ret_charge = any(w, 3) ? 0 : codes[any(w, 3)];
	p->ret_admit = any(w, 6) ? 0 : codes[any(w, 3)];
	p->every = any(w, 4);
	p->limit = any(w, 3) ? 0 : 1 + any(w, 60);
	p->chunk = any(w, 3) ? 0 : IOMMUFD_CHUNK_MIN;
	return 0;
}

static const struct op {
	const char *name;
	int (*run)(struct world *w);
	unsigned int weight;
	bool user; /* maps memory of the process */
	bool checked; /* what it calls must not fail for lack of memory */
} ops[] = {
	{ "map", op_map, 10, true, false },
	{ "map_file", op_map_file, 6, false, false },
	{ "map_hole", op_map_hole, 4, true, true },
	{ "unmap", op_unmap, 10, false, false },
	{ "unmap_all", op_unmap_all, 3, false, false },
	{ "copy", op_copy, 8, false, false },
	{ "container_map", op_container_map, 5, true, false },
	{ "container_unmap", op_container_unmap, 5, false, false },
	{ "device", op_device, 8, false, false },
	{ "replace", op_replace, 6, false, false },
	{ "access", op_access, 6, false, false },
	{ "move", op_move, 2, false, true },
	{ "change_process", op_change_process, 3, false, false },
	{ "policy", op_policy, 3, false, false },
	{ "mood", op_mood, 6, false, true },
};

static const struct op *any_op(struct world *w, bool files)
{
	unsigned int i, sum = 0, at;

	for (i = 0; i < ARRAY_SIZE(ops); i++)
		sum += ops[i].weight;
	for (;;) {
		at = any(w, sum);
		for (i = 0; at >= ops[i].weight; i++)
			at -= ops[i].weight;
		if (!files || !ops[i].user)
			return &ops[i];
	}
}

/* Where the kernel can, an allocation of every other operation fails. */
static int do_op(struct world *w, const struct op *op)
{
	int armed, ret;

	if (!w->injects || op->checked || any(w, 2))
		return op->run(w);
	armed = inject_arm(1 + any(w, any(w, 3) ? 12 : 60));
	ret = op->run(w);
	w->injected += inject_disarm(armed);
	return ret;
}

/* Every page is of the global ones, and of one cgroup or the other. */
static void compare(const struct world *w, const char *what, unsigned long nr)
{
	const struct policy *pol = w->pol;
	long pins = pins_here();
	unsigned int i;

	if (pol[0].p->told != pins || pol[1].p->told + pol[2].p->told != pins ||
	    (w->own && pol[3].p->told != pins))
		FAIL("%s, operation %lu: %ld pinned; told %lld; a %lld, b %lld; %lld",
		     what, nr, pins, pol[0].p->told, pol[1].p->told,
		     pol[2].p->told, w->own ? pol[3].p->told : -1);
	for (i = 0; i < NR_POLICIES; i++)
		CHECK_EQ(pol[i].p->wrong, 0);
}

static void world_init(struct world *w, const struct property_devices *devices)
{
	struct iommufd_pin_ops in_a = { .priority = 1 }, in_b = { .priority = 2 };
	struct iommufd_pin_ops last = { .priority = -1 };
	unsigned int i;

	cgroup_make("bpf_test");
	in_a.cgroup_id = cgroup_make("bpf_test/a");
	in_b.cgroup_id = cgroup_make("bpf_test/b");
	cgroup_enter("bpf_test/a");
	w->pol[0] = policy_new(NULL);
	w->pol[1] = policy_new(&in_a);
	w->pol[2] = policy_new(&in_b);
	w->pol[3] = policy_load(&last);
	w->ioas[0] = rig_bare();
	for (i = 1; i < NR_IOAS; i++) {
		w->ioas[i] = w->ioas[0];
		CHECK_OK(iommufd_ioas_alloc(w->ioas[0].fd, &w->ioas[i].ioas));
	}
	w->file = CHECK_FD(memfd_create("test", MFD_CLOEXEC));
	CHECK_OK(ftruncate(w->file, RIG_BYTES));
	w->access = CHECK_FD(access_new(&w->ioas[0]));
	CHECK_OK(iommufd_vfio_ioas(w->ioas[0].fd, IOMMU_VFIO_IOAS_SET,
				   &w->ioas[0].ioas));
	w->rng.state = pattern_seed();
	w->injects = inject_prepare();
	test_note("seed %#llx", w->rng.state);
	w->devices = devices;
	if (devices->init)
		devices->init(w);
}

static void world_end(struct world *w)
{
	unsigned int i;

	if (w->devices->end)
		w->devices->end(w);
	close(w->access);
	close(w->ioas[0].fd);
	compare(w, "the end", 0);
	CHECK_EQ(w->pol[0].p->told, 0);
	for (i = 0; i < NR_POLICIES; i++) {
		if (w->pol[i].link)
			policy_detach(&w->pol[i]);
		CHECK_EQ(w->pol[i].p->exit.strikes, 0);
		policy_unload(&w->pol[i]);
	}
	cgroup_enter("");
	cgroup_remove("bpf_test/a");
	cgroup_remove("bpf_test/b");
	cgroup_remove("bpf_test");
	close(w->file);
}

#define NR_OPS 600

/* Enough has happened of all that the run is for. */
static bool covered(const struct world *w, long most)
{
	return w->done > NR_OPS / 10 && w->refused > NR_OPS / 10 && most > 16 &&
	       w->came > NR_OPS / 200 &&
	       (!w->injects || w->injected > NR_OPS / 20);
}

/* A policy in a bad mood for long, or few devices, only make the run longer. */
static void run(const struct property_devices *devices, bool files)
{
	struct world w = {};
	unsigned long nr;
	long most = 0;

	world_init(&w, devices);
	for (nr = 1; nr <= NR_OPS || (!covered(&w, most) && nr <= 8 * NR_OPS);
	     nr++) {
		const struct op *op = any_op(&w, files);

		if (do_op(&w, op))
			w.refused++;
		else
			w.done++;
		compare(&w, op->name, nr);
		if (w.pol[0].p->told > most)
			most = w.pol[0].p->told;
	}
	test_note("%lu done, %lu refused, %lu injected failures, %lu devices, at most %ld pages, %llu charges",
		  w.done, w.refused, w.injected, w.came, most,
		  w.pol[0].p->nr_charge);
	CHECK(covered(&w, most));
	world_end(&w);
}

static void mocks(void)
{
	run(&property_mocks, false);
}

/* So that they can change hands. */
static void only_files(void)
{
	run(&property_mocks, true);
}

static void vfio_cdev(void)
{
	run(&property_cdev, false);
}

static void vfio_cdev_files(void)
{
	run(&property_cdev, true);
}

static void vfio_group(void)
{
	run(&property_group, false);
}

static const struct test tests[] = {
	{ "property.mocks", mocks, 300 },
	{ "property.only_files", only_files, 300 },
	{ "property.vfio_cdev", vfio_cdev, 300 },
	{ "property.vfio_cdev_files", vfio_cdev_files, 300 },
	{ "property.vfio_group", vfio_group, 300 },
};

const struct test_table property_table = { tests, ARRAY_SIZE(tests) };
