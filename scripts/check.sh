#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Build the module for every kernel and run all tests, some side by side.
#
#	check.sh [--debug|--long] [PATTERN]
#
#	PATTERN		only jobs with PATTERN in their name
#	--debug		on debug kernels, which are built first where they are not:
#			KASAN, lockdep and the like. Only what runs in a VM.
#	--long		that, and tests that take long, on all kernels
#
#	MR_KERNELS="6.1 6.12"	on which kernels; 5.10 is another
#	MR_DEBUG_KERNELS="6.1 6.12"	on which debug kernels of these; 6.12-kcsan, which
#			finds data races, and 6.12-rt, PREEMPT_RT, are others
#	MR_JOBS=N	how many at a time; one more than there are CPUs, as many wait
#	MR_LOGS=DIR	where logs go
#
# A job is a line of the table made from scripts/tests/:
#
#	build/KERNEL	builds the module with W=1, without a word, in $MR_BUILD/KERNEL/tree
#	host-*.sh	runs here; exit status, or KTAP where it prints a plan
#	*.sh		runs in a VM on each of "# kernels: 5.10 6.1 6.12", once for each
#			"# vm: OPTIONS OF vm.sh" ("# vm 6.1: ..." for that kernel
#			only), within "# timeout: SECONDS", or three times that where
#			the host has other work; with "# alone: yes"
#			after all others, and one at a time; *-kunit.sh has the KUnit
#			suites as /memcg_reaper_kunit.ko
#
# On debug kernels, a test has five times the time. It runs there if it names the
# series, or debug-6.12 itself; but not with "# debug: no, REASON". One with
# "# long: ARGUMENTS" runs with --long only, with these arguments.
#
# The last line is "N passed, N failed". Exit status 0: none failed, some passed.
set -eu

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

# A limit is there to end what hangs, on a host that may keep its CPUs away, too.
PATIENCE=3

mode=
case ${1:-} in
--debug|--long)
	mode=$1
	shift
	;;
-*)	sed -n '/^#	check.sh/,/^# The last/s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
esac
pattern=${1:-}
export MR_CACHE MR_BUILD=$MR_CACHE/build

# Test headers name files of the project from here.
cd "$MR_TOP"
"$MR_SCRIPTS/setup.sh" check
skipped=0 here=
for kernel in $MR_KERNELS; do
	if [ -s "$(kernel_dir "$kernel")/release" ]; then
		here="$here $kernel"
	else
		echo "skip  all that runs on $kernel: it could not be fetched"
		skipped=$((skipped + 1))
	fi
done
export MR_KERNELS=$here

kernels=$MR_KERNELS debug='' long=''
if [ "$mode" ]; then
	for kernel in $MR_DEBUG_KERNELS; do
		[[ " $MR_KERNELS " != *" ${kernel%-*} "* ]] || debug="$debug debug-$kernel"
	done
	# shellcheck disable=SC2086 # a list
	"$MR_SCRIPTS/debug-kernel.sh" $debug
	kernels=$debug
	[ "$mode" = --debug ] || long=yes kernels="$MR_KERNELS $debug"
fi

logs=${MR_LOGS:-$MR_CACHE/logs/$(date +%Y%m%d-%H%M%S).$$}
mkdir -p "$logs"
passed=0 failed=0
begun=$(date +%s)
echo "logs: $logs"

# shellcheck disable=SC2317 # called by the trap
cleanup()
{
	trap - EXIT
	# a group each, see run_all; vm.sh cleans up after itself when told to end
	jobs -p | sed 's/^/-/' | xargs -r kill -- 2>/dev/null || :
	wait
}
trap cleanup EXIT
trap 'exit 130' INT TERM HUP

# wants FILE KERNEL: whether a test runs on that kernel
wants()
{
	local want takes_long
	takes_long=$(header "$1" long)
	# One that takes long needs --long, which runs no others on Debian's kernels.
	[ -z "$takes_long" ] || [ "$long" ] || return 1
	[ "$takes_long" ] || [ -z "$long" ] || [[ $2 == debug-* ]] || return 1
	for want in $(header "$1" kernels); do
		case $2 in
		"$want")	return ;;
		"debug-$want"|"debug-$want-"*) header "$1" debug | grep -q '^no' || return 0 ;;
		esac
	done
	return 1
}

#
# The table: time limit (0: alone), name, then the command.
#
table()
{
	local file name kernel series seconds limit order n options
	for kernel in $kernels; do
		printf '9999\tbuild/%s\tbuild %s\n' "$kernel" "$kernel"
	done
	for file in "$MR_SCRIPTS"/tests/*.sh; do
		name=$(basename "$file" .sh)
		seconds=$(header "$file" timeout)
		seconds=$((${seconds:-120} * PATIENCE))
		case $name in
		host-*)
			[ "$debug" ] || printf '%s\t%s\thost %s %s\n' "$seconds" "$name" "$seconds" "$file"
			continue
			;;
		esac
		for kernel in $kernels; do
			wants "$file" "$kernel" || continue
			limit=$seconds series=${kernel#debug-}
			series=${series%-*}
			case $kernel in debug-*) limit=$((seconds * 5)) ;; esac
			n=0
			while read -r options; do
				n=$((n + 1))
				order=$limit
				[ "$(header "$file" alone)" != yes ] || order=0
				printf '%s\t%s\tguest %s %s %s %s\n' "$order" \
					"$name/$kernel$([ "$n" -eq 1 ] || echo "/$n")" \
					"$kernel" "$limit" "$file" "$options"
			done < <(header "$file" "vm( $series)?")
		done
	done
}

# Jobs that are left out on debug kernels, and why.
left_out()
{
	local file name kernel why
	for file in "$MR_SCRIPTS"/tests/*.sh; do
		why=$(header "$file" debug)
		[ "$why" ] || continue
		for kernel in $debug; do
			name=$(basename "$file" .sh)/$kernel
			[[ $name == *"$pattern"* ]] || continue
			printf 'skip  %-28s %s\n' "$name" "${why#no, }"
			skipped=$((skipped + 1))
		done
	done
}

build()
{
	case $1 in
	debug-*)	build_module "$1" && build_suites "$1" ;;
	*)		build_module "$1" W=1 && [ ! -s "$dir/errors.log" ] ;;
	esac
}

host()
{
	timeout -k 10 "$1" "$2"
}

guest()
{
	local kernel=$1 limit=$2 file=$3 module=$MR_BUILD/$1/tree/memcg_reaper.ko
	shift 3
	[ ! -s "$module" ] || set -- "$@" --module "$module"
	case $file in *-kunit.sh) set -- "$@" --add "$MR_BUILD/$kernel/suites/memcg_reaper_kunit.ko" ;; esac
	# What Debian's kernels have of a debug kernel: freed objects are poisoned, others
	# fenced. Takes no longer. A test's own option comes after it, and counts.
	case $kernel in debug-*) ;; *) set -- --append slub_debug=FZP "$@" ;; esac
	# shellcheck disable=SC2046 # the test's arguments
	"$MR_SCRIPTS/vm.sh" --kernel "$kernel" --timeout "$limit" --out "$dir" "$@" -- \
		"$file" $(header "$file" long)
}

# Runs one job, in a subshell; leaves output and status in its log folder.
run()
{
	local status=0 start
	dir=$logs/$1
	mkdir -p "$dir"
	start=$(date +%s%N)
	"${@:2}" >"$dir/output.log" 2>"$dir/errors.log" </dev/null || status=$?
	# The harness failed, not the test: once more.
	if [ "$status" = 99 ]; then
		status=0
		cat "$dir/errors.log" >"$dir/first-try.log"
		"${@:2}" >"$dir/output.log" 2>"$dir/errors.log" </dev/null || status=$?
	fi
	echo "$status $((($(date +%s%N) - start) / 100000000))" >"$dir/done"
}

# Counts what a job said and shows it.
report()
{
	local name=$1 kind=$2 dir=$logs/$1 status=255 tenths=0 good bad skips plan results why='' verdict
	[ ! -s "$dir/done" ] || read -r status tenths <"$dir/done"
	skips=$(grep -acE '^ok .*# SKIP|^1\.\.0 # SKIP' "$dir/output.log" || :)
	good=$(grep -aE '^ok ' "$dir/output.log" | grep -acv '# SKIP' || :)
	bad=$(grep -acE '^not ok ' "$dir/output.log" || :)
	plan=$(sed -n 's/^1\.\.\([0-9]*\).*/\1/p' "$dir/output.log" | tail -n 1)
	results=$(grep -acE '^(not )?ok ' "$dir/output.log" || :)

	if [ "$kind" != guest ] && [ -z "$plan" ]; then
		good=0 bad=0
		if [ "$status" = 0 ]; then good=1; else bad=1; fi
	elif [ -z "$plan" ]; then
		bad=$((bad + 1)) why="no plan, status $status"
	elif [ "$plan" != "$results" ]; then
		bad=$((bad + 1)) why="$results results of $plan"
	elif [ "$status" != 0 ] && { [ "$bad" = 0 ] || [ "$status" -ge 97 ]; }; then
		bad=$((bad + 1)) why="status $status"
	fi
	verdict=pass
	[ "$bad" = 0 ] || verdict=FAIL
	printf '%s  %-28s %4d.%d s  %d passed, %d failed%s%s\n' "$verdict" "$name" \
		$((tenths / 10)) $((tenths % 10)) "$good" "$bad" \
		"$([ "$skips" = 0 ] || echo ", $skips skipped")" "${why:+ ($why)}"
	grep -aE '# SKIP' "$dir/output.log" | sed 's/^/      /' || :
	[ ! -s "$dir/first-try.log" ] || sed 's/^/      again, as /' "$dir/first-try.log"
	if [ "$bad" != 0 ]; then
		cat "$dir/output.log" "$dir/errors.log" | sed 's/^/    | /'
		[ ! -s "$dir/console.log" ] || echo "    | console: $dir/console.log"
	fi
	passed=$((passed + good)) failed=$((failed + bad)) skipped=$((skipped + skips))
}

# Runs the lines of a table, a few at a time.
declare -A names kinds
run_all()
{
	local running=0 limit name command pid
	while IFS=$'\t' read -r limit name command; do
		if [ "$running" -ge "${MR_JOBS:-$(($(nproc) + 1))}" ]; then
			reap
		fi
		set -m
		# shellcheck disable=SC2086 # a command and its arguments
		run "$name" $command &
		set +m
		pid=$!
		names[$pid]=$name kinds[$pid]=${command%% *}
		running=$((running + 1))
	done
	while [ "$running" -gt 0 ]; do
		reap
	done
}

reap()
{
	local pid=
	wait -n -p pid || :
	running=$((running - 1))
	report "${names[$pid]}" "${kinds[$pid]}"
}

table >"$logs/table"
left_out
# Builds come first: tests load what they leave. Long jobs start early.
run_all < <(grep -P '\tbuild/' "$logs/table")
run_all < <(grep -vP '\tbuild/' "$logs/table" | sort -s -t "$(printf '\t')" -k1,1nr |
	awk -F '\t' -v p="$pattern" '$1 != 0 && index($2, p)')
MR_JOBS=1 run_all < <(awk -F '\t' -v p="$pattern" '$1 == 0 && index($2, p)' "$logs/table")

echo "$(($(date +%s) - begun)) s, $skipped skipped, logs in $logs"
echo "$passed passed, $failed failed"
[ "$failed" = 0 ] && [ "$passed" != 0 ]
