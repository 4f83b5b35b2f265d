# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# Functions that the scripts in this folder share. Source it:
#	. "$(dirname "$0")/lib.sh"
#
# MR_CACHE names the folder for kernel images and built helpers.

MR_SCRIPTS=${MR_SCRIPTS:-$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)}
# Those that run here are sourced from one folder below.
MR_SCRIPTS=${MR_SCRIPTS%/tests}
MR_TOP=$(dirname -- "$MR_SCRIPTS")
MR_CACHE=${MR_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/memcg_reaper}
MR_NAME=$(basename -- "$0" .sh)
# Sourced from elsewhere, "the tree" would be any folder, with all that is below it.
[ -e "$MR_TOP/dkms.conf" ] || {
	echo "$MR_NAME: $MR_TOP is not the tree: set MR_SCRIPTS to its folder scripts" >&2
	exit 1
}

# The kernels that the tests run on. Debian 12 has 6.1 and 6.12; others, as 5.10, come
# from other releases (release.sh) where they are asked for.
MR_KERNELS=${MR_KERNELS:-6.1 6.12}
# Debug kernels, as debug-kernel.sh names them.
# shellcheck disable=SC2034 # used by the scripts that source this file
MR_DEBUG_KERNELS=${MR_DEBUG_KERNELS:-6.1 6.12}

# Debian keeps mkfs, modprobe and others out of a plain user's PATH.
PATH=$PATH:/usr/sbin:/sbin

log()
{
	printf '%s: %s\n' "$MR_NAME" "$*" >&2
}

die()
{
	log "$*"
	exit 1
}

# The metapackage that names the newest image of a kernel series.
kernel_metapackage()
{
	case $1 in
	6.1)	echo linux-image-cloud-amd64 ;;
	*)	echo "linux-image-$1-cloud-amd64" ;;
	esac
}

# The unpacked image package of a series, which setup.sh fills; that of a debug
# kernel's source and build, which debug-kernel.sh fills.
kernel_dir()
{
	case $1 in
	debug-*)	echo "$MR_CACHE/debug/${1#debug-}" ;;
	*)		echo "$MR_CACHE/kernels/$1" ;;
	esac
}

# kernel_release 6.1 -> 6.1.0-56-cloud-amd64
kernel_release()
{
	if [ ! -s "$(kernel_dir "$1")/release" ]; then
		case $1 in
		debug-*)	die "no kernel $1 in $MR_CACHE: run scripts/debug-kernel.sh ${1#debug-}" ;;
		*)		die "no kernel $1 in $MR_CACHE: run MR_KERNELS=$1 scripts/setup.sh vm" ;;
		esac
	fi
	cut -d' ' -f1 "$(kernel_dir "$1")/release"
}

kernel_image()
{
	_rel=$(kernel_release "$1") || return
	case $1 in
	debug-*)	echo "$(kernel_dir "$1")/build/arch/x86/boot/bzImage" ;;
	*)
		# Later packages have it beside the modules.
		for _image in "$(kernel_dir "$1")/root/boot/vmlinuz-$_rel" \
				"$(kernel_dir "$1")/root/usr/lib/modules/$_rel/vmlinuz"; do
			[ ! -e "$_image" ] || break
		done
		echo "$_image"
		;;
	esac
}

# The folder that holds modules.dep; packages use either layout. A debug kernel
# has all built in.
kernel_modules()
{
	_rel=$(kernel_release "$1") || return
	case $1 in debug-*) return ;; esac
	for _dir in usr/lib lib; do
		_dir=$(kernel_dir "$1")/root/$_dir/modules/$_rel
		if [ -d "$_dir" ]; then
			echo "$_dir"
			return
		fi
	done
	die "no modules for $_rel in $(kernel_dir "$1")"
}

# The headers to build against.
kernel_kdir()
{
	_rel=$(kernel_release "$1") || return
	case $1 in
	debug-*)
		echo "$(kernel_dir "$1")/build"
		return
		;;
	esac
	if [ -e "$(kernel_dir "$1")/root/usr/src/linux-headers-$_rel" ]; then
		echo "$(kernel_dir "$1")/root/usr/src/linux-headers-$_rel"
	elif [ -e "/lib/modules/$_rel/build" ]; then
		echo "/lib/modules/$_rel/build"
	else
		echo "/usr/src/linux-headers-$_rel"
	fi
}

# copy_tree DIR: the project, without what a build leaves.
copy_tree()
{
	mkdir "$1" &&
		tar -C "$MR_TOP" -cf - --exclude=./.git --exclude='*.o' --exclude='*.ko' \
			--exclude='*.mod' --exclude='*.mod.c' --exclude='.*.cmd' . |
		tar -C "$1" -xf -
}

# build_words FILE: what make has said. 6.1's headers come without the image that type
# information needs.
build_words()
{
	grep -v '^Skipping BTF generation' "$1"
}

# build_copy 6.1 FOLDER FILE.ko [VARIABLE=VALUE...]: builds a copy of the tree, so
# that the checkout stays clean and kernels don't clash; prints the module's path.
# The compiler's words go to standard error.
build_copy()
{
	_build=$MR_CACHE/build/$1
	_tree=$_build/$2
	_ko=$_tree/$3
	_kdir=$(kernel_kdir "$1") || return
	shift 3
	mkdir -p "$_build"
	(
		flock 9
		rm -rf "$_tree"
		copy_tree "$_tree"
		make -s -C "$_tree" KDIR="$_kdir" "$@" >"$_tree.words" 2>&1
		build_words "$_tree.words" >&2
		[ -s "$_ko" ]
	) 9>"$_build/lock" || return
	echo "$_ko"
}

# build_module 6.1 [VARIABLE=VALUE...]
build_module()
{
	_kernel=$1
	shift
	build_copy "$_kernel" tree memcg_reaper.ko "$@"
}

# built_tree 6.1: where the module is built with W=1: by check.sh, or now.
built_tree()
{
	[ "${MR_BUILD:-}" ] || build_module "$1" W=1 >/dev/null || return
	echo "${MR_BUILD:-$MR_CACHE/build}/$1/tree"
}

# The KUnit suites, for a kernel that has KUnit.
build_suites()
{
	build_copy "$1" suites memcg_reaper_kunit.ko CONFIG_MEMCG_REAPER_KUNIT_TEST=m
}

# What the benchmarks compare with.
build_peer()
{
	build_copy "$1" peer mr_peer.ko MR_BENCH_PEER=y
}

# Where setup.sh puts it; one that is installed does as well.
promtool_path()
{
	command -v promtool || echo "$MR_CACHE/promtool"
}

# header FILE KEY: the values of a test's "# KEY: value" lines
header()
{
	sed -En "s/^# ($2): *//p" "$1"
}

# complaints FILE: lines of a console that say that something is wrong
complaints()
{
	_splats='WARNING:|BUG:|Oops|[Kk]ernel BUG at|general protection fault|[Uu]nable to handle'
	_splats="$_splats|KASAN|UBSAN|KCSAN|kmemleak: .*suspected|KFENCE|[Bb]ad page|[Bb]ad rss-counter"
	_splats="$_splats|possible recursive locking|possible circular locking|inconsistent lock state"
	_splats="$_splats|lock inversion|lock order|INVALID wait|held lock freed"
	_splats="$_splats|suspicious RCU usage|sleeping function called|scheduling while atomic"
	_splats="$_splats|self-detected stall|detected stalls|detected expedited stalls|kthread starved"
	_splats="$_splats|soft lockup|[Hh]ard LOCKUP|workqueue lockup|blocked for more than"
	_splats="$_splats|BUG [^ ]+ \\(.*\\): |FIX [^ ]+: "
	_splats="$_splats|page_counter underflow|Busy inodes after unmount|Kernel panic|list_(add|del) corruption"
	# Boot messages that name these things without complaining.
	_innocent='ommand line:|KASAN|KFENCE|UBSAN|KCSAN|kmemleak'
	_innocent="($_innocent).*(initialized|Kernel memory leak detector|panic=)|kfence: initialized"
	grep -aE "$_splats" "$1" | grep -avE "ommand line:|$_innocent" || :
}

# The version of a package that apt would install; nothing where there is none.
candidate()
{
	apt-cache policy "$1" 2>/dev/null | sed -n '/(none)/d; s/^ *Candidate: //p'
}

# source_tarball PACKAGE[=VERSION]: a kernel's source, ./usr/src/PACKAGE.tar.xz; the
# package is not installed, since it is of no use to others
source_tarball()
{
	_package=${1%%=*}
	set -- apt-get -qq -o APT::Sandbox::User=root download "$1"
	"$@" >/dev/null || { apt-get -qq update && "$@" >/dev/null; } || return
	dpkg --fsys-tarfile "$_package"_*.deb | tar -xf - "./usr/src/$_package.tar.xz" || return
	rm "$_package"_*.deb
}

# source_version 6.12: the version of that series' source that apt would fetch
source_version()
{
	_package=linux-source-$1
	_version=$(candidate "$_package")
	if [ -z "$_version" ] && [ "$(id -u)" = 0 ]; then
		apt-get -qq update
		_version=$(candidate "$_package")
	fi
	[ -n "$_version" ] || die "apt knows no $_package; Debian 12's main and security sources have it"
	echo "$_version"
}

# source_tree 6.12 VERSION: unpack it into MR_CACHE/debug/6.12/source, for all to
# read. The caller holds MR_CACHE/debug/lock.
source_tree()
{
	_package=linux-source-$1
	_dir=$(kernel_dir "debug-$1")
	[ "$(cat "$_dir/source.version" 2>/dev/null)" != "$2" ] || return 0
	rm -rf "$_dir/source" "$_dir/source.version" "$_dir/new"
	mkdir -p "$_dir/new/source"
	(
		cd "$_dir/new" || exit
		log "fetching $_package"
		source_tarball "$_package=$2" || exit
		log "unpacking it"
		tar -xJf "usr/src/linux-source-$1.tar.xz" -C source --strip-components=1
	) || die "cannot get $_package $2"
	mv "$_dir/new/source" "$_dir/source"
	rm -rf "$_dir/new"
	echo "$2" >"$_dir/source.version"
}

# have_source 6.12: see that there is a source of that series. Not the newest, where there is
# one: debug kernels go with theirs. The caller holds the lock, as above.
have_source()
{
	[ ! -s "$(kernel_dir "debug-$1")/source.version" ] || return 0
	_newest=$(source_version "$1") || exit
	source_tree "$1" "$_newest"
}
