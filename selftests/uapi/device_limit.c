// SPDX-License-Identifier: GPL-2.0-only
/*
 * device_limit.c - RLIMIT_MEMLOCK of users without privilege
 *
 * Owns: limit_table. Root opens and attaches the device, and hands the context
 * to processes of other users, each of which does what the test asks of it.
 * Pages are charged to the user, over all of its processes.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/capability.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "device.h"

#define LIMIT 100	/* pages */
#define MEMORY 400	/* pages that each process has */
#define UID_A 64001
#define UID_B 64002

enum order {
	ORDER_END,
	ORDER_MAP,	/* IOVA in pages, pages */
	ORDER_MAP_HOLE,	/* the same, but the last page does not exist */
	ORDER_UNMAP,	/* the same */
	ORDER_CHARGED,
	ORDER_STORM,	/* IOVA in pages, times */
	ORDER_LOCKED,	/* VmLck, pages */
	ORDER_MLOCK,	/* the last so many pages of its memory; 0: unlock all */
};

struct user {
	const struct dma *d;
	uid_t uid;
	bool ipc_lock;
	struct peer peer;
};

/* What can be mapped may be refused, and is unmapped again. */
static long storm(const struct dma *d, char *va, __u64 iova, long times)
{
	struct rng rng = { iova };
	long ok = 0;

	while (times--) {
		size_t len = (1 + rng_below(&rng, 60)) * PAGE_SZ;
		int ret = iommufd_map_fixed(d->space, d->ioas, va, len, iova,
					    MAP_RW);

		if (ret == -ENOMEM)
			continue;
		CHECK_RET(ret, 0);
		ok++;
		CHECK_OK(iommufd_unmap(d->space, d->ioas, iova, len, NULL));
	}
	return ok;
}

static long obey(const struct dma *d, char *va, enum order order, long page,
		 long n)
{
	__u64 iova = page * PAGE_SZ;

	switch (order) {
	case ORDER_MAP_HOLE:
		va += (MEMORY - n + 1) * PAGE_SZ;
		/* fall through */
	case ORDER_MAP:
		return iommufd_map_fixed(d->space, d->ioas, va, n * PAGE_SZ,
					 iova, MAP_RW);
	case ORDER_UNMAP:
		return iommufd_unmap(d->space, d->ioas, iova, n * PAGE_SZ,
				     NULL);
	case ORDER_CHARGED:
		return proc_status_bytes("VmPin") / PAGE_SZ;
	case ORDER_STORM:
		return storm(d, va, iova, n);
	case ORDER_LOCKED:
		return proc_status_bytes("VmLck") / PAGE_SZ;
	case ORDER_MLOCK:
		if (n)
			return mlock(va + (MEMORY - n) * PAGE_SZ,
				     n * PAGE_SZ) ? -errno : 0;
		return munlock(va, MEMORY * PAGE_SZ) ? -errno : 0;
	default:
		FAIL("order %d", order);
	}
}

/* Keep CAP_IPC_LOCK, and no other, over the change of user. */
static void become_user_with_ipc_lock(uid_t uid)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2] = { 0 };
	struct rlimit limit = { LIMIT * PAGE_SZ, LIMIT * PAGE_SZ };

	CHECK_OK(setrlimit(RLIMIT_MEMLOCK, &limit));
	CHECK_OK(prctl(PR_SET_KEEPCAPS, 1));
	CHECK_OK(setresuid(uid, uid, uid));
	data[0].permitted = CAP_TO_MASK(CAP_IPC_LOCK);
	data[0].effective = data[0].permitted;
	CHECK_OK(syscall(SYS_capset, &header, data));
}

static void user_body(int sock, const void *arg)
{
	const struct user *user = arg;
	char *va = mmap(NULL, (MEMORY + 1) * PAGE_SZ, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	enum order order;
	long page, n;

	CHECK(va != MAP_FAILED);
	CHECK_OK(mprotect(va + MEMORY * PAGE_SZ, PAGE_SZ, PROT_NONE));
	if (user->ipc_lock)
		become_user_with_ipc_lock(user->uid);
	else
		become_user(user->uid, LIMIT * PAGE_SZ);
	for (;;) {
		order = hear(sock);
		if (order == ORDER_END)
			return;
		page = hear(sock);
		n = hear(sock);
		say(sock, obey(user->d, va, order, page, n));
	}
}

static struct user start_user(const struct dma *d, uid_t uid)
{
	struct user user = { .d = d, .uid = uid };

	user.peer = peer_start(user_body, &user);
	return user;
}

static void tell(struct user *user, enum order order, long page, long n)
{
	say(user->peer.sock, order);
	say(user->peer.sock, page);
	say(user->peer.sock, n);
}

static long ask(struct user *user, enum order order, long page, long n)
{
	tell(user, order, page, n);
	return hear(user->peer.sock);
}

static void end_user(struct user *user)
{
	say(user->peer.sock, ORDER_END);
	peer_end(&user->peer);
}

#define CHARGED(user) ask(user, ORDER_CHARGED, 0, 0)

static void exactly_the_limit(void)
{
	struct dma d = attached_device();
	struct user a = start_user(&d, UID_A);

	CHECK_RET(ask(&a, ORDER_MAP, 0, LIMIT + 1), -ENOMEM);
	CHECK_EQ(CHARGED(&a), 0);
	CHECK_EQ(pins_here(), 0);
	CHECK_OK(ask(&a, ORDER_MAP, 0, LIMIT));
	CHECK_EQ(CHARGED(&a), LIMIT);
	CHECK_RET(ask(&a, ORDER_MAP, 1000, 1), -ENOMEM);
	CHECK_EQ(CHARGED(&a), LIMIT);
	CHECK_EQ(pins_here(), LIMIT);
	CHECK_OK(ask(&a, ORDER_UNMAP, 0, LIMIT));
	/* In parts, and what one gives back another may have. */
	CHECK_OK(ask(&a, ORDER_MAP, 0, 60));
	CHECK_OK(ask(&a, ORDER_MAP, 60, 40));
	CHECK_RET(ask(&a, ORDER_MAP, 100, 1), -ENOMEM);
	CHECK_OK(ask(&a, ORDER_UNMAP, 60, 40));
	CHECK_RET(ask(&a, ORDER_MAP, 60, 41), -ENOMEM);
	CHECK_OK(ask(&a, ORDER_MAP, 60, 40));
	CHECK_EQ(CHARGED(&a), LIMIT);
	/* It is the user's charge, not root's, who may do as it likes. */
	CHECK_OK(dma_map_fixed(&d, get_pages(500 * PAGE_SZ), 500 * PAGE_SZ,
			       TEST_IOVA, MAP_RW));
	end_user(&a);
}

static void processes_add_up(void)
{
	struct dma d = attached_device();
	struct user a = start_user(&d, UID_A), b = start_user(&d, UID_A);

	CHECK_OK(ask(&a, ORDER_MAP, 0, 60));
	CHECK_RET(ask(&b, ORDER_MAP, 1000, 41), -ENOMEM);
	CHECK_OK(ask(&b, ORDER_MAP, 1000, 40));
	CHECK_RET(ask(&a, ORDER_MAP, 500, 1), -ENOMEM);
	CHECK_EQ(CHARGED(&a), 60);
	CHECK_EQ(CHARGED(&b), 40);
	/* Unmapped by the other process of the user. */
	CHECK_OK(ask(&b, ORDER_UNMAP, 0, 60));
	CHECK_EQ(CHARGED(&a), 0);
	CHECK_OK(ask(&b, ORDER_MAP, 0, 60));
	CHECK_RET(ask(&a, ORDER_MAP, 500, 1), -ENOMEM);
	end_user(&a);
	end_user(&b);
}

static void users_do_not(void)
{
	struct dma d = attached_device();
	struct user a = start_user(&d, UID_A), b = start_user(&d, UID_B);

	CHECK_OK(ask(&a, ORDER_MAP, 0, LIMIT));
	CHECK_OK(ask(&b, ORDER_MAP, 1000, LIMIT));
	CHECK_RET(ask(&a, ORDER_MAP, 500, 1), -ENOMEM);
	CHECK_RET(ask(&b, ORDER_MAP, 500, 1), -ENOMEM);
	/* Given back to the one who was charged. */
	CHECK_OK(ask(&b, ORDER_UNMAP, 0, LIMIT));
	CHECK_RET(ask(&b, ORDER_MAP, 500, 1), -ENOMEM);
	CHECK_OK(ask(&a, ORDER_MAP, 500, LIMIT));
	end_user(&a);
	end_user(&b);
}

static void capability_lifts_it(void)
{
	struct dma d = attached_device();
	struct user a = { .d = &d, .uid = UID_A, .ipc_lock = true };
	struct user b = start_user(&d, UID_A);

	a.peer = peer_start(user_body, &a);
	CHECK_OK(ask(&a, ORDER_MAP, 0, 3 * LIMIT));
	/* Not limited, but counted. */
	CHECK_EQ(CHARGED(&a), 3 * LIMIT);
	CHECK_RET(ask(&b, ORDER_MAP, 1000, 1), -ENOMEM);
	CHECK_OK(ask(&a, ORDER_UNMAP, 0, 3 * LIMIT));
	CHECK_OK(ask(&b, ORDER_MAP, 1000, LIMIT));
	end_user(&a);
	end_user(&b);
}

#define LOCKED(user) ask(user, ORDER_LOCKED, 0, 0)

/* In the other mode each process has its limit, together with mlock(). */
static void of_each_process(void)
{
	struct dma d = accounted_device(1);
	struct user a = start_user(&d, UID_A), b = start_user(&d, UID_A);
	struct user c = { .d = &d, .uid = UID_A, .ipc_lock = true };

	c.peer = peer_start(user_body, &c);
	attach_device(&d);
	CHECK_RET(ask(&a, ORDER_MAP, 0, LIMIT + 1), -ENOMEM);
	CHECK_EQ(LOCKED(&a), 0);
	CHECK_OK(ask(&a, ORDER_MAP, 0, LIMIT));
	CHECK_RET(ask(&a, ORDER_MAP, 500, 1), -ENOMEM);
	CHECK_OK(ask(&b, ORDER_MAP, 1000, LIMIT - 10));
	CHECK_RET(ask(&b, ORDER_MAP, 1500, 11), -ENOMEM);
	CHECK_OK(ask(&b, ORDER_MLOCK, 0, 10));
	CHECK_RET(ask(&b, ORDER_MAP, 1500, 1), -ENOMEM);
	CHECK_EQ(LOCKED(&b), LIMIT);
	CHECK_EQ(CHARGED(&b), LIMIT - 10);
	CHECK_OK(ask(&b, ORDER_MLOCK, 0, 0));
	CHECK_OK(ask(&b, ORDER_MAP, 1500, 10));
	/* Who needs no limit is counted like everybody. */
	CHECK_OK(ask(&c, ORDER_MAP, 2000, 3 * LIMIT));
	CHECK_EQ(LOCKED(&c), 3 * LIMIT);
	CHECK_EQ(CHARGED(&c), 3 * LIMIT);
	CHECK_EQ(pins_here(), 5 * LIMIT);
	CHECK_OK(ask(&c, ORDER_UNMAP, 0, LIMIT));
	CHECK_EQ(LOCKED(&a), 0);
	CHECK_EQ(CHARGED(&a), 0);
	CHECK_OK(vfio_detach(d.dev));
	CHECK_EQ(LOCKED(&b), 0);
	CHECK_EQ(LOCKED(&c), 0);
	CHECK_EQ(pins_here(), 0);
	/* It is the process's charge: the user may lock as much as ever. */
	CHECK_OK(ask(&a, ORDER_MLOCK, 0, LIMIT));
	end_user(&a);
	end_user(&b);
	end_user(&c);
}

static void failures_cost_nothing(void)
{
	struct dma d = attached_device();
	struct user a = start_user(&d, UID_A);
	int i;

	for (i = 0; i < 50; i++) {
		CHECK_RET(ask(&a, ORDER_MAP_HOLE, 0, LIMIT), -EFAULT);
		CHECK_RET(ask(&a, ORDER_MAP, 0, LIMIT + 1), -ENOMEM);
		CHECK_RET(ask(&a, ORDER_MAP_HOLE, 0, 2), -EFAULT);
	}
	CHECK_EQ(CHARGED(&a), 0);
	CHECK_EQ(pins_here(), 0);
	CHECK_OK(ask(&a, ORDER_MAP, 0, LIMIT - 1));
	CHECK_RET(ask(&a, ORDER_MAP_HOLE, 1000, 1), -EFAULT);
	CHECK_RET(ask(&a, ORDER_MAP_HOLE, 1000, 2), -ENOMEM);
	CHECK_RET(ask(&a, ORDER_MAP, 0, 1), -EEXIST);
	CHECK_OK(ask(&a, ORDER_MAP, 1000, 1));
	end_user(&a);
}

static void set_limit(struct user *user, unsigned long npages)
{
	struct rlimit limit = { npages * PAGE_SZ, npages * PAGE_SZ };

	CHECK_OK(prlimit(user->peer.pid, RLIMIT_MEMLOCK, &limit, NULL));
}

static void limit_changes(void)
{
	struct dma d = attached_device();
	struct user a = start_user(&d, UID_A);

	CHECK_OK(ask(&a, ORDER_MAP, 0, LIMIT));
	CHECK_RET(ask(&a, ORDER_MAP, 1000, 50), -ENOMEM);
	set_limit(&a, LIMIT + 50);
	CHECK_OK(ask(&a, ORDER_MAP, 1000, 50));
	/* Lowered under what is pinned: that stays, and nothing more goes. */
	set_limit(&a, 10);
	CHECK_EQ(CHARGED(&a), LIMIT + 50);
	CHECK_RET(ask(&a, ORDER_MAP, 2000, 1), -ENOMEM);
	CHECK_OK(ask(&a, ORDER_UNMAP, 0, LIMIT));
	CHECK_RET(ask(&a, ORDER_MAP, 2000, 1), -ENOMEM);
	CHECK_OK(ask(&a, ORDER_UNMAP, 1000, 50));
	CHECK_OK(ask(&a, ORDER_MAP, 2000, 10));
	CHECK_RET(ask(&a, ORDER_MAP, 3000, 1), -ENOMEM);
	end_user(&a);
}

/* Root attaches; what was mapped counts for the ones who mapped it. */
static void attached_by_root(void)
{
	struct dma d = bound_device();
	struct user a = start_user(&d, UID_A), b = start_user(&d, UID_B);
	__u32 id = d.ioas;

	CHECK_OK(ask(&b, ORDER_MAP, 2000, LIMIT));
	CHECK_OK(ask(&a, ORDER_MAP, 0, 60));
	CHECK_OK(ask(&a, ORDER_MAP, 1000, 41));
	CHECK_RET(vfio_attach(d.dev, &id), -ENOMEM);
	CHECK_EQ(pins_here(), 0);
	CHECK_EQ(CHARGED(&a), 0);
	CHECK_EQ(CHARGED(&b), 0);
	CHECK_OK(ask(&a, ORDER_UNMAP, 1000, 41));
	attach_device(&d);
	CHECK_EQ(CHARGED(&a), 60);
	CHECK_EQ(CHARGED(&b), LIMIT);
	CHECK_EQ(proc_status_bytes("VmPin"), 0);
	CHECK_RET(ask(&a, ORDER_MAP, 1000, 41), -ENOMEM);
	CHECK_OK(ask(&a, ORDER_MAP, 1000, 40));
	/* Detached, all is given back. */
	CHECK_OK(vfio_detach(d.dev));
	CHECK_EQ(CHARGED(&a), 0);
	CHECK_OK(ask(&a, ORDER_MAP, 3000, 1));
	CHECK_RET(vfio_attach(d.dev, &id), -ENOMEM);
	CHECK_EQ(pins_here(), 0);
	end_user(&a);
	end_user(&b);
}

/* What a process left pinned is charged to its user until it is unmapped. */
static void charge_outlives_the_process(void)
{
	struct dma d = attached_device();
	struct user a = start_user(&d, UID_A), b = start_user(&d, UID_A);

	CHECK_OK(ask(&a, ORDER_MAP, 0, LIMIT));
	end_user(&a);
	CHECK_EQ(pins_here(), LIMIT);
	CHECK_RET(ask(&b, ORDER_MAP, 1000, 1), -ENOMEM);
	CHECK_OK(dma_unmap(&d, 0, LIMIT * PAGE_SZ));
	CHECK_OK(ask(&b, ORDER_MAP, 1000, LIMIT));
	CHECK_EQ(CHARGED(&b), LIMIT);
	end_user(&b);
}

/* Three processes of a user at its limit, at once: the sum stays right. */
static void raced(void)
{
	struct dma d = attached_device();
	struct user u[3];
	long ok;
	int i;

	for (i = 0; i < 3; i++)
		u[i] = start_user(&d, UID_A);
	for (i = 0; i < 3; i++)
		tell(&u[i], ORDER_STORM, 1000 * (i + 1), 3000);
	for (i = 0; i < 3; i++) {
		ok = hear(u[i].peer.sock);
		CHECK(ok > 0);
		test_note("%ld of 3000 maps fit", ok);
	}
	for (i = 0; i < 3; i++)
		CHECK_EQ(CHARGED(&u[i]), 0);
	CHECK_EQ(pins_here(), 0);
	CHECK_OK(ask(&u[0], ORDER_MAP, 0, LIMIT));
	CHECK_RET(ask(&u[1], ORDER_MAP, 1000, 1), -ENOMEM);
	for (i = 0; i < 3; i++)
		end_user(&u[i]);
}

static const struct test tests[] = {
	{ "limit.exactly", exactly_the_limit, 0 },
	{ "limit.processes_add_up", processes_add_up, 0 },
	{ "limit.users_do_not", users_do_not, 0 },
	{ "limit.capability_lifts_it", capability_lifts_it, 0 },
	{ "limit.of_each_process", of_each_process, 0 },
	{ "limit.failures_cost_nothing", failures_cost_nothing, 0 },
	{ "limit.changes", limit_changes, 0 },
	{ "limit.attached_by_root", attached_by_root, 0 },
	{ "limit.charge_outlives_the_process", charge_outlives_the_process, 0 },
	{ "limit.raced", raced, 0 },
};

const struct test_table limit_table = { tests, ARRAY_SIZE(tests) };
