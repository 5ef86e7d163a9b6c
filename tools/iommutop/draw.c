// SPDX-License-Identifier: GPL-2.0-only
/* The live screen's drawing. */
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include <curses.h>

#include "bars.h"
#include "live.h"

#define MAX_CELL 24 /* any column but the last, and the tree's first */
#define MAX_TREE 44

enum pair { PAIR_TITLE = 1, PAIR_HEAD, PAIR_SELECTED, PAIR_BAD, PAIR_WARN, PAIR_KEYS };

void live_colors(const struct env *env)
{
	if (env->color == COLOR_NEVER || (env->color == COLOR_AUTO && getenv("NO_COLOR")) ||
	    !has_colors() || start_color() != OK)
		return;
	use_default_colors();
	init_pair(PAIR_TITLE, COLOR_GREEN, -1);
	init_pair(PAIR_HEAD, COLOR_BLACK, COLOR_GREEN);
	init_pair(PAIR_SELECTED, COLOR_BLACK, COLOR_CYAN);
	init_pair(PAIR_BAD, COLOR_RED, -1);
	init_pair(PAIR_WARN, COLOR_YELLOW, -1);
	init_pair(PAIR_KEYS, COLOR_CYAN, -1);
}

int live_page(void)
{
	return LINES - OTHER_LINES > 1 ? LINES - OTHER_LINES : 1;
}

static void keep_in_sight(struct screen *s)
{
	size_t page = live_page();

	if (s->selected >= s->rows.nr)
		s->selected = s->rows.nr ? s->rows.nr - 1 : 0;
	if (s->first > s->selected)
		s->first = s->selected;
	if (s->first + page <= s->selected)
		s->first = s->selected - page + 1;
	if (s->first + page > s->rows.nr)
		s->first = s->rows.nr > page ? s->rows.nr - page : 0;
}

/* Cut a text to @width places; '+' marks a cut. Returns how many it takes. */
static int cut(char *text, int width)
{
	char *p = text, *last = text;
	mbstate_t state = {};
	int used = 0, w;
	wchar_t wc;
	size_t n;

	while (*p) {
		n = mbrtowc(&wc, p, MB_CUR_MAX, &state);
		if (n == (size_t)-1 || n == (size_t)-2) {
			memset(&state, 0, sizeof(state));
			*p = '?';
			n = 1;
			wc = '?';
		}
		w = wcwidth(wc);
		w = w < 0 ? 1 : w;
		if (used + w > width) {
			last[0] = '+';
			last[1] = 0;
			return width;
		}
		if (used + w <= width - 1)
			last = p + n;
		used += w;
		p += n;
	}
	return used;
}

static void cell_at(const struct screen *s, const struct column *col, size_t r, bool first,
		    struct cell *c, char *buf)
{
	char text[CELL_LEN];

	col->get(&s->snap, &s->rows.row[r], c);
	cell_show(c, s->env->raw_bytes, buf);
	if (!first || !s->env->tree)
		return;
	rows_branch(&s->rows, r, s->env->ascii, text);
	snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s", buf);
	memcpy(buf, text, sizeof(text));
}

struct layout {
	const struct column *cols[ROWS_MAX_COLUMNS];
	int widths[ROWS_MAX_COLUMNS];
	int nr;
};

static int max_width(const struct screen *s, int i)
{
	return s->env->tree && !i ? MAX_TREE : MAX_CELL;
}

/*
 * How wide each column is, for the rows on the screen. The last always stays;
 * of the others the rightmost go first when it gets narrow.
 */
static void lay_out(struct screen *s, struct layout *l)
{
	size_t r, end = s->first + live_page();
	char buf[CELL_LEN], bad[32];
	int i, len, used, last;
	struct cell c;

	l->nr = columns_pick(rows_view(s->env), s->env->fields, l->cols, bad);
	/* Fields of another view: all of this one's. */
	if (l->nr <= 0)
		l->nr = columns_pick(rows_view(s->env), NULL, l->cols, bad);
	last = l->nr - 1;
	used = l->cols[last]->width;
	for (i = 0; i < last; i++) {
		l->widths[i] = l->cols[i]->width;
		len = strlen(l->cols[i]->title);
		if (len > l->widths[i])
			l->widths[i] = len;
		for (r = s->first; r < s->rows.nr && r < end; r++) {
			cell_at(s, l->cols[i], r, !i, &c, buf);
			len = cut(buf, max_width(s, i));
			if (len > l->widths[i])
				l->widths[i] = len;
		}
		used += l->widths[i] + 1;
	}
	while (l->nr > 2 && used > COLS) {
		used -= l->widths[l->nr - 2] + 1;
		l->cols[l->nr - 2] = l->cols[l->nr - 1];
		l->nr--;
	}
}

/* What deserves a look: a limit that is near, errors, refusals. */
static attr_t cell_attr(const struct column *col, const struct cell *c)
{
	if (c->unknown || !has_colors())
		return 0;
	if (col->type == CELL_PERCENT && c->d >= 75)
		return COLOR_PAIR(c->d >= 90 ? PAIR_BAD : PAIR_WARN);
	if ((!strcmp(col->key, "err") || !strcmp(col->key, "pol")) && c->u)
		return COLOR_PAIR(PAIR_BAD);
	return 0;
}

static void draw_text(int y, int x, const char *text, int used, int width, bool right, attr_t attr)
{
	attron(attr);
	mvaddstr(y, right ? x + width - used : x, text);
	attroff(attr);
}

static void draw_row(struct screen *s, const struct layout *l, int y, size_t r)
{
	bool selected = r == s->selected;
	int i, x = 0, used, width;
	char buf[CELL_LEN];
	struct cell c;

	if (selected) {
		attron(has_colors() ? COLOR_PAIR(PAIR_SELECTED) : A_BOLD);
		if (has_colors())
			mvhline(y, 0, ' ', COLS);
	}
	for (i = 0; i < l->nr; i++) {
		width = i + 1 < l->nr ? l->widths[i] : COLS - x;
		if (width <= 0)
			break;
		cell_at(s, l->cols[i], r, !i, &c, buf);
		used = cut(buf, i + 1 < l->nr ? max_width(s, i) : width);
		draw_text(y, x, buf, used, width,
			  i + 1 < l->nr && l->cols[i]->type != CELL_TEXT,
			  selected ? 0 : cell_attr(l->cols[i], &c));
		x += width + 1;
	}
	attroff(has_colors() ? COLOR_PAIR(PAIR_SELECTED) : A_BOLD);
}

static void draw_titles(struct screen *s, const struct layout *l)
{
	const char *sort = s->sort[rows_view(s->env)];
	attr_t plain = has_colors() ? COLOR_PAIR(PAIR_HEAD) : A_REVERSE;
	int i, x = 0, width;

	attron(plain);
	mvhline(TOP_LINES - 1, 0, ' ', COLS);
	for (i = 0; i < l->nr; i++) {
		width = i + 1 < l->nr ? l->widths[i] : COLS - x;
		if (width <= 0)
			break;
		draw_text(TOP_LINES - 1, x, l->cols[i]->title, strlen(l->cols[i]->title), width,
			  i + 1 < l->nr && l->cols[i]->type != CELL_TEXT,
			  *sort && column_find(rows_view(s->env), sort) == l->cols[i] ?
			  A_BOLD | A_UNDERLINE : 0);
		x += width + 1;
	}
	attroff(plain);
}

static const char *nothing(const struct screen *s)
{
	if (s->env->text || s->env->filter)
		return "nothing matches the filter (\\ changes it)";
	switch (rows_view(s->env)) {
	case VIEW_MAP:
		return "no mappings";
	case VIEW_DEV:
		return "no device is bound";
	case VIEW_HWPT:
		return s->snap.has_hwpts ? "no page tables" : "this source does not tell of them";
	case VIEW_POLICY:
		return "no policy is known";
	case VIEW_LAT:
		return "nothing is counted";
	default:
		return "no process has /dev/iommu or a type1 container open";
	}
}

static void draw_table(struct screen *s)
{
	struct layout l;
	size_t r;
	int y = TOP_LINES;

	keep_in_sight(s);
	lay_out(s, &l);
	draw_titles(s, &l);
	for (r = s->first; r < s->rows.nr && y < LINES - 1; r++, y++)
		draw_row(s, &l, y, r);
	if (!s->rows.nr)
		mvaddnstr(TOP_LINES + 1, 2, nothing(s), COLS - 2);
}

static void draw_header(struct screen *s)
{
	const struct source *src = feed_source(s->feed, s->src);
	char buf[CELL_LEN];
	int i;

	for (i = 0; i < HEADER_LINES; i++) {
		header_line(&s->snap, src, i, s->env->raw_bytes, buf);
		cut(buf, COLS);
		if (!i && has_colors())
			attron(COLOR_PAIR(PAIR_TITLE));
		mvaddstr(i, 0, buf);
		if (!i && has_colors())
			attroff(COLOR_PAIR(PAIR_TITLE));
	}
}

static void draw_bottom(struct screen *s)
{
	static const char * const asks[] = {
		[PROMPT_SEARCH] = "Search: ", [PROMPT_FILTER] = "Filter (text, or an expression): ",
		[PROMPT_DELAY] = "Delay in seconds: ",
	};
	enum view view = rows_view(s->env);
	const char *sort = s->sort[view];
	char buf[CELL_LEN];

	if (s->prompt)
		snprintf(buf, sizeof(buf), "%s%s_", asks[s->prompt], s->typed);
	else if (s->message[0])
		snprintf(buf, sizeof(buf), "%s", s->message);
	else
		snprintf(buf, sizeof(buf), "q quit  h help  1-8 %s  <> sort: %s%s%s%s%s%s  Z %s",
			 view_names[view], *sort ? sort + (*sort == '-') : "default",
			 *sort == '-' ? " (turned)" : "", s->depth ? "  Esc back" : "",
			 s->follow ? "  FOLLOW" : "",
			 s->filter[0] ? "  \\ " : "", s->filter, s->paused ? "PAUSED" : "pause");
	cut(buf, COLS - 1);
	if (has_colors())
		attron(COLOR_PAIR(PAIR_KEYS));
	mvaddstr(LINES - 1, 0, buf);
	if (has_colors())
		attroff(COLOR_PAIR(PAIR_KEYS));
}

void live_draw(struct screen *s)
{
	char buf[CELL_LEN];

	erase();
	if (COLS < MIN_COLS || LINES < MIN_LINES) {
		snprintf(buf, sizeof(buf), "iommutop needs %dx%d, this terminal is %dx%d", MIN_COLS,
			 MIN_LINES, COLS, LINES);
		mvaddstr(0, 0, buf);
	} else if (s->popup) {
		live_popup(s);
	} else {
		draw_header(s);
		draw_table(s);
		draw_bottom(s);
	}
	refresh();
}
