/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Pin policies, inside the room: pin_table.c registers their tables, pin_ask.c
 * calls their programs, pin_admit.c asks about requests, pin_account.c about
 * pages.
 */
#ifndef IOMMUFD_POLICY_PIN_H
#define IOMMUFD_POLICY_PIN_H

#include <linux/types.h>

#include "iommufd_bpf_abi.h"

struct pin_request;
struct policy;
struct policy_type;

extern const struct policy_type pin_policy_type;

/* Can so many bytes be pinned at a time? */
static inline bool pin_chunk_is_fine(u64 bytes)
{
	return bytes >= IOMMUFD_CHUNK_MIN && bytes <= IOMMUFD_CHUNK_MAX &&
	       !(bytes & 4095);
}

/* pin_ask.c */
int pin_ask(struct policy *policy, enum iommufd_policy_hook hook,
	    struct pin_request *req);
void pin_tell(struct policy *policy, enum iommufd_policy_hook hook,
	      struct pin_request *req);

/* pin_account.c */
void pin_accounts_init(void);
int pin_accounts_adopt(struct policy *policy);
void pin_accounts_forget(struct policy *policy);
void pin_accounts_retire(struct policy *policy);

#endif
