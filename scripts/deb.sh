#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Build the packages memcg-reaper-dkms and memcg-reaper-tools, from a copy of the tree.
#
#	deb.sh [DIR]		where they go (MR_CACHE/deb)
#
#	MR_VERSION=0.1.1	as another version, to test upgrades
#	DEBFULLNAME, DEBEMAIL	who answers for them; there is no address for that
set -eu

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

out=${1:-$MR_CACHE/deb}
for tool in dpkg-buildpackage dh dh_dkms; do
	command -v $tool >/dev/null || die "$tool is missing: run scripts/setup.sh packages"
done
tmp=$(mktemp -d "${TMPDIR:-/tmp}/memcg_reaper.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
tree=$tmp/memcg-reaper
mkdir -p "$tree/scripts" "$out"
out=$(cd "$out" && pwd)
cd "$MR_TOP"
cp -r Kbuild Makefile dkms.conf COPYING README.md Documentation kmod "$tree/"
cp -r scripts/memcg-reaperctl scripts/packaging "$tree/scripts/"
find "$tree" \( -name '*.o' -o -name '*.ko' -o -name '.*.cmd' \) -delete
cd "$tree"
cp -r scripts/packaging/debian .
# debhelper knows where units belong in this release.
cp scripts/packaging/systemd/memcg-reaper-metrics.service debian/memcg-reaper-tools.memcg-reaper-metrics.service
cp scripts/packaging/systemd/memcg-reaper-metrics.timer debian/memcg-reaper-tools.memcg-reaper-metrics.timer
rm -rf scripts/packaging/debian
if [ -n "${MR_VERSION:-}" ]; then
	sed -i "s/^PACKAGE_VERSION=.*/PACKAGE_VERSION=\"$MR_VERSION\"/" dkms.conf
	sed -i "1s/(.*)/($MR_VERSION)/" debian/changelog
fi
if [ -n "${DEBEMAIL:-}" ]; then
	sed -i "s/^\(Maintainer: \).*/\1${DEBFULLNAME:-$DEBEMAIL} <$DEBEMAIL>/" debian/control
	sed -i "s/^ -- .*>/ -- ${DEBFULLNAME:-$DEBEMAIL} <$DEBEMAIL>/" debian/changelog
fi
version=$(sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' dkms.conf)
[ "$(sed -n '1s/.*(\(.*\)).*/\1/p' debian/changelog)" = "$version" ] ||
	die "debian/changelog is not about $version, the version in dkms.conf"
# Root's own umask may be stricter than packages like.
umask 022
dpkg-buildpackage -us -uc -b >"$tmp/log" 2>&1 || {
	cat "$tmp/log" >&2
	die "dpkg-buildpackage fails"
}
mv "$tmp"/*.deb "$tmp"/*.changes "$tmp"/*.buildinfo "$out/"
ls "$out"/memcg-reaper-*_"$version"_all.deb
