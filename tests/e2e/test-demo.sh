#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# What script/start runs after the build: it shows a BODYSTRUCTURE fetched over
# IMAP, ends by itself and leaves nothing running.
top=${G_TEST_SRCDIR:?}
pli=${G_TEST_BUILDDIR:?}/pli
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT

n=0 shown=
ok() {
	n=$((n + 1))
	if [ "$1" = 0 ]; then
		echo "ok $n - $2"
	else
		echo "not ok $n - $2"
		[ -n "$shown" ] || sed 's/^/# /' "$work/out" "$work/err"
		shown=yes
	fi
}

python3 "$top/script/start-server.py" --pli "$pli" --root "$work/demo" --demo \
	>"$work/out" 2>"$work/err"
ok $? "the demo ends with 0"
grep -q '^\* 1 FETCH (BODYSTRUCTURE' "$work/out"
ok $? "it shows a BODYSTRUCTURE"
tr -d '\n' <"$work/out" | tr -s ' ' | tr '[:upper:]' '[:lower:]' |
	grep -q '("image" "gif" nil "<dot@test.invalid>" nil "base64" [0-9]'
ok $? "with the image three levels down"
grep -q 'What to try next' "$work/out"
ok $? "it says what to try next"
base=$(sed -n 's/.*--port-base \([0-9]*\)$/\1/p' "$work/out")
python3 -c 'import socket, sys
s = socket.socket()
sys.exit(0 if s.connect_ex(("127.0.0.1", int(sys.argv[1]) + 143)) else 1)' \
	"${base:-0}"
ok $? "nothing listens any more"
sh -n "$top/script/start" && sh -n "$top/script/build"
ok $? "script/start and script/build are sound shell"
echo "1..$n"
