#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# pli tree against 2,000 generated messages of each of three seeds
set -eu
script/build --tests
G_TEST_SRCDIR=$PWD G_TEST_BUILDDIR=$PWD/build
export G_TEST_SRCDIR G_TEST_BUILDDIR
for seed in 7 2026 "$(date +%j)"; do
	PLI_SCORE_COUNT=2000 PLI_SCORE_SEED=$seed python3 tests/e2e/test-score.py
done
