#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# the shared corpus octet by octet, at 200 random splits, and small files at every cut
set -eu
script/build --tests
G_TEST_SRCDIR=$PWD G_TEST_BUILDDIR=$PWD/build PLI_TEST_LONG=1
export G_TEST_SRCDIR G_TEST_BUILDDIR PLI_TEST_LONG
make -C build --no-print-directory tests/engine/test-corpus
exec build/tests/engine/test-corpus --tap -p /engine/corpus/cuts
