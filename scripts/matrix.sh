#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2317 # functions are called by result
#
# Build as users do and load the result: trees of Debian 11, 12 and 13 with their own
# compilers and DKMS, each kernel and flavour that they have and the module supports,
# and a virtual machine for each.
#
#	matrix.sh [RELEASE[:SERIES:FLAVOUR]...]
#
#	matrix.sh bullseye trixie:7.2:rt-amd64	all of Debian 11, one kernel of 13
#	MR_TESTS="01-smoke 05-abi"	other tests than the usual; MR_TESTS= only builds
#
# Trees stay in MR_CACHE/matrix. Wants root, 10 GB of disk and some two hours. Results
# in KTAP form, a table of all after them; exit status 0 where all is well.
set -u

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=release.sh
. "$MR_SCRIPTS/release.sh"
# shellcheck source=trees.sh
. "$MR_SCRIPTS/trees.sh"
top=$MR_TOP
# shellcheck source=ktap.sh
. "$MR_SCRIPTS/ktap.sh"

# What RT changes: locks that sleep, timers and work that are threads.
RT_TESTS=(10-tunables 16-reap 30-reparent 31-reparent-kinds 54-reload)
# A limit is there to end what hangs, on a host that may keep its CPUs away, too.
PATIENCE=4

# kernels RELEASE: series and flavours
kernels()
{
	local series flavour
	case $1 in
	bullseye)	set -- 5.10 6.1 ;;
	bookworm)	set -- 6.1 6.12 ;;
	trixie)		set -- 6.12 7.2 ;;
	*)		die "no such release: $1" ;;
	esac
	for series; do
		for flavour in cloud-amd64 amd64 rt-amd64; do
			echo "$series:$flavour"
		done
	done
}

# tests SERIES:FLAVOUR: those that name the series
tests()
{
	local series=${1%:*} test
	if [ "${MR_TESTS+set}" ]; then
		echo "$MR_TESTS"
		return
	fi
	echo 01-smoke
	case $1 in
	# The compiler of this system does not do for it, so it is tested here only.
	7.2:cloud-*)	set -- "$MR_SCRIPTS"/tests/*.sh ;;
	*:rt-*)		set -- "${RT_TESTS[@]}" ;;
	*)		return ;;
	esac
	for test; do
		test=$(basename "$test" .sh)
		[[ " $(header "$MR_SCRIPTS/tests/$test.sh" kernels) " != *" $series "* ]] || echo "$test"
	done
}

sources()
{
	rm -rf "$tree/src"
	mkdir "$tree/src"
	(cd "$top" && cp -r Kbuild Makefile dkms.conf kmod "$tree/src/") || return
	find "$tree/src" \( -name '*.o' -o -name '*.ko' -o -name '.*.cmd' \) -delete
}

# The module that dkms makes for a release, as $ko, unpacked; and what compiled it.
module()
{
	rm -f "$ko"
	inside make -s -C /src dkms-install KVERS="$1" || return
	built_module "$1" >"$ko" || return
	compiler=$(readelf -p .comment "$ko" | sed -n 's/.*GCC: (.*) \([0-9.]*\).*/gcc \1/p' | head -n 1)
}

# passes RELEASE TEST: in a machine with that kernel, with the options of the test
passes()
{
	local root=$tree/image/$1 test=$MR_SCRIPTS/tests/$2.sh vmlinuz modules limit
	limit=$(header "$test" timeout)
	vmlinuz=$(vmlinuz_of "$root" "$1") && modules=$(modules_of "$root" "$1") || return
	# shellcheck disable=SC2046 # word by word
	(cd "$top" && "$MR_SCRIPTS/vm.sh" --kernel "$vmlinuz" --modules "$modules" \
		--module "$ko" --timeout $((${limit:-120} * PATIENCE)) \
		$({ header "$test" matrix; header "$test" vm; } | head -n 1) -- "$test") | tee "$tmp/said"
	return "${PIPESTATUS[0]}"
}

# count FILE: passed and failed, and a failure that the results do not show
count()
{
	awk -v bad="$2" '/^ok / { n++ } /^not ok / { f++ }
		END { if (bad && !f) f = 1; printf "%d/%d", n, f }' "$1"
}

# try_kernel SERIES:FLAVOUR: a row of the table
try_kernel()
{
	local begun=$SECONDS ko=$tree/image/$krel/memcg_reaper.ko test
	local compiler=- built=NO loaded=- smoke=- more=- good=0 bad=0 was
	result "$krel: dkms builds and installs" module "$krel"
	[ ! -s "$ko" ] || built=yes
	for test in $([ $built = NO ] || tests "$1"); do
		: >"$tmp/said"
		was=$failed failed=0
		result "$krel: $test" passes "$krel" "$test"
		if [ "$test" = 01-smoke ]; then
			loaded=NO
			! grep -q '^ok 1 - loads$' "$tmp/said" || loaded=yes
			smoke=$(count "$tmp/said" "${failed#0}")
		elif [ "$failed" = 0 ]; then
			good=$((good + 1))
		else
			bad=$((bad + 1))
		fi
		[ "$was" = 0 ] || failed=$was
	done
	# And so it builds for no headers that come after it.
	result "$krel: dkms removes" inside make -s -C /src dkms-remove
	[ $((good + bad)) = 0 ] || more=$good/$bad
	row "$release" "$krel" "$compiler" "$built" "$loaded" "$smoke" "$more" $((SECONDS - begun)) >>"$tmp/table"
}

row()
{
	printf '# %-9s %-31s %-11s %-6s %-7s %-9s %-10s %7s\n' "$@"
}

[ "$(id -u)" = 0 ] || die "needs root"
"$MR_SCRIPTS/setup.sh" matrix || exit
[ $# != 0 ] || set -- bullseye bookworm trixie
row release kernel compiler built loaded smoke tests seconds >"$tmp/table"
for wanted; do
	release=${wanted%%:*}
	tree=$TREES/$release
	case $wanted in
	*:*)	wanted=${wanted#*:} ;;
	*)	wanted=$(kernels "$release") || exit ;;
	esac
	result "$release: a tree" make_tree
	[ -e "$tree/ready" ] || continue
	result "$release: sources" sources
	for kernel in $wanted; do
		if newest "$kernel"; then
			try_kernel "$kernel"
		else
			skip "$release: $kernel" "not served"
			row "$release" "$kernel" - - - - - - >>"$tmp/table"
		fi
	done
done

echo "# smoke: results passed/failed; tests: those of scripts/tests, passed/failed"
cat "$tmp/table"
echo "1..$nr"
exit "$failed"
