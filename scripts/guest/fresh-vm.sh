#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
#
# What a new user types on a fresh node, for fresh-vm.sh: started by systemd at each
# boot, of which there are two. Results go to the second serial port.
# shellcheck source=lib.sh disable=SC2034 # lib.sh's
VM_CGROUP=v2 CG=/sys/fs/cgroup
. /opt/fresh-vm/lib.sh

STAGE=/var/lib/fresh-vm.stage
TEXTFILE=/var/lib/prometheus/node-exporter/memcg_reaper.prom
FILE=/var/tmp/disk.img
SIZE=$((8 * 1048576))
typed=0

# lib.sh is used to busybox.
usleep()
{
	sleep 0.05
}

# types NAME STATUS 'COMMAND': as root, in a shell that root has logged in to; its words
# are in /tmp/said, and are shown
types()
{
	local begun rc

	typed=$((typed + 1))
	begun=$(now)
	env -i HOME=/root TERM=linux DEBIAN_FRONTEND=noninteractive bash -lc "cd; $3" >/tmp/said 2>&1 </dev/null
	rc=$?
	echo "# ($typed) root@$(hostname):~# $3"
	tail -n 20 /tmp/said | sed 's/\r$//; s/.*\r//; s/^/#   /'
	echo "#   [status $rc, $((($(now) - begun) / 100)) s]"
	compare "$1" $rc = "$2"
}

# said NAME TEXT
said()
{
	check "$1" grep -F -- "$2" /tmp/said
}

booted()
{
	check "systemd is process 1" grep -x systemd /proc/1/comm
	# Nothing of this machine's own may fail, or the user's view is another one.
	check "the system is up" systemctl is-system-running --wait
	compare "no network" "$(ls /sys/class/net)" = lo
}

# What is there by these names, but for the packages that were brought along.
ours()
{
	find / -xdev \( -path /root -o -path /proc -o -path /sys -o -path /var/log \) -prune -o \
		\( -name '*memcg[-_]reaper*' -o -name '*memcg-reaperctl*' \) -print
	find /run -name '*memcg[-_]reaper*'
	systemctl list-units --all --plain --no-legend '*memcg-reaper*'
	systemctl list-unit-files --no-legend '*memcg-reaper*'
}

# dropped NAME: the timer empties the file's cache, which was full before. fincore is not
# part of every system.
dropped()
{
	# shellcheck disable=SC2016 # evaluated in there
	check "$1: the file is cached" wait_for 60 'cat $FILE >/dev/null; [ "$(/opt/fresh-vm/residency $FILE)" = 100.0 ]'
	# shellcheck disable=SC2016
	check "$1: the timer drops its cache" wait_for 60 '[ "$(/opt/fresh-vm/residency $FILE)" = 0.0 ]'
}

# written_since FILE: metrics are newer than it
written_since()
{
	wait_for 240 "[ $TEXTFILE -nt $1 ]"
}

# Services that come and go, as cron jobs do, each with a file of its own.
jobs()
{
	for i in $(seq 40); do
		systemd-run --quiet --wait --unit="job-$i" sh -c "echo $i >/var/tmp/job-$i"
	done
	sync
}

first_boot()
{
	booted
	compare "nothing of it is there" "$(ours)" = ''
	jobs
	typed=0
	types "1: install" 0 'apt install -y ./memcg-reaper-dkms_*.deb ./memcg-reaper-tools_*.deb'
	compare "dkms has built it for this kernel" "$(dkms status memcg_reaper | sed 's/.*: //')" = installed
	# A module taints the kernel, and a rollout begins with one that sleeps: it is
	# the user who loads it.
	compare "nothing is loaded by that" "$(lsmod | grep -c memcg_reaper)" = 0
	types "2: status, before it is loaded" 1 'memcg-reaperctl status'
	said "status says what to do" "modprobe memcg_reaper"
	said "status counts without the module" "the kernel counts"
	types "3: modprobe" 0 'modprobe memcg_reaper'
	types "4: status" 0 'memcg-reaperctl status'
	said "status: it works" "Thread    works"
	# shellcheck disable=SC2016
	check "it frees groups" wait_for 180 '[ "$(cat $REAPER/stats/freed_groups_total)" -ge 10 ]'
	types "status, later" 0 'memcg-reaperctl status'
	types "doctor" 0 'memcg-reaperctl doctor'

	types "set --persist" 0 'memcg-reaperctl set cpu_percent 7 --persist'
	types "unload" 0 'modprobe -r memcg_reaper'
	types "load" 0 'modprobe memcg_reaper'
	compare "set --persist: outlives a reload" "$(cat $REAPER/cpu_percent)" = 7

	check "metrics: the timer is on" systemctl is-enabled memcg-reaper-metrics.timer
	compare "metrics: not without node_exporter's folder" "$(systemctl is-active memcg-reaper-metrics.timer)" = inactive
	types "metrics: node_exporter's folder" 0 'mkdir -p /var/lib/prometheus/node-exporter'
	types "metrics: start" 0 'systemctl start memcg-reaper-metrics.timer'
	check "metrics: written" wait_for 120 "grep -qx 'memcg_reaper_up 1' $TEXTFILE"
	touch -r $TEXTFILE /tmp/first
	check "metrics: and again" written_since /tmp/first
	grep -v '^#' $TEXTFILE | head -n 4 | sed 's/^/#   /'

	head -c $SIZE /dev/urandom >$FILE
	sync
	types "uncache --every" 0 "memcg-reaperctl uncache --every 10s $FILE"
	dropped "uncache --every"
	types "timers" 0 "systemctl list-timers --no-pager 'memcg-reaper*'"
	types "load it at boot" 0 "sed -i 's/^#memcg_reaper/memcg_reaper/' /etc/modules-load.d/memcg_reaper.conf"
	compare "no unit has failed" "$(systemctl --failed --plain --no-legend)" = ''
}

second_boot()
{
	touch /tmp/second
	booted
	check "after a reboot: loaded" grep -w ^memcg_reaper /proc/modules
	compare "after a reboot: set --persist" "$(cat $REAPER/cpu_percent)" = 7
	check "after a reboot: metrics" written_since /tmp/second
	dropped "after a reboot: uncache --every"
	types "after a reboot: status" 0 'memcg-reaperctl status'
	compare "after a reboot: no unit has failed" "$(systemctl --failed --plain --no-legend)" = ''

	types "purge" 0 'apt purge -y memcg-reaper-dkms memcg-reaper-tools'
	compare "purge: nothing is left" "$(ours | tr '\n' ' ')" = ''
	compare "purge: nor loaded" "$(lsmod | grep -c memcg_reaper)" = 0
	compare "purge: dkms knows of nothing" "$(dkms status)" = ''
	compare "purge: the system is well" "$(systemctl is-system-running)" = running
	check "purge: a reload of systemd" systemctl daemon-reload
}

stty -F /dev/ttyS1 raw
exec >/dev/ttyS1 2>&1
if [ ! -e $STAGE ]; then
	first_boot
	echo "$KTAP_NR $KTAP_PASSED $KTAP_FAILED" >$STAGE
	sync
	systemctl reboot
else
	read -r KTAP_NR KTAP_PASSED KTAP_FAILED <$STAGE
	second_boot
	# Not to be cut off: finish exits.
	(finish)
	systemctl poweroff
fi
