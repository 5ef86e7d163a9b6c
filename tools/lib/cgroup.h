/* SPDX-License-Identifier: GPL-2.0-only */
/* Cgroups (v2): their paths, and the ids that policies know them by. */
#ifndef LIB_CGROUP_H
#define LIB_CGROUP_H

#include <stddef.h>
#include <stdint.h>

/** cgroup_id_of() - of "/a/b", or a path in the file system; 0 or -errno */
int cgroup_id_of(const char *path, uint64_t *id);

/** cgroup_path_of() - "/a/b", or "cgroup:ID" if it is not there any more */
char *cgroup_path_of(uint64_t id, char *buf, size_t size);

typedef int (*cgroup_fn)(const char *path, uint64_t id, void *arg);

/** cgroup_walk() - call @fn for every cgroup; stops at the first error */
int cgroup_walk(cgroup_fn fn, void *arg);

#endif
