# SPDX-License-Identifier: LGPL-2.1-or-later
"""pli convert: what it writes, refuses and reports, and, over the shared
corpus, that Python's email decodes the same before and after."""
import email
import email.policy
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


def decoded(octets):
    found = []
    for one in email.message_from_bytes(
            octets, policy=email.policy.compat32).walk():
        if not one.is_multipart():
            found.append((one.get_content_type(),
                          one.get_payload(decode=True)))
    return found


def is_ambiguous(path):
    """Whether readers may differ about it before: then Python may, too."""
    got = subprocess.run([PLI, "check", "--json", path],
                         capture_output=True, timeout=60)
    return b'"ambiguity"' in got.stdout or b"ambiguous" in got.stdout


def compare(path, octets):
    """None, "refused", or what differs."""
    status, out, err = convert(octets, "--7bit")
    if status == 1:
        return "refused"
    if status != 0:
        return f"status {status}: {err}"
    if out == octets:
        return None
    before, after = decoded(octets), decoded(out)
    if before == after:
        return None
    # CRLF is what LF stands for in a decoded text
    same = [(t, (b or b"").replace(b"\r\n", b"\n")) for t, b in before] == [
        (t, (b or b"").replace(b"\r\n", b"\n")) for t, b in after]
    return None if same else "differs"


def check_corpus():
    top = tap.shared_folder("corpus")
    tally = {}
    told = []
    for folder, _, names in sorted(os.walk(top)):
        for name in sorted(names):
            path = os.path.join(folder, name)
            if not name.endswith(".eml") or os.path.getsize(path) > 1 << 20:
                continue
            with open(path, "rb") as f:
                octets = f.read()
            if max(octets, default=0) < 128:
                continue
            what = compare(path, octets)
            if what not in (None, "refused"):
                if is_ambiguous(path):
                    what = "ambiguous"
                else:
                    told.append(f"{path}: {what}")
            tally[what] = tally.get(what, 0) + 1
    tap.note(f"corpus: {tally}")
    tap.ok(not told and tally.get(None, 0) > 50,
           "Python decodes the corpus as before", "\n".join(told[:20]))


def main():
    check_small()
    check_report()
    check_refused()
    check_corpus()
    tap.done()


main()
