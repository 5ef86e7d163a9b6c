// SPDX-License-Identifier: GPL-2.0-only
/* Histograms drawn with characters. */
#include <stdio.h>
#include <string.h>

#include "bars.h"

bool bars_ascii;

static const char *level(unsigned int of_eight)
{
	static const char * const blocks[] = {
		" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█",
	};
	static const char * const ascii[] = { " ", ".", ".", ":", "-", "=", "+", "*", "#" };

	return bars_ascii ? ascii[of_eight] : blocks[of_eight];
}

char *bars_spark(const struct top_hist *hist, char *buf, size_t size)
{
	uint64_t nr[BARS_WIDTH], max = 0;
	size_t len = 0;
	unsigned int i;

	for (i = 0; i < BARS_WIDTH; i++) {
		nr[i] = snap_octave(hist, TOP_HIST_MIN_SHIFT + i);
		if (nr[i] > max)
			max = nr[i];
	}
	buf[0] = 0;
	for (i = 0; max && i < BARS_WIDTH; i++) {
		/* One in a million still shows. */
		len += snprintf(buf + len, size - len, "%s",
				level(nr[i] ? 1 + nr[i] * 7 / max : 0));
		if (len >= size)
			break;
	}
	while (max && len && len < size && buf[len - 1] == ' ')
		buf[--len] = 0;
	return buf;
}

char *bars_line(double share, int width, char *buf, size_t size)
{
	int i, full = share * width + 0.5;
	size_t len = 0;

	buf[0] = 0;
	for (i = 0; i < full && len + 4 < size; i++)
		len += snprintf(buf + len, size - len, "%s", level(8));
	return buf;
}
