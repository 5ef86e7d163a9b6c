// SPDX-License-Identifier: GPL-2.0-only
/* mem.c - memory for DMA, patterns and pin counters; see mem.h */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "mem.h"

#define PAGEMAP_PRESENT (1ULL << 63)
#define PAGEMAP_PFN ((1ULL << 55) - 1)

__u64 pattern_seed(void)
{
	__u64 seed;

	if (getrandom(&seed, sizeof(seed), 0) != sizeof(seed))
		seed = (uintptr_t)&seed ^ getpid();
	return seed;
}

/* A bijection of 64 bits (Steele's splitmix64): no two inputs collide. */
static __u64 mix(__u64 x)
{
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
	return x ^ (x >> 31);
}

void pattern_fill(void *va, size_t len, __u64 seed)
{
	__u64 *p = va;
	size_t i;

	for (i = 0; i < len / sizeof(*p); i++)
		p[i] = mix(seed + i);
}

long pattern_check(const void *va, size_t len, __u64 seed)
{
	const __u64 *p = va;
	size_t i;

	for (i = 0; i < len / sizeof(*p); i++)
		if (p[i] != mix(seed + i))
			return i * sizeof(*p);
	return -1;
}

/* An aligned hole of address space with nothing in it. */
static void *reserve(size_t len, size_t align)
{
	char *raw, *va;
	size_t head;

	raw = mmap(NULL, len + align, PROT_NONE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (raw == MAP_FAILED)
		return NULL;
	va = (char *)(((uintptr_t)raw + align - 1) & ~(align - 1));
	head = va - raw;
	if (head)
		munmap(raw, head);
	if (align - head)
		munmap(va + len, align - head);
	return va;
}

/* Touch the pages in random order, so that neighbours rarely are in memory. */
static int touch_scattered(char *va, size_t len)
{
	size_t n = len / PAGE_SZ, i, j, t;
	size_t *order;

	order = calloc(n, sizeof(*order));
	if (!order)
		return -ENOMEM;
	for (i = 0; i < n; i++)
		order[i] = i;
	for (i = n - 1; i > 0; i--) {
		j = mix(i + (uintptr_t)va) % (i + 1);
		t = order[i];
		order[i] = order[j];
		order[j] = t;
	}
	for (i = 0; i < n; i++)
		va[order[i] * PAGE_SZ] = 0;
	free(order);
	return 0;
}

void *mem_alloc(size_t len, enum mem_shape shape)
{
	int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;
	bool huge = shape == MEM_THP || shape == MEM_HUGETLB;
	char *va = reserve(len, huge ? HUGE_SZ : PAGE_SZ);
	size_t i;
	long runs;
	int err;

	if (!va)
		return NULL;
	if (shape == MEM_HUGETLB)
		flags |= MAP_HUGETLB;
	if (mmap(va, len, PROT_READ | PROT_WRITE, flags, -1, 0) == MAP_FAILED)
		goto fail;
	if (shape == MEM_SCATTERED || shape == MEM_THP)
		madvise(va, len,
			shape == MEM_THP ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
	if (shape == MEM_SCATTERED && touch_scattered(va, len)) {
		errno = ENOMEM;
		goto fail;
	}
	/* It is zero already: to be there is all that it lacks. */
	for (i = 0; i < len; i += PAGE_SZ)
		va[i] = 0;
	if (huge) {
		/* At most one run for each huge page, or it is not one. */
		runs = mem_runs(va, len);
		if (runs < 0 || (size_t)runs > len / HUGE_SZ) {
			errno = ENOMEM;
			goto fail;
		}
	}
	return va;
fail:
	err = errno;
	munmap(va, len);
	errno = err;
	return NULL;
}

void mem_free(void *va, size_t len)
{
	if (va)
		munmap(va, len);
}

long mem_runs(const void *va, size_t len)
{
	const size_t n = len / PAGE_SZ;
	__u64 entries[512], entry, last = 0;
	long runs = 0;
	size_t i;
	int fd;

	fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	for (i = 0; i < n; i++) {
		off_t at = ((uintptr_t)va / PAGE_SZ + i) * sizeof(entry);

		if (i % 512 == 0 &&
		    pread(fd, entries, sizeof(entries), at) <
			    (ssize_t)((n - i < 512 ? n - i : 512) * sizeof(entry)))
			entries[0] = 0;
		entry = entries[i % 512];
		if (!(entry & PAGEMAP_PRESENT) || !(entry & PAGEMAP_PFN)) {
			runs = -EIO;
			break;
		}
		entry &= PAGEMAP_PFN;
		if (!i || entry != last + 1)
			runs++;
		last = entry;
	}
	close(fd);
	return runs;
}

long pins_now(void)
{
	unsigned long long value, acquired = 0, released = 0;
	char name[64];
	int fd;
	FILE *f;

	/* Root only; without it the sum may lag by a second or so. */
	fd = open("/proc/sys/vm/stat_refresh", O_WRONLY | O_CLOEXEC);
	if (fd >= 0) {
		if (write(fd, "1", 1) != 1)
			errno = 0;
		close(fd);
	}
	f = fopen("/proc/vmstat", "re");
	if (!f)
		return -errno;
	while (fscanf(f, "%63s %llu", name, &value) == 2) {
		if (!strcmp(name, "nr_foll_pin_acquired"))
			acquired = value;
		else if (!strcmp(name, "nr_foll_pin_released"))
			released = value;
	}
	fclose(f);
	return acquired - released;
}

long proc_status_bytes(const char *field)
{
	size_t n = strlen(field);
	long value = -ENOENT;
	char line[256];
	FILE *f;

	f = fopen("/proc/self/status", "re");
	if (!f)
		return -errno;
	while (fgets(line, sizeof(line), f)) {
		if (strncmp(line, field, n) || line[n] != ':')
			continue;
		value = strtol(line + n + 1, NULL, 10) * 1024;
		break;
	}
	fclose(f);
	return value;
}

int mem_missing(void *va, size_t len)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register reg = {
		.range = { .start = (uintptr_t)va, .len = len },
		.mode = UFFDIO_REGISTER_MODE_MISSING,
	};
	int ret, fd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return -errno;
	if (!ioctl(fd, UFFDIO_API, &api) && !ioctl(fd, UFFDIO_REGISTER, &reg))
		return fd;
	ret = -errno;
	close(fd);
	return ret;
}

int mem_arrives(int missing, void *va, size_t len)
{
	struct uffdio_zeropage zero = {
		.range = { .start = (uintptr_t)va, .len = len },
	};

	return ioctl(missing, UFFDIO_ZEROPAGE, &zero) ? -errno : 0;
}
