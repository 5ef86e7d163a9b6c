// SPDX-License-Identifier: GPL-2.0-only
/*
 * fuzz.c - a fuzzer of /dev/iommu that knows its structures
 *
 * Owns: the command line, the episodes, their processes and threads.
 *
 * An episode is a process that does so many turns in so many threads, all of
 * which follow from its seed. When it and all its children have ended, check.c
 * says whether the kernel is as it was. With one thread an episode can be
 * repeated exactly; with more, what each thread tries is the same, but not who
 * comes first.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "check.h"
#include "command.h"
#include "inject.h"
#include "mem.h"
#include "memory.h"
#include "test.h"

#define MAX_THREADS	16
/* How long an episode may take, in seconds, on the stock kernel. */
#define EPISODE_LIMIT	60

static struct {
	const char *name;
	__u64 seed;
	unsigned long ops;	/* all together, or of the one to replay */
	unsigned long per_episode;
	unsigned int threads, seconds;
	bool replay, seeded, stats;
	const char *skip;
} options = {
	.name = "run",
	.threads = 3,
	.per_episode = 3000,
};

/* How an episode ends. */
enum ending {
	END_CLOSE,	/* everything is closed, and then nothing pinned */
	END_EXIT,	/* the process just ends */
	END_THREAD,	/* likewise, while threads still run */
	END_KILLED,	/* by its parent, at any time */
};

struct episode {
	__u64 seed;
	unsigned long ops;
	enum ending ending;
	bool plain_user;	/* without privileges, with a small limit */
};

/* Exit statuses of an episode's process. */
enum { EPISODE_OK, EPISODE_FAILED = 20, EPISODE_PINNED };

struct worker {
	pthread_t thread;
	struct turn turn;
	__u64 seed;
	unsigned long turns;
	bool ends_all;
};

static void *work(void *arg)
{
	struct worker *me = arg;
	unsigned long i;

	/* Each turn has its own seed: leaving one out changes no other. */
	for (i = 0; i < me->turns; i++)
		turn_take(&me->turn, seed_mix(me->seed, i), i, options.skip);
	if (me->ends_all)
		_exit(EPISODE_OK);
	return NULL;
}

static void drop_privileges(struct rng *rng)
{
	struct rlimit limit;

	limit.rlim_cur = rng_chance(rng, 1, 8) ? 0 :
			 (1 + rng_below(rng, 2048)) * PAGE_SZ;
	limit.rlim_max = limit.rlim_cur;
	if (setrlimit(RLIMIT_MEMLOCK, &limit) ||
	    setresuid(FUZZ_UID, FUZZ_UID, FUZZ_UID))
		_exit(EPISODE_FAILED);
}

/* The body of an episode's process. */
static void __attribute__((noreturn)) live(const struct episode *episode)
{
	static struct worker workers[MAX_THREADS];
	struct rng rng = { seed_mix(episode->seed, 1) };
	unsigned int i, n = options.threads;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setpgid(0, 0);
	world_start(&rng);
	memory_start(&rng);
	if (episode->plain_user)
		drop_privileges(&rng);
	for (i = 0; i < n; i++) {
		turn_init(&workers[i].turn, n == 1);
		workers[i].seed = seed_mix(episode->seed, 100 + i);
		workers[i].turns = episode->ops / n;
		workers[i].ends_all = episode->ending == END_THREAD && !i;
	}
	if (workers[0].ends_all)
		workers[0].turns /= 2;
	for (i = 1; i < n; i++)
		if (pthread_create(&workers[i].thread, NULL, work, &workers[i]))
			_exit(EPISODE_FAILED);
	work(&workers[0]);
	for (i = 1; i < n; i++)
		pthread_join(workers[i].thread, NULL);
	if (episode->ending == END_CLOSE) {
		memory_clear();
		world_close();
		/* Children may have the contexts open for a little longer. */
		while (waitpid(-1, NULL, 0) > 0 || errno == EINTR)
			;
		for (i = 0; proc_status_bytes("VmPin") && i < 100; i++)
			usleep(50000);
		if (proc_status_bytes("VmPin"))
			_exit(EPISODE_PINNED);
	}
	_exit(EPISODE_OK);
}

static long long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000LL + ts.tv_nsec / 1000000;
}

/* To the kernel's log: what it complains about later came from here. */
static void tell_log(const struct episode *episode)
{
	int fd = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	dprintf(fd, "<6>fuzz: --seed 0x%llx --ops %lu --threads %u --replay\n",
		episode->seed, episode->ops, options.threads);
	close(fd);
}

/* Where its threads are, also those that run: by the CPUs' own stacks. */
static void print_stacks(pid_t pid)
{
	char command[320];

	snprintf(command, sizeof(command),
		 "for t in /proc/%d/task/*; do echo \"# $t $(cut -d' ' -f3,14,15 $t/stat)\"; sed 's/^/# /' $t/stack; done; echo '<6>fuzz: hangs' >/dev/kmsg; for i in 1 2; do echo l >/proc/sysrq-trigger; sleep 1; done; dmesg | sed -n '/fuzz: hangs/,$s/^/# /p'",
		 pid);
	fflush(stdout);
	if (system(command))
		printf("# no stacks\n");
}

/* Wait for the episode's process; its status, or -1 when it hangs. */
static int wait_episode(pid_t pid, long long kill_at)
{
	long long end = now_ms() + 1000LL * EPISODE_LIMIT * test_slow();
	int status;

	for (;;) {
		pid_t got = waitpid(pid, &status, WNOHANG);

		if (got == pid)
			return status;
		if (got < 0)
			return -1;
		if (kill_at && now_ms() >= kill_at) {
			kill(-pid, SIGKILL);
			kill_at = 0;
		}
		if (now_ms() > end) {
			print_stacks(pid);
			kill(-pid, SIGKILL);
			return -1;
		}
		usleep(1000);
	}
}

static const char *run_episode(const struct episode *episode)
{
	long long kill_at = 0;
	const char *why;
	int status;
	pid_t pid;

	tell_log(episode);
	fflush(NULL);
	if (episode->ending == END_KILLED)
		kill_at = now_ms() + 1 + seed_mix(episode->seed, 2) %
					 (400 * test_slow());
	pid = fork();
	if (pid < 0)
		return "fork failed";
	if (!pid)
		live(episode);
	setpgid(pid, pid);
	status = wait_episode(pid, kill_at);
	kill(-pid, SIGKILL);
	/* Orphans are ours: see PR_SET_CHILD_SUBREAPER. */
	while (waitpid(-1, NULL, 0) > 0 || errno == EINTR)
		;
	if (status == -1)
		return "it did not end";
	if (WIFSIGNALED(status) && WTERMSIG(status) != SIGKILL)
		return "the fuzzer crashed";
	if (WIFEXITED(status) && WEXITSTATUS(status) == EPISODE_PINNED)
		return "with everything closed, VmPin is not 0";
	if (WIFEXITED(status) && WEXITSTATUS(status))
		return "the fuzzer could not start";
	why = check_over();
	return why;
}

static struct episode plan(__u64 seed, unsigned long ops)
{
	struct rng rng = { seed_mix(seed, 3) };
	struct episode episode = { .seed = seed, .ops = ops };

	episode.ending = rng_below(&rng, options.threads > 1 ? 4 : 2);
	episode.plain_user = rng_chance(&rng, 1, 3);
	return episode;
}

static void print_stats(void)
{
	unsigned int i;

	for (i = 0; i < nr_commands + nr_actions; i++) {
		const struct command *row = i < nr_commands ?
			&commands[i] : &actions[i - nr_commands];

		printf("# %-34s %8lu of %8lu\n", row->name, tallies[i].done,
		       tallies[i].turns);
	}
}

/*
 * A fuzzer that gets nowhere finds nothing: with this many turns these must
 * have worked. Which they are is said by name, because rows come and go.
 */
static const char *unreached(unsigned long turns)
{
	static const char * const must[] = {
		"IOAS_ALLOC", "IOAS_MAP", "IOAS_UNMAP", "IOAS_COPY", "DESTROY",
		"HWPT_ALLOC", "MOCK_DOMAIN", "MOCK_REPLACE",
		"MOCK_CREATE_ACCESS", "rig_access",
	};
	unsigned int i, k;

	if (turns < 8000 || options.skip)
		return NULL;
	for (k = 0; k < ARRAY_SIZE(must); k++) {
		unsigned long done = 0;

		for (i = 0; i < nr_commands; i++)
			if (!strcmp(commands[i].name, must[k]))
				done += tallies[i].done;
		for (i = 0; i < nr_actions; i++)
			if (!strcmp(actions[i].name, must[k]))
				done += tallies[nr_commands + i].done;
		if (!done)
			return must[k];
	}
	return NULL;
}

static int run(void)
{
	long long begin = now_ms(), end = begin + 1000LL * options.seconds;
	unsigned long done = 0, n = 0;
	const char *why = NULL, *missed;
	struct episode episode;

	check_start();
	do {
		__u64 seed = options.replay ? options.seed :
					      seed_mix(options.seed, n);
		unsigned long ops = options.replay ? options.ops :
						     options.per_episode;

		episode = plan(seed, ops);
		why = run_episode(&episode);
		done += ops;
		n++;
	} while (!why && !options.replay &&
		 (options.seconds ? now_ms() < end : done < options.ops));

	printf("# fuzz: seed 0x%llx, %lu ops in %lu episodes of %u threads, %lld ms\n",
	       options.seed, done, n, options.threads, now_ms() - begin);
	if (options.stats)
		print_stats();
	missed = why ? NULL : unreached(done);
	if (why)
		printf("not ok fuzz/%s - %s; again: fuzz --seed 0x%llx --ops %lu --threads %u%s --replay\n",
		       options.name, why, episode.seed, episode.ops,
		       options.threads, inject ? " --inject" : "");
	else if (missed)
		printf("not ok fuzz/%s - no %s ever worked\n", options.name,
		       missed);
	else
		printf("ok fuzz/%s\n", options.name);
	return why || missed;
}

static const char usage[] =
	"usage: fuzz [--seed S] [--ops N | --seconds T] [--threads N]\n"
	"            [--device CDEV] [--inject] [--name NAME] [--stats]\n"
	"            [--replay] [--trace] [--skip NAME,…]\n"
	"\n"
	"Without --replay the seed is that of a series of episodes; each says its own\n"
	"to the kernel's log. With --replay it is that of one episode, which is done\n"
	"again: exactly with --threads 1. --trace prints each turn, --skip leaves some\n"
	"out without a change to the others. --inject lets allocations fail, on a\n"
	"kernel that can. The series is random without --seed.\n";

static unsigned long number(const char *text)
{
	char *end;
	unsigned long value = strtoul(text, &end, 0);

	if (!*text || *end) {
		fprintf(stderr, "fuzz: '%s' is not a number\n", text);
		exit(2);
	}
	return value;
}

static const struct option longs[] = {
	{ "seed", 1, NULL, 's' },    { "ops", 1, NULL, 'n' },
	{ "threads", 1, NULL, 't' }, { "seconds", 1, NULL, 'T' },
	{ "device", 1, NULL, 'd' },  { "replay", 0, NULL, 'r' },
	{ "trace", 0, NULL, 'v' },   { "stats", 0, NULL, 'S' },
	{ "inject", 0, NULL, 'i' },  { "name", 1, NULL, 'N' },
	{ "skip", 1, NULL, 'k' },    { "help", 0, NULL, 'h' },
	{ 0 },
};

static void __attribute__((noreturn)) bad_usage(void)
{
	fputs(usage, stderr);
	exit(2);
}

static void set_option(int option, const char *value)
{
	switch (option) {
	case 's':
		options.seed = number(value);
		options.seeded = true;
		break;
	case 'n':
		options.ops = number(value);
		break;
	case 't':
		options.threads = number(value);
		break;
	case 'T':
		options.seconds = number(value);
		break;
	case 'd':
		world_cdev = value;
		break;
	case 'r':
		options.replay = true;
		break;
	case 'v':
		trace = true;
		break;
	case 'S':
		options.stats = true;
		break;
	case 'i':
		inject = true;
		inject_prepare();
		break;
	case 'N':
		options.name = value;
		break;
	case 'k':
		options.skip = value;
		break;
	case 'h':
		fputs(usage, stdout);
		exit(0);
	default:
		bad_usage();
	}
}

static void parse(int argc, char **argv)
{
	int option;

	while ((option = getopt_long(argc, argv, "h", longs, NULL)) != -1)
		set_option(option, optarg);
	if (optind != argc || !options.threads || options.threads > MAX_THREADS)
		bad_usage();
	if (options.replay ? !options.seeded || !options.ops :
			     !options.ops && !options.seconds)
		bad_usage();
	if (!options.seeded &&
	    getrandom(&options.seed, sizeof(options.seed), 0) !=
	    sizeof(options.seed)) {
		perror("getrandom");
		exit(2);
	}
}

int main(int argc, char **argv)
{
	/* The same addresses each time. */
	if (!(personality(0xffffffff) & ADDR_NO_RANDOMIZE)) {
		personality(ADDR_NO_RANDOMIZE);
		execv("/proc/self/exe", argv);
		perror("exec");
		return 2;
	}
	parse(argc, argv);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	tallies = mmap(NULL, (nr_commands + nr_actions) * sizeof(*tallies),
		       PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		       -1, 0);
	if (tallies == MAP_FAILED) {
		perror("mmap");
		return 2;
	}
	return run();
}
