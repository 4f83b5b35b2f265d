# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# kernels: 6.1 6.12
# vm: --cgroup v2 --ext4 1024 --xfs 300 --swap 512
# vm 6.1: --cgroup v1 --nodes 2 --ext4 1024 --xfs 300 --swap 512
# timeout: 180
#
# The helpers do what they say: each kind of group stays offline, without the
# module, for as long as what it left behind can't be dropped.
# shellcheck source=guest/lib.sh
. /lib.sh

N=60
swapon "$SWAP_DEV"

# What a debug kernel has to find, it has to look for.
case $VM_KERNEL in
debug-*-kcsan)
	check "KCSAN is on" grep -qx 'enabled: 1' /sys/kernel/debug/kcsan ;;
debug-*) ;;
*)
	compare "freed objects are poisoned" "$(cat /sys/kernel/slab/kmalloc-1k/poison)" = 1
	compare "and their ends watched" "$(cat /sys/kernel/slab/kmalloc-1k/red_zone)" = 1 ;;
esac

# kind_of KIND STAYS: make groups; STAYS says what drop_caches leaves of them
kind_of()
{
	local kind="$1" stays="$2" name="$1 groups" groups=$N made dropped=0

	[ "$kind" != nested ] || groups=$((3 * N))
	check "no groups before $kind" fresh
	if ! hold "/tmp/$kind" mkgroups --root "$CG/test" --prefix "$kind" --count $N \
			--kind "$kind" --sync --hold; then
		fail "$name" "$(tail -n 1 "/tmp/$kind")"
		return
	fi
	made=$(nr_dying)
	drop_all
	# the group that drop_all makes and removes may be there for a moment
	case $stays in
	all)	[ "$made" -ge $groups ] && dropped=$(nr_dying) && [ "$dropped" -ge $groups ] ;;
	some)	[ "$made" -ge $groups ] && wait_for 5 "[ \$(nr_dying) -le $((groups / 5)) ]" ;;
	none)	wait_for 5 "[ \$(nr_dying) -le 2 ]" ;;
	esac
	check "$name: $stays stay" [ $? = 0 ]
	note "made $made, drop_caches leaves $(nr_dying); $(head -n 1 "/tmp/$kind")"
	release
}

sockets=all
[ "$VM_CGROUP" = v2 ] || sockets=none
kind_of file some
kind_of dirty some
kind_of read some
kind_of nested some
kind_of mapped all
kind_of mlocked all
kind_of tmpfs all
kind_of anon all
kind_of swap all
kind_of socket $sockets
kind_of tcp $sockets
kind_of pipe none
mkgroups --root "$CG/test" --prefix meta --count 20 --kind meta >/tmp/meta
check "meta makes files" test -d /mnt/ext4/meta000019/dir
mkgroups --root "$CG/test" --prefix fork --count 20 --fork --dir /mnt/xfs >/tmp/fork
check "a process for each group, on xfs" test -s /mnt/xfs/fork000019

check "filesum writes" filesum write /mnt/ext4/sums 10 100000 7
drop_all
check "residency after drop_caches" sh -c '[ "$(residency /mnt/ext4/sums)" = 0.0 ]'
reads=$(sectors_read "$EXT4_DEV")
check "filesum verifies" filesum verify /mnt/ext4/sums 10 100000 7
compare "sectors read" $(($(sectors_read "$EXT4_DEV") - reads)) -ge 1900
check "residency after reading" sh -c '[ "$(residency /mnt/ext4/sums)" = 100.0 ]'
printf x | dd of=/mnt/ext4/sums/s000003 bs=1 seek=70000 conv=notrunc 2>/dev/null
check "filesum finds one changed byte" sh -c '! filesum verify /mnt/ext4/sums 10 100000 7'

sh -c 'while :; do :; done' &
busy=$!
cpuwatch $busy 2 >/tmp/cpu
kill $busy
check "cpuwatch sees a busy task" awk -F '[= ]' '{ exit $2 < 50 || $4 < 40 }' /tmp/cpu

mkcg one/two/three
check "a command runs in its group" incg one/two/three grep -q /one/two/three /proc/self/cgroup
rmcg one
check "rmcg removes all" test ! -d "$CG/one"
start=$(now)
wait_for 1 false
compare "wait_for gives up in time" $(($(now) - start)) -lt $((300 * PATIENCE)) "of 1/100 s"
finish
