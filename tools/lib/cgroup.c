// SPDX-License-Identifier: GPL-2.0-only
/* Cgroups (v2): their paths, and the ids that policies know them by. */
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <inttypes.h>
#include <limits.h>
#include <mntent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cgroup.h"

#ifndef FILEID_KERNFS
#define FILEID_KERNFS 0xfe
#endif

/* Where they are mounted; "" if nowhere. */
static const char *root(void)
{
	static char path[PATH_MAX];
	struct mntent *m;
	FILE *f;

	if (path[0])
		return path;
	f = setmntent("/proc/self/mounts", "r");
	while (f && (m = getmntent(f))) {
		if (!strcmp(m->mnt_type, "cgroup2")) {
			snprintf(path, sizeof(path), "%s", m->mnt_dir);
			break;
		}
	}
	if (f)
		endmntent(f);
	return path;
}

int cgroup_id_of(const char *path, uint64_t *id)
{
	char full[2 * PATH_MAX];
	struct stat st;
	size_t len = strlen(root());

	if (!len)
		return -ENODEV;
	/* As cgroup.procs' files know it, or as /proc/PID/cgroup says. */
	if (!strncmp(path, root(), len) && (!path[len] || path[len] == '/'))
		snprintf(full, sizeof(full), "%s", path);
	else
		snprintf(full, sizeof(full), "%s/%s", root(), path);
	if (stat(full, &st))
		return -errno;
	if (!S_ISDIR(st.st_mode))
		return -ENOTDIR;
	/* On 64 bits a cgroup's id is its inode's number. */
	*id = st.st_ino;
	return 0;
}

char *cgroup_path_of(uint64_t id, char *buf, size_t size)
{
	struct {
		struct file_handle h;
		uint64_t id;
	} handle = { .h = { .handle_bytes = sizeof(id), .handle_type = FILEID_KERNFS } };
	char link[64], path[PATH_MAX];
	int mount = open(root(), O_RDONLY | O_DIRECTORY | O_CLOEXEC), fd = -1;
	size_t len = strlen(root());
	ssize_t got = -1;

	memcpy(handle.h.f_handle, &id, sizeof(id));
	if (mount >= 0)
		fd = open_by_handle_at(mount, &handle.h, O_PATH | O_CLOEXEC);
	if (fd >= 0) {
		snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
		got = readlink(link, path, sizeof(path) - 1);
		close(fd);
	}
	if (mount >= 0)
		close(mount);
	if (got > 0)
		path[got] = '\0';
	if (got > 0 && !strncmp(path, root(), len))
		snprintf(buf, size, "%s", path[len] ? path + len : "/");
	else
		snprintf(buf, size, "cgroup:%" PRIu64, id);
	return buf;
}

int cgroup_walk(cgroup_fn fn, void *arg)
{
	char *const paths[] = { (char *)root(), NULL };
	size_t len = strlen(root());
	FTSENT *ent;
	int rc = 0;
	FTS *fts;

	if (!len)
		return -ENODEV;
	fts = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR | FTS_XDEV, NULL);
	if (!fts)
		return -errno;
	while (!rc && (ent = fts_read(fts))) {
		/* One that goes meanwhile is none of ours. */
		if (ent->fts_info == FTS_D)
			rc = fn(ent->fts_path[len] ? ent->fts_path + len : "/",
				ent->fts_statp->st_ino, arg);
	}
	fts_close(fts);
	return rc;
}
