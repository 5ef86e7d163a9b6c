/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * HWPT: an IO page table with an id, that devices are attached to.
 */
#ifndef IOMMUFD_HWPT_H
#define IOMMUFD_HWPT_H

#include "object.h"
#include "stats.h"

struct device;
struct ioas;
struct iommu_domain;

/**
 * struct hwpt - a paging HWPT: a domain that holds an IOAS's mappings
 * @obj: its object; a user of it is an attached device group
 * @ioas: whose mappings; a user of it
 * @domain: the IO page table
 * @node: in ioas.hwpts, under its iova_lock
 * @cursor: it holds exactly the areas that begin below; under iova_lock
 * @complete: it holds all areas: the cursor is past the last IOVA; likewise
 * @enforce_coherency: no device attached to it can bypass the CPU's caches;
 *	fixed when made
 * @automatic: made by an attach to the IOAS; goes with its last device
 * @msi_cookie: the domain has a window for software MSI; under the IOAS's
 *	iova_lock
 */
struct hwpt {
	struct object obj;
	struct ioas *ioas;
	struct iommu_domain *domain;
	struct list_head node;
	unsigned long cursor;
	bool complete;
	bool enforce_coherency;
	bool automatic;
	bool msi_cookie;
};

/* iova_lock is held, or the area is BUSY or WALKED. */
static inline bool hwpt_holds(const struct hwpt *hwpt, unsigned long iova)
{
	return hwpt->complete || iova < hwpt->cursor;
}

struct hwpt *hwpt_create(struct ioas *ioas, struct device *dev, u32 flags);
int hwpt_fill(struct hwpt *hwpt, struct op_stats *st);
void hwpt_abort(struct hwpt *hwpt);
void hwpt_publish(struct hwpt *hwpt);
void hwpt_put(struct hwpt *hwpt);

#endif
