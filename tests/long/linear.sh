#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# hostile inputs at n and 2n, their time and memory: linear [INPUT...]
set -eu
script/build --tests
make -C build --no-print-directory tests/bench/bench-linear
exec build/tests/bench/bench-linear "$@"
