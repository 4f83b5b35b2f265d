# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# kernels: 5.10 6.1 6.12 7.2
# vm: --cgroup v2 --xfs 300 --swap 128
# timeout: 150
#
# Everything that can hold an offline group, made on purpose: debugfs names it, and
# counts it where it can; nothing that is named is unknown as well. Each method takes
# what it can, and the others go when their holders let go, and not before.
# shellcheck source=../guest/lib.sh
. /lib.sh

N=3
KINDS="file dirty mlocked tmpfs anon swap unix tcp pipe flight inotify zombie namespace tree"

# row NAME REGEX: how many groups of that name have these holders, and no others
row()
{
	table $OFFLINE 'index($c["name"], w[1]) == 1 && $c["holders"] ~ w[2] { n++ }
		END { print n + 0 }' "$1" "^($2)\$"
}

# rows NAME: how many there are
rows()
{
	row "$1" '.*'
}

# says NAME: what the table says, once for each different row
says()
{
	table $OFFLINE 'index($c["name"], w[1]) == 1 { print $c["holders"] }' "$1" |
		sort | uniq -c | awk '{ printf "%s%s of %s", n++ ? ", " : "", $2, $1 }'
}

# Page tables, stacks and what is in a unix socket hold groups on 5.10.
kernel=
has reparent || ! has evict || kernel='(,kernel=[0-9]*)?'

# named NAME REGEX: that is what the table says. A CPU may have charged pages in advance
# to one of them, which makes it one more that is unknown.
named()
{
	compare "$1 is named" "$(row "$1" "($2)$kernel(,unknown=1)?")" = $N "rows; it says $(says "$1")"
	compare "$1: and nothing else" "$(row "$1" "($2)$kernel")" -ge $((N - 1)) \
		"rows; it says $(says "$1")"
}

# make NAME KIND [OPTIONS]
make()
{
	local name="$1" kind="$2"

	shift 2
	hold "/tmp/$name" mkgroups --root "$CG/test" --prefix "$name-" --count $N --kind "$kind" \
		--hold "$@" || fail "$name: $(tail -n 1 "/tmp/$name")"
	eval "pid_$name=\$HELD"
}

# let_go NAME
let_go()
{
	eval "HELD=\$pid_$1"
	release
}

swapon "$SWAP_DEV"
# What is dirty stays so.
echo 60000 >/proc/sys/vm/dirty_expire_centisecs
echo 60000 >/proc/sys/vm/dirty_writeback_centisecs
check "loads" load_reaper reap_background=0 min_age_ms=0 swap=0

make file file --dir /mnt/xfs --sync
make mlocked mlocked --size 4K --dir /mnt/xfs --sync
make tmpfs tmpfs
make anon anon
make swap swap
make unix socket
make tcp tcp
make pipe pipe
make flight flight
make inotify inotify
make zombie zombie
make namespace namespace
make tree mlocked --nest 2 --size 4K --dir /mnt/xfs --sync
make dirty dirty --dir /mnt/xfs
# A file that was swapped out when its group was alive.
mkcg test/shm
echo 1M >"$CG/test/shm/memory.high"
mkdir /mnt/tmpfs/less
incg test/shm filesum write /mnt/tmpfs/less 1 1500000 8
incg test/shm filesum write /mnt/tmpfs 1 4000000 7
rmdir "$CG/test/shm"
check "all are offline" wait_for 30 '[ "$(nr_dying)" = $(($(wc -l <$OFFLINE) - 2)) ]'
for name in $KINDS; do
	note "$name: $(says "$name-")"
done

# 7.1 and later hand folios to the parent, and groups that nothing else holds are gone.
wb='wb=[0-9]*:[0-9]*'
if ! has lru_pins; then
	for name in file mlocked tmpfs anon tree; do
		compare "$name: none is left" "$(rows "$name-")" = 0 "rows; it says $(says "$name-")"
	done
else
	named mlocked- "unevictable(,$wb)?"
	named tmpfs- anon
	named anon- anon
	named tree- "children,unevictable(,$wb)?"
	compare "and the children, their pages" "$(table $OFFLINE '$c["name"] == "n" &&
		known ~ "^unevictable" { n++ } END { print n + 0 }')" = $N
fi
# Their first group wrote what the second needs: a directory, a superblock.
compare "dirty: a disk is named" "$(row dirty- ".*$wb.*")" = $N "rows; it says $(says dirty-)"
compare "which is that of the files" "$(row dirty- ".*wb=$(cat "/sys/block/${XFS_DEV##*/}/dev").*")" = $N
compare "swap is counted" "$(row swap- "(anon,)?swap=[1-4]$kernel(,unknown=1)?")" = $N "rows; it says $(says swap-)"
compare "by entries" "$(table $OFFLINE 'index($c["name"], "swap-") == 1 &&
	$c["holders"] ~ "swap=" $c["swap"] / 4096 "(,|$)" { n++ } END { print n + 0 }')" = $N

# Whose entries those of a file are can't be told, but which files have any.
# shm COLUMN: of that file in the table of these
shm()
{
	table $DEBUG/swapped '$c["path"] == "/s000000" { print $c[w[1]] }' "$1"
}

entries=$(value shm swap)
compare "shm: swap is counted" "$entries" -ge 1000000
check "and named" [ "$(holders shm | sed 's/.*\(swap=[0-9]*\).*/\1/')" = "swap=$((entries / 4096))" ]
compare "the file is named" "$(shm bytes)" -ge 1000000
compare "by number and device" "$(shm inode) $(shm device)" = \
	"$(busybox stat -c %i /mnt/tmpfs/s000000) $(awk '$5 == "/mnt/tmpfs" { print $3 }' /proc/self/mountinfo)"
compare "none is named that is not, the largest first" \
	"$(table $DEBUG/swapped '{ printf "%s ", $c["path"] }')" = "/s000000 /less/s000000 "
check "who reads it gets what was written" filesum verify /mnt/tmpfs 1 4000000 7
check "from the other, too" filesum verify /mnt/tmpfs/less 1 1500000 8
compare "and has the entries freed" "$(shm bytes)" = ""
# Each CPU keeps up to 64 freed ones.
compare "but for a few of each CPU's" "$(($(value shm swap)))" -le $((64 * $(nproc) * 4096))

named unix- 'socket=2'
named tcp- 'socket=2'
if has pipe; then
	compare "pipe: none is left" "$(rows pipe-)" -le 1 "rows; it says $(says pipe-)"
else
	compare "pipe: kernel memory" "$(row pipe- 'kernel=[0-9]*(,unknown=1)?')" = $N \
		"rows; it says $(says pipe-)"
fi
compare "flight: what nobody has open is unknown" "$(row flight- 'unknown=[23]')" = $N \
	"rows; it says $(says flight-)"
named inotify- 'fsnotify=1'
named zombie- '(anon,)?tasks=1'
compare "namespace: the one that a process is in" "$(row namespace- "namespace=1$kernel(,unknown=1)?")" = 1 \
	"rows; it says $(says namespace-)"
compare "namespace: the others" "$(row namespace- "css_set$kernel,unknown=[12]")" = $((N - 1)) \
	"rows; it says $(says namespace-)"

# What each method leaves.
# shellcheck disable=SC2317 # called by wait_for
nothing()
{
	(tun reap 1) 2>/dev/null
	wait_for 1 no_dying
}
stays="swap unix tcp flight inotify zombie namespace"
has pipe || stays="$stays pipe"
if has evict; then
	# Their writeback goes by a switch, or with the inodes. 6.1 switches those that are
	# clean, and one sync may leave some that were written dirty again.
	sync
	echo 500 >/proc/sys/vm/dirty_writeback_centisecs
	echo 100 >/proc/sys/vm/dirty_expire_centisecs
	wait_for 30 'nothing || [ "$(rows file-)$(rows dirty-)" = 00 ]'
	compare "evict: files go" "$(rows file-)$(rows dirty-)" = 00 \
		"rows; it says $(says file-), $(says dirty-)"
	for name in mlocked tmpfs anon tree $stays; do
		compare "evict: $name stays" "$(rows "$name-")" -ge $N
	done
fi
if has reparent; then
	tun method reparent
	check "reparent: what is on lists goes" wait_for 15 \
		'nothing || [ "$(rows mlocked-)$(rows tmpfs-)$(rows anon-)$(rows tree-)" = 0000 ]'
fi
for name in $stays; do
	compare "in the end: $name stays" "$(rows "$name-")" = $N "rows"
done

# And what lets go.
for name in $KINDS; do
	let_go "$name"
done
rm -rf /mnt/tmpfs/* /mnt/xfs/*
swapoff "$SWAP_DEV"
sync
echo 3 >/proc/sys/vm/drop_caches
all_gone 60
nothing_left "all go when they are let go" 1
check "unloads" unload_reaper
finish
