# SPDX-License-Identifier: LGPL-2.1-or-later
"""BODY=BINARYMIME end to end: what is in the Maildir is no longer binary, and
decodes, by Python's email and by pli extract, to what was sent."""
import email
import email.policy
import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "lib"))
import maildir  # noqa: E402
import mailwire  # noqa: E402
import plidev  # noqa: E402
import tap  # noqa: E402

PLI = os.path.join(tap.top_builddir(), "pli")
ALL = bytes(range(256)) + b"\r\n\n\r\0--a\n--b\r--c"
UNIX = b"line\nline two \nFrom here\n.\n" + "Café\n".encode()
CLEAN = b"Plain words.\r\n-- \r\nAda\r\n"
HEADER = b"MIME-Version: 1.0\r\nSubject: %s\r\nFrom: ada@test.invalid\r\n"


def multipart(subtype, boundary, *parts, label=b"binary"):
    """A header's MIME fields, its end, and the body."""
    text = (b"Content-Type: multipart/%s; boundary=\"%s\"\r\n"
            b"Content-Transfer-Encoding: %s\r\n\r\npreamble"
            % (subtype, boundary, label))
    for fields, body in parts:
        text += b"\r\n--" + boundary + b"\r\n" + fields + b"\r\n\r\n" + body
    return text + b"\r\n--" + boundary + b"--\r\nepilogue\r\n"


def tree(subject):
    """Text, an image and a message with two parts of its own."""
    inner = (HEADER % b"inner") + multipart(
        b"mixed", b"in=2",
        (b"Content-Type: application/octet-stream\r\n"
         b"Content-Transfer-Encoding: binary", ALL),
        (b"Content-Type: text/plain; charset=utf-8\r\n"
         b"Content-Transfer-Encoding: binary", UNIX))
    return (HEADER % subject) + multipart(
        b"mixed", b"out=1",
        (b"Content-Type: text/plain\r\nX-Kept:   as  it is", CLEAN),
        (b"Content-Type: image/png; name=a.png\r\n"
         b"content-transfer-encoding:\tBINARY\r\nX-After: y", ALL * 300),
        (b"Content-Type: message/rfc822\r\n"
         b"Content-Transfer-Encoding: binary", inner))


def send(server, subject, octets, port=None, cut=70000, rcpts=("ada",)):
    """The replies to the message, sent in chunks."""
    smtp = mailwire.Smtp(port or server.smtp)
    hello = "LHLO" if port else "EHLO"
    text = smtp.command(hello + " client.test")[1].split("\n")
    tap.ok("BINARYMIME" in text and "CHUNKING" in text,
           f"{subject}: {hello} offers it", text)
    smtp.send(b"MAIL FROM:<ada@test.invalid> BODY=BINARYMIME\r\n")
    for rcpt in rcpts:
        smtp.send(b"RCPT TO:<%s@test.invalid>\r\n" % rcpt.encode())
    codes = [smtp.reply()[0] for _ in range(1 + len(rcpts))]
    tap.equal(codes, [250] * len(codes), f"{subject}: the envelope")
    while len(octets) > cut:
        smtp.send(b"BDAT %d\r\n" % cut + octets[:cut])
        octets = octets[cut:]
        if smtp.reply()[0] != 250:
            return [(0, "a chunk was refused")]
    smtp.send(b"BDAT %d LAST\r\n" % len(octets) + octets)
    replies = [smtp.reply() for _ in (rcpts if port else "x")]
    smtp.quit()
    return replies


def leaves(octets):
    """Types and decoded octets, as Python's email has them."""
    found = []
    for one in email.message_from_bytes(
            octets, policy=email.policy.compat32).walk():
        if not one.is_multipart():
            found.append((one.get_content_type(),
                          one.get_payload(decode=True)))
    return found


def extracted(octets):
    """What pli extract writes, by part."""
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "m.eml")
        with open(path, "wb") as f:
            f.write(octets)
        out = os.path.join(folder, "out")
        got = subprocess.run([PLI, "extract", "-d", out, path],
                             capture_output=True, timeout=60)
        if got.returncode not in (0, 1):
            tap.note(got.stderr.decode())
        for name in sorted(os.listdir(out)):
            with open(os.path.join(out, name), "rb") as f:
                found[name] = f.read()
    return found


def is_fit(octets):
    bare = mailwire.BARE_LF.search(octets) or mailwire.BARE_CR.search(octets)
    return b"\0" not in octets and not bare


def check_tree(server):
    replies = send(server, "tree", tree(b"tree"))
    tap.equal(replies[0][0], 250, "tree: it is accepted")
    octets = maildir.wait_for(server.root, "ada", "tree")
    tap.ok(is_fit(octets), "tree: no NUL, no bare CR or LF is stored")
    tap.ok(b"binary" not in octets.lower(), "tree: nothing is labelled so")
    tap.equal(leaves(octets),
              [("text/plain", CLEAN),
               ("image/png", ALL * 300),
               ("application/octet-stream", ALL), ("text/plain", UNIX)],
              "tree: Python decodes what was sent")
    files = extracted(octets)
    tap.ok(ALL * 300 in files.values() and ALL in files.values(),
           "tree: and so does pli extract", {k: len(v) for k, v in
                                             files.items()})
    sent = tree(b"tree")
    kept = sent[:sent.index(b"content-transfer")].replace(
        b"Content-Transfer-Encoding: binary",
        b"Content-Transfer-Encoding: 7bit")
    tap.ok(kept in octets and b"base64\r\nX-After: y\r\n\r\n" in octets
           and octets.endswith(b"--out=1--\r\nepilogue\r\n"),
           "tree: what was fit has its octets", octets[:2000])


def check_imap(server):
    imap = mailwire.Imap(server.imap)
    imap.login("ada")
    imap.select()
    one = imap.fetch("1", "(RFC822.SIZE BODY.PEEK[] BODY.PEEK[3.1] "
                          "BODYSTRUCTURE)")[1]
    whole = one["BODY[]"]
    tap.ok(is_fit(whole) and len(whole) == one["RFC822.SIZE"],
           "IMAP serves it whole, and fit", len(whole))
    tap.ok(is_fit(one["BODY[3.1]"]), "and the part within", one["BODY[3.1]"])
    tap.ok("binary" not in json.dumps(one["BODYSTRUCTURE"],
                                      default=repr).lower(),
           "BODYSTRUCTURE tells the new labels", one["BODYSTRUCTURE"])
    imap.close()


def check_as_it_is(server):
    """Nothing in it needs a conversion."""
    text = (HEADER % b"fit") + b"\r\n" + "Café\r\n".encode()
    tap.equal(send(server, "fit", text)[0][0], 250, "fit: it is accepted")
    octets = maildir.wait_for(server.root, "ada", "fit")
    tap.ok(octets.endswith(text), "fit: its octets are untouched", octets)


def check_refused(server):
    signed = (HEADER % b"signed") + multipart(
        b"signed; micalg=pgp-sha256; protocol=\"application/"
        b"pgp-signature\"", b"s",
        (b"Content-Type: text/plain\r\nContent-Transfer-Encoding: binary",
         UNIX),
        (b"Content-Type: application/pgp-signature", b"sig"))
    code, text = send(server, "signed", signed)[0]
    tap.ok(code == 554 and text.startswith("5.6.3 part 1 ")
           and "signature" in text, "signed: refused, and why", text)
    code, text = send(server, "header",
                      (HEADER % b"a\0b") + b"\r\nx\r\n")[0]
    tap.ok(code == 550 and text.startswith("5.6.11 ") and "header" in text,
           "header: a NUL in it is refused", text)
    code, text = send(server, "partial", (HEADER % b"p") +
                      b"Content-Type: message/partial; id=x; number=1; "
                      b"total=2\r\n\r\nSubject: y\r\n\r\n\0")[0]
    tap.ok(code == 554 and "its type" in text,
           "partial: a type that cannot be encoded", text)
    fit = (HEADER % b"signed fit") + multipart(
        b"signed; micalg=pgp-sha256; protocol=\"application/"
        b"pgp-signature\"", b"s",
        (b"Content-Type: text/plain\r\nContent-Transfer-Encoding: binary",
         CLEAN),
        (b"Content-Type: application/pgp-signature", b"sig"))
    tap.equal(send(server, "signed fit", fit)[0][0], 250,
              "signed fit: accepted")
    octets = maildir.wait_for(server.root, "ada", "signed fit")
    tap.ok(fit[fit.index(b"--s\r\n"):] in octets,
           "signed fit: what is signed is untouched", octets)


def check_lmtp(server):
    replies = send(server, "lmtp", (HEADER % b"lmtp") + b"\r\n" + ALL,
                   port=server.port(24), rcpts=("bob", "cleo"))
    tap.equal([r[0] for r in replies], [250, 250], "lmtp: a reply for each")
    for name in ("bob", "cleo"):
        octets = maildir.wait_for(server.root, name, "lmtp")
        tap.equal(leaves(octets)[0][1], ALL, f"lmtp: {name} has it")


def check_big(server):
    """Out of memory's and the row's reach."""
    octets = random.Random(1).randbytes(12_000_000)
    sent = (HEADER % b"big") + (
        b"Content-Type: application/x\r\n"
        b"Content-Transfer-Encoding: binary\r\n\r\n") + octets
    tap.equal(send(server, "big", sent, cut=1_000_000, rcpts=("dan",))[0][0],
              250, "big: it is accepted")
    stored = maildir.wait_for(server.root, "dan", "big", 60)
    tap.ok(leaves(stored) == [("application/x", octets)],
           "big: it comes whole", len(stored))


def check_counters(server):
    """Each conversion is a second scan; the one of what came is whole."""
    server.process.send_signal(signal.SIGUSR1)
    found = {}
    for _ in range(100):
        time.sleep(0.05)
        with open(server.log_path, encoding="utf-8", errors="replace") as f:
            for line in f:
                if "octets_scanned=" in line:
                    found = {k: int(v) for k, v in
                             re.findall(r"(\w+)=(\d+)", line)}
        if found:
            break
    # tree, signed fit (a label), lmtp, big
    tap.equal([found.get(k) for k in ("converted", "rebuilt",
                                      "scan_mismatches")], [4, 4, 0],
              "counters: four were converted, and scanned again")
    tap.equal(found.get("octets_scanned"), found.get("octets_received"),
              "counters: what came was scanned once")


def check_gone(server):
    """Who goes before the answer was told nothing, and is owed nothing."""
    smtp = mailwire.Smtp(server.smtp)
    smtp.hello()
    octets = (HEADER % b"gone") + b"\r\n" + b"a\0b\n" * 1_000_000
    smtp.send(b"MAIL FROM:<> BODY=BINARYMIME\r\nRCPT TO:<ada@x>\r\n"
              b"BDAT %d LAST\r\n" % len(octets) + octets)
    smtp.socket.close()
    smtp.file.close()
    tap.equal(send(server, "after", (HEADER % b"after") + b"\r\n\0")[0][0],
              250, "the server goes on")


def main():
    with plidev.Server() as server:
        check_tree(server)
        check_imap(server)
        check_as_it_is(server)
        check_refused(server)
        check_lmtp(server)
        check_big(server)
        check_counters(server)
        check_gone(server)
        tap.equal(server.stop(), 0, "it stops as usual")
    tap.done()


main()
