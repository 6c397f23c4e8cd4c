#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# each fuzz target under libFuzzer, ASan and UBSan: fuzz [SECONDS [TARGET...]]
#
# New inputs are kept under build-fuzz/corpus, findings under
# build-fuzz/findings. A finding, once fixed, goes into tests/fuzz/corpus.
set -u
seconds=${1:-60}
[ $# = 0 ] || shift
CC=clang CXX=clang++ script/build --tests --fuzz --dir build-fuzz \
	--enable-fuzzing --with-sanitizers=address,undefined \
	CC=clang CXX=clang++ CFLAGS='-O1 -g' || exit 1
[ $# -gt 0 ] || set -- $(for f in build-fuzz/tests/fuzz/fuzz-*; do
	[ ! -x "$f" ] || [ -d "$f" ] || echo "${f##*/fuzz-}"
done)
[ $# -gt 0 ] || {
	echo "there are no fuzz targets" >&2
	exit 1
}
mkdir -p build-fuzz/findings
bad=
for target; do
	echo "-- $target, $seconds s"
	mkdir -p "build-fuzz/corpus/$target"
	"build-fuzz/tests/fuzz/fuzz-$target" -max_total_time="$seconds" \
		-timeout=10 -rss_limit_mb=2048 -max_len=65536 -print_final_stats=1 \
		-artifact_prefix="build-fuzz/findings/$target-" \
		"build-fuzz/corpus/$target" "tests/fuzz/corpus/$target" \
		>"build-fuzz/findings/$target.log" 2>&1 || bad="$bad $target"
	tail -n 5 "build-fuzz/findings/$target.log"
done
[ -z "$bad" ] || {
	echo "findings in:$bad (build-fuzz/findings)"
	exit 1
}
