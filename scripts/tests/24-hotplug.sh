# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# kernels: 6.1 6.12
# vm: --cgroup v2 --ext4 64 --xfs 300 --swap 64 --mem 512 --one-thread --append movablecore=256M
# timeout: 100
#
# CPUs, memory and swap go and come back while passes run, memory runs out in a group
# and in the machine, and the machine is reset in the middle of a pass: nothing is hurt,
# no pass hangs, and all groups go.
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
# Out of memory. In a group, where that kills who reaps, and then in the machine, where
# it kills another.
#
swapoff "$SWAP_DEV"

# oom_kills: of the whole machine so far
oom_kills()
{
	awk '$1 == "oom_kill" { print $2 }' /proc/vmstat
}

# hog GROUP: takes all it can get, and is the first to be killed
hog()
{
	execcg "$1" sh -c 'echo 1000 >/proc/self/oom_score_adj && exec tail /dev/zero' &
	HOG=$!
}

# killed NAME PID: by the kernel, not by this
killed()
{
	wait_for 60 "! kill -0 $2 2>/dev/null"
	kill "$2" 2>/dev/null
	wait "$2" 2>/dev/null
	compare "$1 is killed" $? = 137
}

# reaps GROUP: one after the other
reaps()
{
	execcg "$1" sh -c "while :; do echo 1 >$REAPER/reap; done" 2>/dev/null &
	REAPS=$!
}

mkgroups --root "$CG/test" --prefix churn --seconds 300 --rate 5 --kind tmpfs >/dev/null &
churn=$!
mkcg box
mkcg beside
echo 16M >"$CG/box/memory.max"
echo 1 >"$CG/box/memory.oom.group"
reaps box
check "out of memory: reap runs" wait_passes 2
hog box
killed "a group's hog" $HOG
killed "and who reaps in it" $REAPS
compare "both as one" "$(awk '$1 == "oom_group_kill" { print $2 }' "$CG/box/memory.events")" = 1
check "passes go on" wait_passes 1
kills=$(oom_kills)
reaps beside
check "out of memory: reap runs again" wait_passes 2
hog beside
killed "the machine's hog" $HOG
compare "and nobody else" $(($(oom_kills) - kills)) = 1
check "who reaps lives" kill -0 $REAPS
check "passes go on after that" wait_passes 2
for HELD in $REAPS $churn; do
	release
done
rm -f /mnt/tmpfs/*
sync
tun method reparent
nothing_left "all groups go" 60

#
# The machine's end: init says how it was, then has the kernel restart, while the thread
# and writers of reap are at work.
#
tun reap_background 0
big 60M
tun method evict
tun cpu_percent 1
evicted=$(stat evicted_bytes_total)
tun reap_background 1
check "a pass is under way at the end" wait_for 30 "[ \$(stat evicted_bytes_total) -gt $evicted ] && [ \$(nr_dying) -gt 0 ]"
hold /tmp/locked mkgroups --root "$CG/test" --prefix locked --count 10 --kind mlocked \
	--dir /mnt/xfs --sync --hold
passes=$(stat passes_total)
reaps beside
check "and a reap" wait_for 30 "[ \$(stat passes_total) -gt $passes ]"
finish
