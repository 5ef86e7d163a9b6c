// SPDX-License-Identifier: GPL-2.0-only
/* What the kernel knows of processes: charges and limits. */
#include <errno.h>
#include <stdlib.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "bpfio.h"
#include "tasks.h"
#include "tasks.skel.h"
#include "tool.h"

struct tasks {
	struct tasks_bpf *skel;
	struct top_task *array;
};

struct tasks *tasks_open(int *err)
{
	struct tasks *t = calloc(1, sizeof(*t));
	int rc = -ENOMEM;

	if (!t)
		goto fail;
	t->skel = tasks_bpf__open_and_load();
	if (!t->skel) {
		rc = -errno;
		goto fail;
	}
	t->array = (void *)bpfio_map_array(t->skel->maps.tasks);
	if (!t->array) {
		rc = -errno;
		goto fail;
	}
	return t;
fail:
	*err = tool_libbpf_failed("iommutop's BPF program for processes", rc);
	tasks_close(t);
	return NULL;
}

void tasks_close(struct tasks *t)
{
	if (!t)
		return;
	if (t->array)
		bpfio_unmap_array(t->array, t->skel->maps.tasks);
	tasks_bpf__destroy(t->skel);
	free(t);
}

static int ask_some(struct tasks *t, struct snap *snap, size_t first, size_t nr)
{
	LIBBPF_OPTS(bpf_test_run_opts, run);
	struct snap_proc *proc;
	size_t i;
	int rc;

	for (i = 0; i < nr; i++)
		t->array[i].tgid = snap->procs[first + i].tgid;
	t->skel->bss->nr_tasks = nr;
	rc = bpf_prog_test_run_opts(bpf_program__fd(t->skel->progs.ask_tasks), &run);
	if (rc)
		return rc;
	for (i = 0; i < nr; i++) {
		proc = &snap->procs[first + i];
		/* The number may be another process's by now. */
		proc->known = proc->alive && t->array[i].tgid == proc->tgid;
		if (proc->known)
			proc->facts = t->array[i];
	}
	return 0;
}

int tasks_ask(struct tasks *t, struct snap *snap)
{
	size_t first, nr;
	int rc = 0;

	for (first = 0; !rc && first < snap->nr_procs; first += nr) {
		nr = snap->nr_procs - first;
		if (nr > TOP_TASKS)
			nr = TOP_TASKS;
		rc = ask_some(t, snap, first, nr);
	}
	return rc;
}
