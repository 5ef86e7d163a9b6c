# SPDX-License-Identifier: GPL-2.0-only
# Aligns columns: table after table, the first columns to the left, numbers to
# the right. A line without tabs is printed as it is.
function flush_table(	i, j, out) {
	for (i = 1; i <= rows; i++) {
		out = ""
		for (j = 1; j <= columns; j++)
			out = out sprintf(right[j] ? "%*s  " : "%-*s  ",
				width[j], cell[i, j])
		sub(/ +$/, "", out)
		print out
	}
	rows = columns = 0
	delete cell
	delete width
	delete right
}
NF < 2 {
	flush_table()
	print
	next
}
{
	rows++
	for (j = 1; j <= NF; j++) {
		cell[rows, j] = $j
		if (length($j) > width[j])
			width[j] = length($j)
		if ($j ~ /^-?[0-9.]+$/)
			right[j] = 1
	}
	if (NF > columns)
		columns = NF
}
END {
	flush_table()
}
