/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * bpf_policy.h - what the files of the test of policies share
 *
 * main.c runs the tables, rig.c loads policies and makes cgroups and devices;
 * each of the other files owns a table.
 */
#ifndef SELFTESTS_BPF_BPF_POLICY_H
#define SELFTESTS_BPF_BPF_POLICY_H

#include <bpf/libbpf.h>
#include <linux/types.h>

#include "common.h"
#include "iommufd_bpf_abi.h"
#include "mock.h"
#include "probe.h"

extern const struct test_table hooks_table, pages_table, scope_table,
	load_table, eject_table, live_table, property_table,
	dirty_hooks_table, dirty_read_table, dirty_model_table,
	dirty_adapt_table;

/* In reach of the mock IOMMU. */
#define MOCK_IOVA (4 * MOCK_APERTURE_START)

/* A loaded probe. The table says what its members say; name: "probe". */
struct policy {
	struct bpf_object *obj;
	struct bpf_map *map;
	struct bpf_link *link;
	struct probe_state *p;
};

/* Loaded, not attached. @conf may be NULL: global, without flags. */
struct policy policy_load(const struct iommufd_pin_ops *conf);
/* Likewise, without charge(), adopt() and uncharge(). */
struct policy policy_load_admit(const struct iommufd_pin_ops *conf);
int policy_attach(struct policy *pol);
/* Loaded and attached; it succeeds. */
struct policy policy_new(const struct iommufd_pin_ops *conf);
/* Closes the link: what is asked after it is not asked of it. */
void policy_detach(struct policy *pol);
/* @to takes the place of @from, and its link. */
int policy_replace(struct policy *from, struct policy *to);
void policy_unload(struct policy *pol);
/* Where the test programs are. */
const char *object_path(const char *name);
/* Wait until exit() was called, or fail. */
void policy_wait_exit(const struct policy *pol);
/* The names of the policies that were ejected and left their scopes closed. */
bool scope_is_closed(const char *name);
int scope_reopen(const char *name);

/* A context with an IOAS and a mock device, and memory to map. */
struct rig {
	int fd;
	__u32 ioas;
	struct mock_device m;
	char *va;
};

#define RIG_PAGES 64
#define RIG_BYTES (RIG_PAGES * PAGE_SZ)

struct rig rig_new(void);
/* Without the device. */
struct rig rig_bare(void);
void rig_attach(struct rig *r);
void rig_detach(struct rig *r);
/* Map @npages at page @at of its memory, to that page of MOCK_IOVA. */
int rig_map(const struct rig *r, unsigned int at, unsigned int npages);
int rig_unmap(const struct rig *r, unsigned int at, unsigned int npages);
__u64 ioas_cookie(const struct rig *r);

/* An access of the mock's to the IOAS: its descriptor, or -errno. */
int access_new(const struct rig *r);
int access_pin(const struct rig *r, int access, unsigned int at,
	       unsigned int npages, __u32 *pin);
int access_unpin(const struct rig *r, int access, __u32 pin);

/* A cgroup below the root, @path like "a" or "a/b"; its id. */
__u64 cgroup_make(const char *path);
void cgroup_remove(const char *path);
/* The calling process; "" is the root. */
void cgroup_enter(const char *path);

#endif
