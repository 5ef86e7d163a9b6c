// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory of an IOAS that hardware uses by its physical address: pinned, and
 * mapped for as long as it does, because nobody can ask hardware to let go.
 */
#include <linux/io.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "space/space.h"

static bool contiguous(struct page **pages, unsigned long n)
{
	unsigned long i;

	for (i = 1; i < n; i++)
		if (page_to_pfn(pages[i]) != page_to_pfn(pages[0]) + i)
			return false;
	return true;
}

/* The range is entered. */
static int pin_contiguous(struct ioas *ioas, struct area *area,
			  unsigned long first, unsigned long last,
			  phys_addr_t *phys)
{
	unsigned long n = (last >> PAGE_SHIFT) - (first >> PAGE_SHIFT) + 1;
	struct op_stats st = { .op = IOMMUFD_OP_ACCESS_PIN };
	struct page **pages;
	int rc;

	/* As much is mapped; still, more than can be is not worth a warning. */
	pages = kvmalloc_array(n, sizeof(*pages),
			       GFP_KERNEL_ACCOUNT | __GFP_NOWARN);
	if (!pages)
		return -ENOMEM;
	rc = ioas_pin_pages(ioas, area, first, last, pages, &st);
	if (rc)
		goto out;
	if (contiguous(pages, n)) {
		*phys = page_to_phys(pages[0]) + offset_in_page(first);
	} else {
		ioas_unpin_pages(ioas, area, first, last, &st);
		rc = -EFAULT;
	}
out:
	kvfree(pages);
	return rc;
}

/**
 * ioas_lock_range() - pin memory for hardware, and keep it mapped
 * @ioas: the IOAS
 * @first: first IOVA
 * @last: last IOVA
 * @phys: set to where it begins
 *
 * Until ioas_unlock_range() it cannot be unmapped. Takes iova_lock, and locks
 * of the memory. May sleep for long.
 * Return: 0; -ENOENT: not all of it is mapped; -EPERM: not readable; -EINVAL:
 * its pages are not the memory's pages, or it has none; -EFAULT: it is not
 * contiguous; -ENOMEM, or what mem_pin() returns.
 */
int ioas_lock_range(struct ioas *ioas, unsigned long first,
		    unsigned long last, phys_addr_t *phys)
{
	struct area *area = ioas_enter_range(ioas, first, last,
					     ACCESS_READ | ACCESS_PAGES);
	int rc;

	if (IS_ERR(area))
		return PTR_ERR(area);
	rc = pin_contiguous(ioas, area, first, last, phys);
	ioas_count_range(ioas, area, last, -1, 0, !rc);
	return rc;
}

/**
 * ioas_unlock_range() - hardware does not use memory any more
 * @ioas: the IOAS
 * @first: first IOVA
 * @last: last IOVA; the same range as it was locked
 *
 * Takes iova_lock, and locks of the memory. May sleep.
 */
void ioas_unlock_range(struct ioas *ioas, unsigned long first,
		       unsigned long last)
{
	struct op_stats st = { .op = IOMMUFD_OP_ACCESS_UNPIN };
	struct area *area = ioas_find_pinned(ioas, first);

	if (WARN_ON(!area))
		return;
	ioas_unpin_pages(ioas, area, first, last, &st);
	ioas_count_range(ioas, area, last, 0, 0, -1);
}
