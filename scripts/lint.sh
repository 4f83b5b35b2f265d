#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Static checks; results in KTAP form, exit status 0 where all are clean.
#
#	lint.sh
#
# Needs what `scripts/setup.sh check` installs. checkpatch.pl and coccicheck's
# semantic patches are in no small package: they are taken out of Debian's kernel
# source once, into MR_CACHE.
set -u

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
top=$MR_TOP
# shellcheck source=ktap.sh
. "$MR_SCRIPTS/ktap.sh"

cd "$top" || exit
SOURCE=linux-source-6.12
CHECKS=$MR_CACHE/checks
CHECKPATCH=$CHECKS/checkpatch.pl

beside=
trap '[ -z "$beside" ] || kill "$beside" 2>/dev/null; rm -rf "$tmp"' EXIT
trap 'exit 130' INT TERM HUP

# verdict NAME STATUS FILE: not ok where the status is not 0 or the file has a line
verdict()
{
	nr=$((nr + 1))
	if [ "$2" = 0 ] && [ ! -s "$3" ]; then
		echo "ok $nr - $1"
	else
		echo "not ok $nr - $1"
		sed 's/^/# /' "$3"
		failed=1
	fi
}

# What is taken from the kernel's source.
unpack_checks()
{
	tar -xJf "$1" -C "$2" --strip-components=2 "$SOURCE/scripts/checkpatch.pl" \
		"$SOURCE/scripts/spelling.txt" "$SOURCE/scripts/const_structs.checkpatch" \
		"$SOURCE/scripts/coccinelle"
}

fetch_checks()
{
	[ ! -s "$CHECKPATCH" ] || return 0
	mkdir -p "$tmp/checks" "$MR_CACHE"
	if [ -s "/usr/src/$SOURCE.tar.xz" ]; then
		unpack_checks "/usr/src/$SOURCE.tar.xz" "$tmp/checks" || return
	else
		log "fetching $SOURCE for checkpatch.pl and coccicheck"
		(
			cd "$tmp" || exit
			source_tarball "$SOURCE" || exit
			unpack_checks "usr/src/$SOURCE.tar.xz" checks
		) >&2 || return
	fi
	# Another run may have been first.
	mv -T "$tmp/checks" "$CHECKS" 2>/dev/null || [ -s "$CHECKPATCH" ]
}

get_checks()
{
	fetch_checks && return
	echo "cannot get checkpatch.pl: install $SOURCE"
	return 1
}

#
# checkpatch --strict. Noise, line by line: file, type, and why it stays.
#
noise()
{
	cat <<-'END'
	kmod/compat.h	LINUX_VERSION_CODE	this file is the one place for it
	kmod/compat.h	CONSTANT_COMPARISON	takes KERNEL_VERSION() for a constant on the left
	kunit/compat.h	LINUX_VERSION_CODE	what only the suites need, and kmod/ does not
	kunit/compat.h	CONSTANT_COMPARISON	as in kmod/compat.h
	kmod/params.c	MACRO_ARG_REUSE	the macro declares a parameter; its argument is a name
	kmod/trace.h	OPEN_ENDED_LINE	layout of TRACE_EVENT(), as in include/trace/events
	kmod/trace.h	PARENTHESIS_ALIGNMENT	the same
	END
}

checkpatch()
{
	get_checks || return
	perl "$CHECKPATCH" --no-tree --strict --terse --show-types -f kmod/*.[ch] kunit/*.[ch] scripts/bench/peer/*.c >"$tmp/said" 2>&1
	[ "$(grep -c '^total: ' "$tmp/said")" -gt 0 ] || {
		cat "$tmp/said"
		return
	}
	noise >"$tmp/noise"
	# An entry that nothing matches any more has to go.
	awk -F '\t' '
		NR == FNR { why[$1 "\t" $2] = $3; next }
		/^total: / { next }
		{
			split($0, part, ":")
			key = part[1] "\t" part[4]
			if (key in why)
				met[key] = 1
			else
				print
		}
		END {
			for (key in why)
				if (!(key in met))
					print "not needed any more: " key
		}' "$tmp/noise" "$tmp/said"
}

#
# coccicheck: the kernel's own semantic patches, in the mode "report".
#
# What they look for is not in here, and each costs half a second: interfaces of
# drivers. The last two are written in OCaml, and want its compiler.
cocci_without()
{
	cat <<-'END'
	api/platform_get_irq.cocci
	api/platform_no_drv_owner.cocci
	api/pm_runtime.cocci
	api/resource_size.cocci
	free/clk_put.cocci
	free/devm_free.cocci
	free/ifnulldev_put.cocci
	free/iounmap.cocci
	free/pci_free_consistent.cocci
	iterators/device_node_continue.cocci
	iterators/for_each_child.cocci
	misc/irqf_oneshot.cocci
	misc/newline_in_nl_msg.cocci
	misc/of_table.cocci
	api/check_bq27xxx_data.cocci
	null/badzero.cocci
	END
}

# cocci FILE: its findings in kmod/
cocci()
{
	# shellcheck disable=SC2046 # words
	spatch -D report --very-quiet --no-show-diff $(sed -n 's|^// *Options: *||p' "$CHECKS/coccinelle/$1") \
		--cocci-file "$CHECKS/coccinelle/$1" kmod/*.c 2>"$tmp/err" </dev/null ||
		echo "$1: spatch fails: $(tail -n 1 "$tmp/err")"
}

coccicheck()
{
	get_checks || return
	cocci_without >"$tmp/without"
	(cd "$CHECKS/coccinelle" && find . -name '*.cocci') | cut -c3- | sort >"$tmp/cocci"
	grep -vxF -f "$tmp/cocci" "$tmp/without" | sed 's/$/: no longer there/'
	grep -vxF -f "$tmp/without" "$tmp/cocci" >"$tmp/semantic" || echo "no semantic patches"
	while read -r file; do
		cocci "$file"
	done <"$tmp/semantic"
}

#
# Shell.
#
find .ci scripts -type f 2>/dev/null | sort >"$tmp/files"
while read -r file; do
	case $(head -n 1 "$file" | tr -d '\0') in
	'#!'*sh)	echo "$file" ;;
	*)		case $file in *.sh) echo "$file" ;; esac ;;
	esac
done <"$tmp/files" >"$tmp/shell"

# SC2317, code that is never reached: functions that check and result call by name.
shell()
{
	xargs shellcheck -x -P SCRIPTDIR -e SC2317 <"$tmp/shell" 2>&1
}

# These take as long as the compiler, so they run beside it.
for check in checkpatch coccicheck shell; do
	$check >"$tmp/$check.out"
	echo $? >"$tmp/$check.status"
done &
beside=$!

#
# Sparse, on each kernel's headers: where the module is built, which leaves no more to
# compile.
#
lint_make()
{
	make -s "$@" W=1 >"$tmp/make" 2>&1
	status=$?
	build_words "$tmp/make" | grep -v 'modpost: "_*kunit_[a-z_]*" .* undefined!$'
	return $status
}

sparse()
{
	lint_make C=2 CF=-Wsparse-error "$@"
}

for kernel in $MR_KERNELS; do
	{
		kdir=$(kernel_kdir "$kernel") && tree=$(built_tree "$kernel") &&
			sparse -C "$kdir" M="$tree" modules
	} >"$tmp/out" 2>&1
	verdict "W=1 and sparse, $kernel" $? "$tmp/out"
done

#
# The compiler's analyzer sees much the same on all kernels: once, with the suites. No
# kernel of Debian's has KUnit to link them with.
#
copy_tree "$tmp/tree" || exit
set -- -C "$kdir" M="$tmp/tree" KCFLAGS=-fanalyzer

# objects FILE.c...: what make is asked for
objects()
{
	for file; do
		echo "${file%.c}.o"
	done
}

suites()
{
	# shellcheck disable=SC2046 # words
	lint_make "$@" CONFIG_MEMCG_REAPER_KUNIT_TEST=m KBUILD_MODPOST_WARN=1 modules &&
		sparse "$@" CONFIG_MEMCG_REAPER_KUNIT_TEST=m $(objects kunit/*.c)
}

# What no suite has.
the_rest()
{
	for object in $(objects kmod/*.c); do
		[ -e "$tmp/tree/$object" ] || echo "$object"
	done >"$tmp/rest"
	# shellcheck disable=SC2046 # words
	[ ! -s "$tmp/rest" ] || lint_make "$@" $(cat "$tmp/rest")
}

case $kernel in
5.10)
	skip "-fanalyzer, and suites of kunit/" "the KUnit of $kernel is another" ;;
*)
	suites "$@" >"$tmp/out"
	verdict "W=1, -fanalyzer and sparse, suites of kunit/, $kernel" $? "$tmp/out"
	the_rest "$@" >"$tmp/out"
	verdict "W=1, -fanalyzer, $(wc -l <"$tmp/rest") files without a suite, $kernel" $? "$tmp/out" ;;
esac
sparse -C "$kdir" M="$tmp/tree" MR_BENCH_PEER=y modules >"$tmp/out"
verdict "W=1 and sparse, mr_peer, $kernel" $? "$tmp/out"

# That of the last kernel.
case $kernel in
5.10)
	skip "kernel-doc" "that of $kernel knows no -Wall" ;;
*)
	"$kdir/scripts/kernel-doc" -none -Wall -Werror kmod/*.[ch] >"$tmp/out" 2>&1
	verdict "kernel-doc" $? "$tmp/out" ;;
esac

mandoc -T lint -W warning Documentation/*.8 >"$tmp/out" 2>&1
verdict "manual" $? "$tmp/out"

gcc -fsyntax-only -O2 -Wall -Wextra scripts/guest/*.c >"$tmp/out" 2>&1
verdict "helpers of the tests compile" $? "$tmp/out"

wait $beside
beside=
for check in checkpatch coccicheck shell; do
	case $check in
	checkpatch)	name="checkpatch --strict" ;;
	coccicheck)	name="coccicheck, $(wc -l <"$tmp/semantic") semantic patches" ;;
	shell)		name="shellcheck, $(wc -l <"$tmp/shell") files" ;;
	esac
	verdict "$name" "$(cat "$tmp/$check.status")" "$tmp/$check.out"
done

#
# Text. Files that git knows or would add; without git, all but what make leaves.
#
if ! git ls-files -co --exclude-standard >"$tmp/files" 2>/dev/null; then
	find . -type f ! -path './.git/*' ! -name '*.o' ! -name '*.ko' ! -name '*.mod*' \
		! -name '.*.cmd' ! -name 'Module.symvers' ! -name modules.order | cut -c3- >"$tmp/files"
fi
# Patches have the white space of what they patch.
grep -vxE 'COPYING|\.clang-format|scripts/mutants/.*\.patch' "$tmp/files" >"$tmp/text"

xargs grep -nE "[[:blank:]]\$| $(printf '\t')" /dev/null <"$tmp/text" >"$tmp/out"
while read -r file; do
	[ ! -s "$file" ] || [ -z "$(tail -c 1 "$file")" ] || echo "$file: no newline at the end"
done <"$tmp/text" >>"$tmp/out"
verdict "white space" 0 "$tmp/out"

# Formats without comments, and Debian's own, which has a file for that.
grep -E '^(kmod|kunit|scripts|Documentation|\.ci)/|^(Kbuild|Makefile)$' "$tmp/text" |
	grep -vE '^Documentation/ABI/|^scripts/packaging/debian/|\.(json|svg)$' >"$tmp/spdx"
while read -r file; do
	head -n 3 "$file" | grep -q 'SPDX-License-Identifier: GPL-2\.0' || echo "$file: no SPDX line"
done <"$tmp/spdx" >"$tmp/out"
verdict "SPDX lines" 0 "$tmp/out"

# In a copy, which is no repository that git could look for files in.
rm -rf "$tmp/tree"
mkdir "$tmp/tree"
cp -r kmod "$tmp/tree/"
for file in scripts/mutants/*.patch; do
	(cd "$tmp/tree" && GIT_CEILING_DIRECTORIES=$tmp git apply --check "$MR_TOP/$file" 2>&1)
	sed -n 's/^Tests: //p' "$file" | tr ' ' '\n' >"$tmp/tests"
	[ -s "$tmp/tests" ] || echo "$file: names no tests"
	while read -r test; do
		[ -e "scripts/tests/$test.sh" ] || echo "$file: no test $test"
	done <"$tmp/tests"
done >"$tmp/out"
verdict "mutants apply, $(find scripts/mutants -name '*.patch' | wc -l)" 0 "$tmp/out"

# Code without its comments.
for file in kmod/*.[ch]; do
	gcc -fpreprocessed -dD -E -P -x c "$file" 2>/dev/null >"$tmp/code"
	grep -wE 'k(ret)?probes?|(un)?register_k(ret)?probe|kallsyms[a-z_]*|ftrace_set_filter_ip' \
		"$tmp/code" | sed "s|^|$file: not by symbol: |"
	[ "$file" = kmod/compat.h ] ||
		grep -E 'LINUX_VERSION_CODE|KERNEL_VERSION' "$tmp/code" | sed "s|^|$file: version outside compat.h: |"
done >"$tmp/out"
verdict "words that kmod/ does without" 0 "$tmp/out"

#
# Documentation: every entry of the ABI is whole, and the guide explains each file.
#
awk '
	function done() {
		if (what && !(date && contact && description))
			print FILENAME ": " what ": wants Date, Contact and Description"
		what = date = contact = description = ""
	}
	FNR == 1 { done() }
	/^What:/ {
		if (date || contact || description)
			done()
		what = $2
	}
	/^Date:/ { date = 1 }
	/^Contact:/ { contact = 1 }
	/^Description:/ { description = 1 }
	END { done() }' Documentation/ABI/testing/* >"$tmp/out"
sed -n 's/^What:[[:blank:]]*//p' Documentation/ABI/testing/* | sort >"$tmp/what"
uniq -d "$tmp/what" | sed 's/^/documented twice: /' >>"$tmp/out"
while read -r what; do
	grep -qF -e "\`\`$(basename "$what")\`\`" -e "$what/" Documentation/admin-guide.rst ||
		echo "admin-guide.rst does not explain $what"
done <"$tmp/what" >>"$tmp/out"
verdict "ABI entries, $(wc -l <"$tmp/what")" 0 "$tmp/out"

# Results and messages of the module, in the guide.
{
	sed -n 's/^\t\[MR_RES_[A-Z]*\][^"]*"\(.*\)",/``\1``/p' kmod/groups.c
	# Up to the first thing that printf fills in.
	sed -n 's/^.*pr_\(err\|warn\|notice\|info\)("\([^%\\]*\).*/\2/p' kmod/*.c
} | while read -r words; do
	[ -z "$words" ] || grep -qF -- "$words" Documentation/admin-guide.rst || echo "admin-guide.rst has not: $words"
done >"$tmp/out"
verdict "results and messages are in the guide" 0 "$tmp/out"

# Paths in README.md, relative links and `code` alike, lead somewhere.
# shellcheck disable=SC2016 # the back quotes are Markdown's
grep -oE '\]\([^):#]+|`(Documentation|scripts|kmod)/[^`* ]*' README.md | sed 's/^\](//; s/^`//' |
	while read -r path; do
		[ -e "$path" ] || echo "README.md: no $path"
	done >"$tmp/out"
verdict "links of README.md" 0 "$tmp/out"

echo "1..$nr"
exit $failed
