// SPDX-License-Identifier: GPL-2.0-only
/*
 * memory.c - slots of user memory, and what happens to them
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/vfio.h>

#include "mem.h"
#include "memory.h"

#define SLOTS_AT	0x600000000000UL

static int zero_fd = -1, plain_fd = -1;

static char *slot_at(unsigned int slot)
{
	return (char *)SLOTS_AT + slot * SLOT_SIZE;
}

char *memory_guarded(size_t len)
{
	char *va = mmap(NULL, len + PAGE_SZ, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (va == MAP_FAILED || mprotect(va + len, PAGE_SZ, PROT_NONE)) {
		perror("mmap");
		exit(2);
	}
	return va;
}

/* Have the kernel write to it, or read it: it may be anything, or not there. */
static void touch(char *va, size_t len, bool write)
{
	ssize_t n;

	for (; len >= PAGE_SZ; va += PAGE_SZ, len -= PAGE_SZ) {
		if (write)
			n = read(zero_fd, va, 8);
		else
			n = pwrite(plain_fd, va, 8, 0);
		if (n < 0)
			return;
	}
}

static void map_slot(char *va, size_t len, int prot, int flags, int fd,
		     off_t offset)
{
	/* In place of what was there, or else nothing is there. */
	if (mmap(va, len, prot, flags | MAP_FIXED, fd, offset) == MAP_FAILED)
		munmap(va, len);
}

enum slot_kind {
	SLOT_ANON,
	SLOT_ANON_SPARSE,	/* every other page has never been touched */
	SLOT_THP,
	SLOT_HUGETLB,
	SLOT_SHARED,		/* of one of the memfds */
	SLOT_COPIED,		/* of one of the memfds, copied when written */
	SLOT_FILE,		/* of a file that is no memfd */
	SLOT_READ_ONLY,
	SLOT_ZERO,		/* the zero page everywhere, and not writable */
	SLOT_NO_ACCESS,
	SLOT_DEVICE,		/* the real device's registers */
	SLOT_HOLES,
	SLOT_MERGEABLE,
	SLOT_NOTHING,
	NR_SLOT_KINDS,
};

static void fill_slot(struct rng *rng, unsigned int slot, enum slot_kind kind)
{
	const int rw = PROT_READ | PROT_WRITE;
	const int anon = MAP_PRIVATE | MAP_ANONYMOUS;
	char *va = slot_at(slot);
	size_t at;

	switch (kind) {
	case SLOT_HUGETLB:
		map_slot(va, SLOT_SIZE, rw, anon | MAP_HUGETLB, -1, 0);
		break;
	case SLOT_SHARED:
	case SLOT_COPIED:
		map_slot(va, SLOT_SIZE,
			 rng_chance(rng, 3, 4) ? rw : PROT_READ,
			 kind == SLOT_SHARED ? MAP_SHARED : MAP_PRIVATE,
			 world_get_fd(rng, rng_below(rng, NR_CTX), FD_FILE), 0);
		break;
	case SLOT_FILE:
		map_slot(va, SLOT_SIZE, rw,
			 rng_chance(rng, 1, 2) ? MAP_SHARED : MAP_PRIVATE,
			 plain_fd, 0);
		break;
	case SLOT_READ_ONLY:
		map_slot(va, SLOT_SIZE, rw, anon, -1, 0);
		touch(va, SLOT_SIZE / 4, true);
		mprotect(va, SLOT_SIZE, PROT_READ);
		break;
	case SLOT_ZERO:
		map_slot(va, SLOT_SIZE, PROT_READ, anon, -1, 0);
		touch(va, SLOT_SIZE / 4, false);
		break;
	case SLOT_NO_ACCESS:
		map_slot(va, SLOT_SIZE, PROT_NONE, anon, -1, 0);
		break;
	case SLOT_DEVICE:
		map_slot(va, SLOT_SIZE, PROT_NONE, anon, -1, 0);
		/* BAR 0, as vfio-pci places it, if a device is bound now. */
		map_slot(va, PAGE_SZ << rng_below(rng, 3), rw, MAP_SHARED,
			 world_get_fd(rng, rng_below(rng, NR_CTX), FD_CDEV), 0);
		break;
	case SLOT_NOTHING:
		munmap(va, SLOT_SIZE);
		break;
	default:
		map_slot(va, SLOT_SIZE, rw, anon, -1, 0);
		if (kind == SLOT_THP)
			madvise(va, SLOT_SIZE, MADV_HUGEPAGE);
		if (kind == SLOT_MERGEABLE)
			madvise(va, SLOT_SIZE, MADV_MERGEABLE);
		if (kind == SLOT_ANON_SPARSE)
			for (at = 0; at < SLOT_SIZE / 4; at += 2 * PAGE_SZ)
				touch(va + at, PAGE_SZ, true);
		else if (kind == SLOT_THP)
			for (at = 0; at < SLOT_SIZE; at += HUGE_SZ)
				touch(va + at, PAGE_SZ, true);
		else
			touch(va, SLOT_SIZE / 8, true);
		if (kind == SLOT_HOLES)
			for (at = 0; at < SLOT_SIZE; at += SLOT_SIZE / 8)
				munmap(va + at, PAGE_SZ);
	}
}

void memory_start(struct rng *rng)
{
	char path[] = "/tmp/fuzz.XXXXXX";
	unsigned int i;

	zero_fd = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	plain_fd = mkostemp(path, O_CLOEXEC);
	if (zero_fd < 0 || plain_fd < 0 || unlink(path) ||
	    ftruncate(plain_fd, SLOT_SIZE / 2)) {
		perror("/tmp");
		exit(2);
	}
	for (i = 0; i < NR_SLOTS; i++)
		fill_slot(rng, i, i < NR_SLOT_KINDS ? i : SLOT_ANON);
}

void memory_clear(void)
{
	munmap(slot_at(0), NR_SLOTS * SLOT_SIZE);
}

__u64 memory_address(struct rng *rng, __u64 *room)
{
	__u64 at = rng_below(rng, SLOT_SIZE / PAGE_SZ) * PAGE_SZ;

	if (rng_chance(rng, 1, 2))
		at = 0;
	else if (rng_chance(rng, 1, 8))
		at += rng_below(rng, PAGE_SZ);
	*room = SLOT_SIZE - at;
	return (__u64)slot_at(rng_below(rng, NR_SLOTS)) + at;
}

void memory_replace(struct rng *rng)
{
	fill_slot(rng, rng_below(rng, NR_SLOTS), rng_below(rng, NR_SLOT_KINDS));
}

/* To another slot, or within itself when it shrinks. */
static void move_slot(struct rng *rng, char *va, size_t len)
{
	char *to = slot_at(rng_below(rng, NR_SLOTS));
	size_t new_len = rng_chance(rng, 1, 2) ? len : PAGE_SZ;

	if (rng_chance(rng, 1, 4))
		mremap(va, len, len, MREMAP_MAYMOVE | MREMAP_FIXED |
		       MREMAP_DONTUNMAP, to);
	else
		mremap(va, len, new_len, MREMAP_MAYMOVE | MREMAP_FIXED, to);
}

void memory_disturb(struct rng *rng)
{
	/*
	 * Not MADV_COLLAPSE: a huge page of a file on tmpfs, mapped MAP_PRIVATE,
	 * and pinned for reading, has 6.12 fault for ever. It seems that the
	 * huge entry is split to be unshared, which for a file removes it, and
	 * the next fault puts it back. Only a fatal signal ends that.
	 */
	static const int advice[] = {
		MADV_DONTNEED, MADV_FREE, MADV_COLD, MADV_PAGEOUT,
		MADV_HUGEPAGE, MADV_NOHUGEPAGE, MADV_DONTFORK, MADV_DOFORK,
		MADV_REMOVE, MADV_MERGEABLE, MADV_UNMERGEABLE,
		MADV_WIPEONFORK, MADV_KEEPONFORK, MADV_POPULATE_WRITE,
	};
	static const int protection[] = {
		PROT_NONE, PROT_READ, PROT_READ | PROT_WRITE,
		PROT_READ | PROT_WRITE,
	};
	char *va = slot_at(rng_below(rng, NR_SLOTS));
	size_t len = SLOT_SIZE;

	if (rng_chance(rng, 1, 2)) {
		va += rng_below(rng, 64) * PAGE_SZ;
		len = (1 + rng_below(rng, 64)) * PAGE_SZ;
	}
	switch (rng_below(rng, 8)) {
	case 0:
		munmap(va, len);
		break;
	case 1:
		move_slot(rng, va, len);
		break;
	case 2:
		mprotect(va, len,
			 protection[rng_below(rng, ARRAY_SIZE(protection))]);
		break;
	case 3:
		if (rng_chance(rng, 1, 2))
			mlock2(va, len, rng_chance(rng, 1, 2) ? MLOCK_ONFAULT : 0);
		else
			munlock(va, len);
		break;
	case 4:
		touch(va, len < SLOT_SIZE ? len : SLOT_SIZE / 8,
		      rng_chance(rng, 3, 4));
		break;
	default:
		madvise(va, len, advice[rng_below(rng, ARRAY_SIZE(advice))]);
	}
}

void memory_disturb_file(struct rng *rng)
{
	int fd = world_get_fd(rng, rng_below(rng, NR_CTX), FD_FILE);
	off_t at = rng_below(rng, SLOT_SIZE / PAGE_SZ) * PAGE_SZ;

	switch (rng_below(rng, 6)) {
	case 0:
		if (ftruncate(fd, at))
			return;
		break;
	case 1:
		if (ftruncate(fd, SLOT_SIZE))
			return;
		break;
	case 2:
		fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, at,
			  PAGE_SZ << rng_below(rng, 10));
		break;
	case 3:
		fallocate(fd, 0, at, PAGE_SZ << rng_below(rng, 10));
		break;
	case 4:
		/* Not F_SEAL_SEAL, and seldom: nothing undoes it. */
		if (rng_chance(rng, 1, 8))
			fcntl(fd, F_ADD_SEALS, 1 << (1 + rng_below(rng, 4)));
		break;
	case 5:
		fd = memfd_create("fuzz", MFD_CLOEXEC | MFD_ALLOW_SEALING |
				  (rng_chance(rng, 1, 3) ? MFD_HUGETLB : 0));
		if (fd < 0)
			return;
		if (ftruncate(fd, SLOT_SIZE))
			at = 0;
		world_put_fd(rng, rng_below(rng, NR_CTX), FD_FILE, fd);
	}
}
