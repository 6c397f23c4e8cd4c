#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# eight threads in the engine, under ThreadSanitizer
#
# Builds the engine with it in build-tsan, and test-threads alone.
set -eu
top=$(cd "$(dirname "$0")/../.." && pwd)
dir=$top/build-tsan
test=tests/engine/test-threads

[ -x "$top/configure" ] || "$top/autogen.sh" >&2
mkdir -p "$dir"
[ -e "$dir/config.status" ] ||
	(cd "$dir" && "$top/configure" --with-sanitizers=thread \
		CFLAGS='-O1 -g') >&2
make -s -C "$dir" -j "$(getconf _NPROCESSORS_ONLN)" "$test" >&2
# GLib is not built with it: of slices that it gives from one thread to the
# other the sanitizer would not see the locks.
G_SLICE=always-malloc G_TEST_SRCDIR=$top G_TEST_BUILDDIR=$dir \
	TSAN_OPTIONS="${TSAN_OPTIONS:-halt_on_error=0}" "$dir/$test"
