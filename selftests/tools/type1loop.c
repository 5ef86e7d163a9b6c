// SPDX-License-Identifier: GPL-2.0-only
/*
 * type1loop: does to a VFIO type1 container what it is told, and says exactly
 * what it did.
 *
 *	type1loop BDF COMMAND...
 *
 * BDF's group is put into a new container, and its device opened; "none" makes
 * a container without a group. Then each argument is a command, "-" reads more
 * of them from stdin, a line each, and a line is printed after each:
 *
 *	map LEN IOVA PROT	map fresh memory
 *	unmap IOVA LEN|all
 *	many COUNT LEN IOVA	COUNT mappings of the same memory, gaps of LEN
 *	storm SECONDS LEN	map and unmap as often as it goes
 *	avail			what the container says that it may still map
 *	name TEXT		call the process so
 *	limit BYTES		set RLIMIT_MEMLOCK, and give up CAP_IPC_LOCK
 */
#include <errno.h>
#include <linux/capability.h>
#include <linux/vfio.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "vfio.h"

static int container, group, device;

static void die(const char *what)
{
	fprintf(stderr, "type1loop: %s: %s\n", what, strerror(errno));
	exit(2);
}

static void *new_memory(__u64 len)
{
	void *va = mmap(NULL, len, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (va == MAP_FAILED)
		die("no memory");
	return va;
}

static int map(void *va, __u64 len, __u64 iova, const char *prot)
{
	__u32 flags = (strchr(prot, 'r') ? VFIO_DMA_MAP_FLAG_READ : 0) |
		      (strchr(prot, 'w') ? VFIO_DMA_MAP_FLAG_WRITE : 0);

	return vfio_type1_map(container, va, len, iova, flags);
}

static int unmap(__u64 iova, __u64 len, int all, __u64 *done)
{
	struct vfio_iommu_type1_dma_unmap arg = {
		.argsz = sizeof(arg),
		.flags = all ? VFIO_DMA_UNMAP_FLAG_ALL : 0,
		.iova = iova,
		.size = len,
	};
	int ret = ioctl(container, VFIO_IOMMU_UNMAP_DMA, &arg) ? -errno : 0;

	*done = arg.size;
	return ret;
}

static void do_map(char *args)
{
	__u64 len = strtoull(strsep(&args, " "), NULL, 0);
	__u64 iova = strtoull(strsep(&args, " "), NULL, 0);
	void *va = new_memory(len ? len : 1);
	int ret = map(va, len, iova, args);

	printf("map iova=0x%llx len=%llu prot=%s va=%p ret=%d\n", iova, len, args, va, ret);
}

static void do_unmap(char *args)
{
	__u64 done, iova = strtoull(strsep(&args, " "), NULL, 0);
	int all = !strcmp(args, "all"), ret;

	ret = unmap(all ? 0 : iova, all ? 0 : strtoull(args, NULL, 0), all, &done);
	printf("unmap iova=0x%llx len=%s done=%llu ret=%d\n", iova, args, done, ret);
}

static void do_many(char *args)
{
	__u64 i, count = strtoull(strsep(&args, " "), NULL, 0);
	__u64 len = strtoull(strsep(&args, " "), NULL, 0), iova = strtoull(args, NULL, 0);
	void *va = new_memory(len);
	int ret = 0;

	for (i = 0; i < count && !ret; i++)
		ret = map(va, len, iova + 2 * i * len, "rw");
	printf("many count=%llu ret=%d\n", ret ? i - 1 : i, ret);
}

static void do_storm(char *args)
{
	__u64 seconds = strtoull(strsep(&args, " "), NULL, 0), len = strtoull(args, NULL, 0);
	__u64 done, count = 0;
	time_t end = time(NULL) + seconds;
	void *va = new_memory(len);
	int ret = 0;

	while (!ret && time(NULL) < end) {
		ret = map(va, len, 1ULL << 32, "rw");
		if (!ret)
			ret = unmap(1ULL << 32, len, 0, &done);
		count++;
	}
	printf("storm count=%llu ret=%d\n", count, ret);
}

static void do_avail(void)
{
	char buf[4096] = {};
	struct vfio_iommu_type1_info *info = (void *)buf;
	struct vfio_info_cap_header *cap;
	__u32 at;

	info->argsz = sizeof(buf);
	if (ioctl(container, VFIO_IOMMU_GET_INFO, info))
		die("VFIO_IOMMU_GET_INFO");
	for (at = info->cap_offset; at; at = cap->next) {
		cap = (void *)(buf + at);
		if (cap->id == VFIO_IOMMU_TYPE1_INFO_DMA_AVAIL)
			printf("avail %u\n",
			       ((struct vfio_iommu_type1_info_dma_avail *)cap)->avail);
	}
}

static void do_limit(char *args)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct caps[2];
	struct rlimit lim;

	lim.rlim_cur = strtoull(args, NULL, 0);
	lim.rlim_max = lim.rlim_cur;
	if (setrlimit(RLIMIT_MEMLOCK, &lim) || syscall(SYS_capget, &head, caps))
		die("limit");
	caps[0].effective &= ~(1U << CAP_IPC_LOCK);
	if (syscall(SYS_capset, &head, caps))
		die("capset");
	printf("limit %s\n", args);
}

static void run(char *line)
{
	char *args = line, *name = strsep(&args, " ");

	if (!strcmp(name, "avail"))
		do_avail();
	else if (!args)
		die("unknown command");
	else if (!strcmp(name, "map"))
		do_map(args);
	else if (!strcmp(name, "unmap"))
		do_unmap(args);
	else if (!strcmp(name, "many"))
		do_many(args);
	else if (!strcmp(name, "storm"))
		do_storm(args);
	else if (!strcmp(name, "limit"))
		do_limit(args);
	else if (!strcmp(name, "name") && !prctl(PR_SET_NAME, args))
		printf("name\n");
	else
		die("unknown command");
	fflush(stdout);
}

static void open_device(const char *bdf)
{
	group = vfio_group_open(bdf);
	if (group < 0 || vfio_group_set_container(group, container) ||
	    vfio_container_set_iommu(container, VFIO_TYPE1v2_IOMMU))
		die("the group");
	device = vfio_group_get_device(group, bdf);
	if (device < 0)
		die("the device");
}

int main(int argc, char **argv)
{
	char line[512];
	int i;

	if (argc < 2)
		return 2;
	container = vfio_container_open();
	if (container < 0)
		die("/dev/vfio/vfio");
	if (strcmp(argv[1], "none"))
		open_device(argv[1]);
	printf("open\n");
	fflush(stdout);
	for (i = 2; i < argc; i++) {
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
