// SPDX-License-Identifier: GPL-2.0-only
/* The folder of the BPF filesystem in which policies stay. */
#include <bpf/bpf.h>
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "iommupolicy.h"
#include "pins.h"
#include "tool.h"

#define BPF_FS "/sys/fs/bpf"
#define BPF_FS_MAGIC_NUMBER 0xcafe4a11

static int check_root(void)
{
	struct stat st;

	if (lstat(PIN_ROOT, &st)) {
		complain("cannot look at " PIN_ROOT ": %s", strerror(errno));
		return TOOL_RUNTIME;
	}
	/* Who may open a link's pin may detach a policy. */
	if (!S_ISDIR(st.st_mode) || st.st_uid || st.st_mode & 077) {
		complain(PIN_ROOT " is not for root alone; see who made it, and remove it, or: chmod 700 "
			 PIN_ROOT);
		return TOOL_RUNTIME;
	}
	return 0;
}

/* What was left by one that did not come to its end. */
static void recover(void)
{
	if (pins_has(PIN_NEW))
		pins_remove(PIN_NEW);
}

int pins_lock(bool make)
{
	struct statfs fs;
	int fd, rc;

	if (statfs(BPF_FS, &fs) || fs.f_type != BPF_FS_MAGIC_NUMBER) {
		if (!make)
			return 0;
		complain("there is no BPF filesystem in " BPF_FS "; mount it: mount -t bpf none "
			 BPF_FS);
		return TOOL_RUNTIME;
	}
	if (make && mkdir(PIN_ROOT, 0700) && errno != EEXIST) {
		complain("cannot make " PIN_ROOT ": %s", strerror(errno));
		return TOOL_RUNTIME;
	}
	/* Held until the program ends. */
	fd = open(PIN_ROOT, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT && !make)
		return 0;
	rc = check_root();
	if (rc)
		return rc;
	if (fd < 0 || flock(fd, LOCK_EX)) {
		complain("cannot lock " PIN_ROOT ": %s", strerror(errno));
		return TOOL_RUNTIME;
	}
	recover();
	return 0;
}

char *pin_path(char *buf, const char *name, const char *prefix, const char *file)
{
	size_t len = strlen(PIN_ROOT);

	snprintf(buf, PATH_MAX, PIN_ROOT "/%s%s%s%s", name ? name : "", name ? "/" : "", prefix,
		 file);
	/* The BPF filesystem has no names with dots. */
	for (; buf[len]; len++) {
		if (buf[len] == '.')
			buf[len] = '_';
	}
	return buf;
}

static char *folder(char *buf, const char *name)
{
	snprintf(buf, PATH_MAX, PIN_ROOT "/%s", name);
	return buf;
}

bool pins_has(const char *name)
{
	char path[PATH_MAX];

	return !access(folder(path, name), F_OK);
}

bool pin_name_ok(const char *name)
{
	size_t i;

	for (i = 0; name[i]; i++) {
		if (!isalnum((unsigned char)name[i]) && name[i] != '_' && name[i] != '-')
			return false;
	}
	return i && i < POLICY_NAME_LEN;
}

int pins_fd(const char *name, const char *prefix, const char *file)
{
	char path[PATH_MAX];
	int fd = bpf_obj_get(pin_path(path, name, prefix, file));

	return fd < 0 ? -errno : fd;
}

int pins_meta(const char *name, struct pin_meta *meta)
{
	int fd = pins_fd(name, "", "meta"), rc = 0;
	__u32 zero = 0;

	memset(meta, 0, sizeof(*meta));
	if (fd < 0)
		return fd;
	if (bpf_map_lookup_elem(fd, &zero, meta))
		rc = -errno;
	meta->file[sizeof(meta->file) - 1] = '\0';
	close(fd);
	return rc;
}

int pins_set_meta(const char *name, const struct pin_meta *meta)
{
	int fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "iommupolicy", sizeof(__u32), sizeof(*meta), 1,
				NULL);
	char path[PATH_MAX];
	__u32 zero = 0;
	int rc = 0;

	if (fd < 0)
		return -errno;
	if (bpf_map_update_elem(fd, &zero, meta, 0) ||
	    bpf_obj_pin(fd, pin_path(path, name, "", "meta")))
		rc = -errno;
	close(fd);
	return rc;
}

int pins_make(const char *name)
{
	char path[PATH_MAX];

	return mkdir(folder(path, name), 0700) ? -errno : 0;
}

int pins_remove(const char *name)
{
	char path[PATH_MAX], file[2 * PATH_MAX];
	struct dirent *ent;
	DIR *dir = opendir(folder(path, name));

	if (!dir)
		return -errno;
	while ((ent = readdir(dir))) {
		if (ent->d_name[0] == '.')
			continue;
		snprintf(file, sizeof(file), "%s/%s", path, ent->d_name);
		unlink(file);
	}
	closedir(dir);
	return rmdir(path) ? -errno : 0;
}

int pins_rename(const char *from, const char *to)
{
	char a[PATH_MAX], b[PATH_MAX];

	return rename(folder(a, from), folder(b, to)) ? -errno : 0;
}

int pins_each(pins_fn fn, void *arg)
{
	struct dirent **names;
	int i, n, rc = 0;

	n = scandir(PIN_ROOT, &names, NULL, alphasort);
	if (n < 0)
		return errno == ENOENT ? 0 : -errno;
	for (i = 0; i < n; i++) {
		if (!rc && pin_name_ok(names[i]->d_name))
			rc = fn(names[i]->d_name, arg);
		free(names[i]);
	}
	free(names);
	return rc;
}
