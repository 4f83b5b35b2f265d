#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# timeout: 600
#
# The static checks.
exec "$(dirname "$0")/../lint.sh"
