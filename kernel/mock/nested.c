// SPDX-License-Identifier: GPL-2.0-only
/*
 * Nested domains of the mock IOMMU: they translate nothing, but have an IOTLB
 * of a few numbers, which tests fill, invalidate and look at.
 */
#include <linux/slab.h>

#include "mock.h"
#include "space/hwpt.h"

/**
 * struct mock_nested - a nested domain
 * @domain: what the core sees
 * @parent: the paging domain that it is on top of, which must outlive it
 * @viommu: the virtual IOMMU that it was made of, or NULL; likewise
 * @iotlb: what its IOTLB holds; 0: nothing
 */
struct mock_nested {
	struct iommu_domain domain;
	struct iommu_domain *parent;
	struct iommufd_viommu *viommu;
	u32 iotlb[MOCK_NESTED_DOMAIN_IOTLB_NUM];
};

static struct mock_nested *to_mock_nested(struct iommu_domain *domain)
{
	return container_of(domain, struct mock_nested, domain);
}

static int invalidate_one(struct mock_nested *nested,
			  const struct iommu_hwpt_invalidate_selftest *inv)
{
	unsigned int i;

	if (inv->flags & ~IOMMU_TEST_INVALIDATE_FLAG_ALL)
		return -EOPNOTSUPP;
	if (inv->flags & IOMMU_TEST_INVALIDATE_FLAG_ALL) {
		for (i = 0; i < ARRAY_SIZE(nested->iotlb); i++)
			WRITE_ONCE(nested->iotlb[i], 0);
		return 0;
	}
	if (inv->iotlb_id >= ARRAY_SIZE(nested->iotlb))
		return -EINVAL;
	WRITE_ONCE(nested->iotlb[inv->iotlb_id], 0);
	return 0;
}

static int mock_invalidate(struct iommu_domain *domain,
			   struct iommu_user_data_array *array)
{
	const u32 type = IOMMU_HWPT_INVALIDATE_DATA_SELFTEST;
	struct mock_nested *nested = to_mock_nested(domain);
	struct iommu_hwpt_invalidate_selftest inv;
	u32 done = 0;
	int rc = 0;

	if (array->type != type)
		rc = -EINVAL;
	while (!rc && done < array->entry_num) {
		rc = iommu_copy_struct_from_user_array(&inv, array, type, done,
						       iotlb_id);
		if (!rc)
			rc = invalidate_one(nested, &inv);
		if (!rc)
			done++;
	}
	array->entry_num = done;
	return rc;
}

static void mock_nested_free(struct iommu_domain *domain)
{
	struct mock_nested *nested = to_mock_nested(domain);

	mock_domain_nest(nested->parent, -1);
	kfree(nested);
}

static int mock_nested_attach(struct iommu_domain *domain, struct device *dev)
{
	struct mock_nested *nested = to_mock_nested(domain);
	int rc = mock_check_device(domain, dev);

	/* Back to where it was it may always. */
	if (!rc && nested->viommu && nested->viommu != to_mock_dev(dev)->viommu)
		rc = mock_viommu_admit(nested->viommu, dev);
	if (rc)
		return rc;
	to_mock_dev(dev)->viommu = nested->viommu;
	to_mock_dev(dev)->attached = domain;
	return 0;
}

static const struct iommu_domain_ops mock_nested_ops = {
	.attach_dev = mock_nested_attach,
	.set_dev_pasid = mock_set_pasid,
	.cache_invalidate_user = mock_invalidate,
	.free = mock_nested_free,
};

/**
 * mock_nested_alloc() - iommu_ops.domain_alloc_user with a parent, and the
 *	same of a virtual IOMMU
 * @flags: none are known
 * @parent: a paging domain
 * @viommu: the virtual IOMMU, or NULL
 * @data: struct iommu_hwpt_selftest
 *
 * Return: the domain, or an ERR_PTR: -EOPNOTSUPP what it cannot do, -EINVAL,
 * -EFAULT, -ENOMEM.
 */
struct iommu_domain *mock_nested_alloc(u32 flags, struct iommu_domain *parent,
				       struct iommufd_viommu *viommu,
				       const struct iommu_user_data *data)
{
	struct iommu_hwpt_selftest user = {};
	struct mock_nested *nested;
	unsigned int i;
	int rc;

	if (flags || !data)
		return ERR_PTR(-EOPNOTSUPP);
	if (WARN_ON(!mock_domain_pt(parent)))
		return ERR_PTR(-EINVAL);
	rc = mock_read_data(data, &user);
	if (rc)
		return ERR_PTR(rc);
	/* Only what has a page table has a type of page table. */
	if (user.pagetable_type)
		return ERR_PTR(-EOPNOTSUPP);
	nested = kzalloc(sizeof(*nested), GFP_KERNEL_ACCOUNT);
	if (!nested)
		return ERR_PTR(-ENOMEM);
	nested->domain.type = IOMMU_DOMAIN_NESTED;
	nested->domain.ops = &mock_nested_ops;
	nested->parent = parent;
	nested->viommu = viommu;
	for (i = 0; i < ARRAY_SIZE(nested->iotlb); i++)
		nested->iotlb[i] = user.iotlb;
	mock_domain_nest(parent, 1);
	return &nested->domain;
}

/**
 * tcmd_check_iotlb() - MD_CHECK_IOTLB
 * @tcmd: the ioctl
 *
 * Return: 0; -EINVAL it holds something else, or there is no such entry or no
 * IOTLB; -ENOENT no such HWPT.
 */
int tcmd_check_iotlb(struct tcmd *tcmd)
{
	u32 id = tcmd->cmd.check_iotlb.id;
	struct object *obj = core->object_get(tcmd->ctx, tcmd->cmd.id,
					      OBJECT_HWPT);
	struct iommu_domain *domain;
	int rc = -EINVAL;

	if (IS_ERR(obj))
		return PTR_ERR(obj);
	domain = container_of(obj, struct hwpt, obj)->domain;
	if (domain->ops == &mock_nested_ops &&
	    id < MOCK_NESTED_DOMAIN_IOTLB_NUM &&
	    READ_ONCE(to_mock_nested(domain)->iotlb[id]) ==
		    tcmd->cmd.check_iotlb.iotlb)
		rc = 0;
	core->object_put(tcmd->ctx, obj);
	return rc;
}
