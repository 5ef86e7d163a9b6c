/* SPDX-License-Identifier: GPL-2.0-only */
/* What /proc and the user database know of a process. */
#ifndef PROCINFO_H
#define PROCINFO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/**
 * procinfo_lives() - did a process exist at a moment?
 * @pid: the process
 * @boot_ns: CLOCK_BOOTTIME
 *
 * Return: true if @pid lives and began before the moment: a process that
 * began later has only inherited the number.
 */
bool procinfo_lives(pid_t pid, uint64_t boot_ns);

/** procinfo_command() - its command line, printable; 0 or -ENOENT */
int procinfo_command(pid_t pid, char *buf, size_t size);

/**
 * procinfo_guest() - the virtual machine that a process is
 * @buf: its name as systemd has registered it, else what QEMU was called by
 *	its -name; "" if it is none
 */
void procinfo_guest(pid_t pid, char *buf, size_t size);

/** procinfo_cgroup() - its cgroup v2 path: "/machine.slice/…"; "" if unknown */
void procinfo_cgroup(pid_t pid, char *buf, size_t size);

/** procinfo_user() - a user's name, or the number; remembered */
const char *procinfo_user(uid_t uid);

#endif
