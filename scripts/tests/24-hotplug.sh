# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# kernels: 6.1 6.12
# vm: --cgroup v2 --ext4 64 --xfs 300 --swap 64 --mem 512 --one-thread --append movablecore=256M
# timeout: 100
#
# CPUs, memory and swap go and come back while passes run, and the machine is reset in
# the middle of a pass: nothing is hurt, no pass hangs, and all groups go.
# shellcheck source=../guest/lib.sh
. /lib.sh

CPU=/sys/devices/system/cpu/cpu1/online
MEMORY=/sys/devices/system/memory
ANON=20

cpu_away()
{
	echo 0 >"$CPU" && wait_passes 1 && echo 1 >"$CPU"
}

# Those blocks alone that hold nothing but what can be moved away, as the pages of
# groups. Some of them may be in use for longer than the kernel tries.
memory_away()
{
	local block

	for block in "$MEMORY"/memory[0-9]*; do
		[ "$(cat "$block/valid_zones")" = Movable ] || continue
		echo offline >"$block/state" || continue
		wait_passes 1
		echo online_movable >"$block/state" && blocks=$((blocks + 1))
	done 2>/dev/null
}

# What is charged to a removed group comes back charged to who owns it.
swap_away()
{
	swapoff "$SWAP_DEV" && wait_passes 1 && swapon "$SWAP_DEV"
}

swapon "$SWAP_DEV"
check "loads" load_reaper min_age_ms=0 scan_interval_ms=10 cpu_percent=100
# Else it waits for all others, of which there are many for the one CPU that is left.
renice -n 0 -p "$(thread_pid)" >/dev/null
for method in evict reparent; do
	tun method $method
	# Groups with mlocked pages have memory walked through, frame by frame.
	hold /tmp/locked mkgroups --root "$CG/test" --prefix locked --count 10 --kind mlocked \
		--dir /mnt/xfs --sync --hold
	check "$method: mlocked memory" [ $? = 0 ]
	locked=$HELD
	mkgroups --root "$CG/test" --prefix churn --seconds 300 --rate 5 --kind tmpfs >/dev/null &
	churn=$!
	check "$method: a CPU goes and comes" cpu_away
	blocks=0
	memory_away
	compare "$method: so does memory" $blocks -ge 1 blocks
	out=$(stat evicted_bytes_total)
	hold /tmp/anon mkgroups --root "$CG/test" --prefix anon --count $ANON --kind anon \
		--size 256K --hold
	check "$method: anonymous memory" [ $? = 0 ]
	anon=$HELD
	[ $method != evict ] ||
		check "evict: is swapped out" wait_for 30 "[ \$(stat evicted_bytes_total) -ge $((out + ANON * 200000)) ]"
	check "$method: swap goes and comes" swap_away
	check "$method: passes go on" wait_passes 1
	for HELD in $locked $anon $churn; do
		release
	done
	rm /mnt/tmpfs/*
	sync
	nothing_left "$method: then all groups go" 60
done

#
# The machine's end: init says how it was, then has the kernel restart.
#
tun reap_background 0
big 60M
tun method evict
tun cpu_percent 1
evicted=$(stat evicted_bytes_total)
tun reap_background 1
check "a pass is under way at the end" wait_for 30 "[ \$(stat evicted_bytes_total) -gt $evicted ] && [ \$(nr_dying) -gt 0 ]"
finish
