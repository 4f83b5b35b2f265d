# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2154,SC2034 # used by those that source it
#
# Trees of Debian's releases, with dkms, and kernels for them. Source it after lib.sh,
# release.sh and ktap.sh's $tmp is set. $release is the one in hand, $tree its tree.

TREES=$MR_CACHE/matrix

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
	# What was cut off may have a /proc mounted in there.
	rm -rf --one-file-system "$tree"
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

# vmlinuz_of ROOT RELEASE, modules_of ROOT RELEASE: in an unpacked image
vmlinuz_of()
{
	one_of "$1/boot/vmlinuz-$2" "$1/usr/lib/modules/$2/vmlinuz"
}

modules_of()
{
	one_of "$1/lib/modules/$2" "$1/usr/lib/modules/$2"
}

# built_module RELEASE: what dkms has installed for it, unpacked
built_module()
{
	local file
	file=$(find "$tree/lib/modules/$1/" -name 'memcg_reaper.ko*' | head -n 1)
	case $file in
	*.xz)	xz -dc "$file" ;;
	*.zst)	zstd -dqc "$file" ;;
	*.ko)	cat "$file" ;;
	*)	return 1 ;;
	esac
}
