# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# kernels: 5.10
# vm: --cgroup v2 --io v2 --xfs 300
# timeout: 120
#
# Where inodes can't be switched and each group has a writeback of its own: groups
# that read go; those that wrote lose their pages, stay, are counted as stuck, and go
# when their inodes leave the cache.
# shellcheck source=../guest/lib.sh
. /lib.sh

N=40

# stuck NAME: how many groups of that name have nothing left but a writeback
stuck()
{
	table "$OFFLINE" '
		index($c["name"], w[1]) == 1 && known ~ "^wb=[0-9:]*$" && $c["result"] == "stuck" { n++ }
		END { print n + 0 }' "$1"
}

check "loads" load_reaper min_age_ms=0 scan_interval_ms=100 cpu_percent=100
mkgroups --root "$CG/test" --prefix read --count $N --kind read --dir /mnt/xfs >/tmp/read
nothing_left "groups that read go"

evicted=$(stat evicted_bytes_total)
mkgroups --root "$CG/test" --prefix wrote --count $N --kind file --dir /mnt/xfs --sync >/tmp/wrote
check "groups that wrote stay, with nothing that evict takes" wait_for 60 '[ "$(stuck wrote)" = $N ]'
check "and are counted as stuck" wait_for 30 '[ "$(stat stuck_groups)" = $N ]'
compare "their pages were taken" $(($(stat evicted_bytes_total) - evicted)) -ge $((N * 16384))
compare "no inode is switched" "$(stat switched_inodes_total)" = 0
compare "reap has nothing to do" "$( (echo 1 >$REAPER/reap) 2>&1)" = ""
compare "and none of them goes" "$(nr_dying)" = $N
echo 2 >/proc/sys/vm/drop_caches
nothing_left "they go when the inodes do"
check "unloads" unload_reaper
finish
