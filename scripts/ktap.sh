# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034 # used by those that source it
#
# For host tests that print KTAP: $top of the project (set before, where the script
# is not in tests/), its $version, a folder $tmp that goes by itself, result and skip.
# Source it after lib.sh.

top=${top:-$(cd "$(dirname "$0")/../.." && pwd)} || exit
tmp=$(mktemp -d "${TMPDIR:-/tmp}/memcg_reaper.XXXXXX") || exit
trap 'rm -rf "$tmp"' EXIT
nr=0
failed=0
version=$(sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' "$top/dkms.conf")

# skip NAME WHY
skip()
{
	nr=$((nr + 1))
	echo "ok $nr - $1 # SKIP $2"
}

# result NAME COMMAND...
result()
{
	title=$1
	shift
	nr=$((nr + 1))
	if "$@" >"$tmp/why" 2>&1; then
		echo "ok $nr - $title"
	else
		echo "not ok $nr - $title"
		# What it said last, and what failed in it before.
		{
			head -n -20 "$tmp/why" | grep -a '^not ok'
			tail -n 20 "$tmp/why"
		} | sed 's/^/# /'
		failed=1
	fi
}
