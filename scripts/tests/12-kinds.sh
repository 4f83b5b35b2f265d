# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# kernels: 5.10 6.1 6.12
# vm: --cgroup v2 --ext4 512 --xfs 300 --swap 256
# timeout: 240
#
# What eviction does with each kind of offline group: which go, which stay, what
# debugfs names as their holder and as the result, that stuck ones are counted,
# and that they go by themselves once their holders let go.
# shellcheck source=../guest/lib.sh
. /lib.sh

N=40
mkdir /tmp/out

# rows PREFIX HOLDERS RESULT: how many groups of that name have these columns
# (extended regular expressions); on 5.10 page tables and the like hold some, too
rows()
{
	table $OFFLINE '
		$c["name"] ~ w[1] && known ~ w[2] && $c["result"] ~ w[3] { n++ }
		END { print n + 0 }' "^$1" "^($2)(,kernel=[0-9]*)?\$" "^($3)\$"
}

# The same for a number: rows where it is not zero.
# shellcheck disable=SC2086,SC2317 # called through check only
rows_with()
{
	table $OFFLINE '
		index($c["name"], w[1]) == 1 && $c[w[2]] > 0 { n++ }
		END { print n + 0 }' "$1" "$2"
}

# make NAME KIND [OPTIONS]: N groups that nobody takes, and what holds them
make()
{
	local name="$1" kind="$2"

	shift 2
	tun reap_background 0
	hold "/tmp/out/$name" mkgroups --root "$CG/test" --prefix "$name" --count $N \
		--kind "$kind" --hold "$@" || fail "$name: $(tail -n 1 "/tmp/out/$name")"
	drain
	tun reap_background 1
}

# Groups on their way out, of one kind before the next begins.
drain()
{
	wait_for 10 '[ "$(cat $CG/test/cgroup.procs)" = "" ]'
}

# goes NAME KIND LEFT [OPTIONS]: all but LEFT, while the holders hold on
goes()
{
	local name="$1" kind="$2" left="$3" before

	before=$(nr_dying)
	shift 3
	make "$name" "$kind" "$@"
	if wait_for 60 "[ \$((\$(nr_dying) - $before)) -le $left ]"; then
		ok "$name goes" "$(($(nr_dying) - before)) of $N left"
	else
		fail "$name goes" "$(($(nr_dying) - before)) of $N left: $(tail -n 1 $OFFLINE)"
	fi
	release
}

# stays NAME KIND HOLDERS [OPTIONS]: all, until the holders let go
stays()
{
	local name="$1" kind="$2" holders="$3" before groups=$N

	before=$(nr_dying)
	shift 3
	[ "$kind" != nested ] || groups=$((3 * N))
	make "$name" "$kind" "$@"
	check "$name: a few passes" wait_passes 3
	# The count is that of the last whole pass.
	check "$name is counted as stuck" wait_for 60 \
		"[ \$(stat stuck_groups) = \$(rows '' '.*' stuck) ] && [ \$(stat stuck_groups) -ge $groups ]"
	compare "$name stays" $(($(nr_dying) - before)) -ge $groups
	if wait_for 30 "[ \$(rows $name '$holders' stuck) = $groups ]"; then
		ok "$name: what holds it"
	else
		fail "$name: what holds it" \
			"$(grep " $name" $OFFLINE | grep -vE " ($holders)(,kernel=[0-9]*)?(,unknown=[0-9]*)? stuck\$" | tail -n 1)"
	fi
	[ "$kind" != tmpfs ] || rm -f /mnt/tmpfs/"$name"*
	release
	# Freed swap entries stay in per-CPU caches of the kernel's for a while.
	[ "$kind" != swap ] || swapoff "$SWAP_DEV"
	if wait_for 60 "[ \$(nr_dying) -le $before ]"; then
		ok "$name goes when it is let go"
	else
		fail "$name goes when it is let go" \
			"$(($(nr_dying) - before)) left: $(tail -n 1 $OFFLINE)"
	fi
}

swapon "$SWAP_DEV"
check "loads" load_reaper min_age_ms=0 scan_interval_ms=100 cpu_percent=100 swap=0

goes read-xfs read 0 --dir /mnt/xfs
goes file-xfs file 0 --dir /mnt/xfs --sync
goes nested-xfs nested 0 --dir /mnt/xfs --sync
goes mapped-xfs mapped 0 --dir /mnt/xfs --sync
if has pipe; then
	goes pipe pipe 0
else
	stays pipe pipe '-|kernel=[0-9]*'
fi

# Nobody calls sync for these: reclaim has the flushers write them.
goes dirty-xfs dirty 0 --dir /mnt/xfs

# One page each: a large folio across two page tables is mapped locked, but not
# mlocked, and stays where it is.
stays mlocked mlocked unevictable --size 4K --dir /mnt/xfs --sync
stays tmpfs tmpfs anon
stays anon anon anon
stays swapped swap '(anon,)?swap=[0-9]*'
stays unix socket socket=2
stays tcp tcp socket=2

# A removed group that others below it hold.
tun reap_background 0
before=$(nr_dying)
hold /tmp/out/tree mkgroups --root "$CG/test" --prefix tree --count $N --nest 2 \
	--kind mlocked --size 4K --dir /mnt/xfs --sync --hold
tun reap_background 1
check "tree: passes" wait_passes 3
compare "tree: parents name their children" "$(rows tree 'children,unevictable' stuck)" = $N
compare "tree: children stay too" $(($(nr_dying) - before)) = $((2 * N))
release
check "tree goes when it is let go" wait_for 60 "[ \$(nr_dying) -le $before ]"

# The columns say what there is, as soon as the kernel has added it up.
tun reap_background 0
hold /tmp/out/columns mkgroups --root "$CG/test" --prefix cm --count 4 --kind mapped --size 1M \
	--dir /mnt/xfs --sync --hold
mkgroups --root "$CG/test" --prefix ct --count 4 --kind tmpfs --size 1M >/dev/null
mkgroups --root "$CG/test" --prefix cd --count 4 --kind dirty --size 1M --dir /mnt/xfs >/dev/null
# This first: the kernel writes them out some time.
check "dirty" wait_for 10 '[ "$(rows_with cd dirty)" = 4 ]'
check "file" wait_for 10 '[ "$(rows_with cm file)" = 4 ]'
check "mapped" wait_for 10 '[ "$(rows_with cm mapped)" = 4 ]'
check "shmem" wait_for 10 '[ "$(rows_with ct shmem)" = 4 ]'
release
rm /mnt/tmpfs/*

# ext4: what its journal pins may stay, as it does with drop_caches.
sync
drop_all
tun reap_background 0
before=$(nr_dying)
mkgroups --root "$CG/test" --prefix file-ext4 --count 200 --sync >/tmp/out/file
tun reap_background 1
wait_for 60 "[ \$((\$(nr_dying) - $before)) -le 40 ]"
wait_passes 5
left=$(nr_dying)
drop_all
wait_for 5 "[ \$(nr_dying) -lt $left ]"
compare "file-ext4: as many stay as drop_caches leaves, or fewer" "$left" -le $(($(nr_dying) + 10)) \
	"of 200"

# Folders: their blocks are the journal's until it is checkpointed.
mkgroups --root "$CG/test" --prefix meta-ext4 --count 40 --kind meta --sync >/tmp/out/meta
tun scan_interval_ms 10
passes=$(($(stat passes_total) + 6))
# There are no more of them when none is left.
check "meta-ext4: passes" wait_for 60 "[ \$(stat passes_total) -ge $passes ] || no_dying"
compare "meta-ext4: what stays is busy, not stuck" "$(rows meta-ext4 '.*' 'stuck|taken|none')" = 0
wait_for 180 "journal_lets_go; [ \$(rows meta-ext4 '.*' '.*') = 0 ]"
left=$(rows meta-ext4 '.*' '.*')
compare "meta-ext4: goes once the journal lets go" "$left" = 0
# After that: it changes what it looks at.
[ "$left" = 0 ] || what_is_left
check "unloads" unload_reaper
finish
