// SPDX-License-Identifier: GPL-2.0-only
/*
 * The open-coded BPF iterator over policies, attached or ended lately. As the
 * other iterators it only reads, under RCU, and takes no lock.
 */
#include <linux/bpf.h>
#include <linux/btf.h>
#include <linux/rcupdate.h>

#include "policy/attach.h"
#include "view/view.h"

/* What programs keep on their stacks for us: must match iommufd_bpf.h. */
struct bpf_iter_iommufd_policy {
	__u64 __opaque[2];
} __aligned(8);

/* What is in it. */
struct policy_walk {
	struct policy *policy;
	bool done;
};

__bpf_kfunc_start_defs();

__bpf_kfunc int
bpf_iter_iommufd_policy_new(struct bpf_iter_iommufd_policy *it)
{
	BUILD_BUG_ON(sizeof(struct policy_walk) > sizeof(*it));
	memset(it, 0, sizeof(*it));
	return 0;
}

__bpf_kfunc const struct iommufd_policy_view *
bpf_iter_iommufd_policy_next(struct bpf_iter_iommufd_policy *it)
{
	struct policy_walk *walk = (void *)it;

	if (walk->done)
		return NULL;
	walk->policy = policy_next_rcu(walk->policy);
	walk->done = !walk->policy;
	return walk->policy ? &walk->policy->view : NULL;
}

__bpf_kfunc void
bpf_iter_iommufd_policy_destroy(struct bpf_iter_iommufd_policy *it)
{
}

__bpf_kfunc_end_defs();
