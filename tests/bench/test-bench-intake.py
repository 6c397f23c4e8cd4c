#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""bench-intake runs, in each of its ways, and tells what it says it tells.

How fast anything is, is no matter here."""
import json
import os
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))
import tap  # noqa: E402

KEYS = {"server", "sessions", "accepted_per_s", "stored_per_s", "cpu_ms"}


def bench(*words):
    got = subprocess.run(
        [sys.executable, os.path.join(HERE, "bench-intake.py"), "--rounds",
         "1", "--sessions", "2", *words], capture_output=True, timeout=300)
    why = got.stderr.decode()
    if got.returncode == 1 and why.startswith("bench-intake: "):
        tap.skip(" ".join(words), why.strip())
        return None
    if got.returncode != 0:
        tap.ok(False, " ".join(words), why)
        return None
    return got.stdout.decode()


def main():
    if tap.is_sanitized():
        tap.skip_all("a sanitizer's build is not measured")
    for words in (["--messages", "20"],
                  ["--bdat", "--messages", "4", "--size", "100000"]):
        out = bench("--json", *words)
        if out is None:
            continue
        rows = [json.loads(line) for line in out.splitlines()]
        tap.ok([row["server"] for row in rows] == ["pli", "postfix"]
               and all(set(row) == KEYS for row in rows)
               and all(row["accepted_per_s"] > 0 and row["stored_per_s"] > 0
                       for row in rows), " ".join(words), out)
    if not shutil.which("strace"):
        tap.skip("--syscalls", "strace is not installed")
    else:
        out = bench("--syscalls", "--messages", "20")
        if out is not None:
            tap.ok("system calls a message" in out
                   and "syncs to the 250" in out, "--syscalls", out)
    tap.done()


main()
