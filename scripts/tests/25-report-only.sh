# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# kernels: 7.2
# vm: --cgroup v2 --xfs 300
# timeout: 120
#
# Where the kernel hands the memory of removed groups to their parents, the module
# loads, says so once, shows what groups are left and what holds them, and takes
# nothing.
# shellcheck source=../guest/lib.sh
. /lib.sh

N=20
SAID='memcg_reaper: this kernel hands the memory of removed groups to their parents'

dmesg -c >/dev/null
check "loads" load_reaper min_age_ms=0 scan_interval_ms=50 cpu_percent=100
compare "and says so once" "$(dmesg | grep -c "$SAID")" = 1
compare "method" "$(tun method)" = '[none]'

mkgroups --root "$CG/test" --prefix file --count $N --kind file --dir /mnt/xfs --sync >/tmp/file
poke
check "groups that wrote a file go by themselves" wait_for 30 'poke; [ "$(nr_dying)" -le 2 ]'
hold /tmp/sock mkgroups --root "$CG/test" --prefix sock --count $N --kind socket --hold
check "groups that sockets hold are seen" wait_for 30 '[ "$(stat stuck_groups)" -ge $N ]'
compare "and counted" "$(stat offline_groups)" -ge $N
compare "a row each" "$(table "$OFFLINE" 'index($c["name"], "sock") == 1 &&
	$c["result"] == "stuck" && known == "socket=2" { n++ } END { print n + 0 }')" = $N
compare "their ancestor" "$(table $DEBUG/ancestors '$c["path"] == "/test" { print $c["offline_groups"] }')" -ge $N
passes=$(stat passes_total)
check "passes go on" wait_passes 2
compare "reap has nothing to do" "$( (echo 1 >$REAPER/reap) 2>&1)" = ""
compare "and was a pass" "$(stat passes_total)" -gt "$passes"
for name in evicted_bytes reparented_bytes recharged_bytes switched_inodes; do
	compare "$name" "$(stat ${name}_total)" = 0
done
compare "all of them are there" "$(nr_dying)" -ge $N
release
check "they go when they are let go" wait_for 60 '[ "$(nr_dying)" -le 2 ]'
check "and that is seen" wait_for 60 '[ "$(stat freed_groups_total)" -ge $N ]'
check "unloads" unload_reaper
finish
