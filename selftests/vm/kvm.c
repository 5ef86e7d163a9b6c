// SPDX-License-Identifier: GPL-2.0-only
/*
 * Does KVM work here? That /dev/kvm is there, and even opens, says little:
 * run one instruction in a VM, and see whether it came out.
 */
#include <fcntl.h>
#include <linux/kvm.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kvm.h"

#define PAGE		4096
#define HLT		0xf4

/* A guest that neither runs nor returns counts as one that does not work. */
static void give_up(int sig)
{
	(void)sig;
	_exit(1);
}

static bool halts(int kvm, int vm)
{
	struct kvm_userspace_memory_region region = { .memory_size = PAGE };
	int size = ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
	int cpu = ioctl(vm, KVM_CREATE_VCPU, 0);
	struct kvm_sregs sregs;
	struct kvm_regs regs = { .rflags = 2 };
	struct kvm_run *run;
	uint8_t *code;

	if (cpu < 0 || size < (int)sizeof(*run))
		return false;
	code = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	run = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, cpu, 0);
	if (code == MAP_FAILED || run == MAP_FAILED)
		return false;
	code[0] = HLT;
	region.userspace_addr = (uintptr_t)code;
	if (ioctl(vm, KVM_SET_USER_MEMORY_REGION, &region) || ioctl(cpu, KVM_GET_SREGS, &sregs))
		return false;
	sregs.cs.base = 0;
	sregs.cs.selector = 0;
	return !ioctl(cpu, KVM_SET_SREGS, &sregs) && !ioctl(cpu, KVM_SET_REGS, &regs) &&
	       !ioctl(cpu, KVM_RUN, 0) && run->exit_reason == KVM_EXIT_HLT;
}

/*
 * True when a VM really ran. Leaves its descriptors open: the caller's process
 * ends with the answer.
 */
bool kvm_works(void)
{
	int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	int vm;

	if (kvm < 0)
		return false;
	signal(SIGALRM, give_up);
	alarm(2);
	vm = ioctl(kvm, KVM_CREATE_VM, 0);
	return vm >= 0 && halts(kvm, vm);
}
