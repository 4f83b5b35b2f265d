# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# kernels: 6.12
# vm: --cgroup v2 --xfs 300 --append debugfs=off
# matrix: --cgroup v2 --xfs 300
# timeout: 60
#
# For any kernel (matrix.sh): the module loads without a word, offers the methods that
# this kernel has means for, frees removed groups by each of them, by reap and by the
# thread, and unloads. Where the kernel leaves nothing to take, it reports what there
# is. It needs no debugfs for that.
# shellcheck source=../guest/lib.sh
. /lib.sh

N=100

taken()
{
	echo $(($(stat evicted_bytes_total) + $(stat reparented_bytes_total) +
		$(stat recharged_bytes_total)))
}

offline()
{
	mkgroups --root "$CG/smoke" --count $N --dir /mnt/xfs --sync >/tmp/made
}

dmesg -c >/dev/null
check "loads" load_reaper reap_background=0 min_age_ms=0 scan_interval_ms=50
note "$(uname -rv)"
if grep -qw debugfs=off /proc/cmdline; then
	compare "no debugfs" "$(ls /sys/kernel/debug $DEBUG 2>/dev/null)" = ""
else
	check "debugfs" grep -q . $OFFLINE
fi
compare "methods" "$(tun method)" = "$(methods)"

for method in $(methods | tr -d '[]'); do
	if [ "$method" = none ]; then
		hold /tmp/held mkgroups --root "$CG/smoke" --count $N --kind socket --hold
		check "none: groups are seen" wait_for 30 'tun reap 1 && [ "$(stat stuck_groups)" -ge $N ]'
		compare "none: and left alone" "$(nr_dying)" -ge $N
		release
		check "none: they go when they are let go" wait_for 30 '[ "$(nr_dying)" -le 2 ]'
		continue
	fi
	freed=$(stat freed_groups_total)
	before=$(taken)
	check "$method: is taken" tun method "$method"
	offline
	compare "$method: removed groups stay" "$(nr_dying)" -ge $N
	check "$method: reap" wait_for 30 'tun reap 1'
	nothing_left "$method: frees them"
	tun reap_background 1
	offline
	nothing_left "$method: the thread frees them as well" 60
	# Counted by the next look.
	wait_for 30 "[ \$(stat freed_groups_total) -ge $((freed + 2 * N)) ]"
	tun reap_background 0
	compare "$method: counted" $(($(stat freed_groups_total) - freed)) -ge $((2 * N))
	compare "$method: took memory" $(($(taken) - before)) -ge $((N * 16384))
done

check "unloads" unload_reaper
compare "nothing of it is left" "$(ls -d $REAPER $DEBUG 2>/dev/null; thread_pid)" = ""
# What the kernel says of any module that is not its own begins like that, too.
compare "all that it said" "$(dmesg | sed -n 's/.*memcg_reaper: //p' |
	grep -vE 'taint|hands the memory of removed groups')" = ""
finish
