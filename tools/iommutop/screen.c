// SPDX-License-Identifier: GPL-2.0-only
/*
 * The live screen: its life, its loop, its signals.
 *
 * It owns the terminal from newterm() to endwin(), and nothing in between
 * returns past that. Signals that end a program come by a signalfd, so that
 * they are seen at once and never in the middle of a drawing.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <curses.h>
#include <term.h>

/* term.h defines it. */
#undef lines
#include "fmt.h"
#include "live.h"
#include "screen.h"
#include "tool.h"

bool screen_possible(int *rc)
{
	const char *term = getenv("TERM");
	int err = 0;

	*rc = TOOL_TTY;
	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
		complain("the live screen needs a terminal on stdin and stdout; use -b (tables) or -1 (one table)");
		return false;
	}
	if (setupterm(NULL, STDOUT_FILENO, &err) != OK) {
		complain("the terminal type '%s' is not known here; set TERM, or use -b (tables)",
			 term ? term : "");
		return false;
	}
	if (!tigetstr("cup") || tigetstr("cup") == (char *)-1) {
		complain("the terminal type '%s' cannot move its cursor; set TERM to what the terminal is, or use -b (tables)",
			 term ? term : "");
		return false;
	}
	*rc = 0;
	return true;
}

/* The row that the other snapshot's row is in this one's, for following it. */
static void find_again(struct screen *s, const struct row *was)
{
	size_t r;

	for (r = 0; r < s->rows.nr; r++) {
		if (rows_same(&s->rows.row[r], was)) {
			s->selected = r;
			return;
		}
	}
}

int live_remake(struct screen *s)
{
	enum view view = rows_view(s->env);

	s->env->sort = s->sort[view][0] ? s->sort[view] : NULL;
	rows_free(&s->rows);
	return rows_make(s->env, &s->snap, &s->rows);
}

static int refresh_snap(struct screen *s)
{
	struct snap next, old = s->snap;
	struct rows rows = s->rows;
	int rc;

	rc = feed_next(s->feed, s->env, &next);
	if (rc == FEED_END) {
		s->paused = true;
		snprintf(s->message, sizeof(s->message), "the recording ends here");
		/* A key may have asked for another view of the last snapshot. */
		return live_remake(s);
	}
	if (rc)
		return rc;
	s->snap = next;
	memset(&s->rows, 0, sizeof(s->rows));
	rc = live_remake(s);
	if (!rc && s->follow && s->selected < rows.nr)
		find_again(s, &rows.row[s->selected]);
	rows_free(&rows);
	snap_free(&old);
	return rc;
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
	/*
	 * Also after EINTR: a new size comes as a key. A key that asks for other
	 * rows ends it: the next key, were it typed as fast, is meant for those.
	 */
	while (!s->quit && !rc && !s->again && (key = getch()) != ERR)
		rc = live_key(s, key);
	return rc;
}

static int loop(struct screen *s)
{
	uint64_t now, next = 0;
	long shown = 0;
	int rc;

	while (!s->quit) {
		now = clock_mono_ns();
		if (now >= next || s->again) {
			if (s->env->count && !s->again && shown++ == s->env->count)
				return 0;
			rc = s->paused && !s->again ? 0 : refresh_snap(s);
			if (rc)
				return rc;
			if (now >= next)
				next = now + (uint64_t)(s->env->delay * 1e9);
			s->again = false;
		}
		live_draw(s);
		now = clock_mono_ns();
		rc = wait_input(s, next > now ? (next - now + 999999) / 1000000 : 0);
		if (rc)
			return rc;
		/* A shorter delay need not wait for the end of the longer one. */
		if (next > clock_mono_ns() + (uint64_t)(s->env->delay * 1e9))
			next = clock_mono_ns() + (uint64_t)(s->env->delay * 1e9);
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

static void init_state(struct screen *s)
{
	if (s->env->sort)
		snprintf(s->sort[rows_view(s->env)], sizeof(s->sort[0]), "%s", s->env->sort);
	if (s->env->filter)
		snprintf(s->filter, sizeof(s->filter), "%s", s->env->filter);
}

static void init_terminal(const struct env *env)
{
	cbreak();
	noecho();
	nonl();
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	/* Esc alone is a key. */
	set_escdelay(25);
	curs_set(0);
	live_colors(env);
}

int screen_run(struct env *env, const struct source *src, struct feed *feed)
{
	struct screen s = { .env = env, .src = src, .feed = feed };
	SCREEN *terminal;
	int rc;

	rc = init_signals(&s);
	if (rc) {
		complain("cannot set up signals: %s", strerror(-rc));
		return TOOL_RUNTIME;
	}
	init_state(&s);
	terminal = newterm(NULL, stdout, stdin);
	if (!terminal) {
		complain("the terminal cannot be used; use -b (tables)");
		close(s.sigfd);
		return TOOL_TTY;
	}
	init_terminal(env);
	rc = loop(&s);
	endwin();
	delscreen(terminal);
	close(s.sigfd);
	rows_free(&s.rows);
	snap_free(&s.snap);
	if (rc) {
		complain("cannot read the state of the kernel: %s", strerror(-rc));
		return TOOL_RUNTIME;
	}
	return TOOL_OK;
}
