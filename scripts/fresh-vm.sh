#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2317 # functions are called by result
#
# As a new user would: a Debian system of its own, with systemd, Debian's kernel and
# initrd, dkms and the kernel's headers, and no network. The packages are in /root.
# guest/fresh-vm.sh is what the user types there, until the packages are purged.
#
#	fresh-vm.sh [RELEASE:SERIES:FLAVOUR...]
#
#	MR_DEBS=DIR	packages that are there, instead of new ones
#
# Trees and images stay in MR_CACHE/fresh. Wants root and 5 GB of disk. Results in KTAP
# form, the last line is "N passed, N failed".
set -u

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=release.sh
. "$MR_SCRIPTS/release.sh"
# shellcheck source=qemu.sh
. "$MR_SCRIPTS/qemu.sh"
top=$MR_TOP
# shellcheck source=ktap.sh
. "$MR_SCRIPTS/ktap.sh"
# shellcheck source=trees.sh
. "$MR_SCRIPTS/trees.sh"

# Trees of its own: nothing but what a machine has before it gets the packages.
TREES=$MR_CACHE/fresh
# The module is built in the guest, which takes minutes without KVM.
LIMIT=2400

# A kernel that is served, as $krel, and what makes a system of the tree.
make_system()
{
	for krel in $(releases "$1" | head -n 6); do
		inside apt-get -qq -y --no-install-recommends install \
			"linux-image-$krel" "linux-headers-$krel" initramfs-tools systemd-sysv dbus && break
	done
	[ -s "$tree/boot/initrd.img-$krel" ] || return
	echo fresh >"$tree/etc/hostname"
	inside apt-get clean
	rm -rf "$tree"/var/lib/apt/lists/*
}

# The image, with its kernel and initrd beside it, cached by release and kernel.
make_image()
{
	cached=$TREES/$release-${1//:/-}
	[ ! -s "$cached/release" ] || return 0
	make_tree && make_system "$1" || return
	rm -rf "$cached"
	mkdir -p "$cached"
	cp -L "$tree/boot/vmlinuz-$krel" "$cached/vmlinuz" &&
		cp -L "$tree/boot/initrd.img-$krel" "$cached/initrd" &&
		mke2fs -q -t ext4 -L root -d "$tree" "$cached/disk" 4G || return
	rm -rf "$tree"
	echo "$krel" >"$cached/release"
}

# What this run adds: packages, and who types.
fill()
{
	local unit=/etc/systemd/system/fresh-vm.service deb
	cp --sparse=always "$cached/disk" "$tmp/disk" || return
	cat >"$tmp/unit" <<-END
	[Unit]
	Description=What a new user types

	[Service]
	ExecStart=/bin/sh /opt/fresh-vm/script
	Environment=HOME=/root
	WorkingDirectory=/root

	[Install]
	WantedBy=multi-user.target
	END
	{
		echo mkdir /opt/fresh-vm
		echo "write $MR_SCRIPTS/guest/fresh-vm.sh /opt/fresh-vm/script"
		echo "write $MR_SCRIPTS/guest/lib.sh /opt/fresh-vm/lib.sh"
		echo "write $helpers/residency /opt/fresh-vm/residency"
		echo "write $tmp/unit $unit"
		echo "symlink /etc/systemd/system/multi-user.target.wants/fresh-vm.service $unit"
		for deb in "$debs"/memcg-reaper-*_"${version}"_all.deb; do
			echo "write $deb /root/${deb##*/}"
		done
	} >"$tmp/fill"
	debugfs -w -f "$tmp/fill" "$tmp/disk" >"$tmp/filled" 2>&1
	! grep -v -e '^debugfs' -e '^Allocated inode' "$tmp/filled"
}

# Until it is powered off: a reboot, of which there is one, ends QEMU.
boots()
{
	local cmdline="root=/dev/vda rw console=ttyS0 loglevel=5 reboot=t apparmor=0 audit=0 nokaslr net.ifnames=0"
	args=(-m 2048 -smp "2,sockets=2" -nodefaults -no-user-config -display none -no-reboot
		-machine "pc,hpet=off" -kernel "$cached/vmlinuz" -initrd "$cached/initrd")
	accel_args
	args+=(-append "$cmdline"
		-chardev "file,id=con,append=on,path=$tmp/console" -serial chardev:con
		-chardev "file,id=res,append=on,path=$tmp/result" -serial chardev:res
		-drive "if=none,id=root,file=$tmp/disk,format=raw,cache=unsafe"
		-device "virtio-blk-pci,drive=root")
	: >"$tmp/result"
	: >"$tmp/console"
	for _ in 1 2; do
		timeout -k 2 "$LIMIT" qemu-system-x86_64 "${args[@]}" </dev/null || return
	done
	tr -d '\r' <"$tmp/console" | sed -E 's/\x1b\[[0-9;?]*[A-Za-z]//g' >"$tmp/clean"
	[ ! -d "${MR_LOGS:-}" ] || cp "$tmp/clean" "$MR_LOGS/fresh-vm-$release.log"
	# It came to its end.
	grep -q '^1\.\.' "$tmp/result" || {
		tail -n 20 "$tmp/clean"
		return 1
	}
}

# The guest's results, with numbers of this script.
retell()
{
	while IFS= read -r line; do
		case $line in
		"ok "*|"not ok "*)
			nr=$((nr + 1))
			[ "${line#not}" = "$line" ] || failed=1
			echo "${line%%ok *}ok $nr - $on: ${line#* - }"
			;;
		'# '*' passed, '*)	;;
		'#'*)	echo "$line" ;;
		esac
	done <"$tmp/result"
}

no_complaints()
{
	complaints "$tmp/clean" >"$tmp/splats"
	cat "$tmp/splats"
	[ ! -s "$tmp/splats" ]
}

run()
{
	for wanted; do
		release=${wanted%%:*}
		tree=$TREES/$release
		result "$release: an image" make_image "${wanted#*:}"
		[ "$failed" = 0 ] || continue
		on="$release, $(cat "$cached/release")"
		result "$on: the packages are put in it" fill
		result "$on: starts, restarts, and comes to an end" boots
		retell
		result "$on: the kernel does not complain" no_complaints
	done
	echo "1..$nr"
}

[ "$(id -u)" = 0 ] || die "needs root"
"$MR_SCRIPTS/setup.sh" packages || exit
[ $# != 0 ] || set -- bookworm:6.1:cloud-amd64 trixie:6.12:cloud-amd64
accel=${MR_ACCEL:-auto} thread=multi
mkdir -p "$MR_CACHE"
[ "$accel" != auto ] || probe_accel
build_helpers
debs=${MR_DEBS:-$tmp/deb}
{
	[ -n "${MR_DEBS:-}" ] || result "packages are built" "$MR_SCRIPTS/deb.sh" "$debs"
	run "$@"
} | tee "$tmp/all"
good=$(grep -c '^ok ' "$tmp/all") bad=$(grep -c '^not ok ' "$tmp/all")
echo "$good passed, $bad failed"
[ "$bad" = 0 ] && [ "$good" != 0 ]
