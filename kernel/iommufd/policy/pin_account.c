// SPDX-License-Identifier: GPL-2.0-only
/*
 * What policies are told of pages, so that it adds up.
 *
 * Every account has one number, the pages that are charged, and for each policy
 * that applies another one, a *share*: the pages that this policy was told of.
 * All that is ever done is to change the first and then to make the others
 * equal to it: a policy whose share is less is asked (charge(); adopt() while
 * it is not LIVE yet), one whose share is more is told (uncharge()). So a policy
 * that comes while pages are pinned or unpinned finds its place by the same
 * rule, whoever comes first.
 *
 *	charged   12
 *	shares    global 12 | cgroup 12 | new one 0   <- adopt(12)
 *
 * Why a policy that comes is told of everything:
 *  - It is put into the list, and raises the generation, before it looks at any
 *    account. Who looks at an account after that, under its lock, sees the new
 *    generation, and makes a share for it; who did so before has set the number
 *    that it will see.
 *  - Who does not even look, because no policy was attached, has set the number
 *    before it read the static key. Switching that on waits for every CPU.
 *
 * A policy that is asked about requests only is told of no page, and has no
 * shares. While there is no other, nothing but the number is kept: accounts are in
 * no list. Whoever pins or unpins pays for nothing else. So a policy that comes has
 * the memory of every IOAS listed before it looks: what is charged is mapped by
 * an area, which is entered into its IOAS before and leaves it after.
 *
 * No lock that is held while memory is pinned is taken for this: pinning may
 * wait for ever for user space (userfaultfd), and attaching a policy must not.
 *
 * Locks: policy_lock < shard.lock < account.lock. The latter two are spinlocks;
 * programs run under them.
 */
#include <linux/cgroup.h>
#include <linux/hash.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "policy/attach.h"
#include "policy/pin.h"
#include "policy/policy.h"

/**
 * struct pin_share - what a policy was told of an account
 * @node: in the account's shares
 * @policy: valid while it is in the list: pin_accounts_forget() takes care
 * @pages: how many
 */
struct pin_share {
	struct list_head node;
	struct policy *policy;
	u64 pages;
};

/* The accounts that are listed, by their address. */
#define SHARD_BITS 6
static struct shard {
	spinlock_t lock;
	struct list_head accounts;
	unsigned long nr;
} ____cacheline_aligned_in_smp shards[1 << SHARD_BITS];

static struct shard *shard_of(const struct pin_account *acc)
{
	return &shards[hash_ptr(acc, SHARD_BITS)];
}

/**
 * pin_accounts_init() - before the first account
 */
void pin_accounts_init(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(shards); i++) {
		spin_lock_init(&shards[i].lock);
		INIT_LIST_HEAD(&shards[i].accounts);
	}
}

static void free_shares(struct list_head *shares)
{
	struct pin_share *share, *next;

	list_for_each_entry_safe(share, next, shares, node)
		kfree(share);
	INIT_LIST_HEAD(shares);
}

static pin_account_find_fn find_accounts;

/**
 * pin_account_set_find() - how to find all memory there is
 * @fn: from the room that knows
 *
 * Before any policy can be attached.
 */
void pin_account_set_find(pin_account_find_fn fn)
{
	find_accounts = fn;
}

/**
 * pin_account_list() - policies are to find it
 * @acc: the account; the caller keeps its memory
 * @fill: completes it if it is not listed yet; called under the list's lock
 *
 * Does not sleep.
 */
void pin_account_list(struct pin_account *acc, pin_account_fill_fn fill)
{
	struct shard *shard = shard_of(acc);

	spin_lock(&shard->lock);
	if (!acc->listed) {
		fill(acc);
		list_add(&acc->node, &shard->accounts);
		shard->nr++;
		acc->listed = true;
	}
	spin_unlock(&shard->lock);
}

/**
 * pin_account_unlist() - for pin_account_destroy()
 * @acc: listed
 */
void pin_account_unlist(struct pin_account *acc)
{
	struct shard *shard = shard_of(acc);

	spin_lock(&shard->lock);
	list_del(&acc->node);
	shard->nr--;
	spin_unlock(&shard->lock);
	free_shares(&acc->shares);
}

/**
 * pin_account_owner() - who is charged?
 * @acc: the account; listed
 * @owner: filled in, with a reference to the cgroup for cgroup_put()
 *
 * Does not sleep.
 */
void pin_account_owner(struct pin_account *acc, struct pin_owner *owner)
{
	spin_lock(&acc->lock);
	*owner = acc->owner;
	cgroup_get(owner->cgroup);
	spin_unlock(&acc->lock);
}

static void init_request(const struct pin_account *acc,
			 struct pin_request *req, enum iommufd_op op,
			 const struct pin_purse *purse)
{
	memset(req, 0, sizeof(*req));
	req->pub.op = op;
	req->pub.ctx_cookie = acc->what.ctx_cookie;
	req->pub.ioas_cookie = acc->what.ioas_cookie;
	req->pub.ioas_id = acc->what.ioas_id;
	req->pub.source = acc->what.source;
	req->pub.prot = acc->what.prot;
	req->pub.va = acc->what.va;
	req->pub.length = acc->what.npages << PAGE_SHIFT;
	req->pub.tgid = acc->owner.tgid;
	req->pub.uid = acc->owner.uid;
	req->cgroup = acc->owner.cgroup;
	req->pub.cgroup_id = cgroup_id(acc->owner.cgroup);
	if (purse) {
		req->pub.user_pages = purse->user_pages;
		req->pub.mm_pages = purse->mm_pages;
		req->pub.limit_pages = purse->limit_pages;
	}
}

/* Make a share as large as the account: ask, or tell if @force. */
static int raise_share(struct pin_account *acc, struct pin_share *share,
		       struct pin_request *req, bool force)
{
	u64 charged = READ_ONCE(acc->charged);
	int rc = 0;

	lockdep_assert_held(&acc->lock);
	if (share->pages >= charged)
		return 0;
	req->pub.npages = charged - share->pages;
	req->pub.mem_pages = share->pages;
	if (force || policy_state(share->policy) == IOMMUFD_POLICY_ADOPTING)
		pin_tell(share->policy, IOMMUFD_HOOK_ADOPT, req);
	else
		rc = pin_ask(share->policy, IOMMUFD_HOOK_CHARGE, req);
	if (!rc)
		share->pages = charged;
	return rc;
}

static int raise_shares(struct pin_account *acc, struct pin_request *req,
			bool force)
{
	struct pin_share *share;
	int rc;

	list_for_each_entry(share, &acc->shares, node) {
		rc = raise_share(acc, share, req, force);
		if (rc)
			return rc;
	}
	return 0;
}

/* Make every share as small as @pages: the last that was asked comes first. */
static void lower_shares(struct pin_account *acc, u64 pages)
{
	struct pin_request req;
	struct pin_share *share;
	bool ready = false;

	lockdep_assert_held(&acc->lock);
	list_for_each_entry_reverse(share, &acc->shares, node) {
		if (share->pages <= pages)
			continue;
		if (!ready)
			init_request(acc, &req, 0, NULL);
		ready = true;
		req.pub.npages = share->pages - pages;
		req.pub.mem_pages = pages;
		pin_tell(share->policy, IOMMUFD_HOOK_UNCHARGE, &req);
		share->pages = pages;
	}
}

/* The static key of all that are told. */
DEFINE_STATIC_KEY_FALSE(policy_told);

static struct pin_share *find_share(struct list_head *shares,
				    const struct policy *policy)
{
	struct pin_share *share;

	list_for_each_entry(share, shares, node)
		if (share->policy == policy)
			return share;
	return NULL;
}

/* Takes one of @spares for a policy that has no share among @shares. */
static struct pin_share *get_share(struct list_head *shares,
				   struct policy *policy,
				   struct list_head *spares)
{
	struct pin_share *share = find_share(shares, policy);

	if (!share) {
		share = list_first_entry(spares, struct pin_share, node);
		share->policy = policy;
		share->pages = 0;
	}
	return share;
}

static unsigned int count_missing(struct list_head *shares,
				  const struct policy_chain *chain)
{
	unsigned int i, n = 0;

	for (i = 0; i < chain->nr; i++)
		n += chain->policies[i]->told &&
		     !find_share(shares, chain->policies[i]);
	return n;
}

/* A share for each policy of the chain, in its order, and no others. */
static void order_shares(struct pin_account *acc,
			 const struct policy_chain *chain,
			 struct list_head *spares)
{
	struct pin_share *share;
	LIST_HEAD(old);
	unsigned int i;

	lockdep_assert_held(&acc->lock);
	list_splice_init(&acc->shares, &old);
	for (i = 0; i < chain->nr; i++) {
		if (!chain->policies[i]->told)
			continue;
		share = get_share(&old, chain->policies[i], spares);
		list_move_tail(&share->node, &acc->shares);
	}
	/* Of policies that are gone: the caller frees them. */
	list_splice(&old, spares);
	acc->generation = chain->generation;
}

static int add_spares(struct list_head *spares, unsigned int n, gfp_t gfp)
{
	for (; n; n--) {
		struct pin_share *share = kmalloc(sizeof(*share), gfp);

		if (!share)
			return -ENOMEM;
		list_add(&share->node, spares);
	}
	return 0;
}

static const struct policy_chain *resolve(const struct pin_account *acc,
					  struct cgroup *cgroup, gfp_t gfp)
{
	const struct policy_chain *chain;

	do {
		chain = policy_resolve(&pin_policy_type, acc->what.ioas_cookie,
				       cgroup);
	} while (IS_ERR(chain) && gfp & __GFP_NOFAIL);
	return chain;
}

/*
 * Take the account's lock, at a moment when it is known which policies apply to
 * @cgroup, and there are enough spares for those without a share in @shares.
 * In a read section of policy_srcu. May sleep before. Returns the chain, or
 * -ENOMEM; with the lock held in any case.
 */
static const struct policy_chain *
lock_with_chain(struct pin_account *acc, struct cgroup *cgroup,
		struct list_head *shares, struct list_head *spares, gfp_t gfp)
	__acquires(&acc->lock)
{
	const struct policy_chain *chain;
	unsigned int missing, have = 0;

	for (;;) {
		chain = resolve(acc, cgroup, gfp);
		spin_lock(&acc->lock);
		if (IS_ERR(chain))
			return chain;
		missing = have;
		if (chain->generation == READ_ONCE(policy_generation)) {
			missing = count_missing(shares, chain);
			if (missing <= have)
				return chain;
		}
		spin_unlock(&acc->lock);
		cond_resched();
		if (add_spares(spares, missing - have, gfp)) {
			spin_lock(&acc->lock);
			return ERR_PTR(-ENOMEM);
		}
		have = missing;
	}
}

/* Take the account's lock, with its shares in order unless it is -ENOMEM. */
static int lock_in_order(struct pin_account *acc, struct list_head *spares)
	__acquires(&acc->lock)
{
	const struct policy_chain *chain;

	spin_lock(&acc->lock);
	if (likely(acc->generation == READ_ONCE(policy_generation)))
		return 0;
	spin_unlock(&acc->lock);
	chain = lock_with_chain(acc, acc->owner.cgroup, &acc->shares, spares,
				GFP_KERNEL_ACCOUNT);
	if (IS_ERR(chain))
		return PTR_ERR(chain);
	order_shares(acc, chain, spares);
	return 0;
}

/**
 * pin_account_ask() - ask policies if pages may be pinned
 * @acc: listed; pin_account_add() was called for them; the memory's lock is held
 * @npages: how many
 * @op: on behalf of which operation
 * @purse: what else is known of the owner
 *
 * All policies that apply are asked in order; when one refuses, those before are
 * told the reverse in reverse, and pin_account_add() is undone. May sleep before
 * it asks.
 * Return: 0; the errno of the policy that refuses; -ENOMEM.
 */
int pin_account_ask(struct pin_account *acc, u64 npages, enum iommufd_op op,
		    const struct pin_purse *purse)
{
	struct pin_request req;
	LIST_HEAD(spares);
	int idx, rc;

	idx = policy_enter();
	rc = lock_in_order(acc, &spares);
	if (!rc) {
		init_request(acc, &req, op, purse);
		rc = raise_shares(acc, &req, false);
	}
	if (rc) {
		WRITE_ONCE(acc->charged, acc->charged - npages);
		lower_shares(acc, acc->charged);
	}
	spin_unlock(&acc->lock);
	policy_leave(idx);
	free_shares(&spares);
	return rc;
}

/**
 * pin_account_settle() - tell policies of pages that are not pinned any more
 * @acc: the account; the memory's lock is held
 *
 * For pin_account_sub(). Does not sleep.
 */
void pin_account_settle(struct pin_account *acc)
{
	int idx = policy_enter();

	spin_lock(&acc->lock);
	lower_shares(acc, acc->charged);
	spin_unlock(&acc->lock);
	policy_leave(idx);
}

/*
 * Everything that is charged leaves one owner, for whom it is uncharged, and is
 * charged to another one. If that is refused, it comes back.
 */
static int move(struct pin_account *acc, const struct pin_owner *to,
		const struct pin_purse *purse, bool force)
{
	gfp_t gfp = GFP_KERNEL_ACCOUNT | (force ? __GFP_NOFAIL : 0);
	const struct policy_chain *chain;
	struct pin_owner from;
	struct pin_request req;
	LIST_HEAD(none);
	LIST_HEAD(spares);
	LIST_HEAD(old);
	int idx, rc;

	idx = policy_enter();
	chain = lock_with_chain(acc, to->cgroup, &none, &spares, gfp);
	if (IS_ERR(chain)) {
		rc = PTR_ERR(chain);
		goto unlock;
	}
	lower_shares(acc, 0);
	list_splice_init(&acc->shares, &old);
	from = acc->owner;
	acc->owner = *to;
	order_shares(acc, chain, &spares);
	init_request(acc, &req, IOMMUFD_OP_CHANGE_PROCESS, purse);
	rc = raise_shares(acc, &req, force);
	if (rc) {
		lower_shares(acc, 0);
		list_splice_init(&acc->shares, &spares);
		list_splice_init(&old, &acc->shares);
		acc->owner = from;
		/* It may lack some that came meanwhile: order it next time. */
		acc->generation = 0;
		init_request(acc, &req, IOMMUFD_OP_CHANGE_PROCESS, NULL);
		raise_shares(acc, &req, true);
	}
unlock:
	spin_unlock(&acc->lock);
	policy_leave(idx);
	free_shares(&spares);
	free_shares(&old);
	return rc;
}

/**
 * pin_account_move() - somebody else is charged from now on
 * @acc: the account; listed; the memory's lock is held
 * @to: who
 * @purse: what else is known of @to
 *
 * May sleep.
 * Return: 0; the errno of a policy that refuses; -ENOMEM. All is as before then.
 */
int pin_account_move(struct pin_account *acc, const struct pin_owner *to,
		     const struct pin_purse *purse)
{
	return move(acc, to, purse, false);
}

/**
 * pin_account_move_back() - undo pin_account_move()
 * @acc: the account; the memory's lock is held
 * @to: who was charged before
 *
 * Policies are told, not asked. May sleep; cannot fail.
 */
void pin_account_move_back(struct pin_account *acc,
			   const struct pin_owner *to)
{
	WARN_ON(move(acc, to, NULL, true));
}

/* False: the spares are used up. */
static bool adopt_account(struct pin_account *acc, struct policy *policy,
			  struct list_head *spares)
{
	struct pin_request req;
	struct pin_share *share;
	bool done = true;

	spin_lock(&acc->lock);
	if (!policy_scope_covers(&policy->scope, acc->what.ioas_cookie,
				 acc->owner.cgroup))
		goto out;
	share = find_share(&acc->shares, policy);
	if (!share) {
		done = !list_empty(spares);
		if (!done)
			goto out;
		share = get_share(&acc->shares, policy, spares);
		list_move_tail(&share->node, &acc->shares);
		/* Not its place: who asks next puts it there. */
		acc->generation = 0;
	}
	init_request(acc, &req, 0, NULL);
	raise_share(acc, share, &req, true);
out:
	spin_unlock(&acc->lock);
	return done;
}

/* False: the spares are used up; begin again with so many more. */
static bool adopt_shard(struct shard *shard, struct policy *policy,
			struct list_head *spares, unsigned long *nr)
{
	struct pin_account *acc;
	bool done = true;

	spin_lock(&shard->lock);
	list_for_each_entry(acc, &shard->accounts, node) {
		done = adopt_account(acc, policy, spares);
		if (!done)
			break;
	}
	*nr = shard->nr;
	spin_unlock(&shard->lock);
	return done;
}

/**
 * pin_accounts_adopt() - tell a policy that comes of all that is pinned, if it
 *	wants to know
 * @policy: ADOPTING, and in the list
 *
 * Meanwhile it is told of what is pinned and unpinned by those who do it. May
 * sleep.
 * Return: 0 or -ENOMEM.
 */
int pin_accounts_adopt(struct policy *policy)
{
	LIST_HEAD(spares);
	unsigned int i;
	int rc = 0;

	if (!policy->told)
		return 0;
	policy->counting = true;
	static_branch_inc(&policy_told);
	find_accounts();
	for (i = 0; i < ARRAY_SIZE(shards) && !rc; i++) {
		unsigned long nr;

		while (!rc && !adopt_shard(&shards[i], policy, &spares, &nr))
			rc = add_spares(&spares, nr, GFP_KERNEL);
		cond_resched();
	}
	free_shares(&spares);
	return rc;
}

/**
 * pin_accounts_forget() - nothing is to point to a policy any more
 * @policy: not in the list, or CLOSED; policy_srcu has been waited for
 *
 * May sleep.
 */
void pin_accounts_forget(struct policy *policy)
{
	struct pin_account *acc;
	struct pin_share *share;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(shards); i++) {
		spin_lock(&shards[i].lock);
		list_for_each_entry(acc, &shards[i].accounts, node) {
			spin_lock(&acc->lock);
			share = find_share(&acc->shares, policy);
			if (share) {
				list_del(&share->node);
				kfree(share);
				/* A CLOSED one gets a new one, to say no. */
				acc->generation = 0;
			}
			spin_unlock(&acc->lock);
		}
		spin_unlock(&shards[i].lock);
		cond_resched();
	}
}

/**
 * pin_accounts_retire() - a policy is told no more
 * @policy: after pin_accounts_forget()
 *
 * May sleep.
 */
void pin_accounts_retire(struct policy *policy)
{
	if (policy->counting)
		static_branch_dec(&policy_told);
}
