// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is charged to whom, for BPF: numbers that no view has, because they are
 * not this module's. Read as they are, without locks: two of them need not be
 * of the same moment.
 */
#include <linux/bpf.h>
#include <linux/btf.h>
#include <linux/cred.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/user.h>
#include <linux/uaccess.h>

#include "object.h"
#include "space/space.h"

static u64 user_pages(const struct user_struct *user)
{
	return atomic_long_read(&user->locked_vm);
}

/*
 * Another process's address space may be freed under us: its memory is still
 * memory, and the numbers are wrong only for a process that is just ending.
 */
static void read_mm(struct mm_struct *mm, struct iommufd_account *account)
{
	s64 pinned;
	unsigned long locked;

	if (!mm ||
	    copy_from_kernel_nofault(&pinned, &mm->pinned_vm,
				     sizeof(pinned)) ||
	    copy_from_kernel_nofault(&locked, &mm->locked_vm,
				     sizeof(locked)))
		return;
	account->mm_pages = pinned;
	account->mm_locked_pages = locked;
}

__bpf_kfunc_start_defs();

/**
 * bpf_iommufd_account_ioas() - what an IOAS maps and pins
 * @cookie: which
 * @account: ioas_bytes and ioas_pages are filled in
 *
 * Does not sleep.
 * Return: 0, or -ENOENT if there is no such IOAS any more.
 */
__bpf_kfunc int bpf_iommufd_account_ioas(u64 cookie,
					 struct iommufd_account *account)
{
	struct shadow *shadow;
	struct ioas *ioas;

	memset(account, 0, sizeof(*account));
	rcu_read_lock();
	shadow = shadow_find_rcu(cookie, OBJECT_IOAS);
	if (shadow) {
		ioas = container_of(shadow, struct ioas, obj.shadow);
		account->ioas_bytes = READ_ONCE(ioas->view.mapped_bytes);
		account->ioas_pages = READ_ONCE(ioas->view.pinned_pages);
	}
	rcu_read_unlock();
	return shadow ? 0 : -ENOENT;
}

/**
 * bpf_iommufd_account_user() - what is charged to a user
 * @uid: which, in the initial user namespace
 * @account: user_pages is filled in
 *
 * Does not sleep.
 * Return: 0, or -ENOENT if no context is open that this user opened.
 */
__bpf_kfunc int bpf_iommufd_account_user(u32 uid,
					 struct iommufd_account *account)
{
	struct iommufd_ctx *ctx = NULL;

	memset(account, 0, sizeof(*account));
	rcu_read_lock();
	do {
		ctx = ctx_next_rcu(ctx);
	} while (ctx && ctx->view.uid != uid);
	if (ctx)
		account->user_pages = user_pages(ctx->user);
	rcu_read_unlock();
	return ctx ? 0 : -ENOENT;
}

/**
 * bpf_iommufd_account_task() - what is charged to a task's user and process
 * @task: which; trusted, or read under RCU
 * @account: user_pages, mm_pages, mm_locked_pages, limit_pages are filled in;
 *	a kernel thread has no mm_pages
 *
 * Does not sleep.
 * Return: 0.
 */
__bpf_kfunc int bpf_iommufd_account_task(struct task_struct *task,
					 struct iommufd_account *account)
{
	unsigned long limit = task_rlimit(task, RLIMIT_MEMLOCK);

	memset(account, 0, sizeof(*account));
	rcu_read_lock();
	account->user_pages = user_pages(__task_cred(task)->user);
	rcu_read_unlock();
	read_mm(READ_ONCE(task->mm), account);
	account->limit_pages =
		limit == RLIM_INFINITY ? U64_MAX : limit >> PAGE_SHIFT;
	return 0;
}

__bpf_kfunc_end_defs();
