// SPDX-License-Identifier: GPL-2.0-only
/*
 * Events of contexts and objects: what is told when they come and go. Out of
 * the way of who makes and destroys them, because it is rarely run.
 */
#include <linux/cred.h>
#include <linux/pid.h>
#include <linux/sched.h>

#include "object_event.h"

static_assert(OBJECT_IOAS == (int)IOMMUFD_OBJECT_IOAS);
static_assert(OBJECT_HWPT == (int)IOMMUFD_OBJECT_HWPT);
static_assert(OBJECT_DEVICE == (int)IOMMUFD_OBJECT_DEVICE);
static_assert(OBJECT_ACCESS == (int)IOMMUFD_OBJECT_ACCESS);
static_assert(OBJECT_FAULT == (int)IOMMUFD_OBJECT_FAULT);
static_assert(OBJECT_VIOMMU == (int)IOMMUFD_OBJECT_VIOMMU);
static_assert(OBJECT_VDEVICE == (int)IOMMUFD_OBJECT_VDEVICE);
static_assert(OBJECT_VEVENTQ == (int)IOMMUFD_OBJECT_VEVENTQ);
static_assert(OBJECT_HW_QUEUE == (int)IOMMUFD_OBJECT_HW_QUEUE);
static_assert(OBJECT_HOOK == (int)IOMMUFD_OBJECT_TEST);
static_assert(ACCOUNT_USER == (int)IOMMUFD_ACCOUNT_USER);
static_assert(ACCOUNT_MM == (int)IOMMUFD_ACCOUNT_MM);

/**
 * report_create() - an object can be found
 * @ctx: the context
 * @cookie: the object's; it may be gone already
 * @id: likewise
 * @type: likewise
 */
void report_create(struct iommufd_ctx *ctx, u64 cookie, u32 id, u32 type)
{
	struct iommufd_object_event ev = {
		.ctx_cookie = ctx->view.cookie,
		.cookie = cookie,
		.id = id,
		.type = type,
	};

	trace_iommufd_create(&ev);
}

/**
 * report_destroy() - an object is gone, or stays
 * @ctx: the context
 * @cookie: the object's
 * @id: likewise
 * @type: likewise
 * @rc: 0 or why it stays
 * @cause: who wanted it
 * @begin: from event_begin()
 */
void report_destroy(struct iommufd_ctx *ctx, u64 cookie, u32 id, u32 type,
		    int rc, enum iommufd_destroy_cause cause, u64 begin)
{
	struct iommufd_object_event ev = {
		.ctx_cookie = ctx->view.cookie,
		.cookie = cookie,
		.id = id,
		.type = type,
		.ret = rc,
		.cause = cause,
		.duration_ns = event_duration(begin),
	};

	trace_iommufd_destroy(&ev);
}

/**
 * report_open() - somebody opened /dev/iommu
 * @ctx: the context, or NULL
 * @rc: 0 or why there is none
 * @begin: from event_begin()
 */
void report_open(const struct iommufd_ctx *ctx, int rc, u64 begin)
{
	struct iommufd_ctx_event ev = {
		.ret = rc,
		.duration_ns = event_duration(begin),
	};

	if (ctx) {
		ev.ctx_cookie = ctx->view.cookie;
		ev.cgroup_id = ctx->view.cgroup_id;
		ev.tgid = ctx->view.tgid;
		ev.uid = ctx->view.uid;
		ev.flags = ctx->view.flags;
		memcpy(ev.comm, ctx->view.comm, sizeof(ev.comm));
	} else {
		ev.tgid = task_tgid_nr(current);
		ev.uid = from_kuid(&init_user_ns, current_uid());
		get_task_comm(ev.comm, current->group_leader);
	}
	trace_iommufd_open(&ev);
}

/**
 * report_close() - a context is gone
 * @ctx: its view, readable still
 * @nr_objects: what went with it
 * @begin: from event_begin()
 */
void report_close(const struct iommufd_ctx_view *ctx, u64 nr_objects,
		  u64 begin)
{
	struct iommufd_ctx_event ev = {
		.ctx_cookie = ctx->cookie,
		.cgroup_id = ctx->cgroup_id,
		.lifetime_ns = ktime_get_boottime_ns() - ctx->created_ns,
		.duration_ns = event_duration(begin),
		.nr_objects = nr_objects,
		.tgid = ctx->tgid,
		.uid = ctx->uid,
		.flags = ctx->flags,
	};

	memcpy(ev.comm, ctx->comm, sizeof(ev.comm));
	trace_iommufd_close(&ev);
}
