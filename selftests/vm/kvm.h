/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VM_KVM_H
#define VM_KVM_H

#include <stdbool.h>

bool kvm_works(void);

#endif
