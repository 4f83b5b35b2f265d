# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
#
# A pass does not run ahead of the kernel, which frees a group far slower than it is
# emptied, and each the slower the more there are: as traced, no more than MR_LAG_MAX and
# a wave wait to be freed at any moment.
#
# vm: --cgroup v2 --ext4 64 --mem 1024
# kernels: 5.10 6.1 6.12
# timeout: 120
# shellcheck source=../guest/lib.sh
. /lib.sh

N=${1:-4000}
# MR_LAG_MAX, a wave that was begun before, and what is removed meanwhile.
MOST=1500
TRACE=/sys/kernel/tracing
RELEASE=$TRACE/events/cgroup/cgroup_release
END=$TRACE/events/memcg_reaper/reap_group_end

for method in evict $(! has reparent || echo reparent); do
	fresh || note "groups were left over"
	make_many "$N" --root "$CG/$method" --kind part --size 4096 --dir /mnt/ext4
	check "$method: loads" load_reaper reap_background=0 method="$method"
	echo >$TRACE/trace
	echo 1 >$RELEASE/enable
	echo 1 >$END/enable
	check "$method: reap" tun reap 1
	check "$method: all go" all_gone 20
	echo 0 >$END/enable
	echo 0 >$RELEASE/enable
	awk '/ reap_group_end: .* result=taken/ { n++; if (++lag > most) most = lag }
		/ cgroup_release: / { lag-- }
		END { print n, most }' $TRACE/trace >/tmp/lag
	read -r emptied most </tmp/lag
	compare "$method: groups emptied" "$emptied" -ge "$N"
	compare "$method: left to the kernel at a time" "$most" -le $MOST
	check "$method: unload" unload_reaper
done
finish
