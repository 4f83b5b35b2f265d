# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
#
# As long as anyone may look at a folio's former group under RCU, the folio is on
# no list, and the former group is not released: putting folios back earlier gives
# them a generation of the other group's, releasing it earlier loses what is
# counted for it late.
#
# The reader is the kernel's own show_state(), which prints all tasks under one
# rcu_read_lock(), and lets nobody else have its CPU.
#
# vm: --cgroup v2 --xfs 300 --mem 1024
# kernels: 6.1 6.12
# timeout: 200

# shellcheck source=../guest/lib.sh
. /lib.sh

PAGES=256
SLEEPERS=

# reader: $READER is a task under RCU for a while, longer with more to print
reader()
{
	dmesg -c >/dev/null
	taskset 1 sh -c 'echo t >/proc/sysrq-trigger' &
	READER=$!
	wait_for 10 'dmesg | grep -q "Show State"'
}

reading()
{
	kill -0 "$READER" 2>/dev/null
}

# last_line FILE, rows FILE WORD: set $last, $rows. A new process may have to wait for
# the reader, so none here.
last_line()
{
	while read -r line; do
		last=$line
	done <"$1"
}

rows()
{
	rows=0
	while read -r line; do
		case $line in
		*" $2 "*) rows=$((rows + 1)) ;;
		esac
	done <"$1"
}

for _ in $(seq 300); do
	sleep 1000 &
	SLEEPERS="$SLEEPERS $!"
done
taskset -p 2 $$ >/dev/null
load_reaper reap_background=0 method=reparent
# What is done once waits for RCU, too.
mkcg test
dead first
tun reap 1

# attempt: a reader, and a `reap` beside it that takes the folios; sets $last, $rows, and
# $early where they were not seen off their lists before the reader was through
attempt()
{
	local watch reap i=0

	mkcg test/dead
	hold /tmp/holder holder --cgroup "$CG/test/dead" --home "$CG" --kind shm \
		--file /mnt/tmpfs/f --size $((PAGES * 4096))
	rmcg test/dead
	wait_for 10 'grep -q " dead " $OFFLINE'
	folios /mnt/tmpfs/f >/tmp/folios &
	watch=$!
	check "the folios are on lists" wait_line /tmp/folios "on=$PAGES off=0" 20
	reader
	tun reap 1 2>/dev/null &
	reap=$!
	last="" early=""
	until [ "$last" = "on=0 off=$PAGES" ] || [ "$early" ]; do
		last_line /tmp/folios
		reading || early=1
	done
	# What would go on does so in much less than this takes.
	while [ $i -lt 20 ] && [ ! "$early" ]; do
		rows $OFFLINE dead
		[ "$rows" = 1 ] || break
		i=$((i + 1))
	done
	last_line /tmp/folios
	reading || early=1
	wait $READER $reap
	check "after it: they are back" wait_for 10 '[ "$(tail -n 1 /tmp/folios)" = "on=$PAGES off=0" ]'
	kill $watch
}

# again: what an attempt that says nothing has left goes
again()
{
	release
	rm -f /mnt/tmpfs/f
	wait_for 20 no_dying
}

rt=$(uname -v | grep PREEMPT_RT)
attempt
# `reap` first waits for each CPU, the reader's too, to drain its batches, for a while.
for _ in 1 2 3 4; do
	if [ ! "$early" ] || [ "$rt" ]; then
		break
	fi
	again
	attempt
done
if [ "$early" ] && [ "$rt" ]; then
	skip "beside a reader" "on PREEMPT_RT a thread prints, and the reader is through at once"
elif [ "$early" ]; then
	fail "beside a reader" "never seen off their lists, or the reader was through too early"
else
	compare "beside a reader: all are on no list" "$last" = "on=0 off=$PAGES"
	compare "beside a reader: the former group is there" "$rows" = 1
fi
nothing_left "after it: the former group is gone"
kill -USR1 "$HELD"
wait_for 20 'grep -q same /tmp/holder'
compare "contents" "$(tail -n 1 /tmp/holder)" = "same 0"
# shellcheck disable=SC2086 # one by one
kill $SLEEPERS
release
check "unload" unload_reaper
finish
