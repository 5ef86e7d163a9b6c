# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# judge.sh: what the kernel's own suites print, in the lines of our test
# convention, one for each test. One that the list of expected failures has is
# a skip when it fails, with the reason from there, and a failure when it
# passes: then the list is out of date. What the tests themselves say about a
# failure goes before its line, behind a #.

# patient PROGRAM ARGUMENT…: run one of them; on the debug kernel its tests get
# more time. Needs $here.
patient()
{
	if [ "${IOMMUFD_BPF_SLOW:-1}" = 1 ]; then
		"$@"
	else
		# shellcheck disable=SC2154 # of the script that sources this
		LD_PRELOAD=$here/../../build/selftests/upstream/slow.so "$@"
	fi
}

# judge PROGRAM WHOLE EXPECTED: TAP on standard input to our lines. With WHOLE 1
# every line of the list EXPECTED has to name a test.
judge()
{
	awk -v program="$1" -v whole="$2" '
	# expected: a name, in which * stands for anything but a dot; a reason
	FNR == NR {
		if (/^#/ || !NF)
			next
		name = $1
		sub(/^[^ \t]+[ \t]+/, "")
		re = name
		gsub(/\./, "\\.", re)
		gsub(/\*/, "[^.]*", re)
		n++
		names[n] = name
		exact[n] = "^" re "$"
		reason[n] = $0
		next
	}
	/^1\.\.[0-9]+/ { plan += substr($1, 4); next }
	/^(not )?ok [0-9]+ / {
		bad = $1 == "not"
		skip = index($0, "# SKIP")
		sub(/^(not )?ok [0-9]+ (- )?/, "")
		name = $1
		results++
		why = ""
		for (i = 1; i <= n; i++)
			if (name ~ exact[i]) {
				why = reason[i]
				used[i] = 1
			}
		if (skip)
			print "ok " $0
		else if (bad && why != "")
			print "ok " name " # SKIP expected to fail: " why
		else if (bad)
			print "not ok " name " - failed"
		else if (why != "")
			print "not ok " name " - passes, but is in expected: " why
		else
			print "ok " name
		wrong += (bad && why == "") || (!bad && !skip && why != "")
		fflush()
		next
	}
	/^# (Totals|PASSED|FAILED|Starting)/ || /^TAP version/ { next }
	/^#  +(RUN|OK)/ { next }
	{ sub(/^# */, ""); print "# " $0; fflush() }
	END {
		if (!plan || results < plan) {
			printf "not ok %s - %d of %d tests gave a result\n",
				program, results, plan
			wrong++
		}
		for (i = 1; whole && i <= n; i++)
			if (!used[i]) {
				printf "not ok %s - expected names no test: %s\n",
					program, names[i]
				wrong++
			}
		exit wrong > 0
	}' "$3" -
}
