/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Contexts and the objects in them: ids, references, lifetime.
 *
 * At the bottom of the module: everything uses it, it uses nothing. It does
 * not know what an IOAS, a HWPT or a device is; each of them embeds a struct
 * object as its first member and says how it is destroyed.
 *
 * Two kinds of reference:
 *
 *  busy	short-term: an ioctl looks at the object. DESTROY waits for these.
 *  users	long-term: another object, or a kernel driver, depends on it.
 *		DESTROY fails with EBUSY while there is one.
 *
 * A holder of either may take a user reference. Memory is freed after an RCU
 * grace period, because BPF iterators read the table without a lock, and not
 * before BPF has let go of it (shadow.h).
 *
 * Lock order of the whole module, outermost first:
 *
 *   hwpt.dirty_lock < ioas.iova_lock
 *   device_groups.lock < ioas.attach_lock < device_group.lock
 *     < ctx.process_lock < ioas.iova_lock < mem.lock < mmap_lock
 *     < ctx.objects.xa_lock
 *   device_group.lock < attachment.fault_lock < fault_queue.lock
 *
 * mem.lock is outside of the spinlock of its struct pin_account. policy_lock
 * (policies that come and go) is outside of ioas.iova_lock and of that spinlock,
 * and of no other.
 */
#ifndef IOMMUFD_OBJECT_H
#define IOMMUFD_OBJECT_H

#include <linux/container_of.h>
#include <linux/list.h>
#include <linux/maple_tree.h>
#include <linux/mutex.h>
#include <linux/rwsem.h>
#include <linux/types.h>
#include <linux/wait.h>
#include <linux/xarray.h>

#include "iommufd_bpf_abi.h"
#include "shadow.h"

struct file;
struct ioctl_hook;
struct object;
struct payer;
struct user_struct;

/* The numbers of enum iommufd_object_type, which BPF sees. */
enum object_type {
	OBJECT_ANY, /* look-ups only; the shadow of a context */
	OBJECT_IOAS,
	OBJECT_HWPT,
	OBJECT_DEVICE,
	OBJECT_ACCESS,
	OBJECT_FAULT,
	OBJECT_VIOMMU,
	OBJECT_VDEVICE,
	OBJECT_VEVENTQ,
	OBJECT_HW_QUEUE,
	OBJECT_HOOK, /* of the module behind the hook */
};

/* How pinned memory is accounted; the numbers of IOMMU_OPTION_RLIMIT_MODE. */
enum account_mode {
	ACCOUNT_USER = 0, /* against the user's RLIMIT_MEMLOCK */
	ACCOUNT_MM = 1, /* against the process's, as VFIO type1 does */
};

/**
 * struct device_groups - the IOMMU groups that a context uses
 * @lock: serialises bind and unbind
 * @by_id: struct device_group by the IOMMU group's id; under @lock
 *
 * Owned by device/group.c; here because its life is the context's.
 */
struct device_groups {
	struct mutex lock;
	struct xarray by_id;
};

/**
 * struct iommufd_ctx - one open of /dev/iommu
 * @shadow: what BPF may hold; its memory goes with it
 * @view: what BPF sees; counts under objects.xa_lock, read under RCU
 * @user: whose @view.uid is; referenced, so that BPF can ask for its account
 * @file: the open file, whose count is the context's
 * @objects: id to object; xa_lock guards every field of struct object too
 * @wait: woken when an object's last busy reference goes
 * @node: in the list of all contexts
 * @account_mode: under objects.xa_lock; fixed once an object exists
 * @process_lock: held for reading while areas are added to an IOAS, for
 *	writing while what is mapped changes its payer
 * @payer: who mapped last, for mem/account.c; read under RCU
 * @groups: see there
 * @compat: the IOAS that serves the VFIO container, or NULL; not kept: it goes
 *	from here when it is destroyed; under objects.xa_lock
 * @no_iommu: it is a VFIO container without an IOMMU, and never has a @compat;
 *	likewise
 * @nr_tombstones: ids that no object has, and none gets; likewise
 * @mmaps: page offsets of the file to what can be mapped there, for viommu/
 * @hook: who served an ioctl of this context that iommufd does not know, or
 *	NULL; set once (hook.c)
 */
struct iommufd_ctx {
	struct shadow shadow;
	struct iommufd_ctx_view view;
	struct user_struct *user;
	struct file *file;
	struct xarray objects;
	wait_queue_head_t wait;
	struct list_head node;
	enum account_mode account_mode;
	struct rw_semaphore process_lock;
	struct payer __rcu *payer;
	struct device_groups groups;
	struct object *compat;
	bool no_iommu;
	unsigned long nr_tombstones;
#ifdef IOMMUFD_VIOMMU
	struct maple_tree mmaps;
#endif
	const struct ioctl_hook *hook;
};

/**
 * struct object - what everything with an id has in common
 * @id: in the context; never 0
 * @type: what it is embedded in
 * @dying: somebody is destroying it: look-ups fail; under xa_lock
 * @orphaned: the one who is destroying it must not give up: its last user has
 *	left that to him; under xa_lock
 * @tombstone: nobody else gets its id: user space does not know that it goes;
 *	under xa_lock
 * @busy: short-term references; under xa_lock
 * @users: long-term references; under xa_lock
 * @destroy: undo everything but the object's memory; may sleep. Nobody can
 *	find the object any more, except readers under RCU, and BPF that has
 *	acquired its shadow: it leaves empty tables, and says in its view that
 *	it is gone.
 * @shadow: what BPF may hold; the object's memory goes with it
 */
struct object {
	u32 id;
	enum object_type type;
	bool dying;
	bool orphaned;
	bool tombstone;
	unsigned int busy;
	unsigned int users;
	void (*destroy)(struct iommufd_ctx *ctx, struct object *obj);
	struct shadow shadow;
};

struct iommufd_ctx *ctx_create(struct file *file, bool as_container);
void ctx_destroy(struct iommufd_ctx *ctx);
int ctx_set_account_mode(struct iommufd_ctx *ctx, enum account_mode mode);
struct object *ctx_get_compat(struct iommufd_ctx *ctx);
int ctx_set_compat(struct iommufd_ctx *ctx, struct object *obj, bool replace);
void ctx_clear_compat(struct iommufd_ctx *ctx);
int ctx_set_no_iommu(struct iommufd_ctx *ctx);
struct iommufd_ctx *ctx_next_rcu(struct iommufd_ctx *ctx);

struct object *object_reserve(struct iommufd_ctx *ctx, size_t size,
			      enum object_type type,
			      void (*destroy)(struct iommufd_ctx *,
					      struct object *));
void object_publish(struct iommufd_ctx *ctx, struct object *obj);
void object_abort(struct iommufd_ctx *ctx, struct object *obj);

/* Is it a VFIO container without an IOMMU? Once it is, it stays so. */
static inline bool ctx_no_iommu(struct iommufd_ctx *ctx)
{
	return READ_ONCE(ctx->no_iommu);
}

/**
 * object_new() - object_reserve() for the structure that embeds it
 * @ctx: the context
 * @ptr: a pointer to the structure, whose first member is a struct object obj
 * @type: enum object_type
 * @destroy: see struct object
 *
 * Return: the structure, zeroed but for its object, or an ERR_PTR.
 */
#define object_new(ctx, ptr, type, destroy)                                   \
	({                                                                    \
		static_assert(offsetof(typeof(*(ptr)), obj) == 0);            \
		(typeof(ptr))object_reserve(ctx, sizeof(*(ptr)), type,        \
					    destroy);                         \
	})

struct object *object_next_rcu(struct iommufd_ctx *ctx, unsigned long *id,
			       enum object_type type);

struct object *object_get(struct iommufd_ctx *ctx, u32 id,
			  enum object_type type);
bool object_tryget(struct iommufd_ctx *ctx, struct object *obj);
bool object_tryhold(struct iommufd_ctx *ctx, struct object *obj);
void object_put(struct iommufd_ctx *ctx, struct object *obj);

void object_use(struct iommufd_ctx *ctx, struct object *obj);
bool object_tryuse(struct iommufd_ctx *ctx, struct object *obj);
void object_unuse(struct iommufd_ctx *ctx, struct object *obj);

int object_destroy_by_id(struct iommufd_ctx *ctx, u32 id);
void object_unuse_destroy(struct iommufd_ctx *ctx, struct object *obj);
void object_bury(struct iommufd_ctx *ctx, struct object **slot);

#endif
