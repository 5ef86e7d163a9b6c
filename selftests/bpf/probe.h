/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * probe.h - what the test and its policy probe.bpf.c share
 *
 * The policy does what the test wrote into its struct probe_state, and notes there
 * what it was asked and told.
 */
#ifndef SELFTESTS_BPF_PROBE_H
#define SELFTESTS_BPF_PROBE_H

#define PROBE_LOG 256 /* a power of two */

/* One call of a program. */
struct probe_entry {
	unsigned long long ns;
	unsigned long long npages;
	unsigned int hook; /* enum iommufd_policy_hook */
	int ret;
};

/**
 * struct probe_state - the policy's global variable
 * @ret_init: what init() answers
 * @ret_admit: what admit() answers to the operations of @ops
 * @ret_charge: likewise charge()
 * @ops: bits of enum iommufd_op; 0 means all
 * @every: charge() answers @ret_charge to one in so many only; 0 means 1
 * @limit: pages that charge() allows; 0: any number. Beyond, EDQUOT.
 * @spin: rounds of work in admit()
 * @chunk: a wish, in bytes, unless 0
 * @workers: likewise
 * @told: pages told of: charged and adopted, less uncharged
 * @most: the most that @told has been
 * @wrong: uncharged more than was charged, or told to nobody
 */
struct probe_state {
	int ret_init;
	int ret_admit;
	int ret_charge;
	unsigned int ops;
	unsigned int every;
	unsigned int workers;
	unsigned long long limit;
	unsigned long long spin;
	unsigned long long chunk;

	long long told;
	long long most;
	unsigned long long wrong;
	unsigned long long nr_init;
	unsigned long long nr_exit;
	unsigned long long nr_admit;
	unsigned long long nr_charge;
	unsigned long long nr_adopt;
	unsigned long long nr_uncharge;
	unsigned long long adopted;
	unsigned long long largest; /* pages of one charge() */

	struct iommufd_policy_args args;
	struct iommufd_exit_info exit;
	struct iommufd_pin_req admit; /* the last one */
	struct iommufd_pin_req charge;
	struct iommufd_pin_req uncharge;

	unsigned long long nr_log;
	struct probe_entry log[PROBE_LOG];
};

#endif
