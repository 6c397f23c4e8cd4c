#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# make distcheck: the release builds, passes and cleans up by itself
set -eu
script/build --tests
export PLI_SHARED="${PLI_SHARED:-$PWD/../shared}"
exec make -C build --no-print-directory distcheck
