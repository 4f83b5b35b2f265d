# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
#
# What a dead group left goes to the group that uses it, with all that memory.stat says
# of it: a service that is restarted into a new group has its mlocked index charged to
# the dead one. Where there is nobody, or it doesn't fit, it goes to the parent. In the
# end, everybody's numbers are those of a group that had the pages all along.
#
# vm: --cgroup v2 --ext4 300 --xfs 300 --mem 1024
# kernels: 6.1 6.12
# timeout: 240

# shellcheck source=../guest/lib.sh
. /lib.sh

MB=1048576
STOCK=$((64 * 4096 * $(nproc)))
USERS=

current()
{
	cat "$CG/$1/memory.current"
}

# kinds GROUP: what memory.stat must say 0 of, when nothing is left, and does not
kinds()
{
	awk '$2 && $1 ~ /^(anon|file|shmem)$|^file_|^(in)?active_|_thp$|^unevictable$/ {
		printf "%s=%d ", $1, $2 }' "$CG/$1/memory.stat"
}

# lists GROUP: what is on its lists, less what it has of memory; 0
lists()
{
	awk '$1 ~ /^(in)?active_(anon|file)$|^unevictable$/ { n += $2 }
		$1 ~ /^(anon|file)$/ { n -= $2 } END { printf "%d", n }' "$CG/$1/memory.stat"
}

# agree NAME GROUP...: lists, memory.stat and memory.current, but for what the CPUs have in
# stock
agree()
{
	local name="$1" group

	shift
	for group; do
		wait_for 10 '[ "$(lists '"$group"')" = 0 ] && [ "$(beyond '"$group"')" -le $STOCK ] &&
			[ "$(cgstat '"$group"' file_mapped)" -le "$(cgstat '"$group"' file)" ]'
		compare "$name: $group: memory is what its lists hold" "$(lists "$group")" = 0
		compare "$name: $group: and what it is charged, besides the kernel's own" \
			"$(beyond "$group")" -le $STOCK
		compare "$name: $group: mapped is no more than there is" \
			"$(cgstat "$group" file_mapped)" -le "$(cgstat "$group" file)"
	done
}

# user GROUP OPTIONS: a process of this group that maps the file
user()
{
	local group="$1"

	shift
	mkcg "$group"
	hold "/tmp/user.$((${#USERS}))" holder --cgroup "$CG/$group" --home "$CG/$group" \
		--use "$@" || fail "user in $group" "$(tail -n 1 "/tmp/user.$((${#USERS}))")"
	OUT=/tmp/user.$((${#USERS}))
	USERS="$USERS $HELD"
}

# sound GROUP: what it maps now is what it shows; a number below 0 is shown as 0, until
# something is added
sound()
{
	hold /tmp/sound holder --cgroup "$CG/$1" --home "$CG/$1" --kind shm --file /mnt/tmpfs/sound \
		--size $MB
	wait_for 5 '[ "$(cgstat '"$1"' file_mapped)" = $MB ]'
	compare "and $1 counts from 0" "$(cgstat "$1" file_mapped) $(($(cgstat "$1" shmem) / MB))" = \
		"$MB 1"
	release
	rm /mnt/tmpfs/sound /tmp/sound
}

# moved GROUP HOME OPTIONS: a process of HOME that has brought anonymous memory from GROUP
moved()
{
	local group="$1" home="$2"

	shift 2
	mkcg "$group"
	mkcg "$home"
	OUT=/tmp/user.$((${#USERS}))
	hold "$OUT" holder --cgroup "$CG/$group" --home "$CG/$home" "$@" ||
		fail "$group to $home" "$(tail -n 1 "$OUT")"
	USERS="$USERS $HELD"
}

# sound_anon GROUP: likewise with anonymous memory: what is on the lists is always exact
sound_anon()
{
	moved "$1" "$1" --size $MB
	drop_all
	wait_for 5 '[ "$(lists '"$1"')" = 0 ]'
	compare "and $1 counts anonymous memory from 0" \
		"$(lists "$1") $(($(cgstat "$1" anon) >= MB))" = "0 1"
	release
	USERS=
}

# users_gone GROUP...: they end, caches are dropped, and these groups have nothing
users_gone()
{
	local group

	# shellcheck disable=SC2086 # one by one
	kill $USERS
	# shellcheck disable=SC2086 # one by one
	wait $USERS
	USERS=
	# What they printed is memory, too.
	rm -rf /mnt/ext4/* /mnt/xfs/* /mnt/tmpfs/* /tmp/user.* /tmp/service
	drop_all
	for group; do
		# The kernel brings small numbers up to date every two seconds.
		wait_for 20 '[ "$(kinds '"$group"')" = "" ]'
		compare "in the end, $group has nothing" "$(kinds "$group")" = ""
		[ "$(cat "$CG/$group/cgroup.subtree_control")" ] || sound "$group"
	done
}

# dead_service GROUP OPTIONS: a process of this group that makes the file, and is gone when
# bury() has been called
dead_service()
{
	local group="$1"

	shift
	mkcg "$group"
	hold /tmp/service holder --cgroup "$CG/$group" --home "$CG/$group" "$@" ||
		fail "service in $group" "$(tail -n 1 /tmp/service)"
	SERVICE=$HELD
	sync
}

# bury GROUP
bury()
{
	kill "$SERVICE"
	wait "$SERVICE"
	bury_empty "$1"
}

# bury_empty GROUP: that nobody is in any more
bury_empty()
{
	wait_for 10 "rmcg $1 2>/dev/null"
	# Dying is not offline yet.
	wait_for 10 "grep -q ' ${1##*/} ' $OFFLINE"
}

# took: bytes that the last reap has recharged, and reparented
took()
{
	local recharged reparented

	recharged=$(stat recharged_bytes_total)
	reparented=$(stat reparented_bytes_total)
	tun reap 1 2>/tmp/err
	RECHARGED=$(($(stat recharged_bytes_total) - recharged))
	REPARENTED=$(($(stat reparented_bytes_total) - reparented))
}

# named NAME: the table says that what is left of the dead group is in use
named()
{
	note "$(grep ' one ' $OFFLINE)"
	check "$1: and named" grep -qE ' one .* [a-z0-9=,-]*in-use[a-z0-9=,-]* (busy|partial)$' $OFFLINE
}

# gone NAME: the dead groups are, at the latest with another turn for what was being
# written, or in someone's hands, at the first
# shellcheck disable=SC2317 # called by wait_for
gone()
{
	wait_for 30 'no_dying || { tun reap 1 2>/dev/null; no_dying; }'
	nothing_left "$1" 1
}

load_reaper reap_background=0
tun method recharge
compare "method" "$(tun method)" = "evict reparent [recharge]"
# Anything else that is charged to the parent.
mkcg app/other

# The service that is restarted.
SIZE=$((64 * MB))
dead_service app/one --kind file --file /mnt/ext4/index --size $SIZE --lock
user app/two --kind file --file /mnt/ext4/index --size $SIZE --lock
bury app/one
before=$(current app/two)
app=$(current app)
# Of two who lock a page the kernel may forget one, if they do at the same time.
locked=$(meminfo Mlocked)
compare "restarted: locked" "$locked" -ge $((SIZE * 9 / 10))
compare "restarted: charged to the dead group" "$(value one file)" -ge $SIZE
compare "restarted: not to the new one" "$before" -lt $((4 * MB))
start=$(now)
ns=$(cpu_ns)
took
ns=$(($(cpu_ns) - ns))
nothing_left "restarted: the dead group is gone" 20
note "restarted: dead group's bytes $SIZE, new group's memory.current $before before," \
	"$(current app/two) after; $(($(now) - start))0 ms, settling included," \
	"$((ns / 1000000)) ms of CPU;" \
	"$((RECHARGED >> 20)) MiB recharged, $((REPARENTED >> 10)) KiB reparented"
compare "restarted: recharged" "$RECHARGED" -ge $SIZE
compare "restarted: charged to the new group" $(($(current app/two) - before)) -ge $((SIZE - MB))
compare "restarted: no more is charged to the parent" "$(current app)" -le $((app + MB))
shows "restarted: file" app/two file -ge $SIZE
shows "restarted: file_mapped" app/two file_mapped = $SIZE
# Both are brought up to date every second or two.
wait_for 10 '[ "$(cgstat app/two unevictable)" = "$(meminfo Mlocked)" ]'
compare "restarted: unevictable is what is locked" "$(cgstat app/two unevictable)" = \
	"$(meminfo Mlocked)"
compare "restarted: and that is no less than before" "$(meminfo Mlocked)" -ge $((locked - MB / 2))
compare "restarted: contents, and major faults" "$(verified "$OUT")" = "same 0"
agree "restarted" app app/two
echo $(($(current app/two) + 8 * MB)) >"$CG/app/two/memory.max"
echo -1000 >"/proc/$HELD/oom_score_adj"
(incg app/two holder --cgroup "$CG/app/two" --home "$CG/app/two" --size 32M >/dev/null 2>&1)
compare "restarted: its limit counts it: killed for 32 MiB more" \
	"$(sed -n 's/^oom_kill //p' "$CG/app/two/memory.events")" -ge 1
echo max >"$CG/app/two/memory.max"
users_gone app/two
rmcg app/two

# The limit of the new group, and of one above it.
SIZE=$((8 * MB))
for limited in app/two app; do
	dead_service one --kind file --file /mnt/ext4/f --size $SIZE
	user app/two --kind file --file /mnt/ext4/f --size $SIZE
	bury one
	max=$(($(current $limited) + SIZE / 2))
	echo $max >"$CG/$limited/memory.max"
	events=$(grep max "$CG/$limited/memory.events")
	took
	nothing_left "max of $limited: the dead group is gone" 20
	compare "max of $limited: not exceeded" "$(current $limited)" -le $max
	compare "max of $limited: as much as fits" "$RECHARGED" -ge $((SIZE / 4))
	compare "max of $limited: the rest goes to the parent" "$REPARENTED" -ge $((SIZE / 4))
	compare "max of $limited: nobody has met it" "$(grep max "$CG/$limited/memory.events")" = "$events"
	shows "max of $limited: mapped" app/two file_mapped = "$RECHARGED"
	compare "max of $limited: contents, and major faults" "$(verified "$OUT")" = "same 0"
	agree "max of $limited" app app/two
	echo max >"$CG/$limited/memory.max"
	users_gone app app/two
done

# Unmapped.
dead_service app/one --kind file --file /mnt/ext4/f --size $SIZE
bury app/one
took
gone "unmapped: the dead group is gone"
compare "unmapped: nobody has it recharged" "$RECHARGED" = 0
compare "unmapped: to the parent" "$REPARENTED" -ge $SIZE
shows "unmapped: file of the parent" app file -ge $SIZE
rm /mnt/ext4/f

# Other branches of the tree; one that is dead in between.
mkcg tree/a/b/one
dead_service tree/a/b/one --kind file --file /mnt/ext4/f --size $SIZE
user tree/c/d/two --kind file --file /mnt/ext4/f --size $SIZE
bury tree/a/b
had_tree=$(current tree) had_a=$(current tree/a)
had_c=$(current tree/c) had_d=$(current tree/c/d)
took
nothing_left "nested: the dead groups are gone" 20
compare "nested: recharged" "$RECHARGED" -ge $SIZE
compare "nested: charged to the user's branch" $(($(current tree/c) - had_c)) -ge $((SIZE - MB))
compare "nested: on each level" $(($(current tree/c/d) - had_d)) -ge $((SIZE - MB))
compare "nested: no more to the other one" $((had_a - $(current tree/a))) -ge $((SIZE - MB))
compare "nested: the same above" $(($(current tree) - had_tree)) -le $MB
agree "nested" tree tree/a tree/c tree/c/d tree/c/d/two
users_gone tree/a tree/c tree/c/d/two

# Two users.
mkcg app/old
mkcg app/young
dead_service app/one --kind file --file /mnt/ext4/f --size $SIZE
user app/young --kind file --file /mnt/ext4/f --size $SIZE
user app/old --kind file --file /mnt/ext4/f --size $SIZE
bury app/one
took
nothing_left "shared: the dead group is gone" 20
compare "shared: recharged" "$RECHARGED" -ge $SIZE
shows "shared: to the group that was made first" app/old file_mapped = $SIZE
compare "shared: not to the other one" "$(cgstat app/young file_mapped)" = 0
agree "shared" app app/old app/young
users_gone app/old app/young

# tmpfs.
dead_service app/one --kind shm --file /mnt/tmpfs/f --size $SIZE
user app/two --kind shm --file /mnt/tmpfs/f --size $SIZE
bury app/one
took
nothing_left "tmpfs: the dead group is gone" 20
shows "tmpfs: shmem" app/two shmem -ge $SIZE
shows "tmpfs: file_mapped" app/two file_mapped = $SIZE
compare "tmpfs: contents, and major faults" "$(verified "$OUT")" = "same 0"
agree "tmpfs" app app/two
users_gone app/two

# Anonymous memory of processes that have moved, in small pages. One has mlocked it; one
# has forked, and written half of it again: who covers the place of a page need not have
# it, it is the child that still has what was there.
THP=/sys/kernel/mm/transparent_hugepage/enabled
thp=$(sed 's/.*\[\(.*\)\].*/\1/' $THP 2>/dev/null)
[ ! "$thp" ] || echo never >$THP
moved app/was/one app/two --size $((16 * MB))
plain="$OUT $HELD"
moved app/was/one app/two --size $((4 * MB)) --lock
locked="$OUT $HELD"
mkcg app/old
mkcg app/young
moved app/was/one app/old --size $SIZE --fork "$CG/app/young"
bury_empty app/was/one
had=$(current app/two)
app=$(current app)
compare "anon: charged to the dead group" "$(value one anon)" -ge $((20 * MB + SIZE))
compare "anon: not to the new one" "$(cgstat app/two anon)" -lt $MB
took
nothing_left "anon: the dead group is gone" 20
note "anon: $((RECHARGED >> 10)) KiB recharged, $((REPARENTED >> 10)) KiB reparented"
compare "anon: recharged" "$RECHARGED" -ge $((20 * MB + SIZE))
compare "anon: charged to the new group" $(($(current app/two) - had)) -ge $((19 * MB))
compare "anon: and no more to the other branch" "$(current app/was)" -le $MB
compare "anon: the same above" "$(current app)" -le $((app + MB))
shows "anon: anon" app/two anon -ge $((20 * MB))
shows "anon: unevictable" app/two unevictable = $((4 * MB))
compare "anon: on its lists" \
	$(($(cgstat app/two inactive_anon) + $(cgstat app/two active_anon))) -ge $((16 * MB))
shows "anon: what the child alone has goes to its group" app/young anon -ge $((SIZE / 2))
shows "anon: what both have does not" app/young anon -lt $((SIZE / 2 + MB))
shows "anon: but to the one that was made first" app/old anon -ge $SIZE
compare "anon: contents, and major faults, forked" "$(verified "$OUT")" = "same 0"
# shellcheck disable=SC2086 # output and process
compare "anon: contents, and major faults, locked" "$(verified $locked)" = "same 0"
# shellcheck disable=SC2086 # the same
compare "anon: contents, and major faults" "$(verified $plain)" = "same 0"
agree "anon" app app/was app/two app/old app/young
users_gone app app/was app/two app/old app/young
for group in app/two app/old app/young; do
	sound_anon $group
done

# The limit.
moved app/one app/two --size $SIZE
bury_empty app/one
max=$(($(current app/two) + SIZE / 2))
echo $max >"$CG/app/two/memory.max"
took
nothing_left "anon, max: the dead group is gone" 20
compare "anon, max: not exceeded" "$(current app/two)" -le $max
compare "anon, max: as much as fits" "$RECHARGED" -ge $((SIZE / 4))
compare "anon, max: the rest goes to the parent" "$REPARENTED" -ge $((SIZE / 4))
compare "anon, max: contents, and major faults" "$(verified "$OUT")" = "same 0"
agree "anon, max" app app/two
echo max >"$CG/app/two/memory.max"
users_gone app app/two

# Forks that come and go meanwhile, and write; mlock and munlock.
moved app/one app/two --size $SIZE --refork
moved app/one app/two --size $SIZE --flip
bury_empty app/one
all=0 parent=0
# As long as some are recharged, those in use wait; on a slow machine that takes a while.
for _ in $(seq 60); do
	took
	all=$((all + RECHARGED + REPARENTED))
	parent=$((parent + REPARENTED))
	note "anon, churn: $((RECHARGED >> 10)) KiB recharged, $((REPARENTED >> 10)) KiB reparented"
	[ "$(nr_dying)" != 0 ] || break
done
nothing_left "anon, churn: the dead group is gone" 30
compare "anon, churn: most has a user, also while it is locked" $((parent * 8)) -le "$all"
users_gone app app/two
sound_anon app/two
[ ! "$thp" ] || echo "$thp" >$THP

# Huge pages that are mapped as such stay together, with the parent.
if [ "$thp" ]; then
	mkdir /mnt/huge
	mount -t tmpfs -o huge=always huge /mnt/huge
	dead_service app/one --kind shm --file /mnt/huge/f --size $SIZE
	user app/two --kind shm --file /mnt/huge/f --size $SIZE
	bury app/one
	took
	nothing_left "huge: the dead group is gone" 20
	note "huge: $((RECHARGED >> 10)) KiB recharged, $((REPARENTED >> 10)) KiB reparented"
	compare "huge: all went" $((RECHARGED + REPARENTED)) -ge $SIZE
	compare "huge: contents, and major faults" "$(verified "$OUT")" = "same 0"
	agree "huge" app app/two
	umount -l /mnt/huge
	users_gone app/two
else
	skip "huge" "this kernel has no huge pages"
fi

# Large folios of xfs.
mkcg app/one
dead_service app/writer --kind file --file /mnt/xfs/f --size $SIZE
bury app/writer
tun reap 1 2>/dev/null
echo 1 >/proc/sys/vm/drop_caches
incg app/one dd if=/mnt/xfs/f of=/dev/null bs=1M 2>/dev/null
user app/two --kind file --file /mnt/xfs/f --size $SIZE
rmcg app/one
took
nothing_left "large: the dead group is gone" 20
note "large: $((RECHARGED >> 10)) KiB recharged, $((REPARENTED >> 10)) KiB reparented"
compare "large: recharged" "$RECHARGED" -ge $((SIZE / 2))
shows "large: mapped" app/two file_mapped = "$RECHARGED"
compare "large: contents, and major faults" "$(verified "$OUT")" = "same 0"
agree "large" app app/two
users_gone app/two

# Dirty pages wait.
dead_service app/one --kind file --file /mnt/ext4/f --size $SIZE
user app/two --kind file --file /mnt/ext4/f --size $SIZE
busybox dd if=/mnt/ext4/f of=/mnt/ext4/g bs=1M 2>/dev/null
busybox dd if=/mnt/ext4/g of=/mnt/ext4/f bs=1M conv=notrunc 2>/dev/null
bury app/one
took
compare "dirty: what is dirty is left" "$RECHARGED" -lt $SIZE
named dirty
sync
recharged=$RECHARGED
took
nothing_left "dirty: the dead group is gone when it is written" 20
compare "dirty: recharged then" $((RECHARGED + recharged)) -ge $SIZE
agree "dirty" app app/two
users_gone app/two

# So do pages that someone else has a reference on: a pipe has them as they are.
dead_service app/one --kind file --file /mnt/ext4/f --size $SIZE
user app/two --kind file --file /mnt/ext4/f --size $SIZE
mkfifo /tmp/pipe
exec 7<>/tmp/pipe
busybox cat /mnt/ext4/f >&7 &
writer=$!
wait_for 10 'grep -q pipe /proc/$writer/stack'
bury app/one
took
recharged=$RECHARGED
compare "referenced: all else is recharged" "$recharged" -ge $((SIZE / 2))
compare "referenced: what is in the pipe is left" "$recharged" -lt $SIZE
named referenced
kill $writer
wait $writer
exec 7>&-
rm /tmp/pipe
took
nothing_left "referenced: the dead group is gone" 20
compare "referenced: recharged then" $((RECHARGED + recharged)) -ge $SIZE
agree "referenced" app app/two
users_gone app/two

# Users that map and unmap it meanwhile, others that lock it, and too little memory.
for i in 1 2; do
	dead_service app/one --kind file --file /mnt/ext4/f$i --size $SIZE
	user app/two --kind file --file /mnt/ext4/f$i --size $SIZE --remap
	user app/three --kind file --file /mnt/ext4/f$i --size $SIZE --flip
	bury app/one
	while :; do
		echo 2M >"$CG/app/memory.reclaim"
	done 2>/dev/null &
	pressure=$!
	for _ in $(seq 12); do
		took
		note "churn: $((RECHARGED >> 10)) KiB recharged, $((REPARENTED >> 10)) KiB reparented"
		[ "$(nr_dying)" != 0 ] || break
	done
	kill $pressure
	wait $pressure 2>/dev/null
done
gone "churn: the dead groups are gone"
users_gone app app/two app/three

for group in app tree; do
	compare "$group is charged for nothing but what the kernel has" \
		"$(beyond $group)" -le $STOCK
done
check "no counter has gone below 0" sh -c '! dmesg | grep -q underflow'
check "unload" unload_reaper
finish
