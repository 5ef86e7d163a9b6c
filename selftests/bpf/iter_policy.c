// SPDX-License-Identifier: GPL-2.0-only
/*
 * iter_policy.c - policies, for the test that walks from inside of functions
 *
 * Owns: the two policies. What they answer is the matter of run-bpf.
 */
#define _GNU_SOURCE
#include <sys/mman.h>
#include <unistd.h>

#include "dirty_policy.h"
#include "iter_policy.h"

#define NONSENSE 77

/* Asked, told of what is there, replaced, and struck out. */
static void use_pin_policies(void)
{
	static struct policy pol, next;
	struct rig r = rig_new();
	unsigned int i;

	if (!pol.obj) {
		pol = policy_load(NULL);
		next = policy_load(NULL);
	}
	CHECK_OK(rig_map(&r, 0, 4));
	CHECK_OK(policy_attach(&pol));
	CHECK_OK(rig_map(&r, 8, 4));
	CHECK_OK(policy_replace(&pol, &next));
	CHECK_OK(rig_unmap(&r, 0, 4));
	next.p->limit = 5;
	CHECK_RET(rig_map(&r, 16, 4), -EDQUOT);
	next.p->limit = 0;
	next.p->nr_exit = 0;
	next.p->ret_admit = NONSENSE;
	for (i = 0; i < IOMMUFD_POLICY_MAX_STRIKES; i++)
		CHECK_OK(rig_map(&r, 16 + i, 1));
	policy_wait_exit(&next);
	next.p->ret_admit = 0;
	policy_detach(&next);
	close(r.fd);
}

static void use_dirty_policies(void)
{
	static struct dirty_policy pol;
	struct dirty_rig r = dirty_rig();

	if (!pol.obj)
		pol = dirty_load(NULL);
	CHECK_OK(dirty_attach(&pol));
	dirty_map(&r, 0, 4);
	CHECK_OK(iommufd_dirty_track(r.fd, r.hwpt, true));
	dirty_write(&r, r.hwpt, 1);
	dirty_count(&r, r.hwpt, 0, 4, 0);
	CHECK_OK(iommufd_dirty_track(r.fd, r.hwpt, false));
	dirty_detach(&pol);
	close(r.fd);
}

void turn_policy(void)
{
	static struct policy pol;

	if (!pol.obj)
		pol = policy_load(NULL);
	CHECK_OK(policy_attach(&pol));
	policy_detach(&pol);
}

void use_policies(void)
{
	use_pin_policies();
	use_dirty_policies();
}
