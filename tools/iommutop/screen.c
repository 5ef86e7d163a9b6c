// SPDX-License-Identifier: GPL-2.0-only
/*
 * The live screen: draws snapshots with ncurses, and reads keys.
 *
 * It owns the terminal from newterm() to endwin(), and nothing in between
 * returns past that. Signals that end a program come by a signalfd, so that
 * they are seen at once and never in the middle of a drawing.
 */
#include <errno.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <curses.h>

#include "fmt.h"
#include "rows.h"
#include "screen.h"
#include "tool.h"

#define MIN_COLS 60
#define MIN_LINES 10
#define MAX_CELL 24 /* any column but the last */
/* Header, a blank line, column titles; and the line of keys below. */
#define TOP_LINES (ROWS_HEADER_LINES + 2)
#define OTHER_LINES (TOP_LINES + 1)

struct screen {
	struct env *env;
	const struct source *src;
	struct collector *collector;
	struct snap snap;
	const void **rows;
	ssize_t nr_rows;
	int column[NR_VIEWS]; /* sorted by; -1: the view's own order */
	bool turned[NR_VIEWS];
	ssize_t selected;
	ssize_t first; /* the topmost row shown */
	bool paused;
	bool help;
	bool quit;
	int sigfd;
};

static void sort_rows(struct screen *s)
{
	enum view view = s->env->view;

	free(s->rows);
	s->rows = NULL;
	s->nr_rows = rows_sort(&s->snap, view, s->column[view], s->turned[view], &s->rows);
	if (s->nr_rows < 0)
		s->nr_rows = 0;
}

static int refresh_snap(struct screen *s)
{
	struct snap next;
	int rc;

	rc = collect_snap(s->collector, s->env, &next);
	if (rc)
		return rc;
	free(s->rows);
	s->rows = NULL;
	s->nr_rows = 0;
	snap_free(&s->snap);
	s->snap = next;
	sort_rows(s);
	return 0;
}

/* Drawing */

static int page_rows(void)
{
	return LINES - OTHER_LINES;
}

static void keep_in_sight(struct screen *s)
{
	int page = page_rows();

	if (s->selected >= s->nr_rows)
		s->selected = s->nr_rows - 1;
	if (s->selected < 0)
		s->selected = 0;
	if (s->first > s->selected)
		s->first = s->selected;
	if (s->first < s->selected - page + 1)
		s->first = s->selected - page + 1;
	if (s->first > s->nr_rows - page)
		s->first = s->nr_rows - page;
	if (s->first < 0)
		s->first = 0;
}

/* The text of a cell, cut to what a column may take; '+' marks a cut. */
static int cut_cell(const struct column *col, const struct row_args *a, char *buf)
{
	int len;

	col->cell(a, buf);
	len = strlen(buf);
	if (len > MAX_CELL) {
		buf[MAX_CELL - 1] = '+';
		buf[MAX_CELL] = 0;
		len = MAX_CELL;
	}
	return len;
}

/*
 * How wide each column is, for the rows on the screen. The last, the command,
 * always stays; of the others the rightmost go first when it gets narrow.
 * Returns how many of the others are shown.
 */
static int lay_out(struct screen *s, const struct column *cols, int nr, int *widths)
{
	struct row_args a = { .snap = &s->snap, .raw_bytes = s->env->raw_bytes };
	int i, len, used, last = nr - 1;
	char buf[CELL_LEN];
	ssize_t r;

	used = cols[last].width;
	for (i = 0; i < last; i++) {
		widths[i] = cols[i].width;
		for (r = s->first; r < s->nr_rows && r < s->first + page_rows(); r++) {
			a.row = s->rows[r];
			len = cut_cell(&cols[i], &a, buf);
			if (len > widths[i])
				widths[i] = len;
		}
		used += widths[i] + 1;
	}
	for (i = last; i > 1 && used > COLS; i--)
		used -= widths[i - 1] + 1;
	return i;
}

static void draw_line(struct screen *s, int y, const void *row, const struct column *cols, int nr,
		      int shown, const int *widths)
{
	struct row_args a = { .snap = &s->snap, .row = row, .raw_bytes = s->env->raw_bytes };
	const struct column *col;
	char buf[CELL_LEN];
	int i, x = 0;

	for (i = 0; i < shown; i++) {
		col = &cols[i];
		if (row)
			cut_cell(col, &a, buf);
		else
			snprintf(buf, sizeof(buf), "%s", col->title);
		mvprintw(y, x, col->left ? "%-*s" : "%*s", widths[i], buf);
		x += widths[i] + 1;
	}
	col = &cols[nr - 1];
	if (row)
		col->cell(&a, buf);
	else
		snprintf(buf, sizeof(buf), "%s", col->title);
	mvaddnstr(y, x, buf, COLS - x);
}

static void draw_table(struct screen *s)
{
	int column = s->column[s->env->view];
	int widths[ROWS_MAX_COLUMNS], i, nr, shown, y = TOP_LINES;
	const struct column *cols;
	ssize_t r;

	keep_in_sight(s);
	cols = rows_columns(s->env->view, &nr);
	shown = lay_out(s, cols, nr, widths);
	attron(A_REVERSE);
	mvhline(TOP_LINES - 1, 0, ' ', COLS);
	draw_line(s, TOP_LINES - 1, NULL, cols, nr, shown, widths);
	attroff(A_REVERSE);
	for (i = 0, r = 0; column >= 0 && i < shown; r += widths[i++] + 1) {
		if (i == column)
			mvchgat(TOP_LINES - 1, r, widths[i], A_BOLD, 0, NULL);
	}
	for (r = s->first; r < s->nr_rows && y < LINES - 1; r++, y++) {
		if (r == s->selected)
			attron(A_BOLD);
		draw_line(s, y, s->rows[r], cols, nr, shown, widths);
		attroff(A_BOLD);
	}
	if (!s->nr_rows)
		mvaddstr(TOP_LINES + 1, 2, s->env->view == VIEW_MAP ? "no mappings" :
			 "no process has /dev/iommu open");
}

static void draw_help(void)
{
	static const char * const lines[] = {
		"1 processes   2 mappings",
		"< > F6        sort by the column to the left, to the right",
		"I             turn the order round",
		"Z             pause, go on",
		"up down PgUp PgDn Home End   move",
		"h ?           this help           q  quit",
		"",
		"MAP/s: maps a second since the last refresh. P99, ERR, DENY: since",
		"iommutop started. AVGRUN: bytes that lie together in memory, on average.",
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(lines) && (int)i < LINES - 1; i++)
		mvaddnstr(i, 0, lines[i], COLS);
}

static void draw(struct screen *s)
{
	char buf[CELL_LEN];
	int i, column = s->column[s->env->view];
	const struct column *cols;

	erase();
	if (COLS < MIN_COLS || LINES < MIN_LINES) {
		snprintf(buf, sizeof(buf), "iommutop needs %dx%d, this terminal is %dx%d", MIN_COLS,
			 MIN_LINES, COLS, LINES);
		mvaddstr(0, 0, buf);
		refresh();
		return;
	}
	if (s->help) {
		draw_help();
		refresh();
		return;
	}
	for (i = 0; i < ROWS_HEADER_LINES; i++) {
		rows_header(&s->snap, s->src->kernel, s->src->version, i, s->env->raw_bytes, buf);
		mvaddnstr(i, 0, buf, COLS);
	}
	draw_table(s);
	cols = rows_columns(s->env->view, &i);
	snprintf(buf, sizeof(buf), "q quit  h help  1 processes  2 mappings  <> sort: %s%s  Z %s",
		 column < 0 ? "default" : cols[column].key,
		 s->turned[s->env->view] ? " (turned)" : "", s->paused ? "PAUSED" : "pause");
	mvaddnstr(LINES - 1, 0, buf, COLS);
	refresh();
}

/* Keys */

static void move_sort(struct screen *s, int by)
{
	enum view view = s->env->view;
	int nr;

	rows_columns(view, &nr);
	if (s->column[view] < 0)
		s->column[view] = by > 0 ? 0 : nr - 1;
	else
		s->column[view] = (s->column[view] + by + nr) % nr;
	sort_rows(s);
}

static int set_view(struct screen *s, enum view view)
{
	if (s->env->view == view)
		return 0;
	s->env->view = view;
	s->selected = 0;
	s->first = 0;
	/* The mappings are not collected for the other view. */
	return refresh_snap(s);
}

static int on_key(struct screen *s, int key)
{
	if (s->help && key != 'q' && key != KEY_RESIZE) {
		s->help = false;
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
		s->help = true;
		break;
	case '1':
		return set_view(s, VIEW_PROC);
	case '2':
		return set_view(s, VIEW_MAP);
	case '<':
		move_sort(s, -1);
		break;
	case '>':
	case KEY_F(6):
		move_sort(s, 1);
		break;
	case 'I':
		s->turned[s->env->view] = !s->turned[s->env->view];
		sort_rows(s);
		break;
	case 'Z':
		s->paused = !s->paused;
		break;
	case KEY_UP:
		s->selected--;
		break;
	case KEY_DOWN:
		s->selected++;
		break;
	case KEY_PPAGE:
		s->selected -= page_rows();
		break;
	case KEY_NPAGE:
		s->selected += page_rows();
		break;
	case KEY_HOME:
		s->selected = 0;
		break;
	case KEY_END:
		s->selected = s->nr_rows - 1;
		break;
	}
	return 0;
}

/* Wait for a key, a signal or the next refresh. Returns 0 or a negative errno. */
static int wait_input(struct screen *s, int ms)
{
	struct pollfd fds[] = {
		{ .fd = STDIN_FILENO, .events = POLLIN },
		{ .fd = s->sigfd, .events = POLLIN },
	};
	struct signalfd_siginfo info;
	int key, rc = 0;

	if (poll(fds, ARRAY_SIZE(fds), ms) < 0 && errno != EINTR)
		return -errno;
	if (fds[1].revents && read(s->sigfd, &info, sizeof(info)) > 0)
		s->quit = true;
	/* The terminal is gone. */
	if (fds[0].revents & (POLLHUP | POLLERR | POLLNVAL))
		s->quit = true;
	/* Also after EINTR: a new size comes as a key. */
	while (!s->quit && !rc && (key = getch()) != ERR)
		rc = on_key(s, key);
	return rc;
}

static int loop(struct screen *s)
{
	uint64_t now, next = 0, delay = s->env->delay * 1e9;
	long shown = 0;
	int rc;

	while (!s->quit) {
		now = clock_mono_ns();
		if (now >= next) {
			if (s->env->count && shown++ == s->env->count)
				return 0;
			rc = s->paused ? 0 : refresh_snap(s);
			if (rc)
				return rc;
			next = now + delay;
		}
		draw(s);
		now = clock_mono_ns();
		rc = wait_input(s, next > now ? (next - now + 999999) / 1000000 : 0);
		if (rc)
			return rc;
	}
	return 0;
}

static int init_signals(struct screen *s)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGQUIT);
	if (sigprocmask(SIG_BLOCK, &set, NULL))
		return -errno;
	s->sigfd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return s->sigfd < 0 ? -errno : 0;
}

static void init_sort(struct screen *s)
{
	int i;

	for (i = 0; i < NR_VIEWS; i++)
		s->column[i] = -1;
	if (!s->env->sort)
		return;
	s->column[s->env->view] = rows_find_column(s->env->view, s->env->sort);
	s->turned[s->env->view] = s->env->sort[0] == '-';
}

int screen_run(struct env *env, const struct source *src, struct collector *c)
{
	struct screen s = { .env = env, .src = src, .collector = c };
	const char *term = getenv("TERM");
	SCREEN *terminal;
	int rc;

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
		complain("the live screen needs a terminal on stdin and stdout; use -b (tables) or -1 (one table)");
		return TOOL_TTY;
	}
	rc = init_signals(&s);
	if (rc) {
		complain("cannot set up signals: %s", strerror(-rc));
		return TOOL_RUNTIME;
	}
	setlocale(LC_ALL, "");
	init_sort(&s);
	terminal = newterm(NULL, stdout, stdin);
	if (!terminal) {
		complain("the terminal type '%s' is not known here; set TERM, or use -b (tables)",
			 term ? term : "");
		close(s.sigfd);
		return TOOL_TTY;
	}
	cbreak();
	noecho();
	nonl();
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	curs_set(0);
	rc = loop(&s);
	endwin();
	delscreen(terminal);
	close(s.sigfd);
	free(s.rows);
	snap_free(&s.snap);
	if (rc) {
		complain("cannot read the module's state: %s", strerror(-rc));
		return TOOL_RUNTIME;
	}
	return TOOL_OK;
}
