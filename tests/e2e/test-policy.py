# SPDX-License-Identifier: LGPL-2.1-or-later
"""Which clients are served: DNS lists and sender's domains by a real DNS server,
one that never answers, names in HELO, logins and their senders, greylisting,
rates. Clients come from several addresses of 127.0.0.0/8."""
import base64
import os
import shutil
import signal
import smtplib
import socket
import ssl
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "lib"))
import mailwire  # noqa: E402
import peers  # noqa: E402
import plidfile  # noqa: E402
import tap  # noqa: E402

GOOD, BAD, FAIR, DEAR, SIX = ("127.0.0.9", "127.0.0.2", "127.0.0.3",
                              "127.0.0.4", "::1")
NIBBLES = "1." + "0." * 31
ZONES = {
    "bl.pli.example": [
        ("2.0.0.127.bl.pli.example", "A 127.0.0.2"),
        ("2.0.0.127.bl.pli.example",
         'TXT "see http://bl.pli.example/?" "127.0.0.2"'),
        (NIBBLES + "bl.pli.example", "A 127.0.0.3"),
        ("4.0.0.127.bl.pli.example", "A 127.0.0.2"),
        # an address that means something else, and one that means nothing
        ("3.0.0.127.bl.pli.example", "A 127.0.0.77"),
        ("9.0.0.127.bl.pli.example", "A 192.0.2.1")],
    "half.pli.example": [
        ("2.0.0.127.half.pli.example", "A 127.0.0.4"),
        ("3.0.0.127.half.pli.example", "A 127.0.0.4")],
    "wl.pli.example": [("4.0.0.127.wl.pli.example", "A 127.0.7.1")],
    "senders.example": [
        ("mx.senders.example", "MX 10 mail.senders.example."),
        ("a.senders.example", "A 192.0.2.1"),
        ("aaaa.senders.example", "AAAA 2001:db8::1"),
        ("null.senders.example", "MX 0 ."),
        ("text.senders.example", 'TXT "no mail"'),
        ("xn--mnchen-3ya.senders.example", "MX 5 mail.senders.example.")],
}


def resolver(port):
    return f"[dns]\nresolver=127.0.0.1@{port}\n"


class Policy:
    """The server with a [policy] and more, while it is needed."""

    def __init__(self, server, policy="", more="", smtp=""):
        self.server = server
        server.configure(smtp=smtp, more=f"[policy]\nexempt=192.0.2.1\n"
                         f"{policy}" + more)

    def __enter__(self):
        return self.server.start()

    def __exit__(self, *_):
        status = self.server.stop()
        if status != 0:
            tap.ok(False, f"plid ends with {status} in place of 0",
                   self.server.log_tail())


def ask(server, source, rcpt="alice@example.org", sender="a@client.example",
        helo="client.example"):
    """The reply to RCPT, as "550 5.7.1 text", or to MAIL when that is
    refused."""
    smtp = mailwire.Smtp(server.smtp, source=source) if source != SIX else \
        mailwire.Smtp(server.port(190), host=SIX)
    smtp.command(f"EHLO {helo}")
    code, text = smtp.command(f"MAIL FROM:<{sender}>"
                              + (" SMTPUTF8" if not sender.isascii() else ""))
    if code == 250:
        code, text = smtp.command(f"RCPT TO:<{rcpt}>")
    if code != 421:
        smtp.quit()
    smtp.close()
    return f"{code} {text}"


def is_said(got, wanted, name):
    tap.ok(got.startswith(wanted), name, f"{got!r} in place of {wanted!r}")


LISTS = ("block_lists=bl.pli.example=127.0.0.2-11:2 half.pli.example\n"
         "allow_lists=wl.pli.example=127.0.*.1-3\nblock_score=2\n")


def check_lists(server, dns):
    six = f"[listener six]\nprotocol=smtp\naddress=::1\nport={server.port(190)}\n"
    has_six = socket.has_ipv6
    try:
        with socket.socket(socket.AF_INET6) as s:
            s.bind(("::1", 0))
    except OSError:
        has_six = False
    with Policy(server, LISTS, resolver(dns) + (six if has_six else "")):
        got = ask(server, BAD)
        is_said(got, "550 5.7.1 your address 127.0.0.2 is on the list "
                "bl.pli.example: see http://bl.pli.example/?127.0.0.2",
                "a client on a list is told which, and what it says")
        is_said(ask(server, BAD, "nobody@example.org"), "550 5.1.1",
                "nobody is nobody all the same")
        is_said(ask(server, BAD, "postmaster@example.org"), "250",
                "postmaster hears of it")
        is_said(ask(server, BAD, "PostMaster"), "250", "without domain, too")
        is_said(ask(server, FAIR), "250",
                "a list of little weight and a code that is not meant")
        is_said(ask(server, GOOD), "250",
                "an address outside of 127.0.0.0/8 means nothing")
        is_said(ask(server, DEAR), "250", "who is on an allow list")
        if has_six:
            is_said(ask(server, SIX), "550 5.7.1 your address IPv6:::1 is on "
                    "the list bl.pli.example", "IPv6, without a TXT record")
        else:
            tap.skip("IPv6", "there is no ::1")
        lmtp = mailwire.Smtp(server.port(24), source=BAD)
        lmtp.command("LHLO x.example")
        lmtp.command("MAIL FROM:<>")
        tap.equal(lmtp.command("RCPT TO:<alice@example.org>")[0], 250,
                  "LMTP is not judged")
        lmtp.quit()
    tap.ok("policy time=" in server.log_tail(10 ** 6) and
           "check=dns_list" in server.log_tail(10 ** 6),
           "the log says who was refused and why", server.log_tail())
    with Policy(server, LISTS.replace("block_score=2", "block_score=4"),
                resolver(dns)):
        is_said(ask(server, BAD), "250", "a score beneath the threshold")


def check_xclient(server, dns):
    """Whoever says who the client is: it is that client's matter then."""
    with Policy(server, LISTS + "helo_checks=mild\n", resolver(dns),
                smtp="xclient=127.0.0.9\n"):
        smtp = mailwire.Smtp(server.smtp, source=GOOD)
        for address, wanted in (("127.0.0.2", 550), ("127.0.0.3", 250),
                                ("192.0.2.1", 250), ("127.0.0.2", 550)):
            smtp.hello()
            got = smtp.command(f"XCLIENT ADDR={address} DESTADDR=192.0.2.77")
            smtp.command("EHLO client.example")
            smtp.command("MAIL FROM:<>")
            code, text = smtp.command("RCPT TO:<alice@example.org>")
            tap.equal((got[0], code), (220, wanted),
                      f"XCLIENT ADDR={address}")
            smtp.close()
            smtp = mailwire.Smtp(server.smtp, source=GOOD)
        smtp.hello()
        smtp.command("XCLIENT ADDR=127.0.0.3 DESTADDR=192.0.2.77")
        smtp.command("EHLO [192.0.2.77]")
        smtp.command("MAIL FROM:<>")
        tap.equal(smtp.command("RCPT TO:<alice@example.org>")[0], 550,
                  "HELO with the address that the proxy names as ours")
        smtp.close()


def check_exempt(server, dns):
    server.configure(more="[policy]\nexempt=127.0.0.2\n" + LISTS
                     + resolver(dns))
    server.start()
    try:
        is_said(ask(server, BAD), "250", "an exempt network is not judged")
    finally:
        server.stop()


def check_senders(server, dns):
    def said(sender):
        return ask(server, GOOD, sender=sender)

    with Policy(server, "sender_checks=yes\n", resolver(dns)):
        for sender, wanted in (
                ("x@mx.senders.example", "250"),
                ("x@a.senders.example", "250"),
                ("x@aaaa.senders.example", "250"),
                ("", "250"), ("x@[192.0.2.1]", "250"),
                ("x@example.org", "250"),
                ("x@null.senders.example", "550 5.7.27"),
                ("x@text.senders.example", "550 5.1.8"),
                ("x@none.senders.example", "550 5.1.8"),
                ("x@elsewhere.example", "451 4.4.3"),
                ("x@m\u00fcnchen.senders.example", "250"),
                ("x@k\u00f6ln.senders.example", "550 5.1.8")):
            is_said(said(sender), wanted, f"sender <{sender}>")
        is_said(ask(server, GOOD, "postmaster@example.org",
                    "x@null.senders.example"), "250",
                "postmaster hears from anybody")
        smtp = mailwire.Smtp(server.smtp, source=GOOD)
        smtp.hello()
        for sender, code in (("x@null.senders.example", 550),
                             ("x@mx.senders.example", 250),
                             ("x@none.senders.example", 550), ("", 250)):
            smtp.send(f"MAIL FROM:<{sender}>\r\nRCPT TO:<alice@example.org>"
                      "\r\nRSET\r\n".encode())
            replies = [smtp.reply()[0] for _ in range(3)]
            tap.equal(replies, [250, code, 250],
                      f"<{sender}> in one session, pipelined")
        smtp.quit()
    with Policy(server, "own_senders=refuse\n"):
        is_said(said("bob@Example.NET"), "550 5.7.1", "a sender of ours")
        is_said(said("bob@other.example"), "250", "one of elsewhere")


class DeafServer:
    """A DNS server that never answers."""

    def __enter__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        return self.socket.getsockname()[1]

    def __exit__(self, *_):
        self.socket.close()


def check_deaf(server):
    with DeafServer() as port:
        with Policy(server, LISTS + "sender_checks=yes\n", resolver(port)
                    + "timeout=1\n"):
            start = time.monotonic()
            got = ask(server, BAD, sender="")
            tap.ok(got.startswith("250") and time.monotonic() - start < 10,
                   "lists that do not answer in time do not count", got)
            is_said(ask(server, BAD, sender="x@mx.senders.example"),
                    "451 4.4.3", "a sender that cannot be looked up")
        tap.equal(server.log_tail(10 ** 6).count("result=late") >= 3, True,
                  "the log names the lists")
        check_deadline(server, port)


def check_deadline(server, port):
    """The DNS has more time than an answer."""
    with Policy(server, LISTS, resolver(port) + "timeout=30\n"
                "[limits]\nanswer_timeout=2\n"):
        smtp = mailwire.Smtp(server.smtp, source=BAD)
        smtp.hello()
        smtp.command("MAIL FROM:<>")
        for i in range(2):
            start = time.monotonic()
            code, text = smtp.command("RCPT TO:<alice@example.org>")
            took = time.monotonic() - start
            tap.ok(code == 451 and text.startswith("4.3.0") and
                   1.9 < took < 12,
                   f"an answer that does not come, {i + 1}",
                   f"{code} {text} after {took:.1f} s")
        tap.equal(smtp.command("RCPT TO:<postmaster>")[0], 250,
                  "the session goes on, and so does the transaction")
        smtp.send(b"DATA\r\n")
        tap.equal(smtp.reply()[0], 354, "with the recipient that it has")
        smtp.send(b"Subject: x\r\n\r\nx\r\n.\r\n")
        tap.equal(smtp.reply()[0], 250, "and takes the message")
        # one that leaves while it is judged
        smtp.send(b"MAIL FROM:<>\r\nRCPT TO:<alice@example.org>\r\n")
        time.sleep(0.2)
        smtp.close()
        smtp = mailwire.Smtp(server.smtp, source=BAD)
        smtp.hello()
        smtp.send(b"MAIL FROM:<>\r\nRCPT TO:<alice@example.org>\r\n")
        time.sleep(0.2)
    smtp.close()
    tap.ok("question=RCPT" in server.log_tail(10 ** 6), "the log says late")


def check_anchor(server, folder, dns):
    """A zone that should be signed, and is not, and a file of nonsense."""
    anchor = os.path.join(folder, "anchor")
    for text, wanted in (
            ("senders.example. IN DS 1 13 2 " + "ab" * 32, "451 4.4.3"),
            ("other.example. IN DS 1 13 2 " + "ab" * 32, "250"),
            ("this is no anchor", "451 4.4.3")):
        with open(anchor, "w", encoding="ascii") as f:
            f.write(text + "\n")
        with Policy(server, "sender_checks=yes\n", resolver(dns)
                    + f"trust_anchor={anchor}\n"):
            is_said(ask(server, GOOD, sender="x@mx.senders.example"), wanted,
                    f"trust anchor: {text[:25]}")
    tap.ok("the DNS cannot be asked" in server.log_tail(10 ** 6),
           "the log says what is wrong with it", server.log_tail())


def check_late_login(server):
    """The reply to a wrong password waits longer than an answer may, and the
    next attempt does not wait for it."""
    server.configure(accounts="failure_delay=3\n",
                     more="[limits]\nanswer_timeout=1\n")
    server.start()
    try:
        smtp, reply = log_in(server, "alice", "wrong")
        tap.equal(reply[0], 454, "AUTH that is not answered in time")
        text = base64.b64encode(b"\0alice\0a secret").decode()
        tap.equal(smtp.docmd("AUTH", "PLAIN " + text)[0], 235,
                  "and the next one")
        time.sleep(3)
        tap.equal(smtp.docmd("MAIL", "FROM:<alice@example.org>")[0], 250,
                  "the late answer changes nothing")
        smtp.close()
        smtp, reply = log_in(server, "alice", "wrong")
        smtp.close()
    finally:
        tap.equal(server.stop(), 0, "it ends while an answer is late")


def check_helo(server):
    rows = (("mild", "mx.example.org", BAD, "550 5.7.1"),
            ("mild", "[127.0.0.1]", BAD, "550 5.7.1"),
            ("mild", "mx.example.org", "127.0.0.1", "250"),
            ("mild", "short", BAD, "250"),
            ("off", "mx.example.org", BAD, "250"),
            ("strict", "short", BAD, "550 5.7.1"),
            ("strict", "[127.0.0.8]", BAD, "550 5.7.1"),
            ("strict", "[127.0.0.2]", BAD, "250"),
            ("strict", "client.example", BAD, "250"))
    for checks in ("mild", "off", "strict"):
        with Policy(server, f"helo_checks={checks}\n"):
            for _, helo, source, wanted in (r for r in rows
                                            if r[0] == checks):
                is_said(ask(server, source, helo=helo), wanted,
                        f"HELO {helo} from {source}, {checks}")
            is_said(ask(server, BAD, "postmaster", helo="mx.example.org"),
                    "250", f"postmaster, {checks}")


def log_in(server, user, password, source=GOOD):
    smtp = smtplib.SMTP("localhost", server.port(587), timeout=60,
                        source_address=(source, 0))
    smtp.starttls(context=ssl._create_unverified_context())
    smtp.ehlo()
    text = base64.b64encode(f"\0{user}\0{password}".encode()).decode()
    return smtp, smtp.docmd("AUTH", "PLAIN " + text)


def check_sender_login(server):
    rows = (("alice@example.org", 250), ("alice@example.net", 250),
            ("alice+x@example.org", 250), ("sales@example.org", 250),
            ("", 250), ("bob@example.org", 553), ("alice@other.example", 553),
            ("nobody@example.org", 553))
    for wanted in (True, False):
        with Policy(server, "" if wanted else "sender_login=no\n"):
            smtp, reply = log_in(server, "alice", "a secret")
            tap.equal(reply[0], 235, "alice logs in")
            for sender, code in rows:
                got = smtp.docmd("MAIL", f"FROM:<{sender}>")
                tap.equal(got[0], code if wanted else 250,
                          f"she writes as <{sender}>, "
                          f"{'checked' if wanted else 'unchecked'}")
                smtp.docmd("RSET")
            smtp.close()


GREY = "greylist=yes\ngreylist_delay=2\n"


def check_greylist(server):
    with Policy(server, GREY):
        is_said(ask(server, BAD), "451 4.7.1 greylisted, try again in 2 "
                "seconds", "who comes first has to wait")
        is_said(ask(server, BAD), "451 4.7.1", "too early")
        is_said(ask(server, BAD, "nobody@example.org"), "550 5.1.1",
                "nobody is nobody")
        is_said(ask(server, BAD, "postmaster@example.org"), "250",
                "postmaster need not wait")
        smtp, _ = log_in(server, "alice", "a secret")
        smtp.docmd("MAIL", "FROM:<alice@example.org>")
        tap.equal(smtp.docmd("RCPT", "TO:<bob@example.org>")[0], 250,
                  "nor does who logged in")
        smtp.close()
        time.sleep(2.2)
        is_said(ask(server, GOOD), "250", "in time, from a neighbour")
        is_said(ask(server, "127.0.1.1"), "451 4.7.1", "from elsewhere")
        is_said(ask(server, BAD, sender="b@client.example"), "451 4.7.1",
                "another sender")
        server.kill()
        server.start()
        is_said(ask(server, BAD), "250", "it is remembered after kill -9")
    path = os.path.join(server.root, "root", "greylist",
                        "greylist.db")
    for name in (path, path + "-wal", path + "-shm"):
        if os.path.exists(name):
            os.unlink(name)
    with open(path, "wb") as f:
        f.write(b"no database" * 1000)
    with Policy(server, GREY):
        is_said(ask(server, BAD), "250", "a file that is damaged lets pass")
    tap.ok("greylist" in server.log_tail(10 ** 6), "and the log says so")
    os.unlink(path)


def hang_up(server, said):
    """Whether the log says it after SIGHUP."""
    before = server.log_tail(10 ** 6).count(said)
    server.process.send_signal(signal.SIGHUP)
    end = time.monotonic() + 30
    while server.log_tail(10 ** 6).count(said) == before:
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def check_reload(server):
    with Policy(server):
        is_said(ask(server, "127.0.3.1"), "250", "without greylisting")
        server.configure(more=f"[policy]\nexempt=192.0.2.1\n{GREY}")
        tap.ok(hang_up(server, "reloaded"), "a reload", server.log_tail())
        is_said(ask(server, "127.0.3.1"), "451 4.7.1", "turns it on")
        server.configure(more=f"[policy]\n{LISTS}")
        tap.ok(hang_up(server, "[policy] what the DNS is asked for is another "
                       "one now, which takes a restart"),
               "what the sandbox keeps it from takes a restart",
               server.log_tail())


def greeting(server, port, source):
    with socket.create_connection(("127.0.0.1", server.port(port)), 60,
                                  (source, 0)) as s:
        return s.recv(200).decode()


def check_connection_rate(server):
    with Policy(server, more="[limits]\nrate_connections=4\n"):
        said = [greeting(server, 25, BAD)[:3] for _ in range(6)]
        tap.equal(said, ["220"] * 4 + ["421"] * 2,
                  "connections of a minute")
        is_said(greeting(server, 24, BAD), "421", "of all listeners")
        is_said(greeting(server, 143, BAD), "* BYE", "IMAP's too")
        is_said(greeting(server, 25, GOOD), "220", "another's are its own")
    check_proxy_rate(server)
    server.configure(more="[limits]\nrate_connections=4\n")
    server.start()
    try:
        said = {greeting(server, 25, BAD)[:3] for _ in range(8)}
        tap.equal(said, {"220"}, "exempt networks are not counted")
    finally:
        server.stop()


def check_proxy_rate(server):
    """It is the client's rate, not the proxy's."""
    def ask_for(client):
        with socket.create_connection(("127.0.0.1", server.port(80)), 60,
                                      (BAD, 0)) as s:
            s.sendall(f"PROXY TCP4 {client} 127.0.0.1 99 25\r\n".encode())
            return s.recv(200).decode()[:3]

    with Policy(server, more="[limits]\nrate_connections=4\n[listener p]\n"
                f"protocol=smtp\nport={server.port(80)}\nproxy=yes\n"
                f"proxies={BAD}\n"):
        said = [ask_for("203.0.113.5") for _ in range(6)]
        tap.equal(said, ["220"] * 4 + ["421"] * 2,
                  "connections of a client behind a proxy")
        tap.equal([ask_for(f"203.0.113.{n}") for n in range(6, 12)],
                  ["220"] * 6, "of other clients of the proxy")


def check_rates(server):
    with Policy(server, more="[limits]\nrate_messages=3\n"):
        said = [ask(server, BAD)[:9] for _ in range(4)]
        tap.equal(said, ["250 2.1.5"] * 3 + ["450 4.7.1"], "messages")
        is_said(ask(server, GOOD), "250", "of another client")
    with Policy(server, more="[limits]\nrate_recipients=3\n"):
        said = [ask(server, BAD)[:9] for _ in range(4)]
        tap.equal(said, ["250 2.1.5"] * 3 + ["450 4.7.1"], "recipients")
    with Policy(server, more="[limits]\nrate_failed_recipients=3\n"):
        smtp = mailwire.Smtp(server.smtp, source=BAD)
        smtp.hello()
        smtp.command("MAIL FROM:<>")
        said = [smtp.command(f"RCPT TO:<{n}@example.org>")
                for n in ("alice", "x", "y", "z", "alice")]
        tap.ok([s[0] for s in said] == [250, 550, 550, 550, 421] and
               said[4][1].startswith("4.7.1"), "guesses of recipients", said)
        tap.equal(smtp.file.read(), b"", "and it is closed")
        is_said(ask(server, BAD), "421 4.7.1",
                "another connection does not help")
    check_login_rate(server)


def check_login_rate(server):
    with Policy(server, more="[limits]\nrate_failed_logins=3\n"):
        said = []
        for password in ("x", "y", "a secret", "z", "a secret"):
            smtp, reply = log_in(server, "alice", password, BAD)
            smtp.close()
            said.append(reply[0])
        tap.equal(said, [535, 535, 235, 535, 421], "wrong passwords")
        imap = ssl._create_unverified_context().wrap_socket(
            socket.create_connection(("127.0.0.1", server.port(993)), 60,
                                     (BAD, 0)))
        imap.recv(500)
        imap.sendall(b'a LOGIN alice "a secret"\r\n')
        got = imap.recv(500)
        tap.ok(got.startswith(b"a NO "), "IMAP counts with it", got)
        imap.close()
        smtp, reply = log_in(server, "alice", "a secret", GOOD)
        smtp.close()
        tap.equal(reply[0], 235, "from elsewhere she logs in")


def check_faults(server):
    server.configure(more="[policy]\nblock_lists=bl.example:x\n"
                     "[dns]\nresolver=one.example\n")
    status, said = server.check()
    tap.ok(status == 78 and "a weight is a number from 1 to 100" in said and
           "`one.example` is no resolver" in said, "plid -t tells", said)


def check_with_dns(server, folder):
    port = server.port(80)
    try:
        with peers.Unbound(os.path.join(folder, "dns"), port, ZONES):
            check_lists(server, port)
            check_exempt(server, port)
            check_xclient(server, port)
            check_senders(server, port)
            check_anchor(server, folder, port)
    except peers.Missing as why:
        tap.skip("DNS lists and senders", why)


def main():
    folder = tempfile.mkdtemp(prefix="pli-test-")
    certificate = os.path.join(folder, "own")
    plidfile.make_certificate(certificate)
    server = plidfile.Server(folder, certificate)
    server.user("add", "alice", said=b"a secret\n")
    server.user("add", "bob", said=b"b secret\n")
    server.write_aliases("sales: alice, bob\n")
    check_faults(server)
    check_with_dns(server, folder)
    check_deaf(server)
    check_late_login(server)
    check_helo(server)
    check_sender_login(server)
    check_greylist(server)
    check_reload(server)
    check_connection_rate(server)
    check_rates(server)
    shutil.rmtree(folder)
    tap.done()


main()
