# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# Kernel packages of another release of Debian, fetched by an apt of its own, from
# where this system's sources point to, and unpacked: neither the system's sources
# nor its packages change. Source it after lib.sh.

# release_suites SERIES: the suites that have its kernel; nothing for this release's
release_suites()
{
	case $1 in
	5.10)	echo bullseye bullseye-security ;;
	7.2)	echo trixie-backports ;;
	esac
}

# release_uri LABEL: where this system gets packages of that label from
release_uri()
{
	# shellcheck disable=SC2016 # apt's
	apt-get indextargets --format '$(LABEL) $(REPO_URI)' 'Created-By: Packages' |
		sed -n "s/^$1 //p" | head -n 1
}

# release_apt SUITES COMMAND...: an apt command for them
release_apt()
{
	_apt=$MR_CACHE/apt/$(echo "$1" | tr ' ' +)
	_suites=$1
	shift
	if [ ! -s "$_apt/ready" ]; then
		mkdir -p "$_apt/etc/apt/preferences.d" "$_apt/var/lib/apt/lists/partial" \
			"$_apt/var/cache/apt/archives/partial" "$_apt/var/lib/dpkg"
		: >"$_apt/var/lib/dpkg/status"
		for _suite in $_suites; do
			case $_suite in
			*-security)	_uri=$(release_uri Debian-Security) ;;
			*)		_uri=$(release_uri Debian) ;;
			esac
			[ -n "$_uri" ] || return
			echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $_uri $_suite main"
		done >"$_apt/etc/apt/sources.list"
		# The system's settings apply (a proxy, say), and lists of a release
		# that gets no more updates are as good as ever.
		cat >"$_apt/apt.conf" <<-END
		Dir "$_apt";
		Dir::State::status "$_apt/var/lib/dpkg/status";
		Dir::Etc::main "/etc/apt/apt.conf";
		Dir::Etc::parts "/etc/apt/apt.conf.d";
		APT::Sandbox::User "root";
		Acquire::Languages "none";
		Acquire::Check-Valid-Until "false";
		END
		APT_CONFIG=$_apt/apt.conf apt-get -qq update >&2 || return
		echo yes >"$_apt/ready"
	fi
	APT_CONFIG=$_apt/apt.conf "$@"
}

# release_kernel SERIES DIR: image, modules and headers of its newest cloud kernel go
# to DIR/root, its release and version to DIR/release
release_kernel()
{
	_dir=$2
	_from=$(release_suites "$1")
	_image=$(release_apt "$_from" apt-cache pkgnames "linux-image-$1." |
		grep -e '-cloud-amd64$' | sort -V | tail -n 1)
	[ -n "$_image" ] || return
	_rel=${_image#linux-image-}
	_version=$(release_apt "$_from" apt-cache show --no-all-versions "$_image" | sed -n 's/^Version: //p')
	log "fetching $_image $_version"
	rm -rf "$_dir.new"
	mkdir -p "$_dir.new"
	(
		cd "$_dir.new" || exit
		# Of what they depend on, what is the kernel's.
		_packages=$(release_apt "$_from" apt-cache depends --recurse --important \
			--no-conflicts --no-breaks --no-replaces --no-enhances \
			"$_image" "linux-headers-$_rel" |
			grep -xE 'linux-[a-z]+-[0-9].*' | sort -u)
		# shellcheck disable=SC2086 # one by one
		release_apt "$_from" apt-get -qq download $_packages >/dev/null || exit
		for _deb in *.deb; do
			dpkg -x "$_deb" root || exit
		done
		rm ./*.deb
		# Headers name each other by path, and a compiler of their release.
		sed -i "s|/usr/src/|$_dir/root/usr/src/|" "root/usr/src/linux-headers-$_rel/Makefile"
		sed -i 's/gcc-[0-9]*$/gcc/' "root/usr/src/linux-headers-$_rel/.kernelvariables"
		echo "$_rel $_version" >release
	) || return
	rm -rf "$_dir"
	mv "$_dir.new" "$_dir"
}
