// SPDX-License-Identifier: GPL-2.0-only
/*
 * mock_pasid.c - PASIDs: attached, replaced, detached
 *
 * Owns: pasid_table.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "mock_fault.h"

#define PASID IOMMU_HWPT_ALLOC_PASID
#define LAST_PASID ((1U << MOCK_PASID_WIDTH) - 1)

/* With the device itself on a HWPT that may be beside PASIDs. */
static struct rig ready_rig(__u32 *hwpt)
{
	struct rig r = new_pasid_rig(0);

	*hwpt = hwpt_with(&r, 0, PASID, NULL);
	CHECK_OK(mock_device_replace(r.fd, r.m.stdev, *hwpt));
	return r;
}

static void pasid_arguments(void)
{
	__u32 h, plain;
	struct rig r = ready_rig(&h);
	const __u32 no_pt[] = { r.ioas, r.m.idev, r.m.stdev };
	const __u32 no_id[] = { 0, 99, ~0U };
	size_t i;

	plain = new_hwpt(&r, 0);
	for (i = 0; i < ARRAY_SIZE(no_pt); i++)
		CHECK_RET(pasid_attach(&r, 5, no_pt[i]), -EINVAL);
	for (i = 0; i < ARRAY_SIZE(no_id); i++)
		CHECK_RET(pasid_attach(&r, 5, no_id[i]), -ENOENT);
	CHECK_RET(pasid_attach(&r, 5, plain), -EINVAL);
	CHECK_RET(pasid_attach(&r, LAST_PASID + 1, h), -EINVAL);
	CHECK_RET(pasid_attach(&r, ~0U, h), -EINVAL);
	CHECK_OK(pasid_attach(&r, LAST_PASID, h));
	CHECK_OK(pasid_attach(&r, 1, h));
	CHECK_RET(pasid_attach(&r, 1, h), -EBUSY);

	for (i = 0; i < ARRAY_SIZE(no_pt); i++)
		CHECK_RET(pasid_replace(&r, 1, no_pt[i]), -EINVAL);
	for (i = 0; i < ARRAY_SIZE(no_id); i++)
		CHECK_RET(pasid_replace(&r, 1, no_id[i]), -ENOENT);
	CHECK_RET(pasid_replace(&r, 1, plain), -EINVAL);
	CHECK_RET(pasid_replace(&r, 2, h), -EINVAL);
	CHECK_OK(pasid_replace(&r, 1, h));
	CHECK_OK(pasid_check(&r, 1, h));
	CHECK_OK(pasid_check(&r, LAST_PASID, h));
	CHECK_OK(pasid_detach(&r, 1));
	CHECK_OK(pasid_check(&r, 1, 0));
	CHECK_RET(pasid_check(&r, 1, h), -EINVAL);
}

/* A device that cannot do PASIDs may use a HWPT that can, without one. */
static void pasid_incapable_device(void)
{
	struct rig r = new_rig();
	__u32 h = hwpt_with(&r, 0, PASID, NULL);

	CHECK_RET(pasid_attach(&r, 5, h), -EINVAL);
	CHECK_OK(mock_device_replace(r.fd, r.m.stdev, h));
	CHECK_RET(pasid_attach(&r, 5, h), -EINVAL);
	CHECK_RET(pasid_replace(&r, 5, h), -EINVAL);
	CHECK_OK(pasid_check(&r, 5, 0));
}

/* The IOMMU of the VM cannot do PASIDs for page tables like ours. */
static void pasid_incapable_iommu(void)
{
	struct rig r = new_rig();
	struct dma d = bound_device(r.fd, r.ioas);
	struct iommu_hwpt_alloc cmd = hwpt_cmd(&r, r.ioas, PASID);

	cmd.dev_id = d.devid;
	CHECK_RET(xioctl(r.fd, IOMMU_HWPT_ALLOC, &cmd), -EOPNOTSUPP);
	cmd.flags |= IOMMU_HWPT_ALLOC_NEST_PARENT;
	CHECK_RET(xioctl(r.fd, IOMMU_HWPT_ALLOC, &cmd), -EOPNOTSUPP);
	cmd.flags = 0;
	CHECK_OK(xioctl(r.fd, IOMMU_HWPT_ALLOC, &cmd));
}

/* What is beside PASIDs, and when. */
static void pasid_beside(void)
{
	struct rig r = new_pasid_rig(0);
	__u32 parent = new_parent(&r);
	__u32 h = hwpt_with(&r, 0, PASID, NULL);
	__u32 nested = hwpt_with(&r, parent, PASID, NULL);
	__u32 plain_nested = hwpt_with(&r, parent, 0, NULL);

	/* The device is on a HWPT that an attach made. */
	CHECK_RET(pasid_attach(&r, 5, h), -EINVAL);
	CHECK_OK(mock_device_replace(r.fd, r.m.stdev, parent));
	CHECK_RET(pasid_attach(&r, 5, h), -EINVAL);
	CHECK_OK(mock_device_replace(r.fd, r.m.stdev, plain_nested));
	CHECK_RET(pasid_attach(&r, 5, nested), -EINVAL);

	CHECK_OK(mock_device_replace(r.fd, r.m.stdev, nested));
	CHECK_RET(pasid_attach(&r, 5, plain_nested), -EINVAL);
	CHECK_RET(pasid_attach(&r, 5, parent), -EINVAL);
	CHECK_OK(pasid_attach(&r, 5, nested));
	CHECK_OK(pasid_attach(&r, 6, h));
	CHECK_RET(pasid_replace(&r, 5, plain_nested), -EINVAL);
	CHECK_RET(pasid_replace(&r, 5, parent), -EINVAL);

	CHECK_RET(mock_device_replace(r.fd, r.m.stdev, r.ioas), -EINVAL);
	CHECK_RET(mock_device_replace(r.fd, r.m.stdev, parent), -EINVAL);
	CHECK_RET(mock_device_replace(r.fd, r.m.stdev, plain_nested), -EINVAL);
	CHECK_OK(mock_device_replace(r.fd, r.m.stdev, h));
	CHECK_OK(pasid_detach(&r, 5));
	CHECK_RET(mock_device_replace(r.fd, r.m.stdev, r.ioas), -EINVAL);
	CHECK_OK(pasid_check(&r, 6, h));
	CHECK_OK(pasid_detach(&r, 6));
	CHECK_OK(mock_device_replace(r.fd, r.m.stdev, r.ioas));
}

static void pasid_keeps_hwpt(void)
{
	__u32 h, other, parent, nested;
	struct rig r = ready_rig(&h);

	other = hwpt_with(&r, 0, PASID, NULL);
	parent = new_parent(&r);
	nested = hwpt_with(&r, parent, PASID, NULL);
	CHECK_OK(pasid_attach(&r, 5, other));
	CHECK_OK(pasid_attach(&r, 6, other));
	CHECK_RET(iommufd_destroy(r.fd, other), -EBUSY);
	CHECK_OK(pasid_replace(&r, 5, nested));
	CHECK_RET(iommufd_destroy(r.fd, other), -EBUSY);
	CHECK_OK(pasid_detach(&r, 6));
	CHECK_OK(iommufd_destroy(r.fd, other));
	CHECK_RET(iommufd_destroy(r.fd, nested), -EBUSY);
	CHECK_RET(iommufd_destroy(r.fd, r.m.idev), -EBUSY);
	/* The device takes along what is attached to it. */
	CHECK_OK(iommufd_destroy(r.fd, r.m.stdev));
	CHECK_OK(iommufd_destroy(r.fd, nested));
	CHECK_OK(iommufd_destroy(r.fd, parent));
	CHECK_OK(iommufd_destroy(r.fd, h));
	CHECK_OK(iommufd_destroy(r.fd, r.ioas));
}

static void pasid_failed_replace(void)
{
	const __u32 pasid = IOMMU_TEST_PASID_RESERVED;
	__u32 h, other;
	struct rig r = ready_rig(&h);

	other = hwpt_with(&r, 0, PASID, NULL);
	CHECK_OK(pasid_attach(&r, pasid, h));
	CHECK_RET(pasid_replace(&r, pasid, other), -ENOMEM);
	CHECK_OK(pasid_check(&r, pasid, h));
	CHECK_OK(iommufd_destroy(r.fd, other));
	CHECK_OK(pasid_detach(&r, pasid));
	CHECK_OK(mock_device_replace(r.fd, r.m.stdev, r.ioas));
	CHECK_OK(iommufd_destroy(r.fd, h));
}

/* Mapped before and after, seen by what only a PASID uses. */
static void pasid_maps(void)
{
	char *va = get_pages(8 * PAGE_SZ);
	__u32 h, other;
	struct rig r = ready_rig(&h);

	other = hwpt_with(&r, 0, PASID, NULL);
	CHECK_OK(mock_device_replace(r.fd, r.m.stdev, other));
	CHECK_OK(pasid_attach(&r, 5, h));
	CHECK_OK(iommufd_map_fixed(r.fd, r.ioas, va, 8 * PAGE_SZ, MOCK_IOVA,
				   MAP_RW));
	CHECK_OK(mock_check_map(r.fd, h, MOCK_IOVA, va, 8 * PAGE_SZ));
	CHECK_OK(mock_check_map(r.fd, other, MOCK_IOVA, va, 8 * PAGE_SZ));
	CHECK_EQ(pins_here(), 8);
	CHECK_OK(iommufd_unmap(r.fd, r.ioas, MOCK_IOVA, 8 * PAGE_SZ, NULL));
	CHECK_EQ(pins_here(), 0);
	CHECK_RET(mock_check_map(r.fd, h, MOCK_IOVA, va, PAGE_SZ), -EINVAL);
}

/* PASIDs are for a device that is alone in its group. */
static void pasid_group(void)
{
	struct rig a = new_pasid_rig(MOCK_FLAGS_DEVICE_SHARED_GROUP), b = a;
	__u32 h = hwpt_with(&a, 0, PASID, NULL);
	__u32 other = hwpt_with(&a, 0, PASID, NULL);
	const __u32 flags = MOCK_FLAGS_DEVICE_SHARED_GROUP |
			    MOCK_FLAGS_DEVICE_PASID;

	CHECK_OK(mock_device_add(a.fd, a.ioas, flags, &b.m));
	CHECK_EQ(a.m.hwpt, b.m.hwpt);
	CHECK_OK(mock_device_replace(a.fd, a.m.stdev, h));
	CHECK_RET(pasid_attach(&a, 5, h), -EINVAL);
	CHECK_RET(pasid_attach(&b, 5, h), -EINVAL);
	CHECK_OK(iommufd_destroy(a.fd, b.m.stdev));
	CHECK_OK(pasid_attach(&a, 5, h));

	/* One that comes later changes nothing for the first. */
	CHECK_RET(mock_device_add(a.fd, a.ioas, flags, &b.m), -EINVAL);
	CHECK_OK(mock_device_add(a.fd, h, flags, &b.m));
	CHECK_RET(pasid_attach(&b, 5, h), -EINVAL);
	CHECK_RET(pasid_attach(&a, 6, h), -EINVAL);
	CHECK_RET(pasid_replace(&b, 5, other), -EINVAL);
	CHECK_OK(pasid_check(&a, 5, h));
	CHECK_RET(mock_device_replace(a.fd, a.m.stdev, a.ioas), -EINVAL);
	CHECK_OK(pasid_detach(&a, 5));
	CHECK_OK(pasid_check(&a, 5, 0));
	CHECK_OK(mock_device_replace(a.fd, b.m.stdev, a.ioas));
	CHECK_OK(close(a.fd));
}

static void pasid_read_only(void)
{
	struct iommu_test_cmd *cmd = (void *)get_pages(PAGE_SZ);
	__u32 h;
	struct rig r = ready_rig(&h);

	cmd->size = sizeof(*cmd);
	cmd->op = IOMMU_TEST_OP_PASID_ATTACH;
	cmd->id = r.m.stdev;
	cmd->pasid_attach.pasid = 5;
	cmd->pasid_attach.pt_id = h;
	CHECK_OK(mprotect(cmd, PAGE_SZ, PROT_READ));
	CHECK_RET(xioctl(r.fd, IOMMU_TEST_CMD, cmd), -EFAULT);
	CHECK_OK(pasid_check(&r, 5, 0));
	CHECK_OK(pasid_attach(&r, 5, h));
}

static void pasid_close(void)
{
	char *va = get_pages(PAGE_SZ);
	__u32 h, pasid;
	struct rig r = ready_rig(&h);

	CHECK_OK(iommufd_map_fixed(r.fd, r.ioas, va, PAGE_SZ, MOCK_IOVA,
				   MAP_RW));
	for (pasid = 1; pasid < 2000; pasid++)
		CHECK_OK(pasid_attach(&r, pasid, h));
	CHECK_OK(close(r.fd));
	CHECK_EQ(pins_here(), 0);
}

static const struct test tests[] = {
	{ "pasid.arguments", pasid_arguments, 0 },
	{ "pasid.incapable_device", pasid_incapable_device, 0 },
	{ "pasid.incapable_iommu", pasid_incapable_iommu, 0 },
	{ "pasid.beside", pasid_beside, 0 },
	{ "pasid.keeps_hwpt", pasid_keeps_hwpt, 0 },
	{ "pasid.failed_replace", pasid_failed_replace, 0 },
	{ "pasid.maps", pasid_maps, 0 },
	{ "pasid.group", pasid_group, 0 },
	{ "pasid.read_only", pasid_read_only, 0 },
	{ "pasid.close", pasid_close, 0 },
};

const struct test_table pasid_table = { tests, ARRAY_SIZE(tests) };
