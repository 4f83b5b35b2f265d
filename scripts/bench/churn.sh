# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# what: offline groups over time, while containers come and go
# vm: --cgroup v2 --ext4 4096 --mem 3072 --add scripts/guest/bench.sh:/bench.sh
# timeout: 3600
# each: nothing drop_caches=3 memory.reclaim peers evict reparent recharge
# peer: yes
#
#	churn METHOD [SECONDS [RATE [CRON_SECONDS]]]
#
# So many groups a second that each are a process of their own: half of them write a log
# of 16 KiB, half read a page of a file that all share. Beside them a live group keeps
# 32 MiB. drop_caches and memory.reclaim come every CRON_SECONDS, as a cron job does; the
# peers' pass every 5 seconds, as theirs; the module's thread has its default settings.
# shellcheck source=../guest/lib.sh
. /lib.sh
# shellcheck source=../guest/bench.sh
. /bench.sh

METHOD=$1 SECONDS_=${2:-600} RATE=${3:-20} CRON=${4:-60}
LIVE_DIR=/mnt/ext4/live LIVE=32

every()
{
	while sleep "$1"; do
		once "$METHOD"
	done 2>/dev/null
}

mount -o remount,noatime /mnt/ext4
mkcg node/jobs
mkcg node/service
filesum write $LIVE_DIR $LIVE 1048576 1
sync
echo 3 >/proc/sys/vm/drop_caches
incg node/service find $LIVE_DIR -type f -exec cat {} + >/dev/null
mkdir /mnt/ext4/logs
load "$METHOD"
calibrate
worker=
case $METHOD in
evict | reparent | recharge)	tun reap_background 1; pid=$(thread_pid) ;;
nothing)			pid=$$ ;;
peers)				every 5 & worker=$! pid=$! ;;
*)				every "$CRON" & worker=$! pid=$! ;;
esac
spent "$pid"
cpu=$spent
mkgroups --root "$CG/node/jobs" --prefix log --kind file --size 16K --dir /mnt/ext4/logs --fork \
	--files 1000000 --seconds "$SECONDS_" --rate $((RATE / 2)) >/tmp/mk &
one=$!
mkgroups --root "$CG/node/jobs" --prefix part --kind part --size 4K --fork \
	--files 1000000 --seconds "$SECONDS_" --rate $((RATE / 2)) >/tmp/mk.b &
two=$!
i=0 left='' cached='' live=''
begun=$(now)
while [ $i -lt "$SECONDS_" ]; do
	i=$((i + 1))
	# On the second, whatever it took to look.
	rest=$((begun + i * 100 - $(now)))
	[ $rest -le 0 ] || usleep $((rest * 10000))
	dying
	left="$left,$dying"
	[ $((i % 5)) = 0 ] || continue
	cached="$cached,$(($(meminfo Cached) >> 20))"
	live="$live,$(($(residency --bytes $LIVE_DIR) >> 20))"
done
wait $one $two
spent "$pid"
cpu=$((spent - cpu))
[ -z "$worker" ] || kill $worker

about churn "$METHOD"
printf '"seconds":%d,"rate":%d,"groups":%d,"worst_us":%d,"cpu_ns":%d,' "$SECONDS_" "$RATE" \
	$(($(field groups /tmp/mk) + $(field groups /tmp/mk.b))) "$(field worst_us /tmp/mk)" "$cpu"
printf '"left_each_second":[%s],"cached_mib_each_5s":[%s],"live_mib_each_5s":[%s]}\n' "${left#,}" "${cached#,}" "${live#,}"
