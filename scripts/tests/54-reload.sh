# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
#
# Loading and unloading at any moment: 50 times while groups come and go, 25
# times in the middle of a pass. No splat, nothing left in slab or vmalloc, and
# no unload waits for the end of the pass, which would take many seconds. It takes
# a fraction of one; how long the host keeps its CPUs away is not for a test to say.
#
# vm: --cgroup v2 --ext4 1024 --mem 1536 --one-thread
# kernels: 5.10 6.1 6.12
# timeout: 280

. /lib.sh

CYCLES=${1:-50}
IN_PASS=${2:-25}
# An unload takes half a second, and several where the host has other work; that none
# waits for the end of a pass is seen by what is left.
HANGS=1500

# Memory that a module could leave behind, in KiB: kmalloc, caches of its own and
# vmalloc. Not the stacks of tasks, as removing groups has the kernel make hundreds
# of kworkers, which it keeps for minutes.
slab()
{
	for cache in /sys/kernel/slab/*/shrink; do
		echo 1 >"$cache"
	done
	{
		awk '/^(kmalloc|memcg_reaper|kernfs)/ { print $2 * $4 }' /proc/slabinfo
		awk '!/dup_task_struct|thread_stack|kernel_clone|unpurged/ { print $2 }' \
			/proc/vmallocinfo
	} | awk '{ n += $1 } END { printf "%d\n", n / 1024 }'
}

# Keeps the slowest in /tmp/slowest, in hundredths of a second.
timed_unload()
{
	local start took

	start=$(now)
	unload_reaper || return
	took=$(($(now) - start))
	[ $took -le "$(cat /tmp/slowest)" ] || echo $took >/tmp/slowest
}

cycle()
{
	local i=0

	while [ $i -lt "$1" ]; do
		load_reaper min_age_ms=0 scan_interval_ms=10 cpu_percent=100 ||
			return
		[ -z "$2" ] || wait_for 20 "$2" || return
		timed_unload || return
		i=$((i + 1))
	done
}

settle()
{
	fresh
	wait_for 60 '[ "$(nr_dying)" -le 2 ]' || note "$(nr_dying) groups were left over"
	echo 3 >/proc/sys/vm/drop_caches
	mkdir -p /mnt/ext4/churn /mnt/ext4/many
	# Groups that are gone are freed later, by RCU and workqueues.
	wait_for 60 'n=$(slab); usleep 500000; [ "$(slab)" -ge "$n" ]'
}

churns=0
churn()
{
	churns=$((churns + 1))
	mkgroups --root "$CG/churn" --prefix "c$churns-" --seconds 200 --rate "$1" --kind file --size 16384 \
		--dir /mnt/ext4/churn >/tmp/mk &
	maker=$!
}

end_churn()
{
	kill $maker 2>/dev/null
	wait $maker 2>/dev/null
}

# scenario CYCLES IN_PASS
scenario()
{
	churn 100
	echo 0 >/tmp/slowest
	check "$1 loads and unloads while groups come and go" cycle "$1"
	note "slowest unload: $(cat /tmp/slowest)0 ms"
	compare "no unload hangs" "$(cat /tmp/slowest)" -le $HANGS "hundredths"
	end_churn

	# In the middle of a pass: as soon as something is evicted, with plenty left.
	more=$((1000 - $(nr_dying)))
	[ $more -le 0 ] || mkgroups --root "$CG/many" --count $more --kind file \
		--size 131072 --dir /mnt/ext4/many >/tmp/mk
	compare "plenty of groups to begin with" "$(nr_dying)" -ge 900
	churn 300
	echo 0 >/tmp/slowest
	check "$2 unloads in the middle of a pass" \
		cycle "$2" '[ "$(stat evicted_bytes_total)" -gt 0 ]'
	note "slowest unload: $(cat /tmp/slowest)0 ms, $(nr_dying) groups were left"
	compare "no unload in a pass hangs" "$(cat /tmp/slowest)" -le $HANGS "hundredths"
	most=$(nr_dying)
	compare "nor waits for its end: groups left" "$most" -ge 100
	end_churn
	settle
}

# The first time fills the kernel's own caches; the second counts.
settle
scenario 10 5
slab0=$(slab)
scenario "$CYCLES" "$IN_PASS"
slab1=$(slab)
note "kmalloc and vmalloc: before $slab0 KiB, after $slab1 KiB"
# The kernel's own tables grow with the largest number of groups there was, which is
# larger where the guest is slow.
compare "nothing large is left behind, KiB" "$((slab1 - slab0))" -le $((8192 + most))
# Without groups half a page for each load would be seen. The kernel's caches grow by
# as much as that now and then, but not each time.
leaked()
{
	slab0=$(slab)
	check "$CYCLES loads and unloads without groups" cycle "$CYCLES"
	wait_for 10 'n=$(slab); usleep 500000; [ "$(slab)" -ge "$n" ]'
	slab1=$(slab)
	note "kmalloc and vmalloc: before $slab0 KiB, after $slab1 KiB"
	[ $((slab1 - slab0)) -gt $((CYCLES * 2)) ]
}

echo 0 >/tmp/slowest
leaked && leaked && leaked
compare "nothing is left behind, KiB" "$((slab1 - slab0))" -le "$((CYCLES * 2))"
finish
