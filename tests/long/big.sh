#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# a message and a part of 5 GiB are counted exactly, in little memory: big [GIB]
set -eu
script/build --tests
make -C build --no-print-directory tests/bench/measure
exec python3 tests/long/big.py "${1:-5}"
