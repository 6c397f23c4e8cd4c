# SPDX-License-Identifier: LGPL-2.1-or-later
"""pli normalize: what it writes, refuses and reports. test-round-trip.py has it
read by others."""
import json
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "lib"))
import tap  # noqa: E402

PLI = os.path.join(tap.top_builddir(), "pli")

TWICE = (b"Subject: x\nMIME-Version: 1.0\n"
         b"Content-Type: text/html\nContent-Type: text/plain\n\nx\n")


def run(command, octets, *options):
    got = subprocess.run([PLI, command, *options, "-"], input=octets,
                         capture_output=True, timeout=120)
    return got.returncode, got.stdout, got.stderr.decode()


def normalize(octets, *options):
    return run("normalize", octets, *options)


def check_small():
    plain = b"Subject: x\r\n\ny\r\n"
    tap.equal(normalize(b"Subject: x\n\ny\n"), (0, b"Subject: x\n\ny\n", ""),
              "what is plain stays as it is")
    tap.equal(normalize(TWICE)[:2],
              (0, TWICE.replace(b"Content-Type: text/plain\n", b"")),
              "one type")
    tap.equal(normalize(plain)[:2], (0, plain.replace(b"\n\n", b"\n\r\n")),
              "mixed line ends: as most are")
    status, out, _ = normalize(TWICE, "--json")
    one = json.loads(out)
    tap.equal((status, one["status"], one["problem"], one["left"],
               one["changes"]),
              (0, "normalized", None, [],
               [{"path": "1", "type": "text/html", "header": True,
                 "boundary": False, "encoding": False, "charset": False}]),
              "report")
    text = (b"Subject: x\nMIME-Version: 1.0\nContent-Type: text/plain\n\n"
            b"From: me\nContent-Type: text/html\n\n<p>\n")
    status, out, err = normalize(text)
    tap.ok(status == 1 and out == text and "message-in-text" in err,
           "what lies in a part stays, and is told of", (status, out, err))
    one = json.loads(normalize(text, "--json")[1])
    tap.equal((one["status"], one["left"]),
              ("unchanged", ["message-in-text 1"]), "and reported")


def check_refused():
    signed = (b"Subject: x\nMIME-Version: 1.0\n"
              b"Content-Type: multipart/signed; boundary=b\n\n"
              b"--b\nX : y\n\nin\n"
              b"--b\nContent-Type: application/pgp-signature\n\nsig\n"
              b"--b--\n")
    status, out, err = normalize(signed)
    tap.ok(status == 1 and out == b"" and "part 1 is ambiguous" in err
           and "multipart/signed" in err, "signed: refused, with the part",
           err)
    status, out, _ = normalize(signed, "--force")
    tap.ok(status == 0 and b"\nX: y\n" in out, "signed: unless forced", out)
    one = json.loads(normalize(signed, "--json")[1])
    tap.ok(one["status"] == "refused" and "part 1" in one["problem"],
           "signed: reported", one)
    beside = signed.replace(b"Subject: x", b"Subject: x\nSubject: y")
    status, out, _ = normalize(beside)
    tap.equal((status, out), (1, b""), "signed: not while it is ambiguous")
    clean = beside.replace(b"X : y", b"X: y")
    tap.equal(normalize(clean)[:2],
              (0, clean.replace(b"Subject: y\n", b"")),
              "signed: around it all may change, in it nothing")
    two = b"From a Thu Jan  1 00:00:00 2026\nA: b\n\nx\n\n"
    tap.equal(normalize(two * 2)[0], 65, "more than one message")
    with open("/dev/full", "wb") as full:
        got = subprocess.run([PLI, "normalize", "-"], input=TWICE,
                             stdout=full, stderr=subprocess.PIPE, timeout=60)
    tap.equal(got.returncode, 74, "a full disk is told of")
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "m")
        with open(path, "wb") as f:
            f.write(TWICE)
        got = subprocess.run([PLI, "normalize", "-o", path, path], timeout=60)
        with open(path, "rb") as f:
            tap.equal((got.returncode, f.read(), os.listdir(folder)),
                      (0, normalize(TWICE)[1], ["m"]), "in its own place")


def main():
    check_small()
    check_refused()
    tap.done()


main()
