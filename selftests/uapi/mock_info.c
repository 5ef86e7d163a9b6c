// SPDX-License-Identifier: GPL-2.0-only
/*
 * mock_info.c - IOMMU_GET_HW_INFO, of the mock IOMMU and of the real one
 *
 * Owns: hw_info_table. The command has grown once, so what frame.c checks of
 * others is checked here.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "mocked.h"

/* The first version of the command ended before out_capabilities. */
#define OLD_SIZE offsetof(struct iommu_hw_info, out_capabilities)
#define INFO_LEN sizeof(struct iommu_test_hw_info)

static struct iommu_hw_info info_cmd(__u32 dev)
{
	return (struct iommu_hw_info){
		.size = sizeof(struct iommu_hw_info),
		.dev_id = dev,
	};
}

static int ask(const struct rig *r, struct iommu_hw_info *cmd)
{
	return xioctl(r->fd, IOMMU_GET_HW_INFO, cmd);
}

static void info_sizes(void)
{
	struct rig r = new_rig();
	struct {
		struct iommu_hw_info cmd;
		__u8 behind[64];
	} buf = { .cmd = info_cmd(r.m.idev) };
	size_t i;

	for (i = 0; i < OLD_SIZE; i++) {
		buf.cmd.size = i;
		CHECK_RET(ask(&r, &buf.cmd), -EINVAL);
	}
	/* An older caller's structure ends early: nothing is behind it. */
	for (; i < sizeof(buf); i++) {
		struct iommu_hw_info *cmd = (void *)guarded(i);

		memset(cmd, 0, i);
		cmd->size = i;
		cmd->dev_id = r.m.idev;
		CHECK_OK(ask(&r, cmd));
		CHECK_EQ(cmd->data_len, INFO_LEN);
	}
	buf.cmd.size = sizeof(buf);
	for (i = 0; i < sizeof(buf.behind); i++) {
		buf.behind[i] = 1;
		CHECK_RET(ask(&r, &buf.cmd), -E2BIG);
		buf.behind[i] = 0;
	}
	CHECK_OK(ask(&r, &buf.cmd));
}

static void info_structure(void)
{
	struct iommu_hw_info *cmd = (void *)get_pages(PAGE_SZ);
	struct rig r = new_rig();

	*cmd = info_cmd(r.m.idev);
	CHECK_OK(mprotect(cmd, PAGE_SZ, PROT_READ));
	CHECK_RET(ask(&r, cmd), -EFAULT);
	CHECK_RET(ask(&r, NULL), -EFAULT);
	CHECK_RET(ask(&r, nowhere(~0UL)), -EFAULT);
}

static void info_arguments(void)
{
	struct iommu_hw_info cmd;
	struct rig r = new_rig();
	unsigned int i;

	for (i = 1; i < 32; i++) {
		cmd = info_cmd(r.m.idev);
		cmd.flags = 1U << i;
		CHECK_RET(ask(&r, &cmd), -EOPNOTSUPP);
		cmd.flags |= IOMMU_HW_INFO_FLAG_INPUT_TYPE;
		CHECK_RET(ask(&r, &cmd), -EOPNOTSUPP);
	}
	for (i = 0; i < sizeof(cmd.__reserved); i++) {
		cmd = info_cmd(r.m.idev);
		cmd.__reserved[i] = 1;
		CHECK_RET(ask(&r, &cmd), -EOPNOTSUPP);
	}
	/* Not reserved: for answers. */
	cmd = info_cmd(r.m.idev);
	cmd.out_max_pasid_log2 = 77;
	cmd.out_capabilities = ~0ULL;
	CHECK_OK(ask(&r, &cmd));
	CHECK_EQ(cmd.out_max_pasid_log2, 0);
}

static void info_ids(void)
{
	struct rig r = new_rig(), other = new_rig();
	const __u32 bad[] = {
		0, r.ioas, r.m.stdev, r.m.hwpt, 99, 0x7fffffff, ~0U,
	};
	struct iommu_hw_info cmd;
	struct mock_device more;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		cmd = info_cmd(bad[i]);
		CHECK_RET(ask(&r, &cmd), -ENOENT);
	}
	/* Another context's. */
	CHECK_OK(mock_device_add(other.fd, other.ioas, 0, &more));
	CHECK(more.idev > r.m.hwpt);
	cmd = info_cmd(more.idev);
	CHECK_RET(ask(&r, &cmd), -ENOENT);
	CHECK_OK(ask(&other, &cmd));
	/* One that has gone. */
	CHECK_OK(iommufd_destroy(other.fd, more.stdev));
	cmd = info_cmd(more.idev);
	CHECK_RET(ask(&other, &cmd), -ENOENT);
}

static void info_type(void)
{
	static const __u32 others[] = {
		1, 2, IOMMU_HW_INFO_TYPE_SELFTEST - 1,
		IOMMU_HW_INFO_TYPE_SELFTEST + 1, ~0U,
	};
	struct iommu_hw_info cmd;
	struct rig r = new_rig();
	char *data = get_pages(PAGE_SZ);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(others); i++) {
		/* Without the flag, what is in the field means nothing. */
		cmd = info_cmd(r.m.idev);
		cmd.out_data_type = others[i];
		CHECK_OK(ask(&r, &cmd));
		CHECK_EQ(cmd.out_data_type, IOMMU_HW_INFO_TYPE_SELFTEST);

		cmd = info_cmd(r.m.idev);
		cmd.flags = IOMMU_HW_INFO_FLAG_INPUT_TYPE;
		cmd.out_data_type = others[i];
		cmd.data_uptr = (uintptr_t)data;
		cmd.data_len = PAGE_SZ;
		memset(data, 0x55, PAGE_SZ);
		CHECK_RET(ask(&r, &cmd), -EOPNOTSUPP);
		CHECK_EQ(data[0], 0x55);
		CHECK_EQ(cmd.data_len, PAGE_SZ);
		CHECK_EQ(cmd.out_data_type, others[i]);
	}
	for (i = 0; i < 2; i++) {
		cmd = info_cmd(r.m.idev);
		cmd.flags = IOMMU_HW_INFO_FLAG_INPUT_TYPE;
		cmd.out_data_type = i ? IOMMU_HW_INFO_TYPE_SELFTEST :
					IOMMU_HW_INFO_TYPE_DEFAULT;
		CHECK_OK(ask(&r, &cmd));
		CHECK_EQ(cmd.out_data_type, IOMMU_HW_INFO_TYPE_SELFTEST);
	}
}

/* Whatever room there is: as much as fits, then zeros, then nothing. */
static void info_room(void)
{
	const struct iommu_test_hw_info want = {
		.test_reg = IOMMU_HW_INFO_SELFTEST_REGVAL,
	};
	static const __u8 zeros[64];
	struct iommu_hw_info cmd;
	struct rig r = new_rig();
	__u8 data[64];
	size_t len, n, i;

	for (len = 0; len <= sizeof(data); len++) {
		memset(data, 0xaa, sizeof(data));
		cmd = info_cmd(r.m.idev);
		cmd.data_len = len;
		cmd.data_uptr = (uintptr_t)data;
		CHECK_OK(ask(&r, &cmd));
		CHECK_EQ(cmd.data_len, INFO_LEN);
		n = len < INFO_LEN ? len : INFO_LEN;
		CHECK(!memcmp(data, &want, n));
		CHECK(!memcmp(data + n, zeros, len - n));
		for (i = len; i < sizeof(data); i++)
			CHECK_EQ(data[i], 0xaa);
	}
}

static void info_room_is_bad(void)
{
	static const unsigned long bad[] = {
		0, PAGE_SZ, 0x800000000000UL, 0xffff888000000000UL, ~7UL,
	};
	struct iommu_hw_info cmd;
	struct rig r = new_rig();
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		cmd = info_cmd(r.m.idev);
		cmd.data_uptr = bad[i];
		cmd.data_len = INFO_LEN;
		CHECK_RET(ask(&r, &cmd), -EFAULT);
		CHECK_EQ(cmd.out_data_type, 0);
		cmd.data_len = ~0U;
		CHECK_RET(ask(&r, &cmd), -EFAULT);
		/* No room: nobody looks. */
		cmd.data_len = 0;
		CHECK_OK(ask(&r, &cmd));
	}
	for (i = 0; i < 3 * INFO_LEN; i++) {
		cmd = info_cmd(r.m.idev);
		cmd.data_uptr = (uintptr_t)guarded(i);
		cmd.data_len = i;
		CHECK_OK(ask(&r, &cmd));
		cmd.data_len = i + 1;
		CHECK_RET(ask(&r, &cmd), -EFAULT);
	}
}

static void info_capabilities(void)
{
	struct iommu_hw_info cmd;
	struct mock_device pasid;
	struct rig r = new_rig();

	/* It is no PCI device, so it has no ATS, and no kinds of PASID. */
	cmd = info_cmd(r.m.idev);
	CHECK_OK(ask(&r, &cmd));
	CHECK_EQ(cmd.out_max_pasid_log2, 0);
	CHECK_EQ(cmd.out_capabilities & ~(__u64)IOMMU_HW_CAP_DIRTY_TRACKING,
		 IOMMU_HW_CAP_PCI_ATS_NOT_SUPPORTED);

	CHECK_OK(mock_device_add(r.fd, r.ioas, MOCK_FLAGS_DEVICE_PASID,
				 &pasid));
	cmd = info_cmd(pasid.idev);
	CHECK_OK(ask(&r, &cmd));
	CHECK_EQ(cmd.out_max_pasid_log2, MOCK_PASID_WIDTH);
	CHECK_EQ(cmd.out_capabilities & ~(__u64)IOMMU_HW_CAP_DIRTY_TRACKING,
		 IOMMU_HW_CAP_PCI_ATS_NOT_SUPPORTED);
}

/* A file of sysfs that holds a hexadecimal number. */
static __u64 read_hex(const char *path)
{
	char text[32] = "";
	int fd = CHECK_FD(open(path, O_RDONLY));

	CHECK(read(fd, text, sizeof(text) - 1) > 0);
	CHECK_OK(close(fd));
	return strtoull(text, NULL, 16);
}

/* VT-d of this VM has one unit, and shows its registers in sysfs. */
static void expect_vtd(const struct iommu_hw_info *cmd,
		       const struct iommu_hw_info_vtd *vtd)
{
	CHECK_EQ(cmd->out_data_type, IOMMU_HW_INFO_TYPE_INTEL_VTD);
	CHECK_EQ(cmd->data_len, sizeof(*vtd));
	CHECK_EQ(vtd->cap_reg,
		 read_hex("/sys/class/iommu/dmar0/intel-iommu/cap"));
	CHECK_EQ(vtd->ecap_reg,
		 read_hex("/sys/class/iommu/dmar0/intel-iommu/ecap"));
	CHECK_EQ(vtd->flags & ~(__u32)IOMMU_HW_INFO_VTD_ERRATA_772415_SPR17, 0);
	CHECK_EQ(vtd->__reserved, 0);
}

/* Where an extended capability of the device begins; 0: it has none. */
static unsigned int ext_cap(__u16 want)
{
	unsigned int at = 0x100;
	__u32 head = 0;
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/config", dut);
	fd = CHECK_FD(open(path, O_RDONLY));
	while (at && (pread(fd, &head, 4, at) != 4 || (head & 0xffff) != want))
		at = head && head != ~0U ? head >> 20 : 0;
	close(fd);
	return at;
}

static void info_of_real_device(void)
{
	struct space s = new_space();
	struct dma d = bound_device(s.fd, s.ioas);
	struct rig r = { .fd = s.fd };
	struct {
		struct iommu_hw_info_vtd vtd;
		__u8 behind[40];
	} data;
	struct iommu_hw_info cmd = info_cmd(d.devid);
	bool intel = !access("/sys/class/iommu/dmar0", F_OK);
	bool ats;
	size_t i;

	memset(&data, 0xaa, sizeof(data));
	cmd.data_uptr = (uintptr_t)&data;
	cmd.data_len = sizeof(data);
	CHECK_OK(ask(&r, &cmd));
	if (intel) {
		expect_vtd(&cmd, &data.vtd);
	} else {
		/* AMD's driver tells nothing, on 6.12. */
		CHECK_EQ(cmd.out_data_type, IOMMU_HW_INFO_TYPE_NONE);
		CHECK_EQ(cmd.data_len, 0);
	}
	for (i = cmd.data_len; i < sizeof(data); i++)
		CHECK_EQ(((__u8 *)&data)[i], 0);

	ats = ext_cap(0x0f);
	CHECK_EQ(cmd.out_capabilities,
		 ats ? 0 : IOMMU_HW_CAP_PCI_ATS_NOT_SUPPORTED);
	if (!ext_cap(0x1b))
		CHECK_EQ(cmd.out_max_pasid_log2, 0);

	cmd.flags = IOMMU_HW_INFO_FLAG_INPUT_TYPE;
	cmd.out_data_type = IOMMU_HW_INFO_TYPE_INTEL_VTD;
	cmd.data_len = 0;
	CHECK_RET(ask(&r, &cmd), intel ? 0 : -EOPNOTSUPP);
	cmd.out_data_type = IOMMU_HW_INFO_TYPE_INTEL_VTD + 1;
	CHECK_RET(ask(&r, &cmd), -EOPNOTSUPP);
}

static const struct test tests[] = {
	{ "hw_info.sizes", info_sizes, 0 },
	{ "hw_info.structure", info_structure, 0 },
	{ "hw_info.arguments", info_arguments, 0 },
	{ "hw_info.ids", info_ids, 0 },
	{ "hw_info.type", info_type, 0 },
	{ "hw_info.room", info_room, 0 },
	{ "hw_info.room_is_bad", info_room_is_bad, 0 },
	{ "hw_info.capabilities", info_capabilities, 0 },
	{ "hw_info.of_real_device", info_of_real_device, 0 },
};

const struct test_table hw_info_table = { tests, ARRAY_SIZE(tests) };
