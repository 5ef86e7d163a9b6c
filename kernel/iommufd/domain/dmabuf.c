// SPDX-License-Identifier: GPL-2.0-only
/*
 * IO page tables that hold a dmabuf. Its exporter may take it back at any
 * time: then it goes from all of them at once, and they keep a gap.
 */
#include <linux/iommu.h>
#include <linux/slab.h>

#include "domain/domain.h"
#include "mem/mem.h"

/**
 * struct dmabuf_fill - a dmabuf in a domain
 * @fill: for the one who takes it back
 * @domain: where
 * @iova: first IOVA
 * @length: bytes
 */
struct dmabuf_fill {
	struct mem_fill fill;
	struct iommu_domain *domain;
	unsigned long iova;
	unsigned long length;
};

static void revoke_fill(struct mem_fill *fill)
{
	struct dmabuf_fill *df = container_of(fill, struct dmabuf_fill, fill);
	struct op_stats st = {};

	/*
	 * It cannot be refused: the exporter takes its memory back in any case.
	 * But who unmaps it is told what is still there.
	 */
	if (!domain_clear(df->domain, df->iova, df->length, &st))
		return;
	list_del(&fill->node);
	kfree(df);
}

/**
 * domain_fill_dmabuf() - map a slice of a dmabuf
 * @domain: where
 * @iova: first IOVA; nothing is mapped there
 * @mem: the dmabuf's memory
 * @offset: bytes from the start of the memory's first page
 * @length: bytes; @iova, @offset and @length are aligned for the domain
 * @how: see there
 * @st: counts
 *
 * One that has been taken back maps nothing. May sleep for long, with the
 * dmabuf's reservation lock; a fatal signal ends it.
 * Return: as domain_fill().
 */
int domain_fill_dmabuf(struct iommu_domain *domain, unsigned long iova,
		       struct mem *mem, u64 offset, unsigned long length,
		       const struct fill_how *how, struct op_stats *st)
{
	struct fill_how mmio = *how;
	struct dmabuf_fill *df;
	bool revoked;
	int rc = 0;

	df = kzalloc(sizeof(*df), GFP_KERNEL_ACCOUNT);
	if (!df)
		return -ENOMEM;
	df->fill.revoke = revoke_fill;
	df->domain = domain;
	df->iova = iova;
	df->length = length;
	/* No CPU caches it. */
	mmio.iommu_prot &= ~IOMMU_CACHE;
	mmio.iommu_prot |= IOMMU_MMIO;

	mem_lock_dmabuf(mem);
	revoked = mem_dmabuf_revoked(mem);
	if (!revoked)
		rc = domain_fill_range(domain, iova,
				       mem_dmabuf_address(mem, offset), length,
				       &mmio, st);
	if (!revoked && !rc)
		list_add(&df->fill.node, mem_dmabuf_fills(mem));
	else
		kfree(df);
	mem_unlock_dmabuf(mem);
	return rc;
}

static struct dmabuf_fill *find_fill(struct mem *mem,
				     const struct iommu_domain *domain,
				     unsigned long iova)
{
	struct dmabuf_fill *df;

	list_for_each_entry(df, mem_dmabuf_fills(mem), fill.node)
		if (df->domain == domain && df->iova == iova)
			return df;
	return NULL;
}

/**
 * domain_clear_dmabuf() - unmap a slice of a dmabuf, if it is still there
 * @domain: where
 * @iova: first IOVA, as it was for domain_fill_dmabuf()
 * @mem: the dmabuf's memory
 * @st: counts
 *
 * May sleep.
 * Return: true: no device reaches it; see domain_clear().
 */
bool domain_clear_dmabuf(struct iommu_domain *domain, unsigned long iova,
			 struct mem *mem, struct op_stats *st)
{
	struct dmabuf_fill *df;
	bool cleared = true;

	mem_lock_dmabuf(mem);
	df = find_fill(mem, domain, iova);
	if (df) {
		cleared = domain_clear(domain, iova, df->length, st);
		list_del(&df->fill.node);
		kfree(df);
	} else {
		WARN_ON(!mem_dmabuf_revoked(mem));
	}
	mem_unlock_dmabuf(mem);
	return cleared;
}
