#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The man pages are mdoc without a warning, and plid.conf(5) has the keys that
# daemon/config.c reads, no more and no fewer.
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

read_keys=$(sed -n 's/^\t{"\([a-z]*\)", "\([a-z_]*\)", PLI_CONFIG.*/\2/p' \
	"$top/daemon/config.c" | sort)
told_keys=$(sed -n 's/^\.It Ic //p' plid.conf.5 | sort)
[ -n "$read_keys" ] && [ "$read_keys" = "$told_keys" ]
result $? "plid.conf(5) has the keys of daemon/config.c"
echo "1..$n"
