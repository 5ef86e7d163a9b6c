// SPDX-License-Identifier: GPL-2.0-only
/*
 * Contexts and the objects in them: ids, references, lifetime. object.h says
 * what the references mean.
 */
#include <linux/cgroup.h>
#include <linux/cred.h>
#include <linux/ktime.h>
#include <linux/rculist.h>
#include <linux/sched/signal.h>
#include <linux/sched/user.h>
#include <linux/slab.h>

#include "object.h"
#include "object_event.h"

/* Every context of the host, oldest first; readers use RCU. */
static LIST_HEAD(ctx_list);
static DEFINE_MUTEX(ctx_list_lock);

static u64 current_cgroup_id(void)
{
	u64 id;

	rcu_read_lock();
	id = cgroup_id(task_dfl_cgroup(current));
	rcu_read_unlock();
	return id;
}

static void ctx_free_rcu(struct rcu_head *rcu)
{
	struct iommufd_ctx *ctx = container_of(rcu, struct iommufd_ctx,
					       shadow.rcu);

	free_uid(ctx->user);
	kfree(ctx);
}

/**
 * ctx_create() - make the context of a file that is being opened
 * @file: the file; not referenced, because the context dies with it
 * @as_container: it is /dev/vfio/vfio
 *
 * May sleep.
 * Return: the context, or ERR_PTR(-ENOMEM).
 */
struct iommufd_ctx *ctx_create(struct file *file, bool as_container)
{
	struct iommufd_ctx *ctx = kzalloc(sizeof(*ctx), GFP_KERNEL_ACCOUNT);

	if (!ctx)
		return ERR_PTR(-ENOMEM);
	ctx->file = file;
	xa_init_flags(&ctx->objects, XA_FLAGS_ALLOC1 | XA_FLAGS_ACCOUNT);
	init_waitqueue_head(&ctx->wait);
	init_rwsem(&ctx->process_lock);
	mutex_init(&ctx->groups.lock);
#ifdef IOMMUFD_VIOMMU
	mt_init_flags(&ctx->mmaps, MT_FLAGS_ALLOC_RANGE);
#endif
	xa_init_flags(&ctx->groups.by_id, XA_FLAGS_ACCOUNT);

	ctx->view.flags = as_container ? IOMMUFD_CTX_CONTAINER : 0;
	ctx->view.cgroup_id = current_cgroup_id();
	ctx->view.created_ns = ktime_get_boottime_ns();
	ctx->view.tgid = task_tgid_nr(current);
	ctx->view.uid = from_kuid(&init_user_ns, current_uid());
	ctx->user = get_uid(current_user());
	/* The name of the process, whichever of its threads opened it. */
	get_task_comm(ctx->view.comm, current->group_leader);

	mutex_lock(&ctx_list_lock);
	/* Cookies rise along the list, so that a walk can be resumed by one. */
	shadow_init(&ctx->shadow, OBJECT_ANY, ctx_free_rcu);
	ctx->view.cookie = ctx->shadow.cookie;
	list_add_tail_rcu(&ctx->node, &ctx_list);
	mutex_unlock(&ctx_list_lock);
	shadow_show(&ctx->shadow);
	return ctx;
}

/**
 * ctx_set_account_mode() - say how pinned memory is to be accounted
 * @ctx: the context
 * @mode: the mode
 *
 * Return: 0, or -EBUSY once there is an object.
 */
int ctx_set_account_mode(struct iommufd_ctx *ctx, enum account_mode mode)
{
	int rc = -EBUSY;

	xa_lock(&ctx->objects);
	if (xa_empty(&ctx->objects)) {
		WRITE_ONCE(ctx->account_mode, mode);
		WRITE_ONCE(ctx->view.account_mode, mode);
		rc = 0;
	}
	xa_unlock(&ctx->objects);
	return rc;
}

/**
 * ctx_get_compat() - the IOAS that serves the VFIO container
 * @ctx: the context
 *
 * Return: its object with a busy reference, for object_put();
 * ERR_PTR(-ENODEV) if there is none.
 */
struct object *ctx_get_compat(struct iommufd_ctx *ctx)
{
	struct object *obj;

	xa_lock(&ctx->objects);
	obj = ctx->compat;
	if (!obj || obj->dying)
		obj = ERR_PTR(-ENODEV);
	else
		obj->busy++;
	xa_unlock(&ctx->objects);
	return obj;
}

/**
 * ctx_set_compat() - let an IOAS serve the VFIO container
 * @ctx: the context
 * @obj: the IOAS's object; held by the caller, busy or not published yet
 * @replace: also if another one does
 *
 * Return: 0; -EEXIST: another one does; -EINVAL: it is a no-iommu container.
 */
int ctx_set_compat(struct iommufd_ctx *ctx, struct object *obj, bool replace)
{
	int rc = 0;

	xa_lock(&ctx->objects);
	if (ctx->no_iommu)
		rc = -EINVAL;
	else if (ctx->compat && !ctx->compat->dying && !replace)
		rc = -EEXIST;
	else
		ctx->compat = obj;
	xa_unlock(&ctx->objects);
	return rc;
}

/**
 * ctx_clear_compat() - no IOAS serves the VFIO container any more
 * @ctx: the context
 */
void ctx_clear_compat(struct iommufd_ctx *ctx)
{
	xa_lock(&ctx->objects);
	ctx->compat = NULL;
	xa_unlock(&ctx->objects);
}

/**
 * ctx_set_no_iommu() - become a VFIO container without an IOMMU, for good
 * @ctx: the context
 *
 * Return: 0, or -EINVAL if an IOAS serves it.
 */
int ctx_set_no_iommu(struct iommufd_ctx *ctx)
{
	int rc = -EINVAL;

	xa_lock(&ctx->objects);
	if (!ctx->compat) {
		WRITE_ONCE(ctx->no_iommu, true);
		WRITE_ONCE(ctx->view.flags,
			   ctx->view.flags | IOMMUFD_CTX_NO_IOMMU);
		rc = 0;
	}
	xa_unlock(&ctx->objects);
	return rc;
}

/**
 * ctx_next_rcu() - the context after another one
 * @ctx: a context that ctx_next_rcu() gave in the same RCU read section, or
 *	NULL for the first
 *
 * A context that goes away meanwhile still leads to those after it. Caller
 * holds rcu_read_lock().
 * Return: NULL after the last.
 */
struct iommufd_ctx *ctx_next_rcu(struct iommufd_ctx *ctx)
{
	struct list_head *node = ctx ? &ctx->node : &ctx_list;
	struct list_head *next = rcu_dereference(list_next_rcu(node));

	if (next == &ctx_list)
		return NULL;
	return list_entry(next, struct iommufd_ctx, node);
}

/* Every object begins with its struct object: see object_new(). */
static void object_free_rcu(struct rcu_head *rcu)
{
	kfree(container_of(rcu, struct object, shadow.rcu));
}

/**
 * object_reserve() - allocate an object and an id that nobody can look up yet
 * @ctx: the context
 * @size: bytes of the structure that embeds the object
 * @type: its type
 * @destroy: see struct object
 *
 * Follow with object_publish() when nothing can fail any more, or with
 * object_abort(). May sleep.
 * Return: the zeroed object, ERR_PTR(-ENOMEM), or ERR_PTR(-EBUSY) when there
 * is no id left.
 */
struct object *object_reserve(struct iommufd_ctx *ctx, size_t size,
			      enum object_type type,
			      void (*destroy)(struct iommufd_ctx *,
					      struct object *))
{
	struct object *obj = kzalloc(size, GFP_KERNEL_ACCOUNT);
	int rc;

	if (!obj)
		return ERR_PTR(-ENOMEM);
	obj->type = type;
	obj->destroy = destroy;
	rc = xa_alloc(&ctx->objects, &obj->id, XA_ZERO_ENTRY, xa_limit_31b,
		      GFP_KERNEL_ACCOUNT);
	if (rc) {
		kfree(obj);
		return ERR_PTR(rc);
	}
	shadow_init(&obj->shadow, type, object_free_rcu);
	return obj;
}

/* Where a context's view counts objects of a type, besides in nr_objects. */
static u32 *object_count(struct iommufd_ctx *ctx, enum object_type type)
{
	switch (type) {
	case OBJECT_IOAS:
		return &ctx->view.nr_ioases;
	case OBJECT_HWPT:
		return &ctx->view.nr_hwpts;
	case OBJECT_DEVICE:
		return &ctx->view.nr_devices;
	case OBJECT_ACCESS:
		return &ctx->view.nr_accesses;
	default:
		return NULL;
	}
}

/* Under xa_lock. */
static void count_object(struct iommufd_ctx *ctx, enum object_type type, int n)
{
	u32 *count = object_count(ctx, type);

	WRITE_ONCE(ctx->view.nr_objects, ctx->view.nr_objects + n);
	if (count)
		WRITE_ONCE(*count, *count + n);
}

/* Iterators go from one object of a type to the next by its mark. */
static xa_mark_t object_mark(enum object_type type)
{
	return type == OBJECT_IOAS ? XA_MARK_1 : XA_MARK_2;
}

/**
 * object_next_rcu() - the next published object of a type
 * @ctx: the context
 * @id: in: the lowest id to look at; out: one more than the object's
 * @type: OBJECT_IOAS, or any other but OBJECT_ANY
 *
 * Caller holds rcu_read_lock().
 * Return: the object, or NULL after the last.
 */
struct object *object_next_rcu(struct iommufd_ctx *ctx, unsigned long *id,
			       enum object_type type)
{
	struct object *obj;

	while ((obj = xa_find(&ctx->objects, id, ULONG_MAX,
			      object_mark(type)))) {
		(*id)++;
		/* Others share a mark, and a slot may change under a reader. */
		if (obj->type == type)
			return obj;
	}
	return NULL;
}

/**
 * object_publish() - let an object be found
 * @ctx: the context
 * @obj: from object_reserve(), complete
 *
 * From here on anybody may use and destroy it. Cannot fail: its slot exists.
 */
void object_publish(struct iommufd_ctx *ctx, struct object *obj)
{
	/* Once it can be found, it can be destroyed. */
	u64 cookie = obj->shadow.cookie;
	enum object_type type = obj->type;
	u32 id = obj->id;
	void *old;

	shadow_show(&obj->shadow);
	xa_lock(&ctx->objects);
	old = __xa_store(&ctx->objects, id, obj, GFP_KERNEL_ACCOUNT);
	__xa_set_mark(&ctx->objects, id, object_mark(type));
	count_object(ctx, type, 1);
	xa_unlock(&ctx->objects);
	/* A reserved entry reads back as NULL. */
	WARN_ON(old);
	if (trace_iommufd_create_enabled())
		report_create(ctx, cookie, id, type);
}

/**
 * object_abort() - give back what object_reserve() gave
 * @ctx: the context
 * @obj: never published; its destroy() is not called
 */
void object_abort(struct iommufd_ctx *ctx, struct object *obj)
{
	xa_erase(&ctx->objects, obj->id);
	shadow_put(&obj->shadow);
}

/**
 * object_get() - look an object up and keep it from being destroyed
 * @ctx: the context
 * @id: from the user
 * @type: what it must be, or OBJECT_ANY
 *
 * Return: the object with a busy reference, for object_put();
 * ERR_PTR(-ENOENT) if there is none of that id and type.
 */
struct object *object_get(struct iommufd_ctx *ctx, u32 id,
			  enum object_type type)
{
	struct object *obj;

	xa_lock(&ctx->objects);
	obj = xa_load(&ctx->objects, id);
	if (!obj || obj->dying || (type != OBJECT_ANY && obj->type != type))
		obj = ERR_PTR(-ENOENT);
	else
		obj->busy++;
	xa_unlock(&ctx->objects);
	return obj;
}

/**
 * object_tryget() - take a busy reference to an object found elsewhere
 * @ctx: the context
 * @obj: published; the caller holds the lock of the list that it is on
 *
 * Return: false if it is being destroyed.
 */
bool object_tryget(struct iommufd_ctx *ctx, struct object *obj)
{
	bool alive;

	xa_lock(&ctx->objects);
	alive = !obj->dying;
	if (alive)
		obj->busy++;
	xa_unlock(&ctx->objects);
	return alive;
}

/**
 * object_tryhold() - take a busy reference, even if a destruction waits
 * @ctx: the context
 * @obj: found under RCU, in which the caller still is
 *
 * That destruction waits for it, too, and may be given up meanwhile.
 * Return: false if the object is out of the table.
 */
bool object_tryhold(struct iommufd_ctx *ctx, struct object *obj)
{
	bool there;

	xa_lock(&ctx->objects);
	there = xa_load(&ctx->objects, obj->id) == obj;
	if (there)
		obj->busy++;
	xa_unlock(&ctx->objects);
	return there;
}

/**
 * object_put() - give a busy reference back
 * @ctx: the context
 * @obj: must not be touched afterwards, unless otherwise held
 */
void object_put(struct iommufd_ctx *ctx, struct object *obj)
{
	xa_lock(&ctx->objects);
	if (!WARN_ON_ONCE(!obj->busy) && !--obj->busy && obj->dying)
		wake_up_all(&ctx->wait);
	xa_unlock(&ctx->objects);
}

/**
 * object_use() - take a long-term reference
 * @ctx: the context
 * @obj: held by the caller, busy or in use, or not published yet
 */
void object_use(struct iommufd_ctx *ctx, struct object *obj)
{
	xa_lock(&ctx->objects);
	obj->users++;
	xa_unlock(&ctx->objects);
}

#ifdef IOMMUFD_VIOMMU
/**
 * object_tryuse() - take a long-term reference to an object found elsewhere
 * @ctx: the context
 * @obj: something that its destroy() takes first keeps its memory
 *
 * Return: false if it is not published yet, or is destroyed.
 */
bool object_tryuse(struct iommufd_ctx *ctx, struct object *obj)
{
	bool there;

	xa_lock(&ctx->objects);
	there = xa_load(&ctx->objects, obj->id) == obj;
	if (there)
		obj->users++;
	xa_unlock(&ctx->objects);
	return there;
}
#endif

/**
 * object_unuse() - give a long-term reference back
 * @ctx: the context
 * @obj: must not be touched afterwards, unless otherwise held
 */
void object_unuse(struct iommufd_ctx *ctx, struct object *obj)
{
	xa_lock(&ctx->objects);
	if (!WARN_ON_ONCE(!obj->users))
		obj->users--;
	xa_unlock(&ctx->objects);
}

/*
 * Take an object out of the table, for its destruction. Waits for busy
 * references; user space decides how long those last, so a DESTROY can be
 * killed. One of them may become a user meanwhile, and then the object stays.
 * xa_lock is held, dropped while waiting, and held on return.
 */
static int object_unlink_locked(struct iommufd_ctx *ctx, struct object *obj,
				bool killable)
{
	lockdep_assert_held(&ctx->objects.xa_lock);
	if (obj->users)
		return -EBUSY;
	obj->dying = true;
	while (obj->busy && !obj->users) {
		DEFINE_WAIT(wait);

		if (obj->orphaned)
			killable = false;
		if (killable && fatal_signal_pending(current)) {
			obj->dying = false;
			return -EINTR;
		}
		prepare_to_wait(&ctx->wait, &wait,
				killable ? TASK_KILLABLE :
					   TASK_UNINTERRUPTIBLE);
		xa_unlock(&ctx->objects);
		schedule();
		finish_wait(&ctx->wait, &wait);
		xa_lock(&ctx->objects);
	}
	if (obj->users) {
		obj->dying = false;
		obj->orphaned = false;
		return -EBUSY;
	}
	if (obj->tombstone) {
		/* In a slot that exists: cannot fail. */
		__xa_store(&ctx->objects, obj->id, XA_ZERO_ENTRY, 0);
		__xa_clear_mark(&ctx->objects, obj->id, object_mark(obj->type));
		ctx->nr_tombstones++;
	} else {
		__xa_erase(&ctx->objects, obj->id);
	}
	if (ctx->compat == obj)
		ctx->compat = NULL;
	count_object(ctx, obj->type, -1);
	return 0;
}

static void object_finish(struct iommufd_ctx *ctx, struct object *obj,
			  enum iommufd_destroy_cause cause, u64 begin)
{
	shadow_hide(&obj->shadow);
	obj->destroy(ctx, obj);
	if (trace_iommufd_destroy_enabled())
		report_destroy(ctx, obj->shadow.cookie, obj->id, obj->type, 0,
			       cause, begin);
	shadow_put(&obj->shadow);
}

/* When the destruction of an object begins, if anybody wants to know. */
static u64 destroy_begin(void)
{
	return event_begin(trace_iommufd_destroy_enabled());
}

/**
 * object_destroy_by_id() - what IOMMU_DESTROY asks for
 * @ctx: the context
 * @id: from the user
 *
 * May sleep; waits for ioctls that use the object.
 * Return: 0, -ENOENT, -EBUSY while something depends on the object, or -EINTR
 * when a fatal signal ended the wait.
 */
int object_destroy_by_id(struct iommufd_ctx *ctx, u32 id)
{
	u64 begin = destroy_begin(), cookie = 0;
	enum object_type type = OBJECT_ANY;
	struct object *obj;
	int rc;

	xa_lock(&ctx->objects);
	obj = xa_load(&ctx->objects, id);
	if (!obj || obj->dying) {
		rc = -ENOENT;
	} else {
		cookie = obj->shadow.cookie;
		type = obj->type;
		rc = object_unlink_locked(ctx, obj, true);
	}
	xa_unlock(&ctx->objects);
	if (!rc)
		object_finish(ctx, obj, IOMMUFD_BY_USER, begin);
	else if (trace_iommufd_destroy_enabled())
		report_destroy(ctx, cookie, id, type, rc, IOMMUFD_BY_USER,
			       begin);
	return rc;
}

/*
 * An object of a context that is being closed. Nobody else can destroy it, but
 * a BPF program may be looking at it: waits for that, whatever signals there
 * are, because nobody would come back. False: something depends on it.
 */
static bool destroy_closed(struct iommufd_ctx *ctx, struct object *obj)
{
	u64 begin = destroy_begin();
	int rc;

	xa_lock(&ctx->objects);
	rc = object_unlink_locked(ctx, obj, false);
	xa_unlock(&ctx->objects);
	if (!rc)
		object_finish(ctx, obj, IOMMUFD_BY_CLOSE, begin);
	return !rc;
}

/**
 * object_unuse_destroy() - give a long-term reference back; the last destroys
 * @ctx: the context
 * @obj: must not be touched afterwards
 *
 * If a DESTROY got hold of the object meanwhile, it is left to that. May
 * sleep; waits for ioctls that use the object.
 */
void object_unuse_destroy(struct iommufd_ctx *ctx, struct object *obj)
{
	u64 begin = destroy_begin();
	int rc = -EBUSY;

	xa_lock(&ctx->objects);
	if (!WARN_ON_ONCE(!obj->users))
		obj->users--;
	if (!obj->dying)
		rc = object_unlink_locked(ctx, obj, false);
	else if (!obj->users)
		obj->orphaned = true;
	xa_unlock(&ctx->objects);
	if (!rc)
		object_finish(ctx, obj, IOMMUFD_BY_KERNEL, begin);
}

#ifdef IOMMUFD_VIOMMU
/**
 * object_bury() - destroy an object together with what it belongs to
 * @ctx: the context
 * @slot: where the object is noted, or NULL is; under xa_lock. The object's
 *	destroy() makes it NULL when it is through, and wakes ctx->wait, as does
 *	whoever publishes or gives up what he put there.
 *
 * User space did not ask for that, so the object's id stays taken: it could
 * destroy another object by it. Whoever else destroys it meanwhile is waited
 * for. Nothing may depend on it. May sleep; waits for ioctls that use it.
 */
void object_bury(struct iommufd_ctx *ctx, struct object **slot)
{
	u64 begin = destroy_begin();
	DEFINE_WAIT(wait);
	struct object *obj;

	xa_lock(&ctx->objects);
	while ((obj = *slot)) {
		if (xa_load(&ctx->objects, obj->id) == obj && !obj->dying) {
			obj->tombstone = true;
			if (WARN_ON(object_unlink_locked(ctx, obj, false)))
				break;
			xa_unlock(&ctx->objects);
			object_finish(ctx, obj, IOMMUFD_BY_KERNEL, begin);
			xa_lock(&ctx->objects);
			continue;
		}
		/* Somebody's DESTROY, which must not give up any more. */
		obj->orphaned = true;
		prepare_to_wait(&ctx->wait, &wait, TASK_UNINTERRUPTIBLE);
		xa_unlock(&ctx->objects);
		schedule();
		finish_wait(&ctx->wait, &wait);
		xa_lock(&ctx->objects);
	}
	xa_unlock(&ctx->objects);
}
#endif

/**
 * ctx_destroy() - destroy a context and everything in it
 * @ctx: the context; its file is closed, so nobody else can reach it
 *
 * Objects go leaf first: again and again those that no other depends on. May
 * sleep, and takes as long as unmapping everything takes.
 */
void ctx_destroy(struct iommufd_ctx *ctx)
{
	u64 begin = event_begin(trace_iommufd_close_enabled());
	u32 nr_objects = ctx->view.nr_objects;
	bool progress = true;
	unsigned long any = 0;

	shadow_hide(&ctx->shadow);
	mutex_lock(&ctx_list_lock);
	list_del_rcu(&ctx->node);
	mutex_unlock(&ctx_list_lock);

	while (progress) {
		unsigned long id;
		struct object *obj;

		progress = false;
		xa_for_each(&ctx->objects, id, obj)
			progress |= destroy_closed(ctx, obj);
	}
	/*
	 * A driver that forgot to unbind keeps users up for ever. Leak what
	 * it uses, rather than free it.
	 */
	if (WARN_ON(xa_find(&ctx->objects, &any, ULONG_MAX, XA_PRESENT) ||
		    (!ctx->nr_tombstones && !xa_empty(&ctx->objects))) ||
	    WARN_ON(!xa_empty(&ctx->groups.by_id)))
		return;
#ifdef IOMMUFD_VIOMMU
	WARN_ON(!mtree_empty(&ctx->mmaps));
#endif
	xa_destroy(&ctx->groups.by_id);
	xa_destroy(&ctx->objects);
	WRITE_ONCE(ctx->view.gone, 1);
	if (trace_iommufd_close_enabled())
		report_close(&ctx->view, nr_objects, begin);
	shadow_put(&ctx->shadow);
}
