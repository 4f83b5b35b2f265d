#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# timeout: 300
#
# Debian 12's dkms builds, signs, installs and removes the module through the
# Makefile's targets, for each kernel, in a tree of its own: neither
# /var/lib/dkms nor /lib/modules is touched.
set -u

# shellcheck source=../lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=../ktap.sh
. "$(dirname "$0")/../ktap.sh"

dkms=$(command -v dkms) || die "dkms is missing: run scripts/setup.sh check"

# What the Makefile calls. The keys come from the environment; as dkms would
# ask depmod about the real tree, that is done here.
mkdir -p "$tmp/bin" "$tmp/dkms" "$tmp/src" "$tmp/root/lib/modules"
cat >"$tmp/bin/dkms" <<END
#!/bin/sh
exec "$dkms" "\$@" --dkmstree "$tmp/dkms" --sourcetree "$tmp/src" \
	--installtree "$tmp/root/lib/modules" --no-depmod
END
chmod +x "$tmp/bin/dkms"
export PATH="$tmp/bin:$PATH" mok_signing_key="$tmp/mok.key" mok_certificate="$tmp/mok.pub"

releases=
for kernel in $MR_KERNELS; do
	release=$(kernel_release "$kernel") || exit
	kdir=$(kernel_kdir "$kernel") || exit
	case $kdir in
	"$MR_CACHE"/*)
		skip "$release" "dkms wants headers that are installed, as matrix.sh does in a tree of Debian 11"
		continue ;;
	esac
	# What dkms finds headers by.
	mkdir -p "$tmp/root/lib/modules/$release"
	ln -s "$kdir" "$tmp/root/lib/modules/$release/build"
	releases="$releases $release"
done

# target NAME [RELEASES]
target()
{
	make -s -C "$top" DKMS_SRC="$tmp/src/memcg_reaper-$version" KVERS="${2:-$releases}" "$1"
}

status_is()
{
	dkms status -m memcg_reaper -v "$version" -k "$1" >"$tmp/status"
	cat "$tmp/status"
	grep -q "^memcg_reaper/$version, $1, .*: $2" "$tmp/status"
}

module_of()
{
	find "$tmp/root/lib/modules/$1/updates" -name 'memcg_reaper.ko*' 2>/dev/null
}

field()
{
	found=$(modinfo -F "$2" "$(module_of "$1")")
	echo "$2: $found"
	[ "$found" = "$3" ]
}

for_kernel()
{
	modinfo -F vermagic "$(module_of "$1")" | grep "^$1 "
}

depmod_finds()
{
	: >"$tmp/root/lib/modules/$1/modules.order"
	: >"$tmp/root/lib/modules/$1/modules.builtin"
	depmod -b "$tmp/root" "$1" && grep memcg_reaper "$tmp/root/lib/modules/$1/modules.dep"
}

# No object of a build in the checkout may end up in the sources.
sources_only()
{
	! find "$tmp/src/memcg_reaper-$version/" -type f | grep -vE '\.[ch]$|/(Kbuild|Makefile|dkms\.conf)$'
}

if [ "$releases" ]; then
	result "make dkms-install" target dkms-install
	result "dkms was given sources only" sources_only
	for release in $releases; do
		result "$release: status installed" status_is "$release" installed
		result "$release: one file in updates/dkms" test -s "$(module_of "$release")"
		result "$release: version of dkms.conf" field "$release" version "$version"
		result "$release: built for it" for_kernel "$release"
		result "$release: signed" field "$release" signer "DKMS module signing key"
		result "$release: depmod finds it" depmod_finds "$release"
	done
	# For one of them only: each takes a whole build.
	again=${releases##* }
	result "make dkms-install once more" target dkms-install "$again"
	for release in $releases; do
		case $release in
		"$again")	result "$release: there again" test -s "$(module_of "$release")" ;;
		*)		result "$release: not there any more" test -z "$(module_of "$release")" ;;
		esac
	done
	result "make dkms-remove" target dkms-remove
	for release in $releases; do
		result "$release: no file left" test -z "$(module_of "$release")"
	done
	result "no source left" test ! -e "$tmp/src/memcg_reaper-$version"
	result "dkms knows nothing of it" test -z "$(dkms status -m memcg_reaper)"
fi

#
# Kernels that the module does not support: dkms passes them over with 77, as
# package hooks expect, for each end of the range.
#
passed_over()
{
	mkdir -p "$tmp/src/memcg_reaper-$version"
	(cd "$top" && cp -r Kbuild Makefile dkms.conf kmod "$tmp/src/memcg_reaper-$version/") || return
	set -- "$1" "$tmp/root/lib/modules/$1"
	mkdir -p "$2"
	[ -e "$2/build" ] || ln -s "$(kernel_kdir 6.12)" "$2/build"
	dkms build -m memcg_reaper -v "$version" -k "$1"
	code=$?
	echo "status $code"
	[ "$code" = 77 ]
}

for release in 5.9.0-5-amd64 5.11.0-1-amd64 6.0.0-1-amd64 6.13.2-amd64 6.20.1-amd64 7.1.0-amd64 7.3.4-amd64; do
	result "$release: passed over with 77" passed_over "$release"
done

echo "1..$nr"
exit $failed
