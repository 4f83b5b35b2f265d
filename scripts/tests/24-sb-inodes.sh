# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# kernels: 5.10
# vm: --cgroup v2 --ext4 256 --xfs 300
# timeout: 120
#
# Where a writeback has no list of its clean inodes, they are found on the super
# blocks: groups that wrote go, however many other inodes there are, on more than one
# file system, with nothing dropped from the caches. What can't be switched, as its
# file system is frozen, is named, and is switched when it can be.
# shellcheck source=../guest/lib.sh
. /lib.sh

N=30
# More than are looked at under one hold of the list's lock.
OTHERS=1500

# on DISK NAME: how many groups of that name nothing holds but the writeback of that disk
# shellcheck disable=SC2317 # called by wait_for
on()
{
	table "$OFFLINE" '
		index($c["name"], w[2]) == 1 && known == "wb=" w[1] && $c["result"] == "stuck" { n++ }
		END { print n + 0 }' "$(cat "/sys/class/block/${1##*/}/dev")" "$2"
}

xfs_inodes()
{
	awk '$1 == "xfs_inode" { print $2 }' /proc/slabinfo
}

check "loads" load_reaper reap_background=0 min_age_ms=0 scan_interval_ms=100 cpu_percent=100
mkdir /mnt/xfs/old /mnt/xfs/new
check "files of others, older ones" filesum write /mnt/xfs/old $OTHERS 1 1
mkgroups --root "$CG/test" --prefix wrote --count $N --kind file --dir /mnt/xfs --sync >/tmp/wrote
mkgroups --root "$CG/test" --prefix ext4 --count $N --kind file --dir /mnt/ext4 --sync >/tmp/ext4
check "and newer ones" filesum write /mnt/xfs/new $OTHERS 1 2
sync
wait_for 10 "[ \$(nr_dying) -ge $((2 * N)) ]"
compare "groups that wrote are offline" "$(nr_dying)" -ge $((2 * N))
inodes=$(xfs_inodes)
tun reap 1 2>/dev/null
compare "their inodes are switched" "$(stat switched_inodes_total)" -ge $((2 * N))
check "and they go" wait_for 30 '! grep -q " wrote" $OFFLINE'
check "those on the other file system, too" wait_for 60 \
	'journal_lets_go; tun reap 1 2>/dev/null; no_dying'
compare "inodes in the cache" "$(xfs_inodes)" -ge "$inodes"
check "files are intact" filesum verify /mnt/xfs/old $OTHERS 1 1

# By the thread, within its budget, and what can't be switched is said.
fsfreeze --freeze /mnt/ext4
fsfreeze --unfreeze /mnt/ext4
mkgroups --root "$CG/test" --prefix frozen --count $N --kind file --dir /mnt/xfs --sync >/tmp/frozen
fsfreeze --freeze /mnt/xfs
switched=$(stat switched_inodes_total)
tun reap_background 1
check "frozen: they stay, and the disk is named" wait_for 60 '[ "$(on "$XFS_DEV" frozen)" = $N ]'
passes=$(stat passes_total)
check "and the thread goes on" wait_for 30 "[ \$(stat passes_total) -ge $((passes + 10)) ]"
compare "none of them is switched" "$(stat switched_inodes_total)" = "$switched"
fsfreeze --unfreeze /mnt/xfs
nothing_left "they go when it is thawed" 60
compare "by switches" $(($(stat switched_inodes_total) - switched)) -ge $N
check "unloads" unload_reaper
finish
