// SPDX-License-Identifier: GPL-2.0-only
/*
 * struct iommufd_pin_ops as a BPF struct_ops: what the verifier and the BPF
 * core ask about it; and as a type of table, for attach.c.
 */
#include <linux/bpf.h>
#include <linux/btf.h>
#include <linux/module.h>

#include "policy/attach.h"
#include "policy/pin.h"
#include "policy/policy.h"

/* Stand-ins for programs that a table leaves out; their types are checked. */
static s32 stub_ask(struct iommufd_pin_req *req)
{
	return 0;
}

static void stub_tell(struct iommufd_pin_req *req)
{
}

static struct iommufd_pin_ops pin_ops_stubs = {
	.admit = stub_ask,
	.init = policy_stub_init,
	.exit = policy_stub_exit,
	.charge = stub_ask,
	.adopt = stub_tell,
	.uncharge = stub_tell,
};

static int pin_ops_check_member(const struct btf_type *t,
				const struct btf_member *member,
				const struct bpf_prog *prog)
{
	switch (__btf_member_bit_offset(t, member) / 8) {
	case offsetof(struct iommufd_pin_ops, init):
	case offsetof(struct iommufd_pin_ops, exit):
		return 0;
	}
	/* All others run where they may not wait for anything. */
	return prog->sleepable ? -EINVAL : 0;
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
		if (from->flags & ~(u64)IOMMUFD_POLICY_F_ALL)
			return -EINVAL;
		to->flags = from->flags;
		return 1;
	case offsetof(struct iommufd_pin_ops, priority):
		to->priority = from->priority;
		return 1;
	case offsetof(struct iommufd_pin_ops, name):
		if (!policy_name_is_fine(from->name, sizeof(from->name)))
			return -EINVAL;
		memcpy(to->name, from->name, sizeof(to->name));
		return 1;
	}
	return 0;
}

static int pin_type_init(struct policy *policy,
			 struct iommufd_policy_args *args)
{
	struct iommufd_pin_ops *ops = policy->ops;

	/* One that leaves its scope closed will have to refuse every page. */
	policy->told = ops->charge || ops->adopt || ops->uncharge ||
		       policy->view.flags & IOMMUFD_POLICY_F_FAIL_CLOSED;
	return ops->init ? ops->init(args) : 0;
}

static void pin_type_exit(struct policy *policy,
			  struct iommufd_exit_info *info)
{
	struct iommufd_pin_ops *ops = policy->ops;

	if (ops->exit)
		ops->exit(info);
}

const struct policy_type pin_policy_type = {
	.table = IOMMUFD_TABLE_PIN,
	.key = &policy_attached,
	.init = pin_type_init,
	.adopt = pin_accounts_adopt,
	.retire = pin_accounts_retire,
	.forget = pin_accounts_forget,
	.exit = pin_type_exit,
};

static struct policy_conf pin_conf(const struct iommufd_pin_ops *ops)
{
	return (struct policy_conf){
		.ioas_cookie = ops->ioas_cookie,
		.cgroup_id = ops->cgroup_id,
		.flags = ops->flags,
		.priority = ops->priority,
		.name = ops->name,
	};
}

static int pin_ops_reg(void *kdata, struct bpf_link *link)
{
	struct policy_conf conf = pin_conf(kdata);
	int rc = policy_may_attach(&conf, link);

	return rc ?: policy_reg(&pin_policy_type, kdata, &conf, link);
}

static int pin_ops_update(void *kdata, void *old_kdata, struct bpf_link *link)
{
	struct policy_conf conf = pin_conf(kdata);
	int rc = policy_may_attach(&conf, link);

	return rc ?: policy_update(&pin_policy_type, kdata, old_kdata, &conf,
				   link);
}

static int pin_ops_validate(void *kdata)
{
	const struct iommufd_pin_ops *ops = kdata;

	return ops->name[0] ? 0 : -EINVAL;
}

static struct bpf_struct_ops bpf_iommufd_pin_ops = {
	.verifier_ops = &policy_verifier_ops,
	.init = policy_table_init,
	.check_member = pin_ops_check_member,
	.init_member = pin_ops_init_member,
	.reg = pin_ops_reg,
	.unreg = policy_unreg,
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
