// SPDX-License-Identifier: GPL-2.0-only
/*
 * Shadows: finding contexts and objects by cookie, and keeping their memory for
 * BPF. shadow.h says what that is.
 */
#include <linux/hardirq.h>
#include <linux/hash.h>
#include <linux/irq_work.h>
#include <linux/rculist.h>
#include <linux/spinlock.h>

#include "shadow.h"

/* A tenant who has a million objects makes look-ups slower, and no more. */
#define TABLE_BITS 10

static struct hlist_head table[1 << TABLE_BITS];
static DEFINE_SPINLOCK(table_lock);

static atomic64_t last_cookie = ATOMIC64_INIT(0);

/**
 * new_cookie() - a name that no object of this module ever had
 *
 * Return: never 0. 2^64 do not run out.
 */
u64 new_cookie(void)
{
	return atomic64_inc_return(&last_cookie);
}

static struct hlist_head *bucket(u64 cookie)
{
	return &table[hash_64(cookie, TABLE_BITS)];
}

/**
 * shadow_init() - begin a shadow's life
 * @shadow: its cookie and its one reference are set
 * @kind: enum object_type
 * @free: frees what it is embedded in
 */
void shadow_init(struct shadow *shadow, u32 kind,
		 void (*free)(struct rcu_head *rcu))
{
	shadow->cookie = new_cookie();
	shadow->kind = kind;
	shadow->free = free;
	refcount_set(&shadow->refs, 1);
	INIT_HLIST_NODE(&shadow->node);
}

/**
 * shadow_show() - let a shadow be found
 * @shadow: complete, its view too
 */
void shadow_show(struct shadow *shadow)
{
	spin_lock(&table_lock);
	hlist_add_head_rcu(&shadow->node, bucket(shadow->cookie));
	spin_unlock(&table_lock);
}

/**
 * shadow_hide() - let a shadow not be found any more
 * @shadow: shown or not
 */
void shadow_hide(struct shadow *shadow)
{
	spin_lock(&table_lock);
	if (!hlist_unhashed(&shadow->node))
		hlist_del_init_rcu(&shadow->node);
	spin_unlock(&table_lock);
}

/**
 * shadow_find_rcu() - find what has a cookie
 * @cookie: from BPF
 * @kind: what it must be
 *
 * Caller holds rcu_read_lock().
 * Return: it, which is destroyed at any time, or NULL.
 */
struct shadow *shadow_find_rcu(u64 cookie, u32 kind)
{
	struct shadow *shadow;

	hlist_for_each_entry_rcu(shadow, bucket(cookie), node)
		if (shadow->cookie == cookie)
			return shadow->kind == kind ? shadow : NULL;
	return NULL;
}

/**
 * shadow_get() - find what has a cookie, and keep its memory
 * @cookie: from BPF
 * @kind: what it must be
 *
 * Return: it, for shadow_put(), or NULL.
 */
struct shadow *shadow_get(u64 cookie, u32 kind)
{
	struct shadow *shadow;

	rcu_read_lock();
	shadow = shadow_find_rcu(cookie, kind);
	if (shadow && !refcount_inc_not_zero(&shadow->refs))
		shadow = NULL;
	rcu_read_unlock();
	return shadow;
}

static LLIST_HEAD(put_in_nmi);

static void free_after_nmi(struct irq_work *work)
{
	struct shadow *shadow, *next;

	llist_for_each_entry_safe(shadow, next, llist_del_all(&put_in_nmi), nmi)
		call_rcu(&shadow->rcu, shadow->free);
}

static DEFINE_IRQ_WORK(nmi_work, free_after_nmi);

/**
 * shadow_put() - give a reference back
 * @shadow: must not be touched afterwards, unless otherwise held, or under RCU
 *	if it was entered before
 *
 * In any context: a perf event's program may be in an NMI, where RCU's
 * callbacks cannot be queued.
 */
void shadow_put(struct shadow *shadow)
{
	if (!refcount_dec_and_test(&shadow->refs))
		return;
	if (unlikely(in_nmi())) {
		llist_add(&shadow->nmi, &put_in_nmi);
		irq_work_queue(&nmi_work);
	} else {
		call_rcu(&shadow->rcu, shadow->free);
	}
}

/**
 * shadow_exit() - nobody puts any more: hand the last ones to RCU
 *
 * May sleep.
 */
void shadow_exit(void)
{
	irq_work_sync(&nmi_work);
}
