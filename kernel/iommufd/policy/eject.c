// SPDX-License-Identifier: GPL-2.0-only
/*
 * Policies that misbehave: strikes, overruns, and how one is thrown out; what
 * is written down of how each ended.
 *
 * A program cannot be aborted while it runs, and the one who notices that it
 * misbehaves may hold locks. So a policy is marked, at which moment nobody
 * calls it any more, and a worker has the BPF core detach its link.
 */
#define pr_fmt(fmt) "iommufd: " fmt

#include <linux/bpf.h>
#include <linux/capability.h>
#include <linux/ktime.h>
#include <linux/moduleparam.h>

#include "policy/attach.h"
#include "policy/pin.h"
#include "policy/policy.h"
#include "trace.h"

struct workqueue_struct *policy_wq;

/**
 * policy_call_end() - a program has returned: count it
 * @policy: whose; policy_enter() is held
 * @hook: which
 * @begin: clock_now() before it was called
 *
 * Does not sleep.
 */
void policy_call_end(struct policy *policy, enum iommufd_policy_hook hook,
		     u64 begin)
{
	struct iommufd_policy_view *view = &policy->view;
	u64 ns = clock_since(begin);

	policy_count(&view->calls, 1);
	policy_count(&view->total_ns, ns);
	if (ns > READ_ONCE(view->longest_ns))
		WRITE_ONCE(view->longest_ns, ns);
	if (likely(ns <= IOMMUFD_POLICY_OVERRUN_NS))
		return;
	policy_count(&view->overruns, 1);
	if (view->flags & IOMMUFD_POLICY_F_STRIKE_OVERRUN)
		policy_strike(policy, hook, ns, "it ran too long");
}

/**
 * policy_check_answer() - is it one of the set?
 * @policy: who answered; policy_enter() is held
 * @hook: what
 * @answer: the answer
 *
 * Does not sleep.
 * Return: 0, -EPERM, -ENOMEM or -EDQUOT. Nonsense is -EPERM if the policy is
 * fail-closed, else 0, and a strike.
 */
int policy_check_answer(struct policy *policy, enum iommufd_policy_hook hook,
			int answer)
{
	switch (answer) {
	case 0:
		policy_count(&policy->view.allowed, 1);
		return 0;
	case -EPERM:
	case -ENOMEM:
	case -EDQUOT:
		policy_count(&policy->view.denials, 1);
		return answer;
	}
	WRITE_ONCE(policy->view.exit_code, answer);
	policy_strike(policy, hook, answer, "it answered nonsense");
	if (!(policy->view.flags & IOMMUFD_POLICY_F_FAIL_CLOSED))
		return 0;
	policy_count(&policy->view.denials, 1);
	return -EPERM;
}

/**
 * policy_strike() - a policy has misbehaved; the last time ejects it
 * @policy: the policy; policy_enter() is held
 * @hook: in which program
 * @value: what it answered, or how long it took, ns
 * @why: what is wrong with that
 *
 * Does not sleep.
 */
void policy_strike(struct policy *policy, enum iommufd_policy_hook hook,
		   s64 value, const char *why)
{
	struct iommufd_strike_event ev = {
		.cookie = policy->view.cookie,
		.value = value,
		.hook = hook,
	};
	unsigned int n = atomic_inc_return(&policy->strikes);

	WRITE_ONCE(policy->view.strikes, n);
	if (n == 1)
		pr_warn("policy %s: a strike: %s (%lld)\n", policy->view.name,
			why, value);
	ev.strikes = n;
	memcpy(ev.policy, policy->view.name, sizeof(ev.policy));
	trace_iommufd_policy_strike(&ev);
	if (n >= IOMMUFD_POLICY_MAX_STRIKES)
		policy_eject(policy, IOMMUFD_EXIT_EJECTED,
			     clamp_t(s64, value, INT_MIN, INT_MAX), why);
}

/**
 * policy_eject() - call a policy no more, and have it detached
 * @policy: LIVE, or somebody else was faster; policy_lock or policy_enter() is
 *	held
 * @kind: why
 * @code: the last nonsense, as far as an int goes, or 0
 * @message: in words
 *
 * Does not sleep.
 * Return: true if this was the call that did it.
 */
bool policy_eject(struct policy *policy, enum iommufd_exit_kind kind, int code,
		  const char *message)
{
	struct iommufd_policy_view *view = &policy->view;

	if (cmpxchg(&policy->state, IOMMUFD_POLICY_LIVE,
		    IOMMUFD_POLICY_EJECTING) != IOMMUFD_POLICY_LIVE)
		return false;
	WRITE_ONCE(policy->ending, kind);
	WRITE_ONCE(view->state, IOMMUFD_POLICY_EJECTING);
	if (code)
		WRITE_ONCE(view->exit_code, code);
	strscpy(view->message, message, sizeof(view->message));
	refcount_inc(&policy->refs);
	queue_work(policy_wq, &policy->eject_work);
	return true;
}

/**
 * policy_eject_work() - detach the link of a policy that is EJECTING
 * @work: its work
 *
 * Whoever else detaches or closes the link meanwhile has done it for us.
 */
void policy_eject_work(struct work_struct *work)
{
	struct policy *policy = container_of(work, struct policy, eject_work);
	struct bpf_link *link = NULL;

	mutex_lock(&policy_lock);
	/* Registered still, and so its link's memory is there. */
	if (policy->state == IOMMUFD_POLICY_EJECTING) {
		link = bpf_link_inc_not_zero(policy->link);
		/* Its last close waits for our lock, to unregister it. */
		if (IS_ERR(link))
			link = NULL;
		policy->detaching = link;
	}
	mutex_unlock(&policy_lock);
	if (link) {
		link->ops->detach(link);
		bpf_link_put(link);
	}
	policy_put(policy);
}

/**
 * policy_refuses_all() - is a policy's scope closed?
 * @policy: the policy; policy_enter() is held
 *
 * Return: true if nobody in its scope may do anything new.
 */
bool policy_refuses_all(const struct policy *policy)
{
	switch (policy_state(policy)) {
	case IOMMUFD_POLICY_CLOSED:
		return true;
	case IOMMUFD_POLICY_EJECTING:
		return policy->view.flags & IOMMUFD_POLICY_F_FAIL_CLOSED;
	}
	return false;
}

static const char *default_message(enum iommufd_exit_kind kind)
{
	switch (kind) {
	case IOMMUFD_EXIT_REPLACED:
		return "another table took its place";
	case IOMMUFD_EXIT_ATTACH_FAILED:
		return "it could not be attached after all";
	default:
		return "its link was closed or detached";
	}
}

/**
 * policy_record_exit() - write down how a policy ended
 * @policy: no program of it but exit() is called any more
 * @kind: why
 * @info: filled in, for exit() and for events
 */
void policy_record_exit(struct policy *policy, enum iommufd_exit_kind kind,
			struct iommufd_exit_info *info)
{
	struct iommufd_policy_view *view = &policy->view;

	if (!view->message[0])
		strscpy(view->message, default_message(kind),
			sizeof(view->message));
	WRITE_ONCE(view->exit_kind, kind);
	WRITE_ONCE(view->ended_ns, ktime_get_boottime_ns());

	memset(info, 0, sizeof(*info));
	info->cookie = view->cookie;
	info->ioas_cookie = view->ioas_cookie;
	info->cgroup_id = view->cgroup_id;
	info->kind = kind;
	info->code = view->exit_code;
	info->calls = READ_ONCE(view->calls);
	info->denials = READ_ONCE(view->denials);
	info->overruns = READ_ONCE(view->overruns);
	info->charged_pages = READ_ONCE(view->charged_pages);
	info->strikes = atomic_read(&policy->strikes);
	info->table = view->table;
	memcpy(info->policy, view->name, sizeof(info->policy));
	memcpy(info->message, view->message, sizeof(info->message));
}

/* Writing a policy's name opens the scopes that it left closed. */
static int set_reopen(const char *val, const struct kernel_param *kp)
{
	char name[IOMMUFD_POLICY_NAME_LEN + 1]; /* and echo's newline */

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	if (strscpy(name, val, sizeof(name)) < 0)
		return -ENOENT;
	return policy_reopen(strim(name), NULL) ? 0 : -ENOENT;
}

/* Reading says which they are. */
static int get_reopen(char *buffer, const struct kernel_param *kp)
{
	struct policy *policy;
	int n = 0;

	mutex_lock(&policy_lock);
	list_for_each_entry(policy, &policy_list, node)
		if (policy->state == IOMMUFD_POLICY_CLOSED)
			n += scnprintf(buffer + n, PAGE_SIZE - n, "%s\n",
				       policy->view.name);
	mutex_unlock(&policy_lock);
	return n;
}

static const struct kernel_param_ops reopen_ops = {
	.set = set_reopen,
	.get = get_reopen,
};

module_param_cb(policy_reopen, &reopen_ops, NULL, 0600);
MODULE_PARM_DESC(policy_reopen, "Policies that were ejected and left their scopes closed; write a name to open them");

/**
 * policy_init() - before policies can be attached
 *
 * Return: 0 or -ENOMEM.
 */
int __init policy_init(void)
{
	pin_accounts_init();
	policy_wq = alloc_workqueue("iommufd_policy", WQ_UNBOUND, 0);
	return policy_wq ? 0 : -ENOMEM;
}

/**
 * policy_exit() - when none can be, and nobody asks any more
 */
void policy_exit(void)
{
	/* Afterwards nobody queues work, nor finds anything to open. */
	policy_open_all();
	/* For those who write to policy_reopen just now. */
	kernel_param_lock(THIS_MODULE);
	kernel_param_unlock(THIS_MODULE);
	destroy_workqueue(policy_wq);
	policy_drop_records();
	policy_cache_destroy();
}
