# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# what: how long a batch, and a hold of an lru_lock, of a big dead group takes
# vm: --cgroup v2 --ext4 256 --mem 3072 --add scripts/guest/bench.sh:/bench.sh
# timeout: 7200
# each: evict reparent
#
#	big METHOD [MIB]
#
# One removed group with so much page cache, which has to fit into memory (MR_MEM). Of the
# histogram of powers of two that the module keeps: a percentile is the upper end of the
# bucket that it is in, the maximum is exact. `reap` works without a budget, and thread
# with all of a CPU and its own size of batches, hence both.
# shellcheck source=../guest/lib.sh
. /lib.sh
# shellcheck source=../guest/bench.sh
. /bench.sh

METHOD=$1 MIB=${2:-1024}

# percentiles COLUMN: of the table "latency", as members of an object
percentiles()
{
	awk -v c="$1" '
		NR == 2 { for (i = 1; i <= NF; i++) if ($i == c) c = i }
		NR < 3 { next }
		$1 == "max" { max = $c; next }
		{ from[++n] = $1; count[n] = $c; all += $c }
		function percentile(p, i, sum) {
			for (i = 1; i <= n; i++) {
				sum += count[i]
				if (sum >= all * p)
					return from[i] ? 2 * from[i] - 1 : 1
			}
			return 0
		}
		END {
			printf "\"count\":%d,\"p50_ns\":%d,\"p99_ns\":%d,\"p999_ns\":%d,\"max_ns\":%d", all,
				percentile(0.5), percentile(0.99), percentile(0.999), max
		}' "$DEBUG/latency"
}

# run WHO COMMAND...
run()
{
	local who="$1" begun before

	shift
	load "$METHOD" min_age_ms=0 scan_interval_ms=100 cpu_percent=100
	big "${MIB}M"
	spent "$(thread_pid)"
	before=$spent begun=$(now)
	spent $$
	cpu=$spent
	"$@"
	wall=$((($(now) - begun) * 10))
	spent $$
	cpu=$((spent - cpu))
	spent "$(thread_pid)"
	# Who waits for the thread is not counted.
	[ "$who" = reap ] || cpu=0
	cpu=$((cpu + spent - before))
	wait_for 20 no_dying
	dying
	about big "$METHOD"
	printf '"who":"%s","mib":%d,"cpu_ns":%d,"wall_ms":%d,"left":%d,"batch":{%s},"lru_lock":{%s}}\n' "$who" "$MIB" \
		"$cpu" "$wall" "$dying" "$(percentiles batch)" "$(percentiles lru_lock)"
	unload_reaper
	rm /mnt/ext4/sparse
}

# shellcheck disable=SC2317 # called by run
reap_it()
{
	once "$METHOD" 2>/dev/null
}

# shellcheck disable=SC2317 # called by run
thread_does()
{
	tun reap_background 1
	wait_for 3600 no_dying
	tun reap_background 0
}

calibrate
run reap reap_it
run thread thread_does
