# SPDX-License-Identifier: LGPL-2.1-or-later
"""The PROXY protocol ahead of SMTP, LMTP, submission and IMAP, in the clear and
ahead of TLS: by hand, from curl and swaks, and with HAProxy in front."""
import imaplib
import os
import re
import shutil
import smtplib
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "lib"))
import maildir  # noqa: E402
import mailwire  # noqa: E402
import peers  # noqa: E402
import plidev  # noqa: E402
import plidfile  # noqa: E402
import tap  # noqa: E402

LINE = b"PROXY TCP4 192.0.2.77 198.51.100.1 40000 25\r\n"
SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
# name, protocol, tls, the offset of its port
DOORS = (("psmtp", "smtp", "starttls", 80), ("plmtp", "lmtp", "none", 190),
         ("psubmit", "submission", "implicit", 465),
         ("pimap", "imap", "starttls", 110),
         ("pimaps", "imap", "implicit", 995))
MAIL = b"Subject: %s\r\nFrom: ada@test.invalid\r\n\r\nx\r\n"


def binary(command, family, rest):
    return (SIGNATURE + bytes([0x20 + command, family])
            + struct.pack(">H", len(rest)) + rest)


def read_log(server):
    with open(server.log_path, "rb") as f:
        return f.read().decode("utf-8", "replace").splitlines()


def wait_line(server, *words, seconds=15):
    """A line of the log that has all of `words`; "" when none comes."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for line in read_log(server):
            if all(word in line for word in words):
                return line
        time.sleep(0.05)
    return ""


def connect(port, octets=b"", source="127.0.0.1"):
    s = socket.create_connection(("127.0.0.1", port), 20, (source, 0))
    s.sendall(octets)
    return s


def hear(s):
    """What comes until the end, a second of silence or a whole line."""
    got = b""
    try:
        while not got.endswith(b"\n"):
            more = s.recv(4096)
            if not more:
                return got + b"<closed>"
            got += more
    except ConnectionResetError:
        return got + b"<closed>"
    except TimeoutError:
        return got + b"<silence>"
    return got


def try_headers(server):
    """Each version, in one piece with what follows, and octet by octet."""
    port = server.port(80)
    v4 = socket.inet_aton("192.0.2.78") + socket.inet_aton("198.51.100.1")
    v6 = socket.inet_pton(socket.AF_INET6, "2001:db8::78") * 2
    ports = struct.pack(">HH", 40001, 25)
    for name, header, peer in (
            ("v1", LINE, "peer=192.0.2.77 peer_port=40000 "
             "destination=198.51.100.1 destination_port=25 via=127.0.0.1"),
            ("v1 UNKNOWN", b"PROXY UNKNOWN 1 2\r\n", "peer=127.0.0.1 end"),
            ("v2", binary(1, 0x11, v4 + ports + b"\x04\0\x01z"),
             "peer=192.0.2.78 peer_port=40001"),
            ("v2, IPv6", binary(1, 0x21, v6 + ports),
             "peer=IPv6:2001:db8::78 peer_port=40001"),
            ("v2 LOCAL", binary(0, 0, b""), "peer=127.0.0.1 end")):
        for slowly in (False, True):
            with connect(port) as s:
                for piece in ([bytes([o]) for o in header] if slowly
                              else [header]):
                    s.sendall(piece)
                    time.sleep(0.002 if slowly else 0)
                greeting = hear(s)
                s.sendall(b"QUIT\r\n")
                bye = hear(s)
            words = (f"{name}, octet by octet" if slowly else name)
            tap.ok(greeting.startswith(b"220 ") and bye.startswith(b"221"),
                   words, (greeting, bye))
        line = wait_line(server, "session ", peer)
        tap.ok(line, f"{name}: the log has the client", read_log(server)[-5:])
    with connect(port, LINE + b"QUIT\r\n") as s:
        tap.ok(hear(s).startswith(b"220"), "what follows is the client's")


def try_bad(server):
    for name, octets, why in (
            ("SMTP without it", b"EHLO test.example\r\n",
             "the octets are no PROXY header"),
            ("a line without CR", LINE.replace(b"\r", b""),
             "the line does not end in CRLF"),
            ("a line that is too long", b"PROXY UNKNOWN " + b"x" * 200,
             "the line is longer than 107 octets"),
            ("NUL in the line", LINE.replace(b"77 ", b"77\0 "),
             "no printable ASCII"),
            ("another version", SIGNATURE + b"\x31\x11\0\0",
             "the version is not 2"),
            ("a wrong checksum", binary(1, 0, b"\x03\0\x04zzzz"),
             "the checksum is wrong"),
            ("64 KiB", SIGNATURE + b"\x21\x11\xff\xff",
             "the header is longer than 16384 octets"),
            ("TLS without it", b"\x16\x03\x01\x02\0",
             "the octets are no PROXY header")):
        for door in (80, 995):
            with connect(server.port(door), octets) as s:
                got = hear(s)
            tap.equal(got, b"<closed>", f"{name}: closed")
        line = wait_line(server, "refused ", why)
        tap.ok("peer=127.0.0.1" in line and "reason=" in line,
               f"{name}: the log says why", read_log(server)[-3:])
    with connect(server.port(80), LINE[:20]) as s:
        s.shutdown(socket.SHUT_WR)
        tap.equal(hear(s), b"<closed>", "half a header and the end: closed")
    start = time.monotonic()
    with connect(server.port(80), LINE[:20]) as s:
        got = hear(s)
    tap.ok(got == b"<closed>" and 4 < time.monotonic() - start < 15,
           "half a header and nothing more: closed after five seconds", got)
    tap.ok(wait_line(server, "refused ", "did not come whole in time"),
           "and the log says so")


def try_unlisted(server):
    for door, wanted in ((80, b"421 4.7.0 Only proxies connect here\r\n"),
                         (110, b"* BYE Only proxies connect here\r\n"),
                         (995, b"<closed>")):
        with connect(server.port(door), LINE, "127.0.0.9") as s:
            tap.equal(hear(s), wanted, f"no proxy of ours at {door}")
    tap.ok(wait_line(server, "refused ", "peer=127.0.0.9"),
           "the log has its own address")


def try_limit(server):
    """Two connections a client: the real ones are counted."""
    port = server.port(80)
    held = [connect(port, LINE.replace(b"77", b"%d" % n))
            for n in (91, 91, 92)]
    tap.ok(all(hear(s).startswith(b"220") for s in held),
           "two of one client, one of another")
    with connect(port, LINE.replace(b"77", b"91")) as s:
        got = hear(s)
    tap.ok(got.startswith(b"421 4.7.0 Too many connections from your"),
           "the third is refused", got)
    held[0].sendall(b"QUIT\r\n")
    hear(held[0])
    held[0].close()
    end = time.monotonic() + 10
    while time.monotonic() < end:
        with connect(port, LINE.replace(b"77", b"91")) as s:
            got = hear(s)
        if got.startswith(b"220"):
            break
    tap.ok(got.startswith(b"220"), "and let in once another one has gone", got)
    for s in held:
        s.close()


def run(*command, octets=b""):
    got = subprocess.run(command, input=octets, stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT, timeout=60)
    return got.returncode, got.stdout.decode("utf-8", "replace")


def try_swaks(server, data):
    if not shutil.which("swaks"):
        tap.skip("swaks", "it is not installed")
        return
    for version, door, protocol, more in (
            ("1", 80, "ESMTP", ()), ("2", 80, "ESMTP", ()),
            ("2", 190, "LMTP", ("--protocol", "LMTP"))):
        subject = f"swaks {version} {protocol}"
        family = "TCP4" if version == "1" else "AF_INET"
        status, said = run(
            "swaks", "--server", "127.0.0.1", "--port",
            str(server.port(door)), "--from", "ada@client.test", "--to",
            "alice@example.org", "--header", f"Subject: {subject}",
            "--proxy-version", version, "--proxy-family", family,
            "--proxy-source", "203.0.113.5", "--proxy-source-port", "5555",
            "--proxy-dest", "198.51.100.1", "--proxy-dest-port", "25", *more)
        tap.ok(status == 0, f"{subject}: sent", said)
        got = maildir.wait_for(data, "alice", subject)
        tap.ok(re.search(rb"Received: from \S+ \(\[203\.0\.113\.5\]\)", got),
               f"{subject}: Received has the client", got[:300])


def try_curl(server):
    if not shutil.which("curl"):
        tap.skip("curl", "it is not installed")
        return
    for url, more in ((f"imaps://127.0.0.1:{server.port(995)}/INBOX",
                       ("-u", "alice:a secret")),
                      (f"smtp://127.0.0.1:{server.port(80)}/test.example",
                       ("--mail-from", "ada@client.test", "--mail-rcpt",
                        "alice@example.org", "-T", "-"))):
        status, said = run("curl", "-sS", "-k", "--haproxy-protocol", url,
                           *more, octets=MAIL % b"curl")
        tap.ok(status == 0, "curl --haproxy-protocol " + url[:5], said)
    tap.ok(wait_line(server, "session ", "protocol=imap", "via=127.0.0.1",
                     "tls=TLSv1"), "curl: under TLS behind the header")


def send_through(port, name, use_tls, context):
    factory = (lambda *a, **k: smtplib.SMTP_SSL(*a, context=context, **k)) \
        if use_tls else smtplib.SMTP
    with factory("127.0.0.1", port, timeout=30,
                 source_address=("127.0.0.7", 0)) as smtp:
        if use_tls:
            smtp.login("alice", "a secret")
        smtp.sendmail("ada@client.test", ["alice@example.org"],
                      MAIL % name.encode())


def read_through(port, context):
    with imaplib.IMAP4_SSL("127.0.0.1", port, ssl_context=context) as imap:
        imap.login("alice", "a secret")
        return imap.select("INBOX", readonly=True)[0]


def try_haproxy(server, data, folder, context):
    base = plidev.free_port_base()
    ways = [(base + offset, server.port(target), options)
            for offset, target, options in (
                (25, 80, "send-proxy"), (24, 80, "send-proxy-v2"),
                (80, 80, "send-proxy-v2 proxy-v2-options "
                 "crc32c,unique-id check check-send-proxy inter 500"),
                (465, 465, "send-proxy-v2"), (993, 995, "send-proxy"),
                (995, 995, "send-proxy-v2"), (143, 110, "send-proxy-v2"),
                (587, 80, ""))]
    try:
        haproxy = peers.HAProxy(folder, ways)
    except peers.Missing as why:
        tap.skip("HAProxy in front", why)
        return
    with haproxy:
        for offset, name in ((25, "v1"), (24, "v2"), (80, "v2, checksum"),
                             (465, "submission, v2 ahead of TLS")):
            name = "haproxy " + name
            send_through(base + offset, name, offset == 465, context)
            got = maildir.wait_for(data, "alice", name)
            tap.ok(b"([127.0.0.7])" in got, f"{name}: Received has the client",
                   got[:300])
        for offset in (993, 995):
            tap.equal(read_through(base + offset, context), "OK",
                      f"haproxy: IMAP under TLS at {offset}")
        with connect(base + 143, source="127.0.0.8") as s:
            tap.ok(hear(s).startswith(b"* OK"), "haproxy: IMAP")
        tap.ok(wait_line(server, "session ", "protocol=imap",
                         "peer=127.0.0.8", "via=127.0.0.1"),
               "haproxy: the log of IMAP has the client")
        with connect(base + 587) as s:
            s.sendall(b"EHLO test.example\r\n")
            tap.ok(hear(s) == b"<closed>", "haproxy without send-proxy")
        tap.ok("DOWN" not in haproxy.log(), "haproxy finds it healthy",
               haproxy.log())


def configure(server, limit=""):
    server.configure(more="[policy]\nsender_login=no\n" + limit + "".join(
        f"[listener {name}]\nprotocol={protocol}\ntls={tls}\n"
        f"port={server.port(offset)}\nproxy=yes\n"
        "proxies=127.0.0.1 2001:db8::/32\n"
        for name, protocol, tls, offset in DOORS))


def try_check(server):
    """plid -t names each bad word, and where it stands."""
    server.configure(more="[listener p]\nprotocol=smtp\nproxy=yes\n"
                     "proxies=127.0.0.1 10.0.0.0/33 lo\n")
    status, said = server.check()
    tap.ok(status == 78 and re.search(
        r"plid\.conf:\d+: `proxies`: `10\.0\.0\.0/33` is no network: .*; "
        r"`lo` is no network: ", said), "plid -t names bad networks", said)


def main():
    if not shutil.which("openssl"):
        tap.skip_all("openssl is not installed")
    with tempfile.TemporaryDirectory(prefix="pli-test-") as folder:
        certificate = os.path.join(folder, "own")
        plidfile.make_certificate(certificate, "DNS:localhost,IP:127.0.0.1")
        context = ssl.create_default_context(cafile=certificate + ".pem")
        server = plidfile.Server(folder, certificate)
        data = os.path.join(folder, "root")
        try_check(server)
        configure(server)
        server.user("add", "alice", said=b"a secret\n")
        server.write_aliases("# none\n")
        tap.equal(server.check(), (0, ""), "plid -t is content")
        try:
            server.start()
            try_headers(server)
            try_bad(server)
            try_unlisted(server)
            try_swaks(server, data)
            try_curl(server)
            try_haproxy(server, data, folder, context)
            tap.equal(mailwire.Smtp(server.port(25)).quit()[0], 221,
                      "a listener without proxy=yes wants no header")
            tap.equal(server.stop(), 0, "SIGTERM ends it with 0")
            configure(server, "[server]\nworkers=2\n"
                      "[limits]\nclient_connections=2\n")
            server.start()
            try_limit(server)
            with connect(server.port(80), LINE[:9]):
                tap.equal(server.stop(), 0, "even with half a header")
        finally:
            server.close()
    tap.done()


main()
