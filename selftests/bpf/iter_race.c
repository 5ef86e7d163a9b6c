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
#include "iter_policy.h"
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

static void *churn_policies(void *arg)
{
	unsigned long *n = arg;

	while (!stop) {
		turn_policy();
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

/* Was there something to see, and was it seen? */
static bool enough(const struct iter_walk *w, const volatile unsigned long *turns,
		   unsigned long walks)
{
	return walks > 10 && turns[0] > 5 && turns[1] > 5 && turns[2] > 0 &&
	       w->bss->nr_policies > 10 && w->bss->nr_views > 10;
}

static void create_destroy(void)
{
	struct iter_walk *w = new_walk();
	unsigned long turns[3] = {}, walks = 0;
	/* At least four seconds; on a busy machine as many as it takes. */
	double end = now() + 4, patience = end + 20 * test_slow();
	pthread_t t[3];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(t); i++)
		CHECK_OK(pthread_create(&t[i], NULL, i == 2 ? churn_policies : churn,
					&turns[i]));
	while (now() < end || (!enough(w, turns, walks) && now() < patience)) {
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
	test_note("%lu walks, %llu views, %lu contexts; %llu views of policies, %lu of them", walks,
		  (unsigned long long)w->bss->nr_views, turns[0] + turns[1],
		  (unsigned long long)w->bss->nr_policies, turns[2]);
	CHECK(enough(w, turns, walks));
	CHECK_EQ(w->bss->nr_odd, 0);
	CHECK_EQ(walk(w)->nr_ctxs, 0);
}

/*
 * Walks from inside of all functions of iommufd.ko, with whatever they hold.
 * Those that a walk itself calls are taken one at a time: from inside each
 * other they would use up the kernel's stack.
 */
static bool in_walks(const char *name)
{
	/* That one is called when the module goes. */
	if (!strcmp(name, "shadow_exit"))
		return false;
	return !strncmp(name, "shadow_", 7) || !strcmp(name, "ctx_next_rcu") ||
	       !strcmp(name, "object_next_rcu") ||
	       !strcmp(name, "area_set_next_rcu") ||
	       !strcmp(name, "area_set_from_rcu") ||
	       !strcmp(name, "descend_rcu") ||
	       !strcmp(name, "policy_next_rcu");
}

/*
 * The kfuncs are what is called. A trampoline takes no structure that is larger
 * than two registers, and no more than twelve arguments.
 */
static bool attachable(const struct btf *btf, const struct btf_type *func)
{
	const struct btf_type *proto = btf__type_by_id(btf, func->type);
	const struct btf_param *p = btf_params(proto);
	const char *name = btf__name_by_offset(btf, func->name_off);
	unsigned int i;

	if (!strncmp(name, "bpf_", 4) || btf_vlen(proto) > 12)
		return false;
	for (i = 0; i < btf_vlen(proto); i++) {
		__s32 id = btf__resolve_type(btf, p[i].type);

		if (!p[i].type || id < 0 || btf__resolve_size(btf, id) > 16)
			return false;
	}
	return true;
}

/*
 * Names of the module's functions that ftrace knows, once each; how many it
 * knows besides.
 */
static size_t traceable(char names[][64], size_t room, size_t *left_out)
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
		else if (strncmp(name, "bpf_", 4))
			(*left_out)++;
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
	/* None of those that are alone is a policy's only. */
	if (n > 1)
		use_policies();
	/* What only walks call. */
	run_program(also->progs.walk_all);
	run_program(also->progs.hold);
	for (i = 0; i < n; i++)
		ran += w->bss->ran[i] != 0;
	if (ran)
		CHECK(w->bss->nr_views);
	CHECK_EQ(w->bss->nr_low, 0);
	iter_fentry__destroy(w);
	return ran;
}

static void fentry(void)
{
	static char names[1024][64], alone[64][64];
	size_t left_out = 0, i, m = 0, k = 0;
	size_t n = traceable(names, ARRAY_SIZE(names), &left_out);
	char *va = get_pages(4 * PAGE_SZ);
	struct iter_walk *also = new_walk();
	struct rig r = new_rig();
	const struct found *f = walk(also);
	/*
	 * To attach and detach so many takes minutes. The debug kernel, whose
	 * lockdep looks on, does it with all of them.
	 */
	unsigned int step = test_slow() > 1 ? 1 : 4, ran = 0;
	unsigned int first = pattern_seed() % step;

	CHECK(n > 200);
	for (i = 0; i < n; i++) {
		if (in_walks(names[i]) && k < ARRAY_SIZE(alone))
			memcpy(alone[k++], names[i], 64);
		else if (i % step == first)
			memmove(names[m++], names[i], 64);
	}
	CHECK(k >= 4);
	/* Something to walk over, and to hold. */
	CHECK_OK(iommufd_map_fixed(r.fd, r.ioas, va, PAGE_SZ, MOCK_IOVA, MAP_RW));
	CHECK_OK(iommufd_map_fixed(r.fd, r.ioas, va, PAGE_SZ, 2 * MOCK_IOVA, MAP_RW));
	also->bss->want_cookie[0] = f->ctx.cookie;
	also->bss->want_cookie[1] = f->ioas[0].cookie;
	also->bss->want_cookie[2] = f->hwpt[0].cookie;
	also->bss->want_cookie[3] = f->device[0].cookie;
	for (i = 0; i < k; i++)
		if (!walk_from(&alone[i], 1, va, also))
			FAIL("nothing called %s", alone[i]);
	ran = k;
	for (i = 0; i < m; i += NR_FENTRY)
		ran += walk_from(&names[i], m - i < NR_FENTRY ? m - i : NR_FENTRY, va,
				 also);
	test_note("%zu functions of %zu, every %uth from %u; %u of them ran; %zu more have no usable BTF",
		  k + m, n, step, first, ran, left_out);
	/* Many are not called by what is done here, but these must be. */
	CHECK(ran > 120 / step);
	CHECK(left_out < n / 20);
	close(r.fd);
}

struct pinning {
	struct space s;
	struct mock_device m;
};

static void *attach(void *arg)
{
	struct pinning *p = arg;

	return (void *)(long)mock_device_add(p->s.fd, p->s.ioas, 0, &p->m);
}

/*
 * Somebody pins, and the pages do not come, for as long as he likes. Who looks
 * sees what there is, and does not wait for that.
 */
static void pin_hangs(void)
{
	const size_t len = 16 * PAGE_SZ, nr = 1000;
	struct pinning p = { .s = new_space() };
	struct iter_walk *w = new_walk();
	char *va = mmap(NULL, len, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int missing = CHECK_FD(mem_missing(va, len));
	pthread_t thread;
	double begin;
	void *ret;
	size_t i;

	CHECK_OK(iommufd_map_fixed(p.s.fd, p.s.ioas, va, len, MOCK_IOVA, MAP_RW));
	w->bss->want_ioas = walk(w)->ioas[0].cookie;
	w->bss->want_iova = MOCK_IOVA;
	/* The same memory, many times, as a tenant who means harm would. */
	for (i = 1; i < nr; i++)
		CHECK_OK(iommufd_copy(p.s.fd, p.s.ioas, p.s.ioas, MOCK_IOVA, len,
				      MOCK_IOVA + i * len, MAP_RW));
	CHECK_OK(pthread_create(&thread, NULL, attach, &p));
	do {
		run_program(w->progs.runs);
	} while (!w->bss->mix_ret);
	CHECK_EQ(w->bss->mix_ret, -EBUSY);
	begin = now();
	run_program(w->progs.runs);
	w->bss->mix_step = len;
	w->bss->nr_mixes = nr;
	run_program(w->progs.mixes);
	CHECK(now() - begin < 5 * test_slow());
	CHECK_EQ(w->bss->nr_busy, nr);
	CHECK_EQ(w->bss->runs_ret, 0);
	CHECK_EQ(w->bss->nr_runs, 0);
	CHECK_EQ(w->bss->mix_ret, -EBUSY);
	CHECK_EQ(walk(w)->nr_areas, nr);
	CHECK_OK(mem_arrives(missing, va, len));
	CHECK_OK(pthread_join(thread, &ret));
	CHECK_OK((long)ret);
	run_program(w->progs.runs);
	CHECK_EQ(w->bss->mix_ret, 0);
	CHECK_EQ(w->bss->mix.bytes_4k, len);
}

static const struct test tests[] = {
	{ .name = "create-destroy", .run = create_destroy },
	{ .name = "pin-hangs", .run = pin_hangs },
	{ .name = "fentry", .run = fentry, .timeout = 300 },
};

const struct test_table iter_race_table = { tests, ARRAY_SIZE(tests) };
