// SPDX-License-Identifier: GPL-2.0-only
/*
 * IOMMU_IOAS_CHANGE_PROCESS: the calling process pays for all that its context
 * has pinned, from now on; all of it, or nothing changes.
 *
 * The context's process_lock keeps new areas out for as long as that takes.
 * What is unmapped meanwhile, or pinned for a device that is being attached,
 * is charged right all the same: see account.c.
 */
#include <linux/cred.h>
#include <linux/mm.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <uapi/linux/iommufd_ext.h>

#include "space/space.h"
#include "trace_object.h"
#include "ucmd.h"

/* The next IOAS, with a busy reference; @*id is where the search goes on. */
static struct ioas *next_ioas(struct iommufd_ctx *ctx, unsigned long *id)
{
	struct object *obj;

	rcu_read_lock();
	do {
		obj = object_next_rcu(ctx, id, OBJECT_IOAS);
	} while (obj && !object_tryget(ctx, obj));
	rcu_read_unlock();
	return obj ? container_of(obj, struct ioas, obj) : NULL;
}

/*
 * Adds the memory of an IOAS to a list, each once, with a reference. The uAPI
 * wants all of it to be mapped with IOMMU_IOAS_MAP_FILE. So are dmabufs, which
 * cost nobody anything, and so may stay whoever pays for the rest.
 */
static int collect_ioas(struct ioas *ioas, struct list_head *mems)
{
	struct area *area = NULL;
	int rc = 0;

	mutex_lock(&ioas->iova_lock);
	while ((area = area_set_next(&ioas->areas, area))) {
		struct mem *mem = area->mem;

		if (mem->source->kind == IOMMUFD_SOURCE_USER) {
			rc = -EINVAL;
			break;
		}
		if (list_empty(&mem->heir_node)) {
			refcount_inc(&mem->refs);
			list_add_tail(&mem->heir_node, mems);
		}
		cond_resched();
	}
	mutex_unlock(&ioas->iova_lock);
	return rc;
}

static int collect(struct iommufd_ctx *ctx, struct list_head *mems)
{
	unsigned long id = 0;
	struct ioas *ioas;
	int rc = 0;

	while (!rc && (ioas = next_ioas(ctx, &id))) {
		rc = collect_ioas(ioas, mems);
		object_put(ctx, &ioas->obj);
	}
	return rc;
}

/* All of the list's memory gets a new payer, or none. */
static int change_payer(struct list_head *mems, struct payer *heir,
			struct op_stats *st, struct iommufd_process_event *ev)
{
	struct mem *mem;
	int rc;

	list_for_each_entry(mem, mems, heir_node) {
		rc = mem_name_heir(mem, heir, st);
		if (rc)
			goto err_drop;
		cond_resched();
	}
	list_for_each_entry(mem, mems, heir_node) {
		ev->pages += mem_pass_on(mem);
		ev->nr_mems++;
		cond_resched();
	}
	return 0;

err_drop:
	list_for_each_entry_continue_reverse(mem, mems, heir_node)
		mem_drop_heir(mem);
	return rc;
}

static void show_payers(struct iommufd_ctx *ctx)
{
	unsigned long id = 0;
	struct ioas *ioas;

	while ((ioas = next_ioas(ctx, &id))) {
		struct area *area = NULL;

		mutex_lock(&ioas->iova_lock);
		while ((area = area_set_next(&ioas->areas, area))) {
			area_show_payer(area);
			cond_resched();
		}
		mutex_unlock(&ioas->iova_lock);
		object_put(ctx, &ioas->obj);
	}
}

static int change_process(struct iommufd_ctx *ctx, struct payer *heir,
			  struct op_stats *st,
			  struct iommufd_process_event *ev)
{
	struct mem *mem, *next;
	LIST_HEAD(mems);
	int rc;

	lockdep_assert_held_write(&ctx->process_lock);
	rc = collect(ctx, &mems);
	if (!rc)
		rc = change_payer(&mems, heir, st, ev);
	if (!rc)
		show_payers(ctx);
	list_for_each_entry_safe(mem, next, &mems, heir_node) {
		list_del_init(&mem->heir_node);
		mem_put(mem);
		cond_resched();
	}
	return rc;
}

static int lock_and_change(struct iommufd_ctx *ctx, struct op_stats *st,
			   struct iommufd_process_event *ev)
{
	struct payer *heir = payer_get(ctx);
	int rc = -EINTR;

	if (!heir)
		return -ENOMEM;
	if (!down_write_killable(&ctx->process_lock)) {
		rc = change_process(ctx, heir, st, ev);
		up_write(&ctx->process_lock);
	}
	payer_put(heir);
	return rc;
}

/**
 * cmd_ioas_change_process() - IOMMU_IOAS_CHANGE_PROCESS
 * @ucmd: the ioctl
 *
 * Return: 0; -EOPNOTSUPP a reserved field is used; -EINVAL memory of a process
 * is mapped, not a file's; -ENOMEM over the caller's limit, or none left; -EINTR a fatal
 * signal.
 */
int cmd_ioas_change_process(struct ucmd *ucmd)
{
	struct iommu_ioas_change_process *cmd = ucmd->cmd;
	struct iommufd_ctx *ctx = ucmd->ctx;
	struct iommufd_process_event ev = {
		.ctx_cookie = ctx->view.cookie,
		.tgid = task_tgid_nr(current),
		.uid = from_kuid(&init_user_ns, current_uid()),
	};
	struct op_stats st = {
		.op = IOMMUFD_OP_CHANGE_PROCESS,
		.timed = trace_iommufd_change_process_enabled(),
		.ctx = &ctx->view,
	};
	u64 begin = op_begin(&st);

	ev.ret = cmd->__reserved ? -EOPNOTSUPP :
				   lock_and_change(ctx, &st, &ev);
	ev.account_ns = st.account_ns;
	op_end(&st, &ev.duration_ns, begin);
	trace_iommufd_change_process(&ev);
	return ev.ret;
}
