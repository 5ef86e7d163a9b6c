// SPDX-License-Identifier: GPL-2.0-only
/*
 * Looking at what iommufd did: are a process's pages where a HWPT says, and
 * how often are they pinned? And what disturbs it: reserved IOVAs.
 */
#include <linux/align.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/sched/signal.h>

#include "mock.h"
#include "space/hwpt.h"
#include "space/space.h"

/**
 * tcmd_add_reserved() - ADD_RESERVED
 * @tcmd: the ioctl
 *
 * It stays reserved as long as the IOAS lives.
 * Return: 0; -EINVAL no range; -ENOENT no such IOAS; see ioas_reserve().
 */
int tcmd_add_reserved(struct tcmd *tcmd)
{
	unsigned long start = tcmd->cmd.add_reserved.start;
	unsigned long length = tcmd->cmd.add_reserved.length;
	unsigned long last;
	struct object *obj;
	struct ioas *ioas;
	int rc;

	if (!length || check_add_overflow(start, length - 1, &last))
		return -EINVAL;
	obj = core->object_get(tcmd->ctx, tcmd->cmd.id, OBJECT_IOAS);
	if (IS_ERR(obj))
		return PTR_ERR(obj);
	ioas = container_of(obj, struct ioas, obj);
	mutex_lock(&ioas->iova_lock);
	rc = core->ioas_reserve(ioas, start, last, ioas);
	mutex_unlock(&ioas->iova_lock);
	core->object_put(tcmd->ctx, obj);
	return rc;
}

/**
 * user_page() - the caller's page at an address
 * @uptr: page aligned
 *
 * May sleep.
 * Return: the page for put_page(), or an ERR_PTR, -EFAULT if there is none.
 */
struct page *user_page(unsigned long uptr)
{
	struct page *page;
	int n = get_user_pages_fast(uptr, 1, 0, &page);

	if (n < 0)
		return ERR_PTR(n);
	return n == 1 ? page : ERR_PTR(-EFAULT);
}

/* Is the page at a user address mapped at an IOVA? */
static int check_page(struct mock_pt *pt, unsigned long iova,
		      unsigned long uptr)
{
	struct page *page = user_page(uptr & PAGE_MASK);
	phys_addr_t phys;
	u64 pte;

	if (IS_ERR(page))
		return PTR_ERR(page);
	phys = page_to_phys(page) + offset_in_page(uptr);
	put_page(page);
	pte = mock_pt_read(pt, iova);
	if (!(pte & MOCK_PTE_PRESENT) ||
	    ALIGN_DOWN(pte, MOCK_PAGE_SIZE) != phys)
		return -EINVAL;
	return 0;
}

static int check_pages(struct mock_pt *pt, unsigned long iova,
		       unsigned long uptr, unsigned long length)
{
	int rc = 0;

	for (; !rc && length; length -= MOCK_PAGE_SIZE) {
		rc = check_page(pt, iova, uptr);
		iova += MOCK_PAGE_SIZE;
		uptr += MOCK_PAGE_SIZE;
		if (fatal_signal_pending(current))
			rc = -EINTR;
		cond_resched();
	}
	return rc;
}

/**
 * tcmd_check_map() - MD_CHECK_MAP
 * @tcmd: the ioctl
 *
 * Return: 0; -EINVAL they are not there, or a misaligned range; -ENOENT no
 * such HWPT; -EFAULT no memory there; -EINTR.
 */
int tcmd_check_map(struct tcmd *tcmd)
{
	unsigned long iova = tcmd->cmd.check_map.iova;
	unsigned long uptr = tcmd->cmd.check_map.uptr;
	unsigned long length = tcmd->cmd.check_map.length;
	struct object *obj;
	struct mock_pt *pt;
	unsigned long end;
	int rc = -EINVAL;

	if (!IS_ALIGNED(iova | uptr | length, MOCK_PAGE_SIZE) ||
	    check_add_overflow(uptr, length, &end) ||
	    check_add_overflow(iova, length, &end))
		return -EINVAL;
	obj = core->object_get(tcmd->ctx, tcmd->cmd.id, OBJECT_HWPT);
	if (IS_ERR(obj))
		return PTR_ERR(obj);
	pt = mock_domain_pt(container_of(obj, struct hwpt, obj)->domain);
	if (pt)
		rc = check_pages(pt, iova, uptr, length);
	core->object_put(tcmd->ctx, obj);
	return rc;
}

/*
 * Each pin of a small page counts GUP_PIN_COUNTING_BIAS references. A large
 * folio counts the pins of all its pages together, so only none and some can
 * be told apart.
 */
static bool pins_are(struct page *page, unsigned int refs)
{
	struct folio *folio = page_folio(page);
	unsigned int pins;

	if (!folio_test_large(folio))
		return folio_ref_count(folio) / GUP_PIN_COUNTING_BIAS == refs;
	pins = atomic_read(&folio->_pincount);
	return refs ? pins >= refs : !pins;
}

/**
 * tcmd_check_refs() - MD_CHECK_REFS
 * @tcmd: the ioctl
 *
 * Return: 0; -EIO other pins than said; -EINVAL a misaligned range; -EFAULT no
 * memory there; -EINTR.
 */
int tcmd_check_refs(struct tcmd *tcmd)
{
	unsigned long uptr = tcmd->cmd.check_refs.uptr;
	unsigned long length = tcmd->cmd.check_refs.length;
	unsigned long end;

	if (!PAGE_ALIGNED(uptr | length) ||
	    check_add_overflow(uptr, length, &end))
		return -EINVAL;
	for (; uptr != end; uptr += PAGE_SIZE) {
		struct page *page = user_page(uptr);
		bool good;

		if (IS_ERR(page))
			return PTR_ERR(page);
		good = pins_are(page, tcmd->cmd.check_refs.refs);
		put_page(page);
		if (!good)
			return -EIO;
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	}
	return 0;
}

/**
 * tcmd_memory_limit() - SET_TEMP_MEMORY_LIMIT
 * @tcmd: the ioctl
 *
 * Meant for an iommufd whose temporary memory grows with a mapping. Ours does
 * not: it pins in batches of one size, so there is nothing to limit.
 * Return: 0; -EINVAL no memory at all.
 */
int tcmd_memory_limit(struct tcmd *tcmd)
{
	return tcmd->cmd.memory_limit.limit ? 0 : -EINVAL;
}
