/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * fail.h - what the files of the test of failed operations share
 *
 * An operation is done again and again, and each time the kernel fails the next
 * allocation of those that it makes. Whatever was there before must be there
 * afterwards, unless it succeeded all the same. fail.c walks; fail_scene.c knows
 * what is there; each of the other files owns a table of operations.
 */
#ifndef SELFTESTS_UAPI_FAIL_H
#define SELFTESTS_UAPI_FAIL_H

#include "mock_fault.h"

extern const struct test_table fail_map_table, fail_attach_table,
	fail_dirty_table, fail_viommu_table;

/* Where areas are when an operation begins, and where it maps. */
#define OLD_IOVA MOCK_IOVA
#define NEW_IOVA (2 * MOCK_IOVA)
#define OLD_PAGES 8
#define MANY_PAGES 700

#define MAX_SPACES 2
#define MAX_LOOKS 12
#define MAX_RANGES 16
#define MAX_ID 48

/* One thing to look at: its answer is a part of the state. */
struct look {
	const char *what;
	long (*at)(const struct look *look);
	int fd;
	__u32 id, other;
	__u64 iova, length;
	void *va;
};

/* What operations work on. */
struct scene {
	int fd;
	__u32 ioas[MAX_SPACES];
	struct mock_device dev[2];
	__u32 hwpt[3];
	struct queue queue;
	int access, file, real;
	__u32 pins, made;
	char *va;		/* MANY_PAGES of it */
	struct peer peer;	/* another process of the context */
	struct look looks[MAX_LOOKS];
	unsigned int nr_looks;
};

/* What is there. Compared as a whole, so cleared before it is filled in. */
struct state {
	struct iommu_iova_range ranges[MAX_SPACES][MAX_RANGES];
	__u32 nr_ranges[MAX_SPACES];
	__u64 align[MAX_SPACES];
	long looks[MAX_LOOKS];
	__u64 objects;		/* bits: ids that stand for something */
	__u32 next_id;		/* that the next object gets */
	long pins, charged, locked;
};

struct state state_of(const struct scene *s);
/* NULL if they are the same, or what is not. */
const char *state_differs(const struct scene *s, const struct state *a,
			  const struct state *b);

/*
 * A context with two IOASes: the first with an area of OLD_PAGES at OLD_IOVA,
 * the second with two such, one behind the other. @flags: of the mock device
 * that is attached to the first.
 */
struct scene new_scene(__u32 flags);
/* The same without a device; pages are charged by @mode. */
struct scene bare_scene(int mode);
struct rig rig_of(const struct scene *s);

/* Look at this, too: */
void look_at_map(struct scene *s, __u32 hwpt, __u64 iova, void *va,
		 __u64 length);
/* Of the first IOAS; the second must not be attached to anything. */
void look_at_area(struct scene *s, __u64 iova, __u64 length);
void look_at_device(struct scene *s, __u32 stdev, __u32 hwpt);
void look_at_pasid(struct scene *s, __u32 stdev, __u32 pasid, __u32 hwpt);
void look_at(struct scene *s, const struct look *look);

/**
 * struct op - an operation that is whole or not at all
 * @run: do it; returns 0 or -errno
 * @undo: it succeeded: the scene as it was
 * @run_nth: instead of @run, when another process does it: let the allocation
 *	@nth of it fail (0: none); *@hit: did it come to that?
 * @answers_late: -EFAULT may mean that it was done, and could not say so
 * @may_say: what it says besides -ENOMEM and -EFAULT
 */
struct op {
	int (*run)(struct scene *s);
	void (*undo)(struct scene *s);
	int (*run_nth)(struct scene *s, unsigned int nth, bool *hit);
	bool answers_late;
	int may_say;
};

/*
 * Walk over all of an operation's allocations. Without a kernel that can, it
 * is done and undone once, and the test is skipped.
 */
void walk(struct scene *s, const struct op *op);

#endif
