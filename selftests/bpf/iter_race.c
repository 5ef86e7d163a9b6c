// SPDX-License-Identifier: GPL-2.0-only
/*
 * iter_race.c - iterators while everything comes and goes
 *
 * Owns: iter_race_table.
 */
#define _GNU_SOURCE
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "iter_main.h"
#include "iter_fentry.skel.h"

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

/*
 * Walks from inside of all functions of iommufd.ko, with whatever they hold.
 * Those that a walk itself calls are taken one at a time: from inside each
 * other they would use up the kernel's stack.
 */
static bool in_walks(const char *name)
{
	return !strncmp(name, "shadow_", 7) || !strcmp(name, "ctx_next_rcu") ||
	       !strcmp(name, "object_next_rcu");
}

/* A trampoline takes up to six arguments, none of them a structure. */
static bool attachable(const struct btf *btf, const struct btf_type *func)
{
	const struct btf_type *proto = btf__type_by_id(btf, func->type);
	const struct btf_param *p = btf_params(proto);
	const char *name = btf__name_by_offset(btf, func->name_off);
	unsigned int i;

	/* The kfuncs are what is called; init and exit are gone, or not yet. */
	if (!strncmp(name, "bpf_", 4) || strstr(name, "_init") ||
	    strstr(name, "_exit") || btf_vlen(proto) > 6)
		return false;
	for (i = 0; i < btf_vlen(proto); i++) {
		__s32 id = btf__resolve_type(btf, p[i].type);

		if (!p[i].type || id < 0 ||
		    btf_is_composite(btf__type_by_id(btf, id)))
			return false;
	}
	return true;
}

/* Names of the module's functions that ftrace knows, once each. */
static size_t traceable(char names[][64], size_t room)
{
	FILE *f = fopen("/sys/kernel/tracing/available_filter_functions", "r");
	struct btf *base = btf__load_vmlinux_btf();
	struct btf *btf = btf__load_module_btf("iommufd", base);
	char line[256], name[64], module[64];
	size_t n = 0;

	CHECK(f && base && btf);
	while (n < room && fgets(line, sizeof(line), f)) {
		__s32 id;

		if (sscanf(line, "%63s [%63[^]]]", name, module) != 2 ||
		    strcmp(module, "iommufd"))
			continue;
		id = btf__find_by_name_kind(btf, name, BTF_KIND_FUNC);
		if (id > 0 && attachable(btf, btf__type_by_id(btf, id)))
			snprintf(names[n++], 64, "%s", name);
	}
	fclose(f);
	btf__free(btf);
	btf__free(base);
	return n;
}

/* @n programs at a time; returns how many of them ran. */
static unsigned int walk_from(char names[][64], size_t n, char *va,
			      struct iter_walk *also)
{
	struct iter_fentry *w = iter_fentry__open();
	struct bpf_program *prog;
	unsigned int ran = 0;
	size_t i = 0;

	CHECK(w);
	bpf_object__for_each_program(prog, w->obj) {
		CHECK_OK(bpf_program__set_autoload(prog, i < n));
		if (i < n)
			CHECK_OK(bpf_program__set_attach_target(prog, 0, names[i]));
		i++;
	}
	if (iter_fentry__load(w) || iter_fentry__attach(w))
		FAIL("cannot walk from %s and %zu more", names[0], n - 1);
	use_all(va);
	/* What only walks call. */
	run_program(also->progs.walk_all);
	run_program(also->progs.hold);
	for (i = 0; i < n; i++)
		ran += w->bss->ran[i] != 0;
	if (ran)
		CHECK(w->bss->nr_views);
	iter_fentry__destroy(w);
	return ran;
}

static void fentry(void)
{
	static char names[1024][64], alone[64][64];
	size_t n = traceable(names, ARRAY_SIZE(names)), i, m = 0, k = 0;
	char *va = get_pages(4 * PAGE_SZ);
	struct iter_walk *also = new_walk();
	struct rig r = new_rig();
	const struct found *f = walk(also);
	unsigned int ran = 0;

	CHECK(n > 200);
	for (i = 0; i < n; i++) {
		if (in_walks(names[i]) && k < ARRAY_SIZE(alone))
			memcpy(alone[k++], names[i], 64);
		else if (m != i)
			memcpy(names[m++], names[i], 64);
		else
			m++;
	}
	CHECK(k >= 4);
	/* Something to walk over, and to hold. */
	also->bss->want_cookie[0] = f->ctx.cookie;
	also->bss->want_cookie[1] = f->ioas[0].cookie;
	also->bss->want_cookie[2] = f->hwpt[0].cookie;
	also->bss->want_cookie[3] = f->device[0].cookie;
	for (i = 0; i < k; i++)
		ran += walk_from(&alone[i], 1, va, also);
	CHECK_EQ(ran, k);
	for (i = 0; i < m; i += NR_FENTRY)
		ran += walk_from(&names[i], m - i < NR_FENTRY ? m - i : NR_FENTRY, va,
				 also);
	test_note("%zu functions, %u of them ran", k + m, ran);
	/* Many are not called by what is done here, but these must be. */
	CHECK(ran > 100);
	close(r.fd);
}

static const struct test tests[] = {
	{ .name = "create-destroy", .run = create_destroy },
	{ .name = "fentry", .run = fentry, .timeout = 300 },
};

const struct test_table iter_race_table = { tests, ARRAY_SIZE(tests) };
