# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# kernels: 6.1 6.12
# vm: --cgroup v2 --nodes 2 --mem 1536 --ext4 256 --xfs 300 --btrfs 300 --swap 128
# timeout: 1500
# long: 600
#
#	60-stress.sh [SECONDS [METHOD,... [OPTIONS OF stress]]]
#
# The module beside everything that touches the memory of dead groups, and while
# its tunables are turned: all content stays right, and in the end no group, no
# page and no count is left.
# shellcheck source=../guest/lib.sh
. /lib.sh

DURATION=${1:-20}
WANTED=${2:-}
[ $# -lt 2 ] || shift
[ $# = 0 ] || shift

DISKS=$(sed -n 's|^/dev/[a-z]* /mnt/\([a-z0-9]*\) .*|\1|p' /proc/mounts)
MM=/sys/kernel/mm
TEST=$CG/test
KNOBS=

knob()
{
	KNOBS="$KNOBS --knob $1"
}

vmstat()
{
	awk -v name="$1" '$1 == name { print $2 }' /proc/vmstat
}

# as_before NAME FIGURE
# shellcheck disable=SC2317 # called by wait_for
as_before()
{
	[ "$(vmstat "$1")" = "$2" ]
}

# Pages on lists without an owner that is counted, and the other way round;
# small, and the same before and after.
unowned()
{
	echo 1 >/proc/sys/vm/compact_memory
	cat /proc/sys/vm/stat_refresh
	awk '{ v[$1] = $2 }
		END { print v["nr_inactive_anon"] + v["nr_active_anon"] + v["nr_inactive_file"] + \
			v["nr_active_file"] + v["nr_unevictable"] - v["nr_anon_pages"] - v["nr_file_pages"] }' \
		/proc/vmstat
}

# The same of what the root group's memory.stat says, in bytes.
unowned_root()
{
	awk '{ v[$1] = $2 }
		END { print v["inactive_anon"] + v["active_anon"] + v["inactive_file"] + \
			v["active_file"] + v["unevictable"] - v["anon"] - v["file"] - v["swapcached"] }' \
		"$CG/memory.stat"
}

abs()
{
	echo "${1#-}"
}

# not_zero GROUP: what of its memory is left
not_zero()
{
	awk '/^(anon|file|shmem|file_mapped|file_dirty|file_writeback|swapcached|anon_thp|file_thp|shmem_thp|inactive_anon|active_anon|inactive_file|active_file|unevictable|zswap|zswapped) / &&
		$2 { printf "%s %s ", $1, $2 }' "$1/memory.stat"
}

# more_than_kernel GROUP: bytes charged that are no kernel memory; has the pages
# that CPUs keep in stock given back first
more_than_kernel()
{
	echo 0 >"$1/memory.high"
	echo max >"$1/memory.high"
	echo $(($(cat "$1/memory.current") - $(awk '$1 == "kernel" { print $2 }' "$1/memory.stat")))
}

# Zones and nodes count the same pages.
zones_differ()
{
	awk '{ v[$1] = $2 }
		END {
			n = split("inactive_anon active_anon inactive_file active_file unevictable", l, " ")
			for (i = 1; i <= n; i++)
				if (v["nr_zone_" l[i]] != v["nr_" l[i]])
					printf "%s %d %d ", l[i], v["nr_zone_" l[i]], v["nr_" l[i]]
		}' /proc/vmstat
}

# Freezing a file system checkpoints its journal, which then holds no more pages.
# shellcheck disable=SC2317 # called by wait_for
journals_let_go()
{
	sync
	for fs in $DISKS; do
		fsfreeze --freeze "/mnt/$fs"
		fsfreeze --unfreeze "/mnt/$fs"
	done
	echo 3 >/proc/sys/vm/drop_caches
	poke
	tun reap 1 2>/dev/null
}

# Static keys patch the kernel's text: emulation in several threads may run it
# stale. Debug kernels have them as variables.
keys()
{
	[ "$VM_ACCEL" = kvm ] ||
		zcat /proc/config.gz 2>/dev/null | grep -q '^# CONFIG_JUMP_LABEL is not set'
}

#
# What the kernel offers, as lively as it gets.
#
mkdir -p /mnt/huge
mount -t tmpfs -o huge=always,size=64m huge /mnt/huge || fail "mount with huge=always"
for pair in vm/dirty_writeback_centisecs=20 vm/dirty_expire_centisecs=20 kernel/hung_task_warnings=10; do
	[ ! -e "/proc/sys/${pair%=*}" ] || echo "${pair#*=}" >"/proc/sys/${pair%=*}"
done
khuge=$MM/transparent_hugepage/khugepaged
echo 0 >$khuge/alloc_sleep_millisecs
knob $khuge/scan_sleep_millisecs=0,100,1000
knob $khuge/pages_to_scan=64,4096
knob $khuge/defrag=0,1
knob $MM/transparent_hugepage/shmem_enabled=never,advise,within_size,always
knob $MM/transparent_hugepage/enabled=always,always,madvise
knob /proc/sys/vm/swappiness=0,60,200
if [ -d $MM/ksm ]; then
	knob $MM/ksm/sleep_millisecs=0,100,1000
	knob $MM/ksm/run=0,1,1,2
	knob $MM/ksm/pages_to_scan=100,1000
fi
if keys; then
	knob $MM/lru_gen/enabled=0,1,3,5,7
	knob /proc/sys/kernel/numa_balancing=0,1
	knob /sys/module/zswap/parameters/enabled=N,Y
	knob /sys/devices/system/cpu/cpu1/online=0,1,1
else
	skip "switching LRU and CPUs" "this kernel patches itself for that"
fi
lru_gen=$(cat $MM/lru_gen/enabled 2>/dev/null)

# DAMON, with what it does to pages: on the upper end of each node, or it takes a
# CPU for many seconds, since its quotas begin only after its first round.
damon=$MM/damon/admin/kdamonds
if [ -d $damon ]; then
	echo 1 >$damon/nr_kdamonds
	echo 1 >$damon/0/contexts/nr_contexts
	ctx=$damon/0/contexts/0
	echo paddr >$ctx/operations
	echo 20000 >$ctx/monitoring_attrs/intervals/sample_us
	echo 200000 >$ctx/monitoring_attrs/intervals/aggr_us
	echo 1 >$ctx/targets/nr_targets
	echo 2 >$ctx/targets/0/regions/nr_regions
	end=$(sed -n 's/^[0-9a-f]*-\([0-9a-f]*\) : System RAM/\1/p' /proc/iomem | tail -n 1)
	end=$((0x$end + 1))
	n=0
	for upto in $((end / 2)) $end; do
		echo $((upto - (32 << 20))) >$ctx/targets/0/regions/$n/start
		echo "$upto" >$ctx/targets/0/regions/$n/end
		n=$((n + 1))
	done
	echo 3 >$ctx/schemes/nr_schemes
	n=0
	for action in pageout lru_prio lru_deprio; do
		scheme=$ctx/schemes/$n
		echo $action >$scheme/action
		for range in sz nr_accesses age; do
			echo 4294967295 >$scheme/access_pattern/$range/max
		done
		echo $((4 << 20)) >$scheme/quotas/bytes
		echo 100 >$scheme/quotas/reset_interval_ms
		n=$((n + 1))
	done
	knob $damon/0/state=on,on,off,commit
	check "DAMON starts" sh -c "echo on >$damon/0/state"
else
	skip "DAMON" "this kernel has none"
fi

#
# Before.
#
mkcg test
incg test true
rmcg test
mkcg test
drop_all
unevictable=$(vmstat nr_unevictable)
mlocked=$(vmstat nr_mlock)
unowned=$(unowned)
unowned_root=$(unowned_root)
check "loads" load_reaper min_age_ms=0 scan_interval_ms=20 cpu_percent=100
methods=
have=" $(tun method | tr -d '[]') "
for method in $(echo "${WANTED:-$have}" | tr ',' ' '); do
	case $have in
	*" $method "*)
		if tun method "$method" 2>/dev/null; then
			methods=$methods${methods:+,}$method
		else
			skip "method $method" "this kernel can't"
		fi
		;;
	*)	skip "method $method" "this module has only$have" ;;
	esac
done
[ "$methods" ] || skip_all "no method to test"
tun method "${methods%%,*}"
# Its thread has to get along with a crowd.
renice -n 0 -p "$(thread_pid)" >/dev/null
note "methods $methods, $DURATION seconds"
knob "$REAPER/method=$methods"
knob $REAPER/reap_background=0,1,1,1
knob $REAPER/scan_interval_ms=10,10,100,1000
knob $REAPER/min_age_ms=0,0,100,1000
knob $REAPER/cpu_percent=1,20,100,100
knob $REAPER/batch_pages=32,512,65536
knob $REAPER/swap=0,1,1
knob $REAPER/reap=1

#
# All at once.
#
# shellcheck disable=SC2046,SC2086 # lists
stress --root "$TEST" --seconds "$DURATION" $(printf -- '--dir /mnt/%s ' $DISKS tmpfs) \
	--huge /mnt/huge --swap "$SWAP_DEV" $KNOBS "$@" >/tmp/stress.out 2>/tmp/stress.err
status=$?
sed 's/^/# /' /tmp/stress.out
head -n 40 /tmp/stress.err | sed 's/^/# /'
note "passes $(stat passes_total), groups freed $(stat freed_groups_total)," \
	"evicted $(stat evicted_bytes_total), reparented $(stat reparented_bytes_total) bytes"
compare "content is right, nobody fails" $status = 0

#
# And nothing is left of it.
#
# Those that the kernel refused to begin with stay as they are.
echo off 2>/dev/null >$damon/0/state
[ ! -d $MM/ksm ] || echo 2 >$MM/ksm/run
[ ! "$lru_gen" ] || ! keys || echo "$lru_gen" >$MM/lru_gen/enabled
for pair in method=${methods%%,*} reap_background=1 scan_interval_ms=10 min_age_ms=0 cpu_percent=100 \
		batch_pages=512 swap=1; do
	tun "${pair%=*}" "${pair#*=}"
done
! keys || echo 1 2>/dev/null >/sys/devices/system/cpu/cpu1/online
grep -q "^$SWAP_DEV " /proc/swaps && swapoff "$SWAP_DEV"
umount /mnt/huge
if wait_for 120 'journals_let_go; no_dying'; then
	ok "all groups are gone"
else
	fail "all groups are gone" "$(nr_dying): $(tail -n 3 $OFFLINE)"
fi
if wait_for 60 'journals_let_go; [ ! "$(not_zero "$TEST")" ]'; then
	ok "the parent has nothing"
else
	fail "the parent has nothing" "$(not_zero "$TEST")"
fi
wait_for 20 '[ "$(more_than_kernel "$TEST")" = 0 ]'
compare "the parent is charged for nothing but the kernel's own" "$(more_than_kernel "$TEST")" = 0 bytes
compare "nor for any swap" "$(cat "$TEST/memory.swap.current")" = 0 bytes
check "the parent goes" rmdir "$TEST"
check "at once" wait_for 20 'tun reap 1 2>/dev/null; no_dying'
drop_all
wait_for 20 "as_before nr_unevictable $unevictable"
compare "unevictable pages are as many as before" "$(vmstat nr_unevictable)" = "$unevictable"
wait_for 20 "as_before nr_mlock $mlocked"
compare "mlocked ones, too" "$(vmstat nr_mlock)" = "$mlocked"
# A batch of each CPU may be under way.
check "lists have as many pages as owners" wait_for 20 '[ "$(abs $(($(unowned) - unowned)))" -le 64 ]'
note "pages on lists less those owned: $(unowned), before $unowned"
check "so it is in the root's statistics" \
	wait_for 20 '[ "$(abs $(($(unowned_root) - unowned_root)))" -le 262144 ]'
note "bytes: $(unowned_root), before $unowned_root"
check "zones and nodes count the same" wait_for 20 '[ ! "$(zones_differ)" ]'
zones_differ
for name in nr_isolated_anon nr_isolated_file nr_writeback nr_swapcached; do
	compare "$name" "$(vmstat $name)" = 0
done
if dmesg | grep 'vmstat_refresh: .* -' >/tmp/negative; then
	fail "no count is below zero" "$(tail -n 1 /tmp/negative)"
else
	ok "no count is below zero"
fi
check "unloads" unload_reaper
# Built in, but off unless it is told otherwise.
if echo scan 2>/dev/null >/sys/kernel/debug/kmemleak; then
	# The first scan may meet what is being freed.
	echo scan >/sys/kernel/debug/kmemleak
	cat /sys/kernel/debug/kmemleak >/tmp/leaks
	compare "leaks" "$(grep -c '^unreferenced' /tmp/leaks)" = 0
	sed 's/^/# /' /tmp/leaks | head -n 40
fi
finish
