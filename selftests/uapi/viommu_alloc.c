// SPDX-License-Identifier: GPL-2.0-only
/*
 * viommu_alloc.c - virtual IOMMUs: made, used for nested HWPTs and for
 * invalidations, destroyed
 *
 * Owns: viommu_alloc_table.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "viommu.h"

static int alloc(const struct rig *r, struct iommu_viommu_alloc *cmd)
{
	return xioctl(r->fd, IOMMU_VIOMMU_ALLOC, cmd);
}

static void arguments(void)
{
	struct rig r = new_rig();
	__u32 parent = new_parent(&r);
	struct iommu_viommu_alloc cmd;
	unsigned int i;

	for (i = 0; i < 32; i++) {
		cmd = viommu_cmd(&r, parent, NULL);
		cmd.flags = 1U << i;
		CHECK_RET(alloc(&r, &cmd), -EOPNOTSUPP);
		cmd = viommu_cmd(&r, parent, NULL);
		cmd.__reserved = 1U << i;
		CHECK_RET(alloc(&r, &cmd), -EOPNOTSUPP);
		cmd = viommu_cmd(&r, parent, NULL);
		cmd.type ^= 1U << i;
		CHECK_RET(alloc(&r, &cmd), -EOPNOTSUPP);
	}
	cmd = viommu_cmd(&r, parent, NULL);
	cmd.type = IOMMU_VIOMMU_TYPE_DEFAULT;
	CHECK_RET(alloc(&r, &cmd), -EOPNOTSUPP);
	/* Nothing was left behind on top of the parent. */
	CHECK_OK(iommufd_destroy(r.fd, parent));
}

static void ids(void)
{
	struct vrig v = new_vrig(), other = new_vrig();
	__u32 plain = new_hwpt(&v.r, 0), nested = new_nested(&v.r, v.viommu);
	const __u32 none[] = {
		0, 99, ~0U, v.r.ioas, v.viommu, v.r.m.idev, v.r.m.stdev,
	};
	const __u32 unfit[] = { plain, nested, v.r.m.hwpt };
	const __u32 no_device[] = { 0, 99, ~0U, v.parent, v.r.m.stdev, v.viommu };
	struct iommu_viommu_alloc cmd;
	struct iommu_hwpt_alloc hwpt;
	__u32 theirs;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(none); i++) {
		cmd = viommu_cmd(&v.r, none[i], NULL);
		CHECK_RET(alloc(&v.r, &cmd), -ENOENT);
	}
	for (i = 0; i < ARRAY_SIZE(unfit); i++) {
		cmd = viommu_cmd(&v.r, unfit[i], NULL);
		CHECK_RET(alloc(&v.r, &cmd), -EINVAL);
	}
	for (i = 0; i < ARRAY_SIZE(no_device); i++) {
		cmd = viommu_cmd(&v.r, v.parent, NULL);
		cmd.dev_id = no_device[i];
		CHECK_RET(alloc(&v.r, &cmd), -ENOENT);
	}
	/* Ids that mean something in another context only. */
	do {
		CHECK_OK(viommu_alloc(&other.r, other.parent, NULL, &theirs));
	} while (theirs <= nested);
	hwpt = nested_cmd(&v.r, theirs);
	CHECK_RET(xioctl(v.r.fd, IOMMU_HWPT_ALLOC, &hwpt), -EINVAL);
	CHECK_RET(iommufd_destroy(v.r.fd, theirs), -ENOENT);
}

static void data(void)
{
	struct rig r = new_rig();
	__u32 parent = new_parent(&r), id;
	struct iommu_viommu_selftest good = { .in_data = 0xbeef };
	struct iommu_viommu_alloc cmd;
	struct iommu_viommu_selftest *d;
	size_t i;

	for (i = 1; i < 64; i++) {
		cmd = viommu_cmd(&r, parent, &good);
		cmd.data_len = i;
		if (i == sizeof(good))
			continue;
		CHECK_RET(alloc(&r, &cmd), -EINVAL);
	}
	cmd = viommu_cmd(&r, parent, &good);
	cmd.data_uptr = 0;
	CHECK_RET(alloc(&r, &cmd), -EFAULT);
	/* Readable, but the answer cannot be written: nothing is left. */
	d = (void *)get_pages(PAGE_SZ);
	d->in_data = 1;
	CHECK_OK(mprotect(d, PAGE_SZ, PROT_READ));
	for (i = 0; i < 100; i++) {
		cmd = viommu_cmd(&r, parent, d);
		CHECK_RET(alloc(&r, &cmd), -EFAULT);
	}
	CHECK_OK(viommu_alloc(&r, parent, &good, &id));
	CHECK_EQ(good.out_data, good.in_data);
	CHECK_OK(iommufd_destroy(r.fd, id));
	CHECK_OK(iommufd_destroy(r.fd, parent));
}

/* The ioctl's own answer cannot be written. */
static void read_only(void)
{
	struct iommu_viommu_alloc *cmd = (void *)get_pages(PAGE_SZ);
	struct iommu_viommu_selftest d = { .in_data = 1 };
	struct rig r = new_rig();
	__u32 parent = new_parent(&r);

	*cmd = viommu_cmd(&r, parent, &d);
	CHECK_OK(mprotect(cmd, PAGE_SZ, PROT_READ));
	CHECK_RET(alloc(&r, cmd), -EFAULT);
	CHECK_OK(iommufd_destroy(r.fd, parent));
}

/* It keeps its parent, and a nested HWPT keeps it. */
static void lifetime(void)
{
	struct vrig v = new_vrig();
	__u32 nested = new_nested(&v.r, v.viommu);

	CHECK_RET(iommufd_destroy(v.r.fd, v.parent), -EBUSY);
	CHECK_RET(iommufd_destroy(v.r.fd, v.viommu), -EBUSY);
	CHECK_RET(mock_device_replace(v.r.fd, v.r.m.stdev, v.viommu), -EINVAL);
	CHECK_OK(iommufd_destroy(v.r.fd, nested));
	CHECK_RET(iommufd_destroy(v.r.fd, v.parent), -EBUSY);
	/* It outlives the device that it was made for. */
	CHECK_OK(iommufd_destroy(v.r.fd, v.r.m.stdev));
	CHECK_RET(iommufd_destroy(v.r.fd, v.parent), -EBUSY);
	CHECK_OK(iommufd_destroy(v.r.fd, v.viommu));
	CHECK_RET(iommufd_destroy(v.r.fd, v.viommu), -ENOENT);
	CHECK_OK(iommufd_destroy(v.r.fd, v.parent));
	CHECK_OK(iommufd_destroy(v.r.fd, v.r.ioas));
}

static void nested_arguments(void)
{
	struct vrig v = new_vrig();
	struct iommu_hwpt_alloc cmd = nested_cmd(&v.r, v.viommu);

	cmd.flags = IOMMU_HWPT_ALLOC_NEST_PARENT;
	CHECK_RET(xioctl(v.r.fd, IOMMU_HWPT_ALLOC, &cmd), -EOPNOTSUPP);
	cmd.flags = IOMMU_HWPT_ALLOC_DIRTY_TRACKING;
	CHECK_RET(xioctl(v.r.fd, IOMMU_HWPT_ALLOC, &cmd), -EOPNOTSUPP);
	cmd = nested_cmd(&v.r, v.viommu);
	cmd.data_type++;
	CHECK_RET(xioctl(v.r.fd, IOMMU_HWPT_ALLOC, &cmd), -EOPNOTSUPP);
	cmd = hwpt_cmd(&v.r, v.viommu, 0);
	CHECK_RET(xioctl(v.r.fd, IOMMU_HWPT_ALLOC, &cmd), -EOPNOTSUPP);
	cmd = nested_cmd(&v.r, v.viommu);
	cmd.data_uptr = 0;
	CHECK_RET(xioctl(v.r.fd, IOMMU_HWPT_ALLOC, &cmd), -EFAULT);
	/* Its caches are emptied as those of any nested one. */
	cmd = nested_cmd(&v.r, v.viommu);
	CHECK_OK(xioctl(v.r.fd, IOMMU_HWPT_ALLOC, &cmd));
	CHECK_OK(check_iotlb(v.r.fd, cmd.out_hwpt_id, 0,
			     IOMMU_TEST_IOTLB_DEFAULT));
	CHECK_OK(iommufd_destroy(v.r.fd, cmd.out_hwpt_id));
	CHECK_OK(iommufd_destroy(v.r.fd, v.viommu));
}

static int invalidate(const struct vrig *v, const void *inv, __u32 len,
		      __u32 *num)
{
	struct iommu_hwpt_invalidate cmd = {
		.size = sizeof(cmd),
		.hwpt_id = v->viommu,
		.data_uptr = (uintptr_t)inv,
		.data_type = IOMMU_VIOMMU_INVALIDATE_DATA_SELFTEST,
		.entry_len = len,
		.entry_num = *num,
	};
	int ret = xioctl(v->r.fd, IOMMU_HWPT_INVALIDATE, &cmd);

	*num = cmd.entry_num;
	return ret;
}

/* More than is handed to the driver at a time; the count is exact. */
static void invalidate_many(void)
{
	enum { MANY = 5000, BAD = 3333 };
	struct iommu_viommu_invalidate_selftest *inv =
		(void *)get_pages(16 * PAGE_SZ);
	struct vrig v = new_vrig();
	__u32 n, i;

	CHECK(MANY * sizeof(*inv) <= 16 * PAGE_SZ);
	for (i = 0; i < MANY; i++)
		inv[i].vdev_id = 7;
	n = MANY;
	CHECK_RET(invalidate(&v, inv, sizeof(*inv), &n), -EINVAL);
	CHECK_EQ(n, 0);
	new_vdevice(&v, 7);
	n = MANY;
	CHECK_OK(invalidate(&v, inv, sizeof(*inv), &n));
	CHECK_EQ(n, MANY);
	inv[BAD].vdev_id = 8;
	n = MANY;
	CHECK_RET(invalidate(&v, inv, sizeof(*inv), &n), -EINVAL);
	CHECK_EQ(n, BAD);
	CHECK_OK(munmap((char *)inv + 8 * PAGE_SZ, 8 * PAGE_SZ));
	inv[8 * PAGE_SZ / sizeof(*inv) - 1].vdev_id = 7;
	n = MANY;
	CHECK_RET(invalidate(&v, inv, sizeof(*inv), &n), -EFAULT);
	CHECK_EQ(n, 8 * PAGE_SZ / sizeof(*inv));
}

/* Everything is there, in use, and the context is closed. */
static void close_all(void)
{
	int turn;

	for (turn = 0; turn < 20; turn++) {
		struct iommu_viommu_selftest d = { .in_data = 3 };
		struct vrig v = new_vrig();
		char *va = get_pages(PAGE_SZ);
		struct queue q, events;
		__u32 id;

		CHECK_OK(iommufd_map_fixed(v.r.fd, v.r.ioas, va, PAGE_SZ,
					   MOCK_IOVA, MAP_RW));
		q = new_queue(v.r.fd);
		events = new_veventq(&v, 3);
		new_vdevice(&v, 9);
		CHECK_OK(viommu_alloc(&v.r, v.parent, &d, &id));
		CHECK_OK(hw_queue_alloc(&v, 0, MOCK_IOVA, PAGE_SZ, &id));
		CHECK_OK(hw_queue_alloc(&v, 1, MOCK_IOVA, 64, &id));
		CHECK_OK(mock_device_replace(v.r.fd, v.r.m.stdev,
					     hwpt_with(&v.r, v.viommu, 0,
						       &q)));
		CHECK_OK(trigger(&v));
		CHECK_EQ(pins_here(), 1);
		/* What is open keeps it, whichever goes last. */
		if (turn & 1)
			CHECK_OK(close(v.r.fd));
		CHECK_OK(close(turn & 2 ? q.fd : events.fd));
		CHECK_OK(close(turn & 2 ? events.fd : q.fd));
		if (!(turn & 1))
			CHECK_OK(close(v.r.fd));
		CHECK_EQ(pins_here(), 0);
		CHECK_OK(munmap(va, PAGE_SZ));
	}
}

static const struct test tests[] = {
	{ "alloc/arguments", arguments, 0 },
	{ "alloc/ids", ids, 0 },
	{ "alloc/data", data, 0 },
	{ "alloc/read_only", read_only, 0 },
	{ "alloc/lifetime", lifetime, 0 },
	{ "alloc/nested", nested_arguments, 0 },
	{ "alloc/invalidate_many", invalidate_many, 0 },
	{ "alloc/close_all", close_all, 0 },
};

const struct test_table viommu_alloc_table = { tests, ARRAY_SIZE(tests) };
