#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# every figure of bench-engine, SIMD on and off: report [ROUNDS [DIR]]
#
# DIR (build/bench-mail) is filled with the inputs small and large when it has
# none, and with real, 1,000 messages of gen_corpus.py, when PLI_SHARED or
# ../shared has that. The peers that configure found are in the table, and it
# says which are not.
set -eu
rounds=${1:-7}
dir=${2:-build/bench-mail}
script/build --tests
make -C build --no-print-directory tests/bench/bench-engine >/dev/null
shared=${PLI_SHARED:-../shared}

mkdir -p "$dir"
[ -d "$dir/small" ] || python3 tests/bench/make-mail.py "$dir"
if [ ! -d "$dir/real" ] && [ -r "$shared/tools/gen_corpus.py" ]; then
	python3 "$shared/tools/gen_corpus.py" --count 1000 --mix real \
		--seed 7 -o "$dir/real" >/dev/null
	find "$dir/real" -type f ! -name '*.eml' -exec rm -f {} +
fi
[ -d "$dir/real" ] || echo "there is no gen_corpus.py: without the input real"

run() {
	printf '\n== bench-engine %s\n' "$*"
	build/tests/bench/bench-engine --rounds "$rounds" "$@" "$dir"
}

run --digest
run --kernel portable
