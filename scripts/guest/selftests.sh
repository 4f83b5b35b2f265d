# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
#
# Runs the kernel's own tests of a group of them, /selftests/GROUP/PROGRAM, beside the
# module where there are parameters to load it with.
#
#	selftests GROUP "PATTERN..." [MODULE PARAMETERS]
#
# Patterns are for names of programs. Prints a line "GROUP/PROGRAM
# ARGUMENTS: result: number test" for each result; what is no result begins with "#".
#
# shellcheck source=lib.sh
. /lib.sh

group=$1 patterns=$2
shift 2

# Seconds for one program; what takes longer has that as its only result.
LIMIT=120
HUGE_PAGES=128
WORK=/mnt/ext4/selftests

wanted()
{
	local pattern

	set -f
	for pattern in $patterns; do
		# shellcheck disable=SC2254 # a pattern
		case $1 in
		$pattern)	set +f; return 0 ;;
		esac
	done
	set +f
	return 1
}

# Why a program is not run, if so.
unfit()
{
	case $1 in
	run_vmtests.sh)		echo "runs the others" ;;
	check_config.sh)	echo "is for building them" ;;
	test_cpuset_prs.sh | test_cpuset_v1_hp.sh | test_cpuset_v1_base.sh)
				echo "needs eight CPUs, or cpuset on cgroup v1" ;;
	gup_test)		echo "needs CONFIG_GUP_TEST" ;;
	hmm-tests | test_hmm.sh)
				echo "needs CONFIG_TEST_HMM" ;;
	test_vmalloc.sh)	echo "needs CONFIG_TEST_VMALLOC" ;;
	va_high_addr_switch* | va_128TBswitch*)
				echo "needs page tables of five levels" ;;
	wait_inotify | write_to_hugetlbfs | write_hugetlb_memory.sh | with_stress.sh)
				echo "another one calls it" ;;
	esac
}

# With which arguments a program is run, a line for each time: as run_vmtests.sh does.
arguments()
{
	case $1 in
	hugetlb-madvise | hugepage-mremap)
				echo "$WORK/huge/$1" ;;
	charge_reserved_hugetlb.sh | hugetlb_reparenting_test.sh)
				echo "-cgroup-v2" ;;
	khugepaged)		printf '%s\n' all:anon all:shmem ;;
	ksm_tests)		printf '%s\n' "-M -p 10" -U "-Z -p 10 -z 0" "-Z -p 10 -z 1" ;;
	transhuge-stress)	echo "-d 20" ;;
	uffd-stress)		printf '%s\n' "anon 20 16" "hugetlb 64 32" "hugetlb-private 64 32" \
					"shmem 20 16" "shmem-private 20 16" ;;
	userfaultfd)		printf '%s\n' "anon 20 16" "hugetlb 64 32" \
					"hugetlb_shared 64 32 $WORK/huge/uffd" "shmem 20 16" ;;
	*)			echo ;;
	esac
}

# How many huge pages a program wants to find.
huge_pages()
{
	case $1 in
	hugetlb_fault_after_madv | hugetlb_madv_vs_map)
				echo 1 ;;
	*)			echo $HUGE_PAGES ;;
	esac
}

# What a program printed, as lines "result: number test"; times and addresses in a test's
# name differ from run to run, and a child that ends may print its parent's lines again.
results()
{
	sed -nE '
		s/\x1b\[[0-9;]*m//g
		s/^\s*ok ([0-9]+) (- )?(.*) *# *SKIP.*$/skip: \1 \3/ip; t
		s/^\s*(ok|not ok) ([0-9]+) (- )?(.*)$/\1: \2 \4/p; t
		s/^Testing (.*)\.\.\. *(done|skipped|failed).*$/\2: \1/p' "$1" |
		sed -E 's/0x[0-9a-f]+/N/g
			s/[0-9]+(\.[0-9]+)? ?(ns|us|ms|s|seconds)\b/N \2/g
			s/ +$//' |
		awk '!seen[$0]++'
}

# Groups that come and go, with memory of all kinds, beside programs that make none.
churn()
{
	while :; do
		for kind in file mapped tmpfs anon swap; do
			mkgroups --root "$CG/churn" --count 5 --kind $kind --size 64K \
				--dir "$(case $kind in tmpfs) echo /mnt/tmpfs ;; *) echo $WORK/churn ;; esac)"
		done
		usleep 500000
	done >/dev/null 2>&1
}

# A program's own text is charged to a removed group: the module takes it as it runs. Not
# where the program measures its own CPU time, a hundredth of a CPU in test_cpu, or to the
# page what its group is charged (test_hugetlb_memcg): it would read its text again, or
# have it recharged.
warm()
{
	case $1 in
	*/test_cpu | */test_hugetlb_memcg) return ;;
	esac
	mkcg warm
	echo 1 >/proc/sys/vm/drop_caches
	incg warm cat "$1" >/dev/null
	rmdir "$CG/warm"
}

# What a program leaves behind would disturb the next.
tidy()
{
	local proc

	for proc in /proc/[0-9]*; do
		case $(readlink "$proc/exe") in
		"$WORK"/* | /bin/bash) kill -KILL "${proc#/proc/}" ;;
		esac
	done 2>/dev/null
	echo 0 >"$CG/cgroup.procs"
	umount /mnt/huge 2>/dev/null
}

# run PROGRAM ARGUMENTS
run()
{
	local name="$1" start status

	shift
	huge_pages "$name" >/proc/sys/vm/nr_hugepages
	sync
	warm "./$name"
	start=$(now)
	case $name in
	# Of what an unprivileged process may not.
	on-fault-limit)	timeout -s KILL $LIMIT su -s /bin/sh nobody -c "./$name" >/tmp/out 2>&1 ;;
	*)		timeout -s KILL $LIMIT "./$name" "$@" >/tmp/out 2>&1 ;;
	esac
	status=$?
	if [ $status = 137 ] && [ $(($(now) - start)) -ge $((LIMIT * 100)) ]; then
		echo "longer than $LIMIT s"
	else
		results /tmp/out
		case $status in
		0)	echo "ok: exit status" ;;
		4)	echo "skip: exit status" ;;
		*)	echo "not ok: exit status $status" ;;
		esac
	fi | sed "s|^|$group/$name${*:+ $*}: |"
	note "$group/$name $*: $((($(now) - start) / 100)) s, status $status"
	sed 's/^/#	/' /tmp/out | tail -n 400
	tidy
}

# As they expect a system to be.
mkdir -p /etc /var/tmp
chmod 1777 /tmp /var/tmp
echo "root::0:0::/:/bin/sh" >/etc/passwd
echo "nobody::65534:65534::/:/bin/sh" >>/etc/passwd
echo "root::0:" >/etc/group
ln -s /bin/true /usr/bin/true
# 6.12 has it.
mount -o remount,memory_hugetlb_accounting none "$CG" 2>/dev/null
swapon "$SWAP_DEV" || exit
echo 268435456 >/proc/sys/kernel/shmmax
mkdir -p $WORK/churn $WORK/huge
mount -t hugetlbfs none $WORK/huge
# hugetlb_reparenting_test.sh unmounts it, if nobody uses it just then.
exec 9<"$CG/cgroup.procs"
cp "/selftests/$group"/* $WORK/
cd $WORK || exit
chmod 777 .

if [ $# != 0 ]; then
	load_reaper "$@" || exit
fi
case $group in
cgroup)	;;
*)	churn & ;;
esac
for file in "/selftests/$group"/*; do
	name=${file##*/}
	wanted "$name" || continue
	why=$(unfit "$name")
	if [ "$why" ]; then
		note "left out: $group/$name: $why"
		continue
	fi
	arguments "$name" >/tmp/arguments
	while read -r args <&3; do
		# shellcheck disable=SC2086 # words
		run "$name" $args
	done 3</tmp/arguments
done
if [ $# != 0 ]; then
	note "$(stat passes_total) passes, $(stat freed_groups_total) groups freed," \
		"$(stat evicted_bytes_total) bytes evicted, $(stat reparented_bytes_total) reparented"
	[ "$(stat freed_groups_total)" != 0 ] || {
		note "which is no work at all"
		exit 1
	}
	unload_reaper || exit
fi
exit 0
