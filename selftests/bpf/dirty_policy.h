/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * dirty_policy.h - what the tests of dirty policies share
 *
 * dirty_rig.c loads policies and makes HWPTs that track; dirty_hooks.c,
 * dirty_read.c, dirty_model.c and dirty_adapt.c own tables of tests.
 */
#ifndef SELFTESTS_BPF_DIRTY_POLICY_H
#define SELFTESTS_BPF_DIRTY_POLICY_H

#include "bpf_policy.h"
#include "dirty_probe.h"

/* A loaded dirty_probe. */
struct dirty_policy {
	struct bpf_object *obj;
	struct bpf_map *map;
	struct bpf_link *link;
	struct dirty_probe *p;
};

/* Loaded, not attached. @conf says the scope and the flags; may be NULL. */
struct dirty_policy dirty_load(const struct iommufd_dirty_ops *conf);
int dirty_attach(struct dirty_policy *pol);
/* Loaded and attached; read_area() answers @verdict. */
struct dirty_policy dirty_new(const struct iommufd_dirty_ops *conf,
			      unsigned int verdict);
void dirty_detach(struct dirty_policy *pol);
/* @to takes the place of @from, and its link. */
int dirty_replace(struct dirty_policy *from, struct dirty_policy *to);
void dirty_unload(struct dirty_policy *pol);
/* Wait until exit() was called, or fail. */
void dirty_wait_exit(const struct dirty_policy *pol);
/* The memory of the .bss of a loaded object. */
void *bss_of(struct bpf_object *obj);

/* A context, an IOAS, a mock device, and a HWPT that can track. */
struct dirty_rig {
	int fd;
	__u32 ioas;
	struct mock_device m;
	__u32 hwpt;
	char *va;
};

#define DIRTY_PAGES 256 /* that the rig has memory for */
#define NO_CLEAR IOMMU_HWPT_GET_DIRTY_BITMAP_NO_CLEAR

/* Tracking is off. */
struct dirty_rig dirty_rig(void);
/* Map @n pages at page @at of the rig's memory to that page of MOCK_IOVA. */
void dirty_map(const struct dirty_rig *r, unsigned int at, unsigned int n);
void dirty_unmap(const struct dirty_rig *r, unsigned int at, unsigned int n);
/* A device writes to pages of MOCK_IOVA. */
void dirty_write(const struct dirty_rig *r, __u32 hwpt, unsigned int page);
/* A bit for each page, from page @at on. */
int dirty_read(const struct dirty_rig *r, __u32 hwpt, unsigned int at,
	       unsigned int n, unsigned char *bitmap, __u32 flags);
/* How many pages of a range are reported; what is around it stays as it is. */
unsigned int dirty_count(const struct dirty_rig *r, __u32 hwpt, unsigned int at,
			 unsigned int n, __u32 flags);

static inline bool bit_of(const unsigned char *bitmap, unsigned int i)
{
	return bitmap[i / 8] >> (i % 8) & 1;
}

#endif
