/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of the live screen share: screen.c runs it, draw.c draws,
 * keys.c does what the keys say.
 */
#ifndef LIVE_H
#define LIVE_H

#include "header.h"
#include "options.h"
#include "record.h"
#include "rows.h"

#define MIN_COLS 60
#define MIN_LINES 10
/* Header, column titles; and the line of keys below. */
#define TOP_LINES (HEADER_LINES + 1)
#define OTHER_LINES (TOP_LINES + 1)
#define PROMPT_LEN 128
#define MAX_DRILL 8

enum popup { POPUP_NONE, POPUP_HELP, POPUP_HIST };
enum prompt { PROMPT_NONE, PROMPT_SEARCH, PROMPT_FILTER, PROMPT_DELAY };

/* Where Enter came from, and Esc goes back to. */
struct drill {
	enum view view;
	bool tree;
	size_t selected;
	struct pid_list pids;
	struct uid_list uids;
	const char *device;
	uint64_t ioas_cookie;
};

struct screen {
	struct env *env;
	const struct source *src;
	struct feed *feed;
	struct snap snap;
	struct rows rows;
	char sort[NR_ALL_VIEWS][32]; /* "KEY", "-KEY"; "": the view's own order */
	size_t selected;
	size_t first; /* the topmost row shown */
	struct drill drill[MAX_DRILL];
	int depth;
	char device[TOP_NAME_LEN]; /* of a drill */
	enum popup popup;
	enum prompt prompt;
	char typed[PROMPT_LEN];
	char search[PROMPT_LEN];
	char filter[PROMPT_LEN];
	char message[128]; /* until the next key */
	bool follow;
	bool paused;
	bool again; /* the next snapshot is wanted now */
	bool quit;
	int sigfd;
};

/** live_remake() - the rows of the snapshot that there is; 0 or -ENOMEM */
int live_remake(struct screen *s);

/** live_draw() - all of the screen */
void live_draw(struct screen *s);

/** live_page() - rows that fit */
int live_page(void);

/** live_key() - do what a key says; 0 or a negative errno */
int live_key(struct screen *s, int key);

/** live_colors() - choose colours, if the terminal has them and they are wanted */
void live_colors(const struct env *env);

/** live_popup() - the help, or the histograms, in place of the table */
void live_popup(struct screen *s);

#endif
