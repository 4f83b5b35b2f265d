# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# kernels: 5.10
# vm: --cgroup v2 --xfs 300 --append swapaccount=0
# vm: --cgroup v1 --xfs 300 --append swapaccount=0
# timeout: 60
#
# Without swap accounting nothing keeps a group of cgroup v2 from swapping: the
# tunable refuses what it can't do, in one line, and the rest works. v1 has another
# means.
# shellcheck source=../guest/lib.sh
. /lib.sh

MODULE=/memcg_reaper.ko
SAID='memcg_reaper: swap: "0" refused: this kernel was started without swap accounting'

dmesg -c >/dev/null
if [ "$VM_CGROUP" = v1 ]; then
	check "loads with swap=0" load_reaper swap=0
	compare "swap" "$(tun swap)" = 0
else
	compare "a load with swap=0" "$(insmod $MODULE swap=0 2>&1)" = \
		"insmod: can't insert '$MODULE': Operation not supported"
	check "a line says why" sh -c "dmesg -c | grep -q '$SAID'"
	check "loads" load_reaper
	check "swap refuses 0" sh -c "! echo 0 2>/dev/null >$REAPER/swap"
	compare "in one line" "$(dmesg -c | grep -c "$SAID")" = 1
	compare "the old value stays" "$(tun swap)" = 1
	check "and is taken" tun swap 1
fi
mkgroups --root "$CG/test" --count 10 --kind read --dir /mnt/xfs >/dev/null
check "reap" tun reap 1
nothing_left "groups go"
check "unloads" unload_reaper
finish
