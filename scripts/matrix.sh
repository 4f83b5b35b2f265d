#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2317 # functions are called by result
#
# Build as users do and load the result: trees of Debian 11, 12 and 13 with their own
# compilers and DKMS, each kernel and flavour that they have and the module supports,
# and a virtual machine for each.
#
#	matrix.sh [bullseye] [bookworm] [trixie]
#
#	MR_TESTS="05-abi"	other tests than the usual; MR_TESTS= only builds
#
# Trees stay in MR_CACHE/matrix. Wants root, 6 GB of disk and some 40 minutes. Results
# in KTAP form; exit status 0 where all is well.
set -u

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=release.sh
. "$MR_SCRIPTS/release.sh"
top=$MR_TOP
# shellcheck source=ktap.sh
. "$MR_SCRIPTS/ktap.sh"

MATRIX=$MR_CACHE/matrix
# What has to pass on each: the interface, and what the module is for there.
TESTS=${MR_TESTS-10-tunables 16-reap}
REPORTS=${MR_TESTS-10-tunables 25-report-only}

# skip NAME WHY
skip()
{
	nr=$((nr + 1))
	echo "ok $nr - $1 # SKIP $2"
}

# kernels RELEASE: series and flavours
kernels()
{
	case $1 in
	bullseye)	echo 5.10:cloud-amd64 5.10:amd64 5.10:rt-amd64 ;;
	bookworm)	echo 6.1:cloud-amd64 6.1:amd64 6.1:rt-amd64 6.12:cloud-amd64 ;;
	trixie)		echo 6.12:cloud-amd64 6.12:amd64 6.12:rt-amd64 7.2:cloud-amd64 7.2:amd64 7.2:rt-amd64 ;;
	esac
}

# inside COMMAND...: in the tree, with a /proc that goes with it
inside()
{
	unshare --mount --pid --fork --mount-proc="$tree/proc" \
		env DEBIAN_FRONTEND=noninteractive chroot "$tree" "$@"
}

make_tree()
{
	[ ! -e "$tree/ready" ] || return 0
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

# newest SERIES:FLAVOUR: the release of the newest such kernel
newest()
{
	inside apt-cache pkgnames "linux-headers-${1%:*}." |
		sed -nE "s/^linux-headers-(${1%:*}\.[0-9.]+(-[0-9]+|\+deb[0-9.]+)-${1#*:})\$/\1/p" |
		sort -V | tail -n 1
}

# headers SERIES:FLAVOUR RELEASE
headers()
{
	local from=()
	case $1 in 7.2:*) from=(-t trixie-backports) ;; esac
	inside apt-get -qq -y --no-install-recommends "${from[@]}" install "linux-headers-$2"
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

sources()
{
	rm -rf "$tree/src"
	mkdir "$tree/src"
	(cd "$top" && cp -r Kbuild Makefile dkms.conf kmod "$tree/src/") || return
	find "$tree/src" \( -name '*.o' -o -name '*.ko' -o -name '.*.cmd' \) -delete
}

dkms_install()
{
	inside make -s -C /src dkms-install KVERS="$*"
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

# The module that dkms has made for a release, unpacked.
module()
{
	built=$(find "$tree/lib/modules/$1/" -name 'memcg_reaper.ko*' | head -n 1)
	case $built in
	*.xz)	xz -dc "$built" ;;
	*.zst)	zstd -dqc "$built" ;;
	*.ko)	cat "$built" ;;
	esac >"$tmp/memcg_reaper.ko"
	[ -s "$tmp/memcg_reaper.ko" ]
}

# passes RELEASE TEST: in a machine with that kernel, with the options of the test
passes()
{
	root=$tree/image/$1
	test=$MR_SCRIPTS/tests/$2.sh
	options=$(sed -n 's/^# vm: *//p' "$test" | head -n 1)
	case $1 in 5.10.*) options="$options --io v1" ;; esac
	vmlinuz=$(one_of "$root/boot/vmlinuz-$1" "$root/usr/lib/modules/$1/vmlinuz") &&
		modules=$(one_of "$root/lib/modules/$1" "$root/usr/lib/modules/$1") || return
	# shellcheck disable=SC2086 # word by word
	(cd "$top" && "$MR_SCRIPTS/vm.sh" --kernel "$vmlinuz" --modules "$modules" \
		--module "$tmp/memcg_reaper.ko" --timeout 400 $options -- "$test")
}

[ "$(id -u)" = 0 ] || die "needs root"
"$MR_SCRIPTS/setup.sh" matrix || exit
[ $# != 0 ] || set -- bullseye bookworm trixie
for release; do
	tree=$MATRIX/$release
	result "$release: a tree" make_tree
	[ -e "$tree/ready" ] || continue
	releases=
	for kernel in $(kernels "$release"); do
		krel=$(newest "$kernel")
		if [ -z "$krel" ]; then
			skip "$release: $kernel" "not packaged"
			continue
		fi
		result "$release: headers of $krel" headers "$kernel" "$krel"
		releases="$releases $krel"
	done
	result "$release: sources" sources
	# shellcheck disable=SC2086 # one by one
	result "$release: dkms builds and installs" dkms_install $releases
	for krel in $releases; do
		rm -f "$tmp/memcg_reaper.ko"
		result "$krel: module" module "$krel"
		[ -s "$tmp/memcg_reaper.ko" ] || continue
		if ! image "$krel" >"$tmp/why" 2>&1; then
			skip "$krel: in a machine" "no image: $(tail -n 1 "$tmp/why")"
			continue
		fi
		case $krel in
		7.2.*)	tests=$REPORTS ;;
		*)	tests=$TESTS ;;
		esac
		for test in $tests; do
			result "$krel: $test" passes "$krel" "$test"
		done
	done
done

echo "1..$nr"
# shellcheck disable=SC2154 # set by ktap.sh
exit "$failed"
