/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What tables of every type have in common: a list of attached policies, whom
 * each is for, in which order they are asked, what happens when one misbehaves.
 * Nothing here knows what a policy is asked about.
 *
 *  attach.c	coming and going: register, replace, unregister; the list
 *  scope.c	for whom; which policies apply to (IOAS, cgroup), cached
 *  eject.c	strikes, overruns, ejection, closed scopes, exit records
 *  table.c	what their struct_ops tell the BPF core alike
 *
 * The life of a policy, all of it under policy_lock but for the one step from
 * LIVE to EJECTING, which any context may take:
 *
 *	init() -> ADOPTING -> LIVE -> GONE -> exit()
 *	                        \             /
 *	                         EJECTING ----> CLOSED, if it is fail-closed,
 *	                                        and exit()
 *
 * Whoever asks policies is in a read section of policy_srcu (policy_enter()),
 * looks at the state of each, and calls a program of the table only if it says
 * so. Whoever takes a policy off the list waits for that SRCU, then calls
 * exit(), and only then returns to the BPF core, which frees the table.
 *
 * Locks. policy_lock serialises registering, unregistering, replacing and the
 * first half of an ejection. The BPF core holds its update_mutex outside of it,
 * except when the last close of a link unregisters. An ejection therefore takes
 * a reference to the link under policy_lock, drops that, and has the BPF core
 * detach the link; unregistering never waits for an ejection.
 */
#ifndef IOMMUFD_POLICY_ATTACH_H
#define IOMMUFD_POLICY_ATTACH_H

#include <linux/atomic.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/refcount.h>
#include <linux/srcu.h>
#include <linux/workqueue.h>

#include "clock.h"
#include "iommufd_bpf_abi.h"

struct bpf_link;
struct bpf_verifier_ops;
struct btf;
struct cgroup;
struct policy;
struct static_key_false;

/* The outermost first: this is the order in which policies are asked. */
enum policy_scope_kind {
	POLICY_GLOBAL,
	POLICY_CGROUP,
	POLICY_IOAS,
};

/**
 * struct policy_scope - for whom a policy is
 * @kind: see there
 * @ioas_cookie: POLICY_IOAS: which
 * @cgroup: POLICY_CGROUP: the root of the subtree; one reference
 */
struct policy_scope {
	enum policy_scope_kind kind;
	u64 ioas_cookie;
	struct cgroup *cgroup;
};

/**
 * struct policy_conf - what a table of any type says beside its programs
 * @ioas_cookie: the scope
 * @cgroup_id: likewise, an id in the cgroup namespace of the caller
 * @flags: enum iommufd_policy_flags
 * @priority: within the scope, the highest first
 * @name: printable, terminated
 */
struct policy_conf {
	u64 ioas_cookie;
	u64 cgroup_id;
	u64 flags;
	s32 priority;
	const char *name;
};

/**
 * struct policy_type - a type of table, and what is done in its name
 * @table: enum iommufd_policy_table
 * @exclusive: one policy a scope, another is -EEXIST
 * @key: is on while there is a policy of the type
 * @init: call the table's init(). Under policy_lock. May sleep.
 *	Its errno is what the one who attaches gets.
 * @adopt: tell a policy what is there already; it is in the list, in state
 *	ADOPTING. Under policy_lock. May sleep. NULL: there is nothing to tell.
 *	Fails with -ENOMEM only.
 * @retire: nobody asks it any more, nor points to it: undo what @adopt switched
 *	on. May sleep. May be NULL.
 * @forget: drop everything that points to a policy. It is off the list or
 *	CLOSED, and policy_srcu has been waited for. May sleep. May be NULL.
 * @exit: call the table's exit(). May sleep.
 */
struct policy_type {
	enum iommufd_policy_table table;
	bool exclusive;
	struct static_key_false *key;
	int (*init)(struct policy *policy,
		    struct iommufd_policy_args *args);
	int (*adopt)(struct policy *policy);
	void (*retire)(struct policy *policy);
	void (*forget)(struct policy *policy);
	void (*exit)(struct policy *policy, struct iommufd_exit_info *info);
};

/**
 * struct policy - an attached table
 * @refs: the lists, and an ejection that is under way
 * @type: of which type
 * @ops: the table; it is the BPF core's, and valid until exit() has been called
 * @link: who attached it: one table may be attached twice; valid while the
 *	policy is registered
 * @scope: for whom
 * @node: in the list of those that are asked; read under policy_srcu
 * @all: in the list of all there are, with the last that ended; read under RCU
 * @view: what tools see; counters are atomic64_t, see policy_count()
 * @state: enum iommufd_policy_state
 * @detaching: the ejection has a reference to the link; under policy_lock
 * @strikes: how many
 * @told: it wants to be told of pages; constant once it is in the list
 * @counting: it has switched on that somebody is; under policy_lock
 * @eject_work: the ejection
 * @ending: why it is being ejected; set by the one who made it EJECTING
 * @kept: it is one of those that ended and are still in the list; under
 *	policy_lock
 * @rcu: frees it
 */
struct policy {
	refcount_t refs;
	const struct policy_type *type;
	void *ops;
	struct bpf_link *link;
	struct policy_scope scope;
	struct list_head node;
	struct list_head all;
	struct iommufd_policy_view view;
	int state;
	bool detaching;
	atomic_t strikes;
	bool told;
	bool counting;
	struct work_struct eject_work;
	enum iommufd_exit_kind ending;
	bool kept;
	struct rcu_head rcu;
};

/**
 * struct policy_chain - the policies that apply to (IOAS, cgroup)
 * @rcu: frees it
 * @generation: it is right while this is policy_generation
 * @type: of this type
 * @ioas_cookie: for whom
 * @cgroup_id: likewise
 * @nr: how many
 * @policies: in the order in which they are asked, the nearest last
 */
struct policy_chain {
	struct rcu_head rcu;
	u64 generation;
	const struct policy_type *type;
	u64 ioas_cookie;
	u64 cgroup_id;
	unsigned int nr;
	struct policy *policies[] __counted_by(nr);
};

extern struct srcu_struct policy_srcu;
extern struct mutex policy_lock;
extern struct list_head policy_list; /* struct policy.node, as asked */
extern u64 policy_generation;

/* attach.c: for the struct_ops of a type */
int policy_may_attach(const struct policy_conf *conf,
		      const struct bpf_link *link);
int policy_reg(const struct policy_type *type, void *ops,
	       const struct policy_conf *conf, struct bpf_link *link);
void policy_unreg(void *ops, struct bpf_link *link);
int policy_update(const struct policy_type *type, void *ops, void *old_ops,
		  const struct policy_conf *conf, struct bpf_link *link);
bool policy_name_is_fine(const char *name, size_t size);

/* table.c: likewise */
extern const struct bpf_verifier_ops policy_verifier_ops;

int policy_table_init(struct btf *btf);
s32 policy_stub_init(struct iommufd_policy_args *args);
void policy_stub_exit(struct iommufd_exit_info *info);

/* attach.c: for eject.c and scope.c */
void policy_remove(struct policy *policy);
void policy_put(struct policy *policy);
unsigned int policy_reopen(const char *name, const struct policy *by);
void policy_scopes_gone(void);
void policy_open_all(void);
void policy_drop_records(void);

/* attach.c: for tools */
struct policy *policy_next_rcu(struct policy *policy);

/* Asking: everything that is found stays valid until policy_leave(). */
static inline int policy_enter(void)
{
	return srcu_read_lock(&policy_srcu);
}

static inline void policy_leave(int idx)
{
	srcu_read_unlock(&policy_srcu, idx);
}

static inline int policy_state(const struct policy *policy)
{
	return READ_ONCE(policy->state);
}

/* Counters of the view, which several CPUs raise at a time. */
static inline void policy_count(u64 *counter, s64 n)
{
	static_assert(sizeof(atomic64_t) == sizeof(*counter));
	atomic64_add(n, (atomic64_t *)counter);
}

/* scope.c */
int policy_scope_init(struct policy_scope *scope,
		      const struct policy_conf *conf);
void policy_scope_release(struct policy_scope *scope);
bool policy_scope_alive(const struct policy_scope *scope);
bool policy_scope_equal(const struct policy_scope *a,
			const struct policy_scope *b);
bool policy_scope_covers(const struct policy_scope *scope, u64 ioas_cookie,
			 struct cgroup *cgroup);
bool policy_before(const struct policy *a, const struct policy *b);
const struct policy_chain *policy_cached(const struct policy_type *type,
					 u64 ioas_cookie, u64 cgroup_id);
const struct policy_chain *policy_resolve(const struct policy_type *type,
					  u64 ioas_cookie,
					  struct cgroup *cgroup);
void policy_watch(const struct policy_scope *scope, int n);
void policy_cache_destroy(void);

/* eject.c */
extern struct workqueue_struct *policy_wq;
void policy_call_end(struct policy *policy, enum iommufd_policy_hook hook,
		     u64 begin);
int policy_check_answer(struct policy *policy, enum iommufd_policy_hook hook,
			int answer);
void policy_strike(struct policy *policy, enum iommufd_policy_hook hook,
		   s64 value, const char *why);
bool policy_eject(struct policy *policy, enum iommufd_exit_kind kind, int code,
		  const char *message);
bool policy_refuses_all(const struct policy *policy);
void policy_eject_work(struct work_struct *work);
void policy_record_exit(struct policy *policy, enum iommufd_exit_kind kind,
			struct iommufd_exit_info *info);

#endif
