#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# pli extract beside a GMime walker, CPU and memory: extract [ROUNDS]
set -eu
script/build --tests
make -C build --no-print-directory tests/bench/measure tests/bench/gmime-walker
PLI_SHARED="${PLI_SHARED:-$PWD/../shared}"
export PLI_SHARED
exec python3 tests/bench/bench-extract.py "$@"
