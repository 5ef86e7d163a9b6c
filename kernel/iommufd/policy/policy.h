/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Policies: BPF programs that are asked before memory is pinned.
 *
 * policy.c asks them and knows which are attached; struct_ops.c is the
 * registration with the BPF core; kfuncs.c is what they may call.
 */
#ifndef IOMMUFD_POLICY_H
#define IOMMUFD_POLICY_H

#include <linux/container_of.h>
#include <linux/jump_label.h>

#include "iommufd_bpf_abi.h"
#include "stats.h"

struct iommufd_ctx;

/**
 * struct pin_request - a request, and what policies said of it
 * @pub: what they see; read-only to them
 * @code: why it is refused: enum iommufd_deny_code
 * @reason: in words
 *
 * On the stack of the task that asks.
 */
struct pin_request {
	struct iommufd_pin_req pub;
	u32 code;
	char reason[IOMMUFD_REASON_LEN];
};

static inline struct pin_request *to_pin_request(struct iommufd_pin_req *pub)
{
	return container_of(pub, struct pin_request, pub);
}

DECLARE_STATIC_KEY_FALSE(policy_attached);

/* Is anybody to be asked? Costs a nop while no policy is attached. */
static inline bool policy_active(void)
{
	return static_branch_unlikely(&policy_attached);
}

void policy_init_request(struct pin_request *req, struct iommufd_ctx *ctx,
			 enum iommufd_op op);
int policy_admit(struct pin_request *req, struct op_stats *st);

/* For struct_ops.c */
int policy_attach(struct iommufd_pin_ops *ops, const void *owner);
void policy_detach(struct iommufd_pin_ops *ops, const void *owner);
int policy_replace(struct iommufd_pin_ops *ops, struct iommufd_pin_ops *old,
		   const void *owner);

int policy_register_struct_ops(void);
int policy_register_kfuncs(void);

#endif
