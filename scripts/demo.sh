#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Show memcg_reaper at work: install what is missing, build, boot a VM, make
# offline groups, once for drop_caches and once for the module.
#
#	demo.sh [--kernel 5.10|6.1|6.12] [--count N]
set -eu

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

kernel=6.12 count=3000
while [ $# -gt 0 ]; do
	case $1 in
	--kernel)	kernel=${2:?}; shift 2 ;;
	--count)	count=${2:?}; shift 2 ;;
	*)		sed -n '/^#	demo.sh/s/^#	//p' "$0"; exit 2 ;;
	esac
done

log "checking that everything needed is here"
MR_KERNELS=$kernel "$MR_SCRIPTS/setup.sh" vm
log "building for $(kernel_release "$kernel")"
build_module "$kernel" >/dev/null
log "booting a machine with that kernel (nothing here is changed)"
exec "$MR_SCRIPTS/vm.sh" --kernel "$kernel" --module "$MR_CACHE/build/$kernel/tree/memcg_reaper.ko" \
	--ext4 2048 --timeout 600 --live -- "$MR_SCRIPTS/guest/demo" "$count"
