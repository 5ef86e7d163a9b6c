/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The areas of an IOAS, in order: a tree to find them in, with the gaps between
 * them, and a list. Both are changed under a lock, and read under RCU too.
 *
 * Readers begin anywhere, wherever they run (an NMI too, so they cannot wait for
 * who is changing the tree), and see every area that is there all the time. One
 * that they stand at may be erased: the list goes on from it.
 */
#ifndef IOMMUFD_SPACE_AREA_SET_H
#define IOMMUFD_SPACE_AREA_SET_H

#include <linux/list.h>
#include <linux/rbtree.h>

struct area;

/**
 * struct area_set - areas that do not overlap
 * @tree: struct area.link.node
 * @list: struct area.link.list
 * @found: the area that was looked up last, or NULL: users come back to the same
 *	one, or to its neighbours
 */
struct area_set {
	struct rb_root tree;
	struct list_head list;
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

void area_set_init(struct area_set *set);
void area_set_insert(struct area_set *set, struct area *area);
void area_set_erase(struct area_set *set, struct area *area);
struct area *area_set_seek(struct area_set *set, unsigned long iova);
struct area *area_set_next(struct area_set *set, struct area *area);
struct area *area_set_prev(struct area_set *set, unsigned long iova);
bool area_set_find_gap(struct area_set *set, unsigned long from,
		       unsigned long to, unsigned long length,
		       unsigned long *start);
struct area *area_set_from_rcu(struct area_set *set, unsigned long iova);
struct area *area_set_next_rcu(struct area_set *set, struct area *area);

#endif
