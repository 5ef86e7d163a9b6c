/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The areas of an IOAS, in order: a tree to find them in, and the gaps between
 * them, under a lock; a list for those that read under RCU.
 *
 * Readers begin anywhere, wherever they run (an NMI too, so they cannot wait for
 * who is changing the tree), and see every area that is there all the time. One
 * that they stand at may be erased: the list goes on from it.
 */
#ifndef IOMMUFD_SPACE_AREA_SET_H
#define IOMMUFD_SPACE_AREA_SET_H

#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/rbtree.h>
#include <linux/seqlock.h>

struct area;

/**
 * struct area_set - areas that do not overlap
 * @tree: struct area.link.node
 * @list: struct area.link.list, read under RCU
 * @changes: of @tree
 * @found: the area that was looked up last, or NULL: users come back to the same
 *	one, or to its neighbours
 */
struct area_set {
	struct rb_root tree;
	struct list_head list;
	seqcount_mutex_t changes;
	struct area *found;
};

/**
 * struct area_link - an area's place in the set
 * @node: in its tree
 * @list: in its list
 * @gap: IOVAs between the area before it and it; nobody has 2^64 of them
 * @max_gap: the largest in its subtree
 */
struct area_link {
	struct rb_node node;
	struct list_head list;
	unsigned long gap;
	unsigned long max_gap;
};

void area_set_init(struct area_set *set, struct mutex *lock);
void area_set_insert(struct area_set *set, struct area *area);
void area_set_erase(struct area_set *set, struct area *area);
struct area *area_set_seek(struct area_set *set, unsigned long iova);
struct area *area_set_prev(struct area_set *set, unsigned long iova);
bool area_set_find_gap(struct area_set *set, unsigned long from,
		       unsigned long to, unsigned long length,
		       unsigned long *start);
struct area *area_set_before_rcu(struct area_set *set, unsigned long iova);
struct area *area_set_next_rcu(struct area_set *set, struct area *area);

#endif
