#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# the corpus and 6,000 generated messages, changed; read by three before and after
set -eu
script/build --tests
G_TEST_SRCDIR=$PWD G_TEST_BUILDDIR=$PWD/build PLI_TEST_LONG=1
export G_TEST_SRCDIR G_TEST_BUILDDIR PLI_TEST_LONG
make -C build --no-print-directory all tests/e2e/view-gmime
exec python3 tests/e2e/test-round-trip.py
