# SPDX-License-Identifier: LGPL-2.1-or-later
"""doc/strict.md: every row names messages that are there, every defect that
is an ambiguity has a row, and so has every message of tests/data/ambiguity."""
import json
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "lib"))
import tap  # noqa: E402

TOP = tap.top_srcdir()
DATA = os.path.join(TOP, "tests", "data")


def rows():
    """The cells of each row of the table, without its head."""
    with open(os.path.join(TOP, "doc", "strict.md"), encoding="utf-8") as f:
        lines = [x.strip() for x in f if x.startswith("| ")]
    return [[x.strip() for x in line[1:-1].split("|")]
            for line in lines[1:]]


def names_of(cell):
    return [x for x in re.split(r",\s*", cell) if x]


def find(name):
    """The file that a row names, if it is there."""
    places = [os.path.join(DATA, "mime", name + ".eml"),
              os.path.join(DATA, name + ".eml")]
    if name.startswith("tests/"):
        places = [os.path.join(TOP, name)]
    return next((x for x in places if os.path.isfile(x)), None)


def catalogue():
    got = subprocess.run([os.path.join(tap.top_builddir(), "pli"), "check",
                          "--list"], capture_output=True, check=True)
    return [json.loads(x) for x in got.stdout.splitlines()]


def main():
    table = rows()
    wrong = [x for x in table if len(x) != 5]
    tap.ok(len(table) > 50 and not wrong, "every row has five cells", wrong)
    bare = [x[0] for x in table if not names_of(x[-1])]
    tap.ok(not bare, "every row names a message", bare)
    absent = [y for x in table for y in names_of(x[-1]) if not find(y)]
    tap.ok(not absent, "every message is there", absent)
    known = {x["name"] for x in catalogue()}
    named = {y for x in table for y in names_of(x[3])}
    tap.ok(named <= known, "every defect is one", named - known)
    wanted = {x["name"] for x in catalogue() if x["kind"] == "ambiguity"}
    tap.ok(wanted <= named, "every ambiguity has a row",
           sorted(wanted - named))
    shown = {y for x in table for y in names_of(x[-1])}
    with open(os.path.join(DATA, "ambiguity", "index.tsv"),
              encoding="ascii") as f:
        index = [x.split("\t") for x in f if not x.startswith("#")]
    lacking = [x[0] for x in index if "ambiguity/" + x[0] not in shown]
    tap.ok(not lacking, "every ambiguous message has a row", lacking)
    mute = [(x[0], x[2]) for x in index if x[2] not in named]
    tap.ok(not mute, "and its defect, too", mute)
    tap.done()


main()
