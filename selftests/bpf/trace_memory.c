// SPDX-License-Identifier: GPL-2.0-only
/*
 * trace_memory.c - events of mapping, pinning, filling, accessing, charging
 *
 * Owns: trace_memory_table.
 */
#define _GNU_SOURCE
#include <stdint.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "trace_main.h"

#define NPAGES 6
#define LEN (NPAGES * PAGE_SZ)
#define IOVA2 (MOCK_IOVA + (16UL << 20))

static void map_unmap(void)
{
	struct rig r = new_rig();
	char *va = get_pages(LEN);
	__u64 cookie = ctx_cookie(), ioas = NTH(iommufd_create, 0)->cookie;
	long runs = mem_runs(va, LEN);
	const struct iommufd_map_event *m;
	const struct iommufd_pin_event *p;
	const struct iommufd_fill_event *f;
	const struct iommufd_unmap_event *u;

	forget();
	CHECK_OK(iommufd_map_fixed(r.fd, r.ioas, va, LEN, MOCK_IOVA, MAP_R));
	m = ONLY(iommufd_map);
	CHECK_EQ(m->ctx_cookie, cookie);
	CHECK_EQ(m->ioas_cookie, ioas);
	CHECK_EQ(m->op, IOMMUFD_OP_MAP);
	CHECK_EQ(m->pinned_pages, NPAGES);
	CHECK_EQ(m->nr_runs, runs);
	CHECK_EQ(m->prot, IOMMUFD_PROT_READ);
	CHECK(m->pin_ns && m->fill_ns);
	CHECK(m->pin_ns + m->fill_ns + m->account_ns <= m->duration_ns);
	p = ONLY(iommufd_pin);
	CHECK_EQ(p->ctx_cookie, cookie);
	CHECK_EQ(p->ioas_cookie, ioas);
	CHECK_EQ(p->ioas_id, r.ioas);
	CHECK_EQ(p->op, IOMMUFD_OP_MAP);
	CHECK_EQ(p->va, (uintptr_t)va);
	CHECK_EQ(p->npages, NPAGES);
	CHECK_EQ(p->pages, NPAGES);
	CHECK_EQ(p->nr_runs, runs);
	CHECK_EQ(p->source, IOMMUFD_SOURCE_USER);
	CHECK_EQ(p->tgid, getpid());
	CHECK_EQ(p->uid, 0);
	CHECK_EQ(p->ret, 0);
	CHECK(p->pin_ns && p->pin_ns + p->account_ns <= p->duration_ns);
	CHECK(p->duration_ns <= m->duration_ns);
	f = ONLY(iommufd_fill);
	CHECK_EQ(f->ctx_cookie, cookie);
	CHECK_EQ(f->ioas_cookie, ioas);
	CHECK_EQ(f->ioas_id, r.ioas);
	CHECK_EQ(f->hwpt_id, r.m.hwpt);
	CHECK_EQ(f->iova, MOCK_IOVA);
	CHECK_EQ(f->length, LEN);
	CHECK_EQ(f->nr_runs, runs);
	CHECK_EQ(f->op, IOMMUFD_OP_MAP);
	CHECK_EQ(f->ret, 0);
	CHECK(f->duration_ns && f->duration_ns <= m->duration_ns);

	forget();
	CHECK_OK(iommufd_unmap(r.fd, r.ioas, MOCK_IOVA, LEN, NULL));
	u = ONLY(iommufd_unmap);
	CHECK_EQ(u->ioas_cookie, ioas);
	CHECK_EQ(u->unmapped_bytes, LEN);
	CHECK_EQ(u->nr_areas, 1);
	CHECK_EQ(u->unpinned_pages, NPAGES);
	f = ONLY(iommufd_clear);
	CHECK_EQ(f->hwpt_id, r.m.hwpt);
	CHECK_EQ(f->iova, MOCK_IOVA);
	CHECK_EQ(f->length, LEN);
	CHECK_EQ(f->op, IOMMUFD_OP_UNMAP);
	CHECK(f->duration_ns);
	p = ONLY(iommufd_unpin);
	CHECK_EQ(p->ctx_cookie, cookie);
	CHECK_EQ(p->ioas_cookie, ioas);
	CHECK_EQ(p->op, IOMMUFD_OP_UNMAP);
	CHECK_EQ(p->va, (uintptr_t)va);
	CHECK_EQ(p->npages, NPAGES);
	CHECK_EQ(p->pages, NPAGES);
	CHECK_EQ(p->nr_runs, runs);
	CHECK(p->pin_ns && p->pin_ns <= p->duration_ns);
	CHECK_EQ(GOT(iommufd_pin), 0);
	CHECK_EQ(GOT(iommufd_fill), 0);
	forget();
	CHECK_RET(iommufd_unmap(r.fd, r.ioas, MOCK_IOVA, LEN, NULL), -ENOENT);
	CHECK_EQ(ONLY(iommufd_unmap)->ret, -ENOENT);
}

/* The second mapping of the same memory pins nothing, nor gives it back. */
static void copy(void)
{
	struct rig r = new_rig();
	char *va = get_pages(LEN);
	const struct iommufd_map_event *m;
	const struct iommufd_pin_event *p;

	CHECK_OK(iommufd_map_fixed(r.fd, r.ioas, va, LEN, MOCK_IOVA, MAP_RW));
	forget();
	CHECK_OK(iommufd_copy(r.fd, r.ioas, r.ioas, MOCK_IOVA + PAGE_SZ,
			      LEN - PAGE_SZ, IOVA2, MAP_RW));
	m = ONLY(iommufd_copy);
	CHECK_EQ(m->op, IOMMUFD_OP_COPY);
	CHECK_EQ(m->src_iova, MOCK_IOVA + PAGE_SZ);
	CHECK_EQ(m->pinned_pages, 0);
	p = ONLY(iommufd_pin);
	CHECK_EQ(p->op, IOMMUFD_OP_COPY);
	CHECK_EQ(p->va, (uintptr_t)va + PAGE_SZ);
	CHECK_EQ(p->npages, NPAGES - 1);
	CHECK_EQ(p->pages, 0);
	CHECK_EQ(ONLY(iommufd_fill)->op, IOMMUFD_OP_COPY);
	forget();
	CHECK_OK(iommufd_unmap(r.fd, r.ioas, MOCK_IOVA, LEN, NULL));
	CHECK_EQ(ONLY(iommufd_unpin)->npages, NPAGES);
	CHECK_EQ(ONLY(iommufd_unpin)->pages, 1);
	CHECK_EQ(ONLY(iommufd_unpin)->nr_runs, 1);
}

static int new_file(__u64 length)
{
	int file = memfd_create("trace", MFD_CLOEXEC);

	CHECK(file >= 0);
	CHECK_OK(ftruncate(file, length));
	return file;
}

static void map_file(void)
{
	struct rig r = new_rig();
	int file = new_file(LEN);
	__u64 iova = MOCK_IOVA;
	const struct iommufd_map_event *m;

	forget();
	CHECK_OK(iommufd_map_file(r.fd, r.ioas, file, PAGE_SZ, LEN - PAGE_SZ,
				  &iova, MAP_RW | IOMMU_IOAS_MAP_FIXED_IOVA));
	m = ONLY(iommufd_map);
	CHECK_EQ(m->op, IOMMUFD_OP_MAP_FILE);
	CHECK_EQ(m->va, PAGE_SZ);
	CHECK_EQ(m->pinned_pages, NPAGES - 1);
	CHECK_EQ(ONLY(iommufd_pin)->op, IOMMUFD_OP_MAP_FILE);
	CHECK_EQ(ONLY(iommufd_pin)->source, IOMMUFD_SOURCE_FILE);
	CHECK_EQ(ONLY(iommufd_pin)->va, PAGE_SZ);
	/* Past the end of the file. */
	forget();
	iova = IOVA2;
	CHECK_RET(iommufd_map_file(r.fd, r.ioas, file, 0, LEN + PAGE_SZ, &iova,
				   MAP_RW | IOMMU_IOAS_MAP_FIXED_IOVA), -EINVAL);
	CHECK_EQ(ONLY(iommufd_map)->ret, -EINVAL);
	CHECK_EQ(GOT(iommufd_pin), 0);
	CHECK_EQ(GOT(iommufd_fill), 0);
}

static int access_op(int fd, int access, struct iommu_test_cmd *cmd, __u32 op)
{
	cmd->op = op;
	cmd->id = access;
	return mock_cmd(fd, cmd);
}

static void access_events(void)
{
	struct space s = new_space();
	char *va = get_pages(LEN), buf[8] = "";
	__u64 cookie = ctx_cookie(), ioas = NTH(iommufd_create, 0)->cookie;
	struct iommu_test_cmd make = {
		.create_access.flags = MOCK_FLAGS_ACCESS_CREATE_NEEDS_PIN_PAGES,
	};
	struct iommu_test_cmd pin = {
		.access_pages = {
			.flags = MOCK_FLAGS_ACCESS_WRITE,
			.iova = MOCK_IOVA + PAGE_SZ,
			.length = 2 * PAGE_SZ,
			.uptr = (uintptr_t)va + PAGE_SZ,
		},
	};
	struct iommu_test_cmd rw = {
		.access_rw = {
			.iova = MOCK_IOVA + 12,
			.length = sizeof(buf),
			.uptr = (uintptr_t)buf,
			.flags = MOCK_ACCESS_RW_WRITE,
		},
	};
	struct iommu_test_cmd unpin = {};
	struct iommu_test_cmd replace = {};
	const struct iommufd_access_event *a;
	__u32 ioas2, id;
	int access;

	CHECK_OK(iommufd_ioas_alloc(s.fd, &ioas2));
	CHECK_OK(iommufd_map_fixed(s.fd, s.ioas, va, LEN, MOCK_IOVA, MAP_RW));
	forget();
	CHECK_OK(access_op(s.fd, s.ioas, &make, IOMMU_TEST_OP_CREATE_ACCESS));
	access = make.create_access.out_access_fd;
	id = ONLY(iommufd_create)->id;
	CHECK_EQ(ONLY(iommufd_create)->type, IOMMUFD_OBJECT_ACCESS);
	a = ONLY(iommufd_access_attach);
	CHECK_EQ(a->ctx_cookie, cookie);
	CHECK_EQ(a->ioas_cookie, ioas);
	CHECK_EQ(a->ioas_id, s.ioas);
	CHECK_EQ(a->access_id, id);
	CHECK_EQ(a->ret, 0);
	CHECK(a->duration_ns);

	forget();
	CHECK_OK(access_op(s.fd, access, &pin, IOMMU_TEST_OP_ACCESS_PAGES));
	a = ONLY(iommufd_access_pin);
	CHECK_EQ(a->ctx_cookie, cookie);
	CHECK_EQ(a->ioas_cookie, ioas);
	CHECK_EQ(a->access_id, id);
	CHECK_EQ(a->iova, MOCK_IOVA + PAGE_SZ);
	CHECK_EQ(a->length, 2 * PAGE_SZ);
	CHECK_EQ(a->pages, 2);
	CHECK_EQ(a->flags, IOMMUFD_ACCESS_EVENT_WRITE);
	CHECK(a->pin_ns && a->pin_ns + a->account_ns <= a->duration_ns);
	CHECK_EQ(ONLY(iommufd_pin)->op, IOMMUFD_OP_ACCESS_PIN);
	CHECK_EQ(ONLY(iommufd_pin)->ioas_cookie, ioas);
	CHECK_EQ(ONLY(iommufd_pin)->pages, 2);

	forget();
	CHECK_OK(access_op(s.fd, access, &rw, IOMMU_TEST_OP_ACCESS_RW));
	a = ONLY(iommufd_access_rw);
	CHECK_EQ(a->ioas_cookie, ioas);
	CHECK_EQ(a->iova, MOCK_IOVA + 12);
	CHECK_EQ(a->length, sizeof(buf));
	CHECK_EQ(a->flags, IOMMUFD_ACCESS_EVENT_WRITE);
	CHECK_EQ(a->ret, 0);
	CHECK(a->duration_ns);
	rw.access_rw.iova = IOVA2;
	CHECK_RET(access_op(s.fd, access, &rw, IOMMU_TEST_OP_ACCESS_RW), -ENOENT);
	CHECK_EQ(NTH(iommufd_access_rw, 1)->ret, -ENOENT);
	CHECK_EQ(NTH(iommufd_access_rw, 1)->ioas_cookie, ioas);

	forget();
	unpin.destroy_access_pages.access_pages_id =
		pin.access_pages.out_access_pages_id;
	CHECK_OK(access_op(s.fd, access, &unpin,
			   IOMMU_TEST_OP_DESTROY_ACCESS_PAGES));
	a = ONLY(iommufd_access_unpin);
	CHECK_EQ(a->ioas_cookie, ioas);
	CHECK_EQ(a->iova, MOCK_IOVA + PAGE_SZ);
	CHECK_EQ(a->length, 2 * PAGE_SZ);
	CHECK_EQ(a->pages, 2);
	CHECK_EQ(ONLY(iommufd_unpin)->op, IOMMUFD_OP_ACCESS_UNPIN);
	CHECK_EQ(ONLY(iommufd_unpin)->pages, 2);

	forget();
	replace.access_replace_ioas.ioas_id = ioas2;
	CHECK_OK(access_op(s.fd, access, &replace,
			   IOMMU_TEST_OP_ACCESS_REPLACE_IOAS));
	a = ONLY(iommufd_access_replace);
	CHECK_EQ(a->ioas_id, ioas2);
	CHECK(a->ioas_cookie && a->ioas_cookie != ioas);
	CHECK_EQ(GOT(iommufd_access_detach), 0);
	replace.access_replace_ioas.ioas_id = 99;
	CHECK_RET(access_op(s.fd, access, &replace,
			    IOMMU_TEST_OP_ACCESS_REPLACE_IOAS), -ENOENT);
	CHECK_EQ(NTH(iommufd_access_replace, 1)->ret, -ENOENT);
	CHECK_EQ(NTH(iommufd_access_replace, 1)->ioas_id, 99);

	forget();
	close(access);
	a = ONLY(iommufd_access_detach);
	CHECK_EQ(a->access_id, id);
	CHECK_EQ(a->ioas_id, ioas2);
}

/* Over the limit, in either mode: which, of whom, for what. */
static void limit_of(__u64 mode)
{
	const struct iommufd_limit_event *l;
	struct rig r = { .fd = CHECK_FD(iommufd_open()) };
	__u64 cookie = ctx_cookie();
	char *va;

	CHECK_OK(iommufd_set_rlimit_mode(r.fd, mode));
	CHECK_OK(iommufd_ioas_alloc(r.fd, &r.ioas));
	CHECK_OK(mock_device_add(r.fd, r.ioas, 0, &r.m));
	va = get_pages(LEN);
	become_user(1000, 4 * PAGE_SZ);
	forget();
	CHECK_RET(iommufd_map_fixed(r.fd, r.ioas, va, LEN, MOCK_IOVA, MAP_RW),
		  -ENOMEM);
	l = ONLY(iommufd_limit);
	CHECK_EQ(l->mode, mode);
	CHECK_EQ(l->asked_pages, NPAGES);
	CHECK_EQ(l->charged_pages, 0);
	CHECK_EQ(l->limit_pages, 4);
	CHECK_EQ(l->uid, 1000);
	CHECK_EQ(l->tgid, getpid());
	CHECK_EQ(l->ctx_cookie, cookie);
	CHECK(l->ioas_cookie);
	CHECK_EQ(l->ioas_id, r.ioas);
	CHECK_EQ(l->op, IOMMUFD_OP_MAP);
	CHECK_EQ(ONLY(iommufd_pin)->ret, -ENOMEM);
	CHECK_EQ(ONLY(iommufd_pin)->pages, 0);
	forget();
	CHECK_OK(iommufd_map_fixed(r.fd, r.ioas, va, 3 * PAGE_SZ, MOCK_IOVA,
				   MAP_RW));
	CHECK_RET(iommufd_map_fixed(r.fd, r.ioas, va, 2 * PAGE_SZ, IOVA2,
				    MAP_RW), -ENOMEM);
	CHECK_EQ(ONLY(iommufd_limit)->charged_pages, 3);
	CHECK_EQ(ONLY(iommufd_limit)->asked_pages, 2);
}

static void limit_user(void)
{
	limit_of(IOMMUFD_ACCOUNT_USER);
}

static void limit_mm(void)
{
	limit_of(IOMMUFD_ACCOUNT_MM);
}

static void change_process(void)
{
	const struct iommufd_process_event *p;
	struct rig r = new_rig();
	__u64 cookie = ctx_cookie(), iova = MOCK_IOVA;
	int file = new_file(LEN);

	CHECK_OK(iommufd_map_file(r.fd, r.ioas, file, 0, LEN, &iova,
				  MAP_RW | IOMMU_IOAS_MAP_FIXED_IOVA));
	iova = IOVA2;
	CHECK_OK(iommufd_map_file(r.fd, r.ioas, file, 0, PAGE_SZ, &iova,
				  MAP_RW | IOMMU_IOAS_MAP_FIXED_IOVA));
	forget();
	CHECK_OK(iommufd_change_process(r.fd));
	p = ONLY(iommufd_change_process);
	CHECK_EQ(p->ctx_cookie, cookie);
	CHECK_EQ(p->nr_mems, 2);
	CHECK_EQ(p->pages, NPAGES + 1);
	CHECK_EQ(p->tgid, getpid());
	CHECK_EQ(p->uid, 0);
	CHECK_EQ(p->ret, 0);
	CHECK(p->duration_ns && p->account_ns <= p->duration_ns);

	become_user(1000, 2 * PAGE_SZ);
	forget();
	CHECK_RET(iommufd_change_process(r.fd), -ENOMEM);
	p = ONLY(iommufd_change_process);
	CHECK_EQ(p->ret, -ENOMEM);
	CHECK_EQ(p->uid, 1000);
	CHECK_EQ(p->pages, 0);
	CHECK_EQ(p->nr_mems, 0);
	CHECK_EQ(ONLY(iommufd_limit)->op, IOMMUFD_OP_CHANGE_PROCESS);
	CHECK_EQ(ONLY(iommufd_limit)->ctx_cookie, cookie);
	CHECK_EQ(ONLY(iommufd_limit)->ioas_cookie, 0);
	CHECK_EQ(ONLY(iommufd_limit)->asked_pages, NPAGES);
}

static const struct test tests[] = {
	{ .name = "map-unmap", .run = map_unmap },
	{ .name = "copy", .run = copy },
	{ .name = "map-file", .run = map_file },
	{ .name = "access", .run = access_events },
	{ .name = "limit-user", .run = limit_user },
	{ .name = "limit-mm", .run = limit_mm },
	{ .name = "change-process", .run = change_process },
};

const struct test_table trace_memory_table = { tests, ARRAY_SIZE(tests) };
