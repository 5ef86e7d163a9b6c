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
 *	mock IOAS			attach a mock device: what is mapped is pinned
 *	map IOAS LEN IOVA|auto PROT	map fresh memory; PROT is r, w or rw
 *	remap IOAS LEN IOVA|auto PROT	map the same memory as the map before
 *	mapfile IOAS LEN IOVA OFFSET PROT	map a fresh memfd from OFFSET on
 *	copy IOAS SRC SRC_IOVA LEN IOVA PROT
 *					map what IOAS SRC maps at SRC_IOVA
 *	unmap IOAS IOVA LEN|all
 *	many IOAS COUNT LEN IOVA	COUNT mappings, LEN each, with gaps of LEN
 *	storm IOAS SECONDS LEN		map and unmap as often as it goes
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

static void do_many(char *args)
{
	__u32 ioas = next_number(&args);
	__u64 i, count = next_number(&args), len = next_number(&args), iova = next_number(&args);
	char *va = new_memory(len);
	int ret = 0;

	/* The same memory again and again: mappings are what is to be many. */
	for (i = 0; i < count && !ret; i++)
		ret = iommufd_map_fixed(iommu, ioas, va, len, iova + 2 * i * len, MAP_RW);
	printf("many ioas=%u count=%llu bytes=%llu ret=%d\n", ioas, i, i * len, ret);
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
