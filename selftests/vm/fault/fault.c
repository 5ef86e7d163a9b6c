// SPDX-License-Identifier: GPL-2.0-only
/*
 * A module that misbehaves on request, for the test of the VM runner: does it
 * see what a kernel reports? The stock kernel has no LKDTM. Load it with
 * what=warn, oops, list, refcount or hang; never anywhere but in a test VM.
 */
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/refcount.h>
#include <linux/slab.h>

static char *what = "";
module_param(what, charp, 0);
MODULE_PARM_DESC(what, "warn, oops, list, refcount or hang");

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

static int __init fault_init(void)
{
	if (!strcmp(what, "warn")) {
		WARN(1, "fault: asked for\n");
	} else if (!strcmp(what, "oops")) {
		WRITE_ONCE(*(int *)8, 0);
	} else if (!strcmp(what, "list")) {
		corrupt_list();
	} else if (!strcmp(what, "refcount")) {
		overflow_refcount();
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
