# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# kernels: 5.10 6.1 6.12
# vm: --cgroup v2 --ext4 512 --xfs 300
# timeout: 240
#
# Inodes on the writeback of removed groups: dirty ones are left alone, written
# ones are switched, whatever the file system, and the groups go. Both file
# systems can be unmounted at any moment meanwhile, with their data intact.
# shellcheck source=../guest/lib.sh
. /lib.sh

N=60

# groups PREFIX N: each leaves 4 dirty files on both file systems, in folders
# that are not its own
groups()
{
	local i=0

	while [ $i -lt "$2" ]; do
		i=$((i + 1))
		mkdir "/mnt/ext4/$1$i" "/mnt/xfs/$1$i"
		mkcg "w/$1$i"
		incg "w/$1$i" sh -c "filesum write /mnt/ext4/$1$i 4 20000 $i && filesum write /mnt/xfs/$1$i 4 20000 $i" ||
			return
		rmdir "$CG/w/$1$i"
	done
}

verify()
{
	local i=0

	while [ $i -lt "$2" ]; do
		i=$((i + 1))
		filesum verify "/mnt/ext4/$1$i" 4 20000 $i && filesum verify "/mnt/xfs/$1$i" 4 20000 $i ||
			return
	done
}

mount_all()
{
	mount -t ext4 "$EXT4_DEV" /mnt/ext4 && mount -t xfs "$XFS_DEV" /mnt/xfs
}

options=$(grep cgroup2 /proc/mounts)
check "loads" load_reaper reap_background=0 min_age_ms=0 scan_interval_ms=50 cpu_percent=100

#
# Dirty, then written.
#
# Nobody else is to write anything.
echo 360000 >/proc/sys/vm/dirty_expire_centisecs
echo 0 >/proc/sys/vm/dirty_writeback_centisecs
check "dirty groups" groups d $N
wait_for 10 "[ \$(nr_dying) -ge $N ]"
compare "stay" "$(nr_dying)" -ge $N
sync
echo 100 >/proc/sys/vm/dirty_writeback_centisecs
tun reap 1 2>/dev/null
# The kernel switches some by itself, with each group that goes.
compare "once written, inodes are switched" "$(stat switched_inodes_total)" -ge 8
check "groups go but for what the journal pins" wait_for 10 "[ \$(nr_dying) -le $((N / 2)) ]"
# A group that nothing but inodes holds has nothing in these columns.
compare "what stays has pages, not inodes only" "$(awk 'NR > 2 && $(NF - 1) == "-"' $OFFLINE)" = ""
check "files are intact" verify d $N
tun reap_background 1
# Those that were tried in vain rest for up to 51 seconds by now; `reap` tries all.
check "all go when the journal lets go" wait_for 60 \
	'journal_lets_go; tun reap 1 2>/dev/null; no_dying'

# No sync by anyone: the flushers write, then the thread switches.
echo 50 >/proc/sys/vm/dirty_writeback_centisecs
echo 50 >/proc/sys/vm/dirty_expire_centisecs
check "dirty groups beside the thread" groups e 20
check "go without a sync of anyone's" wait_for 60 '[ "$(nr_dying)" -le 10 ]'
check "all inodes are switched, too" wait_for 30 "! grep -q wb= $OFFLINE"
check "files are intact beside the thread" verify e 20

# A file that nobody's group has written first, and then a group: the kernel moves it to
# that group's writeback when it is clean, and puts it on none of its lists.
given()
{
	incg lost dd if=/dev/zero of=/mnt/ext4/lost bs=1M count=100 2>/dev/null
	sync
	wait_for 1 'grep -q "inode_switch_wbs: .* old_cgroup_ino=1 " /sys/kernel/tracing/trace'
}

echo 0 >/proc/sys/vm/dirty_writeback_centisecs
tun reap_background 0
dd if=/dev/zero of=/mnt/ext4/lost bs=1M count=100 2>/dev/null
sync
echo >/sys/kernel/tracing/trace
echo 1 >/sys/kernel/tracing/events/writeback/inode_switch_wbs/enable
mkcg lost
check "a file is given to the group that writes it" wait_for 60 given
echo 0 >/sys/kernel/tracing/events/writeback/inode_switch_wbs/enable
check "which is removed" wait_for 10 'rmcg lost 2>/dev/null'
wait_for 10 "grep -q ' lost ' $OFFLINE"
check "and goes, though the file is on no list of its writeback" wait_for 30 \
	"journal_lets_go; tun reap 1 2>/dev/null; ! grep -q ' lost ' $OFFLINE"
rm /mnt/ext4/lost
tun reap_background 1
echo 50 >/proc/sys/vm/dirty_writeback_centisecs

#
# Unmount at any moment.
#
rm -rf /mnt/ext4/[de]* /mnt/xfs/[de]*
sync
busy=0 broken=0 rounds=6
round=0
while [ $round -lt $rounds ]; do
	round=$((round + 1))
	groups u 8 || broken=$((broken + 1))
	[ $((round % 2)) = 0 ] || sync
	(tun reap 1) 2>/dev/null &
	usleep $((round * round * 9000 % 200000))
	umount /mnt/ext4 || busy=$((busy + 1))
	umount /mnt/xfs || busy=$((busy + 1))
	# The device is free as well: nobody has it open.
	mount_all || broken=$((broken + 1))
	wait
	verify u 8 || broken=$((broken + 1))
done
compare "unmount during reap: EBUSY" $busy = 0 "in $rounds rounds"
compare "and everything is there after" $broken = 0 "failures in $rounds rounds"
umount /mnt/ext4
umount /mnt/xfs
check "no group stays without its file system" wait_for 60 no_dying
check "mounts again" mount_all
check "a clean file system" sh -c '! dmesg | grep -E "EXT4-fs error|XFS.*([Cc]orrupt)|(EXT4-fs|XFS).*recovery"'
compare "cgroup mount options" "$(grep cgroup2 /proc/mounts)" = "$options"
check "unloads" unload_reaper
compare "and after unload" "$(grep cgroup2 /proc/mounts)" = "$options"
finish
