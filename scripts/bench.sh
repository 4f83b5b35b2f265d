#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Measure, in a virtual machine.
#
#	bench.sh NAME [ARGUMENTS...]
#
#	NAME	of scripts/bench/; without one, what there is
#
#	MR_KERNELS="6.1 6.12"	on which kernels, one after the other
#
# Prints what the script there prints. It has "# vm:" and "# timeout:" as tests have.
# Figures are of use beside others of the same run: this machine, its emulation, and who
# else uses it, are in all of them.
set -eu

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

if [ $# = 0 ] || [ ! -e "$MR_SCRIPTS/bench/$1.sh" ]; then
	sed -n '/^#	bench.sh/,/^# else/s/^# \{0,1\}//p' "$0" >&2
	for file in "$MR_SCRIPTS"/bench/*.sh; do
		printf '\t%s\t%s\n' "$(basename "$file" .sh)" "$(header "$file" what)" >&2
	done
	exit 2
fi
file=$MR_SCRIPTS/bench/$1.sh
shift

"$MR_SCRIPTS/setup.sh" vm
for kernel in $MR_KERNELS; do
	module=$(build_module "$kernel") || die "the module does not build for $kernel"
	echo "$(kernel_release "$kernel"), $(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -n 1), $(nproc) CPUs"
	# shellcheck disable=SC2046 # word by word
	"$MR_SCRIPTS/vm.sh" --kernel "$kernel" --module "$module" --timeout "$(header "$file" timeout)" \
		$(header "$file" vm) -- "$file" "$@"
done
