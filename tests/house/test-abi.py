# SPDX-License-Identifier: LGPL-2.1-or-later
"""libpli's binary interface is the one that is committed, but for what was
added (doc/libpli.md)."""
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "lib"))
import libpli  # noqa: E402
import tap  # noqa: E402

MACHINE = platform.machine()
ABI = os.path.join(tap.top_srcdir(), "tests", "data", "abi",
                   f"libpli-{MACHINE}.abi")
# Of abidiff's status: it could not run.
TROUBLE = 3


def compare(before, after, *words):
    result = subprocess.run(["abidiff", *words, before, after],
                            capture_output=True, text=True)
    if result.returncode & TROUBLE:
        tap.bail(f"abidiff: {result.stdout}{result.stderr}")
    return result


def check_plants(built, work):
    """The comparison sees what it is there to see."""
    with open(ABI, encoding="utf-8") as f:
        text = f.read()
    member = re.search(r"<data-member [^>]*layout-offset-in-bits='32'>\s*"
                       r"<var-decl name='parts'", text)
    for what, changed in (
            ("a function that is gone",
             text.replace("'pli_parser_reset'", "'pli_parser_restart'")),
            ("a member that moved",
             text.replace(member.group(0), member.group(0).replace(
                 "'32'", "'64'")) if member else text)):
        planted = os.path.join(work, "planted.abi")
        with open(planted, "w", encoding="utf-8") as f:
            f.write(changed)
        result = compare(planted, built, "--no-added-syms")
        tap.ok(changed != text and result.returncode != 0,
               f"abidiff sees {what}", result.stdout)


def main():
    if not shutil.which("abidiff") or not shutil.which("abidw"):
        tap.skip_all("abidw is not installed (abigail-tools)")
    if not os.path.exists(ABI):
        tap.skip_all(f"no interface was committed for {MACHINE}")
    if tap.is_sanitized():
        tap.skip_all("a sanitizer's build is not compared")
    flags = libpli.make_variable("CFLAGS").split()
    if "-g" not in flags:
        tap.skip_all("built without debugging information (-g)")
    if any(f.startswith("-flto") for f in flags):
        tap.skip_all("what is optimised as a whole tells other signatures")
    with tempfile.TemporaryDirectory() as work:
        built = os.path.join(work, "built.abi")
        subprocess.run([os.path.join(tap.top_srcdir(), "script", "make-abi"),
                        tap.top_builddir(), built], check=True,
                       stdout=subprocess.DEVNULL)
        result = compare(ABI, built, "--no-added-syms")
        tap.ok(result.returncode == 0,
               "nothing was removed or changed (else: script/make-abi, and "
               "doc/libpli.md)", result.stdout)
        added = compare(ABI, built).stdout
        if added:
            tap.note(added)
        check_plants(built, work)
    tap.done()


main()
