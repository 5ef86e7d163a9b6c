# SPDX-License-Identifier: GPL-2.0-only
# curves.json as points for chart.awk: row, column, curve, x, y. $chart says
# which chart. A row is operations that are added up, a column a kind of memory;
# of areas, the operations are the columns.
{
	"size": {
		across: { "4k-scattered": "pages of 4 KiB, scattered",
			"hugetlb-2m": "huge pages of 2 MiB",
			"memfd-2m": "the same, ours by file" },
		down: { "map and unmap": ["map", "unmap"],
			"a second domain": ["attach"] },
		unit: 4096
	},
	"areas": {
		across: { "map": "map", "attach": "a second domain", "unmap": "unmap" },
		down: { "areas": null },
		unit: 1
	}
}[$chart] as $spec
| .operations as $all
| $spec.down | to_entries[] as $row
| $spec.across | to_entries[] as $column
| [$all[] | select(if $row.value
	then .case == $column.key and (.op | IN($row.value[]))
	else .case == $row.key and .op == $column.key end)]
| group_by(.count) as $points
| ("ours", "peer") as $side
| $points[]
| [$row.key, $column.value, (if $side == "peer" then "upstream" else $side end),
	.[0].count * $spec.unit, (map(.[$side]) | add) / .[0].count]
| @tsv
