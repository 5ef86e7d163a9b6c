// SPDX-License-Identifier: GPL-2.0-only
/* backing.c - memory of each kind; see bench.h */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/memfd.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bench.h"
#include "mem.h"

#define PAGEMAP_PRESENT (1ULL << 63)
#define PAGEMAP_PFN ((1ULL << 55) - 1)
#define GIGA_SZ (1UL << 30)
/* How much memory repeated memory is. */
#define REPEATED (64UL << 20)

static size_t alignment(enum backing_kind kind)
{
	return kind == HUGETLB_1G ? GIGA_SZ : HUGE_SZ;
}

static int open_memfd(enum backing_kind kind, size_t bytes)
{
	unsigned int flags = 0;
	int fd;

	if (kind == HUGETLB_2M || kind == REPEATED_2M)
		flags = MFD_HUGETLB | MFD_HUGE_2MB;
	if (kind == HUGETLB_1G)
		flags = MFD_HUGETLB | MFD_HUGE_1GB;
	fd = memfd_create("bench", flags | MFD_CLOEXEC);
	if (fd < 0 || ftruncate(fd, bytes))
		die("memfd: %s", strerror(errno));
	return fd;
}

/*
 * A shared mapping of a file, as often as it goes into @mem, aligned so that its
 * pages are mapped as such.
 */
static void map_memfd(struct backing *mem, enum backing_kind kind)
{
	size_t align = alignment(kind), at;
	uintptr_t va;
	char *room;

	room = mmap(NULL, mem->bytes + align, PROT_NONE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (room == MAP_FAILED)
		die("mmap: %s", strerror(errno));
	va = ((uintptr_t)room + align - 1) & ~(align - 1);
	mem->va = (char *)va;
	mem->fd = open_memfd(kind, mem->unique);
	for (at = 0; at < mem->bytes; at += mem->unique)
		if (mmap(mem->va + at, mem->unique, PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_FIXED, mem->fd, 0) == MAP_FAILED)
			die("mmap of a memfd: %s; are there huge pages?",
			    strerror(errno));
}

static void touch(struct backing *mem)
{
	size_t i;

	for (i = 0; i < mem->bytes; i += PAGE_SZ)
		mem->va[i] = 1;
}

/*
 * The file gets its memory far from its neighbours' turn. @page is its pages'
 * size, and their number a power of two.
 */
static void touch_apart(struct backing *mem, size_t page)
{
	size_t n = mem->unique / page, i;

	for (i = 0; i < n; i++)
		mem->va[i * 40503 % n * page] = 1;
}

void backing_alloc(struct backing *mem, enum backing_kind kind, size_t bytes)
{
	bool repeats = (kind == REPEATED_4K || kind == REPEATED_2M) &&
		       bytes > REPEATED;
	size_t align = repeats ? REPEATED : alignment(kind);

	bytes = (bytes + align - 1) & ~(align - 1);
	*mem = (struct backing){ .bytes = bytes, .unique = bytes, .fd = -1 };
	switch (kind) {
	case SCATTERED:
	case THP:
		mem->va = mem_alloc(bytes,
				    kind == THP ? MEM_THP : MEM_SCATTERED);
		if (!mem->va)
			die("memory: %s", strerror(errno));
		break;
	case REPEATED_4K:
	case REPEATED_2M:
		if (repeats)
			mem->unique = REPEATED;
		map_memfd(mem, kind);
		touch_apart(mem, kind == REPEATED_4K ? PAGE_SZ : HUGE_SZ);
		touch(mem);
		break;
	default:
		map_memfd(mem, kind);
		touch(mem);
	}
	fprintf(stderr, "#   %zu pages in %ld runs\n", bytes / PAGE_SZ,
		must(mem_runs(mem->va, bytes), "pagemap"));
}

void backing_free(struct backing *mem)
{
	mem_free(mem->va, mem->bytes);
	if (mem->fd >= 0)
		close(mem->fd);
}

__u64 *backing_phys(const struct backing *mem)
{
	size_t n = mem->bytes / PAGE_SZ, size = n * sizeof(__u64), i;
	__u64 *phys = malloc(size);
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);

	if (!phys || fd < 0 ||
	    pread(fd, phys, size, (uintptr_t)mem->va / PAGE_SZ * 8) !=
		    (ssize_t)size)
		die("pagemap: %s", strerror(errno));
	close(fd);
	for (i = 0; i < n; i++) {
		if (!(phys[i] & PAGEMAP_PRESENT))
			die("page %zu is not there", i);
		phys[i] = (phys[i] & PAGEMAP_PFN) * PAGE_SZ;
	}
	return phys;
}
