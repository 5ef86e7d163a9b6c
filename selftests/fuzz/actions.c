// SPDX-License-Identifier: GPL-2.0-only
/*
 * actions.c - what the fuzzer does beside ioctls: memory that changes under
 * mappings, descriptors that come and go, faults that are answered, children
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/iommufd_ext.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "command.h"
#include "memory.h"

static long replace_memory(struct turn *turn)
{
	memory_replace(&turn->rng);
	return 0;
}

static long disturb_memory(struct turn *turn)
{
	memory_disturb(&turn->rng);
	return 0;
}

static long disturb_file(struct turn *turn)
{
	memory_disturb_file(&turn->rng);
	return 0;
}

static long reopen_context(struct turn *turn)
{
	world_open_ctx(&turn->rng, turn->ctx);
	return 0;
}

static long close_something(struct turn *turn)
{
	static const enum fd_kind kinds[] = {
		FD_ACCESS, FD_FAULT, FD_VEVENTQ, FD_DMABUF, FD_CDEV,
	};

	world_drop_fd(&turn->rng, turn->ctx,
		      kinds[rng_below(&turn->rng, ARRAY_SIZE(kinds))]);
	return 0;
}

static long open_device(struct turn *turn)
{
	int fd;

	if (!world_cdev)
		return -ENODEV;
	fd = open(world_cdev, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	world_put_fd(&turn->rng, turn->ctx, FD_CDEV, fd);
	return 0;
}

static long read_faults(struct turn *turn)
{
	struct rng *rng = &turn->rng;
	struct iommu_hwpt_pgfault *fault = (void *)turn->data;
	size_t len = (1 + rng_below(rng, 4)) * sizeof(*fault);
	unsigned int at;
	ssize_t n;
	int i;

	if (rng_chance(rng, 1, 16))
		len -= 1;
	n = read(world_get_fd(rng, turn->ctx, FD_FAULT),
		 rng_chance(rng, 1, 24) ? NULL : turn->data, len);
	for (i = 0; i < n / (int)sizeof(*fault); i++) {
		at = rng_below(rng, ARRAY_SIZE(world.cookies));
		atomic_store(&world.cookies[at], fault[i].cookie);
	}
	return n < 0 ? -errno : n;
}

static long answer_faults(struct turn *turn)
{
	struct iommu_hwpt_page_response answers[3];
	unsigned int i, n = 1 + rng_below(&turn->rng, ARRAY_SIZE(answers));
	struct rng *rng = &turn->rng;
	unsigned int at;
	size_t len;
	ssize_t ret;

	for (i = 0; i < n; i++) {
		at = rng_below(rng, ARRAY_SIZE(world.cookies));
		answers[i].cookie = rng_chance(rng, 1, 8) ?
			rng_below(rng, 16) : atomic_load(&world.cookies[at]);
		answers[i].code = rng_below(rng, rng_chance(rng, 1, 8) ? 4 : 2);
	}
	len = n * sizeof(answers[0]);
	if (rng_chance(rng, 1, 16))
		len -= 1;
	ret = write(world_get_fd(rng, turn->ctx, FD_FAULT), answers, len);
	return ret < 0 ? -errno : ret;
}

static long read_events(struct turn *turn)
{
	struct rng *rng = &turn->rng;
	ssize_t n = read(world_get_fd(rng, turn->ctx, FD_VEVENTQ),
			 rng_chance(rng, 1, 24) ? NULL : turn->data,
			 rng_below(rng, 64));

	return n < 0 ? -errno : n;
}

/* The child goes on with all that is open, and ends in one of many ways. */
static void __attribute__((noreturn)) be_a_child(struct turn *turn, pid_t parent)
{
	unsigned int i, turns = rng_below(&turn->rng, 10);
	struct rng own = turn->rng;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(0);
	turn->child = true;
	for (i = 0; i < turns; i++)
		turn_take(turn, rng_next(&own), i, NULL);
	switch (rng_below(&own, 4)) {
	case 0:
		world_close();
		break;
	case 1:
		execl("/bin/true", "true", NULL);
		break;
	case 2:
		raise(SIGKILL);
	}
	_exit(0);
}

static long fork_child(struct turn *turn)
{
	pid_t parent = getpid(), pid;

	if (turn->child)
		return -EPERM;
	pid = fork();
	if (pid < 0)
		return -errno;
	if (!pid)
		be_a_child(turn, parent);
	/* One that runs beside us would make the rest unrepeatable. */
	if (turn->lone)
		waitpid(pid, NULL, 0);
	else
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
	return 0;
}

static long compact(struct turn *turn)
{
	int fd = open("/proc/sys/vm/compact_memory", O_WRONLY | O_CLOEXEC);
	long ret;

	(void)turn;
	if (fd < 0)
		return -errno;
	ret = write(fd, "1", 1);
	close(fd);
	return ret < 0 ? -errno : 0;
}

static long yield(struct turn *turn)
{
	if (rng_chance(&turn->rng, 1, 4))
		usleep(rng_below(&turn->rng, 2000));
	else
		sched_yield();
	return 0;
}

#define A(_weight, _run) { .name = #_run, .weight = _weight, .run = _run, \
			   .fields = (const struct field[]){ { .gen = GEN_END } } }

const struct command actions[] = {
	A(20, replace_memory),
	A(40, disturb_memory),
	A(8, disturb_file),
	A(2, reopen_context),
	A(8, close_something),
	A(3, open_device),
	A(8, read_faults),
	A(8, answer_faults),
	A(6, read_events),
	A(3, rig_access),
	A(3, rig_pasids),
	A(3, rig_nested),
	A(3, rig_viommu),
	A(5, fork_child),
	A(1, compact),
	A(6, yield),
};

const unsigned int nr_actions = ARRAY_SIZE(actions);
