// SPDX-License-Identifier: GPL-2.0-only
/*
 * What KVM asks about any VFIO file; it finds these functions by symbol_get().
 *
 * Owns no state: finds out whose file it is, a group's or a device's, and asks
 * or tells that. The references that a device takes on its VM are in kvm.c.
 */
#include "main_abi.h"
#include "vfio.h"

/* A device's file, whichever way it was opened. */
static struct vfio_device_file *vfio_df_from_file(struct file *file)
{
	if (file->f_op != &vfio_cdev_fops &&
	    file->f_op != &vfio_group_device_fops)
		return NULL;
	return file->private_data;
}

/**
 * vfio_file_is_valid() - whether a file is one of ours
 * @file: any file
 *
 * Return: true for the file of a group or of a device.
 */
bool vfio_file_is_valid(struct file *file)
{
	return vfio_group_from_file(file) || vfio_df_from_file(file);
}
EXPORT_SYMBOL_GPL(vfio_file_is_valid);

/**
 * vfio_file_enforced_coherent() - whether DMA through a file always snoops
 * @file: any file; true for one that is not ours
 *
 * If not, the guest may need wbinvd to have a meaning. May sleep.
 *
 * Return: true if the IOMMU ignores no-snoop for every device of the file.
 */
bool vfio_file_enforced_coherent(struct file *file)
{
	struct vfio_group *group = vfio_group_from_file(file);
	struct vfio_device_file *df = vfio_df_from_file(file);

	if (group)
		return vfio_group_enforced_coherent(group);
	if (df)
		return device_iommu_capable(df->device->dev,
					    IOMMU_CAP_ENFORCE_CACHE_COHERENCY);
	return true;
}
EXPORT_SYMBOL_GPL(vfio_file_enforced_coherent);

/**
 * vfio_file_set_kvm() - tell a file which VM it belongs to
 * @file: any file; nothing happens for one that is not ours
 * @kvm: the VM, or NULL when it lets the file go; no reference is taken
 *
 * The device gets a reference of its own when it is opened: by GET_DEVICE_FD
 * for a group's file, by BIND for the cdev's. Later calls change what the
 * next open sees.
 */
void vfio_file_set_kvm(struct file *file, struct kvm *kvm)
{
	struct vfio_group *group = vfio_group_from_file(file);
	struct vfio_device_file *df = vfio_df_from_file(file);

	if (group)
		vfio_group_set_kvm(group, kvm);

	if (df) {
		spin_lock(&df->kvm_ref_lock);
		df->kvm = kvm;
		spin_unlock(&df->kvm_ref_lock);
	}
}
EXPORT_SYMBOL_GPL(vfio_file_set_kvm);
