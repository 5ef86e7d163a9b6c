// SPDX-License-Identifier: GPL-2.0-only
/*
 * load_policy: the smallest loader of policies, with plain libbpf.
 *
 *	load_policy FILE.bpf.o [--pin PATH] [VARIABLE=NUMBER]...
 *
 * It opens the object, sets its global variables by name, loads it, attaches
 * its table and stays: until SIGTERM, Ctrl-C, or the end of its input if that
 * is a pipe. With --pin it leaves the link in the BPF filesystem and ends;
 * removing that file detaches the policy.
 *
 * An example and a test's helper. What operators use is iommupolicy, which has
 * scopes, lists and live parameters.
 */
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_VARIABLES 64

enum {
	EXIT_RUNTIME = 1,
	EXIT_USAGE = 2,
	EXIT_PERM = 3,
	EXIT_BPF = 4,
	EXIT_SOURCE = 5,
};

static const char usage[] = "usage: load_policy FILE.bpf.o [--pin PATH] [VARIABLE=NUMBER]...\n";

/* libbpf's warnings: what the verifier says is what an author needs. */
static int on_libbpf(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	return level == LIBBPF_WARN ? vfprintf(stderr, fmt, ap) : 0;
}

/*
 * A global variable's place: the map of its section, and where in it. The
 * section's values may be changed until the object is loaded.
 */
static void *find_variable(struct bpf_object *obj, const char *name, size_t *size)
{
	const struct btf *btf = bpf_object__btf(obj);
	const struct btf_var_secinfo *var;
	const struct btf_type *sec;
	struct bpf_map *map;
	size_t bytes;
	char *init;
	__s32 id;
	int i;

	bpf_object__for_each_map(map, obj) {
		init = bpf_map__initial_value(map, &bytes);
		id = bpf_map__btf_value_type_id(map);
		sec = init ? btf__type_by_id(btf, id) : NULL;
		if (!sec || !btf_is_datasec(sec))
			continue;
		var = btf_var_secinfos(sec);
		for (i = 0; i < btf_vlen(sec); i++, var++) {
			const struct btf_type *t = btf__type_by_id(btf, var->type);

			if (strcmp(btf__name_by_offset(btf, t->name_off), name))
				continue;
			if (var->offset + var->size > bytes)
				return NULL;
			*size = var->size;
			return init + var->offset;
		}
	}
	return NULL;
}

/* "name=number"; the number may be decimal, 0x… or 0… */
static int set_variable(struct bpf_object *obj, const char *arg)
{
	const char *equals = strchr(arg, '=');
	unsigned long long value;
	size_t size = 0;
	char *name, *end;
	void *at;

	if (!equals || equals == arg) {
		fputs(usage, stderr);
		return EXIT_USAGE;
	}
	errno = 0;
	value = strtoull(equals + 1, &end, 0);
	if (errno || *end || end == equals + 1 || equals[1] == '-') {
		fprintf(stderr, "load_policy: '%s' is not VARIABLE=NUMBER\n", arg);
		return EXIT_USAGE;
	}
	name = strndup(arg, equals - arg);
	if (!name)
		return EXIT_RUNTIME;
	at = find_variable(obj, name, &size);
	if (!at || (size != 1 && size != 2 && size != 4 && size != 8)) {
		fprintf(stderr, "load_policy: the policy has no number named '%s'\n", name);
		free(name);
		return EXIT_USAGE;
	}
	free(name);
	if (size < 8 && value >> (8 * size)) {
		fprintf(stderr, "load_policy: '%s' does not fit into %zu bytes\n", arg, size);
		return EXIT_USAGE;
	}
	/* Little-endian: the low bytes come first. */
	memcpy(at, &value, size);
	return 0;
}

static struct bpf_map *find_table(struct bpf_object *obj)
{
	struct bpf_map *map;

	bpf_object__for_each_map(map, obj) {
		if (bpf_map__type(map) == BPF_MAP_TYPE_STRUCT_OPS)
			return map;
	}
	return NULL;
}

/* Until a signal, or the other end of the pipe on stdin closes. */
static int stay(void)
{
	struct pollfd fds[2] = {
		{ .fd = STDIN_FILENO, .events = POLLIN },
		{ .events = POLLIN },
	};
	struct stat st;
	sigset_t set;
	char buf[64];

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	fds[1].fd = signalfd(-1, &set, SFD_CLOEXEC);
	if (fds[1].fd < 0) {
		perror("load_policy: signalfd");
		return EXIT_RUNTIME;
	}
	/* /dev/null is always at its end: only a pipe says that somebody left. */
	if (fstat(STDIN_FILENO, &st) || !(S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode)))
		fds[0].fd = -1;
	for (;;) {
		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			return EXIT_RUNTIME;
		if (fds[1].revents)
			return 0;
		if (fds[0].revents && read(STDIN_FILENO, buf, sizeof(buf)) <= 0)
			return 0;
	}
}

static int load_failed(int err)
{
	/* We are root, so this is the verifier: its log is above. */
	if (err == -EACCES || err == -EINVAL)
		fprintf(stderr, "load_policy: the kernel's verifier refuses the program; the end of its log above says why\n");
	else
		fprintf(stderr, "load_policy: the policy cannot be loaded: %s\n", strerror(-err));
	return err == -EPERM ? EXIT_PERM : EXIT_BPF;
}

static const char *why_not(int err)
{
	switch (err) {
	case -EPERM:
		return " (it takes CAP_SYS_ADMIN)";
	case -EOPNOTSUPP:
		return " (it takes SEC(\".struct_ops.link\"))";
	case -ENOENT:
		return " (there is no such cgroup or IOAS)";
	default:
		return "";
	}
}

static int attach(struct bpf_map *table, const char *pin)
{
	struct bpf_link *link = bpf_map__attach_struct_ops(table);
	int rc;

	if (!link) {
		rc = -errno;
		fprintf(stderr, "load_policy: %s cannot be attached: %s%s\n", bpf_map__name(table),
			strerror(-rc), why_not(rc));
		return rc == -EPERM ? EXIT_PERM : EXIT_BPF;
	}
	if (pin) {
		rc = bpf_link__pin(link, pin);
		if (rc) {
			fprintf(stderr, "load_policy: cannot pin to %s: %s\n", pin, strerror(-rc));
			bpf_link__destroy(link);
			return EXIT_RUNTIME;
		}
	}
	printf("%s: attached%s%s\n", bpf_map__name(table), pin ? ", pinned at " : "",
	       pin ? pin : "");
	fflush(stdout);
	rc = pin ? 0 : stay();
	bpf_link__destroy(link);
	return rc;
}

static int run(struct bpf_object *obj, char **args, const char *pin)
{
	struct bpf_map *table = find_table(obj);
	int rc;

	if (!table) {
		fputs("load_policy: no policy in the file: no SEC(\".struct_ops.link\")\n", stderr);
		return EXIT_BPF;
	}
	for (; *args; args++) {
		rc = set_variable(obj, *args);
		if (rc)
			return rc;
	}
	rc = bpf_object__load(obj);
	if (rc)
		return load_failed(rc);
	return attach(table, pin);
}

int main(int argc, char **argv)
{
	char *vars[MAX_VARIABLES + 1] = {}, *file = NULL;
	const char *pin = NULL;
	unsigned int nr_vars = 0;
	struct bpf_object *obj;
	int i, rc;

	for (i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--pin") && i + 1 < argc) {
			pin = argv[++i];
		} else if (argv[i][0] == '-' || nr_vars == MAX_VARIABLES) {
			fputs(usage, stderr);
			return EXIT_USAGE;
		} else if (!file) {
			file = argv[i];
		} else {
			vars[nr_vars++] = argv[i];
		}
	}
	if (!file) {
		fputs(usage, stderr);
		return EXIT_USAGE;
	}
	if (geteuid()) {
		fprintf(stderr, "load_policy: needs root to load BPF programs; run it with sudo\n");
		return EXIT_PERM;
	}
	if (access("/sys/kernel/btf/iommufd", F_OK)) {
		fputs("load_policy: iommufd.ko is not loaded, or has no BTF; load it: modprobe iommufd\n",
		      stderr);
		return EXIT_SOURCE;
	}
	if (access(file, R_OK)) {
		fprintf(stderr, "load_policy: cannot open %s: %s\n", file, strerror(errno));
		return EXIT_RUNTIME;
	}
	libbpf_set_print(on_libbpf);
	obj = bpf_object__open(file);
	if (!obj) {
		fprintf(stderr, "load_policy: %s is no BPF object: %s\n", file, strerror(errno));
		return EXIT_RUNTIME;
	}
	rc = run(obj, vars, pin);
	bpf_object__close(obj);
	return rc;
}
