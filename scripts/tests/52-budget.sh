# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
#
# The CPU budget holds inside a group too: one dead group with 2 GiB of page
# cache is freed, and no second in between sees more than the budget.
#
# vm: --cgroup v2 --ext4 256 --mem 3584
# kernels: 6.1 6.12
# timeout: 300
# alone: yes
# shellcheck source=../guest/lib.sh
. /lib.sh

MIB=${1:-2048}

load_reaper reap_background=0 cpu_percent=5 min_age_ms=0 scan_interval_ms=100
big "${MIB}M"
compare "the group is offline" "$(nr_dying)" = 1

# Sampled all the while the group is emptied, and for no longer.
start=$(now)
cpuwatch "$(thread_pid)" 200 >/tmp/watch &
watch=$!
tun reap_background 1
check "the group goes" wait_for 180 '[ "$(nr_dying)" = 0 ]'
took=$(($(now) - start))
kill $watch 2>/dev/null
wait $watch
note "cpuwatch: $(cat /tmp/watch)"
note "freed after $((took / 100)).$((took % 100)) s," \
	"$(($(thread_cpu_ns) / 1000000)) ms of CPU"
worst=$(sed -n 's/.*worst=\([0-9]*\).*/\1/p' /tmp/watch)
tenths=$(sed -n 's/.*worst=[0-9]*\.\([0-9]\).*/\1/p' /tmp/watch)
# One batch can't be cut, so a second may hold the budget and one batch more. On
# an undisturbed machine the longest takes some ms; where the host stalls the
# guest in one, that is in both numbers.
longest=$(awk '$1 == "max" { printf "%d", $2 / 1000000 + 1 }' "$DEBUG/latency")
compare "CPU of the worst second, in ms" \
	"$((worst * 10 + ${tenths:-0}))" -le $((60 + longest))
compare "evicted" "$(stat evicted_bytes_total)" -ge $((MIB * 1048576))
note "latency: $(tail -n 1 "$DEBUG/latency") ns (batch, lru_lock, group)"
check "unload" unload_reaper
finish
