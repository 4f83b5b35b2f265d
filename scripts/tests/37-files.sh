# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# kernels: 5.10 6.1 6.12 7.2
# vm: --cgroup v2 --xfs 300 --mem 1024
# timeout: 150
#
# The table of files whose pages are charged to offline groups: which, how much, and
# largest first. Reading it ends at a signal, holds no file and no file system, and
# goes well with files that are truncated, deleted and unmounted meanwhile.
# shellcheck source=../guest/lib.sh
. /lib.sh

MANY=${1:-1000} SECONDS_OF_CHURN=${2:-8}
FILES=$DEBUG/files

# file PATH COLUMN: of the first row with that path
file()
{
	table $FILES '$c["path"] == w[1] { print $c[w[2]]; exit }' "$1" "$2"
}

# leave GROUP COMMAND...: what the command does in a group is charged to it when it is gone
leave()
{
	local group="$1"

	shift
	mkcg "$group"
	ID=$(busybox stat -c %i "$CG/$group")
	incg "$group" "$@" 2>/dev/null
	sync
	rmdir "$CG/$group"
	wait_for 10 "grep -q ' $group ' $OFFLINE"
}

check "loads" load_reaper reap_background=0
compare "mode" "$(busybox stat -c %a $FILES)" = 400
compare "version" "$(head -n 1 $FILES)" = "v: 1"
compare "header" "$(sed -n 2p $FILES)" = "device inode group bytes path"

if ! has lru_pins; then
	mkgroups --root "$CG/test" --count 20 --kind file --dir /mnt/xfs --sync >/tmp/made
	compare "no page is charged to an offline group" "$(wc -l <$FILES)" = 2
	check "unloads" unload_reaper
	finish
fi

#
# Rows.
#
leave small dd if=/dev/zero of=/mnt/xfs/small bs=64k count=1
small=$ID
leave large dd if=/dev/zero of='/mnt/xfs/two words' bs=64k count=32
leave shm dd if=/dev/zero of=/mnt/tmpfs/shm bs=64k count=8
leave open dd if=/dev/zero of=/mnt/xfs/open bs=64k count=2
exec 4</mnt/xfs/open
rm /mnt/xfs/open
cat $FILES >/tmp/files
compare "bytes" "$(file /small bytes)" = 65536
compare "inode" "$(file /small inode)" = "$(busybox stat -c %i /mnt/xfs/small)"
compare "device" "$(file /small device)" = "$(cat "/sys/block/${XFS_DEV##*/}/dev")"
compare "group" "$(file /small group)" = "$small"
compare "which is that of the other table" "$(file /small group)" = "$(value small id)"
compare "a blank in a name" "$(file '/two\040words' bytes)" = $((32 << 16))
compare "tmpfs" "$(file /shm bytes)" = $((8 << 16))
compare "a deleted file" "$(file /open//deleted bytes)" = $((2 << 16))
check "largest first" sh -c "awk 'NR > 2 { print \$4 }' /tmp/files | sort -rnc"
leave reader cat /mnt/xfs/small >/dev/null
# 5.10 makes a page behind the end of what is read.
compare "who only reads what is cached is not charged" "$(table $FILES '
	$c["path"] == "/small" && $c["group"] == w[1] { n += $c["bytes"] }
	END { print n + 0 }' "$ID")" -le 4096 bytes
compare "but who wrote it" "$(file /small group) $(file /small bytes)" = "$small 65536"
exec 4<&-
compare "one that is closed for good is gone" "$(file /open//deleted bytes)" = ""
truncate -s 4096 /mnt/xfs/small
compare "truncated" "$(file /small bytes)" = 4096

# Read in pieces, it is one table.
dd if=$FILES bs=100 2>/dev/null >/tmp/pieces
check "the same in pieces of 100 bytes" cmp /tmp/pieces $FILES

#
# Nothing is held.
#
exec 3<$FILES
read -r line <&3
compare "a table that is open" "$line" = "v: 1"
rm -f /mnt/xfs/*
check "holds no file system" umount /mnt/xfs
check "nor the table, its rows" sh -c 'cat <&3 >/dev/null'
exec 3<&-
mount -t xfs "$XFS_DEV" /mnt/xfs
rm -f /mnt/tmpfs/*
tun reap 1 2>/dev/null

# Signals, in the middle of it as well.
for delay in 1000 10000 20000 40000 80000; do
	cat $FILES >/dev/null &
	usleep $delay
	kill $! 2>/dev/null
done
wait
ok "killed readers end"

#
# Files that come and go, and the file system with them.
#
check "all are gone" all_gone 30
sh -c "echo \$\$ >/tmp/reader; while [ ! -e /tmp/stop ]; do cat $FILES >/tmp/last || exit; echo >>/tmp/reads; done" &
reader=$!
end=$(($(now) + SECONDS_OF_CHURN * 100)) rounds=0 busy=0
while [ "$(now)" -lt $end ]; do
	mkgroups --root "$CG/churn" --count 20 --size 64K --prefix "c$rounds-" --dir /mnt/xfs >/tmp/made
	for f in /mnt/xfs/c*5; do truncate -s 4096 "$f"; done
	rm -f /mnt/xfs/c*3
	umount /mnt/xfs || { busy=$((busy + 1)); break; }
	mount -t xfs "$XFS_DEV" /mnt/xfs
	rm -f /mnt/xfs/c*
	rounds=$((rounds + 1))
done
: >/tmp/stop
wait $reader
compare "unmounting never fails" $busy = 0 "of $rounds, beside $(wc -l </tmp/reads) reads"
compare "nor does reading" "$(wc -l </tmp/reads)" -ge 2
check "what it reads is whole" awk 'NR > 2 && NF != 5 { exit 1 }' /tmp/last

#
# Many.
#
mkgroups --root "$CG/test" --count "$MANY" --dir /mnt/xfs --sync >/tmp/made
start=$(now)
cat $FILES >/tmp/files
note "$MANY groups: read in $(($(now) - start)) hundredths of a second, with $(meminfo MemTotal) bytes of memory"
compare "a row for each" "$(grep -c '/g[0-9]*$' /tmp/files)" -ge $((MANY - MANY / 100))
compare "what could not be looked at" "$(awk '$1 == "-" { n += $4 } END { print n + 0 }' /tmp/files)" -le \
	$((MANY * 4096)) bytes
echo 3 >/proc/sys/vm/drop_caches
check "unloads" unload_reaper
finish
