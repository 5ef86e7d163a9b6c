/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Policies: BPF programs that are asked before memory is pinned.
 *
 * This is what other rooms use, and dirty.h for policies of the other type;
 * attach.h is what tables of every type share, pin.h what pin policies have
 * among themselves. There are two questions:
 *
 *  policy_admit()	may this request go on? Before any lock is taken.
 *  pin_account_*()	may these pages be pinned? Where they are accounted.
 *
 * A struct pin_account is what policies know of one piece of memory. While no
 * policy is attached it is a number.
 */
#ifndef IOMMUFD_POLICY_H
#define IOMMUFD_POLICY_H

#include <linux/container_of.h>
#include <linux/jump_label.h>
#include <linux/list.h>
#include <linux/spinlock.h>

#include "iommufd_bpf_abi.h"
#include "stats.h"

struct cgroup;
struct iommufd_ctx;
struct policy;

/**
 * struct pin_wishes - how policies would like memory to be pinned
 * @chunk_bytes: how much to charge and pin at a time; 0: no wish
 * @workers: how many tasks are to pin; 0: no wish
 */
struct pin_wishes {
	u64 chunk_bytes;
	u32 workers;
};

/**
 * struct pin_request - a request, and what policies said of it
 * @pub: what they see; read-only to them
 * @cgroup: whose request it is; held by the one who asks
 * @wishes: of the one that was asked last
 * @code: why it is refused: enum iommufd_deny_code
 * @reason: in words
 *
 * On the stack of the task that asks: policy_init_request() sets @pub, and who asks
 * a policy sets the others. What programs change lies behind what they
 * see; @pub must have a pointer in it (it has __opaque), or the verifier would
 * take any memory of its size for a request, and a kfunc write behind that.
 */
struct pin_request {
	struct iommufd_pin_req pub;
	const struct cgroup *cgroup;
	struct pin_wishes wishes;
	u32 code;
	char reason[IOMMUFD_REASON_LEN];
};

static inline struct pin_request *to_pin_request(struct iommufd_pin_req *pub)
{
	return container_of(pub, struct pin_request, pub);
}

DECLARE_STATIC_KEY_FALSE(policy_attached);
DECLARE_STATIC_KEY_FALSE(policy_told);

/* Is anybody to be asked? Costs a nop while no policy is attached. */
static inline bool policy_active(void)
{
	return static_branch_unlikely(&policy_attached);
}

/* The same of a policy that wants to be told of pages, not of requests alone. */
static inline bool policy_counts_pages(void)
{
	return static_branch_unlikely(&policy_told);
}

/* pin_admit.c */
void policy_init_request(struct pin_request *req, struct iommufd_ctx *ctx,
			 enum iommufd_op op);
int policy_admit(struct pin_request *req, struct op_stats *st);

/* scope.c */
struct cgroup *policy_task_cgroup(void);
void policy_ioas_gone(void);

/**
 * struct pin_owner - who is charged
 * @cgroup: v2; who pays for the memory, or is about to, holds the reference
 * @tgid: the process, in the initial PID namespace
 * @uid: its user, in the initial user namespace
 */
struct pin_owner {
	struct cgroup *cgroup;
	s32 tgid;
	u32 uid;
};

/**
 * struct pin_what - what is pinned; constant
 * @ctx_cookie: in this context
 * @ioas_cookie: mapped into this IOAS first
 * @ioas_id: its id
 * @source: enum iommufd_source
 * @prot: enum iommufd_prot
 * @va: address, or offset in the file, of the first page
 * @npages: how many there are
 */
struct pin_what {
	u64 ctx_cookie;
	u64 ioas_cookie;
	u32 ioas_id;
	u32 source;
	u32 prot;
	u64 va;
	u64 npages;
};

/**
 * struct pin_purse - what is charged to the owner elsewhere, and the limit
 * @user_pages: see struct iommufd_pin_req
 * @mm_pages: likewise
 * @limit_pages: likewise
 */
struct pin_purse {
	u64 user_pages;
	u64 mm_pages;
	u64 limit_pages;
};

/**
 * struct pin_account - what policies know of one piece of memory
 * @charged: pages that are pinned or about to be; written by one task at a
 *	time: the memory's lock is held
 * @listed: it is in the list of accounts, and what follows @shares is filled
 *	in; written under the list's lock, never taken back
 * @lock: guards what follows, and is held while programs are told of charges
 * @shares: struct pin_share: the policies that apply, in the order in which
 *	they are asked, and what each was told
 * @owner: who is charged; written with the memory's lock held, too
 * @what: what it is
 * @generation: of the policies when @shares was made
 * @node: in the list of accounts
 *
 * Embedded in the memory. It is listed when somebody wants to know: when it is
 * charged while a policy counts pages, when such a policy comes, before its owner
 * changes.
 */
struct pin_account {
	u64 charged;
	bool listed;
	spinlock_t lock;
	struct list_head shares;
	struct pin_owner owner;
	struct pin_what what;
	u64 generation;
	struct list_head node;
};

/* Sets owner, and of what it is what is not known yet. Does not sleep. */
typedef void (*pin_account_fill_fn)(struct pin_account *acc);
/* Has every account that may be charged listed. May sleep. */
typedef void (*pin_account_find_fn)(void);

/* pin_account.c */
void pin_account_set_find(pin_account_find_fn fn);
void pin_account_list(struct pin_account *acc, pin_account_fill_fn fill);
void pin_account_unlist(struct pin_account *acc);
void pin_account_owner(struct pin_account *acc, struct pin_owner *owner);
int pin_account_ask(struct pin_account *acc, u64 npages, enum iommufd_op op,
		    const struct pin_purse *purse);
void pin_account_settle(struct pin_account *acc);
int pin_account_move(struct pin_account *acc, const struct pin_owner *to,
		     const struct pin_purse *purse);
void pin_account_move_back(struct pin_account *acc,
			   const struct pin_owner *to);

/**
 * pin_account_init() - memory that nothing is charged for yet
 * @acc: its account, zeroed
 */
static inline void pin_account_init(struct pin_account *acc)
{
	spin_lock_init(&acc->lock);
	INIT_LIST_HEAD(&acc->shares);
}

/**
 * pin_account_place() - where is it mapped first?
 * @acc: its account, new
 * @ioas: the IOAS
 */
static inline void pin_account_place(struct pin_account *acc,
				     const struct iommufd_ioas_view *ioas)
{
	acc->what.ctx_cookie = ioas->ctx_cookie;
	acc->what.ioas_cookie = ioas->cookie;
	acc->what.ioas_id = ioas->id;
}

/**
 * pin_account_destroy() - the memory goes
 * @acc: nothing is charged any more, and nobody can have it listed
 *
 * Does not sleep.
 */
static inline void pin_account_destroy(struct pin_account *acc)
{
	WARN_ON(acc->charged);
	if (unlikely(acc->listed))
		pin_account_unlist(acc);
}

/**
 * pin_account_add() - pages are about to be pinned
 * @acc: of their memory, whose lock is held
 * @npages: how many
 *
 * To be called before policy_counts_pages() is looked at: a policy that is being
 * attached either sees the number, or is seen. If there is one,
 * pin_account_list() and pin_account_ask() come next.
 */
static inline void pin_account_add(struct pin_account *acc, u64 npages)
{
	WRITE_ONCE(acc->charged, acc->charged + npages);
}

/**
 * pin_account_sub() - pages are not pinned any more
 * @acc: of their memory, whose lock is held
 * @npages: how many
 *
 * Does not sleep.
 */
static inline void pin_account_sub(struct pin_account *acc, u64 npages)
{
	WRITE_ONCE(acc->charged, acc->charged - npages);
	if (policy_counts_pages())
		pin_account_settle(acc);
}

/* eject.c: the room as a whole */
int policy_init(void);
void policy_exit(void);

int policy_register_struct_ops(void);
int policy_register_kfuncs(void);

#endif
