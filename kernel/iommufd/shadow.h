/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Shadows: what BPF may hold of a context or an object.
 *
 * BPF must not keep an object from being destroyed, so it holds neither of its
 * references. It holds the object's memory: that is freed an RCU grace period
 * after the object is destroyed *and* the last BPF program has let go. What is
 * left in it is the view, which says that the object is gone, and empty
 * tables, so that an iterator over it finds nothing.
 *
 *   object_reserve()   refs = 1, the object's own
 *   object_publish()   can be found by its cookie
 *   destroyed          cannot any more; the object's reference is dropped
 *   refs = 0           freed, after a grace period
 *
 * Nothing here sleeps, and what BPF reaches takes no lock.
 */
#ifndef IOMMUFD_SHADOW_H
#define IOMMUFD_SHADOW_H

#include <linux/llist.h>
#include <linux/refcount.h>
#include <linux/types.h>

/**
 * struct shadow - embedded in what BPF may hold
 * @cookie: names it, for as long as the module is loaded
 * @kind: enum object_type; OBJECT_ANY of a context
 * @refs: the object's own one, and one for each time that BPF acquired it
 * @node: in the table of cookies, while it can be found
 * @free: frees what it is embedded in, an RCU grace period after the last
 *	reference is gone
 * @rcu: for that
 * @nmi: before that, if the last reference went in an NMI
 */
struct shadow {
	u64 cookie;
	u32 kind;
	refcount_t refs;
	struct hlist_node node;
	void (*free)(struct rcu_head *rcu);
	union {
		struct rcu_head rcu;
		struct llist_node nmi;
	};
};

u64 new_cookie(void);
void shadow_init(struct shadow *shadow, u32 kind,
		 void (*free)(struct rcu_head *rcu));
void shadow_show(struct shadow *shadow);
void shadow_hide(struct shadow *shadow);
struct shadow *shadow_find_rcu(u64 cookie, u32 kind);
struct shadow *shadow_get(u64 cookie, u32 kind);
void shadow_put(struct shadow *shadow);
void shadow_exit(void);

#endif
