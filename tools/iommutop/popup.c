// SPDX-License-Identifier: GPL-2.0-only
/* The live screen's help and histograms. */
#include <inttypes.h>
#include <string.h>

#include <curses.h>

#include "bars.h"
#include "fmt.h"
#include "live.h"
#include "tool.h"

static void draw_help(void)
{
	static const char * const text[] = {
		"1 processes  2 users  3 IO address spaces  4 mappings",
		"5 devices  6 page tables  7 latency  8 policies",
		"Enter  what it holds       Esc  back",
		"/ F3   search              n    the next",
		"\\ F4   filter: a text, or an expression: pinned > 1G",
		"t F5   tree                L    histograms",
		"< > F6 sort by another     I    turn the order round",
		"F      follow the row      Z    pause",
		"d      delay               r    count from zero",
		"arrows PgUp PgDn Home End  move",
		"h F1   this help           q F10  quit",
		"",
		"MAP/s: since the last refresh. P99, ERR, POL: since iommutop started.",
		"A - is what the source cannot tell. The modules that are looked at",
		"cannot be removed meanwhile: iommutop --info.",
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(text) && (int)i < LINES - 1; i++)
		mvaddnstr(i, 0, text[i], COLS);
}

/* Of the process that is selected, else of the host. */
static const struct top_stats *chosen(const struct screen *s, char *who, size_t size)
{
	const struct row *row;
	const struct snap_proc *proc;

	if (s->selected < s->rows.nr) {
		row = &s->rows.row[s->selected];
		proc = row->obj;
		if (row->view == VIEW_PROC) {
			snprintf(who, size, "process %d (%s)", proc->tgid, proc->comm);
			return &proc->stats;
		}
	}
	snprintf(who, size, "the host");
	return &s->snap.total;
}

static int draw_hist(const struct top_hist *hist, const char *what, int y)
{
	unsigned int i, lo = BARS_WIDTH, hi = 0;
	char bar[CELL_LEN], from[FMT_LEN];
	uint64_t max = 0, nr;
	int width = COLS - 24;

	for (i = 0; i < BARS_WIDTH; i++) {
		nr = snap_octave(hist, TOP_HIST_MIN_SHIFT + i);
		if (!nr)
			continue;
		lo = i < lo ? i : lo;
		hi = i;
		max = nr > max ? nr : max;
	}
	mvprintw(y++, 0, "%s: %" PRIu64, what, snap_hist_count(hist));
	for (i = lo; max && i <= hi && y < LINES - 1; i++, y++) {
		nr = snap_octave(hist, TOP_HIST_MIN_SHIFT + i);
		mvprintw(y, 0, "%8s %9" PRIu64 " ",
			 fmt_ns(from, 1ULL << (TOP_HIST_MIN_SHIFT + i)), nr);
		addstr(bars_line((double)nr / max, width, bar, sizeof(bar)));
	}
	return y;
}

void live_popup(struct screen *s)
{
	const struct top_stats *st;
	char who[64];
	int y;

	if (s->popup == POPUP_HELP) {
		draw_help();
		return;
	}
	st = chosen(s, who, sizeof(who));
	mvprintw(0, 0, "How long operations of %s took, from", who);
	y = draw_hist(&st->lat[TOP_LAT_MAP], "map", 1);
	if (y < LINES - 2)
		draw_hist(&st->lat[TOP_LAT_UNMAP], "unmap", y);
	mvaddnstr(LINES - 1, 0, "any key goes back", COLS);
}
