# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What the tools' tests share: results, programs in the background that are
# told what to do, waiting without guessing. Sourced, in the VM, as root.

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
build=${BUILD:-$here/../../build}
export PATH=$build/tools:$build/bpf:$build/selftests/tools:$build/selftests/vfio:$PATH
export LC_ALL=C.UTF-8
tmp=$(mktemp -d)
bad=0
children=()

ok()
{
	echo "ok $*"
}

not_ok()
{
	bad=1
	echo "not ok $1 - ${*:2}"
}

# end_of_test: with the status that says whether all was well
end_of_test()
{
	exit $bad
}

# check NAME WHY COMMAND…: ok if the command succeeds
check()
{
	local name=$1 why=$2

	shift 2
	if "$@" >/dev/null; then
		ok "$name"
	else
		not_ok "$name" "$why"
	fi
}

# same NAME GOT WANT
same()
{
	if [ "$2" = "$3" ]; then
		ok "$1"
	else
		not_ok "$1" "got '$2', not '$3'"
	fi
}

# has NAME TEXT REGEX
has()
{
	if grep -qE -- "$3" <<<"$2"; then
		ok "$1"
	else
		not_ok "$1" "no '$3' in: ${2:0:600}"
	fi
}

# lacks NAME TEXT REGEX
lacks()
{
	if grep -qE -- "$3" <<<"$2"; then
		not_ok "$1" "there is '$3' in: ${2:0:600}"
	else
		ok "$1"
	fi
}

# wait_for SECONDS COMMAND…: until it succeeds; longer on a slow kernel
wait_for()
{
	local end=$((SECONDS + $1 * ${IOMMUFD_BPF_SLOW:-1}))

	shift
	until "$@"; do
		((SECONDS < end)) || return 1
		sleep 0.1
	done
}

finish()
{
	local pid

	exec 7>&- 8>&-
	for pid in "${children[@]}"; do
		kill "$pid" 2>/dev/null
		wait "$pid" 2>/dev/null
	done
	rm -rf "$tmp"
}
trap finish EXIT

# start NAME COMMAND…: in the background; its output goes to $tmp/NAME and
# $tmp/NAME.err; sets $pid
start()
{
	local name=$1

	shift
	# They are looked into before the child may have come to make them.
	: >"$tmp/$name"
	: >"$tmp/$name.err"
	"$@" >"$tmp/$name" 2>"$tmp/$name.err" </dev/null &
	pid=$!
	children+=("$pid")
}

# stop PID: end it and forget it; its status
stop()
{
	local i status

	kill "$1" 2>/dev/null
	wait "$1"
	status=$?
	for i in "${!children[@]}"; do
		[ "${children[i]}" != "$1" ] || unset "children[$i]"
	done
	return $status
}

# holder NAME COMMAND…: a maploop (or $loop) that does them and then waits, told
# more by tell; sets $pid. One at a time per descriptor: NAME is a or b.
holder()
{
	local name=$1 fd=7

	shift
	[ "$name" = a ] || fd=8
	mkfifo "$tmp/$name.in"
	${loop:-maploop} "$@" - <"$tmp/$name.in" >"$tmp/$name" 2>&1 7>&- 8>&- &
	pid=$!
	children+=("$pid")
	eval "exec $fd>'$tmp/$name.in'"
	tell "$name" "name $name-holder"
}

# tell NAME COMMAND: and wait until it has been done, $patience (20) s at most
tell()
{
	local name=$1 fd=7 before

	[ "$name" = a ] || fd=8
	before=$(wc -l <"$tmp/$name")
	echo "$2" >&$fd
	wait_for "${patience:-60}" more_lines "$tmp/$name" "$before" ||
		not_ok "maploop-$name" "did not do '$2': $(tail -n 1 "$tmp/$name")"
}

more_lines()
{
	[ "$(wc -l <"$1")" -gt "$2" ]
}

# drop NAME PID: end a holder
drop()
{
	[ "$1" = a ] && exec 7>&- || exec 8>&-
	wait "$2"
	rm -f "$tmp/$1.in"
}

# policy ARGS…: load max_map; sets $pid
policy()
{
	start policy load_policy "$build/bpf/max_map.bpf.o" "$@"
	wait_for 60 grep -q attached "$tmp/policy" ||
		not_ok load-policy "$(cat "$tmp/policy.err")"
}

# column TITLE PID FILE: what the last table in FILE has for a process, found by
# the columns' titles: widths are as wide as they must be
column()
{
	awk -v title="$1" -v pid="$2" '
	/^ *PID / { split("", at); for (i = 1; i <= NF; i++) at[$i] = i }
	title in at && $at["PID"] == pid { cell = $at[title] }
	END { print cell }' "$3"
}

# unload_all: no module of ours, and nothing that needs one
unload_all()
{
	local i

	# A program's last reference goes a moment after the program.
	for ((i = 0; i < 50; i++)); do
		modprobe -rq vfio_pci vfio_iommu_type1 vfio 2>/dev/null
		rmmod iommufd 2>/dev/null
		[ -e /sys/module/iommufd ] || return 0
		sleep 0.1
	done
	return 1
}

# give_vfio BDF: to vfio-pci
give_vfio()
{
	local dir=/sys/bus/pci/devices/$1

	[ "$(basename "$(readlink "$dir/driver")")" != vfio-pci ] || return 0
	echo vfio-pci >"$dir/driver_override"
	[ ! -e "$dir/driver" ] || echo "$1" >"$dir/driver/unbind"
	echo "$1" >/sys/bus/pci/drivers_probe
	[ "$(basename "$(readlink "$dir/driver")")" = vfio-pci ]
}

# stock_vfio: Debian's own VFIO, and no module of ours
stock_vfio()
{
	local dir module

	dir=/lib/modules/$(uname -r)/kernel/drivers/vfio
	unload_all && modprobe irqbypass || return
	for module in vfio vfio_iommu_type1 pci/vfio-pci-core pci/vfio-pci; do
		insmod "$dir/$module.ko.xz" || return
	done
}

# valid NAME FILE [TOOL]: every line is JSON as the tool's schema in docs/ has it
valid()
{
	local why

	if why=$("$here/validate" "$here/../../docs/${3:-iommutop}.schema.json" "$2" 2>&1); then
		ok "$1"
	else
		not_ok "$1" "$(tail -n 3 <<<"$why")"
	fi
}

# some_of FILE: twenty lines of JSON of each type and operation, those that failed
# by themselves: to validate thousands takes longer than the rest of a test
some_of()
{
	awk '{
		key = match($0, /"op":"[^"]*"/) ? substr($0, RSTART, RLENGTH) : ""
		key = key ($0 ~ /"errno":/) ($0 ~ /"type":"lost"/)
		if (n[key]++ < 20)
			print
	}' "$1"
}

[ "$(id -u)" = 0 ] || { echo "not ok tools - must be root, in the VM"; exit 1; }
