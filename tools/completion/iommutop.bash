# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# bash completion for iommutop: options, and the words that they take. Columns
# are those that this iommutop lists.

_iommutop()
{
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} words= i view=proc

	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		-w | --view) view=${COMP_WORDS[i + 1]} ;;
		esac
	done
	case $prev in
	-w | --view) words="proc user ioas map dev hwpt lat policy" ;;
	-O | --format) words="table raw csv json openmetrics prometheus" ;;
	--color) words="auto always never" ;;
	-s | --sort | -f | --fields)
		words="help $(iommutop -w "$view" -f help 2>/dev/null | cut -d' ' -f1)"
		;;
	-u | --user) words=$(compgen -u) ;;
	-D | --device) words=$(ls /sys/bus/pci/devices 2>/dev/null) ;;
	-o | --output | --record | -I | --input)
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return
		;;
	-d | --delay | -n | --count | -p | --pid | -g | --guest | -G | --cgroup | -i | --ioas | \
		-F | --filter | -r | --rows)
		return
		;;
	*)
		words="--once --batch --delay --count --view --tree --pid --user --guest --cgroup
			--device --ioas --filter --fields --sort --rows --skip-zero --accumulated
			--format --output --bytes --no-header --record --input --color --ascii
			--info --help --version"
		;;
	esac
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}

complete -F _iommutop iommutop
