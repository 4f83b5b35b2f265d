# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# what: how scan, reap and memory grow with the number of offline groups
# vm: --cgroup v2 --ext4 256 --mem 3072 --add scripts/guest/bench.sh:/bench.sh
# timeout: 7200
# each: evict reparent
#
#	scale METHOD [GROUPS [KIND]]
#
# Groups of one page each, which is their part of a file that all share: making them reads
# nothing, and none has an inode. Or of KIND "file", each with a file that it wrote: then
# the kernel's cleaner of writebacks has ever more of them to look at. One takes about
# 27 KB: MR_MEM has to be set for more than 80,000.
# shellcheck source=../guest/lib.sh
. /lib.sh
# shellcheck source=../guest/bench.sh
. /bench.sh

METHOD=$1 GROUPS_=${2:-1000} KIND=${3:-part}

# Passes with nothing to do: sets $first and $scan, thread CPU of the first, which makes
# the table, and of the fastest of five later ones, ns.
scan_cost()
{
	local passes cpu took i=0

	tun min_age_ms 3600000
	tun cpu_percent 100
	tun scan_interval_ms 10
	cpu=$(thread_cpu_ns) passes=$(stat passes_total)
	tun reap_background 1
	wait_for 600 '[ "$(stat passes_total)" -gt '"$passes"' ]'
	first=$(($(thread_cpu_ns) - cpu)) scan=
	while [ $i -lt 5 ]; do
		i=$((i + 1))
		cpu=$(thread_cpu_ns) passes=$(stat passes_total)
		wait_for 600 '[ "$(stat passes_total)" -gt '"$((passes + 1))"' ]'
		took=$((($(thread_cpu_ns) - cpu) / ($(stat passes_total) - passes)))
		[ -n "$scan" ] && [ "$scan" -le "$took" ] || scan=$took
	done
	tun reap_background 0
}

mkcg node/jobs
load "$METHOD"
calibrate
free=$(meminfo MemAvailable)
make_in_jobs "$GROUPS_" "$KIND" 4K
# What is dirty can't be evicted.
sync
rate=$(field rate /tmp/mk)
worst=$(field worst_us /tmp/mk)
dying
groups=$dying
held=$((free - $(meminfo MemAvailable)))
# Of what the xarray takes there is 0.4 bytes a group besides.
allocates scan_cost

cost "$METHOD"
settle
dying

about scale "$METHOD"
printf '"kind":"%s","groups":%d,"groups_bytes":%s,' "$KIND" "$groups" "$held"
printf '"made_per_s":%d,"worst_us":%d,' "$rate" "$worst"
printf '"first_scan_ns":%d,"scan_ns":%d,"table_bytes":%d,' "$first" "$scan" "$allocated"
printf '"cpu_ns":%d,"wall_ms":%d,"left":%d}\n' "$cpu" "$wall" "$dying"
