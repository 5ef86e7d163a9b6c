// SPDX-License-Identifier: GPL-2.0-only
/*
 * oracle.c - which pages are dirty, by another way
 *
 * Owns: struct oracle. It shares no idea with the kernel's code but the rule: a
 * leaf that is written is dirty until a read that clears covers all of it.
 */
#include <stdlib.h>

#include "dirty-hw.h"

struct oracle {
	__u64 iova;
	size_t pages;
	struct {
		size_t leaf;	/* pages in the leaf that this one is in */
		bool dirty;	/* of the leaf's first page */
	} page[];
};

static size_t page_of(const struct oracle *o, __u64 iova)
{
	CHECK(iova >= o->iova && (iova - o->iova) / PAGE_SZ < o->pages);
	return (iova - o->iova) / PAGE_SZ;
}

struct oracle *oracle_new(__u64 iova, __u64 length)
{
	size_t pages = length / PAGE_SZ, i, n, k;
	struct oracle *o;

	o = calloc(1, sizeof(*o) + pages * sizeof(o->page[0]));
	CHECK(o);
	o->iova = iova;
	o->pages = pages;
	for (i = 0; i < pages; i += n) {
		struct vmonly_access leaf = leaf_at(iova + i * PAGE_SZ);

		n = leaf.leaf / PAGE_SZ;
		CHECK(!leaf.dirty);
		/* It begins here: leaves are as aligned as they are large. */
		CHECK(!((iova / PAGE_SZ + i) % n));
		CHECK(i + n <= pages);
		for (k = i; k < i + n; k++)
			o->page[k].leaf = n;
	}
	return o;
}

/* The first page of the leaf that a page is in. */
static size_t head_of(const struct oracle *o, size_t page)
{
	size_t pages = o->page[page].leaf;

	return page - (o->iova / PAGE_SZ + page) % pages;
}

unsigned int oracle_sizes(const struct oracle *o)
{
	unsigned int sizes = 0;
	size_t shift, pages, i;

	for (shift = 0; shift < 20; shift++) {
		pages = 0;
		for (i = 0; i < o->pages; i++)
			pages += o->page[i].leaf == 1UL << shift;
		if (!pages)
			continue;
		test_note("%zu leaves of %zu KiB", pages >> shift,
			  PAGE_SZ / 1024 << shift);
		sizes++;
	}
	return sizes;
}

void oracle_write(struct oracle *o, __u64 iova)
{
	o->page[head_of(o, page_of(o, iova))].dirty = true;
}

void oracle_clean(struct oracle *o)
{
	size_t i;

	for (i = 0; i < o->pages; i++)
		o->page[i].dirty = false;
}

void oracle_read(struct oracle *o, __u64 iova, __u64 length, __u64 page_size,
		 unsigned char *bitmap, bool clear)
{
	size_t first = page_of(o, iova), n = length / PAGE_SZ, i;
	__u64 at, bit;

	for (i = first; i < first + n; i++) {
		if (!o->page[head_of(o, i)].dirty)
			continue;
		for (at = (i - first) * PAGE_SZ; at < (i - first + 1) * PAGE_SZ;
		     at += page_size < PAGE_SZ ? page_size : PAGE_SZ) {
			bit = at / page_size;
			bitmap[bit / 8] |= 1 << bit % 8;
		}
	}
	for (i = first; clear && i < first + n; i++)
		if (head_of(o, i) == i && i + o->page[i].leaf <= first + n)
			o->page[i].dirty = false;
}
