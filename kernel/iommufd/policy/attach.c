// SPDX-License-Identifier: GPL-2.0-only
/*
 * Policies of every type come and go. attach.h explains the life of one, and
 * the locks.
 */
#define pr_fmt(fmt) "iommufd: " fmt

#include <linux/bpf.h>
#include <linux/capability.h>
#include <linux/ctype.h>
#include <linux/jump_label.h>
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/rculist.h>
#include <linux/slab.h>

#include "object.h"
#include "policy/attach.h"
#include "policy/policy.h"
#include "trace.h"

static bool policy_allowed = true;
module_param_named(policy, policy_allowed, bool, 0444);
MODULE_PARM_DESC(policy, "Allow BPF policies to be attached (default Y)");

DEFINE_SRCU(policy_srcu);
DEFINE_MUTEX(policy_lock);
LIST_HEAD(policy_list);
u64 policy_generation = 1; /* changes with the list, under policy_lock */

/* Every policy, by age; those that ended are kept for tools, a few of them. */
static LIST_HEAD(all_policies);
static unsigned int nr_ended;
#define MAX_ENDED 16

/**
 * policy_may_attach() - check who attaches, and what the table says
 * @conf: from the table
 * @link: what is to keep it attached, or NULL
 *
 * 6.12's link calls check no capability: holding the map's fd is enough to
 * attach it. So it is checked here.
 * Return: 0; -EPERM; -EOPNOTSUPP it is attached without a link: nothing would
 * detach it when its loader dies.
 */
int policy_may_attach(const struct policy_conf *conf,
		      const struct bpf_link *link)
{
	if (!policy_allowed || !capable(CAP_SYS_ADMIN))
		return -EPERM;
	if (!link)
		return -EOPNOTSUPP;
	if (conf->flags & ~(u64)IOMMUFD_POLICY_F_ALL)
		return -EINVAL;
	return 0;
}

/**
 * policy_name_is_fine() - can tools show it, and people type it?
 * @name: the name
 * @size: of the array that it is in
 *
 * Return: true if it is printable, not empty, and terminated.
 */
bool policy_name_is_fine(const char *name, size_t size)
{
	size_t i;

	for (i = 0; i < size && name[i]; i++)
		if (!isascii(name[i]) || !isgraph(name[i]))
			return false;
	return i && i < size;
}

static void free_policy(struct rcu_head *rcu)
{
	kfree(container_of(rcu, struct policy, rcu));
}

/**
 * policy_put() - drop a reference
 * @policy: may be freed after an RCU grace period
 *
 * Does not sleep.
 */
void policy_put(struct policy *policy)
{
	if (!refcount_dec_and_test(&policy->refs))
		return;
	policy_scope_release(&policy->scope);
	call_rcu(&policy->rcu, free_policy);
}

static struct policy *policy_new(const struct policy_type *type, void *ops,
				 const struct policy_conf *conf,
				 struct bpf_link *link)
{
	struct policy *policy = kzalloc(sizeof(*policy), GFP_KERNEL);
	int rc;

	if (!policy)
		return ERR_PTR(-ENOMEM);
	rc = policy_scope_init(&policy->scope, conf);
	if (rc) {
		kfree(policy);
		return ERR_PTR(rc);
	}
	refcount_set(&policy->refs, 1);
	policy->type = type;
	policy->ops = ops;
	policy->link = link;
	policy->state = IOMMUFD_POLICY_ADOPTING;
	INIT_WORK(&policy->eject_work, policy_eject_work);
	policy->view.cookie = new_cookie();
	policy->view.ioas_cookie = conf->ioas_cookie;
	policy->view.cgroup_id = conf->cgroup_id;
	policy->view.flags = conf->flags;
	policy->view.priority = conf->priority;
	policy->view.table = type->table;
	strscpy(policy->view.name, conf->name, sizeof(policy->view.name));
	return policy;
}

static struct policy *find_policy(const void *ops, const struct bpf_link *link)
{
	struct policy *policy;

	lockdep_assert_held(&policy_lock);
	list_for_each_entry(policy, &policy_list, node)
		if (policy->ops == ops && policy->link == link)
			return policy;
	return NULL;
}

static void set_state(struct policy *policy, int state)
{
	WRITE_ONCE(policy->state, state);
	WRITE_ONCE(policy->view.state, state);
}

/* Whoever sees the new generation sees the list that goes with it. */
static void next_generation(void)
{
	lockdep_assert_held(&policy_lock);
	/* Pairs with the acquire of new_chain(). */
	smp_store_release(&policy_generation, policy_generation + 1);
}

static void insert_policy(struct policy *new)
{
	struct policy *policy;

	lockdep_assert_held(&policy_lock);
	list_for_each_entry(policy, &policy_list, node)
		if (policy_before(new, policy))
			break;
	/* Before that one, or at the end. */
	list_add_tail_rcu(&new->node, &policy->node);
	list_add_tail_rcu(&new->all, &all_policies);
	next_generation();
}

/**
 * policy_remove() - ask a policy no more
 * @policy: is in the list; policy_lock is held
 *
 * Its programs may still run; see policy_finish().
 */
void policy_remove(struct policy *policy)
{
	lockdep_assert_held(&policy_lock);
	list_del_rcu(&policy->node);
	policy_watch(&policy->scope, -1);
	set_state(policy, IOMMUFD_POLICY_GONE);
	next_generation();
}

/* One that ended stays visible for a while. */
static void keep_record(struct policy *policy)
{
	struct policy *old;

	mutex_lock(&policy_lock);
	policy->kept = true;
	if (++nr_ended > MAX_ENDED) {
		list_for_each_entry(old, &all_policies, all)
			if (old->kept)
				break;
		nr_ended--;
		list_del_rcu(&old->all);
		policy_put(old);
	}
	mutex_unlock(&policy_lock);
}

/*
 * Nobody asks it, and nobody points to it, any more. Takes over the list's
 * reference.
 */
static void policy_retire(struct policy *policy)
{
	if (policy->type->retire)
		policy->type->retire(policy);
	static_branch_dec(policy->type->key);
	keep_record(policy);
}

/*
 * The last of a policy that was taken off the list, or CLOSED: from here on no
 * program of it runs. @kind says why it ends, unless it is that it was ejected.
 */
static void policy_finish(struct policy *policy, enum iommufd_exit_kind kind,
			  bool closed)
{
	struct iommufd_exit_info info;

	synchronize_srcu(&policy_srcu);
	/*
	 * Whoever made it EJECTING, at the last moment perhaps, has said by now
	 * why, and has written the view's state, perhaps after it was removed.
	 */
	kind = policy->ending ?: kind;
	if (!closed)
		WRITE_ONCE(policy->view.state, IOMMUFD_POLICY_GONE);
	policy_record_exit(policy, kind, &info);
	policy->type->exit(policy, &info);
	if (policy->type->forget)
		policy->type->forget(policy);
	trace_iommufd_policy_exit(&info);
	policy->ops = NULL;
	if (kind == IOMMUFD_EXIT_UNREG)
		pr_info("policy %s detached\n", policy->view.name);
	else if (kind != IOMMUFD_EXIT_REPLACED)
		pr_warn("policy %s detached: %s%s\n", policy->view.name,
			info.message,
			closed ? "; its scope is closed" : "");
	/* A closed one is asked, in a way: it says no. */
	if (!closed)
		policy_retire(policy);
}

static bool scope_is_taken(const struct policy *new, const struct policy *old)
{
	struct policy *policy;

	lockdep_assert_held(&policy_lock);
	if (!new->type->exclusive)
		return false;
	list_for_each_entry(policy, &policy_list, node)
		if (policy != old && policy->type == new->type &&
		    policy->state != IOMMUFD_POLICY_CLOSED &&
		    policy_scope_equal(&policy->scope, &new->scope))
			return true;
	return false;
}

/* All that makes a new policy LIVE, beside the one that it replaces, if any. */
static int start_policy(struct policy *new, struct policy *old)
{
	struct iommufd_policy_args args = {
		.cookie = new->view.cookie,
		.ioas_cookie = new->view.ioas_cookie,
		.cgroup_id = new->view.cgroup_id,
		.flags = new->view.flags,
		.replaces = old ? old->view.cookie : 0,
	};
	int rc;

	lockdep_assert_held(&policy_lock);
	if (scope_is_taken(new, old))
		return -EEXIST;
	rc = new->type->init(new, &args);
	if (rc)
		return rc < 0 && rc >= -MAX_ERRNO ? rc : -EINVAL;
	policy_watch(&new->scope, 1);
	new->view.attached_ns = ktime_get_boottime_ns();
	static_branch_inc(new->type->key);
	insert_policy(new);
	/* Only now: from here on nobody forgets to tell us that it goes. */
	if (!policy_scope_alive(&new->scope))
		rc = -ENOENT;
	if (!rc && new->type->adopt)
		rc = new->type->adopt(new);
	if (rc) {
		policy_remove(new);
		return rc;
	}
	set_state(new, IOMMUFD_POLICY_LIVE);
	return 0;
}

/* After start_policy() failed. Was it in the list, so that more is to undo? */
static void undo_start(struct policy *new)
{
	if (new->state != IOMMUFD_POLICY_GONE) {
		policy_put(new);
		return;
	}
	policy_finish(new, IOMMUFD_EXIT_ATTACH_FAILED, false);
}

/**
 * policy_reg() - ask a policy from now on
 * @type: its type
 * @ops: its table, valid until policy_unreg() or policy_update()
 * @conf: from the table; policy_may_attach() said yes
 * @link: who attaches it
 *
 * A closed scope that a policy of this name has left is open again: this is
 * what an administrator does. May sleep.
 * Return: 0; -EINVAL both a cgroup and an IOAS; -ENOENT no such cgroup or IOAS;
 * -EEXIST the scope has such a policy; -ENOMEM; what its init() says.
 */
int policy_reg(const struct policy_type *type, void *ops,
	       const struct policy_conf *conf, struct bpf_link *link)
{
	struct policy *policy = policy_new(type, ops, conf, link);
	int rc;

	if (IS_ERR(policy))
		return PTR_ERR(policy);
	mutex_lock(&policy_lock);
	rc = start_policy(policy, NULL);
	mutex_unlock(&policy_lock);
	if (rc) {
		undo_start(policy);
		return rc;
	}
	policy_reopen(conf->name, policy);
	pr_info("policy %s attached\n", conf->name);
	return 0;
}

/**
 * policy_unreg() - do not ask a policy any more
 * @ops: its table
 * @link: who attached it
 *
 * Its link was closed or detached: by somebody, or by its ejection. Only the
 * latter closes the scope: who detaches a policy himself has acted. No program
 * of it runs on return. May sleep.
 */
void policy_unreg(void *ops, struct bpf_link *link)
{
	struct policy *policy;
	bool closed;

	mutex_lock(&policy_lock);
	policy = find_policy(ops, link);
	if (WARN_ON(!policy)) {
		mutex_unlock(&policy_lock);
		return;
	}
	/* If it is being detached for that, it was said why before. */
	closed = policy->detaching && policy->ending == IOMMUFD_EXIT_EJECTED &&
		 policy->view.flags & IOMMUFD_POLICY_F_FAIL_CLOSED &&
		 policy_scope_alive(&policy->scope);
	if (closed) {
		set_state(policy, IOMMUFD_POLICY_CLOSED);
		/* Nobody is to find it by them. */
		policy->link = NULL;
	} else {
		policy_remove(policy);
	}
	/* It may be reopened as soon as the lock is dropped. */
	refcount_inc(&policy->refs);
	mutex_unlock(&policy_lock);
	policy_finish(policy, IOMMUFD_EXIT_UNREG, closed);
	policy_put(policy);
}

/**
 * policy_update() - ask another policy in the place of one
 * @type: of both
 * @ops: the new table
 * @old_ops: the table that it replaces
 * @conf: from the new one; policy_may_attach() said yes
 * @link: who attached @old_ops
 *
 * The new one is told what is there before the old one goes, and if anything
 * fails, the old one stays. A request is asked of one or of both, never of
 * neither. No program of @old_ops runs on return. May sleep.
 * Return: as policy_reg(); -ENOLINK the old one is being ejected.
 */
int policy_update(const struct policy_type *type, void *ops, void *old_ops,
		  const struct policy_conf *conf, struct bpf_link *link)
{
	struct policy *new = policy_new(type, ops, conf, link);
	struct policy *old;
	int rc = -ENOLINK;

	if (IS_ERR(new))
		return PTR_ERR(new);
	mutex_lock(&policy_lock);
	old = find_policy(old_ops, link);
	if (old && !old->detaching)
		rc = start_policy(new, old);
	if (!rc) {
		/* Who began before @new was LIVE asks @old, which still is. */
		synchronize_srcu(&policy_srcu);
		policy_remove(old);
	}
	mutex_unlock(&policy_lock);
	if (rc) {
		undo_start(new);
		return rc;
	}
	policy_finish(old, IOMMUFD_EXIT_REPLACED, false);
	policy_reopen(conf->name, new);
	return 0;
}

static bool succeeds(const struct policy *new, const struct policy *old)
{
	return new->type == old->type &&
	       policy_scope_equal(&new->scope, &old->scope);
}

/*
 * Open a closed scope, under policy_lock, which is dropped. What may point to
 * it is the chain in which it says no.
 */
static void open_scope(struct policy *policy)
{
	policy_remove(policy);
	mutex_unlock(&policy_lock);
	synchronize_srcu(&policy_srcu);
	if (policy->type->forget)
		policy->type->forget(policy);
	policy_retire(policy);
}

/**
 * policy_reopen() - administrators act: a closed scope is open again
 * @name: the policy that was ejected
 * @by: its successor: only in the same scope; or NULL
 *
 * May sleep.
 * Return: how many there were.
 */
unsigned int policy_reopen(const char *name, const struct policy *by)
{
	struct policy *policy;
	unsigned int n = 0;

	for (;;) {
		mutex_lock(&policy_lock);
		list_for_each_entry(policy, &policy_list, node)
			if (policy->state == IOMMUFD_POLICY_CLOSED &&
			    (!by || succeeds(by, policy)) &&
			    !strcmp(policy->view.name, name))
				goto found;
		mutex_unlock(&policy_lock);
		return n;
found:
		/* Who began before @by was LIVE is refused still. */
		if (by)
			synchronize_srcu(&policy_srcu);
		open_scope(policy);
		n++;
	}
}

/**
 * policy_scopes_gone() - end the policies whose cgroup or IOAS was removed
 *
 * Those that are attached are ejected, closed scopes go. May sleep.
 */
void policy_scopes_gone(void)
{
	struct policy *policy;

again:
	mutex_lock(&policy_lock);
	list_for_each_entry(policy, &policy_list, node) {
		if (policy_scope_alive(&policy->scope))
			continue;
		if (policy->state == IOMMUFD_POLICY_CLOSED) {
			open_scope(policy);
			goto again;
		}
		policy_eject(policy, IOMMUFD_EXIT_SCOPE_GONE, 0,
			     policy->scope.cgroup ? "its cgroup was removed" :
						    "its IOAS was destroyed");
	}
	mutex_unlock(&policy_lock);
}

/**
 * policy_open_all() - the module goes: no scope is closed any more
 *
 * No policy is attached. May sleep.
 */
void policy_open_all(void)
{
	struct policy *policy;

	mutex_lock(&policy_lock);
	while ((policy = list_first_entry_or_null(&policy_list, struct policy,
						  node))) {
		if (WARN_ON(policy->state != IOMMUFD_POLICY_CLOSED))
			break;
		open_scope(policy);
		mutex_lock(&policy_lock);
	}
	mutex_unlock(&policy_lock);
}

/**
 * policy_drop_records() - the module goes: forget how policies ended
 *
 * After policy_open_all(), when nobody else opens scopes. May sleep.
 */
void policy_drop_records(void)
{
	struct policy *policy, *next;

	mutex_lock(&policy_lock);
	list_for_each_entry_safe(policy, next, &all_policies, all) {
		list_del_rcu(&policy->all);
		policy_put(policy);
	}
	mutex_unlock(&policy_lock);
}

/**
 * policy_next_rcu() - walk all policies, attached or ended lately, by age
 * @policy: the last one, or NULL
 *
 * Under rcu_read_lock().
 * Return: the next, valid until rcu_read_unlock(), or NULL.
 */
struct policy *policy_next_rcu(struct policy *policy)
{
	struct list_head *pos = policy ? &policy->all : &all_policies;

	pos = rcu_dereference(list_next_rcu(pos));
	return pos == &all_policies ? NULL :
				      list_entry(pos, struct policy, all);
}
