# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# kernels: 5.10 6.1 6.12
# vm: --cgroup v2 --btrfs 300 --append slub_debug=FP
# timeout: 240
#
# A file system with a bdi of its own: inodes of removed groups are switched and
# the groups go, without drop_caches. It can be unmounted, and its module
# unloaded, at any moment meanwhile, with all data intact. Freed memory is
# poisoned: what still leads there is noticed.
# shellcheck source=../guest/lib.sh
. /lib.sh

OFFLINE=/sys/kernel/debug/memcg_reaper/offline
N=60

# groups PREFIX N: each leaves 4 dirty files in a folder that is not its own
groups()
{
	local i=0

	while [ $i -lt "$2" ]; do
		i=$((i + 1))
		mkdir -p "/mnt/btrfs/$1$i"
		mkcg "w/$1$i"
		incg "w/$1$i" filesum write "/mnt/btrfs/$1$i" 4 20000 $i || return
		rmdir "$CG/w/$1$i"
	done
}

verify()
{
	local i=0

	while [ $i -lt "$2" ]; do
		i=$((i + 1))
		filesum verify "/mnt/btrfs/$1$i" 4 20000 $i || return
	done
}

# A new bdi has a share of nothing in what may be dirty, and the kernel writes at
# once. Inodes that are clean when their group goes are switched by the kernel.
may_be_dirty()
{
	local min

	for min in /sys/class/bdi/btrfs-*/min_ratio; do
		echo "$1" >"$min" || return
	done
}

mount_it()
{
	mount -t btrfs "$BTRFS_DEV" /mnt/btrfs
}

bdis()
{
	echo /sys/class/bdi/*
}

check "loads" load_reaper reap_background=0 min_age_ms=0 scan_interval_ms=50 cpu_percent=100
before=$(bdis)

#
# Dirty, then written, by nobody but us.
#
echo 360000 >/proc/sys/vm/dirty_expire_centisecs
echo 0 >/proc/sys/vm/dirty_writeback_centisecs
check "a share of what may be dirty" may_be_dirty 90
check "dirty groups" groups d $N
wait_for 10 "[ \$(nr_dying) -ge $N ]"
compare "stay" "$(nr_dying)" -ge $N
sync
tun reap 1 2>/dev/null
# The kernel switches some by itself, with each group that goes.
compare "once written, inodes are switched" "$(stat switched_inodes_total)" -ge $N
wait_for 20 no_dying
compare "all groups go" "$(nr_dying)" = 0
check "files are intact" verify d $N
compare "bdis are as before" "$(bdis)" = "$before"

# No sync by anyone: the flushers write, then the thread switches.
echo 50 >/proc/sys/vm/dirty_expire_centisecs
echo 50 >/proc/sys/vm/dirty_writeback_centisecs
tun reap_background 1
check "dirty groups beside the thread" groups e 20
check "go without a sync of anyone's" wait_for 60 no_dying
check "files are intact beside the thread" verify e 20

#
# Unmount at any moment, with its module.
#
rm -rf /mnt/btrfs/[de]*
sync
tun scan_interval_ms 10
busy=0 used=0 broken=0 rounds=8 round=0
switched=$(stat switched_inodes_total)
while [ $round -lt $rounds ]; do
	round=$((round + 1))
	may_be_dirty 90 || broken=$((broken + 1))
	groups u 10 || broken=$((broken + 1))
	[ $((round % 2)) = 0 ] || sync
	(tun reap 1) 2>/dev/null &
	usleep $((round * round * 9000 % 200000))
	umount /mnt/btrfs || busy=$((busy + 1))
	if [ -e /modules/btrfs.ko ]; then
		rmmod btrfs || used=$((used + 1))
		insmod /modules/btrfs.ko
	fi
	# The device is free as well: nobody has it open.
	mount_it || broken=$((broken + 1))
	wait
	verify u 10 || broken=$((broken + 1))
done
compare "unmount during reap: EBUSY" $busy = 0 "in $rounds rounds"
if [ -e /modules/btrfs.ko ]; then
	compare "its module during reap: in use" $used = 0 "in $rounds rounds"
else
	skip "its module during reap" "built into this kernel"
fi
compare "and everything is there after" $broken = 0 "failures in $rounds rounds"
note "inodes switched meanwhile: $(($(stat switched_inodes_total) - switched))"
umount /mnt/btrfs
wait_for 60 no_dying
compare "no group stays without its file system" "$(nr_dying)" = 0
[ "$(nr_dying)" = 0 ] || cat $OFFLINE
check "mounts again" mount_it
check "and reads" verify u 10
check "a clean file system" sh -c '! dmesg | grep -iE "btrfs.*(error|corrupt|critical)"'
check "unloads" unload_reaper
finish
