# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What the tests with real clients share: devices and who drives them, the
# ways to a device's DMA, guests, what is pinned. Sourced, in the VM, as root.
# shellcheck disable=SC2034 # used by who sources it

vmm_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
# shellcheck source=../tools/lib.sh
. "$vmm_dir/../tools/lib.sh"
guest=$build/selftests/vmm/guest
guest_mb=256
guest_bytes=$((guest_mb << 20))

# --- the documentation ---------------------------------------------------------

doc=$vmm_dir/../../docs/migration.md

# block NAME [ADDRESS [ADDRESS]]: the document's block of that name, for these
# devices
block()
{
	awk -v want="<!-- run: $1 -->" '
		$0 == want { found = 1; next }
		found && /^```/ { if (inside) exit; inside = 1; next }
		inside { print; n++ }
		END { exit !n }' "$doc" |
		sed "s/0000:01:00\.0/@1@/g; s/0000:02:00\.0/@2@/g
			s/@1@/${2:-}/g; s/@2@/${3:-}/g"
	[ "${PIPESTATUS[0]}" = 0 ] || not_ok "document-$1" "has no such block" >&2
}

# --- devices -----------------------------------------------------------------

# pci_devices FILTER: the addresses of what `lspci -d FILTER` finds
pci_devices()
{
	lspci -Dn -d "$1" | cut -d' ' -f1
}

driver_of()
{
	basename "$(readlink "/sys/bus/pci/devices/$1/driver")"
}

# give ADDRESS DRIVER: let it drive the device, whoever did
give()
{
	local dir=/sys/bus/pci/devices/$1

	[ "$(driver_of "$1")" != "$2" ] || return 0
	echo "$2" >"$dir/driver_override"
	[ ! -e "$dir/driver" ] || echo "$1" >"$dir/driver/unbind"
	echo "$1" >/sys/bus/pci/drivers_probe
	[ "$(driver_of "$1")" = "$2" ] ||
		{ not_ok "give-$2" "$2 did not take $1"; return 1; }
}

# disk_of ADDRESS: the disk of an NVMe controller that this kernel drives
disk_of()
{
	local disk

	give "$1" nvme || return
	disk=/dev/$(ls "/sys/bus/pci/devices/$1/nvme")n1
	wait_for 20 [ -b "$disk" ] || { not_ok disk "no $disk"; return 1; }
	echo "$disk"
}

# fill_disk ADDRESS: 4 MiB of noise to its beginning; sets $noise, their sum
fill_disk()
{
	local disk

	disk=$(disk_of "$1") || return
	head -c 4M /dev/urandom >"$tmp/noise"
	dd if="$tmp/noise" of="$disk" bs=256k oflag=direct status=none || return
	noise=$(sha256sum <"$tmp/noise")
}

# written ADDRESS: the sum of what a guest wrote there
written()
{
	local disk

	disk=$(disk_of "$1") || return
	dd if="$disk" bs=256k skip=16 count=16 iflag=direct status=none | sha256sum
}

# --- the ways to a device's DMA ------------------------------------------------

# vfio_modules [OPTION…]: loaded anew, iommufd with these options
vfio_modules()
{
	modprobe -rq vfio_pci vfio_iommu_type1 vfio
	if [ $# -gt 0 ]; then
		unload_all && modprobe iommufd "$@"
	fi && modprobe vfio_iommu_type1 && modprobe vfio-pci
}

# Can a VFIO group be given an iommufd as its container?
has_compat()
{
	nm -u "$(modinfo -n vfio)" | grep -q ' iommufd_vfio_compat_ioas_create$'
}

# Can iommufd serve /dev/vfio/vfio itself?
has_node()
{
	modinfo -p iommufd | grep -q '^vfio_container:'
}

# enter_form FORM: make it the way that clients find; false, and $why, when
# these modules do not have it
#	cdev	/dev/vfio/devices/vfioN and /dev/iommu
#	type1	/dev/vfio/N and /dev/vfio/vfio, the stock container
#	link	likewise, but /dev/vfio/vfio is a symbolic link to /dev/iommu
#	node	likewise, but iommufd serves /dev/vfio/vfio itself
enter_form()
{
	case $1 in
	cdev | type1)
		vfio_modules
		;;
	link)
		has_compat || { why="vfio.ko takes no iommufd as a container"; return 1; }
		vfio_modules
		mv /dev/vfio/vfio /dev/vfio/stock && ln -s ../iommu /dev/vfio/vfio
		;;
	node)
		has_node || { why="iommufd has no parameter vfio_container"; return 1; }
		vfio_modules vfio_container=1
		;;
	esac
}

leave_form()
{
	case $1 in
	link) rm /dev/vfio/vfio && mv /dev/vfio/stock /dev/vfio/vfio ;;
	node) unload_all && vfio_modules ;;
	esac
}

# --- guests ------------------------------------------------------------------

# accelerator: kvm where this machine has it, else tcg
accelerator()
{
	modprobe -q kvm-amd || modprobe -q kvm-intel
	[ -w /dev/kvm ] && echo kvm || echo tcg
}

# qemu_devices FORM ADDRESS…: QEMU's words that pass them through; in $words
qemu_devices()
{
	local tail='' device

	words=()
	if [ "$1" = cdev ]; then
		words=(-object "iommufd,id=iommufd0")
		tail=,iommufd=iommufd0
	fi
	shift
	for device; do
		words+=(-device "vfio-pci,host=$device$tail")
	done
}

# guest_words ACCEL WORK: QEMU's words for the guest; added to $words. The WORK
# firmware is to boot from the disk.
guest_words()
{
	local cpu=max

	[ "$1" = tcg ] || cpu=host
	words+=(-accel "$1" -cpu "$cpu" -m "${guest_mb}M" -machine "q35,vmport=off"
		-nodefaults -no-user-config -display none -no-reboot)
	[ "$2" != firmware ] || return 0
	words+=(-kernel "$guest/vmlinux" -initrd "$guest/initramfs"
		-append "console=ttyS0 quiet panic=-1 8250.nr_uarts=1 tsc=reliable
no_timer_check cryptomgr.notests initcall_blacklist=jent_mod_init mitigations=off
nokaslr $2")
}

# start_guest NAME FORM ACCEL WORK ADDRESS…: QEMU, with these passed through.
# Its console is $tmp/NAME.console; sets $pid.
start_guest()
{
	local name=$1 form=$2 accel=$3 work=$4
	local -a words

	shift 4
	qemu_devices "$form" "$@"
	guest_words "$accel" "$work"
	: >"$tmp/$name.console"
	start "$name" qemu-system-x86_64 "${words[@]}" \
		-serial "file:$tmp/$name.console"
}

# told NAME WORD…: the lines of the guest that begin so, without that
told()
{
	tr -d '\r' <"$tmp/$1.console" | sed -n "s/^guest: ${*:2} *//p"
}

# guest_tells NAME WORD: wait for it, as long as the guest lives; one that takes
# too long is ended
guest_tells()
{
	local end=$((SECONDS + 100))

	# An emulator in an emulator boots Linux in minutes, not in seconds.
	[ "${accel:-}" != tcg ] || end=$((end + 1100))
	while ((SECONDS < end)) && kill -0 "$pid" 2>/dev/null; do
		grep -q "^guest: $2" "$tmp/$1.console" && return
		sleep 0.2
	done
	grep -q "^guest: $2" "$tmp/$1.console" && return
	not_ok "$1-$2" "QEMU $(kill -0 "$pid" 2>&1 && echo still runs); see below"
	tail -n 15 "$tmp/$1.err" "$tmp/$1.console" | tr -d '\r' | sed 's/^/# /'
	grep vfio /proc/interrupts | sed 's/^/# /'
	dmesg | tail -n 10 | sed 's/^/# /'
	kill -KILL "$pid" 2>/dev/null
	return 1
}

# --- what is pinned ----------------------------------------------------------

# status_bytes PID FIELD: of /proc/PID/status, in bytes
status_bytes()
{
	awk -v f="$2:" '$1 == f { print $2 * 1024 }' "/proc/$1/status"
}

# pins: pages that are pinned now, by anybody
pins()
{
	# Each CPU keeps a part of the count to itself, until it is asked.
	echo 1 >/proc/sys/vm/stat_refresh
	awk '$1 == "nr_foll_pin_acquired" { a = $2 } $1 == "nr_foll_pin_released" { r = $2 }
		END { print a - r }' /proc/vmstat
}

pins_are()
{
	[ "$(pins)" = "$1" ]
}

# counter FORM: where the kernel shows what a process has pinned: VmPin, or
# VmLck where it counts on the process instead of on its user
counter()
{
	case $1 in
	type1 | node | mm) echo VmLck ;;
	*) echo VmPin ;;
	esac
}

# check_owner NAME FORM PID BYTES ADDRESS…: the process owns these devices and
# has at least BYTES pinned, and who counts agrees. The form mm is cdev, counted
# on the process.
check_owner()
{
	local name=$1 form=$2 owner=$3 bytes=$4 from=iommufd all pinned

	shift 4
	pinned=$(status_bytes "$owner" "$(counter "$form")")
	check "$name-pinned" "$(counter "$form") is $pinned" [ "${pinned:-0}" -ge "$bytes" ]
	all=$(iommutop -1 -O json -p "$owner")
	[ "$form" != type1 ] || from=type1
	same "$name-iommutop-source" "$(jq -r 'select(.type == "proc").source' <<<"$all")" "$from"
	same "$name-iommutop-pinned" "$(jq 'select(.type == "proc").pinned_bytes' <<<"$all")" "$pinned"
	same "$name-iommutop-devices" \
		"$(jq -r 'select(.type == "proc").devices | sort | .[]' <<<"$all" | paste -sd' ')" \
		"$(printf '%s\n' "$@" | sort | paste -sd' ')"
}
