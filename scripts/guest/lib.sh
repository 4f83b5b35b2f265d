# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
#
# Functions for guest tests. Source it: . /lib.sh
# Set by init: $CG the root of the memory hierarchy, $VM_CGROUP v1, v2 or none,
# $EXT4_DEV $XFS_DEV $BTRFS_DEV $SWAP_DEV the disks.

REAPER=/sys/kernel/mm/memcg_reaper
DEBUG=/sys/kernel/debug/memcg_reaper
OFFLINE=$DEBUG/offline

#
# Results, in KTAP style. End with finish: it is the script's exit status.
#
KTAP_NR=0 KTAP_PASSED=0 KTAP_FAILED=0

ktap()
{
	[ $KTAP_NR != 0 ] || echo "KTAP version 1"
	KTAP_NR=$((KTAP_NR + 1))
	echo "$1 $KTAP_NR - $2"
}

# ok NAME [FIGURES]
ok()
{
	KTAP_PASSED=$((KTAP_PASSED + 1))
	ktap ok "$1${2:+ # $2}"
}

# fail NAME [WHY]
fail()
{
	KTAP_FAILED=$((KTAP_FAILED + 1))
	ktap "not ok" "$1${2:+ # $2}"
}

# skip NAME WHY
skip()
{
	ktap ok "$1 # SKIP $2"
}

# check NAME COMMAND...: ok where the command succeeds, else its last line says why
check()
{
	local name="$1" why rc

	shift
	why=$("$@" 2>&1)
	rc=$?
	if [ $rc = 0 ]; then
		ok "$name"
	else
		why=$(echo "$why" | tail -n 1)
		fail "$name" "${why:-status $rc: $*}"
	fi
}

# compare NAME A OP B [UNIT]: check "$a" -le "$b" and the like, with the figures
compare()
{
	if test "$2" "$3" "$4" 2>/dev/null; then
		ok "$1" "$2 $3 $4${5:+ $5}"
	else
		fail "$1" "not $2 $3 $4${5:+ $5}"
	fi
}

# A note that is no result.
note()
{
	echo "# $*"
}

# All the rest makes no sense here.
skip_all()
{
	echo "1..0 # SKIP $*"
	exit 0
}

# Freed objects are poisoned (see check.sh); what was written to them is found when they are
# used again, or when the kernel is asked. Before 6.1 it must not be, while anyone frees any: one
# that is poisoned and not yet on the list of free ones was taken for a broken one (c7323a5ad078,
# "mm/slub: restrict sysfs validation to debug caches and make it safe").
look_at_freed()
{
	local cache

	case $(uname -r) in 5.*) return ;; esac
	for cache in /sys/kernel/slab/kmalloc-*; do
		[ "$(cat "$cache/poison" 2>/dev/null)" != 1 ] || echo 1 >"$cache/validate"
	done
}

finish()
{
	look_at_freed
	echo "1..$KTAP_NR"
	echo "# $KTAP_PASSED passed, $KTAP_FAILED failed"
	[ $KTAP_FAILED = 0 ]
	exit
}

#
# Waiting and measuring.
#

# Hundredths of a second since boot.
now()
{
	local up

	read -r up _ </proc/uptime
	up="${up%.*}${up#*.}"
	echo "${up#0}"
}

# A limit is there to end what hangs, and a debug kernel takes its time.
PATIENCE=1
case ${VM_KERNEL:-} in debug-*) PATIENCE=4 ;; esac

# wait_for SECONDS 'CONDITION'
wait_for()
{
	local end=$(($(now) + $1 * 100 * PATIENCE))

	until eval "$2"; do
		[ "$(now)" -lt $end ] || return 1
		usleep 50000
	done
}

# wait_line FILE LINE SECONDS: until a program has written this line
wait_line()
{
	wait_for "$3" "grep -qsx '$2' '$1'"
}

# meminfo NAME: bytes
meminfo()
{
	awk -v name="$1:" '$1 == name { print $2 * 1024 }' /proc/meminfo
}

# sectors_read DEV
sectors_read()
{
	awk '{ print $3 }' "/sys/block/${1##*/}/stat"
}

# cpu_ns [PID]: CPU time used so far, by this shell if not said otherwise; in ticks
# of 10 ms where the kernel counts no finer (no SCHED_INFO)
cpu_ns()
{
	cut -d' ' -f1 "/proc/${1:-$$}/schedstat" 2>/dev/null ||
		awk '{ print ($14 + $15) * 10000000 }' "/proc/${1:-$$}/stat"
}

#
# Control groups.
#

# Offline memory groups.
nr_dying()
{
	if [ "$VM_CGROUP" = v1 ]; then
		echo $(($(awk '$1 == "memory" { print $3 }' /proc/cgroups) - \
			$(find "$CG" -type d | wc -l)))
	else
		awk '$1 == "nr_dying_descendants" { all = $2 }
			$1 == "nr_dying_subsys_memory" { memory = $2; have = 1 }
			END { print have ? memory : all }' "$CG/cgroup.stat"
	fi
}

# mkcg a/b/c: below $CG, with the controllers on for all but the last
mkcg()
{
	local dir="$CG" part rest="$1/"

	while [ "$rest" ]; do
		part=${rest%%/*}
		rest=${rest#*/}
		if [ "$VM_CGROUP" = v2 ]; then
			echo +memory >"$dir/cgroup.subtree_control" || return
			echo +io >"$dir/cgroup.subtree_control" 2>/dev/null
		fi
		dir=$dir/$part
		[ -d "$dir" ] || mkdir "$dir" || return
	done
}

# rmcg a/b: and all below it
rmcg()
{
	find "$CG/$1" -depth -type d -exec rmdir {} \;
}

# execcg GROUP COMMAND...: become it, inside; with & behind it, $! is the command itself
execcg()
{
	local group="$1"

	shift
	exec sh -c 'echo 0 >"$0/cgroup.procs" && exec "$@"' "$CG/$group" "$@"
}

# incg GROUP COMMAND...: run it inside
incg()
{
	(execcg "$@")
}

# field NAME [FILE]: the VALUE where NAME=VALUE is printed, by helpers and in traces; one a line
field()
{
	local name="$1"

	shift
	sed -n "s/.*\b$name=\([^ ]*\).*/\1/p" "$@"
}

# cgstat GROUP KEY: a number from memory.stat of a group below $CG
cgstat()
{
	awk -v key="$2" '$1 == key { print $2 }' "$CG/$1/memory.stat"
}

# shows NAME GROUP KEY OP VALUE: memory.stat does, at the latest when the kernel has brought it
# up to date, which it does every two seconds for small differences
shows()
{
	wait_for 20 '[ "$(cgstat '"$2 $3"')" '"$4 $5"' ]'
	compare "$1" "$(cgstat "$2" "$3")" "$4" "$5"
}

# beyond GROUP: bytes that it is charged beyond its memory and the kernel's own: what CPUs have
# in stock
beyond()
{
	echo $(($(cat "$CG/$1/memory.current") - $(cgstat "$1" kernel) - $(cgstat "$1" file) -
		$(cgstat "$1" anon)))
}

# One removal anywhere has the kernel look after the writeback of removed groups.
poke()
{
	mkdir "$CG/poke" && rmdir "$CG/poke"
}

# All that drop_caches can do.
drop_all()
{
	sync
	echo 3 >/proc/sys/vm/drop_caches
	poke
}

# all_gone SECONDS: until no group is offline; where some stay, with a removal each
# second. The group removed is one of them for a moment, so not more often.
all_gone()
{
	wait_for "$1" 'wait_for 1 no_dying || { poke; false; }'
}

# fresh: empty file systems, mounted anew, so that nothing of theirs holds a
# group; the same for swap, whose per-CPU caches keep freed entries charged;
# waits for the offline groups to go
fresh()
{
	local fs

	for fs in ext4 xfs tmpfs; do
		grep -q " /mnt/$fs " /proc/mounts || continue
		rm -rf "/mnt/${fs:?}"/*
		[ $fs = tmpfs ] && continue
		umount /mnt/$fs
		[ $fs = ext4 ] && mount -t ext4 "$EXT4_DEV" /mnt/ext4
		[ $fs = xfs ] && mount -t xfs "$XFS_DEV" /mnt/xfs
	done
	if grep -q "^$SWAP_DEV " /proc/swaps; then
		swapoff "$SWAP_DEV"
		swapon "$SWAP_DEV"
	fi
	wait_for 10 'poke; [ "$(nr_dying)" -le 2 ]'
}

# make_many COUNT OPTIONS OF mkgroups...: groups by two at a time, which is faster, as
# each waits for RCU most of the time; what they say goes to /tmp/mk
make_many()
{
	local half=$(($1 / 2))

	shift
	mkgroups --prefix a --count $half "$@" >/tmp/mk &
	mkgroups --prefix b --count $half "$@" >/tmp/mk.b && wait $!
}

# allocates COMMAND...: sets $allocated, bytes that the module asks the kernel for meanwhile,
# in pieces of 512 and more: not what it frees, nor what others do, nor nodes of an xarray
allocates()
{
	local hist="hist:keys=call_site.sym:vals=bytes_alloc" kmalloc=/sys/kernel/tracing/events/kmem/kmalloc

	echo "$hist if bytes_alloc >= 512" >$kmalloc/trigger
	"$@"
	# shellcheck disable=SC2034 # the caller's
	allocated=$(awk '/\[memcg_reaper\]/ && sub(/.*bytes_alloc: */, "") { b += $1 }
		END { printf "%d\n", b }' $kmalloc/hist)
	echo "!$hist" >$kmalloc/trigger
}

# dead GROUP: make it, with 64 KiB of a file of its own on xfs, and remove it; 1 MiB
# where memory.stat would not show 64 KiB; its cgroup id goes to $ID, the file is
# /mnt/xfs/dead$ID
dead()
{
	mkcg "$1"
	ID=$(busybox stat -c %i "$CG/$1")
	incg "$1" dd if=/dev/zero of="/mnt/xfs/dead$ID" bs=64k \
		count="$(has exact_stat && echo 1 || echo 16)" 2>/dev/null
	sync
	rmdir "$CG/$1"
}

# big SIZE: a dead group with so much page cache, which takes a while to empty;
# made fast, as the file is a hole, and on ext4, as that has small folios
big()
{
	[ -e /mnt/ext4/sparse ] || truncate -s "$1" /mnt/ext4/sparse
	mkdir "$CG/big"
	incg big cat /mnt/ext4/sparse >/dev/null
	rmdir "$CG/big"
	wait_for 10 'grep -q " big " $OFFLINE'
}

# For wait_for. A CPU that has used up the last page that it had charged in advance
# keeps a group until it charges another one (drain_all_stock()), as on any node. Later
# kernels keep several (NR_MEMCG_STOCK), and drop one of them at random.
no_dying()
{
	local cpu other others=0

	[ "$(nr_dying)" != 0 ] || return 0
	case $(uname -r) in 7.*) others=$(seq 0 7) ;; esac
	for cpu in $(seq 0 $(($(nproc) - 1))); do
		for other in $others; do
			mkdir -p "$CG/beside$other"
			incg "beside$other" busybox taskset "$(printf %x $((1 << cpu)))" true
		done
	done
	false
}

# What is known of the groups that are left: the table, what their writebacks have to
# write (since 6.10), what one more `reap` does about their inodes, and whether they go
# with the inodes that are not in use. To be called after what is asserted.
what_is_left()
{
	local event events=/sys/kernel/tracing/events

	sed -n '3,12s/^/# /p' $OFFLINE
	cat "${DEBUG%/*}"/bdi/*/wb_stats 2>/dev/null |
		awk 'BEGIN { RS = "" } { gsub(/[ \n]+/, " "); print "# " $0 }' | head -n 12
	for event in writeback/inode_switch_wbs memcg_reaper/inode_switch; do
		echo 1 >$events/$event/enable
	done
	tun reap 1
	sed -n '/^#/!s/^/# /p' $events/../trace | tail -n 12
	echo 0 >$events/enable
	note "then there are $(nr_dying)"
	echo 2 >/proc/sys/vm/drop_caches
	wait_for 5 no_dying || :
	note "then there are $(nr_dying)"
}

# nothing_left NAME [SECONDS]: all groups are freed, which takes the kernel a
# moment; else one of them says why.
nothing_left()
{
	if wait_for "${2:-30}" no_dying; then
		ok "$1"
	else
		fail "$1" "$(nr_dying)"
		what_is_left
	fi
}

# Freezing ext4 checkpoints its journal, which then holds no more pages.
# shellcheck disable=SC2317 # called by wait_for
journal_lets_go()
{
	sync
	fsfreeze --freeze /mnt/ext4
	fsfreeze --unfreeze /mnt/ext4
}

# hold OUTPUT COMMAND...: start a helper that prints "ready" and keeps what it
# has; $HELD is its pid
hold()
{
	local out="$1"

	shift
	# Not what an earlier one has printed.
	: >"$out"
	"$@" >"$out" 2>&1 &
	HELD=$!
	wait_for 300 "grep -qsx ready '$out' || ! kill -0 $HELD 2>/dev/null"
	grep -qsx ready "$out"
}

release()
{
	kill "$HELD" 2>/dev/null
	wait "$HELD" 2>/dev/null
	HELD=
}

# verified OUTPUT [PID]: what a holder with this output, $HELD, says of its memory
verified()
{
	local n

	n=$(wc -l <"$1")
	kill -USR1 "${2:-$HELD}"
	wait_for 60 '[ "$(wc -l <'"$1"')" -gt '"$n"' ]'
	tail -n 1 "$1"
}

#
# The module.
#

# has THING: whether this kernel has what the module or a test needs: evict, reparent;
# lru_pins: pages hold the group that they are charged to; pipe: the buffers of pipes
# are charged to an object cgroup, so that they hold no group; switch_dirty: dirty
# inodes are switched as they are; exact_stat: memory.stat is not up to 32 pages for
# each CPU behind
has()
{
	case "$(uname -r) $1" in
	5.10.*\ evict | 5.10.*\ lru_pins | 5.10.*\ switch_dirty)
				true ;;
	5.10.*)			false ;;
	6.1.*\ switch_dirty)	false ;;
	7.2.*\ pipe | 7.2.*\ exact_stat)
				true ;;
	7.2.*)			false ;;
	esac
}

# methods: what the tunable says of them after loading
methods()
{
	if has reparent; then
		echo '[evict] reparent recharge'
	elif has evict; then
		echo '[evict]'
	else
		echo '[none]'
	fi
}

# load_reaper [PARAM=VALUE...]
load_reaper()
{
	insmod /memcg_reaper.ko "$@"
}

unload_reaper()
{
	rmmod memcg_reaper
}

# tun NAME [VALUE]: read or write a tunable
tun()
{
	if [ $# = 1 ]; then
		cat "$REAPER/$1"
	else
		echo "$2" >"$REAPER/$1"
	fi
}

# stat NAME: a counter (busybox's stat is "busybox stat")
stat()
{
	cat "$REAPER/stats/$1"
}

# wait_passes N: until so many passes have begun and ended
wait_passes()
{
	local upto=$(($(stat passes_total) + $1 + 1))

	wait_for 60 "[ \$(stat passes_total) -ge $upto ]"
}

thread_pid()
{
	pidof kmemcg_reaperd
}

thread_cpu_ns()
{
	cpu_ns "$(thread_pid)"
}

# table FILE PROGRAM [WORD...]: awk on the rows of a table in debugfs; c[NAME] is
# the number of a column, w[1] and so on are the words, as they are. Of "offline",
# known is what holds a group, without what is unknown: a CPU may have charged a page
# to it in advance.
table()
{
	local file="$1" program="$2"

	shift 2
	awk 'BEGIN { for (i = 2; i < ARGC; i++) w[i - 1] = ARGV[i]; ARGC = 2 }
		NR == 2 { for (i = 1; i <= NF; i++) c[$i] = i }
		NR < 3 { next }
		{ known = $c["holders"]; sub(/(^|,)unknown=.*/, "", known); if (known == "") known = "-" }
		'"$program" "$file" "$@"
}

# value NAME COLUMN: of the first offline group of that name
value()
{
	table $OFFLINE '$c["name"] == w[1] { print $c[w[2]]; exit }' "$1" "$2"
}

# holders NAME: what holds the first offline group of that name, as far as it is known
holders()
{
	table $OFFLINE '$c["name"] == w[1] { print known; exit }' "$1"
}
