# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
#
# What benchmarks share: . /bench.sh; it needs /lib.sh.

# What a cron job asks an ancestor for at a time.
STEP=32M

# make_in_jobs COUNT KIND SIZE: very many groups; what mkgroups says goes to /tmp/mk. By one
# process: a switch to another flushes the emulator's TLB, and doubles the time.
make_in_jobs()
{
	mkgroups --count "$1" --root "$CG/node/jobs" --kind "$2" --size "$3" >/tmp/mk
}

# spent PID: sets $spent, ns of CPU; as those below it starts no process, which would be
# counted
spent()
{
	read -r spent _ <"/proc/$1/schedstat"
}

# Sets $dying, as nr_dying() says it.
dying()
{
	local key value

	dying=0
	# The second comes after the first, where there is one.
	while read -r key value; do
		case $key in
		nr_dying_descendants | nr_dying_subsys_memory)
			dying=$value ;;
		esac
	done <"$CG/cgroup.stat"
}

# A fixed piece of work: how fast this machine is just now; sets $calib, ns.
calibrate()
{
	local i=0

	spent $$
	calib=$spent
	while [ $i -lt 10000 ]; do
		i=$((i + 1))
	done
	spent $$
	calib=$((spent - calib))
}

# about BENCH METHOD: the beginning of a line of figures, all that goes for each of them
about()
{
	printf '{"bench":"%s","kernel":"%s","method":"%s","calibration_ns":%d,"memory_bytes":%s,"cpus":%d,' \
		"$1" "$(uname -r)" "$2" "$calib" "$(meminfo MemTotal)" "$(nproc)"
}

# per DIVIDEND DIVISOR: more than the shell can count
per()
{
	awk -v a="$1" -v b="$2" 'BEGIN { printf "%.0f", b ? a / b : 0 }'
}

# load METHOD [PARAM=VALUE...]: what it takes, asleep
load()
{
	local method="$1"

	shift
	case $method in
	peers)	insmod /mr_peer.ko ;;
	evict | reparent | recharge)
		load_reaper reap_background=0 method="$method" "$@" ;;
	esac
}

# Below "node" are all groups.
reclaim_ancestor()
{
	dying
	while [ "$dying" != 0 ]; do
		echo $STEP >"$CG/node/memory.reclaim" || break
		dying
	done 2>/dev/null
}

# once METHOD: all that it can do, by this shell
once()
{
	case $1 in
	nothing)		sleep 5 ;;
	drop_caches=*)		echo "${1#*=}" >/proc/sys/vm/drop_caches ;;
	memory.reclaim)		reclaim_ancestor ;;
	peers)			echo 1 >/sys/module/mr_peer/parameters/reap ;;
	evict | reparent | recharge)
				echo 1 >"$REAPER/reap" ;;
	esac
}

# cost METHOD: once, and sets $cpu, ns of this shell, and $wall, ms
cost()
{
	local begun

	begun=$(now)
	spent $$
	cpu=$spent
	once "$1" 2>/dev/null
	spent $$
	# shellcheck disable=SC2034 # the caller's
	cpu=$((spent - cpu)) wall=$((($(now) - begun) * 10))
}

# Until the kernel has freed what it can: nothing has changed for two seconds; with a
# removal now and then, as on any node, which itself is one group more for a moment.
settle()
{
	local last=-9 same=0 i=0 diff

	while [ $same -lt 8 ] && [ $i -lt 240 ]; do
		usleep 250000
		dying
		diff=$((dying - last))
		if [ "${diff#-}" -le 1 ]; then
			same=$((same + 1))
		else
			same=0 last=$dying
		fi
		# Not in the last second.
		[ $((i % 4)) != 0 ] || [ $same -gt 4 ] || poke
		i=$((i + 1))
	done
}
