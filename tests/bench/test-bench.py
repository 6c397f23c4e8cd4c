#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""bench-engine tells what it is asked, in the form other programs read."""
import json
import os
import subprocess
import sys
import tempfile

SRC = os.environ.get("G_TEST_SRCDIR",
                     os.path.join(os.path.dirname(__file__), "../.."))
BENCH = os.path.join(os.environ.get("G_TEST_BUILDDIR", "."),
                     "tests/bench/bench-engine")
MAKE_MAIL = os.path.join(SRC, "tests/bench/make-mail.py")
KEYS = ["engine", "work", "input", "mb_per_s", "msg_per_s", "rss_kib"]
FOLDER = tempfile.TemporaryDirectory(prefix="pli-bench-")
TMP = FOLDER.name


def bench(*args, status=0):
    run = subprocess.run([BENCH, "--rounds", "1", *args],
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert run.returncode == status, \
        f"exit {run.returncode}, not {status}: {run.stderr.decode()}"
    return run.stdout.decode()


def make_mail(folder, count):
    os.makedirs(os.path.join(folder, "large"))  # there already: not made
    subprocess.run([sys.executable, MAKE_MAIL, folder, str(count)],
                   check=True, stderr=subprocess.DEVNULL)


def test_json():
    """Each line has the keys of the issue, in their order, and no other."""
    seen = set()
    for line in bench("--json", "--only", "structure", TMP).splitlines():
        row = json.loads(line)
        assert list(row) == KEYS, row
        assert row["mb_per_s"] > 0 and row["msg_per_s"] > 0, row
        assert row["input"] == "small" and row["work"] == "structure", row
        seen.add(row["engine"])
    assert {"pli", "gmime", "memchr", "memcpy"} <= seen, seen


def test_same_work():
    """Engines that do the same work find the same."""
    for work in ("structure", "base64-decode", "qp-decode", "utf8",
                 "windows-1252"):
        found = {}
        name = None
        for line in bench("--only", work, TMP).splitlines():
            words = line.split()
            if line.startswith(work + " of "):
                name = words[2]
            elif line.startswith("  ") and words[0] != "engine" and \
                    words[0] not in ("memchr", "memcpy"):
                found.setdefault(name, {})[words[0]] = words[6]
        assert found, work
        for name, engines in found.items():
            assert len(engines) >= 2, (work, engines)
            assert len(set(engines.values())) == 1, (work, name, engines)


def test_convert():
    """A message is converted whole by both, and becomes longer."""
    rows = [line.split() for line in
            bench("--only", "convert-7bit", TMP).splitlines()]
    head = next(x for x in rows if x[:2] == ["convert-7bit", "of"])
    size = float(head[head.index("MB") - 1]) * 1e6
    found = {x[0]: int(x[6]) for x in rows if x and x[0] in ("pli", "gmime")
             and len(x) > 6}
    assert set(found) == {"pli", "gmime"}, rows
    assert all(1.1 * size < n < 1.5 * size for n in found.values()), \
        (size, found)


def test_kernels_agree():
    """The portable kernel finds the parts that the best one finds."""
    def parts(*args):
        out = bench(*args, "--engine", "pli", "--only", "structure", TMP)
        return [line.split()[6] for line in out.splitlines()
                if line.startswith("  pli ")]
    assert len(parts()) == 1 and parts() == parts("--kernel", "portable")


def test_digest():
    """SHA-256 of the leaves is a work of its own, done when asked for."""
    out = bench("--json", "--only", "structure-digest", TMP)
    rows = [json.loads(line) for line in out.splitlines()]
    assert [row["work"] for row in rows] == ["structure-digest"], rows
    out = bench("--json", "--digest", "--only", "structure", TMP)
    assert {json.loads(line)["work"] for line in out.splitlines()} == \
        {"structure", "structure-digest"}, out


def test_usage():
    """Nonsense is refused."""
    bench(status=2)
    bench("--only", "nothing", TMP, status=2)
    bench("--kernel", "nothing", TMP, status=2)
    bench("--rounds", "0", TMP, status=2)


def test_make_mail_repeats():
    """The same count and seed give the same octets, 4 KB on average."""
    other = os.path.join(TMP, "other")
    make_mail(other, 40)
    total = 0
    for name in sorted(os.listdir(os.path.join(TMP, "small"))):
        with open(os.path.join(TMP, "small", name), "rb") as a, \
                open(os.path.join(other, "small", name), "rb") as b:
            octets = a.read()
            assert octets == b.read(), name
            assert b"\n" not in octets.replace(b"\r\n", b""), name
            total += len(octets)
    assert 3000 < total / 40 < 5000, total / 40


def main():
    tests = [test_json, test_same_work, test_convert, test_kernels_agree,
             test_digest, test_usage, test_make_mail_repeats]
    failed = 0
    make_mail(TMP, 40)
    print(f"1..{len(tests)}")
    for number, test in enumerate(tests, 1):
        try:
            test()
            print(f"ok {number} - {test.__name__[5:]}")
        except AssertionError as error:
            failed += 1
            print(f"not ok {number} - {test.__name__[5:]}")
            print("# " + str(error).replace("\n", "\n# "))
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
