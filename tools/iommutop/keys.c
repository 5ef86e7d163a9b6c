// SPDX-License-Identifier: GPL-2.0-only
/* The live screen's keys: those of htop and top. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <curses.h>

#include "filter.h"
#include "live.h"

#define KEY_ESC 27

static void say(struct screen *s, const char *text)
{
	snprintf(s->message, sizeof(s->message), "%s", text);
}

/* Sorting */

static int move_sort(struct screen *s, int by)
{
	enum view view = rows_view(s->env);
	const struct column *cols[ROWS_MAX_COLUMNS] = {};
	char bad[32], *sort = s->sort[view];
	int i, at = -1, nr;

	/* In a tree the processes are sorted, by their own columns. */
	nr = columns_pick(view, NULL, cols, bad);
	for (i = 0; *sort && i < nr; i++) {
		if (cols[i] == column_find(view, sort))
			at = i;
	}
	at = at < 0 ? by > 0 ? 0 : nr - 1 : (at + by + nr) % nr;
	snprintf(sort, sizeof(s->sort[0]), "%s", cols[at]->key);
	return live_remake(s);
}

static int turn_sort(struct screen *s)
{
	/* What a view is sorted by without a wish. */
	static const char * const usual[NR_ALL_VIEWS] = {
		[VIEW_PROC] = "pinned", [VIEW_USER] = "charged", [VIEW_POLICY] = "refused",
		[VIEW_TREE] = "pinned", [VIEW_IOAS] = "pid", [VIEW_MAP] = "pid",
		[VIEW_DEV] = "device", [VIEW_HWPT] = "pid", [VIEW_LAT] = "count",
	};
	enum view view = rows_view(s->env);
	char *sort = s->sort[view], key[32];

	snprintf(key, sizeof(key), "%s", *sort ? sort + (*sort == '-') : usual[view]);
	snprintf(sort, sizeof(s->sort[0]), "%s%.30s", *sort == '-' ? "" : "-", key);
	return live_remake(s);
}

/* Views */

static void go_to(struct screen *s, enum view view)
{
	s->env->view = view;
	s->env->tree = false;
	s->selected = 0;
	s->first = 0;
	/* The mappings are not collected for the other views. */
	s->again = true;
}

static void push(struct screen *s)
{
	struct drill *d = &s->drill[s->depth++];

	d->view = s->env->view;
	d->tree = s->env->tree;
	d->selected = s->selected;
	d->pids = s->env->pids;
	d->uids = s->env->uids;
	d->device = s->env->device;
	d->ioas_cookie = s->env->ioas_cookie;
}

static void drill_back(struct screen *s)
{
	const struct drill *d;

	if (s->filter[0]) {
		s->filter[0] = 0;
		s->env->text = NULL;
		s->env->filter = NULL;
		s->again = true;
		return;
	}
	if (!s->depth)
		return;
	d = &s->drill[--s->depth];
	s->env->pids = d->pids;
	s->env->uids = d->uids;
	s->env->device = d->device;
	s->env->ioas_cookie = d->ioas_cookie;
	go_to(s, d->view);
	s->env->tree = d->tree;
	s->selected = d->selected;
}

static void only_pid(struct screen *s, int32_t pid)
{
	s->env->pids.nr = 1;
	s->env->pids.pids[0] = pid;
}

/* A user's processes, a process's IOASes, an IOAS's mappings, and so on. */
static void drill_in(struct screen *s)
{
	const struct row *row;
	const struct snap_ioas *ioas;
	const struct snap_device *dev;

	if (s->selected >= s->rows.nr || s->depth == MAX_DRILL)
		return;
	row = &s->rows.row[s->selected];
	ioas = row->obj;
	dev = row->obj;
	switch (row->view) {
	case VIEW_PROC:
		push(s);
		only_pid(s, ((const struct snap_proc *)row->obj)->tgid);
		go_to(s, VIEW_IOAS);
		return;
	case VIEW_USER:
		push(s);
		s->env->uids.nr = 1;
		s->env->uids.uids[0] = ((const struct snap_user *)row->obj)->uid;
		go_to(s, VIEW_PROC);
		return;
	case VIEW_IOAS:
		push(s);
		only_pid(s, s->snap.ctxs[ioas->ctx].v.tgid);
		s->env->ioas_cookie = ioas->v.cookie;
		go_to(s, VIEW_MAP);
		return;
	case VIEW_DEV:
		push(s);
		only_pid(s, s->snap.ctxs[dev->ctx].v.tgid);
		s->env->ioas_cookie = dev->v.ioas_cookie;
		go_to(s, VIEW_IOAS);
		return;
	case VIEW_HWPT:
		push(s);
		only_pid(s, s->snap.ctxs[((const struct snap_hwpt *)row->obj)->ctx].v.tgid);
		go_to(s, VIEW_DEV);
		return;
	default:
		say(s, "there is nothing inside this row");
	}
}

/* Prompts */

static bool row_has(struct screen *s, size_t r, const char *text)
{
	const struct column *cols;
	char buf[CELL_LEN];
	struct cell c;
	int i, nr;

	cols = columns_of(rows_view(s->env), &nr);
	for (i = 0; i < nr; i++) {
		cols[i].get(&s->snap, &s->rows.row[r], &c);
		if (strcasestr(cell_show(&c, s->env->raw_bytes, buf), text))
			return true;
	}
	return false;
}

/* The next row that has it, from @from on and round. */
static void search_from(struct screen *s, size_t from)
{
	size_t i, r;

	for (i = 0; s->search[0] && i < s->rows.nr; i++) {
		r = (from + i) % s->rows.nr;
		if (row_has(s, r, s->search)) {
			s->selected = r;
			return;
		}
	}
	snprintf(s->message, sizeof(s->message), "not found: %.100s", s->search);
}

/* An expression, if it is one of this view's columns; else a text. */
static int set_filter(struct screen *s)
{
	struct filter *f;
	char why[128];

	memcpy(s->filter, s->typed, sizeof(s->filter));
	s->env->text = NULL;
	s->env->filter = NULL;
	if (s->filter[0]) {
		f = filter_open(s->env->view, s->filter, why);
		*(f ? &s->env->filter : &s->env->text) = s->filter;
		filter_close(f);
	}
	s->selected = 0;
	return live_remake(s);
}

static void set_delay(struct screen *s)
{
	char *end;
	double d = strtod(s->typed, &end);

	if (end == s->typed || *end || !(d >= 0.1 && d <= 86400))
		say(s, "a delay is a number of seconds from 0.1 to 86400");
	else
		s->env->delay = d;
}

static int prompt_done(struct screen *s)
{
	enum prompt done = s->prompt;

	s->prompt = PROMPT_NONE;
	switch (done) {
	case PROMPT_FILTER:
		return set_filter(s);
	case PROMPT_DELAY:
		set_delay(s);
		return 0;
	default:
		memcpy(s->search, s->typed, sizeof(s->search));
		search_from(s, s->selected);
		return 0;
	}
}

static int prompt_key(struct screen *s, int key)
{
	size_t len = strlen(s->typed);

	switch (key) {
	case KEY_ESC:
		s->prompt = PROMPT_NONE;
		return 0;
	case '\r':
	case '\n':
	case KEY_ENTER:
		return prompt_done(s);
	case KEY_BACKSPACE:
	case 127:
	case 8:
		if (len)
			s->typed[len - 1] = 0;
		return 0;
	case 21: /* Ctrl-U */
		s->typed[0] = 0;
		return 0;
	}
	if (key >= ' ' && key < 256 && len + 1 < sizeof(s->typed)) {
		s->typed[len] = key;
		s->typed[len + 1] = 0;
	}
	return 0;
}

static void ask(struct screen *s, enum prompt what, const char *with)
{
	s->prompt = what;
	snprintf(s->typed, sizeof(s->typed), "%s", with);
}

/* All keys */

static void move_key(struct screen *s, int key)
{
	size_t page = live_page();

	switch (key) {
	case KEY_UP:
	case 'k':
		s->selected -= s->selected > 0;
		break;
	case KEY_DOWN:
	case 'j':
		s->selected++;
		break;
	case KEY_PPAGE:
		s->selected -= s->selected < page ? s->selected : page;
		break;
	case KEY_NPAGE:
		s->selected += page;
		break;
	case KEY_HOME:
		s->selected = 0;
		break;
	case KEY_END:
		s->selected = s->rows.nr;
		break;
	}
	if (s->selected >= s->rows.nr)
		s->selected = s->rows.nr ? s->rows.nr - 1 : 0;
}

static int view_key(struct screen *s, int key)
{
	switch (key) {
	case 't':
	case KEY_F(5):
		s->env->tree = !s->env->tree;
		s->selected = 0;
		s->again = true;
		break;
	case '\r':
	case '\n':
	case KEY_ENTER:
		drill_in(s);
		break;
	case KEY_ESC:
		drill_back(s);
		break;
	case '<':
		return move_sort(s, -1);
	case '>':
	case KEY_F(6):
		return move_sort(s, 1);
	case 'I':
		return turn_sort(s);
	case '/':
	case KEY_F(3):
		ask(s, PROMPT_SEARCH, "");
		break;
	case 'n':
		search_from(s, s->selected + 1);
		break;
	case '\\':
	case KEY_F(4):
		ask(s, PROMPT_FILTER, s->filter);
		break;
	default:
		if (key >= '1' && key < '1' + NR_VIEWS)
			go_to(s, key - '1');
		else
			move_key(s, key);
	}
	return 0;
}

int live_key(struct screen *s, int key)
{
	s->message[0] = 0;
	if (key == KEY_RESIZE)
		return 0;
	if (s->prompt)
		return prompt_key(s, key);
	if (s->popup && key != 'q') {
		s->popup = POPUP_NONE;
		return 0;
	}
	switch (key) {
	case 'q':
	case 'Q':
	case KEY_F(10):
		s->quit = true;
		break;
	case 'h':
	case '?':
	case KEY_F(1):
		s->popup = POPUP_HELP;
		break;
	case 'L':
		s->popup = POPUP_HIST;
		break;
	case 'F':
		s->follow = !s->follow;
		break;
	case 'Z':
		s->paused = !s->paused;
		break;
	case 'd':
		ask(s, PROMPT_DELAY, "");
		break;
	case 'r':
		if (s->feed->collector)
			collect_reset(s->feed->collector);
		s->again = true;
		break;
	default:
		return view_key(s, key);
	}
	return 0;
}
