# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
#
# Time per group, of a scan and of eviction, with 1,000 and with five times as many:
# nothing may grow faster than the number. Ratios within one run only. And what
# is remembered of a group, and reading the tables of debugfs with as many. Poisoning slab
# objects takes time, so they are not.
#
# vm: --cgroup v2 --xfs 1024 --mem 3072 --append slub_debug=-
# kernels: 6.1 6.12
# timeout: 600
# debug: no, compares times
# shellcheck source=../guest/lib.sh
. /lib.sh

MANY=${2:-5000}

# Thread CPU for one pass with nothing to do (all groups too young), in ns: the
# fastest of some, as a host that takes its CPUs away makes others slower.
# shellcheck disable=SC2317 # called by allocates
scan_cost()
{
	local passes cpu more took _

	tun min_age_ms 3600000
	tun cpu_percent 100
	tun scan_interval_ms 10
	passes=$(stat passes_total)
	tun reap_background 1
	wait_for 60 '[ "$(stat passes_total)" -gt '"$((passes + 1))"' ]'
	scan_ns=
	for _ in 1 2 3 4 5; do
		passes=$(stat passes_total)
		cpu=$(thread_cpu_ns)
		wait_for 60 '[ "$(stat passes_total)" -ge '"$((passes + 4))"' ]'
		more=$(($(stat passes_total) - passes))
		took=$((($(thread_cpu_ns) - cpu) / more))
		[ -n "$scan_ns" ] && [ "$scan_ns" -le "$took" ] || scan_ns=$took
	done
	tun reap_background 0
}

# tables COUNT: read by several, whom nobody waits for
tables()
{
	local start took passes reader one two

	start=$(now)
	cut -d' ' -f1,5 $OFFLINE >/tmp/rows
	took=$(($(now) - start))
	note "$1 rows of offline: ${took}0 ms, $((took * 10000 / $1)) us a row"
	compare "$1 rows" "$(grep -cE ' [ab][0-9]+$' /tmp/rows)" = "$1"
	compare "each once" "$(sort /tmp/rows | uniq -d)" = ""
	start=$(now)
	compare "the first row alone" "$(head -n 3 $OFFLINE | wc -l)" = 3
	compare "does not take as long as all" $((($(now) - start) * 2)) -le $took "of 1/100 s"
	start=$(now)
	compare "ancestors count them" "$(table $DEBUG/ancestors '$1 == w[1] { print $c["offline_groups"] }' "/s$1")" = "$1"
	note "ancestors: $(($(now) - start))0 ms"

	cut -d' ' -f1,5 $OFFLINE >/tmp/one &
	one=$!
	cut -d' ' -f1,5 $OFFLINE >/tmp/two &
	two=$!
	wait $one $two
	check "two readers at a time get the same" sh -c 'cmp /tmp/rows /tmp/one && cmp /tmp/rows /tmp/two'

	# All the while somebody reads: did others wait for the end of a reading?
	rm -f /tmp/enough
	while [ ! -e /tmp/enough ]; do
		cat $OFFLINE >/dev/null
	done &
	reader=$!
	passes=$(stat passes_total)
	tun reap_background 1
	mkgroups --root "$CG/beside" --kind empty --count 300 --rate 100 >/tmp/beside
	check "the thread works beside a reader" wait_for 60 "[ \$(stat passes_total) -ge $((passes + 3)) ]"
	tun reap_background 0
	touch /tmp/enough
	wait $reader
	note "mkdir and rmdir beside it: $(cat /tmp/beside)"
	compare "mkdir and rmdir don't wait for a reader, us" \
		"$(sed 's/.*worst_us=//' /tmp/beside)" -le $((took * 10000 / 2))
}

# measure COUNT [tables]: sets scan_ns and evict_ns, both a group
measure()
{
	local cpu n

	fresh || note "groups were left over"
	mkdir /mnt/xfs/files
	make_many "$1" --root "$CG/s$1" --kind read --size 4096 --dir /mnt/xfs/files
	cat /tmp/mk
	n=$(nr_dying)
	compare "$1 groups are there" "$n" -ge "$1"
	# In the first scan: later ones find all entries made. Beside a 25th of a slot in the xarray.
	allocates scan_cost
	entry=$((allocated / n))
	[ -z "$2" ] || tables "$1"
	cpu=$(cpu_ns)
	tun reap 1 2>/dev/null
	evict_ns=$((($(cpu_ns) - cpu) / n))
	scan_ns=$((scan_ns / n))
	check "$1 groups go" wait_for 60 '[ "$(nr_dying)" -le 5 ]'
	note "$1 groups: a pass with nothing to do $scan_ns ns a group, eviction $evict_ns ns a group"
	note "$1 groups: the table takes $entry bytes a group"
}

load_reaper reap_background=0
measure "${1:-1000}"
scan_small=$scan_ns
evict_small=$evict_ns
# Five times would be quadratic. Caches are colder with more, those of the emulator above
# all: what 1,000 groups touch may fit into its TLB, and a scan of 5,000 took 1.8 to 2.8
# times as long a group, where it is 0.9 by instructions (Documentation/benchmarks.rst).
LIMIT=400
grown()
{
	[ $((scan_ns * 100 / scan_small)) -gt $LIMIT ] || [ $((evict_ns * 100 / evict_small)) -gt $LIMIT ]
}
measure "$MANY" tables
# Eviction is measured in one go: where the host had other work then, once more.
! grown || measure "$MANY"
! grown || measure "$MANY"
compare "a scan grows no faster than the number, in percent" \
	"$((scan_ns * 100 / scan_small))" -le $LIMIT
compare "eviction grows no faster than the number, in percent" \
	"$((evict_ns * 100 / evict_small))" -le $LIMIT
# 25 entries of 40 in 1 KiB, and blocks that are not full.
compare "an entry takes no less than it is, bytes" "$entry" -ge 40
compare "and about 41" "$entry" -le 60
check "unload" unload_reaper
finish
