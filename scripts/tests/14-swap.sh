# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# kernels: 6.1 6.12
# vm: --cgroup v2 --ext4 256 --xfs 300 --swap 256
# vm 6.1: --cgroup v1 --ext4 256 --xfs 300 --swap 256
# timeout: 180
#
# swap=0 takes page cache and never swaps; swap=1 swaps out what else there is.
# The first leaves no trace that would hinder the second.
# shellcheck source=../guest/lib.sh
. /lib.sh

N=50
M=10
LATE=9

swapped_out()
{
	awk '$1 == "pswpout" { print $2 }' /proc/vmstat
}

# sum PREFIX COLUMN: over all groups of that name
sum()
{
	table $OFFLINE '
		index($c["name"], w[1]) == 1 { n += $c[w[2]] }
		END { print n + 0 }' "$1" "$2"
}

# Until some of these groups have nothing on their lists. Whatever empties the
# batches of that CPU, which is rare, has it made again.
# shellcheck disable=SC2317 # called by wait_for
late()
{
	hold /tmp/late taskset 2 mkgroups --root "$CG/test" --prefix late --count "$LATE" \
		--kind anon --size 4K --hold
	wait_for 10 '[ "$(grep -c " late0" $OFFLINE)" = $LATE ]'
	if grep ' late0' "$OFFLINE" | grep -qvE ' [^ ]*anon[^ ]* [a-z]*$'; then
		return 0
	fi
	release
	wait_for 10 no_dying
	return 1
}

mkdir -p "$CG/test"
swapon "$SWAP_DEV"
check "loads" load_reaper reap_background=0 swap=0

#
# swap=0
#
# Pages that are not on a list yet, but in the batch of a CPU that rests since:
# the lists look empty, and a group that stays all the same is drained.
taskset -p 1 $$ >/dev/null
wait_for 60 late
check "groups whose page is in a batch" [ $? = 0 ]
out=$(swapped_out)
for _ in 1 2 3; do
	tun reap 1 2>/dev/null
done
taskset -p 3 $$ >/dev/null
compare "pages that come late are not swapped out" "$(swapped_out)" = "$out"
compare "their groups stay" "$(grep -c ' late0' $OFFLINE)" = $LATE
release
nothing_left "until they are freed"

mkgroups --root "$CG/test" --prefix tmpfs --count $N --kind tmpfs --size 64K >/tmp/tmpfs
hold /tmp/anon mkgroups --root "$CG/test" --prefix anon --count $N --kind anon --size 64K --hold
mkgroups --root "$CG/test" --prefix file --count $N --kind file --dir /mnt/xfs --size 64K --sync >/tmp/file
# Both kinds in one group.
mkcg test/both
incg test/both sh -c 'head -c 1000000 /dev/zero >/mnt/tmpfs/both; head -c 1000000 /dev/zero >/mnt/xfs/both'
rmdir "$CG/test/both"
# And with page cache that a journal holds: reclaim looks at the rest in vain.
for i in $(seq $M); do
	mkcg "test/mixed$i"
	incg "test/mixed$i" sh -c "mkdir /mnt/ext4/$i && head -c 262144 /dev/zero >/mnt/tmpfs/$i"
	rmdir "$CG/test/mixed$i"
done
sync
wait_for 10 "[ \$(nr_dying) -ge $((3 * N + M + 1)) ]"
compare "groups" "$(nr_dying)" -ge $((3 * N + M + 1))

free=$(meminfo SwapFree)
out=$(swapped_out)
shmem=$(meminfo Shmem)
# The journal's pages could be taken later, hence EAGAIN.
for _ in 1 2 3; do
	tun reap 1 2>/dev/null
done
check "page cache goes" wait_for 10 '! grep -q " file0" $OFFLINE'
compare "page cache of a mixed group goes" "$(sum both file)" -le $(($(sum both shmem) + 65536))
compare "tmpfs of a mixed group stays" "$(sum both shmem)" -ge 999424
compare "page cache that a journal holds stays" "$(sum mixed file)" -ge $((M * 262144 + 4096))
compare "and so does the tmpfs beside it" "$(sum mixed shmem)" = $((M * 262144))
compare "tmpfs groups stay" "$(sum tmpfs shmem)" = $((N * 65536))
compare "anonymous groups stay" "$(sum anon anon)" -ge $((N * 65536))
compare "nothing was swapped out" "$(swapped_out)" = "$out"
compare "swap space is as free as before" "$(meminfo SwapFree)" = "$free"
compare "tmpfs as large as before" "$(meminfo Shmem)" -ge "$shmem"
tun min_age_ms 0
tun scan_interval_ms 10
tun cpu_percent 100
passes=$(stat passes_total)
tun reap_background 1
check "twenty passes of the thread" wait_for 60 "[ \$(stat passes_total) -ge $((passes + 20)) ]"
compare "neither does the thread swap" "$(swapped_out)" = "$out"
tun reap_background 0
compare "swap space is still as free as before" "$(meminfo SwapFree)" = "$free"

#
# swap=1
#
tun swap 1
tun reap_background 1
# The entries are charged to the nearest live group, so the dead ones are free.
check "then tmpfs groups go" wait_for 60 '! grep -q " tmpfs0" $OFFLINE'
check "and anonymous ones, which somebody holds" wait_for 60 '! grep -q " anon0" $OFFLINE'
compare "by swapping" $(($(swapped_out) - out)) -ge $((2 * N * 16)) pages
check "what is left of mixed ones is page cache" wait_for 30 '[ "$(sum mixed shmem)" = 0 ]'
compare "tmpfs content is all there" "$(head -c 65536 /mnt/tmpfs/tmpfs000049 | wc -c)" = 65536
release
rm /mnt/tmpfs/*
if wait_for 60 'journal_lets_go; no_dying'; then
	ok "and nothing is left"
else
	fail "and nothing is left" "$(nr_dying): $(tail -n 1 $OFFLINE)"
fi
check "unloads" unload_reaper
finish
