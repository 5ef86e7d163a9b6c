// SPDX-License-Identifier: GPL-2.0-only
/*
 * iommufd_mock.ko: starts, stops, and hands out IOMMU_TEST_CMD's commands.
 */
#include <linux/module.h>
#include <linux/nospec.h>
#include <linux/uaccess.h>

#include "iommufd_bpf_version.h"
#include "mock.h"

/* Tests that were built from the kernel's own header send this much. */
static_assert(sizeof(struct iommu_test_cmd) == 72);

/* What iommufd lets us do; set while the module is loaded. */
const struct hook_core *core;

static int (*const commands[])(struct tcmd *tcmd) = {
	[IOMMU_TEST_OP_ADD_RESERVED] = tcmd_add_reserved,
	[IOMMU_TEST_OP_MOCK_DOMAIN] = tcmd_mock_domain,
	[IOMMU_TEST_OP_MD_CHECK_MAP] = tcmd_check_map,
	[IOMMU_TEST_OP_MD_CHECK_REFS] = tcmd_check_refs,
	[IOMMU_TEST_OP_CREATE_ACCESS] = tcmd_create_access,
	[IOMMU_TEST_OP_DESTROY_ACCESS_PAGES] = tcmd_destroy_access_pages,
	[IOMMU_TEST_OP_ACCESS_PAGES] = tcmd_access_pages,
	[IOMMU_TEST_OP_ACCESS_RW] = tcmd_access_rw,
	[IOMMU_TEST_OP_SET_TEMP_MEMORY_LIMIT] = tcmd_memory_limit,
	[IOMMU_TEST_OP_MOCK_DOMAIN_REPLACE] = tcmd_mock_domain_replace,
	[IOMMU_TEST_OP_ACCESS_REPLACE_IOAS] = tcmd_access_replace,
	[IOMMU_TEST_OP_MOCK_DOMAIN_FLAGS] = tcmd_mock_domain,
	[IOMMU_TEST_OP_DIRTY] = tcmd_dirty,
	[IOMMU_TEST_OP_MD_CHECK_IOTLB] = tcmd_check_iotlb,
	[IOMMU_TEST_OP_TRIGGER_IOPF] = tcmd_trigger_iopf,
	[IOMMU_TEST_OP_DEV_CHECK_CACHE] = tcmd_dev_check_cache,
#ifdef IOMMUFD_VIOMMU
	[IOMMU_TEST_OP_TRIGGER_VEVENT] = tcmd_trigger_vevent,
#endif
	[IOMMU_TEST_OP_PASID_ATTACH] = tcmd_pasid_attach,
	[IOMMU_TEST_OP_PASID_REPLACE] = tcmd_pasid_replace,
	[IOMMU_TEST_OP_PASID_DETACH] = tcmd_pasid_detach,
	[IOMMU_TEST_OP_PASID_CHECK_HWPT] = tcmd_pasid_check,
	[IOMMU_TEST_OP_DMABUF_GET] = tcmd_dmabuf_get,
	[IOMMU_TEST_OP_DMABUF_REVOKE] = tcmd_dmabuf_revoke,
	[MOCK_OP_COUNT_ANSWERS] = tcmd_count_answers,
	[MOCK_OP_CHECK_ATTACHED] = tcmd_check_attached,
};

/**
 * tcmd_respond() - copy a command's structure back to the caller
 * @tcmd: the ioctl
 *
 * Return: 0 or -EFAULT.
 */
int tcmd_respond(struct tcmd *tcmd)
{
	size_t size = min_t(size_t, tcmd->user_size, sizeof(tcmd->cmd));

	return copy_to_user(tcmd->ubuffer, &tcmd->cmd, size) ? -EFAULT : 0;
}

static long mock_ioctl(struct iommufd_ctx *ctx, unsigned int nr,
		       void __user *arg)
{
	struct tcmd tcmd = { .ctx = ctx, .ubuffer = arg };
	u32 op;
	int rc;

	if (nr != IOMMU_TEST_CMD)
		return -ENOTTY;
	if (get_user(tcmd.user_size, (u32 __user *)arg))
		return -EFAULT;
	if (tcmd.user_size < offsetofend(struct iommu_test_cmd, last))
		return -EINVAL;
	rc = copy_struct_from_user(&tcmd.cmd, sizeof(tcmd.cmd), arg,
				   tcmd.user_size);
	if (rc)
		return rc;
	op = tcmd.cmd.op;
	if (tcmd.cmd.__reserved || op >= ARRAY_SIZE(commands))
		return -EOPNOTSUPP;
	op = array_index_nospec(op, ARRAY_SIZE(commands));
	return commands[op] ? commands[op](&tcmd) : -EOPNOTSUPP;
}

static const struct ioctl_hook mock_hook = {
	.owner = THIS_MODULE,
	.ioctl = mock_ioctl,
};

static void mock_clear_core(void)
{
	core->domain_trust_dirty(NULL);
	core->device_set_pasid_replacer(NULL);
	iommufd_unregister_hook(&mock_hook);
	mock_iommu_exit();
}

static int __init mock_init(void)
{
	int rc = mock_iommu_init();

	if (rc)
		return rc;
	rc = iommufd_register_hook(&mock_hook, &core);
	if (rc) {
		mock_iommu_exit();
		return rc;
	}
	core->device_set_pasid_replacer(mock_iommu_driver());
	core->domain_trust_dirty(mock_iommu_driver());
	rc = mock_viommu_init();
	if (rc) {
		mock_clear_core();
		return rc;
	}
	mock_dmabuf_init();
	return 0;
}

static void __exit mock_exit(void)
{
	mock_dmabuf_exit();
	mock_viommu_exit();
	mock_clear_core();
}

module_init(mock_init);
module_exit(mock_exit);

MODULE_DESCRIPTION("A mock IOMMU for tests of iommufd: never load it on a machine that matters");
MODULE_IMPORT_NS(DMA_BUF);
MODULE_IMPORT_NS(IOMMUFD);
MODULE_IMPORT_NS(IOMMUFD_HOOK);
MODULE_IMPORT_NS(IOMMUFD_INTERNAL);
MODULE_LICENSE("GPL");
MODULE_VERSION(IOMMUFD_BPF_VERSION);
