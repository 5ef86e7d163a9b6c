// SPDX-License-Identifier: GPL-2.0-only
/*
 * world.c - ids, descriptors and mappings that an episode knows of
 */
#include <fcntl.h>
#include <linux/memfd.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "iommufd.h"
#include "mock_ops.h"
#include "world.h"

struct world world;
const char *world_cdev;

__u64 rng_next(struct rng *rng)
{
	__u64 z = rng->state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

__u64 rng_below(struct rng *rng, __u64 n)
{
	return rng_next(rng) % n;
}

bool rng_chance(struct rng *rng, unsigned int n, unsigned int of)
{
	return rng_below(rng, of) < n;
}

__u64 seed_mix(__u64 a, __u64 b)
{
	struct rng rng = { a };

	rng.state = rng_next(&rng) ^ b;
	return rng_next(&rng);
}

void world_put_id(struct rng *rng, unsigned int ctx, enum id_kind kind,
		  __u32 id)
{
	atomic_store(&world.ids[ctx][kind][rng_below(rng, NR_IDS)], id);
}

static __u32 known_id(struct rng *rng, unsigned int ctx, enum id_kind kind)
{
	unsigned int at = rng_chance(rng, 1, 2) ? 0 : rng_below(rng, NR_IDS), i;
	__u32 id;

	/*
	 * One more often than the others, so that things come together. Ids of
	 * objects that are gone stay known: stale ones are wanted.
	 */
	for (i = 0; i < NR_IDS; i++) {
		id = atomic_load(&world.ids[ctx][kind][(at + i) % NR_IDS]);
		if (id)
			return id;
	}
	return rng_below(rng, 16);
}

__u32 world_get_id(struct rng *rng, unsigned int ctx, enum id_kind kind)
{
	static const __u32 odd[] = { 0, 1, 0x7fffffff, 0x80000000, ~0U };

	if (kind == ID_PT)
		kind = rng_chance(rng, 1, 2) ? ID_IOAS :
		       ID_HWPT + rng_below(rng, ID_FAULTY - ID_HWPT + 1);
	else if (kind == ID_ANY)
		kind = rng_below(rng, ID_PINS);
	switch (rng_below(rng, 64)) {
	case 0:
		return odd[rng_below(rng, ARRAY_SIZE(odd))];
	case 1:
		return rng_below(rng, 24);
	case 2:		/* of another kind */
		return known_id(rng, ctx, rng_below(rng, NR_ID_KINDS));
	case 3:		/* of another context */
		return known_id(rng, rng_below(rng, NR_CTX), kind);
	default:
		return known_id(rng, ctx, kind);
	}
}

/* Each context has its share of the places. */
static unsigned int place(struct rng *rng, unsigned int ctx)
{
	const unsigned int share = NR_FDS / NR_CTX;

	return ctx * share + rng_below(rng, share);
}

void world_put_fd(struct rng *rng, unsigned int ctx, enum fd_kind kind, int fd)
{
	int old = atomic_exchange(&world.fds[kind][place(rng, ctx)], fd);

	if (old >= 0)
		close(old);
}

int world_get_fd(struct rng *rng, unsigned int ctx, enum fd_kind kind)
{
	unsigned int at, i;
	int fd;

	if (rng_chance(rng, 1, 16))
		ctx = rng_below(rng, NR_CTX);
	at = place(rng, ctx);
	for (i = 0; i < NR_FDS; i++) {
		fd = atomic_load(&world.fds[kind][(at + i) % NR_FDS]);
		if (fd >= 0)
			return fd;
	}
	return -1;
}

void world_drop_fd(struct rng *rng, unsigned int ctx, enum fd_kind kind)
{
	int fd = atomic_exchange(&world.fds[kind][place(rng, ctx)], -1);

	if (fd >= 0)
		close(fd);
}

void world_put_map(struct rng *rng, unsigned int ctx,
		   const struct mapped *map)
{
	world.maps[ctx][rng_below(rng, NR_MAPS)] = *map;
}

struct mapped world_get_map(struct rng *rng, unsigned int ctx,
			    unsigned int *at)
{
	unsigned int i;

	*at = rng_below(rng, NR_MAPS);
	for (i = 0; i < NR_MAPS && !world.maps[ctx][*at].length; i++)
		*at = (*at + 1) % NR_MAPS;
	return world.maps[ctx][*at];
}

void world_drop_map(unsigned int ctx, unsigned int at)
{
	world.maps[ctx][at].length = 0;
}

void world_open_ctx(struct rng *rng, unsigned int i)
{
	struct iommu_ioas_alloc ioas = { .size = sizeof(ioas) };
	struct mock_cmd mock = { .size = sizeof(mock), .op = MOCK_DOMAIN_FLAGS };
	int fd = iommufd_open(), old, kind, n;

	for (kind = 0; kind < NR_ID_KINDS; kind++)
		for (n = 0; n < NR_IDS; n++)
			atomic_store(&world.ids[i][kind][n], 0);
	memset(world.maps[i], 0, sizeof(world.maps[i]));
	old = atomic_exchange(&world.fds[FD_CTX][i], fd);
	if (old >= 0)
		close(old);
	if (fd < 0 || xioctl(fd, IOMMU_IOAS_ALLOC, &ioas))
		return;
	atomic_store(&world.ids[i][ID_IOAS][0], ioas.out_ioas_id);
	mock.id = ioas.out_ioas_id;
	/* MOCK_FLAGS_DEVICE_PASID */
	mock.word[3] = rng_chance(rng, 1, 2) ? 1 << 2 : 0;
	if (rng_chance(rng, 1, 4) || xioctl(fd, MOCK_CMD, &mock))
		return;
	atomic_store(&world.ids[i][ID_STDEV][0], mock.word[0]);
	atomic_store(&world.ids[i][ID_HWPT][0], mock.word[1]);
	atomic_store(&world.ids[i][ID_IDEV][0], mock.word[2]);
}

static void add_file(struct rng *rng, unsigned int ctx, unsigned int flags,
		     off_t size)
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC | flags);

	if (fd < 0)
		return;
	if (ftruncate(fd, size)) {
		close(fd);
		return;
	}
	world_put_fd(rng, ctx, FD_FILE, fd);
}

void world_start(struct rng *rng)
{
	unsigned int i, k;

	for (k = 0; k < NR_FD_KINDS; k++)
		for (i = 0; i < NR_FDS; i++)
			atomic_store(&world.fds[k][i], -1);
	for (i = 0; i < NR_CTX; i++)
		world_open_ctx(rng, i);
	add_file(rng, 0, MFD_ALLOW_SEALING, 4 << 20);
	add_file(rng, 1, MFD_ALLOW_SEALING, 12345);
	add_file(rng, 2, MFD_HUGETLB | MFD_ALLOW_SEALING, 4 << 20);
}

void world_close(void)
{
	unsigned int i, k;
	int fd;

	/* What uses a context goes first as often as last: the order of kinds. */
	for (k = 0; k < NR_FD_KINDS; k++) {
		for (i = 0; i < NR_FDS; i++) {
			fd = atomic_exchange(&world.fds[k][i], -1);
			if (fd >= 0)
				close(fd);
		}
	}
}
