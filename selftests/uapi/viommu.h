/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * viommu.h - virtual IOMMUs of the mock IOMMU as functions
 *
 * viommu_calls.c has them. Each returns 0 or -errno, unless it says more.
 */
#ifndef SELFTESTS_UAPI_VIOMMU_H
#define SELFTESTS_UAPI_VIOMMU_H

#include "mock_fault.h"
#include "mocked.h"

extern const struct test_table viommu_alloc_table, viommu_vdevice_table,
	viommu_event_table, viommu_hw_queue_table, viommu_mmap_table,
	viommu_race_table;

/* A rig with a nesting parent and a virtual IOMMU on top of it. */
struct vrig {
	struct rig r;
	__u32 parent;
	__u32 viommu;
};

struct vrig new_vrig(void);
/* As new_vrig() begins; @data may be NULL. */
struct iommu_viommu_alloc viommu_cmd(const struct rig *r, __u32 parent,
				     struct iommu_viommu_selftest *data);
int viommu_alloc(const struct rig *r, __u32 parent,
		 struct iommu_viommu_selftest *data, __u32 *id);

int vdevice_alloc(const struct vrig *v, __u32 idev, __u64 virt_id, __u32 *id);
__u32 new_vdevice(const struct vrig *v, __u64 virt_id);

/* An event queue; the descriptor is closed by who gets it. */
int veventq_alloc(const struct vrig *v, __u32 depth, struct queue *q);
struct queue new_veventq(const struct vrig *v, __u32 depth);
int trigger(const struct vrig *v);

/* What is read: an event, or that some are lost. */
struct event {
	struct iommufd_vevent_header head;
	struct iommu_viommu_event_selftest body;
};

#define EVENT_SIZE (sizeof(struct event))
#define HEAD_SIZE (sizeof(struct iommufd_vevent_header))
/* read(): bytes or -errno. */
long event_read(const struct queue *q, void *buf, size_t room);
/* The next one is this event of the device @virt_id. */
void expect_event(const struct queue *q, __u32 sequence, __u32 virt_id);
void expect_lost(const struct queue *q, __u32 sequence);

int hw_queue_alloc(const struct vrig *v, __u32 index, __u64 iova, __u64 length,
		   __u32 *id);

#endif
