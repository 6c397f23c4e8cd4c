#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# pli tree against generated messages of every mix, form and line end
set -eu
script/build --tests
G_TEST_SRCDIR=$PWD G_TEST_BUILDDIR=$PWD/build
export G_TEST_SRCDIR G_TEST_BUILDDIR
bad=

# MIX COUNT SEED [FORMAT [EOL]]
score() {
	echo "-- $*"
	PLI_SCORE_MIX=$1 PLI_SCORE_COUNT=$2 PLI_SCORE_SEED=$3 \
		PLI_SCORE_FORMAT=${4:-files} PLI_SCORE_EOL=${5:-crlf} \
		python3 tests/e2e/test-score.py || bad="$bad $1/$3/${4:-}/${5:-}"
}

for seed in 7 2026 "$(date +%j)"; do
	for mix in tiny small medium real; do
		score $mix 2000 "$seed"
	done
	score large 100 "$seed"
	score huge 10 "$seed"
	for eol in crlf lf; do
		for format in maildir mbox mboxcl; do
			score real 300 "$seed" $format $eol
		done
	done
	score small 1000 "$seed" files lf
done
[ -z "$bad" ] || {
	echo "wrong in:$bad"
	exit 1
}
