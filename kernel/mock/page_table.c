// SPDX-License-Identifier: GPL-2.0-only
/*
 * The mock IOMMU's page table: two levels over [0, MOCK_APERTURE_LAST], the
 * upper one of huge pages or tables, the lower one of pages.
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
#define NR_TABLES ((MOCK_APERTURE_LAST + 1) / MOCK_HUGE_PAGE_SIZE)

/**
 * struct mock_pt - a page table
 * @tables: PER_TABLE entries of pages each, or NULL
 * @huge: an entry of a huge page; then nothing is in the table beside it
 */
struct mock_pt {
	u64 *tables[NR_TABLES];
	u64 huge[NR_TABLES];
};

/**
 * mock_pt_alloc() - an empty page table
 *
 * Return: it, for mock_pt_free(), or NULL.
 */
struct mock_pt *mock_pt_alloc(void)
{
	return kvzalloc(sizeof(struct mock_pt), GFP_KERNEL_ACCOUNT);
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

	for (i = 0; i < NR_TABLES; i++) {
		WARN_ON_ONCE(pt->huge[i] || !table_empty(pt->tables[i]));
		kfree(pt->tables[i]);
	}
	kvfree(pt);
}

static u64 *get_table(struct mock_pt *pt, unsigned long i, gfp_t gfp)
{
	u64 *table = READ_ONCE(pt->tables[i]);
	u64 *old;

	if (table)
		return table;
	table = kcalloc(PER_TABLE, sizeof(*table), gfp);
	if (!table)
		return NULL;
	old = cmpxchg(&pt->tables[i], NULL, table);
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

/**
 * mock_pt_map() - map one page
 * @pt: the table
 * @iova: nothing is mapped there; aligned to @size
 * @phys: aligned to @size
 * @size: MOCK_PAGE_SIZE or MOCK_HUGE_PAGE_SIZE
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

	if (WARN_ON(iova < MOCK_APERTURE_START || iova > MOCK_APERTURE_LAST ||
		    !IS_ALIGNED(iova | phys, size)))
		return -ERANGE;
	if (WARN_ON(pt->huge[i]))
		return -EADDRINUSE;
	if (size == MOCK_HUGE_PAGE_SIZE) {
		if (WARN_ON(!table_empty(pt->tables[i])))
			return -EADDRINUSE;
		pte = &pt->huge[i];
	} else {
		pte = get_table(pt, i, gfp);
		if (!pte)
			return -ENOMEM;
		pte += iova / MOCK_PAGE_SIZE % PER_TABLE;
		if (WARN_ON(*pte))
			return -EADDRINUSE;
	}
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
	u64 *table;

	if (WARN_ON(iova > MOCK_APERTURE_LAST))
		return 0;
	if (pt->huge[i]) {
		if (WARN_ON(!IS_ALIGNED(iova, MOCK_HUGE_PAGE_SIZE) ||
			    room < MOCK_HUGE_PAGE_SIZE))
			return 0;
		WRITE_ONCE(pt->huge[i], 0);
		return MOCK_HUGE_PAGE_SIZE;
	}
	table = READ_ONCE(pt->tables[i]);
	if (WARN_ON(!table || !table[iova / MOCK_PAGE_SIZE % PER_TABLE]))
		return 0;
	WRITE_ONCE(table[iova / MOCK_PAGE_SIZE % PER_TABLE], 0);
	return MOCK_PAGE_SIZE;
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
	unsigned long i = iova / MOCK_HUGE_PAGE_SIZE;
	u64 *table;
	u64 pte;

	if (iova > MOCK_APERTURE_LAST)
		return 0;
	pte = READ_ONCE(pt->huge[i]);
	if (pte)
		return pte + ALIGN_DOWN(iova % MOCK_HUGE_PAGE_SIZE,
					MOCK_PAGE_SIZE);
	table = READ_ONCE(pt->tables[i]);
	return table ? READ_ONCE(table[iova / MOCK_PAGE_SIZE % PER_TABLE]) : 0;
}
