# SPDX-License-Identifier: LGPL-2.1-or-later
"""Each row of doc/strict.md has a message, and the message has its defect.

A row names what lies in tests/data/mime (with its golden tree), in
tests/data/ambiguity (with its row in the index there), or a test program. In
each message named `pli check` finds a defect of the row, and each defect of
the row is found in one. Each ambiguity and each limit of `pli check --list`
has a row, and so has each ambiguous message.
"""
import json
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "lib"))
import tap  # noqa: E402

PLI = os.path.join(tap.top_builddir(), "pli")
DATA = os.path.join(tap.top_srcdir(), "tests", "data")
COLUMNS = ["case", "Pli takes", "reason", "defect", "message"]


def read(*names):
    with open(os.path.join(tap.top_srcdir(), *names), encoding="utf-8") as f:
        return f.read()


def json_lines(*arguments):
    got = subprocess.run([PLI, *arguments], stdout=subprocess.PIPE,
                         timeout=60, check=False)
    if got.returncode not in (0, 1):
        raise AssertionError(f"pli {arguments}: exit {got.returncode}")
    return [json.loads(x) for x in got.stdout.decode("utf-8").splitlines()]


def words(cell):
    return [x for x in re.split(r",\s*", cell) if x]


def rows_of(text):
    """(case, defects, messages) of each row, and what is no row."""
    lines = [x for x in text.splitlines() if x.startswith("|")]
    cells = [[y.strip() for y in x.strip("|").split("|")] for x in lines]
    odd = [x for x in cells if len(x) != len(COLUMNS)]
    if cells[0] != COLUMNS:
        odd.append(cells[0])
    return [(x[0], words(x[3]), words(x[4])) for x in cells[2:]
            if len(x) == len(COLUMNS)], odd


def is_there(name, indexed):
    """Whether what a row names is there, with all that belongs to it."""
    if name.startswith("tests/"):
        return os.path.exists(os.path.join(tap.top_srcdir(), name))
    if name.startswith("ambiguity/"):
        return os.path.exists(os.path.join(DATA, name + ".eml")) and \
            name in indexed
    return all(os.path.exists(os.path.join(DATA, "mime", name + end))
               for end in (".eml", ".tree"))


def path_of(name):
    """The message of a name; None of a test program, which is looked at by
    itself."""
    if name.startswith("tests/"):
        return None
    folder = DATA if name.startswith("ambiguity/") else \
        os.path.join(DATA, "mime")
    return os.path.join(folder, name + ".eml")


def defects_of(path, known):
    """Those of `pli check`, and of the golden tree: as a message of our own
    store, whose LFs are octets and which is no mbox."""
    if path not in known:
        known[path] = {x["name"] for x in
                       json_lines("check", "--json", path)[0]["defects"]}
        tree = path[:-len(".eml")] + ".tree"
        if os.path.exists(tree):
            with open(tree, encoding="utf-8") as f:
                known[path] |= {x.split()[1] for x in f
                                if x.startswith("! ")}
    return known[path]


def what_is_missing(defects, messages, indexed, known):
    """What is wrong with a row, or None."""
    if not messages:
        return "no message"
    gone = [x for x in messages if not is_there(x, indexed)]
    if gone:
        return f"not there: {gone}"
    paths = [x for x in map(path_of, messages) if x is not None]
    found = {x: defects_of(x, known) for x in paths}
    if defects:
        silent = [os.path.basename(x) for x in paths
                  if not found[x] & set(defects)]
        if silent:
            return f"without a defect of the row: {silent}"
    if len(paths) == len(messages):
        unseen = set(defects) - set().union(*found.values())
        if unseen:
            return f"in none of the messages: {sorted(unseen)}"
    return None


def main():
    rows, odd = rows_of(read("doc", "strict.md"))
    indexed = {"ambiguity/" + x.split("\t")[0] for x in
               read("tests", "data", "ambiguity", "index.tsv").splitlines()
               if not x.startswith("#")}
    known = {}
    tap.equal(odd, [], "each row has five cells")
    for case, defects, messages in rows:
        wrong = what_is_missing(defects, messages, indexed, known)
        tap.ok(wrong is None, case, wrong)
    named = {x for row in rows for x in row[1]}
    listed = json_lines("check", "--list")
    tap.equal(named - {x["name"] for x in listed}, set(),
              "each defect of a row is one")
    tap.equal({x["name"] for x in listed if x["kind"] != "plain"} - named,
              set(), "each ambiguity and limit has a row")
    tap.equal(indexed - {x for row in rows for x in row[2]}, set(),
              "each ambiguous message has a row")
    tap.done()


main()
