/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * property.h - what the files of the property test share
 */
#ifndef SELFTESTS_BPF_PROPERTY_H
#define SELFTESTS_BPF_PROPERTY_H

#include "bpf_policy.h"
#include "mem.h"

#define NR_IOAS 3
#define NR_PINS 4
#define NR_POLICIES 4

struct world;

/**
 * struct property_devices - devices that come to the IOASes, and go
 * @init: or NULL
 * @come_or_go: one of them; 0 or -errno
 * @replace: move one to another IOAS; NULL: cannot be
 * @end: or NULL
 */
struct property_devices {
	void (*init)(struct world *w);
	int (*come_or_go)(struct world *w);
	int (*replace)(struct world *w);
	void (*end)(struct world *w);
};

/* Mock devices, one for each IOAS. */
extern const struct property_devices property_mocks;
/* The one real device, by its cdev; by its group, as VMMs had it. */
extern const struct property_devices property_cdev, property_group;

/**
 * struct world - what the operations work on
 * @ioas: IOASes of the same context; the first is the VFIO container's
 * @devices: of which kind
 * @mock: has the IOAS a mock device
 * @bdf: the real one's PCI address
 * @dev: the real one
 * @group: its group
 * @attached: the real one is
 * @came: how often a device was attached
 * @pin: of an access to the first IOAS; 0: none
 * @pol: all, cgroup a, cgroup b, all, the last of which comes and goes
 * @own: is the last one attached
 * @done: operations that succeeded
 * @refused: those that did not
 * @injects: the kernel can make allocations fail
 * @injected: how many it did
 */
struct world {
	struct rig ioas[NR_IOAS];
	const struct property_devices *devices;
	bool mock[NR_IOAS];
	const char *bdf;
	int dev, group;
	bool attached;
	unsigned long came;
	int file;
	int access;
	__u32 pin[NR_PINS];
	struct policy pol[NR_POLICIES];
	bool own;
	struct rng rng;
	unsigned long done, refused;
	bool injects;
	unsigned long injected;
};

static inline unsigned int any(struct world *w, unsigned int n)
{
	return rng_below(&w->rng, n);
}

#endif
