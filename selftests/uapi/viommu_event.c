// SPDX-License-Identifier: GPL-2.0-only
/*
 * viommu_event.c - event queues: what is read from them, and how what was lost
 * is told
 *
 * Owns: viommu_event_table.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "viommu.h"

#define DEPTH_MAX (1U << 19)

/* One whose device reports as 7. */
static struct vrig new_reporter(void)
{
	struct vrig v = new_vrig();

	new_vdevice(&v, 7);
	CHECK_OK(mock_device_replace(v.r.fd, v.r.m.stdev,
				     new_nested(&v.r, v.viommu)));
	return v;
}

static void arguments(void)
{
	struct vrig v = new_vrig();
	struct iommu_veventq_alloc good = {
		.size = sizeof(good),
		.viommu_id = v.viommu,
		.type = IOMMU_VEVENTQ_TYPE_SELFTEST,
		.veventq_depth = 1,
	}, cmd;
	const __u32 none[] = { 0, 99, ~0U, v.r.ioas, v.parent, v.r.m.idev };
	size_t i;

	for (i = 0; i < 32; i++) {
		cmd = good;
		cmd.flags = 1U << i;
		CHECK_RET(xioctl(v.r.fd, IOMMU_VEVENTQ_ALLOC, &cmd),
			  -EOPNOTSUPP);
		cmd = good;
		cmd.__reserved = 1U << i;
		CHECK_RET(xioctl(v.r.fd, IOMMU_VEVENTQ_ALLOC, &cmd),
			  -EOPNOTSUPP);
		cmd = good;
		cmd.type ^= 1U << i;
		CHECK_RET(xioctl(v.r.fd, IOMMU_VEVENTQ_ALLOC, &cmd),
			  -EOPNOTSUPP);
	}
	cmd = good;
	cmd.type = IOMMU_VEVENTQ_TYPE_DEFAULT;
	CHECK_RET(xioctl(v.r.fd, IOMMU_VEVENTQ_ALLOC, &cmd), -EOPNOTSUPP);
	cmd = good;
	cmd.veventq_depth = 0;
	CHECK_RET(xioctl(v.r.fd, IOMMU_VEVENTQ_ALLOC, &cmd), -EINVAL);
	cmd.veventq_depth = DEPTH_MAX + 1;
	CHECK_RET(xioctl(v.r.fd, IOMMU_VEVENTQ_ALLOC, &cmd), -EINVAL);
	cmd.veventq_depth = ~0U;
	CHECK_RET(xioctl(v.r.fd, IOMMU_VEVENTQ_ALLOC, &cmd), -EINVAL);
	for (i = 0; i < ARRAY_SIZE(none); i++) {
		cmd = good;
		cmd.viommu_id = none[i];
		CHECK_RET(xioctl(v.r.fd, IOMMU_VEVENTQ_ALLOC, &cmd), -ENOENT);
	}
	CHECK_OK(iommufd_destroy(v.r.fd, v.viommu));
}

/* The file keeps the queue, the queue keeps the virtual IOMMU. */
static void lifetime(void)
{
	struct vrig v = new_vrig();
	struct queue q = new_veventq(&v, DEPTH_MAX), second;

	CHECK_RET(veventq_alloc(&v, 1, &second), -EEXIST);
	CHECK_RET(iommufd_destroy(v.r.fd, v.viommu), -EBUSY);
	CHECK_RET(iommufd_destroy(v.r.fd, q.id), -EBUSY);
	CHECK_OK(close(q.fd));
	/* It is still the one of its type. */
	CHECK_RET(veventq_alloc(&v, 1, &second), -EEXIST);
	CHECK_RET(iommufd_destroy(v.r.fd, v.viommu), -EBUSY);
	CHECK_OK(iommufd_destroy(v.r.fd, q.id));
	q = new_veventq(&v, 1);
	CHECK_OK(close(q.fd));
	CHECK_OK(iommufd_destroy(v.r.fd, q.id));
	CHECK_OK(iommufd_destroy(v.r.fd, v.viommu));
}

/* No descriptor is left, or its number cannot be told: nothing is there. */
static void unwound(void)
{
	struct iommu_veventq_alloc *cmd = (void *)get_pages(PAGE_SZ);
	struct vrig v = new_vrig();
	struct rlimit old, none;
	struct queue q;
	int next;

	*cmd = (struct iommu_veventq_alloc){
		.size = sizeof(*cmd),
		.viommu_id = v.viommu,
		.type = IOMMU_VEVENTQ_TYPE_SELFTEST,
		.veventq_depth = 1,
	};
	CHECK_OK(mprotect(cmd, PAGE_SZ, PROT_READ));
	CHECK_RET(xioctl(v.r.fd, IOMMU_VEVENTQ_ALLOC, cmd), -EFAULT);
	next = CHECK_FD(dup(v.r.fd));
	CHECK_OK(close(next));
	CHECK_OK(getrlimit(RLIMIT_NOFILE, &old));
	none = old;
	none.rlim_cur = next;
	CHECK_OK(setrlimit(RLIMIT_NOFILE, &none));
	CHECK_RET(veventq_alloc(&v, 1, &q), -EMFILE);
	CHECK_OK(setrlimit(RLIMIT_NOFILE, &old));
	q = new_veventq(&v, 1);
	CHECK_EQ(q.fd, next);
	CHECK_OK(close(q.fd));
	CHECK_OK(iommufd_destroy(v.r.fd, q.id));
	CHECK_OK(iommufd_destroy(v.r.fd, v.viommu));
}

static void nobody_listens(void)
{
	struct vrig v = new_vrig();
	struct queue q;

	CHECK_RET(trigger(&v), -ENOENT);
	new_vdevice(&v, 7);
	/* It is not attached to a HWPT of the virtual IOMMU. */
	CHECK_RET(trigger(&v), -ENOENT);
	CHECK_OK(mock_device_replace(v.r.fd, v.r.m.stdev,
				     new_nested(&v.r, v.viommu)));
	CHECK_RET(trigger(&v), -EOPNOTSUPP);
	q = new_veventq(&v, 4);
	CHECK_OK(trigger(&v));
	expect_event(&q, 0, 7);
	CHECK_OK(trigger(&v));
	CHECK_OK(close(q.fd));
	CHECK_RET(trigger(&v), -EOPNOTSUPP);
	CHECK_OK(iommufd_destroy(v.r.fd, q.id));
	/* A new one begins anew. */
	q = new_veventq(&v, 4);
	CHECK_EQ(event_read(&q, &(struct event){ 0 }, EVENT_SIZE), 0);
	CHECK_OK(trigger(&v));
	expect_event(&q, 0, 7);
	CHECK_OK(mock_device_replace(v.r.fd, v.r.m.stdev, v.parent));
	CHECK_RET(trigger(&v), -ENOENT);
}

/* Whole events only, as many as fit. */
static void sizes(void)
{
	struct vrig v = new_reporter();
	struct queue q = new_veventq(&v, 100);
	char buf[5 * EVENT_SIZE];
	struct event *e = (void *)buf;
	size_t room;
	__u32 i;

	for (room = 0; room < sizeof(buf); room++)
		CHECK_EQ(event_read(&q, buf, room), room < HEAD_SIZE ? -EINVAL :
								       0);
	CHECK_EQ(queue_poll(&q), 0);
	CHECK_OK(trigger(&v));
	CHECK_EQ(queue_poll(&q), POLLIN);
	for (room = 0; room < EVENT_SIZE; room++)
		CHECK_EQ(event_read(&q, buf, room), -EINVAL);
	expect_event(&q, 0, 7);
	CHECK_EQ(queue_poll(&q), 0);
	for (i = 1; i < 8; i++)
		CHECK_OK(trigger(&v));
	CHECK_EQ(event_read(&q, buf, 3 * EVENT_SIZE - 1), 2 * EVENT_SIZE);
	CHECK_EQ(e[1].head.sequence, 2);
	CHECK_EQ(event_read(&q, buf, 3 * EVENT_SIZE + 1), 3 * EVENT_SIZE);
	CHECK_EQ(e[2].head.sequence, 5);
	CHECK_EQ(event_read(&q, buf, sizeof(buf)), 2 * EVENT_SIZE);
	CHECK_EQ(e[1].head.sequence, 7);
	CHECK_EQ(event_read(&q, buf, sizeof(buf)), 0);
	/* It is only for reading. */
	CHECK_EQ(write(q.fd, buf, EVENT_SIZE), -1);
	CHECK_EQ(errno, EBADF);
}

/* What user space did not get is read again, in order. */
static void faults(void)
{
	char *page = get_pages(2 * PAGE_SZ);
	char *end = page + PAGE_SZ;
	struct vrig v = new_reporter();
	struct queue q = new_veventq(&v, 3);
	size_t room;

	CHECK_OK(munmap(end, PAGE_SZ));
	CHECK_OK(trigger(&v));
	CHECK_OK(trigger(&v));
	for (room = 0; room < EVENT_SIZE; room++)
		CHECK_EQ(event_read(&q, end - room, EVENT_SIZE), -EFAULT);
	/* The first fits, the second does not: one was read. */
	CHECK_EQ(event_read(&q, end - EVENT_SIZE - 4, 2 * EVENT_SIZE),
		 EVENT_SIZE);
	expect_event(&q, 1, 7);
	/* It did not count twice. */
	CHECK_OK(trigger(&v));
	CHECK_OK(trigger(&v));
	CHECK_OK(trigger(&v));
	CHECK_EQ(event_read(&q, end, EVENT_SIZE), -EFAULT);
	expect_event(&q, 2, 7);
	expect_event(&q, 3, 7);
	expect_event(&q, 4, 7);
	CHECK_EQ(event_read(&q, page, PAGE_SZ), 0);
	/* That some are lost comes back as well. */
	for (room = 5; room < 10; room++)
		CHECK_OK(trigger(&v));
	CHECK_EQ(event_read(&q, end - 3 * EVENT_SIZE, 4 * EVENT_SIZE),
		 3 * EVENT_SIZE);
	CHECK_EQ(event_read(&q, end, HEAD_SIZE), -EFAULT);
	CHECK_EQ(queue_poll(&q), POLLIN);
	expect_lost(&q, 9);
	CHECK_EQ(queue_poll(&q), 0);
}

/* Numbers go on over what is lost, and the end says how many. */
static void lost(void)
{
	struct vrig v = new_reporter();
	struct queue q = new_veventq(&v, 2);
	char buf[4 * EVENT_SIZE];
	struct event *e = (void *)buf;
	int i;

	for (i = 0; i < 5; i++)
		CHECK_OK(trigger(&v));
	/* All of it in one go: two events, and a header without one. */
	CHECK_EQ(event_read(&q, buf, sizeof(buf)), 2 * EVENT_SIZE + HEAD_SIZE);
	CHECK_EQ(e[0].head.sequence, 0);
	CHECK_EQ(e[1].head.sequence, 1);
	CHECK_EQ(e[2].head.sequence, 4);
	CHECK_EQ(e[2].head.flags, IOMMU_VEVENTQ_FLAG_LOST_EVENTS);
	CHECK_EQ(event_read(&q, buf, sizeof(buf)), 0);
	/* Lost, then room again: the next event's number tells. */
	for (i = 5; i < 8; i++)
		CHECK_OK(trigger(&v));
	expect_event(&q, 5, 7);
	CHECK_OK(trigger(&v));
	expect_event(&q, 6, 7);
	expect_event(&q, 8, 7);
	CHECK_EQ(event_read(&q, buf, sizeof(buf)), 0);
	/* The header does not take an event's place. */
	for (i = 9; i < 12; i++)
		CHECK_OK(trigger(&v));
	expect_event(&q, 9, 7);
	expect_event(&q, 10, 7);
	expect_lost(&q, 11);
	CHECK_OK(trigger(&v));
	CHECK_OK(trigger(&v));
	expect_event(&q, 12, 7);
	expect_event(&q, 13, 7);
	CHECK_EQ(event_read(&q, buf, sizeof(buf)), 0);
}

static const struct test tests[] = {
	{ "event/arguments", arguments, 0 },
	{ "event/lifetime", lifetime, 0 },
	{ "event/unwound", unwound, 0 },
	{ "event/nobody_listens", nobody_listens, 0 },
	{ "event/sizes", sizes, 0 },
	{ "event/faults", faults, 0 },
	{ "event/lost", lost, 0 },
};

const struct test_table viommu_event_table = { tests, ARRAY_SIZE(tests) };
