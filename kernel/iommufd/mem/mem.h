/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * mem: memory that is, or can be, pinned for devices.
 *
 * One object for each thing that was mapped, shared by all that map it. It
 * owns the run list, the pins behind it and the charge for them. What keeps a
 * page pinned are its *users*: ranges of pages that somebody needs now, in an
 * interval tree. A page is pinned and charged while at least one user covers
 * it, and is given back when the last one goes.
 *
 *      users     [-- area, filled --]
 *                        [-- access --]
 *      pages   0 1 2 3 4 5 6 7 8 9 ...
 *      runs    [pfn,n      ][pfn ][  ]     hole = not pinned
 *
 * Pages count from the page that holds the first byte; *last* is inclusive.
 */
#ifndef IOMMUFD_MEM_H
#define IOMMUFD_MEM_H

#include <linux/interval_tree.h>
#include <linux/mutex.h>
#include <linux/refcount.h>

#include "object.h"
#include "run_list.h"
#include "stats.h"

struct mm_struct;
struct page;
struct task_struct;
struct user_struct;

/**
 * struct mem - memory behind one or more mappings
 * @refs: areas that map it
 * @lock: guards @runs and @users; held while pinning, so it sleeps long
 * @runs: every pinned frame
 * @users: page ranges that must be pinned
 * @va: user address of page 0, page aligned
 * @npages: how many pages
 * @writable: devices may write: pin for writing, dirty when unpinning
 * @account_mode: who is charged
 * @unlimited: the one who mapped it had CAP_IPC_LOCK
 * @mm: the address space of @va; its struct is held, its memory is not
 * @task: whose RLIMIT_MEMLOCK counts: the leader of the one who mapped it
 * @user: who is charged in ACCOUNT_USER
 * @tgid: the process that mapped it, in the initial PID namespace
 */
struct mem {
	refcount_t refs;
	struct mutex lock;
	struct run_list runs;
	struct rb_root_cached users;
	unsigned long va;
	u64 npages;
	bool writable;
	bool unlimited;
	enum account_mode account_mode;
	struct mm_struct *mm;
	struct task_struct *task;
	struct user_struct *user;
	pid_t tgid;
};

/**
 * struct mem_user - a range of pages that somebody needs pinned
 * @node: the pages, inclusive; the caller sets start and last
 * @nr_runs: contiguous runs among them when they were pinned
 * @access: it is a struct mem_pin (access.c)
 *
 * Embedded in what needs them.
 */
struct mem_user {
	struct interval_tree_node node;
	u64 nr_runs;
	bool access;
};

struct mem *mem_create_user(unsigned long va, unsigned long length,
			    bool writable, enum account_mode account_mode);
void mem_put(struct mem *mem);

int mem_pin(struct mem *mem, struct mem_user *user, struct op_stats *st);
void mem_unpin(struct mem *mem, struct mem_user *user, struct op_stats *st);
void mem_split_user(struct mem *mem, struct mem_user *user,
		    struct mem_user *tail);

/* access.c */
enum mem_rw_flags {
	MEM_RW_WRITE = 1, /* rather than read */
	MEM_RW_KTHREAD = 2, /* the caller is a kernel thread */
	MEM_RW_SLOW = 4, /* go through the frames in any case */
};

int mem_access_pin(struct mem *mem, u64 first, u64 last, struct page **pages);
void mem_access_unpin(struct mem *mem, u64 first, u64 last);
int mem_rw(struct mem *mem, u64 offset, void *data, size_t bytes,
	   unsigned int how);

/* For access.c only. */
int mem_pin_locked(struct mem *mem, struct mem_user *user,
		   struct op_stats *st);
void mem_unpin_locked(struct mem *mem, struct mem_user *user,
		      struct op_stats *st);

/* account.c: for mem.c only. */
int mem_charge(struct mem *mem, u64 npages);
void mem_uncharge(struct mem *mem, u64 npages);

/* pin_user.c: for mem.c only. */
int pin_user_range(struct mem *mem, u64 first, u64 last);
void unpin_user_run(struct mem *mem, const struct run *run);

#endif
