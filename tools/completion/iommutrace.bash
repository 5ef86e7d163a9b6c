# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# bash completion for iommutrace: options, and the words that they take.
# Operations are those that this iommutrace lists; after -- comes a command.

# _iommutrace_sets CUR: the words that -e takes, behind those that are there
_iommutrace_sets()
{
	local head=

	case $1 in
	*,*) head=${1%,*}, ;;
	'!'*) head='!' ;;
	esac
	iommutrace -e help 2>/dev/null |
		awk '/^also/ { rest = 1; next } rest || /^[%a-z]/ { for (i = 1; i <= (rest ? NF : 1); i++) print $i }' |
		sort -u | sed "s/^/$head/"
}

_iommutrace()
{
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} words='' i

	for ((i = 1; i < COMP_CWORD; i++)); do
		if [ "${COMP_WORDS[i]}" = -- ]; then
			_command_offset $((i + 1)) 2>/dev/null ||
				mapfile -t COMPREPLY < <(compgen -c -- "$cur")
			return
		fi
	done
	case $prev in
	-e | --expr) words="help $(_iommutrace_sets "$cur")" ;;
	-O | --format) words="text json bin" ;;
	--hist) words="op guest dev" ;;
	-F | --filter) words=help ;;
	-u | --user) words=$(compgen -u) ;;
	-D | --device) words=$(ls /sys/bus/pci/devices 2>/dev/null) ;;
	-G | --cgroup)
		words=$(cd /sys/fs/cgroup 2>/dev/null && compgen -d -- "${cur#/}" | sed 's|^|/|')
		;;
	-o | --output | -I | --input)
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return
		;;
	-p | --pid)
		words=$(ps -eo pid= 2>/dev/null)
		;;
	-g | --guest) words=$(machinectl list --no-legend 2>/dev/null | cut -d' ' -f1) ;;
	--errno) words="ENOMEM EDQUOT EPERM EINVAL ENOENT EEXIST EFAULT ENOSPC EBUSY" ;;
	-i | --ioas | --iova | --size | --duration | -n | --count | --timeout | -m | --buffer | --sample)
		return
		;;
	*)
		words="--expr --pid --user --guest --cgroup --device --ioas --filter --iova --size
			--successful-only --failed-only --duration --errno --relative-timestamps
			--syscall-times --stack --summary-only --summary --hist --count --timeout
			--buffer --sample --output --format --strict-loss --state --input --info
			--help --version"
		[ "$COMP_CWORD" -gt 1 ] || words="record $words"
		;;
	esac
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}

complete -F _iommutrace iommutrace
