# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# kernels: 6.1 6.12
# vm 6.12: --cgroup v2 --ext4 128 --xfs 300
# vm 6.1: --cgroup v1 --ext4 128 --xfs 300
# timeout: 120
#
# A file system that is frozen, a disk that hangs, and one that fails, with groups
# that wait for it: passes end, groups of other disks go, and the module can be unloaded.
# On cgroup v1, where reclaim itself waits for the disk, the table shows for which
# group, and unloading says so; it ends as soon as the disk answers.
# shellcheck source=../guest/lib.sh
. /lib.sh

# groups PREFIX FS: some that leave a file each
groups()
{
	mkgroups --root "$CG/test" --prefix "$1" --count 10 --size 64K --dir "/mnt/$2" >/dev/null
}

# The same, written out; but not what is on other disks.
written()
{
	groups "$1" "$2"
	sync -f "/mnt/$2"
}

load()
{
	load_reaper min_age_ms=0 scan_interval_ms=20 cpu_percent=100 reap_background=0 method="$1"
}

# ended NAME PID: by itself; a disk that hangs does so until it is told otherwise
ended()
{
	if wait_for 30 "! kill -0 $2 2>/dev/null"; then
		ok "$1"
	else
		fail "$1" "$(tail -n 4 "/proc/$2/stack" | xargs)"
	fi
}

# reap NAME: ends, however it went
reap()
{
	(tun reap 1) 2>/dev/null &
	ended "$1: reap ends" $!
}

# unload NAME
unload()
{
	unload_reaper &
	ended "$1: unloads" $!
}

# rest NAME FS: what waits for one disk: groups of the other go, by each method
rest()
{
	local method passes

	for method in evict $METHODS; do
		check "$1: loads, $method" load "$method"
		written "$method" xfs
		passes=$(stat passes_total)
		tun reap_background 1
		check "$1, $method: passes end" wait_for 60 "[ \$(stat passes_total) -gt $passes ]"
		tun reap_background 0
		reap "$1, $method"
		check "$1, $method: groups of the other disk go" \
			wait_for 30 "! grep -q ' ${method}[0-9]* ' $OFFLINE"
		unload "$1, $method"
	done
}

METHODS=reparent
[ "$VM_CGROUP" = v2 ] || METHODS=
# Nobody writes but who is told to.
echo 0 >/proc/sys/vm/dirty_writeback_centisecs

#
# Frozen.
#
groups frozen ext4
fsfreeze --freeze /mnt/ext4
rest frozen
fsfreeze --unfreeze /mnt/ext4

#
# A disk that hangs; debug kernels have no device mapper.
#
while read -r module; do
	insmod "/modules/$module"
done </modules/dm
if [ ! -e /dev/mapper/control ]; then
	skip "a disk that hangs" "this kernel has no device mapper"
	check "loads" load evict
	check "all go" wait_for 60 'journal_lets_go; tun reap 1 2>/dev/null; no_dying'
	unload "in the end"
	finish
fi
umount /mnt/ext4
disk=$(dm create test "$EXT4_DEV")
mount -t ext4 "$disk" /mnt/ext4
written clean ext4
groups hung ext4
mkdir /mnt/ext4/sums
filesum write /mnt/ext4/sums 4 20000 1
dm suspend test
sync -f /mnt/ext4 &
syncing=$!
check "pages are under writeback" wait_for 30 'grep -q "^nr_writeback [1-9]" /proc/vmstat'
if [ "$VM_CGROUP" = v2 ]; then
	rest hung
	check "the disk hangs all the while" kill -0 $syncing
else
	load evict
	tun reap_background 1
	pid=$(thread_pid)
	check "the thread waits for the disk" wait_for 30 "grep -q folio_wait_writeback /proc/$pid/stack"
	compare "for one group, which shows" \
		"$(table $OFFLINE '$c["result"] == "working" { n++ } END { print n + 0 }')" = 1
	dmesg -c >/dev/null
	unload_reaper &
	unloading=$!
	check "unloading says for whom it waits" \
		wait_for 30 "dmesg | grep -q 'memcg_reaper: unloading waits for kmemcg_reaperd.$pid.'"
	check "and waits" kill -0 $unloading
fi
dm resume test
wait $syncing
[ "$VM_CGROUP" = v2 ] || ended "until the disk answers" "$unloading"
check "loads" load evict
check "then all go" wait_for 60 'journal_lets_go; tun reap 1 2>/dev/null; no_dying'
echo 3 >/proc/sys/vm/drop_caches
check "files are as they were" filesum verify /mnt/ext4/sums 4 20000 1

#
# A disk that fails.
#
written clean ext4
groups failed ext4
dm suspend test
dm fail test
dm resume test
sync 2>/dev/null
unload "failed"
rest failed
check "loads" load evict
umount /mnt/ext4
check "all go with the file system" wait_for 60 'tun reap 1 2>/dev/null; no_dying'
dm remove test
unload "in the end"
finish
