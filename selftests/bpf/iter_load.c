// SPDX-License-Identifier: GPL-2.0-only
/*
 * iter_load.c - programs that must not load, each for its own reason
 *
 * Owns: iter_load_table.
 */
#include <bpf/libbpf.h>
#include <stdio.h>

#include "iter_main.h"
#include "iter_bad.skel.h"

/* What the verifier has to say of each. */
static const struct {
	const char *name;
	const char *why;
} bad[] = {
	{ "bad_runs_in_fentry", "is not allowed" },
	{ "bad_runs_in_sleepable_lsm", "is not allowed" },
	{ "bad_mix_in_fentry", "is not allowed" },
	{ "bad_runs_under_rcu", "sleepable within rcu_read_lock" },
	{ "bad_walk_without_rcu", "rcu" },
	{ "bad_view_after_rcu", "" },
	{ "bad_forged_context", "" },
	{ "bad_forged_ioas", "" },
	{ "bad_leak", "Unreleased reference" },
	{ "bad_release", "must be referenced" },
	{ "bad_release_twice", "" },
	{ "bad_null", "invalid mem access" },
	{ "bad_write", "only read" },
	{ "bad_kind", "" },
	{ "bad_iterator_leak", "Unreleased reference" },
};

static char log_buf[1 << 20];

static void refuse(size_t i)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts,
		    .kernel_log_buf = log_buf,
		    .kernel_log_size = sizeof(log_buf),
		    .kernel_log_level = 1);
	struct iter_bad *b = iter_bad__open_opts(&opts);
	struct bpf_program *prog;

	CHECK(b);
	prog = bpf_object__find_program_by_name(b->obj, bad[i].name);
	CHECK(prog);
	CHECK_OK(bpf_program__set_autoload(prog, true));
	log_buf[0] = 0;
	if (!iter_bad__load(b))
		FAIL("%s was loaded", bad[i].name);
	/* For that reason, not for another. */
	if (!log_buf[0] || !strstr(log_buf, bad[i].why))
		FAIL("%s: no '%s' in: …%s", bad[i].name, bad[i].why,
		     strlen(log_buf) > 600 ? log_buf + strlen(log_buf) - 600 :
					     log_buf);
	iter_bad__destroy(b);
}

static void bad_programs(void)
{
	size_t i;

	libbpf_set_print(NULL);
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		/* Not every kernel has them: the one for debugging has not. */
		if (strstr(bad[i].name, "_lsm") &&
		    libbpf_probe_bpf_prog_type(BPF_PROG_TYPE_LSM, NULL) != 1)
			test_note("%s: no LSM programs here", bad[i].name);
		else
			refuse(i);
	}
}

static const struct test tests[] = {
	{ .name = "bad-programs", .run = bad_programs },
};

const struct test_table iter_load_table = { tests, ARRAY_SIZE(tests) };
