#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Run the KUnit suites of kunit/ by the kernel's own kunit.py, on trees of Debian's
# kernel source that have them built in.
#
#	kunit.sh [--suites GLOB] [6.1|6.12...]
#
#	--suites GLOB	only those, as "memcg_reaper_find" or "memcg_reaper_l*"
#
# Without a series, on both. Prints what kunit.py makes of the results; what the
# kernel said is in MR_CACHE/kunit/SERIES/build/test.log, fit for "kunit.py parse".
# Exit status 0: all passed, and the kernel did not complain.
#
# Installs what it takes, on Debian 12; needs root only for that. The first build
# of a series takes some minutes, later ones build what has changed.
set -eu

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

usage()
{
	sed -n '/^#	kunit.sh/,/^# Exit/s/^# \{0,1\}//p' "$0"
	exit 2
}

suites=
while [ $# -gt 0 ]; do
	case $1 in
	--suites)	[ $# -ge 2 ] || usage; suites=$2; shift 2 ;;
	6.*)		break ;;
	*)		usage ;;
	esac
done
# shellcheck disable=SC2086
[ $# -gt 0 ] || set -- $MR_KERNELS

# Where the sources go in the kernel's tree.
PLACE=mm/memcg_reaper

# add_line FILE LINE: in a copy, since $source shares its files with another tree
add_line()
{
	{
		cat "$source/$1"
		echo "$2"
	} >"$source/$1.new"
	mv "$source/$1.new" "$source/$1"
}

# A tree that shares its files with the one that debug kernels are built from.
make_tree()
{
	version=$(cat "$origin/source.version")
	[ "$(cat "$dir/source.version" 2>/dev/null)" != "$version" ] || return 0
	log "making a tree of linux-source-$kernel $version"
	rm -rf "$dir"
	mkdir -p "$dir"
	cp -al "$origin/source/." "$source" 2>/dev/null || {
		# Another file system.
		rm -rf "$source"
		cp -a "$origin/source/." "$source"
	}
	# shellcheck disable=SC2016 # make's variable
	add_line mm/Makefile 'obj-$(CONFIG_MEMCG_REAPER_KUNIT_TEST) += '"${PLACE#mm/}/"
	add_line mm/Kconfig "source \"$PLACE/kunit/Kconfig\""
	echo "$version" >"$dir/source.version"
}

# Only what differs is copied: make goes by the time of a file.
stage()
{
	mkdir -p "$source/$PLACE"
	cd "$MR_TOP"
	{
		ls Kbuild dkms.conf
		find kmod kunit -name '*.[ch]' -o -name Kbuild -o -name Kconfig -o -name .kunitconfig
	} | sort >"$dir/files"
	while read -r file; do
		! cmp -s "$file" "$source/$PLACE/$file" || continue
		mkdir -p "$source/$PLACE/$(dirname "$file")"
		cp "$file" "$source/$PLACE/$file"
	done <"$dir/files"
	cd "$source/$PLACE"
	find . -type f | cut -c3- | sort | comm -23 - "$dir/files" | xargs -r rm --
}

# Emulated, without an instruction that QEMU 7.2 emulates wrongly, see vm.sh.
QEMU="-smp 2 -cpu max,-cx16,-la57"

kunit()
{
	# As Debian's kernel of that series has it.
	[ "$kernel" != 6.12 ] || set -- "$@" --kconfig_add CONFIG_LRU_GEN_ENABLED=y
	[ -z "$suites" ] || set -- "$@" "$suites"
	python3 -B tools/testing/kunit/kunit.py run --arch=x86_64 \
		"--build_dir=$dir/build" "--kunitconfig=$PLACE/kunit/.kunitconfig" \
		"--jobs=$(nproc)" --timeout=900 "--qemu_args=$QEMU" \
		--kernel_args="mitigations=off no_timer_check" "$@"
}

"$MR_SCRIPTS/setup.sh" kunit
failed=0
for kernel; do
	origin=$(kernel_dir "debug-$kernel")
	dir=$MR_CACHE/kunit/$kernel
	source=$dir/source
	mkdir -p "$origin" "$MR_CACHE/kunit"
	(
		flock 9
		have_source "$kernel"
		make_tree
	) 9>"$MR_CACHE/debug/lock"
	exec 9>"$dir/lock"
	flock 9
	stage

	log "$kernel: building and running; a first build takes some minutes"
	begun=$(date +%s)
	rm -f "$dir/build/test.log" "$dir/complaints"
	cd "$source"
	status=0
	kunit 9>&- || status=$?
	# None where it does not build.
	[ ! -e "$dir/build/test.log" ] || complaints "$dir/build/test.log" >"$dir/complaints"
	if [ -s "$dir/complaints" ]; then
		log "$kernel: the kernel complained: $(head -n 1 "$dir/complaints")"
		status=1
	fi
	log "$kernel: exit status $status, $(($(date +%s) - begun)) s"
	[ "$status" = 0 ] || failed=1
done
exit $failed
