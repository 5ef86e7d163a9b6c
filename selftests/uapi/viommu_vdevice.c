// SPDX-License-Identifier: GPL-2.0-only
/*
 * viommu_vdevice.c - virtual devices: whose they are, and what is left of them
 * when the device goes first
 *
 * Owns: viommu_vdevice_table.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "viommu.h"

static void ids(void)
{
	struct vrig v = new_vrig(), other = new_vrig(), w;
	const __u32 none[] = {
		0, 99, ~0U, v.r.ioas, v.parent, v.viommu, v.r.m.stdev,
	};
	__u32 id;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(none); i++) {
		CHECK_RET(vdevice_alloc(&v, none[i], 1, &id), -ENOENT);
		w = v;
		w.viommu = none[i] == v.viommu ? v.r.m.idev : none[i];
		CHECK_RET(vdevice_alloc(&w, v.r.m.idev, 1, &id), -ENOENT);
	}
	/* Another context's virtual IOMMU. */
	w = v;
	do {
		CHECK_OK(viommu_alloc(&other.r, other.parent, NULL,
				      &w.viommu));
	} while (w.viommu <= v.viommu);
	CHECK_RET(vdevice_alloc(&w, v.r.m.idev, 1, &id), -ENOENT);
}

/* One for each device, and one for each id. */
static void unique(void)
{
	struct vrig v = new_vrig(), w = v;
	struct mock_device second;
	__u32 a, b;

	CHECK_OK(mock_device_add(v.r.fd, v.r.ioas, 0, &second));
	CHECK_OK(viommu_alloc(&v.r, v.parent, NULL, &w.viommu));
	a = new_vdevice(&v, 5);
	CHECK_RET(vdevice_alloc(&v, v.r.m.idev, 5, &b), -EEXIST);
	CHECK_RET(vdevice_alloc(&v, v.r.m.idev, 6, &b), -EEXIST);
	CHECK_RET(vdevice_alloc(&w, v.r.m.idev, 6, &b), -EEXIST);
	CHECK_RET(vdevice_alloc(&v, second.idev, 5, &b), -EEXIST);
	/* Another virtual IOMMU has ids of its own. */
	CHECK_OK(vdevice_alloc(&w, second.idev, 5, &b));
	CHECK_RET(iommufd_destroy(v.r.fd, v.viommu), -EBUSY);
	CHECK_OK(iommufd_destroy(v.r.fd, a));
	CHECK_RET(iommufd_destroy(v.r.fd, a), -ENOENT);
	CHECK_OK(iommufd_destroy(v.r.fd, v.viommu));
	CHECK_RET(iommufd_destroy(v.r.fd, w.viommu), -EBUSY);
	CHECK_OK(iommufd_destroy(v.r.fd, b));
	CHECK_OK(iommufd_destroy(v.r.fd, w.viommu));
}

/* The largest ids, and ones that the driver refuses; nothing is left of it. */
static void refused(void)
{
	static const __u64 bad[] = { 1ULL << 32, 1ULL << 63, ~0ULL };
	struct vrig v = new_vrig();
	__u32 id;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		CHECK_RET(vdevice_alloc(&v, v.r.m.idev, bad[i], &id), -ERANGE);
		CHECK_RET(vdevice_alloc(&v, v.r.m.idev, bad[i], &id), -ERANGE);
	}
	id = new_vdevice(&v, 0xffffffffU);
	CHECK_OK(iommufd_destroy(v.r.fd, id));
	id = new_vdevice(&v, 0);
	CHECK_OK(iommufd_destroy(v.r.fd, id));
	CHECK_OK(iommufd_destroy(v.r.fd, v.viommu));
}

static void read_only(void)
{
	struct iommu_vdevice_alloc *cmd = (void *)get_pages(PAGE_SZ);
	struct vrig v = new_vrig();

	*cmd = (struct iommu_vdevice_alloc){
		.size = sizeof(*cmd),
		.viommu_id = v.viommu,
		.dev_id = v.r.m.idev,
		.virt_id = 4,
	};
	CHECK_OK(mprotect(cmd, PAGE_SZ, PROT_READ));
	CHECK_RET(xioctl(v.r.fd, IOMMU_VDEVICE_ALLOC, cmd), -EFAULT);
	/* Neither the device nor the id is taken. */
	CHECK_OK(iommufd_destroy(v.r.fd, new_vdevice(&v, 4)));
	CHECK_OK(iommufd_destroy(v.r.fd, v.viommu));
}

/* The device goes first: the object's id is nobody's any more. */
static void tombstone(void)
{
	struct vrig v = new_vrig();
	__u32 vdev = new_vdevice(&v, 5), id, i;

	CHECK_OK(iommufd_destroy(v.r.fd, v.r.m.stdev));
	CHECK_RET(iommufd_destroy(v.r.fd, vdev), -ENOENT);
	for (i = 0; i < 100; i++) {
		CHECK_OK(iommufd_ioas_alloc(v.r.fd, &id));
		CHECK(id != vdev);
	}
	/* It holds nothing, and its virtual id is free. */
	CHECK_OK(mock_device_add(v.r.fd, v.r.ioas, 0, &v.r.m));
	CHECK(v.r.m.idev != vdev && v.r.m.stdev != vdev);
	id = new_vdevice(&v, 5);
	CHECK(id != vdev);
	CHECK_OK(iommufd_destroy(v.r.fd, id));
	CHECK_OK(iommufd_destroy(v.r.fd, v.viommu));
	CHECK_OK(close(v.r.fd));
}

/* One that user space destroyed itself gives its id back. */
static void no_tombstone(void)
{
	struct vrig v = new_vrig();
	__u32 vdev = new_vdevice(&v, 5), id, i;
	bool seen = false;

	CHECK_OK(iommufd_destroy(v.r.fd, vdev));
	CHECK_OK(iommufd_destroy(v.r.fd, v.r.m.stdev));
	for (i = 0; i < 100; i++) {
		CHECK_OK(iommufd_ioas_alloc(v.r.fd, &id));
		seen |= id == vdev;
	}
	CHECK(seen);
}

/* A nested HWPT of a virtual IOMMU is for devices that this knows. */
static void attach(void)
{
	struct vrig v = new_vrig(), w = v;
	__u32 nested = new_nested(&v.r, v.viommu), other, vdev;

	CHECK_OK(viommu_alloc(&v.r, v.parent, NULL, &w.viommu));
	other = new_nested(&v.r, w.viommu);
	CHECK_RET(mock_device_replace(v.r.fd, v.r.m.stdev, nested), -ENOENT);
	vdev = new_vdevice(&w, 1);
	CHECK_RET(mock_device_replace(v.r.fd, v.r.m.stdev, nested), -ENOENT);
	CHECK_OK(mock_device_replace(v.r.fd, v.r.m.stdev, other));
	CHECK_RET(iommufd_destroy(v.r.fd, other), -EBUSY);
	/* It may go while the device is attached; then the device is mute. */
	CHECK_OK(iommufd_destroy(v.r.fd, vdev));
	CHECK_RET(trigger(&w), -ENOENT);
	vdev = new_vdevice(&v, 1);
	CHECK_OK(mock_device_replace(v.r.fd, v.r.m.stdev, nested));
	CHECK_OK(iommufd_destroy(v.r.fd, other));
	CHECK_OK(iommufd_destroy(v.r.fd, w.viommu));
	CHECK_OK(iommufd_destroy(v.r.fd, v.r.m.stdev));
	CHECK_RET(iommufd_destroy(v.r.fd, vdev), -ENOENT);
	CHECK_OK(iommufd_destroy(v.r.fd, nested));
	CHECK_OK(iommufd_destroy(v.r.fd, v.viommu));
}

static const struct test tests[] = {
	{ "vdevice/ids", ids, 0 },
	{ "vdevice/unique", unique, 0 },
	{ "vdevice/refused", refused, 0 },
	{ "vdevice/read_only", read_only, 0 },
	{ "vdevice/tombstone", tombstone, 0 },
	{ "vdevice/no_tombstone", no_tombstone, 0 },
	{ "vdevice/attach", attach, 0 },
};

const struct test_table viommu_vdevice_table = { tests, ARRAY_SIZE(tests) };
