# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What the scripts of this folder share: where things are, how they speak.
# Sourced, never run; changes nothing when sourced.
# shellcheck disable=SC2034 # used by who sources it

vm_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
repo_dir=$(cd "$vm_dir/../.." && pwd -P)
cache_dir=${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/iommufd-bpf

# Part of the cache's key: raise it when sandbox makes a root differently.
recipe=1
suite=trixie

# In the sandbox: the file that says so. Scripts then skip entering it again.
sandbox_mark=/etc/iommufd-bpf-sandbox

# How many times longer than on the stock kernel anything may take on the debug
# kernel. Tests read it as IOMMUFD_BPF_SLOW.
debug_slow=8

me=${0##*/}

# say TEXT…: a progress line for people
say()
{
	printf '%s: %s\n' "$me" "$*" >&2
}

# die STATUS TEXT…: one sentence, and out
die()
{
	local status=$1

	shift
	printf '%s: %s\n' "$me" "$*" >&2
	exit "$status"
}

# list_packages: the names in the committed list
list_packages()
{
	sed -e 's/[[:space:]]*#.*//' -e 's/[[:space:]].*//' -e '/^$/d' \
		"$vm_dir/packages"
}

# hold_sandbox: make sure of the sandbox, put its path into $root, and keep it
# from being removed for as long as this process and its children live (they
# inherit descriptor 9).
hold_sandbox()
{
	while :; do
		root=$("$vm_dir/sandbox") || exit
		exec 9<"$root.lock"
		flock -s 9
		# It may have gone between the two lines above.
		[ ! -d "$root" ] || return 0
	done
}

# sandbox_key: the name under which this list's root is cached. Which
# versions it got is the archive's matter and not part of the key.
sandbox_key()
{
	{ echo "$recipe $suite"; list_packages | sort; } | sha256sum |
		cut -c1-12
}

# unpack_kernel VERSION TO: the stock kernel as an ELF file, in the sandbox
unpack_kernel()
{
	local image=/boot/vmlinuz-$1 at

	# The image holds a zstd frame; what follows it is not zstd's.
	at=$(LC_ALL=C grep -abom1 -P '\x28\xb5\x2f\xfd' "$image" |
		head -n 1 | cut -d: -f1)
	tail -c "+$((at + 1))" "$image" | zstd -qdc >"$2" 2>/dev/null || true
	readelf -h "$2" >/dev/null
}
