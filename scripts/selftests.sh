#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The kernel's own tests of memory groups and of mm, beside the module and without it.
#
#	selftests.sh [--only "PATTERN..."] [6.1|6.12...]
#
#	--only	programs with such names, as "test_mem* cow"
#
# tools/testing/selftests/cgroup and mm of Debian's kernel source, those of their
# programs that run in a small machine, on Debian's kernel of that series: twice alone,
# with each method, the module at its most aggressive, while groups with memory
# of all kinds come and go. What a test says both times alone, it has to say beside the
# module, at least in the second of two attempts; what is not the same twice alone is
# told, and no more. What is left out is told with its reason.
#
# In MR_CACHE/selftests/SERIES: all they printed. The last line is "N passed, N failed",
# results that were compared. Exit status 0: none failed, some passed.
set -eu

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

AGGRESSIVE="scan_interval_ms=10 min_age_ms=0 cpu_percent=100 batch_pages=65536"
# For all programs of one pass, most of which take a second or two.
TIMEOUT=3000
export LC_ALL=C
passed=0 failed=0 only=('*')

usage()
{
	sed -n '/^#	selftests.sh/,/^# results/s/^# \{0,1\}//p' "$0"
	exit 2
}

# What the module is there to change: a result without it, and why it goes.
expected()
{
	cat <<-'END'
	cgroup/test_kmem: not ok: 5 test_kmem_dead_cgroups	waits for removed groups to be gone
	END
}

# build_group SERIES GROUP FOLDER: FOLDER is what that kernel calls it
build_group()
{
	local out=$dir/out/$2 program
	mkdir -p "$out" "$dir/bin/$2"
	# Without a system around them they have to be static. Some of 6.12's use a word of
	# kselftest.h that they forget to include.
	LDFLAGS=-static make -k -C "$dir/tree/tools/testing/selftests/$3" OUTPUT="$out" \
		KHDR_INCLUDES="-isystem $dir/headers/usr/include" \
		EXTRA_CFLAGS="-static -DKSFT_SKIP=4" >>"$dir/build.log" 2>&1 || :
	sed -n "s|^make: \*\*\* .*$out/\(.*\)\] Error.*|$2/\1|p" "$dir/build.log" >>"$dir/unbuilt"
	find "$out" "$dir/tree/tools/testing/selftests/$3" -maxdepth 1 -type f \
		\( -perm -1 -o -name '*.sh' \) -exec cp {} "$dir/bin/$2/" \;
	for program in "$dir/bin/$2"/*; do
		chmod 755 "$program"
	done
}

# build SERIES: the programs, into $dir/bin/GROUP
build()
{
	local origin how mm=mm
	origin=$(kernel_dir "debug-$1")
	mkdir -p "$origin" "$dir"
	how=$(declare -f build build_group | sha256sum)
	# Before the lock, which who builds a kernel holds for long.
	[ "$(cat "$dir/stamp" 2>/dev/null)" != "$(cat "$origin/source.version" 2>/dev/null) $how" ] ||
		return 0
	(
		flock 9
		have_source "$1"
	) 9>"$MR_CACHE/debug/lock"
	log "building the tests of linux-source-$1; log: $dir/build.log"
	rm -rf "${dir:?}"/*
	mkdir -p "$dir/tree" "$dir/headers"
	# A copy, since they write where they are built.
	tar -C "$origin/source" -cf - tools/testing/selftests tools/include mm/gup_test.h \
		lib/test_hmm_uapi.h include/vdso | tar -C "$dir/tree" -xf -
	make -s -C "$origin/source" "O=$dir/headers" headers >"$dir/build.log" 2>&1 ||
		die "no headers, see $dir/build.log"
	: >"$dir/unbuilt"
	build_group "$1" cgroup cgroup
	[ -d "$dir/tree/tools/testing/selftests/mm" ] || mm=vm
	build_group "$1" mm $mm
	rm -rf "$dir/tree" "$dir/headers" "$dir/out"
	echo "$(cat "$origin/source.version") $how" >"$dir/stamp"
}

# guest [OPTION] PATTERNS [PARAMETERS]: for run
guest()
{
	local option=
	case $1 in
	--*)	option=$1; shift ;;
	esac
	# shellcheck disable=SC2086 # none or one
	"$MR_SCRIPTS/vm.sh" --kernel "$series" --module "$module" --mem 3072 --ext4 2048 --swap 512 \
		$option --add "$dir/bin/$group:/selftests/$group" --add /bin/bash-static:/bin/bash \
		--timeout "$TIMEOUT" --out "$out" -- "$MR_SCRIPTS/guest/selftests.sh" "$group" "$@" \
		>"$out/output.log" 2>"$out/errors.log"
}

# run SERIES GROUP NAME PATTERNS [PARAMETERS]: one guest; leaves $dir/GROUP/NAME
run()
{
	local series=$1 group=$2 out=$dir/$2/$3.logs status=0 begun
	local sorted=$dir/$2/$3
	shift 3
	mkdir -p "$out"
	begun=$(date +%s)
	guest "$@" || status=$?
	# test_stress.sh has the kernel patched while it runs.
	if [ "$status" = 99 ]; then
		log "$series $group ${sorted##*/}: once more, by one thread: $(tail -n 1 "$out/errors.log")"
		status=0
		guest --one-thread "$@" || status=$?
	fi
	grep -a "^$group/" "$out/output.log" | sort >"$sorted" || :
	# What the shell complains about is no result, and nothing to be passed over.
	grep -aE "^(/vm/script|[^ ]*/warm): " "$out/output.log" | sort -u | head -n 3 |
		prefix "# $series $group ${sorted##*/}: " || :
	log "$series $group ${sorted##*/}: $(wc -l <"$sorted") results in $(($(date +%s) - begun)) s" \
		"$(sed -n 's/^# \(.* passes, .*\)/(\1)/p' "$out/output.log")"
	[ "$status" = 0 ] || {
		failed=$((failed + 1))
		echo "not ok $series $group ${sorted##*/}: $(tail -n 1 "$out/errors.log") (status $status)"
	}
}

# wanted FOLDER: programs in there that are
wanted()
{
	local pattern
	for pattern in "${only[@]}"; do
		find "$1" -name "$pattern"
	done
}

# prefix TEXT: before each line
prefix()
{
	local line
	while read -r line; do
		echo "$1$line"
	done
}

# differs SERIES GROUP METHOD: results that are the same twice alone, and not here
differs()
{
	local line
	comm -12 "$dir/$2/alone1" "$dir/$2/alone2" | comm -23 - "$dir/$2/$3" | while read -r line; do
		expected | cut -f1 | grep -qxF -- "$line" || echo "$line"
	done
}

# compare SERIES GROUP METHOD
compare()
{
	local what again all bad
	# shellcheck disable=SC2086 # several
	run "$1" "$2" "$3" "${only[*]}" "method=$3" $AGGRESSIVE
	what=$(differs "$1" "$2" "$3")
	if [ "$what" ]; then
		prefix "# $1 $3, tried again: " <<<"$what"
		mv "$dir/$2/$3" "$dir/$2/$3.first"
		again=$(echo "$what" | sed -E 's|^[^/]*/([^ :]*).*|\1|' | sort -u | tr '\n' ' ')
		# shellcheck disable=SC2086 # several
		run "$1" "$2" "$3.again" "$again" "method=$3" $AGGRESSIVE
		sort -u "$dir/$2/$3.first" "$dir/$2/$3.again" >"$dir/$2/$3"
		what=$(differs "$1" "$2" "$3")
	fi
	all=$(comm -12 "$dir/$2/alone1" "$dir/$2/alone2" | wc -l)
	bad=0
	[ -z "$what" ] || {
		bad=$(echo "$what" | wc -l)
		prefix "not ok $1 $3: not there any more: " <<<"$what"
	}
	# Told, wherever it was so.
	expected | while IFS=$'\t' read -r result why; do
		! comm -12 "$dir/$2/alone1" "$dir/$2/alone2" | comm -23 - "$dir/$2/$3" |
			grep -qxF -- "$result" || echo "# $1 $3, expected to go: $result ($why)"
	done
	passed=$((passed + all - bad)) failed=$((failed + bad))
	echo "$1 $2 $3: $((all - bad)) results as without the module, $bad not"
}

series()
{
	local group begun
	dir=$MR_CACHE/selftests/$1
	build "$1"
	module=$dir/memcg_reaper.ko
	# A copy: other runs build anew.
	cp "$(build_module "$1")" "$module" || die "the module does not build for $1"
	begun=$(date +%s)
	prefix "# $1, left out, does not build: " <"$dir/unbuilt"
	for group in cgroup mm; do
		[ "$(wanted "$dir/bin/$group")" ] || continue
		rm -rf "${dir:?}/$group"
		mkdir "$dir/$group"
		run "$1" $group alone1 "${only[*]}"
		sed -n "s|^# left out: |# $1, left out: |p" "$dir/$group/alone1.logs/output.log"
		run "$1" $group alone2 "${only[*]}"
		comm -3 "$dir/$group/alone1" "$dir/$group/alone2" | tr -d '\t' |
			prefix "# $1, not the same twice without the module: "
		echo "$1 $group: $(comm -12 "$dir/$group/alone1" "$dir/$group/alone2" | wc -l) results" \
			"to compare, of which skipped: $(comm -12 "$dir/$group/alone1" \
				"$dir/$group/alone2" | grep -c ': skip: ' || :)"
		for method in evict reparent recharge; do
			compare "$1" $group $method
		done
	done
	echo "$1: $(($(date +%s) - begun)) s"
}

while [ $# -gt 0 ]; do
	case $1 in
	--only)	[ $# -ge 2 ] || usage; read -ra only <<<"$2"; shift 2 ;;
	6.*)	break ;;
	*)	usage ;;
	esac
done
"$MR_SCRIPTS/setup.sh" vm selftests
# shellcheck disable=SC2086 # a list
[ $# -gt 0 ] || set -- $MR_KERNELS
for kernel; do
	series "$kernel"
done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ] && [ "$passed" != 0 ]
