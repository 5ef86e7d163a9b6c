// SPDX-License-Identifier: GPL-2.0-only
/*
 * Calling the programs of one pin policy.
 */
#include "policy/attach.h"
#include "policy/pin.h"
#include "policy/policy.h"
#include "trace.h"

static void trace_denial(const struct pin_request *req,
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
	ev.length = req->pub.length;
	ev.ret = rc;
	ev.code = req->code;
	memcpy(ev.policy, policy->view.name, sizeof(ev.policy));
	/* Without one, what is behind its end was never set. */
	if (req->reason[0])
		memcpy(ev.reason, req->reason, sizeof(ev.reason));
	trace_iommufd_deny(&ev);
}

static void trace_decision(const struct pin_request *req,
			   const struct policy *policy,
			   enum iommufd_policy_hook hook, u64 begin, int rc)
{
	struct iommufd_decision_event ev;

	memset(&ev, 0, sizeof(ev));
	ev.policy_cookie = policy->view.cookie;
	ev.ctx_cookie = req->pub.ctx_cookie;
	ev.ioas_cookie = req->pub.ioas_cookie;
	ev.cgroup_id = req->pub.cgroup_id;
	ev.npages = req->pub.npages;
	ev.duration_ns = clock_since(begin);
	ev.op = req->pub.op;
	ev.hook = hook;
	ev.ret = rc;
	ev.workers = req->wishes.workers;
	ev.chunk_bytes = req->wishes.chunk_bytes;
	memcpy(ev.policy, policy->view.name, sizeof(ev.policy));
	trace_iommufd_policy_decision(&ev);
}

/* What one policy said is not the next one's reason, nor its wish. */
static void clear_sayings(struct pin_request *req)
{
	memset(&req->wishes, 0, sizeof(req->wishes));
	req->code = IOMMUFD_DENY_UNSPECIFIED;
	req->reason[0] = '\0';
}

static int refuse_closed(struct policy *policy, struct pin_request *req)
{
	req->code = IOMMUFD_DENY_CLOSED;
	/* Zeroed to the end: all of it goes to a trace event. */
	strscpy_pad(req->reason, "the policy was ejected; its scope is closed",
		    sizeof(req->reason));
	policy_count(&policy->view.denials, 1);
	trace_denial(req, policy, -EPERM);
	return -EPERM;
}

/**
 * pin_ask() - ask a policy
 * @policy: which; policy_enter() is held
 * @hook: admit() or charge()
 * @req: what; its wishes and its reason are set to what the policy says
 *
 * Does not sleep.
 * Return: 0, -EPERM, -ENOMEM or -EDQUOT.
 */
int pin_ask(struct policy *policy, enum iommufd_policy_hook hook,
	    struct pin_request *req)
{
	const struct iommufd_pin_ops *ops;
	s32 (*ask)(struct iommufd_pin_req *req);
	u64 begin;
	int rc;

	clear_sayings(req);
	if (unlikely(policy_state(policy) != IOMMUFD_POLICY_LIVE))
		return policy_refuses_all(policy) ? refuse_closed(policy, req) :
						    0;
	ops = policy->ops;
	ask = hook == IOMMUFD_HOOK_ADMIT ? ops->admit : ops->charge;
	if (!ask)
		goto out;
	begin = clock_now();
	rc = ask(&req->pub);
	policy_call_end(policy, hook, begin);
	rc = policy_check_answer(policy, hook, rc);
	if (trace_iommufd_policy_decision_enabled())
		trace_decision(req, policy, hook, begin, rc);
	if (rc) {
		trace_denial(req, policy, rc);
		return rc;
	}
out:
	/* Counted when it is told, so that its record says what it knows. */
	if (hook == IOMMUFD_HOOK_CHARGE)
		policy_count(&policy->view.charged_pages, req->pub.npages);
	return 0;
}

/**
 * pin_tell() - tell a policy of pages
 * @policy: which; policy_enter() is held
 * @hook: adopt() or uncharge()
 * @req: what
 *
 * One that is not called any more is not told. Does not sleep.
 */
void pin_tell(struct policy *policy, enum iommufd_policy_hook hook,
	      struct pin_request *req)
{
	const struct iommufd_pin_ops *ops;
	void (*tell)(struct iommufd_pin_req *req);
	u64 begin;

	if (policy_state(policy) > IOMMUFD_POLICY_LIVE)
		return;
	ops = policy->ops;
	policy_count(&policy->view.charged_pages,
		     hook == IOMMUFD_HOOK_ADOPT ? req->pub.npages :
						  -req->pub.npages);
	tell = hook == IOMMUFD_HOOK_ADOPT ? ops->adopt : ops->uncharge;
	if (!tell)
		return;
	clear_sayings(req);
	begin = clock_now();
	tell(&req->pub);
	policy_call_end(policy, hook, begin);
}
