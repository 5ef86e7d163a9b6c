// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who is charged for pinned pages, and the limit.
 *
 * ACCOUNT_USER: all pins of a user, over all processes, add up in the user's
 * locked_vm and are held against RLIMIT_MEMLOCK of the process that mapped
 * the memory. mm->pinned_vm (VmPin) shows each process's part.
 * ACCOUNT_MM: a process's pins add to its locked_vm (VmLck), with mlock().
 *
 * CAP_IPC_LOCK at the time of mapping lifts the limit, not the counting.
 */
#include <linux/mm.h>
#include <linux/mmap_lock.h>
#include <linux/sched/signal.h>
#include <linux/sched/user.h>

#include "mem.h"
#include "trace.h"

static void trace_refusal(struct mem *mem, u64 charged, u64 npages, u64 limit)
{
	struct iommufd_limit_event ev = {
		.charged_pages = charged,
		.asked_pages = npages,
		.limit_pages = limit,
		.uid = from_kuid(&init_user_ns, mem->user->uid),
	};

	trace_iommufd_limit(&ev);
}

static u64 memlock_limit(struct mem *mem)
{
	return task_rlimit(mem->task, RLIMIT_MEMLOCK) >> PAGE_SHIFT;
}

static int charge_user(struct mem *mem, u64 npages)
{
	u64 limit = mem->unlimited ? LONG_MAX : memlock_limit(mem);
	long old = atomic_long_read(&mem->user->locked_vm);
	u64 sum;

	do {
		if (check_add_overflow((u64)old, npages, &sum) || sum > limit) {
			trace_refusal(mem, old, npages, limit);
			return -ENOMEM;
		}
	} while (!atomic_long_try_cmpxchg(&mem->user->locked_vm, &old, sum));
	atomic64_add(npages, &mem->mm->pinned_vm);
	return 0;
}

static int charge_mm(struct mem *mem, u64 npages)
{
	int rc;

	if (mmap_write_lock_killable(mem->mm))
		return -EINTR;
	rc = __account_locked_vm(mem->mm, npages, true, mem->task,
				 mem->unlimited);
	if (rc)
		trace_refusal(mem, mem->mm->locked_vm, npages,
			      memlock_limit(mem));
	mmap_write_unlock(mem->mm);
	return rc;
}

/**
 * mem_charge() - charge pages that are about to be pinned
 * @mem: whose charge
 * @npages: how many
 *
 * Caller holds @mem->lock. May sleep.
 * Return: 0, -ENOMEM over the limit, -EINTR on a fatal signal.
 */
int mem_charge(struct mem *mem, u64 npages)
{
	lockdep_assert_held(&mem->lock);
	if (mem->account_mode == ACCOUNT_MM)
		return charge_mm(mem, npages);
	return charge_user(mem, npages);
}

/**
 * mem_uncharge() - give back what mem_charge() took
 * @mem: whose charge
 * @npages: how many
 *
 * Caller holds @mem->lock. May sleep; cannot fail.
 */
void mem_uncharge(struct mem *mem, u64 npages)
{
	lockdep_assert_held(&mem->lock);
	if (mem->account_mode == ACCOUNT_MM) {
		mmap_write_lock(mem->mm);
		__account_locked_vm(mem->mm, npages, false, mem->task, true);
		mmap_write_unlock(mem->mm);
		return;
	}
	WARN_ON_ONCE(atomic_long_sub_return(npages, &mem->user->locked_vm) < 0);
	atomic64_sub(npages, &mem->mm->pinned_vm);
}
