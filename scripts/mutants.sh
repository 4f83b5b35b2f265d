#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Break a rule on purpose, and see that a test notices.
#
#	mutants.sh [NAME...]	all of scripts/mutants/ if none is named
#
# Each patch there breaks one rule of kmod/, and names the tests ("Tests:") one of
# which has to turn red on 6.12, or on its debug kernel where they need that. Logs are in
# MR_CACHE/mutants. The last line is "N passed, N failed": noticed, and not.
set -eu

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

MUTANTS=$MR_SCRIPTS/mutants
dir=$MR_CACHE/mutants
passed=0 failed=0

# make_tree NAME: a copy of this tree, with the patch
make_tree()
{
	rm -rf "${dir:?}/$1"
	mkdir -p "$dir/$1"
	copy_tree "$dir/$1/tree"
	# Not as part of a repository that the cache may be in.
	(cd "$dir/$1/tree" && GIT_CEILING_DIRECTORIES=$dir/$1 git apply "$MUTANTS/$1.patch")
}

# debug_if_needed TEST: what has check.sh run a test that Debian's kernel can't
debug_if_needed()
{
	case $1 in
	host-*)	;;
	*)	header "$MR_SCRIPTS/tests/$1.sh" kernels | grep -qE "(^| )6[.]12( |$)" || echo --debug ;;
	esac
}

# noticed NAME: says which test was red, and the first of its results that was
noticed()
{
	local test log what tests
	tests=$(sed -n 's/^Tests: //p' "$MUTANTS/$1.patch")
	make_tree "$1" || {
		echo "the patch does not apply"
		return 1
	}
	for test in $tests; do
		log=$dir/$1/$test.log
		# shellcheck disable=SC2046 # none or one
		if MR_KERNELS=6.12 MR_DEBUG_KERNELS=6.12 MR_LOGS=$dir/$1/logs \
			"$dir/$1/tree/scripts/check.sh" $(debug_if_needed "$test") "$test" \
			>"$log" 2>&1; then
			continue
		fi
		if ! grep -q '^pass  build/' "$log"; then
			echo "does not build"
			return 1
		fi
		# A harness that fails is no test that notices.
		if what=$(grep -m 1 -oE '\| (not ok .*|.*kernel splat: .*|.*timeout: .*)' "$log"); then
			echo "$test: ${what#| }"
			return 0
		fi
		echo "$test failed, but none of its results: see $log"
		return 1
	done
	echo "not noticed by $tests"
	return 1
}

[ $# != 0 ] || {
	# shellcheck disable=SC2046 # names have no blanks
	set -- $(basename -s .patch "$MUTANTS"/*.patch)
}
for name; do
	[ -e "$MUTANTS/$name.patch" ] || die "no such mutant: $name"
done
for name; do
	begun=$(date +%s)
	if what=$(noticed "$name"); then
		passed=$((passed + 1)) verdict=ok
	else
		failed=$((failed + 1)) verdict='not ok'
	fi
	printf '%-6s  %-18s %4d s  %s\n' "$verdict" "$name" $(($(date +%s) - begun)) "$what"
	rm -rf "$dir/$name/tree"
done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ] && [ "$passed" != 0 ]
