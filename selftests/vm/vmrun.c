// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmrun: start the emulator, hand a command to the guest's init, carry its
 * streams, watch the kernel's console, and end with the command's status.
 * Called by the script `run`, in the sandbox, which says how the VM is made;
 * this file knows nothing of devices or kernels.
 *
 * usage: vmrun [-t] [-T SECONDS] [-b SECONDS] [-e NAME=VALUE]… [-m "TAG DIR"]…
 *              -c CONSOLE-LOG -l EMULATOR-LOG EMULATOR… -- COMMAND…
 *
 *        vmrun -k	ends with 0 when KVM works here, else with 1
 *
 * The emulator gets the port's end as the chardev "port"; it is killed when
 * vmrun goes, however it goes.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "kvm.h"
#include "proto.h"
#include "watch.h"

enum {
	STATUS_NO_VM = 123,	/* the VM did not boot, or died without a report */
	STATUS_TIMEOUT = 124,
	STATUS_REPORT = 125,	/* the kernel complained */
};

/* How long an oops may go on, in ms, before its VM is ended. */
#define GRACE_MS	10000
#define TAIL_LINES	40

struct vm {
	bool tty;
	long timeout_ms, boot_ms;	/* 0: none */
	const char *console;		/* the file the guest's console goes to */
	const char *log;		/* the file for what the emulator says */
	char **env, **mounts, **qemu, **command;
	int nenv, nmounts;

	pid_t pid;
	int port;
	struct watch watch;

	bool up;			/* init has said hello */
	bool exited;			/* the command has */
	uint32_t status;
	int64_t started, broken_since;	/* ms */

	char in[sizeof(struct frame_header) + FRAME_MAX];
	size_t in_len;
	char *queue;			/* to the guest */
	size_t queued;
	uint32_t window;		/* bytes of stdin we may still send */
	bool stdin_open;
};

static volatile sig_atomic_t caught, resized;
static struct termios saved_tty;
static bool tty_is_raw;

static void on_signal(int sig)
{
	if (sig == SIGWINCH)
		resized = 1;
	else
		caught = sig;
}

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000LL + ts.tv_nsec / 1000000;
}

static void restore_tty(void)
{
	if (tty_is_raw)
		tcsetattr(0, TCSADRAIN, &saved_tty);
	tty_is_raw = false;
}

static void __attribute__((format(printf, 1, 2))) say(const char *fmt, ...)
{
	va_list ap;

	restore_tty();
	fprintf(stderr, "run: ");
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}

static void __attribute__((noreturn)) die(const char *what)
{
	say("%s: %s", what, strerror(errno));
	exit(STATUS_NO_VM);
}

static void raw_tty(void)
{
	struct termios t;

	if (tcgetattr(0, &saved_tty))
		return;
	t = saved_tty;
	cfmakeraw(&t);
	tty_is_raw = !tcsetattr(0, TCSADRAIN, &t);
}

static void get_size(struct winsize *size)
{
	memset(size, 0, sizeof(*size));
	if (ioctl(0, TIOCGWINSZ, size) && ioctl(1, TIOCGWINSZ, size)) {
		const char *l = getenv("LINES"), *c = getenv("COLUMNS");

		size->ws_row = l ? atoi(l) : 0;
		size->ws_col = c ? atoi(c) : 0;
	}
	if (!size->ws_row)
		size->ws_row = 24;
	if (!size->ws_col)
		size->ws_col = 80;
}

static void start_emulator(struct vm *vm)
{
	pid_t parent = getpid();
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds))
		die("socketpair");
	vm->port = fds[0];
	vm->pid = fork();
	if (vm->pid < 0)
		die("fork");
	if (!vm->pid) {
		char chardev[64];
		char **argv;
		int n = 0, fd;

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(1);
		setsid();	/* the terminal's signals are ours alone */
		fd = dup(fds[1]);
		snprintf(chardev, sizeof(chardev), "socket,id=port,fd=%d", fd);
		while (vm->qemu[n])
			n++;
		argv = calloc(n + 3, sizeof(*argv));
		if (!argv)
			_exit(1);
		memcpy(argv, vm->qemu, n * sizeof(*argv));
		argv[n++] = "-chardev";
		argv[n++] = chardev;
		fd = open("/dev/null", O_RDWR);
		dup2(fd, 0);
		fd = open(vm->log, O_WRONLY | O_CREAT | O_APPEND, 0600);
		dup2(fd, 1);
		dup2(fd, 2);
		execvp(argv[0], argv);
		printf("%s: %s\n", argv[0], strerror(errno));
		fflush(stdout);
		_exit(127);
	}
	close(fds[1]);
	fcntl(vm->port, F_SETFL, O_NONBLOCK);
}

static void stop_emulator(struct vm *vm)
{
	if (!vm->pid)
		return;
	kill(vm->pid, SIGTERM);
	for (int i = 0; i < 400; i++) {
		if (waitpid(vm->pid, NULL, WNOHANG) == vm->pid) {
			vm->pid = 0;
			return;
		}
		usleep(5000);
	}
	kill(vm->pid, SIGKILL);
	waitpid(vm->pid, NULL, 0);
	vm->pid = 0;
}

static void queue_frame(struct vm *vm, enum frame_type type, const void *data, size_t len)
{
	struct frame_header h = { .type = type, .len = len };

	vm->queue = realloc(vm->queue, vm->queued + sizeof(h) + len);
	if (!vm->queue)
		abort();
	memcpy(vm->queue + vm->queued, &h, sizeof(h));
	if (len)
		memcpy(vm->queue + vm->queued + sizeof(h), data, len);
	vm->queued += sizeof(h) + len;
}

static void queue_words(struct vm *vm, enum frame_type type, char **words, int n)
{
	for (int i = 0; i < n || (n < 0 && words[i]); i++) {
		size_t len = strlen(words[i]);

		if (len > FRAME_MAX) {
			say("a word of the command is longer than %d bytes", FRAME_MAX);
			exit(2);
		}
		queue_frame(vm, type, words[i], len);
	}
}

static void flush_queue(struct vm *vm)
{
	ssize_t n = write(vm->port, vm->queue, vm->queued);

	if (n > 0) {
		vm->queued -= n;
		memmove(vm->queue, vm->queue + n, vm->queued);
	}
}

static void send_size(struct vm *vm, enum frame_type type)
{
	struct winsize size;

	get_size(&size);
	queue_frame(vm, type, &size, sizeof(size));
}

static void guest_is_up(struct vm *vm)
{
	vm->up = true;
	vm->started = now_ms();
	vm->window = STDIN_WINDOW;
	if (vm->tty) {
		send_size(vm, F_TTY);
		raw_tty();
	}
	queue_words(vm, F_MOUNT, vm->mounts, vm->nmounts);
	queue_words(vm, F_ENV, vm->env, vm->nenv);
	queue_words(vm, F_ARG, vm->command, -1);
	queue_frame(vm, F_START, NULL, 0);
}

/* The caller's streams block: a slow reader slows the guest down. */
static void put(struct vm *vm, int fd, const char *data, size_t len)
{
	while (len) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno == EINTR && !caught)
			continue;
		if (n < 0 && errno == EAGAIN) {
			struct pollfd p = { .fd = fd, .events = POLLOUT };

			poll(&p, 1, 1000);
			continue;
		}
		if (n < 0) {
			/* The reader has gone, as in `run … | head`. */
			if (errno == EPIPE)
				caught = SIGPIPE;
			stop_emulator(vm);
			restore_tty();
			exit(128 + (caught ? caught : SIGPIPE));
		}
		data += n;
		len -= n;
	}
}

static void handle(struct vm *vm, enum frame_type type, const char *data, size_t len)
{
	uint32_t value = 0;

	if (len == sizeof(value))
		memcpy(&value, data, sizeof(value));
	switch (type) {
	case F_HELLO:
		guest_is_up(vm);
		break;
	case F_OUT:
		put(vm, 1, data, len);
		break;
	case F_ERR:
		put(vm, 2, data, len);
		break;
	case F_TOOK:
		vm->window += value;
		break;
	case F_EXIT:
		vm->exited = true;
		vm->status = value;
		break;
	default:
		say("the guest sent an unknown frame %d", type);
		exit(STATUS_NO_VM);
	}
}

/* False when the emulator has closed the port: it is ending. */
static bool read_port(struct vm *vm)
{
	ssize_t n = read(vm->port, vm->in + vm->in_len, sizeof(vm->in) - vm->in_len);
	struct frame_header h;
	size_t at = 0;

	if (n <= 0)
		return n < 0 && (errno == EAGAIN || errno == EINTR);
	vm->in_len += n;
	while (vm->in_len - at >= sizeof(h)) {
		memcpy(&h, vm->in + at, sizeof(h));
		if (h.len > FRAME_MAX) {
			say("the guest sent a bad frame");
			exit(STATUS_NO_VM);
		}
		if (vm->in_len - at < sizeof(h) + h.len)
			break;
		handle(vm, h.type, vm->in + at + sizeof(h), h.len);
		at += sizeof(h) + h.len;
	}
	vm->in_len -= at;
	memmove(vm->in, vm->in + at, vm->in_len);
	return true;
}

static void read_stdin(struct vm *vm)
{
	static char buf[4096];
	size_t room = vm->window < sizeof(buf) ? vm->window : sizeof(buf);
	ssize_t n = read(0, buf, room);

	if (n > 0) {
		queue_frame(vm, F_IN, buf, n);
		vm->window -= n;
	} else if (!n || (errno != EAGAIN && errno != EINTR)) {
		queue_frame(vm, F_IN_END, NULL, 0);
		vm->stdin_open = false;
	}
}

/* Ms until something must be looked at; 0 when a limit has passed. */
static bool out_of_time(const struct vm *vm)
{
	int64_t t = now_ms() - vm->started;

	if (!vm->up)
		return vm->boot_ms && t > vm->boot_ms;
	return vm->timeout_ms && t > vm->timeout_ms;
}

/* Why the loop ended. */
enum end { END_EXIT, END_PORT, END_TIMEOUT, END_BROKEN, END_SIGNAL };

static enum end loop(struct vm *vm)
{
	for (;;) {
		struct pollfd p[] = {
			{ .fd = vm->port, .events = POLLIN | (vm->queued ? POLLOUT : 0) },
			{ .fd = vm->up && vm->stdin_open && vm->window ? 0 : -1, .events = POLLIN },
		};

		poll(p, 2, 100);
		if (caught)
			return END_SIGNAL;
		if (resized && vm->up && vm->tty) {
			resized = 0;
			send_size(vm, F_RESIZE);
		}
		if ((p[0].revents & (POLLIN | POLLHUP | POLLERR)) && !read_port(vm))
			return END_PORT;
		if (vm->exited)
			return END_EXIT;
		if (p[1].revents)
			read_stdin(vm);
		if (vm->queued)
			flush_queue(vm);
		watch_poll(&vm->watch);
		if (vm->watch.worst >= BROKEN && !vm->broken_since)
			vm->broken_since = now_ms();
		if (vm->watch.worst == DEAD ||
		    (vm->broken_since && now_ms() - vm->broken_since > GRACE_MS))
			return END_BROKEN;
		if (out_of_time(vm))
			return END_TIMEOUT;
	}
}

/* The console until init's last line, or until nothing more is to be had. */
static void read_console_to_end(struct vm *vm, int ms)
{
	int64_t until = now_ms() + ms;

	do {
		watch_poll(&vm->watch);
		if (vm->watch.ended)
			return;
		usleep(2000);
	} while (now_ms() < until);
}

/* A VM that hangs: let it show where, if it still listens. */
static void ask_for_dump(struct vm *vm)
{
	int64_t until = now_ms() + 3000;

	if (!vm->up)
		return;
	watch_poll(&vm->watch);
	queue_frame(vm, F_DUMP, NULL, 0);
	while (vm->queued && now_ms() < until) {
		flush_queue(vm);
		usleep(2000);
	}
}

static void print_file(const char *path)
{
	char line[1024];
	FILE *f = fopen(path, "r");

	while (f && fgets(line, sizeof(line), f))
		fputs(line, stderr);
	if (f)
		fclose(f);
}

static int finish(struct vm *vm, enum end end)
{
	bool reported;

	if (end == END_EXIT)
		read_console_to_end(vm, 5000);
	else if (end == END_PORT || end == END_BROKEN)
		read_console_to_end(vm, 1000);
	else
		watch_poll(&vm->watch);
	reported = vm->watch.worst != QUIET;
	if (end == END_TIMEOUT && !reported) {
		ask_for_dump(vm);
		read_console_to_end(vm, 3000);
	}
	stop_emulator(vm);
	restore_tty();

	if (end == END_SIGNAL)
		return 128 + caught;
	if (reported) {
		say("the kernel reported a problem%s:",
		    end == END_EXIT ? "" : ", and the command did not end");
		watch_print_report(&vm->watch, stderr);
		return STATUS_REPORT;
	}
	if (end == END_EXIT)
		return vm->status;
	if (end == END_TIMEOUT && vm->up) {
		say("the command did not end within %ld s; the console's last lines:",
		    vm->timeout_ms / 1000);
		watch_print_tail(&vm->watch, stderr, TAIL_LINES);
		return STATUS_TIMEOUT;
	}
	print_file(vm->log);
	watch_print_tail(&vm->watch, stderr, TAIL_LINES);
	if (vm->up)
		say("the VM ended before the command did; these were its last lines.");
	else if (end == END_TIMEOUT)
		say("the VM did not boot within %ld s; these were its last lines.",
		    vm->boot_ms / 1000);
	else
		say("the VM did not boot: the emulator ended; these were its last lines.");
	return STATUS_NO_VM;
}

static void catch_signals(void)
{
	struct sigaction sa = { .sa_handler = on_signal };

	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGHUP, &sa, NULL);
	sigaction(SIGWINCH, &sa, NULL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGTTOU, SIG_IGN);
}

static void parse(struct vm *vm, int argc, char **argv)
{
	int opt;

	vm->env = calloc(argc, sizeof(*vm->env));
	vm->mounts = calloc(argc, sizeof(*vm->mounts));
	if (!vm->env || !vm->mounts)
		die("parsing");
	while ((opt = getopt(argc, argv, "+ktT:b:e:m:c:l:")) != -1) {
		switch (opt) {
		case 'k':
			exit(!kvm_works());
		case 't':
			vm->tty = true;
			break;
		case 'T':
			vm->timeout_ms = atol(optarg) * 1000;
			break;
		case 'b':
			vm->boot_ms = atol(optarg) * 1000;
			break;
		case 'e':
			vm->env[vm->nenv++] = optarg;
			break;
		case 'm':
			vm->mounts[vm->nmounts++] = optarg;
			break;
		case 'c':
			vm->console = optarg;
			break;
		case 'l':
			vm->log = optarg;
			break;
		default:
			exit(2);
		}
	}
	vm->qemu = argv + optind;
	while (optind < argc && strcmp(argv[optind], "--"))
		optind++;
	if (!vm->console || !vm->log || optind + 1 >= argc) {
		say("usage: see the head of vmrun.c");
		exit(2);
	}
	argv[optind] = NULL;
	vm->command = argv + optind + 1;
}

int main(int argc, char **argv)
{
	static struct vm vm = { .stdin_open = true };

	parse(&vm, argc, argv);
	catch_signals();
	if (watch_open(&vm.watch, vm.console))
		die(vm.console);
	vm.started = now_ms();
	start_emulator(&vm);
	return finish(&vm, loop(&vm));
}
