// SPDX-License-Identifier: GPL-2.0-only
/*
 * The areas of an IOAS, in order. area_set.h says who may look when; but for
 * the functions of readers, every one here expects the lock of the set.
 */
#include <linux/rbtree_augmented.h>
#include <linux/rculist.h>

#include "space/space.h"

static unsigned long link_gap(struct area_link *link)
{
	return link->gap;
}

RB_DECLARE_CALLBACKS_MAX(static, gaps, struct area_link, node, unsigned long,
			 max_gap, link_gap)

static struct area *area_of(struct rb_node *node)
{
	return node ? rb_entry(node, struct area, link.node) : NULL;
}

/* The largest gap before an area of a subtree, which may be empty. */
static unsigned long max_gap(struct rb_node *node)
{
	return node ? area_of(node)->link.max_gap : 0;
}

/**
 * area_set_next() - the area behind another one
 * @set: the set
 * @area: the other one; NULL: none, to begin
 *
 * Return: the area, or NULL.
 */
struct area *area_set_next(struct area_set *set, struct area *area)
{
	struct list_head *at = area ? &area->link.list : &set->list;

	return list_is_last(at, &set->list) ?
		       NULL : list_entry(at->next, struct area, link.list);
}

static struct area *prev_area(struct area_set *set, struct area *area)
{
	return list_is_first(&area->link.list, &set->list) ?
		       NULL : list_prev_entry(area, link.list);
}

static struct area *last_area(struct area_set *set)
{
	return list_empty(&set->list) ?
		       NULL : list_last_entry(&set->list, struct area, link.list);
}

/* The first IOVA behind an area, which is not the last of all; 0 without. */
static unsigned long end_of(const struct area *area)
{
	return area ? area_last(area) + 1 : 0;
}

/**
 * area_set_init() - an empty set
 * @set: the set
 */
void area_set_init(struct area_set *set)
{
	set->tree = RB_ROOT;
	INIT_LIST_HEAD(&set->list);
	set->found = NULL;
}

static struct area *descend(struct area_set *set, unsigned long iova)
{
	struct rb_node *node = set->tree.rb_node;
	struct area *best = NULL;

	while (node) {
		struct area *area = area_of(node);

		if (area_last(area) >= iova) {
			best = area;
			node = node->rb_left;
		} else {
			node = node->rb_right;
		}
	}
	return best;
}

/* Is it the lowest area that ends at or after an IOVA? */
static bool is_first_from(struct area_set *set, struct area *area,
			  unsigned long iova)
{
	struct area *prev;

	if (area_last(area) < iova)
		return false;
	if (area->view.iova <= iova)
		return true;
	prev = prev_area(set, area);
	return !prev || area_last(prev) < iova;
}

/**
 * area_set_seek() - the lowest area that ends at or after an IOVA
 * @set: the set
 * @iova: the IOVA
 *
 * Return: the area, or NULL.
 */
struct area *area_set_seek(struct area_set *set, unsigned long iova)
{
	struct area *area = set->found;

	/* Who goes through them comes to the one behind, or before. */
	if (area && area_last(area) < iova) {
		area = area_set_next(set, area);
		if (!area)
			return NULL;
	}
	if (!area || !is_first_from(set, area, iova))
		area = descend(set, iova);
	if (area)
		set->found = area;
	return area;
}

/**
 * area_set_prev() - the last area that begins at or before an IOVA
 * @set: the set
 * @iova: the IOVA
 *
 * Return: the area, or NULL.
 */
struct area *area_set_prev(struct area_set *set, unsigned long iova)
{
	struct area *area = area_set_seek(set, iova);

	if (!area)
		area = last_area(set);
	else if (area->view.iova > iova)
		area = prev_area(set, area);
	if (area)
		set->found = area;
	return area;
}

/* Its neighbours are in the list already; its place in the tree is beside them. */
static void link_to(struct area_set *set, struct area *area, struct area *prev,
		    struct area *next)
{
	struct rb_node *node = &area->link.node, *parent = NULL;
	struct rb_node **link = &set->tree.rb_node;

	if (prev && !prev->link.node.rb_right) {
		parent = &prev->link.node;
		link = &parent->rb_right;
	} else if (next) {
		parent = &next->link.node;
		link = &parent->rb_left;
	}
	area->link.max_gap = 0;
	rb_link_node_rcu(node, parent, link);
	/* All is right before it is balanced, which only moves it about. */
	gaps.propagate(node, NULL);
	if (next)
		gaps.propagate(&next->link.node, NULL);
	rb_insert_augmented(node, &set->tree, &gaps);
}

/**
 * area_set_insert() - add an area
 * @set: the set
 * @area: its IOVAs are free
 */
void area_set_insert(struct area_set *set, struct area *area)
{
	struct area *next = area_set_seek(set, area->view.iova);
	struct area *prev = next ? prev_area(set, next) : last_area(set);

	area->link.gap = area->view.iova - end_of(prev);
	if (next)
		next->link.gap = next->view.iova - end_of(area);
	list_add_rcu(&area->link.list, prev ? &prev->link.list : &set->list);
	link_to(set, area, prev, next);
	set->found = area;
}

/**
 * area_set_erase() - remove an area
 * @set: the set
 * @area: in it; still read until a grace period has passed
 */
void area_set_erase(struct area_set *set, struct area *area)
{
	struct area *next = area_set_next(set, area);
	struct area *prev = prev_area(set, area);

	rb_erase_augmented(&area->link.node, &set->tree, &gaps);
	if (next) {
		/* Not before: what is above it must be as it was till then. */
		next->link.gap = next->view.iova - end_of(prev);
		gaps.propagate(&next->link.node, NULL);
	}
	list_del_rcu(&area->link.list);
	if (set->found == area)
		set->found = prev;
}

/* The lowest area of a subtree, which has one, with such a gap before it. */
static struct area *lowest_with_gap(struct rb_node *node, unsigned long length)
{
	for (;;) {
		if (max_gap(node->rb_left) >= length)
			node = node->rb_left;
		else if (area_of(node)->link.gap < length)
			node = node->rb_right;
		else
			return area_of(node);
	}
}

/* The lowest area behind another one with such a gap before it, or NULL. */
static struct area *next_with_gap(struct area *area, unsigned long length)
{
	struct rb_node *node = &area->link.node, *parent;

	if (max_gap(node->rb_right) >= length)
		return lowest_with_gap(node->rb_right, length);
	for (; (parent = rb_parent(node)); node = parent) {
		if (node == parent->rb_right)
			continue;
		if (area_of(parent)->link.gap >= length)
			return area_of(parent);
		if (max_gap(parent->rb_right) >= length)
			return lowest_with_gap(parent->rb_right, length);
	}
	return NULL;
}

/**
 * area_set_find_gap() - the lowest IOVAs without an area
 * @set: the set
 * @from: at or after this one
 * @to: up to this one
 * @length: how many, not 0
 * @start: set to the first
 *
 * Takes no longer than to look an area up.
 * Return: false if there are not as many in [@from, @to].
 */
bool area_set_find_gap(struct area_set *set, unsigned long from,
		       unsigned long to, unsigned long length,
		       unsigned long *start)
{
	struct area *area = area_set_seek(set, from), *prev;

	/* Of the gap that @from is in, what is below does not count. */
	if (area && (area->view.iova <= from ||
		     area->view.iova - from < length))
		area = next_with_gap(area, length);
	prev = area ? prev_area(set, area) : last_area(set);
	if (prev && area_last(prev) == ULONG_MAX)
		return false;
	*start = max(from, end_of(prev));
	return *start <= to && to - *start >= length - 1;
}

/*
 * The last area that begins below an IOVA; while the tree changes perhaps one
 * before that, or NULL, or one that has just been erased.
 */
static noinline struct area *descend_rcu(struct area_set *set,
					 unsigned long iova)
{
	struct rb_node *node = rcu_dereference_raw(set->tree.rb_node);
	struct area *best = NULL;

	while (node) {
		struct area *area = area_of(node);

		if (area->view.iova < iova) {
			best = area;
			node = rcu_dereference_raw(node->rb_right);
		} else {
			node = rcu_dereference_raw(node->rb_left);
		}
	}
	return best;
}

/**
 * area_set_from_rcu() - the first area that begins at or after an IOVA, for
 *	readers
 * @set: the set; the caller holds rcu_read_lock(), and needs no lock
 * @iova: the IOVA
 *
 * Return: the area, which may be erased at any time, or NULL.
 */
struct area *area_set_from_rcu(struct area_set *set, unsigned long iova)
{
	struct area *area = iova ? descend_rcu(set, iova) : NULL;

	/* Wherever that has led, from there on the list is right. */
	do {
		area = area_set_next_rcu(set, area);
	} while (area && area->view.iova < iova);
	return area;
}

/**
 * area_set_next_rcu() - the area behind another one, for readers
 * @set: the set; the caller holds rcu_read_lock(), since it found @area
 * @area: the other one, which may have been erased since; NULL: none, to begin
 *
 * Return: the area, which may be erased at any time, or NULL.
 */
struct area *area_set_next_rcu(struct area_set *set, struct area *area)
{
	struct list_head *at = area ? &area->link.list : &set->list;
	struct list_head *next = rcu_dereference_raw(list_next_rcu(at));

	return next == &set->list ? NULL :
				    list_entry(next, struct area, link.list);
}
