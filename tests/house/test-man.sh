#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The man pages are mdoc without a warning.
top=${G_TEST_SRCDIR:?}
cd "$top/doc/man" || exit 99
set -- ./*.[1-8]
n=0
result() {
	n=$((n + 1))
	if [ "$1" = 0 ]; then
		echo "ok $n - $2"
	else
		echo "not ok $n - $2"
	fi
}

for page; do
	if command -v mandoc >/dev/null 2>&1; then
		mandoc -Tlint -W warning "$page" >&2
		result $? "$page"
	else
		n=$((n + 1))
		echo "ok $n - $page # SKIP mandoc is not installed"
	fi
done

echo "1..$n"
