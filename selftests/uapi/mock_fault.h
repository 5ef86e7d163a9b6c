/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * mock_fault.h - PASIDs and page faults of mock devices as functions
 *
 * mock_fault_lib.c has them. Each returns 0 or -errno, unless it says more.
 */
#ifndef SELFTESTS_UAPI_MOCK_FAULT_H
#define SELFTESTS_UAPI_MOCK_FAULT_H

#include "mocked.h"

int pasid_attach(const struct rig *r, __u32 pasid, __u32 hwpt);
int pasid_replace(const struct rig *r, __u32 pasid, __u32 hwpt);
int pasid_detach(const struct rig *r, __u32 pasid);
/* Is @hwpt attached to @pasid; 0: is nothing? -EINVAL if not. */
int pasid_check(const struct rig *r, __u32 pasid, __u32 hwpt);

/* A fault queue. */
struct queue {
	__u32 id;
	int fd;
};

int queue_alloc(int fd, struct queue *q);
struct queue new_queue(int fd);

/* Like new_rig() with a device that can do PASIDs, and further @flags. */
struct rig new_pasid_rig(__u32 flags);
/* A HWPT for it; @flags: of HWPT_ALLOC; nested if @parent is one. */
__u32 hwpt_with(const struct rig *r, __u32 parent, __u32 flags,
		const struct queue *q);

/* Let the device fault, in the group @grpid; its last fault, or not. */
int fault_last(const struct rig *r, __u32 pasid, __u32 grpid, __u64 addr);
int fault_more(const struct rig *r, __u32 pasid, __u32 grpid, __u64 addr);
/* What the device was answered; nr[enum mock_answer]. */
void get_answers(const struct rig *r, __u32 nr[MOCK_NR_ANSWERS]);
void expect_answers(const struct rig *r, __u32 waiting, __u32 success,
		    __u32 invalid);

/* The number of faults that were read, or -errno. */
int queue_read(const struct queue *q, struct iommu_hwpt_pgfault *f,
	       unsigned int room);
int queue_answer(const struct queue *q, __u32 cookie, __u32 code);
/* Which of POLLIN and POLLOUT, now. */
int queue_poll(const struct queue *q);

#endif
