// SPDX-License-Identifier: GPL-2.0-only
/*
 * A module that misbehaves on request, for the test of the VM runner: does it
 * see what a kernel reports? The stock kernel has no LKDTM. Load it with
 * what=warn, oops, list, refcount or hang, or, for what only the debug kernel
 * sees, uaf, lock, atomic, rcu, shift or leak; never anywhere but in a test VM.
 */
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

static char *what = "";
module_param(what, charp, 0);
MODULE_PARM_DESC(what, "which fault: see fault.c");

/* Nobody completes this. */
static DECLARE_COMPLETION(never);

static int sleep_forever(void *unused)
{
	wait_for_completion(&never);
	return 0;
}

static void corrupt_list(void)
{
	LIST_HEAD(head);
	LIST_HEAD(entry);

	list_add(&entry, &head);
	entry.next = &entry;
	list_del(&entry);
}

static void overflow_refcount(void)
{
	refcount_t count = REFCOUNT_INIT(0);

	refcount_inc(&count);
}

static void use_after_free(void)
{
	int *p = kmalloc(sizeof(*p), GFP_KERNEL);

	if (!p)
		return;
	kfree(p);
	WRITE_ONCE(*p, 1);
}

/* Two locks in both orders: no deadlock yet. */
static void invert_locks(void)
{
	static DEFINE_MUTEX(a);
	static DEFINE_MUTEX(b);

	mutex_lock(&a);
	mutex_lock(&b);
	mutex_unlock(&b);
	mutex_unlock(&a);
	mutex_lock(&b);
	mutex_lock(&a);
	mutex_unlock(&a);
	mutex_unlock(&b);
}

static void sleep_in_atomic(void)
{
	static DEFINE_SPINLOCK(lock);

	spin_lock(&lock);
	might_sleep();
	spin_unlock(&lock);
}

static void unprotected_rcu(void)
{
	static int __rcu *pointer;

	if (rcu_dereference(pointer))
		pr_err("fault: that was NULL\n");
}

static void shift_too_far(void)
{
	static int places = 40;

	OPTIMIZER_HIDE_VAR(places);
	pr_info("fault: %d\n", 1 << places);
}

static void leak(void)
{
	for (int i = 0; i < 16; i++) {
		void *p = kmalloc(200, GFP_KERNEL);

		/* Nobody has it any more. */
		OPTIMIZER_HIDE_VAR(p);
	}
}

static const struct {
	const char *name;
	void (*make)(void);
} faults[] = {
	{ "list", corrupt_list },
	{ "refcount", overflow_refcount },
	{ "uaf", use_after_free },
	{ "lock", invert_locks },
	{ "atomic", sleep_in_atomic },
	{ "rcu", unprotected_rcu },
	{ "shift", shift_too_far },
	{ "leak", leak },
};

static int __init fault_init(void)
{
	for (int i = 0; i < ARRAY_SIZE(faults); i++) {
		if (!strcmp(what, faults[i].name)) {
			faults[i].make();
			return 0;
		}
	}

	if (!strcmp(what, "warn")) {
		WARN(1, "fault: asked for\n");
	} else if (!strcmp(what, "oops")) {
		WRITE_ONCE(*(int *)8, 0);
	} else if (!strcmp(what, "hang")) {
		if (IS_ERR(kthread_run(sleep_forever, NULL, "fault")))
			return -ENOMEM;
	} else {
		pr_err("fault: unknown what=%s\n", what);
		return -EINVAL;
	}
	return 0;
}
module_init(fault_init);

MODULE_DESCRIPTION("Misbehaves on request, to test the VM runner");
MODULE_LICENSE("GPL");
