# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# kernels: debug-6.1 debug-6.12
# vm 6.12: --cgroup v2 --mem 1024 --xfs 300 --append kmemleak=on
# vm 6.1: --cgroup v2 --mem 1024 --xfs 300 --append kmemleak=on --append slub_debug=A;-,kmemleak_object,kmemleak_scan_area --allow kernel/trace/trace_events.c
# timeout: 360
#
# Each allocation fails once: while the module is loaded and unloaded, in each write to
# its files, each read of its tables, in passes by each method, in those of the thread.
# What fails says so with a clean error and changes nothing; what does not fail is whole.
# Groups go all the same, counters add up, nothing is leaked. Then many fail at once.
#
# Arguments: only these parts, of load, set, read, reap, thread and storm.
# shellcheck source=../guest/lib.sh
. /lib.sh

FAULTS='failslab fail_page_alloc'
# Chances that nobody took, in a row, before there are no more of them.
QUIET=3
MADE=4

# What may fail: everything but the books of kmemleak itself, which would end it; on 6.1
# the command line says so (slub_debug), as these files can't be written there. Faults are
# not announced on the console.
for fault in $FAULTS; do
	dir=/sys/kernel/debug/$fault
	[ -d "$dir" ] || skip_all "this kernel has no $fault"
	echo 0 >"$dir/verbose"
done
for cache in /sys/kernel/slab/*/failslab; do
	case $cache in
	*/kmemleak_*)	;;
	*)		echo 1 >"$cache" ;;
	esac
done 2>/dev/null
echo 1 >/sys/kernel/debug/failslab/cache-filter
echo 0 >/sys/kernel/debug/fail_page_alloc/ignore-gfp-wait
echo 0 >/sys/kernel/debug/fail_page_alloc/ignore-gfp-highmem

# Tracing itself gets its counts wrong where it can't make the files for a module's
# events, and warns of that (event_file_put() in kernel/trace/trace_events.c, 6.12). No
# faults in there, where they can be kept out; 6.1 can't, on this architecture.
for fault in $FAULTS; do
	dir=/sys/kernel/debug/$fault
	[ -e "$dir/reject-start" ] || continue
	awk 'start && $1 != start { print "0x" start, "0x" $1; exit }
		$3 == "__trace_add_new_event" { start = $1 }' /proc/kallsyms >/tmp/tracing
	read -r start end </tmp/tracing
	echo 32 >"$dir/stacktrace-depth"
	echo "$start" >"$dir/reject-start"
	echo "$end" >"$dir/reject-end"
done

# may_fail slab|page|all: objects are many, and the same each time; pages are few, and
# taken whenever a slab is full. Where both may fail, a chance has another number each
# time, and some are never taken.
may_fail()
{
	local wait=0 order=0

	[ "$1" != page ] || wait=1
	[ "$1" != slab ] || order=20
	echo $wait >/sys/kernel/debug/failslab/ignore-gfp-wait
	echo $order >/sys/kernel/debug/fail_page_alloc/min-order
}

# wanted PART
wanted()
{
	[ ! "$PARTS" ] || [ "${PARTS#* "$1" }" != "$PARTS" ]
}

bad()
{
	[ "$BAD" ] || BAD="$KIND $N, $RESULT: $*"
}

# each NAME LEAST BEFORE AFTER COMMAND...: with a fault at the first chance, the second,
# and so on, until there are no more; up to chance REST of objects, every STEP of them
# only. COMMAND has N put after its name, and prints as failnth does. BEFORE and AFTER are
# functions, the latter says what is bad about the RESULT. LEAST faults have to come.
each()
{
	local name="$1" least="$2" before="$3" after="$4" command="$5" out quiet hit=0

	shift 5
	BAD=''
	: >/tmp/results
	for KIND in slab page; do
		may_fail $KIND
		N=1 quiet=0
		while [ $quiet != $QUIET ] && [ ! "$BAD" ]; do
			$before
			out=$($command $N "$@" 2>&1)
			RESULT=${out% *}
			quiet=$((quiet + 1))
			if [ "${out##* }" = 0 ]; then
				hit=$((hit + 1)) quiet=0
				echo "$RESULT" >>/tmp/results
			fi
			$after
			[ $KIND = slab ] && [ $N -lt $REST ] && N=$((N + STEP - 1))
			N=$((N + 1))
		done
	done
	if [ "$BAD" ]; then
		fail "$name" "$BAD"
	else
		ok "$name" "$(sort /tmp/results | uniq -c | xargs)"
	fi
	compare "$name: faults" $hit -ge "$least"
}

# no_leaks NAME: what is new is too young for the first scan
no_leaks()
{
	if ! echo scan 2>/dev/null >/sys/kernel/debug/kmemleak; then
		skip "$1: nothing is leaked" "kmemleak is off"
		return
	fi
	sleep 6
	echo scan >/sys/kernel/debug/kmemleak
	cat /sys/kernel/debug/kmemleak >/tmp/leaks
	check "$1: nothing is leaked" [ ! -s /tmp/leaks ]
	sed 's/^/# /' /tmp/leaks
}

load()
{
	load_reaper reap_background=0 min_age_ms=0 scan_interval_ms=10 cpu_percent=100
}

#
# Loading and unloading.
#
not_there()
{
	[ ! -d /sys/module/memcg_reaper ] || bad "the module is there"
	[ ! -e "$REAPER" ] || bad "$REAPER is there"
	[ ! -e "$DEBUG" ] || bad "$DEBUG is there"
	! thread_pid >/dev/null || bad "the thread is there"
}

loaded()
{
	case $RESULT in
	ok)	unload_reaper || bad "does not unload" ;;
	ENOMEM)	;;
	*)	bad "no such error" ;;
	esac
	not_there
}

unloaded()
{
	case $RESULT in
	ok)	;;
	ENOMEM)	unload_reaper || bad "does not unload afterwards" ;;
	*)	bad "no such error" ;;
	esac
	not_there
}

#
# Settings.
#
reset()
{
	tun "$TUNABLE" "$OLD"
	BEFORE=$(tun "$TUNABLE")
}

set_or_not()
{
	local now

	now=$(tun "$TUNABLE")
	case $RESULT in
	ok)	[ "$now" != "$BEFORE" ] || bad "the old value stays" ;;
	ENOMEM)	[ "$now" = "$BEFORE" ] || bad "the value is $now" ;;
	*)	bad "no such error" ;;
	esac
}

# set_each TUNABLE OLD NEW
set_each()
{
	TUNABLE=$1 OLD=$2
	each "$1 is set, or stays" 2 reset set_or_not failnth write "$REAPER/$1" "$3"
	reset
}

#
# Tables. A row may be short of what there was no memory for.
#
read_or_not()
{
	case $RESULT in
	ok|ENOMEM) ;;
	*)	bad "no such error" ;;
	esac
}

#
# Passes.
#
some_groups()
{
	mkgroups --root "$CG/test" --prefix f --count $((MADE / 2)) --dir /mnt/xfs --sync >/dev/null
	if [ "$METHOD" = evict ]; then
		mkgroups --root "$CG/test" --prefix r --count $((MADE - MADE / 2)) --kind read \
			--dir /mnt/xfs >/dev/null
	else
		mkgroups --root "$CG/test" --prefix t --count $((MADE - MADE / 2)) --kind tmpfs >/dev/null
	fi
	ALL=$((ALL + MADE))
}

# Success means that nothing is left to do.
reaped()
{
	case $RESULT in
	ok)	wait_for 20 no_dying || bad "$(nr_dying) stay: $(tail -n 1 "$OFFLINE")" ;;
	EAGAIN|ENOMEM|working) ;;
	*)	bad "no such error" ;;
	esac
	wait_for 60 'tun reap 1 2>/dev/null; no_dying' || bad "$(nr_dying) do not go: $(tail -n 1 "$OFFLINE")"
}

# counters NAME: all groups that were made are gone
counters()
{
	tun reap 1
	compare "$1: offline groups, bytes, and stuck ones" \
		"$(stat offline_groups) $(stat offline_bytes) $(stat stuck_groups)" = "0 0 0"
	compare "$1: groups freed" "$(stat freed_groups_total)" = "$ALL"
}

# thread_pass N: prints as failnth does
thread_pass()
{
	local pid left passes

	pid=$(thread_pid)
	passes=$(stat passes_total)
	echo "$1" >"/proc/$pid/fail-nth"
	tun reap_background 1
	wait_for 60 "[ \$(stat passes_total) -gt $passes ]" || echo "the pass does not end"
	tun reap_background 0
	read -r left <"/proc/$pid/fail-nth"
	echo 0 >"/proc/$pid/fail-nth"
	echo "working $left"
}

# storm PERCENT: of the allocations of those tasks that have make-it-fail
storm()
{
	local fault

	may_fail all
	for fault in $FAULTS; do
		echo Y >"/sys/kernel/debug/$fault/task-filter"
		echo -1 >"/sys/kernel/debug/$fault/times"
		echo "$1" >"/sys/kernel/debug/$fault/probability"
	done
}

[ $# = 0 ] && PARTS='' || PARTS=" $* "
STEP=1 REST=0 ALL=0

if wanted load; then
	# Most chances are those of the kernel's loader; ours are the last.
	check "loads" load
	unload_reaper
	may_fail slab
	all=$(failnth 1000000 load /memcg_reaper.ko)
	all=$((1000000 - ${all#* }))
	unload_reaper
	STEP=8 REST=$((all - 170))
	each "loading ends well, or leaves nothing" 100 : loaded failnth load /memcg_reaper.ko reap_background=0
	STEP=1 REST=0
	each "so does unloading" 3 load unloaded failnth unload memcg_reaper
	no_leaks "loading"
fi

check "loads" load
if wanted set; then
	set_each reap_background 0 1
	set_each method evict reparent
	set_each scan_interval_ms 10 20
	set_each min_age_ms 0 1
	set_each cpu_percent 100 99
	set_each batch_pages 512 32
	set_each swap 1 0
	set_each subtree / /somewhere
fi

if wanted read; then
	hold /tmp/socket mkgroups --root "$CG/test" --prefix s --count 2 --kind socket --hold
	check "groups that somebody holds" [ $? = 0 ]
	METHOD=evict
	some_groups
	for table in offline ancestors files swapped latency; do
		each "$table is read, or fails" 4 : read_or_not failnth read $DEBUG/$table
	done
	release
	check "they go" wait_for 30 'tun reap 1 2>/dev/null; no_dying'
	counters "read"
fi

for METHOD in evict reparent recharge; do
	tun method $METHOD
	if wanted reap; then
		each "$METHOD: reap ends well, or fails" 10 some_groups reaped failnth write $REAPER/reap 1
		counters "$METHOD"
	fi
	if wanted thread; then
		STEP=3 REST=1000
		each "$METHOD: passes of the thread end" 4 some_groups reaped thread_pass
		STEP=1 REST=0
		counters "$METHOD, thread"
	fi
	if wanted storm; then
		echo 1 >"/proc/$(thread_pid)/make-it-fail"
		storm 30
		tun reap_background 1
		mkgroups --root "$CG/test" --prefix c --seconds 300 --rate 20 --dir /mnt/xfs >/dev/null &
		HELD=$!
		check "$METHOD: passes end while many allocations fail" wait_passes 3
		release
		sync
		storm 0
		echo 0 >"/proc/$(thread_pid)/make-it-fail"
		nothing_left "$METHOD: all groups go once they don't"
		tun reap_background 0
		tun reap 1
		# One that is gone before there was memory to note it is not counted.
		ALL=$(stat freed_groups_total)
		counters "$METHOD, storm"
	fi
done

check "unloads" unload_reaper
no_leaks "passes"
finish
