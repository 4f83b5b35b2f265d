#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Build a debug kernel: Debian's source of that series, with KASAN, lockdep and
# the like as scripts/debug.config says, for "vm.sh --kernel debug-6.12".
#
#	debug-kernel.sh 6.1|6.12|6.12-kcsan|6.12-rt...
#
# Installs what building takes, on Debian 12; needs root only for that. Results
# in MR_CACHE/debug/ARGUMENT: bzImage, and build/, to build modules against. Does
# nothing, quickly, where both are those of the newest package and of the
# present debug.config.
set -eu

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

CONFIG=$MR_SCRIPTS/debug.config

[ $# -gt 0 ] || {
	sed -n '/^#	debug-kernel.sh/,/^# present/s/^# \{0,1\}//p' "$0"
	exit 2
}

# fragment SERIES FLAVOUR: the lines of debug.config for it
fragment()
{
	awk -v series="$1" -v flavour="$2" '
		BEGIN { on = 1 }
		/^# only / {
			on = 0
			for (i = 3; i <= NF; i++)
				on = on || $i == series || $i == flavour
		}
		/^# all$/ { on = 1 }
		on && /^(CONFIG_|# CONFIG_.* is not set$)/' "$CONFIG"
}

# Kconfig drops without a word what depends on something that is off.
lost()
{
	while read -r line; do
		case $line in
		'#'*)
			name=${line#\# }
			! grep -q "^${name% is not set}=" "$dir/build/.config" || echo "$line"
			;;
		*)	grep -qxF -- "$line" "$dir/build/.config" || echo "$line" ;;
		esac
	done
}

# about KERNEL: sets what the others go by
about()
{
	series=${1%%-*} flavour=plain
	[ "$series" = "$1" ] || flavour=${1#*-}
	package=linux-source-$series
	dir=$(kernel_dir "debug-$1")
	# Flavours share the source.
	home=$(kernel_dir "debug-$series")
	version=$(source_version "$series") || exit
	stamp="$version $(fragment "$series" "$flavour" | sha256sum | cut -c1-16)"
}

is_built()
{
	[ "$(cat "$dir/stamp" 2>/dev/null)" = "$stamp" ]
}

build()
{
	rm -f "$dir/stamp"
	mkdir -p "$dir" "$home"
	fragment "$series" "$flavour" >"$dir/fragment"
	source_tree "$series" "$version"

	log "building $package $version with scripts/debug.config; log: $dir/build.log"
	begun=$(date +%s)
	# What the last build left serves where the source is the same.
	[ "$(cat "$dir/build.version" 2>/dev/null)" = "$version" ] || rm -rf "$dir/build"
	mkdir -p "$dir/build"
	echo "$version" >"$dir/build.version"
	# What coverage.sh sets is for the module.
	set -- nice env -u GCOV_PROFILE make -s -C "$home/source" "O=$dir/build" "-j$(nproc)"
	"$@" KCONFIG_ALLCONFIG="$dir/fragment" allnoconfig >"$dir/build.log" 2>&1 ||
		die "cannot configure: $(tail -n 1 "$dir/build.log")"
	lost <"$dir/fragment" >"$dir/lost"
	[ ! -s "$dir/lost" ] || die "this kernel can't have: $(tr '\n' ' ' <"$dir/lost")"
	"$@" bzImage modules >>"$dir/build.log" 2>&1 || {
		grep -m 5 -E 'error|Error' "$dir/build.log" >&2
		die "does not build, see $dir/build.log"
	}
	[ -s "$dir/build/Module.symvers" ] || die "no Module.symvers in $dir/build"
	echo "$(cat "$dir/build/include/config/kernel.release") $version" >"$dir/release"
	echo "$stamp" >"$dir/stamp"
	log "built in $(($(date +%s) - begun)) s"
}

for arg; do
	arg=${arg#debug-}
	case $arg in
	*-kcsan|*-rt)	arg=${arg%-*} ;;
	esac
	case $arg in
	*[!0-9.]*|'')	die "not a kernel series: $arg" ;;
	esac
done
"$MR_SCRIPTS/setup.sh" debug
mkdir -p "$MR_CACHE/debug"
for arg; do
	about "${arg#debug-}"
	is_built && continue
	# One at a time: a build is what a machine can bear.
	(
		flock 9
		is_built || build
	) 9>"$MR_CACHE/debug/lock"
done
