/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vmonly.h - what the files of vmonly_dirty.ko share
 *
 * main.c owns the module's life, the faked feature bits and the device node;
 * vtd.c and amdvi.c each know one kind of IOMMU and how it finds a leaf.
 */
#ifndef VMONLY_H
#define VMONLY_H

#include <linux/io.h>
#include <linux/types.h>

/* A table that an IOMMU reads, by its address in memory. */
static inline u64 *vmonly_table(u64 entry)
{
	return phys_to_virt(entry & GENMASK_ULL(51, 12));
}

/**
 * struct vmonly_leaf - an entry that maps memory
 * @entry: the entry that is used for the IOVA
 * @first: the first of all entries of this IO page, which are alike
 * @entries: how many there are
 * @size: bytes of the IO page
 * @tracking: the IOMMU was told to keep this table's dirty bits
 */
struct vmonly_leaf {
	u64 *entry;
	u64 *first;
	unsigned int entries;
	u64 size;
	bool tracking;
};

/**
 * struct vmonly_kind - a kind of IOMMU
 * @prefix: how the kernel's names of such IOMMUs begin
 * @at_device: bytes from the driver's private structure to struct iommu_device
 * @at_reg: to the address of the registers
 * @at_features: to the driver's copy of the features
 * @features_reg: bytes from the first register to that which has the features
 * @needed: features without which there are no dirty bits, whatever is faked
 * @fake: features that make the driver believe in dirty bits
 * @writable: of a leaf's entry: writes are let through
 * @used: of a leaf's entry: set by a read or write
 * @dirty: of a leaf's entry: set by a write
 * @find_leaf: walks the tables as the IOMMU does, from the registers on.
 *	Return: 0; errnos of vmonly_abi.h
 */
struct vmonly_kind {
	const char *prefix;
	size_t at_device;
	size_t at_reg;
	size_t at_features;
	unsigned int features_reg;
	u64 needed;
	u64 fake;
	u64 writable;
	u64 used;
	u64 dirty;
	int (*find_leaf)(void __iomem *reg, u16 rid, u64 iova,
			 struct vmonly_leaf *leaf);
};

extern const struct vmonly_kind vmonly_vtd, vmonly_amdvi;

#endif
