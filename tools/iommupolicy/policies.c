// SPDX-License-Identifier: GPL-2.0-only
/* What the kernel says of policies, and the recorder of refusals. */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "iommupolicy.skel.h"
#include "pins.h"
#include "policies.h"
#include "tool.h"

#define RECORDER "+refusals"
#define RECORDER_COUNT "+nr_refusals"
#define RECORDER_LINK "+refusals_link"

/* Only that program, and the maps that it has. */
static struct iommupolicy_bpf *open_for(struct bpf_program *(*which)(struct iommupolicy_bpf *))
{
	struct iommupolicy_bpf *skel = iommupolicy_bpf__open();
	struct bpf_program *prog;

	if (!skel)
		return NULL;
	bpf_object__for_each_program(prog, skel->obj) {
		bpf_program__set_autoload(prog, prog == which(skel));
	}
	bpf_map__set_autocreate(skel->maps.events, false);
	return skel;
}

static struct bpf_program *the_list(struct iommupolicy_bpf *skel)
{
	return skel->progs.list_policies;
}

static struct bpf_program *the_recorder(struct iommupolicy_bpf *skel)
{
	return skel->progs.on_refusal;
}

static int run_list(struct iommupolicy_bpf *skel, struct policy_list *list)
{
	LIBBPF_OPTS(bpf_test_run_opts, run);
	__u32 i;
	int rc;

	rc = bpf_prog_test_run_opts(bpf_program__fd(skel->progs.list_policies), &run);
	if (rc)
		return rc;
	list->nr = skel->bss->nr_recs;
	for (i = 0; i < list->nr; i++) {
		if (bpf_map__lookup_elem(skel->maps.recs, &i, sizeof(i), &list->recs[i],
					 sizeof(list->recs[i]), 0))
			return -errno;
	}
	if (skel->bss->more_recs)
		complain("there are more than %d policies; the rest is not shown", POLICY_RECS);
	return 0;
}

int policies_read(struct policy_list *list)
{
	struct iommupolicy_bpf *skel = open_for(the_list);
	int rc;

	if (!skel)
		return tool_libbpf_failed("iommupolicy's BPF programs", -errno);
	rc = iommupolicy_bpf__load(skel);
	if (!rc)
		rc = run_list(skel, list);
	iommupolicy_bpf__destroy(skel);
	return rc ? tool_libbpf_failed("iommupolicy's BPF programs", rc) : 0;
}

const struct policy_rec *policy_by_cookie(const struct policy_list *list, __u64 cookie)
{
	unsigned int i;

	for (i = 0; i < list->nr; i++) {
		if (list->recs[i].cookie == cookie)
			return &list->recs[i];
	}
	return NULL;
}

const struct policy_rec *policy_newest(const struct policy_list *list, const char *name)
{
	const struct policy_rec *found = NULL;
	unsigned int i;

	for (i = 0; i < list->nr; i++) {
		if (!strcmp(list->recs[i].name, name) &&
		    (!found || list->recs[i].cookie > found->cookie))
			found = &list->recs[i];
	}
	return found;
}

/* The recorder */

static int pin_recorder(struct iommupolicy_bpf *skel)
{
	char path[PATH_MAX];
	struct bpf_link *link = bpf_program__attach(skel->progs.on_refusal);
	int rc;

	if (!link)
		return -errno;
	rc = bpf_obj_pin(bpf_map__fd(skel->maps.refusals), pin_path(path, NULL, "", RECORDER));
	if (!rc)
		rc = bpf_obj_pin(bpf_map__fd(skel->maps.nr_refusals),
				 pin_path(path, NULL, "", RECORDER_COUNT));
	if (!rc)
		rc = bpf_link__pin(link, pin_path(path, NULL, "", RECORDER_LINK));
	else
		rc = -errno;
	bpf_link__destroy(link);
	return rc;
}

int recorder_start(void)
{
	int fd = pins_fd(NULL, "", RECORDER_LINK), rc;
	struct iommupolicy_bpf *skel;

	if (fd >= 0) {
		close(fd);
		return 0;
	}
	recorder_stop();
	skel = open_for(the_recorder);
	if (!skel)
		return tool_libbpf_failed("iommupolicy's BPF programs", -errno);
	rc = iommupolicy_bpf__load(skel);
	if (!rc)
		rc = pin_recorder(skel);
	iommupolicy_bpf__destroy(skel);
	return rc ? tool_libbpf_failed("the recorder of refusals", rc) : 0;
}

void recorder_stop(void)
{
	static const char *const files[] = { RECORDER_LINK, RECORDER, RECORDER_COUNT };
	char path[PATH_MAX];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(files); i++)
		unlink(pin_path(path, NULL, "", files[i]));
}

static int by_seq(const void *a, const void *b)
{
	__u64 x = ((const struct policy_event *)a)->seq, y = ((const struct policy_event *)b)->seq;

	return x < y ? -1 : x > y;
}

unsigned int recorder_read(const char *policy, struct policy_event *events)
{
	int fd = pins_fd(NULL, "", RECORDER);
	unsigned int n = 0;
	__u32 i;

	for (i = 0; fd >= 0 && i < POLICY_REFUSALS; i++) {
		if (bpf_map_lookup_elem(fd, &i, &events[n]) || !events[n].seq)
			continue;
		if (!policy || !strcmp(events[n].policy, policy))
			n++;
	}
	if (fd >= 0)
		close(fd);
	qsort(events, n, sizeof(*events), by_seq);
	return n;
}
