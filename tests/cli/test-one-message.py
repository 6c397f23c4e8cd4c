#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Commands that write one message anew: what they do when there is not one,
when it cannot be read whole, and when nobody takes the result."""
import os
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "lib"))
import tap  # noqa: E402

PLI = os.path.join(tap.top_builddir(), "pli")
COMMANDS = (["convert", "--7bit"], ["decrypt"],
            ["edit", "--add-field", "X: y"], ["normalize"])
# written anew by each but decrypt: octets over 127, two subjects
LONG = ("Subject: x\nSubject: y\nContent-Type: text/plain; charset=utf-8\n"
        "Content-Transfer-Encoding: 8bit\n\n" + "h\u00e9llo\n" * 50000).encode()
TWO = b"From a Thu Jan  1 00:00:00 2026\nA: b\n\nx\n\n" * 2


def run(command, *paths, octets=b"", out=subprocess.PIPE, before=()):
    env = dict(os.environ)
    if before:  # leaks cannot be looked for under strace
        env["ASAN_OPTIONS"] = "detect_leaks=0"
    return subprocess.run([*before, PLI, *command, *paths], input=octets,
                          stdout=out, stderr=subprocess.PIPE, timeout=60,
                          check=False, env=env)


def check(command, path):
    name = command[0]
    for paths in ((), (path, path)):
        got = run(command, *paths)
        tap.ok(got.returncode == 64 and b"one PATH is expected" in got.stderr
               and not got.stdout, f"{name}: {len(paths)} paths", got)
    got = run(command, "-", octets=TWO)
    tap.equal((got.returncode, got.stdout), (65, b""),
              f"{name}: more than one message")
    got = run(command, "/none/such")
    tap.equal((got.returncode, got.stdout), (66, b""), f"{name}: no file")
    got = run(command, path)
    tap.ok(got.returncode == 0 and b"\r" not in got.stdout
           and (got.stdout == LONG) == (name == "decrypt"),
           f"{name}: it is written", got.stderr)
    with open("/dev/full", "wb") as full:
        got = run(command, path, out=full)
    tap.equal((got.returncode, got.stderr),
              (74, b"pli: standard output: write error\n"),
              f"{name}: a full disk is told of, once")
    if not shutil.which("strace"):
        tap.skip(f"{name}: a read error", "strace is not installed")
        return
    got = run(command, path, before=(
        "strace", "-o", "/dev/null", "-P", path, "-e",
        "inject=read,pread64:error=EIO:when=3"))
    tap.ok(got.returncode == 74 and not got.stdout
           and b"Input/output error" in got.stderr,
           f"{name}: nothing of what could not be read whole", got.stderr)


def main():
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "long")
        with open(path, "wb") as f:
            f.write(LONG)
        for command in COMMANDS:
            check(command, path)
    tap.done()


main()
