// SPDX-License-Identifier: GPL-2.0-only
/* common.c - what the programs of the uAPI tests share; see common.h */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common.h"

static long pins_at_start;

struct space new_space(void)
{
	struct space s;

	s.fd = CHECK_FD(iommufd_open());
	CHECK_OK(iommufd_ioas_alloc(s.fd, &s.ioas));
	return s;
}

bool pins_init(void)
{
	pins_at_start = pins_now();
	return pins_at_start >= 0;
}

long pins_here(void)
{
	return pins_now() - pins_at_start;
}

const char *pins_left(void)
{
	const struct timespec pause = { .tv_nsec = 10 * 1000000L };
	static char why[80];
	long pins = 0;
	int tries;

	/* What a killed process held is given back by whoever is last. */
	for (tries = 0; tries < 100; tries++) {
		pins = pins_here();
		if (!pins)
			return NULL;
		nanosleep(&pause, NULL);
	}
	snprintf(why, sizeof(why), "%ld pages are still pinned", pins);
	/* Blame one test for it, not all that follow. */
	pins_at_start += pins;
	return why;
}

char *guarded(size_t len)
{
	size_t room = (len + PAGE_SZ - 1) & -PAGE_SZ;
	char *va = get_pages(room + PAGE_SZ);

	CHECK_OK(mprotect(va + room, PAGE_SZ, PROT_NONE));
	return va + room - len;
}

char *get_pages(size_t len)
{
	char *va = mem_alloc(len, MEM_PLAIN);

	if (!va)
		FAIL("%zu bytes of memory: %s", len, errno_name(-errno));
	return va;
}

__u64 frame_of(const void *va)
{
	int fd = CHECK_FD(open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC));
	off_t at = (uintptr_t)va / PAGE_SZ * sizeof(__u64);
	__u64 entry = 0;

	CHECK_EQ(pread(fd, &entry, sizeof(entry), at), sizeof(entry));
	close(fd);
	if (!(entry >> 63))
		FAIL("the page at %p is not present", va);
	entry &= (1ULL << 55) - 1;
	CHECK(entry);
	return entry;
}

/* Marsaglia's xorshift64*. */
__u32 rng_below(struct rng *rng, __u32 n)
{
	__u64 x = rng->state ?: 1;

	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	rng->state = x;
	return (x * 0x2545f4914f6cdd1dULL >> 32) % n;
}

struct peer peer_start(void (*body)(int sock, const void *arg),
		       const void *arg)
{
	struct peer peer;
	int socks[2];

	CHECK_OK(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, socks));
	peer.pid = fork();
	CHECK(peer.pid >= 0);
	if (!peer.pid) {
		close(socks[0]);
		body(socks[1], arg);
		_exit(0);
	}
	close(socks[1]);
	peer.sock = socks[0];
	return peer;
}

void peer_end(struct peer *peer)
{
	int status;

	close(peer->sock);
	CHECK_EQ(waitpid(peer->pid, &status, 0), peer->pid);
	CHECK_EQ(status, 0);
}

void say(int sock, long value)
{
	CHECK_EQ(send(sock, &value, sizeof(value), MSG_NOSIGNAL),
		 sizeof(value));
}

long hear(int sock)
{
	long value;

	CHECK_EQ(recv(sock, &value, sizeof(value), 0), sizeof(value));
	return value;
}

/* A message of one byte with room for one descriptor. */
struct fd_message {
	struct msghdr msg;
	struct iovec iov;
	char byte;
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control;
};

static void fd_message_init(struct fd_message *m)
{
	memset(m, 0, sizeof(*m));
	m->iov.iov_base = &m->byte;
	m->iov.iov_len = 1;
	m->msg.msg_iov = &m->iov;
	m->msg.msg_iovlen = 1;
	m->msg.msg_control = &m->control;
	m->msg.msg_controllen = sizeof(m->control);
}

void send_fd(int sock, int fd)
{
	struct fd_message m;
	struct cmsghdr *c;

	fd_message_init(&m);
	c = CMSG_FIRSTHDR(&m.msg);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	CHECK_EQ(sendmsg(sock, &m.msg, MSG_NOSIGNAL), 1);
}

int receive_fd(int sock)
{
	struct fd_message m;
	struct cmsghdr *c;
	int fd;

	fd_message_init(&m);
	CHECK_EQ(recvmsg(sock, &m.msg, MSG_CMSG_CLOEXEC), 1);
	c = CMSG_FIRSTHDR(&m.msg);
	CHECK(c && c->cmsg_type == SCM_RIGHTS);
	memcpy(&fd, CMSG_DATA(c), sizeof(fd));
	return fd;
}

void become_user(uid_t uid, unsigned long memlock)
{
	struct rlimit limit = { memlock, memlock };

	CHECK_OK(setrlimit(RLIMIT_MEMLOCK, &limit));
	CHECK_OK(prctl(PR_SET_KEEPCAPS, 0));
	CHECK_OK(setgroups(0, NULL));
	CHECK_OK(setresgid(uid, uid, uid));
	CHECK_OK(setresuid(uid, uid, uid));
	/* Leaving root has taken all capabilities. */
	CHECK(setresuid(0, 0, 0) < 0);
}
