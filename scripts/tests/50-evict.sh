# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
#
# The main job: 1500 dead groups that wrote a 16 KiB file each. One `reap`
# leaves no more of them than drop_caches does in a twin run, every file reads
# back the same, and the cache of a live group stays.
#
# vm: --cgroup v2 --ext4 1024 --mem 1536
# kernels: 5.10 6.1 6.12
# timeout: 240

. /lib.sh

N=${1:-1500}

sums()
{
	find /mnt/ext4/dead -type f | sort | xargs md5sum | md5sum
}

# populate NAME: a clean file system, a live group with a warm cache, dead groups
populate()
{
	umount /mnt/ext4
	all_gone 20 || note "groups were left over"
	mount "$EXT4_DEV" /mnt/ext4
	rm -rf /mnt/ext4/*
	mkdir /mnt/ext4/live /mnt/ext4/dead
	mkcg "$1/live"
	incg "$1/live" filesum write /mnt/ext4/live 64 262144 7
	make_many "$N" --root "$CG/$1" --kind file --size 16384 --dir /mnt/ext4/dead --sync
	before=$(nr_dying)
	note "$1: $(cat /tmp/mk), $before offline"
	expected=$(sums)
	# Reading has made the inodes dirty (atime), and drop_caches is used
	# after a sync as well.
	sync
	compare "$1: all groups are there to begin with" "$before" -ge "$N"
}

settle()
{
	wait_for 30 'n=$(nr_dying); usleep 400000; [ "$n" = "$(nr_dying)" ]'
	left=$(nr_dying)
	kept=$(residency /mnt/ext4/live)
}

# The first files on a new file system touch more metadata than later ones.
mkdir /mnt/ext4/dead
filesum write /mnt/ext4/dead "$N" 16384 7
populate twin
start=$(now)
drop_all
took=$(($(now) - start))
settle
left_drop=$left
note "drop_caches: ${took}0 ms, leaves $left groups and $kept % of a live group's cache"

load_reaper reap_background=0
populate ours
start=$(now)
ns=$(cpu_ns)
tun reap 1 2>/tmp/err
ns=$(($(cpu_ns) - ns))
took=$(($(now) - start))
settle
note "reap: ${took}0 ms, leaves $left groups and $kept % of a live group's cache"
note "reap: $((ns / 1000 / before)) us of CPU a group," \
	"$(stat switched_inodes_total) inodes switched; $(cat /tmp/err)"
# What the journal pins at the moment differs by a few from run to run.
compare "one reap leaves no more groups than drop_caches" "$left" \
	-le $((left_drop + N / 200))
compare "a live group's cache stays" "${kept%.*}" -ge 99 "%"
compare "what reap counted as freed" "$(stat freed_groups_total)" -gt 0

echo 3 >/proc/sys/vm/drop_caches
check "files of the live group are the same" \
	filesum verify /mnt/ext4/live 64 262144 7
check "files of the dead groups are the same" [ "$expected" = "$(sums)" ]
check "unload" unload_reaper
finish
