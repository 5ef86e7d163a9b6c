// SPDX-License-Identifier: GPL-2.0-only
/*
 * Asking pin policies whether a request may go on, before any lock is taken.
 */
#include <linux/cgroup.h>
#include <linux/cred.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/user.h>

#include "object.h"
#include "policy/attach.h"
#include "policy/pin.h"
#include "policy/policy.h"

DEFINE_STATIC_KEY_FALSE(policy_attached);

/**
 * policy_init_request() - fill in who asks
 * @req: the request; zeroed first
 * @ctx: the context
 * @op: enum iommufd_op
 *
 * Must be called by the task that asks. Does not sleep.
 */
void policy_init_request(struct pin_request *req, struct iommufd_ctx *ctx,
			 enum iommufd_op op)
{
	unsigned long limit = rlimit(RLIMIT_MEMLOCK);

	memset(req, 0, sizeof(*req));
	req->pub.op = op;
	req->pub.ctx_cookie = ctx->view.cookie;
	req->pub.tgid = task_tgid_nr(current);
	req->pub.uid = from_kuid(&init_user_ns, current_uid());
	req->pub.user_pages = atomic_long_read(&current_user()->locked_vm);
	if (current->mm)
		req->pub.mm_pages = atomic64_read(&current->mm->pinned_vm);
	req->pub.limit_pages =
		limit == RLIM_INFINITY ? U64_MAX : limit >> PAGE_SHIFT;
}

/* What cannot be is a strike, and no wish. */
static void check_wishes(struct policy *policy, struct pin_wishes *wishes)
{
	if (wishes->chunk_bytes && !pin_chunk_is_fine(wishes->chunk_bytes)) {
		policy_strike(policy, IOMMUFD_HOOK_ADMIT, wishes->chunk_bytes,
			      "it wished for an impossible chunk");
		wishes->chunk_bytes = 0;
	}
	if (wishes->workers > IOMMUFD_WORKERS_MAX) {
		policy_strike(policy, IOMMUFD_HOOK_ADMIT, wishes->workers,
			      "it wished for too many workers");
		wishes->workers = 0;
	}
}

/*
 * The nearest policy's wish counts, and of one scope's policies that of the
 * one that is asked first. Later ones are nearer, or of the same scope. The
 * workers' is of no consequence yet.
 */
static int ask_all(const struct policy_chain *chain, struct pin_request *req,
		   u64 *chunk_bytes)
{
	const struct policy *whose = NULL;
	unsigned int i;
	int rc;

	for (i = 0; i < chain->nr; i++) {
		struct policy *policy = chain->policies[i];

		rc = pin_ask(policy, IOMMUFD_HOOK_ADMIT, req);
		if (rc)
			return rc;
		check_wishes(policy, &req->wishes);
		if (req->wishes.chunk_bytes &&
		    (!whose ||
		     !policy_scope_equal(&whose->scope, &policy->scope))) {
			*chunk_bytes = req->wishes.chunk_bytes;
			whose = policy;
		}
	}
	return 0;
}

/**
 * policy_admit() - ask every policy that applies whether a request may go on
 * @req: from policy_init_request(), completed by the caller
 * @st: counts the time; is told how much is to be pinned at a time
 *
 * Call with no lock held that a map, unmap or attach takes. May sleep.
 * Return: 0 if all agree, or the errno of the first that does not; -ENOMEM.
 */
int policy_admit(struct pin_request *req, struct op_stats *st)
{
	struct cgroup *cgroup = policy_task_cgroup();
	u64 begin = op_begin(st);
	const struct policy_chain *chain;
	u64 chunk_bytes = 0;
	int idx, rc;

	might_sleep();
	req->cgroup = cgroup;
	req->pub.cgroup_id = cgroup_id(cgroup);
	idx = policy_enter();
	chain = policy_resolve(&pin_policy_type, req->pub.ioas_cookie, cgroup);
	if (IS_ERR(chain))
		rc = PTR_ERR(chain);
	else
		rc = ask_all(chain, req, &chunk_bytes);
	policy_leave(idx);
	cgroup_put(cgroup);
	if (!rc && chunk_bytes)
		st->chunk_pages = chunk_bytes >> PAGE_SHIFT;
	op_end(st, &st->policy_ns, begin);
	return rc;
}
