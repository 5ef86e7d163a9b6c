// SPDX-License-Identifier: GPL-2.0-only
/*
 * Page faults of mock devices: switched on and off, raised by tests, and what
 * the device was answered.
 */
#include <linux/platform_device.h>

#include "device/device.h"
#include "mock.h"

/* What a device may have under way, as with PCI's page request interface. */
#define MOCK_FAULTS_MAX 32
/* Faults that are not the last of their group are kept until that comes. */
#define MOCK_PARTIAL_MAX 1024

static struct iopf_queue *fault_queue;

/**
 * mock_fault_init() - before there is a device
 *
 * Return: 0 or -ENOMEM.
 */
int mock_fault_init(void)
{
	fault_queue = iopf_queue_alloc("iommufd_mock");
	return fault_queue ? 0 : -ENOMEM;
}

/** mock_fault_exit() - there is no device any more */
void mock_fault_exit(void)
{
	iopf_queue_free(fault_queue);
}

/**
 * mock_enable_feat() - iommu_ops.dev_enable_feat
 * @dev: a mock device
 * @feat: the feature
 *
 * Return: 0; -ENODEV no such feature; -EBUSY it is enabled; -ENOMEM.
 */
int mock_enable_feat(struct device *dev, enum iommu_dev_features feat)
{
	int rc;

	if (feat != IOMMU_DEV_FEAT_IOPF)
		return -ENODEV;
	rc = iopf_queue_add_device(fault_queue, dev);
	if (!rc)
		WRITE_ONCE(to_mock_dev(dev)->may_fault, true);
	return rc;
}

static int stop_faults(struct device *dev, void *data)
{
	if (dev == data)
		WRITE_ONCE(to_mock_dev(dev)->may_fault, false);
	return 0;
}

/**
 * mock_disable_feat() - iommu_ops.dev_disable_feat
 * @dev: a mock device
 * @feat: the feature
 *
 * Return: 0; -ENODEV no such feature; -EINVAL it is not enabled.
 */
int mock_disable_feat(struct device *dev, enum iommu_dev_features feat)
{
	struct iommu_group *group;

	if (feat != IOMMU_DEV_FEAT_IOPF)
		return -ENODEV;
	if (WARN_ON(!to_mock_dev(dev)->may_fault))
		return -EINVAL;
	/* Waits for one that is being reported. */
	group = iommu_group_get(dev);
	iommu_group_for_each_dev(group, dev, stop_faults);
	iommu_group_put(group);
	/* Whoever enabled it has answered everything: not left to the core. */
	WARN_ON(atomic_read(&to_mock_dev(dev)->answers[MOCK_WAITING]));
	iopf_queue_remove_device(fault_queue, dev);
	return 0;
}

/**
 * mock_page_response() - iommu_ops.page_response
 * @dev: a mock device
 * @evt: the last fault of the group
 * @resp: the answer
 */
void mock_page_response(struct device *dev, struct iopf_fault *evt,
			struct iommu_page_response *resp)
{
	struct mock_dev *mdev = to_mock_dev(dev);

	WARN_ON(resp->grpid != evt->fault.prm.grpid ||
		resp->pasid != evt->fault.prm.pasid ||
		resp->code > IOMMU_PAGE_RESP_FAILURE);
	WARN_ON(atomic_dec_return(&mdev->answers[MOCK_WAITING]) < 0);
	switch (resp->code) {
	case IOMMU_PAGE_RESP_SUCCESS:
		atomic_inc(&mdev->answers[MOCK_SUCCESS]);
		break;
	case IOMMU_PAGE_RESP_INVALID:
		atomic_inc(&mdev->answers[MOCK_INVALID]);
		break;
	default:
		atomic_inc(&mdev->answers[MOCK_FAILURE]);
		break;
	}
}

/**
 * struct report - a fault to report
 * @dev: by which device
 * @evt: the fault
 * @rc: what the core said
 */
struct report {
	struct device *dev;
	struct iopf_fault evt;
	int rc;
};

/*
 * Under the group's lock, so that no report is under way once a domain has
 * been changed: what other drivers reach by draining their queues then.
 */
static int report_fault(struct device *dev, void *data)
{
	struct report *report = data;
	struct mock_dev *mdev = to_mock_dev(dev);

	if (dev != report->dev)
		return 0;
	if (!mdev->may_fault) {
		report->rc = -ENODEV;
	} else if (!(report->evt.fault.prm.flags &
		     IOMMU_FAULT_PAGE_REQUEST_LAST_PAGE)) {
		if (mdev->nr_partial++ < MOCK_PARTIAL_MAX)
			report->rc = iommu_report_device_fault(dev,
							       &report->evt);
		else
			report->rc = -EBUSY;
	} else if (atomic_inc_return(&mdev->answers[MOCK_WAITING]) >
		   MOCK_FAULTS_MAX) {
		atomic_dec(&mdev->answers[MOCK_WAITING]);
		report->rc = -EBUSY;
	} else {
		report->rc = iommu_report_device_fault(dev, &report->evt);
	}
	return 0;
}

static struct device *device_of(struct object *obj)
{
	struct device *dev =
		container_of(obj, struct iommufd_device, obj)->dev;

	return to_mock_dev(dev) ? dev : NULL;
}

/**
 * tcmd_trigger_iopf() - TRIGGER_IOPF
 * @tcmd: the ioctl
 *
 * Return: 0; -ENOENT no such device; -EINVAL it is no mock device, or what is
 * attached does not want the fault; -ENODEV its faults are off; -EBUSY too
 * many are under way; -ENOMEM.
 */
int tcmd_trigger_iopf(struct tcmd *tcmd)
{
	struct iommu_test_cmd *cmd = &tcmd->cmd;
	struct object *obj = core->object_get(tcmd->ctx,
					      cmd->trigger_iopf.dev_id,
					      OBJECT_DEVICE);
	struct report report = {
		.evt.fault = {
			.type = IOMMU_FAULT_PAGE_REQ,
			.prm.pasid = cmd->trigger_iopf.pasid,
			.prm.grpid = cmd->trigger_iopf.grpid,
			.prm.perm = cmd->trigger_iopf.perm & ~MOCK_IOPF_MORE,
			.prm.addr = cmd->trigger_iopf.addr,
		},
		.rc = -EINVAL,
	};
	struct iommu_group *group;

	if (IS_ERR(obj))
		return PTR_ERR(obj);
	if (!(cmd->trigger_iopf.perm & MOCK_IOPF_MORE))
		report.evt.fault.prm.flags = IOMMU_FAULT_PAGE_REQUEST_LAST_PAGE;
	if (report.evt.fault.prm.pasid != IOMMU_NO_PASID)
		report.evt.fault.prm.flags |=
			IOMMU_FAULT_PAGE_REQUEST_PASID_VALID;
	report.dev = device_of(obj);
	if (report.dev) {
		group = iommu_group_get(report.dev);
		iommu_group_for_each_dev(group, &report, report_fault);
		iommu_group_put(group);
	}
	core->object_put(tcmd->ctx, obj);
	return report.rc;
}

/**
 * tcmd_count_answers() - COUNT_ANSWERS
 * @tcmd: the ioctl
 *
 * Return: 0; -ENOENT no such device; -EINVAL it is no mock device; -EFAULT.
 */
int tcmd_count_answers(struct tcmd *tcmd)
{
	struct object *obj = core->object_get(tcmd->ctx, tcmd->cmd.id,
					      OBJECT_DEVICE);
	struct device *dev;
	unsigned int i;

	if (IS_ERR(obj))
		return PTR_ERR(obj);
	dev = device_of(obj);
	for (i = 0; dev && i < MOCK_NR_ANSWERS; i++)
		tcmd->cmd.count_answers.out_nr[i] =
			atomic_read(&to_mock_dev(dev)->answers[i]);
	core->object_put(tcmd->ctx, obj);
	return dev ? tcmd_respond(tcmd) : -EINVAL;
}
