# SPDX-License-Identifier: LGPL-2.1-or-later
"""usage: bench-extract.py [ROUNDS]

`pli extract` beside a walker made with GMime: one attachment of 50 MB, and
1,000 mixed messages, large and small. CPU time and the peak of memory of each
run of a program, in alternation, medians of seven. Fails when pli takes more
than 1.2 times the walker's CPU, or 1 MiB of memory more than `pli --version`,
for the attachment, or more than the walker's CPU for the messages.
"""
import base64
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile

BUILD = os.environ.get("G_TEST_BUILDDIR", "build")
PLI = os.path.join(BUILD, "pli")
BENCH = os.path.join(BUILD, "tests", "bench")
MAKE_MAIL = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                         "make-mail.py")
SHARED = os.environ.get("PLI_SHARED", os.path.join("..", "shared"))
MAX_MORE_KIB = 1024
OCTETS = 50 * 1000 * 1000
HEAD = b"""Subject: big\r
MIME-Version: 1.0\r
Content-Type: multipart/mixed; boundary=big\r
\r
--big\r
\r
See there.\r
--big\r
Content-Type: application/octet-stream; name=big.bin\r
Content-Transfer-Encoding: base64\r
Content-Disposition: attachment; filename=big.bin\r
\r
"""


def make_attachment(folder):
    path = os.path.join(folder, "big.eml")
    octets = random.Random(1).randbytes(OCTETS // 16) * 16
    with open(path, "wb") as f:
        f.write(HEAD)
        f.write(base64.encodebytes(octets).replace(b"\n", b"\r\n"))
        f.write(b"--big--\r\n")
    return [path]


def make_messages(folder, mix):
    """1,000 of gen_corpus where it is there, or small ones of our own."""
    out = os.path.join(folder, mix)
    tool = os.path.join(SHARED, "tools", "gen_corpus.py")
    if os.path.exists(tool):
        command = [tool, "--seed", "21", "--count", "1000", "--mix", mix,
                   "-o", out]
    else:
        print("SKIPPED: gen_corpus.py is not there (PLI_SHARED)")
        command = [MAKE_MAIL, out, "1000", "21"]
    subprocess.run([sys.executable] + command, check=True,
                   stdout=subprocess.DEVNULL)
    paths = sorted(os.path.join(base, name)
                   for base, _, names in os.walk(out) for name in names
                   if name.endswith(".eml"))
    return paths[:1000]


def measure(folder, arguments):
    """CPU seconds and peak KiB of one run, and its exit status."""
    result = os.path.join(folder, "result")
    subprocess.run([os.path.join(BENCH, "measure"), result] + arguments,
                   check=True, stdout=subprocess.DEVNULL)
    with open(result, encoding="ascii") as f:
        microseconds, kib, status = f.read().split()
    return int(microseconds) / 1e6, int(kib), int(status)


def count_octets(folder):
    return sum(os.path.getsize(os.path.join(folder, name))
               for name in os.listdir(folder))


def compare(folder, paths, rounds):
    """The medians of each program: [seconds, kib], pli first."""
    programs = [
        ("pli extract", lambda out: [PLI, "extract", "-d", out] + paths),
        ("GMime walker", lambda out: [os.path.join(BENCH, "gmime-walker"),
                                      out] + paths),
    ]
    runs = {name: [] for name, _ in programs}
    for i in range(rounds + 1):
        for name, command in programs[:: 1 if i % 2 else -1]:
            out = os.path.join(folder, "out")
            os.mkdir(out)
            seconds, kib, status = measure(folder, command(out))
            if status not in (0, 1):
                sys.exit("%s: exit status %d" % (name, status))
            if i > 0:  # the first one warms the page cache
                runs[name].append((seconds, kib, len(os.listdir(out)),
                                   count_octets(out)))
            shutil.rmtree(out)
    medians = []
    for name, rows in runs.items():
        seconds, kib, files, octets = (statistics.median(column)
                                       for column in zip(*rows))
        print("  %-13s %7.1f ms (%.1f to %.1f), %5d KiB, %d files, %d octets"
              % (name, 1e3 * seconds, 1e3 * min(r[0] for r in rows),
                 1e3 * max(r[0] for r in rows), kib, files, octets))
        medians.append((seconds, kib))
    return medians


def check(what, have, most):
    print("  %s: %.2f (at most %.2f)%s"
          % (what, have, most, "" if have <= most else ": FAILED"))
    return have <= most


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    where = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    good = True
    with tempfile.TemporaryDirectory(dir=where) as folder:
        base = statistics.median(
            measure(folder, [PLI, "--version"])[1] for _ in range(rounds))
        print("pli --version: %d KiB" % base)
        for title, make, most in [
                ("one attachment of 50 MB", make_attachment, 1.2),
                ("1,000 mixed messages",
                 lambda f: make_messages(f, "medium"), 1.0),
                ("1,000 small messages",
                 lambda f: make_messages(f, "small"), 1.0)]:
            paths = make(folder)
            print("%s (%d files, %.1f MB)"
                  % (title, len(paths),
                     sum(map(os.path.getsize, paths)) / 1e6))
            pli, walker = compare(folder, paths, rounds)
            good &= check("CPU to the walker's", pli[0] / walker[0], most)
            if make == make_attachment:
                good &= check("KiB over --version", pli[1] - base,
                              MAX_MORE_KIB)
    return not good


sys.exit(main())
