# SPDX-License-Identifier: GPL-2.0-only
# The lines of all runs, and the gates, become one document. Instructions are
# those of one unit (page, call, area), the fewest that were seen.
def rounded: . * 100 | round / 100;
def number: if . == "" or . == null then null else tonumber end;
# The median of several, and between which two of them the true one is, with a
# certainty of 95%, whatever their distribution (the sign test's interval).
def stats: sort as $s | length as $n
	| ([$n / 2 - 0.98 * ($n | sqrt) | floor, 0] | max) as $k
	| { n: $n, low: $s[$k], high: $s[$n - 1 - $k],
	    median: (($s[($n - 1) / 2 | floor] + $s[$n / 2 | floor]) / 2) }
	| map_values(rounded);

[inputs | split("\t")] as $lines
| ($lines | to_entries | map(.value as $l
	| select($l[1] | IN("ours", "peer", "again")) | {
	at: .key, line: $l
  } | .at as $at | .line | {
	at: $at, iommu: .[0], run: .[1], case: .[2], op: .[3], unit: .[4],
	count: (.[5] | tonumber), least: (.[6] | tonumber),
	median: (.[7] | tonumber)
  })) as $all
| ($all | group_by([.iommu, .case, .op, .count]) | map(
	(map({(.run): .}) | add) as $r
	| ($r.ours // empty) as $ours
	| {
		at: $ours.at, iommu: $ours.iommu, case: $ours.case, op: $ours.op,
		unit: $ours.unit, count: $ours.count,
		ours: $ours.least, peer: $r.peer.least, again: $r.again.least,
		ours_median: $ours.median, peer_median: $r.peer.median
	}
  ) | sort_by(.at) | map(del(.at))) as $ops
# Nanoseconds for a page, of each pair's two sides.
| ($lines | to_entries | map(.value as $l | select($l[1] == "parallel") | {
	at: .key, iommu: $l[0], pair: $l[2], side: $l[3], case: $l[4],
	threads: ($l[5] | tonumber),
	ns: (($l[9] | tonumber) / ($l[7] | tonumber))
  })) as $parallel
| ($gates | split("\n") | map(select(. != "" and (startswith("#") | not))
	| split("|"))) as $gates
| {
	peer: $version,
	unit: "guest instructions",
	operations: ($ops | map(. + {
		ours_per_unit: (.ours / .count | rounded),
		peer_per_unit: (.peer / .count | rounded),
		ratio: (.peer / .ours | rounded),
		control: (if .again then .ours / .again * 10000 | round / 10000
			else null end)
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
	parallel: ($parallel | group_by([.iommu, .case]) | map({
		at: .[0].at, iommu: .[0].iommu, case: .[0].case,
		pairs: (map(.pair) | unique | length),
		threads: (group_by(.threads) | map({
			threads: .[0].threads,
			ours_ns: (map(select(.side == "ours").ns) | stats),
			peer_ns: (map(select(.side == "peer").ns) | stats),
			ratio: (group_by(.pair) | map((map({(.side): .ns}) | add)
				| .peer / .ours) | stats)
		})),
		speedup: (group_by(.side) | map({(.[0].side): (group_by(.pair)
			| map((map({("\(.threads)"): .ns}) | add)
				| .["1"] / .["2"]) | stats)}) | add)
	  }) | sort_by(.at) | map(del(.at))),
	control: ($ops | map(select(.again) | {
			iommu, case, op,
			off: ((.ours / .again - 1) | fabs * 10000 | round / 10000)
		}) | sort_by(-.off) | { worst: (.[0].off), where: .[0] }),
	cost: ($lines | map(select(.[1] == "cost") | {
		iommu: .[0], what: .[2], op: .[4], instructions: (.[7] | tonumber)
	}))
}
