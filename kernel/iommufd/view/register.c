// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which BPF programs may call the kfuncs of this folder.
 *
 * Two sets that overlap: what takes no lock and does not sleep is for tracing
 * programs (and with them, by the BPF core's rules, tracepoint, perf and LSM
 * programs), wherever they run; syscall programs, which sleep and hold nothing,
 * may call all. A module has one set for each, and the BPF core warns of a
 * second one.
 */
#include <linux/btf.h>
#include <linux/btf_ids.h>
#include <linux/bpf.h>
#include <linux/module.h>

#include "iommufd_bpf_abi.h"
#include "view/view.h"

/* What takes no lock and does not sleep. */
#define LOCKLESS_KFUNCS \
	BTF_ID_FLAGS(func, bpf_iter_iommufd_ctx_new, KF_ITER_NEW | KF_RCU_PROTECTED) \
	BTF_ID_FLAGS(func, bpf_iter_iommufd_ctx_next, KF_ITER_NEXT | KF_RET_NULL) \
	BTF_ID_FLAGS(func, bpf_iter_iommufd_ctx_destroy, KF_ITER_DESTROY) \
	BTF_ID_FLAGS(func, bpf_iter_iommufd_ioas_new, KF_ITER_NEW | KF_RCU_PROTECTED | KF_RCU) \
	BTF_ID_FLAGS(func, bpf_iter_iommufd_ioas_next, KF_ITER_NEXT | KF_RET_NULL) \
	BTF_ID_FLAGS(func, bpf_iter_iommufd_ioas_destroy, KF_ITER_DESTROY) \
	BTF_ID_FLAGS(func, bpf_iter_iommufd_area_new, KF_ITER_NEW | KF_RCU_PROTECTED | KF_RCU) \
	BTF_ID_FLAGS(func, bpf_iter_iommufd_area_next, KF_ITER_NEXT | KF_RET_NULL) \
	BTF_ID_FLAGS(func, bpf_iter_iommufd_area_destroy, KF_ITER_DESTROY) \
	BTF_ID_FLAGS(func, bpf_iter_iommufd_hwpt_new, KF_ITER_NEW | KF_RCU_PROTECTED | KF_RCU) \
	BTF_ID_FLAGS(func, bpf_iter_iommufd_hwpt_next, KF_ITER_NEXT | KF_RET_NULL) \
	BTF_ID_FLAGS(func, bpf_iter_iommufd_hwpt_destroy, KF_ITER_DESTROY) \
	BTF_ID_FLAGS(func, bpf_iter_iommufd_device_new, KF_ITER_NEW | KF_RCU_PROTECTED | KF_RCU) \
	BTF_ID_FLAGS(func, bpf_iter_iommufd_device_next, KF_ITER_NEXT | KF_RET_NULL) \
	BTF_ID_FLAGS(func, bpf_iter_iommufd_device_destroy, KF_ITER_DESTROY) \
	BTF_ID_FLAGS(func, bpf_iter_iommufd_policy_new, KF_ITER_NEW | KF_RCU_PROTECTED) \
	BTF_ID_FLAGS(func, bpf_iter_iommufd_policy_next, KF_ITER_NEXT | KF_RET_NULL) \
	BTF_ID_FLAGS(func, bpf_iter_iommufd_policy_destroy, KF_ITER_DESTROY) \
	BTF_ID_FLAGS(func, bpf_iommufd_ctx_acquire, KF_ACQUIRE | KF_RET_NULL) \
	BTF_ID_FLAGS(func, bpf_iommufd_ctx_release, KF_RELEASE) \
	BTF_ID_FLAGS(func, bpf_iommufd_ioas_acquire, KF_ACQUIRE | KF_RET_NULL) \
	BTF_ID_FLAGS(func, bpf_iommufd_ioas_release, KF_RELEASE) \
	BTF_ID_FLAGS(func, bpf_iommufd_hwpt_acquire, KF_ACQUIRE | KF_RET_NULL) \
	BTF_ID_FLAGS(func, bpf_iommufd_hwpt_release, KF_RELEASE) \
	BTF_ID_FLAGS(func, bpf_iommufd_device_acquire, KF_ACQUIRE | KF_RET_NULL) \
	BTF_ID_FLAGS(func, bpf_iommufd_device_release, KF_RELEASE) \
	BTF_ID_FLAGS(func, bpf_iommufd_account_ioas) \
	BTF_ID_FLAGS(func, bpf_iommufd_account_user) \
	BTF_ID_FLAGS(func, bpf_iommufd_account_task, KF_RCU)

BTF_KFUNCS_START(tracing_kfunc_ids)
LOCKLESS_KFUNCS
BTF_KFUNCS_END(tracing_kfunc_ids)

BTF_KFUNCS_START(syscall_kfunc_ids)
LOCKLESS_KFUNCS
BTF_ID_FLAGS(func, bpf_iter_iommufd_run_new, KF_ITER_NEW | KF_SLEEPABLE)
BTF_ID_FLAGS(func, bpf_iter_iommufd_run_next, KF_ITER_NEXT | KF_RET_NULL | KF_SLEEPABLE)
BTF_ID_FLAGS(func, bpf_iter_iommufd_run_destroy, KF_ITER_DESTROY)
BTF_ID_FLAGS(func, bpf_iommufd_area_mix, KF_SLEEPABLE)
BTF_KFUNCS_END(syscall_kfunc_ids)

static const struct btf_kfunc_id_set tracing_set = {
	.owner = THIS_MODULE,
	.set = &tracing_kfunc_ids,
};

static const struct btf_kfunc_id_set syscall_set = {
	.owner = THIS_MODULE,
	.set = &syscall_kfunc_ids,
};

/* So that a map can hold what a program has acquired. */
BTF_ID_LIST(dtor_ids)
BTF_ID(struct, iommufd_ctx_view)
BTF_ID(func, bpf_iommufd_ctx_dtor)
BTF_ID(struct, iommufd_ioas_view)
BTF_ID(func, bpf_iommufd_ioas_dtor)
BTF_ID(struct, iommufd_hwpt_view)
BTF_ID(func, bpf_iommufd_hwpt_dtor)
BTF_ID(struct, iommufd_device_view)
BTF_ID(func, bpf_iommufd_device_dtor)

#define NR_DTORS 4

static int register_dtors(void)
{
	struct btf_id_dtor_kfunc dtors[NR_DTORS];
	unsigned int i;

	for (i = 0; i < NR_DTORS; i++) {
		dtors[i].btf_id = dtor_ids[2 * i];
		dtors[i].kfunc_btf_id = dtor_ids[2 * i + 1];
	}
	return register_btf_id_dtor_kfuncs(dtors, NR_DTORS, THIS_MODULE);
}

/**
 * view_register_kfuncs() - let programs look at contexts and what is in them
 *
 * Undone by the BPF core when the module goes.
 * Return: 0 or a negative errno.
 */
int view_register_kfuncs(void)
{
	int rc;

	/* Constants that no variable has the type of would not be there. */
	BTF_TYPE_EMIT_ENUM(IOMMUFD_OBJECT_IOAS);
	BTF_TYPE_EMIT_ENUM(IOMMUFD_ACCOUNT_USER);
	BTF_TYPE_EMIT_ENUM(IOMMUFD_RUN_PAGES);
	rc = register_btf_kfunc_id_set(BPF_PROG_TYPE_TRACING, &tracing_set);
	rc = rc ?: register_btf_kfunc_id_set(BPF_PROG_TYPE_SYSCALL,
					     &syscall_set);
	return rc ?: register_dtors();
}
