#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# timeout: 400
#
# What make has built on each kernel's headers, make install and make clean; kernels
# and configurations that are not supported are refused in one sentence.
set -u

# shellcheck source=../lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=../ktap.sh
. "$(dirname "$0")/../ktap.sh"

# Only what DKMS ships, too: what is missing there is noticed here.
fresh_tree()
{
	rm -rf "$tmp/tree"
	mkdir "$tmp/tree"
	(cd "$top" && cp -r Kbuild Makefile dkms.conf kmod "$tmp/tree/")
	find "$tmp/tree" \( -name '*.o' -o -name '*.ko' -o -name '.*.cmd' \) -delete
}

quiet_build()
{
	make -j2 -s -C "$tmp/tree" KDIR="$1" W=1 >"$tmp/said" 2>&1 || {
		cat "$tmp/said"
		return 1
	}
	! build_words "$tmp/said"
}

has_version()
{
	found=$(modinfo -F version "$tree/memcg_reaper.ko") && [ "$found" = "$version" ] && return
	echo "module says '$found', dkms.conf '$version'"
	return 1
}

# Every tunable is a parameter, with a description.
has_params()
{
	modinfo -F parm "$tree/memcg_reaper.ko" >"$tmp/parm"
	for name in reap_background method scan_interval_ms min_age_ms cpu_percent batch_pages swap subtree; do
		grep -q "^$name:..*" "$tmp/parm" || {
			echo "no parameter $name"
			return 1
		}
	done
}

# An undefined symbol fails in modpost; one for other licences or from kprobes would not.
imports()
{
	! nm -u "$tree/memcg_reaper.ko" | grep -E 'kallsyms|kprobe'
}

installs()
{
	rm -rf "$tmp/root"
	make -s -C "$tree" KDIR="$1" INSTALL_MOD_PATH="$tmp/root" install || return
	found=$(find "$tmp/root/lib/modules/$2" -name 'memcg_reaper.ko*') && [ -s "$found" ]
}

# A plain make says nothing about files that it leaves; clean takes all away. In a
# copy: tests use the tree.
cleans()
{
	rm -rf "$tmp/clean" "$tmp/before"
	copy_tree "$tmp/before" && cp -a "$tree" "$tmp/clean" || return
	make -s -C "$tmp/clean" KDIR="$1" clean || return
	diff -rq "$tmp/before" "$tmp/clean"
}

for kernel in $MR_KERNELS; do
	kdir=$(kernel_kdir "$kernel") && tree=$(built_tree "$kernel") || exit
	result "$kernel: version of dkms.conf" has_version
	result "$kernel: a parameter for each tunable" has_params
	result "$kernel: no symbol looked up" imports
	result "$kernel: make install" installs "$kdir" "$(kernel_release "$kernel")"
	result "$kernel: make clean leaves nothing" cleans "$kdir"
done

# odd_headers KDIR: a copy of a kernel's headers that may be spoilt
odd_headers()
{
	rm -rf "$tmp/odd"
	mkdir "$tmp/odd"
	(
		cd "$1" || exit
		cp -r .config .kernelvariables Makefile Module.symvers arch include "$tmp/odd/"
		ln -s "$(readlink -f scripts)" "$tmp/odd/scripts"
		ln -s "$(readlink -f tools)" "$tmp/odd/tools"
	)
}

# spoil KDIR FILE SED-SCRIPT [FILE SED-SCRIPT]: the copy is as KDIR but for that
spoil()
{
	original=$1
	shift
	for file in include/generated/autoconf.h include/generated/uapi/linux/version.h include/config/auto.conf; do
		cp "$original/$file" "$tmp/odd/$file" || return
	done
	while [ $# -gt 0 ]; do
		sed -Ei "$2" "$tmp/odd/$1" || return
		shift 2
	done
}

# without KDIR CONFIG...
without()
{
	names=$(shift && echo "$*" | tr ' ' '|')
	spoil "$1" include/generated/autoconf.h "/^#define CONFIG_($names) /d" \
		include/config/auto.conf "/^CONFIG_($names)=/d"
}

# refused SENTENCE: the build fails, and its first error is the sentence
refused()
{
	fresh_tree
	if make -j2 -s -C "$tmp/tree" KDIR="$tmp/odd" >"$tmp/said" 2>&1; then
		echo "it builds"
		return 1
	fi
	first=$(grep -m 1 'error:' "$tmp/said")
	case $first in
	*"$1"*)	return 0 ;;
	esac
	echo "first error: $first"
	return 1
}

# another_version KDIR VERSION PATCHLEVEL SUBLEVEL
another_version()
{
	spoil "$1" include/generated/uapi/linux/version.h \
		"s/^#define LINUX_VERSION_CODE .*/#define LINUX_VERSION_CODE $(($2 * 65536 + $3 * 256 + $4))/" &&
		refused "memcg_reaper supports Linux 5.10 (.162 on), 6.1 to 6.12, 7.2"
}

not_without()
{
	without "$1" "$2" && refused "memcg_reaper needs a kernel with CONFIG_$2"
}

rhel()
{
	spoil "$1" include/generated/autoconf.h '$a #define CONFIG_RHEL_DIFFERENCES 1' &&
		refused "not reviewed for RHEL"
}

# What the module can do without, and what can't be without these.
OPTIONAL="CGROUP_WRITEBACK DEBUG_FS SWAP LRU_GEN MEMCG_KMEM HUGETLB_PAGE TRANSPARENT_HUGEPAGE"
WITH_THEM="LRU_GEN_ENABLED LRU_GEN_STATS LRU_GEN_WALKS_MMU HUGETLBFS CGROUP_HUGETLB"

optional()
{
	without "$@" && fresh_tree && quiet_build "$tmp/odd"
}

for kernel in $MR_KERNELS; do
	kdir=$(kernel_kdir "$kernel") && odd_headers "$kdir" || exit
	# On both sides of each range.
	for odd in 5.9.255 5.10.161 5.11.0 6.0.255 6.13.0 7.1.255 7.3.0; do
		# shellcheck disable=SC2046 # three numbers
		result "$kernel headers that say $odd: refused" another_version "$kdir" $(echo $odd | tr . ' ')
	done
	result "$kernel headers that say RHEL: refused" rhel "$kdir"
	for needed in MEMCG SYSFS TRACEPOINTS; do
		result "$kernel without $needed: refused" not_without "$kdir" $needed
	done
	# shellcheck disable=SC2086 # one by one
	result "$kernel without $OPTIONAL: builds" optional "$kdir" $OPTIONAL $WITH_THEM
done

echo "1..$nr"
exit $failed
