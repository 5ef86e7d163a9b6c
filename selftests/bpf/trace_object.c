// SPDX-License-Identifier: GPL-2.0-only
/*
 * trace_object.c - events of contexts, objects, HWPTs and their commands
 *
 * Owns: trace_object_table.
 */
#include <stdio.h>
#include <stdint.h>
#include <unistd.h>

#include "trace_main.h"

static void check_comm(const char *comm)
{
	char own[IOMMUFD_COMM_LEN] = "";
	FILE *f = fopen("/proc/self/comm", "r");

	CHECK(f && fscanf(f, "%15s", own) == 1);
	fclose(f);
	CHECK(!strcmp(comm, own));
}

static void open_close(void)
{
	const struct iommufd_ctx_event *o, *c;
	int fd = CHECK_FD(iommufd_open());
	__u32 ioas;

	o = ONLY(iommufd_open);
	CHECK(o->ctx_cookie);
	CHECK(o->cgroup_id);
	CHECK_EQ(o->tgid, getpid());
	CHECK_EQ(o->uid, 0);
	CHECK_EQ(o->ret, 0);
	CHECK_EQ(o->flags, 0);
	CHECK_EQ(o->lifetime_ns, 0);
	CHECK_EQ(o->nr_objects, 0);
	CHECK(o->duration_ns);
	check_comm(o->comm);

	CHECK_OK(iommufd_ioas_alloc(fd, &ioas));
	CHECK_OK(iommufd_ioas_alloc(fd, &ioas));
	CHECK_EQ(GOT(iommufd_close), 0);
	close(fd);
	c = ONLY(iommufd_close);
	CHECK_EQ(c->ctx_cookie, o->ctx_cookie);
	CHECK_EQ(c->tgid, getpid());
	CHECK_EQ(c->nr_objects, 2);
	CHECK(c->duration_ns);
	CHECK(c->lifetime_ns >= c->duration_ns);
	check_comm(c->comm);
	CHECK_EQ(GOT(iommufd_destroy), 2);
	CHECK_EQ(NTH(iommufd_destroy, 1)->cause, IOMMUFD_BY_CLOSE);
	CHECK_EQ(NTH(iommufd_destroy, 1)->ret, 0);
}

static void create_destroy(void)
{
	const struct iommufd_object_event *c, *d;
	struct rig r;
	__u64 cookie;

	forget();
	r = new_rig();
	/* The IOAS, the mock device's two objects, the HWPT. */
	CHECK_EQ(GOT(iommufd_create), 4);
	c = NTH(iommufd_create, 0);
	cookie = c->cookie;
	CHECK(cookie);
	CHECK_EQ(c->ctx_cookie, ctx_cookie());
	CHECK_EQ(c->id, r.ioas);
	CHECK_EQ(c->type, IOMMUFD_OBJECT_IOAS);
	CHECK_EQ(c->ret, 0);
	CHECK_EQ(c->cause, 0);

	CHECK_RET(iommufd_destroy(r.fd, r.ioas), -EBUSY);
	d = NTH(iommufd_destroy, 0);
	CHECK_EQ(d->cookie, cookie);
	CHECK_EQ(d->id, r.ioas);
	CHECK_EQ(d->type, IOMMUFD_OBJECT_IOAS);
	CHECK_EQ(d->ret, -EBUSY);
	CHECK_EQ(d->cause, IOMMUFD_BY_USER);
	CHECK_RET(iommufd_destroy(r.fd, 99), -ENOENT);
	d = NTH(iommufd_destroy, 1);
	CHECK_EQ(d->cookie, 0);
	CHECK_EQ(d->id, 99);
	CHECK_EQ(d->type, 0);
	CHECK_EQ(d->ret, -ENOENT);

	forget();
	CHECK_OK(iommufd_destroy(r.fd, r.m.stdev));
	/* The HWPT and the bound device by their last user; then itself. */
	CHECK_EQ(GOT(iommufd_destroy), 3);
	d = NTH(iommufd_destroy, 0);
	CHECK_EQ(d->type, IOMMUFD_OBJECT_HWPT);
	CHECK_EQ(d->id, r.m.hwpt);
	CHECK_EQ(d->cause, IOMMUFD_BY_KERNEL);
	d = NTH(iommufd_destroy, 1);
	CHECK_EQ(d->type, IOMMUFD_OBJECT_DEVICE);
	CHECK_EQ(d->id, r.m.idev);
	CHECK_EQ(d->cause, IOMMUFD_BY_KERNEL);
	d = NTH(iommufd_destroy, 2);
	CHECK_EQ(d->type, IOMMUFD_OBJECT_TEST);
	CHECK_EQ(d->cause, IOMMUFD_BY_USER);
	CHECK(d->duration_ns);
	CHECK_OK(iommufd_destroy(r.fd, r.ioas));
	CHECK_EQ(NTH(iommufd_destroy, 3)->cookie, cookie);
}

static void hwpt_alloc(void)
{
	const struct iommufd_hwpt_event *h;
	struct rig r = new_rig();
	char *va = get_pages(4 * PAGE_SZ);
	__u64 cookie = ctx_cookie();
	struct iommu_hwpt_alloc bad;
	__u32 parent, nested;

	CHECK_OK(iommufd_map_fixed(r.fd, r.ioas, va, 4 * PAGE_SZ, MOCK_IOVA,
				   MAP_RW));
	forget();
	parent = new_parent(&r);
	h = ONLY(iommufd_hwpt_alloc);
	CHECK_EQ(h->ctx_cookie, cookie);
	CHECK(h->ioas_cookie && h->hwpt_cookie);
	CHECK_EQ(h->device_id, r.m.idev);
	CHECK_EQ(h->pt_id, r.ioas);
	CHECK_EQ(h->hwpt_id, parent);
	CHECK_EQ(h->type, IOMMUFD_HWPT_PAGING);
	CHECK_EQ(h->flags, IOMMU_HWPT_ALLOC_NEST_PARENT);
	CHECK_EQ(h->fault_id, 0);
	CHECK_EQ(h->ret, 0);
	/* Another HWPT has pinned it all. */
	CHECK_EQ(h->pinned_pages, 0);
	CHECK(h->fill_ns && h->fill_ns <= h->duration_ns);
	CHECK_EQ(ONLY(iommufd_fill)->hwpt_id, parent);
	CHECK_EQ(ONLY(iommufd_fill)->op, IOMMUFD_OP_HWPT_ALLOC);

	forget();
	nested = new_nested(&r, parent);
	h = ONLY(iommufd_hwpt_alloc);
	CHECK_EQ(h->hwpt_id, nested);
	CHECK_EQ(h->pt_id, parent);
	CHECK_EQ(h->type, IOMMUFD_HWPT_NESTED);
	CHECK_EQ(h->data_type, IOMMU_HWPT_DATA_SELFTEST);

	forget();
	bad = hwpt_cmd(&r, 99, 0);
	CHECK_RET(xioctl(r.fd, IOMMU_HWPT_ALLOC, &bad), -EINVAL);
	h = ONLY(iommufd_hwpt_alloc);
	CHECK_EQ(h->ret, -EINVAL);
	CHECK_EQ(h->pt_id, 99);
	CHECK_EQ(h->hwpt_id, 0);
	CHECK_EQ(h->hwpt_cookie, 0);
}

static void invalidate(void)
{
	struct iommu_hwpt_invalidate_selftest entry[3] = {
		{ .iotlb_id = 0 }, { .iotlb_id = 1 }, { .iotlb_id = 99 },
	};
	const struct iommufd_invalidate_event *i;
	struct rig r = new_rig();
	__u32 nested = new_nested(&r, new_parent(&r));
	struct iommu_hwpt_invalidate cmd = {
		.size = sizeof(cmd),
		.hwpt_id = nested,
		.data_uptr = (uintptr_t)entry,
		.data_type = IOMMU_HWPT_INVALIDATE_DATA_SELFTEST,
		.entry_len = sizeof(entry[0]),
		.entry_num = 3,
	};
	__u64 cookie = ctx_cookie();

	CHECK(xioctl(r.fd, IOMMU_HWPT_INVALIDATE, &cmd) < 0);
	i = ONLY(iommufd_invalidate);
	CHECK_EQ(i->ctx_cookie, cookie);
	CHECK_EQ(i->id, nested);
	CHECK_EQ(i->data_type, IOMMU_HWPT_INVALIDATE_DATA_SELFTEST);
	CHECK_EQ(i->nr_asked, 3);
	CHECK_EQ(i->nr_done, 2);
	CHECK_EQ(cmd.entry_num, 2);
	CHECK(i->ret < 0);
	CHECK(i->duration_ns);
}

static const struct test tests[] = {
	{ .name = "open-close", .run = open_close },
	{ .name = "create-destroy", .run = create_destroy },
	{ .name = "hwpt-alloc", .run = hwpt_alloc },
	{ .name = "invalidate", .run = invalidate },
};

const struct test_table trace_object_table = { tests, ARRAY_SIZE(tests) };
