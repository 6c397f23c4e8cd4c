#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# five random edits of each message of the corpus, and 1 GiB edited
set -eu
script/build --tests
G_TEST_SRCDIR=$PWD G_TEST_BUILDDIR=$PWD/build PLI_TEST_LONG=1
export G_TEST_SRCDIR G_TEST_BUILDDIR PLI_TEST_LONG
make -C build --no-print-directory all tests/engine/test-edit
build/tests/engine/test-edit --tap -p /engine/edit/corpus
exec python3 tests/e2e/test-edit.py
