// SPDX-License-Identifier: GPL-2.0-only
/*
 * mock_fault_lib.c - PASIDs and page faults of mock devices; see mock_fault.h
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "mock_fault.h"

static int pasid_op(const struct rig *r, __u32 op, __u32 pasid, __u32 hwpt)
{
	struct iommu_test_cmd cmd = {
		.op = op,
		.id = r->m.stdev,
		.pasid_attach = { .pasid = pasid, .pt_id = hwpt },
	};

	return mock_cmd(r->fd, &cmd);
}

int pasid_attach(const struct rig *r, __u32 pasid, __u32 hwpt)
{
	return pasid_op(r, IOMMU_TEST_OP_PASID_ATTACH, pasid, hwpt);
}

int pasid_replace(const struct rig *r, __u32 pasid, __u32 hwpt)
{
	return pasid_op(r, IOMMU_TEST_OP_PASID_REPLACE, pasid, hwpt);
}

int pasid_detach(const struct rig *r, __u32 pasid)
{
	return pasid_op(r, IOMMU_TEST_OP_PASID_DETACH, pasid, 0);
}

int pasid_check(const struct rig *r, __u32 pasid, __u32 hwpt)
{
	return pasid_op(r, IOMMU_TEST_OP_PASID_CHECK_HWPT, pasid, hwpt);
}

int queue_alloc(int fd, struct queue *q)
{
	struct iommu_fault_alloc cmd = { .size = sizeof(cmd) };
	int ret = xioctl(fd, IOMMU_FAULT_QUEUE_ALLOC, &cmd);

	if (ret)
		return ret;
	q->id = cmd.out_fault_id;
	q->fd = cmd.out_fault_fd;
	return 0;
}

struct queue new_queue(int fd)
{
	struct queue q;

	CHECK_OK(queue_alloc(fd, &q));
	return q;
}

struct rig new_pasid_rig(__u32 flags)
{
	struct space s = new_space();
	struct rig r = { .fd = s.fd, .ioas = s.ioas };

	CHECK_OK(mock_device_add(r.fd, r.ioas, MOCK_FLAGS_DEVICE_PASID | flags,
				 &r.m));
	return r;
}

__u32 hwpt_with(const struct rig *r, __u32 parent, __u32 flags,
		const struct queue *q)
{
	struct iommu_hwpt_alloc cmd = parent ? nested_cmd(r, parent) :
					       hwpt_cmd(r, r->ioas, 0);

	cmd.flags = flags;
	if (q) {
		cmd.flags |= IOMMU_HWPT_FAULT_ID_VALID;
		cmd.fault_id = q->id;
	}
	CHECK_OK(xioctl(r->fd, IOMMU_HWPT_ALLOC, &cmd));
	return cmd.out_hwpt_id;
}

static int trigger(const struct rig *r, __u32 pasid, __u32 grpid, __u32 perm,
		   __u64 addr)
{
	struct iommu_test_cmd cmd = {
		.op = IOMMU_TEST_OP_TRIGGER_IOPF,
		.trigger_iopf = {
			.dev_id = r->m.idev,
			.pasid = pasid,
			.grpid = grpid,
			.perm = perm,
			.addr = addr,
		},
	};

	return mock_cmd(r->fd, &cmd);
}

int fault_last(const struct rig *r, __u32 pasid, __u32 grpid, __u64 addr)
{
	return trigger(r, pasid, grpid, IOMMU_PGFAULT_PERM_WRITE, addr);
}

int fault_more(const struct rig *r, __u32 pasid, __u32 grpid, __u64 addr)
{
	return trigger(r, pasid, grpid,
		       IOMMU_PGFAULT_PERM_WRITE | MOCK_IOPF_MORE, addr);
}

void get_answers(const struct rig *r, __u32 nr[MOCK_NR_ANSWERS])
{
	struct iommu_test_cmd cmd = {
		.op = MOCK_OP_COUNT_ANSWERS,
		.id = r->m.idev,
	};

	CHECK_OK(mock_cmd(r->fd, &cmd));
	memcpy(nr, cmd.count_answers.out_nr, sizeof(cmd.count_answers.out_nr));
}

void expect_answers(const struct rig *r, __u32 waiting, __u32 success,
		    __u32 invalid)
{
	__u32 nr[MOCK_NR_ANSWERS];

	get_answers(r, nr);
	CHECK_EQ(nr[MOCK_WAITING], waiting);
	CHECK_EQ(nr[MOCK_SUCCESS], success);
	CHECK_EQ(nr[MOCK_INVALID], invalid);
	CHECK_EQ(nr[MOCK_FAILURE], 0);
}

int queue_read(const struct queue *q, struct iommu_hwpt_pgfault *f,
	       unsigned int room)
{
	ssize_t ret = read(q->fd, f, room * sizeof(*f));

	if (ret < 0)
		return -errno;
	CHECK_EQ(ret % sizeof(*f), 0);
	return ret / sizeof(*f);
}

int queue_answer(const struct queue *q, __u32 cookie, __u32 code)
{
	struct iommu_hwpt_page_response answer = {
		.cookie = cookie, .code = code,
	};
	ssize_t ret = write(q->fd, &answer, sizeof(answer));

	if (ret < 0)
		return -errno;
	CHECK_EQ(ret, sizeof(answer));
	return 0;
}

int queue_poll(const struct queue *q)
{
	struct pollfd p = { .fd = q->fd, .events = POLLIN | POLLOUT };

	CHECK(poll(&p, 1, 0) >= 0);
	return p.revents;
}
