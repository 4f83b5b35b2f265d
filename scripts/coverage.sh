#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Which lines and branches of kmod/ the tests reach.
#
#	coverage.sh [PATTERN]	only jobs with PATTERN in their name
#
# Runs the tests on the debug kernel of 6.12 with the module, and the suites of kunit/,
# built for gcov, and prints lcov's table. In MR_CACHE/coverage:
#
#	lines		that nothing reached, by file and number, with their text
#	functions	that nothing entered
#	branches	lines that were reached, but did not go all ways
#	all.info	lcov's data; "genhtml" makes pages of it
#	logs		of the tests
#
# Exit status: that of the tests.
set -eu

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

SERIES=6.12
dir=$MR_CACHE/coverage
build=$MR_CACHE/build/debug-$SERIES

"$MR_SCRIPTS/setup.sh" coverage
rm -rf "$dir"
mkdir -p "$dir"

# Kbuild takes the first from the environment. A module that is unloaded leaves its
# counts behind, and adds to them when it is loaded again.
status=0
GCOV_PROFILE=y MR_COLLECT=/sys/kernel/debug/gcov MR_KERNELS=$SERIES MR_LOGS=$dir/logs \
	"$MR_SCRIPTS/check.sh" --debug "$@" || status=$?
build=$(realpath "$build")

run_lcov()
{
	lcov --quiet --rc lcov_branch_coverage=1 "$@"
}

# The counts of all guests in one.
nr=0
while read -r tar; do
	mkdir "$dir/new"
	# What stands for gcov's notes are links to them.
	tar -C "$dir/new" -xf "$tar" --exclude='*.gcno'
	if [ ! -d "$dir/new$build" ]; then
		log "no counts in ${tar#"$dir/"}"
	elif [ ! -d "$dir/sum" ]; then
		mv "$dir/new" "$dir/sum"
	else
		gcov-tool merge "$dir/sum" "$dir/new" -o "$dir/merged" 2>"$dir/merge.log" ||
			die "gcov-tool fails on $tar: $(tail -n 1 "$dir/merge.log")"
		rm -rf "$dir/sum"
		mv "$dir/merged" "$dir/sum"
	fi
	rm -rf "$dir/new"
	nr=$((nr + 1))
done < <(find "$dir/logs" -name collect.tar | sort)
[ -d "$dir/sum" ] || die "no test left any counts"

# gcov wants them beside the objects: those of the module, and those of the suites.
for tree in tree suites; do
	[ -d "$dir/sum$build/$tree" ] || continue
	find "$build/$tree" -name '*.gcda' -delete
	(cd "$dir/sum$build/$tree" && find . -name '*.gcda' -exec cp --parents {} "$build/$tree/" \;)
	run_lcov --capture --directory "$build/$tree" --no-external -o "$dir/$tree.info" \
		2>"$dir/$tree.lcov" || die "lcov fails: $(tail -n 1 "$dir/$tree.lcov")"
	# The same files, built twice.
	sed -i "s|^SF:$build/$tree/|SF:$MR_TOP/|" "$dir/$tree.info"
	run_lcov --extract "$dir/$tree.info" "$MR_TOP/kmod/*" -o "$dir/$tree.kmod"
done
# One of them alone is all there is.
add=()
for info in "$dir"/*.kmod; do
	add+=(--add-tracefile "$info")
done
run_lcov "${add[@]}" -o "$dir/all.info"

# missed KIND: as "kmod/file.c:line: text"
missed()
{
	awk -F '[:,]' -v kind="$1" -v top="$MR_TOP/" '
		function place(line,	file, n) {
			file = substr(path, length(top) + 1)
			while (!(path in seen) && (getline text[path, ++n] < path) > 0)
				;
			seen[path]
			return sprintf("%s:%d:%s", file, line, text[path, line])
		}
		$1 == "SF" { path = $2 }
		$1 == "FN" { at[path, $3] = $2 }
		kind == "functions" && $1 == "FNDA" && $2 == 0 {
			print substr(path, length(top) + 1) ":" at[path, $3] ": " $3
		}
		kind == "lines" && $1 == "DA" && $3 == 0 { print place($2) }
		kind == "branches" && $1 == "BRDA" {
			of[path, $2]++
			taken[path, $2] += $5 != "-" && $5 > 0
			reached[path, $2] += $5 != "-"
		}
		kind == "branches" && $1 == "end_of_record" {
			for (key in of) {
				if (!reached[key] || taken[key] == of[key])
					continue
				split(key, part, SUBSEP)
				print place(part[2]) "\t/* " taken[key] " of " of[key] " */"
			}
			delete of
			delete taken
			delete reached
		}' "$dir/all.info" | sort -t : -k1,1 -k2,2n
}
for kind in lines functions branches; do
	missed $kind >"$dir/$kind"
done
lcov --rc lcov_branch_coverage=1 --list "$dir/all.info"
log "$nr guests; $(wc -l <"$dir/lines") lines not reached, $(wc -l <"$dir/functions") functions" \
	"not entered, $(wc -l <"$dir/branches") lines with a branch not taken: see $dir"
exit "$status"
