// SPDX-License-Identifier: GPL-2.0-only
/*
 * frame.c - the frame that all ioctls of /dev/iommu share
 *
 * Owns: frame_table, and the table of all commands: which there are, how large
 * their structures are, which are not built yet.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/vfio.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "uapi.h"

#define OLD_IOVA 0x10000ULL	/* an area is there when a command begins */
#define NEW_IOVA 0x20000ULL	/* IOAS_MAP maps here */
#define AREA_LEN 0x3000ULL

/* Room for any command, and for what is behind it. */
#define ROOM (2 * PAGE_SZ)

/**
 * struct command - what the frame promises about a command
 * @name: for messages
 * @nr: the ioctl
 * @size: of the structure
 * @least: size of its first version
 * @fill: make a command that succeeds once; NULL: the command is not built yet,
 *	and the number must be unknown (ENOTTY) until it is
 * @answers: writes into the structure
 * @want: what it returns when @fill made it: 0; or why it cannot succeed
 *	without a device
 */
struct command {
	const char *name;
	unsigned int nr;
	size_t size;
	size_t least;
	void (*fill)(const struct space *s, void *buf);
	bool answers;
	int want;
};

static void fill_destroy(const struct space *s, void *buf)
{
	struct iommu_destroy *cmd = buf;

	cmd->id = s->ioas;
}

/* All zeros will do. */
static void fill_zeros(const struct space *s, void *buf)
{
	(void)s;
	(void)buf;
}

static void fill_ranges(const struct space *s, void *buf)
{
	static struct iommu_iova_range range;
	struct iommu_ioas_iova_ranges *cmd = buf;

	cmd->ioas_id = s->ioas;
	cmd->num_iovas = 1;
	cmd->allowed_iovas = (uintptr_t)&range;
}

static void fill_map(const struct space *s, void *buf)
{
	struct iommu_ioas_map *cmd = buf;

	cmd->ioas_id = s->ioas;
	cmd->flags = MAP_RW | IOMMU_IOAS_MAP_FIXED_IOVA;
	cmd->user_va = PAGE_SZ;
	cmd->length = AREA_LEN;
	cmd->iova = NEW_IOVA;
}

static void fill_map_file(const struct space *s, void *buf)
{
	struct iommu_ioas_map_file *cmd = buf;

	cmd->ioas_id = s->ioas;
	cmd->flags = MAP_RW | IOMMU_IOAS_MAP_FIXED_IOVA;
	cmd->fd = CHECK_FD(memfd_create("frame", 0));
	CHECK_OK(ftruncate(cmd->fd, AREA_LEN));
	cmd->length = AREA_LEN;
	cmd->iova = NEW_IOVA;
}

static void fill_unmap(const struct space *s, void *buf)
{
	struct iommu_ioas_unmap *cmd = buf;

	cmd->ioas_id = s->ioas;
	cmd->iova = OLD_IOVA;
	cmd->length = AREA_LEN;
}

/* No ranges: everything is allowed. */
static void fill_allow(const struct space *s, void *buf)
{
	struct iommu_ioas_allow_iovas *cmd = buf;

	cmd->ioas_id = s->ioas;
}

static void fill_copy(const struct space *s, void *buf)
{
	struct iommu_ioas_copy *cmd = buf;

	cmd->flags = MAP_RW | IOMMU_IOAS_MAP_FIXED_IOVA;
	cmd->src_ioas_id = s->ioas;
	cmd->dst_ioas_id = s->ioas;
	cmd->src_iova = OLD_IOVA;
	cmd->dst_iova = NEW_IOVA;
	cmd->length = AREA_LEN;
}

static void fill_option(const struct space *s, void *buf)
{
	struct iommu_option *cmd = buf;

	cmd->option_id = IOMMU_OPTION_HUGE_PAGES;
	cmd->op = IOMMU_OPTION_OP_GET;
	cmd->object_id = s->ioas;
}

static void fill_vfio_ioas(const struct space *s, void *buf)
{
	struct iommu_vfio_ioas *cmd = buf;

	cmd->op = IOMMU_VFIO_IOAS_SET;
	cmd->ioas_id = s->ioas;
}

#define BUILT(_nr, _struct, _fill, _answers)				\
	{ #_nr, _nr, sizeof(struct _struct), sizeof(struct _struct), _fill,	\
	  _answers, 0 }
/* Zeros cannot succeed here, but are judged after the frame. */
#define REFUSED(_nr, _struct, _want)					\
	{ #_nr, _nr, sizeof(struct _struct), sizeof(struct _struct),	\
	  fill_zeros, false, _want }
/* Its last member that a caller must know is @_last. */
#define REFUSED_UP_TO(_nr, _struct, _last, _want)			\
	{ #_nr, _nr, sizeof(struct _struct),				\
	  offsetof(struct _struct, _last) + sizeof(__u32),		\
	  fill_zeros, false, _want }
/* By number: the header may be older than the command. */
#define NOT_BUILT(_name, _nr)						\
	{ _name, _IO(IOMMUFD_TYPE, _nr), 0, 0, NULL, false, 0 }

static const struct command commands[] = {
	BUILT(IOMMU_DESTROY, iommu_destroy, fill_destroy, false),
	BUILT(IOMMU_FAULT_QUEUE_ALLOC, iommu_fault_alloc, fill_zeros, true),
	BUILT(IOMMU_IOAS_ALLOC, iommu_ioas_alloc, fill_zeros, true),
	BUILT(IOMMU_IOAS_ALLOW_IOVAS, iommu_ioas_allow_iovas, fill_allow,
	      false),
	BUILT(IOMMU_IOAS_COPY, iommu_ioas_copy, fill_copy, true),
	BUILT(IOMMU_IOAS_IOVA_RANGES, iommu_ioas_iova_ranges, fill_ranges,
	      true),
	BUILT(IOMMU_IOAS_MAP, iommu_ioas_map, fill_map, true),
	BUILT(IOMMU_IOAS_UNMAP, iommu_ioas_unmap, fill_unmap, true),
	BUILT(IOMMU_OPTION, iommu_option, fill_option, true),
	BUILT(IOMMU_VFIO_IOAS, iommu_vfio_ioas, fill_vfio_ioas, false),
	/* IOMMU_HWPT_ALLOC needs a device, and has grown: not for this table. */
	/* So does IOMMU_GET_HW_INFO, and has, too: mock_info.c. */
	REFUSED(IOMMU_HWPT_SET_DIRTY_TRACKING, iommu_hwpt_set_dirty_tracking,
		-ENOENT),
	REFUSED(IOMMU_HWPT_GET_DIRTY_BITMAP, iommu_hwpt_get_dirty_bitmap,
		-ENOENT),
	/* It tells how many entries were done, none, also when it fails. */
	{ "IOMMU_HWPT_INVALIDATE", IOMMU_HWPT_INVALIDATE,
	  sizeof(struct iommu_hwpt_invalidate),
	  sizeof(struct iommu_hwpt_invalidate), fill_zeros, true, -ENOENT },
	BUILT(IOMMU_IOAS_MAP_FILE, iommu_ioas_map_file, fill_map_file, true),
	/* No driver of 6.12 can make a virtual IOMMU. */
	REFUSED_UP_TO(IOMMU_VIOMMU_ALLOC, iommu_viommu_alloc, out_viommu_id,
		      -EOPNOTSUPP),
	REFUSED(IOMMU_VDEVICE_ALLOC, iommu_vdevice_alloc, -ENOENT),
	/* Memory of the process is mapped. */
	REFUSED(IOMMU_IOAS_CHANGE_PROCESS, iommu_ioas_change_process, -EINVAL),
	REFUSED_UP_TO(IOMMU_VEVENTQ_ALLOC, iommu_veventq_alloc, out_veventq_fd,
		      -ENOENT),
	REFUSED(IOMMU_HW_QUEUE_ALLOC, iommu_hw_queue_alloc, -ENOENT),
};

/* The first built command at @c or behind it; NULL: there is none. */
static const struct command *built_from(const struct command *c)
{
	for (; c < commands + ARRAY_SIZE(commands); c++)
		if (c->fill)
			return c;
	return NULL;
}

#define for_each_built(c)						\
	for (c = built_from(commands); c; c = built_from(c + 1))

/* What every command begins with: a context, an IOAS, an area. */
static struct space prepared(void)
{
	struct space s = new_space();

	CHECK_OK(iommufd_map_fixed(s.fd, s.ioas, nowhere(PAGE_SZ), AREA_LEN,
				   OLD_IOVA, MAP_RW));
	return s;
}

static void put_size(void *buf, __u32 size)
{
	memcpy(buf, &size, sizeof(size));
}

static void expect(const struct command *c, const struct space *s, void *buf,
		   int want, const char *what)
{
	int ret = xioctl(s->fd, c->nr, buf);

	if (ret != want)
		FAIL("%s, %s: %s, not %s", c->name, what, errno_name(ret),
		     errno_name(want));
}

/* Neither did a failed command take away nor add anything. */
static void expect_untouched(const struct command *c, const struct space *s)
{
	__u64 good[ROOM / sizeof(__u64)] = { 0 };
	__u32 id;

	put_size(good, c->size);
	c->fill(s, good);
	expect(c, s, good, c->want, "after failures");
	/* The IOAS was the first object; some have just made the second. */
	id = c->nr == IOMMU_IOAS_ALLOC || c->nr == IOMMU_FAULT_QUEUE_ALLOC;
	for (id += 2; id < 100; id++)
		CHECK_RET(iommufd_destroy(s->fd, id), -ENOENT);
}

static void size_too_short(void)
{
	const struct command *c;

	for_each_built(c) {
		__u64 buf[ROOM / sizeof(__u64)] = { 0 };
		struct space s = prepared();
		char what[32];
		__u32 size;

		c->fill(&s, buf);
		for (size = 0; size < c->least; size++) {
			put_size(buf, size);
			snprintf(what, sizeof(what), "size %u", size);
			expect(c, &s, buf, -EINVAL, what);
		}
		expect_untouched(c, &s);
		close(s.fd);
	}
}

/* A newer caller that uses nothing new. */
static void larger_with_zeros(void)
{
	static const size_t more[] = { 1, 3, 8, 100, PAGE_SZ, HUGE_SZ };
	const struct command *c;
	size_t i;

	for_each_built(c) {
		for (i = 0; i < ARRAY_SIZE(more); i++) {
			size_t size = c->size + more[i];
			struct space s = prepared();
			char *buf = guarded(size);

			c->fill(&s, buf);
			put_size(buf, size);
			expect(c, &s, buf, c->want, "larger, zeros behind");
			close(s.fd);
		}
	}
}

static void larger_with_something(void)
{
	const struct command *c;
	size_t i;

	for_each_built(c) {
		size_t size = c->size + 40;
		struct space s = prepared();

		for (i = c->size; i < size; i++) {
			char *buf = guarded(size);

			c->fill(&s, buf);
			put_size(buf, size);
			buf[i] = 1;
			expect(c, &s, buf, -E2BIG, "something behind");
		}
		expect_untouched(c, &s);
		close(s.fd);
	}
}

static void huge_size(void)
{
	static const __u32 sizes[] = { 1U << 30, 1U << 31, ~0U - 7, ~0U };
	const struct command *c;
	size_t i;

	for_each_built(c) {
		struct space s = prepared();

		for (i = 0; i < ARRAY_SIZE(sizes); i++) {
			char *buf = guarded(c->size + 64);

			c->fill(&s, buf);
			put_size(buf, sizes[i]);
			expect(c, &s, buf, -EFAULT, "huge, memory ends");
			buf[c->size] = 1;
			expect(c, &s, buf, -E2BIG, "huge, something behind");
		}
		expect_untouched(c, &s);
		close(s.fd);
	}
}

static void bad_pointers(void)
{
	static const unsigned long bad[] = {
		0, 1, PAGE_SZ, 0x7ffffffff000UL, 0x800000000000UL,
		0xffff888000000000UL, 0xffffffff81000000UL, ~3UL, ~0UL,
	};
	const struct command *c;
	size_t i;

	for_each_built(c) {
		struct space s = prepared();

		for (i = 0; i < ARRAY_SIZE(bad); i++)
			expect(c, &s, nowhere(bad[i]), -EFAULT, "bad pointer");
		expect_untouched(c, &s);
		close(s.fd);
	}
}

/* The size can be read; what it promises cannot. */
static void structure_ends_early(void)
{
	const struct command *c;
	size_t have;

	for_each_built(c) {
		struct space s = prepared();

		for (have = 4; have < c->size; have++) {
			__u64 good[ROOM / sizeof(__u64)] = { 0 };
			char *buf = guarded(have);

			c->fill(&s, good);
			put_size(good, c->size);
			memcpy(buf, good, have);
			expect(c, &s, buf, -EFAULT, "structure cut off");
		}
		for (have = 0; have < 4; have++)
			expect(c, &s, guarded(have), -EFAULT, "size cut off");
		expect_untouched(c, &s);
		close(s.fd);
	}
}

/* The answer cannot be written: whatever was done is undone. */
static void structure_read_only(void)
{
	const struct command *c;

	for_each_built(c) {
		struct space s = prepared();
		char *buf = get_pages(PAGE_SZ);

		c->fill(&s, buf);
		put_size(buf, c->size);
		CHECK_OK(mprotect(buf, PAGE_SZ, PROT_READ));
		expect(c, &s, buf, c->answers ? -EFAULT : c->want,
		       "read-only");
		if (c->nr == IOMMU_IOAS_UNMAP) {
			/* What is unmapped cannot come back; it went whole. */
			CHECK_RET(iommufd_unmap(s.fd, s.ioas, OLD_IOVA,
						AREA_LEN, NULL), -ENOENT);
		} else if (c->answers) {
			expect_untouched(c, &s);
		}
		close(s.fd);
	}
}

/* MAP that chose the IOVA itself and could not say which. */
static void auto_map_read_only(void)
{
	struct iommu_ioas_map *cmd = (void *)get_pages(PAGE_SZ);
	struct space s = new_space();
	__u64 done = 1;

	cmd->size = sizeof(*cmd);
	cmd->flags = MAP_RW;
	cmd->ioas_id = s.ioas;
	cmd->user_va = PAGE_SZ;
	cmd->length = AREA_LEN;
	CHECK_OK(mprotect(cmd, PAGE_SZ, PROT_READ));
	CHECK_RET(xioctl(s.fd, IOMMU_IOAS_MAP, cmd), -EFAULT);
	CHECK_OK(iommufd_unmap(s.fd, s.ioas, 0, ~0ULL, &done));
	CHECK_EQ(done, 0);
}

/* On x86 a structure need not be aligned. */
static void structure_unaligned(void)
{
	const struct command *c;
	int shift;

	for_each_built(c) {
		for (shift = 1; shift < 8; shift++) {
			__u64 good[ROOM / sizeof(__u64)] = { 0 };
			struct space s = prepared();
			char *buf = guarded(c->size + shift);

			c->fill(&s, good);
			put_size(good, c->size);
			memcpy(buf, good, c->size);
			expect(c, &s, buf, c->want, "unaligned");
			close(s.fd);
		}
	}
}

/* Of the VFIO container; uapi_compat tests them. */
static bool is_containers(unsigned int nr)
{
	return nr == VFIO_GET_API_VERSION || nr == VFIO_CHECK_EXTENSION ||
	       nr == VFIO_SET_IOMMU || nr == VFIO_IOMMU_GET_INFO ||
	       nr == VFIO_IOMMU_MAP_DMA || nr == VFIO_IOMMU_UNMAP_DMA;
}

static bool is_built(unsigned int nr)
{
	const struct command *c;

	for_each_built(c)
		if (c->nr == nr)
			return true;
	return nr == IOMMU_HWPT_ALLOC || nr == IOMMU_GET_HW_INFO ||
	       is_containers(nr);
}

static void unknown_numbers(void)
{
	__u64 buf[ROOM / sizeof(__u64)] = { 0 };
	struct space s = new_space();
	unsigned int type, nr;

	put_size(buf, 64);
	for (type = 0; type < 256; type++) {
		/* FIOCLEX and its kin, of which the VFS serves some. */
		if (type == 'f' || type == 'T' || type == 'X' || type == 0x12 ||
		    type == 0x15 || type == 0)
			continue;
		for (nr = 0; nr < 256; nr++) {
			if (is_built(_IO(type, nr)))
				continue;
			if (xioctl(s.fd, _IO(type, nr), buf) != -ENOTTY)
				FAIL("ioctl %#x is not unknown", _IO(type, nr));
		}
	}
	for (nr = 0; nr < 256; nr++) {
		CHECK_RET(xioctl(s.fd, _IOR(IOMMUFD_TYPE, nr, __u64), buf),
			  -ENOTTY);
		CHECK_RET(xioctl(s.fd, _IOW(IOMMUFD_TYPE, nr, __u64), buf),
			  -ENOTTY);
		CHECK_RET(xioctl(s.fd, _IOWR(IOMMUFD_TYPE, nr, __u64), buf),
			  -ENOTTY);
		CHECK_RET(xioctl(s.fd, _IOC(0, IOMMUFD_TYPE, nr, 12), buf),
			  -ENOTTY);
	}
}

/* The number is judged before the pointer. */
static void not_built_yet(void)
{
	struct space s = new_space();
	const struct command *c;

	for (c = commands; c < commands + ARRAY_SIZE(commands); c++) {
		if (!c->fill) {
			expect(c, &s, NULL, -ENOTTY, "not built");
			expect(c, &s, guarded(64), -ENOTTY, "not built");
		}
	}
}

#ifdef __x86_64__
/* ioctl() as a 32-bit program calls it; the pointer must be below 4 GiB. */
static int ioctl32(int fd, unsigned int nr, void *arg)
{
	long ret = 54;

	asm volatile("int $0x80"
		     : "+a"(ret)
		     : "b"((long)fd), "c"((long)nr), "d"(arg)
		     : "memory", "r8", "r9", "r10", "r11");
	return (int)ret;
}

/* One built without them has no such gate, and kills who takes it. */
static bool has_32_bit_calls(void)
{
	pid_t child = fork();
	int status;

	CHECK(child >= 0);
	if (!child) {
		signal(SIGSEGV, SIG_DFL);
		ioctl32(-1, 0, NULL);
		_exit(0);
	}
	CHECK_EQ(waitpid(child, &status, 0), child);
	return WIFEXITED(status);
}

static void thirty_two_bit_caller(void)
{
	struct iommu_ioas_alloc *alloc;
	struct iommu_ioas_map *map;
	int fd = CHECK_FD(iommufd_open());
	char *low = mmap(NULL, PAGE_SZ, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	int ret;

	CHECK(low != MAP_FAILED);
	if (!has_32_bit_calls())
		test_skip("this kernel runs no 32-bit programs");
	alloc = (void *)low;
	alloc->size = sizeof(*alloc);
	ret = ioctl32(fd, IOMMU_IOAS_ALLOC, alloc);
	if (ret == -ENOSYS)
		test_skip("this kernel runs no 32-bit programs");
	CHECK_RET(ret, 0);
	CHECK_EQ(alloc->out_ioas_id, 1);

	map = (void *)(low + 64);
	map->size = sizeof(*map);
	map->flags = MAP_R | IOMMU_IOAS_MAP_FIXED_IOVA;
	map->ioas_id = alloc->out_ioas_id;
	map->user_va = (uintptr_t)low;
	map->length = PAGE_SZ;
	map->iova = 1ULL << 40;
	CHECK_RET(ioctl32(fd, IOMMU_IOAS_MAP, map), 0);
	CHECK_OK(iommufd_unmap(fd, 1, 1ULL << 40, PAGE_SZ, NULL));
}
#endif

static const struct test tests[] = {
	{ "frame.size_too_short", size_too_short, 0 },
	{ "frame.larger_with_zeros", larger_with_zeros, 0 },
	{ "frame.larger_with_something", larger_with_something, 0 },
	{ "frame.huge_size", huge_size, 0 },
	{ "frame.bad_pointers", bad_pointers, 0 },
	{ "frame.structure_ends_early", structure_ends_early, 0 },
	{ "frame.structure_read_only", structure_read_only, 0 },
	{ "frame.auto_map_read_only", auto_map_read_only, 0 },
	{ "frame.structure_unaligned", structure_unaligned, 0 },
	{ "frame.unknown_numbers", unknown_numbers, 0 },
	{ "frame.not_built_yet", not_built_yet, 0 },
#ifdef __x86_64__
	{ "frame.thirty_two_bit_caller", thirty_two_bit_caller, 0 },
#endif
};

const struct test_table frame_table = { tests, ARRAY_SIZE(tests) };
