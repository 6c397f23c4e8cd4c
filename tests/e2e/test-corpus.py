# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every .eml of the shared corpus in by SMTP and out by IMAP, octet for octet.

BODY[] is the server's trace fields followed by exactly what was sent; NUL and
bare CR are refused; what IMAP says of the structure parses strictly and agrees
with what it serves.
"""
import imaplib
import os
import re
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "lib"))
import imap_strict  # noqa: E402
import mailwire  # noqa: E402
import plidev  # noqa: E402
import tap  # noqa: E402

TRACE = re.compile(
    rb"(?:(?:Return-Path|Delivered-To|X-Original-To|Received):[^\r\n]*\r\n"
    rb"(?:[ \t][^\r\n]*\r\n)*)+\Z")
SENDER = re.compile(rb"Return-Path: *<n(\d+)@test\.invalid>\r\n")
PER_CONNECTION = 100
SHOWN = 12


class Tally:
    """Many small findings under one test point."""

    def __init__(self, name):
        self.name = name
        self.tried = 0
        self.wrong = []

    def see(self, good, what):
        self.tried += 1
        if not good:
            self.wrong.append(what)

    def report(self):
        detail = "\n".join(str(x)[:400] for x in self.wrong[:SHOWN])
        tap.ok(self.tried > 0 and not self.wrong,
               f"{self.name}: {self.tried - len(self.wrong)} of {self.tried}",
               detail)


def corpus_files():
    folder = tap.shared_folder("corpus")
    found = []
    for base, _, names in os.walk(folder):
        found += [os.path.join(base, n) for n in names if n.endswith(".eml")]
    return folder, sorted(found)


def send_all(server, folder, paths):
    """Delivers, each from a sender of its own (nN@test.invalid); gives
    {N: (name, octets)} of those taken."""
    taken = {}
    accepted = Tally("messages without NUL and bare CR are taken")
    refused = Tally("NUL and bare CR get 550 5.6.11")
    smtp = None
    for n, path in enumerate(paths):
        if smtp is None or n % PER_CONNECTION == 0:
            if smtp is not None:
                smtp.quit()
            smtp = mailwire.Smtp(server.smtp)
            smtp.hello()
        with open(path, "rb") as f:
            octets = mailwire.as_sent(f.read())
        name = os.path.relpath(path, folder)
        try:
            code, text = smtp.deliver(f"n{n}@test.invalid", "corpus",
                                      octets)
        except (OSError, ConnectionError, ValueError) as error:
            tap.note(f"{name}: {error}")
            accepted.see(False, f"{name}: {error}")
            if not server.is_alive():
                tap.note(server.log_tail())
                tap.bail(f"the server died at {name}")
            smtp.close()
            smtp = None
            continue
        if mailwire.is_refused(octets):
            refused.see(code == 550 and text.startswith("5.6.11 "),
                        f"{name}: {code} {text}")
        else:
            accepted.see(code == 250, f"{name}: {code} {text}")
        if code == 250:
            taken[n] = (name, octets)
    if smtp is not None:
        smtp.quit()
    accepted.report()
    refused.report()
    return taken


def open_mailbox(server, want, seconds=120):
    """Delivery comes after the 250: waits for all to be there."""
    imap = mailwire.Imap(server.imap)
    imap.login("corpus")
    end = time.monotonic() + seconds
    count = imap.select()
    while count < want and time.monotonic() < end:
        time.sleep(0.2)
        count = imap.select()
    return imap, count


def check_bodies(imap, taken, count):
    """BODY[] of each: trace fields, then what was sent. Gives for each
    message number its (name, octets)."""
    same = Tally("BODY[] is trace fields and exactly what was sent")
    size = Tally("RFC822.SIZE is BODY[]'s octets")
    numbered = {}
    for n in range(1, count + 1):
        got = imap.fetch(n, "(BODY.PEEK[] RFC822.SIZE)")[n]
        body = got["BODY[]"] or b""
        m = SENDER.match(body)
        name, octets = taken.pop(int(m.group(1)), ("?", b"?")) if m \
            else ("?", b"?")
        trace = body[:len(body) - len(octets)]
        same.see(body.endswith(octets) and TRACE.match(trace) is not None
                 and trace.count(b"\r\nReceived:") == 1,
                 f"{n} {name}: {len(octets)} sent, {len(body)} got, "
                 f"begins {body[:300]!r}")
        size.see(got["RFC822.SIZE"] == len(body),
                 f"{n} {name}: {got['RFC822.SIZE']}, not {len(body)}")
        numbered[n] = (name, octets)
    same.report()
    size.report()
    tap.ok(not taken, "none is missing", list(taken.values())[:SHOWN])
    return numbered


def read_structures(imap, taken):
    """FETCH 1:* by the strict parser, every response on its own."""
    strict = Tally("BODYSTRUCTURE and ENVELOPE keep to the grammar")
    out = {}
    tag = imap.send("FETCH 1:* (BODYSTRUCTURE ENVELOPE)")
    while True:
        octets = imap.read_response()
        if octets.startswith(tag.encode() + b" "):
            tap.ok(octets.startswith(tag.encode() + b" OK "),
                   "FETCH 1:* is answered with OK", octets)
            break
        m = re.match(rb"\* (\d+) FETCH ", octets)
        number = int(m.group(1)) if m else 0
        name = taken.get(number, "?")[0]
        try:
            one = imap_strict.parse_response(octets)
            if one[0] == "FETCH":
                out[number] = one[2]
            strict.see(True, name)
        except imap_strict.Error as error:
            strict.see(False, f"{number} {name}: {error}")
    strict.report()
    tap.equal(len(out), len(taken), "every message was among them")
    return out


def check_sections(imap, taken, structures):
    size = Tally("BODY[n] has the octets BODYSTRUCTURE says")
    lines = Tally("text and message parts have the lines it says")
    deepest = widest = 0
    for n in sorted(structures):
        name = taken[n][0]
        leaves = list(imap_strict.sections(structures[n]["BODYSTRUCTURE"]))
        widest = max(widest, len(leaves))
        for first in range(0, len(leaves), 200):
            batch = leaves[first:first + 200]
            items = " ".join(f"BODY.PEEK[{path}]" for path, *_ in batch)
            got = imap.fetch(n, f"({items})").get(n, {})
            for path, octets, n_lines, _ in batch:
                deepest = max(deepest, path.count(".") + 1)
                body = got.get(f"BODY[{path}]", False)
                size.see(body is not False and len(body or b"") == octets,
                         f"{n} {name} [{path}]: {octets} said, "
                         f"{'absent' if body is False else len(body or b'')}")
                if n_lines is not None and body:
                    lines.see(body.count(b"\n") == n_lines,
                              f"{n} {name} [{path}]: {n_lines} said, "
                              f"{body.count(bytes([10]))} are there")
    size.report()
    lines.report()
    tap.note(f"deepest section number {deepest}, most parts {widest}")


def check_imaplib(server, taken):
    """The stock library reads the same FETCH."""
    with imaplib.IMAP4("127.0.0.1", server.imap) as imap:
        imap.login("corpus", "pass")
        status, count = imap.select("INBOX", readonly=True)
        tap.ok(status == "OK" and int(count[0]) == len(taken),
               "imaplib selects", f"{status} {count}, {len(taken)} sent")
        status, data = imap.fetch("1:*", "(BODYSTRUCTURE ENVELOPE)")
        numbers = set()
        for one in data:
            head = one[0] if isinstance(one, tuple) else one
            m = re.match(rb"(\d+) \(", head)
            if m:
                numbers.add(int(m.group(1)))
        tap.ok(status == "OK" and numbers == set(range(1, len(taken) + 1)),
               "imaplib fetches them all", f"{status}, {len(numbers)}")


def main():
    folder, paths = corpus_files()
    tap.note(f"{len(paths)} files")
    tap.ok(len(paths) > 1000, "the corpus is there")
    with plidev.Server() as server:
        taken = send_all(server, folder, paths)
        imap, count = open_mailbox(server, len(taken))
        tap.equal(count, len(taken), "each message taken is in the mailbox")
        if count == len(taken) > 0:
            numbered = check_bodies(imap, taken, count)
            structures = read_structures(imap, numbered)
            check_sections(imap, numbered, structures)
            check_imaplib(server, numbered)
        imap.close()
        tap.ok(server.is_alive(), "the server still runs",
               server.log_tail())
        tap.equal(server.stop(), 0, "SIGTERM ends it with 0")
        log = server.log_tail(1 << 30)
        tap.ok("Sanitizer" not in log and "runtime error" not in log,
               "no sanitizer finding", log[-3000:])
    tap.done()


main()
