// SPDX-License-Identifier: GPL-2.0-only
/*
 * VT-d in scalable mode: from the root table to the leaf, as the hardware
 * walks, by the VT-d specification (chapters 3 and 9).
 */
#include <linux/bits.h>
#include <linux/errno.h>

#include "layout.h"
#include "vmonly.h"

#define REG_ECAP		0x10
#define ECAP_SCALABLE		BIT_ULL(43)
#define ECAP_SECOND_STAGE_AD	BIT_ULL(45)
#define ECAP_COHERENT_WALK	BIT_ULL(48)

#define REG_ROOT		0x20
#define ROOT_MODE		GENMASK_ULL(11, 10)
#define ROOT_SCALABLE		BIT_ULL(10)

#define PRESENT			BIT_ULL(0)	/* root, context, PASID */

/* A context entry has four words, of which the second names a PASID. */
#define CONTEXT_WORDS		4
#define CONTEXT_PASID		GENMASK_ULL(19, 0)

#define PASID_WORDS		8
#define PASID_STAGES		GENMASK_ULL(8, 6)
#define PASID_SECOND_STAGE	BIT_ULL(7)
#define PASID_AD		BIT_ULL(9)
#define PASID_WIDTH(word)	((word) >> 2 & 7)

#define LEAF_READ		BIT_ULL(0)
#define LEAF_WRITE		BIT_ULL(1)
#define LEAF_LARGE		BIT_ULL(7)
#define LEAF_ACCESSED		BIT_ULL(8)
#define LEAF_DIRTY		BIT_ULL(9)

/* The PASID table's entry for what a device does without a PASID. */
static u64 *find_pasid_entry(void __iomem *reg, u16 rid)
{
	u64 root = readq(reg + REG_ROOT);
	u64 *context, *entry;
	u32 pasid;

	if ((root & ROOT_MODE) != ROOT_SCALABLE)
		return NULL;
	/* Two words for each bus, each for half of its functions. */
	entry = vmonly_table(root) + (rid >> 7);
	if (!(*entry & PRESENT))
		return NULL;
	context = vmonly_table(*entry) + (rid & 0x7f) * CONTEXT_WORDS;
	if (!(*context & PRESENT))
		return NULL;
	pasid = context[1] & CONTEXT_PASID;
	entry = vmonly_table(*context) + (pasid >> 6);
	if (!(*entry & PRESENT))
		return NULL;
	entry = vmonly_table(*entry) + (pasid & 0x3f) * PASID_WORDS;
	return *entry & PRESENT ? entry : NULL;
}

static int vtd_find_leaf(void __iomem *reg, u16 rid, u64 iova,
			 struct vmonly_leaf *leaf)
{
	u64 *pasid_entry = find_pasid_entry(reg, rid);
	unsigned int level, shift;
	u64 word, *table;

	if (!pasid_entry)
		return -ENXIO;
	word = READ_ONCE(*pasid_entry);
	if ((word & PASID_STAGES) != PASID_SECOND_STAGE)
		return -EOPNOTSUPP;
	leaf->tracking = word & PASID_AD;
	level = PASID_WIDTH(word) + 2;
	if (iova >> (12 + 9 * level))
		return -EFAULT;
	for (table = vmonly_table(word);; table = vmonly_table(word), level--) {
		shift = 12 + 9 * (level - 1);
		leaf->entry = table + (iova >> shift & 511);
		word = READ_ONCE(*leaf->entry);
		if (!(word & (LEAF_READ | LEAF_WRITE)))
			return -EFAULT;
		if (level == 1 || word & LEAF_LARGE)
			break;
	}
	leaf->first = leaf->entry;
	leaf->entries = 1;
	leaf->size = BIT_ULL(shift);
	return 0;
}

const struct vmonly_kind vmonly_vtd = {
	.prefix = "dmar",
	.at_device = AT_INTEL_IOMMU_IOMMU,
	.at_reg = AT_INTEL_IOMMU_REG,
	.at_features = AT_INTEL_IOMMU_ECAP,
	.features_reg = REG_ECAP,
	.needed = ECAP_SCALABLE,
	.fake = ECAP_SECOND_STAGE_AD | ECAP_COHERENT_WALK,
	.writable = LEAF_WRITE,
	.used = LEAF_ACCESSED,
	.dirty = LEAF_DIRTY,
	.find_leaf = vtd_find_leaf,
};
