# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
#
# Reparenting each kind of memory that a dead group can hold, without swap: the
# group goes while its memory is in use, nothing changes for the users, and the
# parent has what the group had, then loses it when it is freed, to the page.
# Kinds that can't be moved are named.
#
# vm: --cgroup v2 --ext4 640 --xfs 512 --mem 1536
# kernels: 6.1 6.12
# timeout: 300

# shellcheck source=../guest/lib.sh
. /lib.sh

N=40
STOCK=$((64 * 4096 * $(nproc)))
OFFLINE=/sys/kernel/debug/memcg_reaper/offline
THP=/sys/kernel/mm/transparent_hugepage

# What the parent's numbers say of pages that are on its lists.
lists()
{
	cgstat test inactive_anon && cgstat test active_anon &&
		cgstat test inactive_file && cgstat test active_file && cgstat test unevictable
}

sum()
{
	awk '{ n += $1 } END { printf "%d", n }'
}

# Numbers of the parent that are not 0; PREEMPT_RT has no huge pages, and none of these.
# Directory blocks and the like may stay for the journal.
left_over()
{
	local key n

	for key in anon shmem file_mapped unevictable anon_thp shmem_thp inactive_anon active_anon; do
		n=$(cgstat test $key)
		[ "${n:-0}" = 0 ] || echo "$key=$n"
	done
	[ "$(lists | sum)" -le 524288 ] || echo "lists=$(lists | sum)"
}

# empty NAME: the parent has lost all that came from dead groups
empty()
{
	drop_all
	# The kernel brings small numbers up to date every two seconds.
	wait_for 20 '[ "$(left_over)" = "" ]'
	compare "$1: the parent's numbers are back to nothing" "$(left_over)" = ""
	wait_for 10 '[ "$(cgstat test file)" = "$(lists | sum)" ] && [ "$(beyond test)" -le $STOCK ]'
	compare "$1: file is what its lists hold" "$(cgstat test file)" = "$(lists | sum)"
	compare "$1: and so is what it is charged, besides the kernel's own" "$(beyond test)" -le $STOCK
}

# once_more WHY: another `reap`, for those that wait to be written, or are being
once_more()
{
	note "$1"
	sync
	tun reap 1 2>/tmp/err
}

# reparented NAME GROUPS BYTES: by one `reap`, and another for what has to be written
reparented()
{
	local name="$1" before

	compare "$name: groups to begin with" "$(nr_dying)" -ge "$2"
	before=$(stat reparented_bytes_total)
	charged=$(cat "$CG/test/memory.current")
	held=$(lists | sum)
	tun reap 1 2>/tmp/err
	# Before 6.12.117 dirty inodes are not switched: they have to be written.
	if ! has switch_dirty; then
		wait_for 3 '[ "$(grep -c " dirty$" $OFFLINE)" = "$(nr_dying)" ]'
	fi
	if ! has switch_dirty && [ "$(nr_dying)" != 0 ]; then
		compare "$name: those that stay have dirty inodes" \
			"$(grep -c ' dirty$' $OFFLINE)" = "$(nr_dying)"
		once_more "$name: $(nr_dying) wait to be written"
	fi
	# On a slow machine the kernel begins to write some just then.
	if grep -q " busy$" $OFFLINE; then
		once_more "$name: $(grep -c " busy$" $OFFLINE) were busy"
	fi
	nothing_left "$name: all go" 20
	compare "$name: bytes moved" $(($(stat reparented_bytes_total) - before)) -ge "$3"
	compare "$name: the parent's lists hold what they held" "$(lists | sum)" -ge $((held - N * 4096))
	compare "$name: it is not charged more" "$(cat "$CG/test/memory.current")" -le "$charged"
}

# moves NAME KIND BYTES-EACH [OPTIONS]: N groups that mkgroups makes
moves()
{
	local name="$1" kind="$2" size="$3" groups=$N

	shift 3
	[ "$kind" != nested ] || groups=$((N * 5))
	hold /tmp/mk mkgroups --root "$CG/test" --prefix "$name" --count $N --kind "$kind" \
		--size "$size" --hold "$@" || fail "$name" "$(tail -n 1 /tmp/mk)"
	reparented "$name" $groups $((N * size))
	release
	rm -rf /mnt/ext4/* /mnt/xfs/* /mnt/tmpfs/*
	empty "$name"
}

# one GROUP OPTIONS: one dead group with a holder
one()
{
	local group="$1"

	shift
	mkcg "test/$group"
	hold /tmp/holder holder --cgroup "$CG/test/$group" --home "$CG" "$@" ||
		fail "$group" "$(tail -n 1 /tmp/holder)"
	rmcg "test/$group"
	wait_for 10 '[ "$(nr_dying)" -ge 1 ]'
}

mkcg test/live
check "loads" load_reaper reap_background=0 method=reparent
compare "method" "$(tun method)" = "evict [reparent] recharge"

moves written file 16384 --dir /mnt/ext4 --sync
moves dirty dirty 65536 --dir /mnt/ext4
moves dirtyx dirty 65536 --dir /mnt/xfs
moves read read 65536 --dir /mnt/xfs
moves mapped mapped 65536 --dir /mnt/xfs
moves mlocked mlocked 65536 --dir /mnt/ext4
moves tmpfs tmpfs 65536
moves anon anon 65536
moves deep nested 16384 --dir /mnt/ext4 --nest 5

# A large file that a live process has mapped and locked.
mkcg test/big
hold /tmp/holder holder --cgroup "$CG/test/big" --home "$CG" --kind file --size 256M \
	--file /mnt/ext4/big --lock
sync
rmcg test/big
reparented "256 MiB, mapped and locked" 1 268435456
shows "the parent's unevictable" test unevictable -ge 268435456
compare "its contents, and major faults of the holder" "$(verified /tmp/holder)" = "same 0"
echo $(($(cat "$CG/test/memory.current") + 16777216)) >"$CG/test/memory.max"
mkcg test/eater
holder --cgroup "$CG/test/eater" --home "$CG" --size 100M 2>/dev/null
compare "memory.max of the parent counts it: killed for 100 MiB more" \
	"$(sed -n 's/^oom_kill //p' "$CG/test/memory.events")" -ge 1
release
shows "unlocked, it is evictable" test unevictable = 0
echo 67108864 >"$CG/test/memory.max"
compare "and memory.max reclaims it" "$(cat "$CG/test/memory.current")" -le 67108864
echo max >"$CG/test/memory.max"
rm /mnt/ext4/big
empty "256 MiB"

# Huge pages of a tmpfs.
if [ -e $THP/enabled ]; then
	mkdir /mnt/huge
	mount -t tmpfs -o huge=always huge /mnt/huge
	one hugetmpfs --kind shm --file /mnt/huge/f --size 16M
	compare "huge pages of a tmpfs" "$(meminfo ShmemHugePages)" -ge 8388608
	reparented "tmpfs, huge" 1 16777216
	compare "tmpfs, huge: they still are" "$(meminfo ShmemHugePages)" -ge 8388608
	compare "tmpfs, huge: contents" "$(verified /tmp/holder)" = "same 0"
	release
	umount /mnt/huge
	empty "tmpfs, huge"
else
	skip "huge pages of a tmpfs" "this kernel has none"
fi

# Large folios of xfs.
mkcg test/large
incg test/large dd if=/dev/zero of=/mnt/xfs/large bs=1M count=32 2>/dev/null
sync
echo 1 >/proc/sys/vm/drop_caches
incg test/large dd if=/mnt/xfs/large of=/dev/null bs=1M 2>/dev/null
rmcg test/large
wait_for 10 '[ "$(nr_dying)" -ge 1 ]'
reparented "large folios of xfs" 1 33554432
rm /mnt/xfs/large
empty "large folios of xfs"

# Same pages, merged.
echo 1 >/sys/kernel/mm/ksm/run 2>/dev/null
echo 10000 >/sys/kernel/mm/ksm/pages_to_scan 2>/dev/null
echo 10 >/sys/kernel/mm/ksm/sleep_millisecs 2>/dev/null
one ksm --kind ksm --size 4M
if wait_for 30 '[ "$(cat /sys/kernel/mm/ksm/pages_sharing)" -ge 900 ]'; then
	reparented "merged pages" 1 4096
	compare "merged pages: contents" "$(verified /tmp/holder)" = "same 0"
else
	skip "merged pages" "this kernel merges none"
fi
release
echo 2 >/sys/kernel/mm/ksm/run
wait_for 20 no_dying
empty "merged pages"

# hugetlbfs, which no eviction takes.
if mount -o remount,memory_hugetlb_accounting none "$CG" 2>/tmp/err; then
	mkdir /mnt/hugetlb
	mount -t hugetlbfs huge /mnt/hugetlb
	# One more than is used: holder maps so much.
	echo 9 >/proc/sys/vm/nr_hugepages
	compare "hugetlb: pages there are" "$(meminfo HugePages_Total)" -gt 0
	one hugetlb --kind shm --file /mnt/hugetlb/f --size 16M
	compare "hugetlb: charged" "$(cat "$CG/test/memory.current")" -ge 16777216
	tun method evict
	tun reap 1 2>/tmp/err
	check "hugetlb: named as the holder" grep -qE ' hugetlb .* hugetlb stuck$' $OFFLINE
	note "$(grep ' hugetlb ' $OFFLINE)"
	tun method reparent
	reparented "hugetlb" 1 16777216
	compare "hugetlb: still charged to the parent" "$(cat "$CG/test/memory.current")" -ge 16777216
	compare "hugetlb: contents" "$(verified /tmp/holder)" = "same 0"
	release
	rm /mnt/hugetlb/f
	umount /mnt/hugetlb
	compare "hugetlb: back in the pool" "$(meminfo HugePages_Free)" = "$(meminfo HugePages_Total)"
	echo 0 >/proc/sys/vm/nr_hugepages
	empty "hugetlb"
else
	skip "hugetlb" "this kernel charges nobody for it: $(cat /tmp/err)"
fi

# Anonymous huge pages stay, with the reason, until they are freed.
if [ -e $THP/enabled ]; then
	echo always >$THP/enabled
	one thp --kind thp --size 8M
	huge=$(meminfo AnonHugePages)
	compare "anonymous huge pages" "$huge" -ge 8388608
	tun reap 1 2>/tmp/err
	compare "huge pages: the group stays" "$(nr_dying)" = 1
	check "huge pages: named as the holder" grep -qE ' thp .* anon[a-z,]*,thp (stuck|partial)$' $OFFLINE
	note "$(grep ' thp ' $OFFLINE)"
	tun reap 1 2>/tmp/err
	compare "huge pages: counted as stuck" "$(stat stuck_groups)" = 1
	compare "huge pages: nothing to come back for" "$(cat /tmp/err)" = ""
	compare "huge pages: contents" "$(verified /tmp/holder)" = "same 0"
	release
	check "huge pages: gone when they are freed" wait_for 20 no_dying
	empty "huge pages"
else
	skip "huge pages" "this kernel has none"
fi

check "unload" unload_reaper
finish
