// SPDX-License-Identifier: GPL-2.0-only
/* Filters, where BPF programs do not do it. */
#include <string.h>

#include "filters.h"
#include "expr.h"

bool filters_in_user(const struct filters *f)
{
	return f->guest || f->expr;
}

static bool errno_ok(const struct filters *f, int32_t ret)
{
	unsigned int i;

	for (i = 0; i < f->nr_errnos; i++) {
		if (f->errnos[i] == -ret)
			return true;
	}
	return !f->nr_errnos;
}

static bool range_ok(const struct filters *f, const struct op *op)
{
	uint64_t last = op->length ? op->iova + op->length - 1 : op->iova;

	if (f->by_size &&
	    (!op->has_length || op->length < f->size_min || op->length > f->size_max))
		return false;
	if (!f->by_iova)
		return true;
	if (op->all || last < op->iova)
		last = UINT64_MAX;
	return op->has_iova && op->iova <= f->iova_last && last >= f->iova_first;
}

static bool cgroup_ok(const struct filters *f, const struct op *op)
{
	size_t len = strlen(f->cgroup);

	return !strncmp(op->who->cgroup, f->cgroup, len) &&
	       (!op->who->cgroup[len] || op->who->cgroup[len] == '/');
}

bool filters_ok_user(const struct filters *f, const struct op *op)
{
	/* Containers have their numbers from userspace. */
	if (op->container && f->ioas >= 0 && op->container != f->ioas)
		return false;
	if (f->guest && strcmp(f->guest, op->who->guest))
		return false;
	return !f->expr || expr_match(f->expr, op);
}

bool filters_ok_state(const struct filters *f, const struct op *op)
{
	if (!range_ok(f, op))
		return false;
	if (!args_has_pid(&f->pids, op->head.tgid) || !args_has_uid(&f->uids, op->head.uid))
		return false;
	if (f->cgroup && !cgroup_ok(f, op))
		return false;
	if (!op->container && f->ioas >= 0 && (!op->has_ioas_id || op->ioas_id != f->ioas))
		return false;
	if (f->device && strcmp(f->device, op->device))
		return false;
	return filters_ok_user(f, op);
}

bool filters_ok(const struct filters *f, const struct op *op)
{
	if (!(f->set.ops >> op->head.rec.op & 1))
		return false;
	if ((f->set.only_failed && !op->ret) || (f->set.only_good && op->ret))
		return false;
	return op->ns >= f->min_ns && errno_ok(f, op->ret) && filters_ok_state(f, op);
}
