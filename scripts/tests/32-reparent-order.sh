# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
#
# Reparenting keeps what is hot apart from what is cold: after it, the parent's
# reclaim takes a cold set that is younger before a hot one that is older, as it
# would have done without.
#
# vm: --cgroup v2 --ext4 512 --mem 1536
# kernels: 6.1 6.12
# timeout: 240

# shellcheck source=../guest/lib.sh
. /lib.sh

MIB=${1:-32}
CLASSIC_AND_GEN=$(cat /sys/kernel/mm/lru_gen/enabled 2>/dev/null)

# sets: a dead group with a hot and a cold set of the same size
sets()
{
	fresh
	mkcg "test/dead"
	# Faulted in, so young to MGLRU; read twice besides, so active on classic lists.
	hold /tmp/holder holder --cgroup "$CG/test/dead" --home "$CG" --kind file \
		--file /mnt/ext4/hot --size "${MIB}M"
	release
	sync
	for _ in 1 2 3; do
		incg test/dead cat /mnt/ext4/hot >/dev/null
	done
	incg test/dead dd if=/dev/zero of=/mnt/ext4/cold bs=1M count="$MIB" 2>/dev/null
	sync
	rmcg test/dead
	wait_for 10 '[ "$(nr_dying)" = 1 ]'
}

# Dirty inodes (the access time) may have to be written first.
# shellcheck disable=SC2317 # called through check
gone()
{
	wait_for 30 'tun reap 1 2>/dev/null; no_dying || { sync; false; }' ||
		{ tail -n 1 "$OFFLINE"; false; }
}

# squeeze: have the parent reclaim, a little at a time, until the cold set is gone
squeeze()
{
	local asked=0

	cold=100
	while [ "${cold%.*}" -gt 5 ] && [ $asked -lt $((MIB * 16)) ]; do
		echo 128K >"$CG/test/memory.reclaim" 2>/dev/null
		asked=$((asked + 1))
		cold=$(residency /mnt/ext4/cold)
	done
	hot=$(residency /mnt/ext4/hot)
}

active()
{
	cgstat test active_file
}

# compare_sets NAME
compare_sets()
{
	sets
	squeeze
	note "$1, not reparented: $hot % of the hot set is left, $cold % of the cold one"
	hot_without=${hot%.*}
	sets
	before=$(active)
	check "$1: the group is gone" gone
	after=$(active)
	diff=$((before - after))
	compare "$1: as much is active as was" "${diff#-}" -le $((before / 100 + 65536)) "of $before"
	compare "$1: all is still cached" "$(residency /mnt/ext4/hot) $(residency /mnt/ext4/cold)" = "100.0 100.0"
	squeeze
	note "$1, reparented: $hot % of the hot set is left, $cold % of the cold one"
	compare "$1: the hot set stays" "${hot%.*}" -ge 90 %
	compare "$1: the cold set goes" "${cold%.*}" -le 5 %
	compare "$1: no worse than without" "$((${hot%.*} + 5))" -ge "$hot_without"
}

load_reaper reap_background=0 method=reparent
if [ -z "$CLASSIC_AND_GEN" ]; then
	compare_sets "classic lists"
else
	echo n >/sys/kernel/mm/lru_gen/enabled
	compare_sets "classic lists"
	echo y >/sys/kernel/mm/lru_gen/enabled
	compare_sets "MGLRU"
	# From one kind of list to the other: what was active stays so.
	sets
	echo n >/sys/kernel/mm/lru_gen/enabled
	check "lists switched before: the group is gone" gone
	squeeze
	compare "lists switched before: the hot set stays" "${hot%.*}" -ge 90 %
fi
check "unload" unload_reaper
finish
