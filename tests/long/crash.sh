#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# power cuts: every moment of a trace, unsynced octets and names dropped: crash [CUTS]
set -u
script/build --tests || exit 1
G_TEST_SRCDIR=$PWD G_TEST_BUILDDIR=$PWD/build PLI_CRASH_CUTS=${1:-2000} \
	python3 tests/e2e/test-crash.py
