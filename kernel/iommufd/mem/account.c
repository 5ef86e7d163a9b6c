// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who is charged for pinned pages, and the limit.
 *
 * ACCOUNT_USER: all pins of a user, over all processes, add up in the user's
 * locked_vm and are held against RLIMIT_MEMLOCK of the process that mapped
 * the memory.
 * ACCOUNT_MM: a process's pins add to its locked_vm (VmLck), with mlock().
 *
 * That counter, which has the limit, is the *purse*. In any mode mm->pinned_vm
 * (VmPin) shows each process's part.
 *
 * Policies are asked last, in any mode, and by whoever is charged.
 *
 * CAP_IPC_LOCK at the time of mapping lifts the limit, not the counting.
 *
 * Memory changes its payer in two steps, so that many can do so together or
 * not at all: one who is named *heir* pays along with the payer, and then
 * either takes its place or gets its money back. Pages are pinned and unpinned
 * meanwhile as ever.
 */
#include <linux/cgroup.h>
#include <linux/cred.h>
#include <linux/mm.h>
#include <linux/mmap_lock.h>
#include <linux/rcupdate.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/sched/user.h>
#include <linux/slab.h>

#include "mem.h"
#include "trace.h"

static struct payer *payer_new(void)
{
	struct payer *payer = kmalloc(sizeof(*payer), GFP_KERNEL_ACCOUNT);

	if (!payer)
		return NULL;
	refcount_set(&payer->refs, 1);
	payer->mm = current->mm;
	mmgrab(payer->mm);
	payer->task = get_task_struct(current->group_leader);
	payer->user = get_uid(current_user());
	payer->cgroup = policy_task_cgroup();
	payer->cred = get_current_cred();
	payer->tgid = task_tgid_nr(current);
	payer->unlimited = capable(CAP_IPC_LOCK);
	return payer;
}

/* Under rcu_read_lock(), which keeps the task's cgroup. */
static bool payer_is_current(const struct payer *payer)
{
	return payer->mm == current->mm &&
	       payer->task == current->group_leader &&
	       payer->cred == current_cred() &&
	       payer->cgroup == task_dfl_cgroup(current);
}

/**
 * payer_get() - the calling process pays
 * @ctx: in this context, which remembers who did so last: it is mostly the same
 *
 * May sleep.
 * Return: the payer with a reference, for payer_put(); NULL without memory.
 */
struct payer *payer_get(struct iommufd_ctx *ctx)
{
	struct payer *payer, *old;

	rcu_read_lock();
	payer = rcu_dereference(ctx->payer);
	if (payer && (!payer_is_current(payer) ||
		      !refcount_inc_not_zero(&payer->refs)))
		payer = NULL;
	rcu_read_unlock();
	if (payer)
		return payer;

	payer = payer_new();
	if (!payer)
		return NULL;
	refcount_inc(&payer->refs);
	old = unrcu_pointer(xchg(&ctx->payer, RCU_INITIALIZER(payer)));
	if (old)
		payer_put(old);
	return payer;
}

/**
 * payer_put() - drop a reference of payer_get()
 * @payer: whose
 */
void payer_put(struct payer *payer)
{
	if (!refcount_dec_and_test(&payer->refs))
		return;
	put_cred(payer->cred);
	cgroup_put(payer->cgroup);
	free_uid(payer->user);
	put_task_struct(payer->task);
	mmdrop(payer->mm);
	kfree_rcu(payer, rcu);
}

/**
 * payer_forget() - whoever mapped last in a context may not do so again
 * @ctx: the context
 *
 * Nobody's memory map, task and cgroup is kept for that.
 */
void payer_forget(struct iommufd_ctx *ctx)
{
	struct payer *old = unrcu_pointer(xchg(&ctx->payer, NULL));

	if (old)
		payer_put(old);
}

static noinline void report_refusal(const struct payer *payer,
				    enum account_mode mode, u64 charged,
				    u64 npages, u64 limit,
				    const struct op_stats *st)
{
	struct iommufd_limit_event ev = {
		.charged_pages = charged,
		.asked_pages = npages,
		.limit_pages = limit,
		.uid = from_kuid(&init_user_ns, payer->user->uid),
		.mode = mode,
		.ctx_cookie = op_ctx_cookie(st),
		.op = st->op,
		.tgid = payer->tgid,
	};

	if (st->ioas) {
		ev.ioas_cookie = st->ioas->cookie;
		ev.ioas_id = st->ioas->id;
	}
	trace_iommufd_limit(&ev);
}

static u64 memlock_limit(const struct payer *payer)
{
	return task_rlimit(payer->task, RLIMIT_MEMLOCK) >> PAGE_SHIFT;
}

static int charge_user(const struct payer *payer, u64 npages,
		       const struct op_stats *st)
{
	u64 limit = payer->unlimited ? LONG_MAX : memlock_limit(payer);
	long old = atomic_long_read(&payer->user->locked_vm);
	u64 sum;

	do {
		if (check_add_overflow((u64)old, npages, &sum) || sum > limit) {
			if (trace_iommufd_limit_enabled())
				report_refusal(payer, ACCOUNT_USER, old,
					       npages, limit, st);
			return -ENOMEM;
		}
	} while (!atomic_long_try_cmpxchg(&payer->user->locked_vm, &old, sum));
	return 0;
}

static int charge_mm(const struct payer *payer, u64 npages,
		     const struct op_stats *st)
{
	struct mm_struct *mm = payer->mm;
	int rc;

	if (mmap_write_lock_killable(mm))
		return -EINTR;
	rc = __account_locked_vm(mm, npages, true, payer->task,
				 payer->unlimited);
	if (rc && trace_iommufd_limit_enabled())
		report_refusal(payer, ACCOUNT_MM, mm->locked_vm, npages,
			       memlock_limit(payer), st);
	mmap_write_unlock(mm);
	return rc;
}

static int purse_charge(const struct mem *mem, const struct payer *payer,
			u64 npages, const struct op_stats *st)
{
	if (mem->account_mode == ACCOUNT_MM)
		return charge_mm(payer, npages, st);
	return charge_user(payer, npages, st);
}

static void purse_uncharge(const struct mem *mem, const struct payer *payer,
			   u64 npages)
{
	if (mem->account_mode == ACCOUNT_MM) {
		mmap_write_lock(payer->mm);
		__account_locked_vm(payer->mm, npages, false, payer->task,
				    true);
		mmap_write_unlock(payer->mm);
		return;
	}
	WARN_ON_ONCE(atomic_long_sub_return(npages,
					    &payer->user->locked_vm) < 0);
}

/* The one who pays beside the payer, from another purse; or NULL. */
static const struct payer *second_purse(const struct mem *mem)
{
	const struct payer *heir = mem->heir;

	if (!heir)
		return NULL;
	if (mem->account_mode == ACCOUNT_MM)
		return heir->mm == mem->payer->mm ? NULL : heir;
	return heir->user == mem->payer->user ? NULL : heir;
}

static struct pin_owner pin_owner(const struct payer *payer)
{
	return (struct pin_owner){
		.cgroup = payer->cgroup,
		.tgid = payer->tgid,
		.uid = from_kuid(&init_user_ns, payer->user->uid),
	};
}

/*
 * Under the list's lock. Whoever changes the payer has had the memory listed
 * before, so the payer stays until this is done.
 */
static void fill_account(struct pin_account *acc)
{
	struct mem *mem = container_of(acc, struct mem, pins);

	acc->owner = pin_owner(mem->payer);
	acc->what.source = mem->source->kind;
	acc->what.prot = IOMMUFD_PROT_READ |
			 (mem->writable ? IOMMUFD_PROT_WRITE : 0);
	acc->what.va = mem->va;
	acc->what.npages = mem->npages;
}

/**
 * mem_list_pins() - let policies know of this memory
 * @mem: the memory; the caller has a reference, or holds an area in its IOAS
 *
 * Does not sleep.
 */
void mem_list_pins(struct mem *mem)
{
	pin_account_list(&mem->pins, fill_account);
}

static struct pin_purse pin_purse(const struct payer *payer)
{
	unsigned long limit = task_rlimit(payer->task, RLIMIT_MEMLOCK);

	return (struct pin_purse){
		.user_pages = atomic_long_read(&payer->user->locked_vm),
		.mm_pages = atomic64_read(&payer->mm->pinned_vm),
		.limit_pages = payer->unlimited || limit == RLIM_INFINITY ?
				       U64_MAX :
				       limit >> PAGE_SHIFT,
	};
}

/* Pages that the purses have been charged for. */
static int ask_policies(struct mem *mem, u64 npages,
			const struct op_stats *st)
{
	struct pin_purse purse;

	pin_account_add(&mem->pins, npages);
	if (!policy_counts_pages())
		return 0;
	mem_list_pins(mem);
	purse = pin_purse(mem->payer);
	return pin_account_ask(&mem->pins, npages, st->op, &purse);
}

static int charge_purses(const struct mem *mem, u64 npages,
			 const struct op_stats *st)
{
	const struct payer *second;
	int rc;

	rc = purse_charge(mem, mem->payer, npages, st);
	if (rc)
		return rc;
	second = second_purse(mem);
	if (second) {
		rc = purse_charge(mem, second, npages, st);
		if (rc) {
			purse_uncharge(mem, mem->payer, npages);
			return rc;
		}
	}
	return 0;
}

static void uncharge_purses(const struct mem *mem, u64 npages)
{
	const struct payer *second;

	purse_uncharge(mem, mem->payer, npages);
	second = second_purse(mem);
	if (second)
		purse_uncharge(mem, second, npages);
}

/**
 * mem_charge() - charge pages that are about to be pinned
 * @mem: whose charge
 * @npages: how many
 * @st: says what for
 *
 * Caller holds @mem->lock. May sleep.
 * Return: 0, -ENOMEM over the limit, -EINTR on a fatal signal, what policies
 * say.
 */
int mem_charge(struct mem *mem, u64 npages, const struct op_stats *st)
{
	int rc;

	lockdep_assert_held(&mem->lock);
	rc = charge_purses(mem, npages, st);
	if (rc)
		return rc;
	rc = ask_policies(mem, npages, st);
	if (rc) {
		uncharge_purses(mem, npages);
		return rc;
	}
	atomic64_add(npages, &mem->payer->mm->pinned_vm);
	return 0;
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
	pin_account_sub(&mem->pins, npages);
	uncharge_purses(mem, npages);
	atomic64_sub(npages, &mem->payer->mm->pinned_vm);
}

/**
 * mem_name_heir() - somebody may become the payer: it pays from now on, too
 * @mem: the memory; the caller makes sure that nobody else names an heir
 * @heir: who; stays valid until mem_drop_heir() or mem_pass_on()
 * @st: says what for; counts
 *
 * One with the same purse pays nothing more, so no limit stands in its way. Of
 * policies nobody is charged twice: what is pinned is the heir's for them from
 * here on. Takes @mem->lock. May sleep.
 * Return: 0, -ENOMEM over @heir's limit, -EINTR on a fatal signal, what policies
 * say.
 */
int mem_name_heir(struct mem *mem, struct payer *heir, struct op_stats *st)
{
	struct pin_owner owner = pin_owner(heir);
	struct pin_purse purse = pin_purse(heir);
	u64 begin = op_begin(st), npages;
	int rc = 0;

	if (mutex_lock_killable(&mem->lock))
		return -EINTR;
	WARN_ON(mem->heir);
	mem_list_pins(mem);
	mem->heir = heir;
	npages = run_list_npinned(&mem->runs);
	if (npages && second_purse(mem))
		rc = purse_charge(mem, heir, npages, st);
	if (rc)
		goto out;
	rc = pin_account_move(&mem->pins, &owner, &purse);
	if (rc && npages && second_purse(mem))
		purse_uncharge(mem, heir, npages);
out:
	if (rc)
		mem->heir = NULL;
	mutex_unlock(&mem->lock);
	op_end(st, &st->account_ns, begin);
	return rc;
}

/**
 * mem_drop_heir() - all stays as it was: the heir pays no more
 * @mem: the memory, after mem_name_heir()
 *
 * Takes @mem->lock. May sleep; cannot fail.
 */
void mem_drop_heir(struct mem *mem)
{
	struct pin_owner owner = pin_owner(mem->payer);
	const struct payer *second;
	u64 npages;

	mutex_lock(&mem->lock);
	pin_account_move_back(&mem->pins, &owner);
	second = second_purse(mem);
	npages = run_list_npinned(&mem->runs);
	if (npages && second)
		purse_uncharge(mem, second, npages);
	mem->heir = NULL;
	mutex_unlock(&mem->lock);
}

/**
 * mem_pass_on() - the heir becomes the payer
 * @mem: the memory, after mem_name_heir()
 *
 * Takes a reference of its own to the heir. Takes @mem->lock.
 * May sleep; cannot fail.
 * Return: how many pages it pays for now.
 */
u64 mem_pass_on(struct mem *mem)
{
	struct payer *old;
	u64 npages;

	mutex_lock(&mem->lock);
	old = mem->payer;
	npages = run_list_npinned(&mem->runs);
	if (npages && second_purse(mem))
		purse_uncharge(mem, old, npages);
	atomic64_sub(npages, &old->mm->pinned_vm);

	mem->payer = mem->heir;
	mem->heir = NULL;
	refcount_inc(&mem->payer->refs);
	atomic64_add(npages, &mem->payer->mm->pinned_vm);
	mutex_unlock(&mem->lock);
	payer_put(old);
	return npages;
}
