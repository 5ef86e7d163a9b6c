# SPDX-License-Identifier: GPL-2.0-only
# The document as tables of tab-separated columns; table.awk aligns them. An
# empty line ends a table.
def vendor: { "intel": "VT-d", "amd": "AMD-Vi" }[.] // .;
# Of fewer than six there is no such range.
def range_of: if .n < 6 then "" else "(\(.low) to \(.high))" end;
# Only what is certainly past 1.3 is said to be so.
def claim: if .n < 6 then "" elif .low > 1.3 then "faster" elif .high < 1 / 1.3 then "slower" else "" end;
def least($c; $what; $op): [$c[] | select(.what == $what and .op == $op)
	| .instructions] | min;

. as $doc
| ([.operations[].iommu] | unique | reverse) as $iommus
| (if ($iommus | length) > 0 then
  "Upstream: \(.peer). Guest instructions, the fewest of several; ratio: upstream / ours.",
  "",
  (["case", "operation", "for one", ($iommus[] | vendor | ("\(.) ours", "peer", "ratio"))]
	| join("\t")),
  ([$doc.operations[] | [.case, .op]] as $order
	| reduce $order[] as $o ([]; if index([$o]) then . else . + [$o] end)
	| .[] as $o
	| [$doc.operations[] | select(.case == $o[0] and .op == $o[1])] as $these
	| [$o[0], $o[1], $these[0].unit,
	   ($iommus[] as $i | $these[] | select(.iommu == $i)
		| ("\(.ours_per_unit)", "\(.peer_per_unit)", "\(.ratio)"))]
	| join("\t")),
  "",
  (["gate", ($iommus[] | vendor | ("\(.) ratio", "gate", "stretch", ""))] | join("\t")),
  (reduce $doc.gates[].name as $n ([]; if index($n) then . else . + [$n] end)
	| .[] as $n
	| [$n, ($iommus[] as $i | $doc.gates[] | select(.name == $n and .iommu == $i)
		| ("\(.ratio)", "\(.gate)", "\(.stretch)", .verdict))]
	| join("\t")),
  ""
  else empty end),
  (if (.cost | length) > 0 then
	(["what it costs", "map", "unmap"] | join("\t")),
	([["policies in the kernel, none attached", "ours", "no-policy"],
	  ["a policy attached that admits all", "admit", "ours"],
	  ["tracepoints, nobody listens", "ours", "no-trace"]][] as $w
	| [$w[0], (("map", "unmap") as $op
		| least($doc.cost; $w[1]; $op) - least($doc.cost; $w[2]; $op)
		| tostring)]
	| join("\t")),
	""
  else empty end),
  (.parallel | group_by(.iommu)[] as $those
	| "\($those[0].iommu | vendor), nanoseconds a page by the clock, not gated. Medians of \($those[0].pairs) pairs of runs of ours and upstream's in turn; in brackets 95%.",
	"",
	(["case", "threads", "ours", "peer", "ratio", "", "", "of two: ours", "", "peer", ""]
		| join("\t")),
	($those[] as $c | $c.threads[] as $t
		| [$c.case, ($t.threads | tostring), ($t.ours_ns.median | tostring),
		   ($t.peer_ns.median | tostring), ($t.ratio | .median, range_of, claim),
		   (if $t.threads == 2 then $c.speedup | .ours, .peer
			| .median, range_of else empty end)]
		| map(tostring) | join("\t")),
	""),
  (if .control.where then
  "The same code twice: at most \(.control.worst * 100 | . * 100 | round / 100)% apart (\(.control.where.case) \(.control.where.op), \(.control.where.iommu | vendor))."
  else empty end)
