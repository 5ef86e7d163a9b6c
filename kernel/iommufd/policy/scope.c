// SPDX-License-Identifier: GPL-2.0-only
/*
 * For whom a policy is, and which policies are for somebody.
 *
 * Resolved chains are cached by (type, IOAS, cgroup), one in each slot of a
 * table. A chain is right while the generation is the one that it was made in,
 * so nobody has to be told when policies come and go. What is cached is freed
 * through policy_srcu.
 */
#include <linux/cgroup.h>
#include <linux/hash.h>
#include <linux/rculist.h>
#include <linux/slab.h>
#include <linux/tracepoint.h>

#include "object.h"
#include "policy/attach.h"
#include "policy/policy.h"

#define CACHE_BITS 8
static struct policy_chain __rcu *cache[1 << CACHE_BITS];

static bool ioas_exists(u64 cookie)
{
	bool found;

	rcu_read_lock();
	found = shadow_find_rcu(cookie, OBJECT_IOAS);
	rcu_read_unlock();
	return found;
}

/**
 * policy_scope_init() - for whom does a table want to be?
 * @scope: filled in; give back with policy_scope_release()
 * @conf: from the table
 *
 * The cgroup's id counts in the caller's cgroup namespace.
 * Return: 0; -EINVAL both are asked for; -ENOENT no such cgroup.
 */
int policy_scope_init(struct policy_scope *scope,
		      const struct policy_conf *conf)
{
	memset(scope, 0, sizeof(*scope));
	if (conf->ioas_cookie && conf->cgroup_id)
		return -EINVAL;
	if (conf->cgroup_id) {
		struct cgroup *cgroup = cgroup_get_from_id(conf->cgroup_id);

		if (IS_ERR(cgroup))
			return -ENOENT;
		scope->kind = POLICY_CGROUP;
		scope->cgroup = cgroup;
	} else if (conf->ioas_cookie) {
		scope->kind = POLICY_IOAS;
		scope->ioas_cookie = conf->ioas_cookie;
	}
	return 0;
}

/**
 * policy_scope_release() - the reverse of policy_scope_init()
 * @scope: the scope
 */
void policy_scope_release(struct policy_scope *scope)
{
	if (scope->cgroup)
		cgroup_put(scope->cgroup);
}

/**
 * policy_scope_alive() - can anybody new be in it?
 * @scope: the scope
 *
 * Does not sleep. Whoever removes a cgroup or an IOAS calls policy_scopes_gone()
 * after this has become false.
 * Return: false if its cgroup or its IOAS is gone.
 */
bool policy_scope_alive(const struct policy_scope *scope)
{
	switch (scope->kind) {
	case POLICY_CGROUP:
		return READ_ONCE(scope->cgroup->self.flags) & CSS_ONLINE;
	case POLICY_IOAS:
		return ioas_exists(scope->ioas_cookie);
	default:
		return true;
	}
}

/**
 * policy_scope_equal() - are two scopes the same?
 * @a: one
 * @b: the other
 *
 * Return: true if they are.
 */
bool policy_scope_equal(const struct policy_scope *a,
			const struct policy_scope *b)
{
	return a->kind == b->kind && a->ioas_cookie == b->ioas_cookie &&
	       a->cgroup == b->cgroup;
}

/**
 * policy_scope_covers() - does a scope apply?
 * @scope: the scope
 * @ioas_cookie: to this IOAS
 * @cgroup: or a cgroup of v2
 *
 * Return: true if it does.
 */
bool policy_scope_covers(const struct policy_scope *scope, u64 ioas_cookie,
			 struct cgroup *cgroup)
{
	switch (scope->kind) {
	case POLICY_CGROUP:
		return cgroup_is_descendant(cgroup, scope->cgroup);
	case POLICY_IOAS:
		return scope->ioas_cookie == ioas_cookie;
	default:
		return true;
	}
}

/**
 * policy_before() - is one asked before the other, if both apply?
 * @a: one
 * @b: the other
 *
 * Global ones come first, then cgroups from the outermost inwards, then the
 * IOAS's own: a cgroup's level says how far in it is. Then by priority.
 * Return: true if @a is asked first; false also if they are equal.
 */
bool policy_before(const struct policy *a, const struct policy *b)
{
	if (a->scope.kind != b->scope.kind)
		return a->scope.kind < b->scope.kind;
	if (a->scope.kind == POLICY_CGROUP &&
	    a->scope.cgroup->level != b->scope.cgroup->level)
		return a->scope.cgroup->level < b->scope.cgroup->level;
	return a->view.priority > b->view.priority;
}

static unsigned int count_policies(const struct policy_type *type)
{
	struct policy *policy;
	unsigned int n = 0;

	list_for_each_entry_srcu(policy, &policy_list, node,
				 srcu_read_lock_held(&policy_srcu))
		n += policy->type == type;
	return n;
}

static struct policy_chain *new_chain(const struct policy_type *type,
				      u64 ioas_cookie, struct cgroup *cgroup)
{
	/* Read first: what the list says is at least as new. */
	u64 generation = smp_load_acquire(&policy_generation);
	unsigned int room = count_policies(type);
	struct policy_chain *chain;
	struct policy *policy;

	chain = kmalloc(struct_size(chain, policies, room), GFP_KERNEL);
	if (!chain)
		return ERR_PTR(-ENOMEM);
	chain->generation = generation;
	chain->type = type;
	chain->ioas_cookie = ioas_cookie;
	chain->cgroup_id = cgroup_id(cgroup);
	chain->nr = 0;
	list_for_each_entry_srcu(policy, &policy_list, node,
				 srcu_read_lock_held(&policy_srcu)) {
		if (policy->type != type ||
		    !policy_scope_covers(&policy->scope, ioas_cookie, cgroup))
			continue;
		/* They have become more: this is not all, and never right. */
		if (chain->nr == room) {
			chain->generation = 0;
			break;
		}
		chain->nr++;
		chain->policies[chain->nr - 1] = policy;
	}
	return chain;
}

static void free_chain(struct rcu_head *rcu)
{
	kfree(container_of(rcu, struct policy_chain, rcu));
}

static struct policy_chain __rcu **cache_slot(const struct policy_type *type,
					      u64 ioas_cookie, u64 cgroup_id)
{
	return &cache[hash_64(ioas_cookie * 31 + cgroup_id + type->table,
			      CACHE_BITS)];
}

/**
 * policy_cached() - the policies that apply, if they are known
 * @type: of this type
 * @ioas_cookie: to this IOAS
 * @cgroup_id: and a cgroup of v2
 *
 * In a read section of policy_srcu (policy_enter()), to whose end the chain and
 * what is in it stay valid. Does not sleep.
 * Return: the chain, in the order in which they are asked, or NULL: it is for
 * policy_resolve() to find out.
 */
const struct policy_chain *policy_cached(const struct policy_type *type,
					 u64 ioas_cookie, u64 cgroup_id)
{
	const struct policy_chain *chain =
		srcu_dereference(*cache_slot(type, ioas_cookie, cgroup_id),
				 &policy_srcu);

	if (likely(chain) && chain->generation == READ_ONCE(policy_generation) &&
	    chain->ioas_cookie == ioas_cookie &&
	    chain->cgroup_id == cgroup_id && chain->type == type)
		return chain;
	return NULL;
}

/**
 * policy_resolve() - the policies that apply
 * @type: of this type
 * @ioas_cookie: to this IOAS
 * @cgroup: and a cgroup of v2; the caller has a reference
 *
 * As policy_cached(), but may sleep.
 * Return: the chain, or ERR_PTR(-ENOMEM).
 */
const struct policy_chain *policy_resolve(const struct policy_type *type,
					  u64 ioas_cookie,
					  struct cgroup *cgroup)
{
	u64 id = cgroup_id(cgroup);
	const struct policy_chain *known = policy_cached(type, ioas_cookie, id);
	struct policy_chain *chain, *old;

	if (known)
		return known;
	do {
		chain = new_chain(type, ioas_cookie, cgroup);
		if (IS_ERR(chain))
			return chain;
		if (chain->generation == READ_ONCE(policy_generation))
			break;
		kfree(chain);
		cond_resched();
	} while (1);
	old = unrcu_pointer(xchg(cache_slot(type, ioas_cookie, id),
				 RCU_INITIALIZER(chain)));
	if (old)
		call_srcu(&policy_srcu, &old->rcu, free_chain);
	return chain;
}

/**
 * policy_cache_destroy() - free what is cached; the module goes
 *
 * Nobody asks policies any more. May sleep.
 */
void policy_cache_destroy(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cache); i++)
		kfree(rcu_dereference_protected(cache[i], true));
	srcu_barrier(&policy_srcu);
}

/**
 * policy_task_cgroup() - the calling task's cgroup of v2
 *
 * Does not sleep.
 * Return: the cgroup, with a reference for cgroup_put().
 */
struct cgroup *policy_task_cgroup(void)
{
	struct cgroup *cgroup;

	rcu_read_lock();
	/* It may be leaving one just now, that then goes. */
	do {
		cgroup = task_dfl_cgroup(current);
	} while (unlikely(!cgroup_tryget(cgroup)));
	rcu_read_unlock();
	return cgroup;
}

/*
 * A cgroup's removal. No hook of 6.12's cgroup code is exported, but its
 * tracepoint can be found and listened to; it fires after the cgroup has
 * stopped being online. Without it (a kernel without CONFIG_TRACEPOINTS) a
 * removal is noticed when the next policy comes or goes.
 */
static struct tracepoint *rmdir_event;
static unsigned int nr_watched;

static void scopes_gone_work(struct work_struct *work)
{
	policy_scopes_gone();
}

static DECLARE_WORK(scopes_work, scopes_gone_work);

/* Under cgroup_mutex, with interrupts off. */
static void on_rmdir(void *data, struct cgroup *cgroup, const char *path)
{
	queue_work(policy_wq, &scopes_work);
}

static void find_rmdir(struct tracepoint *tp, void *data)
{
	if (!strcmp(tp->name, "cgroup_rmdir"))
		rmdir_event = tp;
}

/**
 * policy_watch() - a policy of some scope comes or goes
 * @scope: its scope
 * @n: 1 or -1
 *
 * Caller holds policy_lock. May sleep.
 */
void policy_watch(const struct policy_scope *scope, int n)
{
	unsigned int was = nr_watched;

	lockdep_assert_held(&policy_lock);
	if (scope->kind != POLICY_CGROUP)
		return;
	nr_watched += n;
	if (!rmdir_event)
		for_each_kernel_tracepoint(find_rmdir, NULL);
	if (!rmdir_event) {
		queue_work(policy_wq, &scopes_work);
		return;
	}
	if (!was && nr_watched)
		WARN_ON(tracepoint_probe_register(rmdir_event, on_rmdir, NULL));
	if (was && !nr_watched) {
		WARN_ON(tracepoint_probe_unregister(rmdir_event, on_rmdir,
						    NULL));
		/* For those in the probe: the module may go soon. */
		tracepoint_synchronize_unregister();
	}
}

/**
 * policy_ioas_gone() - an IOAS is being destroyed
 *
 * It cannot be found any more. Does not sleep.
 */
void policy_ioas_gone(void)
{
	queue_work(policy_wq, &scopes_work);
}
