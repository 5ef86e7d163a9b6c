// SPDX-License-Identifier: GPL-2.0-only
/*
 * dirty_oracle.c - which pages are dirty, by another way
 *
 * Owns: struct oracle, an entry for each MOCK_PAGE of the IOVAs that the tests
 * use. It shares no idea with the kernel's code but the rule: a page that is
 * written is dirty until a read that clears covers all of the IO page.
 */
#define _GNU_SOURCE
#include <stdlib.h>

#include "dirty.h"

#define UNITS (64UL << 20 >> 11)

struct oracle {
	__u32 leaf[UNITS];	/* units of the IO page it is in; 0: none */
	bool dirty[UNITS];	/* of the IO page's first unit */
};

struct oracle *oracle_new(void)
{
	struct oracle *o = calloc(1, sizeof(*o));

	CHECK(o);
	return o;
}

static size_t unit_of(__u64 iova)
{
	CHECK(iova >= MOCK_START && iova - MOCK_START < UNITS * MOCK_PAGE);
	return (iova - MOCK_START) / MOCK_PAGE;
}

/* The first unit of the IO page that a unit is in. */
static size_t head_of(const struct oracle *o, size_t unit)
{
	return unit - unit % o->leaf[unit];
}

void oracle_map(struct oracle *o, __u64 iova, __u64 length, __u64 leaf)
{
	size_t i, first = unit_of(iova);

	for (i = first; i < first + length / MOCK_PAGE; i++) {
		o->leaf[i] = leaf / MOCK_PAGE;
		o->dirty[i] = false;
	}
}

void oracle_unmap(struct oracle *o, __u64 iova, __u64 length)
{
	oracle_map(o, iova, length, 0);
}

bool oracle_write(struct oracle *o, __u64 iova)
{
	size_t unit = unit_of(iova);

	if (!o->leaf[unit])
		return false;
	o->dirty[head_of(o, unit)] = true;
	return true;
}

void oracle_clean(struct oracle *o)
{
	memset(o->dirty, 0, sizeof(o->dirty));
}

void oracle_read(struct oracle *o, __u64 iova, __u64 length, __u64 page_size,
		 unsigned char *bitmap, bool clear)
{
	size_t first = unit_of(iova), n = length / MOCK_PAGE, i;
	__u64 at, bit;

	for (i = first; i < first + n; i++) {
		if (!o->leaf[i] || !o->dirty[head_of(o, i)])
			continue;
		for (at = (i - first) * MOCK_PAGE;
		     at < (i - first + 1) * MOCK_PAGE;
		     at += page_size < MOCK_PAGE ? page_size : MOCK_PAGE) {
			bit = at / page_size;
			bitmap[bit / 8] |= 1 << bit % 8;
		}
	}
	for (i = first; clear && i < first + n; i++)
		if (o->leaf[i] && head_of(o, i) == i &&
		    i + o->leaf[i] <= first + n)
			o->dirty[i] = false;
}
