// SPDX-License-Identifier: GPL-2.0-only
/*
 * Accesses: in-kernel users of an IOAS, such as mdev drivers, that emulate a
 * device and touch its memory with the CPU.
 */
#include <linux/iommufd.h>
#include <linux/mm.h>

#include "object.h"
#include "policy/policy.h"
#include "space/space.h"
#include "trace_mem.h"

/**
 * struct iommufd_access - an in-kernel user
 * @obj: its object; the driver that made it is its one user
 * @ctx: its context, referenced
 * @ops: the driver's
 * @entries: one is in the list of users of @ioas; while one IOAS is replaced by
 *	another, each is in one of theirs
 * @cur: which
 * @lock: guards @cur, @ioas and @ioas_unpin
 * @ioas: what it is attached to, or NULL; one user reference
 * @ioas_unpin: the same, and for a moment longer: what it pinned there may
 *	still be given back while it is detached
 */
struct iommufd_access {
	struct object obj;
	struct iommufd_ctx *ctx;
	const struct iommufd_access_ops *ops;
	struct ioas_access entries[2];
	unsigned int cur;
	struct mutex lock;
	struct ioas *ioas;
	struct ioas *ioas_unpin;
};

/* What the events of an access have in common. */
static struct iommufd_access_event
access_event(const struct iommufd_access *access, u32 ioas_id,
	     unsigned long iova, unsigned long length, unsigned int flags)
{
	struct iommufd_access_event ev = {
		.ctx_cookie = access->ctx->view.cookie,
		.iova = iova,
		.length = length,
		.access_id = access->obj.id,
		.ioas_id = ioas_id,
	};

	if (flags & IOMMUFD_ACCESS_RW_WRITE)
		ev.flags |= IOMMUFD_ACCESS_EVENT_WRITE;
	if (flags & IOMMUFD_ACCESS_RW_KTHREAD)
		ev.flags |= IOMMUFD_ACCESS_EVENT_KTHREAD;
	return ev;
}

static void note_ioas(struct iommufd_access_event *ev, const struct ioas *ioas)
{
	ev->ioas_cookie = ioas->view.cookie;
	ev->ioas_id = ioas->view.id;
}

/* Drops the lock meanwhile: the driver's unmap() takes it. */
static void leave_locked(struct iommufd_access *access)
{
	struct ioas_access *entry = &access->entries[access->cur];
	struct ioas *ioas = access->ioas;

	lockdep_assert_held(&access->lock);
	/* From here on nothing new can be pinned there. */
	access->ioas = NULL;
	mutex_unlock(&access->lock);
	if (access->ops->unmap)
		access->ops->unmap(entry->data, 0, ULONG_MAX);
	ioas_remove_access(ioas, entry);
	mutex_lock(&access->lock);
	access->ioas_unpin = NULL;
	object_unuse(access->ctx, &ioas->obj);
}

static noinline void detach_traced(struct iommufd_access *access)
{
	struct iommufd_access_event ev = access_event(access, 0, 0, 0, 0);
	u64 begin = clock_now();

	/* It may be destroyed as soon as it is left. */
	note_ioas(&ev, access->ioas);
	leave_locked(access);
	ev.duration_ns = event_duration(begin);
	trace_iommufd_access_detach(&ev);
}

static void detach_locked(struct iommufd_access *access)
{
	lockdep_assert_held(&access->lock);
	if (trace_iommufd_access_detach_enabled())
		detach_traced(access);
	else
		leave_locked(access);
}

static void access_destroy(struct iommufd_ctx *ctx, struct object *obj)
{
	struct iommufd_access *access =
		container_of(obj, struct iommufd_access, obj);

	mutex_lock(&access->lock);
	if (access->ioas)
		detach_locked(access);
	mutex_unlock(&access->lock);
	mutex_destroy(&access->lock);
}

/**
 * iommufd_access_create() - become an in-kernel user of a context
 * @ctx: the context
 * @ops: what the driver does; stays valid
 * @data: for @ops->unmap()
 * @id: set to the access's id in the context
 *
 * May sleep.
 * Return: the access for iommufd_access_destroy(), or an ERR_PTR.
 */
struct iommufd_access *
iommufd_access_create(struct iommufd_ctx *ctx,
		      const struct iommufd_access_ops *ops, void *data, u32 *id)
{
	struct iommufd_access *access =
		object_new(ctx, access, OBJECT_ACCESS, access_destroy);

	if (IS_ERR(access))
		return access;
	iommufd_ctx_get(ctx);
	access->ctx = ctx;
	access->ops = ops;
	mutex_init(&access->lock);
	access->entries[0].alignment = ops->needs_pin_pages ? PAGE_SIZE : 1;
	access->entries[0].unmap = ops->unmap;
	access->entries[0].data = data;
	access->entries[1] = access->entries[0];
	*id = access->obj.id;
	object_use(ctx, &access->obj);
	object_publish(ctx, &access->obj);
	return access;
}
EXPORT_SYMBOL_NS_GPL(iommufd_access_create, IOMMUFD);

/**
 * iommufd_access_destroy() - not to be an in-kernel user any more
 * @access: the access; detached if it is attached
 *
 * May sleep. The context may go with it.
 */
void iommufd_access_destroy(struct iommufd_access *access)
{
	struct iommufd_ctx *ctx = access->ctx;

	object_unuse_destroy(ctx, &access->obj);
	iommufd_ctx_put(ctx);
}
EXPORT_SYMBOL_NS_GPL(iommufd_access_destroy, IOMMUFD);

static int attach_locked(struct iommufd_access *access, struct ioas *ioas)
{
	int rc;

	lockdep_assert_held(&access->lock);
	rc = ioas_add_access(ioas, &access->entries[access->cur]);
	if (rc)
		return rc;
	object_use(access->ctx, &ioas->obj);
	access->ioas = ioas;
	access->ioas_unpin = ioas;
	return 0;
}

/* Policies are asked without locks. What it pins later is charged then. */
static int access_admit(struct iommufd_access *access, struct ioas *ioas)
{
	struct op_stats st = {};
	struct pin_request req __uninitialized;

	if (!policy_active())
		return 0;
	ioas_init_request(ioas, &req, IOMMUFD_OP_ACCESS_ATTACH);
	return policy_admit(&req, &st);
}

/* Who holds it may be pinning, and wait for a page that never comes. */
static int lock_access(struct iommufd_access *access)
{
	return mutex_lock_killable(&access->lock) ? -EINTR : 0;
}

static int attach(struct iommufd_access *access, u32 ioas_id,
		  struct iommufd_access_event *ev)
{
	struct ioas *ioas = ioas_get(access->ctx, ioas_id);
	int rc;

	if (IS_ERR(ioas))
		return PTR_ERR(ioas);
	note_ioas(ev, ioas);
	rc = access_admit(access, ioas);
	if (!rc)
		rc = lock_access(access);
	if (rc)
		goto out;
	if (!access->ioas && !access->ioas_unpin)
		rc = attach_locked(access, ioas);
	else
		rc = -EINVAL;
	mutex_unlock(&access->lock);
out:
	object_put(access->ctx, &ioas->obj);
	return rc;
}

/**
 * iommufd_access_attach() - choose the IOAS to look at
 * @access: detached
 * @ioas_id: the IOAS's id
 *
 * May sleep.
 * Return: 0; -EINVAL: attached already; -ENOENT: no such IOAS;
 * -EADDRINUSE: something is mapped there that is not aligned to pages; -EINTR;
 * what policies say.
 */
int iommufd_access_attach(struct iommufd_access *access, u32 ioas_id)
{
	struct iommufd_access_event ev =
		access_event(access, ioas_id, 0, 0, 0);
	u64 begin = event_begin(trace_iommufd_access_attach_enabled());

	ev.ret = attach(access, ioas_id, &ev);
	ev.duration_ns = event_duration(begin);
	trace_iommufd_access_attach(&ev);
	return ev.ret;
}
EXPORT_SYMBOL_NS_GPL(iommufd_access_attach, IOMMUFD);

static int replace(struct iommufd_access *access, u32 ioas_id,
		   struct iommufd_access_event *ev)
{
	struct ioas *ioas = ioas_get(access->ctx, ioas_id);
	unsigned int next;
	int rc;

	if (IS_ERR(ioas))
		return PTR_ERR(ioas);
	note_ioas(ev, ioas);
	rc = access_admit(access, ioas);
	if (!rc)
		rc = lock_access(access);
	if (rc)
		goto out_put;
	if (!access->ioas) {
		rc = -ENOENT;
		goto out;
	}
	if (access->ioas == ioas)
		goto out;
	/* Join the new one first: that can fail, leaving cannot. */
	next = !access->cur;
	rc = ioas_add_access(ioas, &access->entries[next]);
	if (rc)
		goto out;
	object_use(access->ctx, &ioas->obj);
	leave_locked(access);
	access->cur = next;
	access->ioas = ioas;
	access->ioas_unpin = ioas;
out:
	mutex_unlock(&access->lock);
out_put:
	object_put(access->ctx, &ioas->obj);
	return rc;
}

/**
 * iommufd_access_replace() - look at another IOAS
 * @access: attached
 * @ioas_id: the IOAS's id
 *
 * Everything pinned in the old one must be given back by @ops->unmap(). May
 * sleep.
 * Return: 0; -ENOENT: not attached, or no such IOAS; -EADDRINUSE and -EINTR as
 * iommufd_access_attach(): it stays attached to the old one then.
 */
int iommufd_access_replace(struct iommufd_access *access, u32 ioas_id)
{
	struct iommufd_access_event ev =
		access_event(access, ioas_id, 0, 0, 0);
	u64 begin = event_begin(trace_iommufd_access_replace_enabled());

	ev.ret = replace(access, ioas_id, &ev);
	ev.duration_ns = event_duration(begin);
	trace_iommufd_access_replace(&ev);
	return ev.ret;
}
EXPORT_SYMBOL_NS_GPL(iommufd_access_replace, IOMMUFD);

/**
 * iommufd_access_detach() - look at no IOAS
 * @access: attached
 *
 * Everything pinned must be given back by @ops->unmap(). May sleep.
 */
void iommufd_access_detach(struct iommufd_access *access)
{
	mutex_lock(&access->lock);
	if (!WARN_ON(!access->ioas))
		detach_locked(access);
	mutex_unlock(&access->lock);
}
EXPORT_SYMBOL_NS_GPL(iommufd_access_detach, IOMMUFD);

/* Lock an access that looks at something. ERR_PTR: it cannot be used now. */
static struct ioas *enter_access(struct iommufd_access *access,
				 unsigned long iova, unsigned long length,
				 unsigned long *last)
{
	int rc;

	if (!length)
		return ERR_PTR(-EINVAL);
	if (check_add_overflow(iova, length - 1, last))
		return ERR_PTR(-EOVERFLOW);
	rc = lock_access(access);
	if (rc)
		return ERR_PTR(rc);
	if (access->ioas)
		return access->ioas;
	mutex_unlock(&access->lock);
	return ERR_PTR(-ENOENT);
}

/* Pin what was not pinned. A function of its own: pin() needs no stack. */
static noinline int pin_anew(struct ioas *ioas, unsigned long iova,
			     unsigned long last, struct page **pages,
			     unsigned int how, struct op_stats *st)
{
	struct area *area = ioas_enter_range(ioas, iova, last, how);
	int rc;

	if (IS_ERR(area))
		return PTR_ERR(area);
	rc = ioas_pin_pages(ioas, area, iova, last, pages, st);
	ioas_count_range(ioas, area, last, -1, !rc, 0);
	return rc;
}

/* @ev: told which IOAS; or NULL */
static int pin(struct iommufd_access *access, unsigned long iova,
	       unsigned long length, struct page **pages, unsigned int flags,
	       struct iommufd_access_event *ev, struct op_stats *st)
{
	unsigned int how = ACCESS_PAGES |
		(flags & IOMMUFD_ACCESS_RW_WRITE ? ACCESS_WRITE : ACCESS_READ);
	unsigned long last;
	struct ioas *ioas;
	int rc = 0;

	if (!access->ops->needs_pin_pages)
		return -EINVAL;
	ioas = enter_access(access, iova, length, &last);
	if (IS_ERR(ioas))
		return PTR_ERR(ioas);
	if (ev)
		note_ioas(ev, ioas);
	if (!ioas_pin_again(ioas, iova, last, pages, how))
		rc = pin_anew(ioas, iova, last, pages, how, st);
	mutex_unlock(&access->lock);
	return rc;
}

static noinline int pin_traced(struct iommufd_access *access,
			       unsigned long iova, unsigned long length,
			       struct page **pages, unsigned int flags)
{
	struct iommufd_access_event ev =
		access_event(access, 0, iova, length, flags);
	struct op_stats st = { .op = IOMMUFD_OP_ACCESS_PIN, .timed = true };
	u64 begin = op_begin(&st);

	ev.ret = pin(access, iova, length, pages, flags, &ev, &st);
	op_end(&st, &ev.duration_ns, begin);
	ev.pages = st.pinned;
	ev.pin_ns = st.pin_ns;
	ev.account_ns = st.account_ns;
	trace_iommufd_access_pin(&ev);
	return ev.ret;
}

/**
 * iommufd_access_pin_pages() - pin what is mapped in a range of IOVAs
 * @access: made with needs_pin_pages, attached
 * @iova: first IOVA; its offset in the page is ignored for @out_pages
 * @length: bytes
 * @out_pages: set to the pages, one for each that the range touches
 * @flags: IOMMUFD_ACCESS_RW_WRITE if they will be written to
 *
 * Give back with iommufd_access_unpin_pages() and the same range, at the
 * latest when @ops->unmap() asks. May sleep for long.
 * Return: 0; -EINVAL: no length, or pages that are not the memory's; -EOVERFLOW;
 * -ENOENT: not attached, or not all of it is mapped; -EPERM: not readable, or
 * not writable if that is asked for; what mem_pin() returns.
 */
int iommufd_access_pin_pages(struct iommufd_access *access, unsigned long iova,
			     unsigned long length, struct page **out_pages,
			     unsigned int flags)
{
	struct op_stats st = { .op = IOMMUFD_OP_ACCESS_PIN };

	if (trace_iommufd_access_pin_enabled())
		return pin_traced(access, iova, length, out_pages, flags);
	return pin(access, iova, length, out_pages, flags, NULL, &st);
}
EXPORT_SYMBOL_NS_GPL(iommufd_access_pin_pages, IOMMUFD);

static void unpin(struct iommufd_access *access, unsigned long iova,
		  unsigned long length, struct iommufd_access_event *ev,
		  struct op_stats *st)
{
	unsigned long last;
	struct ioas *ioas;
	struct area *area;

	if (WARN_ON(!length) ||
	    WARN_ON(check_add_overflow(iova, length - 1, &last)))
		return;
	mutex_lock(&access->lock);
	ioas = access->ioas_unpin;
	if (!WARN_ON(!ioas)) {
		if (ev)
			note_ioas(ev, ioas);
		area = ioas_find_pinned(ioas, iova);
		if (!WARN_ON(!area)) {
			ioas_unpin_pages(ioas, area, iova, last, st);
			ioas_count_range(ioas, area, last, 0, -1, 0);
		}
	}
	mutex_unlock(&access->lock);
}

static noinline void unpin_traced(struct iommufd_access *access,
				  unsigned long iova, unsigned long length)
{
	struct iommufd_access_event ev =
		access_event(access, 0, iova, length, 0);
	struct op_stats st = { .op = IOMMUFD_OP_ACCESS_UNPIN, .timed = true };
	u64 begin = op_begin(&st);

	unpin(access, iova, length, &ev, &st);
	op_end(&st, &ev.duration_ns, begin);
	ev.pages = st.unpinned;
	ev.pin_ns = st.unpin_ns;
	trace_iommufd_access_unpin(&ev);
}

/**
 * iommufd_access_unpin_pages() - give pinned pages back
 * @access: as for the pin
 * @iova: likewise
 * @length: likewise
 *
 * May be called from @ops->unmap(). May sleep.
 */
void iommufd_access_unpin_pages(struct iommufd_access *access,
				unsigned long iova, unsigned long length)
{
	struct op_stats st = { .op = IOMMUFD_OP_ACCESS_UNPIN };

	if (trace_iommufd_access_unpin_enabled())
		unpin_traced(access, iova, length);
	else
		unpin(access, iova, length, NULL, &st);
}
EXPORT_SYMBOL_NS_GPL(iommufd_access_unpin_pages, IOMMUFD);

static unsigned int to_mem_rw(unsigned int flags)
{
	return (flags & IOMMUFD_ACCESS_RW_WRITE ? MEM_RW_WRITE : 0) |
	       (flags & IOMMUFD_ACCESS_RW_KTHREAD ? MEM_RW_KTHREAD : 0) |
	       (flags & __IOMMUFD_ACCESS_RW_SLOW_PATH ? MEM_RW_SLOW : 0);
}

static int rw_slices(struct ioas *ioas, struct area *area, unsigned long iova,
		     unsigned long last, void *data, unsigned int flags)
{
	unsigned long length;
	struct mem *mem;
	u64 offset;
	int rc;

	for (;;) {
		mem = ioas_slice(ioas, &area, iova, last, &offset, &length);
		rc = mem ? mem_rw(mem, offset, data, length, to_mem_rw(flags)) :
			   -ENOENT;
		if (rc || last - iova < length)
			return rc;
		iova += length;
		data += length;
	}
}

/*
 * What cannot be had at once: areas stay, while nothing is locked. A function
 * of its own: rw() needs no stack.
 */
static noinline int rw_range(struct ioas *ioas, unsigned long iova,
			     unsigned long last, void *data,
			     unsigned int flags)
{
	unsigned int how = flags & IOMMUFD_ACCESS_RW_WRITE ? ACCESS_WRITE :
							     ACCESS_READ;
	struct area *area = ioas_enter_range(ioas, iova, last, how);
	int rc;

	if (IS_ERR(area))
		return PTR_ERR(area);
	rc = rw_slices(ioas, area, iova, last, data, flags);
	ioas_count_range(ioas, area, last, -1, 0, 0);
	return rc;
}

static int rw(struct iommufd_access *access, unsigned long iova, void *data,
	      size_t length, unsigned int flags,
	      struct iommufd_access_event *ev)
{
	unsigned long last;
	struct ioas *ioas;
	int rc = 0;

	ioas = enter_access(access, iova, length, &last);
	if (IS_ERR(ioas))
		return PTR_ERR(ioas);
	if (ev)
		note_ioas(ev, ioas);
	if (!ioas_rw_quick(ioas, iova, last, data, to_mem_rw(flags)))
		rc = rw_range(ioas, iova, last, data, flags);
	mutex_unlock(&access->lock);
	return rc;
}

static noinline int rw_traced(struct iommufd_access *access,
			      unsigned long iova, void *data, size_t length,
			      unsigned int flags)
{
	struct iommufd_access_event ev =
		access_event(access, 0, iova, length, flags);
	u64 begin = clock_now();

	ev.ret = rw(access, iova, data, length, flags, &ev);
	ev.duration_ns = event_duration(begin);
	trace_iommufd_access_rw(&ev);
	return ev.ret;
}

/**
 * iommufd_access_rw() - read or write what is mapped in a range of IOVAs
 * @access: attached
 * @iova: first IOVA
 * @data: kernel memory
 * @length: bytes
 * @flags: IOMMUFD_ACCESS_RW_WRITE, IOMMUFD_ACCESS_RW_KTHREAD
 *
 * May sleep.
 * Return: 0; -EINVAL: no length; -EOVERFLOW; -ENOENT: not attached,
 * or not all of it is mapped; -EPERM: not writable, or read from memory that
 * is only writable; what mem_rw() returns. Part may have been copied then.
 */
int iommufd_access_rw(struct iommufd_access *access, unsigned long iova,
		      void *data, size_t length, unsigned int flags)
{
	if (trace_iommufd_access_rw_enabled())
		return rw_traced(access, iova, data, length, flags);
	return rw(access, iova, data, length, flags, NULL);
}
EXPORT_SYMBOL_NS_GPL(iommufd_access_rw, IOMMUFD);
