# SPDX-License-Identifier: LGPL-2.1-or-later
"""usage: big.py [GIB]

`pli tree --json` of messages of 5 GiB (or GIB): counts are exact, and the
peak of memory is at most 1 MiB over that of `pli --version`, and 512 KiB over
that of the same command with a message of some lines. The messages come out of
a pipe, which pli keeps in a file without a name (TMPDIR), and from a sparse
file where no room is left for that. Peaks are medians: what the program's own
pages take differs by 200 KiB between runs.
"""
import hashlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading

BUILD = os.environ.get("G_TEST_BUILDDIR", "build")
PLI = os.path.join(BUILD, "pli")
MEASURE = os.path.join(BUILD, "tests", "bench", "measure")
GIB = 1 << 30
BLOCK_LINES = 16384
LINE = b"0123456789abcdefghijklmnopqrstuvwxyz-0123456789-ABCDEFGHIJKLMN\r\n"
BLOCK = LINE * BLOCK_LINES  # 1 MiB
MAX_KIB_OVER_VERSION = 1024
MAX_KIB_OVER_SHORT = 512
SHORT = (b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=big\r\n"
         b"\r\n--big\r\n\r\nfirst\r\n--big\r\n\r\nlast\r\n--big--\r\n")


class Blocks:
    """The whole lines that make at least `octets` octets."""

    def __init__(self, octets):
        self.n = -(-octets // len(BLOCK))
        self.octets = self.n * len(BLOCK)
        self.lines = self.n * BLOCK_LINES

    def __iter__(self):
        for _ in range(self.n):
            yield BLOCK

    def sha256(self, tail=b""):
        digest = hashlib.sha256()
        for block in self:
            digest.update(block)
        digest.update(tail)
        return digest.hexdigest()


def run(arguments, feed=None, paths=()):
    """Standard output, exit status, peak of memory in KiB."""
    with tempfile.NamedTemporaryFile("r") as result:
        process = subprocess.Popen(
            [MEASURE, result.name, PLI] + arguments + list(paths),
            stdout=subprocess.PIPE,
            stdin=subprocess.PIPE if feed else subprocess.DEVNULL)
        if feed:
            writer = threading.Thread(target=write_all,
                                      args=(process.stdin, feed()))
            writer.start()
        out = process.stdout.read()
        if feed:
            writer.join()
        if process.wait() != 0:
            sys.exit("big.py: measure failed")
        process.stdout.close()
        _, kib, status = result.read().split()
    return out, int(status), int(kib)


def write_all(pipe, pieces):
    with pipe:
        for piece in pieces:
            pipe.write(piece)


class Check:
    def __init__(self):
        self.failed = 0
        self.version = statistics.median(
            run(["--version"])[2] for _ in range(9))
        self.short = statistics.median(
            run(["tree", "--json"], feed=lambda: [SHORT], paths=["-"])[2]
            for _ in range(9))

    def same(self, what, have, want):
        if have != want:
            self.failed += 1
            print("  FAILED: %s is %r, not %r" % (what, have, want))

    def at_most(self, what, have, most):
        if have > most:
            self.failed += 1
            print("  FAILED: %d KiB over %s, more than %d"
                  % (have, what, most))

    def run(self, name, status, **how):
        runs = [run(["tree", "--json"], **how) for _ in range(3)]
        out, have_status, _ = runs[0]
        kib = statistics.median(run[2] for run in runs)
        print("%s: exit %d, peak %d KiB, %d over --version, %d over a short "
              "message" % (name, have_status, kib, kib - self.version,
                           kib - self.short), flush=True)
        self.same("exit status", have_status, status)
        self.at_most("--version", kib - self.version, MAX_KIB_OVER_VERSION)
        self.at_most("a short message", kib - self.short, MAX_KIB_OVER_SHORT)
        return json.loads(out)

    def leaf(self, leaf, octets, lines, digest=None):
        self.same("raw_size", leaf["raw_size"], octets)
        self.same("size", leaf["size"], octets)
        self.same("lines", leaf["lines"], lines)
        if digest is not None:
            self.same("sha256", leaf["sha256"], digest)


def message(octets):
    """A message of one part, just over the size."""
    head = (b"Subject: big\r\nMIME-Version: 1.0\r\n"
            b"Content-Type: application/octet-stream\r\n"
            b"Content-Transfer-Encoding: 8bit\r\n\r\n")
    return head, Blocks(octets)


def check_pipe_message(check, octets):
    head, body = message(octets)

    def feed():
        yield head
        yield from body

    have = check.run("a message in a pipe", 0, feed=feed, paths=["-"])
    check.same("size", have["size"], len(head) + body.octets)
    check.leaf(have["tree"], body.octets, body.lines, body.sha256())


def check_pipe_part(check, octets):
    head = (b"Subject: big\r\nMIME-Version: 1.0\r\n"
            b"Content-Type: multipart/mixed; boundary=big\r\n\r\n"
            b"--big\r\n\r\nfirst\r\n"
            b"--big\r\nContent-Type: application/octet-stream\r\n\r\n")
    end = (b"\r\n--big\r\nContent-Type: text/html\r\n\r\nlast\r\n"
           b"--big--\r\n")
    part = Blocks(octets)

    def feed():
        yield head
        yield from part
        yield b"end"
        yield end

    have = check.run("a part in a pipe", 0, feed=feed, paths=["-"])
    check.same("size", have["size"],
               len(head) + part.octets + 3 + len(end))
    first, big, last = have["tree"]["children"]
    check.leaf(first, 5, 0)
    check.leaf(big, part.octets + 3, part.lines, part.sha256(b"end"))
    check.leaf(last, 4, 0)


def check_sparse(check, octets, folder):
    """NUL octets, which no reader but the file system keeps small."""
    path = os.path.join(folder, "sparse.eml")
    head = (b"MIME-Version: 1.0\r\n"
            b"Content-Type: multipart/mixed; boundary=big\r\n\r\n"
            b"--big\r\nContent-Type: application/octet-stream\r\n"
            b"Content-Transfer-Encoding: binary\r\n\r\n")
    end = b"\r\n--big\r\n\r\nlast\r\n--big--\r\n"
    with open(path, "wb") as f:
        f.write(head)
        f.seek(octets, os.SEEK_CUR)
        f.write(end)
    have = check.run("a part in a sparse file", 1, paths=[path])
    check.same("size", have["size"], len(head) + octets + len(end))
    big, last = have["tree"]["children"]
    check.leaf(big, octets, 0)
    check.leaf(last, 4, 0)


def main():
    octets = int(float(sys.argv[1] if len(sys.argv) > 1 else 5) * GIB)
    check = Check()
    with tempfile.TemporaryDirectory() as folder:
        check_sparse(check, octets, folder)
        if shutil.disk_usage(folder).free > octets + GIB:
            check_pipe_message(check, octets)
            check_pipe_part(check, octets)
        else:
            print("SKIPPED: no room for the messages in pipes in " + folder)
    return check.failed > 0


sys.exit(main())
