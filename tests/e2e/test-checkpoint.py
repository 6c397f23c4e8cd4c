# SPDX-License-Identifier: LGPL-2.1-or-later
"""CHECKPOINT end to end (RFC 1845): connections cut and servers killed in the
middle of messages, which go on where they were and arrive once, unchanged."""
import base64
import glob
import os
import re
import shutil
import signal
import socket
import ssl
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "lib"))
import maildir  # noqa: E402
import mailwire  # noqa: E402
import plidfile  # noqa: E402
import tap  # noqa: E402

LIMITS = ("[limits]\ncheckpoint_messages=4\ncheckpoint_client_messages=3\n"
          "checkpoint_octets=8M\ncheckpoint_client_octets=6M\n"
          "checkpoint_hours=49\n")


def make_message(subject, lines=40000):
    head = b"Subject: %s\r\nFrom: a@client.test\r\n\r\n" % subject.encode()
    return head + b"".join(b".%d %s\r\n" % (n, b"x" * (n % 90))
                           for n in range(lines))


class Client:
    """A session in which transactions break off."""

    def __init__(self, server, port=25, name="client.test", source=None,
                 tls=False):
        self.smtp = mailwire.Smtp.__new__(mailwire.Smtp)
        self.smtp.socket = socket.create_connection(
            ("127.0.0.1", server.port(port)), 60,
            source_address=(source, 0) if source else None)
        self.smtp.file = self.smtp.socket.makefile("rb")
        self.smtp.reply()
        self.offers = self.smtp.command("EHLO " + name)[1].split("\n")[1:]
        if tls:
            self.start_tls()
            self.smtp.command("EHLO " + name)

    def start_tls(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        self.smtp.command("STARTTLS")
        self.smtp.file.close()
        self.smtp.socket = context.wrap_socket(self.smtp.socket)
        self.smtp.file = self.smtp.socket.makefile("rb")

    def mail(self, transid, sender="a@client.test", more=""):
        return self.smtp.command(
            f"MAIL FROM:<{sender}> TRANSID=<{transid}>{more}")

    def begin(self, transid, rcpts=("alice",), **options):
        """To 354."""
        got = self.mail(transid, **options)
        if got[0] != 250:
            return got
        for name in rcpts:
            self.smtp.command(f"RCPT TO:<{name}@example.org>")
        return self.smtp.command("DATA")

    def cut(self, octets=b""):
        self.smtp.send(octets)
        self.smtp.socket.shutdown(socket.SHUT_WR)
        # the server has read it all when it closes
        try:
            while self.smtp.socket.recv(65536):
                pass
        except OSError:
            pass
        self.smtp.close()

    def finish(self, octets):
        self.smtp.send(mailwire.dot_stuffed(octets))
        return self.smtp.reply()

    def close(self):
        self.smtp.close()


def stuffed(octets):
    return mailwire.dot_stuffed(octets)[:-3]


def offset_of(reply):
    m = re.match(r"(\d+) is the transaction offset", reply[1])
    return int(m[1]) if reply[0] == 355 and m else None


def files(server, suffix="part"):
    return glob.glob(os.path.join(server.root, "root", "checkpoint",
                                  "*." + suffix))


def take_up(server, transid, **options):
    """A new session that says MAIL again; it and the offset, None without."""
    new = {k: options.pop(k) for k in ("port", "name", "source")
           if k in options}
    client = Client(server, **new)
    for _ in range(100):
        reply = client.mail(transid, **options)
        if reply[0] != 451:
            break
        time.sleep(0.05)
    return client, offset_of(reply)


def check_arrived(server, subject, message, what, account="alice"):
    root = os.path.join(server.root, "root")
    got = maildir.wait_for(root, account, subject)
    tap.ok(got.endswith(b"\r\n" + message) or got.endswith(message),
           f"{what}: every octet is there", f"{len(got)} of {len(message)}")
    same = [m for m in maildir.read_all(root, account)
            if b"Subject: " + subject.encode() + b"\r\n" in m]
    tap.equal(len(same), 1, f"{what}: once")


def go_on(client, message, offset, what):
    reply = client.smtp.command("DATA")
    tap.equal(reply[0], 354, f"{what}: DATA goes on")
    tap.ok(f" {offset} " in reply[1], f"{what}: and says where", reply)
    reply = client.finish(message[offset:])
    tap.equal(reply[0], 250, f"{what}: it is accepted")
    client.close()


def check_cut(server):
    message = make_message("cut")
    client = Client(server)
    tap.ok("CHECKPOINT" in client.offers, "EHLO offers it", client.offers)
    tap.equal(client.begin("1@c.test", rcpts=("alice", "bob"))[0], 354,
              "cut: DATA")
    sent = stuffed(message)[:2_000_001]
    client.cut(sent)
    wait_released(server, 1)
    server.kill()
    tap.equal(len(files(server)), 1, "cut: it is kept over kill -9")
    server.start()
    client, offset = take_up(server, "1@c.test")
    tap.ok(offset and 0 < offset <= len(sent)
           and message[offset - 2:offset] == b"\r\n",
           "cut: 355 names the last whole line", offset)
    whole = len(sent.rsplit(b"\r\n", 1)[0].replace(b"\r\n..", b"\r\n.")) + 2
    tap.equal(offset, whole, "cut: all of them")
    tap.equal(client.smtp.command("RCPT TO:<bob@example.org>")[0], 250,
              "cut: a recipient again")
    tap.equal(client.smtp.command("RCPT TO:<eve@example.org>")[0], 503,
              "cut: another one is not let in")
    go_on(client, message, offset, "cut")
    check_arrived(server, "cut", message, "cut")
    check_arrived(server, "cut", message, "cut, bob", account="bob")
    tap.equal(files(server), [], "cut: nothing is kept any more")
    counters = read_counters(server)
    tap.equal([counters[k] for k in ("octets_received", "octets_scanned",
                                     "resumed_octets", "scan_mismatches")],
              [len(message) - offset, len(message) - offset, offset, 0],
              "cut: what was kept is scanned again, and counted")


def read_counters(server):
    server.process.send_signal(signal.SIGUSR1)
    for _ in range(100):
        time.sleep(0.05)
        with open(server.log_path, encoding="utf-8", errors="replace") as f:
            lines = [x for x in f if " counters " in x
                     or x.startswith("counters ")]
        if lines:
            return {k: int(v) for k, v in re.findall(r"(\w+)=(\d+)",
                                                     lines[-1])}
    return {}


def check_killed(server):
    """The server dies while octets come, three times."""
    message = make_message("killed", 60000)
    offset = 0
    for turn in range(3):
        client, got = take_up(server, "2@c.test")
        if turn == 0:
            client.smtp.command("RCPT TO:<alice@example.org>")
        else:
            tap.ok(got and got >= offset, f"killed: turn {turn} goes on",
                   (got, offset))
            offset = got or 0
        client.smtp.command("DATA")
        client.smtp.send(stuffed(message[offset:offset + 1_000_000]))
        end = time.monotonic() + 20
        size = (offset + 900_000) if turn < 2 else 0
        while time.monotonic() < end and sum(
                os.path.getsize(f) for f in files(server)) < size:
            time.sleep(0.02)
        server.kill()
        client.close()
        server.start()
    client, offset = take_up(server, "2@c.test")
    tap.ok(offset and offset > 1_500_000, "killed: most of it is there",
           offset)
    go_on(client, message, offset, "killed")
    check_arrived(server, "killed", message, "killed")


def check_accepted(server):
    """The reply was lost: whoever asks again is told."""
    message = make_message("lost reply", 10)
    client = Client(server)
    client.begin("3@c.test")
    client.smtp.send(mailwire.dot_stuffed(message))
    client.smtp.socket.close()
    client.smtp.file.close()
    maildir.wait_for(os.path.join(server.root, "root"), "alice",
                     "lost reply")
    for again in range(2):
        client, offset = take_up(server, "3@c.test")
        tap.equal(offset, len(message), "accepted: all of it is here")
        tap.equal(client.smtp.command("DATA")[0], 354, "accepted: DATA")
        client.smtp.send(b".\r\n")
        reply = client.smtp.reply()
        tap.ok(reply[0] == 250 and "before" in reply[1],
               "accepted: nothing is left to send", reply)
        if again:
            tap.equal(client.mail("3@c.test")[0], 355,
                      "accepted: in the same session, too")
            client.smtp.command("BDAT 0 LAST")
        client.close()
        if not again:
            server.kill()
            server.start()
    client, offset = take_up(server, "3@c.test")
    client.smtp.command("DATA")
    tap.equal(client.finish(b"more\r\n")[0], 554,
              "accepted: more octets are none of it")
    client.close()
    check_arrived(server, "lost reply", message, "accepted")
    tap.equal(files(server), [], "accepted: without its octets")


def check_identity(server):
    message = make_message("identity", 5000)
    half = stuffed(message)[:100_000]

    client = Client(server)
    client.begin("4@c.test")
    client.cut(half)
    for what, options in (
            ("another sender", {"sender": "b@client.test"}),
            ("another client", {"source": "127.0.0.2"}),
            ("another name in EHLO", {"name": "other.test"}),
            ("BODY", {"more": " BODY=BINARYMIME"}),
            ("SMTPUTF8", {"more": " SMTPUTF8"})):
        client, offset = take_up(server, "4@c.test", **options)
        tap.equal(offset, None, f"identity: {what} is another transaction")
        client.cut()
    client, offset = take_up(server, "4@C.test")
    tap.equal(offset, None, "identity: TRANSID has its case")
    client.cut()
    client, offset = take_up(server, "4@c.test", name="CLIENT.TEST")
    tap.ok(offset, "identity: a domain has none", offset)
    client.smtp.command("RSET")
    client.close()
    client, offset = take_up(server, "4@c.test")
    tap.equal(offset, None, "identity: RSET gave it up")
    client.cut()


def check_account(server):
    """Who logs in may come from anywhere."""
    message = make_message("account", 5000)
    login = base64.b64encode(b"\0bob\0b secret").decode()

    def session(source=None):
        client = Client(server, 587, source=source, tls=True)
        return client, client.smtp.command("AUTH PLAIN " + login)[0]

    client, code = session()
    tap.equal(code, 235, "account: AUTH")
    client.begin("5@c.test", sender="bob@example.org")
    client.cut(stuffed(message)[:100_000])
    client, _ = session("127.0.0.3")
    for _ in range(100):
        reply = client.mail("5@c.test", sender="bob@example.org")
        if reply[0] != 451:
            break
        time.sleep(0.05)
    offset = offset_of(reply)
    tap.ok(offset, "account: from another address", reply)
    go_on(client, message, offset or 0, "account")
    check_arrived(server, "account", message, "account")


def check_busy(server):
    client = Client(server)
    client.begin("6@c.test")
    client.smtp.send(stuffed(make_message("busy", 9000)))
    for _ in range(100):
        if files(server):
            break
        time.sleep(0.05)
    other = Client(server)
    reply = other.mail("6@c.test")
    tap.ok(reply[0] == 451 and "another connection" in reply[1],
           "busy: while it is open elsewhere", reply)
    other.close()
    client.smtp.send(b".\r\n")
    tap.equal(client.smtp.reply()[0], 250, "busy: which goes on")
    client.close()


def check_bounds(server):
    # octets of a client
    client = Client(server)
    client.begin("7@c.test")
    message = make_message("bounds", 200000)
    client.cut(stuffed(message)[:7_000_000])
    client, offset = take_up(server, "7@c.test")
    tap.equal(offset, None, "bounds: too many octets are not kept")
    client.cut()
    # and yet such a message arrives
    client = Client(server)
    client.begin("8@c.test")
    tap.equal(client.finish(message)[0], 250, "bounds: which can arrive")
    client.close()
    # transactions of a client, 3, and in all, 4
    small = stuffed(make_message("bounds", 1000))
    for n in range(5):
        client = Client(server, source="127.0.0.5" if n == 4 else None)
        client.begin(f"many{n}@c.test")
        client.cut(small)
    deadline = time.monotonic() + 10
    while len(files(server)) < 4 and time.monotonic() < deadline:
        time.sleep(0.05)
    tap.equal(len(files(server)), 4, "bounds: three of one client, and one")
    client = Client(server, source="127.0.0.6")
    client.begin("one more@c.test".replace(" ", "."))
    client.cut(small)
    time.sleep(0.5)
    tap.equal(len(files(server)), 4, "bounds: no more than four")
    # too old
    for path in files(server):
        os.utime(path, (time.time() - 50 * 3600,) * 2)
    client, offset = take_up(server, "many0@c.test")
    tap.equal(offset, None, "age: after 49 hours it is forgotten")
    client.cut()
    server.stop()
    server.start()
    deadline = time.monotonic() + 10
    while files(server) and time.monotonic() < deadline:
        time.sleep(0.05)
    tap.equal(files(server), [], "age: and removed")


def check_damaged(server):
    client = Client(server)
    client.begin("9@c.test")
    client.cut(stuffed(make_message("damaged", 5000))[:150_000])
    wait_released(server, 1)
    with open(files(server)[0], "r+b") as f:
        f.seek(40_000)
        octet = f.read(1)
        f.seek(40_000)
        f.write(bytes([octet[0] ^ 1]))
    client, offset = take_up(server, "9@c.test")
    tap.equal(offset, None, "damaged: one octet changed, nothing is believed")
    tap.equal(files(server), [], "damaged: it is removed")
    client.cut()


def wait_released(server, n):
    deadline = time.monotonic() + 10
    while len(files(server)) < n and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(0.3)


def wait_rcpt(server, name, code):
    """Until the file of accounts is the one that was read."""
    for _ in range(100):
        probe = Client(server)
        probe.smtp.command("MAIL FROM:<>")
        got = probe.smtp.command(f"RCPT TO:<{name}@example.org>")[0]
        probe.close()
        if got == code:
            return
        time.sleep(0.1)


def check_recipient_gone(server):
    server.user("add", "cleo", said=b"c secret\n")
    wait_rcpt(server, "cleo", 250)
    client = Client(server)
    client.begin("10@c.test", rcpts=("alice", "cleo"))
    client.cut(stuffed(make_message("gone", 5000))[:100_000])
    wait_released(server, 1)
    server.user("remove", "cleo")
    wait_rcpt(server, "cleo", 550)
    client, offset = take_up(server, "10@c.test")
    tap.equal(offset, None, "recipient gone: it begins anew")
    client.cut()
    client, offset = take_up(server, "10@c.test")
    tap.equal(files(server), [], "recipient gone: the rest is removed")
    client.cut()


def check_chunks(server):
    body = (b"Subject: chunks\r\n\r\n" + b"".join(
        b"%d\0\n\r\n" % n for n in range(30000)))
    client = Client(server)
    more = " BODY=BINARYMIME"
    client.mail("11@c.test", more=more)
    client.smtp.command("RCPT TO:<alice@example.org>")
    client.smtp.send(b"BDAT 100000\r\n" + body[:100000])
    client.smtp.reply()
    client.cut(b"BDAT 90000\r\n" + body[100000:150001])
    server.stop()
    server.start()
    client, offset = take_up(server, "11@c.test", more=more)
    tap.equal(offset, body[:150001].rindex(b"\r\n") + 2,
              "chunks: half a chunk is kept")
    rest = body[offset:]
    client.smtp.send(b"BDAT 10\r\n" + rest[:10])
    tap.equal(client.smtp.reply()[1].split()[1], str(offset + 10),
              "chunks: the count goes on")
    client.smtp.send(b"BDAT %d LAST\r\n" % (len(rest) - 10) + rest[10:])
    tap.equal(client.smtp.reply()[0], 250, "chunks: accepted")
    client.close()
    got = maildir.wait_for(os.path.join(server.root, "root"), "alice",
                           "chunks")
    encoded = got.split(b"base64\r\n", 1)[-1].split(b"\r\n\r\n", 1)[-1]
    tap.ok(base64.b64decode(encoded) == body.split(b"\r\n\r\n", 1)[1],
           "chunks: it comes whole, and converted", got[:600])
    client, offset = take_up(server, "11@c.test", more=more)
    tap.equal(offset, len(body), "chunks: told in the octets that were sent")
    client.close()
    # QUIT in the middle gives it up
    client = Client(server)
    client.mail("12@c.test")
    client.smtp.command("RCPT TO:<alice@example.org>")
    client.smtp.send(b"BDAT 6\r\nA: b\r\n")
    client.smtp.reply()
    client.smtp.command("QUIT")
    client.close()
    client, offset = take_up(server, "12@c.test")
    tap.equal(offset, None, "chunks: QUIT gives it up")
    client.cut()


def check_refused(server):
    """What is refused is not taken up, what fails for now is."""
    client = Client(server)
    client.begin("13@c.test")
    client.smtp.send(b"A: b\r\n\r\n" + b"x\r\n" * 60000 + b"bare\nLF\r\n.\r\n")
    tap.equal(client.smtp.reply()[0], 550, "refused: a bare LF")
    client.close()
    client, offset = take_up(server, "13@c.test")
    tap.equal(offset, None, "refused: it begins anew")
    client.cut()


def check_prdr(server):
    message = make_message("prdr", 10)
    client = Client(server)
    client.begin("14@c.test", rcpts=("alice", "bob"), more=" PRDR")
    client.smtp.send(mailwire.dot_stuffed(message))
    tap.equal([client.smtp.reply()[0] for _ in range(4)],
              [353, 250, 250, 250], "prdr: a reply for each")
    client.close()
    check_arrived(server, "prdr", message, "prdr")


def check_workers(server):
    """What one worker kept another one takes up."""
    server.stop()
    server.configure(smtp="checkpoint=yes\n", server="workers=3\n")
    server.start()
    message = make_message("workers")
    client = Client(server)
    client.begin("15@c.test")
    client.smtp.send(stuffed(message)[:1_500_000])
    deadline = time.monotonic() + 20
    while sum(map(os.path.getsize, files(server))) < 1_000_000 \
            and time.monotonic() < deadline:
        time.sleep(0.05)
    others = [Client(server) for _ in range(4)]
    for other in others:
        tap.equal(other.mail("15@c.test")[0], 451,
                  "workers: none takes what another has")
        other.close()
    for pid in server.children("worker"):
        os.kill(pid, signal.SIGKILL)
    client.close()
    for _ in range(200):
        try:
            client, offset = take_up(server, "15@c.test")
            break
        except OSError:
            time.sleep(0.05)
    tap.ok(offset and offset >= 900_000, "workers: all of them killed",
           offset)
    go_on(client, message, offset or 0, "workers")
    check_arrived(server, "workers", message, "workers")
    for _ in range(6):
        client, offset = take_up(server, "15@c.test")
        tap.equal(offset, len(message), "workers: each of them knows it")
        client.close()


def check_reload(server):
    for what, options in (
            ("[smtp] checkpoint", {"more": LIMITS}),
            ("[limits] checkpoint_...",
             {"smtp": "checkpoint=yes\n",
              "more": LIMITS.replace("=49", "=50")})):
        server.configure(**options)
        server.process.send_signal(signal.SIGHUP)
        text = what + " is another one now, which takes a restart"
        for _ in range(100):
            if text in server.log_tail():
                break
            time.sleep(0.05)
        tap.ok(text in server.log_tail(), f"reload: {what} waits",
               server.log_tail())
    server.configure(smtp="checkpoint=yes\n", more=LIMITS)
    client = Client(server)
    tap.ok("CHECKPOINT" in client.offers, "reload: it is offered on")
    client.close()


def check_off(server):
    server.stop()
    server.configure()
    server.start()
    client = Client(server)
    tap.ok("CHECKPOINT" not in client.offers, "off: not offered")
    tap.equal(client.mail("1@c.test")[0], 555, "off: TRANSID is refused")
    client.close()
    smtp = mailwire.Smtp(server.port(24))
    text = smtp.command("LHLO x")[1]
    tap.ok("CHECKPOINT" not in text, "LMTP: not offered", text)
    smtp.close()


def main():
    if not shutil.which("openssl"):
        tap.skip_all("openssl is not installed")
    with tempfile.TemporaryDirectory(prefix="pli-test-") as folder:
        certificate = os.path.join(folder, "own")
        plidfile.make_certificate(certificate)
        server = plidfile.Server(folder, certificate)
        server.configure(smtp="checkpoint=yes\n", more=LIMITS)
        server.user("add", "alice", said=b"a secret\n")
        server.user("add", "--secret", "bob", said=b"b secret\n")
        server.write_aliases("# none\n")
        try:
            server.start()
            for check in (check_cut, check_killed, check_accepted,
                          check_identity, check_account, check_busy,
                          check_bounds, check_damaged, check_recipient_gone, check_reload,
                          check_chunks, check_refused, check_prdr,
                          check_workers, check_off):
                check(server)
            tap.equal(server.stop(), 0, "SIGTERM ends it with 0")
        finally:
            server.close()
    tap.done()


main()
