// SPDX-License-Identifier: GPL-2.0-only
/*
 * trace_vfio.c - events of vfio.ko, and of a real device
 *
 * Owns: trace_vfio_table.
 */
#include <linux/vfio.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include "trace_main.h"
#include "vfio.h"

#define LEN (4 * PAGE_SZ)
#define IOVA 0x100000ULL
#define BOTH (VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE)

static void need_device(void)
{
	if (!bdf)
		test_skip("no device with an IOMMU here");
}

/* N of vfioN. */
static __u32 device_index(void)
{
	char path[256];
	unsigned int n;

	CHECK_OK(vfio_cdev_path(bdf, path, sizeof(path)));
	CHECK(sscanf(path, "/dev/vfio/devices/vfio%u", &n) == 1);
	return n;
}

static void cdev(void)
{
	const struct iommufd_vfio_event *v;
	const struct iommufd_bind_event *b;
	__u32 devid, hwpt, index;
	struct space s;
	int dev;

	need_device();
	index = device_index();
	s = new_space();
	dev = CHECK_FD(vfio_cdev_open(bdf));
	CHECK_EQ(GOT(vfio_device_open), 0);
	CHECK_RET(vfio_bind(dev, 9999, &devid), -EBADF);
	v = ONLY(vfio_bind);
	CHECK_EQ(v->ret, -EBADF);
	CHECK_EQ(v->devid, 0);
	CHECK_EQ(v->open_count, 0);
	forget();
	CHECK_OK(vfio_bind(dev, s.fd, &devid));
	v = ONLY(vfio_bind);
	CHECK_EQ(v->ret, 0);
	CHECK_EQ(v->devid, devid);
	CHECK_EQ(v->index, index);
	CHECK_EQ(v->via, IOMMUFD_VIA_CDEV);
	CHECK_EQ(v->open_count, 1);
	CHECK(!strcmp(v->device, bdf));
	CHECK(v->duration_ns);
	v = ONLY(vfio_device_open);
	CHECK_EQ(v->ret, 0);
	CHECK_EQ(v->index, index);
	CHECK_EQ(v->via, IOMMUFD_VIA_CDEV);
	CHECK_EQ(v->open_count, 1);
	CHECK(!strcmp(v->device, bdf));
	CHECK(v->duration_ns <= ONLY(vfio_bind)->duration_ns);
	b = ONLY(iommufd_bind);
	CHECK_EQ(b->device_id, devid);
	CHECK(!strcmp(b->device, bdf));
	hwpt = s.ioas;
	CHECK_OK(vfio_attach(dev, &hwpt));
	CHECK_EQ(ONLY(iommufd_attach)->hwpt_id, hwpt);
	CHECK(!strcmp(ONLY(iommufd_attach)->device, bdf));
	CHECK_EQ(GOT(vfio_device_close), 0);
	close(dev);
	v = ONLY(vfio_device_close);
	CHECK_EQ(v->open_count, 0);
	CHECK_EQ(v->index, index);
	CHECK(v->duration_ns);
	CHECK_EQ(ONLY(iommufd_unbind)->device_id, devid);
	CHECK_EQ(GOT(vfio_device_open), 1);
}

/* A group in an iommufd: what is mapped is an event of iommufd's. */
static void group(void)
{
	int group, dev, fd;
	char *va;
	__u32 ioas = 0;

	need_device();
	fd = CHECK_FD(iommufd_open());
	CHECK_OK(iommufd_ioas_alloc(fd, &ioas));
	CHECK_OK(iommufd_vfio_ioas(fd, IOMMU_VFIO_IOAS_SET, &ioas));
	group = CHECK_FD(vfio_group_open(bdf));
	CHECK_OK(vfio_group_set_container(group, fd));
	CHECK_OK(vfio_container_set_iommu(fd, VFIO_TYPE1v2_IOMMU));
	dev = CHECK_FD(vfio_group_get_device(group, bdf));
	CHECK_EQ(ONLY(vfio_device_open)->via, IOMMUFD_VIA_GROUP);
	va = get_pages(LEN);
	forget();
	CHECK_OK(vfio_type1_map(fd, va, LEN, IOVA, BOTH));
	CHECK_EQ(GOT(vfio_dma_map), 0);
	CHECK_EQ(ONLY(iommufd_map)->iova, IOVA);
	CHECK_EQ(ONLY(iommufd_map)->pinned_pages, 4);
	close(dev);
	CHECK_EQ(ONLY(vfio_device_close)->via, IOMMUFD_VIA_GROUP);
	close(group);
}

/* VFIO's own: type1 does the work, and vfio.ko tells. */
static void container(void)
{
	const struct iommufd_vfio_dma_event *d;
	int container, group, dev;
	__u64 done = 0, cookie;
	char *va;

	need_device();
	va = get_pages(LEN);
	container = CHECK_FD(vfio_container_open());
	group = CHECK_FD(vfio_group_open(bdf));
	CHECK_OK(vfio_group_set_container(group, container));
	CHECK_OK(vfio_container_set_iommu(container, VFIO_TYPE1v2_IOMMU));
	dev = CHECK_FD(vfio_group_get_device(group, bdf));
	CHECK_EQ(ONLY(vfio_device_open)->via, IOMMUFD_VIA_CONTAINER);
	CHECK_OK(vfio_type1_map(container, va, LEN, IOVA,
				VFIO_DMA_MAP_FLAG_READ));
	d = ONLY(vfio_dma_map);
	cookie = d->container;
	CHECK(cookie);
	CHECK_EQ(d->iova, IOVA);
	CHECK_EQ(d->va, (uintptr_t)va);
	CHECK_EQ(d->length, LEN);
	CHECK_EQ(d->prot, IOMMUFD_PROT_READ);
	CHECK_EQ(d->flags, VFIO_DMA_MAP_FLAG_READ);
	CHECK_EQ(d->unmapped_bytes, 0);
	CHECK_EQ(d->ret, 0);
	CHECK(d->duration_ns);
	CHECK_RET(vfio_type1_map(container, va, LEN, IOVA, BOTH), -EEXIST);
	d = NTH(vfio_dma_map, 1);
	CHECK_EQ(d->ret, -EEXIST);
	CHECK_EQ(d->prot, IOMMUFD_PROT_READ | IOMMUFD_PROT_WRITE);
	CHECK_EQ(GOT(iommufd_map), 0);
	/* More than there is. */
	CHECK_OK(vfio_type1_unmap(container, IOVA, 2 * LEN, &done));
	CHECK_EQ(done, LEN);
	d = ONLY(vfio_dma_unmap);
	CHECK_EQ(d->container, cookie);
	CHECK_EQ(d->iova, IOVA);
	CHECK_EQ(d->length, 2 * LEN);
	CHECK_EQ(d->unmapped_bytes, LEN);
	CHECK_EQ(d->va, 0);
	CHECK_EQ(d->ret, 0);
	close(dev);
	CHECK_EQ(ONLY(vfio_device_close)->via, IOMMUFD_VIA_CONTAINER);
	close(group);
	close(container);
}

static const struct test tests[] = {
	{ .name = "vfio-cdev", .run = cdev },
	{ .name = "vfio-group", .run = group },
	{ .name = "vfio-container", .run = container },
};

const struct test_table trace_vfio_table = { tests, ARRAY_SIZE(tests) };
