# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# what: where the time goes, by perf
# vm: --cgroup v2 --ext4 256 --mem 3072 --add scripts/guest/bench.sh:/bench.sh
# timeout: 7200
# each: evict reparent
# perf: yes
#
#	profile METHOD [GROUPS [KIB]]
#
# `reap` on so many groups of so many KiB. Emulation has no counters, so it is a timer that
# takes the samples, and what runs with interrupts off is told of the function that
# switches them on again.
# shellcheck source=../guest/lib.sh
. /lib.sh
# shellcheck source=../guest/bench.sh
. /bench.sh

METHOD=$1 GROUPS_=${2:-5000} KIB=${3:-4}

perf()
{
	/perf/ld-linux-x86-64.so.2 --library-path /perf /perf/perf "$@"
}

mkcg node/jobs
load "$METHOD"
calibrate
make_many "$GROUPS_" --root "$CG/node/jobs" --kind part --size "${KIB}K"
dying
groups=$dying
echo 0 >/proc/sys/kernel/kptr_restrict
perf record -q -e cpu-clock -F 5000 -g -o /tmp/perf.data -- sh -c "echo 1 >$REAPER/reap" 2>&1
dying
echo "$METHOD: $groups groups of $KIB KiB, $dying left; reparented: $(stat reparented_bytes_total), evicted: $(stat evicted_bytes_total)"
perf report -i /tmp/perf.data --stdio --no-children -g none --percent-limit 0.4 --sort dso,symbol 2>/dev/null | grep -v '^$'
perf report -i /tmp/perf.data --stdio --children -g none --percent-limit 1.5 --sort symbol 2>/dev/null | grep -v '^$'
