// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which policies are attached, and asking them.
 *
 * Requests read the list under SRCU, so a policy's program can run while
 * policies come and go; whoever takes one off the list waits for SRCU before
 * its table is freed.
 */
#define pr_fmt(fmt) "iommufd: " fmt

#include <linux/cgroup.h>
#include <linux/cred.h>
#include <linux/mm.h>
#include <linux/rculist.h>
#include <linux/sched/signal.h>
#include <linux/sched/user.h>
#include <linux/slab.h>
#include <linux/srcu.h>

#include "object.h"
#include "policy/policy.h"
#include "trace.h"

DEFINE_STATIC_KEY_FALSE(policy_attached);
DEFINE_STATIC_SRCU(policy_srcu);

/* Guards changes of the list; readers use policy_srcu. */
static DEFINE_MUTEX(policy_lock);
static LIST_HEAD(policies); /* by falling priority, then by age */

/**
 * struct policy - an attached table
 * @node: in the list of policies
 * @ops: the table; the BPF core frees it after policy_detach()
 * @owner: the link that attached it: one table may be attached twice
 * @nonsense: it returned a value outside the set before
 */
struct policy {
	struct list_head node;
	struct iommufd_pin_ops *ops;
	const void *owner;
	bool nonsense;
};

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
	rcu_read_lock();
	req->pub.cgroup_id = cgroup_id(task_dfl_cgroup(current));
	rcu_read_unlock();
	req->pub.user_pages = atomic_long_read(&current_user()->locked_vm);
	if (current->mm)
		req->pub.mm_pages = atomic64_read(&current->mm->pinned_vm);
	req->pub.limit_pages =
		limit == RLIM_INFINITY ? U64_MAX : limit >> PAGE_SHIFT;
}

/* Errnos a policy may answer; anything else is nonsense and refuses. */
static int check_answer(struct policy *policy, int answer)
{
	switch (answer) {
	case 0:
	case -EPERM:
	case -ENOMEM:
	case -EDQUOT:
		return answer;
	}
	if (!xchg(&policy->nonsense, true))
		pr_warn("policy %s: admit returned %d, which is none of 0, -EPERM, -ENOMEM, -EDQUOT; taken for -EPERM\n",
			policy->ops->name, answer);
	return -EPERM;
}

static void trace_denial(const struct pin_request *req,
			 const struct iommufd_pin_ops *ops, int rc)
{
	struct iommufd_deny_event ev;

	if (!trace_iommufd_deny_enabled())
		return;
	memset(&ev, 0, sizeof(ev));
	ev.ctx_cookie = req->pub.ctx_cookie;
	ev.ioas_cookie = req->pub.ioas_cookie;
	ev.op = req->pub.op;
	ev.ioas_id = req->pub.ioas_id;
	ev.length = req->pub.length;
	ev.ret = rc;
	ev.code = req->code;
	memcpy(ev.policy, ops->name, sizeof(ev.policy));
	memcpy(ev.reason, req->reason, sizeof(ev.reason));
	trace_iommufd_deny(&ev);
}

/**
 * policy_admit() - ask every policy whether a request may go on
 * @req: from policy_init_request(), completed by the caller
 * @st: counts the time
 *
 * Call with no lock held that a map, unmap or attach takes. May sleep.
 * Return: 0 if all agree, or the errno of the first that does not.
 */
int policy_admit(struct pin_request *req, struct op_stats *st)
{
	u64 begin = op_begin(st);
	struct policy *policy;
	int idx, rc = 0;

	might_sleep();
	idx = srcu_read_lock(&policy_srcu);
	list_for_each_entry_srcu(policy, &policies, node,
				 srcu_read_lock_held(&policy_srcu)) {
		if (!policy->ops->admit)
			continue;
		/* What one policy said is not the next one's reason. */
		req->code = IOMMUFD_DENY_UNSPECIFIED;
		req->reason[0] = '\0';
		rc = check_answer(policy, policy->ops->admit(&req->pub));
		if (rc) {
			trace_denial(req, policy->ops, rc);
			break;
		}
	}
	srcu_read_unlock(&policy_srcu, idx);
	op_end(st, &st->policy_ns, begin);
	return rc;
}

static struct policy *find_policy(const struct iommufd_pin_ops *ops,
				  const void *owner)
{
	struct policy *policy;

	lockdep_assert_held(&policy_lock);
	list_for_each_entry(policy, &policies, node)
		if (policy->ops == ops && policy->owner == owner)
			return policy;
	return NULL;
}

static void insert_policy(struct policy *new)
{
	struct policy *policy;

	lockdep_assert_held(&policy_lock);
	list_for_each_entry(policy, &policies, node)
		if (policy->ops->priority < new->ops->priority)
			break;
	/* Before that one, or at the end. */
	list_add_tail_rcu(&new->node, &policy->node);
}

static struct policy *new_policy(struct iommufd_pin_ops *ops,
				 const void *owner)
{
	struct policy *policy = kzalloc(sizeof(*policy), GFP_KERNEL);

	if (policy) {
		policy->ops = ops;
		policy->owner = owner;
	}
	return policy;
}

/**
 * policy_attach() - ask a policy from now on
 * @ops: its table, valid until policy_detach()
 * @owner: who attaches it
 *
 * May sleep.
 * Return: 0 or -ENOMEM.
 */
int policy_attach(struct iommufd_pin_ops *ops, const void *owner)
{
	struct policy *policy = new_policy(ops, owner);

	if (!policy)
		return -ENOMEM;
	mutex_lock(&policy_lock);
	insert_policy(policy);
	mutex_unlock(&policy_lock);
	static_branch_inc(&policy_attached);
	pr_info("policy %s attached\n", ops->name);
	return 0;
}

/**
 * policy_detach() - do not ask a policy any more
 * @ops: its table
 * @owner: who attached it
 *
 * No program of it runs on return. May sleep.
 */
void policy_detach(struct iommufd_pin_ops *ops, const void *owner)
{
	struct policy *policy;

	mutex_lock(&policy_lock);
	policy = find_policy(ops, owner);
	if (policy)
		list_del_rcu(&policy->node);
	mutex_unlock(&policy_lock);
	if (WARN_ON(!policy))
		return;
	static_branch_dec(&policy_attached);
	synchronize_srcu(&policy_srcu);
	pr_info("policy %s detached\n", ops->name);
	kfree(policy);
}

/**
 * policy_replace() - ask another policy in the place of one
 * @ops: the new table
 * @old: the table that it replaces
 * @owner: who attached @old
 *
 * A request is asked of one or the other, never of neither. No program of
 * @old runs on return. May sleep.
 * Return: 0, -ENOMEM, or -ENOENT if @old is
 * not attached.
 */
int policy_replace(struct iommufd_pin_ops *ops, struct iommufd_pin_ops *old,
		   const void *owner)
{
	struct policy *policy = new_policy(ops, owner);
	struct policy *was;

	if (!policy)
		return -ENOMEM;
	mutex_lock(&policy_lock);
	was = find_policy(old, owner);
	if (!was) {
		mutex_unlock(&policy_lock);
		kfree(policy);
		return -ENOENT;
	}
	/* First the new one: for a moment both are asked. */
	insert_policy(policy);
	list_del_rcu(&was->node);
	mutex_unlock(&policy_lock);
	synchronize_srcu(&policy_srcu);
	kfree(was);
	return 0;
}
