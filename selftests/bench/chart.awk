# SPDX-License-Identifier: GPL-2.0-only
# Points (row, column, curve, x, y) as an SVG: a grid of plots with the same
# logarithmic axes. -v: label (of all), xlabel, ylabel, bytes=1 if x is bytes.
# Looks as the reader's colours are, light or dark, on a ground of its own.
BEGIN {
	FS = "\t"
	plot_w = 250; plot_h = 170
	left = 96; top = 58; gap_x = 26; gap_y = 22; below = 52
	base = bytes ? 2 : 10
}

function log_of(v, b) { return log(v) / log(b) }
function ceiling(v, i) { i = int(v); return i < v ? i + 1 : i }
function floor_of(v, i) { i = int(v); return i > v ? i - 1 : i }
function text(x, y, class, s) {
	printf "<text x=\"%.1f\" y=\"%.1f\" class=\"%s\">%s</text>\n", x, y, class, s
}
function upwards(x, class, s) {
	printf "<text transform=\"translate(%d %.1f) rotate(-90)\" class=\"%s\">%s</text>\n",
		x, oy + plot_h / 2, class, s
}
function line(x1, y1, x2, y2, class) {
	printf "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" class=\"%s\"/>\n",
		x1, y1, x2, y2, class
}
# Ours is round and upstream square: not by colour alone.
function mark(c, x, y, title) {
	printf c == 1 ? "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3\" class=\"f%d\">" : \
		"<rect x=\"%.1f\" y=\"%.1f\" width=\"6\" height=\"6\" class=\"f%d\">",
		x - 3 * (c != 1), y - 3 * (c != 1), c
	printf title ? "<title>%s</title>" : "%s", title
	print c == 1 ? "</circle>" : "</rect>"
}
function commas(v) {
	v = sprintf("%d", v)
	return v < 1000 ? v : substr(v, 1, length(v) - 3) "," substr(v, length(v) - 2)
}
# What there is, on the x axis, and what it costs, on the other.
function amount(v) {
	if (!bytes) return v < 1000 ? v : v / 1000 "k"
	if (v < 2 ^ 20) return v / 2 ^ 10 "K"
	return v < 2 ^ 30 ? v / 2 ^ 20 "M" : v / 2 ^ 30 "G"
}
function cost(v) { return v < 1000 ? sprintf("%.3g", v) : commas(v) }

function put_in(names, n, name, i) {
	for (i = 1; i <= n; i++)
		if (names[i] == name)
			return i
	names[i] = name
	return i
}
{
	r = put_in(rows, nr, $1); if (r > nr) nr = r
	c = put_in(columns, nc, $2); if (c > nc) nc = c
	k = put_in(curves, nk, $3); if (k > nk) nk = k
	n = ++points[r, c, k]
	x[r, c, k, n] = $4; y[r, c, k, n] = $5
	if (NR == 1) { x0 = x1 = $4; y0 = y1 = $5 }
	if ($4 < x0) x0 = $4
	if ($4 > x1) x1 = $4
	if ($5 < y0) y0 = $5
	if ($5 > y1) y1 = $5
}

function at_x(v) { return ox + (log_of(v, base) - lx0) / (lx1 - lx0) * plot_w }
function at_y(v) { return oy + plot_h - (log_of(v, 10) - ly0) / (ly1 - ly0) * plot_h }

function axes(r, c, e, step) {
	for (e = ly0; e <= ly1; e++) {
		line(ox, at_y(10 ^ e), ox + plot_w, at_y(10 ^ e), "grid")
		if (c == 1)
			text(ox - 8, at_y(10 ^ e) + 4, "end", cost(10 ^ e))
	}
	step = bytes ? 4 : 1
	for (e = lx0; e <= lx1; e += step) {
		line(at_x(base ^ e), oy, at_x(base ^ e), oy + plot_h, "grid")
		if (r == nr)
			text(at_x(base ^ e), oy + plot_h + 17, "middle", amount(base ^ e))
	}
	if (r == 1)
		text(ox + plot_w / 2, oy - 10, "middle strong", columns[c])
	if (c == 1) {
		upwards(18, "middle strong", nr > 1 ? rows[r] : "")
		upwards(36, "middle", ylabel)
	}
}
function curve(r, c, k, i, path) {
	for (i = 1; i <= points[r, c, k]; i++)
		path = path sprintf("%s%.1f %.1f", i == 1 ? "M" : " L",
			at_x(x[r, c, k, i]), at_y(y[r, c, k, i]))
	printf "<path d=\"%s\" class=\"l%d\"/>\n", path, k
	for (i = 1; i <= points[r, c, k]; i++)
		mark(k, at_x(x[r, c, k, i]), at_y(y[r, c, k, i]),
			sprintf("%s, %s: %s", curves[k], amount(x[r, c, k, i]),
				cost(y[r, c, k, i])))
}
function head(w, h, k, at) {
	printf "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"%s\">\n",
		w, h, w, h, label
	print "<!-- Made by make bench-curves: do not edit. -->"
	print "<style>"
	print "text{font:12px system-ui,-apple-system,\"Segoe UI\",Helvetica,Arial,sans-serif;fill:#1f2328}"
	print ".middle{text-anchor:middle}.end{text-anchor:end}.strong{font-weight:600}"
	print ".ground{fill:#fff}.grid{stroke:#d1d9e0}"
	print ".l1{fill:none;stroke:#0969da;stroke-width:2}.f1{fill:#0969da}"
	print ".l2{fill:none;stroke:#bc4c00;stroke-width:2;stroke-dasharray:6 3}.f2{fill:#bc4c00}"
	print "@media (prefers-color-scheme:dark){"
	print "text{fill:#e6edf3}.ground{fill:#0d1117}.grid{stroke:#30363d}"
	print ".l1{stroke:#58a6ff}.f1{fill:#58a6ff}.l2{stroke:#f0883e}.f2{fill:#f0883e}}"
	print "</style>"
	print "<rect width=\"100%\" height=\"100%\" rx=\"8\" class=\"ground\"/>"
	at = left
	for (k = 1; k <= nk; k++) {
		printf "<path d=\"M%d 22 L%d 22\" class=\"l%d\"/>\n", at, at + 30, k
		mark(k, at + 15, 22, "")
		text(at + 37, 26, "", curves[k])
		at += 60 + 7 * length(curves[k])
	}
}
END {
	lx0 = floor_of(log_of(x0, base) + 1e-9); lx1 = ceiling(log_of(x1, base) - 1e-9)
	ly0 = floor_of(log_of(y0, 10)); ly1 = ceiling(log_of(y1, 10))
	w = left + nc * plot_w + (nc - 1) * gap_x + 30
	h = top + nr * plot_h + (nr - 1) * gap_y + below
	head(w, h)
	for (r = 1; r <= nr; r++)
		for (c = 1; c <= nc; c++) {
			ox = left + (c - 1) * (plot_w + gap_x)
			oy = top + (r - 1) * (plot_h + gap_y)
			axes(r, c)
			for (k = 1; k <= nk; k++)
				curve(r, c, k)
		}
	text((left + w - 30) / 2, h - 10, "middle", xlabel)
	print "</svg>"
}
