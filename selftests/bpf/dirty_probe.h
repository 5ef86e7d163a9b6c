/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * dirty_probe.h - what the tests of dirty policies share with dirty_probe.bpf.c
 *
 * The policy does what the test wrote into its struct dirty_probe, and notes
 * there what it was asked and told.
 */
#ifndef SELFTESTS_BPF_DIRTY_PROBE_H
#define SELFTESTS_BPF_DIRTY_PROBE_H

#define DIRTY_LOG 1024 /* a power of two */
#define DIRTY_ANY 100 /* a verdict: any of the three, at random */

/* An area that was read. */
struct dirty_entry {
	unsigned long long hwpt_cookie;
	unsigned long long iova;
	unsigned long long length;
	unsigned long long ndirty;
	unsigned int verdict;
	unsigned int flags;
};

/**
 * struct dirty_probe - the policy's global variable
 * @ret_init: what init() answers
 * @ret_start: what start() answers
 * @verdict: what read_area() answers, or DIRTY_ANY
 * @cookie: of the policy that was attached last: one that is thrown out may come
 *	to its exit() after another has taken its place
 * @ended: of the one whose exit() was called last
 * @wrong: told after exit(), or without being asked
 */
struct dirty_probe {
	int ret_init;
	int ret_start;
	unsigned int verdict;

	unsigned long long cookie;
	unsigned long long ended;
	unsigned long long nr_init;
	unsigned long long nr_exit;
	unsigned long long nr_start;
	unsigned long long nr_read;
	unsigned long long nr_done;
	unsigned long long nr_stop;
	unsigned long long wrong;

	struct iommufd_exit_info exit;
	struct iommufd_dirty_req start; /* the last one */
	struct iommufd_dirty_req read;
	struct iommufd_dirty_req done;
	struct iommufd_dirty_req stop;

	unsigned long long nr_log;
	struct dirty_entry log[DIRTY_LOG];
};

/* dirty_count.bpf.c: what the mock IOMMU's driver is asked to walk. */
struct dirty_count {
	unsigned long long hot_first; /* IOVAs of the hot part */
	unsigned long long hot_last;
	unsigned long long hot_pages; /* of 4 KiB, walked there */
	unsigned long long cold_pages; /* and elsewhere */
	unsigned long long calls;
};

#endif
