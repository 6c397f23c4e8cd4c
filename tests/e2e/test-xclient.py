# SPDX-License-Identifier: LGPL-2.1-or-later
"""XCLIENT by hand and from swaks, XFORWARD by hand and from Postfix, TURN: what
the log, the Received field and the limits make of them."""
import os
import re
import shutil
import smtplib
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "lib"))
import maildir  # noqa: E402
import mailwire  # noqa: E402
import peers  # noqa: E402
import plidfile  # noqa: E402
import tap  # noqa: E402

MAIL = b"Subject: %s\r\nFrom: ada@test.invalid\r\n\r\nx\r\n"
LISTED = "127.0.0.1 198.51.100.0/24"


def wait_line(server, *words, seconds=15):
    """A line of the log that has all of `words`; "" when none comes."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with open(server.log_path, "rb") as f:
            for line in f.read().decode("utf-8", "replace").splitlines():
                if all(word in line for word in words):
                    return line
        time.sleep(0.05)
    return ""


def greeted(server, offset=25):
    smtp = mailwire.Smtp(server.port(offset))
    code, text = smtp.command(
        ("LHLO" if offset == 24 else "EHLO") + " test.example")
    assert code == 250
    return smtp, text


def try_xclient(server, data):
    for offset, protocol, more in ((25, b"ESMTP", ""), (24, b"LMTP", ""),
                                   (587, b"ESMTPA", " LOGIN=alice")):
        name = f"xclient at {offset}"
        smtp, offers = greeted(server, offset)
        tap.ok("XCLIENT NAME ADDR PORT PROTO HELO LOGIN DESTADDR DESTPORT"
               in offers.splitlines(), f"{name}: offered")
        tap.equal(smtp.command(
            "XCLIENT NAME=host.test ADDR=IPV6:2001:DB8::25 PORT=4000 "
            "HELO=helo.test PROTO=ESMTP DESTADDR=192.0.2.25 DESTPORT=25"
            + more)[0], 220, f"{name}: the greeting")
        tap.equal(smtp.deliver("ada@client.test", "alice@example.org",
                               MAIL % name.encode())[0], 250,
                  f"{name}: a message without EHLO")
        tap.equal(smtp.command("XCLIENT ADDR=127.0.0.1")[0], 550,
                  f"{name}: the new client may not do so")
        smtp.quit()
        got = maildir.wait_for(data, "alice", name)
        tap.ok(re.search(rb"Received: from helo\.test \(host\.test\s+"
                         rb"\[IPv6:2001:db8::25\]\)\s+by mx\.example\.org\s+"
                         rb"with %s\s" % protocol, got),
               f"{name}: Received has the client", got[:400])
        known = ("peer=IPv6:2001:db8::25", "peer_port=4000",
                 "peer_name=host.test", "destination=192.0.2.25",
                 "destination_port=25", "via=127.0.0.1")
        tap.ok(wait_line(server, "xclient ", *known)
               and wait_line(server, "session ", "messages=1", *known),
               f"{name}: and so has the log")
    tap.ok(wait_line(server, "message ", "peer=IPv6:2001:db8::25",
                     "user=alice"), "LOGIN is who submitted")


def try_rights(server):
    """Only the listed, at any time, but by the address that they have now."""
    with socket.create_connection(("127.0.0.1", server.port(25)), 20,
                                  ("127.0.0.9", 0)) as s:
        f = s.makefile("rb")
        f.readline()
        s.sendall(b"XCLIENT ADDR=192.0.2.1\r\nXFORWARD ADDR=192.0.2.1\r\n"
                  b"EHLO test.example\r\n")
        said = [f.readline() for _ in range(2)]
        while not said[-1].startswith(b"250 "):
            said.append(f.readline())
        tap.ok(said[0].startswith(b"550 5.7.0")
               and said[1].startswith((b"503", b"550")),
               "not for who is not listed", said)
        tap.ok(not any(b"XCLIENT" in line or b"XFORWARD" in line
                       for line in said), "nor offered")
    smtp, _ = greeted(server)
    smtp.command("XCLIENT ADDR=198.51.100.7")
    tap.ok("XCLIENT NAME" in smtp.hello()[1],
           "a client of a listed network may again")
    smtp.command("XCLIENT ADDR=[UNAVAILABLE]")
    tap.ok("XCLIENT" not in smtp.hello()[1], "one without address may not")
    smtp.quit()
    tap.ok(wait_line(server, "session ", "peer=unknown", "via=127.0.0.1"),
           "the log says unknown")


def try_hasty(server):
    """Who goes before the answer is counted neither as one nor as the other."""
    for _ in range(30):
        with socket.create_connection(("127.0.0.1", server.port(25)), 20) as s:
            s.recv(100)
            s.sendall(b"XCLIENT ADDR=203.0.113.9\r\n")
    last = ""
    end = time.monotonic() + 10
    while time.monotonic() < end and not last.startswith("220"):
        with socket.create_connection(("127.0.0.1", server.port(25)), 20) as s:
            last = s.recv(100).decode()
    tap.ok(last.startswith("220"), "30 that do not wait for the answer", last)


def try_limit(server):
    """Three connections a client are allowed."""
    held = [greeted(server)[0] for _ in range(3)]
    codes = [smtp.command("XCLIENT ADDR=203.0.113.9")[0] for smtp in held]
    tap.equal(codes, [220, 220, 220], "three of one client")
    more, _ = greeted(server)
    tap.equal(more.command("XCLIENT ADDR=203.0.113.9")[0], 421,
              "its fourth connection is refused")
    try:
        tap.equal(more.file.read(1), b"", "and closed")
    finally:
        more.close()
    for smtp in held:
        smtp.quit()


def try_xforward(server, data):
    smtp, offers = greeted(server)
    tap.ok("XFORWARD NAME ADDR PORT PROTO HELO IDENT SOURCE"
           in offers.splitlines(), "XFORWARD: offered")
    tap.equal(smtp.command(
        "XFORWARD NAME=spike.test ADDR=168.100.189.2 PORT=1 PROTO=ESMTP "
        "HELO=a+20b IDENT=3CF6B2AAE8 SOURCE=REMOTE")[0], 250,
        "XFORWARD: noted")
    for name in ("forwarded", "not forwarded"):
        smtp.deliver("ada@client.test", "alice@example.org",
                     MAIL % name.encode())
    smtp.quit()
    got = maildir.wait_for(data, "alice", "forwarded")
    tap.ok(b"from test.example ([127.0.0.1])" in got
           and b"168.100.189.2" not in got,
           "XFORWARD: Received has the session's own client", got[:300])
    tap.ok(wait_line(
        server, "message ", "peer=127.0.0.1", "forwarded_name=spike.test",
        "forwarded_address=168.100.189.2", "forwarded_port=1",
        "forwarded_protocol=ESMTP", "forwarded_helo=a?b",
        "forwarded_ident=3CF6B2AAE8", "forwarded_source=REMOTE"),
        "XFORWARD: the log has what was told")
    with open(server.log_path, encoding="utf-8") as f:
        tap.equal(f.read().count("forwarded_ident"), 1,
                  "XFORWARD: of one message only")


def try_swaks(server, data):
    if not shutil.which("swaks"):
        tap.skip("swaks", "it is not installed")
        return
    got = subprocess.run(
        ["swaks", "--server", "127.0.0.1", "--port", str(server.port(25)),
         "--from", "ada@client.test", "--to", "alice@example.org",
         "--header", "Subject: swaks xclient", "--xclient-helo", "first.test",
         "--xclient-proto", "ESMTP", "--xclient-login", "bob",
         "--xclient-delim", "--xclient-port", "77", "--xclient-addr",
         "203.0.113.5", "--xclient-name", "swaks.test", "--xclient-destaddr",
         "192.0.2.1", "--xclient-destport", "25"],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)
    tap.ok(got.returncode == 0, "swaks: sent", got.stdout.decode())
    octets = maildir.wait_for(data, "alice", "swaks xclient")
    tap.ok(b"(swaks.test [203.0.113.5])" in octets,
           "swaks: Received has the client", octets[:300])


def forward_by_postfix(server, data, folder):
    """Postfix takes the message from 127.0.0.6 and hands it on to us."""
    os.makedirs(folder)
    port = server.port(25) + 1000
    with peers.Postfix(folder, port, {
            "relayhost": f"[127.0.0.1]:{server.port(25)}",
            "smtp_send_xforward_command": "yes"}) as postfix:
        with smtplib.SMTP("127.0.0.1", port, timeout=60,
                          source_address=("127.0.0.6", 0)) as smtp:
            smtp.ehlo("ehlo.test")
            smtp.sendmail("ada@client.test", ["alice@example.org"],
                          MAIL % b"postfix forwards")
        maildir.wait_for(data, "alice", "postfix forwards")
        queued = re.search(r"smtpd\[\d+\]: ([0-9A-F]+): client=",
                           postfix.log())
        tap.ok(queued and wait_line(
            server, "message ", "forwarded_address=127.0.0.6",
            "forwarded_helo=ehlo.test", "forwarded_protocol=ESMTP",
            f"forwarded_ident={queued.group(1)}", "forwarded_source=",
            "result=accepted"),
            "postfix: the log has what it told", postfix.log()[-1500:])


def try_postfix(server, data, folder):
    try:
        forward_by_postfix(server, data, folder)
    except peers.Missing as why:
        tap.skip("Postfix forwards", why)


def try_turn(server):
    smtp, offers = greeted(server, 587)
    tap.ok("TURN" in offers.splitlines(), "TURN: offered to submission")
    tap.equal(smtp.command("TURN"), (530, "5.7.0 AUTH was expected first"),
              "TURN: not before authentication")
    tap.equal(smtp.command("XCLIENT LOGIN=alice HELO=a.test")[0], 220,
              "TURN: logged in")
    tap.equal(smtp.command("TURN")[0], 453, "TURN: nothing waits")
    smtp.quit()
    smtp, offers = greeted(server)
    tap.ok("TURN" not in offers.splitlines(), "TURN: not offered at port 25")
    tap.equal(smtp.command("TURN")[0], 502, "TURN: and refused there")
    smtp.quit()


def main():
    if not shutil.which("openssl"):
        tap.skip_all("openssl is not installed")
    with tempfile.TemporaryDirectory(prefix="pli-test-") as folder:
        os.chmod(folder, 0o755)
        certificate = os.path.join(folder, "own")
        plidfile.make_certificate(certificate)
        server = plidfile.Server(folder, certificate)
        data = os.path.join(folder, "root")
        server.configure(smtp=f"xclient={LISTED}\nxforward={LISTED}\n"
                         "turn=yes\n",
                         more="[server]\nworkers=2\n"
                         "[limits]\nclient_connections=3\n"
                         "[policy]\nsender_login=no\n")
        server.user("add", "alice", said=b"a secret\n")
        server.write_aliases("# none\n")
        try:
            server.start()
            try_xclient(server, data)
            try_rights(server)
            try_xforward(server, data)
            try_swaks(server, data)
            try_postfix(server, data, os.path.join(folder, "postfix"))
            try_turn(server)
            try_hasty(server)
            try_limit(server)
            tap.equal(server.stop(), 0, "SIGTERM ends it with 0")
        finally:
            server.close()
    tap.done()


main()
