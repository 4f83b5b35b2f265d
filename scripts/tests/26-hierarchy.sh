# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# kernels: 6.1 6.12
# vm: --cgroup v2 --xfs 300
# timeout: 120
#
# What else happens to a hierarchy: the memory controller is switched off for groups
# that stay, cgroup2 is mounted with other options in the middle of passes, and
# somebody looks at all that from a namespace.
# shellcheck source=../guest/lib.sh
. /lib.sh

# offline NAME: how many rows that name has
offline()
{
	table "$OFFLINE" '$c["name"] == w[1] { n++ } END { print n + 0 }' "$1"
}

# controllers + or -: for the groups below top; io keeps memory on, since it needs it
controllers()
{
	echo "$1io" 2>/dev/null >"$CG/top/cgroup.subtree_control"
	echo "$1memory" >"$CG/top/cgroup.subtree_control"
}

# write_in GROUP FILE: 64 KiB of page cache
write_in()
{
	incg "$1" dd if=/dev/zero of="/mnt/xfs/$2" bs=64k count=1 2>/dev/null
}

remount()
{
	mount -t cgroup2 -o "remount,$1" cgroup2 "$CG"
}

check "loads" load_reaper reap_background=0 min_age_ms=0 scan_interval_ms=20 cpu_percent=100

#
# The controller goes, the group stays.
#
for method in evict reparent; do
	tun method $method
	mkcg top/stays
	write_in top/stays $method
	sync
	controllers -
	check "$method: without its controller, a group is offline" wait_for 10 '[ "$(offline stays)" = 1 ]'
	# The kernel brings small numbers up to date every two seconds.
	check "$method: with what it had" wait_for 10 '[ "$(value stays file)" -ge 65536 ]'
	# Before 6.12 the kernel counts it nowhere.
	tun reap 1 2>/dev/null
	check "$method: reap frees it" wait_for 10 '[ "$(offline stays)" = 0 ]'
	check "$method: and the group is there" test -d "$CG/top/stays"
	controllers +
	write_in top/stays again
	compare "$method: it gets the controller back, and is charged" \
		"$(cat "$CG/top/stays/memory.current")" -ge 65536 bytes
	sync
	rmdir "$CG/top/stays"
	tun reap 1 2>/dev/null
	nothing_left "$method: removed, it goes as well"
done
mkcg top/twice
write_in top/twice first
controllers -
controllers +
write_in top/twice second
rmdir "$CG/top/twice"
check "two of the same group" wait_for 10 '[ "$(offline twice)" = 2 ]'
sync
tun reap 1 2>/dev/null
check "both go" wait_for 10 '[ "$(offline twice)" = 0 ]'

#
# Other mount options.
#
options=$(grep cgroup2 /proc/mounts)
tun reap_background 1
mkgroups --root "$CG/top" --count 60 --dir /mnt/xfs --sync >/dev/null &
maker=$!
while kill -0 $maker 2>/dev/null; do
	for option in nsdelegate memory_recursiveprot nsdelegate,memory_recursiveprot favordynmods; do
		remount "$option"
	done
done
wait $maker
remount nsdelegate
check "groups go while cgroup2 is remounted" wait_for 30 no_dying
wait_passes 2
check "and the options are those asked for" grep -q 'cgroup2.*nsdelegate' /proc/mounts
check "and no others" sh -c "! grep -q 'cgroup2.*memory_recursiveprot' /proc/mounts"
remount rw
compare "as before" "$(grep cgroup2 /proc/mounts)" = "$options"

#
# From a namespace whose root is top/box: paths are those of the hierarchy.
#
tun reap_background 0
mkcg top/box/dead
write_in top/box/dead inbox
mkcg top/dead
write_in top/dead outside
sync
rmdir "$CG/top/box/dead" "$CG/top/dead"
# A group with controllers for others has no processes of its own.
echo "-memory -io" >"$CG/top/box/cgroup.subtree_control"
wait_for 10 '[ "$(nr_dying)" = 2 ]'
compare "a namespace" "$(incg top/box cgns sed -n 's/^0:://p' /proc/self/cgroup)" = /
incg top/box cgns cut -d' ' -f1,2,4,5 $OFFLINE >/tmp/inside
cut -d' ' -f1,2,4,5 $OFFLINE >/tmp/outside
check "has the same rows" cmp /tmp/inside /tmp/outside
compare "with whole paths" "$(table /tmp/inside '{ print $3 }' | sort | xargs)" = "/top /top/box"
incg top/box cgns sh -c "echo /top/box >$REAPER/subtree"
compare "subtree is one, too" "$(tun subtree)" = /top/box
incg top/box cgns sh -c "echo 1 >$REAPER/reap" 2>/dev/null
check "the group below goes" wait_for 10 '[ "$(nr_dying)" = 1 ]'
compare "the other stays" "$(value dead result)" = outside
tun subtree /
tun reap 1 2>/dev/null
nothing_left "until all are meant"
check "unloads" unload_reaper
finish
