# SPDX-License-Identifier: GPL-2.0-only
# The lines of all runs, and the gates, become one document. Instructions are
# those of one unit (page, call, area), the fewest that were seen.
def rounded: . * 100 | round / 100;
def number: if . == "" or . == null then null else tonumber end;

[inputs | split("\t")] as $lines
| ($lines | to_entries | map(.value as $l | select($l[1] != "cost") | {
	at: .key, line: $l
  } | .at as $at | .line | {
	at: $at, iommu: .[0], run: .[1], case: .[2], op: .[3], unit: .[4],
	count: (.[5] | tonumber), least: (.[6] | tonumber),
	median: (.[7] | tonumber)
  })) as $all
| ($all | group_by([.iommu, .case, .op]) | map(
	(map({(.run): .}) | add) as $r
	| ($r.ours // empty) as $ours
	| {
		at: $ours.at, iommu: $ours.iommu, case: $ours.case, op: $ours.op,
		unit: $ours.unit, count: $ours.count,
		ours: $ours.least, peer: $r.peer.least, again: $r.again.least,
		ours_median: $ours.median, peer_median: $r.peer.median
	}
  ) | sort_by(.at) | map(del(.at))) as $ops
| ($gates | split("\n") | map(select(. != "" and (startswith("#") | not))
	| split("|"))) as $gates
| {
	peer: $version,
	unit: "guest instructions",
	operations: ($ops | map(. + {
		ours_per_unit: (.ours / .count | rounded),
		peer_per_unit: (.peer / .count | rounded),
		ratio: (.peer / .ours | rounded),
		control: (.ours / .again * 10000 | round / 10000)
	})),
	gates: [$gates[] as $g
		| ($ops | map(.iommu) | unique[]) as $iommu
		| ($g[2] | split(" ")) as $names
		| ($ops | map(select(.iommu == $iommu and .case == $g[1] and
			(.op | IN($names[]))))) as $these
		| select(($these | length) == ($names | length))
		| (if $iommu == "amd" then 1 else 0 end) as $column
		| ($g[3 + $column] | number) as $gate
		| ($g[5 + $column] | number) as $stretch
		| (($these | map(.peer) | add) / ($these | map(.ours) | add))
			as $ratio
		| {
			name: $g[0], iommu: $iommu, ratio: ($ratio | rounded),
			gate: $gate, stretch: $stretch,
			verdict: (if $ratio < $gate then "missed"
				elif $ratio < $stretch then "held"
				else "stretch" end)
		}],
	control: ($ops | map({
			iommu, case, op,
			off: ((.ours / .again - 1) | fabs * 10000 | round / 10000)
		}) | sort_by(-.off) | { worst: (.[0].off), where: .[0] }),
	cost: ($lines | map(select(.[1] == "cost") | {
		iommu: .[0], what: .[2], op: .[4], instructions: (.[7] | tonumber)
	}))
}
