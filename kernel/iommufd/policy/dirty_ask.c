// SPDX-License-Identifier: GPL-2.0-only
/*
 * Asking the dirty policy that is nearest, and telling it what came of it.
 */
#include <linux/cgroup.h>
#include <linux/cred.h>
#include <linux/mm.h>
#include <linux/rculist.h>
#include <linux/sched.h>

#include "policy/attach.h"
#include "policy/dirty.h"
#include "policy/policy.h"
#include "trace.h"

DEFINE_STATIC_KEY_FALSE(dirty_policy_attached);

static void trace_refusal(const struct dirty_request *req,
			  const struct policy *policy, int rc)
{
	struct iommufd_deny_event ev;

	if (!trace_iommufd_deny_enabled())
		return;
	memset(&ev, 0, sizeof(ev));
	ev.ctx_cookie = req->pub.ctx_cookie;
	ev.ioas_cookie = req->pub.ioas_cookie;
	ev.op = req->pub.op;
	ev.ioas_id = req->pub.ioas_id;
	ev.ret = rc;
	ev.code = req->code;
	memcpy(ev.policy, policy->view.name, sizeof(ev.policy));
	memcpy(ev.reason, req->reason, sizeof(ev.reason));
	trace_iommufd_deny(&ev);
}

static void trace_decision(const struct dirty_request *req,
			   const struct policy *policy,
			   enum iommufd_policy_hook hook, u64 begin, int rc)
{
	struct iommufd_decision_event ev;

	if (!trace_iommufd_policy_decision_enabled())
		return;
	memset(&ev, 0, sizeof(ev));
	ev.policy_cookie = policy->view.cookie;
	ev.ctx_cookie = req->pub.ctx_cookie;
	ev.ioas_cookie = req->pub.ioas_cookie;
	ev.cgroup_id = req->pub.cgroup_id;
	ev.npages = DIV_ROUND_UP(req->pub.length, PAGE_SIZE);
	ev.duration_ns = clock_since(begin);
	ev.op = req->pub.op;
	ev.hook = hook;
	ev.ret = rc;
	memcpy(ev.policy, policy->view.name, sizeof(ev.policy));
	trace_iommufd_policy_decision(&ev);
}

/*
 * One that is just being attached, or thrown out, is not there yet, or not any
 * more: then the next one is the nearest. A closed scope is there. NULL: none.
 */
static struct policy *nearest_policy(u64 ioas_cookie, struct cgroup *cgroup)
{
	const struct policy_chain *chain;
	unsigned int i;

	chain = policy_resolve(&dirty_policy_type, ioas_cookie, cgroup);
	if (IS_ERR(chain))
		return ERR_CAST(chain);
	for (i = chain->nr; i-- > 0;) {
		struct policy *policy = chain->policies[i];

		if (policy_state(policy) == IOMMUFD_POLICY_LIVE ||
		    policy_refuses_all(policy))
			return policy;
	}
	return NULL;
}

/* The policy that was asked before, if it is called still. */
static struct policy *find_asked(u64 cookie)
{
	struct policy *policy;

	list_for_each_entry_srcu(policy, &policy_list, node,
				 srcu_read_lock_held(&policy_srcu))
		if (policy->view.cookie == cookie)
			return policy_state(policy) == IOMMUFD_POLICY_LIVE ?
				       policy : NULL;
	return NULL;
}

static int refuse_closed(struct policy *policy, struct dirty_request *req)
{
	req->code = IOMMUFD_DENY_CLOSED;
	strscpy_pad(req->reason, "the policy was ejected; its scope is closed",
		    sizeof(req->reason));
	policy_count(&policy->view.denials, 1);
	trace_refusal(req, policy, -EPERM);
	return -EPERM;
}

static int ask_start(struct policy *policy, struct dirty_request *req)
{
	const struct iommufd_dirty_ops *ops = policy->ops;
	u64 begin;
	int rc;

	if (!ops->start)
		return 0;
	begin = clock_now();
	rc = ops->start(&req->pub);
	policy_call_end(policy, IOMMUFD_HOOK_DIRTY_START, begin);
	rc = policy_check_answer(policy, IOMMUFD_HOOK_DIRTY_START, rc);
	trace_decision(req, policy, IOMMUFD_HOOK_DIRTY_START, begin, rc);
	if (rc)
		trace_refusal(req, policy, rc);
	return rc;
}

/**
 * dirty_policy_start() - may dirty tracking be started?
 * @req: zeroed; the caller has set what it is about; the task that asks, its
 *	user and its cgroup are filled in
 * @asked: set to the policy that allowed it, for dirty_policy_stop(), or to 0
 *
 * Must be called by the task that asks. May sleep.
 * Return: 0 or the policy's refusal: -EPERM, -ENOMEM, -EDQUOT; -ENOMEM.
 */
int dirty_policy_start(struct dirty_request *req, u64 *asked)
{
	struct cgroup *cgroup = policy_task_cgroup();
	struct policy *policy;
	int idx, rc = 0;

	*asked = 0;
	req->pub.tgid = task_tgid_nr(current);
	req->pub.uid = from_kuid(&init_user_ns, current_uid());
	req->pub.cgroup_id = cgroup_id(cgroup);
	idx = policy_enter();
	policy = nearest_policy(req->pub.ioas_cookie, cgroup);
	if (IS_ERR(policy)) {
		rc = PTR_ERR(policy);
	} else if (policy && policy_refuses_all(policy)) {
		rc = refuse_closed(policy, req);
	} else if (policy) {
		rc = ask_start(policy, req);
		if (!rc)
			*asked = policy->view.cookie;
	}
	policy_leave(idx);
	cgroup_put(cgroup);
	return rc;
}

static u32 ask_read_area(struct policy *policy, struct dirty_request *req)
{
	const struct iommufd_dirty_ops *ops = policy->ops;
	u64 begin;
	u32 verdict;

	if (!ops->read_area)
		return IOMMUFD_DIRTY_SCAN;
	begin = clock_now();
	verdict = ops->read_area(&req->pub);
	policy_call_end(policy, IOMMUFD_HOOK_DIRTY_READ_AREA, begin);
	if (unlikely(verdict > IOMMUFD_DIRTY_ASSUME)) {
		WRITE_ONCE(policy->view.exit_code, verdict);
		policy_strike(policy, IOMMUFD_HOOK_DIRTY_READ_AREA, verdict,
			      "it answered nonsense");
		verdict = IOMMUFD_DIRTY_SCAN;
	}
	trace_decision(req, policy, IOMMUFD_HOOK_DIRTY_READ_AREA, begin,
		       verdict);
	return verdict;
}

/**
 * dirty_policy_read_area() - how is an area to be read?
 * @req: zeroed; the caller has set what it is about; who is charged for the
 *	memory is filled in
 * @acc: of the area's memory
 * @asked: set to the policy that was asked, for dirty_policy_area_done(), or
 *	to 0
 *
 * May sleep.
 * Return: enum iommufd_dirty_verdict: SCAN also if nobody is to be asked, or
 * there is no memory to find that out.
 */
u32 dirty_policy_read_area(struct dirty_request *req, struct pin_account *acc,
			   u64 *asked)
{
	u32 verdict = IOMMUFD_DIRTY_SCAN;
	struct pin_owner owner;
	struct policy *policy;
	int idx;

	*asked = 0;
	pin_account_owner(acc, &owner);
	req->pub.tgid = owner.tgid;
	req->pub.uid = owner.uid;
	req->pub.cgroup_id = cgroup_id(owner.cgroup);
	idx = policy_enter();
	policy = nearest_policy(req->pub.ioas_cookie, owner.cgroup);
	if (!IS_ERR_OR_NULL(policy) && !policy_refuses_all(policy)) {
		verdict = ask_read_area(policy, req);
		*asked = policy->view.cookie;
	}
	policy_leave(idx);
	cgroup_put(owner.cgroup);
	return verdict;
}

/**
 * dirty_policy_area_done() - an area was read
 * @req: of dirty_policy_read_area(), with the verdict that was carried out
 * @asked: from there
 * @ndirty: pages that were reported
 */
void dirty_policy_area_done(struct dirty_request *req, u64 asked, u64 ndirty)
{
	const struct iommufd_dirty_ops *ops;
	int idx = policy_enter();
	struct policy *policy = find_asked(asked);
	u64 begin;

	ops = policy ? policy->ops : NULL;
	if (ops && ops->area_done) {
		begin = clock_now();
		ops->area_done(&req->pub, ndirty);
		policy_call_end(policy, IOMMUFD_HOOK_DIRTY_AREA_DONE, begin);
	}
	policy_leave(idx);
}

/**
 * dirty_policy_stop() - what dirty_policy_start() allowed has ended
 * @req: as it was asked then
 * @asked: from there
 */
void dirty_policy_stop(struct dirty_request *req, u64 asked)
{
	const struct iommufd_dirty_ops *ops;
	int idx = policy_enter();
	struct policy *policy = find_asked(asked);
	u64 begin;

	ops = policy ? policy->ops : NULL;
	if (ops && ops->stop) {
		begin = clock_now();
		ops->stop(&req->pub);
		policy_call_end(policy, IOMMUFD_HOOK_DIRTY_STOP, begin);
	}
	policy_leave(idx);
}
