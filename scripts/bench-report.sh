#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Tables and plots of what benchmarks have saved (bench.sh --save).
#
#	bench-report.sh DIR
#
# Reads the *.json in there; writes *.svg beside them, and the tables to DIR/tables.rst.
# Of several rounds it is the median that counts.
set -eu -o pipefail

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

dir=${1:?}
for tool in jq gnuplot; do
	command -v $tool >/dev/null || die "$tool is missing: run scripts/setup.sh bench"
done
tmp=$(mktemp -d "${TMPDIR:-/tmp}/memcg_reaper.XXXXXX")
trap 'rm -rf "$tmp"' EXIT

machine=$(jq -r '"\(.cpu), \(.qemu), \(.accel), \(.date)"' "$dir/machine.json")
# 6.12.117+deb12-cloud-amd64 -> 6.12.117, and how it was measured
short='def short: (.kernel | capture("^(?<v>[0-9.]+)").v) +
	(if .arguments | startswith("icount ") then ", by instructions" else "" end);'
median='def median: sort | .[length / 2 | floor];'
# Of compare, those of these arguments are plotted.
PLOTTED='2000 20 64'
order='def order: ["nothing", "drop_caches=1", "drop_caches=3", "memory.reclaim", "peers",
	"evict", "reparent", "recharge", "evict-thread", "reparent-thread"] as $all | . as $m | $all | index($m);'
# figures FILE PROGRAM: jq on all objects of a file, rounds made one by their medians
figures()
{
	jq -rs "$short $median $order"'
		def merge: . as $all | .[0] | with_entries(.key as $k | if (.value | type) == "number"
			then .value = ([$all[][$k]] | median) else . end);
		group_by([.kernel, .arguments, .kind, .method, .who]) | map(merge) |
		sort_by([.kernel, .arguments, .kind, (.method | order)]) |
		'"$2" "$dir/$1.json"
}

# Bars beside each other, for each word on the x axis.
bars()
{
	cat <<-END
	set style data histogram
	set style histogram clustered gap 1
	set style fill solid 0.8 border -1
	END
}

have()
{
	[ -s "$dir/$1.json" ]
}

# Each plot's first lines; $1 is its name.
plot()
{
	{
		cat <<-END
		set terminal svg noenhanced size 900,480 font "Sans,13" background "white"
		set output "$tmp/$1.svg"
		set key above
		set grid y lc rgb "#dddddd"
		set border 3
		set tics nomirror
		set label 1 "$machine" at screen 0.01,0.02 font ",9" textcolor rgb "#666666"
		END
		cat
	} | gnuplot
	# No blank at the end of a line, and no date, so that the same figures are the same file.
	sed 's/[[:blank:]]*$//' "$tmp/$1.svg" >"$dir/$1.svg"
}

# Tab-separated words, as a table that lines up; "-" where nothing is
rows()
{
	sed 's/^\t/-\t/; s/\t\t/\t-\t/g' | column -t -s "$(printf '\t')" | sed 's/^/\t/; s/ *$//'
}

kernels()
{
	jq -r .kernel "$dir/$1.json" | sort -uV
}

# What each takes by how many pages a group has, where the live cache is the same.
compare_pages()
{
	# Of the newest kernel; like lines() wants them: kernel, method, x, y.
	awk -F '\t' -v k="$(grep instructions "$tmp/kernels" | tail -n 1)" '
		$1 == k && $2 ~ / 64$/ && $3 != "nothing" && $3 != "drop_caches=1" {
			printf "%s\t%s\t%s\t%s\n", $1, $3, $14, $5
		}' "$tmp/compare" >"$tmp/compare.pages"
	[ -s "$tmp/compare.pages" ] || return 0
	plot compare-pages <<-END
	set title "Who gets rid of groups, by their size (log scales: lower is better)"
	set xlabel "pages a group, on average"
	set ylabel "1000 instructions a group"
	set logscale xy
	set bmargin 5
	plot $(lines "$tmp/compare.pages" 1:2)
	END
}

compare()
{
	local kernel list='' lost='' n=0

	# What the service's reading costs more than where nothing was done.
	figures compare 'map(select(.kind == "read")) | . as $all | .[] | . as $this |
		([$all[] | select(.method == "nothing" and .kernel == $this.kernel and
			.arguments == $this.arguments) | .read_live_cpu_ns // 0][0] // 0) as $cached |
		[short, .arguments, .method, .groups, (.cpu_ns_per_group / 100 | round / 10),
		((.cpu_ns + (.read_live_cpu_ns // $cached) - $cached) / .groups / 100 | round / 10), (.cpu_ns_per_gib / 1e9 * 10 | round / 10),
		.busy_ms, .wall_ms, .left, ((.own_lost_bytes + .shared_lost_bytes) / 1048576 | round),
		(.reread_live_kib / 1024 | round), (.reread_dead_kib / 1024 | round),
		(.held_bytes / 4096 / .groups * 10 | round / 10)] | @tsv' >"$tmp/compare"
	{
		printf 'kernel\targuments\tmethod\tgroups\tCPU us/group\twith live cache read again\tCPU s/GiB\tmachine busy ms\twall ms\tgroups left\tlive cache lost MiB\tread again: live MiB\tdead MiB\tpages/group\n'
		sed 's/\ticount /\t/' "$tmp/compare"
	} | rows >"$tmp/compare.table"
	# Plots have the bars of one population.
	cut -f1 "$tmp/compare" | sort -uV >"$tmp/kernels"
	while read -r kernel; do
		n=$((n + 1))
		awk -F '\t' -v k="$kernel" -v a="$PLOTTED" '$1 == k && $2 ~ "^(icount )?" a "$" && $3 != "nothing" { print $3, $5, $11 }' \
			"$tmp/compare" >"$tmp/compare.$n"
		list="$list${list:+, }\"$tmp/compare.$n\" using 2:xtic(1) title \"Linux $kernel\""
		# What is lost is the same, however it is measured.
		kernel=${kernel%, by instructions}
		case $lost in
		*"\"Linux $kernel\""*)	;;
		*)	lost="$lost${lost:+, }\"$tmp/compare.$n\" using 3:xtic(1) title \"Linux $kernel\"" ;;
		esac
	done <"$tmp/kernels"
	plot compare-cpu <<-END
	set title "CPU time of who gets rid of them (log scale: lower is better)"
	set ylabel "us, or 1000 instructions, a group"
	set logscale y
	set yrange [1:*]
	$(bars)
	set xtics rotate by -25
	set bmargin 6
	plot $list
	END
	plot compare-lost <<-END
	set title "Cache of a live service that is gone afterwards"
	set ylabel "MiB"
	set yrange [0:*]
	$(bars)
	set xtics rotate by -25
	set bmargin 6
	plot $lost
	END
	compare_pages
}

# One line for each kernel and method; it says how they were measured where that differs.
lines()
{
	local file=$1 filter=$2 n=0 kernel method list='' alike=''

	cut -f1 "$file" | grep -qv , || alike=', by instructions'

	while IFS=$(printf '\t') read -r kernel method; do
		n=$((n + 1))
		awk -F '\t' -v k="$kernel" -v m="$method" '$1 == k && $2 == m { print $3, $4, $5, $6, $7 }' "$file" |
			sort -n >"$file.$n"
		list="$list${list:+, }\"$file.$n\" using $filter with linespoints pt $n lw 2 title \"$method, Linux ${kernel%"$alike"}\""
	done < <(cut -f1,2 "$file" | sort -u)
	echo "$list"
}

scale()
{
	figures scale '.[] | [short, .method + (if .kind == "file" then ", written" else "" end), .groups,
		(.cpu_ns / .groups / 1000), (.scan_ns / .groups / 1000), (.table_bytes / .groups), .made_per_s,
		(.worst_us / 1000), (.groups_bytes / .groups), .left, .wall_ms] | @tsv' >"$tmp/scale"
	{
		printf 'kernel\tmethod\tgroups\treap us/group\tscan ns/group\ttable bytes/group\tmade in 1 s\tslowest ms\tkernel bytes/group\tleft\twall ms\n'
		sort -t "$(printf '\t')" -k1,1V -k2,2 -k3,3n "$tmp/scale" |
			awk -F '\t' -v OFS='\t' '{
				$4 = sprintf("%.1f", $4); $5 = sprintf("%d", $5 * 1000); $6 = sprintf("%d", $6)
				$8 = sprintf("%.1f", $8); $9 = sprintf("%d", $9)
				print
			}'
	} | rows >"$tmp/scale.table"
	grep -v written "$tmp/scale" >"$tmp/scale.part" || :
	plot scale-reap <<-END
	set title "One reap of all, by the number of offline groups"
	set xlabel "offline groups"
	set ylabel "us, or 1000 instructions, a group"
	set logscale x
	set yrange [0:*]
	set bmargin 5
	plot $(lines "$tmp/scale.part" 1:2)
	END
	plot scale-scan <<-END
	set title "A scan with nothing to do, by the number of offline groups"
	set xlabel "offline groups"
	set ylabel "us, or 1000 instructions, a group"
	set logscale x
	set yrange [0:*]
	set bmargin 5
	plot $(lines "$tmp/scale.part" 1:3)
	END
	# The module does nothing meanwhile: the kernel's own, the same for all methods.
	grep reparent "$tmp/scale" | sed 's/reparent, written/of a file each/; s/reparent/of a page each/' >"$tmp/scale.made"
	plot scale-made <<-END
	set title "Groups made and removed in a second, of which all stay offline"
	set xlabel "offline groups in the end"
	set ylabel "groups a second"
	set logscale x
	set yrange [0:*]
	set bmargin 5
	plot $(lines "$tmp/scale.made" 1:5)
	END
}

budget()
{
	figures budget '.[] | [short, .method, .groups, .percent, (.wall_ms / 1000 | round), (.cpu_ns / 1e9 * 10 | round / 10),
		.left, .worst_percent, .own_percent, .average_percent] | @tsv' >"$tmp/budget"
	{
		printf 'kernel\tmethod\tgroups\tcpu_percent\tseconds\tCPU s\tleft\tworst second %%\tof these its own\taverage %%\n'
		cat "$tmp/budget"
	} | rows >"$tmp/budget.table"
	# Of those with most groups.
	jq -rs "$short"'([.[].groups] | max) as $max | map(select(.groups * 2 > $max)) |
		.[] | short as $k | .method as $m | .left_each_second as $l | .share_each_second as $s |
		range($l | length) | [$k, $m, . + 1, $l[.], $s[.] / 100] | @tsv' "$dir/budget.json" >"$tmp/budget.second"
	plot budget <<-END
	set multiplot layout 2,1
	set lmargin 12
	set ylabel "offline groups"
	set yrange [0:*]
	set title "The thread, inside its CPU budget"
	plot $(lines "$tmp/budget.second" 1:2 | sed 's/linespoints pt [0-9]*/lines/g')
	unset title
	set xlabel "seconds"
	set ylabel "percent of one CPU"
	set bmargin 5
	plot $(lines "$tmp/budget.second" 1:3 | sed 's/linespoints pt [0-9]*/lines/g'), 5 lc rgb "black" dt 2 title "cpu_percent"
	unset multiplot
	END
}

big()
{
	local mib

	jq -rs "$short"'sort_by([.kernel, .method, .who, .mib]) | .[] | . as $o | ("batch", "lru_lock") as $w |
		select(.[$w].count > 0) | [short, .method, .who, .mib, $w, .[$w].count, .[$w].p50_ns / 1000,
		.[$w].p99_ns / 1000, .[$w].p999_ns / 1000, .[$w].max_ns / 1000] | @tsv' "$dir/big.json" >"$tmp/big"
	{
		printf 'kernel\tmethod\tby\tMiB\twhat\thow many\tp50 us\tp99 us\tp99.9 us\tmax us\n'
		awk -F '\t' -v OFS='\t' '{ for (i = 7; i <= 10; i++) $i = sprintf("%.0f", $i); print }' "$tmp/big"
	} | rows >"$tmp/big.table"
	# Of the largest group that most were measured with.
	mib=$(cut -f4 "$tmp/big" | sort -n | uniq -c | sort -s -n -k 1,1 | awk '{ print $2 }' | tail -n 1)
	awk -F '\t' -v mib="$mib" '$4 == mib { sub(/,.*/, "", $1)
		printf "\"%s: %s, %s by %s\" %s %s %s %s\n", $1, $2, $5, $3, $7, $8, $9, $10 }' "$tmp/big" >"$tmp/big.bars"
	plot big <<-END
	set title "One batch, and one hold of lru_lock, of a dead group of $mib MiB (log scale)"
	set ylabel "us, or 1000 instructions"
	set logscale y
	$(bars)
	set xtics rotate by -35 font ",10"
	set bmargin 9
	set rmargin 16
	plot "$tmp/big.bars" using 2:xtic(1) title "p50", "" using 3 title "p99", "" using 4 title "p99.9", "" using 5 title "max", 64 lc rgb "black" dt 2 title "64 us"
	END
}

neighbours()
{
	figures neighbours '.[] | [short, .method, .beside.method_ms,
		.alone.probe.late_p99_us, .beside.probe.late_p99_us, .beside.probe.late_max_us,
		.alone.probe.fault_p99_us, .beside.probe.fault_p99_us,
		(.beside.serve.bytes / .beside.serve.ms) / (.alone.serve.bytes / .alone.serve.ms) * 100,
		.before.memory_stat.p50_us, .after.memory_stat.p50_us,
		.before.mkdir_rmdir.ms * 1000 / .before.mkdir_rmdir.groups,
		.after.mkdir_rmdir.ms * 1000 / .after.mkdir_rmdir.groups] |
		map(if type == "number" then round else . end) | @tsv' >"$tmp/neighbours"
	{
		printf 'kernel\tmethod\tms\twake-up late p99 us alone\tbeside\tmax\tfault p99 us alone\tbeside\tfiles served %% of alone\tmemory.stat us before\tafter\tmkdir+rmdir us before\tafter\n'
		cat "$tmp/neighbours"
	} | rows >"$tmp/neighbours.table"
}

churn()
{
	local kernel n=0

	jq -rs "$short"'.[] | short as $k | .method as $m | .left_each_second as $l |
		range($l | length) | [$k, $m, . + 1, $l[.]] | @tsv' "$dir/churn.json" >"$tmp/churn.second"
	figures churn '.[] | [short, .method, .seconds, .groups, (.left_each_second | max),
		.left_each_second[-1], (.cpu_ns / 1e9 * 10 | round / 10), .cached_mib_each_5s[-1], .live_mib_each_5s[-1]] | @tsv' >"$tmp/churn"
	{
		printf 'kernel\tmethod\tseconds\tgroups made\toffline at most\tin the end\tCPU s\tpage cache MiB\tof the live group\n'
		cat "$tmp/churn"
	} | rows >"$tmp/churn.table"
	cut -f1 "$tmp/churn" | sort -uV >"$tmp/kernels"
	while read -r kernel; do
		n=$((n + 1))
		awk -F '\t' -v k="$kernel" '$1 == k' "$tmp/churn.second" >"$tmp/churn.second$n"
		plot "churn-${kernel%%,*}" <<-END
		set title "Offline groups while containers come and go, Linux $kernel"
		set xlabel "seconds"
		set ylabel "offline groups (log scale)"
		set logscale y
		set bmargin 5
		plot $(lines "$tmp/churn.second$n" '1:($2 > 0 ? $2 : 0.5)' | sed "s/linespoints pt [0-9]*/lines/g; s/, Linux [^\"]*//g")
		END
	done <"$tmp/kernels"
}

profile()
{
	figures profile '.[] | [short, .method, .groups] as $of |
		($of + ["all of the module", "module", .module_percent]), (.functions[] | $of + .) | @tsv' >"$tmp/profile"
	{
		printf 'kernel\tmethod\tgroups\tfunction\twhose\t%%\n'
		cat "$tmp/profile"
	} | rows >"$tmp/profile.table"
}

about()
{
	case $1 in
	compare)	echo "What each way costs and leaves" ;;
	scale)		echo "How it grows" ;;
	budget)		echo "The thread, inside its budget" ;;
	big)		echo "A big group" ;;
	neighbours)	echo "Neighbours" ;;
	churn)		echo "Steady state" ;;
	profile)	echo "Where the time goes" ;;
	esac
}

{
	cat <<-END
	.. SPDX-License-Identifier: GPL-2.0
	.. made by scripts/bench-report.sh

	$machine.
	END
	for name in compare scale budget big neighbours churn profile; do
		have $name || continue
		$name
		title=$(about $name)
		printf '\n%s\n%s\n\n' "$title" "${title//?/-}"
		kernels $name | sed 's/^/* Linux /'
		jq -r '"* \(.cpus) CPUs, \(.memory_bytes / 1048576 | floor) MiB, arguments: \(.arguments)"' "$dir/$name.json" | sort -u
		printf '\n::\n\n'
		cat "$tmp/$name.table"
	done
} >"$tmp/tables.rst"
mv "$tmp/tables.rst" "$dir/tables.rst"
