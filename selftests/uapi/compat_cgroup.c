// SPDX-License-Identifier: GPL-2.0-only
/*
 * compat_cgroup.c - a memory cgroup bounds what mappings cost the kernel, and
 * only those of the processes in it
 *
 * Owns: cgroup_table, and a cgroup for each test. The mappings pin nothing:
 * what they cost is the kernel's own memory. type1 had a count instead
 * (dma_entry_limit).
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "compat.h"

#define ROOT "/sys/fs/cgroup"
#define GROUP ROOT "/uapi_compat"
#define LIMIT "4194304"
/* A mapping costs some hundred bytes: far more than the limit can pay for. */
#define TOO_MANY 200000

static int write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), ret = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		ret = -errno;
	close(fd);
	return ret;
}

static void make_group(void)
{
	rmdir(GROUP);
	if (write_file(ROOT "/cgroup.subtree_control", "+memory"))
		test_skip("no memory controller in " ROOT);
	if (mkdir(GROUP, 0755))
		FAIL("mkdir " GROUP ": %s", errno_name(-errno));
	CHECK_OK(write_file(GROUP "/memory.max", LIMIT));
	/* There may be no swap to limit. */
	write_file(GROUP "/memory.swap.max", "0");
}

static int map_page(int fd, unsigned long i)
{
	/* Never next to one another. */
	return vfio_type1_map(fd, nowhere(PAGE_SZ), PAGE_SZ,
			      BASE + 2 * i * PAGE_SZ, DMA_RW);
}

/* Map until it fails: how many; *@ret why it ended. */
static long map_many(int fd, int *ret)
{
	long i;

	for (i = 0; i < TOO_MANY; i++) {
		*ret = map_page(fd, i);
		if (*ret)
			break;
	}
	return i;
}

/*
 * Into the cgroup, and out: in it, once it is full, a process cannot so much as
 * open a file or say what went wrong. What it was charged for stays charged.
 */
static int procs_in = -1, procs_out = -1;

static void prepare(bool survive)
{
	/* A page table for a page that is new to the process is charged, too. */
	CHECK_OK(mlockall(MCL_CURRENT));
	/* Where nobody may be killed, the allocation fails instead. */
	CHECK_OK(write_file("/proc/self/oom_score_adj",
			    survive ? "-1000" : "0"));
	procs_in = CHECK_FD(open(GROUP "/cgroup.procs", O_WRONLY | O_CLOEXEC));
	procs_out = CHECK_FD(open(ROOT "/cgroup.procs", O_WRONLY | O_CLOEXEC));
}

static void enter(void)
{
	CHECK_EQ(write(procs_in, "0", 1), 1);
}

static void leave(void)
{
	CHECK_EQ(write(procs_out, "0", 1), 1);
}

/* Without a victim for the OOM killer: ENOMEM, and everything goes on. */
static void survivor(int sock, const void *arg)
{
	struct space s = new_container(VFIO_TYPE1v2_IOMMU);
	long n;
	int ret;

	(void)arg;
	prepare(true);
	enter();
	n = map_many(s.fd, &ret);
	leave();
	CHECK_RET(ret, -ENOMEM);
	say(sock, n);
	/* The others have done what they wanted. */
	CHECK_EQ(hear(sock), 1);
	/* Nothing of a failed map stays; what was mapped is there. */
	expect_unmapped(&s, BASE + 2 * n * PAGE_SZ, PAGE_SZ, 0);
	enter();
	expect_unmapped(&s, BASE, PAGE_SZ, PAGE_SZ);
	expect_all(&s, (n - 1) * PAGE_SZ);
	/* With room again, it works again. */
	ret = map_page(s.fd, 0);
	leave();
	CHECK_OK(ret);
}

static void fails_alone(void)
{
	struct space s = new_container(VFIO_TYPE1v2_IOMMU);
	struct peer peer;
	long n, i;

	make_group();
	peer = peer_start(survivor, NULL);
	n = hear(peer.sock);
	test_note("%ld mappings in " LIMIT " bytes", n);
	CHECK(n > 100 && n < TOO_MANY);
	/* Outside the cgroup nobody notices. */
	for (i = 0; i < 2 * n; i++)
		CHECK_OK(map_page(s.fd, i));
	expect_all(&s, 2 * n * PAGE_SZ);
	say(peer.sock, 1);
	peer_end(&peer);
	CHECK_OK(rmdir(GROUP));
}

/* As it is without precautions: the OOM killer takes who is in the cgroup. */
static void victim(int sock, const void *arg)
{
	struct space s = new_container(VFIO_TYPE1v2_IOMMU);
	int ret;

	(void)arg;
	(void)sock;
	prepare(false);
	enter();
	map_many(s.fd, &ret);
}

static void dies_alone(void)
{
	struct space s = new_container(VFIO_TYPE1v2_IOMMU);
	struct peer peer;
	int status, i;
	long ret = -1;

	make_group();
	CHECK_OK(map_page(s.fd, 0));
	peer = peer_start(victim, NULL);
	CHECK_EQ(waitpid(peer.pid, &status, 0), peer.pid);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	close(peer.sock);
	CHECK_OK(map_page(s.fd, 1));
	expect_all(&s, 2 * PAGE_SZ);
	/* All that it was charged for has been given back. */
	for (i = 0; i < 100 && ret; i++) {
		ret = rmdir(GROUP);
		usleep(20000);
	}
	CHECK_OK(ret);
}

/* Cutting costs too: a cut that cannot be paid for leaves all as it was. */
static void cutter(int sock, const void *arg)
{
	struct space s = new_container(VFIO_TYPE1_IOMMU);
	__u64 pages = 4UL * TOO_MANY, i;
	int ret = 0;

	(void)arg;
	CHECK_OK(vfio_type1_map(s.fd, nowhere(PAGE_SZ), pages * PAGE_SZ, BASE,
				DMA_RW));
	prepare(true);
	enter();
	for (i = 1; i < pages && !ret; i += 2)
		ret = vfio_type1_unmap(s.fd, BASE + i * PAGE_SZ, PAGE_SZ,
				       NULL);
	leave();
	CHECK_RET(ret, -ENOMEM);
	i = (i - 3) / 2 + 1;
	say(sock, i);
	/* The pages that went; the one that did not. */
	expect_all(&s, (pages - (i - 1)) * PAGE_SZ);
}

static void cuts_fail_alone(void)
{
	struct peer peer;

	make_group();
	peer = peer_start(cutter, NULL);
	test_note("%ld cuts in " LIMIT " bytes", hear(peer.sock));
	peer_end(&peer);
	CHECK_OK(rmdir(GROUP));
}

static const struct test tests[] = {
	{ "cgroup.fails_alone", fails_alone, 120 },
	{ "cgroup.dies_alone", dies_alone, 120 },
	{ "cgroup.cuts_fail_alone", cuts_fail_alone, 120 },
};

const struct test_table cgroup_table = { tests, ARRAY_SIZE(tests) };
