// SPDX-License-Identifier: GPL-2.0-only
/*
 * rig.c - policies, devices and cgroups for the tests; see bpf_policy.h
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "bpf_policy.h"

#define CGROUP_ROOT "/sys/fs/cgroup"
#define REOPEN "/sys/module/iommufd/parameters/policy_reopen"

const char *object_path(const char *name)
{
	static char path[512];
	char *slash;
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 64);

	CHECK(n > 0);
	path[n] = '\0';
	slash = strrchr(path, '/');
	snprintf(slash + 1, 60, "%s.bpf.o", name);
	return path;
}

/* The policy's global variables: memory of ours once it is loaded. */
static struct probe_state *find_probe(struct bpf_object *obj)
{
	struct bpf_map *map;
	size_t size;

	bpf_object__for_each_map(map, obj)
		if (strstr(bpf_map__name(map), ".bss"))
			return bpf_map__initial_value(map, &size);
	FAIL("the probe has no .bss");
}

static void leave_out_pages(struct bpf_object *obj, struct iommufd_pin_ops *ops)
{
	static const char *const names[] = { "probe_charge", "probe_adopt",
					     "probe_uncharge" };
	struct bpf_program *prog;
	size_t i;

	ops->charge = NULL;
	ops->adopt = NULL;
	ops->uncharge = NULL;
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		prog = bpf_object__find_program_by_name(obj, names[i]);
		CHECK(prog);
		CHECK_OK(bpf_program__set_autoload(prog, false));
	}
}

static struct policy open_and_load(const struct iommufd_pin_ops *conf,
				   bool admit_only)
{
	struct policy pol = {};
	struct iommufd_pin_ops *ops;
	size_t size;
	int ret;

	pol.obj = bpf_object__open(object_path("probe"));
	if (!pol.obj)
		FAIL("the probe cannot be opened: %s", errno_name(-errno));
	pol.map = bpf_object__find_map_by_name(pol.obj, "probe_ops");
	CHECK(pol.map);
	ops = bpf_map__initial_value(pol.map, &size);
	CHECK(ops);
	if (conf) {
		ops->ioas_cookie = conf->ioas_cookie;
		ops->cgroup_id = conf->cgroup_id;
		ops->flags = conf->flags;
		ops->priority = conf->priority;
		if (conf->name[0])
			memcpy(ops->name, conf->name, sizeof(ops->name));
	}
	if (admit_only)
		leave_out_pages(pol.obj, ops);
	ret = bpf_object__load(pol.obj);
	if (ret)
		FAIL("the probe cannot be loaded: %s", errno_name(ret));
	pol.p = find_probe(pol.obj);
	return pol;
}

struct policy policy_load(const struct iommufd_pin_ops *conf)
{
	return open_and_load(conf, false);
}

struct policy policy_load_admit(const struct iommufd_pin_ops *conf)
{
	return open_and_load(conf, true);
}

int policy_attach(struct policy *pol)
{
	pol->link = bpf_map__attach_struct_ops(pol->map);
	return pol->link ? 0 : -errno;
}

struct policy policy_new(const struct iommufd_pin_ops *conf)
{
	struct policy pol = policy_load(conf);

	CHECK_OK(policy_attach(&pol));
	return pol;
}

void policy_detach(struct policy *pol)
{
	CHECK_OK(bpf_link__destroy(pol->link));
	pol->link = NULL;
}

int policy_replace(struct policy *from, struct policy *to)
{
	int ret = bpf_link__update_map(from->link, to->map);

	if (ret)
		return ret;
	to->link = from->link;
	from->link = NULL;
	return 0;
}

void policy_unload(struct policy *pol)
{
	if (pol->link)
		policy_detach(pol);
	bpf_object__close(pol->obj);
	pol->obj = NULL;
}

void policy_wait_exit(const struct policy *pol)
{
	const struct timespec pause = { .tv_nsec = 10 * 1000000L };
	const volatile unsigned long long *nr = &pol->p->nr_exit;
	unsigned int tries;

	for (tries = 0; tries < 1000 * test_slow(); tries++) {
		if (*nr)
			return;
		nanosleep(&pause, NULL);
	}
	FAIL("exit() is not called");
}

bool scope_is_closed(const char *name)
{
	char line[64], want[64];
	bool found = false;
	FILE *f = fopen(REOPEN, "re");

	CHECK(f);
	snprintf(want, sizeof(want), "%s\n", name);
	while (fgets(line, sizeof(line), f))
		found |= !strcmp(line, want);
	fclose(f);
	return found;
}

int scope_reopen(const char *name)
{
	int fd = CHECK_FD(open(REOPEN, O_WRONLY | O_CLOEXEC));
	int ret = write(fd, name, strlen(name)) < 0 ? -errno : 0;

	close(fd);
	return ret;
}

struct rig rig_bare(void)
{
	struct space s = new_space();
	struct rig r = { .fd = s.fd, .ioas = s.ioas };

	r.va = get_pages(RIG_BYTES);
	return r;
}

void rig_attach(struct rig *r)
{
	CHECK_OK(mock_device_add(r->fd, r->ioas, 0, &r->m));
}

void rig_detach(struct rig *r)
{
	CHECK_OK(iommufd_destroy(r->fd, r->m.stdev));
}

struct rig rig_new(void)
{
	struct rig r = rig_bare();

	rig_attach(&r);
	return r;
}

int rig_map(const struct rig *r, unsigned int at, unsigned int npages)
{
	return iommufd_map_fixed(r->fd, r->ioas, r->va + at * PAGE_SZ,
				 npages * PAGE_SZ, MOCK_IOVA + at * PAGE_SZ,
				 MAP_RW);
}

int rig_unmap(const struct rig *r, unsigned int at, unsigned int npages)
{
	return iommufd_unmap(r->fd, r->ioas, MOCK_IOVA + at * PAGE_SZ,
			     npages * PAGE_SZ, NULL);
}

__u64 ioas_cookie(const struct rig *r)
{
	struct policy pol = policy_new(NULL);
	__u64 cookie;

	CHECK_OK(rig_map(r, 0, 1));
	cookie = pol.p->admit.ioas_cookie;
	CHECK_OK(rig_unmap(r, 0, 1));
	policy_unload(&pol);
	CHECK(cookie);
	return cookie;
}

int access_new(const struct rig *r)
{
	return mock_access_new(r->fd, r->ioas,
			       MOCK_FLAGS_ACCESS_CREATE_NEEDS_PIN_PAGES);
}

int access_pin(const struct rig *r, int access, unsigned int at,
	       unsigned int npages, __u32 *pin)
{
	return mock_access_pin(r->fd, access, MOCK_IOVA + at * PAGE_SZ,
			       r->va + at * PAGE_SZ, npages * PAGE_SZ,
			       MOCK_FLAGS_ACCESS_WRITE, pin);
}

int access_unpin(const struct rig *r, int access, __u32 pin)
{
	return mock_access_unpin(r->fd, access, pin);
}

static void write_text(const char *path, const char *text)
{
	int fd = CHECK_FD(open(path, O_WRONLY | O_CLOEXEC));

	CHECK_EQ(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static const char *cgroup_path(const char *path, const char *file)
{
	static char full[256];

	snprintf(full, sizeof(full), CGROUP_ROOT "/%s%s%s", path,
		 path[0] ? "/" : "", file);
	return full;
}

__u64 cgroup_make(const char *path)
{
	const char *full = cgroup_path(path, "");
	struct stat st;

	if (mkdir(full, 0755) && errno != EEXIST)
		FAIL("mkdir %s: %s", full, errno_name(-errno));
	CHECK_OK(stat(full, &st));
	/* On 64 bits a cgroup's id is its inode's number. */
	return st.st_ino;
}

void cgroup_remove(const char *path)
{
	const struct timespec pause = { .tv_nsec = 10 * 1000000L };
	unsigned int tries;

	/* Who was in it may be leaving still. */
	for (tries = 0; tries < 500; tries++) {
		if (!rmdir(cgroup_path(path, "")) || errno != EBUSY)
			return;
		nanosleep(&pause, NULL);
	}
	FAIL("the cgroup %s stays busy", path);
}

void cgroup_enter(const char *path)
{
	write_text(cgroup_path(path, "cgroup.procs"), "0");
}
