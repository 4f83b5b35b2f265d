#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# timeout: 240
#
# vm.sh brings back what happened in the guest.
set -u

dir=$(dirname "$0")/..
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
nr=0
failed=0

# expect NAME STATUS OUTPUT SCRIPT [vm.sh options]
expect()
{
	name=$1 status=$2 output=$3
	printf '%s\n' "$4" >"$tmp/script"
	shift 4
	# The harness may fail, as for any test: once more.
	for _ in 1 2; do
		"$dir/vm.sh" --timeout 60 "$@" -- "$tmp/script" 'an arg' "it's" \
			>"$tmp/out" 2>"$tmp/err"
		got=$?
		if [ "$got" != 99 ] || [ "$status" = 99 ]; then
			break
		fi
	done
	nr=$((nr + 1))
	if [ "$got" = "$status" ] && [ "$(cat "$tmp/out")" = "$output" ]; then
		echo "ok $nr - $name"
	else
		echo "not ok $nr - $name # status $got for $status"
		sed 's/^/# /' "$tmp/out" "$tmp/err"
		failed=1
	fi
}

expect "exit status and arguments" 42 "2 an arg|it's" 'echo "$# $1|$2"; exit 42' --kernel 6.1
expect "a splat" 97 before 'echo before; echo "<4>WARNING: CPU: 0 PID: 1 at fake.c:1" >/dev/kmsg'
expect "an allowed splat" 5 '' 'echo "<4>WARNING: at fake.c:1" >/dev/kmsg; exit 5' --allow 'fake\.c'
expect "a panic" 97 '' 'echo c >/proc/sysrq-trigger; sleep 100'
# What the kernel says of one, twice.
lockup='for _ in 1 2; do
	echo "<4>watchdog: BUG: soft lockup - CPU#0 stuck for 26s! [grep:166]" >/dev/kmsg
	echo "<4>RIP: 0010:exit_task_stack_account+0x3b/0x60" >/dev/kmsg
	echo "<4>Code: 00 00 31 db $code 90 48 8b 45 20" >/dev/kmsg
done'
expect "a lockup" 97 '' "code='<f3>'; $lockup"
expect "a lockup where text was patched" 99 '' "code='<66>'; $lockup"
expect "a hang" 98 start 'echo start; sleep 1000' --timeout 45
expect "no memory controller on v1" 99 '' 'echo never' --kernel 6.12 --cgroup v1
expect "memory controller off" 0 '[]' 'echo "[$CG]"; ! grep -qw memory /proc/self/cgroup' --cgroup none
seq 20000 >"$tmp/long"
expect "success, and no byte is lost" 0 "$(cat "$tmp/long")" 'cat /long' --nodes 2 --add "$tmp/long"
echo "1..$nr"
exit $failed
