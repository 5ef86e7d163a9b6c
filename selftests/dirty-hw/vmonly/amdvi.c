// SPDX-License-Identifier: GPL-2.0-only
/*
 * AMD-Vi with its own format of page tables: from the device table to the
 * leaf, as the hardware walks, by the AMD IOMMU specification (chapter 2).
 */
#include <linux/bitops.h>
#include <linux/bits.h>
#include <linux/errno.h>

#include "layout.h"
#include "vmonly.h"

#define REG_FEATURES		0x30
#define FEATURE_HOST_ACCESSED	BIT_ULL(49)
#define FEATURE_HOST_DIRTY	BIT_ULL(52)

#define REG_DEVICES		0x00

#define DEVICE_WORDS		4
#define DEVICE_VALID		GENMASK_ULL(1, 0)
#define DEVICE_AD		GENMASK_ULL(8, 7)
#define DEVICE_GUEST		BIT_ULL(55)

#define ENTRY_PRESENT		BIT_ULL(0)
#define ENTRY_ACCESSED		BIT_ULL(5)
#define ENTRY_DIRTY		BIT_ULL(6)
#define ENTRY_WRITE		BIT_ULL(62)
/* Also of a device table's entry: the level of the table that it points to. */
#define ENTRY_LEVEL(word)	((word) >> 9 & 7)
#define LEVEL_LEAF		0
#define LEVEL_ODD_LEAF		7	/* of a size between those of levels */

/* The size of an odd leaf is in its address: ones up to the first zero. */
static u64 odd_leaf_size(u64 word)
{
	return BIT_ULL(1 + ffz(word | GENMASK_ULL(11, 0)));
}

static int amdvi_find_leaf(void __iomem *reg, u16 rid, u64 iova,
			   struct vmonly_leaf *leaf)
{
	u64 *device = vmonly_table(readq(reg + REG_DEVICES)) +
		      rid * DEVICE_WORDS;
	unsigned int level, shift;
	u64 word = READ_ONCE(*device);
	u64 *table = vmonly_table(word);

	if ((word & DEVICE_VALID) != DEVICE_VALID)
		return -ENXIO;
	level = ENTRY_LEVEL(word);
	if (word & DEVICE_GUEST || !level || level > 6)
		return -EOPNOTSUPP;
	leaf->tracking = (word & DEVICE_AD) == DEVICE_AD;
	if (level < 6 && iova >> (12 + 9 * level))
		return -EFAULT;
	for (;; level--, table = vmonly_table(word)) {
		shift = 12 + 9 * (level - 1);
		leaf->entry = table + (iova >> shift & 511);
		word = READ_ONCE(*leaf->entry);
		if (!(word & ENTRY_PRESENT))
			return -EFAULT;
		if (ENTRY_LEVEL(word) == LEVEL_LEAF ||
		    ENTRY_LEVEL(word) == LEVEL_ODD_LEAF)
			break;
		if (ENTRY_LEVEL(word) != level - 1)
			return -EOPNOTSUPP;
	}
	leaf->size = ENTRY_LEVEL(word) == LEVEL_LEAF ? BIT_ULL(shift) :
						       odd_leaf_size(word);
	leaf->entries = leaf->size >> shift;
	leaf->first = table + ((iova >> shift & 511) & ~(leaf->entries - 1ULL));
	return 0;
}

const struct vmonly_kind vmonly_amdvi = {
	.prefix = "ivhd",
	.at_device = AT_AMD_IOMMU_IOMMU,
	.at_reg = AT_AMD_IOMMU_MMIO_BASE,
	.at_features = AT_AMD_IOMMU_FEATURES,
	.features_reg = REG_FEATURES,
	.fake = FEATURE_HOST_ACCESSED | FEATURE_HOST_DIRTY,
	.writable = ENTRY_WRITE,
	.used = ENTRY_ACCESSED,
	.dirty = ENTRY_DIRTY,
	.find_leaf = amdvi_find_leaf,
};
