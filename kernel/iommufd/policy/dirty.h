/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Dirty policies, for other rooms: BPF programs that say if dirty tracking may
 * be started, and how the dirty bits of each mapping are to be read.
 *
 * Only the nearest policy is asked. Who was asked is remembered by the policy's
 * cookie, so that what comes of it is told to that policy, or to nobody.
 */
#ifndef IOMMUFD_POLICY_DIRTY_H
#define IOMMUFD_POLICY_DIRTY_H

#include <linux/container_of.h>
#include <linux/jump_label.h>

#include "iommufd_bpf_abi.h"

struct pin_account;
struct policy_type;

/**
 * struct dirty_request - what a dirty policy is asked, and what it said of it
 * @pub: what it sees; read-only to it. It must have a pointer in it: see struct
 *	pin_request
 * @code: why start() refuses: enum iommufd_deny_code
 * @reason: in words
 *
 * On the stack of the task that asks.
 */
struct dirty_request {
	struct iommufd_dirty_req pub;
	u32 code;
	char reason[IOMMUFD_REASON_LEN];
};

static inline struct dirty_request *
to_dirty_request(struct iommufd_dirty_req *pub)
{
	return container_of(pub, struct dirty_request, pub);
}

DECLARE_STATIC_KEY_FALSE(dirty_policy_attached);

/* Is anybody to be asked? Costs a nop while no dirty policy is attached. */
static inline bool dirty_policy_active(void)
{
	return static_branch_unlikely(&dirty_policy_attached);
}

/* dirty_ask.c */
int dirty_policy_start(struct dirty_request *req, u64 *asked);
u32 dirty_policy_read_area(struct dirty_request *req, struct pin_account *acc,
			   u64 *asked);
void dirty_policy_area_done(struct dirty_request *req, u64 asked, u64 ndirty);
void dirty_policy_stop(struct dirty_request *req, u64 asked);

/* dirty_table.c */
extern const struct policy_type dirty_policy_type;

int policy_register_dirty_ops(void);

#endif
