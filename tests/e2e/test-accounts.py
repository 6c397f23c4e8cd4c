# SPDX-License-Identifier: LGPL-2.1-or-later
"""A server with a file of accounts and one of aliases: who gets what, who may
log in, what an edit changes, and what no edit breaks."""
import base64
import imaplib
import os
import shutil
import signal
import smtplib
import socket
import ssl
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "lib"))
import maildir  # noqa: E402
import mailwire  # noqa: E402
import plidfile  # noqa: E402
import tap  # noqa: E402

BODY = b"Subject: %s\r\n\r\nbody\r\n"


def count(server, account, wanted=0):
    """How many messages it has, once there are so many."""
    return maildir.wait_count(os.path.join(server.root, "root"), account,
                              wanted)


def check_recipients(server):
    smtp = mailwire.Smtp(server.smtp)
    smtp.hello()
    smtp.command("MAIL FROM:<x@elsewhere.test>")
    for path, code, status in (
            ("alice@example.org", 250, "2.1.5"),
            ("ALICE@EXAMPLE.NET", 250, "2.1.5"),
            ("alice@mx.example.org", 250, "2.1.5"),
            ("alice+lists@example.org", 250, "2.1.5"),
            ("info@example.org", 250, "2.1.5"),
            ("info@example.net", 550, "5.1.1"),
            ("team@example.net", 250, "2.1.5"),
            ("team+x@example.net", 250, "2.1.5"),
            ("nobody@example.org", 550, "5.1.1"),
            ("anything@mx.example.org", 250, "2.1.5"),
            ("postmaster", 250, "2.1.5"),
            ("Postmaster@example.org", 250, "2.1.5"),
            ("\"alice\"@example.org", 250, "2.1.5"),
            ("@relay.test:alice@example.org", 250, "2.1.5"),
            ("alice@elsewhere.test", 550, "5.7.1"),
            ("alice%elsewhere.test@example.org", 550, "5.1.1"),
            ("elsewhere.test!alice@example.org", 550, "5.1.1"),
            ("\"alice@elsewhere.test\"@example.org", 550, "5.1.1"),
            ("@example.org:alice@elsewhere.test", 550, "5.7.1"),
            ("alice@[127.0.0.1]", 550, "5.7.1"),
            ("alice@example.org.elsewhere.test", 550, "5.7.1"),
            ("bob", 501, "5.1.3"),
            ("gone@example.org", 550, "5.1.1")):
        got, text = smtp.command(f"RCPT TO:<{path}>")
        tap.ok((got, text[:5]) == (code, status), f"RCPT {path}",
               (got, text))
    for name, code, text in (
            ("team", 250, "alice\n2.1.5 bob"), ("alice", 550, ""),
            ("info@example.org", 250, "alice"), ("@mx.example.org", 550, ""),
            ("none", 550, "")):
        got, said = smtp.command(f"EXPN {name}")
        tap.ok(got == code and text in said, f"EXPN {name}", (got, said))


def check_delivery(server):
    with smtplib.SMTP("127.0.0.1", server.smtp, timeout=60) as smtp:
        smtp.sendmail("x@y.test", ["team@example.org", "alice@example.org",
                                   "loop@example.org"], BODY % b"once")
    tap.equal((count(server, "alice", 1), count(server, "bob", 1)),
              (1, 1), "one copy an account, though several names lead there")
    with smtplib.LMTP("127.0.0.1", server.port(24)) as lmtp:
        lmtp.sendmail("x@y.test", ["team@example.org"], BODY % b"lmtp")
    tap.equal((count(server, "alice"), count(server, "bob")), (2, 2),
              "LMTP answers once each account has it")
    smtp = mailwire.Smtp(server.smtp)
    smtp.hello()
    smtp.send(b"MAIL FROM:<> PRDR\r\nRCPT TO:<team@example.org>\r\n"
              b"RCPT TO:<bob@example.org>\r\nDATA\r\n")
    codes = [smtp.reply()[0] for _ in range(4)]
    smtp.send(BODY % b"prdr" + b".\r\n")
    codes += [smtp.reply()[0] for _ in range(4)]
    tap.equal(codes, [250, 250, 250, 354, 353, 250, 250, 250],
              "PRDR answers for each recipient")
    tap.equal(count(server, "bob"), 3, "and bob has it once")


def log_in(server, user, password, mechanism):
    smtp = smtplib.SMTP("localhost", server.port(587), timeout=60)
    smtp.starttls(context=ssl._create_unverified_context())
    smtp.ehlo()
    if mechanism == "PLAIN":
        reply = smtp.docmd("AUTH", "PLAIN " + base64.b64encode(
            f"\0{user}\0{password}".encode()).decode())
    else:
        try:
            smtp.user, smtp.password = user, password
            reply = smtp.auth(mechanism, smtp.auth_cram_md5)
        except smtplib.SMTPAuthenticationError as error:
            reply = error.smtp_code, error.smtp_error
    smtp.close()
    return reply[0]


def check_logins(server):
    for user, password, mechanism, code in (
            ("alice", "a secret", "PLAIN", 235),
            ("Alice", "a secret", "PLAIN", 235),
            ("alice@example.org", "a secret", "PLAIN", 235),
            ("alice@elsewhere.test", "a secret", "PLAIN", 535),
            ("alice", "another", "PLAIN", 535),
            ("alice", "", "PLAIN", 535),
            ("nobody", "a secret", "PLAIN", 535),
            ("bob", "b secret", "PLAIN", 235),
            ("bob", "a secret", "PLAIN", 535),
            ("carol", "c secret", "CRAM-MD5", 235),
            ("carol", "wrong", "CRAM-MD5", 535),
            ("alice", "a secret", "CRAM-MD5", 535)):
        tap.equal(log_in(server, user, password, mechanism), code,
                  f"{mechanism} {user} {password or 'nothing'}")
    smtp = mailwire.Smtp(server.port(587))
    _, text = smtp.hello()
    tap.ok("AUTH SCRAM-SHA-256 CRAM-MD5\n" in text + "\n",
           "without TLS neither PLAIN nor LOGIN is offered", text)
    tap.equal(smtp.command("AUTH PLAIN AGFsaWNlAGEgc2VjcmV0")[0], 538,
              "nor taken")
    context = ssl._create_unverified_context()
    with imaplib.IMAP4_SSL("localhost", server.port(993),
                           ssl_context=context) as imap:
        imap.login("alice", "a secret")
        tap.equal(imap.select()[1], [str(count(server, "alice")).encode()],
                  "IMAP under TLS")
    try:
        with imaplib.IMAP4_SSL("localhost", server.port(993),
                               ssl_context=context) as imap:
            imap.login("alice", "b secret")
        tap.ok(False, "IMAP, a wrong password")
    except imaplib.IMAP4.error as error:
        tap.ok("AUTHENTICATIONFAILED" in str(error),
               "IMAP, a wrong password", error)
    imap = imaplib.IMAP4("localhost", server.imap)
    tap.ok("LOGINDISABLED" in imap.capabilities, "IMAP without TLS",
           imap.capabilities)
    imap.starttls(context)
    imap.login("bob", "b secret")
    tap.equal(imap.select()[0], "OK", "IMAP by STARTTLS")
    imap.logout()


def scram_gsasl(server, user, password):
    got = subprocess.run(
        ["gsasl", "--smtp", "--connect", f"127.0.0.1:{server.port(587)}",
         "--hostname", "localhost", "--service", "smtp", "--no-starttls",
         "-m", "SCRAM-SHA-256", "-a", user, "-p", password], input=b"",
        capture_output=True, timeout=60)
    return b"235 2.7.0" in got.stdout + got.stderr or got.returncode == 0


def check_scram(server):
    if not shutil.which("gsasl"):
        tap.skip("SCRAM against the file", "gsasl is not installed")
        return
    for user, password, good in (("alice", "a secret", True),
                                 ("alice", "b secret", False),
                                 ("bob", "b secret", False),
                                 ("nobody", "a secret", False)):
        tap.equal(scram_gsasl(server, user, password), good,
                  f"SCRAM {user} {password}")
    salts = set()
    for _ in range(2):
        smtp = mailwire.Smtp(server.port(587))
        smtp.hello()
        _, text = smtp.command("AUTH SCRAM-SHA-256 " + base64.b64encode(
            b"n,,n=nobody,r=abcdefgh").decode())
        salts.add(base64.b64decode(text).split(b",")[1])
    tap.equal(len(salts), 1, "who is unknown has a salt that stays")


def check_reload(server):
    tap.equal(server.user("add", "dora", said=b"d secret\n"), 0, "an account")
    with open(server.aliases, encoding="utf-8") as f:
        before = f.read()
    server.write_aliases(before + "new: dora\n")
    time.sleep(1.2)
    smtp = mailwire.Smtp(server.smtp)
    smtp.hello()
    smtp.command("MAIL FROM:<>")
    tap.equal([smtp.command(f"RCPT TO:<{name}@example.org>")[0]
               for name in ("dora", "new")], [250, 250],
              "is seen without a restart, and so is an alias")
    tap.equal(log_in(server, "dora", "d secret", "PLAIN"), 235,
              "and may log in")
    server.write_aliases("broken line\n")
    time.sleep(1.2)
    tap.equal([smtp.command(f"RCPT TO:<{name}@example.org>")[0]
               for name in ("dora", "new", "team")], [250, 250, 250],
              "a file that is wrong changes nothing")
    time.sleep(1.2)
    smtp.command("RCPT TO:<dora@example.org>")
    said = server.log_tail().count("aliases:1: NAME: TARGET was expected")
    tap.equal(said, 1, "and is logged once")
    server.write_aliases(before)
    time.sleep(1.2)
    tap.equal(server.user("remove", "dora"), 0, "removed again")
    time.sleep(1.2)
    tap.equal(smtp.command("RCPT TO:<dora@example.org>")[0], 550,
              "it has gone")


def served_certificate(server):
    return ssl.get_server_certificate(("localhost", server.port(993)))


def hang_up(server, said):
    """SIGHUP, until the log says so once more."""
    before = server.log_tail(10 ** 7).count(said)
    server.process.send_signal(signal.SIGHUP)
    for _ in range(200):
        if server.log_tail(10 ** 7).count(said) > before:
            return True
        time.sleep(0.05)
    return False


def check_hangup(server):
    smtp = smtplib.SMTP("localhost", server.port(587), timeout=60)
    smtp.starttls(context=ssl._create_unverified_context())
    smtp.login("alice", "a secret")
    before = served_certificate(server)
    plidfile.make_certificate(server.certificate)
    server.configure(domains="example.org example.net new.test")
    tap.ok(hang_up(server, "reloaded"), "SIGHUP reads all again",
           server.log_tail())
    tap.ok(served_certificate(server) != before, "a new certificate")
    smtp.sendmail("alice@example.org", ["alice@example.org"], BODY % b"on")
    tap.ok(True, "a session goes on")
    smtp.close()
    smtp = mailwire.Smtp(server.smtp)
    smtp.hello()
    smtp.command("MAIL FROM:<>")
    tap.equal(smtp.command("RCPT TO:<alice@new.test>")[0], 250,
              "a new domain")
    after = served_certificate(server)
    with open(server.file, "a", encoding="utf-8") as f:
        f.write("[limts]\n")
    tap.ok(hang_up(server, "unknown group [limts], did you mean [limits]?"),
           "a wrong file is logged", server.log_tail())
    server.configure(domains="example.org")
    os.rename(server.certificate + ".key", server.certificate + ".away")
    tap.ok(hang_up(server, "own.key cannot be read"), "so is a missing key",
           server.log_tail())
    os.rename(server.certificate + ".away", server.certificate + ".key")
    server.base += 1
    server.configure()
    server.base -= 1
    tap.ok(hang_up(server, "which takes a restart"), "and another port",
           server.log_tail())
    tap.ok(served_certificate(server) == after
           and smtp.command("RCPT TO:<bob@new.test>")[0] == 250
           and mailwire.Smtp(server.smtp).hello()[0] == 250,
           "and the old one goes on")


def authenticate_external(server, certificate):
    """(what EHLO offers, the code) of a client with that certificate."""
    context = ssl._create_unverified_context()
    if certificate:
        context.load_cert_chain(certificate + ".pem", certificate + ".key")
    with smtplib.SMTP("localhost", server.port(587), timeout=60) as smtp:
        smtp.starttls(context=context)
        smtp.ehlo()
        return ("EXTERNAL" in smtp.esmtp_features["auth"].split(),
                smtp.docmd("AUTH", "EXTERNAL =")[0])


def check_client_certificates(server, folder):
    """EXTERNAL: an authority's word for an account that there is."""
    for name, names in (("alice", "email:alice@example.org"),
                        ("host", "DNS:bob"),
                        ("mallory", "email:mallory@example.org"),
                        ("elsewhere", "email:alice@elsewhere.test"),
                        ("rogue", "email:alice@example.org")):
        plidfile.make_certificate(os.path.join(folder, name), names)
    with open(os.path.join(folder, "ca"), "wb") as ca:
        for name in ("alice", "host", "mallory", "elsewhere"):
            with open(os.path.join(folder, name + ".pem"), "rb") as f:
                ca.write(f.read())
    server.configure(tls=f"[tls]\nclient_ca={folder}/ca\n")
    tap.ok(hang_up(server, "reloaded"), "clients are asked for certificates",
           server.log_tail())
    for name, offered, code in (("alice", True, 235), ("host", True, 235),
                                ("mallory", True, 535),
                                ("elsewhere", True, 535),
                                ("rogue", False, 504), (None, False, 504)):
        tap.equal(authenticate_external(server, name and os.path.join(
            folder, name)), (offered, code), f"EXTERNAL of {name}")
    server.configure()
    tap.ok(hang_up(server, "reloaded"), "and no more", server.log_tail())


def check_notices(server, manager):
    """What a service manager is told; one that does not listen while its
    queue fills holds nothing up."""
    manager.settimeout(10)
    told = [manager.recv(200).decode().split("\n")[0] for _ in range(3)]
    tap.equal(told, ["READY=1", "RELOADING=1", "READY=1"],
              "it says when it is ready, and when it reloads")
    for _ in range(600):
        server.process.send_signal(signal.SIGHUP)
        time.sleep(0.002)
    tap.ok(hang_up(server, "reloaded"), "nobody who listens is no trouble",
           server.log_tail())
    manager.settimeout(1)
    drain(manager)
    server.stop()
    tap.equal(drain(manager), "STOPPING=1\n", "and when it stops")


def drain(manager):
    """The last that it was told."""
    last = ""
    try:
        while True:
            last = manager.recv(200).decode()
    except TimeoutError:
        return last


def check_defence(server):
    server.configure(more="[limits]\nclient_connections=3\n",
                     smtp="greeting_delay=700\n")
    server.stop()
    server.start()
    start = time.monotonic()
    first = mailwire.Smtp(server.smtp)
    waited = time.monotonic() - start
    tap.ok(first.greeting[0] == 220 and 0.6 < waited < 5,
           "the greeting waits", waited)
    with socket.create_connection(("127.0.0.1", server.smtp), 10) as s:
        s.sendall(b"EHLO early\r\n")
        got = s.recv(1000)
        tap.ok(got.startswith(b"554 5.5.0") and s.recv(10) == b"",
               "who does not wait is refused", got)
    time.sleep(0.2)
    others = [mailwire.Smtp(server.port(587)) for _ in range(2)]
    tap.equal(mailwire.Smtp(server.port(587)).greeting[0], 421,
              "a fourth connection is refused")
    others[0].socket.close()
    others[0].file.close()
    time.sleep(0.3)
    tap.equal(mailwire.Smtp(server.port(587)).greeting[0], 220,
              "until one has gone")


OFFERS = ("dsn=yes\ndeliverby=yes\nmt_priority=yes\nrequiretls=yes\n"
          "etrn=yes\natrn=yes\nfuture_release=3600\n")


def secure(server):
    """A submission client under TLS, and what EHLO offers it."""
    smtp = smtplib.SMTP("localhost", server.port(587), timeout=60)
    smtp.starttls(context=ssl._create_unverified_context())
    smtp.ehlo()
    return smtp, smtp.esmtp_features


def check_offers(server):
    """What is off unless it is asked for: refused, then offered and done."""
    mail = ("RET=HDRS ENVID=x", "BY=600;R", "MT-PRIORITY=3", "REQUIRETLS",
            "HOLDFOR=60")
    keywords = {"dsn", "deliverby", "mt-priority", "requiretls", "etrn",
                "atrn", "futurerelease"}
    for wanted in (False, True):
        server.configure(smtp=OFFERS if wanted else "")
        hang_up(server, "reloaded")
        smtp, features = secure(server)
        tap.equal(keywords & features.keys(), keywords if wanted else set(),
                  f"the offers of [smtp], {wanted}")
        tap.equal([smtp.docmd("ETRN", "example.org")[0],
                   smtp.docmd("ATRN")[0]],
                  [251, 530] if wanted else [502, 502], "ETRN and ATRN")
        smtp.login("alice", "a secret")
        tap.equal(smtp.docmd("ATRN", "example.org")[0],
                  453 if wanted else 502, "ATRN of who has logged in")
        for words in mail:
            tap.equal(smtp.docmd("MAIL", f"FROM:<alice@example.org> {words}")
                      [0], 250 if wanted else 555, f"MAIL {words}")
            smtp.rset()
        smtp.docmd("MAIL", "FROM:<alice@example.org>")
        tap.equal(smtp.docmd("RCPT", "TO:<bob@example.org> NOTIFY=NEVER")[0],
                  250 if wanted else 555, "RCPT NOTIFY")
        smtp.close()
    bounds = features["futurerelease"].split()
    tap.ok(bounds[0] == "3600" and len(bounds) == 2,
           "FUTURERELEASE says its bounds", bounds)
    smtp, _ = secure(server)
    smtp.login("alice", "a secret")
    tap.equal(smtp.docmd("MAIL", "FROM:<alice@example.org> HOLDFOR=3601")[0],
              501, "and holds to them")
    smtp.close()
    smtp = mailwire.Smtp(server.smtp)
    words = set(smtp.hello()[1].split())
    tap.ok("DSN" in words and not {"ATRN", "FUTURERELEASE",
                                   "REQUIRETLS"} & words,
           "what is for submission and for TLS only", words)
    tap.equal([smtp.command(f"MAIL FROM:<x@y.test> {word}")[0]
               for word in ("HOLDFOR=1", "REQUIRETLS")], [555, 530],
              "is refused elsewhere")


def check_settings(server):
    """The settings that change what a client meets, each one."""
    server.configure(smtp="early_octets=allow\n",
                     accounts="failure_delay=1\nseparator=-\n",
                     more="[limits]\nconnections=3\n")
    server.stop()
    server.start()
    with socket.create_connection(("127.0.0.1", server.smtp), 10) as s:
        s.sendall(b"EHLO early\r\nQUIT\r\n")
        got = b"".join(iter(lambda: s.recv(4096), b""))
        tap.ok(got.startswith(b"220 ") and b"\r\n221 " in got,
               "early_octets=allow: who does not wait is served", got)
    start = time.monotonic()
    code = log_in(server, "alice", "wrong", "PLAIN")
    waited = time.monotonic() - start
    tap.ok(code == 535 and 0.9 < waited < 10,
           "failure_delay: a wrong password waits", waited)
    smtp = mailwire.Smtp(server.smtp)
    smtp.hello()
    smtp.command("MAIL FROM:<>")
    tap.equal([smtp.command(f"RCPT TO:<{name}@example.org>")[0]
               for name in ("alice-lists", "alice+lists")], [250, 550],
              "separator: another one")
    others = [mailwire.Smtp(server.smtp) for _ in range(2)]
    tap.equal((mailwire.Smtp(server.port(587)).greeting[0], len(others)),
              (421, 2), "connections: a fourth is refused")


def check_configuration(server):
    for text, said in (("ext: x@elsewhere.test\n", ":1: x@elsewhere.test is"),
                       ("a@elsewhere.test: alice\n", "elsewhere.test is no"),
                       ("a:\n", ":1: "), ("a: b\nA: c\n", ":2: ")):
        with open(server.aliases, encoding="utf-8") as f:
            before = f.read()
        server.write_aliases(text)
        status, out = server.check()
        tap.ok(status == 78 and said in out, f"plid -t: {said}", out)
        server.write_aliases(before)
    os.rename(server.certificate + ".key", server.certificate + ".away")
    status, out = server.check()
    tap.ok(status == 78 and ".key" in out and "No such file" in out,
           "plid -t: the key is missing", out)
    os.rename(server.certificate + ".away", server.certificate + ".key")
    tap.equal(server.check(), (0, ""), "plid -t: all is well")
    with tempfile.TemporaryDirectory(prefix="pli-test-") as folder:
        own, server.certificate = server.certificate, folder + "/old"
        plidfile.make_certificate(server.certificate)
        plidfile.end_certificate(server.certificate)
        server.configure()
        status, out = server.check()
        tap.ok(status == 78
               and f"of {folder}/old.pem has ended: renew it" in out,
               "plid -t: the certificate has ended", (status, out))
        server.certificate = own
        server.configure()


def check_big_list(certificate):
    """A list of 10,000 cannot be named until the server has no memory."""
    with tempfile.TemporaryDirectory(prefix="pli-test-") as folder:
        server = plidfile.Server(folder, certificate)
        server.configure()
        server.user("add", "alice", said=b"x\n")
        with open(server.users, encoding="utf-8") as f:
            keys = f.read().split(":", 1)[1]
        with open(server.users, "w", encoding="utf-8") as f:
            f.writelines(f"u{i}:{keys}" for i in range(10000))
        server.write_aliases("all: " + ", ".join(
            f"u{i}" for i in range(10000)) + "\n")
        try:
            server.start()
            smtp = mailwire.Smtp(server.smtp)
            smtp.hello()
            smtp.command("MAIL FROM:<>")
            got = [smtp.command("RCPT TO:<all@example.org>")
                   for _ in range(3)]
            tap.ok([code for code, _ in got] == [250, 250, 452]
                   and got[2][1].startswith("4.5.3"),
                   "a list of 10,000, three times", got)
            smtp.command("DATA")
            smtp.send(BODY % b"all" + b".\r\n")
            tap.equal(smtp.reply()[0], 250, "and a message to it is taken")
        finally:
            server.close()


def main():
    if not shutil.which("openssl"):
        tap.skip_all("openssl is not installed")
    with tempfile.TemporaryDirectory(prefix="pli-test-") as folder:
        certificate = os.path.join(folder, "own")
        plidfile.make_certificate(certificate)
        server = plidfile.Server(folder, certificate)
        server.configure()
        server.user("add", "alice", said=b"a secret\n")
        server.user("add", "--crypt", "bob", said=b"b secret\n")
        server.user("add", "--secret", "carol", said=b"c secret\n")
        server.write_aliases("# lists\nteam: alice, bob@example.org\n"
                             "info@example.org: alice\n"
                             "@mx.example.org: carol\n"
                             "loop: loop2, bob\nloop2: loop\ngone: nobody\n")
        check_configuration(server)
        manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        manager.bind(os.path.join(folder, "notify"))
        os.environ["NOTIFY_SOCKET"] = os.path.join(folder, "notify")
        try:
            server.start()
            check_recipients(server)
            check_delivery(server)
            check_logins(server)
            check_scram(server)
            check_reload(server)
            check_hangup(server)
            log = server.log_tail(10 ** 7)
            tap.ok("secret" not in log, "the log holds no password",
                   [x for x in log.splitlines() if "secret" in x])
            check_client_certificates(server, folder)
            check_notices(server, manager)
            del os.environ["NOTIFY_SOCKET"]
            server.start()
            check_offers(server)
            check_settings(server)
            check_defence(server)
            tap.equal(server.stop(), 0, "SIGTERM ends it with 0")
        finally:
            server.close()
        check_big_list(certificate)
    tap.done()


main()
