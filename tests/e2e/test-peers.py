# SPDX-License-Identifier: LGPL-2.1-or-later
"""Real mail servers as clients: Postfix by SMTP (PIPELINING, STARTTLS, DSN) and
by LMTP, Exim by BDAT."""
import contextlib
import os
import smtplib
import sqlite3
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "lib"))
import maildir  # noqa: E402
import peers  # noqa: E402
import plidev  # noqa: E402
import plidfile  # noqa: E402
import tap  # noqa: E402

BODY = (b"From: ada@test.invalid\r\nSubject: %s\r\n\r\n.dot\r\n..\r\n"
        + b"x" * 900 + b"\r\n\r\n" + "caf\u00e9\r\n".encode() + b"end\r\n")


def send(port, subject, recipients, options=()):
    with smtplib.SMTP("127.0.0.1", port, timeout=60) as smtp:
        smtp.ehlo()
        smtp.sendmail("ada@test.invalid", recipients,
                      BODY % subject.encode(),
                      mail_options=["BODY=8BITMIME"], rcpt_options=options)


def try_postfix(server, folder, settings, name, protocol):
    port = server.port(25) + 1000
    os.makedirs(folder)
    postfix = peers.Postfix(folder, port, settings)
    with postfix:
        send(port, name, ["one@test.invalid", "two@test.invalid"])
        sent = postfix.wait_log("status=sent", 2)
        octets = [maildir.wait_for(server.root, account, name)
                  for account in ("one", "two")]
        tap.ok(sent and all((b"with %s" % protocol) in o for o in octets),
               f"{name}: delivered", postfix.log()[-2000:])
        tap.ok(all(o.endswith((BODY % name.encode())[-926:])
                   for o in octets), f"{name}: as it was",
               [o[-60:] for o in octets])
        for i in range(20):
            send(port, f"{name} {i}", ["many@test.invalid"])
        tap.ok(postfix.wait_log("status=sent", 22), f"{name}: 20 more",
               postfix.log()[-2000:])
        tap.ok("status=bounced" not in postfix.log()
               and "status=deferred" not in postfix.log(),
               f"{name}: none refused", postfix.log()[-2000:])


def read_spooled(root):
    """(parameters of MAIL, of RCPT) of the one message in the spool."""
    path = os.path.join(root, "spool", "0.db")
    with contextlib.closing(sqlite3.connect(path)) as db:
        return db.execute(
            "SELECT message.parameters, recipient.parameters FROM message"
            " JOIN recipient USING (seq)").fetchone() or ("", "")


def try_postfix_dsn(folder):
    """What Postfix is told of reports it hands on, and the spool keeps."""
    os.makedirs(folder)
    server = plidfile.Server(folder, os.path.join(folder, "own"))
    plidfile.make_certificate(server.certificate)
    server.user("add", "one", said=b"a secret")
    server.write_aliases("")
    server.configure(smtp="dsn=yes\n")
    root = os.path.join(folder, "root")
    for name in (os.path.join(root, "mail"), os.path.join(folder, "postfix")):
        os.makedirs(name)
    # nothing can be delivered, so it stays in the spool
    with open(os.path.join(root, "mail", "one"), "w", encoding="ascii"):
        pass
    port = server.port(25) + 1000
    try:
        server.start()
        with peers.Postfix(os.path.join(folder, "postfix"), port,
                           {"relayhost": f"[127.0.0.1]:{server.smtp}"}) as p:
            with smtplib.SMTP("127.0.0.1", port, timeout=60) as smtp:
                smtp.ehlo()
                smtp.sendmail("ada@test.invalid", ["one@example.org"],
                              BODY % b"dsn",
                              ["RET=HDRS", "ENVID=QQ+2B314159"],
                              ["NOTIFY=SUCCESS,FAILURE",
                               "ORCPT=rfc822;first@example.org"])
            tap.ok(p.wait_log("status=sent", 1), "postfix-dsn: delivered",
                   p.log()[-2000:])
        server.kill()  # it keeps the spool for itself
        mail, rcpt = read_spooled(root)
        tap.ok("RET=HDRS" in mail and "ENVID=QQ+2B314159" in mail,
               "postfix-dsn: RET and ENVID", mail)
        tap.ok("NOTIFY=SUCCESS,FAILURE" in rcpt
               and "ORCPT=rfc822;first@example.org" in rcpt,
               "postfix-dsn: NOTIFY and ORCPT", rcpt)
    finally:
        server.close()


def try_all_postfix(server, folder):
    relay = f"[127.0.0.1]:{server.smtp}"
    ca = os.path.join(server.root, "certificate.pem")
    try:
        try_postfix(server, os.path.join(folder, "clear"),
                    {"relayhost": relay}, "postfix", b"ESMTP")
        try_postfix(server, os.path.join(folder, "tls"),
                    {"relayhost": f"localhost:{server.smtp}",
                     "smtp_tls_security_level": "secure",
                     "smtp_tls_CAfile": ca,
                     "smtp_tls_secure_cert_match": "localhost",
                     "smtp_host_lookup": "native"},
                    "postfix-tls", b"ESMTPS")
        try_postfix(server, os.path.join(folder, "lmtp"),
                    {"virtual_mailbox_domains": "test.invalid",
                     "virtual_mailbox_maps": "static:any",
                     "virtual_transport":
                     f"lmtp:inet:127.0.0.1:{server.port(24)}"},
                    "postfix-lmtp", b"LMTP")
        try_postfix_dsn(os.path.join(folder, "dsn"))
    except peers.Missing as why:
        tap.skip("Postfix as a client", why)


def try_exim(server, folder):
    os.makedirs(folder)
    try:
        exim = peers.Exim(folder, server.smtp,
                          "  hosts_try_chunking = *\n  hosts_try_prdr = *\n")
    except peers.Missing as why:
        tap.skip("Exim as a client", why)
        return
    for name, more in (("exim", b""), ("exim-big", b"y" * 76 + b"\r\n")):
        octets = BODY % name.encode() + more * 40000
        log = exim.send("ada@test.invalid", ["exim@test.invalid"],
                        octets.replace(b"\r\n", b"\n"))
        tap.ok(" K " in log and "X=TLS" in log, f"{name}: by BDAT under TLS",
               log)
        got = maildir.wait_for(server.root, "exim", name)
        tap.ok(got.endswith(octets[-900:]) and b"with ESMTPS" in got,
               f"{name}: as it was", (len(got), log))
    log = exim.send("ada@test.invalid",
                    ["prdr1@test.invalid", "prdr2@test.invalid"],
                    (BODY % b"prdr").replace(b"\r\n", b"\n"))
    tap.ok(log.count("PRDR") == 2 and "Completed" in log,
           "exim: PRDR for two", log)


def main():
    with tempfile.TemporaryDirectory(prefix="pli-test-") as folder, \
            plidev.Server() as server:
        os.chmod(folder, 0o755)
        try_all_postfix(server, folder)
        try_exim(server, os.path.join(folder, "exim"))
        tap.equal(server.stop(), 0, "SIGTERM ends it with 0")
    tap.done()


main()
