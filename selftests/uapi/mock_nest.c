// SPDX-License-Identifier: GPL-2.0-only
/*
 * mock_nest.c - nested HWPTs: made, attached to, replaced, destroyed
 *
 * Owns: nest_table.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "mocked.h"

static int alloc(const struct rig *r, struct iommu_hwpt_alloc *cmd)
{
	return xioctl(r->fd, IOMMU_HWPT_ALLOC, cmd);
}

/* Nothing was left behind on top of a parent: it can go. */
static void expect_lone(const struct rig *r, __u32 parent)
{
	CHECK_OK(iommufd_destroy(r->fd, parent));
}

static void nest_arguments(void)
{
	struct rig r = new_rig();
	__u32 parent = new_parent(&r);
	struct iommu_hwpt_alloc cmd;
	unsigned int i;

	cmd = nested_cmd(&r, parent);
	cmd.__reserved = 1;
	CHECK_RET(alloc(&r, &cmd), -EOPNOTSUPP);
	cmd = nested_cmd(&r, parent);
	cmd.__reserved2 = 1;
	CHECK_RET(alloc(&r, &cmd), -EOPNOTSUPP);
	for (i = 4; i < 32; i++) {
		cmd = nested_cmd(&r, parent);
		cmd.flags = 1U << i;
		CHECK_RET(alloc(&r, &cmd), -EOPNOTSUPP);
		cmd = hwpt_cmd(&r, r.ioas, 1U << i);
		CHECK_RET(alloc(&r, &cmd), -EOPNOTSUPP);
	}
	/* A parent of a parent, and dirty bits that user space keeps. */
	cmd = nested_cmd(&r, parent);
	cmd.flags = IOMMU_HWPT_ALLOC_NEST_PARENT;
	CHECK_RET(alloc(&r, &cmd), -EOPNOTSUPP);
	cmd.flags = IOMMU_HWPT_ALLOC_DIRTY_TRACKING;
	CHECK_RET(alloc(&r, &cmd), -EOPNOTSUPP);
	expect_lone(&r, parent);
}

static void nest_ids(void)
{
	struct rig r = new_rig(), other = new_rig();
	__u32 parent = new_parent(&r), plain = new_hwpt(&r, 0);
	__u32 nested = new_nested(&r, parent), theirs;
	const __u32 bad[] = {
		0, 99, ~0U, r.m.idev, r.m.stdev, r.m.hwpt, plain, nested,
	};
	const __u32 no_device[] = { 0, 99, ~0U, r.ioas, parent, r.m.stdev };
	struct iommu_hwpt_alloc cmd;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		cmd = nested_cmd(&r, bad[i]);
		CHECK_RET(alloc(&r, &cmd), -EINVAL);
	}
	for (i = 0; i < ARRAY_SIZE(no_device); i++) {
		cmd = nested_cmd(&r, parent);
		cmd.dev_id = no_device[i];
		CHECK_RET(alloc(&r, &cmd), -ENOENT);
	}
	/* Ids that mean something in another context only. */
	do {
		theirs = new_parent(&other);
	} while (theirs <= nested);
	cmd = nested_cmd(&r, theirs);
	CHECK_RET(alloc(&r, &cmd), -EINVAL);
	CHECK_RET(mock_device_replace(r.fd, r.m.stdev, theirs), -ENOENT);
	cmd = nested_cmd(&other, theirs);
	CHECK_OK(alloc(&other, &cmd));
	CHECK_RET(iommufd_destroy(r.fd, cmd.out_hwpt_id), -ENOENT);
	CHECK_OK(iommufd_destroy(r.fd, nested));
	expect_lone(&r, parent);
}

static void nest_data(void)
{
	static const unsigned long bad[] = {
		0, PAGE_SZ, 0x800000000000UL, 0xffff888000000000UL, ~3UL,
	};
	struct rig r = new_rig();
	__u32 parent = new_parent(&r);
	struct iommu_hwpt_selftest *data;
	struct iommu_hwpt_alloc cmd;
	size_t i;

	cmd = hwpt_cmd(&r, parent, 0);
	CHECK_RET(alloc(&r, &cmd), -EOPNOTSUPP);
	cmd.data_len = sizeof(*data);
	CHECK_RET(alloc(&r, &cmd), -EINVAL);
	cmd.data_len = 0;
	cmd.data_uptr = 1;
	CHECK_RET(alloc(&r, &cmd), -EINVAL);

	cmd = nested_cmd(&r, parent);
	cmd.data_type++;
	CHECK_RET(alloc(&r, &cmd), -EOPNOTSUPP);
	cmd.data_type = IOMMU_HWPT_DATA_VTD_S1;
	CHECK_RET(alloc(&r, &cmd), -EOPNOTSUPP);
	/* From the first version of the structure to the one we know. */
	for (i = 1; i < 24; i++) {
		bool good = i >= sizeof(data->iotlb) && i <= sizeof(*data);

		data = (void *)guarded(i);
		memset(data, 0, i);
		cmd = nested_cmd(&r, parent);
		cmd.data_uptr = (uintptr_t)data;
		cmd.data_len = i;
		if (good)
			memcpy(data, &(__u32){ 7 }, sizeof(__u32));
		CHECK_RET(alloc(&r, &cmd), good ? 0 : -EINVAL);
		if (!good)
			continue;
		CHECK_OK(check_iotlb(r.fd, cmd.out_hwpt_id, 3, 7));
		CHECK_RET(check_iotlb(r.fd, cmd.out_hwpt_id, 3, 8), -EINVAL);
		CHECK_RET(check_iotlb(r.fd, cmd.out_hwpt_id, 4, 7), -EINVAL);
		CHECK_OK(iommufd_destroy(r.fd, cmd.out_hwpt_id));
	}
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		cmd = nested_cmd(&r, parent);
		cmd.data_uptr = bad[i];
		CHECK_RET(alloc(&r, &cmd), -EFAULT);
	}
	cmd = nested_cmd(&r, parent);
	cmd.data_uptr = (uintptr_t)guarded(sizeof(*data) - 1);
	CHECK_RET(alloc(&r, &cmd), -EFAULT);
	expect_lone(&r, parent);
}

/* Data for a paging HWPT: which page table the mock shall use. */
static void paging_data(void)
{
	struct iommu_hwpt_selftest data = { 0 };
	struct rig r = new_rig();
	struct iommu_hwpt_alloc cmd = hwpt_cmd(&r, r.ioas, 0);

	cmd.data_type = IOMMU_HWPT_DATA_SELFTEST;
	CHECK_RET(alloc(&r, &cmd), -EINVAL);
	cmd.data_len = sizeof(data);
	CHECK_RET(alloc(&r, &cmd), -EFAULT);
	cmd.data_uptr = (uintptr_t)&data;
	CHECK_OK(alloc(&r, &cmd));
	CHECK_OK(iommufd_destroy(r.fd, cmd.out_hwpt_id));
	data.pagetable_type = MOCK_IOMMUPT_HUGE;
	CHECK_OK(alloc(&r, &cmd));
	CHECK_OK(iommufd_destroy(r.fd, cmd.out_hwpt_id));
	data.pagetable_type = 2;
	CHECK_RET(alloc(&r, &cmd), -EOPNOTSUPP);
	cmd.data_type++;
	CHECK_RET(alloc(&r, &cmd), -EOPNOTSUPP);
	/* Nothing was left behind: the IOAS goes with the device's HWPT. */
	CHECK_OK(iommufd_destroy(r.fd, r.m.stdev));
	CHECK_OK(iommufd_destroy(r.fd, r.ioas));
}

/* The answer cannot be written: no HWPT is left behind. */
static void nest_read_only(void)
{
	struct iommu_hwpt_alloc *cmd = (void *)get_pages(PAGE_SZ);
	struct rig r = new_rig();
	__u32 parent = new_parent(&r);

	*cmd = nested_cmd(&r, parent);
	CHECK_OK(mprotect(cmd, PAGE_SZ, PROT_READ));
	CHECK_RET(alloc(&r, cmd), -EFAULT);
	expect_lone(&r, parent);
}

static void nest_lifetime(void)
{
	struct rig r = new_rig();
	__u32 parent = new_parent(&r);
	__u32 a = new_nested(&r, parent), b = new_nested(&r, parent);

	CHECK_RET(iommufd_destroy(r.fd, parent), -EBUSY);
	CHECK_RET(iommufd_destroy(r.fd, r.ioas), -EBUSY);
	CHECK_OK(iommufd_destroy(r.fd, a));
	CHECK_RET(iommufd_destroy(r.fd, parent), -EBUSY);
	CHECK_OK(iommufd_destroy(r.fd, b));
	CHECK_OK(iommufd_destroy(r.fd, parent));
	CHECK_RET(iommufd_destroy(r.fd, a), -ENOENT);
	CHECK_OK(iommufd_destroy(r.fd, r.m.stdev));
	CHECK_OK(iommufd_destroy(r.fd, r.ioas));
}

/* A context that is closed as it stands: nested ones go before parents. */
static void nest_close(void)
{
	int turn;

	for (turn = 0; turn < 20; turn++) {
		struct rig r = new_rig();
		char *va = get_pages(8 * PAGE_SZ);
		__u32 parent = new_parent(&r);

		CHECK_OK(iommufd_map_fixed(r.fd, r.ioas, va, 8 * PAGE_SZ,
					   MOCK_IOVA, MAP_RW));
		new_nested(&r, parent);
		new_nested(&r, new_parent(&r));
		CHECK_OK(mock_device_replace(r.fd, r.m.stdev,
					     new_nested(&r, parent)));
		CHECK_EQ(pins_here(), 8);
		CHECK_OK(close(r.fd));
		CHECK_EQ(pins_here(), 0);
		CHECK_OK(munmap(va, 8 * PAGE_SZ));
	}
}

/* What devices see of a nested HWPT's parent follows its IOAS. */
static void nest_maps(void)
{
	struct rig r = new_rig();
	char *va = get_pages(32 * PAGE_SZ);
	__u32 parent, nested;

	CHECK_OK(iommufd_map_fixed(r.fd, r.ioas, va, 16 * PAGE_SZ, MOCK_IOVA,
				   MAP_RW));
	CHECK_EQ(pins_here(), 16);
	parent = new_parent(&r);
	nested = new_nested(&r, parent);
	CHECK_OK(mock_check_map(r.fd, parent, MOCK_IOVA, va, 16 * PAGE_SZ));
	CHECK_RET(mock_check_map(r.fd, nested, MOCK_IOVA, va, PAGE_SZ),
		  -EINVAL);
	CHECK_OK(mock_device_replace(r.fd, r.m.stdev, nested));
	/* The device's own HWPT has gone, and the parent still pins. */
	CHECK_RET(iommufd_destroy(r.fd, r.m.hwpt), -ENOENT);
	CHECK_EQ(pins_here(), 16);
	CHECK_OK(iommufd_map_fixed(r.fd, r.ioas, va + 16 * PAGE_SZ,
				   16 * PAGE_SZ, 2 * MOCK_IOVA, MAP_RW));
	CHECK_EQ(pins_here(), 32);
	CHECK_OK(mock_check_map(r.fd, parent, 2 * MOCK_IOVA, va + 16 * PAGE_SZ,
				16 * PAGE_SZ));
	CHECK_OK(iommufd_unmap(r.fd, r.ioas, MOCK_IOVA, 16 * PAGE_SZ, NULL));
	CHECK_EQ(pins_here(), 16);
	CHECK_RET(mock_check_map(r.fd, parent, MOCK_IOVA, va, PAGE_SZ),
		  -EINVAL);
	/* The IOMMU's reach still binds the IOAS. */
	CHECK_RET(iommufd_map_fixed(r.fd, r.ioas, va, PAGE_SZ, 0, MAP_RW),
		  -EINVAL);
	CHECK_OK(iommufd_destroy(r.fd, r.m.stdev));
	CHECK_EQ(pins_here(), 16);
	CHECK_OK(iommufd_destroy(r.fd, nested));
	CHECK_OK(iommufd_destroy(r.fd, parent));
	CHECK_EQ(pins_here(), 0);
}

static void nest_replace(void)
{
	struct rig r = new_rig();
	__u32 parent = new_parent(&r), plain = new_hwpt(&r, 0);
	__u32 a = new_nested(&r, parent), b = new_nested(&r, parent);
	__u32 far = new_nested(&r, new_parent(&r));
	const __u32 path[] = { a, b, a, parent, a, plain, far, b, far, r.ioas };
	struct mock_device more;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(path); i++) {
		CHECK_OK(mock_device_replace(r.fd, r.m.stdev, path[i]));
		/* To what it is attached to already. */
		CHECK_OK(mock_device_replace(r.fd, r.m.stdev, path[i]));
		CHECK_RET(iommufd_destroy(r.fd, path[i]), -EBUSY);
	}
	/* Two groups on one nested HWPT, one of which leaves. */
	CHECK_OK(mock_device_add(r.fd, a, 0, &more));
	CHECK_EQ(more.hwpt, a);
	CHECK_OK(mock_device_replace(r.fd, r.m.stdev, a));
	CHECK_OK(iommufd_destroy(r.fd, more.stdev));
	CHECK_RET(iommufd_destroy(r.fd, a), -EBUSY);
	CHECK_OK(mock_device_replace(r.fd, r.m.stdev, b));
	CHECK_OK(iommufd_destroy(r.fd, a));
	CHECK_RET(iommufd_destroy(r.fd, parent), -EBUSY);
}

/* An IOAS never picks a nested HWPT, nor a parent, by itself. */
static void nest_never_automatic(void)
{
	struct rig r = new_rig();
	__u32 parent = new_parent(&r), nested = new_nested(&r, parent);
	struct mock_device more;

	CHECK_OK(mock_device_replace(r.fd, r.m.stdev, nested));
	CHECK_OK(mock_device_add(r.fd, r.ioas, 0, &more));
	CHECK(more.hwpt != nested && more.hwpt != parent);
}

/* What cannot be replaced stays attached to what it was. */
static void nest_failed_replace(void)
{
	struct rig r = new_rig();
	__u32 parent = new_parent(&r), nested = new_nested(&r, parent);
	char *va = get_pages(4 * PAGE_SZ);
	const __u32 bad[] = { 0, 99, ~0U };
	__u32 other;
	size_t i;

	CHECK_OK(iommufd_map_fixed(r.fd, r.ioas, va, 4 * PAGE_SZ, MOCK_IOVA,
				   MAP_RW));
	CHECK_OK(mock_device_replace(r.fd, r.m.stdev, nested));
	/* Out of the IOMMU's reach. */
	CHECK_OK(iommufd_ioas_alloc(r.fd, &other));
	CHECK_OK(iommufd_map_fixed(r.fd, other, va, PAGE_SZ, 0, MAP_RW));
	CHECK_RET(mock_device_replace(r.fd, r.m.stdev, other), -EADDRINUSE);
	/* Memory that is not there. */
	CHECK_OK(iommufd_unmap(r.fd, other, 0, PAGE_SZ, NULL));
	CHECK_OK(iommufd_map_fixed(r.fd, other, nowhere(PAGE_SZ), PAGE_SZ,
				   MOCK_IOVA, MAP_RW));
	CHECK_RET(mock_device_replace(r.fd, r.m.stdev, other), -EFAULT);
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		CHECK_RET(mock_device_replace(r.fd, r.m.stdev, bad[i]),
			  -ENOENT);
	CHECK_RET(mock_device_replace(r.fd, r.m.stdev, r.m.idev), -EINVAL);

	CHECK_RET(iommufd_destroy(r.fd, nested), -EBUSY);
	CHECK_EQ(pins_here(), 4);
	CHECK_OK(iommufd_destroy(r.fd, other));
	CHECK_OK(mock_device_replace(r.fd, r.m.stdev, r.ioas));
	CHECK_OK(iommufd_destroy(r.fd, nested));
	CHECK_OK(iommufd_destroy(r.fd, parent));
	CHECK_EQ(pins_here(), 4);
}

/* Memory that the parent cannot pin: no parent. */
static void nest_parent_fails(void)
{
	struct space s = new_space();
	struct rig r = { .fd = s.fd };
	struct iommu_hwpt_alloc cmd;

	CHECK_OK(iommufd_ioas_alloc(r.fd, &r.ioas));
	CHECK_OK(mock_device_add(r.fd, r.ioas, 0, &r.m));
	CHECK_OK(iommufd_map_fixed(s.fd, s.ioas, nowhere(PAGE_SZ), PAGE_SZ,
				   MOCK_IOVA, MAP_RW));
	cmd = hwpt_cmd(&r, s.ioas, IOMMU_HWPT_ALLOC_NEST_PARENT);
	CHECK_RET(alloc(&r, &cmd), -EFAULT);
	CHECK_OK(iommufd_destroy(s.fd, s.ioas));
}

/* A device of another IOMMU has no business with the mock's page tables. */
static void nest_other_iommu(void)
{
	struct rig r = new_rig();
	__u32 parent = new_parent(&r), nested = new_nested(&r, parent);
	struct dma d = bound_device(r.fd, r.ioas);
	struct rig real = { .fd = r.fd, .ioas = r.ioas };
	struct iommu_hwpt_alloc cmd;
	__u32 id;

	real.m.idev = d.devid;
	cmd = nested_cmd(&real, parent);
	CHECK_RET(alloc(&real, &cmd), -EINVAL);
	id = nested;
	CHECK_RET(vfio_attach(d.dev, &id), -EINVAL);
	id = parent;
	CHECK_RET(vfio_attach(d.dev, &id), -EINVAL);

	/* And the other way round; the mock device stays where it was. */
	CHECK_OK(iommufd_ioas_alloc(r.fd, &real.ioas));
	cmd = hwpt_cmd(&real, real.ioas, 0);
	CHECK_OK(alloc(&real, &cmd));
	CHECK_OK(mock_device_replace(r.fd, r.m.stdev, nested));
	CHECK_RET(mock_device_replace(r.fd, r.m.stdev, cmd.out_hwpt_id),
		  -EINVAL);
	CHECK_RET(iommufd_destroy(r.fd, nested), -EBUSY);
	CHECK_OK(iommufd_destroy(r.fd, cmd.out_hwpt_id));

	/* The emulated IOMMUs cannot nest, and know no data. */
	cmd = hwpt_cmd(&real, real.ioas, IOMMU_HWPT_ALLOC_NEST_PARENT);
	CHECK_RET(alloc(&real, &cmd), -EOPNOTSUPP);
	cmd = nested_cmd(&real, real.ioas);
	CHECK_RET(alloc(&real, &cmd), -EOPNOTSUPP);
	CHECK_OK(iommufd_destroy(r.fd, real.ioas));
}

static const struct test tests[] = {
	{ "nest.arguments", nest_arguments, 0 },
	{ "nest.ids", nest_ids, 0 },
	{ "nest.data", nest_data, 0 },
	{ "nest.paging_data", paging_data, 0 },
	{ "nest.read_only", nest_read_only, 0 },
	{ "nest.lifetime", nest_lifetime, 0 },
	{ "nest.close", nest_close, 0 },
	{ "nest.maps", nest_maps, 0 },
	{ "nest.replace", nest_replace, 0 },
	{ "nest.never_automatic", nest_never_automatic, 0 },
	{ "nest.failed_replace", nest_failed_replace, 0 },
	{ "nest.parent_fails", nest_parent_fails, 0 },
	{ "nest.other_iommu", nest_other_iommu, 0 },
};

const struct test_table nest_table = { tests, ARRAY_SIZE(tests) };
