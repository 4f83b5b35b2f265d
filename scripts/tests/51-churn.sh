# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
#
# In the background: groups made and removed at full speed for a minute leave no
# more than two seconds' worth of them offline, and once it is over the number
# falls to what the journal pins.
#
# vm: --cgroup v2 --ext4 1024 --mem 1536 --cpus 4
# kernels: 6.1 6.12
# timeout: 240

. /lib.sh

SECONDS_=${1:-60}
# A group costs ten times as much under emulation as on a processor, and more
# where the host is busy: 5 % of an emulated CPU is too little for full speed.
PERCENT=${2:-50}

mkdir /mnt/ext4/churn
load_reaper scan_interval_ms=100 min_age_ms=0 cpu_percent="$PERCENT"
mkgroups --root "$CG/churn" --seconds "$SECONDS_" --kind file --size 16384 \
	--dir /mnt/ext4/churn >/tmp/mk &
maker=$!
worst=0
samples=0
sum=0
while kill -0 $maker 2>/dev/null; do
	n=$(nr_dying)
	[ "$n" -le "$worst" ] || worst=$n
	samples=$((samples + 1))
	sum=$((sum + n))
	usleep 200000
done
wait $maker
rate=$(sed -n 's/.*rate=\([0-9]*\).*/\1/p' /tmp/mk)
note "$(cat /tmp/mk); offline: $((sum / samples)) on average, $worst at most, in $samples samples"
note "passes $(stat passes_total), freed $(stat freed_groups_total)," \
	"$(($(thread_cpu_ns) / 1000000)) ms of CPU"
compare "groups were made, a second" "${rate:-0}" -gt 10
compare "no more than two seconds' worth offline" $((sum / samples)) \
	-le $((${rate:-0} * 2))
# Each file has to be written first: an emulated disk falls behind for moments.
compare "never more than six seconds' worth offline" "$worst" -le $((${rate:-0} * 6))
sync
# An ext4 journal commits at least every 5 s, and its pages go with the next
# write-out; what remains are a few per cent of metadata.
made=$(sed -n 's/groups=\([0-9]*\).*/\1/p' /tmp/mk)
check "falls to what the journal pins" \
	wait_for 60 '[ "$(nr_dying)" -le $((made / 20)) ]'
note "left: $(nr_dying) of $made"
check "unload" unload_reaper
finish
