// SPDX-License-Identifier: GPL-2.0-only
/*
 * dirty_rig.c - dirty policies and HWPTs that track; see dirty_policy.h
 */
#define _GNU_SOURCE
#include <time.h>

#include "dirty_policy.h"

void *bss_of(struct bpf_object *obj)
{
	struct bpf_map *map;
	size_t size;

	bpf_object__for_each_map(map, obj)
		if (strstr(bpf_map__name(map), ".bss"))
			return bpf_map__initial_value(map, &size);
	FAIL("the object has no .bss");
}

struct dirty_policy dirty_load(const struct iommufd_dirty_ops *conf)
{
	struct dirty_policy pol = {};
	struct iommufd_dirty_ops *ops;
	size_t size;

	pol.obj = bpf_object__open(object_path("dirty_probe"));
	CHECK(pol.obj);
	pol.map = bpf_object__find_map_by_name(pol.obj, "probe_ops");
	CHECK(pol.map);
	ops = bpf_map__initial_value(pol.map, &size);
	CHECK(ops);
	if (conf) {
		ops->ioas_cookie = conf->ioas_cookie;
		ops->cgroup_id = conf->cgroup_id;
		ops->flags = conf->flags;
	}
	CHECK_OK(bpf_object__load(pol.obj));
	pol.p = bss_of(pol.obj);
	return pol;
}

int dirty_attach(struct dirty_policy *pol)
{
	pol->link = bpf_map__attach_struct_ops(pol->map);
	return pol->link ? 0 : -errno;
}

struct dirty_policy dirty_new(const struct iommufd_dirty_ops *conf,
			      unsigned int verdict)
{
	struct dirty_policy pol = dirty_load(conf);

	pol.p->verdict = verdict;
	CHECK_OK(dirty_attach(&pol));
	return pol;
}

void dirty_detach(struct dirty_policy *pol)
{
	CHECK_OK(bpf_link__destroy(pol->link));
	pol->link = NULL;
}

int dirty_replace(struct dirty_policy *from, struct dirty_policy *to)
{
	int ret = bpf_link__update_map(from->link, to->map);

	if (ret)
		return ret;
	to->link = from->link;
	from->link = NULL;
	return 0;
}

void dirty_unload(struct dirty_policy *pol)
{
	CHECK_EQ(pol->p->wrong, 0);
	if (pol->link)
		dirty_detach(pol);
	bpf_object__close(pol->obj);
	pol->obj = NULL;
}

void dirty_wait_exit(const struct dirty_policy *pol)
{
	const struct timespec pause = { .tv_nsec = 10 * 1000000L };
	const volatile unsigned long long *nr = &pol->p->nr_exit;
	unsigned int tries;

	for (tries = 0; tries < 2000 * test_slow(); tries++) {
		if (*nr)
			return;
		nanosleep(&pause, NULL);
	}
	FAIL("exit() is not called");
}

struct dirty_rig dirty_rig(void)
{
	struct space s = new_space();
	struct dirty_rig r = { .fd = s.fd, .ioas = s.ioas };

	r.va = get_pages(DIRTY_PAGES * PAGE_SZ);
	CHECK_OK(mock_device_add(r.fd, r.ioas, 0, &r.m));
	CHECK_OK(mock_dirty_hwpt(r.fd, r.m.idev, r.ioas, MOCK_IOMMUPT_DEFAULT,
				 &r.hwpt));
	return r;
}

void dirty_map(const struct dirty_rig *r, unsigned int at, unsigned int n)
{
	CHECK_OK(iommufd_map_fixed(r->fd, r->ioas, r->va + at * PAGE_SZ,
				   n * PAGE_SZ, MOCK_IOVA + at * PAGE_SZ,
				   MAP_RW));
}

void dirty_unmap(const struct dirty_rig *r, unsigned int at, unsigned int n)
{
	CHECK_OK(iommufd_unmap(r->fd, r->ioas, MOCK_IOVA + at * PAGE_SZ,
			       n * PAGE_SZ, NULL));
}

void dirty_write(const struct dirty_rig *r, __u32 hwpt, unsigned int page)
{
	CHECK_EQ(mock_dirty_page(r->fd, hwpt, MOCK_IOVA + page * PAGE_SZ,
				 PAGE_SZ),
		 1);
}

int dirty_read(const struct dirty_rig *r, __u32 hwpt, unsigned int at,
	       unsigned int n, unsigned char *bitmap, __u32 flags)
{
	return iommufd_dirty_bitmap(r->fd, hwpt, MOCK_IOVA + at * PAGE_SZ,
				    n * PAGE_SZ, PAGE_SZ, bitmap, flags);
}

unsigned int dirty_count(const struct dirty_rig *r, __u32 hwpt,
			 unsigned int at, unsigned int n, __u32 flags)
{
	unsigned char bitmap[DIRTY_PAGES / 8 + 2] = {};
	unsigned int i, count = 0;

	bitmap[n / 8 + 1] = 0x5a;
	CHECK_OK(dirty_read(r, hwpt, at, n, bitmap, flags));
	for (i = 0; i < n; i++)
		count += bit_of(bitmap, i);
	for (; i < (n / 8 + 1) * 8; i++)
		CHECK(!bit_of(bitmap, i));
	CHECK_EQ(bitmap[n / 8 + 1], 0x5a);
	return count;
}
