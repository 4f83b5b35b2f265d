# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# kernels: 5.10 6.1 6.12
# vm: --cgroup v2 --xfs 300
# timeout: 240
#
# The tables in debugfs: format, truth and names of the rows, reading them in
# small pieces, while the thread works, and with thousands of groups.
# shellcheck source=../guest/lib.sh
. /lib.sh

MANY=${1:-1500}

# ancestor PATH COLUMN
ancestor()
{
	table $DEBUG/ancestors '$c["path"] == w[1] { print $c[w[2]] }' "$1" "$2"
}

check "loads" load_reaper reap_background=0

#
# Format.
#
for file in offline ancestors files latency swapped; do
	compare "$file has mode 400" "$(busybox stat -c %a $DEBUG/$file)" = 400
	compare "$file begins with the version" "$(head -n 1 $DEBUG/$file)" = "v: 1"
	check "$file can't be written" sh -c "! echo 1 >$DEBUG/$file"
done
compare "no other files" "$(cd $DEBUG && echo *)" = "ancestors files latency offline swapped"
compare "header of offline" "$(sed -n 2p $OFFLINE)" = "id serial age_ms ancestor name file anon shmem mapped unevictable dirty writeback slab kernel swap holders result"
compare "header of ancestors" "$(sed -n 2p $DEBUG/ancestors)" = "path live_bytes offline_bytes offline_groups"
compare "header of latency" "$(sed -n 2p $DEBUG/latency)" = "from_ns batch lru_lock group"

#
# Rows.
#
mkcg 'live/with blank/deep'
dead live/one
one=$ID
dead 'live/with blank/two words'
two=$ID
dead 'live/with blank/deep/back\slash'
mkcg live/with\ blank/deep/gone
dead 'live/with blank/deep/gone/three'
rmdir "$CG/live/with blank/deep/gone" "$CG/live/with blank/deep"
dead four
sync
# A removed group is counted at once, and offline a grace period later.
check "a row for each offline group" wait_for 10 '[ $(($(wc -l <$OFFLINE) - 2)) = "$(nr_dying)" ]'
rows=$(($(wc -l <$OFFLINE) - 2))
compare "each as long as the header" "$(awk 'NR > 2 && NF != 17' $OFFLINE)" = ""
compare "id" "$(value one id)" = "$one"
compare "id of a name with a blank" "$(value 'two\040words' id)" = "$two"
compare "ancestor" "$(value one ancestor)" = /live
compare "ancestor with a blank" "$(value 'two\040words' ancestor)" = '/live/with\040blank'
compare "a backslash" "$(value 'back\134slash' ancestor)" = '/live/with\040blank'
compare "a removed parent is no ancestor" "$(value three ancestor)" = '/live/with\040blank'
compare "of the root group" "$(value four ancestor)" = /
compare "a parent is held by its children" "$(value deep holders | grep -c children)" = 1
compare "not tried" "$(value one result)" = none
check "bytes of files" wait_for 10 '[ "$(value one file)" -ge 65536 ]'
compare "and no other" "$(value one anon) $(value one shmem) $(value one mapped) $(value one swap)" = "0 0 0 0"
# The first group to write has the disk's writeback as well, which 5.10 moves nowhere.
compare "what holds it" "$(holders one | sed 's/,wb=.*//')" = file

#
# Ancestors. Per-CPU batches make the lists a little shorter than they are.
#
compare "groups below the root" "$(ancestor / offline_groups)" = "$rows"
compare "groups below one" "$(ancestor /live offline_groups)" = $((rows - 1))
compare "groups below another" "$(ancestor '/live/with\040blank' offline_groups)" = $((rows - 2))
compare "bytes add up" "$(ancestor / offline_bytes)" -ge \
	$(($(ancestor /live offline_bytes) + 4096))
compare "no removed group has a row" "$(ancestor '/live/with\040blank/deep' offline_groups)" = ""
dead lonely/x
rmdir "$CG/lonely"
compare "a removed parent has none either" "$(ancestor /lonely offline_groups)" = ""
mkcg quiet
incg quiet cat "/mnt/xfs/dead$one" >/dev/null
compare "a group without offline ones has none" "$(ancestor /quiet offline_groups)" = ""
rmdir "$CG/quiet"
mkcg live/leaf
incg live/leaf dd if=/dev/zero of=/mnt/xfs/alive bs=1M count=4 2>/dev/null
compare "live bytes" "$(ancestor /live live_bytes)" -ge $((3 << 20))

#
# latency
#
compare "latency is empty before" "$(wc -l <$DEBUG/latency)" = 3
sync
tried=$(nr_dying)
tun reap 1
check "a pass leaves nothing" wait_for 10 no_dying
compare "groups are in latency" \
	"$(awk 'NR > 2 && $1 != "max" { n += $4 } END { print n }' $DEBUG/latency)" -ge $((tried - 3))
compare "batches, too" "$(awk 'NR > 2 && $1 != "max" { n += $2 } END { print n }' $DEBUG/latency)" -ge 5
compare "powers of two" \
	"$(awk 'NR > 2 && $1 != "max" { n = $1; while (n > 1) n /= 2; if (n != 1 && n != 0) print }' $DEBUG/latency)" = ""
check "the longest is in the highest bucket" awk '
	NR > 2 && $1 != "max" { for (i = 2; i <= 4; i++) if ($i) top[i] = $1 }
	$1 == "max" { for (i = 2; i <= 4; i++) if ($i < top[i] || $i >= 2 * top[i] + (top[i] == 0) * 2) bad = 1 }
	END { exit bad }' $DEBUG/latency

#
# Many.
#
mkgroups --root "$CG/test" --count $((MANY / 2)) --kind tmpfs --size 4096 --prefix a >/tmp/a &
mkgroups --root "$CG/test" --count $((MANY / 2)) --kind tmpfs --size 4096 --prefix b >/tmp/b
wait
note "$(cat /tmp/a) $(cat /tmp/b)"
start=$(now)
cat $OFFLINE >/tmp/whole
note "read $MANY rows in $(($(now) - start)) hundredths of a second"
compare "all rows" "$(($(wc -l </tmp/whole) - 2))" -ge $((MANY / 2 * 2))
compare "each once" "$(cut -d' ' -f1 /tmp/whole | sort | uniq -d)" = ""
# What the kernel adds up late may change in between, and so does the age.
keep=1-2,4-12,16-
cut -d' ' -f$keep /tmp/whole >/tmp/kept
dd if=$OFFLINE bs=100 2>/dev/null | cut -d' ' -f$keep >/tmp/pieces
check "the same in pieces of 100 bytes" cmp /tmp/kept /tmp/pieces
cut -d' ' -f$keep $OFFLINE >/tmp/again
check "the same once more" cmp /tmp/kept /tmp/again
compare "ancestors" "$(ancestor /test offline_groups)" = $((MANY / 2 * 2))

#
# While groups come and go.
#
tun min_age_ms 0
tun scan_interval_ms 10
tun cpu_percent 100
tun reap_background 1
mkgroups --root "$CG/churn" --seconds 4 --dir /mnt/xfs --files 64 --prefix c >/tmp/c &
churn=$!
reads=0 bad=0
while kill -0 $churn 2>/dev/null; do
	awk 'NR == 1 && $0 != "v: 1" || NR > 2 && NF != 17 { print; exit 1 }' $OFFLINE >>/tmp/odd || bad=$((bad + 1))
	cat $DEBUG/ancestors >/dev/null || bad=$((bad + 1))
	reads=$((reads + 1))
done
compare "reading beside the thread" $bad = 0 "bad of $reads: $(head -n 1 /tmp/odd)"

#
# Unload with an open file.
#
exec 3<$OFFLINE
read -r line <&3
compare "an open file" "$line" = "v: 1"
check "holds the module" sh -c '! rmmod memcg_reaper'
check "which works on" sh -c "[ -e $REAPER/reap ] && pidof kmemcg_reaperd"
exec 3<&-
rm -f /mnt/tmpfs/*
check "what it held goes" wait_for 60 no_dying
check "unloads" unload_reaper
finish
