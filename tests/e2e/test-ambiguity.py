# SPDX-License-Identifier: LGPL-2.1-or-later
"""Ambiguous messages hide nothing: tests/data/ambiguity.

For each row of index.tsv `pli check` names the defect where it is, and the
payload comes out of `pli extract`, or of `pli extract --union`, octet for
octet. What the strict view has the union view has too, and a payload that is
said to be in the union view only is not in the other. `pli tree --union` names
each file that has the payload, in its tree or in another reading.
"""
import hashlib
import json
import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "lib"))
import tap  # noqa: E402

PLI = os.path.join(tap.top_builddir(), "pli")
FOLDER = os.path.join(tap.top_srcdir(), "tests", "data", "ambiguity")
OUT = os.path.join(tap.top_builddir(), "tests", "e2e", "ambiguity-out")
# every class of ambiguity that there is has fixtures
CLASSES = {"base64", "boundary-lines", "boundary-parameter", "charsets",
           "content-fields", "file-names", "header-syntax", "limits",
           "line-ends", "nesting", "quoted-printable"}


def rows():
    with open(os.path.join(FOLDER, "index.tsv"), encoding="ascii") as f:
        for line in f:
            if not line.startswith("#"):
                yield line.rstrip("\n").split("\t")


def run(*arguments):
    """Exit status and lines of JSON."""
    got = subprocess.run([PLI, *arguments], capture_output=True, timeout=60)
    return got.returncode, [json.loads(line) for line in
                            got.stdout.decode("utf-8").splitlines()]


def extract(path, *options):
    """(name as sent, reading, octets) of every file."""
    shutil.rmtree(OUT, ignore_errors=True)
    status, said = run("extract", "--json", "-d", OUT, *options, path)
    if status not in (0, 1):
        raise AssertionError(f"exit {status}")
    files = []
    for one in said:
        with open(one["output"], "rb") as f:
            files.append((one["original_name"], one.get("reading"),
                          f.read()))
    return files


def has(files, name, payload):
    """The payload whole under its name, or in the text around it."""
    if name == "-":
        return any(payload in octets for _, _, octets in files)
    return any(sent == name and octets.removesuffix(b"\n") == payload
               for sent, _, octets in files)


def check_defect(path, octets, defect, at):
    """What is wrong with how `pli check` names the defect, or None."""
    status, said = run("check", "--json", path)
    if status not in (0, 1):
        return f"pli check: exit {status}"
    found = [x for x in said[0]["defects"] if x["name"] == defect]
    if found and all("source" in x for x in found):
        # in what was decoded: no octets of the file
        return check_words(found, defect) if at == "-" else \
            f"{defect} is inside an encoding"
    start = b"" if at == "-" else \
        at.encode("ascii").decode("unicode_escape").encode("latin-1")
    where = [octets[x["offset"]:x["offset"] + x["length"]] for x in found]
    if not any(x.startswith(start) for x in where):
        return f"{defect} is not at {start}, but {where}"
    if any(x["offset"] + x["length"] > len(octets) for x in found):
        return f"{defect} reaches past the end"
    return check_words(found, defect)


def check_words(found, defect):
    if not all(x["remedy"] and x["section"] and x["sentence"]
               for x in found):
        return f"{defect} lacks a word"
    if any((x["kind"] == "ambiguity") != bool(x["readers"]) for x in found):
        return f"{defect} does not say what it is about"
    return None


def check_payload(path, view, name, payload):
    """The same of where the payload is."""
    strict, union = extract(path), extract(path, "--union")
    lost = [x[0] for x in strict if (x[0], None, x[2]) not in union]
    if lost:
        return f"not in the union view: {lost}"
    # text around a payload is no attachment: it is the strict reading's leaf
    first = [x for x in union if x[1] is None] if name == "-" else strict
    if has(first, name, payload) != (view == "strict"):
        return f"strict: {first}"
    if not has(union, name, payload):
        return f"union: {union}"
    return None


def leaves(part):
    """(name as sent, SHA-256) of a part's leaves and the files in them."""
    found = {(x["name"], x["sha256"]) for x in part.get("files", [])}
    if "children" not in part:
        found.add((part["filename"], part["sha256"]))
    return found.union(*map(leaves, part.get("children", [])))


def check_readings(path, octets, view, name, payload):
    """What is wrong with how `pli tree --union` names the payload."""
    status, said = run("tree", "--union", "--json", path)
    if status not in (0, 1):
        return f"pli tree: exit {status}"
    wanted = {(x[0], hashlib.sha256(x[2]).hexdigest())
              for x in extract(path, "--union") if has([x], name, payload)}
    tree, readings = leaves(said[0]["tree"]), said[0]["readings"]
    if bool(wanted & tree) != (view == "strict"):
        return f"the tree has {tree}"
    others = {(leaf["filename"], leaf["sha256"])
              for one in readings for leaf in one["leaves"]}
    if not wanted or not wanted <= tree | others:
        return f"{wanted} not in {tree | others}"
    return check_places(octets, said[0])


def check_places(octets, message):
    """The same of where the readings are said to be."""
    where = {(x["name"], x["part"], x["offset"]) for x in message["defects"]}
    named = {x[:2] for x in where}
    for one in message["readings"]:
        key = one["reading"], one["reading_of"]
        if key in named and (*key, one["offset"]) not in where:
            return f"not where the defect is: {one}"
        if "source" not in one and \
                one["offset"] + one["length"] > len(octets):
            return f"past the end: {one}"
    shown = [(leaf["filename"], leaf["type"], leaf["sha256"])
             for one in message["readings"] for leaf in one["leaves"]]
    return None if len(shown) == len(set(shown)) else f"twice: {shown}"


def check_bound():
    """Readings past the limit are not left out in silence."""
    head = b"Content-Type: multipart/mixed; boundary=b\n\n"
    part = (b"--b\nContent-Type: text/plain\nContent-Type: text/html\n"
            b"\n%d\n")
    path = os.path.join(tap.top_builddir(), "tests", "e2e", "bound.eml")
    with open(path, "wb") as f:
        f.write(head + b"".join(part % i for i in range(1500)) + b"--b--\n")
    status, said = run("tree", "--union", "--json", path)
    tap.equal(status, 1, "a message with more readings than the limit")
    n = len(said[0]["readings"])
    tap.ok(900 < n <= 1000 and said[0]["readings_limited"],
           "its tree has no more, and says so", n)
    text = subprocess.run([PLI, "tree", "--union", path],
                          capture_output=True).stdout.decode("utf-8")
    sentence = next(x["sentence"] for x in run("check", "--list")[1]
                    if x["name"] == "limit-readings")
    tap.equal((text.count("read otherwise"), text.splitlines()[-1]),
              (n, f"  ! {sentence}"), "the text too")
    os.remove(path)


def check_nothing_silent():
    """A message without ambiguity has the strict reading alone."""
    path = os.path.join(tap.top_srcdir(), "tests", "data", "mime",
                        "mixed-two-parts.eml")
    said = run("tree", "--union", "--json", path)[1][0]
    tap.equal((said.pop("readings"), said.pop("readings_limited")),
              ([], False), "its tree too")
    tap.equal(said, run("tree", "--json", path)[1][0],
              "and nothing else changes")
    readings = {x[1] for x in extract(path, "--union")}
    tap.equal(readings, {None}, "a plain message has one reading")


def main():
    seen = set()
    for file, kind, defect, at, view, name, payload in rows():
        path = os.path.join(FOLDER, file + ".eml")
        seen.add(kind)
        with open(path, "rb") as f:
            octets = f.read()
        wrong = check_defect(path, octets, defect, at)
        tap.ok(wrong is None, f"{file}: {defect} is named", wrong)
        wrong = check_payload(path, view, name, payload.encode("ascii"))
        tap.ok(wrong is None, f"{file}: the payload is in the {view} view",
               wrong)
        wrong = check_readings(path, octets, view, name,
                               payload.encode("ascii"))
        tap.ok(wrong is None, f"{file}: a reading of its tree names it",
               wrong)
    tap.equal(seen, CLASSES, "every class has a message")
    there = {x[:-4] for x in os.listdir(FOLDER) if x.endswith(".eml")}
    tap.equal(there, {x[0] for x in rows()}, "every message has a row")
    check_nothing_silent()
    check_bound()
    shutil.rmtree(OUT, ignore_errors=True)
    tap.done()


main()
