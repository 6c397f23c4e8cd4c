# SPDX-License-Identifier: LGPL-2.1-or-later
"""A limit hides nothing in silence.

Each message has a payload behind one limit of engine/limits.h, made here since
it is large. `pli check` names the limit and does not exit with 0, and the
payload comes out of `pli extract`, or of `pli extract --union`.
"""
import base64
import json
import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "lib"))
import tap  # noqa: E402

PLI = os.path.join(tap.top_builddir(), "pli")
OUT = os.path.join(tap.top_builddir(), "tests", "e2e", "limits-out")
PAYLOAD = b"PLI-PAYLOAD behind a limit"
HEAD = b"From: a@example.org\r\nTo: b@example.org\r\nMIME-Version: 1.0\r\n"
FILE = (b"Content-Type: application/octet-stream; name=x.bin\r\n"
        b"Content-Transfer-Encoding: base64\r\n\r\n" +
        base64.b64encode(PAYLOAD) + b"\r\n")


def multipart(boundary, *parts):
    """A Content-Type field to the closing line, for the end of a header."""
    lines = [b"Content-Type: multipart/mixed; boundary=%s\r\n\r\n" % boundary]
    for part in parts:
        lines.append(b"--%s\r\n%s" % (boundary, part))
    return b"".join(lines) + b"--%s--\r\n" % boundary


MIXED = multipart(b"a", FILE)
TWICE = b"Content-Type: text/plain\r\n" + multipart(b"in", FILE)


def long_types():
    """25 nested multiparts with 200,000 octets of parameters each."""
    return b"".join(
        b"Content-Type: multipart/mixed; boundary=%d; x=\"%s\"\r\n\r\n--%d\r\n"
        % (1000 + i, b"y" * 200000, 1000 + i) for i in range(25)) + FILE


MESSAGES = [
    ("limit-parts", "parts before it",
     HEAD + multipart(b"a", *[b"\r\n"] * 10001, FILE)),
    ("limit-parts", "parts before the multipart it is in",
     HEAD + multipart(b"a", *[b"\r\n"] * 10001, multipart(b"in", FILE))),
    ("limit-depth", "multiparts around it",
     HEAD + b"".join(b"Content-Type: multipart/mixed; boundary=%d\r\n\r\n"
                     b"--%d\r\n" % (i, i) for i in range(1000, 1120)) + FILE),
    ("limit-depth", "messages around it",
     HEAD + b"Content-Type: message/rfc822\r\n\r\n" * 110 + FILE),
    ("limit-fields", "fields before its type",
     HEAD + b"X: y\r\n" * 20001 + MIXED),
    ("limit-header-octets", "octets of the header before its type",
     HEAD + (b"X: " + b"y" * 900 + b"\r\n") * 5000 + MIXED),
    ("limit-field-octets", "octets before its boundary parameter",
     HEAD + MIXED.replace(b"boundary", b"x=\"" + b"y" * 300000 +
                          b"\"; boundary", 1)),
    ("limit-field-octets", "a long field before its type",
     HEAD + b"X:" + b" y\r\n" * 70000 + MIXED),
    ("limit-parameters", "parameters before its boundary",
     HEAD + MIXED.replace(b"boundary", b"".join(
         b"p%d=x; " % i for i in range(300)) + b"boundary", 1)),
    ("limit-strings", "header text before it", HEAD + long_types()),
    ("limit-addresses", "addresses before it",
     HEAD + b"Cc: " + b"a@example.org,\r\n " * 11000 +
     b"b@example.org\r\n" + MIXED),
    ("limit-defects", "defects before its own",
     HEAD + multipart(b"a", *[b"\r\n--a \r\n"] * 1200, TWICE)),
    ("limit-defects", "types of other parts before its own two",
     HEAD + multipart(b"a", *[b"Content-Type: text/plain\r\n"
                              b"Content-Type: text/html\r\n\r\nx\r\n"] * 1200,
                      TWICE)),
]


def run(message, *arguments):
    """Exit status and lines of JSON."""
    got = subprocess.run([PLI, *arguments, "-"], input=message,
                         capture_output=True, timeout=60)
    return got.returncode, [json.loads(line) for line in
                            got.stdout.decode("utf-8").splitlines()]


def find_files(message, *options):
    """Status and whether the payload is among the files, whole."""
    shutil.rmtree(OUT, ignore_errors=True)
    status, said = run(message, "extract", "--json", "-d", OUT, *options)
    found = False
    for one in said:
        with open(one["output"], "rb") as f:
            found = found or (one["original_name"] == "x.bin" and
                              f.read() == PAYLOAD)
    return status, found


def what_is_wrong(limit, message):
    """Or None."""
    status, said = run(message, "check", "--json")
    names = {x["name"] for x in said[0]["defects"]}
    if status != 1 or limit not in names:
        return f"pli check: exit {status}, {sorted(names)}"
    strict, union = find_files(message), find_files(message, "--union")
    if strict[1] and not union[1]:
        return "in the strict view only"
    if not union[1]:
        return f"lost: exit {strict[0]}, {union[0]}"
    return None


def main():
    for limit, how, message in MESSAGES:
        wrong = what_is_wrong(limit, message)
        tap.ok(wrong is None, f"{limit}: a payload behind {how}", wrong)
    shutil.rmtree(OUT, ignore_errors=True)
    tap.done()


main()
