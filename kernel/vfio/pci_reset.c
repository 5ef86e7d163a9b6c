// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hot reset of PCI devices that were opened through the cdev.
 *
 * A hot reset (of a slot or bus) hits every function behind it, so the user
 * must own them all. The stock vfio-pci-core proves that for groups; for
 * devices on iommufd its proof is compiled out, and with the device marked as
 * cdev_opened it would take a path that dereferences NULL. So that bit stays
 * clear, and the two commands of a cdev's file never reach the stock code.
 *
 * The other way round stays safe without our help: a legacy user's reset
 * needs the group of every member of the device set, and a group whose device
 * is bound through the cdev cannot be opened.
 */
#include <linux/pci.h>

#include "vfio.h"

/**
 * vfio_pci_reset_ioctl() - the hot reset commands of a cdev's file
 * @df: a bound file of the cdev
 * @cmd: any command
 * @arg: its argument
 * @ret: the result, if true is returned
 *
 * There is no proof of ownership by iommufd yet, hence no reset: both commands
 * say -EOPNOTSUPP. VFIO_DEVICE_RESET, a function's own reset, works.
 *
 * Return: true if @cmd was one of the two.
 */
bool vfio_pci_reset_ioctl(struct vfio_device_file *df, unsigned int cmd,
			  void __user *arg, long *ret)
{
	if (!dev_is_pci(df->device->dev))
		return false;

	switch (cmd) {
	case VFIO_DEVICE_GET_PCI_HOT_RESET_INFO:
	case VFIO_DEVICE_PCI_HOT_RESET:
		*ret = -EOPNOTSUPP;
		return true;
	default:
		return false;
	}
}
