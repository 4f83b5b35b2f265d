#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# timeout: 120
#
# memcg-reaperctl on a made-up machine, under $MEMCG_REAPER_ROOT: what it prints, for
# people and as JSON, its exit statuses, what it writes, what it says where something is
# missing. Tables have columns that it does not know, in another order. 55-ctl has the
# real module.
# shellcheck disable=SC2317 # functions are called by result
set -u

# shellcheck source=../lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=../ktap.sh
. "$(dirname "$0")/../ktap.sh"

export MEMCG_REAPER_ROOT="$tmp/root" LC_ALL=C
R=$MEMCG_REAPER_ROOT
SYS=$R/sys/kernel/mm/memcg_reaper
DEBUG=$R/sys/kernel/debug/memcg_reaper

# Nothing takes long here, or it hangs.
ctl()
{
	timeout 60 "$top/scripts/memcg-reaperctl" "$@"
}

put()
{
	mkdir -p "$(dirname "$R/$1")"
	# At once: a command may be reading it.
	printf '%s\n' "$2" >"$R/$1.new"
	mv "$R/$1.new" "$R/$1"
}

# A machine with the module, and five offline groups.
machine()
{
	rm -rf "$R"
	for pair in reap_background=1 'method=[evict] reparent recharge' scan_interval_ms=5000 \
		min_age_ms=10000 cpu_percent=5 batch_pages=512 swap=1 subtree=/ reap= \
		stats/offline_groups=5 stats/offline_bytes=67219456 stats/stuck_groups=2 \
		stats/passes_total=4 stats/freed_groups_total=2963 stats/evicted_bytes_total=50855936 \
		stats/reparented_bytes_total=0 stats/recharged_bytes_total=0 \
		stats/cpu_ns_total=1383007066 stats/switched_inodes_total=0 stats/new_bytes=7; do
		put "sys/kernel/mm/memcg_reaper/${pair%%=*}" "${pair#*=}"
	done
	put sys/module/memcg_reaper/version 0.1.0
	put proc/sys/kernel/osrelease 6.12.117+deb12-cloud-amd64
	put proc/uptime '1000.50 1900.00'
	put proc/cmdline 'quiet'
	put proc/meminfo 'Buffers: 4 kB'
	put proc/mounts 'cgroup2 /sys/fs/cgroup cgroup2 rw,nosuid 0 0
debugfs /sys/kernel/debug debugfs rw 0 0'
	put sys/fs/cgroup/cgroup.controllers 'cpu io memory pids'
	put sys/fs/cgroup/cgroup.stat 'nr_descendants 12
nr_dying_descendants 9
nr_dying_subsys_memory 6'
	put sys/kernel/debug/memcg_reaper/offline \
'v: 2
new id serial age_ms name ancestor file anon shmem mapped unevictable dirty writeback slab kernel swap result holders
x 141 29 46194 cron-0 /system.slice 8192 0 0 0 0 0 0 3824 4096 0 busy file
x 142 30 46194 cron-1 /system.slice 4096 4096 0 0 0 0 0 3824 4096 0 busy file,anon
x 143 31 46194 one /app 67108864 0 0 0 67108864 0 0 0 4096 0 stuck file,unevictable
x 144 32 46194 sock "q\" 0 0 0 0 0 0 0 7680 24576 0 stuck socket=2,unknown=1
x 145 33 0 - /app 90112 0 0 0 0 0 0 0 4096 0 none -'
	put sys/kernel/debug/memcg_reaper/ancestors \
'v: 2
offline_groups path new live_bytes offline_bytes
5 / y 1048576 67219456
2 /system.slice y 0 16384
1 /app y 4096 67108864
0 /app/x y 4096 0
1 /a\040b y 0 94208'
}

# says TEXT COMMAND...: prints it, and succeeds
says()
{
	text=$1
	shift
	"$@" >"$tmp/said" 2>&1
	status=$?
	cat "$tmp/said"
	grep -qF -- "$text" "$tmp/said" && [ "$status" = 0 ]
}

# refuses STATUS TEXT COMMAND...
refuses()
{
	wanted=$1 text=$2
	shift 2
	"$@" >"$tmp/said" 2>&1
	status=$?
	cat "$tmp/said"
	echo "status $status"
	grep -qF -- "$text" "$tmp/said" && [ "$status" = "$wanted" ]
}

# json EXPRESSION COMMAND...: prints JSON of which that holds; whatever its status is
json()
{
	expression=$1
	shift
	"$@" >"$tmp/said"
	cat "$tmp/said"
	perl -MJSON::PP -e 'local $/; my $j = decode_json(<STDIN>); exit !('"$expression"')' <"$tmp/said"
}

# file_is FILE TEXT
file_is()
{
	cat "$R/$1"
	[ "$(cat "$R/$1")" = "$2" ]
}

machine
result "status" says "evict (there are: evict reparent recharge)" ctl status
result "status: offline groups" says "5 groups with 64.1 MiB of pages, 2 of them stuck; the kernel counts 6" ctl status
result "status: what holds them" says "Held by   file 3, anon 1, nothing 1, socket 1, unevictable 1, unknown 1" ctl status
result "status: results" says "busy 2, stuck 2, none 1" ctl status
result "status: the worst account" says "/app: 64.0 MiB in 1 removed group" ctl status
result "status: JSON" json '$j->{offline_groups} == 5 && $j->{dying_groups} == 6 && $j->{running}
	&& $j->{holders}{file} == 3 && $j->{complete} && $j->{worst}{path} eq "/app"
	&& $j->{results}{busy} == 2 && $j->{method} eq "evict"' ctl status --json
result "status: no colour where there is no terminal" sh -c '! "$0" status | grep -q "$(printf "\033")"' \
	"$top/scripts/memcg-reaperctl"
put proc/uptime '1120.00 1'
put sys/kernel/mm/memcg_reaper/stats/offline_groups 65
result "status: trend" says "+60 groups in 2 min" ctl status
put sys/kernel/mm/memcg_reaper/stats/passes_total 0
result "status: before the first pass" says "not looked at yet; the kernel counts 6 groups" ctl status
put sys/kernel/mm/memcg_reaper/stats/passes_total 4
put sys/kernel/mm/memcg_reaper/stats/stuck_groups 500
says "" ctl status >"$tmp/few"
result "status: no advice that does not help" sh -c '! grep -q "method reparent" "$0"' "$tmp/few"
seq 1 200 | sed 's/.*/x & 1 1 n \/a 4096 0 0 0 4096 0 0 0 0 0 stuck file,unevictable/' >>"$DEBUG/offline"
result "status: advice" says "set method reparent" ctl status
rm "$SYS/stats/switched_inodes_total"
result "status: a counter less" says "0 inodes switched" ctl status
rm -r "$SYS"
result "status: no module" refuses 1 "to see what it takes: memcg-reaperctl doctor" ctl status
result "status: no module: the kernel's count" refuses 1 "the kernel counts 6 groups" ctl status
result "status: no module: not at boot either" refuses 1 "At boot   it is not" ctl status
mkdir -p "$R/lib/modules/6.12.117+deb12-cloud-amd64"
: >"$R/lib/modules/6.12.117+deb12-cloud-amd64/memcg_reaper.ko"
put etc/modules-load.d/x.conf memcg_reaper
result "status: not loaded" refuses 1 "to load it: modprobe memcg_reaper" ctl status
result "status: not loaded, but at boot" refuses 1 "At boot   it is loaded" ctl status
result "status: not loaded: JSON" json '!$j->{loaded} && $j->{built} && $j->{at_boot} &&
	$j->{dying_groups} == 6 && $j->{cgroup} eq "v2"' ctl status --json

machine
result "top" says "    64.0 MiB      4.0 KiB        1  /app" ctl top
ctl top >"$tmp/top"
result "top: by bytes" sh -c '[ "$(sed -n 4p "$0" | awk "{ print \$NF }")" = / ]' "$tmp/top"
result "top --groups" says "one " ctl top --groups
result "top --groups: lines" sh -c '[ "$("$0" top --groups --lines 2 | wc -l)" = 5 ]' "$top/scripts/memcg-reaperctl"
result "top: JSON" json '@{$j->{rows}} == 5 && $j->{rows}[4]{path} eq "/app/x" &&
	$j->{rows}[3]{path} eq "/system.slice" && $j->{rows}[2]{path} eq "/a\\040b"' ctl top --json
result "top --groups: JSON" json '@{$j->{rows}} == 5 && $j->{rows}[0]{name} eq "one" &&
	$j->{rows}[4]{ancestor} eq "\"q\\\""' ctl top --groups --json
sed 's/offline_bytes/dead_bytes/' "$DEBUG/ancestors" >"$tmp/table"
cp "$tmp/table" "$DEBUG/ancestors"
result "a column that is missing" refuses 1 "cannot make sense of" ctl top

machine
result "accounts: ok by default" says "ACCOUNTS OK - /app is charged 64.0 MiB for 1 removed group | offline_bytes=67108864B;" ctl accounts
result "accounts: warning" refuses 1 "ACCOUNTS WARNING" ctl accounts --warn 64M --crit 65M
result "accounts: critical" refuses 2 "ACCOUNTS CRITICAL" ctl accounts --warn 1M --crit 64MiB
result "accounts: what is below other rows is theirs" json '@{$j->{accounts}} == 3 &&
	$j->{accounts}[0]{path} eq "/app" && $j->{accounts}[1]{bytes} == 94208 &&
	$j->{state} eq "CRITICAL"' ctl accounts --json --crit 64M
result "accounts: unknown options" refuses 3 "does not know" ctl accounts --none
result "accounts: bytes" refuses 3 "wants bytes" ctl accounts --warn 1X
rm -r "$SYS"
result "accounts: no module is unknown, not well" refuses 3 "not loaded" ctl accounts
machine
rm -r "$DEBUG"
result "accounts: neither are no tables" refuses 3 "debugfs=off" ctl accounts
result "status: nor are they needed" says "Held by   not known" ctl status
printf '%s\n' 'v: 1' 'path live_bytes offline_bytes offline_groups' >"$tmp/empty"
mkdir "$DEBUG"
cp "$tmp/empty" "$DEBUG/ancestors"
result "accounts: none" says "no live group is charged" ctl accounts
result "accounts: none, JSON" json '@{$j->{accounts}} == 0 && $j->{state} eq "OK"' ctl accounts --json

machine
result "set: all" says "cpu_percent        5" ctl set
result "set: all, JSON" json '$j->{cpu_percent} == 5 && $j->{method} eq "evict" && $j->{subtree} eq "/"' ctl set --json
result "set: one" says 512 ctl set batch_pages
# A file takes anything, and all is there of what was longer.
result "set: changes it" says "cpu_percent: 5 -> 7" ctl set cpu_percent 7
result "set: nothing is kept unless asked" test ! -e "$R/etc/modprobe.d"
result "set: no such name" refuses 2 "there are: reap_background method" ctl set percent 7
result "set: reap" refuses 2 "reap is no setting" ctl set reap 1
result "set --persist" says "written to $R/etc/modprobe.d/memcg_reaper_local.conf" ctl set cpu_percent 9 --persist
ctl set --persist scan_interval_ms 6000 >/dev/null
ctl set --persist cpu_percent 8 >/dev/null
ctl set --persist subtree '/a b/x\x2d1.scope' >/dev/null
result "set --persist: a line each, the last one counts" file_is etc/modprobe.d/memcg_reaper_local.conf \
'# Written by "memcg-reaperctl set --persist"; read when the module is loaded.
options memcg_reaper scan_interval_ms=6000
options memcg_reaper cpu_percent=8
options memcg_reaper subtree="/a b/x\\x2d1.scope"'
result "set --persist: modprobe reads it as it was" sh -c 'modprobe -C "$0" -c | grep -F "subtree=\"/a b/x\\x2d1.scope\""' \
	"$R/etc/modprobe.d"
result "set --persist: quotes are refused" refuses 1 "control character" ctl set --persist subtree '/a"b'
result "set --persist: no file is left over" test "$(ls "$R/etc/modprobe.d")" = memcg_reaper_local.conf
put sys/kernel/mm/memcg_reaper/cpu_percent 5
chmod a-w "$SYS/cpu_percent"
rm -r "$SYS"
result "set: no module" refuses 1 "modprobe memcg_reaper" ctl set cpu_percent 7
result "set --persist: no module" says "when the module is loaded next" ctl set --persist cpu_percent 7
result "set --persist: checks what it can" refuses 1 "it takes 1 to 100" ctl set --persist cpu_percent 0
result "set --persist: and writes nothing then" grep -qx 'options memcg_reaper cpu_percent=7' "$R/etc/modprobe.d/memcg_reaper_local.conf"

machine
result "reap" says "left" ctl reap
result "reap: 1 is written" file_is sys/kernel/mm/memcg_reaper/reap 1
result "reap --method: and undone" says "left" ctl reap --method reparent
result "reap: method as before" grep -q '^evict' "$SYS/method"
result "reap: JSON" json '$j->{left} == 6 && $j->{stuck} == 2 && !$j->{again}' ctl reap --json

machine
put sys/fs/cgroup/cgroup.stat 'nr_dying_descendants 2'
result "watch: ends at what is stuck" says "Done: 2 groups are left" ctl watch
machine
put sys/kernel/mm/memcg_reaper/reap_background 0
result "watch: nothing to see while the thread sleeps" refuses 1 "set reap_background 1" ctl watch
machine
# falls FROM TO: that many groups, 50 fewer each 20 s of a clock that is fast
falls()
{
	put sys/fs/cgroup/cgroup.stat "nr_dying_descendants $1"
	(
		clock=1000 groups=$1
		while :; do
			put proc/uptime "$clock.00 1"
			put sys/fs/cgroup/cgroup.stat "nr_dying_descendants $groups"
			clock=$((clock + 20))
			[ "$groups" -le "$2" ] || groups=$((groups - 50))
			sleep 0.2
		done
	) &
	falling=$!
}
falls 900 700
result "watch: says where it is stuck" refuses 1 "700 groups are left, and none went for 60 s" ctl watch --interval 1
kill $falling
falls 400 400
result "watch: a few are normal" says "Done: 400 groups are left" ctl watch --interval 1
ctl watch --json --interval 1 --patience 10000 --timeout 1 >"$tmp/watch" 2>&1
kill $falling
result "watch: JSON, a line each time" json '$j->{left} == 400 && $j->{target} == 2' sed -n 1p "$tmp/watch"
result "watch: timeout" grep -q '"state": "timeout"' "$tmp/watch"

machine
result "metrics" says "memcg_reaper_offline_groups 5" ctl metrics
result "metrics: seconds" says "memcg_reaper_cpu_seconds_total 1.383007066" ctl metrics
result "metrics: types" says "# TYPE memcg_reaper_freed_groups_total counter" ctl metrics
result "metrics: counters that are not known" says "memcg_reaper_new_bytes 7" ctl metrics
result "metrics: labels" says 'memcg_reaper_info{version="0.1.0",method="evict"} 1' ctl metrics
result "metrics: JSON" json '$j->{memcg_reaper_up} == 1 && $j->{memcg_reaper_cpu_budget_ratio} == 0.05
	&& $j->{memcg_reaper_dying_groups} == 6 && $j->{memcg_reaper_scan_interval_seconds} == 5' ctl metrics --json
mkdir "$tmp/textfile"
result "metrics --output" ctl metrics --output "$tmp/textfile/m.prom"
result "metrics --output: the same" sh -c '"$1" metrics | cmp - "$0"' "$tmp/textfile/m.prom" "$top/scripts/memcg-reaperctl"
result "metrics --output: for all to read, and nothing beside it" test "$(ls "$tmp/textfile") $(stat -c %a "$tmp/textfile/m.prom")" = "m.prom 644"
result "metrics --output: no directory" refuses 1 "collector.textfile.directory" ctl metrics --output "$tmp/none/m.prom"
result "metrics --output: a name that would not be read" refuses 2 ".prom" ctl metrics --output "$tmp/textfile/m"
rm -r "$SYS"
result "metrics: no module" says "memcg_reaper_up 0" ctl metrics

machine
result "doctor" says "ok    module         loaded, version 0.1.0" ctl doctor
result "doctor: no need" says "does not need the module now" ctl doctor
put sys/fs/cgroup/cgroup.stat 'nr_dying_descendants 30000'
result "doctor: need" says "This machine needs the module" ctl doctor
result "doctor: JSON" json '$j->{needs_module} eq "yes" && @{$j->{checks}} > 5' ctl doctor --json
put proc/sys/kernel/osrelease 7.3.1-amd64
result "doctor: a kernel that does without" says "does not need the module" ctl doctor
put proc/sys/kernel/osrelease 6.13.1-amd64
result "doctor: a kernel that is not supported" refuses 1 "6.13.1-amd64 is not supported" ctl doctor
put proc/sys/kernel/osrelease 6.12.117+deb12-cloud-amd64
rm -r "$SYS"
result "doctor: no headers" says "apt install linux-headers-6.12.117+deb12-cloud-amd64" ctl doctor
mkdir -p "$R/lib/modules/6.12.117+deb12-cloud-amd64/build"
result "doctor: headers" says "not built for this kernel; its headers are there" ctl doctor
mkdir -p "$R/lib/modules/6.12.117+deb12-cloud-amd64/updates/dkms"
: >"$R/lib/modules/6.12.117+deb12-cloud-amd64/updates/dkms/memcg_reaper.ko.xz"
result "doctor: not loaded" says "modprobe memcg_reaper" ctl doctor
mkdir -p "$R/sys/firmware/efi/efivars" "$R/sys/kernel/security"
printf '\006\000\000\000\001' >"$R/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"
echo 'none [integrity] confidentiality' >"$R/sys/kernel/security/lockdown"
result "doctor: Secure Boot" says "mokutil --import /var/lib/dkms/mok.pub" ctl doctor
result "doctor: lockdown" says "integrity: only signed modules" ctl doctor
put proc/cmdline 'quiet cgroup_disable=memory'
put proc/mounts ''
result "doctor: no memory groups" refuses 1 "take cgroup_disable=memory off" ctl doctor
put proc/mounts 'memory /sys/fs/cgroup/memory cgroup rw,memory 0 0'
put proc/cgroups 'memory 5 3007 1'
mkdir -p "$R/sys/fs/cgroup/memory/a/b"
result "doctor: cgroup v1" says "3004: far more" ctl doctor
put sys/kernel/mm/memcg_reaper/reap_background 0
result "a kernel with one of its own" refuses 1 "has a memcg_reaper of its own" ctl status
result "the same kernels as in dkms.conf" grep -qxF \
	"SUPPORTED='$(sed -n 's/^BUILD_EXCLUSIVE_KERNEL="\(.*\)"/\1/p' "$top/dkms.conf")'" "$top/scripts/memcg-reaperctl"

#
# uncache: real files, unless they are on a file system without a page cache of its own.
#
dd if=/dev/urandom of="$tmp/file with % and \$x" bs=64k count=64 status=none
dd if=/dev/urandom of="$tmp/other" bs=64k count=16 status=none
times=$(stat -c '%y %z' "$tmp/other")
sum=$(cksum <"$tmp/file with % and \$x")
machine
if [ "$(stat -f -c %T "$tmp")" = tmpfs ]; then
	skip "uncache" "$tmp is on tmpfs, from which nothing can be dropped"
else
	result "uncache: before and after" says "     4.0 MiB          0 B" ctl uncache "$tmp/file with % and \$x"
	result "uncache: not a byte is changed" test "$(cksum <"$tmp/file with % and \$x")" = "$sum"
	result "uncache: nor others dropped" json '$j->{files}[0]{before} == 1048576 && $j->{files}[0]{after} == 0 &&
		!$j->{files}[0]{error}' ctl uncache --json "$tmp/other"
	# A PATH without fincore, as Debian 13's is where util-linux-extra is left out.
	mkdir "$tmp/bin"
	for program in awk cat cut dd dirname grep head id mktemp printf rm sed sh stat sync tr; do
		ln -s "$(command -v "$program")" "$tmp/bin/"
	done
	sed 's|^PATH=.*||' "$top/scripts/memcg-reaperctl" >"$tmp/no-fincore"
	result "uncache: no figures without fincore" says "           ?            ?" env PATH="$tmp/bin" \
		sh "$tmp/no-fincore" uncache "$tmp/other"
	result "uncache: which it says" grep -q "apt install util-linux-extra" "$tmp/said"
	truncate -s 1T "$tmp/sparse"
	result "uncache: nothing is read" timeout 20 "$top/scripts/memcg-reaperctl" uncache --quiet "$tmp/sparse"
	result "uncache: not a write" test "$(stat -c '%y %z' "$tmp/other")" = "$times"
fi
mkfifo "$tmp/fifo"
result "uncache: neither pipes" refuses 1 "is no file and no block device" ctl uncache "$tmp/other" "$tmp/fifo"
result "uncache: nor folders" refuses 1 "is a directory" ctl uncache "$tmp"
result "uncache: nor what is not there" refuses 1 "is no file" ctl uncache "$tmp/none"
result "uncache: nothing" refuses 2 "wants files" ctl uncache
result "uncache --every" says ".timer runs every 600 s" ctl uncache --every 10min "$tmp/file with % and \$x" /dev/disk/by-id/x
unit=$(find "$R/etc/systemd/system" -name '*.service')
result "uncache --every: names are as they are" grep -qxF \
	"ExecStart=/usr/sbin/memcg-reaperctl uncache --quiet -- \"$tmp/file with %% and \$\$x\" \"/dev/disk/by-id/x\"" "$unit"
if command -v systemd-analyze >/dev/null; then
	sed 's|/usr/sbin/memcg-reaperctl|/bin/true|' "$unit" >"$tmp/memcg-reaper-test.service"
	result "uncache --every: systemd takes it" systemd-analyze --man=no verify "$tmp/memcg-reaper-test.service"
else
	skip "uncache --every: systemd takes it" "there is no systemd-analyze here"
fi
result "uncache --every off" says "is gone" ctl uncache --every off "$tmp/file with % and \$x" /dev/disk/by-id/x
result "uncache --every off: nothing is left" test -z "$(ls "$R/etc/systemd/system")"
result "uncache --every off: not twice" refuses 1 "there is no timer" ctl uncache --every off "$tmp/other"
result "uncache --every: a time" refuses 2 "wants a time" ctl uncache --every often "$tmp/other"

#
# What goes with it: rules, dashboard, packages.
#
PACKAGING=$top/scripts/packaging
RULES=$PACKAGING/prometheus/memcg_reaper.rules.yml
DASHBOARD=$PACKAGING/prometheus/memcg_reaper.dashboard.json

machine
ctl metrics >"$tmp/metrics"
# Names in rules and dashboard that nobody exports.
strangers()
{
	cat "$RULES" "$DASHBOARD" | grep -oE 'memcg_reaper[_:][a-z_:]+' | sort -u |
		grep -vE '^memcg_reaper_(rules|dashboard)|^memcg_reaper:' | while read -r name; do
		grep -q "^${name}[ {]" "$tmp/metrics" || echo "$name"
	done >"$tmp/strangers"
	cat "$tmp/strangers"
	[ ! -s "$tmp/strangers" ] && [ -s "$tmp/metrics" ]
}
result "rules and dashboard use what is exported" strangers
result "dashboard: JSON, ids once each" json 'do {
	my %seen;
	my @p = @{$j->{panels}};
	@p > 5 && !grep { $seen{$_->{id}}++ || !@{$_->{targets}} || !$_->{title} } @p }' \
	cat "$DASHBOARD"
promtool=$(promtool_path)
if [ -x "$promtool" ]; then
	check_metrics()
	{
		"$promtool" check metrics <"$tmp/metrics"
	}
	# Variables of the dashboard stand for something here.
	expressions()
	{
		echo 'groups: [{name: dashboard, rules: ['
		perl -MJSON::PP -e 'local $/; my $n; for my $p (@{decode_json(<STDIN>)->{panels}}) { for (@{$p->{targets}}) {
			my $e = $_->{expr}; $e =~ s/\$__rate_interval/5m/g; $e =~ s/\$instance/.*/g; $n++;
			print "{record: \"a:b$n\", expr: ", encode_json([$e]) =~ s/^.(.*).$/$1/r, "},\n" } }' <"$DASHBOARD"
		echo ']}]'
	}
	expressions >"$tmp/dashboard.yml"
	result "promtool check metrics" check_metrics
	result "promtool check rules" "$promtool" check rules "$RULES"
	result "promtool test rules" "$promtool" test rules "${RULES%.yml}.test.yml"
	result "promtool check rules: expressions of the dashboard" "$promtool" check rules "$tmp/dashboard.yml"
else
	skip "promtool" "it is not here: scripts/setup.sh metrics"
fi
result "each alert has a test" sh -c 'sed -n "s/.*- alert: //p" "$0" | while read -r a; do grep -q "alertname: $a\$" "$1" || echo "$a"; done | grep .; [ $? = 1 ]' \
	"$RULES" "${RULES%.yml}.test.yml"
result "each alert is explained" sh -c 'sed -n "s/.*- alert: //p" "$0" | while read -r a; do grep -qF "\`\`$a\`\`" "$1" || echo "$a"; done | grep .; [ $? = 1 ]' \
	"$RULES" "$top/Documentation/monitoring.rst"
result "packages: the version of dkms.conf" grep -q "^memcg-reaper ($version) " "$PACKAGING/debian/changelog"
result "packages: defaults in modprobe.conf are the module's" sh -c 'sed -n "s/^# \([a-z_]*\)=\([^[:space:]]*\)[[:space:]].*/\1 \2/p" "$0" |
	while read -r name value; do grep -qE "^\`\`$name\`\` .*default \`*$value\`*\)" "$1" || echo "$name $value"; done | grep .; [ $? = 1 ]' \
	"$PACKAGING/modprobe.conf" "$top/Documentation/admin-guide.rst"
result "make install-tools" make -s -C "$top" install-tools DESTDIR="$tmp/dest"
result "make install-tools: the version" says "memcg-reaperctl $version" "$tmp/dest/usr/sbin/memcg-reaperctl" --version
result "make install-tools: manual and units" test -s "$tmp/dest/usr/share/man/man8/memcg-reaperctl.8" \
	-a -s "$tmp/dest/usr/lib/systemd/system/memcg-reaper-metrics.timer"

result "no command" refuses 2 "usage:" ctl
result "help" says "uncache --every TIME|off FILE|BLOCKDEV" ctl help
result "no such command" refuses 2 "there is no command" ctl stats
for command in status top watch set reap accounts uncache doctor metrics; do
	result "$command: an option that it does not know" sh -c '"$0" "$1" --none; [ $? = "$2" ]' \
		"$top/scripts/memcg-reaperctl" $command "$([ $command = accounts ] && echo 3 || echo 2)"
	result "$command: in the manual" grep -qE "^\.(SS|B|BR) .*$command" "$top/Documentation/memcg-reaperctl.8"
done

echo "1..$nr"
exit $failed
