# SPDX-License-Identifier: LGPL-2.1-or-later
"""The documents name files that are there."""
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "lib"))
import tap  # noqa: E402

TOP = tap.top_srcdir()
DOCUMENTS = ["README.md", "HACKING.md", "SECURITY.md", "doc/architecture.md"]
ROOMS = "engine|protocols|filters|store|daemon|cli|tests|script|doc"
PATH = re.compile(rf"(?<![\w/-])(?:{ROOMS})/[\w./-]*[\w/]")


def main():
    for document in DOCUMENTS:
        with open(os.path.join(TOP, document), encoding="utf-8") as f:
            text = f.read()
        names = set(PATH.findall(text))
        links = re.findall(r"\]\(([^)#:]+)\)", text)
        folder = os.path.dirname(document)
        names |= {os.path.normpath(os.path.join(folder, x)) for x in links}
        names = {x for x in names if "NAME" not in x}
        absent = sorted(x for x in names
                        if not os.path.exists(os.path.join(TOP, x))
                        and not os.path.exists(os.path.join(TOP, x + ".c")))
        tap.ok(names and not absent, f"{document} names {len(names)} files",
               absent)
    with open(os.path.join(TOP, "doc/architecture.md"),
              encoding="utf-8") as f:
        rows = [x for x in f if x.startswith("| ")][1:]
    bare = [x for x in rows if not PATH.search(x)]
    tap.ok(len(rows) > 10 and not bare, "every box names its file", bare)
    check_transcript()
    check_defects()
    tap.done()


def check_defects():
    """doc/defects.md is what script/make-defects makes."""
    with open(os.path.join(TOP, "doc/defects.md"), encoding="utf-8") as f:
        shown = f.read()
    got = subprocess.run(
        [sys.executable, os.path.join(TOP, "script", "make-defects"),
         os.path.join(tap.top_builddir(), "pli")],
        capture_output=True, check=True).stdout.decode("utf-8")
    tap.equal(got, shown, "doc/defects.md is up to date "
              "(script/make-defects build/pli >doc/defects.md)")


def check_transcript():
    """What README.md shows `pli tree` print is what it prints."""
    with open(os.path.join(TOP, "README.md"), encoding="utf-8") as f:
        shown = re.search(r"\$ build/pli tree script/sample\.eml\n(.*?)```",
                          f.read(), re.S)
    pli = os.path.join(tap.top_builddir(), "pli")
    got = subprocess.run([pli, "tree", "script/sample.eml"], cwd=TOP,
                         capture_output=True).stdout.decode("utf-8")
    tap.equal(got, shown.group(1) if shown else None,
              "README.md shows what pli tree prints")


main()
