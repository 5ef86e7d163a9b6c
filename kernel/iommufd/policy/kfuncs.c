// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a policy may call.
 */
#include <linux/bpf.h>
#include <linux/btf.h>
#include <linux/btf_ids.h>
#include <linux/cgroup.h>
#include <linux/ctype.h>
#include <linux/string.h>

#include "policy/dirty.h"
#include "policy/policy.h"

static void copy_reason(char reason[IOMMUFD_REASON_LEN], const char *text,
			size_t size)
{
	size_t i, n = min_t(size_t, size, IOMMUFD_REASON_LEN - 1);

	/* Zeroed to the end: all of it goes to a trace event. */
	memset(reason, 0, IOMMUFD_REASON_LEN);
	for (i = 0; i < n; i++) {
		/* It may be a map's value, which others write to. */
		char c = READ_ONCE(text[i]);

		if (!c)
			break;
		reason[i] = isascii(c) && isprint(c) ? c : '?';
	}
}

__bpf_kfunc_start_defs();

/**
 * bpf_iommufd_deny_reason() - say why the request is about to be refused
 * @req: the request, as given to the hook
 * @code: enum iommufd_deny_code
 * @text: words for a person; cut to IOMMUFD_REASON_LEN - 1 bytes
 * @text__sz: its size in bytes
 *
 * The last call counts. It refuses nothing by itself: the return value does.
 * Return: 0, or -EINVAL for a code that is not known.
 */
__bpf_kfunc int bpf_iommufd_deny_reason(struct iommufd_pin_req *req, u32 code,
					const char *text, u32 text__sz)
{
	struct pin_request *full = to_pin_request(req);

	if (code > IOMMUFD_DENY_MAX_CODE)
		return -EINVAL;
	full->code = code;
	copy_reason(full->reason, text, text__sz);
	return 0;
}

/**
 * bpf_iommufd_dirty_deny_reason() - say why tracking is about to be refused
 * @req: the request, as given to start()
 * @code: enum iommufd_deny_code
 * @text: words for a person; cut to IOMMUFD_REASON_LEN - 1 bytes
 * @text__sz: its size in bytes
 *
 * As bpf_iommufd_deny_reason(), for dirty policies.
 * Return: 0, or -EINVAL for a code that is not known.
 */
__bpf_kfunc int bpf_iommufd_dirty_deny_reason(struct iommufd_dirty_req *req,
					      u32 code, const char *text,
					      u32 text__sz)
{
	struct dirty_request *full = to_dirty_request(req);

	if (code > IOMMUFD_DENY_MAX_CODE)
		return -EINVAL;
	full->code = code;
	copy_reason(full->reason, text, text__sz);
	return 0;
}

/**
 * bpf_iommufd_pin_set_chunk() - wish for how much is pinned at a time
 * @req: the request, as given to admit()
 * @bytes: whole pages, from IOMMUFD_CHUNK_MIN to IOMMUFD_CHUNK_MAX
 *
 * A large request is charged and pinned in pieces of this size, so charge() is
 * asked of each: small ones make it notice a limit earlier, and cost more. Of
 * several policies' wishes the nearest's counts. It is looked at when admit()
 * has returned: one that cannot be is a strike. In charge() it does nothing.
 * Return: 0.
 */
__bpf_kfunc int bpf_iommufd_pin_set_chunk(struct iommufd_pin_req *req,
					  u64 bytes)
{
	to_pin_request(req)->wishes.chunk_bytes = bytes;
	return 0;
}

/**
 * bpf_iommufd_pin_set_workers() - wish for how many tasks pin
 * @req: the request, as given to admit()
 * @workers: 1 to IOMMUFD_WORKERS_MAX
 *
 * This version always pins with one, the task that asks: the wish is checked,
 * like bpf_iommufd_pin_set_chunk()'s, and shown in tracepoint
 * iommufd_policy_decision, and that is all.
 * Return: 0.
 */
__bpf_kfunc int bpf_iommufd_pin_set_workers(struct iommufd_pin_req *req,
					    u32 workers)
{
	to_pin_request(req)->wishes.workers = workers;
	return 0;
}

/**
 * bpf_iommufd_pin_ancestor() - the cgroups that a request's cgroup is in
 * @req: the request, as given to any hook
 * @level: 0 is the root, the cgroup's own level is itself
 *
 * The kernel holds the cgroup as long as it is charged, so this also works of
 * one that was removed, and whatever namespace the caller is in; looking an id
 * up, as bpf_cgroup_from_id() does, does not.
 * Return: an id, like req->cgroup_id, or 0 below the cgroup itself.
 */
__bpf_kfunc u64 bpf_iommufd_pin_ancestor(struct iommufd_pin_req *req, u32 level)
{
	const struct cgroup *cgroup = to_pin_request(req)->cgroup;

	if (!cgroup || level > cgroup->level)
		return 0;
	return cgroup_id(cgroup->ancestors[level]);
}

__bpf_kfunc_end_defs();

BTF_KFUNCS_START(policy_kfunc_ids)
BTF_ID_FLAGS(func, bpf_iommufd_deny_reason, KF_TRUSTED_ARGS)
BTF_ID_FLAGS(func, bpf_iommufd_dirty_deny_reason, KF_TRUSTED_ARGS)
BTF_ID_FLAGS(func, bpf_iommufd_pin_set_chunk, KF_TRUSTED_ARGS)
BTF_ID_FLAGS(func, bpf_iommufd_pin_set_workers, KF_TRUSTED_ARGS)
BTF_ID_FLAGS(func, bpf_iommufd_pin_ancestor, KF_TRUSTED_ARGS)
BTF_KFUNCS_END(policy_kfunc_ids)

static const struct btf_kfunc_id_set policy_kfunc_set = {
	.owner = THIS_MODULE,
	.set = &policy_kfunc_ids,
};

/**
 * policy_register_kfuncs() - let policies call them
 *
 * Undone by the BPF core when the module goes.
 * Return: 0 or a negative errno.
 */
int policy_register_kfuncs(void)
{
	return register_btf_kfunc_id_set(BPF_PROG_TYPE_STRUCT_OPS,
					 &policy_kfunc_set);
}
