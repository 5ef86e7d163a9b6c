// SPDX-License-Identifier: GPL-2.0-only
/*
 * device_kill.c - SIGKILL, wherever its user is just then
 *
 * Owns: kill_table. Some kill at any moment; some while the kernel is in the
 * middle of a map, an attach, a replace or GET_DEVICE_FD, at a page of the
 * test's choosing: the page is missing, and nobody brings it. Each time nothing
 * may be pinned or open when the process has gone, and the next user starts at
 * once.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "device.h"

#define GONE_MS (10000 * (int)test_slow())	/* a killed process's last moments */

static void sleep_us(unsigned long us)
{
	const struct timespec pause = {
		.tv_sec = us / 1000000,
		.tv_nsec = us % 1000000 * 1000,
	};

	nanosleep(&pause, NULL);
}

static unsigned long now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000UL + t.tv_nsec / 1000;
}

/* Kill a child, which ends by that and soon. */
static void kill_child(pid_t pid, const char *what)
{
	int status, ms;
	pid_t gone = 0;

	CHECK_OK(kill(pid, SIGKILL));
	for (ms = 0; ms < GONE_MS && !gone; ms += 2) {
		gone = waitpid(pid, &status, WNOHANG);
		if (!gone)
			sleep_us(2000);
	}
	if (gone != pid)
		FAIL("%s cannot be killed", what);
	if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL)
		FAIL("%s ended by itself: status %#x", what, status);
}

/*
 * Nothing is left of the one that was killed: the device is anybody's. An open
 * and a close are two resets, and take their time: one way each time.
 */
static void check_gone(void)
{
	static bool by_group;
	struct dma d;

	CHECK_EQ(pins_now(), pins_at_start);
	CHECK_OK(dma_open(&d, dut, by_group ? DMA_COMPAT : DMA_IOMMUFD));
	dma_close(&d);
	by_group = !by_group;
}

static void tell_ready(int fd)
{
	if (write(fd, "", 1) != 1)
		_exit(1);
}

/* A child that runs @body, which tells that it has begun, and never ends. */
static pid_t start_child(void (*body)(int ready))
{
	int ready[2];
	char c;
	pid_t pid;

	CHECK_OK(pipe(ready));
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(ready[0]);
		body(ready[1]);
		_exit(1);
	}
	close(ready[1]);
	CHECK_EQ(read(ready[0], &c, 1), 1);
	close(ready[0]);
	return pid;
}

/* ---- at moments that nobody chose ---- */

static void kill_during(void (*body)(int ready), unsigned long us)
{
	pid_t pid = start_child(body);

	sleep_us(us);
	kill_child(pid, "the device's user");
	check_gone();
	full_session(DMA_IOMMUFD);
}

static void dma_forever(int ready)
{
	size_t len = 16 * HUGE_SZ;
	char *va = get_memory(len, MEM_PLAIN);
	struct dma d;
	struct engine e = running_engine(&d);
	unsigned int i;

	CHECK_OK(dma_map_fixed(&d, va, len, TEST_IOVA, MAP_RW));
	tell_ready(ready);
	for (i = 0;; i++)
		CHECK_OK(engine_store(&e, 0, TEST_IOVA +
				      i % (len / PAGE_SZ) * PAGE_SZ));
}

static void map_forever(int ready)
{
	size_t len = 16 * HUGE_SZ;
	char *va = get_memory(len, MEM_SCATTERED);
	struct dma d = attached_device();

	tell_ready(ready);
	for (;;) {
		CHECK_OK(dma_map_fixed(&d, va, len, TEST_IOVA, MAP_RW));
		CHECK_OK(dma_unmap(&d, TEST_IOVA, len));
	}
}

static void attach_forever(int ready)
{
	size_t len = 16 * HUGE_SZ;
	char *va = get_memory(len, MEM_SCATTERED);
	struct dma d = bound_device();

	CHECK_OK(dma_map_fixed(&d, va, len, TEST_IOVA, MAP_RW));
	tell_ready(ready);
	for (;;) {
		__u32 id = d.ioas;

		CHECK_OK(vfio_attach(d.dev, &id));
		CHECK_OK(vfio_detach(d.dev));
	}
}

static void during_dma(void)
{
	unsigned int i;

	for (i = 0; i < 3; i++)
		kill_during(dma_forever, 10000 + 37000 * i);
}

static void during_map(void)
{
	unsigned int i;

	for (i = 0; i < 4; i++)
		kill_during(map_forever, 1000 + 23000 * i);
}

static void during_attach(void)
{
	unsigned int i;

	for (i = 0; i < 4; i++)
		kill_during(attach_forever, 1000 + 23000 * i);
}

/* ---- at any point of a life: from open to close, again and again ---- */

#define KILLS 12

static enum dma_api life_api;
static _Atomic unsigned long *lives;	/* in memory shared with the child */

static void one_life(char *va)
{
	struct dma d;
	__u32 ioas, id;

	CHECK_OK(dma_open(&d, dut, life_api));
	CHECK_OK(dma_map_fixed(&d, va, HUGE_SZ, TEST_IOVA, MAP_RW));
	CHECK_OK(vfio_bus_master(d.dev, true));
	if (life_api == DMA_IOMMUFD) {
		CHECK_OK(iommufd_ioas_alloc(d.space, &ioas));
		CHECK_OK(iommufd_map_fixed(d.space, ioas, va, HUGE_SZ,
					   TEST_IOVA, MAP_RW));
		id = ioas;
		CHECK_OK(vfio_attach(d.dev, &id));
		CHECK_OK(vfio_detach(d.dev));
	} else {
		CHECK_OK(dma_unmap(&d, TEST_IOVA, HUGE_SZ));
	}
	dma_close(&d);
	++*lives;
}

static void live_forever(int ready)
{
	char *va = get_memory(HUGE_SZ, MEM_SCATTERED);

	tell_ready(ready);
	for (;;)
		one_life(va);
}

static void at_any_point(enum dma_api api)
{
	unsigned long life, start = now_us();
	unsigned int i;
	pid_t pid;

	lives = mmap(NULL, PAGE_SZ, PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(lives != MAP_FAILED);
	life_api = api;
	/* How long is a life? */
	pid = start_child(live_forever);
	while (*lives < 5 && now_us() - start < GONE_MS * 1000UL)
		sleep_us(1000);
	life = (now_us() - start) / (*lives + 1);
	kill_child(pid, "the device's user");
	check_gone();
	CHECK(*lives >= 5);

	for (i = 0; i < KILLS; i++) {
		pid = start_child(live_forever);
		sleep_us((unsigned long)random() % (2 * life));
		kill_child(pid, "the device's user");
		check_gone();
	}
	test_note("%u kills in lives of %lu us", KILLS, life);
	full_session(DMA_IOMMUFD);
}

static void at_any_point_cdev(void)
{
	at_any_point(DMA_IOMMUFD);
}

static void at_any_point_group(void)
{
	at_any_point(DMA_COMPAT);
}

/* ---- at a point that the test chooses ---- */

#define STUCK_PAGES 1100UL
#define STUCK_SZ (STUCK_PAGES * PAGE_SZ)

/* Memory of which the first pages can be had; who wants the next one waits. */
struct stuck {
	char *va;
	int uffd;
	unsigned long pages;
	int ready;	/* told when somebody waits */
};

/* Pages that can be had: the first, a batch's last, one in the second batch. */
static const unsigned long stuck_at[] = { 0, 1, 511, 512, 700, STUCK_PAGES - 1 };
static unsigned long stuck_after;

static void *serve_pages(void *arg)
{
	struct stuck *s = arg;
	struct uffd_msg msg;
	unsigned long i;

	for (i = 0; i < s->pages; i++) {
		struct uffdio_zeropage zero = { 0 };

		CHECK_EQ(read(s->uffd, &msg, sizeof(msg)), sizeof(msg));
		zero.range.start = msg.arg.pagefault.address & ~(PAGE_SZ - 1);
		zero.range.len = PAGE_SZ;
		CHECK_OK(ioctl(s->uffd, UFFDIO_ZEROPAGE, &zero));
	}
	CHECK_EQ(read(s->uffd, &msg, sizeof(msg)), sizeof(msg));
	tell_ready(s->ready);
	for (;;)
		pause();
}

static void *stuck_memory(int ready)
{
	static struct stuck s;
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register reg = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	pthread_t thread;

	s.va = mmap(NULL, STUCK_SZ, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(s.va != MAP_FAILED);
	/* A large page would come at once. */
	CHECK_OK(madvise(s.va, STUCK_SZ, MADV_NOHUGEPAGE));
	s.uffd = syscall(SYS_userfaultfd, O_CLOEXEC);
	CHECK(s.uffd >= 0);
	CHECK_OK(ioctl(s.uffd, UFFDIO_API, &api));
	reg.range.start = (unsigned long)s.va;
	reg.range.len = STUCK_SZ;
	CHECK_OK(ioctl(s.uffd, UFFDIO_REGISTER, &reg));
	s.pages = stuck_after;
	s.ready = ready;
	CHECK(!pthread_create(&thread, NULL, serve_pages, &s));
	return s.va;
}

static void stuck_in_map(int ready)
{
	struct dma d = attached_device();

	dma_map_fixed(&d, stuck_memory(ready), STUCK_SZ, TEST_IOVA, MAP_RW);
}

static void stuck_in_attach(int ready)
{
	struct dma d = bound_device();

	/* Nothing is pinned, and so nothing touched, before. */
	CHECK_OK(dma_map_fixed(&d, stuck_memory(ready), STUCK_SZ, TEST_IOVA,
			       MAP_RW));
	vfio_attach(d.dev, &d.ioas);
}

static void stuck_in_replace(int ready)
{
	struct dma d = attached_device();
	__u32 ioas;

	CHECK_OK(dma_map_fixed(&d, get_memory(HUGE_SZ, MEM_PLAIN), HUGE_SZ,
			       TEST_IOVA, MAP_RW));
	CHECK_OK(iommufd_ioas_alloc(d.space, &ioas));
	CHECK_OK(iommufd_map_fixed(d.space, ioas, stuck_memory(ready), STUCK_SZ,
				   TEST_IOVA, MAP_RW));
	vfio_attach(d.dev, &ioas);
}

/* Inherited by those who wait for what stuck_in_get_device() holds. */
static int stuck_group = -1, stuck_iommufd;

static void open_stuck_group(void)
{
	stuck_group = CHECK_FD(vfio_group_open(dut));
	stuck_iommufd = CHECK_FD(iommufd_open());
	CHECK_OK(vfio_group_set_container(stuck_group, stuck_iommufd));
	CHECK_OK(vfio_container_set_iommu(stuck_iommufd, VFIO_TYPE1v2_IOMMU));
}

static void stuck_in_get_device(int ready)
{
	if (stuck_group < 0)
		open_stuck_group();
	CHECK_OK(vfio_type1_map(stuck_iommufd, stuck_memory(ready), STUCK_SZ,
				TEST_IOVA, VFIO_DMA_MAP_FLAG_READ |
				VFIO_DMA_MAP_FLAG_WRITE));
	vfio_group_get_device(stuck_group, dut);
}

static void stuck_in_compat_map(int ready)
{
	open_stuck_group();
	CHECK_FD(vfio_group_get_device(stuck_group, dut));
	vfio_type1_map(stuck_iommufd, stuck_memory(ready), STUCK_SZ, TEST_IOVA,
		       VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE);
}

static void kill_stuck(void (*body)(int ready))
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(stuck_at); i++) {
		pid_t pid;

		stuck_after = stuck_at[i];
		pid = start_child(body);
		kill_child(pid, "a process that waits for a page");
		check_gone();
	}
	full_session(DMA_IOMMUFD);
}

static void in_map(void)
{
	kill_stuck(stuck_in_map);
}

static void in_attach(void)
{
	kill_stuck(stuck_in_attach);
}

static void in_replace(void)
{
	kill_stuck(stuck_in_replace);
}

static void in_get_device_fd(void)
{
	kill_stuck(stuck_in_get_device);
}

static void in_compat_map(void)
{
	kill_stuck(stuck_in_compat_map);
}

/* ---- who waits for one that is stuck ---- */

static void wait_status(void)
{
	struct vfio_group_status status = { .argsz = sizeof(status) };

	xioctl(stuck_group, VFIO_GROUP_GET_STATUS, &status);
}

static void wait_set(void)
{
	vfio_group_set_container(stuck_group, stuck_iommufd);
}

static void wait_unset(void)
{
	vfio_group_unset_container(stuck_group);
}

static void wait_get_device(void)
{
	vfio_group_get_device(stuck_group, dut);
}

static void wait_open(void)
{
	vfio_group_open(dut);
}

static void wait_bind(void)
{
	vfio_bind(CHECK_FD(vfio_cdev_open(dut)), CHECK_FD(iommufd_open()),
		  NULL);
}

/*
 * One is stuck in GET_DEVICE_FD, with the group's lock. Others wait for it, of
 * every kind; each of them can be killed, and the one still is where it was.
 */
static void who_waits_for_a_group(void)
{
	static const struct {
		const char *name;
		void (*wait)(void);
	} waiters[] = {
		{ "GET_STATUS", wait_status },
		{ "SET_CONTAINER", wait_set },
		{ "UNSET_CONTAINER", wait_unset },
		{ "GET_DEVICE_FD", wait_get_device },
		{ "open of the group", wait_open },
		{ "BIND", wait_bind },
	};
	pid_t holder, pid[ARRAY_SIZE(waiters)];
	size_t i;

	open_stuck_group();
	stuck_after = 3;
	holder = start_child(stuck_in_get_device);
	for (i = 0; i < ARRAY_SIZE(waiters); i++) {
		pid[i] = fork();
		if (!pid[i]) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			waiters[i].wait();
			_exit(0);
		}
	}
	sleep_us(300000 * test_slow());
	for (i = 0; i < ARRAY_SIZE(waiters); i++) {
		if (waitpid(pid[i], NULL, WNOHANG))
			FAIL("%s did not wait", waiters[i].name);
		kill_child(pid[i], waiters[i].name);
	}
	CHECK_EQ(waitpid(holder, NULL, WNOHANG), 0);
	kill_child(holder, "the holder");
	close(stuck_group);
	close(stuck_iommufd);
	check_gone();
	full_session(DMA_COMPAT);
}

static const struct test tests[] = {
	{ "kill.during_dma", during_dma, 0 },
	{ "kill.during_map", during_map, 0 },
	{ "kill.during_attach", during_attach, 0 },
	{ "kill.at_any_point_cdev", at_any_point_cdev, 120 },
	{ "kill.at_any_point_group", at_any_point_group, 120 },
	{ "kill.in_map", in_map, 150 },
	{ "kill.in_attach", in_attach, 150 },
	{ "kill.in_replace", in_replace, 150 },
	{ "kill.in_get_device_fd", in_get_device_fd, 150 },
	{ "kill.in_compat_map", in_compat_map, 150 },
	{ "kill.who_waits_for_a_group", who_waits_for_a_group, 0 },
};

const struct test_table kill_table = { tests, ARRAY_SIZE(tests) };
