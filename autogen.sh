#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Makes configure from configure.ac. Needs autoconf, automake, libtool,
# pkg-config and gettext (for AM_ICONV and its config.rpath).
set -eu
cd "$(dirname "$0")"

gettextize=$(command -v gettextize) || {
	echo "autogen.sh: gettextize was not found; install gettext" >&2
	exit 69
}
mkdir -p build-aux m4
cp "$(dirname "$gettextize")/../share/gettext/config.rpath" build-aux/
exec autoreconf --install --force
