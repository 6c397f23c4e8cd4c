#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# EIO, ENOSPC and SIGKILL at each write, sync, rename and open: inject [RUNS]
set -u
script/build --tests || exit 1
G_TEST_SRCDIR=$PWD G_TEST_BUILDDIR=$PWD/build PLI_INJECT_RUNS=${1:-2000} \
	python3 tests/e2e/test-inject.py
