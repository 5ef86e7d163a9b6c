// SPDX-License-Identifier: GPL-2.0-only
/*
 * device_process.c - who pays for files: IOMMU_IOAS_CHANGE_PROCESS
 *
 * Owns: process_table. Processes share a context, and do what the test asks of
 * them; each sees in its own /proc what it is charged.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "device.h"

#define LIMIT 100 /* pages */
#define UID_A 64001
#define UID_B 64002

enum order {
	ORDER_END,
	ORDER_CHANGE,
	ORDER_MAP,	/* IOVA in pages, pages of a new file */
	ORDER_PINNED,	/* VmPin, pages */
	ORDER_LOCKED,	/* VmLck, pages */
	ORDER_STORM,	/* times: change the process */
};

struct proc {
	const struct dma *d;
	uid_t uid;	/* 0: root, without a limit */
	struct peer peer;
};

static int map_new_file(const struct dma *d, __u64 iova, unsigned int npages)
{
	int fd = new_memfd(0, npages * PAGE_SZ);
	int ret = map_file(d, fd, 0, npages * PAGE_SZ, iova, MAP_RW);

	close(fd);
	return ret;
}

static long obey(const struct dma *d, enum order what, long page, long n)
{
	long ok = 0;

	switch (what) {
	case ORDER_CHANGE:
		return iommufd_change_process(d->space);
	case ORDER_MAP:
		return map_new_file(d, page * PAGE_SZ, n);
	case ORDER_PINNED:
		return proc_status_bytes("VmPin") / PAGE_SZ;
	case ORDER_LOCKED:
		return proc_status_bytes("VmLck") / PAGE_SZ;
	case ORDER_STORM:
		for (; n; n--) {
			int ret = iommufd_change_process(d->space);

			if (ret != -ENOMEM)
				CHECK_RET(ret, 0);
			ok += !ret;
		}
		return ok;
	default:
		FAIL("order %d", what);
	}
}

static void proc_body(int sock, const void *arg)
{
	const struct proc *proc = arg;
	enum order order;
	long page, n;

	if (proc->uid)
		become_user(proc->uid, LIMIT * PAGE_SZ);
	say(sock, 0);
	for (;;) {
		order = hear(sock);
		if (order == ORDER_END)
			return;
		page = hear(sock);
		n = hear(sock);
		say(sock, obey(proc->d, order, page, n));
	}
}

static struct proc start(const struct dma *d, uid_t uid)
{
	struct proc proc = { .d = d, .uid = uid };

	proc.peer = peer_start(proc_body, &proc);
	/* Whoever changes its limit must come after its own doing so. */
	CHECK_EQ(hear(proc.peer.sock), 0);
	return proc;
}

static void tell(struct proc *proc, enum order order, long page, long n)
{
	say(proc->peer.sock, order);
	say(proc->peer.sock, page);
	say(proc->peer.sock, n);
}

static long ask(struct proc *proc, enum order order, long page, long n)
{
	tell(proc, order, page, n);
	return hear(proc->peer.sock);
}

static void end(struct proc *proc)
{
	say(proc->peer.sock, ORDER_END);
	peer_end(&proc->peer);
}

#define PINNED(proc) ask(proc, ORDER_PINNED, 0, 0)
#define LOCKED(proc) ask(proc, ORDER_LOCKED, 0, 0)
#define CHANGE(proc) ask(proc, ORDER_CHANGE, 0, 0)

/* This process is charged so many pages, in the way of the mode. */
static void expect_charged(int mode, long npages)
{
	CHECK_EQ(proc_status_bytes("VmPin"), npages * PAGE_SZ);
	CHECK_EQ(proc_status_bytes("VmLck"), mode ? npages * PAGE_SZ : 0);
}

static void expect_charge_of(struct proc *proc, int mode, long npages)
{
	CHECK_EQ(PINNED(proc), npages);
	CHECK_EQ(LOCKED(proc), mode ? npages : 0);
}

/* Two files in two IOASes, one of them in both: each is charged once. */
static void moves(void)
{
	int mode;

	for (mode = 0; mode < 2; mode++) {
		struct dma d = accounted_device(mode);
		struct proc a = start(&d, 0), b = start(&d, UID_A);
		__u64 iova = TEST_IOVA;
		__u32 second;

		attach_device(&d);
		CHECK_OK(iommufd_ioas_alloc(d.space, &second));
		CHECK_OK(map_new_file(&d, TEST_IOVA, 30));
		CHECK_OK(map_new_file(&d, 2 * TEST_IOVA, 20));
		CHECK_OK(iommufd_copy(d.space, second, d.ioas, TEST_IOVA,
				      30 * PAGE_SZ, iova, MAP_R));
		expect_charged(mode, 50);
		/* To oneself. */
		CHECK_OK(iommufd_change_process(d.space));
		expect_charged(mode, 50);
		CHECK_OK(CHANGE(&a));
		expect_charged(mode, 0);
		expect_charge_of(&a, mode, 50);
		CHECK_OK(CHANGE(&b));
		expect_charge_of(&a, mode, 0);
		expect_charge_of(&b, mode, 50);
		CHECK_EQ(pins_here(), 50);
		/* Given back to the one who pays now. */
		CHECK_OK(dma_unmap(&d, TEST_IOVA, 30 * PAGE_SZ));
		expect_charge_of(&b, mode, 20);
		/* What is pinned later is its, too. */
		CHECK_OK(vfio_detach(d.dev));
		expect_charge_of(&b, mode, 0);
		attach_device(&d);
		expect_charge_of(&b, mode, 20);
		CHECK_OK(dma_unmap(&d, 2 * TEST_IOVA, 20 * PAGE_SZ));
		expect_charge_of(&b, mode, 0);
		expect_charged(mode, 0);
		end(&a);
		end(&b);
		CHECK_OK(close(d.dev));
		CHECK_OK(close(d.space));
	}
}

static void refused(void)
{
	struct iommu_ioas_change_process cmd = {
		.size = sizeof(cmd), .__reserved = 1,
	};
	struct dma d = attached_device();
	struct proc a = start(&d, 0);
	__u32 second;

	CHECK_RET(xioctl(d.space, IOMMU_IOAS_CHANGE_PROCESS, &cmd),
		  -EOPNOTSUPP);
	CHECK_OK(iommufd_change_process(d.space));
	/* One page of a process, anywhere, and nothing is moved. */
	CHECK_OK(map_new_file(&d, TEST_IOVA, 10));
	CHECK_OK(iommufd_ioas_alloc(d.space, &second));
	CHECK_OK(iommufd_map_fixed(d.space, second, get_pages(PAGE_SZ),
				   PAGE_SZ, TEST_IOVA, MAP_RW));
	CHECK_RET(CHANGE(&a), -EINVAL);
	CHECK_EQ(PINNED(&a), 0);
	expect_pinned(10);
	CHECK_OK(iommufd_unmap(d.space, second, TEST_IOVA, PAGE_SZ, NULL));
	CHECK_OK(CHANGE(&a));
	CHECK_EQ(PINNED(&a), 10);
	CHECK_EQ(proc_status_bytes("VmPin"), 0);
	end(&a);
}

static void limit_to(struct proc *proc, unsigned long npages)
{
	struct rlimit limit = { npages * PAGE_SZ, npages * PAGE_SZ };

	CHECK_OK(prlimit(proc->peer.pid, RLIMIT_MEMLOCK, &limit, NULL));
}

/* Whichever of ten files is too much, all stay with who paid. */
static void fails_at_each(void)
{
	int mode, i;

	for (mode = 0; mode < 2; mode++) {
		struct dma d = accounted_device(mode);
		struct proc a = start(&d, UID_A);

		attach_device(&d);
		for (i = 0; i < 10; i++)
			CHECK_OK(map_new_file(&d, TEST_IOVA * (i + 1), 10));
		for (i = 0; i < 10; i++) {
			limit_to(&a, 10 * i + i);
			CHECK_RET(CHANGE(&a), -ENOMEM);
			expect_charge_of(&a, mode, 0);
			expect_charged(mode, 100);
		}
		limit_to(&a, 100);
		CHECK_OK(CHANGE(&a));
		expect_charge_of(&a, mode, 100);
		expect_charged(mode, 0);
		end(&a);
		CHECK_OK(close(d.dev));
		CHECK_OK(close(d.space));
	}
}

static void over_the_limit(void)
{
	int mode, i;

	for (mode = 0; mode < 2; mode++) {
		struct dma d = accounted_device(mode);
		struct proc a = start(&d, UID_A);

		attach_device(&d);
		/* The last one is too much: those before are taken back. */
		for (i = 0; i < 10; i++)
			CHECK_OK(map_new_file(&d, TEST_IOVA * (i + 1), 10));
		CHECK_OK(map_new_file(&d, TEST_IOVA * 11, 1));
		for (i = 0; i < 20; i++) {
			CHECK_RET(CHANGE(&a), -ENOMEM);
			expect_charge_of(&a, mode, 0);
			expect_charged(mode, 101);
		}
		CHECK_OK(dma_unmap(&d, TEST_IOVA * 11, PAGE_SZ));
		CHECK_OK(CHANGE(&a));
		expect_charge_of(&a, mode, 100);
		expect_charged(mode, 0);
		CHECK_RET(ask(&a, ORDER_MAP, 0x20000, 1), -ENOMEM);
		CHECK_OK(dma_unmap(&d, TEST_IOVA, 10 * PAGE_SZ));
		CHECK_RET(ask(&a, ORDER_MAP, 0x20000, 11), -ENOMEM);
		CHECK_OK(ask(&a, ORDER_MAP, 0x20000, 10));
		/* It comes back: root has no limit. */
		CHECK_OK(iommufd_change_process(d.space));
		expect_charged(mode, 100);
		end(&a);
		CHECK_OK(close(d.dev));
		CHECK_OK(close(d.space));
		expect_charged(mode, 0);
	}
}

/* The user's sum is the same: no limit is in the way, full as it is. */
static void same_user(void)
{
	struct dma d = attached_device();
	struct proc a = start(&d, UID_A), b = start(&d, UID_A);
	struct proc c = start(&d, UID_B);

	CHECK_OK(ask(&a, ORDER_MAP, 0x1000, 60));
	CHECK_OK(ask(&b, ORDER_MAP, 0x2000, 40));
	CHECK_OK(CHANGE(&b));
	CHECK_EQ(PINNED(&a), 0);
	CHECK_EQ(PINNED(&b), 100);
	CHECK_RET(ask(&a, ORDER_MAP, 0x3000, 1), -ENOMEM);
	CHECK_OK(CHANGE(&c));
	CHECK_EQ(PINNED(&c), 100);
	CHECK_OK(ask(&a, ORDER_MAP, 0x3000, 1));
	/* Now it is one too many for either of them. */
	CHECK_RET(CHANGE(&a), -ENOMEM);
	CHECK_RET(CHANGE(&c), -ENOMEM);
	CHECK_EQ(PINNED(&a), 1);
	CHECK_EQ(PINNED(&c), 100);
	end(&a);
	end(&b);
	end(&c);
}

/* The old payer, or the new one, is gone. */
static void dead_payers(void)
{
	struct dma d = attached_device();
	struct proc a = start(&d, UID_A), b = start(&d, UID_A);

	CHECK_OK(ask(&a, ORDER_MAP, 0x1000, 60));
	end(&a);
	CHECK_RET(ask(&b, ORDER_MAP, 0x2000, 41), -ENOMEM);
	CHECK_OK(CHANGE(&b));
	CHECK_EQ(PINNED(&b), 60);
	end(&b);
	CHECK_OK(iommufd_change_process(d.space));
	expect_pinned(60);
	a = start(&d, UID_A);
	CHECK_OK(ask(&a, ORDER_MAP, 0x2000, 100));
	end(&a);
}

static void mapper(int sock, const void *arg)
{
	const struct dma *d = arg;

	say(sock, 1);
	/* Until our parent kills us. */
	for (;;) {
		int ret = map_new_file(d, 3 * TEST_IOVA, 50);

		/* Of a payer with a limit there may be too much. */
		if (ret == -ENOMEM)
			continue;
		CHECK_RET(ret, 0);
		ret = iommufd_unmap(d->space, d->ioas, 3 * TEST_IOVA,
				    50 * PAGE_SZ, NULL);
		CHECK_RET(ret, 0);
	}
}

/* Two payers in turns, while others map, unmap, attach and detach. */
static void raced(void)
{
	int mode, i, status;
	long ok;

	for (mode = 0; mode < 2; mode++) {
		struct dma d = accounted_device(mode);
		struct proc a = start(&d, UID_A), b = start(&d, 0);
		struct peer peer;

		CHECK_OK(map_new_file(&d, TEST_IOVA, 60));
		attach_device(&d);
		peer = peer_start(mapper, &d);
		CHECK_EQ(hear(peer.sock), 1);
		tell(&a, ORDER_STORM, 0, 2000);
		tell(&b, ORDER_STORM, 0, 2000);
		for (i = 0; i < 30; i++) {
			__u32 id = d.ioas;
			int ret;

			CHECK_OK(vfio_detach(d.dev));
			ret = vfio_attach(d.dev, &id);
			/* The payer with the limit, for a moment. */
			while (ret == -ENOMEM) {
				id = d.ioas;
				ret = vfio_attach(d.dev, &id);
			}
			CHECK_RET(ret, 0);
		}
		ok = hear(a.peer.sock);
		test_note("%ld of 2000 changes fit", ok);
		CHECK(ok > 0);
		CHECK_EQ(hear(b.peer.sock), 2000);
		kill(peer.pid, SIGKILL);
		CHECK_EQ(waitpid(peer.pid, &status, 0), peer.pid);
		CHECK(WIFSIGNALED(status));
		close(peer.sock);
		CHECK_OK(iommufd_unmap(d.space, d.ioas, 0, ~0ULL, NULL));
		CHECK_EQ(pins_here(), 0);
		expect_charge_of(&a, mode, 0);
		expect_charge_of(&b, mode, 0);
		expect_charged(mode, 0);
		/* The user is charged nothing either: all of it fits. */
		CHECK_OK(ask(&a, ORDER_MAP, 0x1000, LIMIT));
		CHECK_RET(ask(&a, ORDER_MAP, 0x2000, 1), -ENOMEM);
		end(&a);
		end(&b);
		CHECK_OK(close(d.dev));
		CHECK_OK(close(d.space));
	}
}

static const struct test tests[] = {
	{ "process.moves", moves, 0 },
	{ "process.refused", refused, 0 },
	{ "process.over_the_limit", over_the_limit, 0 },
	{ "process.fails_at_each", fails_at_each, 0 },
	{ "process.same_user", same_user, 0 },
	{ "process.dead_payers", dead_payers, 0 },
	{ "process.raced", raced, 120 },
};

const struct test_table process_table = { tests, ARRAY_SIZE(tests) };
