// SPDX-License-Identifier: GPL-2.0-only
/*
 * mock_fault.c - fault queues: what a device is answered, and by whom
 *
 * Owns: fault_table.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "mock_fault.h"

#define PASID IOMMU_HWPT_ALLOC_PASID
#define GOOD IOMMUFD_PAGE_RESP_SUCCESS
#define BAD IOMMUFD_PAGE_RESP_INVALID
#define ADDR 0xdeadb000ULL

/* A device that is attached to a HWPT with a fault queue. */
struct faulty {
	struct rig r;
	struct queue q;
	__u32 hwpt;
};

static struct faulty new_faulty(void)
{
	struct faulty f = { .r = new_pasid_rig(0) };

	f.q = new_queue(f.r.fd);
	f.hwpt = hwpt_with(&f.r, 0, PASID, &f.q);
	CHECK_OK(mock_device_replace(f.r.fd, f.r.m.stdev, f.hwpt));
	return f;
}

/* One fault of the device, read. */
static struct iommu_hwpt_pgfault one_fault(const struct faulty *f, __u64 addr)
{
	struct iommu_hwpt_pgfault fault;

	CHECK_OK(fault_last(&f->r, 0, 1, addr));
	CHECK_EQ(queue_read(&f->q, &fault, 1), 1);
	return fault;
}

static void fault_alloc(void)
{
	struct iommu_fault_alloc *cmd = (void *)get_pages(PAGE_SZ);
	struct space s = new_space();
	struct queue q = new_queue(s.fd), q2;
	struct rlimit nofile = { 64, 64 };
	unsigned int i;

	CHECK_EQ(fcntl(q.fd, F_GETFD), FD_CLOEXEC);
	CHECK_EQ(fcntl(q.fd, F_GETFL) & O_ACCMODE, O_RDWR);
	CHECK_EQ(lseek(q.fd, 0, SEEK_SET), -1);
	for (i = 0; i < 32; i++) {
		cmd->size = sizeof(*cmd);
		cmd->flags = 1U << i;
		CHECK_RET(xioctl(s.fd, IOMMU_FAULT_QUEUE_ALLOC, cmd),
			  -EOPNOTSUPP);
	}
	/* Neither a descriptor nor an id was used up. */
	cmd->flags = 0;
	CHECK_OK(mprotect(cmd, PAGE_SZ, PROT_READ));
	CHECK_RET(xioctl(s.fd, IOMMU_FAULT_QUEUE_ALLOC, cmd), -EFAULT);
	q2 = new_queue(s.fd);
	CHECK_EQ(q2.fd, q.fd + 1);
	CHECK_EQ(q2.id, q.id + 1);
	CHECK_OK(setrlimit(RLIMIT_NOFILE, &nofile));
	while (dup(0) >= 0)
		;
	CHECK_RET(queue_alloc(s.fd, &q2), -EMFILE);
	CHECK_OK(close(63));
	CHECK_OK(queue_alloc(s.fd, &q2));
	CHECK_EQ(q2.fd, 63);
}

static void fault_hwpt_arguments(void)
{
	struct rig r = new_pasid_rig(0);
	struct queue q = new_queue(r.fd);
	__u32 parent = new_parent(&r);
	const __u32 bad[] = { 0, 99, ~0U, r.ioas, r.m.idev, parent };
	struct iommu_hwpt_alloc cmd;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		cmd = hwpt_cmd(&r, r.ioas, IOMMU_HWPT_FAULT_ID_VALID);
		cmd.fault_id = bad[i];
		CHECK_RET(xioctl(r.fd, IOMMU_HWPT_ALLOC, &cmd), -ENOENT);
		cmd = nested_cmd(&r, parent);
		cmd.flags = IOMMU_HWPT_FAULT_ID_VALID;
		cmd.fault_id = bad[i];
		CHECK_RET(xioctl(r.fd, IOMMU_HWPT_ALLOC, &cmd), -ENOENT);
	}
	cmd = hwpt_cmd(&r, r.ioas, IOMMU_HWPT_FAULT_ID_VALID |
				   IOMMU_HWPT_ALLOC_NEST_PARENT);
	cmd.fault_id = q.id;
	CHECK_RET(xioctl(r.fd, IOMMU_HWPT_ALLOC, &cmd), -EOPNOTSUPP);
	/* Without the flag it means nothing. */
	cmd = hwpt_cmd(&r, r.ioas, 0);
	cmd.fault_id = 99;
	CHECK_OK(xioctl(r.fd, IOMMU_HWPT_ALLOC, &cmd));
	CHECK_OK(iommufd_destroy(r.fd, parent));
	CHECK_OK(close(q.fd));
	CHECK_OK(iommufd_destroy(r.fd, q.id));
}

static void fault_round(void)
{
	struct faulty f = new_faulty();
	struct iommu_hwpt_pgfault fault;

	CHECK_EQ(queue_poll(&f.q), POLLOUT);
	CHECK_EQ(queue_read(&f.q, &fault, 1), 0);
	CHECK_OK(fault_last(&f.r, 0, 7, ADDR));
	expect_answers(&f.r, 1, 0, 0);
	CHECK_EQ(queue_poll(&f.q), POLLIN | POLLOUT);
	memset(&fault, 0xff, sizeof(fault));
	CHECK_EQ(queue_read(&f.q, &fault, 1), 1);
	CHECK_EQ(fault.flags, IOMMU_PGFAULT_FLAGS_LAST_PAGE);
	CHECK_EQ(fault.dev_id, f.r.m.idev);
	CHECK_EQ(fault.pasid, 0);
	CHECK_EQ(fault.grpid, 7);
	CHECK_EQ(fault.perm, IOMMU_PGFAULT_PERM_WRITE);
	CHECK_EQ(fault.addr, ADDR);
	CHECK_EQ(fault.__reserved, 0);
	CHECK_EQ(fault.length, 0);
	CHECK_EQ(queue_poll(&f.q), POLLOUT);
	expect_answers(&f.r, 1, 0, 0);
	CHECK_OK(queue_answer(&f.q, fault.cookie, GOOD));
	expect_answers(&f.r, 0, 1, 0);
	fault = one_fault(&f, ADDR);
	CHECK_OK(queue_answer(&f.q, fault.cookie, BAD));
	expect_answers(&f.r, 0, 1, 1);
}

/* Faults are off unless something attached wants them. */
static void fault_unwanted(void)
{
	struct faulty f = new_faulty();
	__u32 plain = hwpt_with(&f.r, 0, PASID, NULL);

	CHECK_OK(mock_device_replace(f.r.fd, f.r.m.stdev, plain));
	CHECK_RET(fault_last(&f.r, 0, 1, ADDR), -ENODEV);
	/* On, but that is not where it comes from: the IOMMU core answers. */
	CHECK_OK(pasid_attach(&f.r, 5, f.hwpt));
	CHECK_RET(fault_last(&f.r, 0, 1, ADDR), -EINVAL);
	CHECK_OK(pasid_detach(&f.r, 5));
	CHECK_RET(fault_last(&f.r, 5, 1, ADDR), -ENODEV);
	expect_answers(&f.r, 0, 0, 1);
	CHECK_EQ(queue_poll(&f.q), POLLOUT);
}

static void fault_groups(void)
{
	struct faulty f = new_faulty();
	struct iommu_hwpt_pgfault fault[8];
	unsigned int i, lasts = 0;

	CHECK_OK(fault_more(&f.r, 0, 1, 0x1000));
	CHECK_OK(fault_more(&f.r, 0, 1, 0x2000));
	CHECK_EQ(queue_poll(&f.q), POLLOUT);
	CHECK_OK(fault_last(&f.r, 0, 2, 0x9000));
	CHECK_OK(fault_last(&f.r, 0, 1, 0x3000));
	CHECK_OK(fault_last(&f.r, 0, 3, 0xa000));
	/* The first is one, the second three; only whole ones are read. */
	CHECK_EQ(queue_read(&f.q, fault, 3), 1);
	CHECK_EQ(fault[0].addr, 0x9000);
	CHECK_OK(queue_answer(&f.q, fault[0].cookie, GOOD));
	CHECK_EQ(queue_read(&f.q, fault, 2), 0);
	CHECK_EQ(queue_poll(&f.q), POLLIN | POLLOUT);
	CHECK_EQ(queue_read(&f.q, fault, 8), 4);
	for (i = 0; i < 3; i++) {
		CHECK_EQ(fault[i].cookie, fault[0].cookie);
		CHECK_EQ(fault[i].grpid, 1);
		lasts += fault[i].flags & IOMMU_PGFAULT_FLAGS_LAST_PAGE ?
			 fault[i].addr : 0;
	}
	CHECK_EQ(lasts, 0x3000);
	CHECK_EQ(fault[0].addr + fault[1].addr + fault[2].addr, 0x6000);
	CHECK_EQ(fault[3].addr, 0xa000);
	CHECK(fault[3].cookie != fault[0].cookie);
	/* In any order. */
	CHECK_OK(queue_answer(&f.q, fault[3].cookie, GOOD));
	CHECK_OK(queue_answer(&f.q, fault[0].cookie, BAD));
	expect_answers(&f.r, 0, 2, 1);
}

static void fault_bad_reads(void)
{
	struct faulty f = new_faulty();
	struct iommu_hwpt_pgfault fault[3];
	char *end = guarded(2 * sizeof(fault[0]));
	size_t n;

	CHECK_OK(fault_last(&f.r, 0, 1, 0x1000));
	CHECK_OK(fault_last(&f.r, 0, 2, 0x2000));
	CHECK_OK(fault_last(&f.r, 0, 3, 0x3000));
	for (n = 1; n < sizeof(fault); n++)
		if (n % sizeof(fault[0]))
			CHECK_RET(read(f.q.fd, fault, n) < 0 ? -errno : 0,
				  -ESPIPE);
	CHECK_EQ(read(f.q.fd, fault, 0), 0);
	CHECK_RET(queue_read(&f.q, nowhere(PAGE_SZ), 1), -EFAULT);
	CHECK_EQ(queue_poll(&f.q), POLLIN | POLLOUT);
	/* What does not fit into memory is not lost, nor out of order. */
	CHECK_EQ(queue_read(&f.q, (void *)(end + sizeof(fault[0])), 3), 1);
	memcpy(fault, end + sizeof(fault[0]), sizeof(fault[0]));
	CHECK_EQ(fault[0].addr, 0x1000);
	CHECK_EQ(queue_read(&f.q, fault + 1, 2), 2);
	CHECK_EQ(fault[1].addr, 0x2000);
	CHECK_EQ(fault[2].addr, 0x3000);
	for (n = 0; n < 3; n++)
		CHECK_OK(queue_answer(&f.q, fault[n].cookie, GOOD));
	expect_answers(&f.r, 0, 3, 0);
	CHECK_EQ(pread(f.q.fd, fault, sizeof(fault[0]), 0), -1);
	CHECK_EQ(errno, ESPIPE);
}

static void fault_bad_answers(void)
{
	static const __u32 codes[] = { 2, 3, 255, 1U << 31, ~0U };
	struct faulty f = new_faulty();
	struct iommu_hwpt_pgfault fault = one_fault(&f, ADDR);
	struct iommu_hwpt_page_response two[2] = {
		{ fault.cookie, GOOD }, { fault.cookie, GOOD },
	};
	struct iommu_hwpt_page_response *end = (void *)guarded(sizeof(*end));
	size_t i;

	for (i = 0; i < ARRAY_SIZE(codes); i++)
		CHECK_RET(queue_answer(&f.q, fault.cookie, codes[i]), -EINVAL);
	CHECK_RET(queue_answer(&f.q, 0, GOOD), -EINVAL);
	CHECK_RET(queue_answer(&f.q, fault.cookie + 7, GOOD), -EINVAL);
	CHECK_RET(queue_answer(&f.q, ~0U, GOOD), -EINVAL);
	/* There, but nobody has read it. */
	CHECK_OK(fault_last(&f.r, 0, 2, ADDR));
	CHECK_RET(queue_answer(&f.q, fault.cookie + 1, GOOD), -EINVAL);
	for (i = 1; i < sizeof(two); i++)
		if (i % sizeof(two[0]))
			CHECK_RET(write(f.q.fd, two, i) < 0 ? -errno : 0,
				  -ESPIPE);
	CHECK_EQ(write(f.q.fd, two, 0), 0);
	CHECK_EQ(write(f.q.fd, nowhere(PAGE_SZ), sizeof(two)), -1);
	CHECK_EQ(errno, EFAULT);
	expect_answers(&f.r, 2, 0, 0);
	/* The first is right, the second says the same again. */
	CHECK_EQ(write(f.q.fd, two, sizeof(two)), sizeof(two[0]));
	expect_answers(&f.r, 1, 1, 0);
	CHECK_EQ(queue_read(&f.q, &fault, 1), 1);
	*end = (struct iommu_hwpt_page_response){ fault.cookie, GOOD };
	CHECK_EQ(write(f.q.fd, end, 3 * sizeof(*end)), sizeof(*end));
	expect_answers(&f.r, 0, 2, 0);
}

/* What is not answered when the HWPT is left, is then: read or not. */
static void fault_replace(void)
{
	struct faulty f = new_faulty();
	struct queue q2 = new_queue(f.r.fd);
	__u32 second = hwpt_with(&f.r, 0, PASID, &q2);
	__u32 same = hwpt_with(&f.r, 0, PASID, &q2);
	struct iommu_hwpt_pgfault fault = one_fault(&f, 0x1000);

	CHECK_OK(fault_last(&f.r, 0, 2, 0x2000));
	/* That fails and changes nothing. */
	CHECK_RET(mock_device_replace(f.r.fd, f.r.m.stdev, 99), -ENOENT);
	CHECK_RET(mock_device_replace(f.r.fd, f.r.m.stdev, f.q.id), -EINVAL);
	CHECK_OK(mock_device_replace(f.r.fd, f.r.m.stdev, f.hwpt));
	expect_answers(&f.r, 2, 0, 0);
	CHECK_OK(mock_device_replace(f.r.fd, f.r.m.stdev, second));
	expect_answers(&f.r, 0, 0, 2);
	CHECK_EQ(queue_poll(&f.q), POLLOUT);
	CHECK_EQ(queue_read(&f.q, &fault, 1), 0);
	CHECK_RET(queue_answer(&f.q, fault.cookie, GOOD), -EINVAL);
	CHECK_OK(iommufd_destroy(f.r.fd, f.hwpt));

	CHECK_OK(fault_last(&f.r, 0, 3, 0x3000));
	CHECK_EQ(queue_poll(&f.q), POLLOUT);
	CHECK_EQ(queue_read(&q2, &fault, 1), 1);
	CHECK_OK(mock_device_replace(f.r.fd, f.r.m.stdev, same));
	expect_answers(&f.r, 0, 0, 3);
	CHECK_RET(queue_answer(&q2, fault.cookie, GOOD), -EINVAL);
	CHECK_OK(fault_last(&f.r, 0, 4, 0x4000));
	CHECK_OK(mock_device_replace(f.r.fd, f.r.m.stdev, f.r.ioas));
	expect_answers(&f.r, 0, 0, 4);
	CHECK_EQ(queue_poll(&q2), POLLOUT);
}

/* Each PASID's faults are its own. */
static void fault_pasids(void)
{
	struct faulty f = new_faulty();
	struct queue q2 = new_queue(f.r.fd);
	__u32 h = hwpt_with(&f.r, 0, PASID, &q2);
	struct iommu_hwpt_pgfault fault;

	CHECK_OK(pasid_attach(&f.r, 5, f.hwpt));
	CHECK_OK(pasid_attach(&f.r, 6, h));
	CHECK_OK(fault_last(&f.r, 0, 1, 0x1000));
	CHECK_OK(fault_last(&f.r, 5, 1, 0x2000));
	CHECK_OK(fault_last(&f.r, 6, 1, 0x3000));
	CHECK_OK(pasid_detach(&f.r, 5));
	expect_answers(&f.r, 2, 0, 1);
	CHECK_EQ(queue_read(&q2, &fault, 1), 1);
	CHECK_EQ(fault.flags, IOMMU_PGFAULT_FLAGS_LAST_PAGE |
			      IOMMU_PGFAULT_FLAGS_PASID_VALID);
	CHECK_EQ(fault.pasid, 6);
	CHECK_EQ(fault.addr, 0x3000);
	/* Moved: an answer now would be to a fault of another table. */
	CHECK_OK(pasid_replace(&f.r, 6, f.hwpt));
	expect_answers(&f.r, 1, 0, 2);
	CHECK_RET(queue_answer(&q2, fault.cookie, GOOD), -EINVAL);
	CHECK_OK(iommufd_destroy(f.r.fd, h));
	CHECK_OK(fault_last(&f.r, 6, 2, 0x4000));
	CHECK_EQ(queue_read(&f.q, &fault, 1), 1);
	CHECK_EQ(fault.addr, 0x1000);
	CHECK_OK(queue_answer(&f.q, fault.cookie, GOOD));
	CHECK_EQ(queue_read(&f.q, &fault, 1), 1);
	CHECK_EQ(fault.addr, 0x4000);
	CHECK_OK(queue_answer(&f.q, fault.cookie, GOOD));
	expect_answers(&f.r, 0, 2, 2);
}

/* A replace that fails in the driver keeps what waits. */
static void fault_failed_replace(void)
{
	const __u32 pasid = IOMMU_TEST_PASID_RESERVED;
	struct faulty f = new_faulty();
	__u32 same = hwpt_with(&f.r, 0, PASID, &f.q);
	__u32 plain = hwpt_with(&f.r, 0, PASID, NULL);
	struct iommu_hwpt_pgfault fault;

	CHECK_OK(pasid_attach(&f.r, pasid, f.hwpt));
	CHECK_OK(fault_last(&f.r, pasid, 1, ADDR));
	CHECK_RET(pasid_replace(&f.r, pasid, same), -ENOMEM);
	CHECK_RET(pasid_replace(&f.r, pasid, plain), -ENOMEM);
	expect_answers(&f.r, 1, 0, 0);
	CHECK_OK(fault_last(&f.r, pasid, 2, ADDR));
	CHECK_EQ(queue_read(&f.q, &fault, 1), 1);
	CHECK_OK(queue_answer(&f.q, fault.cookie, GOOD));
	CHECK_EQ(queue_read(&f.q, &fault, 1), 1);
	CHECK_OK(queue_answer(&f.q, fault.cookie, GOOD));
	CHECK_OK(iommufd_destroy(f.r.fd, same));
	/* Switched on and off for it as often as not. */
	CHECK_OK(mock_device_replace(f.r.fd, f.r.m.stdev, plain));
	CHECK_OK(fault_last(&f.r, pasid, 3, ADDR));
	CHECK_OK(pasid_detach(&f.r, pasid));
	CHECK_RET(fault_last(&f.r, 0, 3, ADDR), -ENODEV);
	expect_answers(&f.r, 0, 2, 1);
}

/* Nobody will ever answer: not those that wait, nor those that come. */
static void fault_closed(void)
{
	struct faulty f = new_faulty();

	one_fault(&f, ADDR);
	CHECK_OK(fault_last(&f.r, 0, 2, ADDR));
	CHECK_RET(iommufd_destroy(f.r.fd, f.q.id), -EBUSY);
	CHECK_OK(close(f.q.fd));
	expect_answers(&f.r, 0, 0, 2);
	CHECK_OK(fault_last(&f.r, 0, 3, ADDR));
	expect_answers(&f.r, 0, 0, 3);
	/* The HWPT still needs it. */
	CHECK_RET(iommufd_destroy(f.r.fd, f.q.id), -EBUSY);
	CHECK_OK(mock_device_replace(f.r.fd, f.r.m.stdev, f.r.ioas));
	CHECK_RET(iommufd_destroy(f.r.fd, f.q.id), -EBUSY);
	CHECK_OK(iommufd_destroy(f.r.fd, f.hwpt));
	CHECK_OK(iommufd_destroy(f.r.fd, f.q.id));
	CHECK_RET(iommufd_destroy(f.r.fd, f.q.id), -ENOENT);
}

/* The queue's file keeps the context, and the context what is in it. */
static void fault_context_closed(void)
{
	struct faulty f = new_faulty();
	struct iommu_hwpt_pgfault fault;
	char *va = get_pages(PAGE_SZ);

	CHECK_OK(iommufd_map_fixed(f.r.fd, f.r.ioas, va, PAGE_SZ, MOCK_IOVA,
				   MAP_RW));
	CHECK_OK(fault_last(&f.r, 0, 1, ADDR));
	CHECK_OK(fault_last(&f.r, 0, 2, ADDR));
	CHECK_OK(close(f.r.fd));
	CHECK_EQ(pins_here(), 1);
	CHECK_EQ(queue_read(&f.q, &fault, 1), 1);
	CHECK_OK(queue_answer(&f.q, fault.cookie, GOOD));
	CHECK_RET(queue_answer(&f.q, fault.cookie, GOOD), -EINVAL);
	CHECK_OK(close(f.q.fd));
	CHECK_EQ(pins_here(), 0);
}

/* The faults of several devices in a group cannot be kept apart. */
static void fault_shared_group(void)
{
	struct rig a = new_pasid_rig(MOCK_FLAGS_DEVICE_SHARED_GROUP), b = a;
	struct queue q = new_queue(a.fd);
	__u32 h = hwpt_with(&a, 0, PASID, &q);
	__u32 plain = hwpt_with(&a, 0, PASID, NULL);

	CHECK_OK(mock_device_add(a.fd, a.ioas, MOCK_FLAGS_DEVICE_SHARED_GROUP |
				 MOCK_FLAGS_DEVICE_PASID, &b.m));
	CHECK_RET(mock_device_replace(a.fd, a.m.stdev, h), -EINVAL);
	CHECK_OK(mock_device_replace(a.fd, a.m.stdev, plain));
	CHECK_RET(pasid_attach(&a, 5, h), -EINVAL);
	CHECK_OK(iommufd_destroy(a.fd, b.m.stdev));
	CHECK_OK(mock_device_replace(a.fd, a.m.stdev, h));
	CHECK_OK(fault_last(&a, 0, 1, ADDR));
	expect_answers(&a, 1, 0, 0);
}

static void *stalled_read(void *arg)
{
	const struct queue *q = arg;
	/* Where the answer of nobody makes a page; see below. */
	struct iommu_hwpt_pgfault *to = *(void **)(q + 1);

	return (void *)(long)queue_read(q, to, 1);
}

/*
 * A reader whose memory does not come must not stop those who deliver, answer
 * and detach.
 */
static void fault_stalled_reader(void)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register reg = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	struct uffdio_zeropage zero = { 0 };
	struct uffd_msg msg;
	struct faulty f = new_faulty();
	struct { struct queue q; void *to; } arg = { .q = f.q };
	long uffd = syscall(SYS_userfaultfd, O_CLOEXEC);
	pthread_t reader;
	void *ret;

	if (uffd < 0)
		test_skip("no userfaultfd here");
	CHECK_OK(ioctl(uffd, UFFDIO_API, &api));
	arg.to = mmap(NULL, PAGE_SZ, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(arg.to != MAP_FAILED);
	reg.range.start = (uintptr_t)arg.to;
	reg.range.len = PAGE_SZ;
	CHECK_OK(ioctl(uffd, UFFDIO_REGISTER, &reg));

	CHECK_OK(fault_last(&f.r, 0, 1, ADDR));
	CHECK_OK(pthread_create(&reader, NULL, stalled_read, &arg));
	CHECK_EQ(read(uffd, &msg, sizeof(msg)), sizeof(msg));
	/* It is in the middle of it now. */
	CHECK_OK(fault_last(&f.r, 0, 2, ADDR));
	CHECK_EQ(queue_poll(&f.q), POLLIN | POLLOUT);
	CHECK_RET(queue_answer(&f.q, ~0U, GOOD), -EINVAL);
	CHECK_OK(mock_device_replace(f.r.fd, f.r.m.stdev, f.r.ioas));
	expect_answers(&f.r, 0, 0, 2);
	zero.range = reg.range;
	CHECK_OK(ioctl(uffd, UFFDIO_ZEROPAGE, &zero));
	CHECK_OK(pthread_join(reader, &ret));
	CHECK_EQ((long)ret, 1);
	CHECK_RET(queue_answer(&f.q, *(__u32 *)((char *)arg.to +
		  offsetof(struct iommu_hwpt_pgfault, cookie)), GOOD),
		  -EINVAL);
	CHECK_EQ(queue_poll(&f.q), POLLOUT);
}

static const struct test tests[] = {
	{ "fault.alloc", fault_alloc, 0 },
	{ "fault.hwpt_arguments", fault_hwpt_arguments, 0 },
	{ "fault.round", fault_round, 0 },
	{ "fault.unwanted", fault_unwanted, 0 },
	{ "fault.groups", fault_groups, 0 },
	{ "fault.bad_reads", fault_bad_reads, 0 },
	{ "fault.bad_answers", fault_bad_answers, 0 },
	{ "fault.replace", fault_replace, 0 },
	{ "fault.pasids", fault_pasids, 0 },
	{ "fault.failed_replace", fault_failed_replace, 0 },
	{ "fault.closed", fault_closed, 0 },
	{ "fault.context_closed", fault_context_closed, 0 },
	{ "fault.shared_group", fault_shared_group, 0 },
	{ "fault.stalled_reader", fault_stalled_reader, 0 },
};

const struct test_table fault_table = { tests, ARRAY_SIZE(tests) };
