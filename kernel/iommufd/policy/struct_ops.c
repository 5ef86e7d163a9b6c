// SPDX-License-Identifier: GPL-2.0-only
/*
 * struct iommufd_pin_ops as a BPF struct_ops: what the verifier and the BPF
 * core ask about it.
 */
#include <linux/bpf.h>
#include <linux/bpf_verifier.h>
#include <linux/btf.h>
#include <linux/capability.h>
#include <linux/ctype.h>
#include <linux/module.h>

#include "policy/policy.h"

static bool policy_allowed = true;
module_param_named(policy, policy_allowed, bool, 0444);
MODULE_PARM_DESC(policy, "Allow BPF policies to be attached (default Y)");

/* Stand-ins for programs that a table leaves out; their types are checked. */
static s32 stub_admit(struct iommufd_pin_req *req)
{
	return 0;
}

static struct iommufd_pin_ops pin_ops_stubs = {
	.admit = stub_admit,
};

static int pin_ops_init(struct btf *btf)
{
	return 0;
}

static int pin_ops_check_member(const struct btf_type *t,
				const struct btf_member *member,
				const struct bpf_prog *prog)
{
	/* admit runs where it may not wait for user space's memory. */
	return prog->sleepable ? -EINVAL : 0;
}

static bool name_is_fine(const char *name, size_t size)
{
	size_t i;

	for (i = 0; i < size && name[i]; i++)
		if (!isascii(name[i]) || !isgraph(name[i]))
			return false;
	return i && i < size;
}

/* Copy the members that are not programs. 1 means that it was done here. */
static int pin_ops_init_member(const struct btf_type *t,
			       const struct btf_member *member, void *kdata,
			       const void *udata)
{
	const struct iommufd_pin_ops *from = udata;
	struct iommufd_pin_ops *to = kdata;

	switch (__btf_member_bit_offset(t, member) / 8) {
	case offsetof(struct iommufd_pin_ops, ioas_cookie):
		to->ioas_cookie = from->ioas_cookie;
		return 1;
	case offsetof(struct iommufd_pin_ops, cgroup_id):
		to->cgroup_id = from->cgroup_id;
		return 1;
	case offsetof(struct iommufd_pin_ops, flags):
		to->flags = from->flags;
		return 1;
	case offsetof(struct iommufd_pin_ops, priority):
		to->priority = from->priority;
		return 1;
	case offsetof(struct iommufd_pin_ops, name):
		if (!name_is_fine(from->name, sizeof(from->name)))
			return -EINVAL;
		memcpy(to->name, from->name, sizeof(to->name));
		return 1;
	}
	return 0;
}

/*
 * 6.12's link calls check no capability: holding the map's fd is enough to
 * attach it. So it is checked here.
 */
static int may_attach(const struct iommufd_pin_ops *ops,
		      const struct bpf_link *link)
{
	if (!policy_allowed || !capable(CAP_SYS_ADMIN))
		return -EPERM;
	/* Without a link nothing would detach it when its loader dies. */
	if (!link)
		return -EOPNOTSUPP;
	/* Scopes are not built yet: do not take a wish for granted. */
	if (ops->ioas_cookie || ops->cgroup_id || ops->flags)
		return -EOPNOTSUPP;
	return 0;
}

static int pin_ops_reg(void *kdata, struct bpf_link *link)
{
	struct iommufd_pin_ops *ops = kdata;
	int rc = may_attach(ops, link);

	return rc ? rc : policy_attach(ops, link);
}

static void pin_ops_unreg(void *kdata, struct bpf_link *link)
{
	policy_detach(kdata, link);
}

static int pin_ops_update(void *kdata, void *old_kdata, struct bpf_link *link)
{
	int rc = may_attach(kdata, link);

	return rc ? rc : policy_replace(kdata, old_kdata, link);
}

static int pin_ops_validate(void *kdata)
{
	const struct iommufd_pin_ops *ops = kdata;

	return ops->name[0] ? 0 : -EINVAL;
}

static const struct bpf_func_proto *
pin_ops_func_proto(enum bpf_func_id func_id, const struct bpf_prog *prog)
{
	return bpf_base_func_proto(func_id, prog);
}

/* Without btf_struct_access programs can read a request, not write to it. */
static const struct bpf_verifier_ops pin_ops_verifier_ops = {
	.get_func_proto = pin_ops_func_proto,
	.is_valid_access = btf_ctx_access,
};

static struct bpf_struct_ops bpf_iommufd_pin_ops = {
	.verifier_ops = &pin_ops_verifier_ops,
	.init = pin_ops_init,
	.check_member = pin_ops_check_member,
	.init_member = pin_ops_init_member,
	.reg = pin_ops_reg,
	.unreg = pin_ops_unreg,
	.update = pin_ops_update,
	.validate = pin_ops_validate,
	.cfi_stubs = &pin_ops_stubs,
	.name = "iommufd_pin_ops",
	.owner = THIS_MODULE,
};

/**
 * policy_register_struct_ops() - let policies be loaded
 *
 * Undone by the BPF core when the module goes.
 * Return: 0 or a negative errno.
 */
int policy_register_struct_ops(void)
{
	return register_bpf_struct_ops(&bpf_iommufd_pin_ops, iommufd_pin_ops);
}
