#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# timeout: 120
#
# The KUnit suites of what is pure arithmetic, as programs: kunit/NAME_test.c with
# kmod/NAME.c.
set -u

# shellcheck source=../lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=../ktap.sh
. "$(dirname "$0")/../ktap.sh"

compiles()
{
	gcc -O2 -Wall -Wextra -Wno-sign-compare -Werror -fsanitize=undefined \
		-fno-sanitize-recover -I"$top/kunit/shim" -o "$tmp/$1" \
		"$top/kunit/$1_test.c" "$top/kmod/$1.c"
}

# One result of a suite; what it says besides comes before.
one()
{
	cat "$tmp/notes"
	[ "$verdict" = ok ]
}

for name in policy hist charge; do
	result "$name: compiles" compiles $name || continue
	"$tmp/$name" >"$tmp/out" 2>"$tmp/err"
	status=$?
	: >"$tmp/notes"
	grep -vE '^1\.\.' "$tmp/out" >"$tmp/lines"
	while read -r line; do
		case $line in
		'ok '*)		verdict=ok ;;
		'not ok '*)	verdict=bad ;;
		*)		echo "$line" >>"$tmp/notes"; continue ;;
		esac
		result "${line#* - }" one
		: >"$tmp/notes"
	done <"$tmp/lines"
	result "$name: ends well" test "$status$(cat "$tmp/err")" = 0
done
echo "1..$nr"
exit $failed
