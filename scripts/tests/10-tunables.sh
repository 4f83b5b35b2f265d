# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# kernels: 5.10 6.1 6.12 7.2
# vm: --cgroup v2
# timeout: 120
#
# The interface: which files there are, their modes and defaults; what each
# tunable takes and what it refuses, with the old value kept and one line in the
# log that names it; the same as module parameters; a second load, unload. And
# what the thread is.
# shellcheck source=../guest/lib.sh
. /lib.sh

MODULE=/memcg_reaper.ko
PARAMS=/sys/module/memcg_reaper/parameters
TUNABLES="reap_background method scan_interval_ms min_age_ms cpu_percent batch_pages swap subtree"
COUNTERS="offline_groups offline_bytes stuck_groups passes_total freed_groups_total
	evicted_bytes_total reparented_bytes_total recharged_bytes_total cpu_ns_total
	switched_inodes_total"
EINVAL='Invalid argument'
CAN=$(methods)
LONG=$(head -c 4096 /dev/zero | tr '\0' 1)

# put FILE TEXT: what the write says goes to $ERR. TEXT is written as it is,
# echo's backslashes apart.
put()
{
	# shellcheck disable=SC3036 # busybox's echo knows -e
	ERR=$(echo -ne "$2" 2>&1 >"$REAPER/$1")
	ERR=${ERR##*: }
	[ "$ERR" ] || ERR=none
}

# get FILE: the value goes to $GOT; no process, there are hundreds of these
get()
{
	GOT=
	[ "$1" = reap ] || read -r GOT <"$REAPER/$1"
}

# The module's lines in the log since the last call, or since that of
# forget_log, go to $LINES; how many there are goes to $LINES_NR.
forget_log()
{
	dmesg -c >/dev/null
}

log_lines()
{
	LINES=$(dmesg -c | grep 'memcg_reaper: ')
	LINES_NR=0
	[ "$LINES" ] || return
	# shellcheck disable=SC2086 # into lines
	{
		IFS='
'
		set -f
		set -- $LINES
		set +f
		unset IFS
	}
	LINES_NR=$#
}

# refused FILE TEXT [ERROR]: refused, the old value is kept, one line says why
refused()
{
	local file="$1" text="$2" want="${3:-$EINVAL}" before

	get "$file"
	before=$GOT
	put "$file" "$text"
	get "$file"
	log_lines
	case "$ERR $before $LINES_NR $LINES" in
	"$want $GOT 1 "*"memcg_reaper: $file: "*)
		return 0
		;;
	esac
	REFUSED="$REFUSED \"$(echo "$text" | head -c 20)\": $ERR, $before -> $GOT, $LINES_NR lines;"
	return 1
}

# accepted FILE TEXT [READS]
accepted()
{
	put "$1" "$2"
	get "$1"
	log_lines
	if [ "$ERR" = none ] && [ "$GOT" = "${3:-$2}" ] && [ "$LINES_NR" = 0 ]; then
		return 0
	fi
	REFUSED="$REFUSED \"$2\": $ERR, reads $GOT, $LINES_NR lines;"
	return 1
}

# verdict NAME: of all calls of refused and accepted since the last
verdict()
{
	if [ "$REFUSED" ]; then
		fail "$1" "$REFUSED"
	else
		ok "$1"
	fi
	REFUSED=
}

# thread_stat N: that field of the thread's /proc/PID/stat, see proc(5)
thread_stat()
{
	cut -d' ' -f"$1" "/proc/$(thread_pid)/stat"
}

#
# A load.
#
check "loads" load_reaper
check "one thread" [ "$(pidof kmemcg_reaperd | wc -w)" = 1 ]
# The thread sets these itself, when it first runs.
check "nice 19" wait_for 10 '[ "$(thread_stat 19)" = 19 ]'
compare "of the normal scheduling class" "$(thread_stat 41)" = 0
check "I/O class idle" wait_for 10 '[ "$(ionice -p "$(thread_pid)")" = idle ]'
# PF_NOFREEZE, which kernel threads are born with.
check "freezable" wait_for 10 '[ $(($(thread_stat 9) & 0x8000)) = 0 ]'
while read -r name mode value; do
	compare "$name has mode $mode" "$(busybox stat -c %a "$REAPER/$name")" = "$mode"
	[ "$value" ] || continue
	compare "$name is $value" "$(tun "$name")" = "$value"
	compare "parameter $name is $value" "$(cat $PARAMS/"$name")" = "$value"
done <<END
reap_background 644 1
method 644 $CAN
scan_interval_ms 644 5000
min_age_ms 644 10000
cpu_percent 644 5
batch_pages 644 512
swap 644 1
subtree 644 /
reap 200
END
# shellcheck disable=SC2086 # word by word
compare "no other files" "$(cd $REAPER && echo *)" = \
	"$(printf '%s\n' $TUNABLES reap stats | sort | xargs)"
# shellcheck disable=SC2086
compare "no other parameters" "$(cd $PARAMS && echo *)" = "$(printf '%s\n' $TUNABLES | sort | xargs)"
# shellcheck disable=SC2086
compare "the counters" "$(cd $REAPER/stats && echo *)" = "$(printf '%s\n' $COUNTERS | sort | xargs)"
bad=
for name in $COUNTERS; do
	[ "$(wc -l <"$REAPER/stats/$name")" = 1 ] && grep -qE '^[0-9]+$' "$REAPER/stats/$name" &&
		[ "$(busybox stat -c %a "$REAPER/stats/$name")" = 444 ] &&
		! (echo 0 >"$REAPER/stats/$name") 2>/dev/null || bad="$bad $name"
done
compare "each counter is one number, read-only" "$bad" = ""
check "reap can't be read" sh -c "! cat $REAPER/reap"

#
# Numbers.
#
forget_log
while read -r name min max; do
	for text in '\n' ' ' -1 -5 abc 12abc '1 2' 0x10 1.5 '1\n\n' 4294967296 \
			18446744073709551615 18446744073709551616 18446744073709551617 \
			"$LONG" $((max + 1)); do
		refused "$name" "$text"
	done
	[ "$min" = 0 ] || refused "$name" $((min - 1))
	# sysfs calls nobody where nothing is written.
	before=$(tun "$name")
	put "$name" ''
	[ "$(tun "$name")" = "$before" ] || REFUSED="$REFUSED nothing written changes it;"
	verdict "$name refuses what is no number from $min to $max"
	accepted "$name" "$max"
	accepted "$name" "$min\n" "$min"
	accepted "$name" "$max\n" "$max"
	accepted "$name" "$before"
	verdict "$name takes $min and $max"
	compare "parameter $name follows" "$(cat $PARAMS/"$name")" = "$before"
done <<END
reap_background 0 1
scan_interval_ms 10 3600000
min_age_ms 0 3600000
cpu_percent 1 100
batch_pages 32 65536
swap 0 1
END

#
# Words.
#
for text in '\n' -1 1 evic evictx 'evict evict' '[evict]' 18446744073709551616 "$LONG"; do
	refused method "$text"
done
verdict "method refuses nonsense"
for name in evict reparent recharge none; do
	! echo "$CAN" | grep -qw $name || continue
	refused method $name 'Operation not supported'
	refused method "$name\n" 'Operation not supported'
done
verdict "method refuses what it can't do"
METHOD=${CAN#\[}
METHOD=${METHOD%%\]*} METHODS=$CAN
if has reparent; then
	accepted method reparent 'evict [reparent] recharge'
	accepted method 'reparent\n' 'evict [reparent] recharge'
	accepted method recharge 'evict reparent [recharge]'
fi
accepted method "$METHOD" "$CAN"
accepted method "$METHOD\n" "$CAN"
verdict "method takes what it can"
# Another than the default, where there is one.
has reparent && METHOD=reparent METHODS='evict [reparent] recharge'

A1019=$(head -c 1019 /dev/zero | tr '\0' a)
for text in '\n' -1 abc relative/path 18446744073709551616 "/$LONG" "/${LONG#1}" /a//b /a/./b \
		/a/../b /a/.. /a/. /.. '/a\nb' '/a\n\n' " /a"; do
	refused subtree "$text"
done
verdict "subtree refuses what is no plain absolute path"
accepted subtree /a
accepted subtree '/a/b c/d\n' '/a/b c/d'
accepted subtree /a/ /a
accepted subtree '/a.b/..c/d..'
accepted subtree "/$A1019"
accepted subtree /not/there
accepted subtree '/\n' /
verdict "subtree takes paths"

for text in '\n' 0 2 -1 abc '1 1' 11 18446744073709551616 "$LONG"; do
	refused reap "$text"
done
passes=$(stat passes_total)
verdict "reap refuses all but 1"
put reap 1
compare "reap takes 1" "$ERR" = none
put reap '1\n'
compare "reap takes 1 and a newline" "$ERR" = none
compare "each of the two was a pass" "$(stat passes_total)" -ge $((passes + 2))

#
# Loading again, unloading, loading with parameters.
#
forget_log
compare "a second load" "$(insmod $MODULE 2>&1)" = "insmod: can't insert '$MODULE': File exists"
check "and nothing is broken" sh -c "echo 1 >$REAPER/reap && [ \$(pidof kmemcg_reaperd | wc -w) = 1 ]"
check "unloads" unload_reaper
check "and nothing is left" sh -c "[ ! -e $REAPER ] && [ ! -e $DEBUG ] &&
	[ ! -e /sys/kernel/tracing/events/memcg_reaper ] && ! pidof kmemcg_reaperd"

check "loads with parameters" load_reaper reap_background=0 "method=$METHOD" scan_interval_ms=10 \
	min_age_ms=0 cpu_percent=100 batch_pages=65536 swap=0 'subtree="/a b/c/"'
while read -r name value; do
	compare "parameter $name is $value" "$(cat $PARAMS/"$name")" = "$value"
	compare "and the tunable as well" "$(tun "$name")" = "$value"
done <<END
reap_background 0
method $METHODS
scan_interval_ms 10
min_age_ms 0
cpu_percent 100
batch_pages 65536
swap 0
subtree /a b/c
END
unload_reaper
insmod $MODULE
compare "a load without parameters has defaults" "$(tun scan_interval_ms) $(tun subtree)" = "5000 /"
unload_reaper
forget_log

# not_loaded PARAM [ERROR]
not_loaded()
{
	local name="${1%%=*}" said

	said=$(insmod $MODULE "$1" 2>&1)
	log_lines
	case "${said##*: } $LINES" in
	"${2:-$EINVAL} "*"memcg_reaper: $name: "*)
		[ -e $REAPER ] || [ -e $PARAMS ] || return 0
		;;
	esac
	REFUSED="$REFUSED $(echo "$1" | head -c 30): $said, $LINES_NR lines;"
	rmmod memcg_reaper 2>/dev/null
}

for name in reap_background scan_interval_ms min_age_ms cpu_percent batch_pages swap; do
	not_loaded $name=
	not_loaded $name=3600001
done
not_loaded swap=-1
not_loaded swap=abc
not_loaded min_age_ms=18446744073709551616
not_loaded "min_age_ms=$(echo "$LONG" | head -c 1000)"
not_loaded cpu_percent=0
not_loaded cpu_percent=101
not_loaded scan_interval_ms=9
not_loaded batch_pages=31
not_loaded method=
not_loaded method=nonsense
for name in reparent recharge; do
	has reparent || not_loaded method=$name 'Operation not supported'
done
has evict || not_loaded method=evict 'Operation not supported'
! has evict || not_loaded method=none 'Operation not supported'
not_loaded subtree=
not_loaded subtree=relative
verdict "a bad parameter refuses the load, with a line"
check "loads after all that" load_reaper
check "and unloads" unload_reaper
finish
