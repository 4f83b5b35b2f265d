# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# kernels: 5.10 6.1 6.12
# vm: --cgroup v2 --ext4 512 --xfs 300
# timeout: 180
#
# Only what is offline is touched: while groups are made, used and removed as
# fast as can be and the thread works without a pause, live groups keep their
# cached files and their charges, and new ones work from their first moment.
# shellcheck source=../guest/lib.sh
. /lib.sh

live_file()
{
	awk '$1 == "file" { print $2 }' "$CG/$1/memory.stat"
}

# A live group, a live one below it, and one with a removed group below it.
mkcg live
incg live filesum write /mnt/ext4/live 64 100000 1
mkcg live/below
incg live/below filesum write /mnt/ext4/below 64 100000 2
mkcg parent
incg parent filesum write /mnt/xfs/parent 64 100000 3
mkcg parent/dead
incg parent/dead filesum write /mnt/xfs/dead 8 100000 4
sync
rmdir "$CG/parent/dead"

# The kernel gives back what it charged in advance; that is no loss.
poke
for group in live live/below parent; do
	eval "file_$(echo $group | tr / _)=$(live_file $group)"
	eval "current_$(echo $group | tr / _)=$(cat "$CG/$group/memory.current")"
done

load_reaper min_age_ms=0 scan_interval_ms=10 cpu_percent=100
passes=$(stat passes_total)

# Churn of all sorts, at full speed.
mkgroups --root "$CG/churn" --seconds 12 --kind file --files 64 --prefix f >/tmp/file &
a=$!
mkgroups --root "$CG/churn" --seconds 12 --kind nested --dir /mnt/xfs --files 64 --prefix n >/tmp/nested &
b=$!
# One path again and again: a removed group there never stands for its successor.
rounds=0 lost=0 refused=0
mkdir /mnt/xfs/again
end=$(($(now) + 1200))
while [ "$(now)" -lt $end ]; do
	rounds=$((rounds + 1))
	mkdir "$CG/again" || refused=$((refused + 1))
	incg again filesum write /mnt/xfs/again 4 65536 5 || refused=$((refused + 1))
	[ "$(residency /mnt/xfs/again)" = 100.0 ] || lost=$((lost + 1))
	[ "$(cat "$CG/again/memory.current")" -gt 0 ] || lost=$((lost + 1))
	rmdir "$CG/again" || refused=$((refused + 1))
done
wait $a
compare "churn of files goes on" $? = 0
wait $b
compare "churn of nested groups goes on" $? = 0
compare "groups at one path work" $refused = 0 "failures in $rounds rounds"
compare "and keep what they have while they live" $lost = 0 "losses in $rounds rounds"
note "$(cat /tmp/file) $(cat /tmp/nested)"

# Not how often: a pass takes all that is there when it begins, and the less CPU time is
# left for the lowest priority, the fewer and the larger they are.
compare "the thread was at it" $(($(stat passes_total) - passes)) -ge 5 passes
made=$(($(field groups /tmp/file) + $(field groups /tmp/nested) + rounds))
compare "and freed groups" "$(stat freed_groups_total)" -ge $((made / 2)) "half of those made"
for group in live below; do
	compare "residency of $group" "$(residency /mnt/ext4/$group)" = 100.0
done
compare "residency of parent" "$(residency /mnt/xfs/parent)" = 100.0
for group in live live/below parent; do
	eval "file=\$file_$(echo $group | tr / _) current=\$current_$(echo $group | tr / _)"
	# shellcheck disable=SC2154 # set by eval
	# What the dead group below it had is charged to the parent as well.
	if [ $group = parent ]; then
		file=$((file - 819200))
		current=$((current - 900000))
	fi
	compare "page cache of $group" "$(live_file $group)" -ge "$file"
	compare "memory.current of $group" "$(cat "$CG/$group/memory.current")" -ge $((current - 524288))
done

reads=$(($(sectors_read "$EXT4_DEV") + $(sectors_read "$XFS_DEV")))
check "live files are read back" sh -c "filesum verify /mnt/ext4/live 64 100000 1 &&
	filesum verify /mnt/ext4/below 64 100000 2 && filesum verify /mnt/xfs/parent 64 100000 3"
compare "without the disk" $(($(sectors_read "$EXT4_DEV") + $(sectors_read "$XFS_DEV") - reads)) -le 16 sectors

# What the last removals left goes as well.
sync
check "all groups on xfs go" wait_for 30 \
	'! grep -qE " (n[0-9]+|n|again|dead) " $OFFLINE'
check "unloads" unload_reaper
finish
