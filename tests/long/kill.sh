#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# deliveries under kill -9, five runs of 400: kill [RUNS]
set -eu
script/build --tests
G_TEST_SRCDIR=$PWD G_TEST_BUILDDIR=$PWD/build
export G_TEST_SRCDIR G_TEST_BUILDDIR
n=0
while [ $n -lt "${1:-5}" ]; do
	n=$((n + 1))
	PLI_KILL_COUNT=400 python3 tests/e2e/test-kill.py
done
