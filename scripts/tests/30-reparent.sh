# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
#
# Reparenting, the main job: a thousand dead groups that wrote a 16 KiB file each, on
# ext4 and on xfs. None is left, nothing is read again, and the parent has on its
# lists what it had charged. Beside it, in the same run, what eviction costs.
#
# vm: --cgroup v2 --ext4 512 --xfs 512 --mem 1536
# kernels: 6.1 6.12
# timeout: 300

# shellcheck source=../guest/lib.sh
. /lib.sh

# 3000 show the same and take four minutes.
N=${1:-500}

# apart GROUP: page cache without shmem, less what its lists hold
apart()
{
	echo $(($(cgstat "$1" file) - $(cgstat "$1" shmem) -
		$(cgstat "$1" inactive_file) - $(cgstat "$1" active_file)))
}

# lists_agree NAME GROUP: these are the same, at the latest when memory.stat is up to date
lists_agree()
{
	wait_for 10 '[ "$(apart '"$2"')" = 0 ]'
	compare "$1: page cache, less what its lists hold" "$(apart "$2")" = 0
}

# close NAME A B: no more than 0.1 % apart
close()
{
	local diff=$(($2 - $3))

	compare "$1" "${diff#-}" -le $(($3 / 1000)) "of $3"
}

# run FS DEV METHOD
run()
{
	local fs="$1" dev="$2" method="$3" cg="$1-$3" file current start ns took sum sectors

	umount "/mnt/$fs"
	all_gone 120 || note "groups were left over"
	mount -t "$fs" "$dev" "/mnt/$fs"
	rm -rf "/mnt/${fs:?}"/*
	mkdir "/mnt/$fs/dead"
	mkcg "$cg/live"
	tun method "$method"
	make_many "$N" --root "$CG/$cg" --kind file --size 16384 \
		--dir "/mnt/$fs/dead" --sync
	compare "$fs: all groups are there to begin with" "$(nr_dying)" -ge "$N"
	sum=$(find "/mnt/$fs/dead" -type f | sort | xargs md5sum | md5sum)
	sync
	lists_agree "$fs before" "$cg"
	file=$(cgstat "$cg" file)
	current=$(cat "$CG/$cg/memory.current")
	counter=${method%t}ted_bytes_total
	pages=$(stat "$counter")
	sectors=$(sectors_read "$dev")
	start=$(now)
	ns=$(cpu_ns)
	tun reap 1 2>/tmp/err
	ns=$(($(cpu_ns) - ns))
	took=$(($(now) - start))
	wait_for 10 no_dying
	left=$(nr_dying)
	pages=$((($(stat "$counter") - pages) / 4096))
	note "$fs, $method: $left left, ${took}0 ms, $((ns / 1000 / N)) us of CPU a group," \
		"$((ns / pages)) ns a page, $pages pages; $(cat /tmp/err)"
	if [ "$method" = evict ]; then
		evict_ns=$ns
		return
	fi
	reparent_ns=$ns

	compare "$fs: none is left" "$left" = 0
	close "$fs: page cache of the parent" "$(cgstat "$cg" file)" "$file"
	lists_agree "$fs after" "$cg"
	# What is freed with a group is its own kernel memory.
	compare "$fs: the parent is not charged more" "$(cat "$CG/$cg/memory.current")" \
		-le "$current"
	find "/mnt/$fs/dead" -type f | sort | xargs md5sum | md5sum >/tmp/sum
	compare "$fs: sectors read again for all files" \
		$(($(sectors_read "$dev") - sectors)) = 0
	compare "$fs: every page is still cached" "$(residency "/mnt/$fs/dead")" = 100.0 %
	drop_all
	lists_agree "$fs after drop_caches" "$cg"
	find "/mnt/$fs/dead" -type f | sort | xargs md5sum | md5sum >/tmp/disk
	check "$fs: all files are the same, from memory and from disk" \
		[ "$sum" = "$(cat /tmp/sum)" -a "$sum" = "$(cat /tmp/disk)" ]
	rm -r "/mnt/$fs/dead"
	drop_all
	wait_for 10 '[ "$(cgstat '"$cg"' file)" -le 1048576 ]'
	compare "$fs: page cache of the parent, once the files are gone" \
		"$(cgstat "$cg" file)" -le $((file / 20))
	compare "$fs: charge of the parent then" "$(cat "$CG/$cg/memory.current")" \
		-le $(($(cgstat "$cg" file) + $(cgstat "$cg" kernel) + 1048576))
	# A reference too many keeps it, one too few is a splat.
	rmdir "$CG/$cg/live" "$CG/$cg"
	tun reap 1 2>/dev/null
	check "$fs: the parent goes, once it is removed" wait_for 20 no_dying
}

grep cgroup2 /proc/mounts >/tmp/mounts
load_reaper reap_background=0 min_age_ms=0
for fs in ext4 xfs; do
	dev=$EXT4_DEV
	[ $fs = ext4 ] || dev=$XFS_DEV
	run $fs "$dev" reparent
	run $fs "$dev" evict
	note "$fs: reparenting takes $((reparent_ns * 100 / evict_ns)) % of the CPU time of eviction"
done
check "mount options of cgroup2 are what they were" \
	sh -c 'grep cgroup2 /proc/mounts | cmp - /tmp/mounts'
sed 's/^/# /' /sys/kernel/debug/memcg_reaper/latency
check "unload" unload_reaper
finish
