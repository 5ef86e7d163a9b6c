// SPDX-License-Identifier: GPL-2.0-only
/*
 * check.c - what must hold when an episode is over
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "iommufd.h"
#include "mem.h"
#include "mock_ops.h"
#include "test.h"

/* What a release that was put off may take, in 50 ms. */
#define PATIENCE 200

static long pins_before, users_before, taint_before;

static long read_long(const char *path)
{
	long value = -1;
	FILE *f = fopen(path, "re");

	if (f) {
		if (fscanf(f, "%ld", &value) != 1)
			value = -1;
		fclose(f);
	}
	return value;
}

static long users_now(void)
{
	return read_long("/sys/module/iommufd/refcnt");
}

void check_start(void)
{
	pins_before = pins_now();
	users_before = users_now();
	taint_before = read_long("/proc/sys/kernel/tainted");
	if (pins_before < 0 || users_before < 0 || taint_before < 0) {
		fprintf(stderr, "fuzz: this kernel does not tell what it has pinned, or iommufd is not loaded\n");
		exit(2);
	}
}

enum probe { PROBE_OK, PROBE_CHARGED, PROBE_FREE, PROBE_BROKEN };

/*
 * A user's charge can only be seen by reaching the limit: as that user, with
 * this limit, exactly so much can be pinned, and not a page more.
 */
static enum probe probe_charge(void)
{
	struct iommu_ioas_alloc ioas = { .size = sizeof(ioas) };
	struct mock_cmd mock = { .size = sizeof(mock), .op = MOCK_DOMAIN };
	struct rlimit limit = { 16 * PAGE_SZ, 16 * PAGE_SZ };
	char *va = mmap(NULL, 17 * PAGE_SZ, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int fd = iommufd_open(), ret;

	if (fd < 0 || va == MAP_FAILED || xioctl(fd, IOMMU_IOAS_ALLOC, &ioas))
		return PROBE_BROKEN;
	mock.id = ioas.out_ioas_id;
	if (xioctl(fd, MOCK_CMD, &mock) ||
	    setrlimit(RLIMIT_MEMLOCK, &limit) ||
	    setresuid(FUZZ_UID, FUZZ_UID, FUZZ_UID))
		return PROBE_BROKEN;
	ret = iommufd_map_fixed(fd, ioas.out_ioas_id, va, 16 * PAGE_SZ,
				1 << 24, MAP_RW);
	if (ret)
		return ret == -ENOMEM ? PROBE_CHARGED : PROBE_BROKEN;
	ret = iommufd_map_fixed(fd, ioas.out_ioas_id, va + 16 * PAGE_SZ,
				PAGE_SZ, 1 << 25, MAP_RW);
	return ret == -ENOMEM ? PROBE_OK : PROBE_FREE;
}

static enum probe run_probe(void)
{
	pid_t pid = fork();
	int status;

	if (!pid)
		_exit(probe_charge());
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return PROBE_BROKEN;
	return WEXITSTATUS(status);
}

static const char *check_charge(void)
{
	enum probe probe = PROBE_BROKEN;
	int i;

	for (i = 0; i < 20; i++) {
		probe = run_probe();
		if (probe != PROBE_CHARGED)
			break;
		usleep(50000);
	}
	switch (probe) {
	case PROBE_OK:
		return NULL;
	case PROBE_CHARGED:
		return "pages are still charged to the user";
	case PROBE_FREE:
		return "the user was given back more than was charged";
	default:
		return "the user's charge cannot be probed";
	}
}

const char *check_over(void)
{
	unsigned int i, patience = PATIENCE * test_slow();
	static char why[128];
	long pins = 0, users = 0;
	long taint;

	for (i = 0; i < patience; i++) {
		pins = pins_now() - pins_before;
		users = users_now() - users_before;
		if (!pins && !users)
			break;
		usleep(50000);
	}
	taint = read_long("/proc/sys/kernel/tainted") & ~taint_before;
	if (taint) {
		snprintf(why, sizeof(why),
			 "the kernel complained (taint 0x%lx): see its log",
			 taint);
		return why;
	}
	if (pins || users) {
		snprintf(why, sizeof(why),
			 "%ld pages are pinned, iommufd has %ld users more than before",
			 pins, users);
		return why;
	}
	return check_charge();
}
