#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Install what building, testing and checking memcg_reaper need, on Debian 12.
#
#	setup.sh [build] [vm] [check] [matrix] [debug] [kunit] [coverage] [selftests]
#		[packages] [metrics] [bench]
#
#	build	compiler and kernel headers, those of the running kernel too
#	vm	build, and QEMU, file-system tools, the two kernel images (unpacked
#		in MR_CACHE, not installed)
#	check	vm, and what the checks call (sparse, coccinelle, dkms)
#	matrix	vm, and what making trees of Debian's releases takes (matrix.sh)
#	debug	what building a whole kernel takes (debug-kernel.sh)
#	kunit	debug, and what running KUnit's suites takes (kunit.sh)
#	coverage	what evaluates the counts of coverage.sh
#	selftests	debug, and what the kernel's own tests are built with (selftests.sh)
#	packages	matrix, and what builds and checks Debian packages (packages.sh)
#	metrics	promtool, which is unpacked in MR_CACHE, not installed (host-ctl.sh)
#	bench	vm, and what profiles, and makes tables and plots (bench.sh)
#
# Without an argument: vm. Does nothing, quickly, where all is there. Needs root
# only to install packages.
set -eu

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=release.sh
. "$MR_SCRIPTS/release.sh"

: "${MR_CACHE:?}"
export DEBIAN_FRONTEND=noninteractive
updated=

build="gcc make libc6-dev libelf-dev linux-headers-cloud-amd64 linux-headers-6.12-cloud-amd64"
vm="qemu-system-x86 busybox-static e2fsprogs xfsprogs btrfs-progs kmod cpio xz-utils zstd util-linux"
check="sparse coccinelle shellcheck mandoc dkms openssl perl git"
matrix="debootstrap xz-utils zstd util-linux"
debug="gcc make libc6-dev libelf-dev flex bison bc perl cpio lz4 xz-utils"
kunit="qemu-system-x86 python3 util-linux"
selftests="bash-static libcap-dev libnuma-dev liburing-dev util-linux"
bench="gnuplot-nox jq linux-perf"
packages_of="debhelper dh-dkms lintian fakeroot"

profiles=${*:-vm}
packages=
kernels=
for profile in $profiles; do
	case $profile in
	build)	packages="$packages $build" ;;
	vm)	packages="$packages $build $vm"; kernels=$MR_KERNELS ;;
	check)	packages="$packages $build $vm $check"; kernels=$MR_KERNELS ;;
	matrix)	packages="$packages $build $vm $matrix" ;;
	debug)	packages="$packages $debug" ;;
	kunit)	packages="$packages $debug $kunit" ;;
	coverage) packages="$packages gcc lcov" ;;
	selftests) packages="$packages $debug $selftests" ;;
	packages) packages="$packages $build $vm $matrix $packages_of" ;;
	metrics) ;;
	bench)	packages="$packages $build $vm $bench"; kernels=$MR_KERNELS ;;
	*)	sed -n '/^#	setup.sh/,/^# only/s/^# \{0,1\}//p' "$0"; exit 2 ;;
	esac
done

# Those of its arguments that are not installed, in one query: it has to be fast.
missing_of()
{
	_have=$(dpkg-query -W -f '${Package} ${db:Status-Status}\n' "$@" 2>/dev/null || :)
	for _package in "$@"; do
		case "
$_have
" in
		*"
$_package installed
"*)		;;
		*)	echo "$_package" ;;
		esac
	done | sort -u | tr '\n' ' '
}

version_of()
{
	dpkg-query -W -f '${Version}' "$1" 2>/dev/null || :
}

# Where apt can't serve: say what to get by hand.
is_bookworm()
{
	# shellcheck source=/dev/null
	[ -r /etc/os-release ] && (. /etc/os-release && [ "${ID:-}" = debian ] && [ "${VERSION_ID:-}" = 12 ])
}

retry()
{
	_try=1
	until "$@"; do
		[ "$_try" -lt 3 ] || return 1
		sleep $((_try * 2))
		_try=$((_try + 1))
	done
}

update()
{
	[ -z "$updated" ] || return 0
	[ "$(id -u)" = 0 ] || die "needs root to run apt-get update"
	log "apt-get update"
	retry apt-get -qq update || die "apt-get update fails"
	updated=1
}

install()
{
	[ "$(id -u)" = 0 ] || die "needs root to install: $*"
	log "installing $*"
	_opts="-qq -y --no-install-recommends -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=120"
	# A stale index names packages that are gone: update, then try again.
	# shellcheck disable=SC2086
	apt-get $_opts install "$@" >/dev/null 2>&1 && return
	update
	# shellcheck disable=SC2086
	retry apt-get $_opts install "$@" >/dev/null || die "cannot install $*"
}

# The image package that a metapackage depends on.
image_package()
{
	apt-cache depends "$1" 2>/dev/null |
		sed -n 's/.*Depends: \(linux-image-[0-9][^ ]*\)$/\1/p' | head -n 1
}

# An image and the headers of the very same version.
ready()
{
	[ -s "$1/release" ] || return 1
	read -r _rel _version <"$1/release"
	[ -d "$1/root" ] || return 1
	[ -d "$1/root/usr/src/linux-headers-$_rel" ] || [ "$(version_of "linux-headers-$_rel")" = "$_version" ]
}

# Which modules need which: vm.sh asks.
make_depmod()
{
	depmod -b "$(dirname "$(dirname "$(dirname "$(kernel_modules "$1")")")")" "$(kernel_release "$1")"
}

fetch_kernel()
{
	_dir=$(kernel_dir "$1")
	! ready "$_dir" || return 0
	if [ -n "$(release_suites "$1")" ]; then
		if release_kernel "$1" "$_dir"; then
			make_depmod "$1"
		else
			log "cannot fetch the kernel $1 of $(release_suites "$1")"
		fi
		return
	fi
	_meta=$(kernel_metapackage "$1")
	_image=$(image_package "$_meta")
	if [ -z "$_image" ]; then
		update
		_image=$(image_package "$_meta")
	fi
	[ -n "$_image" ] || die "apt knows no $_meta; Debian 12's main and security sources have it"
	_rel=${_image#linux-image-}
	_version=$(candidate "$_image")
	install "linux-headers-$_rel=$_version"
	if [ "$(cat "$_dir/release" 2>/dev/null)" != "$_rel $_version" ]; then
		log "fetching $_image $_version"
		rm -rf "$_dir.new"
		mkdir -p "$_dir.new"
		if ! (cd "$_dir.new" && retry apt-get -qq -o APT::Sandbox::User=root download "$_image=$_version" >/dev/null); then
			[ -z "$updated" ] || die "cannot download $_image"
			update
			rm -rf "$_dir.new"
			fetch_kernel "$1"
			return
		fi
		dpkg -x "$_dir.new"/*.deb "$_dir.new/root"
		rm "$_dir.new"/*.deb
		echo "$_rel $_version" >"$_dir.new/release"
		rm -rf "$_dir"
		mv "$_dir.new" "$_dir"
		make_depmod "$1"
	fi
	ready "$_dir" || die "headers and image of $1 differ: $(version_of "linux-headers-$_rel"), $_version"
}

# The package is a server, which would run from then on.
fetch_promtool()
{
	[ ! -x "$(promtool_path)" ] || return 0
	log "fetching promtool"
	rm -rf "$MR_CACHE/promtool.new"
	mkdir -p "$MR_CACHE/promtool.new"
	(
		cd "$MR_CACHE/promtool.new" || exit
		set -- apt-get -qq -o APT::Sandbox::User=root download prometheus
		"$@" >/dev/null || { update && "$@" >/dev/null; } || exit
		dpkg --fsys-tarfile prometheus_*.deb | tar -xf - ./usr/bin/promtool || exit
		mv usr/bin/promtool "$(promtool_path)"
	) || die "cannot get promtool"
	rm -rf "$MR_CACHE/promtool.new"
}

# shellcheck disable=SC2086
missing=$(missing_of $packages)

if ! is_bookworm; then
	lacks=
	for kernel in $kernels; do
		ready "$(kernel_dir "$kernel")" || lacks="$lacks $kernel"
	done
	[ -n "$missing$lacks" ] || exit 0
	log "this is not Debian 12: install by hand"
	[ -z "$missing" ] || log "what these packages hold: $missing"
	[ -z "$lacks" ] || log "image and headers of Debian 12's cloud kernels$lacks in $MR_CACHE/kernels"
	exit 1
fi

# shellcheck disable=SC2086
[ -z "$missing" ] || install $missing
for kernel in $kernels; do
	fetch_kernel "$kernel"
done
case " $profiles " in
*' metrics '*)	fetch_promtool ;;
esac
# To build for the running kernel as well, where there are headers for it.
case "$profiles" in
*build*)
	running=linux-headers-$(uname -r)
	if [ ! -e "/lib/modules/$(uname -r)/build" ] && [ -n "$(candidate "$running")" ]; then
		install "$running"
	fi
	;;
esac
