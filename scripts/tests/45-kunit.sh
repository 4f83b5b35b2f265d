# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# kernels: debug-6.1 debug-6.12
# vm: --cgroup v2 --append kunit.enable=1
# timeout: 60
#
# The KUnit suites of kunit/, as a module: Debian's kernels have no KUnit.
# shellcheck source=../guest/lib.sh
. /lib.sh

# Each case, "ok 3 case" or "ok 3 - case", is a result; what it has to say comes
# before.
results()
{
	local line name suite=''

	while read -r line; do
		name=${line#*ok * }
		name=${name#- }
		case $line in
		'# Subtest: '*)		suite=${line#*: }; echo "$suite" >>/tmp/suites ;;
		'ok '*'# SKIP'*)	skip "$suite ${name%% # SKIP*}" "${line#*SKIP }" ;;
		'ok '*)			ok "$suite $name" ;;
		'not ok '*)		fail "$suite $name" ;;
		'KTAP '*|1..*|'# module:'*) ;;
		*)			note "${line#\# }" ;;
		esac
	done
}

dmesg -c >/dev/null
check "the suites load, which runs them" insmod /memcg_reaper_kunit.ko
# Cases are indented by four, a suite's own result is not.
dmesg | sed -nE 's/^(\[[^]]*\] )?    //p' >/tmp/cases
results </tmp/cases
compare "suites" "$(sort -u /tmp/suites | wc -l)" -ge 13
check "they unload" rmmod memcg_reaper_kunit
finish
