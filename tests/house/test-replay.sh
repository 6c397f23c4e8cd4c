#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# tests/fuzz/replay.c runs every file, notices a crash and an empty corpus.
program=${G_TEST_BUILDDIR:?}/tests/house/replay-fixture
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
mkdir "$work/good" "$work/empty" "$work/bad"
printf 'abc' >"$work/good/a"
: >"$work/good/empty-input"
printf 'crash' >"$work/bad/a"

echo 1..3
if PLI_FUZZ_CORPUS=$work/good "$program" >"$work/out" &&
	[ "$(grep -c '^ok ' "$work/out")" = 2 ]; then
	echo "ok 1 - every file is run"
else
	echo "not ok 1 - every file is run"
fi
if PLI_FUZZ_CORPUS=$work/empty "$program" >"$work/out" ||
	! grep -q '^Bail out!' "$work/out"; then
	echo "not ok 2 - a corpus without files fails"
else
	echo "ok 2 - a corpus without files fails"
fi
if (ulimit -c 0 && PLI_FUZZ_CORPUS=$work/bad exec "$program") \
	>"$work/out" 2>&1 || grep -q '^ok ' "$work/out"; then
	echo "not ok 3 - a crash fails"
else
	echo "ok 3 - a crash fails"
fi
