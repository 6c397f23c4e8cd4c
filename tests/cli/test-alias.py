# SPDX-License-Identifier: LGPL-2.1-or-later
"""pli alias: the file of aliases."""
import json
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "lib"))
import tap  # noqa: E402

PLI = os.path.join(tap.top_builddir(), "pli")


def pli(*words, status=0):
    got = subprocess.run([PLI, "alias", *words], stdin=subprocess.DEVNULL,
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                         timeout=60)
    out = got.stdout.decode()
    tap.ok(got.returncode == status,
           f"{words[:2]!r} ends with {status}",
           f"{words}: {got.returncode}: {out}")
    return out


def check_edits(path):
    with open(path, "w", encoding="utf-8") as f:
        f.write("# kept\n\nOld : x,y@Example.ORG\n")
    pli("set", "team", "alice", "bob@example.org", "-f", path)
    pli("set", "OLD", "z", "-f", path)
    pli("set", "@example.org", "alice", "-f", path)
    with open(path, encoding="utf-8") as f:
        tap.equal(f.read(), "# kept\n\nOLD: z\nteam: alice, "
                  "bob@example.org\n@example.org: alice\n",
                  "set replaces a line or adds one, and keeps the rest")
    rows = [json.loads(line) for line
            in pli("list", "--json", "-f", path).splitlines()]
    tap.equal(rows[1], {"name": "team",
                        "targets": ["alice", "bob@example.org"]},
              "list --json")
    tap.equal(pli("list", "-f", path),
              "old: z\nteam: alice, bob@example.org\n@example.org: alice\n",
              "list")
    pli("set", "all", "Team", "all", "carol", "-f", path)
    tap.equal(pli("expand", "ALL", "-f", path),
              "carol\nalice\nbob@example.org\n",
              "expand goes through aliases, and not round and round")
    pli("remove", "Old", "-f", path)
    tap.ok("old" not in pli("list", "-f", path), "remove")


def check_faults(path):
    with open(path, encoding="utf-8") as f:
        before = f.read()
    for words, status, text in (
            (["remove", "none"], 67, "no alias none"),
            (["expand", "none"], 67, "no alias"),
            (["set", "a b", "c"], 64, "no local part"),
            (["set", "a", "b c"], 64, "no local part"),
            (["set", "a", "b,c"], 64, "no local part"),
            (["set", "a:b", "c"], 64, "no local part"),
            (["set", "a\nb", "c"], 64, "no local part"),
            (["set", "#a", "b"], 64, "no local part"),
            (["set", "a", "@x"], 64, "no local part"),
            (["set", "a"], 64, "expected"),
            (["drop", "a"], 64, "expected"),
            (["remove", "a", "-f", path + ".none"], 66, "set makes the file"),
            (["list", "-f", path + ".none"], 66, "No such file")):
        out = pli(*words, *(["-f", path] if "-f" not in words else []),
                  status=status)
        tap.ok(text in out, f"{words} says {text}", out)
    with open(path, encoding="utf-8") as f:
        tap.equal(f.read(), before, "nothing has changed")
    out = pli("set", "a", "b", "-f", os.path.join(path, "x"), status=74)
    tap.ok("Not a directory" in out, "a file that cannot be made", out)


def check_lines(path):
    for line, text in (("no colon", "NAME: TARGET"), (": x", "the name is"),
                       ("a b: x", "the name is"), ("a@: x", "the name is"),
                       ("a:", "a target"), ("a: b,,c", "a target"),
                       ("a: @b", "a target"), ("a: <b>", "a target"),
                       ("Z: b", "already"),
                       ("a: " + "b," * 10000 + "b", "10000")):
        with open(path, "w", encoding="utf-8") as f:
            f.write(f"# comment\nz: y\n{line}\n")
        out = pli("list", "-f", path, status=65)
        tap.ok(f"{path}:3: " in out and text in out, f"{text}: line 3", out)


def main():
    with tempfile.TemporaryDirectory(prefix="pli-test-") as folder:
        path = os.path.join(folder, "aliases")
        check_edits(path)
        check_faults(path)
        check_lines(path)
    tap.done()


main()
