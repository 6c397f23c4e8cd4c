# SPDX-License-Identifier: LGPL-2.1-or-later
"""The whole server: mail goes in by SMTP and LMTP and comes out by IMAP."""
import contextlib
import imaplib
import json
import os
import re
import resource
import select
import signal
import smtplib
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "lib"))
import plidev  # noqa: E402

PLID = os.path.join(os.environ.get("G_TEST_BUILDDIR", "build"), "plid")
PORTS = (24, 25, 143, 465, 587, 993)

MESSAGE = (b"From: Ann <ann@example.org>\r\n"
           b"To: bob@example.net\r\n"
           b"Subject: serve\r\n"
           b"Date: Mon, 23 Nov 2026 07:36:44 +0000\r\n"
           b"Message-ID: <1@example.org>\r\n"
           b"MIME-Version: 1.0\r\n"
           b"Content-Type: multipart/mixed; boundary=\"b1\"\r\n"
           b"\r\n"
           b"preamble\r\n"
           b"--b1\r\n"
           b"Content-Type: text/plain; charset=us-ascii\r\n"
           b"\r\n"
           b".dots\r\n..at the start\r\n.\r\n\r\n"
           b"--b1\r\n"
           b"Content-Type: application/octet-stream; name=\"x.bin\"\r\n"
           b"Content-Transfer-Encoding: base64\r\n"
           b"\r\n"
           b"AAECAwQF\r\n"
           b"--b1--\r\n")


class Failed(Exception):
    pass


def check(truth, what):
    if not truth:
        raise Failed(what)


def check_equal(a, b, what):
    check(a == b, f"{what}: {a!r} is not {b!r}")


def free_base():
    """A base with free ports, all above those that need a privilege."""
    for base in range(20000 + os.getpid() % 8000, 60000, 331):
        try:
            for port in PORTS:
                with socket.socket() as s:
                    s.bind(("127.0.0.1", base + port))
        except OSError:
            continue
        return base
    raise Failed("no free ports")


class Server:
    def __init__(self, root):
        self.root = root
        self.base = free_base()
        self.process = None

    def start(self, *extra):
        self.log = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            [PLID, "--dev", "--root", self.root,
             "--port-base", str(self.base), *extra],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=self.log)
        ready, _, _ = select.select([self.process.stdout], [], [], 60)
        line = self.process.stdout.readline() if ready else b""
        if line != b"ready\n":
            self.kill()
            raise Failed(f"the server is not ready: {self.text()}")
        return self

    children = plidev.Server.children
    worker = plidev.Server.worker

    def stop(self):
        """SIGTERM; the exit status."""
        if self.process is None:
            return None
        self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.kill()
            raise Failed("SIGTERM does not end the server") from None
        self.process.stdout.close()
        self.process = None
        return status

    def kill(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process.stdout.close()
            self.process = None

    def text(self):
        self.log.seek(0)
        return self.log.read().decode("utf-8", "replace")

    def counters(self):
        """Of the last line in the log."""
        lines = [line for line in self.text().splitlines()
                 if line.startswith("counters ")]
        check(lines, "there is a counters line")
        return {key: int(value) for key, value
                in re.findall(r" (\w+)=(\d+)(?= |$)", lines[-1])}

    def smtp(self):
        return smtplib.SMTP("127.0.0.1", self.base + 25, timeout=30)

    def lmtp(self):
        return smtplib.LMTP("127.0.0.1", self.base + 24, timeout=30)

    def imap(self, user, password="pass"):
        client = imaplib.IMAP4("127.0.0.1", self.base + 143)
        client.sock.settimeout(30)
        client.login(user, password)
        return client


@contextlib.contextmanager
def serving(root=None):
    with contextlib.ExitStack() as stack:
        if root is None:
            root = stack.enter_context(
                tempfile.TemporaryDirectory(prefix="pli-serve-"))
        server = Server(root)
        stack.callback(server.kill)
        yield server.start()


def send(server, to, message=MESSAGE, sender="ann@example.org"):
    client = server.smtp()
    try:
        client.sendmail(sender, [to] if isinstance(to, str) else to, message)
    finally:
        client.close()


def read_all(server, user, wanted, seconds=30):
    """BODY[] of all messages, once there are that many."""
    end = time.monotonic() + seconds
    while True:
        client = server.imap(user)
        count = int(client.select("INBOX", readonly=True)[1][0])
        if count >= wanted or time.monotonic() > end:
            break
        client.logout()
        time.sleep(0.05)
    check_equal(count, wanted, f"messages of {user}")
    bodies = []
    if count:
        _, data = client.fetch("1:*", "(UID BODY.PEEK[])")
        bodies = [item[1] for item in data if isinstance(item, tuple)]
    client.logout()
    return bodies


def test_smtp_to_imap():
    with serving() as server:
        send(server, "bob@example.net")
        body, = read_all(server, "bob", 1)
        trace, rest = body[:-len(MESSAGE)], body[-len(MESSAGE):]
        check_equal(rest, MESSAGE, "the octets")
        check(re.fullmatch(
            rb"Return-Path: <ann@example\.org>\r\n"
            rb"Received: from [^ ]+ \(\[127\.0\.0\.1\]\)(\r\n\t| )by "
            rb"localhost(\r\n\t| )with ESMTP(\r\n\t| )id [^ ]+"
            rb"(\r\n\t| )for <bob@example\.net>;[^;]*\r\n", trace),
            f"trace fields {trace!r}")
        check(all(len(line) < 78 for line in trace.split(b"\r\n")), "folded")
        client = server.imap("Bob@anywhere")
        client.select("INBOX")
        _, data = client.fetch("1", "(RFC822.SIZE BODYSTRUCTURE ENVELOPE)")
        check(b"RFC822.SIZE %d" % len(body) in data[0], data)
        check(b'"mixed"' in data[0].lower() and b'"x.bin"' in data[0], data)
        _, data = client.fetch("1", "(BODY.PEEK[2])")
        check_equal(data[0][1], b"AAECAwQF", "part 2")
        client.logout()
        check_equal(server.stop(), 0, "exit status")
        counters = server.counters()
        check_equal(counters["octets_received"], len(MESSAGE), "received")
        check_equal(counters["octets_scanned"], len(MESSAGE), "scanned")
        check_equal(counters["derived"], 1, "derived")
        check_equal(counters["rebuilt"], 0, "rebuilt")
        check_equal(counters["messages_accepted"], 1, "accepted")
        check_equal(counters["delivered"], 1, "delivered")


def test_maildir_place():
    with serving() as server:
        send(server, ['"A b"@example.net', '".dot.x"@x'])
        read_all(server, r'"\"a b\"@x"', 1)
        read_all(server, ".dot.x", 1)
        for name in ("a%20b", "%2Edot.x"):
            new = os.path.join(server.root, "mail", name, "Maildir")
            files = [f for folder in ("new", "cur")
                     for f in os.listdir(os.path.join(new, folder))]
            check_equal(len(files), 1, f"files in {new}")


def test_pipelining():
    with serving() as server:
        with socket.create_connection(("127.0.0.1", server.base + 25)) as s:
            s.settimeout(30)
            f = s.makefile("rb")
            check(f.readline().startswith(b"220 "), "greeting")
            s.sendall(b"EHLO me\r\n")
            while f.readline()[3:4] == b"-":
                pass
            s.sendall(b"MAIL FROM:<a@x>\r\nRCPT TO:<pip@x>\r\n"
                      b"RCPT TO:<pip2@x>\r\nDATA\r\n")
            codes = [f.readline()[:3] for _ in range(4)]
            check_equal(codes, [b"250", b"250", b"250", b"354"], "replies")
            s.sendall(b"S: 1\r\n\r\nx\r\n.\r\nMAIL FROM:<>\r\n"
                      b"RCPT TO:<pip@x>\r\nDATA\r\n")
            codes = [f.readline()[:3] for _ in range(4)]
            check_equal(codes, [b"250", b"250", b"250", b"354"], "again")
            s.sendall(b"S: 2\r\n\r\ny\r\n.\r\nQUIT\r\n")
            codes = [f.readline()[:3] for _ in range(2)]
            check_equal(codes, [b"250", b"221"], "the end")
            check_equal(f.read(), b"", "closed")
        bodies = read_all(server, "pip", 2)
        check(bodies[0].endswith(b"S: 1\r\n\r\nx\r\n"), bodies[0])
        check(b" for " not in bodies[0], "no `for` with two recipients")
        check(bodies[1].startswith(b"Return-Path: <>\r\n"), bodies[1])


def test_octet_by_octet():
    with serving() as server:
        with socket.create_connection(("127.0.0.1", server.base + 25)) as s:
            s.settimeout(30)
            s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            f = s.makefile("rb")
            f.readline()
            s.sendall(b"HELO me\r\nMAIL FROM:<a@x>\r\nRCPT TO:<slow>\r\n")
            for _ in range(3):
                f.readline()
            for octet in b"DATA\r\n":
                s.sendall(bytes([octet]))
            check(f.readline().startswith(b"354"), "354")
            for octet in b"S: 1\r\n\r\n..x\r\n.\r\n":
                s.sendall(bytes([octet]))
                time.sleep(0.001)
            check(f.readline().startswith(b"250 "), "250")
        body, = read_all(server, "slow", 1)
        check(body.endswith(b"S: 1\r\n\r\n.x\r\n"), body)
        check(b"with SMTP" in body, "SMTP after HELO")


def test_many_connections():
    """Forty clients at once; every message arrives once, in few syncs."""
    with serving() as server:
        clients = [server.smtp() for _ in range(40)]
        for i, client in enumerate(clients):
            client.ehlo()
            client.docmd("MAIL", "FROM:<a@x>")
            client.docmd("RCPT", "TO:<many%d@x>" % (i % 3))
            client.docmd("DATA")
        for i, client in enumerate(clients):
            client.send(b"N: %d\r\n\r\n.\r\n" % i)
        for client in clients:
            check_equal(client.getreply()[0], 250, "reply")
            client.quit()
        seen = [re.search(rb"\r\nN: (\d+)", body).group(1)
                for n, count in ((0, 14), (1, 13), (2, 13))
                for body in read_all(server, f"many{n}", count)]
        check_equal(sorted(map(int, seen)), list(range(40)), "all arrived")
        server.stop()
        check(server.counters()["syncs"] < 40, "group commit")


def test_large():
    """5 MB in, out by sendfile; a slow reader gets all of it."""
    line = b"0123456789" * 7 + b"\r\n"
    message = b"Subject: large\r\n\r\n" + line * 70000
    with serving() as server:
        send(server, "large", message)
        body, = read_all(server, "large", 1)
        check(body.endswith(message), "the octets")
        with socket.create_connection(("127.0.0.1", server.base + 143)) as s:
            s.settimeout(30)
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
            s.sendall(b"a LOGIN large pass\r\nb SELECT INBOX\r\n"
                      b"c FETCH 1 BODY.PEEK[]\r\nd LOGOUT\r\n")
            time.sleep(0.3)
            seen = b""
            while not seen.endswith(b"d OK") and b"\nd OK" not in seen[-99:]:
                more = s.recv(30000)
                check(more, "all comes before the end")
                seen += more
            check(message in seen, "the octets, slowly")
        server.stop()
        counters = server.counters()
        check_equal(counters["octets_scanned"], len(message), "scanned")
        check_equal(counters["rebuilt"], 0, "rebuilt")


def test_limit_is_rebuilt():
    """At a ceiling of the scan nothing is derived; the mail comes all the
    same, and the counters tell."""
    message = b"".join(b"F%d: x\r\n" % i for i in range(30000)) + b"\r\nx\r\n"
    with serving() as server:
        send(server, "limit", message)
        body, = read_all(server, "limit", 1)
        check(body.endswith(message), "the octets")
        server.stop()
        counters = server.counters()
        check_equal(counters["octets_scanned"], len(message), "scanned")
        check_equal(counters["rebuilt"], 1, "rebuilt")
        check_equal(counters["derived"], 0, "derived")


def test_lmtp():
    with serving() as server:
        client = server.lmtp()
        client.sendmail("a@x", ["one@x", "two@x"], MESSAGE)
        for name in ("one", "two"):
            # no waiting: the reply came after the append
            body, = read_all(server, name, 1, 0)
            check(b"with LMTP" in body, body)
        client.quit()


def test_lmtp_broken_account():
    """One recipient's store cannot be written: 451 4.3.0 for that one."""
    with serving() as server:
        os.makedirs(os.path.join(server.root, "mail"), exist_ok=True)
        with open(os.path.join(server.root, "mail", "bad"), "w") as f:
            f.write("in the way")
        client = server.lmtp()
        client.ehlo()
        client.docmd("MAIL", "FROM:<a@x>")
        client.docmd("RCPT", "TO:<good@x>")
        client.docmd("RCPT", "TO:<bad@x>")
        client.docmd("DATA")
        client.send(b"S: x\r\n\r\n.\r\n")
        first, second = client.getreply(), client.getreply()
        check_equal(first[0], 250, f"good {first}")
        check_equal(second[0], 451, f"bad {second}")
        check(second[1].startswith(b"4.3.0 "), second)
        client.quit()
        read_all(server, "good", 1, 0)
        # it was refused, so it is not ours any more
        os.unlink(os.path.join(server.root, "mail", "bad"))
        server.stop()
        server.start()
        read_all(server, "bad", 0, 0)


def test_retry():
    """An append that fails is repeated until it works; nothing is lost."""
    with serving() as server:
        place = os.path.join(server.root, "mail", "later")
        with open(place, "w") as f:
            f.write("in the way")
        send(server, "later@x")
        time.sleep(0.5)
        os.unlink(place)
        read_all(server, "later", 1)
        server.stop()
        check(server.counters()["delivery_retries"] >= 1, "retried")


def test_restart():
    with serving() as server:
        send(server, "again@x", b"S: 1\r\n\r\n")
        read_all(server, "again", 1)
        check_equal(server.stop(), 0, "exit status")
        server.start()
        send(server, "again@x", b"S: 2\r\n\r\n")
        bodies = read_all(server, "again", 2)
        check(bodies[0].endswith(b"S: 1\r\n\r\n"), bodies)
        client = server.imap("again")
        client.select("INBOX", readonly=True)
        uids = client.fetch("1:*", "(UID)")[1]
        check_equal(uids, [b"1 (UID 1)", b"2 (UID 2)"], "UIDs")
        client.logout()


def test_replay():
    """Acknowledged, not delivered, killed: it is delivered once."""
    with serving() as server:
        place = os.path.join(server.root, "mail", "kept")
        with open(place, "w") as f:
            f.write("in the way")
        for i in range(5):
            send(server, ["kept@x", "free@x"], b"N: %d\r\n\r\n" % i)
        server.kill()
        os.unlink(place)
        server.start()
        bodies = read_all(server, "kept", 5)
        check_equal(sorted(b[-8:-4] for b in bodies),
                    [b"N: %d" % i for i in range(5)], "all of them")
        read_all(server, "free", 5)
        server.stop()
        server.start()
        read_all(server, "kept", 5, 0)
        read_all(server, "free", 5, 0)


def limit_files(server, octets):
    resource.prlimit(server.worker, resource.RLIMIT_FSIZE,
                     (octets, resource.RLIM_INFINITY))


def test_full_disk():
    """452 4.3.1 while files cannot grow, then it recovers by itself."""
    large = b"S: x\r\n\r\n" + b"x" * 70 + b"\r\n"
    large += b"y" * 200000 + b"\r\n"
    with serving() as server:
        send(server, "full@x", b"S: 1\r\n\r\n")
        read_all(server, "full", 1)
        limit_files(server, 16384)
        for message in (large, b"S: small\r\n\r\n" + b"z" * 30000 + b"\r\n"):
            try:
                send(server, "full@x", message)
                raise Failed("it was taken")
            except smtplib.SMTPDataError as error:
                check_equal(error.smtp_code, 452, error)
                check(error.smtp_error.startswith(b"4.3.1 "), error)
        limit_files(server, resource.RLIM_INFINITY)
        send(server, "full@x", large)
        bodies = read_all(server, "full", 2)
        check(bodies[1].endswith(large), "the large one")


def test_unwritable_spool():
    with serving() as server:
        os.rmdir(os.path.join(server.root, "spool", "0"))
        try:
            send(server, "x@x", b"S: x\r\n\r\n" + b"x" * 200000 + b"\r\n")
            raise Failed("it was taken")
        except smtplib.SMTPDataError as error:
            check_equal(error.smtp_code, 451, error)
            check(error.smtp_error.startswith(b"4.3.0 "), error)
        send(server, "x@x", b"S: small\r\n\r\n")
        read_all(server, "x", 1)


def test_login():
    with serving() as server:
        for password in ("", "wrong", "passs", "pas"):
            try:
                server.imap("bob", password or '""')
                raise Failed("logged in")
            except imaplib.IMAP4.error:
                pass
        client = server.imap("New.User@example.org")
        check_equal(client.select("INBOX")[1], [b"0"], "an empty INBOX")
        check(os.path.isdir(os.path.join(server.root, "mail", "new.user",
                                         "Maildir")), "made at login")
        client.logout()


def test_two_sessions():
    """A session sees what another one delivers, at its next NOOP."""
    with serving() as server:
        client = server.imap("pair")
        client.select("INBOX")
        server_sees = []
        for i in range(1, 4):
            send(server, "pair@x", b"N: %d\r\n\r\n" % i)
            read_all(server, "pair", i)
            client.noop()
            server_sees.append(client.response("EXISTS")[1][-1])
        check_equal(server_sees, [b"1", b"2", b"3"], "EXISTS")
        client.logout()


def test_peer_goes():
    """Clients that leave in the middle leave nothing behind."""
    with serving() as server:
        for cut in (b"", b"EHLO", b"EHLO x\r\nMAIL FROM:<a@x>\r\n",
                    b"EHLO x\r\nMAIL FROM:<a@x>\r\nRCPT TO:<gone@x>\r\n"
                    b"DATA\r\nS: x\r\n\r\nhalf"):
            with socket.create_connection(
                    ("127.0.0.1", server.base + 25)) as s:
                s.sendall(cut)
                time.sleep(0.05)
        with socket.create_connection(("127.0.0.1", server.base + 143)) as s:
            s.sendall(b"a LOGIN gone pass\r\nb SELECT INBOX\r\n"
                      b"c FETCH 1:* BODY[]\r\n")
        send(server, "gone@x", b"S: whole\r\n\r\n")
        body, = read_all(server, "gone", 1)
        check(body.endswith(b"S: whole\r\n\r\n"), body)
        check_equal(server.stop(), 0, "exit status")
        check_equal(server.counters()["messages_accepted"], 1, "accepted")


def test_half_close():
    """printf ... | nc: all commands, then FIN, then the replies."""
    with serving() as server:
        with socket.create_connection(("127.0.0.1", server.base + 143)) as s:
            s.settimeout(30)
            s.sendall(b"a LOGIN half pass\r\nb SELECT INBOX\r\nc LOGOUT\r\n")
            s.shutdown(socket.SHUT_WR)
            seen = b""
            while more := s.recv(4096):
                seen += more
            check(b"c OK" in seen, seen)


def run_plid(*arguments):
    return subprocess.run([PLID, *arguments], stdin=subprocess.DEVNULL,
                          capture_output=True, timeout=60)


def test_refusals():
    with serving() as server:
        done = run_plid("--dev", "--root", server.root, "--port-base",
                        str(server.base))
        check_equal(done.returncode, 75, done)
        check(str(server.process.pid).encode() in done.stderr, done)
        with tempfile.TemporaryDirectory() as other:
            done = run_plid("--dev", "--root", other, "--port-base",
                            str(server.base))
        check_equal(done.returncode, 69, done)
        check(b"port %d" % (server.base + 25) in done.stderr, done)
        check_equal(done.stdout, b"", "never ready")
    for arguments in (["--dev"], ["--dev", "--root", "/x"], [], ["x"],
                      ["--root", "/x"], ["--nonsense"],
                      ["--dev", "--root", "/x", "--port-base", "64543"],
                      ["--dev", "--root", "/x", "--port-base", "0",
                       "--address", "0.0.0.0"]):
        check_equal(run_plid(*arguments).returncode, 64, arguments)
    done = run_plid("--version")
    check(done.returncode == 0 and done.stdout.startswith(b"plid "), done)


def test_configuration():
    with tempfile.TemporaryDirectory(prefix="pli-serve-") as folder:
        path = os.path.join(folder, "plid.conf")
        with open(path, "w") as f:
            f.write("[server]\nhostnam=x\nroot=relative\n"
                    "[listener a]\nprotocol=smpt\n")
        done = run_plid("-t", "-c", path)
        check_equal(done.returncode, 78, done)
        check_equal(done.stderr.decode().splitlines(), [
            f"{path}:2: unknown key `hostnam` in [server], did you mean "
            "`hostname`?",
            f"{path}:3: `root` must be an absolute path, such as "
            "/var/lib/pli",
            f"{path}:5: `smpt` is no `protocol`, did you mean `smtp`?",
        ], "errors")
        check_equal(run_plid("-t", "-c", path + "x").returncode, 66, "none")
        base = free_base()
        with open(path, "w") as f:
            f.write(f"[server]\nroot={folder}/root\nlog=json\n"
                    "hostname=mx.test\n"
                    f"[listener a]\nprotocol=smtp\nport={base + 25}\n"
                    "[limits]\nmessage_octets=2K\n")
        check_equal(run_plid("-t", "-c", path).returncode, 0, "good")
        process = subprocess.Popen([PLID, "-c", path], stderr=subprocess.PIPE,
                                   stdout=subprocess.PIPE)
        try:
            check_equal(process.stdout.readline(), b"ready\n", "ready")
            client = smtplib.SMTP("127.0.0.1", base + 25, timeout=30)
            client.ehlo()
            check_equal(client.esmtp_features["size"], "2048", "SIZE")
            client.sendmail("a@x", "b@x", b"S: x\r\n\r\n")
            client.quit()
        finally:
            process.terminate()
            _, log = process.communicate(timeout=60)
        check_equal(process.returncode, 0, "exit status")
        events = [json.loads(line)["event"] for line in log.splitlines()]
        for event in ("notice", "message", "session", "counters"):
            check(event in events, f"{event} in {events}")


def test_signals():
    with serving() as server:
        send(server, "sig@x", b"S: x\r\n\r\n")
        server.process.send_signal(signal.SIGUSR1)
        end = time.monotonic() + 30
        while "counters " not in server.text() and time.monotonic() < end:
            time.sleep(0.02)
        check_equal(server.counters()["messages_accepted"], 1, "accepted")
        idle = server.smtp()
        server.process.send_signal(signal.SIGINT)
        check_equal(server.process.wait(30), 0, "SIGINT")
        idle.close()


def main():
    tests = [(name[5:].replace("_", "-"), func)
             for name, func in globals().items() if name.startswith("test_")]
    if len(sys.argv) > 1:
        tests = [test for test in tests if test[0] in sys.argv[1:]]
    print(f"1..{len(tests)}")
    failed = 0
    for number, (name, func) in enumerate(tests, 1):
        try:
            func()
            print(f"ok {number} /daemon/serve/{name}", flush=True)
        except Exception as error:  # a test's failure, whatever it is
            failed += 1
            print(f"not ok {number} /daemon/serve/{name}")
            for line in f"{type(error).__name__}: {error}".splitlines():
                print(f"# {line}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
