# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# what: what others feel while each way works, and before and after
# vm: --cgroup v2 --ext4 2048 --mem 3072 --add scripts/guest/bench.sh:/bench.sh
# timeout: 3600
# each: nothing drop_caches=1 drop_caches=3 memory.reclaim peers evict reparent recharge evict-thread reparent-thread
# peer: yes
#
#	neighbours METHOD [GROUPS [MIB [LIVE_MIB]]]
#
# GROUPS removed ones of one page, and one of so many MiB. Beside the method, in live
# groups: a probe that wakes up each millisecond and then touches a fresh page, and a
# server of cached files. What they feel with nothing beside them is in each run, as
# "alone". Of this module it is a write to reap, with no budget; with "-thread" its thread
# with the budget that it has by default. Before and after: memory.stat of the groups'
# parent, mkdir and rmdir.
# shellcheck source=../guest/lib.sh
. /lib.sh
# shellcheck source=../guest/bench.sh
. /bench.sh

METHOD=$1 GROUPS_=${2:-3000} MIB=${3:-512} LIVE=${4:-32}
LIVE_DIR=/mnt/ext4/live

# members FILE: NAME=VALUE as members of an object
members()
{
	sed 's/\([a-z0-9_]*\)=\([0-9.]*\) */"\1":\2,/g; s/,$//' "$1"
}

# beside NAME COMMAND...: prints what the neighbours say of it, as members
beside()
{
	local name="$1" probe serve begun

	shift
	execcg node/probe probe >/tmp/probe &
	probe=$!
	# shellcheck disable=SC2046 # words
	execcg node/service serve $(find $LIVE_DIR -type f) >/tmp/serve &
	serve=$!
	sleep 1
	begun=$(now)
	"$@" 2>/dev/null
	begun=$((($(now) - begun) * 10))
	# Too short, and there are no percentiles.
	[ $begun -ge 2000 ] || usleep $(((2000 - begun) * 1000))
	kill $probe $serve
	wait $probe $serve
	printf '"%s":{"method_ms":%d,"probe":{%s},"serve":{%s}},' "$name" "$begun" "$(members /tmp/probe)" "$(members /tmp/serve)"
}

# node NAME: what the kernel's files and folders cost
node()
{
	serve --rounds 200 "$CG/node/memory.stat" >/tmp/stat
	mkgroups --root "$CG/node/other" --kind empty --count 200 >/tmp/empty
	dying
	printf '"%s":{"offline":%d,"memory_stat":{%s},"mkdir_rmdir":{%s}}' "$1" "$dying" "$(members /tmp/stat)" "$(members /tmp/empty)"
}

# Until it has taken all; seldom asked, as that takes CPU time from all.
thread()
{
	tun reap_background 1
	dying
	while [ "$dying" -gt 0 ]; do
		sleep 1
		dying
	done
	tun reap_background 0
}

mount -o remount,noatime /mnt/ext4
mkcg node/jobs
mkcg node/service
mkcg node/probe
mkcg node/other
filesum write $LIVE_DIR "$LIVE" 1048576 1
sync
how="once $METHOD"
case $METHOD in
*-thread)	how=thread; load "${METHOD%-thread}" min_age_ms=0 scan_interval_ms=100 ;;
*)		load "$METHOD" ;;
esac
calibrate
mkgroups --root "$CG/node/jobs" --kind part --size "${MIB}M" --count 1 --prefix big >/tmp/mk
make_many "$GROUPS_" --root "$CG/node/jobs" --kind part --size 4K
about neighbours "$METHOD"
node before
printf ,
beside alone sleep 5
# shellcheck disable=SC2086 # words
beside beside $how
settle
node after
echo '}'
