# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# what: what each way to get rid of offline groups costs, and what it leaves
# vm: --cgroup v2 --ext4 2048 --mem 3072 --add scripts/guest/bench.sh:/bench.sh
# timeout: 1200
# each: nothing drop_caches=1 drop_caches=3 memory.reclaim peers evict reparent recharge
# peer: yes
#
#	compare METHOD [GROUPS [BIG [LIVE_MIB [KIND]]]]
#
# One method a boot, so that each finds the same machine. The population, all below one
# group "node":
#
#	small	removed groups that read a file of 4, 8 or 16 KiB each
#	big	removed groups, at least five, that read a file of 8 MiB each
#	service	a live group with a cache of its own, that reads three of the big files and
#		maps two more: these are charged to removed groups
#
# Files are made and written out beforehand. KIND is that of mkgroups for small ones:
# read, or file, where the groups write, and hold inodes and metadata as well.
#
# memory.reclaim is what a cron job can do: so much from the node's group at a time, until
# no offline group is left, or nothing more can be taken.
# shellcheck source=../guest/lib.sh
. /lib.sh
# shellcheck source=../guest/bench.sh
. /bench.sh

METHOD=$1 GROUPS_=${2:-5000} BIG=${3:-20} LIVE=${4:-64} KIND=${5:-read}
BIG_SIZE=8M
SMALL_DIR=/mnt/ext4/small BIG_DIR=/mnt/ext4/big LIVE_DIR=/mnt/ext4/live
READ="$BIG_DIR/b000000 $BIG_DIR/b000001 $BIG_DIR/b000002"
MAPPED="$BIG_DIR/b000003 $BIG_DIR/b000004"

populate()
{
	local size

	# Else reading makes inodes dirty, which then belong to who has read.
	mount -o remount,noatime /mnt/ext4
	mkdir $SMALL_DIR $BIG_DIR
	mkcg node/service
	mkcg node/jobs
	filesum write $LIVE_DIR "$LIVE" 1048576 1
	for file in $MAPPED; do
		hold /tmp/holder holder --cgroup "$CG" --home "$CG" --kind file --size $BIG_SIZE --file "$file"
		release
	done
	# Makes the others.
	mkgroups --root "$CG/prepare" --count "$BIG" --kind read --size $BIG_SIZE --dir $BIG_DIR --prefix b >/tmp/mk
	sync
	echo 3 >/proc/sys/vm/drop_caches
	mkgroups --root "$CG/node/jobs" --count "$BIG" --kind read --size $BIG_SIZE --dir $BIG_DIR --prefix b >/tmp/mk
	for size in 4 8 16; do
		mkgroups --root "$CG/node/jobs" --count $((GROUPS_ / 3)) --kind "$KIND" --size ${size}K \
			--dir $SMALL_DIR --prefix s$size- >>/tmp/mk
	done
	sync
	# Twice: it is in use.
	for _ in 1 2; do
		incg node/service find $LIVE_DIR -type f -exec cat {} + >/dev/null
		# shellcheck disable=SC2086 # words
		incg node/service cat $READ >/dev/null
	done
	for file in $MAPPED; do
		hold /tmp/holder holder --cgroup "$CG/node/service" --home "$CG/node/service" \
			--kind file --size $BIG_SIZE --file "$file" --use || exit
	done
}

# Kernel threads, all together: ns.
kthreads_ns()
{
	awk '$4 == 2 { print "/proc/" $1 "/schedstat" }' /proc/[0-9]*/stat 2>/dev/null |
		xargs cat 2>/dev/null | awk '{ n += $1 } END { printf "%.0f\n", n }'
}

# All CPUs: ms, in steps of 10, without what is idle or waits.
busy_ms()
{
	awk '$1 == "cpu" { print ($2 + $3 + $4 + $7 + $8) * 10 }' /proc/stat
}

# What this machine has used in all; the same again: what since.
used()
{
	busy=$(($(busy_ms) - ${busy:-0})) kthreads=$(($(kthreads_ns) - ${kthreads:-0}))
	took=$(($(now) * 10 - ${took:-0}))
}

# reread PATH...: the service reads it; KiB that come from the disk
reread()
{
	local before

	before=$(sectors_read "$EXT4_DEV")
	incg node/service find "$@" -type f -exec cat {} + >/dev/null
	echo $((($(sectors_read "$EXT4_DEV") - before) / 2))
}

# CPU of the service so far, us.
service_us()
{
	sed -n 's/^usage_usec //p' "$CG/node/service/cpu.stat"
}

bytes()
{
	residency --bytes "$@"
}

load "$METHOD"
populate
calibrate
# What it uses for watching alone, once it has come to rest.
settle
used
settle
used
idle_busy=$((busy * 1000 / took)) idle_kthreads=$((kthreads / took))

dying
groups=$dying held=$(bytes $SMALL_DIR $BIG_DIR)
own=$(bytes $LIVE_DIR)
# shellcheck disable=SC2086 # words
shared=$(bytes $READ $MAPPED)

busy='' kthreads='' took=''
used
cost "$METHOD"
dying
now_left=$dying
settle
used
busy=$((busy - idle_busy * took / 1000)) kthreads=$((kthreads - idle_kthreads * took))

dying
left=$dying
own_lost=$((own - $(bytes $LIVE_DIR)))
# shellcheck disable=SC2086 # words
shared_lost=$((shared - $(bytes $READ $MAPPED)))
live_us=$(service_us)
# shellcheck disable=SC2086 # words
reread_live=$(reread $LIVE_DIR $READ $MAPPED)
live_us=$(($(service_us) - live_us))
reread_dead=$(reread $SMALL_DIR $BIG_DIR)

about compare "$METHOD"
printf '"kind":"%s","groups":%d,"held_bytes":%s,"live_bytes":%s,' "$KIND" "$groups" "$held" $((own + shared))
printf '"cpu_ns":%d,"kthreads_ns":%d,"busy_ms":%d,"wall_ms":%d,' "$cpu" "$kthreads" "$busy" "$wall"
printf '"cpu_ns_per_group":%s,"cpu_ns_per_gib":%s,' "$(per "$cpu" "$groups")" "$(per "${cpu}e9" "$held" | awk '{ printf "%.0f", $1 * 1.073741824 }')"
printf '"left_at_once":%d,"left":%d,"own_lost_bytes":%d,"shared_lost_bytes":%d,' "$now_left" "$left" "$own_lost" "$shared_lost"
printf '"reread_live_kib":%d,"read_live_cpu_ns":%d000,"reread_dead_kib":%d}\n' "$reread_live" "$live_us" "$reread_dead"
