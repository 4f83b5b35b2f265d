#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Measure, in a virtual machine.
#
#	bench.sh [--save] [--rounds N] [--each "WORDS"] [--icount] NAME [ARGUMENTS...]
#	bench.sh all
#	bench.sh report
#
#	NAME	of scripts/bench/; without one, what there is
#	--save	add the figures to Documentation/bench/NAME.json, instead of those that are
#		there for the same kernel, arguments and method
#	--rounds N	so many times over (1)
#	--each "WORDS"	of what the benchmark has a boot each for, only these
#	--icount	by instructions: one is a nanosecond of CPU time, whatever this machine
#			is, and does besides. Arguments are saved with "icount" before them
#	all	all benchmarks in full size, saved, and the report: hours, on an
#		undisturbed machine of 24 GiB
#	report	tables and plots of what was saved
#
#	MR_KERNELS="6.1 6.12"	on which kernels, one after the other
#	MR_MEM=MIB		memory of the machine, if not what the benchmark asks for
#
# Prints what the script there prints. It has "# vm:" and "# timeout:" as tests have;
# "# each:" is a list of first arguments, with a boot for each, "# peer: yes" that it wants
# mr_peer.ko, "# perf: yes" the same of perf. Lines that begin with { are figures.
# Figures are of use beside others of the same run: this machine, its emulation, and who
# else uses it, are in all of them.
set -eu -o pipefail

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

SAVED=$MR_TOP/Documentation/bench

usage()
{
	sed -n '/^#	bench.sh/,/^# else/s/^# \{0,1\}//p' "$0" >&2
	for file in "$MR_SCRIPTS"/bench/*.sh; do
		printf '\t%s\t%s\n' "$(basename "$file" .sh)" "$(header "$file" what)" >&2
	done
	exit 2
}

save='' rounds=1 only='' icount=''
while [ $# -gt 0 ]; do
	case $1 in
	--save)		save=1 ;;
	--rounds)	rounds=${2:?}; shift ;;
	--each)		only=${2:?}; shift ;;
	--icount)	icount=--icount ;;
	*)		break ;;
	esac
	shift
done
[ $# -gt 0 ] || usage
name=$1
shift
# The sizes of the documentation; [MEMORY:[KERNEL:]]ARGUMENTS of this script. Why there are fewer
# groups on 6.12: see benchmarks.rst. What does not end well does not keep the others from being run.
full()
{
	cat <<-END
	--rounds 3 compare 2000 20 64
	--icount compare 2000 5 64
	--icount compare 2000 20 64
	--icount compare 1000 100 64
	--icount compare 2000 20 512
	--icount compare 2000 20 64 file
	--icount scale 1000
	--icount scale 10000
	6144:--icount scale 100000
	11264:6.1:--icount scale 400000
	--icount scale 1000 file
	--icount scale 10000 file
	--icount scale 30000 file
	--icount big 1024
	6144:--icount big 4096
	18432:--icount big 16384
	--icount neighbours 5000 1024 32
	--icount churn 600 20 60
	11264:6.1:--icount budget 400000
	6656:6.12:--icount budget 200000
	6144:--icount profile 100000
	END
}

all()
{
	local status=0 mem kernels args

	full >"$tmp/full"
	while read -r args; do
		mem='' kernels=$MR_KERNELS
		case $args in
		*:*)	mem=${args%%:*} args=${args#*:} ;;
		esac
		case $args in
		*:*)
			kernels=$(tr ' ' '\n' <<<"$MR_KERNELS" | grep -x "${args%%:*}" || :)
			args=${args#*:} ;;
		esac
		[ "$kernels" ] || continue
		log "$args"
		# shellcheck disable=SC2086 # words
		MR_KERNELS=$kernels MR_MEM=${mem:-${MR_MEM:-}} "$0" --save $args </dev/null || status=1
	done <"$tmp/full"
	"$0" report || status=1
	return $status
}

tmp=$(mktemp -d "${TMPDIR:-/tmp}/memcg_reaper.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
trap 'exit 130' INT TERM HUP

case $name in
all)
	all
	exit
	;;
report)	exec "$MR_SCRIPTS/bench-report.sh" "$SAVED" ;;
esac
file=$MR_SCRIPTS/bench/$name.sh
[ -e "$file" ] || usage

"$MR_SCRIPTS/setup.sh" bench
machine="$(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -n 1), $(nproc) CPUs"

# run ARGUMENTS...: one boot
run()
{
	# shellcheck disable=SC2046 # word by word
	"$MR_SCRIPTS/vm.sh" --kernel "$kernel" --module "$tmp/memcg_reaper.ko" --timeout "$(header "$file" timeout)" \
		$icount $(header "$file" vm) ${MR_MEM:+--mem "$MR_MEM"} ${add[@]+"${add[@]}"} -- "$file" "$@" |
		tee "$tmp/out"
	{ grep '^{' "$tmp/out" || :; } | sed "s/^{/{\"round\":$round,\"arguments\":\"$arguments\",/" >>"$tmp/figures"
}

arguments="${icount:+icount }$*"
: >"$tmp/figures"
for kernel in $MR_KERNELS; do
	module=$(build_module "$kernel") || die "the module does not build for $kernel"
	# Another run may build anew.
	cp "$module" "$tmp/memcg_reaper.ko"
	add=()
	if [ "$(header "$file" peer)" ]; then
		peer=$(build_peer "$kernel") || die "mr_peer does not build for $kernel"
		strip --strip-debug -o "$tmp/mr_peer.ko" "$peer"
		add=(--add "$tmp/mr_peer.ko")
	fi
	if [ "$(header "$file" perf)" ]; then
		mkdir -p "$tmp/perf"
		# All of its libraries, and what loads them.
		ldd /usr/bin/perf | sed -n 's/^[^/]*\(\/[^ ]*\).*/\1/p' | xargs cp -Lt "$tmp/perf" /usr/bin/perf
		add+=(--add "$tmp/perf:perf")
	fi
	echo "$(kernel_release "$kernel"), $machine"
	for round in $(seq "$rounds"); do
		each=${only:-$(header "$file" each)}
		if [ "$each" ]; then
			for word in $each; do
				run "$word" "$@"
			done
		else
			run "$@"
		fi
	done
done

[ "$save" ] || exit 0
mkdir -p "$SAVED"
: >>"$SAVED/$name.json"
# Those of the same kernels, arguments and methods make room.
jq -c '[.kernel, .arguments, .method]' "$tmp/figures" | sort -u >"$tmp/keys"
jq -c --slurpfile new "$tmp/keys" 'select([.kernel, .arguments, .method] as $k | $new | index([$k]) | not)' \
	"$SAVED/$name.json" >"$tmp/all"
cat "$tmp/figures" >>"$tmp/all"
mv "$tmp/all" "$SAVED/$name.json"
jq -nc --arg cpu "$machine" --arg accel "$(head -n 1 "$MR_CACHE/accel" 2>/dev/null || echo tcg)" \
	--arg qemu "$(qemu-system-x86_64 --version | head -n 1)" \
	--arg date "$(date -u +%Y-%m-%d)" \
	'{cpu: $cpu, accel: $accel, qemu: $qemu, date: $date}' >"$SAVED/machine.json"
