// SPDX-License-Identifier: GPL-2.0-only
/*
 * mem: memory that is, or can be, pinned for devices. mem.h draws it.
 *
 * This file decides when a page is pinned and when it is given back. How a
 * page is pinned is the source's business (pin_user.c, pin_file.c), what it costs
 * whom is account.c's.
 */
#include <linux/mm.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include "cache.h"
#include "mem.h"
#include "trace_mem.h"

static struct kmem_cache *mem_cache;
static struct kmem_cache *batch_cache;

/**
 * mem_cache_create() - before any memory is created
 *
 * Return: 0 or -ENOMEM.
 */
int mem_cache_create(void)
{
	mem_cache = uncleared_cache_create("iommufd_mem", sizeof(struct mem));
	if (!mem_cache)
		return -ENOMEM;
	batch_cache = uncleared_cache_create("iommufd_batch", MEM_BATCH_SIZE);
	if (batch_cache)
		return 0;
	kmem_cache_destroy(mem_cache);
	return -ENOMEM;
}

/**
 * mem_cache_destroy() - when all memory is gone
 */
void mem_cache_destroy(void)
{
	kmem_cache_destroy(batch_cache);
	kmem_cache_destroy(mem_cache);
}

/**
 * mem_batch_alloc() - room for pointers to what is pinned at a time
 *
 * May sleep. What is in it is left from another time.
 * Return: MEM_BATCH_SIZE bytes, for mem_batch_free(), or NULL.
 */
void *mem_batch_alloc(void)
{
	return kmem_cache_alloc(batch_cache, GFP_KERNEL);
}

/**
 * mem_batch_free() - the reverse of mem_batch_alloc()
 * @batch: from there
 */
void mem_batch_free(void *batch)
{
	kmem_cache_free(batch_cache, batch);
}

/**
 * mem_create() - memory of some source
 * @ctx: the context that maps it, which says whom to charge while it is pinned:
 *	the calling process
 * @source: whose
 * @start: address or offset of the first byte, as the source counts
 * @length: bytes, not 0; @start + @length does not wrap
 * @writable: devices may write to it
 *
 * Nothing is pinned or even looked at yet. May sleep.
 * Return: the memory with one reference, or ERR_PTR(-ENOMEM).
 */
struct mem *mem_create(struct iommufd_ctx *ctx, const struct mem_source *source,
		       unsigned long start, unsigned long length,
		       bool writable)
{
	struct payer *payer = payer_get(ctx);
	struct mem *mem;

	if (!payer)
		return ERR_PTR(-ENOMEM);
	mem = kmem_cache_alloc(mem_cache, GFP_KERNEL);
	if (!mem) {
		payer_put(payer);
		return ERR_PTR(-ENOMEM);
	}
	*mem = (struct mem){
		.refs = REFCOUNT_INIT(1),
		.users = RB_ROOT_CACHED,
		.source = source,
		.va = start & PAGE_MASK,
		.npages = ((start + length - 1) >> PAGE_SHIFT) -
			  (start >> PAGE_SHIFT) + 1,
		.writable = writable,
		.account_mode = ctx->account_mode,
		.payer = payer,
	};
	mutex_init(&mem->lock);
	run_list_init(&mem->runs, mem->npages);
	INIT_LIST_HEAD(&mem->heir_node);
	pin_account_init(&mem->pins);
	return mem;
}

/**
 * mem_put() - drop a reference to memory
 * @mem: has no users when this is the last reference
 */
void mem_put(struct mem *mem)
{
	if (!refcount_dec_and_test(&mem->refs))
		return;
	WARN_ON(!RB_EMPTY_ROOT(&mem->users.rb_root));
	WARN_ON(run_list_npinned(&mem->runs));
	if (mem->source->release)
		mem->source->release(mem);
	run_list_destroy(&mem->runs);
	pin_account_destroy(&mem->pins);
	payer_put(mem->payer);
	mutex_destroy(&mem->lock);
	kmem_cache_free(mem_cache, mem);
}

/*
 * The first range of pages in [*first, last] that no user covers.
 */
static bool next_unused(struct mem *mem, u64 *first, u64 last, u64 *unused_last)
{
	struct interval_tree_node *node;

	while (*first <= last) {
		node = interval_tree_iter_first(&mem->users, *first, last);
		if (!node || node->start > *first) {
			*unused_last = node ? node->start - 1 : last;
			return true;
		}
		if (node->last >= last)
			return false;
		*first = node->last + 1;
	}
	return false;
}

/* Is the whole run one pin, that cannot be given back in part? */
static bool is_one_pin(const struct run *run)
{
	return run->kind == PIN_LEAF || run->kind == PIN_FOLIO;
}

/*
 * Unpin and forget a range that nobody uses, but for a pin at either end that
 * reaches out of it: somebody uses its other part. Returns the pages unpinned,
 * and adds their runs to *nr_runs.
 */
static u64 release_range(struct mem *mem, u64 first, u64 last, u64 *nr_runs)
{
	struct run run;
	u64 npages;

	if (run_list_find(&mem->runs, first, &run) && is_one_pin(&run) &&
	    run.index < first)
		first = run.index + run.npages;
	if (first > last)
		return 0;
	if (run_list_find(&mem->runs, last, &run) && is_one_pin(&run) &&
	    run.index + run.npages - 1 > last) {
		if (run.index <= first)
			return 0;
		last = run.index - 1;
	}
	npages = unpin_runs(mem, first, last, nr_runs);
	/* Fails only for a cut through a leaf or a folio. */
	WARN_ON(run_list_clear(&mem->runs, first, last));
	return npages;
}

/*
 * Unpin, forget and uncharge every page of [first, last] that no user covers.
 * A folio that was used in part stayed whole: if the range touches it, all of
 * it may be unused now. Returns how many runs that were.
 */
static u64 release_unused(struct mem *mem, u64 first, u64 last,
			  struct op_stats *st)
{
	u64 begin = op_begin(st);
	u64 unused_last, nr_runs = 0;
	struct run run;

	lockdep_assert_held(&mem->lock);
	if (run_list_find(&mem->runs, first, &run) && is_one_pin(&run))
		first = run.index;
	if (run_list_find(&mem->runs, last, &run) && is_one_pin(&run))
		last = run.index + run.npages - 1;
	for (; next_unused(mem, &first, last, &unused_last);
	     first = unused_last + 1) {
		u64 npages = release_range(mem, first, unused_last, &nr_runs);

		if (npages)
			mem_uncharge(mem, npages);
		st->unpinned += npages;
		if (unused_last == last)
			break;
	}
	op_end(st, &st->unpin_ns, begin);
	return nr_runs;
}

/*
 * Charge and pin a part of a hole. On failure the caller releases what was
 * pinned.
 */
static int pin_step(struct mem *mem, u64 first, u64 last, struct op_stats *st)
{
	u64 npages = last - first + 1;
	u64 before = run_list_npinned(&mem->runs);
	u64 begin = op_begin(st);
	int rc;

	rc = mem_charge(mem, npages, st);
	op_end(st, &st->account_ns, begin);
	if (rc)
		return rc;

	begin = op_begin(st);
	rc = mem->source->pin(mem, first, last);
	op_end(st, &st->pin_ns, begin);
	st->pinned += run_list_npinned(&mem->runs) - before;
	if (rc) {
		/* Each pinned page gives its own charge back later. */
		npages -= run_list_npinned(&mem->runs) - before;
		mem_uncharge(mem, npages);
	}
	return rc;
}

/*
 * Pages that are charged before it is known that they exist. Others of the
 * same user see the charge meanwhile.
 */
#define CHARGE_STEP (SZ_1G / PAGE_SIZE)
static_assert(IOMMUFD_CHUNK_MAX <= SZ_1G);

static int pin_hole(struct mem *mem, u64 first, u64 last, struct op_stats *st)
{
	int rc = 0;

	while (!rc && first <= last) {
		u64 n = min_t(u64, last - first + 1,
			      st->chunk_pages ?: CHARGE_STEP);

		rc = pin_step(mem, first, first + n - 1, st);
		first += n;
	}
	return rc;
}

static u64 count_runs(struct mem *mem, u64 first, u64 last)
{
	struct run_cursor cur;
	struct run run;
	u64 n = 0;

	for_each_run(&mem->runs, &cur, &run, first, last)
		n++;
	return n;
}

static void count_user_runs(struct mem *mem, struct mem_user *user)
{
	if (!user->node.start && user->node.last == mem->npages - 1) {
		user->nr_runs = run_list_nruns(&mem->runs);
		return;
	}
	user->nr_runs = count_runs(mem, user->node.start, user->node.last);
}

/* What the events of pinning and unpinning have in common. */
static struct iommufd_pin_event pin_event(const struct mem *mem,
					  const struct mem_user *user,
					  const struct op_stats *st)
{
	struct iommufd_pin_event ev = {
		.ctx_cookie = op_ctx_cookie(st),
		.va = mem->va + (user->node.start << PAGE_SHIFT),
		.npages = user->node.last - user->node.start + 1,
		.op = st->op,
		.source = mem->source->kind,
		.tgid = mem->payer->tgid,
		.uid = from_kuid(&init_user_ns, mem->payer->user->uid),
	};

	if (st->ioas) {
		ev.ioas_cookie = st->ioas->cookie;
		ev.ioas_id = st->ioas->id;
	}
	return ev;
}

static int pin_user(struct mem *mem, struct mem_user *user,
		    struct op_stats *st)
{
	u64 last = user->node.last;
	u64 first = user->node.start;
	u64 hole_first, hole_last;
	int rc = 0;

	lockdep_assert_held(&mem->lock);
	if (WARN_ON(first > last || last >= mem->npages ||
		    !mem_has_pages(mem)))
		return -EINVAL;
	while (!rc && run_list_next_hole(&mem->runs, first, last, &hole_first,
					 &hole_last)) {
		rc = pin_hole(mem, hole_first, hole_last, st);
		if (hole_last == last)
			break;
		first = hole_last + 1;
	}
	if (rc) {
		release_unused(mem, user->node.start, last, st);
		return rc;
	}
	interval_tree_insert(&user->node, &mem->users);
	/* Of an access only its event says so. */
	if (!user->access)
		count_user_runs(mem, user);
	return 0;
}

static noinline int pin_user_traced(struct mem *mem, struct mem_user *user,
				    struct op_stats *st)
{
	struct iommufd_pin_event ev = pin_event(mem, user, st);
	struct op_stats part = op_part(st);
	u64 begin = op_begin(&part);

	ev.ret = pin_user(mem, user, &part);
	op_end(&part, &ev.duration_ns, begin);
	if (!ev.ret && user->access)
		count_user_runs(mem, user);
	/* What is told of a pin that failed is what it pinned meanwhile. */
	ev.pages = part.pinned;
	ev.nr_runs = ev.ret ? 0 : user->nr_runs;
	ev.pin_ns = part.pin_ns;
	ev.account_ns = part.account_ns;
	trace_iommufd_pin(&ev);
	op_add(st, &part);
	return ev.ret;
}

/**
 * mem_pin() - pin what a user needs and is not pinned yet
 * @mem: the memory
 * @user: its node says which pages; added to the users on success
 * @st: says what for; counts
 *
 * The caller holds @mem->lock: so whoever takes it waits for user space
 * (userfaultfd), if a fatal signal cannot end that. May sleep for long: it
 * faults memory in. A fatal signal ends it.
 *
 * Return: 0; -ENOMEM over the limit or out of memory; -EFAULT where the
 * process has no such memory, or it cannot be pinned; -EINVAL where the file
 * ends; -EINTR. Nothing stays pinned on failure.
 */
int mem_pin(struct mem *mem, struct mem_user *user, struct op_stats *st)
{
	lockdep_assert_held(&mem->lock);
	if (trace_iommufd_pin_enabled())
		return pin_user_traced(mem, user, st);
	return pin_user(mem, user, st);
}

static noinline void release_user_traced(struct mem *mem,
					 const struct mem_user *user,
					 struct op_stats *st)
{
	struct iommufd_pin_event ev = pin_event(mem, user, st);
	struct op_stats part = op_part(st);
	u64 begin = op_begin(&part);

	ev.nr_runs = release_unused(mem, user->node.start, user->node.last,
				    &part);
	op_end(&part, &ev.duration_ns, begin);
	ev.pages = part.unpinned;
	ev.pin_ns = part.unpin_ns;
	trace_iommufd_unpin(&ev);
	op_add(st, &part);
}

/**
 * mem_unpin() - a user does not need its pages any more
 * @mem: the memory
 * @user: from mem_pin()
 * @st: says what for; counts
 *
 * What no other user needs is unpinned. The caller has made sure that no
 * device can reach the pages on this user's behalf: IO page tables are
 * cleared and their caches flushed. The caller holds @mem->lock. May sleep;
 * cannot fail.
 */
void mem_unpin(struct mem *mem, struct mem_user *user, struct op_stats *st)
{
	lockdep_assert_held(&mem->lock);
	interval_tree_remove(&user->node, &mem->users);
	if (trace_iommufd_unpin_enabled())
		release_user_traced(mem, user, st);
	else
		release_unused(mem, user->node.start, user->node.last, st);
}

/**
 * mem_split_user() - a user becomes two, one after the other
 * @mem: the memory
 * @user: from mem_pin(); keeps the pages up to @tail
 * @tail: its node says from which page on, up to the last of @user; not added
 *
 * Everything stays pinned. Takes @mem->lock, so it may sleep for long; cannot
 * fail. Give each back with mem_unpin().
 */
void mem_split_user(struct mem *mem, struct mem_user *user,
		    struct mem_user *tail)
{
	u64 first = user->node.start, cut = tail->node.start;
	u64 last = user->node.last, total, part;

	mutex_lock(&mem->lock);
	interval_tree_remove(&user->node, &mem->users);
	/* A run that is cut counts on both sides; count the smaller one. */
	total = user->nr_runs + (count_runs(mem, cut - 1, cut) == 1);
	if (cut - first <= last - cut) {
		part = count_runs(mem, first, cut - 1);
		user->nr_runs = part;
		tail->nr_runs = total - min(part, total);
	} else {
		part = count_runs(mem, cut, last);
		user->nr_runs = total - min(part, total);
		tail->nr_runs = part;
	}
	user->node.last = cut - 1;
	tail->node.last = last;
	interval_tree_insert(&user->node, &mem->users);
	interval_tree_insert(&tail->node, &mem->users);
	mutex_unlock(&mem->lock);
}
