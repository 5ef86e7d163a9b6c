// SPDX-License-Identifier: GPL-2.0-only
/*
 * maploop: does to /dev/iommu what it is told, and says exactly what it did.
 *
 *	maploop COMMAND...
 *
 * Each argument is one command; "-" reads more of them from stdin, a line
 * each. After every command a line is printed and flushed, so that a test can
 * wait for it and compare what the tools show with what was done:
 *
 *	ioas				a new IOAS
 *	device BDF IOAS			attach a real one that vfio-pci has
 *	mock IOAS			attach a mock device: what is mapped is pinned
 *	map IOAS LEN IOVA|auto PROT	map fresh memory; PROT is r, w or rw
 *	remap IOAS LEN IOVA|auto PROT	map the same memory as the map before
 *	mapfile IOAS LEN IOVA OFFSET PROT	map a fresh memfd from OFFSET on
 *	copy IOAS SRC SRC_IOVA LEN IOVA PROT
 *					map what IOAS SRC maps at SRC_IOVA
 *	unmap IOAS IOVA LEN|all
 *	mode 0|1			charge the user, or the process
 *	destroy ID			an object: an IOAS, a mock device
 *	queue IOAS IOVA LEN		a hardware queue in what is mapped there, on a
 *					virtual IOMMU of its own mock device
 *	many IOAS COUNT LEN IOVA	COUNT mappings, LEN each, with gaps of LEN
 *	spread IOASES COUNT LEN IOVA	as many new IOASes, each with such mappings
 *	storm IOAS SECONDS LEN		map and unmap as often as it goes
 *	pairs IOAS COUNT LEN		map and unmap so often, and say how long it took
 *	child COMMAND			the same, in a child
 *	thread COMMAND			the same, in another thread
 *	name TEXT			call the process so
 *	sleep SECONDS
 *	hold				wait for the end of stdin
 *	exit STATUS			end, as if by that
 *
 * A command that the kernel refuses is printed with its errno and is no
 * failure of this program: the test decides what should happen.
 */
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "iommufd.h"
#include "mock.h"
#include "vfio.h"

static int iommu;
static void *last_va;

static void run(char *line);

static void die(const char *what)
{
	fprintf(stderr, "maploop: %s\n", what);
	exit(2);
}

static char *next_word(char **line)
{
	char *w = strsep(line, " ");

	if (!w || !*w)
		die("a command lacks an argument");
	return w;
}

static __u64 next_number(char **line)
{
	char *end, *w = next_word(line);
	__u64 n = strtoull(w, &end, 0);

	if (*end)
		die("not a number");
	return n;
}

static __u32 protection(const char *w)
{
	return (strchr(w, 'r') ? MAP_R : 0) | (strchr(w, 'w') ? MAP_W : 0);
}

static void *new_memory(__u64 len)
{
	void *va = mmap(NULL, len, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (va == MAP_FAILED)
		die("no memory");
	return va;
}

static void do_map(char *args, int again)
{
	__u32 ioas = next_number(&args), prot;
	__u64 len = next_number(&args), iova = 0;
	char *where = next_word(&args), *prot_word = next_word(&args);
	int ret, fixed = strcmp(where, "auto");

	prot = protection(prot_word);
	if (!again)
		last_va = new_memory(len ? len : 1);
	if (fixed) {
		iova = strtoull(where, NULL, 0);
		ret = iommufd_map_fixed(iommu, ioas, last_va, len, iova, prot);
	} else {
		ret = iommufd_map_auto(iommu, ioas, last_va, len, &iova, prot);
	}
	printf("map ioas=%u iova=0x%llx len=%llu prot=%s va=%p ret=%d\n", ioas, iova, len,
	       prot_word, last_va, ret);
}

static void do_map_file(char *args)
{
	__u32 ioas = next_number(&args);
	__u64 len = next_number(&args), iova = next_number(&args);
	__u64 offset = next_number(&args);
	__u32 prot = protection(next_word(&args));
	int ret, file = memfd_create("maploop", MFD_CLOEXEC);

	if (file < 0 || ftruncate(file, offset + len))
		die("no memfd");
	ret = iommufd_map_file(iommu, ioas, file, offset, len, &iova,
			       prot | IOMMU_IOAS_MAP_FIXED_IOVA);
	close(file);
	printf("map_file ioas=%u iova=0x%llx len=%llu ret=%d\n", ioas, iova, len, ret);
}

static void do_copy(char *args)
{
	__u32 ioas = next_number(&args), src = next_number(&args);
	__u64 src_iova = next_number(&args), len = next_number(&args);
	__u64 iova = next_number(&args);
	int ret = iommufd_copy(iommu, ioas, src, src_iova, len, iova,
			       protection(next_word(&args)));

	printf("copy ioas=%u iova=0x%llx len=%llu ret=%d\n", ioas, iova, len, ret);
}

static void do_unmap(char *args)
{
	__u32 ioas = next_number(&args);
	__u64 done = 0, iova = next_number(&args);
	char *len = next_word(&args);
	int ret = iommufd_unmap(iommu, ioas, iova,
				strcmp(len, "all") ? strtoull(len, NULL, 0) : UINT64_MAX, &done);

	printf("unmap ioas=%u iova=0x%llx len=%s done=%llu ret=%d\n", ioas, iova, len, done, ret);
}

/* The same memory again and again: mappings are what is to be many. */
static int map_many(__u32 ioas, __u64 *count, char *va, __u64 len, __u64 iova)
{
	int ret = 0;
	__u64 i;

	for (i = 0; i < *count && !ret; i++)
		ret = iommufd_map_fixed(iommu, ioas, va, len, iova + 2 * i * len, MAP_RW);
	*count = i;
	return ret;
}

static void do_many(char *args)
{
	__u32 ioas = next_number(&args);
	__u64 count = next_number(&args), len = next_number(&args), iova = next_number(&args);
	int ret = map_many(ioas, &count, new_memory(len), len, iova);

	printf("many ioas=%u count=%llu bytes=%llu ret=%d\n", ioas, count, count * len, ret);
}

static void do_spread(char *args)
{
	__u64 i, ioases = next_number(&args), count = next_number(&args), all = 0;
	__u64 len = next_number(&args), iova = next_number(&args), n;
	char *va = new_memory(len);
	__u32 ioas;
	int ret = 0;

	for (i = 0; i < ioases && !ret; i++) {
		n = count;
		ret = iommufd_ioas_alloc(iommu, &ioas);
		if (!ret)
			ret = map_many(ioas, &n, va, len, iova);
		all += n;
	}
	printf("spread ioases=%llu count=%llu bytes=%llu ret=%d\n", i, all, all * len, ret);
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

static void do_storm(char *args)
{
	__u32 ioas = next_number(&args);
	double end = now() + next_number(&args);
	__u64 count = 0, len = next_number(&args), iova = 1ULL << 40;
	void *va = new_memory(len);
	int ret = 0;

	while (!ret && now() < end) {
		ret = iommufd_map_fixed(iommu, ioas, va, len, iova, MAP_RW);
		if (!ret)
			ret = iommufd_unmap(iommu, ioas, iova, len, NULL);
		count++;
	}
	printf("storm ioas=%u count=%llu ret=%d\n", ioas, count, ret);
}

static void do_pairs(char *args)
{
	__u32 ioas = next_number(&args);
	__u64 i, count = next_number(&args), len = next_number(&args), iova = 1ULL << 28;
	char *va = new_memory(len);
	struct timespec from, to;
	int ret = 0;

	memset(va, 1, len);
	clock_gettime(CLOCK_MONOTONIC, &from);
	for (i = 0; i < count && !ret; i++) {
		ret = iommufd_map_fixed(iommu, ioas, va, len, iova, MAP_RW);
		if (!ret)
			ret = iommufd_unmap(iommu, ioas, iova, len, NULL);
	}
	clock_gettime(CLOCK_MONOTONIC, &to);
	printf("pairs ioas=%u count=%llu ns=%lld ret=%d\n", ioas, i,
	       (to.tv_sec - from.tv_sec) * 1000000000LL + to.tv_nsec - from.tv_nsec, ret);
}

static void do_child(char *args)
{
	int status;
	pid_t pid = fork();

	if (pid < 0)
		die("cannot fork");
	if (!pid) {
		run(args);
		fflush(stdout);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	printf("child pid=%d status=%d\n", pid, status);
}

static void *thread(void *args)
{
	run(args);
	return NULL;
}

static void do_thread(char *args)
{
	pthread_t t;

	if (pthread_create(&t, NULL, thread, args) || pthread_join(t, NULL))
		die("no thread");
}

static void do_hold(void)
{
	char buf[256];

	printf("hold pid=%d\n", getpid());
	fflush(stdout);
	while (read(STDIN_FILENO, buf, sizeof(buf)) > 0)
		;
}

static void do_ioas(void)
{
	__u32 ioas = 0;
	int ret = iommufd_ioas_alloc(iommu, &ioas);

	printf("ioas id=%u ret=%d\n", ioas, ret);
}

static void do_mock(char *args)
{
	__u32 ioas = next_number(&args);
	struct mock_device m = {};
	int ret = mock_device_add(iommu, ioas, 0, &m);

	printf("mock ioas=%u id=%u ret=%d\n", ioas, m.stdev, ret);
}

static void do_destroy(char *args)
{
	__u32 id = next_number(&args);
	int ret = iommufd_destroy(iommu, id);

	printf("destroy id=%u ret=%d\n", id, ret);
}

static void do_mode(char *args)
{
	int ret = iommufd_set_rlimit_mode(iommu, next_number(&args));

	printf("mode ret=%d\n", ret);
}

/* Only a module with virtual IOMMUs can: selftests/uapi/with-viommu. */
static void do_queue(char *args)
{
	__u32 ioas = next_number(&args), parent = 0;
	struct iommu_viommu_alloc viommu = {
		.size = sizeof(viommu),
		.type = IOMMU_VIOMMU_TYPE_SELFTEST,
	};
	struct iommu_hw_queue_alloc queue = {
		.size = sizeof(queue),
		.type = IOMMU_HW_QUEUE_TYPE_SELFTEST,
		.nesting_parent_iova = next_number(&args),
		.length = next_number(&args),
	};
	struct mock_device m = {};
	int ret = mock_device_add(iommu, ioas, 0, &m);

	if (!ret)
		ret = iommufd_hwpt_alloc(iommu, m.idev, ioas, IOMMU_HWPT_ALLOC_NEST_PARENT,
					 &parent);
	viommu.dev_id = m.idev;
	viommu.hwpt_id = parent;
	if (!ret)
		ret = xioctl(iommu, IOMMU_VIOMMU_ALLOC, &viommu);
	queue.viommu_id = viommu.out_viommu_id;
	if (!ret)
		ret = xioctl(iommu, IOMMU_HW_QUEUE_ALLOC, &queue);
	printf("queue ioas=%u id=%u ret=%d\n", ioas, queue.out_hw_queue_id, ret);
}

static void do_device(char *args)
{
	const char *bdf = next_word(&args);
	__u32 ioas = next_number(&args), id;
	int dev = vfio_cdev_open(bdf), ret = dev;

	if (dev >= 0)
		ret = vfio_bind(dev, iommu, &id);
	if (!ret)
		ret = vfio_attach(dev, &ioas);
	printf("device bdf=%s hwpt=%u ret=%d\n", bdf, ioas, ret);
}

static void do_name(const char *name)
{
	prctl(PR_SET_NAME, name);
	printf("name\n");
}

static void do_sleep(char *args)
{
	usleep(strtod(args, NULL) * 1e6);
	printf("sleep\n");
}

static void run(char *line)
{
	char *args = line, *name = strsep(&args, " ");

	if (!strcmp(name, "ioas"))
		do_ioas();
	else if (!strcmp(name, "mock"))
		do_mock(args);
	else if (!strcmp(name, "map"))
		do_map(args, 0);
	else if (!strcmp(name, "remap"))
		do_map(args, 1);
	else if (!strcmp(name, "mapfile"))
		do_map_file(args);
	else if (!strcmp(name, "copy"))
		do_copy(args);
	else if (!strcmp(name, "unmap"))
		do_unmap(args);
	else if (!strcmp(name, "many"))
		do_many(args);
	else if (!strcmp(name, "spread"))
		do_spread(args);
	else if (!strcmp(name, "pairs"))
		do_pairs(args);
	else if (!strcmp(name, "device"))
		do_device(args);
	else if (!strcmp(name, "mode"))
		do_mode(args);
	else if (!strcmp(name, "destroy"))
		do_destroy(args);
	else if (!strcmp(name, "queue"))
		do_queue(args);
	else if (!strcmp(name, "storm"))
		do_storm(args);
	else if (!strcmp(name, "hold"))
		do_hold();
	else if (!args)
		die("unknown command");
	else if (!strcmp(name, "child"))
		do_child(args);
	else if (!strcmp(name, "thread"))
		do_thread(args);
	else if (!strcmp(name, "name"))
		do_name(args);
	else if (!strcmp(name, "sleep"))
		do_sleep(args);
	else if (!strcmp(name, "exit"))
		exit(atoi(args));
	else
		die("unknown command");
	fflush(stdout);
}

int main(int argc, char **argv)
{
	char line[512];
	int i;

	iommu = iommufd_open();
	if (iommu < 0) {
		fprintf(stderr, "maploop: " IOMMUFD_DEV ": %s\n", strerror(-iommu));
		return 2;
	}
	for (i = 1; i < argc; i++) {
		if (strcmp(argv[i], "-")) {
			run(argv[i]);
			continue;
		}
		while (fgets(line, sizeof(line), stdin)) {
			line[strcspn(line, "\n")] = 0;
			run(line);
		}
	}
	return 0;
}
