# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# kernels: 5.10 6.1 6.12 7.2
# vm: --cgroup v2 --add Documentation:/doc
# timeout: 60
#
# Documentation and kernel agree: every file of the module is in
# Documentation/ABI, nothing is in there that does not exist, modes, defaults
# and ranges are those of the text, and the admin guide has every column.
# shellcheck source=../guest/lib.sh
. /lib.sh

PARAMS=/sys/module/memcg_reaper/parameters
ABI=/doc/ABI/testing
GUIDE=/doc/admin-guide.rst

check "the module loads" load_reaper
find $REAPER $DEBUG $PARAMS ! -path $PARAMS | sort >/tmp/live
sed -n 's/^What:[[:blank:]]*//p' $ABI/* | sort >/tmp/documented
compare "files found" "$(wc -l </tmp/live)" -ge 30

# says_nothing WORDS COMMAND...: what it does say is shown
says_nothing()
{
	local words="$1"

	shift
	"$@" >/tmp/said
	check "$words" test ! -s /tmp/said
	sed 's/^/# /' /tmp/said
}

says_nothing "every file is documented" grep -vxF -f /tmp/documented /tmp/live
says_nothing "every documented file is there" grep -vxF -f /tmp/live /tmp/documented

# modes: "(RW, 0644)" and the like; inside stats/ and debugfs the directory's
# entry names the mode.
modes()
{
	awk '/^What:/ { what = $2 }
		/^\t\t\(R[OW], 0[0-9]*\)|^\t\t\(WO, 0[0-9]*\)/ { sub(/\)/, "", $2); print what, $2 }' "$ABI"/* |
		while read -r file mode; do
			[ "0$(busybox stat -c %a "$file")" = "$mode" ] || echo "$file: $(busybox stat -c %a "$file"), not $mode"
		done
	find "$REAPER"/stats -type f ! -perm 0444
	find "$DEBUG" -type f ! -perm 0400
}
says_nothing "modes as documented" modes

# "Default: 5000." ends an entry of the tunables.
defaults()
{
	awk '/^What:/ { what = $2 }
		/Default: / { sub(/.*Default: /, ""); sub(/\.?$/, ""); sub(/ .*/, ""); print what, $0 }' "$ABI"/sysfs-kernel-mm-* |
		while read -r file value; do
			is=$(tr -d '[]' <"$file")
			# Where nothing is left to take.
			case ${file##*/} in method) has evict || value=none ;; esac
			[ "${is%% *}" = "$value" ] || echo "$file: $is, not $value"
			[ "$(cat "$file")" = "$(cat "$PARAMS/${file##*/}")" ] || echo "$file: the parameter differs"
			echo "$file" >>/tmp/checked
		done
}
says_nothing "defaults as documented" defaults
compare "defaults found" "$(wc -l </tmp/checked)" = 8

# "10 to 3600000" in an entry: both ends are taken, what is beyond them is refused.
ranges()
{
	sed -nE 's/^What:[[:blank:]]*//p; s/.* ([0-9]+) to ([0-9]+).*/\1 \2/p' "$ABI"/sysfs-kernel-mm-* |
		while read -r word max; do
			case $word in
			/*)	file=$word; continue ;;
			esac
			was=$(cat "$file")
			for value in "$word" "$max"; do
				echo "$value" >"$file" && [ "$(cat "$file")" = "$value" ] || echo "$file refuses $value"
			done
			for value in $((word - 1)) $((max + 1)); do
				! (echo "$value" >"$file") 2>/dev/null || echo "$file takes $value"
			done
			echo "$was" >"$file"
			echo "$file" >>/tmp/ranges
		done
}
says_nothing "ranges as documented" ranges
compare "ranges found" "$(wc -l </tmp/ranges)" = 4

# Numbers only in stats/, one a file.
numbers()
{
	for file in "$REAPER"/stats/*; do
		grep -qxE '[0-9]+' "$file" && [ "$(wc -l <"$file")" = 1 ] || echo "$file"
	done
}
says_nothing "one number in each counter" numbers

# The guide explains every column and every event.
words()
{
	for file in offline ancestors latency; do
		[ "$(sed -n 1p "$DEBUG/$file")" = "v: 1" ] || echo "$file: first line"
		sed -n 2p "$DEBUG/$file" | tr ' ' '\n'
	done
	find /sys/kernel/tracing/events/memcg_reaper -mindepth 1 -type d | sed 's|.*/||'
}
unexplained()
{
	words | while read -r word; do
		grep -qF -- "\`\`$word\`\`" "$GUIDE" || echo "$word"
	done
}
says_nothing "the guide has every column and event" unexplained

check "the module unloads" unload_reaper
says_nothing "no file stays" find $REAPER $DEBUG /sys/module/memcg_reaper 2>/dev/null
finish
