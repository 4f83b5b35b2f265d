# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# kernels: 5.10 6.1 6.12 7.2
# vm: --cgroup none
# timeout: 60
#
# Without a memory controller the module refuses to load, says so in one line
# and leaves nothing behind.
# shellcheck source=../guest/lib.sh
. /lib.sh

MODULE=/memcg_reaper.ko

check "the controller is off" sh -c '! grep -E "^memory[[:space:]].*[[:space:]]1$" /proc/cgroups'
dmesg -c >/dev/null
compare "the load fails" "$(insmod $MODULE 2>&1)" = "insmod: can't insert '$MODULE': No such device"
dmesg | grep 'memcg_reaper: not loaded' >/tmp/lines
# busybox tries both system calls, so the line may be there twice.
compare "one line says so" "$(sed 's/^\[[^]]*\] //' /tmp/lines | sort -u | wc -l)" = 1
check "and why" grep -q 'cgroup_disable=memory' /tmp/lines
check "nothing is left" sh -c "[ ! -e $REAPER ] && [ ! -e $DEBUG ] &&
	! pidof kmemcg_reaperd && ! grep -q ^memcg_reaper /proc/modules"
finish
