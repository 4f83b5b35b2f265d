# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# kernels: 5.10 6.1 6.12
# vm: --cgroup v2 --ext4 512 --xfs 300
# timeout: 180
#
# The file reap: one full pass whatever the tunables say, its errors, its end on
# a signal and on unload, and several of them beside the thread.
# shellcheck source=../guest/lib.sh
. /lib.sh

TRACE=/sys/kernel/tracing
BUSY=

# reap: what the write says
reap()
{
	(echo 1 >$REAPER/reap) 2>&1 | sed 's/.*: //'
}

# Busy tasks beside which one of a lower priority takes long for anything.
slow()
{
	for _ in $(seq "$(nproc)"); do
		sh -c 'while :; do :; done' &
		BUSY="$BUSY $!"
	done
}

fast()
{
	# shellcheck disable=SC2086 # one by one
	kill $BUSY
	BUSY=
}

# wait_work BEFORE [COUNTER]: until a pass has begun to take what there is
wait_work()
{
	local taken=0 end

	end=$(($(now) + 6000))
	until [ "$taken" -gt "$1" ] || [ "$(now)" -gt $end ]; do
		read -r taken <"$REAPER/stats/${2:-evicted_bytes_total}"
	done
	[ "$taken" -gt "$1" ]
}

check "loads" load_reaper reap_background=0 min_age_ms=3600000 scan_interval_ms=3600000 cpu_percent=1
echo 1 >$TRACE/events/memcg_reaper/enable

#
# Success: nothing stays, or nothing that could be taken.
#
compare "reap of nothing" "$(reap)" = ""
mkgroups --root "$CG/test" --prefix x --count 50 --dir /mnt/xfs --sync >/tmp/x
compare "reap with reap_background=0 and an age of an hour" "$(reap)" = ""
nothing_left "all are gone"
compare "and counted" "$(stat freed_groups_total)" = 50
hold /tmp/m mkgroups --root "$CG/test" --prefix m --count 20 --kind mlocked --size 4K --dir /mnt/xfs --sync --hold
# Pages that are only just locked are found to be so when they are tried.
check "success where nothing can be taken" wait_for 30 '[ "$(reap)" = "" ]'
compare "stuck groups" "$(stat stuck_groups)" = 20
[ "$(stat stuck_groups)" = 20 ] || note "$(grep -v 'unevictable stuck$' $OFFLINE)"
compare "offline groups" "$(stat offline_groups)" = 20
release
check "and they go when they are let go" wait_for 30 '[ "$(reap)" = "" ] && no_dying'

#
# EAGAIN: things that could be taken later.
#
touch /mnt/ext4/atime
mount -o remount,commit=300 /mnt/ext4
mkgroups --root "$CG/test" --prefix e --count 50 --kind meta >/tmp/e
compare "EAGAIN while a journal holds pages" "$(reap)" = "Resource temporarily unavailable"
compare "some are there" "$(nr_dying)" -ge 1
check "success once it has let go" wait_for 60 \
	'journal_lets_go; [ "$(reap)" = "" ]'
nothing_left "and nothing stays"

#
# Cut short again and again, it gets to all: those that can't be emptied don't have
# their turn twice before the others had it once.
#
# ids: of the groups that the traced passes tried, in order
ids()
{
	sed -n 's/.*reap_group_begin: id=\([0-9]*\) .*/\1/p' $TRACE/trace
}

mkgroups --root "$CG/test" --prefix o --count 100 --kind meta >/tmp/o
compare "the journal holds many" "$(reap)" = "Resource temporarily unavailable"
echo >$TRACE/trace
rm -f /tmp/pid
(
	wait_for 60 '[ -s /tmp/pid ] && [ "$(ids | wc -l)" -ge 10 ]'
	kill -INT "$(cat /tmp/pid)"
) &
sh -c 'echo $$ >/tmp/pid; echo 1 >'$REAPER/reap
wait
ids >/tmp/first
compare "a pass is cut short after some" "$(wc -l </tmp/first)" -ge 10
compare "before it was through" "$(wc -l </tmp/first)" -lt "$(nr_dying)"
echo >$TRACE/trace
compare "the next one goes on" "$(reap)" = "Resource temporarily unavailable"
ids >/tmp/second
# The one in which it was cut short may be the first again.
sed 1d /tmp/second | head -n 10 >/tmp/next
compare "with those that had no turn" "$(sort /tmp/first /tmp/next | uniq -d)" = ""
compare "and comes to the others after that" \
	"$(sort /tmp/first /tmp/second | uniq -d | wc -l)" -ge 5
check "success once the journal has let go" wait_for 60 \
	'journal_lets_go; [ "$(reap)" = "" ]'
nothing_left "and nothing stays of these"

# Its inode is read from the disk, and its time of access changes.
sync
echo 2 >/proc/sys/vm/drop_caches
touch -d '2000-01-01 00:00' /mnt/ext4/atime
sync
echo 2 >/proc/sys/vm/drop_caches
mkdir "$CG/atime"
incg atime cat /mnt/ext4/atime
rmdir "$CG/atime"
wait_for 10 'grep -q " atime " $OFFLINE'
if ! has switch_dirty; then
	compare "EAGAIN while nothing but a dirty inode holds a group" "$(reap)" = \
		"Resource temporarily unavailable"
	compare "it is there" "$(nr_dying)" = 1
	sync
fi
check "success once it is written, or switched as it is" wait_for 10 '[ "$(reap)" = "" ]'
nothing_left "and the group is gone"

#
# A signal.
#
# cut_short METHOD COUNTER: in the middle of a group
cut_short()
{
	local before status ended

	tun method "$1"
	big 1G
	# Its inode, too.
	sync
	echo >$TRACE/trace
	before=$(stat "$2")
	rm -f /tmp/pid /tmp/killed
	slow
	(
		wait_work "$before" "$2"
		read -r pid </tmp/pid
		kill -INT "$pid"
		fast
		now >/tmp/killed
	) &
	BUSY=
	sh -c 'renice 10 $$; echo $$ >/tmp/pid; echo 1 >'$REAPER/reap
	status=$?
	ended=$(now)
	wait
	compare "$1: SIGINT ends the writer" $status = 130
	compare "$1: at once" $((ended - $(cat /tmp/killed))) -le 200 "of 1/100 s"
	check "$1: the pass ended with EINTR" grep -q 'reap_pass_end:.* result=-4' $TRACE/trace
	compare "$1: before it was through" "$(nr_dying)" = 1
	compare "$1: the next one is not hindered" "$(reap)" = ""
	nothing_left "$1: and completes it"
}

cut_short evict evicted_bytes_total
if has reparent; then
	cut_short reparent reparented_bytes_total
	tun method evict
	# It is still cached, and would be nobody's next time.
	drop_all
fi

#
# Several, with the thread.
#
tun min_age_ms 0
tun scan_interval_ms 10
tun cpu_percent 100
tun reap_background 1
mkgroups --root "$CG/test" --prefix c --seconds 5 --dir /mnt/xfs >/tmp/c &
churn=$!
for i in 1 2 3; do
	(
		n=0
		while kill -0 $churn 2>/dev/null; do
			case $(reap) in
			''|'Resource temporarily unavailable') n=$((n + 1)) ;;
			*) echo bad; break ;;
			esac
		done >/tmp/reaps.$i
		echo $n >>/tmp/reaps.$i
	) &
done
wait $churn
compare "churn beside three writers and the thread" $? = 0
wait
compare "no write fails" "$(cat /tmp/reaps.? | grep -c bad)" = 0
note "passes of the writers:" "$(cat /tmp/reaps.?)"
sync
nothing_left "nothing stays"

#
# Unload, in the middle of a reap and of a pass of the thread.
#
# unload NAME: at once; the busy tasks end when it begins
unload()
{
	local start rmmod

	start=$(now)
	unload_reaper &
	rmmod=$!
	[ ! "$BUSY" ] || fast
	wait $rmmod
	compare "$1" $? = 0
	compare "$1: how long it took" $(($(now) - start)) -le 500 "of 1/100 s"
}

tun reap_background 0
big 1G
evicted=$(stat evicted_bytes_total)
slow
sh -c "renice 10 \$\$; echo 1 >$REAPER/reap; echo \$? >/tmp/status" 2>/tmp/error &
check "reap is at work" wait_work "$evicted"
unload "unload during reap"
wait
compare "reap gets an error" "$(cat /tmp/status)" != 0
wait
note "it is: $(cat /tmp/error)"
compare "before it was through" "$(nr_dying)" = 1

check "loads again" load_reaper min_age_ms=0 scan_interval_ms=10 cpu_percent=2
check "the thread is at work" wait_work 0
unload "unload during a pass"
compare "before it was through" "$(nr_dying)" = 1
check "loads once more" load_reaper min_age_ms=0 scan_interval_ms=10 cpu_percent=100
nothing_left "and the thread completes it" 60
unload "the last unload"
finish
