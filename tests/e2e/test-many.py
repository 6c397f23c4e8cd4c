# SPDX-License-Identifier: LGPL-2.1-or-later
"""5,000 clients that stop in the middle of a command: a new one is greeted at
once, and idle sessions cost little, with TLS and without. A message of any size
that streams in costs no more."""
import os
import re
import resource
import socket
import ssl
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "lib"))
import mailwire  # noqa: E402
import plidev  # noqa: E402
import tap  # noqa: E402

IDLE = 5000
IDLE_TLS = 500


def memory(server):
    """KiB of its own: what sessions and messages are held in. What is shared
    with other servers counts less or more as they come and go."""
    with open(f"/proc/{server.worker}/status", encoding="ascii") as f:
        return int(re.search(r"^RssAnon:\s+(\d+) kB", f.read(), re.M)[1])


def open_idle(server, count):
    """Greeted, and stopped within EHLO."""
    sockets = []
    for _ in range(count):
        s = socket.create_connection(("127.0.0.1", server.smtp), 30)
        sockets.append(s)
    for s in sockets:
        if not s.recv(200).startswith(b"220 "):
            raise AssertionError("no greeting")
        s.sendall(b"EHLO cli")
    return sockets


def open_tls(server, count, context):
    sockets = []
    for _ in range(count):
        s = context.wrap_socket(
            socket.create_connection(("localhost", server.port(465)), 30),
            server_hostname="localhost")
        s.recv(200)
        s.sendall(b"EHLO cli")
        sockets.append(s)
    return sockets


def greet(server):
    """Milliseconds to a greeting and a reply, the middle of five."""
    times = []
    for _ in range(5):
        start = time.monotonic()
        smtp = mailwire.Smtp(server.smtp)
        smtp.hello()
        times.append((time.monotonic() - start) * 1000)
    return sorted(times)[2]


def stream(server, megabytes):
    """Memory while the message is on its way, against what it was before."""
    smtp = mailwire.Smtp(server.smtp)
    smtp.hello()
    smtp.command("MAIL FROM:<a@x>")
    smtp.command("RCPT TO:<big@x>")
    smtp.command("DATA")
    line = b"x" * 70 + b"\r\n"
    smtp.send(b"Subject: big\r\n\r\n" + line * 1000)
    time.sleep(0.2)
    before, most = memory(server), 0
    for n in range(megabytes):
        smtp.send(line * 14563)
        if n % 8 == 7:
            most = max(most, memory(server))
    smtp.send(b".\r\n")
    code = smtp.reply()[0]
    return code, most - before


def try_clear(exact):
    with plidev.Server() as server:
        open_idle(server, 20)
        stream(server, 16)  # what is done for the first time
        time.sleep(1)
        code, more = stream(server, 40)
        tap.equal(code, 250, "40 MB are taken")
        tap.ok(more <= 128 or not exact, f"and cost {more} KiB while they come")
        before = memory(server)
        idle = open_idle(server, IDLE)
        time.sleep(0.2)
        after = memory(server)
        each = (after - before) / IDLE
        tap.ok(each <= 24 or not exact,
               f"{IDLE} that stop in a command cost {each:.1f} KiB each")
        tap.ok(after < 150 * 1024 or not exact, f"{after} KiB in all")
        ms = greet(server)
        tap.ok(ms < 200 or not exact, f"a new client is served in {ms:.1f} ms")
        for s in idle:
            s.close()
        tap.equal(server.stop(), 0, "SIGTERM ends it with 0")


def try_tls(exact):
    with plidev.Server() as server:
        context = ssl.create_default_context(
            cafile=os.path.join(server.root, "certificate.pem"))
        open_tls(server, 20, context)
        before = memory(server)
        idle = open_tls(server, IDLE_TLS, context)
        each = (memory(server) - before) / IDLE_TLS
        tap.ok(each <= 64 or not exact, f"an idle session with TLS costs "
               f"{each:.1f} KiB")
        for s in idle:
            s.close()
        tap.equal(server.stop(), 0, "SIGTERM ends it with 0")


def main():
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < IDLE + 1000:
        tap.skip_all(f"only {hard} descriptors may be open")
    resource.setrlimit(resource.RLIMIT_NOFILE, (IDLE + 1000, hard))
    exact = not tap.is_sanitized()
    try_clear(exact)
    try_tls(exact)
    tap.done()


main()
