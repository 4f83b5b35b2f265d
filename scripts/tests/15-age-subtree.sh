# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# kernels: 5.10 6.1 6.12
# vm: --cgroup v2 --xfs 300
# timeout: 120
#
# Which groups and when: min_age_ms, subtree, reap_background and
# scan_interval_ms, each with effect in the middle of a long sleep; a removed
# group is noticed long before the next pass.
# shellcheck source=../guest/lib.sh
. /lib.sh

HOUR=3600000

#
# min_age_ms
#
check "loads" load_reaper scan_interval_ms=50 min_age_ms=$HOUR cpu_percent=100
dead age1
check "passes" wait_passes 4
compare "a young group is left alone" "$(value age1 result)" = young
compare "with all it has" "$(value age1 file)" -ge 65536
check "its age grows" wait_for 30 '[ "$(value age1 age_ms)" -ge 500 ]'
compare "nothing was evicted" "$(stat evicted_bytes_total)" = 0
tun min_age_ms 100
check "until it is old enough" wait_for 30 no_dying
check "and counted as freed" wait_for 10 '[ "$(stat freed_groups_total)" = 1 ]'
tun min_age_ms 1500
start=$(now)
dead age2
check "a group goes by its age" wait_for 30 no_dying
compare "not before" $(($(now) - start)) -ge 149 "of 1/100 s"
tun min_age_ms 0

#
# subtree
#
mkcg 'a tree/in'
mkcg 'a treeX'
mkcg out
tun subtree '/a tree'
dead 'a tree/in/deep'
dead 'a tree/one'
check "groups below it go, the path has a space" wait_for 30 no_dying
dead 'a treeX/two'
dead out/three
check "passes" wait_passes 4
compare "a group with the same beginning is outside" "$(value two result)" = outside
compare "and another" "$(value three result)" = outside
compare "with all they have" $(($(value two file) + $(value three file))) -ge 131072
check "reap leaves them alone too" sh -c "echo 1 >$REAPER/reap"
compare "both are there" "$(nr_dying)" = 2
tun subtree '/a tree/in'
dead 'a tree/four'
mkcg 'a tree/in/dead'
dead 'a tree/in/dead/five'
rmdir "$CG/a tree/in/dead"
check "a nested one: below it they go" wait_for 30 '[ "$(nr_dying)" = 3 ]'
check "and passes" wait_passes 4
compare "next to it they don't" "$(value four result)" = outside
# The group itself is not below itself: on 5.10 it stays, with the inodes that it was
# given of those below it.
rmdir "$CG/a tree/in"
mkcg 'a tree/in'
dead 'a tree/in/six'
check "a group of the same path made again counts as well" wait_for 30 '! grep -q " six " $OFFLINE'
tun subtree /
check "all go without it" wait_for 30 no_dying

#
# reap_background and scan_interval_ms, while the thread sleeps for an hour
#
tun scan_interval_ms $HOUR
passes=$(stat passes_total)
dead notice
start=$(now)
check "a removed group is noticed" wait_for 30 '[ "$(stat offline_groups)" = 1 ]'
compare "within 3 s" $(($(now) - start)) -le 300 "of 1/100 s"
check "and its age is known" wait_for 30 '[ "$(value notice age_ms)" -ge 300 ]'
compare "without a pass" "$(stat passes_total)" = "$passes"
tun scan_interval_ms 100
start=$(now)
check "a shorter interval counts at once" wait_for 30 no_dying
compare "within 3 s" $(($(now) - start)) -le 300 "of 1/100 s"

tun scan_interval_ms $HOUR
tun reap_background 0
offline=$(stat offline_groups)
passes=$(stat passes_total)
cpu=$(thread_cpu_ns)
dead background
tun scan_interval_ms 50
wait_for 3 '[ "$(stat passes_total)" != "$passes" ] || [ "$(stat offline_groups)" != "$offline" ]'
compare "reap_background=0: no pass" "$(stat passes_total)" = "$passes"
compare "no scan" "$(stat offline_groups)" = "$offline"
compare "hardly any CPU time" $((($(thread_cpu_ns) - cpu) / 1000000)) -le 20 ms
compare "the group stays" "$(nr_dying)" = 1
tun scan_interval_ms $HOUR
tun reap_background 1
start=$(now)
check "reap_background=1: the thread looks at once" wait_for 30 '[ "$(stat offline_groups)" = 1 ]'
compare "within 3 s" $(($(now) - start)) -le 300 "of 1/100 s"
tun scan_interval_ms 50
check "and works" wait_for 30 no_dying
check "unloads" unload_reaper
finish
