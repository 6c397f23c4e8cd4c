# SPDX-License-Identifier: LGPL-2.1-or-later
"""Submission: STARTTLS, implicit TLS and AUTH, with the programs that people
submit mail with; BDAT and SMTPUTF8 by hand; IMAP under TLS."""
import base64
import imaplib
import os
import re
import shutil
import smtplib
import socket
import ssl
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "lib"))
import maildir  # noqa: E402
import mailwire  # noqa: E402
import plidev  # noqa: E402
import tap  # noqa: E402

BODY = b"Subject: %s\r\nFrom: ada@test.invalid\r\n\r\n.dots\r\n..\r\nend\r\n"


def run(*command, octets=b"", env=None):
    got = subprocess.run(command, input=octets, stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT, timeout=120,
                         env={**os.environ, **(env or {})})
    return got.returncode, got.stdout.decode("utf-8", "replace")


def with_tool(name):
    if shutil.which(name):
        return True
    tap.skip(f"{name} submits", f"{name} is not installed")
    return False


class Box:
    """What an account has got, read under TLS."""

    def __init__(self, server, context):
        self.server = server
        self.context = context

    def read(self, user):
        with imaplib.IMAP4_SSL("localhost", self.server.port(993),
                               ssl_context=self.context) as imap:
            imap.login(user, "pass")
            _, count = imap.select("INBOX", readonly=True)
            if count == [b"0"]:
                return []
            _, data = imap.fetch("1:*", "(BODY.PEEK[])")
            return [part[1] for part in data if isinstance(part, tuple)]

    def has(self, user, subject, seconds=20):
        """The message of that subject, once it is there."""
        for _ in range(seconds * 10):
            for octets in self.read(user):
                if b"Subject: " + subject.encode() + b"\r\n" in octets:
                    return octets
            time.sleep(0.1)
        return b""


def submit_swaks(server, box):
    if not with_tool("swaks"):
        return
    for name, port, extra in (("starttls", 587, ["--tls"]),
                              ("implicit", 465, ["--tls-on-connect"]),
                              ("clear", 587, [])):
        for mechanism in ("PLAIN", "LOGIN"):
            user = f"swaks.{name}.{mechanism.lower()}"
            status, out = run(
                "swaks", "--server", f"127.0.0.1:{server.port(port)}",
                "--from", "ada@test.invalid", "--to", f"{user}@test.invalid",
                "--header", f"Subject: {user}", "--auth", mechanism,
                "--auth-user", "ada", "--auth-password", "pass", *extra)
            octets = box.has(user, user) if status == 0 else b""
            with_what = b"ESMTPA" if name == "clear" else b"ESMTPSA"
            tap.ok(with_what in octets, f"swaks, {name}, {mechanism}",
                   out + octets.decode())
    status, out = run(
        "swaks", "--server", f"127.0.0.1:{server.port(587)}", "--from",
        "ada@test.invalid", "--to", "bob@test.invalid", "--tls", "--auth",
        "PLAIN", "--auth-user", "ada", "--auth-password", "wrong")
    tap.ok(status == 28 and "535 5.7.8" in out, "swaks, a wrong password", out)
    status, out = run(
        "swaks", "--server", f"127.0.0.1:{server.port(587)}", "--from",
        "ada@test.invalid", "--to", "bob@test.invalid", "--tls")
    tap.ok(status != 0 and "530 5.7.0" in out, "swaks, without AUTH", out)


def submit_curl(server, box):
    if not with_tool("curl"):
        return
    path = os.path.join(server.root, "curl.eml")
    ca = ["--cacert", os.path.join(server.root, "certificate.pem")]
    for name, url, extra in (
            ("starttls", f"smtp://localhost:{server.port(587)}/there",
             ["--ssl-reqd"]),
            ("implicit", f"smtps://localhost:{server.port(465)}/there", [])):
        for mechanism in ("PLAIN", "LOGIN"):
            user = f"curl.{name}.{mechanism.lower()}"
            with open(path, "wb") as f:
                f.write(BODY % user.encode())
            status, out = run(
                "curl", "-sS", url, *ca, *extra, "-u", "ada:pass",
                "--login-options", f"AUTH={mechanism}", "--mail-from",
                "ada@test.invalid", "--mail-rcpt", f"{user}@test.invalid",
                "-T", path)
            octets = box.has(user, user) if status == 0 else b""
            tap.ok(octets.endswith(BODY % user.encode()),
                   f"curl, {name}, {mechanism}", out + octets.decode())
    status, out = run("curl", "-sS", *ca, "-u", "curl.implicit.plain:pass",
                      f"imaps://localhost:{server.port(993)}/INBOX;UID=1")
    tap.ok(status == 0 and "Subject: curl.implicit.plain" in out,
           "curl reads by imaps", out)


def submit_msmtp(server, box):
    if not with_tool("msmtp"):
        return
    for name, port, extra in (("starttls", 587, []),
                              ("implicit", 465, ["--tls-starttls=off"])):
        for method in ("plain", "scram-sha-256", "login"):
            user = f"msmtp.{name}.{method}"
            status, out = run(
                "msmtp", "--host=localhost", f"--port={server.port(port)}",
                "--tls=on", "--tls-trust-file="
                + os.path.join(server.root, "certificate.pem"),
                f"--auth={method}", "--user=ada",
                "--passwordeval=echo pass", "--from=ada@test.invalid",
                *extra, f"{user}@test.invalid",
                octets=(BODY % user.encode()).replace(b"\r\n", b"\n"))
            octets = box.has(user, user) if status == 0 else b""
            tap.ok(b"ESMTPSA" in octets, f"msmtp, {name}, {method}",
                   out + octets.decode())


def submit_s_nail(server, box):
    if not with_tool("s-nail"):
        return
    home = os.path.join(server.root, "home")
    os.makedirs(home, exist_ok=True)
    for mechanism in ("plain", "login"):
        user = f"nail.{mechanism}"
        status, out = run(
            "s-nail", "-:/", "-Sv15-compat", "-Sttycharset=utf-8",
            f"-Smta=smtps://ada:pass@localhost:{server.port(465)}",
            f"-Ssmtp-auth={mechanism}", "-Stls-ca-file="
            + os.path.join(server.root, "certificate.pem"),
            "-Stls-verify=strict", "-Sfrom=ada@test.invalid",
            "-Ssendwait", "-s", user, f"{user}@test.invalid",
            octets=b"by s-nail\n", env={"HOME": home})
        octets = box.has(user, user) if status == 0 else b""
        tap.ok(b"ESMTPSA" in octets, f"s-nail, {mechanism}",
               out + octets.decode())


def authenticate_gsasl(server):
    """The mechanisms that few clients have, bound to the channel or not."""
    if not with_tool("gsasl"):
        return
    common = ["gsasl", "--smtp", "--connect",
              f"127.0.0.1:{server.port(587)}", "--hostname", "localhost",
              "--service", "smtp", "-a", "ada", "--x509-ca-file="
              + os.path.join(server.root, "certificate.pem")]
    tls12 = ["--priority", "NORMAL:-VERS-TLS1.3"]  # bound by tls-unique
    for mechanism, extra in (("SCRAM-SHA-1", ["--no-cb"]),
                             ("SCRAM-SHA-256", ["--no-cb"]),
                             ("SCRAM-SHA-1-PLUS", []),
                             ("SCRAM-SHA-256-PLUS", []),
                             ("SCRAM-SHA-1-PLUS", tls12),
                             ("SCRAM-SHA-256-PLUS", tls12)):
        name = " ".join(["gsasl,", mechanism, *extra])
        _, out = run(*common, "-m", mechanism, "-p", "pass", *extra)
        tap.ok("235 2.7.0" in out or "server trusted" in out, name, out)
        _, out = run(*common, "-m", mechanism, "-p", "wrong", *extra)
        tap.ok("535 5.7.8" in out, f"{name}, a wrong password", out)


def submit_smtplib(server, box, context):
    with smtplib.SMTP("localhost", server.port(587), timeout=60) as smtp:
        smtp.starttls(context=context)
        smtp.login("ada", "pass")
        big = BODY % b"big" + (b"x" * 998 + b"\r\n") * 5000
        refused = smtp.sendmail("ada@test.invalid", ["big@test.invalid"], big)
        tap.ok(not refused, "smtplib, 5 MB under TLS", refused)
        smtp.sendmail("j\u00f5ran@test.invalid",
                      ["\u7528\u6237@test.invalid"], BODY % b"utf8",
                      mail_options=["SMTPUTF8", "BODY=8BITMIME"])
    octets = box.has("big", "big")
    tap.ok(octets.endswith(big), "it came whole", len(octets))
    octets = maildir.wait_for(server.root, "%E7%94%A8%E6%88%B7", "utf8")
    tap.ok("Return-Path: <j\u00f5ran@test.invalid>".encode() in octets
           and b"with UTF8SMTPSA" in octets
           and "for <\u7528\u6237@test.invalid>".encode() in octets,
           "smtplib, SMTPUTF8", octets)


def submit_chunks(server, box):
    smtp = mailwire.Smtp(server.smtp)
    code, text = smtp.hello()
    tap.ok("CHUNKING" in text and "BINARYMIME" in text,
           "EHLO offers CHUNKING and BINARYMIME", text)
    message = BODY % b"chunks"
    chunks = [message[:7], message[7:8], b"", message[8:]]
    smtp.send(b"MAIL FROM:<ada@test.invalid>\r\nRCPT TO:<chunks@x>\r\n")
    for i, chunk in enumerate(chunks):
        last = b" LAST" if i == len(chunks) - 1 else b""
        smtp.send(b"BDAT %d%s\r\n" % (len(chunk), last) + chunk)
    codes = [smtp.reply()[0] for _ in range(2 + len(chunks))]
    tap.equal(codes, [250] * (2 + len(chunks)), "chunks in one piece")
    octets = box.has("chunks", "chunks")
    tap.ok(octets.endswith(message), "BDAT came as it was sent", octets)
    smtp.send(b"MAIL FROM:<>\r\nRCPT TO:<chunks@x>\r\n"
              b"BDAT 8 LAST\r\na\nQUIT\r\nNOOP\r\n")
    codes = [smtp.reply()[0] for _ in range(4)]
    tap.equal(codes, [250, 250, 550, 250], "a bare LF in a chunk is refused")


def repair(server, box):
    """RFC 6409 8: what a client leaves out is added, on submission only."""
    with smtplib.SMTP("localhost", server.port(587), timeout=60) as smtp:
        smtp.login("ada", "pass")
        smtp.sendmail("ada@x", ["repair@x"], b"Subject: bare\r\n\r\nx\r\n")
        smtp.sendmail("ada@x", ["repair@x"], b"Subject: full\r\n"
                      b"Date: Thu, 26 Nov 2026 12:00:00 +0000\r\n"
                      b"message-id: <own@x>\r\n\r\nx\r\n")
    with smtplib.SMTP("localhost", server.smtp, timeout=60) as smtp:
        smtp.sendmail("ada@x", ["repair@x"], b"Subject: relay\r\n\r\nx\r\n")
    bare, full, relay = (box.has("repair", name)
                         for name in ("bare", "full", "relay"))
    tap.ok(bare.count(b"\r\nDate: ") == 1
           and bare.count(b"\r\nMessage-ID: <") == 1,
           "Date and Message-ID are added", bare)
    tap.ok(full.lower().count(b"\r\ndate: ") == 1
           and full.lower().count(b"message-id: ") == 1, "not twice", full)
    tap.ok(relay and b"Date: " not in relay and b"Message-ID" not in relay,
           "nor by port 25", relay)


def stop_loops(server, box):
    hop = b"Received: from a by b; Thu, 26 Nov 2026 12:00:00 +0000\r\n"
    with smtplib.SMTP("localhost", server.smtp, timeout=60) as smtp:
        smtp.sendmail("a@x", ["loop@x"], hop * 99 + b"Subject: 99\r\n\r\nx")
        try:
            smtp.sendmail("a@x", ["loop@x"], hop * 100 + b"\r\nx")
            tap.ok(False, "100 hops are too many")
        except smtplib.SMTPDataError as error:
            tap.equal((error.smtp_code, error.smtp_error[:5]),
                      (554, b"5.4.6"), "100 hops are too many")
    tap.ok(box.has("loop", "99"), "99 are not")


def drop_what_came_early(server, context):
    """CVE-2011-0411: what is sent behind STARTTLS is no command."""
    for port in (25, 24, 587):
        with socket.create_connection(("localhost", server.port(port)),
                                      60) as s:
            s.recv(1000)
            s.sendall(b"STARTTLS\r\nNOOP\r\nMAIL FROM:<early@test>\r\n")
            reply = s.recv(1000)
            with context.wrap_socket(s, server_hostname="localhost") as t:
                verb = b"LHLO" if port == 24 else b"EHLO"
                t.sendall(verb + b" x\r\n")
                first = t.recv(4000)
                t.sendall(b"QUIT\r\n")
                second = t.recv(1000)
        tap.ok(reply.startswith(b"220 2.0.0") and b"STARTTLS" not in first
               and first.startswith(b"250-localhost")
               and second.startswith(b"221"),
               f"port {port}: nothing is left of what came before TLS",
               (reply, first, second))


def refuse_bad_handshakes(server):
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.check_hostname = False
    old.verify_mode = ssl.CERT_NONE
    old.minimum_version = ssl.TLSVersion.TLSv1
    old.maximum_version = ssl.TLSVersion.TLSv1_1
    old.set_ciphers("ALL:@SECLEVEL=0")
    try:
        with socket.create_connection(("localhost", server.port(465)),
                                      60) as s:
            old.wrap_socket(s)
        tap.ok(False, "TLS 1.1 is refused")
    except (ssl.SSLError, ConnectionError) as error:
        tap.ok(True, "TLS 1.1 is refused", error)
    with socket.create_connection(("localhost", server.port(465)), 60) as s:
        s.sendall(b"EHLO in the clear\r\n")
        got = s.recv(1000)
        tap.ok(not got.startswith(b"220"), "no greeting without TLS", got)
    smtp = mailwire.Smtp(server.port(587))
    tap.equal(smtp.command("NOOP")[0], 250, "it serves on")


def leave_at_once(server):
    """Clients that go when the handshake is done, the greeting unread."""
    def ended():
        return len(re.findall(r"^session .* tls=.* octets_in=0 ",
                              server.log_tail(10 ** 7), re.M))

    before = ended()
    for port in (465, 993):
        for _ in range(40):
            ssl.get_server_certificate(("localhost", server.port(port)))
    for _ in range(100):
        if ended() - before >= 80:
            break
        time.sleep(0.05)
    tap.equal(ended() - before, 80, "who goes behind the handshake is let go")


def read_by_starttls(server, context):
    with imaplib.IMAP4("localhost", server.imap) as imap:
        tap.ok("STARTTLS" in imap.capabilities, "IMAP offers STARTTLS",
               imap.capabilities)
        imap.starttls(context)
        imap.login("big", "pass")
        tap.equal(imap.select()[0], "OK", "and serves behind it")
    with socket.create_connection(("localhost", server.imap), 60) as s:
        s.recv(1000)
        s.sendall(b"a STARTTLS\r\nb NOOP\r\nc LOGIN big pass\r\n")
        s.recv(1000)
        with context.wrap_socket(s, server_hostname="localhost") as t:
            t.sendall(b"d SELECT INBOX\r\n")
            got = t.recv(1000)
    tap.ok(got.startswith(b"d BAD Not in this state"),
           "what came before TLS is no command", got)


def use_auth_by_hand(server):
    smtp = mailwire.Smtp(server.port(587))
    smtp.hello()
    user = base64.b64encode(b"ada").decode()
    password = base64.b64encode(b"pass").decode()
    tap.equal(smtp.command("AUTH CRAM-MD5")[0], 504, "CRAM-MD5 is off")
    tap.equal(smtp.command("AUTH LOGIN " + user),
              (334, base64.b64encode(b"Password").decode()),
              "LOGIN with the name along")
    tap.equal(smtp.command(password)[0], 235, "and then the password")
    smtp = mailwire.Smtp(server.smtp)
    _, text = smtp.hello()
    tap.ok("AUTH" not in text, "port 25 offers no AUTH", text)


def main():
    with plidev.Server() as server:
        context = ssl.create_default_context(
            cafile=os.path.join(server.root, "certificate.pem"))
        box = Box(server, context)
        submit_swaks(server, box)
        submit_curl(server, box)
        submit_msmtp(server, box)
        submit_s_nail(server, box)
        authenticate_gsasl(server)
        submit_smtplib(server, box, context)
        submit_chunks(server, box)
        repair(server, box)
        stop_loops(server, box)
        drop_what_came_early(server, context)
        refuse_bad_handshakes(server)
        leave_at_once(server)
        read_by_starttls(server, context)
        use_auth_by_hand(server)
        log = server.log_tail(10 ** 7)
        tap.ok("pass" not in log.replace("result=", ""),
               "the log holds no password",
               [line for line in log.splitlines() if "pass" in line])
        tap.equal(server.stop(), 0, "SIGTERM ends it with 0")
    tap.done()


main()
