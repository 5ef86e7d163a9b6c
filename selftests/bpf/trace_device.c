// SPDX-License-Identifier: GPL-2.0-only
/*
 * trace_device.c - events of devices, dirty tracking and page faults
 *
 * Owns: trace_device_table.
 */
#define _GNU_SOURCE
#include <stdint.h>
#include <unistd.h>

#include "trace_main.h"

#define LEN (4 * PAGE_SZ)
#define ADDR 0xdeadb000ULL

static void bind_attach(void)
{
	const struct iommufd_bind_event *b, *u;
	const struct iommufd_attach_event *a;
	struct space s = new_space();
	struct mock_device m;
	char *va = get_pages(LEN);
	__u64 cookie = ctx_cookie(), ioas = NTH(iommufd_create, 0)->cookie;
	__u32 ioas2;

	CHECK_OK(iommufd_ioas_alloc(s.fd, &ioas2));
	CHECK_OK(iommufd_map_fixed(s.fd, s.ioas, va, LEN, MOCK_IOVA, MAP_RW));
	forget();
	CHECK_OK(mock_device_add(s.fd, s.ioas, 0, &m));
	b = ONLY(iommufd_bind);
	CHECK_EQ(b->ctx_cookie, cookie);
	CHECK_EQ(b->device_id, m.idev);
	CHECK(b->device_cookie && b->device[0]);
	CHECK_EQ(b->ret, 0);
	CHECK(b->duration_ns);
	a = ONLY(iommufd_attach);
	CHECK_EQ(a->ctx_cookie, cookie);
	CHECK_EQ(a->ioas_cookie, ioas);
	CHECK_EQ(a->device_id, m.idev);
	CHECK_EQ(a->pt_id, s.ioas);
	CHECK_EQ(a->hwpt_id, m.hwpt);
	CHECK_EQ(a->group_id, b->group_id);
	CHECK_EQ(a->created_hwpt, 1);
	CHECK_EQ(a->pinned_pages, 4);
	CHECK_EQ(a->pasid, 0);
	CHECK(a->pin_ns && a->fill_ns);
	CHECK(a->pin_ns + a->fill_ns + a->account_ns <= a->duration_ns);
	CHECK(!strcmp(a->device, b->device));
	CHECK_EQ(ONLY(iommufd_pin)->op, IOMMUFD_OP_ATTACH);
	CHECK_EQ(ONLY(iommufd_fill)->op, IOMMUFD_OP_ATTACH);
	CHECK_EQ(ONLY(iommufd_fill)->hwpt_id, m.hwpt);

	forget();
	CHECK_OK(mock_device_replace(s.fd, m.stdev, ioas2));
	a = ONLY(iommufd_replace);
	CHECK_EQ(a->pt_id, ioas2);
	CHECK(a->ioas_cookie && a->ioas_cookie != ioas);
	CHECK_EQ(a->ret, 0);
	/* The old one goes, and takes its pins along. */
	CHECK_EQ(ONLY(iommufd_destroy)->id, m.hwpt);
	CHECK_EQ(ONLY(iommufd_clear)->op, IOMMUFD_OP_DESTROY);
	CHECK_EQ(ONLY(iommufd_unpin)->op, IOMMUFD_OP_DESTROY);
	CHECK_EQ(ONLY(iommufd_unpin)->ioas_cookie, ioas);
	CHECK_EQ(ONLY(iommufd_unpin)->pages, 4);
	forget();
	CHECK_OK(mock_device_replace(s.fd, m.stdev, s.ioas));
	CHECK_EQ(ONLY(iommufd_pin)->op, IOMMUFD_OP_REPLACE);
	CHECK_RET(mock_device_replace(s.fd, m.stdev, 99), -ENOENT);
	CHECK_EQ(NTH(iommufd_replace, 1)->ret, -ENOENT);

	forget();
	CHECK_OK(iommufd_destroy(s.fd, m.stdev));
	a = ONLY(iommufd_detach);
	CHECK_EQ(a->ioas_cookie, ioas);
	CHECK_EQ(a->device_id, m.idev);
	CHECK(a->duration_ns);
	u = ONLY(iommufd_unbind);
	CHECK_EQ(u->ctx_cookie, cookie);
	CHECK_EQ(u->device_id, m.idev);
	CHECK_EQ(u->ret, 0);
	CHECK(u->duration_ns && u->device[0]);
}

static void pasids(void)
{
	const struct iommufd_attach_event *a;
	struct rig r = new_pasid_rig(0);
	__u32 plain = hwpt_with(&r, 0, IOMMU_HWPT_ALLOC_PASID, NULL);
	__u32 h1 = hwpt_with(&r, 0, IOMMU_HWPT_ALLOC_PASID, NULL);
	__u32 h2 = hwpt_with(&r, 0, IOMMU_HWPT_ALLOC_PASID, NULL);

	CHECK_OK(mock_device_replace(r.fd, r.m.stdev, plain));
	forget();
	CHECK_OK(pasid_attach(&r, 100, h1));
	a = ONLY(iommufd_attach);
	CHECK_EQ(a->pasid, 100);
	CHECK_EQ(a->hwpt_id, h1);
	CHECK_EQ(a->device_id, r.m.idev);
	CHECK_EQ(a->ret, 0);
	CHECK_OK(pasid_replace(&r, 100, h2));
	a = ONLY(iommufd_replace);
	CHECK_EQ(a->pasid, 100);
	CHECK_EQ(a->hwpt_id, h2);
	CHECK_RET(pasid_attach(&r, 100, h1), -EBUSY);
	a = NTH(iommufd_attach, 1);
	CHECK_EQ(a->ret, -EBUSY);
	CHECK_EQ(a->pasid, 100);
	CHECK_OK(pasid_detach(&r, 100));
	a = ONLY(iommufd_detach);
	CHECK_EQ(a->pasid, 100);
	CHECK_EQ(a->hwpt_id, h2);
}

static void dirty(void)
{
	const struct iommufd_dirty_event *d;
	struct rig r = new_rig();
	char *va = get_pages(LEN);
	__u64 cookie = ctx_cookie(), ioas = NTH(iommufd_create, 0)->cookie;
	__u32 hwpt = new_hwpt(&r, IOMMU_HWPT_ALLOC_DIRTY_TRACKING);
	/* In two of its IO pages, which are the CPU's where writes are tracked. */
	__u64 bits[8] = {}, write = 0x5;

	CHECK_OK(iommufd_map_fixed(r.fd, r.ioas, va, LEN, MOCK_IOVA, MAP_RW));
	forget();
	CHECK_OK(iommufd_dirty_track(r.fd, hwpt, true));
	d = ONLY(iommufd_dirty_start);
	CHECK_EQ(d->ctx_cookie, cookie);
	CHECK_EQ(d->ioas_cookie, ioas);
	CHECK_EQ(d->hwpt_id, hwpt);
	CHECK_EQ(d->ret, 0);
	CHECK(d->duration_ns);

	CHECK_EQ(mock_dirty(r.fd, hwpt, MOCK_IOVA, LEN, MOCK_PAGE_SIZE, &write),
		 2);
	CHECK_OK(iommufd_dirty_bitmap(r.fd, hwpt, MOCK_IOVA, LEN,
				      MOCK_PAGE_SIZE, bits,
				      IOMMU_HWPT_GET_DIRTY_BITMAP_NO_CLEAR));
	d = ONLY(iommufd_dirty_read);
	CHECK_EQ(d->ctx_cookie, cookie);
	CHECK_EQ(d->ioas_cookie, ioas);
	CHECK_EQ(d->hwpt_id, hwpt);
	CHECK_EQ(d->iova, MOCK_IOVA);
	CHECK_EQ(d->length, LEN);
	CHECK_EQ(d->page_size, MOCK_PAGE_SIZE);
	CHECK_EQ(d->flags, 0);
	CHECK_EQ(d->dirty_bytes, 2 * PAGE_SZ);
	CHECK(d->duration_ns);
	CHECK_OK(iommufd_dirty_bitmap(r.fd, hwpt, MOCK_IOVA, LEN,
				      MOCK_PAGE_SIZE, bits, 0));
	d = NTH(iommufd_dirty_read, 1);
	CHECK_EQ(d->flags, IOMMUFD_DIRTY_CLEAR);
	CHECK_EQ(d->dirty_bytes, 2 * PAGE_SZ);
	CHECK_OK(iommufd_dirty_bitmap(r.fd, hwpt, MOCK_IOVA, LEN,
				      MOCK_PAGE_SIZE, bits, 0));
	CHECK_EQ(NTH(iommufd_dirty_read, 2)->dirty_bytes, 0);
	CHECK_RET(iommufd_dirty_bitmap(r.fd, hwpt, MOCK_IOVA, 0, MOCK_PAGE_SIZE,
				       bits, 0),
		  -EINVAL);
	CHECK_EQ(NTH(iommufd_dirty_read, 3)->ret, -EINVAL);

	CHECK_EQ(GOT(iommufd_dirty_stop), 0);
	CHECK_OK(iommufd_dirty_track(r.fd, hwpt, false));
	d = ONLY(iommufd_dirty_stop);
	CHECK_EQ(d->hwpt_id, hwpt);
	CHECK_EQ(d->dirty_bytes, 4 * PAGE_SZ);
	CHECK_RET(iommufd_dirty_track(r.fd, 99, false), -ENOENT);
	d = NTH(iommufd_dirty_stop, 1);
	CHECK_EQ(d->ret, -ENOENT);
	CHECK_EQ(d->hwpt_id, 99);
	CHECK_EQ(d->ioas_cookie, 0);
	CHECK_EQ(GOT(iommufd_dirty_start), 1);
}

/* How often an event has come, waiting for what comes from another thread. */
#define WAIT_FOR(event, n) \
	do { \
		int turns_ = 0; \
		while (GOT(event) < (n) && turns_++ < 2000 * (int)test_slow()) \
			usleep(1000); \
		CHECK_EQ(GOT(event), n); \
	} while (0)

static void faults(void)
{
	const struct iommufd_fault_event *f;
	struct rig r = new_pasid_rig(0);
	struct queue q = new_queue(r.fd);
	struct iommu_hwpt_pgfault fault[2];
	__u64 cookie = ctx_cookie();
	__u32 hwpt;

	forget();
	hwpt = hwpt_with(&r, 0, IOMMU_HWPT_ALLOC_PASID, &q);
	CHECK_EQ(ONLY(iommufd_hwpt_alloc)->fault_id, q.id);
	CHECK_OK(mock_device_replace(r.fd, r.m.stdev, hwpt));
	forget();
	CHECK_OK(fault_more(&r, 0, 7, ADDR));
	CHECK_OK(fault_last(&r, 0, 7, ADDR + PAGE_SZ));
	WAIT_FOR(iommufd_fault, 1);
	f = ONLY(iommufd_fault);
	CHECK_EQ(f->ctx_cookie, cookie);
	CHECK_EQ(f->queue_id, q.id);
	CHECK_EQ(f->device_id, r.m.idev);
	CHECK_EQ(f->addr, ADDR);
	CHECK_EQ(f->grpid, 7);
	CHECK_EQ(f->perm, IOMMU_PGFAULT_PERM_WRITE);
	CHECK_EQ(f->nr_faults, 2);
	CHECK_EQ(f->pasid, 0);
	CHECK_EQ(f->ret, 0);
	CHECK_EQ(queue_read(&q, fault, 2), 2);
	CHECK_EQ(fault[0].cookie, f->cookie);

	CHECK_RET(queue_answer(&q, 99, IOMMUFD_PAGE_RESP_SUCCESS), -EINVAL);
	f = NTH(iommufd_response, 0);
	CHECK_EQ(f->ret, -EINVAL);
	CHECK_EQ(f->cookie, 99);
	CHECK_EQ(f->device_id, 0);
	CHECK_OK(queue_answer(&q, fault[0].cookie, IOMMUFD_PAGE_RESP_SUCCESS));
	f = NTH(iommufd_response, 1);
	CHECK_EQ(f->ctx_cookie, cookie);
	CHECK_EQ(f->queue_id, q.id);
	CHECK_EQ(f->device_id, r.m.idev);
	CHECK_EQ(f->cookie, fault[0].cookie);
	CHECK_EQ(f->code, IOMMUFD_PAGE_RESP_SUCCESS);
	CHECK_EQ(f->cause, IOMMUFD_ANSWER_USER);
	CHECK_EQ(f->ret, 0);
	CHECK(f->latency_ns);

	/* Nobody answers these two. */
	forget();
	CHECK_OK(fault_last(&r, 0, 8, ADDR));
	WAIT_FOR(iommufd_fault, 1);
	CHECK_OK(mock_device_replace(r.fd, r.m.stdev, r.ioas));
	f = ONLY(iommufd_response);
	CHECK_EQ(f->code, IOMMUFD_PAGE_RESP_INVALID);
	CHECK_EQ(f->cause, IOMMUFD_ANSWER_DETACH);
	CHECK_OK(mock_device_replace(r.fd, r.m.stdev, hwpt));
	forget();
	CHECK_OK(fault_last(&r, 0, 9, ADDR));
	WAIT_FOR(iommufd_fault, 1);
	close(q.fd);
	CHECK_EQ(ONLY(iommufd_response)->cause, IOMMUFD_ANSWER_CLOSE);
	/* Nor is this one taken. */
	forget();
	CHECK_OK(fault_last(&r, 0, 10, ADDR));
	WAIT_FOR(iommufd_fault, 1);
	CHECK_EQ(ONLY(iommufd_fault)->ret, -ENODEV);
	CHECK_EQ(ONLY(iommufd_fault)->cookie, 0);
}

static const struct test tests[] = {
	{ .name = "bind-attach", .run = bind_attach },
	{ .name = "pasid", .run = pasids },
	{ .name = "dirty", .run = dirty },
	{ .name = "fault", .run = faults },
};

const struct test_table trace_device_table = { tests, ARRAY_SIZE(tests) };
