# SPDX-License-Identifier: LGPL-2.1-or-later
"""pli convert: what it writes, refuses and reports. test-round-trip.py has it
read by others."""
import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "lib"))
import tap  # noqa: E402

PLI = os.path.join(tap.top_builddir(), "pli")

EIGHT = (b"MIME-Version: 1.0\n"
         b"Content-Type: multipart/mixed; boundary=b\n"
         b"Content-Transfer-Encoding: 8bit\n\n"
         b"--b\nContent-Type: text/plain; charset=utf-8\n"
         b"Content-Transfer-Encoding: 8bit\n\n"
         b"Caf\xc3\xa9 \n.\nFrom here on only words that need nothing\n"
         b"--b\nContent-Type: text/plain\nX-Kept:  as\n it is\n\nplain\n"
         b"--b--\n")
SIGNED = EIGHT.replace(b"mixed", b"signed")


def convert(octets, *options):
    got = subprocess.run([PLI, "convert", *options, "-"], input=octets,
                         capture_output=True, timeout=120)
    return got.returncode, got.stdout, got.stderr.decode()


def check_small():
    status, out, err = convert(EIGHT, "--7bit")
    tap.equal(status, 0, "7bit: it converts")
    tap.ok(out.isascii() and b"\r" not in out,
           "7bit: no octet over 127, and lines as they were", out)
    tap.equal(out, EIGHT.replace(
        b"8bit", b"7bit", 1).replace(b"8bit", b"quoted-printable").replace(
        b"Caf\xc3\xa9 \n.\nFrom", b"Caf=C3=A9=20\n=2E\n=46rom").replace(
        b"nothing\n--b", b"nothing=\n\n--b"),
        "7bit: and nothing else changed")
    status, out, _ = convert(EIGHT.replace(b"\n", b"\r\n"), "--7bit")
    tap.ok(status == 0 and out.count(b"\n") == out.count(b"\r\n"),
           "7bit: CRLF stays, too", out)
    tap.equal(convert(EIGHT, "--8bit")[:2], (0, EIGHT),
              "8bit: it is fit as it is")
    mixed = b"A: b\r\n\nx\r\ny\n"
    tap.equal(convert(mixed, "--7bit")[:2], (0, mixed),
              "what is fit keeps its line ends, too")
    status, out, _ = convert(b"Subject: x\n\na\0b\n", "--8bit")
    tap.ok(status == 0 and b"\0" not in out and b"MIME-Version" in out,
           "8bit: a NUL is encoded", out)


def check_report():
    status, out, err = convert(EIGHT, "--7bit", "--json")
    one = json.loads(out)
    tap.equal((status, one["status"], one["target"], one["problem"],
               one["header_8bit"]),
              (0, "converted", "7bit", None, False), "report: the message")
    tap.equal(one["changes"], [
        {"path": "TEXT", "type": "multipart/mixed", "encoded": False,
         "from": "8bit", "to": "7bit"},
        {"path": "1", "type": "text/plain", "encoded": True,
         "from": "8bit", "to": "quoted-printable"}],
        "report: and its parts")
    one = json.loads(convert(EIGHT, "--8bit", "--json")[1])
    tap.equal((one["status"], one["changes"]), ("unchanged", []),
              "report: nothing to do")
    one = json.loads(convert(b"Subject: \xc3\xa9\n\nx\n", "--7bit",
                             "--json")[1])
    tap.equal((one["status"], one["header_8bit"]), ("unchanged", True),
              "report: a header is let be")
    status, out, err = convert(SIGNED, "--7bit", "--json")
    one = json.loads(out)
    tap.ok(status == 1 and one["status"] == "refused"
           and one["problem"].startswith("part 1 ")
           and one["changes"] == [], "report: refused", one)


def check_refused():
    status, out, err = convert(SIGNED, "--7bit")
    tap.ok(status == 1 and out == b"" and "part 1 " in err
           and "signature" in err, "signed: refused, with the part", err)
    tap.equal(convert(EIGHT)[0], 64, "a target is needed")
    tap.equal(convert(EIGHT, "--7bit", "--8bit")[0], 64, "only one")
    two = b"From a Thu Jan  1 00:00:00 2026\nA: b\n\nx\n\n"
    status, out, err = convert(two * 2, "--7bit")
    tap.ok(status == 65 and out == b"", "more than one message", err)
    got = subprocess.run([PLI, "convert", "--7bit", "/none/such"],
                         capture_output=True, timeout=60)
    tap.equal(got.returncode, 66, "no such file")


def main():
    check_small()
    check_report()
    check_refused()
    tap.done()


main()
