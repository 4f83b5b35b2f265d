# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
#
# Folios that go from unevictable, where they are on no list, to evictable and back
# while they are looked for by frame and on lists: each is taken off the list that
# it is on, if it is on one. The kernel's list debugging sees the others.
#
# vm: --cgroup v2 --mem 768
# kernels: 6.1 6.12
# timeout: 240

# shellcheck source=../guest/lib.sh
. /lib.sh

ROUNDS=${1:-10}

load_reaper reap_background=0 method=reparent
mkcg test
left=0
for i in $(seq "$ROUNDS"); do
	mkcg "test/g$i"
	hold /tmp/holder holder --cgroup "$CG/test/g$i" --home "$CG" --kind shm --flip \
		--file "/mnt/tmpfs/f" --size 4M
	rmcg "test/g$i"
	wait_for 10 "grep -q ' g$i ' $OFFLINE"
	wait_for 20 'tun reap 1 2>/dev/null; no_dying' || left=$((left + 1))
	release
	rm /mnt/tmpfs/f
done
compare "all groups go, however often their memory is locked and unlocked" $left = 0
note "$(($(stat reparented_bytes_total) >> 20)) MiB reparented in $ROUNDS rounds"
check "lists are whole: all memory is freed" wait_for 20 \
	'[ "$(cgstat test unevictable)" = 0 ] && [ "$(cgstat test shmem)" = 0 ]'
compare "and nothing is left on them" \
	"$(cgstat test inactive_anon) $(cgstat test active_anon) $(cgstat test unevictable)" = "0 0 0"
check "unload" unload_reaper
finish
