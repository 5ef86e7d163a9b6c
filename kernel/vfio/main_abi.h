/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The headers that a file must include, before anything else, when it
 * exports one of the 19 functions that the stock module exports from its
 * main file. Which types are complete at the point of the export decides the
 * CRC (abi.h), so the set is ABI: <linux/kvm_host.h>, for one, completes
 * struct kvm and much of mm. The exports of group*.c, container.c and
 * virqfd.c must not include it.
 */
#ifndef KERNEL_VFIO_MAIN_ABI_H
#define KERNEL_VFIO_MAIN_ABI_H

#include <linux/cdev.h>
#include <linux/compat.h>
#include <linux/device.h>
#include <linux/fs.h>
#include <linux/idr.h>
#include <linux/iommu.h>
#if IS_ENABLED(CONFIG_KVM)
#include <linux/kvm_host.h>
#endif
#include <linux/list.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mount.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/pseudo_fs.h>
#include <linux/rwsem.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/stat.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <linux/vfio.h>
#include <linux/wait.h>
#include <linux/sched/signal.h>
#include <linux/pm_runtime.h>
#include <linux/interval_tree.h>
#include <linux/iova_bitmap.h>
#include <linux/iommufd.h>

#include "abi.h"

#endif
