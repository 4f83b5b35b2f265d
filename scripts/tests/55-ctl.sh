# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# kernels: 6.1 6.12
# vm: --ext4 200 --swap 160 --mem 768 --add scripts/memcg-reaperctl:/bin/memcg-reaperctl --add /bin/dash:/gnu/dash --add /usr/bin/dd:/gnu/dd --add /usr/bin/sync:/gnu/sync --add /usr/bin/fincore:/gnu/fincore --add /usr/sbin/blockdev:/gnu/blockdev --add /lib64/ld-linux-x86-64.so.2:/lib64/ld-linux-x86-64.so.2 --add /lib/x86_64-linux-gnu/libc.so.6:/lib64/libc.so.6 --add /lib/x86_64-linux-gnu/libsmartcols.so.1:/lib64/libsmartcols.so.1
# timeout: 90
#
# memcg-reaperctl with the real module: it finds the restarted service's cache that is
# charged to nobody's group, and that it is gone afterwards; a backlog drains before its
# eyes; the kernel's refusals reach the user; uncache keeps the OOM killer away where the
# cache of block devices is protected, and needs no right to write. host-ctl has the rest.
# shellcheck source=../guest/lib.sh
. /lib.sh

MB=1048576
# What the tests' busybox is not: coreutils and util-linux, and a shell that does not
# prefer applets to them.
export PATH=/gnu:$PATH LD_LIBRARY_PATH=/lib64

ctl()
{
	dash /bin/memcg-reaperctl "$@"
}

# says NAME TEXT STATUS COMMAND...
says()
{
	local name="$1" text="$2" status="$3" rc

	shift 3
	"$@" >/tmp/said 2>&1
	rc=$?
	if [ $rc = "$status" ] && grep -qF -- "$text" /tmp/said; then
		ok "$name"
	else
		fail "$name" "status $rc: $(tail -n 3 /tmp/said | tr '\n' ' ')"
	fi
}

says "no module" "memcg_reaper is not loaded" 1 ctl status
says "no module: accounts" "not loaded" 3 ctl accounts
says "no module: doctor" "built for this kernel" 0 ctl doctor
load_reaper reap_background=0 min_age_ms=0 scan_interval_ms=100
says "doctor" "loaded, version" 0 ctl doctor
says "the thread sleeps" "sleeps" 0 ctl status
says "watch: would never end" "set reap_background 1" 1 ctl watch

says "set" "cpu_percent: 5 -> 50" 0 ctl set cpu_percent 50
compare "set: is set" "$(tun cpu_percent)" = 50
says "set: the kernel's reason" "not in 1 to 100" 1 ctl set cpu_percent 0
compare "set: nothing changed" "$(tun cpu_percent)" = 50
says "set: what this kernel can't" "method is still evict" 1 ctl set method none

# The service that is restarted.
SIZE=$((24 * MB))
mkcg app/one
mkcg app/two
hold /tmp/service holder --cgroup "$CG/app/one" --home "$CG/app/one" --kind file \
	--file /mnt/ext4/index --size $SIZE --lock
service=$HELD
hold /tmp/user holder --cgroup "$CG/app/two" --home "$CG/app/two" --use --kind file \
	--file /mnt/ext4/index --size $SIZE --lock
sync
kill "$service"
wait "$service"
rmdir "$CG/app/one"
says "accounts: critical" "ACCOUNTS CRITICAL - /app is charged 24." 2 ctl accounts --warn 4M --crit 16M
sed 's/^/# /' /tmp/said
says "accounts: JSON" '"state": "CRITICAL"' 2 ctl accounts --json --warn 4M --crit 16M
says "top" "/app" 0 ctl top
says "top --groups" "one " 0 ctl top --groups
says "status: where most is" "Most in   /app: 24." 0 ctl status
says "status: what holds it" "unevictable 1" 0 ctl status
says "reap with another method" "recharged" 0 ctl reap --method recharge
sed 's/^/# /' /tmp/said
compare "reap: the method is as before" "$(tun method)" = "[evict] reparent recharge"
compare "reap: recharged" "$(stat recharged_bytes_total)" -ge $SIZE
wait_for 20 no_dying
says "accounts: ok" "ACCOUNTS OK" 0 ctl accounts --warn 4M --crit 16M
sed 's/^/# /' /tmp/said
shows "accounts: charged to the new group" app/two file -ge $SIZE
release
rm /mnt/ext4/index

# A backlog.
make_many 200 --root "$CG/many" --dir /mnt/ext4 --sync
before=$(nr_dying)
compare "a backlog" "$before" -ge 190
tun reap_background 1
says "watch: until it is drained" "Done:" 0 ctl watch --interval 1 --patience 8 --timeout 60
sed -n '1s/^/# /p; $s/^/# /p' /tmp/said
compare "watch: fewer are left" "$(nr_dying)" -lt $((before / 2))
tun reap_background 0
ctl metrics --output /tmp/m.prom
compare "metrics: of the module's counters" "$(sed -n 's/^memcg_reaper_freed_groups_total //p' /tmp/m.prom)" = \
	"$(stat freed_groups_total)"
compare "metrics: as many as there are" "$(grep -c '^memcg_reaper_' /tmp/m.prom)" = \
	$(($(find $REAPER/stats -type f | wc -l) + 7))

# A file system that is mounted to be read only: nothing is opened for writing.
busybox dd if=/dev/urandom of=/mnt/ext4/f bs=1M count=8 2>/dev/null
sum=$(md5sum </mnt/ext4/f)
sync
mount -o remount,ro /mnt/ext4
cat /mnt/ext4/f >/dev/null
says "uncache: a file, read only" "     8.0 MiB          0 B" 0 ctl uncache /mnt/ext4/f
compare "uncache: as it was" "$(md5sum </mnt/ext4/f)" = "$sum"

# Guests' disks of which the cache is protected, and a limit above: the kernel kills rather
# than touch it. The device stays open, as a virtual machine has it, or the cache would go
# with the last user.
exec 8<"$SWAP_DEV"
mkcg hyper/vm
mkcg hyper/agent
echo 96M >"$CG/hyper/memory.max"
echo 80M >"$CG/hyper/vm/memory.min"
agent()
{
	hold /tmp/agent holder --cgroup "$CG/hyper/agent" --home "$CG/hyper/agent" --size 48M
}
kills()
{
	sed -n 's/^oom_kill //p' "$CG/hyper/memory.events"
}
incg hyper/vm busybox dd if="$SWAP_DEV" of=/dev/null bs=1M count=72 2>/dev/null
compare "hypervisor: the cache of disks" "$(cgstat hyper/vm file)" -ge $((64 * MB))
agent
wait "$HELD"
compare "hypervisor: brings the OOM killer" "$(kills)" -ge 1
before=$(kills)
incg hyper/vm busybox dd if="$SWAP_DEV" of=/dev/null bs=1M count=72 2>/dev/null
says "uncache: a device" "$SWAP_DEV" 0 ctl uncache "$SWAP_DEV"
sed 's/^/# /' /tmp/said
compare "uncache: none of it is left" "$(cgstat hyper/vm file)" -le $((4 * MB))
check "hypervisor: the same memory, after uncache" agent
compare "hypervisor: nobody is killed" "$(kills)" = "$before"
release
exec 8<&-

check "unload" unload_reaper
finish
