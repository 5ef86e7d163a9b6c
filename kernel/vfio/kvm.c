// SPDX-License-Identifier: GPL-2.0-only
/*
 * References to virtual machines.
 *
 * Owns vfio_device::kvm and ::put_kvm, which are set from before the driver
 * opens the device until after it closed it. kvm.ko may be absent, and must
 * not be held by us for nothing: its functions are looked up by symbol_get(),
 * and the symbol of the put is kept as long as the reference.
 */
#include <linux/kvm_host.h>
#include <linux/module.h>

#include "vfio.h"

/**
 * vfio_device_get_kvm() - give a device that is about to be opened its VM
 * @device: the device, closed; its set's lock is held
 * @lock: the spinlock that protects @kvmp
 * @kvmp: where the file or group notes its VM, without a reference
 *
 * Whoever let KVM know of the file is optional, and the VM may be dying: the
 * device then opens without a VM. KVM clears @kvmp under @lock before it frees
 * the VM, so under the lock a pointer that is there can be tried safely. The
 * symbols are looked up before the lock is taken.
 */
void vfio_device_get_kvm(struct vfio_device *device, spinlock_t *lock,
			 struct kvm **kvmp)
{
	bool (*get)(struct kvm *kvm);
	void (*put)(struct kvm *kvm);
	struct kvm *kvm;

	lockdep_assert_held(&device->dev_set->lock);

	/* A hint, so that kvm.ko is not touched for the many without one. */
	if (!READ_ONCE(*kvmp))
		return;

	put = symbol_get(kvm_put_kvm);
	if (!put)
		return;
	get = symbol_get(kvm_get_kvm_safe);
	if (!get)
		goto out_put;

	spin_lock(lock);
	kvm = *kvmp;
	if (kvm && !get(kvm))
		kvm = NULL;
	spin_unlock(lock);
	symbol_put(kvm_get_kvm_safe);

	if (kvm) {
		device->kvm = kvm;
		device->put_kvm = put;
		return;
	}
out_put:
	symbol_put(kvm_put_kvm);
}

/**
 * vfio_device_put_kvm() - let a closed device's VM go
 * @device: the device, with or without a VM; its set's lock is held
 */
void vfio_device_put_kvm(struct vfio_device *device)
{
	lockdep_assert_held(&device->dev_set->lock);

	if (!device->kvm)
		return;

	device->put_kvm(device->kvm);
	device->put_kvm = NULL;
	device->kvm = NULL;
	symbol_put(kvm_put_kvm);
}
