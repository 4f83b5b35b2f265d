# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
#
# In the background: groups made and removed at full speed leave no more than two
# seconds' worth of them offline, those of the last two seconds or of two seconds on
# average, but for those that wait for the kernel: for a journal that has their pages,
# which nothing can evict, or for the flusher, which writes their files; with the
# latter, it is no more on average. Reparenting frees all of these, but on 6.1 has to
# leave the files to the flusher. Once it is over the number falls to what the journal
# pins.
#
# vm: --cgroup v2 --ext4 1024 --mem 1536 --cpus 4
# kernels: 6.1 6.12
# timeout: 330
# debug: no, rates of a machine that is not slowed down

. /lib.sh

SECONDS_=${1:-20}
# A group costs ten times as much under emulation as on a processor, and more
# where the host is busy: 5 % of an emulated CPU is too little for full speed.
PERCENT=${2:-50}

# churn METHOD SECONDS
churn()
{
	local method="$1" out_of_reach=busy n pinned worst=0 worst_all=0 samples=0
	local at made late=0 history sum=0 word

	case $method in
	evict)		out_of_reach='busy dirty' ;;
	reparent)	has switch_dirty || out_of_reach=dirty ;;
	esac
	tun method "$method"
	mkgroups --root "$CG/$method" --seconds "$2" --kind file --size 16384 \
		--dir "/mnt/ext4/$method" --counter /tmp/made >/tmp/mk &
	maker=$!
	history="$(now):0"
	while kill -0 $maker 2>/dev/null; do
		n=$(nr_dying)
		[ "$n" -le "$worst_all" ] || worst_all=$n
		# Tried, and nothing could be had; or to be written, which was asked for.
		cat "$OFFLINE" >/tmp/offline
		for word in $out_of_reach; do
			pinned=$(grep -c " $word\$" /tmp/offline)
			n=$((n - pinned))
			# Evicting has the flusher begin, so on average they count.
			[ "$word $method" != 'dirty evict' ] || sum=$((sum + pinned))
		done
		[ "$n" -le "$worst" ] || worst=$n
		read -r made </tmp/made
		at=$(now)
		# From the last one that is two seconds old.
		# shellcheck disable=SC2086 # words
		set -- $history "$at:$made"
		while [ $((at - ${2%:*})) -ge 200 ]; do
			shift
		done
		history="$*"
		[ "$n" -le $((made - ${1#*:})) ] || [ "$n" -le "$late" ] || late=$n
		samples=$((samples + 1))
		sum=$((sum + n))
		usleep 200000
	done
	wait $maker
	rate=$(field rate /tmp/mk)
	note "$method: $(cat /tmp/mk); offline: $worst_all at most; without those out of reach:" \
		"$((sum / samples)) on average, $worst at most, in $samples samples"
	note "$method: passes $(stat passes_total), freed $(stat freed_groups_total)," \
		"$(($(thread_cpu_ns) / 1000000)) ms of CPU so far"
	compare "$method: groups were made, a second" "${rate:-0}" -gt 10
	compare "$method: never more than two seconds' worth offline" \
		"$late" -le $((${rate:-0} * 2))
	compare "$method: nor on average" \
		$((sum / samples)) -le $((${rate:-0} * 2))
}

mkdir /mnt/ext4/evict /mnt/ext4/reparent
load_reaper scan_interval_ms=100 min_age_ms=0 cpu_percent="$PERCENT"
churn reparent $((SECONDS_ / 2))
check "reparent: all go" wait_for 30 'sync; no_dying'
churn evict "$SECONDS_"
sync
# An ext4 journal commits at least every 5 s, and its pages go with the next
# write-out, which comes within 35 s; what remains is metadata: a block of 16 inodes
# belongs to who made the first of them, and one of names, of dozens. So one
# group in 16 may stay, and some more; fewer where blocks are used again. A group
# that was tried in vain before may wait for 102 s then, of the back-off.
made=$(field groups /tmp/mk)
check "falls to what the journal pins" \
	wait_for 150 '[ "$(nr_dying)" -le $((made / 12)) ]'
note "left: $(nr_dying) of $made"
check "unload" unload_reaper
finish
