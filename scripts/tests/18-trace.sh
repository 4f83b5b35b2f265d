# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# kernels: 5.10 6.1 6.12
# vm: --cgroup v2 --xfs 300
# timeout: 120
#
# The tracepoints: all are there, in pairs, and their fields agree with what
# happened and with the counters.
# shellcheck source=../guest/lib.sh
. /lib.sh

TRACE=/sys/kernel/tracing
EVENTS=$TRACE/events/memcg_reaper
N=30

# only EVENT: its lines
only()
{
	grep " $1: " /tmp/trace
}

check "loads" load_reaper reap_background=0
compare "events" "$(cd $EVENTS && echo */)" = \
	"inode_switch/ reap_group_begin/ reap_group_end/ reap_pass_begin/ reap_pass_end/"
echo 1 >$EVENTS/enable
mkcg test
: >/tmp/ids
i=0
while [ $i -lt $N ]; do
	i=$((i + 1))
	mkcg test/g$i
	busybox stat -c %i "$CG/test/g$i" >>/tmp/ids
	incg test/g$i dd if=/dev/zero of=/mnt/xfs/$i bs=64k count=1 2>/dev/null
	rmdir "$CG/test/g$i"
done
sort /tmp/ids >/tmp/ids.sorted
to=$(busybox stat -c %i "$CG/test")
# The kernel looks for clean inodes itself when a group goes offline: written out
# only after that, they are left to the module, but for a few at times.
check "all are offline" \
	wait_for 10 '[ "$(tail -n +3 $OFFLINE | wc -l)" = $N ]'
sync
dying=$(nr_dying)
switched=$(stat switched_inodes_total)
evicted=$(stat evicted_bytes_total)
passes=$(stat passes_total)
check "reap" tun reap 1
echo 0 >$EVENTS/enable
cp $TRACE/trace /tmp/trace

compare "one pass begins" "$(only reap_pass_begin | wc -l)" = 1
compare "and ends" "$(only reap_pass_end | wc -l)" = 1
compare "it is the next one" "$(only reap_pass_begin | field pass) $(only reap_pass_end | field pass)" = \
	"$((passes + 1)) $((passes + 1))"
compare "its method" "$(only reap_pass_begin | field method)" = evict
compare "dying groups" "$(only reap_pass_begin | field nr_dying)" -ge "$dying"
compare "its result" "$(only reap_pass_end | field result)" = 0
compare "groups tried" "$(only reap_pass_end | field tried)" = $N
compare "bytes" "$(only reap_pass_end | field bytes)" = $(($(stat evicted_bytes_total) - evicted))
compare "are what they held, at least" "$(only reap_pass_end | field bytes)" -ge $((N * 65536))

only reap_group_begin | field id | sort >/tmp/begun
only reap_group_end | field id | sort >/tmp/ended
check "each group begins" cmp /tmp/ids.sorted /tmp/begun
check "and ends" cmp /tmp/ids.sorted /tmp/ended
compare "in turn" "$(grep -o 'reap_group_[a-z]*' /tmp/trace | uniq -d | wc -l)" = 0
compare "bytes of groups add up" "$(only reap_group_end | field bytes | awk '{ n += $1 } END { print n }')" = \
	"$(only reap_pass_end | field bytes)"
compare "each took time" "$(only reap_group_end | field ns | awk '$1 <= 0 || $1 > 60e9' | wc -l)" = 0
compare "results" "$(only reap_group_end | field result | sort -u)" = taken
compare "methods" "$(only reap_group_end | field method | sort -u)" = evict

compare "inode switches" "$(only inode_switch | wc -l)" -ge 1
compare "are counted" "$(only inode_switch | wc -l)" = $(($(stat switched_inodes_total) - switched))
only inode_switch | field from | sort -u >/tmp/from
compare "from the removed groups" "$(grep -cvxFf /tmp/ids.sorted /tmp/from)" = 0
compare "to their parent" "$(only inode_switch | field to | sort -u)" = "$to"
dev=$(cat "/sys/class/block/${XFS_DEV##*/}/dev")
compare "on this device" "$(only inode_switch | field dev | sort -u)" = "$dev"
find /mnt/xfs -exec busybox stat -c %i {} \; | sort >/tmp/inodes
only inode_switch | field ino | sort -u >/tmp/switched
compare "of these files" "$(grep -cvxFf /tmp/inodes /tmp/switched)" = 0
check "and all are gone" wait_for 10 no_dying

# The thread's passes come in pairs as well.
tun min_age_ms 0
tun scan_interval_ms 50
echo >$TRACE/trace
echo 1 >$EVENTS/enable
mkgroups --root "$CG/test" --count 20 --dir /mnt/xfs --sync >/dev/null
tun reap_background 1
check "the thread works" wait_for 30 no_dying
tun reap_background 0
usleep 300000
echo 0 >$EVENTS/enable
cp $TRACE/trace /tmp/trace
compare "passes of the thread" "$(only reap_pass_begin | field pass | md5sum)" = \
	"$(only reap_pass_end | field pass | md5sum)"
compare "and groups" "$(only reap_group_begin | field id | md5sum)" = \
	"$(only reap_group_end | field id | md5sum)"
check "by its name" grep -q 'kmemcg_reaperd-.*reap_group_end' /tmp/trace
check "unloads" unload_reaper
finish
