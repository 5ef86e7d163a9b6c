# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034 # used by who sources it
#
# What overhead and trace-cost share: a process that maps and unmaps, and how
# many instructions it and others ran. Sourced, in a VM with --icount: there a
# nanosecond is an instruction, and one CPU does everything.

# shellcheck source=lib.sh
. "$here/lib.sh"
patience=400

# cost_device NAME: set up a device that makes what is mapped pinned and written
# to an IO page table: a controller behind the emulated IOMMU, else a mock; sets
# $device, a command of maploop's, and $behind
cost_device()
{
	local bdf

	modprobe iommufd && modprobe iommufd_mock && modprobe vfio-pci ||
		{ not_ok "$1" "modprobe"; exit 1; }
	# Mock devices raise no interrupts, so none are isolated either.
	echo 1 >/sys/module/iommufd/parameters/allow_unsafe_interrupts
	echo always >/sys/kernel/mm/transparent_hugepage/enabled
	bdf=$(lspci -Dn -d ::0108 | awk 'NR == 1 { print $1 }')
	if [ -n "$bdf" ] && give_vfio "$bdf"; then
		device="device $bdf 1"
		behind="an NVMe controller behind the emulated IOMMU"
	else
		device="mock 1"
		behind="a mock device"
	fi
}

# ran PID: instructions that it ran so far
ran()
{
	cut -d' ' -f1 "/proc/$1/schedstat"
}

# run_pairs PID COUNT LEN: holder a, which is PID, maps and unmaps so often; sets
# $each, the instructions that it ran for one of them. BPF programs count: they
# run in its name.
run_pairs()
{
	local before

	before=$(ran "$1")
	tell a "pairs 1 $2 $3"
	each=$((($(ran "$1") - before) / $2))
	has cost-pairs "$(tail -n 1 "$tmp/a")" "^pairs .*count=$2 .*ret=0\$" >"$tmp/pairs"
	grep -q '^ok' "$tmp/pairs" || { cat "$tmp/pairs"; bad=1; }
}

# least_pairs PID COUNT LEN: likewise, the least of three times: what disturbs
# only adds
least_pairs()
{
	local i least=0

	for i in 1 2 3; do
		run_pairs "$1" "$2" "$3"
		((least && least <= each)) || least=$each
	done
	each=$least
}

# percent PART WHOLE: with two digits
percent()
{
	awk -v a="$1" -v b="$2" 'BEGIN { printf "%.2f", 100 * a / b }'
}

# below NAME VALUE LIMIT
below()
{
	check "$1" "$2, not below $3" awk -v a="$2" -v b="$3" 'BEGIN { exit !(a < b) }'
}

# What is mapped: how large, how often, and in words.
sizes=(4096 65536 2097152 67108864)
counts=(20000 10000 2000 100)
names=("4 KiB" "64 KiB" "2 MiB" "64 MiB")
