# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# kernels: 6.1
# vm: --cgroup v1 --ext4 512 --xfs 300
# timeout: 240
#
# On the v1 hierarchy: offline groups are found, evicted, freed and shown, also
# thousands of them.
# shellcheck source=../guest/lib.sh
. /lib.sh

MANY=${1:-3000}

check "loads" load_reaper reap_background=0 min_age_ms=0 scan_interval_ms=100 cpu_percent=100

compare "methods" "$(tun method)" = "[evict]"
for method in reparent recharge; do
	compare "$method is refused" "$(tun method $method 2>&1 | sed 's/.*: //')" = \
		"Operation not supported"
	check "and the log says why" sh -c \
		"dmesg | grep -q 'method: \"$method\" refused: the memory controller is not on cgroup v2'"
done

mkcg live/below
incg live filesum write /mnt/ext4/live 16 100000 1
mkcg live/dead
incg live/dead dd if=/dev/zero of=/mnt/xfs/dead bs=64k count=1 2>/dev/null
incg live/dead dd if=/dev/zero of=/mnt/tmpfs/dead bs=64k count=1 2>/dev/null
sync
rmdir "$CG/live/dead"
check "a row" wait_for 10 '[ "$(value dead ancestor)" = /live ]'
check "file" wait_for 10 '[ "$(value dead file)" -ge 131072 ]'
compare "shmem" "$(value dead shmem)" = 65536
compare "holders" "$(holders dead)" = file,anon
# With tmpfs of the removed group, which goes later.
current=$(awk '$1 == "cache" { print $2 }' "$CG/live/memory.stat")
check "reap" tun reap 1
compare "tmpfs stays" "$(value dead shmem)" = 65536
compare "page cache goes" "$(holders dead)" = anon
compare "it is stuck" "$(value dead result) $(stat stuck_groups)" = "stuck 1"
rm /mnt/tmpfs/dead
check "reap once more" tun reap 1
check "and nothing is left" wait_for 10 no_dying

mkgroups --root "$CG/test" --prefix x --count 100 --dir /mnt/xfs --sync >/tmp/x
mkgroups --root "$CG/test" --prefix n --count 30 --kind nested --dir /mnt/xfs --sync >/tmp/n
mkgroups --root "$CG/test" --prefix e --count 200 --sync >/tmp/e
tun reap_background 1
check "the thread frees all on xfs" wait_for 60 "! grep -qE ' (x|n)[0-9]' $OFFLINE"
check "and most on ext4" wait_for 60 '[ "$(nr_dying)" -le 40 ]'
compare "the live group's page cache" "$(awk '$1 == "cache" { print $2 }' "$CG/live/memory.stat")" -ge "$((current - 65536))"
check "its files" filesum verify /mnt/ext4/live 16 100000 1
left=$(nr_dying)
drop_all
wait_for 5 "[ \$(nr_dying) -lt $left ]"
compare "as many stay as drop_caches leaves, or fewer" "$left" -le $(($(nr_dying) + 10)) "of 200"
tun reap_background 0
compare "inodes have nothing to do with it" "$(stat switched_inodes_total)" = 0
sync
echo 3 >/proc/sys/vm/drop_caches

#
# Many
#
before=$(nr_dying)
mkgroups --root "$CG/test" --count $((MANY / 2)) --kind tmpfs --size 4096 --prefix a >/tmp/a &
mkgroups --root "$CG/test" --count $((MANY / 2)) --kind tmpfs --size 4096 --prefix b >/tmp/b
wait
note "$(cat /tmp/a) $(cat /tmp/b)"
start=$(now)
cut -d' ' -f1,5 $OFFLINE >/tmp/rows
note "read $MANY rows in $(($(now) - start)) hundredths of a second"
compare "all rows" "$(grep -cE ' [ab][0-9]+$' /tmp/rows)" = "$MANY"
compare "each once" "$(sort /tmp/rows | uniq -d)" = ""
start=$(now)
compare "ancestors" "$(awk '$1 == "/test" { print $4 }' $DEBUG/ancestors)" -ge "$MANY"
note "read ancestors in $(($(now) - start)) hundredths of a second"
# What is left on ext4 has it say EAGAIN.
tun reap 1 2>/dev/null
compare "reap finds them stuck" "$(stat stuck_groups)" -ge "$MANY"
rm -rf /mnt/tmpfs/*
tun reap_background 1
check "all go when their files do" wait_for 120 "[ \$(nr_dying) -le $((before + 5)) ]"
check "and are counted" wait_for 20 "[ \$(stat freed_groups_total) -ge $MANY ]"
start=$(now)
check "unloads" unload_reaper
compare "at once" $(($(now) - start)) -le 300 "of 1/100 s"
finish
