# SPDX-License-Identifier: LGPL-2.1-or-later
"""Holds `pli tree --json` against results that another parser's author wrote.

A Comparison collects what differs. Each difference must be a row of the
suite's table in doc/deviations.md, word for word, and each row must still
occur. The last column of a row names what decides it: a case of doc/strict.md
in quotes, or a section of an RFC.
"""
import hashlib
import json
import os
import re
import subprocess

import tap

BATCH = 60
LONGEST = 160
DECIDED = re.compile(r'strict: "([^"]+)"|RFC \d{4} [\dA-Z][\d.]*')


def trees(paths):
    """{path: [what pli says of each message in it]}"""
    pli = os.path.join(tap.top_builddir(), "pli")
    out = {path: [] for path in paths}
    for first in range(0, len(paths), BATCH):
        got = subprocess.run(
            [pli, "tree", "--json"] + paths[first:first + BATCH],
            capture_output=True)
        if got.returncode not in (0, 1):
            tap.bail(f"pli tree: {got.returncode} {got.stderr[-300:]!r}")
        for line in got.stdout.decode("utf-8").splitlines():
            one = json.loads(line)
            out[one["file"]].append(one)
    return out


def nodes(tree):
    """Every part in document order."""
    out = []
    stack = [tree]
    while stack:
        node = stack.pop()
        out.append(node)
        stack += reversed(node.get("children") or [])
    return out


def span(octets, where, base=0):
    first = base + where["offset"]
    return octets[first:first + where["length"]]


def as_crlf(octets):
    """As a server would send them: LF alone is CRLF."""
    return re.sub(rb"(?<!\r)\n", b"\r\n", octets)


def sha256(octets):
    return hashlib.sha256(octets).hexdigest()


def short(value):
    """A value as a cell of the table: octets by their length and digest when
    they are long."""
    if isinstance(value, (bytes, bytearray)):
        value = bytes(value)
        if len(value) > 60:
            return f"{len(value)} octets, {sha256(value)[:8]}"
        value = repr(value)[1:]
    elif not isinstance(value, str) or not value.isprintable():
        value = ascii(value) if not isinstance(value, str) else repr(value)
    if len(value) > LONGEST:
        digest = sha256(value.encode("utf-8"))[:8]
        value = f"{value[:LONGEST]}..., {digest}"
    return value.replace("|", "\\|")


def cells(line):
    found = re.split(r"(?<!\\)\|", line.strip())[1:-1]
    return [x.strip() for x in found]


def known(suite):
    """{(file, where, peer, pli): decided by} from doc/deviations.md"""
    path = os.path.join(tap.top_srcdir(), "doc", "deviations.md")
    with open(path, encoding="utf-8") as f:
        lines = f.read().splitlines()
    out = {}
    inside = False
    for line in lines:
        if line.startswith("## "):
            inside = line == f"## {suite}"
        elif inside and line.startswith("|"):
            row = cells(line)
            if row and row[0] != "file" and not row[0].startswith("---"):
                out[tuple(row[:4])] = row[4] if len(row) == 5 else ""
    return out


def strict_cases():
    path = os.path.join(tap.top_srcdir(), "doc", "strict.md")
    with open(path, encoding="utf-8") as f:
        return {cells(x)[0] for x in f if x.startswith("|")}


class Comparison:
    def __init__(self, suite):
        self.suite = suite
        self.tried = {}
        self.found = []

    def see(self, file, where, field, want, got):
        """One comparison of `field`, counted under its name."""
        row = self.tried.setdefault(field, [0, 0])
        row[1] += 1
        if want == got:
            row[0] += 1
            return True
        place = f"{where} {field}".strip()
        self.found.append((file, place, short(want), short(got)))
        return False

    def fold(self):
        """What differs with LF and with CRLF alike is one thing."""
        found = set(self.found)
        out = []
        for file, *rest in self.found:
            stem = file.removesuffix(" CRLF")
            if stem != file and (stem + " LF", *rest) in found:
                continue
            stem = file.removesuffix(" LF")
            if stem != file and (stem + " CRLF", *rest) in found:
                file = stem
            out.append((file, *rest))
        self.found = out

    def report(self, least):
        """`least` says how many comparisons each field must have had."""
        self.fold()
        listed = known(self.suite)
        for field in sorted(set(self.tried) | set(least)):
            same, tried = self.tried.get(field, [0, 0])
            tap.ok(tried >= least.get(field, 1),
                   f"{field}: {same} of {tried} as the peer has it",
                   f"fewer than {least.get(field, 1)} were compared")
        new = [x for x in self.found if x not in listed]
        tap.ok(not new, f"what differs ({len(self.found)}) is in "
               "doc/deviations.md", "\n".join(
                   "| " + " | ".join(x) + " |  |" for x in new))
        found = set(self.found)
        gone = [x for x in listed if x not in found]
        tap.ok(not gone, "what doc/deviations.md lists still differs",
               "\n".join(map(str, gone)))
        cases = strict_cases()
        bad = []
        for row, decided in listed.items():
            names = re.findall(r'strict: "([^"]+)"', decided)
            if not DECIDED.search(decided) or set(names) - cases:
                bad.append((row[0], row[1], decided))
        tap.ok(not bad, "each is decided by a row of doc/strict.md or by an "
               "RFC", "\n".join(map(str, bad)))
