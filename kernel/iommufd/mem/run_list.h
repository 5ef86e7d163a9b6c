/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The run list: which physical frames back which pages of a memory object.
 *
 * It is the one place that knows a pinned frame. Pages are numbered from 0 to
 * npages - 1 (4 KiB each); every page is either a hole or belongs to a run,
 * (pfn, count, pin kind), which takes eight bytes however long it is up to
 * RUN_MAX_PAGES. Neighbours that continue each other, of the same kind, are
 * one run.
 *
 * Nothing here pins, unpins, locks or sleeps for anything but memory: the
 * caller (mem.c) holds its mutex over every call. The code has no dependency
 * on the kernel beyond allocation, so it is also compiled in userspace, where
 * selftests/unit tests it against a plain array.
 */
#ifndef IOMMUFD_RUN_LIST_H
#define IOMMUFD_RUN_LIST_H

#ifdef __KERNEL__
#include <linux/types.h>
#else
#include "run_list_user.h" /* selftests/unit: the few kernel names used here */
#endif

/*
 * How the frames of a run were pinned, hence how they are unpinned. Kinds
 * never merge with one another.
 */
enum pin_kind {
	PIN_HOLE, /* not pinned: no frame is known */
	PIN_PAGE, /* one pin for each page, by GUP */
	PIN_LEAF, /* one pin for the whole run: a huge leaf of the CPU's tables */
	PIN_FOLIO, /* one pin for the whole run: a folio of a file */
	PIN_NONE, /* frames known, nothing pinned (dmabuf, MMIO) */
};

/*
 * A run as callers see it. PIN_LEAF and PIN_FOLIO runs are given back whole:
 * see run_list_clear().
 */
struct run {
	u64 index; /* first page, in the memory object */
	u64 pfn; /* its frame */
	u64 npages; /* how many follow one another */
	enum pin_kind kind;
};

/* API to be completed by the run list's author; see the brief. */
#endif
