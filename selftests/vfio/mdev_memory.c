// SPDX-License-Identifier: GPL-2.0-only
/*
 * mdev_memory.c - how an emulated device reaches the memory of its user
 *
 * Owns: mdev_memory.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <time.h>

#include "mdev.h"

#define PAGES	8
#define BYTES	(PAGES * PAGE_SZ)
#define WORD(off) ((off) / sizeof(__u64))

static void test_read_and_write(void)
{
	struct mdev m = mdev_bound();
	__u64 *memory = mdev_memory_get(BYTES), data[WORD(PAGE_SZ)] = {};
	struct mock_mdev_cmd thread = {
		.op = MOCK_MDEV_RW, .flags = MOCK_MDEV_KTHREAD,
		.iova = IOVA + 16, .length = 8, .data = (uintptr_t)data,
	};
	__u32 ioas;

	CHECK_RET(mdev_read(m.cdev, IOVA, data, 8), -ENOENT);
	ioas = mdev_attach_new(&m);
	CHECK_RET(mdev_read(m.cdev, IOVA, data, 8), -ENOENT);
	CHECK_OK(iommufd_map_fixed(m.iommufd, ioas, memory, BYTES, IOVA,
				   MAP_RW));

	/* Over the end of a page, and not from its beginning. */
	CHECK_OK(mdev_read(m.cdev, IOVA + PAGE_SZ - 16, data, 64));
	CHECK_EQ(data[0], WORD(PAGE_SZ) - 2);
	CHECK_EQ(data[7], WORD(PAGE_SZ) + 5);
	data[0] = 0x1234567890;
	CHECK_OK(mdev_write(m.cdev, IOVA + PAGE_SZ - 5, data, 8));
	CHECK(!memcmp((char *)memory + PAGE_SZ - 5, data, 8));
	CHECK_OK(mdev_cmd(m.cdev, &thread));
	CHECK_EQ(data[0], 2);
	CHECK_EQ(proc_status_bytes("VmPin"), 0);

	/* The end of what is mapped. */
	CHECK_OK(mdev_read(m.cdev, IOVA + BYTES - 8, data, 8));
	CHECK_RET(mdev_read(m.cdev, IOVA + BYTES - 8, data, 9), -ENOENT);
	CHECK_RET(mdev_read(m.cdev, IOVA - 1, data, 8), -ENOENT);
	CHECK_RET(mdev_read(m.cdev, IOVA, data, 0), -EINVAL);
	CHECK_RET(mdev_read(m.cdev, UINT64_MAX - 3, data, 8), -EOVERFLOW);
	CHECK_OK(vfio_detach(m.cdev));
	CHECK_RET(mdev_read(m.cdev, IOVA, data, 8), -ENOENT);
}

static void test_rights(void)
{
	struct mdev m = mdev_bound();
	__u64 *memory = mdev_memory_get(BYTES), value;
	__u32 ioas = mdev_attach_new(&m);
	struct mock_mdev_cmd pin = {
		.op = MOCK_MDEV_PIN, .flags = MOCK_MDEV_WRITE, .iova = IOVA,
		.length = 1,
	};

	CHECK_OK(iommufd_map_fixed(m.iommufd, ioas, memory, BYTES, IOVA,
				   MAP_R));
	CHECK_RET(mdev_write(m.cdev, IOVA, &ioas, 4), -EPERM);
	CHECK_RET(mdev_cmd(m.cdev, &pin), -EPERM);
	CHECK_EQ(mdev_pin(m.cdev, IOVA, 1, &value), 1);
	CHECK_OK(mdev_unpin(m.cdev, IOVA, 1));
	CHECK_EQ(proc_status_bytes("VmPin"), 0);
}

/* The offset within the page is ignored: pages count from its beginning. */
static void test_pin(void)
{
	struct mdev m = mdev_bound();
	__u64 *memory = mdev_memory_get(BYTES), value = 0;
	__u32 ioas = mdev_attach_new(&m);
	struct mock_mdev_cmd store = {
		.op = MOCK_MDEV_PIN, .flags = MOCK_MDEV_WRITE,
		.iova = IOVA + 3 * PAGE_SZ + 24, .length = 1, .data = 77,
	};

	CHECK_OK(iommufd_map_fixed(m.iommufd, ioas, memory, BYTES, IOVA,
				   MAP_RW));
	CHECK_EQ(proc_status_bytes("VmPin"), 0);
	CHECK_EQ(mdev_pin(m.cdev, IOVA + PAGE_SZ + 64, 2, &value), 2);
	CHECK_EQ(value, WORD(PAGE_SZ) + 8);
	CHECK_EQ(proc_status_bytes("VmPin"), 2 * PAGE_SZ);
	CHECK_EQ(mdev_cmd(m.cdev, &store), 1);
	CHECK_EQ(memory[WORD(3 * PAGE_SZ) + 3], 77);
	CHECK_EQ(store.result, WORD(3 * PAGE_SZ) + 3);
	CHECK_EQ(proc_status_bytes("VmPin"), 3 * PAGE_SZ);

	/* All or nothing. */
	CHECK_RET(mdev_pin(m.cdev, IOVA + BYTES - PAGE_SZ, 2, NULL), -ENOENT);
	CHECK_RET(mdev_pin(m.cdev, IOVA - PAGE_SZ, 1, NULL), -ENOENT);
	CHECK_RET(mdev_pin(m.cdev, IOVA, 0, NULL), -EINVAL);
	CHECK_RET(mdev_pin(m.cdev, -PAGE_SZ, 2, NULL), -EINVAL);
	CHECK_EQ(proc_status_bytes("VmPin"), 3 * PAGE_SZ);

	CHECK_OK(mdev_unpin(m.cdev, IOVA + 2 * PAGE_SZ, 1));
	CHECK_EQ(proc_status_bytes("VmPin"), 2 * PAGE_SZ);
	CHECK_OK(mdev_unpin(m.cdev, IOVA, PAGES));
	CHECK_EQ(proc_status_bytes("VmPin"), 0);
	CHECK_EQ(mdev_unmaps(m.cdev, NULL, NULL), 0);
}

/* The driver is asked for what it pinned, and for nothing beyond. */
static void test_unmap(void)
{
	struct mdev m = mdev_bound();
	__u64 *memory = mdev_memory_get(BYTES), iova, length;
	__u32 ioas = mdev_attach_new(&m);

	CHECK_OK(iommufd_map_fixed(m.iommufd, ioas, memory, BYTES, IOVA,
				   MAP_RW));
	CHECK_OK(iommufd_map_fixed(m.iommufd, ioas, memory, BYTES, 2 * IOVA,
				   MAP_RW));
	CHECK_EQ(mdev_pin(m.cdev, IOVA + PAGE_SZ, 3, NULL), 3);
	CHECK_OK(iommufd_unmap(m.iommufd, ioas, 2 * IOVA, BYTES, NULL));
	CHECK_EQ(mdev_unmaps(m.cdev, NULL, NULL), 0);
	CHECK_EQ(proc_status_bytes("VmPin"), 3 * PAGE_SZ);

	CHECK_OK(iommufd_unmap(m.iommufd, ioas, IOVA, BYTES, NULL));
	CHECK_EQ(mdev_unmaps(m.cdev, &iova, &length), 1);
	CHECK(iova <= IOVA + PAGE_SZ);
	CHECK(iova >= IOVA);
	CHECK(iova + length >= IOVA + 4 * PAGE_SZ);
	CHECK(iova + length <= IOVA + BYTES);
	CHECK_EQ(proc_status_bytes("VmPin"), 0);
	CHECK_RET(mdev_pin(m.cdev, IOVA + PAGE_SZ, 1, NULL), -ENOENT);
}

/* All there is, to the very last page: no length in bytes is as long. */
static void test_last_page(void)
{
	const __u64 top = -PAGE_SZ;
	struct mdev m = mdev_bound();
	__u64 *memory = mdev_memory_get(BYTES), iova, length;
	__u32 ioas = mdev_attach_new(&m);

	CHECK_OK(iommufd_map_fixed(m.iommufd, ioas, memory, PAGE_SZ, top,
				   MAP_RW));
	CHECK_OK(iommufd_map_fixed(m.iommufd, ioas, memory, PAGE_SZ, 0,
				   MAP_RW));
	CHECK_EQ(mdev_pin(m.cdev, top, 1, NULL), 1);
	CHECK_OK(vfio_detach(m.cdev));
	CHECK_EQ(mdev_unmaps(m.cdev, &iova, &length), 1);
	CHECK_EQ(iova, top);
	CHECK_EQ(length, PAGE_SZ);
	CHECK_EQ(proc_status_bytes("VmPin"), 0);

	/* With the first page it is two lengths. */
	CHECK_OK(vfio_attach(m.cdev, &(__u32){ ioas }));
	CHECK_EQ(mdev_pin(m.cdev, top, 1, NULL), 1);
	CHECK_EQ(mdev_pin(m.cdev, 0, 1, NULL), 1);
	CHECK_OK(vfio_detach(m.cdev));
	CHECK_EQ(mdev_unmaps(m.cdev, &iova, &length), 3);
	CHECK_EQ(iova + length, 0);
	CHECK_EQ(proc_status_bytes("VmPin"), 0);
	CHECK_OK(iommufd_destroy(m.iommufd, ioas));
}

/* Both give back everything; the other address space is the one in use then. */
static void test_replace_and_detach(void)
{
	struct mdev m = mdev_bound();
	__u64 *one = mdev_memory_get(BYTES), *two = mdev_memory_get(BYTES);
	__u32 first = mdev_attach_new(&m), second, pt;
	__u64 value;

	two[0] = 4711;
	CHECK_OK(iommufd_ioas_alloc(m.iommufd, &second));
	CHECK_OK(iommufd_map_fixed(m.iommufd, first, one, BYTES, IOVA, MAP_RW));
	CHECK_OK(iommufd_map_fixed(m.iommufd, second, two, BYTES, IOVA,
				   MAP_RW));
	CHECK_EQ(mdev_pin(m.cdev, IOVA, 2, &value), 2);
	CHECK_EQ(value, 0);

	/* To nowhere: all stays. */
	pt = 9999;
	CHECK_RET(vfio_attach(m.cdev, &pt), -ENOENT);
	pt = m.id;
	CHECK(vfio_attach(m.cdev, &pt) < 0);
	CHECK_EQ(proc_status_bytes("VmPin"), 2 * PAGE_SZ);
	CHECK_RET(iommufd_destroy(m.iommufd, first), -EBUSY);

	pt = second;
	CHECK_OK(vfio_attach(m.cdev, &pt));
	CHECK_EQ(pt, second);
	CHECK_EQ(proc_status_bytes("VmPin"), 0);
	CHECK_OK(iommufd_destroy(m.iommufd, first));
	CHECK_EQ(mdev_pin(m.cdev, IOVA, 2, &value), 2);
	CHECK_EQ(value, 4711);

	CHECK_OK(vfio_detach(m.cdev));
	CHECK_EQ(proc_status_bytes("VmPin"), 0);
	CHECK_OK(vfio_detach(m.cdev));
	CHECK_OK(iommufd_destroy(m.iommufd, second));
}

static int attach_pasid(int cdev, __u32 argsz, __u32 flags, __u32 pt,
			__u32 pasid)
{
	__u32 arg[4] = { argsz, flags, pt, pasid };

	return xioctl(cdev, VFIO_DEVICE_ATTACH_IOMMUFD_PT, arg);
}

static int detach_pasid(int cdev, __u32 argsz, __u32 flags, __u32 pasid)
{
	__u32 arg[3] = { argsz, flags, pasid };

	return xioctl(cdev, VFIO_DEVICE_DETACH_IOMMUFD_PT, arg);
}

/* An emulated device has no PASIDs. */
static void test_pasid(void)
{
	struct mdev m = mdev_bound();
	__u32 ioas;

	CHECK_OK(iommufd_ioas_alloc(m.iommufd, &ioas));
	CHECK_RET(attach_pasid(m.cdev, 16, 1, ioas, 1), -EOPNOTSUPP);
	CHECK_RET(detach_pasid(m.cdev, 12, 1, 1), -EOPNOTSUPP);
	CHECK_RET(attach_pasid(m.cdev, 15, 1, ioas, 1), -EINVAL);
	CHECK_RET(detach_pasid(m.cdev, 11, 1, 1), -EINVAL);
	CHECK_RET(attach_pasid(m.cdev, 16, 2, ioas, 1), -EINVAL);
	CHECK_RET(detach_pasid(m.cdev, 12, 2, 1), -EINVAL);
	CHECK_OK(attach_pasid(m.cdev, 12, 0, ioas, 1));
	CHECK_OK(detach_pasid(m.cdev, 8, 0, 1));
	CHECK_OK(iommufd_destroy(m.iommufd, ioas));
}

/* ---- mapping and unmapping beside a driver that pins ---- */

static atomic_bool stop;

static void *pin_on(void *arg)
{
	unsigned long *count = arg;
	int cdev = (int)count[0], ret;

	while (!atomic_load(&stop)) {
		ret = mdev_pin(cdev, IOVA + PAGE_SZ, 4, NULL);
		if (ret == 4)
			count[1]++;
		else
			CHECK_RET(ret, -ENOENT);
		/* Half of them are left for dma_unmap(). */
		if (count[1] % 2)
			CHECK_OK(mdev_unpin(cdev, IOVA, PAGES));
	}
	return NULL;
}

static void test_pin_against_unmap(void)
{
	struct mdev m = mdev_bound();
	__u64 *memory = mdev_memory_get(BYTES);
	__u32 ioas[2] = { mdev_attach_new(&m) }, pt;
	unsigned long count[2] = { m.cdev }, rounds = 0;
	time_t end = time(NULL) + 6;
	pthread_t thread;

	CHECK_OK(iommufd_ioas_alloc(m.iommufd, &ioas[1]));
	CHECK(!pthread_create(&thread, NULL, pin_on, count));
	while (time(NULL) < end) {
		__u32 now = ioas[rounds++ / 16 % 2];

		CHECK_OK(iommufd_map_fixed(m.iommufd, now, memory, BYTES, IOVA,
					   MAP_RW));
		pt = now;
		CHECK_OK(vfio_attach(m.cdev, &pt));
		if (rounds % 5 == 0)
			CHECK_OK(vfio_detach(m.cdev));
		CHECK_OK(iommufd_unmap(m.iommufd, now, IOVA, BYTES, NULL));
	}
	atomic_store(&stop, true);
	CHECK(!pthread_join(thread, NULL));
	test_note("%lu rounds, %lu pins", rounds, count[1]);
	CHECK(count[1]);
	CHECK_OK(vfio_detach(m.cdev));
	CHECK_EQ(proc_status_bytes("VmPin"), 0);
	CHECK_OK(iommufd_destroy(m.iommufd, ioas[0]));
	CHECK_OK(iommufd_destroy(m.iommufd, ioas[1]));
}

static const struct test list[] = {
	TEST(read_and_write),
	TEST(rights),
	TEST(pin),
	TEST(unmap),
	TEST(last_page),
	TEST(replace_and_detach),
	TEST(pasid),
	TEST(pin_against_unmap),
};

const struct test_table mdev_memory = { list, ARRAY_SIZE(list) };
