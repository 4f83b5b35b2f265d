# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# kernels: 5.10 6.1 6.12 7.2
# vm: --cgroup v2 --xfs 300
# timeout: 120
#
# With nothing to do the thread sleeps: at most one wake-up a minute, whatever the
# interval, also after there have been groups; and what comes then is still noticed
# within a second or so.
# shellcheck source=../guest/lib.sh
. /lib.sh

IDLE=${1:-30}

# How often the thread has gone to sleep, and was sent to.
switches()
{
	awk '/ctxt_switches/ { n += $2 } END { print n }' "/proc/$(thread_pid)/status"
}

check "loads" load_reaper min_age_ms=0 scan_interval_ms=10

# A few groups that are there for a while, then none.
mkgroups --root "$CG/test" --count 20 --kind file --dir /mnt/xfs --sync >/tmp/made
hold /tmp/sock mkgroups --root "$CG/test" --prefix sock --count 5 --kind socket --hold
check "groups are seen" wait_for 30 '[ "$(stat offline_groups)" -ge 5 ]'
check "passes go on while there are some" wait_passes 5
release
check "then none is left" all_gone 60
check "which is seen" wait_for 30 '[ "$(stat offline_groups)" = 0 ]'

# Groups that nothing holds may be on their way at one look, and gone at the next.
mkgroups --root "$CG/test" --prefix empty --count 200 --kind empty >/tmp/empty

# Looks that a removal is good for have an end, too.
# shellcheck disable=SC2317 # called through check
settled()
{
	local was

	was=$(switches)
	! wait_for 3 "[ \$(switches) != $was ]"
}
check "the thread comes to rest" wait_for 60 settled

passes=$(stat passes_total) cpu=$(thread_cpu_ns) before=$(switches) start=$(now)
sleep "$IDLE"
woken=$(($(switches) - before)) took=$(($(now) - start))
compare "wake-ups when idle" "$woken" -le $(((took + 5999) / 6000)) \
	"in $((took / 100)) s; $(($(thread_cpu_ns) - cpu)) ns of CPU, $(($(stat passes_total) - passes)) passes"

# Nobody else changes anything: what is noticed, is by the probe.
mkgroups --root "$CG/test" --prefix late --count 3 --kind tmpfs >/tmp/late
if has evict; then
	check "groups that come then are noticed" wait_for 20 '[ "$(stat offline_groups)" -ge 3 ]'
fi
check "unloads" unload_reaper
finish
