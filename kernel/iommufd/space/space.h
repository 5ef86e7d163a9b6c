/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * IOAS: an IO address space, and the areas mapped in it.
 *
 * An IOAS is a set of *areas* (IOVA range -> slice of a mem) and a list of
 * HWPTs, the IO page tables that hold them. An area pins its memory while at
 * least one HWPT holds it.
 *
 * One lock, iova_lock, says who holds what. It is never held over long work:
 * pinning and writing page tables happen on an area that is marked instead.
 *
 *   BUSY	the one who maps or unmaps the area works on it. Its IOVAs are
 *		taken. Another unmap of it fails; walkers wait.
 *   WALKED	a HWPT that joins or leaves is taking the area in or out.
 *		An unmap waits; so do other walkers.
 *
 * Which HWPT holds which area is one number: *a HWPT holds exactly the areas
 * that begin below its cursor*. One that joins raises its cursor, area by
 * area, one that leaves lowers it, while maps and unmaps go on elsewhere:
 *
 *      areas    [ a ]   [  b  ]      [ c ]  [ d ]
 *      HWPT 1   ###################################>   complete
 *      HWPT 2   ##################>                    joins: now takes c in
 *                                  ^ cursor
 *
 * A cursor never passes an area that is BUSY or WALKED, so while an area is
 * either, the HWPTs that hold it are the same ones, and all stay in the list.
 *
 * *last* is inclusive, so that an IOVA range may end at ULONG_MAX.
 */
#ifndef IOMMUFD_SPACE_H
#define IOMMUFD_SPACE_H

#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/rbtree.h>
#include <linux/wait.h>

#include "object.h"
#include "stats.h"
#include "mem/mem.h"
#include "space/area_set.h"

struct device;
struct dirty_note;
struct dma_buf;
struct file;
struct hwpt;
struct page;
struct pin_request;

/**
 * struct ioas - an IO address space
 * @obj: its object
 * @view: what BPF sees; counters under @iova_lock, read under RCU
 * @ctx: its context
 * @attach_lock: finding, making and dropping HWPTs made for this IOAS
 * @iova_lock: see above
 * @hwpts: struct hwpt.node; under @iova_lock
 * @areas: under @iova_lock, or read under RCU
 * @reserved: struct reservation.node; under @iova_lock
 * @allowed: likewise: what ALLOW_IOVAS asked for; none: everything is allowed
 * @huge_pages: contiguous memory may become huge IO pages; under @iova_lock
 * @alignment: of IOVAs and lengths, bytes; 1 while no HWPT asks for more;
 *	under @iova_lock
 * @wait: woken when an area becomes READY or goes, or a count falls
 * @accesses: struct ioas_access.node; under @iova_lock
 */
struct ioas {
	struct object obj;
	struct iommufd_ioas_view view;
	struct iommufd_ctx *ctx;
	struct mutex attach_lock;
	struct mutex iova_lock;
	struct list_head hwpts;
	struct area_set areas;
	struct rb_root_cached reserved;
	struct rb_root_cached allowed;
	bool huge_pages;
	unsigned long alignment;
	wait_queue_head_t wait;
	struct list_head accesses;
};

enum area_state {
	AREA_READY,
	AREA_BUSY,
	AREA_WALKED,
};

/**
 * struct area - a mapping
 * @link: its place in ioas.areas
 * @view: IOVA, length and all that BPF sees; constant but for the counts of
 *	pages, which change with @nr_hwpts, and the length, which shrinks when
 *	the area is cut
 * @mem: the memory; one reference
 * @offset: first byte of the slice, from the start of the memory's first page
 * @user: keeps the slice pinned while @nr_hwpts is not 0
 * @nr_hwpts: how many HWPTs hold it; belongs to the one who made it BUSY or
 *	WALKED
 * @iommu_prot: for iommu_map()
 * @nr_inside: in-kernel users at work in it just now; under iova_lock
 * @nr_pins: pins of in-kernel users; under iova_lock
 * @nr_locks: pins of hardware, which cannot be asked for them; under iova_lock
 * @state: under iova_lock
 * @node: on the list of the one who made it BUSY
 * @dirty_notes: see dirty_turn.h; belongs to the one who made it BUSY or
 *	WALKED
 * @rcu: frees it: then nobody looks at @node any more
 */
struct area {
	struct area_link link;
	struct iommufd_area_view view;
	struct mem *mem;
	u64 offset;
	struct mem_user user;
	unsigned int nr_hwpts;
	int iommu_prot;
	unsigned int nr_inside;
	unsigned int nr_pins;
	unsigned int nr_locks;
	enum area_state state;
	struct dirty_note *dirty_notes;
	union {
		struct list_head node;
		struct rcu_head rcu;
	};
};

static inline unsigned long area_last(const struct area *area)
{
	return area->view.iova + area->view.length - 1;
}

/**
 * struct reservation - IOVAs that must not be mapped, or that must stay usable
 * @node: the range, inclusive
 * @owner: who reserved it, and takes it back by that; NULL for allowed ones
 */
struct reservation {
	struct interval_tree_node node;
	const void *owner;
};

/* ioas.c */
struct ioas *ioas_create(struct iommufd_ctx *ctx);
void ioas_init_request(struct ioas *ioas, struct pin_request *req,
		       enum iommufd_op op);
int ioas_set_huge_pages(struct ioas *ioas, bool enable);
unsigned long ioas_page_sizes(struct ioas *ioas);
bool ioas_enforces_coherency(struct ioas *ioas);

/* The IOAS behind an id, with a busy reference for object_put(). */
static inline struct ioas *ioas_get(struct iommufd_ctx *ctx, u32 id)
{
	return (struct ioas *)object_get(ctx, id, OBJECT_IOAS);
}

static inline void ioas_wake(struct ioas *ioas)
{
	lockdep_assert_held(&ioas->iova_lock);
	/* Whoever waits for it to change holds iova_lock when it begins to. */
	if (waitqueue_active(&ioas->wait))
		wake_up_all(&ioas->wait);
}

/* iova.c: who holds which IOVA */
void ioas_iova_init(struct ioas *ioas);
int ioas_insert_areas(struct ioas *ioas, struct list_head *areas,
		      unsigned long *iova, bool fixed);
int ioas_check_alignment(struct ioas *ioas, unsigned long align);
void ioas_remove_area(struct ioas *ioas, struct area *area);
int ioas_reserve(struct ioas *ioas, unsigned long start, unsigned long last,
		 const void *owner);
void ioas_unreserve(struct ioas *ioas, const void *owner);
int ioas_set_allowed(struct ioas *ioas, struct rb_root_cached *allowed);
int reservation_add(struct rb_root_cached *root, unsigned long start,
		    unsigned long last, const void *owner);
void reservations_free(struct rb_root_cached *root);
void ioas_wait_for_areas(struct ioas *ioas, unsigned int state);
bool ioas_next_usable(struct ioas *ioas, unsigned long *start,
		      unsigned long *last);

/**
 * ioas_next_area() - the first area that touches a range
 * @ioas: the IOAS; iova_lock is held
 * @from: first IOVA
 * @last: last IOVA
 *
 * Return: the area, which may begin before @from, or NULL.
 */
static inline struct area *ioas_next_area(struct ioas *ioas, unsigned long from,
					  unsigned long last)
{
	struct area *area = ioas->areas.found;

	lockdep_assert_held(&ioas->iova_lock);
	if (area && area->view.iova <= from && from <= area_last(area))
		return area;
	area = area_set_seek(&ioas->areas, from);
	return area && area->view.iova <= last ? area : NULL;
}

/* area.c: areas, and the HWPTs that hold them */
int area_cache_create(void);
void area_cache_destroy(void);
struct area *area_create(struct mem *mem, u64 offset, unsigned long length,
			 u32 prot);
void area_free(struct area *area);
struct area *area_dup(const struct area *area);
void area_show_payer(struct area *area);
int area_enter_hwpt(struct ioas *ioas, struct area *area, struct hwpt *hwpt,
		    struct op_stats *st);
void area_exit_hwpt(struct ioas *ioas, struct area *area, struct hwpt *hwpt,
		    struct op_stats *st);
int area_enter_holders(struct ioas *ioas, struct area *area,
		       struct op_stats *st);
void area_exit_holders(struct ioas *ioas, struct area *area, struct hwpt *end,
		       struct op_stats *st);
void area_exit_holders_to(struct ioas *ioas, struct area *first,
			  struct area *last, struct op_stats *st);

/* map.c: mapping, copying and unmapping */

/**
 * struct map_args - what ioas_map() is asked for, and gives back
 * @iova: in: where, if @fixed; out: where it is
 * @file: the file to map, or NULL
 * @dmabuf: the dmabuf to map, or NULL; without either, memory of the calling
 *	process is
 * @importer: a device, for the dmabuf's exporter to know us by
 * @va: user address, or offset in the file
 * @length: bytes, not 0
 * @prot: enum iommufd_prot, not 0
 * @fixed: the caller chose @iova
 * @nr_runs: out: contiguous runs of the memory
 * @nr_domains: out: IO page tables that were filled
 */
struct map_args {
	unsigned long iova;
	struct file *file;
	struct dma_buf *dmabuf;
	struct device *importer;
	unsigned long va;
	unsigned long length;
	u32 prot;
	bool fixed;
	u32 nr_runs;
	u32 nr_domains;
};

int ioas_map(struct ioas *ioas, struct map_args *args,
	     struct op_stats *st);
/* Asks policies, once it is known how many pages a copy touches. */
typedef int (*copy_admit_fn)(struct ioas *dst, const struct map_args *args,
			     u64 npages, struct op_stats *st);
int ioas_copy(struct ioas *dst, struct ioas *src, unsigned long first,
	      struct map_args *args, copy_admit_fn admit, struct op_stats *st);
int ioas_unmap(struct ioas *ioas, unsigned long first, unsigned long last,
	       u64 *unmapped, u64 *nr_areas, struct op_stats *st);

/* cut.c */
int ioas_cut(struct ioas *ioas, unsigned long iova);

/* walk.c: HWPTs that join and leave */
void ioas_update_alignment(struct ioas *ioas);
int ioas_join_hwpt(struct ioas *ioas, struct hwpt *hwpt, struct op_stats *st);
void ioas_leave_hwpt(struct ioas *ioas, struct hwpt *hwpt,
		     struct op_stats *st);

/* pins.c: all memory that may be charged, for policies */
void ioases_list_pins(void);

/* access.c: in-kernel users */

/**
 * struct ioas_access - an in-kernel user of an IOAS
 * @node: in ioas.accesses
 * @alignment: that it needs of areas, bytes
 * @nr_calls: of @unmap that are under way; under iova_lock
 * @unmap: asks it to give back what it pinned in a range; may be NULL. May
 *	sleep; called without locks.
 * @data: for @unmap
 */
struct ioas_access {
	struct list_head node;
	unsigned long alignment;
	unsigned int nr_calls;
	void (*unmap)(void *data, unsigned long iova, unsigned long length);
	void *data;
};

enum access_flags {
	ACCESS_READ = 1,
	ACCESS_WRITE = 2,
	ACCESS_PAGES = 4, /* whole pages are wanted, not bytes */
};

struct area *ioas_enter_range(struct ioas *ioas, unsigned long first,
			      unsigned long last, unsigned int how);
struct area *ioas_find_pinned(struct ioas *ioas, unsigned long first);
void ioas_count_range(struct ioas *ioas, struct area *area, unsigned long last,
		      int inside, int pins, int locks);
struct mem *ioas_slice(struct ioas *ioas, struct area **area,
		       unsigned long first, unsigned long last, u64 *offset,
		       unsigned long *length);
bool ioas_pin_again(struct ioas *ioas, unsigned long first, unsigned long last,
		    struct page **pages, unsigned int how);
bool ioas_rw_quick(struct ioas *ioas, unsigned long first, unsigned long last,
		   void *data, unsigned int how);
int ioas_pin_pages(struct ioas *ioas, struct area *area, unsigned long first,
		   unsigned long last, struct page **pages,
		   struct op_stats *st);
void ioas_unpin_pages(struct ioas *ioas, struct area *area,
		      unsigned long first, unsigned long last,
		      struct op_stats *st);
int ioas_add_access(struct ioas *ioas, struct ioas_access *access);
void ioas_remove_access(struct ioas *ioas, struct ioas_access *access);
int ioas_evict(struct ioas *ioas, struct area *area);

/* lock.c: memory that hardware uses by its address; for viommu/ */
int ioas_lock_range(struct ioas *ioas, unsigned long first,
		    unsigned long last, phys_addr_t *phys);
void ioas_unlock_range(struct ioas *ioas, unsigned long first,
		       unsigned long last);

/* cmd_invalidate.c, cmd_ioas.c, cmd_map.c, cmd_process.c: the ioctls */
struct iommu_user_data_array;
struct ucmd;
/* Invalidates by what an id stands for. */
typedef int (*invalidate_fn)(struct object *obj,
			     const struct iommu_user_data_array *array,
			     u32 *done);
int invalidate_hwpt(struct object *obj,
		    const struct iommu_user_data_array *array, u32 *done);
int invalidate_by(struct ucmd *ucmd, invalidate_fn fn);
int cmd_hwpt_invalidate(struct ucmd *ucmd);
int cmd_ioas_alloc(struct ucmd *ucmd);
int cmd_ioas_change_process(struct ucmd *ucmd);
int cmd_ioas_iova_ranges(struct ucmd *ucmd);
int cmd_ioas_allow_iovas(struct ucmd *ucmd);
int cmd_ioas_copy(struct ucmd *ucmd);
int cmd_ioas_map(struct ucmd *ucmd);
int cmd_ioas_map_file(struct ucmd *ucmd);
int cmd_ioas_unmap(struct ucmd *ucmd);
int cmd_option(struct ucmd *ucmd);

/* cmd_map.c, for compat/ */
int ioas_map_for_container(struct ioas *ioas, struct map_args *args);
int ioas_unmap_for_container(struct ioas *ioas, unsigned long first,
			     unsigned long last, u64 *unmapped);

#endif
