# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
#
# The CPU budget holds inside a group too: one large dead group of page
# cache is freed, and no second in between sees more than the budget, whatever
# the method; and what others use of a CPU is not taken for the thread's.
#
# vm: --cgroup v2 --ext4 256 --mem 3584 --append preempt=full
# kernels: 6.1 6.12
# timeout: 300
# debug: no, measures CPU time
# shellcheck source=../guest/lib.sh
. /lib.sh

# 2048 takes minutes under emulation, and shows no more; evicting is slower.
REPARENT_MIB=${1:-1024}
EVICT_MIB=${2:-128}

batches()
{
	awk '$1 + 0 { n += $2 } END { print n + 0 }' "$DEBUG/latency"
}

# run METHOD COUNTER MIB
run()
{
	tun reap_background 0
	tun method "$1"
	mib=$3
	big "${mib}M"
	compare "$1: the group is offline" "$(nr_dying)" = 1

	# Sampled all the while the group is emptied, and for no longer.
	taken=$(stat "$2")
	cpu=$(thread_cpu_ns)
	had=$(batches)
	start=$(now)
	cpuwatch "$(thread_pid)" 1000 >/tmp/watch &
	watch=$!
	tun reap_background 1
	# As long as it goes on. Where a busy host stalls the guest in a batch, the thread
	# pays for that, too: two seconds take forty of sleep.
	last=-1
	while [ "$(nr_dying)" != 0 ] && [ "$last" != "$(stat "$2")" ]; do
		last=$(stat "$2")
		wait_for 90 'no_dying || [ "$(stat '"$2"')" != '"$last"' ]'
	done
	took=$(($(now) - start))
	kill $watch 2>/dev/null
	wait $watch
	compare "$1: the group goes" "$(nr_dying)" = 0
	cpu=$(($(thread_cpu_ns) - cpu))
	taken=$(($(stat "$2") - taken))
	note "$1: cpuwatch: $(cat /tmp/watch)"
	# Whatever the kernel's reclaim would like to do: MGLRU takes all at once.
	batches=$(($(batches) - had))
	compare "$1: in how many batches" "$batches" -ge $((mib / 8))
	note "$1: freed after $((took / 100)).$((took % 100)) s, $((cpu / 1000000)) ms of CPU," \
		"$((cpu / 10 / (taken / 4096))) ms for 100,000 pages"
	# In tenths of a percent, which are ms of a second.
	worst=$(field own /tmp/watch | tr -d .)
	# One batch can't be cut, so a second may hold the budget and one batch more. On
	# an undisturbed machine the longest takes some ms; where the host stalls the
	# guest in one, that is in both numbers.
	longest=$(awk '$1 == "max" { printf "%d", $2 / 1000000 + 1 }' "$DEBUG/latency")
	compare "$1: CPU of the worst second, in ms" \
		"$worst" -le $((60 + longest))
	compare "$1: CPU of all the time, in ms" \
		"$((cpu / 1000000))" -le $((took / 2 + 60 + longest))
	compare "$1: bytes taken" "$taken" -ge $((mib * 1048576))
	note "latency so far: $(tail -n 1 "$DEBUG/latency") ns (batch, lru_lock, group)"
	# Its pages live on in the parent.
	rm /mnt/ext4/sparse
}

load_reaper cpu_percent=5 min_age_ms=0 scan_interval_ms=100 reap_background=0
run reparent reparented_bytes_total "$REPARENT_MIB"
run evict evicted_bytes_total "$EVICT_MIB"

# Real-time tasks have the CPUs three quarters of the time. That is none of the
# thread's, and not to be paid for with more rest.
tun reap_background 0
tun cpu_percent 10
big "$((EVICT_MIB * 2))M"
hog 6 8 &
hog=$!
cpu=$(thread_cpu_ns)
start=$(now)
tun reap_background 1
check "beside real-time tasks: the group goes" wait_for 120 no_dying
took=$(($(now) - start))
cpu=$(($(thread_cpu_ns) - cpu))
kill $hog
note "beside real-time tasks: freed after $((took / 100)).$((took % 100)) s, $((cpu / 1000000)) ms of CPU"
compare "beside real-time tasks: CPU, of 10 %" $((cpu / 100000 / took)) -ge 5
check "unload" unload_reaper
finish
