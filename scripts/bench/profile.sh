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
# `reap` on so many groups of so many KiB: the process that asks for it, not those that free
# the groups. Emulation has no counters, so it is a timer that takes the samples, and what runs
# with interrupts off is told of the function that switches them on again.
# shellcheck source=../guest/lib.sh
. /lib.sh
# shellcheck source=../guest/bench.sh
. /bench.sh

METHOD=$1 GROUPS_=${2:-5000} KIB=${3:-4}
TOP=12

perf()
{
	/perf/ld-linux-x86-64.so.2 --library-path /perf /perf/perf "$@"
}

# report OPTIONS...
report()
{
	perf report -i /tmp/perf.data --stdio -g none "$@" 2>/dev/null | grep -v '^$'
}

mkcg node/jobs
load "$METHOD"
calibrate
make_in_jobs "$GROUPS_" part "${KIB}K"
dying
groups=$dying
echo 0 >/proc/sys/kernel/kptr_restrict
# As many samples as are asked for, whatever they cost.
echo 0 >/proc/sys/kernel/perf_cpu_time_max_percent
perf record -q -e cpu-clock -F 20000 -g -o /tmp/perf.data -- sh -c "echo 1 >$REAPER/reap" 2>&1
dying
report --no-children --percent-limit 0.4 --sort dso,symbol
report --children --percent-limit 1.5 --sort symbol

about profile "$METHOD"
printf '"groups":%d,"kib":%d,"left":%d,' "$groups" "$KIB" "$dying"
# Lines are " 12.34;[kernel.kallsyms];[k] walk;..."; the module's are not told from the kernel's.
report --no-children -t ';' --sort dso,symbol | awk -F ';' -v top=$TOP '
	NR == FNR { if (/\[memcg_reaper\]$/) { split($0, word, " "); own[word[3]] } next }
	/^# Samples: / { samples = $0; gsub(/[^0-9.KM]/, "", samples) }
	!/^#/ && NF >= 3 {
		sub(/^\[.\] */, "", $3)
		gsub(/ /, "", $3)
		who = $3 in own ? "module" : "kernel"
		percent[who] += $1
		if (n++ < top)
			list = list (list ? "," : "") sprintf("[\"%s\",\"%s\",%.1f]", $3, who, $1)
	}
	END {
		printf "\"samples\":\"%s\",\"module_percent\":%.1f,\"functions\":[%s]}\n",
			samples, percent["module"], list
	}' /proc/kallsyms -
