# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# kernels: 6.1 6.12
# vm: --cgroup v2 --nodes 2 --xfs 300 --swap 256
# timeout: 120
#
# With two NUMA nodes, what offline groups hold is taken on both, by reap and by
# the thread, and what stays is counted on both.
# shellcheck source=../guest/lib.sh
. /lib.sh

MIB=1048576

# on NODE GROUP COMMAND...: where a page is used first is where it is
on()
{
	local mask=$((1 << $1)) group="$2"

	shift 2
	incg "$group" taskset "$mask" "$@"
}

# of_node NODE FILE KEY: bytes in a group's memory.numa_stat
of_node()
{
	sed -n "s/^$3 .*N$1=\([0-9]*\).*/\1/p" "$CG/$2/memory.numa_stat"
}

# node NODE NAME: MiB of a whole node
node()
{
	awk -v name="$2:" '$3 == name { print int($4 / 1024) }' "/sys/devices/system/node/node$1/meminfo"
}

# both GROUP: 48 MiB of page cache on each node
both()
{
	mkcg "$1"
	on 0 "$1" cat /mnt/xfs/zero >/dev/null
	on 1 "$1" cat /mnt/xfs/one >/dev/null
	# Hot on one node, cold on the other.
	on 1 "$1" cat /mnt/xfs/one >/dev/null
}

compare "nodes" "$(cat /sys/devices/system/node/has_memory)" = 0-1
compare "CPUs of node 1" "$(cat /sys/devices/system/node/node1/cpulist)" = 1
truncate -s 48M /mnt/xfs/zero /mnt/xfs/one
check "loads" load_reaper reap_background=0 min_age_ms=0 scan_interval_ms=50 cpu_percent=100

for how in reap thread; do
	both $how
	compare "$how: on node 0" "$(of_node 0 $how file)" -ge $((40 * MIB))
	compare "$how: on node 1" "$(of_node 1 $how file)" -ge $((40 * MIB))
	rmdir "$CG/$how"
	wait_for 10 '[ "$(nr_dying)" = 1 ]'
	zero=$(node 0 FilePages)
	one=$(node 1 FilePages)
	bytes=$(awk 'NR > 2 { print $6 }' $OFFLINE)
	compare "$how: the row has both" "$bytes" -ge $((90 * MIB))
	if [ $how = reap ]; then
		check "reap works" tun reap 1
		wait_for 5 no_dying || tun reap 1
	else
		tun reap_background 1
	fi
	check "$how: the group goes" wait_for 30 no_dying
	compare "$how: taken from node 0" $((zero - $(node 0 FilePages))) -ge 40 MiB
	compare "$how: taken from node 1" $((one - $(node 1 FilePages))) -ge 40 MiB
	compare "$how: residency" "$(residency /mnt/xfs/zero /mnt/xfs/one)" = 0.0
	tun reap_background 0
done

# tmpfs on both, one of them also with page cache: swap=0, then swap=1.
swapon "$SWAP_DEV"
tun swap 0
mkcg tmpfs
on 0 tmpfs dd if=/dev/zero of=/mnt/tmpfs/zero bs=1M count=16 2>/dev/null
on 1 tmpfs dd if=/dev/zero of=/mnt/tmpfs/one bs=1M count=16 2>/dev/null
on 1 tmpfs cat /mnt/xfs/one >/dev/null
rmdir "$CG/tmpfs"
zero=$(node 0 Shmem)
one=$(node 1 Shmem)
compare "tmpfs on both nodes" $((zero >= 14 && one >= 14)) = 1
tun reap_background 1
check "page cache goes" wait_for 30 '[ "$(residency /mnt/xfs/one)" = 0.0 ]'
wait_for 10 '[ "$(stat offline_bytes)" -le $((33 * MIB)) ]'
compare "tmpfs of both nodes is counted" "$(stat offline_bytes)" -ge $((31 * MIB))
compare "and stays on node 0" "$(node 0 Shmem)" -ge "$zero"
compare "and stays on node 1" "$(node 1 Shmem)" -ge "$one"
tun swap 1
check "swap=1 empties the group" wait_for 60 no_dying
compare "on node 0" $((zero - $(node 0 Shmem))) -ge 13 MiB
compare "on node 1" $((one - $(node 1 Shmem))) -ge 13 MiB
check "unloads" unload_reaper
finish
