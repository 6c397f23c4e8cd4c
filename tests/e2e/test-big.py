# SPDX-License-Identifier: LGPL-2.1-or-later
"""A big message is written once: each recipient's Maildir has a link to the
spool's file, what one does with his touches nobody else's, and where links do
not go it is copied."""
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "lib"))
import maildir  # noqa: E402
import mailwire  # noqa: E402
import plidev  # noqa: E402
import tap  # noqa: E402

WHO = ("ann", "bob", "cyd")
LINES = b"a line of it, one like the other\r\n" * 30000


def send(port, hello, octets, chunks):
    """The replies after the end of data."""
    smtp = mailwire.Smtp(port)
    smtp.command(hello)
    smtp.command("MAIL FROM:<a@x>")
    for who in WHO:
        smtp.command(f"RCPT TO:<{who}@x>")
    if chunks:
        for at in range(0, len(octets), 300000):
            part = octets[at:at + 300000]
            last = b" LAST" if at + 300000 >= len(octets) else b""
            smtp.send(b"BDAT %d%s\r\n" % (len(part), last) + part)
            if not last:
                smtp.reply()
    else:
        smtp.command("DATA")
        smtp.send(octets + b".\r\n")
    n = len(WHO) if hello.startswith("LHLO") else 1
    codes = [smtp.reply()[0] for _ in range(n)]
    smtp.close()
    return codes


def files_of(root, who):
    folder = os.path.join(root, "mail", who, "Maildir", "new")
    return [os.path.join(folder, name) for name in sorted(os.listdir(folder))]


def check(server, name, port, hello, chunks):
    octets = f"Subject: {name}\r\n\r\n".encode() + LINES
    codes = send(server.port(port), hello, octets, chunks)
    tap.ok(set(codes) == {250}, f"{name}: it is taken", codes)
    got = [maildir.wait_for(server.root, who, name) for who in WHO]
    tap.ok(all(one.endswith(octets) and one.startswith(b"Return-Path: <a@x>")
               for one in got), f"{name}: each has it whole")
    tap.equal(len(set(got)), 1, f"{name}: all have the same octets")
    paths = [next(p for p in files_of(server.root, who)
                  if f"Subject: {name}\r\n".encode() in
                  open(p, "rb").read(2000)) for who in WHO]
    stats = [os.stat(p) for p in paths]
    tap.equal(len({s.st_ino for s in stats}), 1, f"{name}: one file")
    tap.equal({s.st_mode & 0o7777 for s in stats}, {0o600},
              f"{name}: that nobody else can read")
    os.unlink(paths[0])
    tap.ok(all(open(p, "rb").read().endswith(octets) for p in paths[1:]),
           f"{name}: the others keep it when one removes it")
    return paths[1:]


def check_left(server, paths):
    """Once the spool has let go, only the mailboxes hold the files."""
    send(server.smtp, "EHLO x", b"Subject: later\r\n\r\n", False)
    end = time.monotonic() + 20
    while time.monotonic() < end and any(
            os.stat(p).st_nlink != 2 for p in paths):
        send(server.smtp, "EHLO x", b"Subject: later\r\n\r\n", False)
        time.sleep(0.1)
    tap.equal([os.stat(p).st_nlink for p in paths], [2] * len(paths),
              "the spool has no link to it any more")
    tap.equal(os.listdir(os.path.join(server.root, "spool", "0")), [],
              "and no file")


def main():
    with plidev.Server() as server:
        left = check(server, "by-data", 25, "EHLO x", False)
        left += check(server, "by-bdat", 25, "EHLO x", True)
        left += check(server, "by-lmtp", 24, "LHLO x", True)
        check_left(server, left)
        tap.equal(server.stop(), 0, "SIGTERM ends it with 0")
        log = server.log_tail(1 << 30)
        tap.ok("Sanitizer" not in log and "runtime error" not in log,
               "no sanitizer finding", log[-3000:])
    tap.done()


main()
