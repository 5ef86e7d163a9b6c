// SPDX-License-Identifier: GPL-2.0-only
/*
 * iter_view.c - every number of every view against the test's own bookkeeping
 *
 * Owns: iter_view_table.
 */
#define _GNU_SOURCE
#include <stdint.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "iter_main.h"

#define LEN (6 * PAGE_SZ)
#define IOVA2 (MOCK_IOVA + (16UL << 20))

static __u64 boottime(void)
{
	struct timespec ts;

	CHECK_OK(clock_gettime(CLOCK_BOOTTIME, &ts));
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

static const struct iommufd_hwpt_view *hwpt_of(const struct found *f, __u32 id)
{
	__u32 i;

	for (i = 0; i < f->nr_hwpts && i < FOUND; i++)
		if (f->hwpt[i].id == id)
			return &f->hwpt[i];
	FAIL("no HWPT %u", id);
}

static void contexts(void)
{
	struct iter_walk *w = new_walk();
	__u64 before = boottime();
	const struct found *f;
	struct rig r;
	int other;

	CHECK_EQ(walk(w)->nr_ctxs, 0);
	r = new_rig();
	other = CHECK_FD(iommufd_open());
	close(other);
	f = walk(w);
	CHECK_EQ(f->nr_ctxs, 1);
	CHECK(f->ctx.cookie && f->ctx.cgroup_id);
	CHECK(f->ctx.created_ns >= before && f->ctx.created_ns <= boottime());
	CHECK_EQ(f->ctx.tgid, getpid());
	CHECK_EQ(f->ctx.uid, 0);
	CHECK_EQ(f->ctx.flags, 0);
	CHECK_EQ(f->ctx.gone, 0);
	CHECK_EQ(f->ctx.account_mode, IOMMUFD_ACCOUNT_USER);
	/* The mock device has an object besides. */
	CHECK_EQ(f->ctx.nr_objects, 4);
	CHECK_EQ(f->ctx.nr_ioases, 1);
	CHECK_EQ(f->ctx.nr_hwpts, 1);
	CHECK_EQ(f->ctx.nr_devices, 1);
	CHECK_EQ(f->ctx.nr_accesses, 0);
	CHECK_OK(iommufd_destroy(r.fd, r.m.stdev));
	f = walk(w);
	CHECK_EQ(f->ctx.nr_objects, 1);
	CHECK_EQ(f->ctx.nr_hwpts, 0);
	CHECK_EQ(f->ctx.nr_devices, 0);
	close(r.fd);
	r.fd = CHECK_FD(iommufd_open());
	CHECK_OK(iommufd_set_rlimit_mode(r.fd, IOMMUFD_ACCOUNT_MM));
	CHECK_EQ(walk(w)->ctx.account_mode, IOMMUFD_ACCOUNT_MM);
}

static void spaces(void)
{
	struct iter_walk *w = new_walk();
	struct rig r = new_rig();
	char *va = get_pages(LEN);
	const struct iommufd_ioas_view *i;
	const struct iommufd_area_view *a;
	const struct found *f;
	__u32 empty;
	int access;

	CHECK_OK(iommufd_ioas_alloc(r.fd, &empty));
	CHECK_OK(iommufd_map_fixed(r.fd, r.ioas, va, LEN, MOCK_IOVA, MAP_R));
	CHECK_OK(iommufd_copy(r.fd, r.ioas, r.ioas, MOCK_IOVA, PAGE_SZ, IOVA2,
			      MAP_R));
	CHECK_OK(iommufd_map_fixed(r.fd, empty, va, PAGE_SZ, 0, MAP_RW));
	f = walk(w);
	CHECK_EQ(f->nr_ioases, 2);
	i = &f->ioas[0];
	CHECK_EQ(i->id, r.ioas);
	CHECK_EQ(i->ctx_cookie, f->ctx.cookie);
	CHECK_EQ(i->mapped_bytes, LEN + PAGE_SZ);
	CHECK_EQ(i->nr_areas, 2);
	CHECK_EQ(i->nr_domains, 1);
	CHECK_EQ(i->pinned_pages, 7);
	CHECK_EQ(i->alignment, MOCK_PAGE_SIZE);
	CHECK_EQ(i->flags, IOMMUFD_IOAS_HUGE_PAGES);
	CHECK_EQ(i->nr_accesses, 0);
	CHECK_EQ(i->gone, 0);
	i = &f->ioas[1];
	CHECK_EQ(i->id, empty);
	CHECK(i->cookie != f->ioas[0].cookie);
	CHECK_EQ(i->nr_domains, 0);
	CHECK_EQ(i->pinned_pages, 0);
	CHECK_EQ(i->alignment, 1);

	CHECK_EQ(f->nr_areas, 3);
	a = &f->area[0];
	CHECK_EQ(f->area_ioas[0], f->ioas[0].cookie);
	CHECK_EQ(a->iova, MOCK_IOVA);
	CHECK_EQ(a->length, LEN);
	CHECK_EQ(a->va, (uintptr_t)va);
	CHECK_EQ(a->pinned_pages, 6);
	CHECK_EQ(a->nr_runs, mem_runs(va, LEN));
	CHECK_EQ(a->prot, IOMMUFD_PROT_READ);
	CHECK_EQ(a->source, IOMMUFD_SOURCE_USER);
	CHECK_EQ(a->tgid, getpid());
	CHECK_EQ(a->uid, 0);
	CHECK_EQ(a->nr_domains, 1);
	CHECK_EQ(a->nr_access_pins, 0);
	CHECK_EQ(f->area[1].iova, IOVA2);
	CHECK_EQ(f->area_ioas[2], f->ioas[1].cookie);
	CHECK_EQ(f->area[2].nr_domains, 0);
	CHECK_EQ(f->area[2].pinned_pages, 0);

	/* Another page table, and an in-kernel user with a pin. */
	new_hwpt(&r, 0);
	access = CHECK_FD(mock_access_new(r.fd, r.ioas,
					  MOCK_FLAGS_ACCESS_CREATE_NEEDS_PIN_PAGES));
	CHECK_OK(mock_access_pin(r.fd, access, MOCK_IOVA, va, PAGE_SZ, 0, NULL));
	f = walk(w);
	CHECK_EQ(f->ctx.nr_accesses, 1);
	CHECK_EQ(f->ioas[0].nr_domains, 2);
	CHECK_EQ(f->ioas[0].nr_accesses, 1);
	CHECK_EQ(f->ioas[0].alignment, PAGE_SZ);
	CHECK_EQ(f->ioas[0].pinned_pages, 7);
	CHECK_EQ(f->area[0].nr_domains, 2);
	CHECK_EQ(f->area[0].nr_access_pins, 1);
	CHECK_EQ(f->area[1].nr_access_pins, 0);
	close(access);
	CHECK_EQ(walk(w)->ioas[0].nr_accesses, 0);
	CHECK_EQ(w->bss->found.area[0].nr_access_pins, 0);

	CHECK_OK(iommufd_option_set(r.fd, IOMMU_OPTION_HUGE_PAGES, empty, 0));
	f = walk(w);
	CHECK_EQ(f->ioas[1].flags, 0);
	CHECK_EQ(f->ioas[1].alignment, PAGE_SZ);
	CHECK_OK(iommufd_unmap(r.fd, r.ioas, 0, UINT64_MAX, NULL));
	f = walk(w);
	CHECK_EQ(f->ioas[0].mapped_bytes, 0);
	CHECK_EQ(f->ioas[0].pinned_pages, 0);
	CHECK_EQ(f->nr_areas, 1);
}

static void hwpts(void)
{
	struct iter_walk *w = new_walk();
	struct rig r = new_pasid_rig(0);
	struct queue q = new_queue(r.fd);
	__u32 parent = new_parent(&r), nested = new_nested(&r, parent);
	__u32 fault = hwpt_with(&r, 0, IOMMU_HWPT_ALLOC_PASID, &q);
	__u32 dirty = new_hwpt(&r, IOMMU_HWPT_ALLOC_DIRTY_TRACKING);
	const struct iommufd_hwpt_view *h;
	char *va = get_pages(LEN);
	__u64 bits = 0, write = 3;
	const struct found *f = walk(w);
	__u64 ioas = f->ioas[0].cookie, before;

	CHECK_EQ(f->nr_hwpts, 5);
	h = hwpt_of(f, r.m.hwpt);
	CHECK(h->cookie && h->created_ns);
	CHECK_EQ(h->ctx_cookie, f->ctx.cookie);
	CHECK_EQ(h->ioas_cookie, ioas);
	CHECK_EQ(h->type, IOMMUFD_HWPT_AUTOMATIC);
	CHECK_EQ(h->nr_devices, 1);
	CHECK_EQ(h->page_sizes & -h->page_sizes, MOCK_PAGE_SIZE);
	CHECK(!(h->flags & (IOMMUFD_HWPT_NEST_PARENT | IOMMUFD_HWPT_PASID |
			    IOMMUFD_HWPT_DIRTY | IOMMUFD_HWPT_FAULTS)));
	h = hwpt_of(f, parent);
	CHECK_EQ(h->type, IOMMUFD_HWPT_PAGING);
	CHECK(h->flags & IOMMUFD_HWPT_NEST_PARENT);
	CHECK_EQ(h->parent_id, 0);
	h = hwpt_of(f, nested);
	CHECK_EQ(h->type, IOMMUFD_HWPT_NESTED);
	CHECK_EQ(h->parent_id, parent);
	CHECK_EQ(h->ioas_cookie, ioas);
	CHECK_EQ(h->page_sizes, 0);
	h = hwpt_of(f, fault);
	CHECK_EQ(h->fault_id, q.id);
	CHECK(h->flags & IOMMUFD_HWPT_FAULTS);
	CHECK(h->flags & IOMMUFD_HWPT_PASID);
	CHECK_EQ(h->nr_devices, 0);
	h = hwpt_of(f, dirty);
	CHECK(h->flags & IOMMUFD_HWPT_DIRTY);
	CHECK_EQ(h->dirty_since_ns, 0);

	/* Attached, and one PASID besides; a fault. */
	CHECK_OK(mock_device_replace(r.fd, r.m.stdev, fault));
	CHECK_OK(pasid_attach(&r, 5, fault));
	CHECK_OK(fault_last(&r, 0, 1, 0x1000));
	expect_answers(&r, 1, 0, 0);
	f = walk(w);
	CHECK_EQ(f->nr_hwpts, 4);
	h = hwpt_of(f, fault);
	CHECK_EQ(h->nr_devices, 2);
	CHECK_EQ(h->nr_faults, 1);
	CHECK_EQ(f->device[0].hwpt_id, fault);
	CHECK_EQ(f->device[0].nr_pasids, 1);
	CHECK_EQ(f->device[0].nr_faults, 1);
	CHECK_OK(pasid_detach(&r, 5));
	CHECK_OK(mock_device_replace(r.fd, r.m.stdev, dirty));
	f = walk(w);
	CHECK_EQ(hwpt_of(f, fault)->nr_devices, 0);
	CHECK_EQ(hwpt_of(f, dirty)->nr_devices, 1);
	CHECK_EQ(f->device[0].nr_pasids, 0);

	CHECK_OK(iommufd_map_fixed(r.fd, r.ioas, va, LEN, MOCK_IOVA, MAP_RW));
	before = boottime();
	CHECK_OK(iommufd_dirty_track(r.fd, dirty, true));
	CHECK_EQ(mock_dirty(r.fd, dirty, MOCK_IOVA, LEN, PAGE_SZ, &write), 2);
	CHECK_OK(iommufd_dirty_bitmap(r.fd, dirty, MOCK_IOVA, LEN, PAGE_SZ,
				      &bits, 0));
	CHECK_EQ(bits, 3);
	CHECK_OK(iommufd_dirty_bitmap(r.fd, dirty, MOCK_IOVA, LEN, PAGE_SZ,
				      &bits, 0));
	h = hwpt_of(walk(w), dirty);
	CHECK(h->dirty_since_ns >= before && h->dirty_since_ns <= boottime());
	CHECK_EQ(h->dirty_reads, 2);
	CHECK_EQ(h->dirty_bytes, 2 * PAGE_SZ);
	CHECK_OK(iommufd_dirty_track(r.fd, dirty, false));
	CHECK_EQ(hwpt_of(walk(w), dirty)->dirty_since_ns, 0);
}

static void devices(void)
{
	struct iter_walk *w = new_walk();
	struct rig r = new_rig();
	struct mock_device second;
	const struct found *f;

	CHECK_OK(mock_device_add(r.fd, r.ioas, 0, &second));
	f = walk(w);
	CHECK_EQ(f->nr_devices, 2);
	CHECK_EQ(f->device[0].id, r.m.idev);
	CHECK_EQ(f->device[0].ctx_cookie, f->ctx.cookie);
	CHECK_EQ(f->device[0].ioas_cookie, f->ioas[0].cookie);
	CHECK_EQ(f->device[0].hwpt_id, r.m.hwpt);
	CHECK(f->device[0].cookie && f->device[0].created_ns);
	CHECK(f->device[0].name[0]);
	CHECK_EQ(f->device[1].id, second.idev);
	/* It shares the first one's. */
	CHECK_EQ(f->device[1].hwpt_id, r.m.hwpt);
	CHECK(f->device[1].group_id != f->device[0].group_id);
	CHECK_EQ(hwpt_of(f, r.m.hwpt)->nr_devices, 2);
	CHECK_OK(iommufd_destroy(r.fd, r.m.stdev));
	f = walk(w);
	CHECK_EQ(f->nr_devices, 1);
	CHECK_EQ(hwpt_of(f, r.m.hwpt)->nr_devices, 1);
}

/* Every run of a mapping against /proc/self/pagemap. */
static void check_runs(struct iter_walk *w, __u64 ioas, __u64 iova, char *va,
		       size_t len)
{
	__u64 done = 0, bytes = 0, i;

	w->bss->want_ioas = ioas;
	w->bss->want_iova = iova;
	run_program(w->progs.runs);
	CHECK_EQ(w->bss->runs_ret, 0);
	CHECK_EQ(w->bss->mix_ret, 0);
	for (i = 0; i < w->bss->nr_runs && i < FOUND_RUNS; i++) {
		const struct iommufd_run_view *run = &w->bss->run_list[i];
		__u64 off;

		CHECK_EQ(run->iova, iova + done);
		for (off = 0; off < run->length; off += PAGE_SZ)
			CHECK_EQ(run->pfn + off / PAGE_SZ,
				 frame_of(va + done + off));
		done += run->length;
	}
	CHECK_EQ(done, len);
	bytes = w->bss->mix.bytes_4k + w->bss->mix.bytes_2m +
		w->bss->mix.bytes_1g;
	CHECK_EQ(bytes, len);
}

static void runs(void)
{
	struct iter_walk *w = new_walk();
	struct space s = new_space();
	char *va = mem_alloc(64 * PAGE_SZ, MEM_SCATTERED);
	struct mock_device m;
	__u64 ioas;

	CHECK(va);
	CHECK_OK(iommufd_map_fixed(s.fd, s.ioas, va, 64 * PAGE_SZ, MOCK_IOVA,
				   MAP_RW));
	ioas = walk(w)->ioas[0].cookie;
	/* Nothing is pinned yet. */
	w->bss->want_ioas = ioas;
	w->bss->want_iova = MOCK_IOVA;
	run_program(w->progs.runs);
	CHECK_EQ(w->bss->runs_ret, 0);
	CHECK_EQ(w->bss->nr_runs, 0);
	CHECK_OK(mock_device_add(s.fd, s.ioas, 0, &m));
	check_runs(w, ioas, MOCK_IOVA, va, 64 * PAGE_SZ);
	CHECK_EQ(w->bss->nr_runs, walk(w)->area[0].nr_runs);
	CHECK_EQ(w->bss->nr_runs, mem_runs(va, 64 * PAGE_SZ));
	CHECK_EQ(w->bss->run_list[0].kind, IOMMUFD_RUN_PAGES);
	CHECK_EQ(w->bss->mix.bytes_4k, 64 * PAGE_SZ);
	/* A slice of it. */
	CHECK_OK(iommufd_copy(s.fd, s.ioas, s.ioas, MOCK_IOVA + 3 * PAGE_SZ,
			      5 * PAGE_SZ, IOVA2, MAP_RW));
	check_runs(w, ioas, IOVA2, va + 3 * PAGE_SZ, 5 * PAGE_SZ);

	w->bss->want_iova = MOCK_IOVA + PAGE_SZ; /* none begins there */
	run_program(w->progs.runs);
	CHECK_EQ(w->bss->runs_ret, -ENOENT);
	CHECK_EQ(w->bss->mix_ret, -ENOENT);
	CHECK_EQ(w->bss->nr_runs, 0);
	w->bss->want_ioas = ~0ULL;
	w->bss->want_iova = MOCK_IOVA;
	run_program(w->progs.runs);
	CHECK_EQ(w->bss->runs_ret, -ENOENT);
}

static void mix(void)
{
	struct iter_walk *w = new_walk();
	struct rig r = new_rig();
	char *va = mem_alloc(2 * HUGE_SZ, MEM_HUGETLB);
	__u64 ioas = walk(w)->ioas[0].cookie;

	if (!va)
		test_skip("no huge pages here");
	CHECK_OK(iommufd_map_fixed(r.fd, r.ioas, va, 2 * HUGE_SZ,
				   MOCK_IOVA, MAP_RW));
	check_runs(w, ioas, MOCK_IOVA, va, 2 * HUGE_SZ);
	CHECK_EQ(w->bss->mix.bytes_2m, 2 * HUGE_SZ);
	CHECK_EQ(w->bss->mix.bytes_4k, 0);
	/* The same, where IOVAs are not aligned as the memory is. */
	CHECK_OK(iommufd_copy(r.fd, r.ioas, r.ioas, MOCK_IOVA, 2 * HUGE_SZ,
			      IOVA2 + PAGE_SZ, MAP_RW));
	check_runs(w, ioas, IOVA2 + PAGE_SZ, va, 2 * HUGE_SZ);
	CHECK_EQ(w->bss->mix.bytes_2m, 0);
	/* And with ends that no huge page has. */
	CHECK_OK(iommufd_unmap(r.fd, r.ioas, IOVA2 + PAGE_SZ, 2 * HUGE_SZ, NULL));
	CHECK_OK(iommufd_copy(r.fd, r.ioas, r.ioas, MOCK_IOVA + HUGE_SZ - PAGE_SZ,
			      HUGE_SZ + PAGE_SZ, IOVA2 + HUGE_SZ - PAGE_SZ, MAP_RW));
	check_runs(w, ioas, IOVA2 + HUGE_SZ - PAGE_SZ, va + HUGE_SZ - PAGE_SZ,
		   HUGE_SZ + PAGE_SZ);
	CHECK_EQ(w->bss->mix.bytes_2m, HUGE_SZ);
	CHECK_EQ(w->bss->mix.bytes_4k, PAGE_SZ);
}

static void accounts(void)
{
	struct iter_walk *w = new_walk();
	struct rlimit limit = { 64 * PAGE_SZ, 64 * PAGE_SZ };
	struct rig r = new_rig();
	char *va = get_pages(LEN);
	const struct iommufd_account *a;
	__u64 user;

	w->bss->want_ioas = walk(w)->ioas[0].cookie;
	w->bss->want_uid = 0;
	run_program(w->progs.accounts);
	user = w->bss->account[1].user_pages;
	CHECK_OK(setrlimit(RLIMIT_MEMLOCK, &limit));
	CHECK_OK(iommufd_map_fixed(r.fd, r.ioas, va, LEN, MOCK_IOVA, MAP_RW));
	run_program(w->progs.accounts);
	a = w->bss->account;
	CHECK_EQ(w->bss->account_ret[0], 0);
	CHECK_EQ(a[0].ioas_bytes, LEN);
	CHECK_EQ(a[0].ioas_pages, 6);
	CHECK_EQ(a[0].user_pages, 0);
	CHECK_EQ(w->bss->account_ret[1], 0);
	CHECK_EQ(a[1].user_pages, user + 6);
	CHECK_EQ(a[1].ioas_pages, 0);
	CHECK_EQ(w->bss->account_ret[2], 0);
	CHECK_EQ(a[2].user_pages, user + 6);
	CHECK_EQ(a[2].mm_pages * PAGE_SZ, proc_status_bytes("VmPin"));
	CHECK_EQ(a[2].mm_locked_pages * PAGE_SZ, proc_status_bytes("VmLck"));
	CHECK_EQ(a[2].limit_pages, 64);
	limit.rlim_cur = RLIM_INFINITY;
	limit.rlim_max = RLIM_INFINITY;
	CHECK_OK(setrlimit(RLIMIT_MEMLOCK, &limit));
	w->bss->want_uid = 4711;
	w->bss->want_ioas = ~0ULL;
	run_program(w->progs.accounts);
	CHECK_EQ(w->bss->account_ret[0], -ENOENT);
	CHECK_EQ(w->bss->account_ret[1], -ENOENT);
	CHECK_EQ(w->bss->account[2].limit_pages, ~0ULL);
}

static const struct test tests[] = {
	{ .name = "contexts", .run = contexts },
	{ .name = "spaces", .run = spaces },
	{ .name = "hwpts", .run = hwpts },
	{ .name = "devices", .run = devices },
	{ .name = "runs", .run = runs },
	{ .name = "mix", .run = mix },
	{ .name = "accounts", .run = accounts },
};

const struct test_table iter_view_table = { tests, ARRAY_SIZE(tests) };
