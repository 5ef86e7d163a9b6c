// SPDX-License-Identifier: GPL-2.0-only
/* What /proc and the user database know of a process. */
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <systemd/sd-login.h>

#include "fmt.h"
#include "procinfo.h"

#define NSEC 1000000000ULL
#define USERS 64

static ssize_t read_proc(pid_t pid, const char *name, char *buf, size_t size)
{
	char path[64];
	size_t len;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	f = fopen(path, "re");
	if (!f)
		return -ENOENT;
	len = fread(buf, 1, size - 1, f);
	fclose(f);
	buf[len] = 0;
	return len;
}

bool procinfo_lives(pid_t pid, uint64_t boot_ns)
{
	unsigned long long ticks = 0, start_ns;
	char buf[1024], *p;
	long hz = sysconf(_SC_CLK_TCK);
	int field;

	if (read_proc(pid, "stat", buf, sizeof(buf)) <= 0)
		return false;
	/* The name may hold blanks and brackets: fields count from the last one. */
	p = strrchr(buf, ')');
	for (field = 2; p && field < 22; field++)
		p = strchr(p + 1, ' ');
	if (!p || sscanf(p, "%llu", &ticks) != 1 || hz <= 0)
		return false;
	/* Cut to a tick, so never later than it truly began. */
	start_ns = ticks / hz * NSEC + ticks % hz * (NSEC / hz);
	return start_ns <= boot_ns;
}

int procinfo_command(pid_t pid, char *buf, size_t size)
{
	ssize_t i, len = read_proc(pid, "cmdline", buf, size);

	if (len < 0)
		return len;
	while (len > 0 && !buf[len - 1])
		len--;
	if (!len) {
		/* A zombie or a kernel thread has only its name. */
		len = read_proc(pid, "comm", buf, size);
		if (len < 0)
			return len;
		buf[strcspn(buf, "\n")] = 0;
		fmt_plain(buf);
		return 0;
	}
	for (i = 0; i < len; i++) {
		if (!buf[i])
			buf[i] = ' ';
	}
	fmt_plain(buf);
	return 0;
}

/* QEMU's -name NAME, -name guest=NAME,… in a command line of @len bytes. */
static bool qemu_name(const char *args, size_t len, char *buf, size_t size)
{
	const char *arg = args, *end = args + len, *value;

	for (; arg < end; arg += strlen(arg) + 1) {
		if (strcmp(arg, "-name") && strcmp(arg, "--name"))
			continue;
		value = arg + strlen(arg) + 1;
		if (value >= end)
			return false;
		if (!strncmp(value, "guest=", 6))
			value += 6;
		snprintf(buf, size, "%.*s", (int)strcspn(value, ","), value);
		return true;
	}
	return false;
}

void procinfo_guest(pid_t pid, char *buf, size_t size)
{
	char args[16384], *machine = NULL;
	ssize_t len;

	buf[0] = 0;
	if (sd_pid_get_machine_name(pid, &machine) >= 0 && machine) {
		snprintf(buf, size, "%s", machine);
		free(machine);
		fmt_plain(buf);
		return;
	}
	len = read_proc(pid, "cmdline", args, sizeof(args));
	if (len > 0 && memmem(args, strlen(args), "qemu", 4) && qemu_name(args, len, buf, size))
		fmt_plain(buf);
}

void procinfo_cgroup(pid_t pid, char *buf, size_t size)
{
	char *path = NULL;

	buf[0] = 0;
	if (sd_pid_get_cgroup(pid, &path) >= 0 && path)
		snprintf(buf, size, "%s", path);
	free(path);
	fmt_plain(buf);
}

const char *procinfo_user(uid_t uid)
{
	static struct {
		bool used;
		uid_t uid;
		char name[33];
	} users[USERS];
	unsigned int slot = uid % USERS;
	struct passwd *pw;

	if (users[slot].used && users[slot].uid == uid)
		return users[slot].name;
	pw = getpwuid(uid);
	if (pw)
		snprintf(users[slot].name, sizeof(users[slot].name), "%s", pw->pw_name);
	else
		snprintf(users[slot].name, sizeof(users[slot].name), "%u", uid);
	users[slot].used = true;
	users[slot].uid = uid;
	return users[slot].name;
}
