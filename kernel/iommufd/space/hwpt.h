/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * HWPT: an IO page table with an id, that devices are attached to.
 */
#ifndef IOMMUFD_HWPT_H
#define IOMMUFD_HWPT_H

#include <linux/atomic.h>
#include <linux/rwsem.h>

#include "object.h"
#include "stats.h"

struct device;
struct fault_queue;
struct ioas;
struct iommu_domain;
struct iommu_user_data;
struct iopf_group;

/**
 * struct dirty_starter - the task that started to track what devices write
 * @asked: the policy that allowed it, and is to be told of its end; or 0
 * @cgroup_id: v2
 * @tgid: its process, in the initial PID namespace
 * @uid: its user, in the initial user namespace
 *
 * Not filled in while no dirty policy is attached.
 */
struct dirty_starter {
	u64 asked;
	u64 cgroup_id;
	s32 tgid;
	u32 uid;
};

/**
 * struct hwpt - a page table that devices can be attached to
 * @obj: its object; its users are attached device groups, and nested HWPTs
 * @view: what BPF sees; read under RCU
 * @parent: NULL for a paging HWPT, whose domain holds an IOAS's mappings. A
 *	nested one has its page table in user space, and lets its parent
 *	translate what comes out of that
 * @ioas: whose mappings it, or its parent, holds
 * @below: what it was made on top of, an IOAS, a parent or a virtual IOMMU; a
 *	user of it
 * @domain: what the IOMMU driver knows
 * @faults: where page faults of its devices are reported, or NULL; a user of it
 * @enforce_coherency: no device attached to it can bypass the CPU's caches;
 *	fixed when made; a nested one's is its parent's
 * @automatic: made by an attach to the IOAS; goes with its last device
 * @nest_parent: nested ones can be made on top of it; fixed when made
 * @pasid_compat: it may be attached to PASIDs, or beside them; fixed when made
 *
 * Of a paging HWPT only:
 * @node: in ioas.hwpts, under its iova_lock
 * @cursor: it holds exactly the areas that begin below; under iova_lock
 * @complete: it holds all areas: the cursor is past the last IOVA; likewise
 * @msi_cookie: the domain has a window for software MSI; under the IOAS's
 *	iova_lock
 * @dirty_lock: written by who starts or stops dirty tracking, read by who
 *	reads dirty bits; outside all locks of the IOAS
 * @dirty_tracking: what devices write is tracked; under @dirty_lock
 * @dirty_bytes_before: @view.dirty_bytes when that began; likewise
 * @dirty_starter: who started that; likewise
 * @dirty_noted: areas may have notes of it (dirty_turn.h)
 */
struct hwpt {
	struct object obj;
	struct iommufd_hwpt_view view;
	struct hwpt *parent;
	struct ioas *ioas;
	struct object *below;
	struct iommu_domain *domain;
	struct fault_queue *faults;
	bool enforce_coherency;
	bool automatic;
	bool nest_parent;
	bool pasid_compat;
	struct list_head node;
	unsigned long cursor;
	bool complete;
	bool msi_cookie;
	struct rw_semaphore dirty_lock;
	bool dirty_tracking;
	u64 dirty_bytes_before;
	struct dirty_starter dirty_starter;
	bool dirty_noted;
};

/* The HWPT that holds the mappings: itself, or a nested one's parent. */
static inline struct hwpt *hwpt_paging(struct hwpt *hwpt)
{
	return hwpt->parent ?: hwpt;
}

static inline enum iommufd_hwpt_type hwpt_type(const struct hwpt *hwpt)
{
	if (hwpt->parent)
		return IOMMUFD_HWPT_NESTED;
	return hwpt->automatic ? IOMMUFD_HWPT_AUTOMATIC : IOMMUFD_HWPT_PAGING;
}

/* iova_lock is held, or the area is BUSY or WALKED. */
static inline bool hwpt_holds(const struct hwpt *hwpt, unsigned long iova)
{
	return hwpt->complete || iova < hwpt->cursor;
}

/* Several groups may come and go at a time. */
static inline void hwpt_count_devices(struct hwpt *hwpt, int n)
{
	static_assert(sizeof(atomic_t) == sizeof(hwpt->view.nr_devices));
	atomic_add(n, (atomic_t *)&hwpt->view.nr_devices);
}

/* A group of faults is reported through it. */
static inline void hwpt_count_fault(struct hwpt *hwpt)
{
	static_assert(sizeof(atomic64_t) == sizeof(hwpt->view.nr_faults));
	atomic64_inc((atomic64_t *)&hwpt->view.nr_faults);
}

struct hwpt *hwpt_create(struct ioas *ioas, struct device *dev, u32 flags,
			 const struct iommu_user_data *data);
struct hwpt *hwpt_create_nested(struct hwpt *parent, struct device *dev,
				u32 flags, const struct iommu_user_data *data);
struct hwpt *hwpt_wrap_nested(struct hwpt *parent, struct object *below,
			      struct iommu_domain *domain, u32 flags);
int hwpt_fill(struct hwpt *hwpt, struct op_stats *st);
void hwpt_report_faults(struct hwpt *hwpt, struct fault_queue *queue,
			int (*handler)(struct iopf_group *faults));
void hwpt_abort(struct hwpt *hwpt);
void hwpt_publish(struct hwpt *hwpt);
void hwpt_put(struct hwpt *hwpt);

/* dirty.c */
int hwpt_set_dirty_tracking(struct hwpt *hwpt, bool enable, u64 *reported);
int hwpt_read_dirty(struct hwpt *hwpt, u64 iova, u64 length, u64 page_size,
		    void __user *data, bool clear, u64 *reported);

/* cmd_dirty.c: the ioctls */
struct ucmd;
int cmd_hwpt_set_dirty_tracking(struct ucmd *ucmd);
int cmd_hwpt_get_dirty_bitmap(struct ucmd *ucmd);

#endif
