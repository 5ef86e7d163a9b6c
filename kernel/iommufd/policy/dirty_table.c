// SPDX-License-Identifier: GPL-2.0-only
/*
 * struct iommufd_dirty_ops as a BPF struct_ops: what the verifier and the BPF
 * core ask about it; and as a type of table, for attach.c.
 */
#include <linux/bpf.h>
#include <linux/btf.h>
#include <linux/module.h>

#include "policy/attach.h"
#include "policy/dirty.h"

/* Stand-ins for programs that a table leaves out; their types are checked. */
static s32 stub_start(struct iommufd_dirty_req *req)
{
	return 0;
}

static u32 stub_read_area(struct iommufd_dirty_req *req)
{
	return IOMMUFD_DIRTY_SCAN;
}

static void stub_area_done(struct iommufd_dirty_req *req, u64 ndirty)
{
}

static void stub_stop(struct iommufd_dirty_req *req)
{
}

static struct iommufd_dirty_ops dirty_ops_stubs = {
	.init = policy_stub_init,
	.exit = policy_stub_exit,
	.start = stub_start,
	.read_area = stub_read_area,
	.area_done = stub_area_done,
	.stop = stub_stop,
};

static int dirty_ops_check_member(const struct btf_type *t,
				  const struct btf_member *member,
				  const struct bpf_prog *prog)
{
	switch (__btf_member_bit_offset(t, member) / 8) {
	case offsetof(struct iommufd_dirty_ops, init):
	case offsetof(struct iommufd_dirty_ops, exit):
		return 0;
	}
	/* All others run where they may not wait for anything. */
	return prog->sleepable ? -EINVAL : 0;
}

/* Copy the members that are not programs. 1 means that it was done here. */
static int dirty_ops_init_member(const struct btf_type *t,
				 const struct btf_member *member, void *kdata,
				 const void *udata)
{
	const struct iommufd_dirty_ops *from = udata;
	struct iommufd_dirty_ops *to = kdata;

	switch (__btf_member_bit_offset(t, member) / 8) {
	case offsetof(struct iommufd_dirty_ops, ioas_cookie):
		to->ioas_cookie = from->ioas_cookie;
		return 1;
	case offsetof(struct iommufd_dirty_ops, cgroup_id):
		to->cgroup_id = from->cgroup_id;
		return 1;
	case offsetof(struct iommufd_dirty_ops, flags):
		if (from->flags & ~(u64)IOMMUFD_POLICY_F_ALL)
			return -EINVAL;
		to->flags = from->flags;
		return 1;
	case offsetof(struct iommufd_dirty_ops, name):
		if (!policy_name_is_fine(from->name, sizeof(from->name)))
			return -EINVAL;
		memcpy(to->name, from->name, sizeof(to->name));
		return 1;
	}
	return 0;
}

static int dirty_type_init(struct policy *policy,
			   struct iommufd_policy_args *args)
{
	struct iommufd_dirty_ops *ops = policy->ops;

	return ops->init ? ops->init(args) : 0;
}

static void dirty_type_exit(struct policy *policy,
			    struct iommufd_exit_info *info)
{
	struct iommufd_dirty_ops *ops = policy->ops;

	if (ops->exit)
		ops->exit(info);
}

const struct policy_type dirty_policy_type = {
	.table = IOMMUFD_TABLE_DIRTY,
	.exclusive = true,
	.key = &dirty_policy_attached,
	.init = dirty_type_init,
	.exit = dirty_type_exit,
};

static struct policy_conf dirty_conf(const struct iommufd_dirty_ops *ops)
{
	return (struct policy_conf){
		.ioas_cookie = ops->ioas_cookie,
		.cgroup_id = ops->cgroup_id,
		.flags = ops->flags,
		.name = ops->name,
	};
}

static int dirty_ops_reg(void *kdata, struct bpf_link *link)
{
	struct policy_conf conf = dirty_conf(kdata);
	int rc = policy_may_attach(&conf, link);

	return rc ?: policy_reg(&dirty_policy_type, kdata, &conf, link);
}

static int dirty_ops_update(void *kdata, void *old_kdata,
			    struct bpf_link *link)
{
	struct policy_conf conf = dirty_conf(kdata);
	int rc = policy_may_attach(&conf, link);

	return rc ?: policy_update(&dirty_policy_type, kdata, old_kdata, &conf,
				   link);
}

static int dirty_ops_validate(void *kdata)
{
	const struct iommufd_dirty_ops *ops = kdata;

	return ops->name[0] ? 0 : -EINVAL;
}

static struct bpf_struct_ops bpf_iommufd_dirty_ops = {
	.verifier_ops = &policy_verifier_ops,
	.init = policy_table_init,
	.check_member = dirty_ops_check_member,
	.init_member = dirty_ops_init_member,
	.reg = dirty_ops_reg,
	.unreg = policy_unreg,
	.update = dirty_ops_update,
	.validate = dirty_ops_validate,
	.cfi_stubs = &dirty_ops_stubs,
	.name = "iommufd_dirty_ops",
	.owner = THIS_MODULE,
};

/**
 * policy_register_dirty_ops() - let dirty policies be loaded
 *
 * Undone by the BPF core when the module goes.
 * Return: 0 or a negative errno.
 */
int policy_register_dirty_ops(void)
{
	return register_bpf_struct_ops(&bpf_iommufd_dirty_ops,
				       iommufd_dirty_ops);
}
