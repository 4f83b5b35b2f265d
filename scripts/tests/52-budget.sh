# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
#
# The CPU budget holds inside a group too: one large dead group of page
# cache is freed, and no second in between sees more than the budget, whatever
# the method.
#
# vm: --cgroup v2 --ext4 256 --mem 3584
# kernels: 6.1 6.12
# timeout: 400
# alone: yes
# shellcheck source=../guest/lib.sh
. /lib.sh

# 2048 takes minutes under emulation, and shows no more.
MIB=${1:-1024}

# run METHOD COUNTER
run()
{
	tun reap_background 0
	tun method "$1"
	big "${MIB}M"
	compare "$1: the group is offline" "$(nr_dying)" = 1

	# Sampled all the while the group is emptied, and for no longer.
	taken=$(stat "$2")
	cpu=$(thread_cpu_ns)
	start=$(now)
	cpuwatch "$(thread_pid)" 1000 >/tmp/watch &
	watch=$!
	tun reap_background 1
	# As long as it goes on. Where a busy host stalls the guest in a batch, the thread
	# pays for that, too: two seconds take forty of sleep.
	last=-1
	while [ "$(nr_dying)" != 0 ] && [ "$last" != "$(stat "$2")" ]; do
		last=$(stat "$2")
		wait_for 90 '[ "$(nr_dying)" = 0 ] || [ "$(stat '"$2"')" != '"$last"' ]'
	done
	took=$(($(now) - start))
	kill $watch 2>/dev/null
	wait $watch
	compare "$1: the group goes" "$(nr_dying)" = 0
	cpu=$(($(thread_cpu_ns) - cpu))
	taken=$(($(stat "$2") - taken))
	note "$1: cpuwatch: $(cat /tmp/watch)"
	note "$1: freed after $((took / 100)).$((took % 100)) s, $((cpu / 1000000)) ms of CPU," \
		"$((cpu / 10 / (taken / 4096))) ms for 100,000 pages"
	worst=$(sed -n 's/.*worst=\([0-9]*\).*/\1/p' /tmp/watch)
	tenths=$(sed -n 's/.*worst=[0-9]*\.\([0-9]\).*/\1/p' /tmp/watch)
	# One batch can't be cut, so a second may hold the budget and one batch more. On
	# an undisturbed machine the longest takes some ms; where the host stalls the
	# guest in one, that is in both numbers.
	# Putting a wave back is no batch of its own: its longest hold of a lock counts.
	longest=$(awk '$1 == "max" { printf "%d", ($2 + $3) / 1000000 + 1 }' "$DEBUG/latency")
	compare "$1: CPU of the worst second, in ms" \
		"$((worst * 10 + ${tenths:-0}))" -le $((60 + longest))
	compare "$1: bytes taken" "$taken" -ge $((MIB * 1048576))
	note "latency so far: $(tail -n 1 "$DEBUG/latency") ns (batch, lru_lock, group)"
	# Its pages live on in the parent.
	rm /mnt/ext4/sparse
}

load_reaper cpu_percent=5 min_age_ms=0 scan_interval_ms=100 reap_background=0
run reparent reparented_bytes_total
run evict evicted_bytes_total
check "unload" unload_reaper
finish
