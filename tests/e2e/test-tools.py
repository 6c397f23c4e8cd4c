# SPDX-License-Identifier: LGPL-2.1-or-later
"""The stock tools: swaks and curl deliver, smtplib too; imaplib and curl
read."""
import imaplib
import os
import shutil
import smtplib
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "lib"))
import mailwire  # noqa: E402
import plidev  # noqa: E402
import tap  # noqa: E402

SAMPLE = (b"From: Ada <ada@test.invalid>\r\nTo: tools@test.invalid\r\n"
          b"Subject: by curl\r\nMessage-ID: <curl@test.invalid>\r\n"
          b"MIME-Version: 1.0\r\n"
          b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n'
          b"--b\r\nContent-Type: text/plain\r\n\r\n.first line\r\n..\r\n"
          b"--b\r\nContent-Type: application/octet-stream; name=x.bin\r\n"
          b"Content-Transfer-Encoding: base64\r\n\r\nAAEC\r\n--b--\r\n")


def run(*command, octets=b""):
    got = subprocess.run(command, input=octets, stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT, timeout=120)
    return got.returncode, got.stdout


def deliver_swaks(server):
    if not shutil.which("swaks"):
        tap.skip("swaks delivers", "swaks is not installed")
        return 0
    with open(os.path.join(server.root, "attachment.txt"), "w",
              encoding="utf-8") as f:
        f.write("an attachment\n")
    status, out = run("swaks", "--server", "127.0.0.1", "--port",
                      str(server.smtp), "--from", "ada@test.invalid", "--to",
                      "tools@test.invalid", "--header", "Subject: by swaks",
                      "--attach", "@" + f.name, "--timeout", "60")
    tap.ok(status == 0, "swaks delivers", out.decode("utf-8", "replace"))
    return 1 if status == 0 else 0


def deliver_curl(server):
    if not shutil.which("curl"):
        tap.skip("curl delivers", "curl is not installed")
        return 0
    path = os.path.join(server.root, "sample.eml")
    with open(path, "wb") as f:
        f.write(SAMPLE)
    status, out = run("curl", "-sS", f"smtp://127.0.0.1:{server.smtp}/there",
                      "--mail-from", "ada@test.invalid", "--mail-rcpt",
                      "tools@test.invalid", "-T", path)
    tap.ok(status == 0, "curl delivers", out)
    return 1 if status == 0 else 0


def deliver_smtplib(server):
    try:
        with smtplib.SMTP("127.0.0.1", server.smtp, timeout=60) as smtp:
            refused = smtp.sendmail(
                "ada@test.invalid", ["tools@test.invalid", "Second"],
                SAMPLE.replace(b"curl", b"smtplib"))
        tap.ok(not refused, "smtplib delivers to two", refused)
        return 1
    except (OSError, smtplib.SMTPException) as error:
        tap.ok(False, "smtplib delivers to two", error)
        return 0


def wait_for(server, user, count, seconds=30):
    imap = mailwire.Imap(server.imap)
    imap.login(user)
    end = time.monotonic() + seconds
    have = imap.select()
    while have < count and time.monotonic() < end:
        time.sleep(0.1)
        have = imap.select()
    imap.close()
    tap.equal(have, count, f"{user} has {count}")


def read_imaplib(server, count):
    with imaplib.IMAP4("127.0.0.1", server.imap) as imap:
        imap.login("tools", "pass")
        status, data = imap.select("INBOX")
        tap.ok(status == "OK" and int(data[0]) == count, "imaplib: SELECT",
               data)
        status, data = imap.fetch("1:*", "(UID FLAGS BODY.PEEK[HEADER])")
        subjects = b"".join(x[1] for x in data if isinstance(x, tuple))
        tap.ok(b"Subject: by curl" in subjects
               and b"Subject: by smtplib" in subjects,
               "imaplib: the subjects", data)
        status, data = imap.uid("FETCH", "1:*", "(BODYSTRUCTURE)")
        tap.ok(status == "OK" and len(data) == count
               and all(b"UID" in x for x in data), "imaplib: UID FETCH", data)
        status, data = imap.status("INBOX", "(MESSAGES UIDNEXT)")
        tap.ok(status == "OK" and b"MESSAGES %d" % count in data[0],
               "imaplib: STATUS", data)
        status, data = imap.list()
        tap.ok(status == "OK" and any(b"INBOX" in x for x in data),
               "imaplib: LIST", data)


def read_curl(server, count):
    if not shutil.which("curl"):
        tap.skip("curl reads", "curl is not installed")
        return
    url = f"imap://127.0.0.1:{server.imap}/INBOX"
    found = False
    for n in range(1, count + 1):
        status, out = run("curl", "-sS", "-u", "tools:pass",
                          f"{url};MAILINDEX={n}")
        found = found or (status == 0 and out.endswith(SAMPLE))
    tap.ok(found, "curl reads what curl sent, dots and all", out[-600:])
    status, out = run("curl", "-sS", "-u", "tools:pass", url, "-X",
                      "FETCH 1:* (FLAGS BODYSTRUCTURE)")
    tap.ok(status == 0 and out.count(b"BODYSTRUCTURE (") == count,
           "curl reads BODYSTRUCTURE", out)
    status, out = run("curl", "-sS", "-u", "tools:wrong", url)
    tap.ok(status == 67, "curl is refused with a wrong password",
           f"{status} {out!r}")


def main():
    with plidev.Server() as server:
        count = deliver_swaks(server)
        count += deliver_curl(server)
        count += deliver_smtplib(server)
        wait_for(server, "tools", count)
        wait_for(server, "second", 1 if count else 0)
        read_imaplib(server, count)
        read_curl(server, count)
        tap.equal(server.stop(), 0, "SIGTERM ends it with 0")
    tap.done()


main()
