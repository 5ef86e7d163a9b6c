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
 * policy_init_request() - fill in who asks; all else that policies see is 0
 * @req: the request
 * @ctx: the context
 * @op: enum iommufd_op
 *
 * Must be called by the task that asks. Does not sleep.
 */
void policy_init_request(struct pin_request *req, struct iommufd_ctx *ctx,
			 enum iommufd_op op)
{
	unsigned long limit = rlimit(RLIMIT_MEMLOCK);
	const struct mm_struct *mm = current->mm;

	/* What is said of it is not set: pin_ask() does that each time. */
	req->pub = (struct iommufd_pin_req){
		.op = op,
		.ctx_cookie = ctx->view.cookie,
		.tgid = task_tgid_nr(current),
		/* As the initial user namespace knows it. */
		.uid = __kuid_val(current_uid()),
		.user_pages = atomic_long_read(&current_user()->locked_vm),
		.mm_pages = mm ? atomic64_read(&mm->pinned_vm) : 0,
		.limit_pages = limit == RLIM_INFINITY ? U64_MAX :
							limit >> PAGE_SHIFT,
	};
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

/* What is known of the policies that apply is stale, or was thrown away. */
static noinline int ask_all_anew(struct pin_request *req, u64 *chunk_bytes)
{
	struct cgroup *cgroup = policy_task_cgroup();
	const struct policy_chain *chain;
	int rc;

	chain = policy_resolve(&pin_policy_type, req->pub.ioas_cookie, cgroup);
	req->cgroup = cgroup;
	req->pub.cgroup_id = cgroup_id(cgroup);
	rc = IS_ERR(chain) ? PTR_ERR(chain) : ask_all(chain, req, chunk_bytes);
	cgroup_put(cgroup);
	return rc;
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
	const struct policy_chain *chain;
	u64 begin = op_begin(st);
	u64 chunk_bytes = 0;
	int idx, rc;

	might_sleep();
	idx = policy_enter();
	/* It keeps the task's cgroup while nobody has to sleep. */
	rcu_read_lock();
	req->cgroup = task_dfl_cgroup(current);
	req->pub.cgroup_id = cgroup_id(req->cgroup);
	chain = policy_cached(&pin_policy_type, req->pub.ioas_cookie,
			      req->pub.cgroup_id);
	rc = chain ? ask_all(chain, req, &chunk_bytes) : 0;
	rcu_read_unlock();
	if (!chain)
		rc = ask_all_anew(req, &chunk_bytes);
	policy_leave(idx);
	if (!rc && chunk_bytes)
		st->chunk_pages = chunk_bytes >> PAGE_SHIFT;
	op_end(st, &st->policy_ns, begin);
	return rc;
}
