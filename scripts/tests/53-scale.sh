# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
#
# Time per group, of a scan and of eviction, with 2,000 and with 20,000 groups:
# nothing may grow faster than the number. Ratios within one run only.
#
# vm: --cgroup v2 --xfs 1024 --mem 3072
# kernels: 6.1 6.12
# timeout: 280

. /lib.sh

# Thread CPU for one pass with nothing to do (all groups too young), in ns.
scan_cost()
{
	local passes cpu

	tun min_age_ms 3600000
	tun cpu_percent 100
	tun scan_interval_ms 10
	passes=$(stat passes_total)
	tun reap_background 1
	wait_for 60 '[ "$(stat passes_total)" -gt '"$((passes + 1))"' ]'
	passes=$(stat passes_total)
	cpu=$(thread_cpu_ns)
	wait_for 60 '[ "$(stat passes_total)" -ge '"$((passes + 20))"' ]'
	tun reap_background 0
	passes=$(($(stat passes_total) - passes))
	scan_ns=$((($(thread_cpu_ns) - cpu) / passes))
}

# measure COUNT: sets scan_ns and evict_ns, both a group
measure()
{
	local cpu n

	fresh || note "groups were left over"
	mkdir /mnt/xfs/files
	mkgroups --root "$CG/s$1" --count "$1" --kind read \
		--size 4096 --dir /mnt/xfs/files >/tmp/mk
	note "$(cat /tmp/mk)"
	n=$(nr_dying)
	compare "$1 groups are there" "$n" -ge "$1"
	scan_cost
	cpu=$(cpu_ns)
	tun reap 1 2>/dev/null
	evict_ns=$((($(cpu_ns) - cpu) / n))
	scan_ns=$((scan_ns / n))
	check "$1 groups go" wait_for 60 '[ "$(nr_dying)" -le 5 ]'
	note "$1 groups: a pass with nothing to do $scan_ns ns a group, eviction $evict_ns ns a group"
}

load_reaper reap_background=0
measure "${1:-2000}"
scan_small=$scan_ns
evict_small=$evict_ns
measure "${2:-20000}"
# Caches are colder with ten times as many, so not quite the same; far from ten.
compare "a scan grows no faster than the number, in percent" \
	"$((scan_ns * 100 / scan_small))" -le 300
compare "eviction grows no faster than the number, in percent" \
	"$((evict_ns * 100 / evict_small))" -le 300
check "unload" unload_reaper
finish
