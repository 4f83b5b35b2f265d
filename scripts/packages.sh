#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2317 # functions are called by result
#
# The Debian packages: built, checked by lintian, installed, upgraded and purged in trees
# of Debian 12 and 13, and what they have built loaded in a virtual machine with that
# kernel.
#
#	packages.sh [RELEASE:SERIES:FLAVOUR...]
#
# Trees stay in MR_CACHE/matrix. Wants root. Results in KTAP form.
set -u

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=release.sh
. "$MR_SCRIPTS/release.sh"
top=$MR_TOP
# shellcheck source=ktap.sh
. "$MR_SCRIPTS/ktap.sh"
# shellcheck source=trees.sh
. "$MR_SCRIPTS/trees.sh"

next=${version%.*}.$((${version##*.} + 1))

build()
{
	"$MR_SCRIPTS/deb.sh" "$tmp/deb" && MR_VERSION=$next "$MR_SCRIPTS/deb.sh" "$tmp/deb"
}

# Nothing at all, whatever it thinks of as pedantic.
lintian_clean()
{
	lintian --pedantic --fail-on error,warning,info,pedantic --allow-root "$tmp/deb/memcg-reaper_${version}_"*.changes
}

# apt COMMAND...: without the network, and with no questions
apt()
{
	inside apt-get -qq -y --no-install-recommends --no-download "$@"
}

# packages VERSION: put into the tree, and installed
packages()
{
	rm -rf "$tree/packages"
	mkdir "$tree/packages"
	cp "$tmp"/deb/memcg-reaper-*_"$1"_all.deb "$tree/packages/"
	# dkms builds for each kernel that has headers here.
	inside sh -c "apt-get -qq -y --no-install-recommends install /packages/*.deb"
}

dkms_has()
{
	inside dkms status memcg_reaper | tee "$tmp/status"
	grep -q "^memcg_reaper/$1, $krel, .*: installed" "$tmp/status" &&
		! grep -v "^memcg_reaper/$1, .*: installed" "$tmp/status"
}

module_is()
{
	built_module "$krel" >"$tmp/memcg_reaper.ko" && modinfo -F version "$tmp/memcg_reaper.ko" | grep -xF "$1"
}

commands_work()
{
	inside memcg-reaperctl --version | grep -xF "memcg-reaperctl $1" &&
		inside sh -c 'memcg-reaperctl status; [ $? = 1 ]' &&
		inside sh -c 'modprobe -c 2>/dev/null | grep "options memcg_reaper"; [ $? = 1 ]' &&
		inside sh -c 'memcg-reaperctl set --persist cpu_percent 7 && modprobe -c | grep "options memcg_reaper cpu_percent=7"'
}

# The administrator's own lines outlive an upgrade.
change_conffile()
{
	echo 'options memcg_reaper method=reparent' >>"$tree/etc/modprobe.d/memcg_reaper.conf"
}

conffile_kept()
{
	grep -x 'options memcg_reaper method=reparent' "$tree/etc/modprobe.d/memcg_reaper.conf" &&
		grep -x 'options memcg_reaper cpu_percent=7' "$tree/etc/modprobe.d/memcg_reaper_local.conf"
}

# loads: in a machine with that kernel, and frees groups
loads()
{
	local root=$tree/image/$krel
	(cd "$top" && "$MR_SCRIPTS/vm.sh" --kernel "$(vmlinuz_of "$root" "$krel")" \
		--modules "$(modules_of "$root" "$krel")" --module "$tmp/memcg_reaper.ko" --timeout 400 \
		--xfs 300 -- "$MR_SCRIPTS/tests/01-smoke.sh")
}

units_verify()
{
	inside sh -c 'command -v systemd-analyze' || {
		echo "no systemd"
		return 1
	}
	inside systemd-analyze --man=no verify memcg-reaper-metrics.service memcg-reaper-metrics.timer 2>&1 | tee "$tmp/verify"
	! grep -E 'memcg-reaper' "$tmp/verify"
}

nothing_left()
{
	! find "$tree"/{etc,usr,lib,run} "$tree"/var/lib/{dkms,systemd} \( -name '*memcg[-_]reaper*' -o -name '*memcg-reaperctl*' \) \
		2>/dev/null | grep .
}

[ "$(id -u)" = 0 ] || die "needs root"
"$MR_SCRIPTS/setup.sh" packages || exit
[ $# != 0 ] || set -- bookworm:6.1:cloud-amd64 trixie:6.12:cloud-amd64
mkdir -p "$tmp/deb"
result "packages are built" build
result "lintian has nothing to say" lintian_clean
find "$tmp/deb" -name "*_${version}_all.deb" -printf '# %f %s bytes\n'
for wanted; do
	release=${wanted%%:*}
	tree=$TREES/$release
	result "$release: a tree" make_tree
	[ -e "$tree/ready" ] || continue
	if ! newest "${wanted#*:}"; then
		result "$release: ${wanted#*:} is served" false
		continue
	fi
	on="$release, $krel"
	apt purge memcg-reaper-dkms memcg-reaper-tools >/dev/null 2>&1
	result "$on: install" packages "$version"
	result "$on: dkms has built it" dkms_has "$version"
	result "$on: of that version" module_is "$version"
	result "$on: commands" commands_work "$version"
	result "$on: loads and works" loads
	change_conffile
	result "$on: upgrade" packages "$next"
	result "$on: dkms has the new one only" dkms_has "$next"
	result "$on: of the new version" module_is "$next"
	result "$on: settings are kept" conffile_kept
	inside apt-get -qq -y --no-install-recommends install systemd >/dev/null 2>&1
	result "$on: systemd takes the units" units_verify
	result "$on: remove" apt remove memcg-reaper-dkms memcg-reaper-tools
	result "$on: no module is left" sh -c '! find "$0" -name "memcg_reaper.ko*" | grep .' "$tree/lib/modules"
	result "$on: settings still are" conffile_kept
	result "$on: purge" apt purge memcg-reaper-dkms memcg-reaper-tools
	result "$on: nothing is left" nothing_left
	rm -rf "$tree/packages"
done
echo "1..$nr"
exit $failed
