/* SPDX-License-Identifier: GPL-2.0-only */
/* What the kernel says of policies, and the recorder of refusals. */
#ifndef POLICY_POLICIES_H
#define POLICY_POLICIES_H

#include <stdbool.h>
#include <stdio.h>

#include "iommupolicy.h"

struct policy_list {
	struct policy_rec recs[POLICY_RECS];
	unsigned int nr;
};

/** policies_read() - all, by age; 0 or the exit code, after a complaint */
int policies_read(struct policy_list *list);
/** policy_by_cookie() - NULL: it ended long ago */
const struct policy_rec *policy_by_cookie(const struct policy_list *list, __u64 cookie);
/** policy_newest() - of that name; NULL: none */
const struct policy_rec *policy_newest(const struct policy_list *list, const char *name);

/** recorder_start() - note refusals from now on, if nobody does */
int recorder_start(void);
void recorder_stop(void);
/** recorder_read() - the last ones of a policy, or of all: oldest first; how many */
unsigned int recorder_read(const char *policy, struct policy_event *events);

/* Words */
const char *policy_table_name(__u32 table);
/** policy_state_name() - "live", "ejected, its scope is closed"… */
const char *policy_state_name(const struct policy_rec *rec);
bool policy_has_ended(const struct policy_rec *rec);
const char *policy_exit_name(__u32 kind);
/** policy_scope() - "everybody", a cgroup's path, "ioas 12" */
char *policy_scope(const struct policy_rec *rec, char *buf, size_t size);
char *policy_flags(__u64 flags, char *buf, size_t size);
/** event_print() - one line */
void event_print(const struct policy_event *ev, FILE *out);
void event_json(const struct policy_event *ev, FILE *out);

#endif
