// SPDX-License-Identifier: GPL-2.0-only
/*
 * The mock IOMMU's page table: two levels over [0, last IOVA], the upper one of
 * huge pages or tables, the lower one of pages. As in AMD's page tables a page
 * may take several entries: PAGE_SIZE takes two, either of which may say that it
 * is dirty.
 *
 * Stricter than hardware: mapping what is mapped, unmapping what is not, and
 * cutting a huge page are bugs of the caller, and warned about.
 *
 * No locks: callers do not touch the same IOVA at a time, and an entry is a
 * word. Only the table that two entries share can be made twice at a time.
 */
#include <linux/align.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "mock.h"

#define PER_TABLE (MOCK_HUGE_PAGE_SIZE / MOCK_PAGE_SIZE)
#define PAIR (PAGE_SIZE / MOCK_PAGE_SIZE)

/**
 * struct mock_slot - an entry of the upper level
 * @table: PER_TABLE entries of pages, or NULL
 * @huge: an entry of a huge page; then nothing is in the table beside it
 */
struct mock_slot {
	u64 *table;
	u64 huge;
};

/**
 * struct mock_pt - a page table
 * @last: the last IOVA
 * @nr: how many slots
 * @slots: the upper level
 */
struct mock_pt {
	unsigned long last;
	unsigned long nr;
	struct mock_slot slots[] __counted_by(nr);
};

/**
 * mock_pt_alloc() - an empty page table
 * @last: the last IOVA that it can hold; it and the first are a huge page's
 *
 * Return: it, for mock_pt_free(), or NULL.
 */
struct mock_pt *mock_pt_alloc(unsigned long last)
{
	unsigned long nr = (last + 1) / MOCK_HUGE_PAGE_SIZE;
	struct mock_pt *pt;

	pt = kvzalloc(struct_size(pt, slots, nr), GFP_KERNEL_ACCOUNT);
	if (!pt)
		return NULL;
	pt->last = last;
	pt->nr = nr;
	return pt;
}

static bool table_empty(const u64 *table)
{
	return !table || !memchr_inv(table, 0, PER_TABLE * sizeof(*table));
}

/**
 * mock_pt_free() - free a page table
 * @pt: everything in it was unmapped
 */
void mock_pt_free(struct mock_pt *pt)
{
	unsigned long i;

	for (i = 0; i < pt->nr; i++) {
		WARN_ON_ONCE(pt->slots[i].huge || !table_empty(pt->slots[i].table));
		kfree(pt->slots[i].table);
	}
	kvfree(pt);
}

static u64 *get_table(struct mock_pt *pt, unsigned long i, gfp_t gfp)
{
	u64 *table = READ_ONCE(pt->slots[i].table);
	u64 *old;

	if (table)
		return table;
	table = kcalloc(PER_TABLE, sizeof(*table), gfp);
	if (!table)
		return NULL;
	old = cmpxchg(&pt->slots[i].table, NULL, table);
	if (old)
		kfree(table);
	return old ?: table;
}

static u64 make_pte(phys_addr_t phys, int prot)
{
	return phys | MOCK_PTE_PRESENT |
	       (prot & IOMMU_READ ? MOCK_PTE_READ : 0) |
	       (prot & IOMMU_WRITE ? MOCK_PTE_WRITE : 0);
}

static int map_pair(u64 *ptep, u64 pte)
{
	unsigned int i;

	static_assert(PAIR == 2);
	for (i = 0; i < PAIR; i++) {
		if (WARN_ON(ptep[i]))
			return -EADDRINUSE;
		WRITE_ONCE(ptep[i], (pte + i * MOCK_PAGE_SIZE) | MOCK_PTE_PAIR);
	}
	return 0;
}

/**
 * mock_pt_map() - map one page
 * @pt: the table
 * @iova: nothing is mapped there; aligned to @size
 * @phys: aligned to @size
 * @size: MOCK_PAGE_SIZE, PAGE_SIZE or MOCK_HUGE_PAGE_SIZE
 * @prot: IOMMU_READ and so on
 * @gfp: for a table
 *
 * Return: 0, -ENOMEM; -EADDRINUSE or -ERANGE for a bug of the caller.
 */
int mock_pt_map(struct mock_pt *pt, unsigned long iova, phys_addr_t phys,
		size_t size, int prot, gfp_t gfp)
{
	unsigned long i = iova / MOCK_HUGE_PAGE_SIZE;
	u64 *pte;

	if (WARN_ON(iova < MOCK_APERTURE_START || iova > pt->last ||
		    !IS_ALIGNED(iova | phys, size)))
		return -ERANGE;
	if (WARN_ON(pt->slots[i].huge))
		return -EADDRINUSE;
	if (size == MOCK_HUGE_PAGE_SIZE) {
		if (WARN_ON(!table_empty(pt->slots[i].table)))
			return -EADDRINUSE;
		pte = &pt->slots[i].huge;
	} else {
		pte = get_table(pt, i, gfp);
		if (!pte)
			return -ENOMEM;
		pte += iova / MOCK_PAGE_SIZE % PER_TABLE;
		if (WARN_ON(*pte))
			return -EADDRINUSE;
	}
	if (size == PAGE_SIZE)
		return map_pair(pte, make_pte(phys, prot));
	WRITE_ONCE(*pte, make_pte(phys, prot));
	return 0;
}

/**
 * mock_pt_unmap() - unmap the page at an IOVA
 * @pt: the table
 * @iova: where it begins
 * @room: bytes that may be unmapped
 *
 * Return: the bytes that were mapped there; 0 for a bug of the caller: nothing
 * is mapped, or only a part of a huge page is meant.
 */
size_t mock_pt_unmap(struct mock_pt *pt, unsigned long iova, size_t room)
{
	unsigned long i = iova / MOCK_HUGE_PAGE_SIZE;
	u64 *table, *pte;

	if (WARN_ON(iova > pt->last))
		return 0;
	if (pt->slots[i].huge) {
		if (WARN_ON(!IS_ALIGNED(iova, MOCK_HUGE_PAGE_SIZE) ||
			    room < MOCK_HUGE_PAGE_SIZE))
			return 0;
		WRITE_ONCE(pt->slots[i].huge, 0);
		return MOCK_HUGE_PAGE_SIZE;
	}
	table = READ_ONCE(pt->slots[i].table);
	pte = table ? &table[iova / MOCK_PAGE_SIZE % PER_TABLE] : NULL;
	if (WARN_ON(!pte || !*pte))
		return 0;
	if (*pte & MOCK_PTE_PAIR) {
		if (WARN_ON(!PAGE_ALIGNED(iova) || room < PAGE_SIZE))
			return 0;
		WRITE_ONCE(pte[1], 0);
		WRITE_ONCE(pte[0], 0);
		return PAGE_SIZE;
	}
	WRITE_ONCE(*pte, 0);
	return MOCK_PAGE_SIZE;
}

/*
 * The entry for an IOVA; NULL: there is no table for it. @size: the bytes that
 * it stands for, or that the table would.
 */
static u64 *find_pte(struct mock_pt *pt, unsigned long iova, size_t *size)
{
	unsigned long i = iova / MOCK_HUGE_PAGE_SIZE;
	u64 *table;

	*size = MOCK_HUGE_PAGE_SIZE;
	if (iova > pt->last)
		return NULL;
	if (READ_ONCE(pt->slots[i].huge))
		return &pt->slots[i].huge;
	table = READ_ONCE(pt->slots[i].table);
	if (!table)
		return NULL;
	*size = MOCK_PAGE_SIZE;
	return &table[iova / MOCK_PAGE_SIZE % PER_TABLE];
}

/**
 * mock_pt_read() - what is mapped at an IOVA
 * @pt: the table
 * @iova: any; its offset in the page is ignored
 *
 * Return: the address of its MOCK_PAGE_SIZE page with enum mock_pte in the low
 * bits, or 0.
 */
u64 mock_pt_read(struct mock_pt *pt, unsigned long iova)
{
	size_t size;
	u64 *ptep = find_pte(pt, iova, &size);
	u64 pte = ptep ? READ_ONCE(*ptep) : 0;

	if (pte)
		pte += ALIGN_DOWN(iova % size, MOCK_PAGE_SIZE);
	return pte;
}

/**
 * mock_pt_write() - a device writes to the page at an IOVA
 * @pt: the table
 * @iova: any; it may be unmapped at the same time
 *
 * The IOTLB remembers which entries are dirty, and does not set them dirty
 * again before it is flushed.
 * Return: false: it cannot write there.
 */
bool mock_pt_write(struct mock_pt *pt, unsigned long iova)
{
	size_t size;
	u64 *ptep = find_pte(pt, iova, &size);
	u64 pte;

	if (!ptep)
		return false;
	pte = READ_ONCE(*ptep);
	do {
		if (!(pte & MOCK_PTE_WRITE))
			return false;
		if (pte & MOCK_PTE_CACHED)
			return true;
	} while (!try_cmpxchg64(ptep, &pte,
				pte | MOCK_PTE_DIRTY | MOCK_PTE_CACHED));
	return true;
}

static bool test_dirty(u64 *pte, bool clear)
{
	if (!(READ_ONCE(*pte) & MOCK_PTE_DIRTY))
		return false;
	return !clear || test_and_clear_bit(__ffs(MOCK_PTE_DIRTY),
					    (unsigned long *)pte);
}

/**
 * mock_pt_test_dirty() - is the page at an IOVA dirty?
 * @pt: the table
 * @iova: any
 * @clear: not any more, then
 * @size: set to the page's size, or that of an empty entry
 *
 * Return: whether it was.
 */
bool mock_pt_test_dirty(struct mock_pt *pt, unsigned long iova, bool clear,
			size_t *size)
{
	u64 *pte = find_pte(pt, iova, size);
	bool first, second;

	if (!pte)
		return false;
	if (!(READ_ONCE(*pte) & MOCK_PTE_PAIR))
		return test_dirty(pte, clear);
	*size = PAGE_SIZE;
	pte = PTR_ALIGN_DOWN(pte, PAIR * sizeof(*pte));
	first = test_dirty(&pte[0], clear);
	second = test_dirty(&pte[1], clear);
	return first || second;
}

/**
 * mock_pt_flush() - the IOTLB forgets which entries are dirty
 * @pt: the table
 * @first: first IOVA
 * @last: last IOVA
 */
void mock_pt_flush(struct mock_pt *pt, unsigned long first,
		   unsigned long last)
{
	size_t size;

	last = min(last, pt->last);
	while (first <= last) {
		u64 *pte = find_pte(pt, first, &size);

		if (pte && READ_ONCE(*pte) & MOCK_PTE_CACHED)
			clear_bit(__ffs(MOCK_PTE_CACHED),
				  (unsigned long *)pte);
		first = ALIGN_DOWN(first, size) + size;
	}
}
