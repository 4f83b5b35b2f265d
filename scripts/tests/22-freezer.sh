# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# kernels: 6.1 6.12
# vm: --cgroup v2 --ext4 512 --xfs 300
# timeout: 180
#
# The thread freezes at once wherever it is, does nothing while frozen and stands
# in nobody's way, and goes on afterwards: with the v1 freezer, when the system
# hibernates (which ends before the power is off: there is no swap), and when it is
# suspended to memory. So does a reap that is at work.
# shellcheck source=../guest/lib.sh
. /lib.sh

FREEZER=/tmp/freezer/reaper
TRACE=/sys/kernel/tracing
RTC=/sys/class/rtc/rtc0
INTERVAL=10

freeze()
{
	echo FROZEN >$FREEZER/freezer.state
	check "$1" wait_for 10 '[ "$(cat $FREEZER/freezer.state)" = FROZEN ]'
}

thaw()
{
	echo THAWED >$FREEZER/freezer.state
}

# asleep NAME: what the kernel has to say of its way there
asleep()
{
	dmesg >/tmp/dmesg
	check "$1: user space froze" grep -q 'Freezing user space processes' /tmp/dmesg
	check "$1: and kernel threads" grep -q 'Freezing remaining freezable tasks' /tmp/dmesg
	check "$1: none refused" sh -c '! grep -iE "freezing of .* (failed|aborted)|refusing to freeze" /tmp/dmesg'
}

# suspend: to memory, until the machine's clock wakes it; for wait_for, as it fails where
# the alarm has come before the machine was asleep
suspend()
{
	local count

	read -r count </sys/power/wakeup_count
	dmesg -c >/dev/null
	echo 0 >"$RTC/wakealarm"
	echo +2 >"$RTC/wakealarm"
	echo "$count" >/sys/power/wakeup_count && echo mem 2>/dev/null >/sys/power/state
}

# wait_taken: until something more is evicted. To hibernate, the kernel takes memory itself
# where much of it is in use (hibernate_preallocate_memory()): that group may be gone.
wait_taken()
{
	local evicted

	evicted=$(stat evicted_bytes_total)
	! no_dying || small
	wait_for 30 "[ \$(stat evicted_bytes_total) -gt $evicted ]"
}

small()
{
	mkgroups --root "$CG/test" --count 20 --dir /mnt/xfs --sync >/dev/null
}

mkdir /tmp/freezer
mount -t cgroup -o freezer freezer /tmp/freezer
mkdir $FREEZER
check "loads" load_reaper min_age_ms=0 scan_interval_ms=$INTERVAL cpu_percent=100
thread_pid >$FREEZER/tasks

#
# Frozen between passes.
#
small
# In a pass it would keep the group that it has come to.
wait_for 30 no_dying
freeze "freezes while it waits"
cpu=$(thread_cpu_ns)
passes=$(stat passes_total)
small
tun scan_interval_ms 20
wait_for 1 '[ "$(stat passes_total)" != "$passes" ]'
compare "does nothing" $(($(thread_cpu_ns) - cpu)) = 0
compare "no pass" "$(stat passes_total)" = "$passes"
compare "groups wait" "$(nr_dying)" -ge 20
check "reap works meanwhile" tun reap 1
nothing_left "and frees them"
small
thaw
nothing_left "goes on"

#
# Frozen in the middle of a group.
#
tun reap_background 0
big 600M
tun cpu_percent 5
evicted=$(stat evicted_bytes_total)
tun reap_background 1
check "is at work" wait_for 30 "[ \$(stat evicted_bytes_total) -gt $evicted ]"
freeze "freezes in the middle of a group"
cpu=$(thread_cpu_ns)
evicted=$(stat evicted_bytes_total)
wait_for 3 "[ \$(stat evicted_bytes_total) != $evicted ]"
compare "does nothing there" $(($(thread_cpu_ns) - cpu)) = 0
compare "takes nothing" "$(stat evicted_bytes_total)" = "$evicted"
compare "the group is still there" "$(nr_dying)" = 1
check "reap gets past it" tun reap 1
thaw
tun cpu_percent 100
nothing_left "and the group goes"

# Unload needs no thaw of anybody's: the thread is told to stop.
thaw
thread_pid >/tmp/freezer/tasks

#
# Hibernation: user space first, then all threads that can, then back.
#
tun reap_background 0
big 600M
tun cpu_percent 2
tun reap_background 1
if grep -qw disk /sys/power/state; then
	check "a pass is under way" wait_taken
	dmesg -c >/dev/null
	echo shutdown >/sys/power/disk
	echo disk >/sys/power/state 2>/dev/null
	asleep "hibernation"
	check "an image was made" grep -q 'PM: hibernation: Image created' /tmp/dmesg
	# A batch beside that reclaim may become all of the group, and is paid for: by a rest
	# that is longer than this waits, if it has taken more than 0.6 s.
	longest=$(sed -n 's/^max \([0-9]*\) .*/\1/p' $DEBUG/latency)
	note "the longest batch: $longest ns"
	if wait_taken || { [ "$longest" -gt 600000000 ] && tun cpu_percent 100 &&
		wait_for 30 no_dying; }; then
		ok "the pass goes on"
	else
		fail "the pass goes on" "$(nr_dying) groups"
		what_is_left
	fi
else
	skip "hibernation" "this kernel offers $(cat /sys/power/state)"
fi

#
# Suspend, in the middle of the same group; then in the middle of a reap, which the
# freezer has end as a signal does.
#
if grep -qw mem /sys/power/state && [ -e $RTC/wakealarm ]; then
	check "suspend, in a pass" wait_for 60 suspend
	asleep "suspend"
	check "the machine was asleep" grep -q 'PM: suspend exit' /tmp/dmesg
	check "the pass goes on" wait_taken
	tun reap_background 0
	# Groups that stay keep each reap waiting for them to go.
	hold /tmp/locked mkgroups --root "$CG/test" --prefix locked --count 2 --kind mlocked \
		--dir /mnt/xfs --sync --hold
	locked=$HELD
	(while :; do tun reap 1; done) 2>/dev/null &
	reaps=$!
	check "reap is at work" wait_taken
	echo 1 >$TRACE/events/memcg_reaper/reap_pass_end/enable
	echo >$TRACE/trace
	check "suspend, in a reap, ends that" \
		wait_for 60 'suspend && grep -q "reap_pass_end:.* result=-4" $TRACE/trace'
	asleep "suspend in reap"
	passes=$(stat passes_total)
	check "the writer goes on" wait_for 30 "[ \$(stat passes_total) -gt $passes ]"
	for HELD in $reaps $locked; do
		release
	done
	tun reap_background 1
else
	skip "suspend" "this kernel offers $(cat /sys/power/state)"
fi
tun cpu_percent 100
nothing_left "the thread works afterwards"
small
nothing_left "on new groups, too"
check "unloads" unload_reaper
finish
