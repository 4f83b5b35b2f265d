#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Boot one virtual machine, run one script in it, return its exit status.
#
#	vm.sh [options] -- guest-script [args...]
#
#	--kernel 5.10|6.1|6.12|FILE
#				Debian's cloud kernel of that series, or any bzImage (6.12);
#				debug-6.1, debug-6.12-kcsan: what debug-kernel.sh has built
#	--modules DIR		lib/modules/RELEASE that goes with a bzImage
#	--module FILE.ko	put in the guest as /memcg_reaper.ko
#	--cgroup v2|v1|none	how the memory controller is mounted (v2)
#	--io v2|v1		the same of the io controller; with v1 no group has a
#				writeback of its own (v2)
#	--nodes 1|2		NUMA nodes (1)
#	--cpus N		(2)
#	--mem MIB		(2048)
#	--ext4 MIB, --xfs MIB, --btrfs MIB
#				a disk mounted on /mnt/ext4, /mnt/xfs, /mnt/btrfs (xfs:
#				300 or more, btrfs: 128 or more)
#	--swap MIB		a formatted swap disk, $SWAP_DEV, not switched on
#	--add FILE[:PATH]	copy a file or folder to the guest (to /); repeatable
#	--append "ARGS"		more kernel arguments
#	--allow REGEX		not a splat (extended regex on a console line); repeatable
#	--timeout SECONDS	(120)
#	--out DIR		leave console.log, result.log, status there
#	--collect DIR		and collect.tar: what the guest has in DIR in the end (or
#				MR_COLLECT)
#	--live			pass the guest's output on as it comes (default on a terminal)
#	--accel auto|kvm|tcg	(auto, or MR_ACCEL)
#	--one-thread	of emulation for all CPUs: slower, but kernel code that is
#			patched while it runs is never seen stale (QEMU 7.2)
#	--icount	emulate, and let the guest's clocks count instructions, one for a
#			nanosecond: its CPU time is the same on any machine, however busy.
#			With one CPU (6.1 does not boot with two this way)
#
# What the guest script prints goes to standard output, nothing else does.
# Exit status: the script's own, or 97: the kernel complained, 98: timeout,
# 99: the harness itself failed.
set -eu

MR_SCRIPTS=$(cd -- "$(dirname -- "$0")" && pwd)
# shellcheck source=lib.sh
. "$MR_SCRIPTS/lib.sh"
# shellcheck source=qemu.sh
. "$MR_SCRIPTS/qemu.sh"

die()
{
	log "harness failure: $*"
	exit 99
}

kernel=6.12 modules='' module='' cgroup=v2 io=v2 nodes=1 cpus=2 mem=2048
ext4='' xfs='' btrfs='' swap='' append='' timeout=120 out='' live='' accel=${MR_ACCEL:-auto} thread=multi
icount='' collect=${MR_COLLECT:-}
adds=() allow=()
[ ! -t 1 ] || live=1

usage()
{
	sed -n '/^#	vm.sh/,/^# 99/s/^# \{0,1\}//p' "$0"
	exit "${1:-0}"
}

while [ $# -gt 0 ]; do
	case $1 in
	--)		shift; break ;;
	--live)		live=1; shift; continue ;;
	--one-thread)	thread=single; shift; continue ;;
	--icount)	thread=single accel=tcg icount=1 cpus=1; shift; continue ;;
	-h|--help)	usage ;;
	--*)		[ $# -ge 2 ] || die "$1 needs a value" ;;
	*)		break ;;
	esac
	case $1 in
	--kernel)	kernel=$2 ;;
	--modules)	modules=$2 ;;
	--module)	module=$2 ;;
	--cgroup)	cgroup=$2 ;;
	--io)		io=$2 ;;
	--nodes)	nodes=$2 ;;
	--cpus)		cpus=$2 ;;
	--mem)		mem=$2 ;;
	--ext4)		ext4=$2 ;;
	--xfs)		xfs=$2 ;;
	--btrfs)	btrfs=$2 ;;
	--swap)		swap=$2 ;;
	--add)		adds+=("$2") ;;
	--append)	append="$append $2" ;;
	--allow)	allow+=("$2") ;;
	--timeout)	timeout=$2 ;;
	--out)		out=$2 ;;
	--collect)	collect=$2 ;;
	--accel)	accel=$2 ;;
	*)		die "unknown option $1" ;;
	esac
	shift 2
done
[ $# -ge 1 ] || usage 99 >&2
script=$1
shift
[ -f "$script" ] || die "no such guest script: $script"
case $cgroup in v1|v2|none) ;; *) die "--cgroup is v1, v2 or none" ;; esac
case $io in v1|v2) ;; *) die "--io is v1 or v2" ;; esac
case $accel in auto|kvm|tcg) ;; *) die "--accel is auto, kvm or tcg" ;; esac

for tool in qemu-system-x86_64 busybox cpio modprobe xz gcc strip; do
	command -v "$tool" >/dev/null || die "$tool is missing: run scripts/setup.sh vm"
done

tmp=$(mktemp -d "${TMPDIR:-/tmp}/memcg_reaper.XXXXXX")
qemu='' tail='' watch=''
# shellcheck disable=SC2317 # called by the trap
cleanup()
{
	trap - EXIT INT TERM HUP
	[ -z "$qemu" ] || kill "$qemu" 2>/dev/null || :
	[ -z "$tail" ] || kill "$tail" 2>/dev/null || :
	[ -z "$watch" ] || kill "$watch" 2>/dev/null || :
	wait
	rm -rf "$tmp"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

out=${out:-$tmp/out}
mkdir -p "$out" "$MR_CACHE"
rm -f "$out/status" "$out/collect.tar"
console=$out/console.log result=$out/result.log
: >"$console"
: >"$result"

#
# The initramfs that all runs on one kernel share, cached by content: busybox,
# init, helpers, and those kernel modules that the disks need.
#
modules_for()
{
	[ -z "$modules" ] || modprobe -d "$moddir" -S "$rel" --show-depends "$@" 2>/dev/null |
		awk '$1 == "insmod" && !seen[$2]++ { print $2 }' || :
}

build_base()
{
	local key dir=$tmp/base name m rel='' moddir=''
	if [ -n "$modules" ]; then
		modules=$(realpath "$modules")
		rel=$(basename "$modules")
		moddir=${modules%/lib/modules/*}
		[ "$moddir/lib/modules/$rel" = "$modules" ] ||
			die "--modules must end in lib/modules/RELEASE"
		[ -s "$modules/modules.dep" ] || depmod -b "$moddir" "$rel"
	fi
	modules_for -a virtio_pci virtio_blk ext4 >"$tmp/boot.list"
	modules_for xfs >"$tmp/xfs.list"
	modules_for btrfs >"$tmp/btrfs.list"
	modules_for dm_mod >"$tmp/dm.list"
	key=$({
		echo "$rel" "$helpers"
		cat "$(command -v busybox)" "$MR_SCRIPTS/guest/init" "$MR_SCRIPTS/guest/lib.sh"
		sort -u "$tmp"/*.list | xargs -r stat -c '%n %s %Y'
	} | sha256sum | cut -c1-16)
	base=$MR_CACHE/initramfs/$key.cpio
	[ ! -s "$base" ] || return 0
	mkdir -p "$dir/bin" "$dir/modules" "$MR_CACHE/initramfs"
	cp "$(command -v busybox)" "$dir/bin/busybox"
	cp "$MR_SCRIPTS/guest/init" "$MR_SCRIPTS/guest/lib.sh" "$dir/"
	chmod 755 "$dir/init"
	find "$helpers" -type f -exec cp {} "$dir/bin/" \;
	for name in boot xfs btrfs dm; do
		while read -r m; do
			case $m in
			*.xz)	xz -dc "$m" >"$dir/modules/$(basename "$m" .xz)" ;;
			*.zst)	zstd -dqc "$m" >"$dir/modules/$(basename "$m" .zst)" ;;
			*)	cp "$m" "$dir/modules/" ;;
			esac
			m=$(basename "$m")
			echo "${m%%.ko*}.ko"
		done <"$tmp/$name.list" >"$dir/modules/$name"
	done
	(cd "$dir" && find . | cpio -o -H newc -R 0:0 --quiet) >"$tmp/base.cpio"
	mv "$tmp/base.cpio" "$base"
}

#
# What belongs to this run only.
#
build_initrd()
{
	local dir=$tmp/run add from to arg
	mkdir -p "$dir/vm"
	cp "$script" "$dir/vm/script"
	if [ -n "$module" ]; then
		[ -f "$module" ] || die "no such module: $module"
		# Of 5 MiB 0.2 are left, which the guest unpacks, and reads at each load.
		strip --strip-debug -o "$dir/memcg_reaper.ko" "$module" || die "cannot strip $module"
	fi
	for add in ${adds[@]+"${adds[@]}"}; do
		from=${add%%:*}
		to=/$(basename "$from")
		[ "$from" = "$add" ] || to=${add#*:}
		[ -e "$from" ] || die "no such file: $from"
		mkdir -p "$dir/$(dirname "$to")"
		cp -rL "$from" "$dir/$to"
	done
	{
		printf "export VM_CGROUP=%s VM_IO=%s VM_TIMEOUT=%s\n" "$cgroup" "$io" "$timeout"
		printf 'export VM_KERNEL=%q VM_ACCEL=%s VM_COLLECT=%q\n' "$kernel" "$accel" "$collect"
		[ ! -t 1 ] || printf 'export VM_TTY=1 COLUMNS=%s\n' "$(tput cols 2>/dev/null || echo 80)"
		printf 'set --'
		for arg in "$@"; do
			# busybox sh knows no $'...', so quote by hand
			printf " '%s'" "${arg//\'/\'\\\'\'}"
		done
		echo
	} >"$dir/vm/env"
	(cd "$dir" && find . | cpio -o -H newc -R 0:0 --quiet) | cat "$base" - >"$tmp/initrd"
}

disk()
{
	local name=$1 mib=$2 file=$tmp/$1.img
	[ -n "$mib" ] || return 0
	truncate -s "${mib}M" "$file"
	case $name in
	ext4)	mkfs.ext4 -qF -E assume_storage_prezeroed=1 "$file" ;;
	xfs)	mkfs.xfs -qf "$file" ;;
	btrfs)	mkfs.btrfs -qf "$file" ;;
	swap)	mkswap "$file" ;;
	collect) ;;
	esac >"$tmp/mkfs.log" 2>&1 || die "mkfs $name: $(tail -n 1 "$tmp/mkfs.log")"
	args+=(
		-drive "if=none,id=$name,file=$file,format=raw,cache=unsafe"
		-device "virtio-blk-pci,drive=$name,serial=$name"
	)
}

case $kernel in
*/*)
	image=$kernel
	;;
*)
	image=$(kernel_image "$kernel") && modules=$(kernel_modules "$kernel") || exit 99
	;;
esac
[ -r "$image" ] || die "no such kernel: $image"
[ "$accel" != auto ] || probe_accel
build_helpers
build_base
build_initrd "$@"

cmdline="console=ttyS0 loglevel=5 panic=-1 oops=panic softlockup_panic=1 printk.devkmsg=on reboot=t"
cmdline="$cmdline random.trust_cpu=on apparmor=0 audit=0 nokaslr net.ifnames=0"
[ "$cgroup" != none ] || cmdline="$cmdline cgroup_disable=memory"
# Twice so many seconds without a switch are a lockup.
case $kernel in debug-*) cmdline="$cmdline watchdog_thresh=60 page_poison=1" ;; esac
# Emulated, another CPU does little in the 80 us for which an access is watched.
case $kernel in debug-*-kcsan) cmdline="$cmdline kcsan.udelay_task=500" ;; esac
# While all wait for a disk, which is the host's, the guest's clock leaps ahead.
[ -z "$icount" ] || cmdline="$cmdline sysctl.kernel.hung_task_timeout_secs=0"
# A socket each: CPUs of one socket can't be on two nodes.
args=(-m "$mem" -smp "$cpus,sockets=$cpus" -nodefaults -no-user-config -display none -no-reboot)
args+=(-machine "pc,hpet=off" -kernel "$image" -initrd "$tmp/initrd")
accel_args
args+=(-append "$cmdline$append")
# Two ports: what the script prints never mixes with kernel messages. Both are
# files: a pipe that is full makes QEMU drop bytes.
args+=(-chardev "file,id=con,path=$console" -serial chardev:con)
args+=(-chardev "file,id=res,path=$result" -serial chardev:res)
if [ "$nodes" = 2 ]; then
	half=$((cpus / 2))
	args+=(
		-object "memory-backend-ram,id=m0,size=$((mem / 2))M"
		-object "memory-backend-ram,id=m1,size=$((mem - mem / 2))M"
		-numa "node,nodeid=0,memdev=m0,cpus=0-$((half > 0 ? half - 1 : 0))"
		-numa "node,nodeid=1,memdev=m1$([ "$half" -eq 0 ] || echo ",cpus=$half-$((cpus - 1))")"
	)
elif [ "$nodes" != 1 ]; then
	die "--nodes is 1 or 2"
fi
disk ext4 "$ext4"
disk xfs "$xfs"
disk btrfs "$btrfs"
disk swap "$swap"
# Takes an archive as it is, without a file system.
disk collect "${collect:+64}"

# How long a guest that boots may be silent, in seconds.
SILENCE=120

# Kills a guest that hangs before it comes to the script: a debug kernel may wait for
# ever in an early self test where the host is busy.
watch_boot()
{
	local waited=0 size=0
	while kill -0 "$qemu" 2>/dev/null && ! grep -aq 'vm: ' "$console"; do
		sleep 2
		waited=$((waited + 2))
		if [ "$(stat -c %s "$console")" != "$size" ]; then
			size=$(stat -c %s "$console")
			waited=0
		elif [ "$waited" -ge $SILENCE ]; then
			tail -n 1 "$console" >"$tmp/hung"
			kill "$qemu"
			return
		fi
	done
}

for try in 1 2 3; do
	rm -f "$tmp/hung"
	: >"$console"
	: >"$result"
	timeout -k 2 "$timeout" qemu-system-x86_64 "${args[@]}" </dev/null >"$tmp/qemu.log" 2>&1 &
	qemu=$!
	watch_boot &
	watch=$!
	if [ -n "$live" ]; then
		tail -n +1 -s 0.1 --pid="$qemu" -f "$result" &
		tail=$!
	fi
	qemu_status=0
	wait "$qemu" || qemu_status=$?
	qemu=''
	kill "$watch" 2>/dev/null || :
	wait "$watch" || :
	watch=''
	if [ -n "$live" ]; then
		wait "$tail" || :
		tail=''
	fi
	if [ ! -e "$tmp/hung" ] || [ "$try" = 3 ]; then
		break
	fi
	log "the guest hangs at boot, again: $(cat "$tmp/hung")"
done
[ -n "$live" ] || cat "$result"
[ ! -e "$tmp/hung" ] || die "the guest hangs at boot"

# There is no archive where the guest did not come that far.
if [ -n "$collect" ] && tar -tf "$tmp/collect.img" >/dev/null 2>&1; then
	cp --sparse=always "$tmp/collect.img" "$out/collect.tar"
fi

#
# The verdict.
#

# Whether QEMU is to blame. Text is patched while another CPU runs it, and emulation in
# several threads may go on with the breakpoint after it is gone. The kernel does not know
# it, or takes it for a kprobe's that was just removed, and returns to it for ever
# (kprobe_int3_handler(), 5.10 and 6.1): all reports are of one place then, which is the
# nop or the jump of a static branch.
stale_code()
{
	case $(head -n 1 "$tmp/splats") in
	*'Oops: int3'*) return 0 ;;
	*stall* | *lockup*) ;;
	*) return 1 ;;
	esac
	awk '/RIP: 0010:/ {
			sub(/.*RIP: /, "")
			where[$0]
			other += /memcg_reaper/
			getline
			other += !/<(66> 90|0f> 1f 44 00 00|e9>|eb>)/
			n++
		}
		END {
			for (rip in where)
				places++
			exit other || n < 2 || places > 1
		}' "$console"
}

tr -d '\r' <"$console" | sed -E 's/\x1b\[[0-9;?]*[A-Za-z]//g' >"$tmp/clean"
mv "$tmp/clean" "$console"
# KCSAN finds races all over the kernel: ours are those where the module itself
# does one of the two accesses.
races='BUG: KCSAN'
{
	complaints "$console" | grep -avE "$races" || :
	awk -v races="$races" '
		$0 ~ races { title = $0 }
		/(read|write) .*to 0x.* by / && getline && /\[memcg_reaper\]/ && title {
			print title
			title = ""
		}' "$console"
} >"$tmp/splats"
for regex in ${allow[@]+"${allow[@]}"}; do
	grep -avE -e "$regex" "$tmp/splats" >"$tmp/rest" || :
	mv "$tmp/rest" "$tmp/splats"
done
script_status=$(sed -n 's/.*vm: exit status \([0-9]*\)$/\1/p' "$console" | tail -n 1)

if stale_code; then
	status=99
	log "harness failure: QEMU ran stale code: $(head -n 1 "$tmp/splats")"
elif [ -s "$tmp/splats" ]; then
	status=97
	log "kernel splat: $(head -n 1 "$tmp/splats")"
	if [ "$out" = "$tmp/out" ]; then
		first=$(grep -anF -m 1 -- "$(head -n 1 "$tmp/splats")" "$console" | cut -d: -f1)
		sed -n "$first,$((first + 60))p" "$console" >&2
	fi
elif [ "$qemu_status" = 124 ] || [ "$qemu_status" = 137 ]; then
	status=98
	log "timeout: no end after $timeout seconds"
	[ "$out" != "$tmp/out" ] || tail -n 30 "$console" >&2
elif [ -n "$script_status" ]; then
	status=$script_status
elif grep -aq 'vm: harness failure' "$console"; then
	status=99
	log "$(sed -n 's/.*vm: \(harness failure.*\)/\1/p' "$console")"
else
	status=99
	log "harness failure: the guest ended early: $(cat "$tmp/qemu.log" "$console" | tail -n 1)"
fi
echo "$status" >"$out/status"
exit "$status"
