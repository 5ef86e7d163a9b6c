/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * IOAS: an IO address space, and the areas mapped in it.
 *
 * An IOAS is a set of *areas* (IOVA range -> slice of a mem) and a list of
 * HWPTs, the IO page tables that hold all of them. While the list is empty an
 * area pins nothing; the first HWPT pins, the last one that leaves unpins.
 *
 *   domains_lock  read: map and unmap. The list of HWPTs does not change, and
 *		   any number of threads fill and clear their own areas.
 *		   write: a HWPT joins or leaves. No area is BUSY then.
 *   iova_lock	   which IOVA belongs to whom: areas, reserved ranges, states.
 *		   Held briefly: nothing is pinned or filled under it.
 *
 * An area is BUSY while the one who inserts or removes it works on it outside
 * iova_lock: its IOVAs are taken, and nobody else touches it.
 *
 * *last* is inclusive, so that an IOVA range may end at ULONG_MAX.
 */
#ifndef IOMMUFD_SPACE_H
#define IOMMUFD_SPACE_H

#include <linux/list.h>
#include <linux/maple_tree.h>
#include <linux/mutex.h>
#include <linux/rbtree.h>
#include <linux/rwsem.h>

#include "object.h"
#include "stats.h"
#include "mem/mem.h"

struct hwpt;

/**
 * struct ioas - an IO address space
 * @obj: its object
 * @view: what BPF sees; counters under @iova_lock, read under RCU
 * @ctx: its context
 * @attach_lock: finding, making and dropping HWPTs made for this IOAS
 * @domains_lock: see above
 * @hwpts: struct hwpt.node; under @domains_lock
 * @iova_lock: see above
 * @areas: IOVA to struct area; written under @iova_lock, read under RCU
 * @reserved: struct reservation.node; under @iova_lock
 * @alignment: of IOVAs and lengths, bytes; 1 while no HWPT asks for more.
 *	Written under both locks, read under either.
 */
struct ioas {
	struct object obj;
	struct iommufd_ioas_view view;
	struct iommufd_ctx *ctx;
	struct mutex attach_lock;
	struct rw_semaphore domains_lock;
	struct list_head hwpts;
	struct mutex iova_lock;
	struct maple_tree areas;
	struct rb_root_cached reserved;
	unsigned long alignment;
};

enum area_state {
	AREA_BUSY,
	AREA_READY,
};

/**
 * struct area - a mapping
 * @view: IOVA, length and all that BPF sees; constant but for the counts,
 *	which change under domains_lock
 * @mem: the memory; one reference
 * @offset: first byte of the slice, from the start of the memory's first page
 * @user: keeps the slice pinned while HWPTs hold it
 * @iommu_prot: for iommu_map()
 * @state: under iova_lock
 * @node: on the list of the one who made it BUSY to remove it
 * @rcu: frees it
 */
struct area {
	struct iommufd_area_view view;
	struct mem *mem;
	u64 offset;
	struct mem_user user;
	int iommu_prot;
	enum area_state state;
	struct list_head node;
	struct rcu_head rcu;
};

static inline unsigned long area_last(const struct area *area)
{
	return area->view.iova + area->view.length - 1;
}

/**
 * struct reservation - IOVAs that must not be mapped
 * @node: the range, inclusive
 * @owner: who reserved it, and takes it back by that
 */
struct reservation {
	struct interval_tree_node node;
	const void *owner;
};

/* ioas.c */
struct ioas *ioas_create(struct iommufd_ctx *ctx);

/* The IOAS behind an id, with a busy reference for object_put(). */
static inline struct ioas *ioas_get(struct iommufd_ctx *ctx, u32 id)
{
	return (struct ioas *)object_get(ctx, id, OBJECT_IOAS);
}

/* iova.c: who holds which IOVA */
void ioas_iova_init(struct ioas *ioas);
int ioas_insert_area(struct ioas *ioas, struct area *area, bool fixed);
void ioas_remove_area(struct ioas *ioas, struct area *area);
struct area *ioas_next_area(struct ioas *ioas, unsigned long from,
			    unsigned long last);
int ioas_reserve(struct ioas *ioas, unsigned long start, unsigned long last,
		 const void *owner);
void ioas_unreserve(struct ioas *ioas, const void *owner);
bool ioas_next_usable(struct ioas *ioas, unsigned long *start,
		      unsigned long *last);

/* area.c: mapping and unmapping */

/**
 * struct map_args - what ioas_map_user() is asked for, and gives back
 * @iova: in: where, if @fixed; out: where it is
 * @va: user address
 * @length: bytes, not 0
 * @prot: enum iommufd_prot, not 0
 * @fixed: the caller chose @iova
 * @nr_runs: out: contiguous runs of the memory
 * @nr_domains: out: IO page tables that were filled
 */
struct map_args {
	unsigned long iova;
	unsigned long va;
	unsigned long length;
	u32 prot;
	bool fixed;
	u32 nr_runs;
	u32 nr_domains;
};

int ioas_map_user(struct ioas *ioas, struct map_args *args,
		  struct op_stats *st);
int ioas_unmap(struct ioas *ioas, unsigned long first, unsigned long last,
	       u64 *unmapped, u64 *nr_areas, struct op_stats *st);
int ioas_join_hwpt(struct ioas *ioas, struct hwpt *hwpt, struct op_stats *st);
void ioas_leave_hwpt(struct ioas *ioas, struct hwpt *hwpt,
		     struct op_stats *st);

/* commands.c: the ioctls */
struct ucmd;
int cmd_ioas_alloc(struct ucmd *ucmd);
int cmd_ioas_iova_ranges(struct ucmd *ucmd);
int cmd_ioas_map(struct ucmd *ucmd);
int cmd_ioas_unmap(struct ucmd *ucmd);

#endif
