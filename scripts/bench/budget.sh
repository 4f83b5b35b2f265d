# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# what: very many offline groups worked off by the thread, inside its CPU budget
# vm: --cgroup v2 --ext4 256 --mem 3072 --append preempt=full --add scripts/guest/bench.sh:/bench.sh
# timeout: 14400
# each: evict reparent
#
#	budget METHOD [GROUPS [PERCENT]]
#
# As "scale", but it is the thread that works, with its default settings but for min_age_ms:
# its CPU time and what is left, each second, until all groups are gone; and the worst
# second of all, as cpuwatch sees it.
# shellcheck source=../guest/lib.sh
. /lib.sh
# shellcheck source=../guest/bench.sh
. /bench.sh

METHOD=$1 GROUPS_=${2:-5000} PERCENT=${3:-5}

mkcg node/jobs
load "$METHOD" cpu_percent="$PERCENT" min_age_ms=0
calibrate
make_in_jobs "$GROUPS_" part 4K
dying
groups=$dying pid=$(thread_pid)
spent "$pid"
cpu=$spent before=$spent at=$(now) begun=$(now)
cpuwatch "$pid" 7200 >/tmp/watch &
watch=$!
tun reap_background 1
left='' share='' last=$groups idle=0
# No group has gone for a minute: the rest stays.
while [ "$dying" -gt 0 ] && [ $idle -lt 60 ]; do
	sleep 1
	dying
	spent "$pid"
	t=$(now)
	left="$left,$dying"
	# In hundredths of a percent.
	share="$share,$(((spent - before) / 1000 / (t - at)))"
	before=$spent at=$t
	[ "$dying" = "$last" ] && idle=$((idle + 1)) || idle=0
	last=$dying
done
wall=$((($(now) - begun) * 10))
kill $watch
wait $watch

about budget "$METHOD"
printf '"groups":%d,"percent":%d,"wall_ms":%d,"cpu_ns":%d,"left":%d,' "$groups" "$PERCENT" "$wall" \
	$((spent - cpu)) "$dying"
printf '"worst_percent":%s,"own_percent":%s,"average_percent":%s,' "$(field worst /tmp/watch)" \
	"$(field own /tmp/watch)" "$(field average /tmp/watch)"
printf '"left_each_second":[%s],"share_each_second":[%s]}\n' "${left#,}" "${share#,}"
