// SPDX-License-Identifier: GPL-2.0-only
/*
 * device_kill.c - a fatal signal ends a large map soon, and without a trace
 *
 * Owns: kill_table. How far a map went on after the signal is seen from how many
 * pages are pinned at most from then on, and all must be given back when the
 * process has gone.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "device.h"

#define LARGE (512L << 20)
#define LARGE_PAGES (LARGE / (long)PAGE_SZ)
/* So much may be pinned after the signal, in pages. */
#define CHUNK ((32L << 20) / (long)PAGE_SZ)
/* Turns: the signal comes later in each. */
#define TURNS 3

enum memory {
	UNTOUCHED,
	POPULATED,
	OF_FILE,
};

struct job {
	struct dma d;
	enum memory memory;
	bool attach;
};

/* In small pages: large ones would be through too soon. */
static char *large_memory(enum memory memory)
{
	char *va = mmap(NULL, LARGE, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	CHECK(va != MAP_FAILED);
	CHECK_OK(madvise(va, LARGE, MADV_NOHUGEPAGE));
	if (memory == POPULATED)
		CHECK_OK(madvise(va, LARGE, MADV_POPULATE_WRITE));
	return va;
}

/* Ends by a signal only, mostly before it comes back from the call. */
static void __attribute__((noreturn)) maps_much(int sock, const void *arg)
{
	const struct job *job = arg;
	struct dma d = job->d;
	__u32 id = d.ioas;
	char *va;
	int fd;

	if (job->memory == OF_FILE) {
		fd = new_memfd(0, LARGE);
		say(sock, 1);
		map_file(&d, fd, 0, LARGE, TEST_IOVA, MAP_RW);
		for (;;)
			pause();
	}
	va = large_memory(job->memory);
	if (job->attach)
		CHECK_OK(dma_map_fixed(&d, va, LARGE, TEST_IOVA, MAP_RW));
	say(sock, 1);
	if (job->attach)
		vfio_attach(d.dev, &id);
	else
		dma_map_fixed(&d, va, LARGE, TEST_IOVA, MAP_RW);
	for (;;)
		pause();
}

/* The pages that are pinned at most, from now until a process has gone. */
static long most_until_gone(pid_t pid)
{
	long most = 0, pins;
	pid_t gone;
	int status;

	do {
		gone = waitpid(pid, &status, WNOHANG);
		pins = pins_here();
		if (pins > most)
			most = pins;
	} while (!gone);
	CHECK_EQ(gone, pid);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	return most;
}

/* True: it was killed on the way, and not too late to tell. */
static bool killed_at(const struct job *job, long npages)
{
	struct peer peer = peer_start(maps_much, job);
	long then, most, left;

	CHECK_EQ(hear(peer.sock), 1);
	do {
		then = pins_here();
	} while (then < npages);
	CHECK_OK(kill(peer.pid, SIGKILL));
	/* No less than when the signal came. */
	then = pins_here();
	most = most_until_gone(peer.pid);
	close(peer.sock);
	left = pins_here();
	test_note("%ld pages at the signal, %ld at most, of %ld; %ld left",
		  then, most, LARGE_PAGES, left);
	CHECK(most <= then + CHUNK);
	/* It had come back already; otherwise nothing is left. */
	if (left == LARGE_PAGES && then == left)
		return false;
	CHECK_EQ(left, 0);
	return then + 2 * CHUNK <= LARGE_PAGES;
}

static void killed_in(enum memory memory, bool attach)
{
	struct job job = { .memory = memory, .attach = attach };
	int turn, seen = 0;

	for (turn = 0; turn < TURNS; turn++) {
		job.d = attach ? bound_device() : attached_device();
		seen += killed_at(&job, 1 + turn * CHUNK);
		/* Of a map nothing is left; what an attach found stays mapped. */
		CHECK_OK(iommufd_unmap(job.d.space, job.d.ioas, 0, ~0ULL,
				       NULL));
		CHECK_OK(close(job.d.dev));
		CHECK_OK(close(job.d.space));
	}
	/* The others were through before we could look. */
	if (!seen)
		test_skip("this machine is too quick, or too slow, to tell");
}

static void killed_untouched(void)
{
	killed_in(UNTOUCHED, false);
}

static void killed_populated(void)
{
	killed_in(POPULATED, false);
}

static void killed_file(void)
{
	killed_in(OF_FILE, false);
}

static void killed_attach(void)
{
	killed_in(POPULATED, true);
}

/* --- behind somebody else who pins the same memory -------------------------- */

#define N 8

struct copier {
	struct dma d;
	__u32 from;
	__u64 iova;
};

static void copies(int sock, const void *arg)
{
	const struct copier *c = arg;

	say(sock, 1);
	say(sock, iommufd_copy(c->d.space, c->d.ioas, c->from, TEST_IOVA,
			       N * PAGE_SZ, c->iova, MAP_RW));
}

/* Memory of which one page is missing, until somebody gives it. */
static char *memory_with_gap(int *uffd)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register reg = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	char *va = get_pages(N * PAGE_SZ);

	*uffd = syscall(SYS_userfaultfd, O_CLOEXEC);
	if (*uffd < 0)
		test_skip("userfaultfd: %s", errno_name(-errno));
	CHECK_OK(ioctl(*uffd, UFFDIO_API, &api));
	CHECK_OK(madvise(va + 5 * PAGE_SZ, PAGE_SZ, MADV_DONTNEED));
	reg.range.start = (uintptr_t)va + 5 * PAGE_SZ;
	reg.range.len = PAGE_SZ;
	CHECK_OK(ioctl(*uffd, UFFDIO_REGISTER, &reg));
	return va;
}

static void give_page(int uffd, char *va)
{
	struct uffdio_zeropage zero = {
		.range = { (uintptr_t)va + 5 * PAGE_SZ, PAGE_SZ },
	};

	CHECK_OK(ioctl(uffd, UFFDIO_ZEROPAGE, &zero));
}

static char state_of(pid_t pid)
{
	char path[32], text[256], *at;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n <= 0)
		return 0;
	text[n] = '\0';
	at = strrchr(text, ')');
	return at ? at[2] : 0;
}

static void pause_ms(unsigned int ms)
{
	const struct timespec pause = { .tv_nsec = ms * 1000000L };

	nanosleep(&pause, NULL);
}

/* Wait at most five seconds until @pid sleeps undisturbed, or has gone (0). */
static void wait_for_state(pid_t pid, char state)
{
	int tries;

	for (tries = 0; tries < 500 * (int)test_slow(); tries++) {
		if (!state) {
			if (waitpid(pid, NULL, WNOHANG) == pid)
				return;
		} else if (state_of(pid) == state) {
			return;
		}
		pause_ms(10);
	}
	FAIL(state ? "it does not wait" : "it does not end");
}

static void killed_waiting(void)
{
	struct copier a = { .d = attached_device(), .iova = 2 * TEST_IOVA };
	struct copier b;
	struct peer first, second;
	struct pollfd poll_uffd;
	char *va;
	int uffd;

	va = memory_with_gap(&uffd);
	CHECK_OK(iommufd_ioas_alloc(a.d.space, &a.from));
	CHECK_OK(iommufd_map_fixed(a.d.space, a.from, va, N * PAGE_SZ,
				   TEST_IOVA, MAP_RW));
	b = a;
	b.iova = 3 * TEST_IOVA;

	first = peer_start(copies, &a);
	CHECK_EQ(hear(first.sock), 1);
	poll_uffd = (struct pollfd){ .fd = uffd, .events = POLLIN };
	CHECK_EQ(poll(&poll_uffd, 1, 5000 * test_slow()), 1);
	second = peer_start(copies, &b);
	CHECK_EQ(hear(second.sock), 1);
	wait_for_state(second.pid, 'D');

	CHECK_OK(kill(second.pid, SIGKILL));
	wait_for_state(second.pid, 0);
	close(second.sock);
	give_page(uffd, va);
	CHECK_OK(hear(first.sock));
	peer_end(&first);
	expect_pinned(N);
	CHECK_OK(iommufd_unmap(a.d.space, a.d.ioas, 2 * TEST_IOVA, N * PAGE_SZ,
			       NULL));
	expect_nothing(&a.d);
}

static const struct test tests[] = {
	{ "kill.untouched", killed_untouched, 0 },
	{ "kill.populated", killed_populated, 0 },
	{ "kill.file", killed_file, 0 },
	{ "kill.attach", killed_attach, 0 },
	{ "kill.waiting", killed_waiting, 0 },
};

const struct test_table kill_table = { tests, ARRAY_SIZE(tests) };
