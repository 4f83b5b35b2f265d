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
top=$MR_TOP
# shellcheck source=ktap.sh
. "$MR_SCRIPTS/ktap.sh"

MATRIX=$MR_CACHE/matrix
# What RT changes: locks that sleep, timers and work that are threads.
RT_TESTS=(10-tunables 16-reap 30-reparent 31-reparent-kinds 54-reload)
# A limit is there to end what hangs, on a host that may keep its CPUs away, too.
PATIENCE=4

# skip NAME WHY
skip()
{
	nr=$((nr + 1))
	echo "ok $nr - $1 # SKIP $2"
}

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

# inside COMMAND...: in the tree, with a /proc that goes with it
inside()
{
	unshare --mount --pid --fork --mount-proc="$tree/proc" \
		env DEBIAN_FRONTEND=noninteractive chroot "$tree" "$@"
}

make_tree()
{
	if [ -e "$tree/ready" ]; then
		inside apt-get -qq update
		return
	fi
	rm -rf "$tree"
	mkdir -p "$tree"
	debootstrap --variant=minbase --include=ca-certificates,make,kmod,openssl "$release" "$tree" \
		"$(release_uri Debian)" || return
	{
		echo "deb $(release_uri Debian) $release main"
		echo "deb $(release_uri Debian-Security) $release-security main"
		[ "$release" = bullseye ] || echo "deb $(release_uri Debian) $release-updates main"
		[ "$release" != trixie ] || echo "deb $(release_uri Debian) $release-backports main"
	} >"$tree/etc/apt/sources.list"
	echo 'Acquire::Check-Valid-Until "false";' >"$tree/etc/apt/apt.conf.d/90matrix"
	inside apt-get -qq update &&
		inside apt-get -qq -y --no-install-recommends install dkms &&
		: >"$tree/ready"
}

# releases SERIES:FLAVOUR: of such kernels, newest first
releases()
{
	inside apt-cache pkgnames "linux-headers-${1%:*}." |
		sed -nE "s/^linux-headers-(${1%:*}\.[0-9.]+[-+]([0-9.]|deb)+-${1#*:})\$/\1/p" |
		sort -rV
}

# The image and its modules, unpacked in the tree, not installed.
image()
{
	[ ! -d "$tree/image/$1" ] || return 0
	rm -rf "$tree/image/new"
	mkdir -p "$tree/image/new"
	# shellcheck disable=SC2046 # one by one
	inside sh -c 'cd /image/new && apt-get -qq -o APT::Sandbox::User=root download "$@"' sh \
		$(inside apt-cache depends --recurse --important --no-conflicts --no-breaks \
			--no-replaces --no-enhances "linux-image-$1" |
			grep -xE 'linux-(image|binary|modules)-[0-9].*' | sort -u) || return
	for deb in "$tree"/image/new/*.deb; do
		dpkg -x "$deb" "$tree/image/new" || return
	done
	rm "$tree"/image/new/*.deb
	mv "$tree/image/new" "$tree/image/$1"
}

# headers SERIES:FLAVOUR RELEASE
headers()
{
	local from=()
	case $1 in 7.2:*) from=(-t trixie-backports) ;; esac
	inside apt-get -qq -y --no-install-recommends "${from[@]}" install "linux-headers-$2"
}

# newest SERIES:FLAVOUR: the newest that is served, as $krel, headers and image; a
# mirror's index may name some that it does not have any more
newest()
{
	for krel in $(releases "$1" | head -n 6); do
		if headers "$1" "$krel" && image "$krel"; then
			return
		fi >"$tmp/fetched" 2>&1
		echo "# $krel: $(grep -m 1 '^E:' "$tmp/fetched")"
	done
	return 1
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
	local file
	rm -f "$ko"
	inside make -s -C /src dkms-install KVERS="$1" || return
	file=$(find "$tree/lib/modules/$1/" -name 'memcg_reaper.ko*' | head -n 1)
	case $file in
	*.xz)	xz -dc "$file" ;;
	*.zst)	zstd -dqc "$file" ;;
	*.ko)	cat "$file" ;;
	esac >"$ko"
	[ -s "$ko" ] || return
	compiler=$(readelf -p .comment "$ko" | sed -n 's/.*GCC: (.*) \([0-9.]*\).*/gcc \1/p' | head -n 1)
}

# one_of FILE...: the first that is there
one_of()
{
	for file; do
		if [ -e "$file" ]; then
			echo "$file"
			return
		fi
	done
	return 1
}

# passes RELEASE TEST: in a machine with that kernel, with the options of the test
passes()
{
	local root=$tree/image/$1 test=$MR_SCRIPTS/tests/$2.sh vmlinuz modules options=() limit
	# As vm.sh has it on 5.10; the test may say otherwise.
	case $1 in 5.10.*) options=(--io v1) ;; esac
	limit=$(header "$test" timeout)
	vmlinuz=$(one_of "$root/boot/vmlinuz-$1" "$root/usr/lib/modules/$1/vmlinuz") &&
		modules=$(one_of "$root/lib/modules/$1" "$root/usr/lib/modules/$1") || return
	# shellcheck disable=SC2046 # word by word
	(cd "$top" && "$MR_SCRIPTS/vm.sh" --kernel "$vmlinuz" --modules "$modules" \
		--module "$ko" --timeout $((${limit:-120} * PATIENCE)) \
		"${options[@]}" $({ header "$test" matrix; header "$test" vm; } | head -n 1) -- "$test") | tee "$tmp/said"
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
	tree=$MATRIX/$release
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
