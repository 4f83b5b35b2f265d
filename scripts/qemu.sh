# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2154 # set by those that source it
#
# What the scripts that start QEMU share. Source it after lib.sh. $tmp is a folder that
# goes by itself, $accel auto, kvm or tcg, $thread multi or single: threads of emulation,
# $icount not empty: clocks count instructions.

# probe_accel: $accel becomes kvm or tcg. A boot sector that leaves through
# isa-debug-exit tells whether KVM works; /dev/kvm alone doesn't.
probe_accel()
{
	local key file=$MR_CACHE/accel
	key="$(qemu-system-x86_64 --version | head -n 1) $(cat /proc/sys/kernel/random/boot_id) $(id -u)"
	if [ "$(sed -n 2p "$file" 2>/dev/null)" != "$key" ]; then
		# mov $1,%al; out %al,$0xf4; hlt; jmp .-1
		{
			printf '\260\001\346\364\364\353\375'
			head -c 503 /dev/zero
			printf '\125\252'
		} >"$tmp/probe"
		accel=tcg
		rc=0
		# A subshell, for bash to say nothing where QEMU aborts.
		[ ! -w /dev/kvm ] || (
			timeout -k 1 5 qemu-system-x86_64 \
				-accel kvm -cpu host -display none -nodefaults -no-reboot -m 16 \
				-device isa-debug-exit,iobase=0xf4,iosize=1 \
				-drive "file=$tmp/probe,format=raw,if=ide"
			exit $?
		) >/dev/null 2>&1 </dev/null || rc=$?
		[ "$rc" != 3 ] || accel=kvm
		printf '%s\n%s\n' "$accel" "$key" >"$tmp/accel"
		mv "$tmp/accel" "$file"
	fi
	accel=$(head -n 1 "$file")
}

# build_helpers: the static helpers, cached by content, in the folder $helpers
build_helpers()
{
	local src name
	helpers=$MR_CACHE/helpers/$(cat "$MR_SCRIPTS"/guest/*.[ch] | sha256sum | cut -c1-16)
	[ ! -d "$helpers" ] || return 0
	mkdir -p "$tmp/helpers" "$MR_CACHE/helpers"
	for src in "$MR_SCRIPTS"/guest/*.c; do
		[ -e "$src" ] || continue
		name=$(basename "$src" .c)
		gcc -static -O2 -Wall -Wextra -o "$tmp/helpers/$name" "$src" ||
			die "$name does not build"
	done
	# Another run may have been first.
	mv -T "$tmp/helpers" "$helpers" 2>/dev/null || [ -d "$helpers" ] || die "cannot write $helpers"
}

# accel_args: to $args and to $cmdline, what goes with the accelerator
accel_args()
{
	if [ "$accel" = kvm ]; then
		args+=(-accel kvm -cpu host)
		return
	fi
	# cmpxchg16b leaves garbage in EFLAGS now and then (QEMU 7.2): a double fault.
	# The others are costly to emulate, a fifth of all in all: with erms the kernel
	# clears and copies pages byte by byte.
	args+=(-accel "tcg,thread=$thread" -cpu "max,-cx16,-erms,-smap,-smep,-umip,-pku")
	# Costly to emulate, and of no use here.
	cmdline="$cmdline mitigations=off no5lvl no_timer_check tsc=reliable"
	if [ "${icount:-}" ]; then
		args+=(-icount "shift=0,sleep=off")
		cmdline="$cmdline tsc_early_khz=1000000"
		return
	fi
	# The guest reads this machine's counter, and measures it wrongly where the
	# host is busy: then its clock runs many times too fast.
	cmdline="$cmdline tsc_early_khz=$("$helpers/tsckhz")"
}
