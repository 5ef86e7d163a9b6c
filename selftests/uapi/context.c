// SPDX-License-Identifier: GPL-2.0-only
/*
 * context.c - contexts: opened, shared between processes, closed
 *
 * Owns: context_table: the file and its descriptors, ids, DESTROY.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "uapi.h"

#define IOVA 0x100000ULL

static void node(void)
{
	struct stat st;

	CHECK_OK(stat(IOMMUFD_DEV, &st));
	CHECK(S_ISCHR(st.st_mode));
	CHECK_EQ(major(st.st_rdev), 10);
	/* Whoever may pin memory is decided by the node's owner and group. */
	CHECK_EQ(st.st_uid, 0);
	CHECK_EQ(st.st_mode & 0007, 0);
}

static void open_denied(int sock, const void *arg)
{
	(void)arg;
	become_user(65533, 8 << 20);
	CHECK_RET(iommufd_open(), -EACCES);
	say(sock, 1);
}

static void others_may_not_open(void)
{
	struct peer peer = peer_start(open_denied, NULL);

	CHECK_EQ(hear(peer.sock), 1);
	peer_end(&peer);
}

static void only_ioctls(void)
{
	int fd = CHECK_FD(iommufd_open());
	char byte;

	CHECK(read(fd, &byte, 1) < 0 && errno == EINVAL);
	CHECK(write(fd, "x", 1) < 0 && errno == EINVAL);
	CHECK(mmap(NULL, PAGE_SZ, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED);
	CHECK_EQ(errno, ENODEV);
}

static void destroy_unknown(void)
{
	int fd = CHECK_FD(iommufd_open());
	static const __u32 ids[] = { 0, 1, 2, 63, 64, 0x7fffffff, 0x80000000,
				     ~0U };
	struct space s;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ids); i++)
		CHECK_RET(iommufd_destroy(fd, ids[i]), -ENOENT);
	s = new_space();
	for (i = 0; i < ARRAY_SIZE(ids); i++)
		if (ids[i] != s.ioas)
			CHECK_RET(iommufd_destroy(s.fd, ids[i]), -ENOENT);
	CHECK_OK(iommufd_destroy(s.fd, s.ioas));
	CHECK_RET(iommufd_destroy(s.fd, s.ioas), -ENOENT);
	/* Nothing works on it any more. */
	CHECK_RET(iommufd_map_fixed(s.fd, s.ioas, nowhere(PAGE_SZ), PAGE_SZ, 0,
				    MAP_RW), -ENOENT);
	CHECK_RET(iommufd_unmap(s.fd, s.ioas, 0, ~0ULL, NULL), -ENOENT);
}

static void ids_from_one(void)
{
	int fd = CHECK_FD(iommufd_open());
	bool seen[201] = { false };
	__u32 id, i;

	CHECK_OK(iommufd_ioas_alloc(fd, &id));
	CHECK_EQ(id, 1);
	seen[1] = true;
	for (i = 1; i < 200; i++) {
		CHECK_OK(iommufd_ioas_alloc(fd, &id));
		CHECK(id >= 1 && id <= 200 && !seen[id]);
		seen[id] = true;
	}
}

/* An id means nothing in another context. */
static void contexts_are_apart(void)
{
	struct space a = new_space(), b = new_space();
	__u64 done = 0;
	__u32 id;

	CHECK_OK(iommufd_ioas_alloc(a.fd, &id));
	CHECK_RET(iommufd_destroy(b.fd, id), -ENOENT);
	CHECK_RET(iommufd_map_fixed(b.fd, id, nowhere(PAGE_SZ), PAGE_SZ, IOVA,
				    MAP_RW), -ENOENT);
	/* The same id in both, and the same IOVA, are two things. */
	CHECK_EQ(a.ioas, b.ioas);
	CHECK_OK(iommufd_map_fixed(a.fd, a.ioas, nowhere(PAGE_SZ), PAGE_SZ,
				   IOVA, MAP_RW));
	CHECK_RET(iommufd_unmap(b.fd, b.ioas, IOVA, PAGE_SZ, NULL), -ENOENT);
	CHECK_OK(iommufd_map_fixed(b.fd, b.ioas, nowhere(PAGE_SZ), 2 * PAGE_SZ,
				   IOVA, MAP_RW));
	CHECK_OK(close(a.fd));
	CHECK_OK(iommufd_unmap(b.fd, b.ioas, 0, ~0ULL, &done));
	CHECK_EQ(done, 2 * PAGE_SZ);
}

static void closed_descriptor(void)
{
	struct space s = new_space();
	int copy = CHECK_FD(dup(s.fd));

	CHECK_OK(iommufd_map_fixed(s.fd, s.ioas, nowhere(PAGE_SZ), PAGE_SZ,
				   IOVA, MAP_RW));
	CHECK_OK(close(s.fd));
	CHECK_RET(iommufd_destroy(s.fd, s.ioas), -EBADF);
	/* The context is the open file's, not the descriptor's. */
	CHECK_OK(iommufd_unmap(copy, s.ioas, IOVA, PAGE_SZ, NULL));
	CHECK_OK(iommufd_destroy(copy, s.ioas));
}

static void child_uses(int sock, const void *arg)
{
	const struct space *s = arg;

	/* What the parent mapped is there, and the other way round. */
	CHECK_OK(iommufd_unmap(s->fd, s->ioas, IOVA, PAGE_SZ, NULL));
	CHECK_OK(iommufd_map_fixed(s->fd, s->ioas, nowhere(PAGE_SZ),
				   4 * PAGE_SZ, IOVA, MAP_RW));
	say(sock, 1);
}

static void shared_by_fork(void)
{
	struct space s = new_space();
	struct peer peer;

	CHECK_OK(iommufd_map_fixed(s.fd, s.ioas, nowhere(PAGE_SZ), PAGE_SZ,
				   IOVA, MAP_RW));
	peer = peer_start(child_uses, &s);
	CHECK_EQ(hear(peer.sock), 1);
	peer_end(&peer);
	/* The child has gone, with its memory; its mapping is the context's. */
	CHECK_OK(iommufd_unmap(s.fd, s.ioas, IOVA, 4 * PAGE_SZ, NULL));
}

static void child_opens(int sock, const void *arg)
{
	struct space s = new_space();

	(void)arg;
	CHECK_OK(iommufd_map_fixed(s.fd, s.ioas, nowhere(PAGE_SZ), PAGE_SZ,
				   IOVA, MAP_RW));
	send_fd(sock, s.fd);
	say(sock, s.ioas);
}

static void shared_by_socket(void)
{
	struct peer peer = peer_start(child_opens, NULL);
	struct space s;

	s.fd = receive_fd(peer.sock);
	s.ioas = hear(peer.sock);
	peer_end(&peer);
	CHECK_OK(iommufd_unmap(s.fd, s.ioas, IOVA, PAGE_SZ, NULL));
	CHECK_OK(iommufd_destroy(s.fd, s.ioas));
}

/* Closed while it lies in a socket that nobody reads. */
static void lost_in_a_socket(void)
{
	struct peer peer = peer_start(child_opens, NULL);
	int status;

	CHECK_EQ(waitpid(peer.pid, &status, 0), peer.pid);
	CHECK_EQ(status, 0);
	close(peer.sock);
}

int context_after_exec(const char *text)
{
	int fd = atoi(text);
	__u64 done = 0;

	/* The first IOAS has the id 1. */
	if (iommufd_unmap(fd, 1, IOVA, PAGE_SZ, &done) || done != PAGE_SZ)
		return 1;
	return iommufd_destroy(fd, 1) ? 1 : 0;
}

static void child_execs(int sock, const void *arg)
{
	const struct space *s = arg;
	char text[16];

	(void)sock;
	/* dup() gives a descriptor that survives exec(). */
	snprintf(text, sizeof(text), "%d", dup(s->fd));
	execl("/proc/self/exe", "uapi", "-x", text, NULL);
	_exit(2);
}

static void kept_over_exec(void)
{
	struct space s = new_space();
	struct peer peer;

	CHECK_OK(iommufd_map_fixed(s.fd, s.ioas, nowhere(PAGE_SZ), PAGE_SZ,
				   IOVA, MAP_RW));
	peer = peer_start(child_execs, &s);
	peer_end(&peer);
	CHECK_RET(iommufd_destroy(s.fd, s.ioas), -ENOENT);
}

static void many_contexts(void)
{
	int fds[500], i;
	__u32 id;

	for (i = 0; i < 500; i++) {
		fds[i] = CHECK_FD(iommufd_open());
		CHECK_OK(iommufd_ioas_alloc(fds[i], &id));
		CHECK_EQ(id, 1);
		CHECK_OK(iommufd_map_fixed(fds[i], id, nowhere(PAGE_SZ),
					   PAGE_SZ, IOVA, MAP_RW));
	}
	for (i = 0; i < 500; i += 2)
		CHECK_OK(close(fds[i]));
	for (i = 1; i < 500; i += 2)
		CHECK_OK(iommufd_unmap(fds[i], 1, IOVA, PAGE_SZ, NULL));
}

static const struct test tests[] = {
	{ "context.node", node, 0 },
	{ "context.others_may_not_open", others_may_not_open, 0 },
	{ "context.only_ioctls", only_ioctls, 0 },
	{ "context.destroy_unknown", destroy_unknown, 0 },
	{ "context.ids_from_one", ids_from_one, 0 },
	{ "context.contexts_are_apart", contexts_are_apart, 0 },
	{ "context.closed_descriptor", closed_descriptor, 0 },
	{ "context.shared_by_fork", shared_by_fork, 0 },
	{ "context.shared_by_socket", shared_by_socket, 0 },
	{ "context.lost_in_a_socket", lost_in_a_socket, 0 },
	{ "context.kept_over_exec", kept_over_exec, 0 },
	{ "context.many", many_contexts, 0 },
};

const struct test_table context_table = { tests, ARRAY_SIZE(tests) };
