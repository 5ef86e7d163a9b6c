// SPDX-License-Identifier: GPL-2.0-only
/*
 * init of the test VM, from the initramfs, statically linked. It mounts the
 * sandbox (9p, read-only) under an overlay in memory, makes it the root, and
 * then serves vmrun on the host: one command, its streams, its exit status.
 *
 * It is process 1 to the end. The host ends the VM by killing the emulator,
 * so nothing here is unmounted or freed.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <net/if.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/klog.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "proto.h"

#define MAX_WORDS	1024
#define CHECKOUT	"/iommufd-bpf"

static int port = -1;

struct command {
	char *argv[MAX_WORDS + 1];
	int argc;
	bool tty;
	struct winsize size;
	pid_t pid;
	int in, out, err;	/* our ends; -1 when closed; a pty has in == out */
	char *pending;		/* stdin that the command has not taken yet */
	size_t pending_len;
	bool in_ended;
};

/* A VM that cannot go on says why on the console, and stops. */
static void __attribute__((format(printf, 1, 2), noreturn)) fatal(const char *fmt, ...)
{
	va_list ap;
	int err = errno;

	printf("init: ");
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf(": %s\n", strerror(err));
	fflush(stdout);
	reboot(RB_POWER_OFF);
	_exit(1);
}

static void do_mount(const char *what, const char *where, const char *type,
		     unsigned long flags, const char *options)
{
	mkdir(where, 0755);
	if (mount(what, where, type, flags, options))
		fatal("mount %s on %s", type, where);
}

/* For what a kernel may lack. */
static void try_mount(const char *type, const char *where)
{
	mkdir(where, 0755);
	mount(type, where, type, 0, NULL);
}

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		printf("init: %s: %s\n", path, strerror(errno));
	if (fd >= 0)
		close(fd);
}

/* The modules the root needs, in the order of the file's name: NN-name.ko. */
static void load_modules(void)
{
	glob_t list;

	if (glob("/modules/*.ko", 0, NULL, &list))
		return;
	for (size_t i = 0; i < list.gl_pathc; i++) {
		int fd = open(list.gl_pathv[i], O_RDONLY | O_CLOEXEC);

		if (fd < 0 || (syscall(SYS_finit_module, fd, "", 0) && errno != EEXIST))
			fatal("%s", list.gl_pathv[i]);
		close(fd);
	}
	globfree(&list);
}

static void mount_root(void)
{
	do_mount("rootfs", "/ro", "9p", MS_RDONLY,
		 "trans=virtio,version=9p2000.L,msize=512000,cache=loose");
	do_mount("memory", "/rw", "tmpfs", 0, "size=80%");
	mkdir("/rw/up", 0755);
	mkdir("/rw/work", 0755);
	do_mount("overlay", "/new", "overlay", 0, "lowerdir=/ro,upperdir=/rw/up,workdir=/rw/work");
	if (mount("/dev", "/new/dev", NULL, MS_MOVE, NULL) ||
	    mount("/proc", "/new/proc", NULL, MS_MOVE, NULL) ||
	    mount("/sys", "/new/sys", NULL, MS_MOVE, NULL))
		fatal("moving /dev, /proc, /sys");
	if (chdir("/new") || mount(".", "/", NULL, MS_MOVE, NULL) || chroot(".") || chdir("/"))
		fatal("changing the root");
}

static void mount_rest(void)
{
	do_mount("tmp", "/tmp", "tmpfs", 0, "mode=1777");
	do_mount("run", "/run", "tmpfs", 0, "mode=755");
	do_mount("pts", "/dev/pts", "devpts", 0, "gid=5,mode=620,ptmxmode=666");
	do_mount("shm", "/dev/shm", "tmpfs", 0, "mode=1777");
	try_mount("hugetlbfs", "/dev/hugepages");
	try_mount("debugfs", "/sys/kernel/debug");
	try_mount("tracefs", "/sys/kernel/tracing");
	try_mount("bpf", "/sys/fs/bpf");
	try_mount("cgroup2", "/sys/fs/cgroup");
	try_mount("configfs", "/sys/kernel/config");
	if (symlink("/proc/self/fd", "/dev/fd") || symlink("/proc/self/fd/0", "/dev/stdin") ||
	    symlink("/proc/self/fd/1", "/dev/stdout") || symlink("/proc/self/fd/2", "/dev/stderr"))
		fatal("/dev/fd");
	/* The sandbox has its mark; in a VM there is this one as well. */
	close(open("/etc/iommufd-bpf-vm", O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
}

static void network_up(void)
{
	struct ifreq req = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd >= 0) {
		ioctl(fd, SIOCSIFFLAGS, &req);
		close(fd);
	}
	if (sethostname("iommufd-bpf", 11))
		printf("init: sethostname: %s\n", strerror(errno));
}

static void open_port(void)
{
	char name[64], path[600];

	/* The device is there before init runs, its ports come a little later. */
	for (int tries = 0; tries < 5000; tries++) {
		DIR *dir = opendir("/sys/class/virtio-ports");
		struct dirent *e;

		while (dir && (e = readdir(dir))) {
			ssize_t n;
			int fd;

			snprintf(path, sizeof(path), "/sys/class/virtio-ports/%s/name", e->d_name);
			fd = open(path, O_RDONLY | O_CLOEXEC);
			if (fd < 0)
				continue;
			n = read(fd, name, sizeof(name) - 1);
			close(fd);
			name[n > 0 ? n : 0] = 0;
			if (strcmp(name, PORT_NAME "\n"))
				continue;
			snprintf(path, sizeof(path), "/dev/%s", e->d_name);
			port = open(path, O_RDWR | O_CLOEXEC);
			if (port >= 0)
				break;
		}
		if (dir)
			closedir(dir);
		if (port >= 0)
			return;
		usleep(1000);
	}
	fatal("the host's port " PORT_NAME " is missing");
}

static void write_all(int fd, const void *data, size_t len)
{
	const char *p = data;

	while (len) {
		ssize_t n = write(fd, p, len);

		if (n < 0) {
			if (errno == EINTR)
				continue;
			fatal("write to the host");
		}
		p += n;
		len -= n;
	}
}

static void send_frame(enum frame_type type, const void *data, size_t len)
{
	static char buf[sizeof(struct frame_header) + FRAME_MAX];
	struct frame_header h = { .type = type, .len = len };

	memcpy(buf, &h, sizeof(h));
	if (len)
		memcpy(buf + sizeof(h), data, len);
	write_all(port, buf, sizeof(h) + len);
}

static void read_all(void *data, size_t len)
{
	char *p = data;

	while (len) {
		ssize_t n = read(port, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			fatal("read from the host");
		p += n;
		len -= n;
	}
}

/* PATH: our tools and tests first. */
static void set_path(void)
{
	static const char * const patterns[] = {
		CHECKOUT "/build/tools", CHECKOUT "/build/bpf",
		CHECKOUT "/build/selftests", CHECKOUT "/build/selftests/*/",
	};
	char path[8192] = "";
	size_t len = 0;

	for (size_t i = 0; i < sizeof(patterns) / sizeof(*patterns); i++) {
		glob_t list;

		if (glob(patterns[i], GLOB_ONLYDIR, NULL, &list))
			continue;
		for (size_t j = 0; j < list.gl_pathc && len < 7000; j++)
			len += snprintf(path + len, sizeof(path) - len, "%s:", list.gl_pathv[j]);
		globfree(&list);
	}
	snprintf(path + len, sizeof(path) - len,
		 "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
	setenv("PATH", path, 1);
}

static void __attribute__((noreturn)) child(struct command *c, int in, int out, int err)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	setsid();
	if (c->tty)
		ioctl(in, TIOCSCTTY, 0);
	dup2(in, 0);
	dup2(out, 1);
	dup2(err, 2);
	if (chdir(CHECKOUT))
		fatal("chdir " CHECKOUT);
	execvp(c->argv[0], c->argv);
	fprintf(stderr, "%s: %s\n", c->argv[0], strerror(errno));
	_exit(errno == ENOENT ? 127 : 126);
}

static void start(struct command *c)
{
	int in[2], out[2], err[2];

	if (!c->argc)
		fatal("no command");
	set_path();
	if (c->tty) {
		if (openpty(&in[1], &in[0], NULL, NULL, &c->size))
			fatal("openpty");
		fcntl(in[1], F_SETFD, FD_CLOEXEC);
		fcntl(in[0], F_SETFD, FD_CLOEXEC);
		out[1] = in[0];
		err[1] = in[0];
		c->in = in[1];
		c->out = in[1];
		c->err = -1;
	} else {
		if (pipe2(in, O_CLOEXEC) || pipe2(out, O_CLOEXEC) || pipe2(err, O_CLOEXEC))
			fatal("pipe");
		c->in = in[1];
		c->out = out[0];
		c->err = err[0];
	}
	c->pid = fork();
	if (c->pid < 0)
		fatal("fork");
	if (!c->pid)
		child(c, in[0], out[1], err[1]);
	close(in[0]);
	if (!c->tty) {
		close(out[1]);
		close(err[1]);
	}
	fcntl(c->in, F_SETFL, O_NONBLOCK);
	fcntl(c->out, F_SETFL, O_NONBLOCK);
	if (c->err >= 0)
		fcntl(c->err, F_SETFL, O_NONBLOCK);
}

/* Move what is there; false at the end of the stream. */
static bool forward(int fd, enum frame_type type)
{
	static char buf[FRAME_MAX];
	ssize_t n = read(fd, buf, sizeof(buf));

	if (n > 0) {
		send_frame(type, buf, n);
		return true;
	}
	return n < 0 && (errno == EAGAIN || errno == EINTR);
}

static void drain(int fd, enum frame_type type)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	/* Not until the end: a child left behind may hold the pipe forever. */
	while (fd >= 0 && poll(&p, 1, 0) > 0 && (p.revents & POLLIN))
		if (!forward(fd, type))
			break;
}

static void close_stdin(struct command *c)
{
	if (c->in < 0)
		return;
	if (c->tty) {
		char eof = 4;	/* ^D: the pty stays open for the output */

		if (write(c->in, &eof, 1) < 0)
			return;
	} else {
		close(c->in);
	}
	c->in = -1;
}

static void feed(struct command *c)
{
	ssize_t n = 0;
	uint32_t took;

	if (c->in >= 0 && c->pending_len) {
		n = write(c->in, c->pending, c->pending_len);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
	}
	if (c->in < 0 || n < 0) {
		/* Nobody reads it any more. */
		n = c->pending_len;
		if (c->in >= 0 && !c->tty)
			close_stdin(c);
	}
	if (n) {
		c->pending_len -= n;
		memmove(c->pending, c->pending + n, c->pending_len);
		took = n;
		send_frame(F_TOOK, &took, sizeof(took));
	}
	if (!c->pending_len && c->in_ended)
		close_stdin(c);
}

static void mount_share(char *spec)
{
	char *dir = strchr(spec, ' ');

	if (!dir)
		fatal("bad share");
	*dir++ = 0;
	do_mount(spec, dir, "9p", 0, "trans=virtio,version=9p2000.L,msize=512000,cache=none");
}

static void dump(void)
{
	klogctl(8, NULL, 8);
	write_file("/proc/sysrq-trigger", "w");
	write_file("/proc/sysrq-trigger", "l");
	write_file("/dev/kmsg", "<6>" LOG_END "\n");
}

static void handle(struct command *c)
{
	static char data[FRAME_MAX + 1];
	struct frame_header h;

	read_all(&h, sizeof(h));
	if (h.len > FRAME_MAX)
		fatal("bad frame");
	read_all(data, h.len);
	data[h.len] = 0;
	switch (h.type) {
	case F_TTY:
	case F_RESIZE:
		if (h.len != sizeof(c->size))
			fatal("bad size");
		memcpy(&c->size, data, sizeof(c->size));
		if (h.type == F_TTY)
			c->tty = true;
		else if (c->out >= 0)
			ioctl(c->out, TIOCSWINSZ, &c->size);
		break;
	case F_ENV:
		putenv(strdup(data));
		break;
	case F_ARG:
		if (c->argc == MAX_WORDS)
			fatal("command too long");
		c->argv[c->argc++] = strdup(data);
		break;
	case F_MOUNT:
		mount_share(data);
		break;
	case F_START:
		start(c);
		break;
	case F_IN:
		if (c->pending_len + h.len > STDIN_WINDOW)
			fatal("more stdin than the window");
		memcpy(c->pending + c->pending_len, data, h.len);
		c->pending_len += h.len;
		feed(c);
		break;
	case F_IN_END:
		c->in_ended = true;
		feed(c);
		break;
	case F_DUMP:
		dump();
		break;
	default:
		fatal("unknown frame %u", h.type);
	}
}

/* Reap everybody; true when the command itself has ended. */
static bool reap(struct command *c, uint32_t *status)
{
	bool ended = false;
	int st;

	for (;;) {
		pid_t pid = waitpid(-1, &st, WNOHANG);

		if (pid <= 0)
			return ended;
		if (pid == c->pid) {
			*status = WIFEXITED(st) ? WEXITSTATUS(st) : 128 + WTERMSIG(st);
			ended = true;
		}
	}
}

static uint32_t serve(struct command *c)
{
	struct signalfd_siginfo si;
	uint32_t status = 0;
	sigset_t set;
	int sfd;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	sfd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	for (;;) {
		struct pollfd p[] = {
			{ .fd = port, .events = POLLIN },
			{ .fd = sfd, .events = POLLIN },
			{ .fd = c->out, .events = POLLIN },
			{ .fd = c->err, .events = POLLIN },
			{ .fd = c->pending_len ? c->in : -1, .events = POLLOUT },
		};

		if (poll(p, 5, -1) < 0)
			continue;
		if (p[2].revents && !forward(c->out, F_OUT))
			c->out = -1;	/* a pty's end may still be c->in: keep it open */
		if (p[3].revents && !forward(c->err, F_ERR))
			c->err = -1;
		if (p[4].revents)
			feed(c);
		if (p[0].revents & POLLIN)
			handle(c);
		if (p[1].revents && read(sfd, &si, sizeof(si)) > 0 && reap(c, &status))
			break;
	}
	drain(c->out, F_OUT);
	drain(c->err, F_ERR);
	return status;
}

int main(void)
{
	static char pending[STDIN_WINDOW];
	struct command c = { .in = -1, .out = -1, .err = -1, .pending = pending };
	const char *slow = getenv("IOMMUFD_BPF_SLOW");
	uint32_t status;
	char seconds[16];

	setvbuf(stdout, NULL, _IOLBF, 0);
	signal(SIGPIPE, SIG_IGN);
	umask(022);
	do_mount("dev", "/dev", "devtmpfs", 0, NULL);
	do_mount("proc", "/proc", "proc", 0, NULL);
	do_mount("sys", "/sys", "sysfs", 0, NULL);
	load_modules();
	mount_root();
	mount_rest();
	network_up();
	setenv("HOME", "/root", 1);
	setenv("LC_ALL", "C.UTF-8", 1);

	/* Warnings of the kernel, and hung tasks before the test's timeout,
	 * must reach the console, where the host watches.
	 */
	klogctl(8, NULL, 7);
	snprintf(seconds, sizeof(seconds), "%d", 45 * (slow ? atoi(slow) : 1));
	write_file("/proc/sys/kernel/hung_task_timeout_secs", seconds);

	open_port();
	send_frame(F_HELLO, NULL, 0);
	status = serve(&c);
	sync();
	klogctl(8, NULL, 7);
	/* The newline counts: without it the record stays open, unprinted. */
	write_file("/dev/kmsg", "<6>" LOG_END "\n");
	send_frame(F_EXIT, &status, sizeof(status));
	for (;;)
		handle(&c);
}
