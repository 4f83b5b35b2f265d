# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# what: reading the table of files, and who works beside it
# vm: --cgroup v2 --ext4 5120 --mem 7168
# timeout: 3000
#
#	files [GROUPS [MIB]]
#
# The table of files whose pages are charged to offline groups, with so much page cache in
# so many dead groups: how long reading it takes, and what it does to a probe that wakes up
# every millisecond, against the same probe with nothing beside it.
# shellcheck source=../guest/lib.sh
. /lib.sh

groups=${1:-2000} mib=${2:-4096}
files=$DEBUG/files

# probed NAME COMMAND...: the probe beside a command that runs for some seconds
probed()
{
	local name="$1" begun

	shift
	probe >/tmp/probe &
	begun=$(now)
	"$@"
	kill $!
	wait $!
	echo "$name: $((($(now) - begun) * 10)) ms, $(cat /tmp/probe)"
}

# shellcheck disable=SC2317 # called by probed
read_often()
{
	local i=0 begun

	while [ $i -lt 3 ]; do
		i=$((i + 1))
		begun=$(now)
		cat "$files" >/tmp/files
		echo "files: read $i in $((($(now) - begun) * 10)) ms"
	done
}

load_reaper reap_background=0
mkgroups --root "$CG/test" --count "$groups" --kind read --size $((mib * 1024 / groups))K --dir /mnt/ext4
echo "page cache: $(meminfo Cached) bytes; offline groups: $(nr_dying); memory: $(meminfo MemTotal) bytes"
probed idle sleep 10
probed "beside files" read_often
probed idle sleep 10
awk 'NR > 2 { n++; sum += $4 } END { printf "%d rows, %.0f bytes\n", n, sum }' /tmp/files
head -n 4 /tmp/files
unload_reaper
