#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Validate the manifests for Kubernetes, or others, against schemas. Wants node and npm,
# which fetches them into MR_CACHE once.
#
#	manifests.sh [FILE.yaml...]
set -eu

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

PACKAGES="kubernetes-models@5.1.0 js-yaml@5.5.0"
manifests=$MR_SCRIPTS/packaging/kubernetes
dir=$MR_CACHE/manifests

if ! command -v npm >/dev/null; then
	echo "skip: no npm here: manifests are not validated"
	exit 0
fi
if [ "$(cat "$dir/packages" 2>/dev/null)" != "$PACKAGES" ]; then
	log "fetching $PACKAGES"
	rm -rf "$dir"
	mkdir -p "$dir"
	echo '{"private": true}' >"$dir/package.json"
	# shellcheck disable=SC2086 # words
	npm --prefix "$dir" install --silent --ignore-scripts --no-audit --no-fund $PACKAGES >&2
	echo "$PACKAGES" >"$dir/packages"
fi
# Where its imports are found.
cp "$manifests/validate.mjs" "$dir/"
[ $# != 0 ] || set -- "$manifests"/*.yaml
exec node "$dir/validate.mjs" "$@"
