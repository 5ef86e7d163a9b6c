// SPDX-License-Identifier: GPL-2.0-only
/*
 * All memory that may be charged, on the whole host: for a policy that comes
 * (policy/pin_account.c).
 */
#include <linux/rcupdate.h>
#include <linux/sched.h>

#include "mem/mem.h"
#include "space/space.h"

/**
 * struct place - where a walk over all IOASes is
 * @ctx: the context of the IOAS; kept by the reference to that
 * @cookie: of the context; they rise along the list, so it can be found again
 * @id: where to go on in it
 */
struct place {
	struct iommufd_ctx *ctx;
	u64 cookie;
	unsigned long id;
};

static struct ioas *next_in_ctx(struct place *at)
{
	struct object *obj;

	while ((obj = object_next_rcu(at->ctx, &at->id, OBJECT_IOAS)))
		if (object_tryhold(at->ctx, obj))
			return container_of(obj, struct ioas, obj);
	return NULL;
}

/*
 * The next IOAS, with a busy reference. One whose DESTROY is waiting for such
 * is among them, because it may be given up. One that is in no table any more,
 * or whose context is closed, loses all it has pinned anyway.
 */
static struct ioas *next_ioas(struct place *at)
{
	struct ioas *ioas = NULL;

	rcu_read_lock();
	at->ctx = NULL;
	while (!ioas && (at->ctx = ctx_next_rcu(at->ctx))) {
		u64 cookie = at->ctx->view.cookie;

		if (cookie < at->cookie)
			continue;
		if (cookie > at->cookie)
			at->id = 0;
		at->cookie = cookie;
		ioas = next_in_ctx(at);
	}
	rcu_read_unlock();
	return ioas;
}

static void list_pins(struct ioas *ioas)
{
	struct area *area = NULL;

	mutex_lock(&ioas->iova_lock);
	while ((area = area_set_next(&ioas->areas, area))) {
		if (mem_has_pages(area->mem))
			mem_list_pins(area->mem);
		cond_resched();
	}
	mutex_unlock(&ioas->iova_lock);
}

/**
 * ioases_list_pins() - let policies know of all memory that may be charged
 *
 * Takes iova_lock of each IOAS, for as long as it takes to walk its areas. May
 * sleep.
 */
void ioases_list_pins(void)
{
	struct place at = {};
	struct ioas *ioas;

	while ((ioas = next_ioas(&at))) {
		list_pins(ioas);
		object_put(at.ctx, &ioas->obj);
		cond_resched();
	}
}
