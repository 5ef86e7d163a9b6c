// SPDX-License-Identifier: GPL-2.0-only
/*
 * viommu_calls.c - the commands of virtual IOMMUs as functions; see viommu.h
 */
#define _GNU_SOURCE
#include <errno.h>
#include <unistd.h>

#include "viommu.h"

struct iommu_viommu_alloc viommu_cmd(const struct rig *r, __u32 parent,
				     struct iommu_viommu_selftest *data)
{
	return (struct iommu_viommu_alloc){
		.size = sizeof(struct iommu_viommu_alloc),
		.type = IOMMU_VIOMMU_TYPE_SELFTEST,
		.dev_id = r->m.idev,
		.hwpt_id = parent,
		.data_len = data ? sizeof(*data) : 0,
		.data_uptr = (uintptr_t)data,
	};
}

int viommu_alloc(const struct rig *r, __u32 parent,
		 struct iommu_viommu_selftest *data, __u32 *id)
{
	struct iommu_viommu_alloc cmd = viommu_cmd(r, parent, data);
	int ret = xioctl(r->fd, IOMMU_VIOMMU_ALLOC, &cmd);

	if (!ret)
		*id = cmd.out_viommu_id;
	return ret;
}

struct vrig new_vrig(void)
{
	struct vrig v = { .r = new_rig() };

	v.parent = new_parent(&v.r);
	CHECK_OK(viommu_alloc(&v.r, v.parent, NULL, &v.viommu));
	return v;
}

int vdevice_alloc(const struct vrig *v, __u32 idev, __u64 virt_id, __u32 *id)
{
	struct iommu_vdevice_alloc cmd = {
		.size = sizeof(cmd),
		.viommu_id = v->viommu,
		.dev_id = idev,
		.virt_id = virt_id,
	};
	int ret = xioctl(v->r.fd, IOMMU_VDEVICE_ALLOC, &cmd);

	if (!ret)
		*id = cmd.out_vdevice_id;
	return ret;
}

__u32 new_vdevice(const struct vrig *v, __u64 virt_id)
{
	__u32 id;

	CHECK_OK(vdevice_alloc(v, v->r.m.idev, virt_id, &id));
	return id;
}

int veventq_alloc(const struct vrig *v, __u32 depth, struct queue *q)
{
	struct iommu_veventq_alloc cmd = {
		.size = sizeof(cmd),
		.viommu_id = v->viommu,
		.type = IOMMU_VEVENTQ_TYPE_SELFTEST,
		.veventq_depth = depth,
	};
	int ret = xioctl(v->r.fd, IOMMU_VEVENTQ_ALLOC, &cmd);

	if (!ret) {
		q->id = cmd.out_veventq_id;
		q->fd = cmd.out_veventq_fd;
	}
	return ret;
}

struct queue new_veventq(const struct vrig *v, __u32 depth)
{
	struct queue q;

	CHECK_OK(veventq_alloc(v, depth, &q));
	return q;
}

int trigger(const struct vrig *v)
{
	struct iommu_test_cmd cmd = {
		.op = IOMMU_TEST_OP_TRIGGER_VEVENT,
		.trigger_vevent = { .dev_id = v->r.m.idev },
	};

	return mock_cmd(v->r.fd, &cmd);
}

long event_read(const struct queue *q, void *buf, size_t room)
{
	ssize_t n = read(q->fd, buf, room);

	return n < 0 ? -errno : n;
}

void expect_event(const struct queue *q, __u32 sequence, __u32 virt_id)
{
	struct event e;

	CHECK_EQ(event_read(q, &e, sizeof(e)), sizeof(e));
	CHECK_EQ(e.head.flags, 0);
	CHECK_EQ(e.head.sequence, sequence);
	CHECK_EQ(e.body.virt_id, virt_id);
}

void expect_lost(const struct queue *q, __u32 sequence)
{
	struct event e;

	CHECK_EQ(event_read(q, &e, sizeof(e)), sizeof(e.head));
	CHECK_EQ(e.head.flags, IOMMU_VEVENTQ_FLAG_LOST_EVENTS);
	CHECK_EQ(e.head.sequence, sequence);
}

int hw_queue_alloc(const struct vrig *v, __u32 index, __u64 iova, __u64 length,
		   __u32 *id)
{
	struct iommu_hw_queue_alloc cmd = {
		.size = sizeof(cmd),
		.viommu_id = v->viommu,
		.type = IOMMU_HW_QUEUE_TYPE_SELFTEST,
		.index = index,
		.nesting_parent_iova = iova,
		.length = length,
	};
	int ret = xioctl(v->r.fd, IOMMU_HW_QUEUE_ALLOC, &cmd);

	if (!ret)
		*id = cmd.out_hw_queue_id;
	return ret;
}
