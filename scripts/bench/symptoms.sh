# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# what: a slow memory.stat and mkdir, and what kworkers do, with many offline groups and without
# vm: --cgroup v2 --ext4 2048 --mem 3584
# timeout: 1800
#
#	symptoms stat [GROUPS]		a live process maps a file that they are charged for
#	symptoms churn [SECONDS [PARAM=VALUE...]]
#					groups with dirty files come and go
#
# Each is measured first without the module, then when it has freed the groups, or while
# it works. What is seen of it is in Documentation/troubleshooting.rst.
# shellcheck source=../guest/lib.sh
. /lib.sh

TRACE=/sys/kernel/tracing

what=${1:-stat}
howmuch=${2:-}
[ $# -lt 2 ] || shift 2

# timed COMMAND...: $took is how long it takes, in ms with a tenth. No process is started
# beside the command: on a busy host that alone takes longer.
timed()
{
	local begun end

	# shellcheck disable=SC3028 # busybox sh has it
	begun=$EPOCHREALTIME
	"$@"
	# shellcheck disable=SC3028
	end=$EPOCHREALTIME
	took=$(((${end%.*}${end#*.} - ${begun%.*}${begun#*.}) / 100))
	took=$((took / 10)).$((took % 10))
}

# ms COMMAND...: the same, printed
ms()
{
	timed "$@" >/dev/null
	echo "$took"
}

# work_begin, work_end: which functions kworkers ran meanwhile, and for how long
work_begin()
{
	[ -e $TRACE/tracing_on ] || mount -t tracefs tracefs $TRACE
	echo 0 >$TRACE/tracing_on
	echo 16384 >$TRACE/buffer_size_kb
	echo >$TRACE/trace
	echo 1 >$TRACE/events/workqueue/workqueue_execute_start/enable
	echo 1 >$TRACE/events/workqueue/workqueue_execute_end/enable
	echo 1 >$TRACE/tracing_on
	work_since=$(now)
}

work_end()
{
	echo 0 >$TRACE/tracing_on
	echo "kworkers, in $((($(now) - work_since) / 100)) s: ms, calls, longest in ms, function"
	# "comm-pid [cpu] flags time: event: work struct X: function F"
	awk '/workqueue_execute_/ {
		pid = $1; sub(/.*-/, "", pid)
		for (i = 2; i <= NF; i++) if ($i ~ /^[0-9]+\.[0-9]+:$/) { t = $i + 0; break }
		if ($0 ~ /execute_start/) { at[pid] = t; next }
		if (!(pid in at)) next
		f = $NF; d = (t - at[pid]) * 1000
		sum[f] += d; all += d; n[f]++; if (d > max[f]) max[f] = d
		if (!from) from = t
	} END {
		if (t > from) printf "  %8.1f at a time, on average\n", all / 1000 / (t - from) >"/dev/stderr"
		for (f in sum) printf "  %8.0f %7d %8.0f  %s\n", sum[f], n[f], max[f], f }' $TRACE/trace |
		sort -rn | head -n 6
}

# state: load, tasks that run or wait for a disk, kworkers of them, offline groups
state()
{
	local load

	load=$(cut -d' ' -f1-2 /proc/loadavg)
	cat /proc/[0-9]*/stat 2>/dev/null | sed 's/^[0-9]* (\(.*\)) \(.\).*/\2 \1/' >/tmp/tasks
	echo "load $load; R or D: $(grep -c '^[RD]' /tmp/tasks), kworkers $(grep -c '^[RD] kworker' /tmp/tasks)," \
		"of them flush $(grep -c '^[RD] kworker.*flush' /tmp/tasks); offline groups $(nr_dying);" \
		"slowest mkdir $(ms mkdir "$CG/probe") ms, rmdir $(ms rmdir "$CG/probe") ms"
}

# sampled SECONDS COMMAND...: the state every five seconds beside it
sampled()
{
	local end=$(($(now) + $1 * 100)) pid

	shift
	"$@" &
	pid=$!
	while [ "$(now)" -lt $end ]; do
		sleep 5
		state
	done
	kill $pid 2>/dev/null
	wait $pid 2>/dev/null
}

# freed METHOD: all groups, by the module
freed()
{
	local begun

	begun=$(now)
	load_reaper reap_background=0 min_age_ms=0 method="$1"
	tun reap 1 2>/dev/null
	wait_for 120 '[ "$(nr_dying)" -le 20 ]'
	echo "== $1: $((($(now) - begun) / 100)) s later $(nr_dying) groups are offline"
}

#
# stat
#
# The kernel makes all of the text for the first byte.
first_line()
{
	read -r _ <"$1"
}

# Eight new groups at a time, by one process.
mkdirs()
{
	local all='' i

	set --
	for i in 1 2 3 4 5 6 7 8; do
		set -- "$@" "$CG/new$i"
	done
	for i in 1 2 3 4 5; do
		timed mkdir "$@"
		all="$all $took"
		rmdir "$@"
	done
	echo "mkdir of 8, ms:$all"
}

stat_once()
{
	local quiet='' busy='' beside=''

	for _ in 1 2 3 4 5; do
		first_line "$CG/memory.stat"
		timed first_line "$CG/memory.stat"
		quiet="$quiet $took"
		remap /mnt/ext4/gshared
		timed first_line "$CG/memory.stat"
		busy="$busy $took"
		remap /mnt/ext4/gshared
		timed first_line "$CG/live/memory.stat"
		beside="$beside $took"
	done
	echo "memory.stat of the root, ms: nothing has changed:$quiet; the file was mapped:$busy"
	echo "memory.stat of a group beside them, ms: the file was mapped:$beside"
	remap /mnt/ext4/gshared 0 &
	work_begin
	sleep 20
	work_end
	kill $!
	mkdirs
	state
}

symptom_stat()
{
	local n=${howmuch:-20000}

	mkcg live
	truncate -s $((n * 4096)) /mnt/ext4/gshared
	mkdirs
	mkgroups --root "$CG/dead" --kind part --size 4096 --count "$n" --dir /mnt/ext4
	echo "== $(nr_dying) groups are offline, $(grep -E '^(Slab|Percpu)' /proc/meminfo | tr -s ' \n' ' ')"
	stat_once
	freed reparent
	stat_once
}

#
# churn
#
# Files of its own each time: one that is there stays with the writeback that it had.
churn_once()
{
	work_begin
	sampled "${howmuch:-60}" mkgroups --root "$CG/$1" --prefix "$1" --kind dirty --size 4096 --seconds 1000 \
		--files 100000 --dir /mnt/ext4
	work_end
	sync
	# The load of one minute, from what was before.
	wait_for 150 'awk "{ exit \$1 > 1 }" /proc/loadavg'
}

symptom_churn()
{
	echo "== without the module"
	churn_once a
	echo "== with the module, $*"
	load_reaper "$@"
	wait_for 60 '[ "$(nr_dying)" -le 20 ]'
	churn_once b
}

"symptom_$what" "$@"
