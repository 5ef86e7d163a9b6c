// SPDX-License-Identifier: GPL-2.0-only
/*
 * viommu_hw_queue.c - hardware queues: their memory stays mapped and pinned,
 * and is charged once
 *
 * Owns: viommu_hw_queue_table.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "viommu.h"

#define LENGTH (8 * PAGE_SZ)

static char *map(const struct vrig *v, __u32 prot)
{
	char *va = get_pages(LENGTH);

	CHECK_OK(iommufd_map_fixed(v->r.fd, v->r.ioas, va, LENGTH, MOCK_IOVA,
				   prot));
	return va;
}

static int unmap(const struct vrig *v)
{
	return iommufd_unmap(v->r.fd, v->r.ioas, MOCK_IOVA, LENGTH, NULL);
}

static void arguments(void)
{
	struct vrig v = new_vrig();
	struct iommu_hw_queue_alloc good = {
		.size = sizeof(good),
		.viommu_id = v.viommu,
		.type = IOMMU_HW_QUEUE_TYPE_SELFTEST,
		.nesting_parent_iova = MOCK_IOVA,
		.length = PAGE_SZ,
	}, cmd;
	const __u32 none[] = { 0, 99, ~0U, v.r.ioas, v.parent, v.r.m.idev };
	__u32 id;
	size_t i;

	map(&v, MAP_RW);
	for (i = 0; i < 32; i++) {
		cmd = good;
		cmd.flags = 1U << i;
		CHECK_RET(xioctl(v.r.fd, IOMMU_HW_QUEUE_ALLOC, &cmd),
			  -EOPNOTSUPP);
		cmd = good;
		cmd.type ^= 1U << i;
		CHECK_RET(xioctl(v.r.fd, IOMMU_HW_QUEUE_ALLOC, &cmd),
			  -EOPNOTSUPP);
	}
	for (i = 0; i < ARRAY_SIZE(none); i++) {
		cmd = good;
		cmd.viommu_id = none[i];
		CHECK_RET(xioctl(v.r.fd, IOMMU_HW_QUEUE_ALLOC, &cmd), -ENOENT);
	}
	CHECK_RET(hw_queue_alloc(&v, 0, MOCK_IOVA, 0, &id), -EINVAL);
	CHECK_RET(hw_queue_alloc(&v, 0, ~0ULL, 2, &id), -EOVERFLOW);
	CHECK_RET(hw_queue_alloc(&v, 0, 1, ~0ULL, &id), -ENOENT);
	CHECK_RET(hw_queue_alloc(&v, 0, MOCK_IOVA, ~0ULL, &id), -EOVERFLOW);
	CHECK_RET(hw_queue_alloc(&v, 0, ~0ULL, 1, &id), -ENOENT);
	CHECK_RET(hw_queue_alloc(&v, 0, MOCK_IOVA - 1, 2, &id), -ENOENT);
	CHECK_RET(hw_queue_alloc(&v, 0, MOCK_IOVA + LENGTH - 1, 2, &id),
		  -ENOENT);
	CHECK_RET(hw_queue_alloc(&v, 1, MOCK_IOVA, 1, &id), -EIO);
	CHECK_RET(hw_queue_alloc(&v, IOMMU_TEST_HW_QUEUE_MAX, MOCK_IOVA, 1,
				 &id), -EINVAL);
	CHECK_RET(hw_queue_alloc(&v, ~0U, MOCK_IOVA, 1, &id), -EINVAL);
	/* None of these keeps anything. */
	CHECK_OK(unmap(&v));
	CHECK_EQ(pins_here(), 0);
	CHECK_OK(iommufd_destroy(v.r.fd, v.viommu));
}

static void memory(void)
{
	struct vrig v = new_vrig();
	__u32 id, nested = new_nested(&v.r, v.viommu);
	char *va;

	/* The IOMMU reads it. */
	va = map(&v, MAP_W);
	CHECK_RET(hw_queue_alloc(&v, 0, MOCK_IOVA, 1, &id), -EPERM);
	CHECK_OK(unmap(&v));
	/* It reads by physical address; two pages are never that lucky here. */
	CHECK_OK(iommufd_map_fixed(v.r.fd, v.r.ioas, va, PAGE_SZ,
				   MOCK_IOVA, MAP_R));
	CHECK_OK(iommufd_map_fixed(v.r.fd, v.r.ioas, va, PAGE_SZ,
				   MOCK_IOVA + PAGE_SZ, MAP_R));
	CHECK_RET(hw_queue_alloc(&v, 0, MOCK_IOVA, 2 * PAGE_SZ, &id), -EFAULT);
	CHECK_RET(hw_queue_alloc(&v, 0, MOCK_IOVA + PAGE_SZ - 1, 2, &id),
		  -EFAULT);
	CHECK_OK(iommufd_unmap(v.r.fd, v.r.ioas, MOCK_IOVA, PAGE_SZ, NULL));
	CHECK_OK(hw_queue_alloc(&v, 0, MOCK_IOVA + PAGE_SZ, PAGE_SZ, &id));
	CHECK_OK(iommufd_destroy(v.r.fd, id));
	CHECK_OK(unmap(&v));
	CHECK_OK(iommufd_destroy(v.r.fd, nested));
	CHECK_EQ(pins_here(), 0);
}

/* The queue's memory is charged with its mapping, once. */
static void accounted(void)
{
	struct vrig v = new_vrig();
	__u32 id[2];

	map(&v, MAP_RW);
	CHECK_EQ(pins_here(), LENGTH / PAGE_SZ);
	CHECK_OK(hw_queue_alloc(&v, 0, MOCK_IOVA, PAGE_SZ, &id[0]));
	CHECK_OK(hw_queue_alloc(&v, 1, MOCK_IOVA, PAGE_SZ, &id[1]));
	CHECK_EQ(pins_here(), LENGTH / PAGE_SZ);
	CHECK_RET(unmap(&v), -EBUSY);
	CHECK_RET(iommufd_unmap(v.r.fd, v.r.ioas, 0, ~0ULL, NULL), -EBUSY);
	/* Refused, it is all still there. */
	CHECK_EQ(pins_here(), LENGTH / PAGE_SZ);
	CHECK_OK(iommufd_destroy(v.r.fd, id[1]));
	CHECK_RET(unmap(&v), -EBUSY);
	CHECK_OK(iommufd_destroy(v.r.fd, id[0]));
	CHECK_EQ(pins_here(), LENGTH / PAGE_SZ);
	CHECK_OK(unmap(&v));
	CHECK_EQ(pins_here(), 0);
}

/* Each needs the one before it, and all need their virtual IOMMU. */
static void order(void)
{
	struct vrig v = new_vrig();
	__u32 a, b;

	map(&v, MAP_RW);
	CHECK_OK(hw_queue_alloc(&v, 0, MOCK_IOVA, 64, &a));
	CHECK_RET(hw_queue_alloc(&v, 0, MOCK_IOVA, 64, &b), -EEXIST);
	CHECK_OK(hw_queue_alloc(&v, 1, MOCK_IOVA + PAGE_SZ / 2, PAGE_SZ / 2,
				&b));
	CHECK_RET(iommufd_destroy(v.r.fd, a), -EBUSY);
	CHECK_RET(iommufd_destroy(v.r.fd, v.viommu), -EBUSY);
	CHECK_RET(iommufd_destroy(v.r.fd, v.parent), -EBUSY);
	CHECK_OK(iommufd_destroy(v.r.fd, b));
	CHECK_RET(iommufd_destroy(v.r.fd, v.viommu), -EBUSY);
	CHECK_OK(iommufd_destroy(v.r.fd, a));
	CHECK_OK(iommufd_destroy(v.r.fd, v.viommu));
	CHECK_OK(iommufd_destroy(v.r.fd, v.parent));
	CHECK_OK(unmap(&v));
}

static void read_only(void)
{
	struct iommu_hw_queue_alloc *cmd = (void *)get_pages(PAGE_SZ);
	struct vrig v = new_vrig();

	map(&v, MAP_RW);
	*cmd = (struct iommu_hw_queue_alloc){
		.size = sizeof(*cmd),
		.viommu_id = v.viommu,
		.type = IOMMU_HW_QUEUE_TYPE_SELFTEST,
		.nesting_parent_iova = MOCK_IOVA,
		.length = PAGE_SZ,
	};
	CHECK_OK(mprotect(cmd, PAGE_SZ, PROT_READ));
	CHECK_RET(xioctl(v.r.fd, IOMMU_HW_QUEUE_ALLOC, cmd), -EFAULT);
	CHECK_RET(xioctl(v.r.fd, IOMMU_HW_QUEUE_ALLOC, cmd), -EFAULT);
	CHECK_OK(unmap(&v));
	CHECK_OK(iommufd_destroy(v.r.fd, v.viommu));
}

static const struct test tests[] = {
	{ "hw_queue/arguments", arguments, 0 },
	{ "hw_queue/memory", memory, 0 },
	{ "hw_queue/accounted", accounted, 0 },
	{ "hw_queue/order", order, 0 },
	{ "hw_queue/read_only", read_only, 0 },
};

const struct test_table viommu_hw_queue_table = { tests, ARRAY_SIZE(tests) };
