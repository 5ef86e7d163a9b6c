// SPDX-License-Identifier: GPL-2.0-only
/*
 * device_owner.c - whose memory it is, when several processes share a context
 *
 * Owns: owner_table. The owner of a mapping is the process that mapped: its
 * memory is pinned and its account is charged, whoever attaches or unmaps, and
 * whether or not it is still alive.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "device.h"

#define N 300

/* Map N pages of our own, say so, and live until we are told not to. */
static void owner(int sock, const void *arg)
{
	struct dma d = *(const struct dma *)arg;
	char *va = get_pages(N * PAGE_SZ);

	CHECK_OK(dma_map_fixed(&d, va, N * PAGE_SZ, TEST_IOVA, MAP_RW));
	say(sock, 1);
	/* Each question is answered with what is charged to us. */
	while (hear(sock))
		say(sock, proc_status_bytes("VmPin") / PAGE_SZ);
}

static struct peer start_owner(const struct dma *d)
{
	struct peer peer = peer_start(owner, d);

	CHECK_EQ(hear(peer.sock), 1);
	return peer;
}

static long charged_to(struct peer *peer)
{
	say(peer->sock, 1);
	return hear(peer->sock);
}

static void end_owner(struct peer *peer)
{
	say(peer->sock, 0);
	peer_end(peer);
}

/* Pages pinned for others, none for us. */
static void expect_others(unsigned long npages)
{
	CHECK_EQ(pins_here(), npages);
	CHECK_EQ(proc_status_bytes("VmPin"), 0);
}

static void each_its_own(void)
{
	struct dma d = attached_device();
	struct peer peer = start_owner(&d);
	char *va = get_pages(50 * PAGE_SZ);

	CHECK_OK(dma_map_fixed(&d, va, 50 * PAGE_SZ, 0, MAP_RW));
	CHECK_EQ(pins_here(), N + 50);
	CHECK_EQ(proc_status_bytes("VmPin"), 50 * PAGE_SZ);
	CHECK_EQ(charged_to(&peer), N);
	/* Unmapped by us, given back to it. */
	CHECK_OK(dma_unmap(&d, TEST_IOVA, N * PAGE_SZ));
	CHECK_EQ(charged_to(&peer), 0);
	CHECK_EQ(proc_status_bytes("VmPin"), 50 * PAGE_SZ);
	end_owner(&peer);
	CHECK_OK(dma_unmap(&d, 0, 50 * PAGE_SZ));
	expect_nothing(&d);
}

static void attached_by_another(void)
{
	struct dma d = bound_device();
	struct peer peer = start_owner(&d);
	int turn;

	for (turn = 0; turn < 3; turn++) {
		CHECK_EQ(charged_to(&peer), 0);
		attach_device(&d);
		CHECK_EQ(charged_to(&peer), N);
		expect_others(N);
		CHECK_OK(vfio_detach(d.dev));
		expect_others(0);
	}
	attach_device(&d);
	end_owner(&peer);
	expect_others(N);
	CHECK_OK(vfio_detach(d.dev));
	expect_others(0);
	CHECK_OK(dma_unmap(&d, TEST_IOVA, N * PAGE_SZ));
}

/* Map memory that has a hole, and wait. */
static void owner_of_a_hole(int sock, const void *arg)
{
	struct dma d = *(const struct dma *)arg;
	char *va = get_pages(N * PAGE_SZ);

	CHECK_OK(munmap(va + (N - 1) * PAGE_SZ, PAGE_SZ));
	CHECK_OK(dma_map_fixed(&d, va, N * PAGE_SZ, TEST_IOVA, MAP_RW));
	say(sock, 1);
	hear(sock);
	CHECK_EQ(proc_status_bytes("VmPin"), 0);
}

static void hole_of_another(void)
{
	struct dma d = bound_device();
	struct peer peer = peer_start(owner_of_a_hole, &d);
	__u32 id = d.ioas;

	CHECK_EQ(hear(peer.sock), 1);
	CHECK_RET(vfio_attach(d.dev, &id), -EFAULT);
	expect_others(0);
	say(peer.sock, 1);
	peer_end(&peer);
}

/* Frames that another process attached must be the ones that we use. */
static void owner_checks_frames(int sock, const void *arg)
{
	struct dma d = *(const struct dma *)arg;
	char *va = mmap(NULL, N * PAGE_SZ, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	__u64 frame[N];
	int i;

	CHECK(va != MAP_FAILED);
	/* Never touched: the attach must fault it in, as our own memory. */
	CHECK_OK(dma_map_fixed(&d, va, N * PAGE_SZ, TEST_IOVA, MAP_R));
	say(sock, 1);
	hear(sock);
	for (i = 0; i < N; i++)
		frame[i] = frame_of(va + i * PAGE_SZ);
	for (i = 0; i < N; i++) {
		va[i * PAGE_SZ] = 1;
		CHECK_EQ(frame_of(va + i * PAGE_SZ), frame[i]);
	}
}

static void frames_of_another(void)
{
	struct dma d = bound_device();
	struct peer peer = peer_start(owner_checks_frames, &d);

	CHECK_EQ(hear(peer.sock), 1);
	attach_device(&d);
	expect_others(N);
	say(peer.sock, 1);
	peer_end(&peer);
	CHECK_OK(dma_unmap(&d, TEST_IOVA, N * PAGE_SZ));
	expect_nothing(&d);
}

static void owner_exits(void)
{
	struct dma d = attached_device();
	struct peer peer = start_owner(&d);

	end_owner(&peer);
	/* Its memory is gone, but for what the device may reach. */
	expect_others(N);
	CHECK_OK(dma_unmap(&d, TEST_IOVA, N * PAGE_SZ));
	expect_nothing(&d);
}

static void owner_exits_before_attach(void)
{
	struct dma d = bound_device();
	struct peer peer = start_owner(&d);
	char *va = get_pages(PAGE_SZ);
	__u32 id = d.ioas;

	end_owner(&peer);
	CHECK_OK(dma_map_fixed(&d, va, PAGE_SZ, 0, MAP_RW));
	/* There is no such memory any more. */
	CHECK_RET(vfio_attach(d.dev, &id), -EFAULT);
	expect_pinned(0);
	CHECK_OK(dma_unmap(&d, TEST_IOVA, N * PAGE_SZ));
	attach_device(&d);
	expect_pinned(1);
}

static void owner_killed(void)
{
	struct dma d = attached_device();
	struct peer peer = start_owner(&d);
	int status;

	CHECK_OK(kill(peer.pid, SIGKILL));
	CHECK_EQ(waitpid(peer.pid, &status, 0), peer.pid);
	expect_others(N);
	CHECK_OK(close(d.dev));
	expect_others(0);
}

static void owner_that_execs(int sock, const void *arg)
{
	struct dma d = *(const struct dma *)arg;
	char *va = get_pages(N * PAGE_SZ);

	CHECK_OK(dma_map_fixed(&d, va, N * PAGE_SZ, TEST_IOVA, MAP_RW));
	/* dup2() makes it survive exec(). */
	dup2(sock, 0);
	dup2(sock, 1);
	execlp("dd", "dd", "bs=1", "count=1", "status=none", NULL);
	_exit(2);
}

/* Wait until @peer has become another program. */
static void wait_for_exec(struct peer *peer)
{
	const struct timespec pause = { .tv_nsec = 10 * 1000000L };
	char path[64], exe[256], own[256];
	ssize_t n, m = readlink("/proc/self/exe", own, sizeof(own));
	int tries;

	snprintf(path, sizeof(path), "/proc/%d/exe", peer->pid);
	for (tries = 0; tries < 1000; tries++) {
		n = readlink(path, exe, sizeof(exe));
		if (n > 0 && (n != m || memcmp(exe, own, n)))
			return;
		nanosleep(&pause, NULL);
	}
	FAIL("the child did not exec");
}

/* The process lives on, with other memory. */
static void owner_execs(void)
{
	struct dma d = attached_device();
	struct peer peer = peer_start(owner_that_execs, &d);
	__u32 id = d.ioas;
	char byte = 'x';

	wait_for_exec(&peer);
	expect_others(N);
	CHECK_OK(vfio_detach(d.dev));
	expect_others(0);
	CHECK_RET(vfio_attach(d.dev, &id), -EFAULT);
	expect_others(0);
	CHECK_EQ(write(peer.sock, &byte, 1), 1);
	CHECK_EQ(read(peer.sock, &byte, 1), 1);
	peer_end(&peer);
}

/* We close the device; the owner, forked, has it open too. */
static void one_close_of_two(void)
{
	struct dma d = attached_device();
	struct peer peer = start_owner(&d);

	CHECK_EQ(charged_to(&peer), N);
	CHECK_OK(close(d.dev));
	CHECK_EQ(charged_to(&peer), N);
	end_owner(&peer);
	expect_others(0);
}

/* The process that gets the context through a socket is the owner. */
static void owner_by_socket(int sock, const void *arg)
{
	struct dma d = *(const struct dma *)arg;

	close(d.space);
	close(d.dev);
	d.space = receive_fd(sock);
	owner(sock, &d);
}

static void through_a_socket(void)
{
	struct dma d = attached_device();
	struct peer peer = peer_start(owner_by_socket, &d);

	send_fd(peer.sock, d.space);
	CHECK_EQ(hear(peer.sock), 1);
	CHECK_EQ(charged_to(&peer), N);
	expect_others(N);
	/* It holds the context alone now, and unmaps by ending. */
	CHECK_OK(close(d.space));
	CHECK_OK(close(d.dev));
	CHECK_EQ(charged_to(&peer), 0);
	end_owner(&peer);
}

static void __attribute__((noreturn)) maps_for_ever(int sock, const void *arg)
{
	struct dma d = *(const struct dma *)arg;
	size_t len = 16 * HUGE_SZ;
	char *va = get_pages(len);

	say(sock, 1);
	for (;;) {
		CHECK_OK(dma_map_fixed(&d, va, len, TEST_IOVA, MAP_RW));
		CHECK_OK(dma_unmap(&d, TEST_IOVA, len));
	}
}

/* Killed in the middle, while we keep the context: nothing in between. */
static void owner_killed_while_mapping(void)
{
	const size_t len = 16 * HUGE_SZ;
	struct dma d = attached_device();
	struct timespec pause = { 0 };
	__u64 done;
	int i, status;

	for (i = 0; i < 8; i++) {
		struct peer peer = peer_start(maps_for_ever, &d);

		CHECK_EQ(hear(peer.sock), 1);
		pause.tv_nsec = (1 + 13 * i) * 1000000L;
		nanosleep(&pause, NULL);
		CHECK_OK(kill(peer.pid, SIGKILL));
		CHECK_EQ(waitpid(peer.pid, &status, 0), peer.pid);
		close(peer.sock);
		CHECK_OK(iommufd_unmap(d.space, d.ioas, 0, ~0ULL, &done));
		/* All of it was there, or nothing. */
		CHECK(done == 0 || done == len);
		expect_nothing(&d);
	}
}

static const struct test tests[] = {
	{ "owner.each_its_own", each_its_own, 0 },
	{ "owner.attached_by_another", attached_by_another, 0 },
	{ "owner.hole_of_another", hole_of_another, 0 },
	{ "owner.frames_of_another", frames_of_another, 0 },
	{ "owner.exits", owner_exits, 0 },
	{ "owner.exits_before_attach", owner_exits_before_attach, 0 },
	{ "owner.killed", owner_killed, 0 },
	{ "owner.execs", owner_execs, 0 },
	{ "owner.one_close_of_two", one_close_of_two, 0 },
	{ "owner.through_a_socket", through_a_socket, 0 },
	{ "owner.killed_while_mapping", owner_killed_while_mapping, 0 },
};

const struct test_table owner_table = { tests, ARRAY_SIZE(tests) };
