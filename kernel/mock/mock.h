/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Inside iommufd_mock.ko: an IOMMU made of memory, devices behind it that do
 * nothing, and the ioctl by which tests look at both.
 *
 * One mock IOMMU is there while the module is. Devices belong to a context of
 * /dev/iommu, as objects that IOMMU_DESTROY destroys and that go with it.
 */
#ifndef MOCK_H
#define MOCK_H

#include <linux/iommu.h>
#include <linux/mutex.h>
#include <linux/xarray.h>

#include "hook.h"
#include "mock_abi.h"

struct iommufd_viommu;
struct platform_device;

/* main.c */

/**
 * struct tcmd - an IOMMU_TEST_CMD being served
 * @ctx: the context
 * @cmd: the kernel's copy
 * @ubuffer: the caller's structure
 * @user_size: its size as the caller says
 */
struct tcmd {
	struct iommufd_ctx *ctx;
	struct iommu_test_cmd cmd;
	void __user *ubuffer;
	u32 user_size;
};

extern const struct hook_core *core;

int tcmd_respond(struct tcmd *tcmd);

/* iommu.c */

/**
 * struct mock_dev - a device behind the mock IOMMU
 * @pdev: the device that the kernel sees
 * @flags: MOCK_FLAGS_DEVICE_*
 * @cache: what its caches hold
 * @shared: in the list of those with MOCK_FLAGS_DEVICE_SHARED_GROUP
 * @pasids: struct iommu_domain by PASID
 * @may_fault: its page faults are on; changes under its group's lock, while
 *	they are
 * @nr_partial: faults reported that were not the last of their group
 * @answers: enum mock_answer
 * @viommu: what the nested domain without a PASID is on top of, or NULL; under
 *	the IOMMU core's lock of its group
 * @attached: the domain without a PASID; likewise
 */
struct mock_dev {
	struct platform_device *pdev;
	u32 flags;
	u32 cache[MOCK_DEV_CACHE_NUM];
	struct list_head shared;
	struct xarray pasids;
	bool may_fault;
	unsigned int nr_partial;
	atomic_t answers[MOCK_NR_ANSWERS];
	struct iommufd_viommu *viommu;
	struct iommu_domain *attached;
};

int mock_iommu_init(void);
void mock_iommu_exit(void);
const struct iommu_ops *mock_iommu_driver(void);
struct iommu_domain *mock_iommu_blocked(void);
int mock_dev_add(struct mock_dev *mdev, u32 flags);
void mock_dev_remove(struct mock_dev *mdev);
struct mock_dev *to_mock_dev(struct device *dev);

/* domain.c */
struct iommu_domain *mock_domain_alloc(struct device *dev, u32 flags,
				       struct iommu_domain *parent,
				       const struct iommu_user_data *data);
struct mock_pt *mock_domain_pt(struct iommu_domain *domain);
bool mock_domain_tracks(struct iommu_domain *domain);
int mock_check_device(struct iommu_domain *domain, struct device *dev);
int mock_attach(struct iommu_domain *domain, struct device *dev);
int mock_read_data(const struct iommu_user_data *data,
		   struct iommu_hwpt_selftest *user);
void mock_domain_nest(struct iommu_domain *parent, int change);

/* pasid.c */
int mock_set_pasid(struct iommu_domain *domain, struct device *dev,
		   ioasid_t pasid, struct iommu_domain *old);
void mock_remove_pasid(struct device *dev, ioasid_t pasid,
		       struct iommu_domain *domain);

/* fault.c */
int mock_fault_init(void);
void mock_fault_exit(void);
int mock_enable_feat(struct device *dev, enum iommu_dev_features feat);
int mock_disable_feat(struct device *dev, enum iommu_dev_features feat);
void mock_page_response(struct device *dev, struct iopf_fault *evt,
			struct iommu_page_response *resp);

/* nested.c */
struct iommu_domain *mock_nested_alloc(u32 flags, struct iommu_domain *parent,
				       struct iommufd_viommu *viommu,
				       const struct iommu_user_data *data);
int tcmd_check_iotlb(struct tcmd *tcmd);

/* viommu.c */
#ifdef IOMMUFD_VIOMMU
int mock_viommu_init(void);
void mock_viommu_exit(void);
int mock_viommu_admit(struct iommufd_viommu *viommu, struct device *dev);
int tcmd_trigger_vevent(struct tcmd *tcmd);
#else
static inline int mock_viommu_init(void)
{
	return 0;
}

static inline void mock_viommu_exit(void)
{
}

static inline int mock_viommu_admit(struct iommufd_viommu *viommu,
				    struct device *dev)
{
	return 0;
}
#endif

/* page_table.c */
struct mock_pt *mock_pt_alloc(unsigned long last);
void mock_pt_free(struct mock_pt *pt);
int mock_pt_map(struct mock_pt *pt, unsigned long iova, phys_addr_t phys,
		size_t size, int prot, gfp_t gfp);
size_t mock_pt_unmap(struct mock_pt *pt, unsigned long iova, size_t room);
u64 mock_pt_read(struct mock_pt *pt, unsigned long iova);
bool mock_pt_write(struct mock_pt *pt, unsigned long iova);
bool mock_pt_test_dirty(struct mock_pt *pt, unsigned long iova, bool clear,
			size_t *size);
void mock_pt_flush(struct mock_pt *pt, unsigned long first,
		   unsigned long last);

/* What an entry holds, beside the address of a MOCK_PAGE_SIZE page. */
enum mock_pte {
	MOCK_PTE_PRESENT = 1,
	MOCK_PTE_READ = 2,
	MOCK_PTE_WRITE = 4,
	MOCK_PTE_DIRTY = 8, /* a device wrote to it */
	MOCK_PTE_CACHED = 16, /* and the IOTLB knows: no need to say so again */
	MOCK_PTE_PAIR = 32, /* one of the two entries of a page of PAGE_SIZE */
	MOCK_PTE_ADDR_SHIFT = 11,
};

/* The commands; each returns 0 or more, or a negative errno. */

/* pasid.c */
int tcmd_pasid_attach(struct tcmd *tcmd);
int tcmd_pasid_replace(struct tcmd *tcmd);
int tcmd_pasid_detach(struct tcmd *tcmd);
int tcmd_pasid_check(struct tcmd *tcmd);

/* fault.c */
int tcmd_trigger_iopf(struct tcmd *tcmd);
int tcmd_count_answers(struct tcmd *tcmd);

/* device.c */

/**
 * struct stdev - a mock device in a context
 * @obj: its object
 * @mdev: the device
 * @idev: the same, bound
 * @lock: serialises attach, replace and detach
 * @pasids: an entry for each PASID that is attached
 */
struct stdev {
	struct object obj;
	struct mock_dev mdev;
	struct iommufd_device *idev;
	struct mutex lock;
	struct xarray pasids;
};

struct stdev *stdev_get(struct iommufd_ctx *ctx, u32 id);
struct object *mock_hwpt_get(struct iommufd_ctx *ctx, u32 id,
			     struct iommu_domain **domain);
void mock_hwpt_put(struct iommufd_ctx *ctx, struct object *obj);
int tcmd_mock_domain(struct tcmd *tcmd);
int tcmd_mock_domain_replace(struct tcmd *tcmd);
int tcmd_dev_check_cache(struct tcmd *tcmd);
int tcmd_check_attached(struct tcmd *tcmd);

/* check.c */
struct page *user_page(unsigned long uptr);
int tcmd_add_reserved(struct tcmd *tcmd);
int tcmd_check_map(struct tcmd *tcmd);
int tcmd_check_refs(struct tcmd *tcmd);
int tcmd_memory_limit(struct tcmd *tcmd);

/* dirty.c */
int tcmd_dirty(struct tcmd *tcmd);

/* dmabuf.c */
void mock_dmabuf_init(void);
void mock_dmabuf_exit(void);
int tcmd_dmabuf_get(struct tcmd *tcmd);
int tcmd_dmabuf_revoke(struct tcmd *tcmd);

/* access.c */
int tcmd_create_access(struct tcmd *tcmd);
int tcmd_access_replace(struct tcmd *tcmd);
int tcmd_access_pages(struct tcmd *tcmd);
int tcmd_destroy_access_pages(struct tcmd *tcmd);
int tcmd_access_rw(struct tcmd *tcmd);

#endif
