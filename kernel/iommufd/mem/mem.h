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
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/refcount.h>

#include "object.h"
#include "policy/policy.h"
#include "run_list.h"
#include "stats.h"

struct cgroup;
struct cred;
struct device;
struct dma_buf;
struct dmabuf_mem;
struct file;
struct mem;
struct mm_struct;
struct page;
struct task_struct;
struct user_struct;

/**
 * struct payer - who is charged for pinned pages; constant
 * @refs: what it pays for, and the context that it mapped in last
 * @mm: the process's address space; its struct is held, its memory is not
 * @task: whose RLIMIT_MEMLOCK counts: the process's leader
 * @user: who is charged in ACCOUNT_USER
 * @cgroup: v2, of the task that mapped it
 * @cred: with these it asked; who has them still need not be looked at again
 * @tgid: the process, in the initial PID namespace
 * @unlimited: it had CAP_IPC_LOCK
 * @rcu: frees it
 */
struct payer {
	refcount_t refs;
	struct mm_struct *mm;
	struct task_struct *task;
	struct user_struct *user;
	struct cgroup *cgroup;
	const struct cred *cred;
	pid_t tgid;
	bool unlimited;
	struct rcu_head rcu;
};

/**
 * struct mem_source - where the pages of a struct mem come from
 * @kind: as BPF sees it
 * @pin: pin a hole of the run list, from its first to its last page, and note
 *	the frames in the list. Under the memory's lock; may sleep for long;
 *	ends for a fatal signal. On failure, what it noted so far is given back
 *	by the caller.
 * @borrow: pin one page for a moment, to copy bytes; for unpin_user_page().
 *	Without locks. Return: the page or an ERR_PTR.
 * @release: the last reference is gone; may be NULL
 *
 * @pin and @borrow are NULL where nothing is ever pinned. How a page is
 * unpinned is a matter of its run's kind (unpin.c).
 */
struct mem_source {
	enum iommufd_source kind;
	int (*pin)(struct mem *mem, u64 first, u64 last);
	struct page *(*borrow)(struct mem *mem, u64 index, bool write);
	void (*release)(struct mem *mem);
};

/**
 * struct mem - memory behind one or more mappings
 * @refs: areas that map it
 * @lock: guards @runs, @users, @payer and @heir; held while pinning, so it
 *	sleeps long
 * @runs: every pinned frame
 * @users: page ranges that must be pinned
 * @source: where the pages come from
 * @va: user address, or offset in the file, of page 0; page aligned
 * @npages: how many pages
 * @writable: devices may write: pin for writing, dirty when unpinning
 * @account_mode: who is charged
 * @payer: who exactly. User memory is in its address space, and never changes
 *	it.
 * @pins: what policies know of it
 * @heir: pays too, while it is not known if it becomes the payer; or NULL
 * @heir_node: for the one who names heirs; empty otherwise
 * @file: whose pages they are; NULL for other sources
 * @dmabuf: pin_dmabuf.c's; NULL for other sources
 */
struct mem {
	refcount_t refs;
	struct mutex lock;
	struct run_list runs;
	struct rb_root_cached users;
	const struct mem_source *source;
	unsigned long va;
	u64 npages;
	bool writable;
	enum account_mode account_mode;
	struct payer *payer;
	struct pin_account pins;
	struct payer *heir;
	struct list_head heir_node;
	struct file *file;
	struct dmabuf_mem *dmabuf;
};

/**
 * struct mem_user - a range of pages that somebody needs pinned
 * @node: the pages, inclusive; the caller sets start and last
 * @nr_runs: contiguous runs among them when they were pinned; of an access, if
 *	somebody listened then
 * @access: it is a struct mem_pin (access.c)
 *
 * Embedded in what needs them.
 */
struct mem_user {
	struct interval_tree_node node;
	u64 nr_runs;
	bool access;
};

/* pin_user.c, pin_file.c */
struct mem *mem_create_user(struct iommufd_ctx *ctx, unsigned long va,
			    unsigned long length, bool writable);
struct mem *mem_create_file(struct iommufd_ctx *ctx, struct file *file,
			    unsigned long start, unsigned long length,
			    bool writable);

int mem_cache_create(void);
void mem_cache_destroy(void);
void mem_put(struct mem *mem);

/* For sources */
#define MEM_BATCH_SIZE PAGE_SIZE
void *mem_batch_alloc(void);
void mem_batch_free(void *batch);

/* Does it have pages to pin? If not, only domain/dmabuf.c can use it. */
static inline bool mem_has_pages(const struct mem *mem)
{
	return mem->source->pin;
}

/* pin_dmabuf.c */

/**
 * struct mem_fill - an IO page table that a dmabuf was written to
 * @node: among the dmabuf's, under mem_lock_dmabuf()
 * @revoke: the dmabuf is taken back: clear it from the page table, take this off
 *	the list and free it; what cannot be cleared stays there. Called under
 *	mem_lock_dmabuf().
 *
 * Embedded in what the one who wrote it knows.
 */
struct mem_fill {
	struct list_head node;
	void (*revoke)(struct mem_fill *fill);
};

struct mem *mem_create_dmabuf(struct iommufd_ctx *ctx, struct dma_buf *dmabuf,
			      struct device *importer, unsigned long start,
			      unsigned long length, bool writable);
void mem_lock_dmabuf(struct mem *mem);
void mem_unlock_dmabuf(struct mem *mem);
struct list_head *mem_dmabuf_fills(struct mem *mem);
bool mem_dmabuf_revoked(struct mem *mem);
phys_addr_t mem_dmabuf_address(struct mem *mem, u64 offset);

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

int mem_access_pin(struct mem *mem, u64 first, u64 last, struct page **pages,
		   struct op_stats *st);
bool mem_access_pin_again(struct mem *mem, u64 first, u64 last,
			  struct page **pages);
void mem_access_unpin(struct mem *mem, u64 first, u64 last,
		      struct op_stats *st);
bool mem_rw_quick(struct mem *mem, u64 offset, void *data, size_t bytes,
		  unsigned int how);
int mem_rw(struct mem *mem, u64 offset, void *data, size_t bytes,
	   unsigned int how);

/* account.c */
struct payer *payer_get(struct iommufd_ctx *ctx);
void payer_put(struct payer *payer);
void payer_forget(struct iommufd_ctx *ctx);
void mem_list_pins(struct mem *mem);
int mem_name_heir(struct mem *mem, struct payer *heir, struct op_stats *st);
void mem_drop_heir(struct mem *mem);
u64 mem_pass_on(struct mem *mem);

/* account.c: for mem.c only. */
int mem_charge(struct mem *mem, u64 npages, const struct op_stats *st);
void mem_uncharge(struct mem *mem, u64 npages);

/* mem.c: for sources only. */
struct mem *mem_create(struct iommufd_ctx *ctx, const struct mem_source *source,
		       unsigned long start, unsigned long length,
		       bool writable);

/* unpin.c: for mem.c only. */
u64 unpin_runs(struct mem *mem, u64 first, u64 last, u64 *nr_runs);

#endif
