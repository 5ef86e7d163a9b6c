// SPDX-License-Identifier: GPL-2.0-only
/*
 * dirty_model.c - random writes, reads and peeks of two HWPTs over one IOAS,
 * while policies answer at random, come, go, and are thrown out
 *
 * Two oracles. One knows nothing of policies: a page that was written is reported
 * by every read until one that may clear has. The other one is exact: it reads in
 * the policy's log what was done to each area, and knows what that reports.
 *
 * Owns: dirty_model_table.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <time.h>
#include <unistd.h>

#include "dirty_policy.h"

#define NR_HWPTS 2
#define NR_AREAS 12

/* Pages [at, at + n) of the rig; gaps between them. */
static const struct { unsigned int at, n; } areas[NR_AREAS] = {
	{ 0, 1 }, { 1, 2 }, { 4, 8 }, { 12, 1 }, { 16, 33 }, { 49, 3 },
	{ 60, 5 }, { 70, 64 }, { 134, 1 }, { 140, 7 }, { 150, 16 }, { 170, 80 },
};

/**
 * struct model - what must be
 * @hwpt: the HWPTs
 * @cookie: theirs, for the log
 * @mapped: by area
 * @owed: a read must report the page: it was written since one could have
 *	cleared it
 * @hw: the IO page table's dirty bits
 */
struct model {
	struct dirty_rig r;
	__u32 hwpt[NR_HWPTS];
	__u64 cookie[NR_HWPTS];
	bool mapped[NR_AREAS];
	bool owed[NR_HWPTS][DIRTY_PAGES];
	bool hw[NR_HWPTS][DIRTY_PAGES];
	struct rng rng;
};

static void map_area(struct model *m, unsigned int i, bool map)
{
	unsigned int h, page;

	if (m->mapped[i] == map)
		return;
	if (map)
		dirty_map(&m->r, areas[i].at, areas[i].n);
	else
		dirty_unmap(&m->r, areas[i].at, areas[i].n);
	m->mapped[i] = map;
	for (h = 0; h < NR_HWPTS; h++)
		for (page = areas[i].at; page < areas[i].at + areas[i].n; page++) {
			m->owed[h][page] = false;
			m->hw[h][page] = false;
		}
}

static void new_model(struct model *m)
{
	struct dirty_policy pol = dirty_new(NULL, IOMMUFD_DIRTY_SCAN);
	unsigned int i;

	m->r = dirty_rig();
	m->rng.state = pattern_seed();
	test_note("seed %llu", m->rng.state);
	m->hwpt[0] = m->r.hwpt;
	CHECK_OK(mock_dirty_hwpt(m->r.fd, m->r.m.idev, m->r.ioas,
				 MOCK_IOMMUPT_DEFAULT, &m->hwpt[1]));
	for (i = 0; i < NR_AREAS; i++)
		map_area(m, i, true);
	for (i = 0; i < NR_HWPTS; i++) {
		CHECK_OK(iommufd_dirty_track(m->r.fd, m->hwpt[i], true));
		m->cookie[i] = pol.p->start.hwpt_cookie;
	}
	dirty_unload(&pol);
}

static void write_some(struct model *m)
{
	unsigned int h = rng_below(&m->rng, NR_HWPTS);
	unsigned int n = 1 + rng_below(&m->rng, 12);

	while (n--) {
		unsigned int i = rng_below(&m->rng, NR_AREAS);
		unsigned int page;

		if (!m->mapped[i])
			continue;
		page = areas[i].at + rng_below(&m->rng, areas[i].n);
		dirty_write(&m->r, m->hwpt[h], page);
		m->owed[h][page] = true;
		m->hw[h][page] = true;
	}
}

/* What was done to the area that the page is in, by the log of this read. */
static unsigned int verdict_of(const struct dirty_probe *p, __u64 cookie,
			       unsigned int page)
{
	__u64 iova = MOCK_IOVA + page * PAGE_SZ;
	unsigned int i;

	CHECK(!p || p->nr_log <= DIRTY_LOG);
	for (i = 0; p && i < p->nr_log; i++)
		if (iova - p->log[i].iova < p->log[i].length) {
			CHECK_EQ(p->log[i].hwpt_cookie, cookie);
			return p->log[i].verdict;
		}
	return IOMMUFD_DIRTY_SCAN;
}

/*
 * Is the page reported, as it must be? @p: what logs; NULL: it is not known what
 * policies say just now.
 */
static void check_page(struct model *m, unsigned int h, unsigned int page,
		       bool got, bool clear, bool exact,
		       const struct dirty_probe *p)
{
	unsigned int verdict = verdict_of(p, m->cookie[h], page);

	if (m->owed[h][page] && !got)
		FAIL("page %u of HWPT %u is lost", page, h);
	if (exact && got != (m->hw[h][page] || verdict == IOMMUFD_DIRTY_ASSUME))
		FAIL("page %u of HWPT %u: reported %d, in the table %d, verdict %u",
		     page, h, got, m->hw[h][page], verdict);
	if (!clear)
		return;
	m->owed[h][page] = false;
	if (verdict == IOMMUFD_DIRTY_SCAN)
		m->hw[h][page] = false;
}

static void read_some(struct model *m, struct dirty_probe *p, bool exact)
{
	unsigned char bits[DIRTY_PAGES / 8] = {};
	unsigned int h = rng_below(&m->rng, NR_HWPTS);
	bool clear = rng_below(&m->rng, 4);
	unsigned int at = 0, n = DIRTY_PAGES, i, page;

	if (!rng_below(&m->rng, 3)) {
		at = rng_below(&m->rng, DIRTY_PAGES);
		n = 1 + rng_below(&m->rng, DIRTY_PAGES - at);
	}
	if (p)
		p->nr_log = 0;
	CHECK_OK(dirty_read(&m->r, m->hwpt[h], at, n, bits,
			    clear ? 0 : NO_CLEAR));
	for (i = 0; i < NR_AREAS; i++) {
		for (page = areas[i].at; page < areas[i].at + areas[i].n;
		     page++) {
			if (page < at || page >= at + n)
				continue;
			if (m->mapped[i])
				check_page(m, h, page,
					   bit_of(bits, page - at), clear,
					   exact, p);
			else
				CHECK(!bit_of(bits, page - at));
		}
	}
}

static void some_answer(struct model *m, struct dirty_policy *pol)
{
	static const unsigned int answers[] = {
		DIRTY_ANY, DIRTY_ANY, DIRTY_ANY, IOMMUFD_DIRTY_SCAN,
		IOMMUFD_DIRTY_KEEP, IOMMUFD_DIRTY_ASSUME,
		IOMMUFD_DIRTY_ASSUME, 1234,
	};

	pol->p->verdict = answers[rng_below(&m->rng, ARRAY_SIZE(answers))];
}

/**
 * struct cast - a policy and its understudy
 * @pol: loaded
 * @on: which one is attached; -1: none
 * @ejected: how often one was thrown out
 */
struct cast {
	struct dirty_policy pol[2];
	int on;
	unsigned int ejected;
};

static bool has_ended(const struct dirty_policy *pol)
{
	const volatile unsigned long long *ended = &pol->p->ended;

	return *ended == pol->p->cookie;
}

/* It is thrown out from a worker, some time after its last strike. */
static void settle(struct cast *c)
{
	struct dirty_policy *pol = &c->pol[c->on];

	if (c->on < 0 || pol->p->verdict != 1234)
		return;
	pol->p->verdict = DIRTY_ANY;
	if (!has_ended(pol))
		return;
	c->ejected++;
	CHECK_EQ(pol->p->exit.kind, IOMMUFD_EXIT_EJECTED);
	dirty_detach(pol);
	c->on = -1;
}

/* One that is being thrown out may have its place for a moment still. */
static void attach_soon(struct dirty_policy *pol)
{
	const struct timespec pause = { .tv_nsec = 1000000 };
	int ret, tries = 0;

	while ((ret = dirty_attach(pol)) == -EEXIST && tries++ < 10000)
		nanosleep(&pause, NULL);
	CHECK_OK(ret);
}

static void change_policy(struct model *m, struct cast *c)
{
	int other = c->on == 0;

	settle(c);
	switch (c->on < 0 ? 0 : rng_below(&m->rng, 3)) {
	case 0:
		if (c->on >= 0) {
			dirty_detach(&c->pol[c->on]);
			c->on = -1;
			break;
		}
		c->on = rng_below(&m->rng, 2);
		attach_soon(&c->pol[c->on]);
		break;
	case 1:
		/* It may be on its way out, unseen. */
		if (dirty_replace(&c->pol[c->on], &c->pol[other]))
			break;
		c->on = other;
		break;
	}
	if (c->on >= 0)
		some_answer(m, &c->pol[c->on]);
}

static struct cast new_cast(void)
{
	return (struct cast){
		.pol = { dirty_load(NULL), dirty_load(NULL) },
		.on = -1,
	};
}

static void sequential(void)
{
	static struct model m;
	struct cast c = new_cast();
	unsigned int i, logged = 0;

	new_model(&m);
	for (i = 0; i < 6000; i++) {
		switch (rng_below(&m.rng, 16)) {
		case 0:
			map_area(&m, rng_below(&m.rng, NR_AREAS),
				 rng_below(&m.rng, 3));
			break;
		case 1:
			change_policy(&m, &c);
			break;
		case 2 ... 7:
			read_some(&m, c.on < 0 ? NULL : c.pol[c.on].p, true);
			logged += c.on < 0 ? 0 : c.pol[c.on].p->nr_log;
			break;
		default:
			write_some(&m);
		}
	}
	test_note("%u areas were read as a policy said; %u policies were ejected",
		  logged, c.ejected);
	CHECK(logged > 1000);
	CHECK_EQ(c.pol[0].p->wrong + c.pol[1].p->wrong, 0);
	if (c.on >= 0)
		settle(&c);
	dirty_unload(&c.pol[0]);
	dirty_unload(&c.pol[1]);
}

struct switcher {
	struct cast c;
	struct model m;
	bool stop;
	unsigned long changes;
};

/* One that talks nonsense is left alone for a while, to be thrown out. */
static void let_strike(const struct cast *c)
{
	const struct timespec pause = { .tv_nsec = 1000000 };
	int tries;

	if (c->on < 0 || c->pol[c->on].p->verdict != 1234)
		return;
	for (tries = 0; tries < 200 && !has_ended(&c->pol[c->on]); tries++)
		nanosleep(&pause, NULL);
}

static void *switch_policies(void *arg)
{
	struct switcher *s = arg;

	while (!__atomic_load_n(&s->stop, __ATOMIC_RELAXED)) {
		change_policy(&s->m, &s->c);
		let_strike(&s->c);
		__atomic_add_fetch(&s->changes, 1, __ATOMIC_RELAXED);
	}
	return NULL;
}

/* The same, with policies changing in the middle of reads. */
static void concurrent(void)
{
	static struct switcher s;
	static struct model m;
	pthread_t thread;
	unsigned int i;

	s.c = new_cast();
	new_model(&m);
	s.m.rng.state = m.rng.state + 1;
	CHECK_OK(pthread_create(&thread, NULL, switch_policies, &s));
	for (i = 0; i < 6000 || __atomic_load_n(&s.changes, __ATOMIC_RELAXED) < 200; i++) {
		if (rng_below(&m.rng, 2))
			write_some(&m);
		else
			read_some(&m, NULL, false);
		if (!rng_below(&m.rng, 20))
			map_area(&m, rng_below(&m.rng, NR_AREAS),
				 rng_below(&m.rng, 3));
	}
	__atomic_store_n(&s.stop, true, __ATOMIC_RELAXED);
	CHECK_OK(pthread_join(thread, NULL));
	test_note("%lu changes of policies; %u were ejected; %llu areas were read as one said",
		  s.changes, s.c.ejected,
		  s.c.pol[0].p->nr_done + s.c.pol[1].p->nr_done);
	CHECK(s.c.pol[0].p->nr_done + s.c.pol[1].p->nr_done > 100);
	CHECK(s.c.ejected > 0);
	dirty_unload(&s.c.pol[0]);
	dirty_unload(&s.c.pol[1]);
}

/* Two threads that read one HWPT, and one that writes: nothing is lost. */
struct reader {
	const struct dirty_rig *r;
	unsigned char seen[DIRTY_PAGES / 8];
	bool stop;
};

static void *read_all(void *arg)
{
	struct reader *reader = arg;

	while (!__atomic_load_n(&reader->stop, __ATOMIC_RELAXED))
		CHECK_OK(dirty_read(reader->r, reader->r->hwpt, 0, 64,
				    reader->seen, 0));
	return NULL;
}

static void two_readers(void)
{
	struct dirty_policy pol = dirty_new(NULL, DIRTY_ANY);
	struct dirty_rig r = dirty_rig();
	struct reader reader = { .r = &r };
	unsigned int round, i;
	pthread_t thread;

	dirty_map(&r, 0, 32);
	dirty_map(&r, 32, 32);
	CHECK_OK(iommufd_dirty_track(r.fd, r.hwpt, true));
	for (round = 0; round < 50; round++) {
		unsigned char mine[DIRTY_PAGES / 8] = {};

		memset(reader.seen, 0, sizeof(reader.seen));
		reader.stop = false;
		CHECK_OK(pthread_create(&thread, NULL, read_all, &reader));
		for (i = round % 3; i < 64; i += 3) {
			dirty_write(&r, r.hwpt, i);
			CHECK_OK(dirty_read(&r, r.hwpt, 0, 64, mine, 0));
		}
		__atomic_store_n(&reader.stop, true, __ATOMIC_RELAXED);
		CHECK_OK(pthread_join(thread, NULL));
		for (i = round % 3; i < 64; i += 3)
			if (!bit_of(mine, i) && !bit_of(reader.seen, i))
				FAIL("page %u is lost in round %u", i, round);
	}
	CHECK_EQ(pol.p->nr_done, pol.p->nr_read);
	dirty_unload(&pol);
}

static const struct test tests[] = {
	{ "dirty_model", sequential, 240 },
	{ "dirty_model_concurrent", concurrent, 240 },
	{ "dirty_two_readers", two_readers, 120 },
};

const struct test_table dirty_model_table = { tests, ARRAY_SIZE(tests) };
