# SPDX-License-Identifier: LGPL-2.1-or-later
"""The metrics of a running server, read by curl and by the OpenMetrics parser
of Prometheus' client, and what hostile HTTP comes to."""
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "lib"))
import mailwire  # noqa: E402
import maildir  # noqa: E402
import plidfile  # noqa: E402
import tap  # noqa: E402

# Debian's, where another Python is the first
sys.path.append("/usr/lib/python3/dist-packages")
try:
    from prometheus_client.openmetrics import parser
except ImportError:
    parser = None

TYPE = "application/openmetrics-text; version=1.0.0; charset=utf-8"
MESSAGE = b"Subject: metrics\r\n\r\nbody\r\n"
LIFE = 10  # seconds a connection has at most
CONNECTIONS = 32


class Server(plidfile.Server):
    def __init__(self, folder):
        super().__init__(folder, None)
        self.metrics = self.port(80)

    def configure(self, metrics=""):
        doors = "".join(
            f"[listener {name}]\nprotocol={name}\nport={self.port(n)}\n"
            for name, n in (("smtp", 25), ("lmtp", 24), ("imap", 143)))
        with open(self.file, "w", encoding="utf-8") as f:
            f.write(f"[server]\nroot={self.root}/root\nworkers=2\n{doors}"
                    f"[accounts]\npassword=pass\n[metrics]\n{metrics}")


def curl(server, *words, path="/metrics"):
    got = subprocess.run(
        ["curl", "-sS", "-m", "30", "-i", *words,
         f"http://127.0.0.1:{server.metrics}{path}"],
        capture_output=True, timeout=60)
    if got.returncode:
        tap.note(got.stderr.decode())
        return "", ""
    head, _, body = got.stdout.decode().partition("\r\n\r\n")
    return head, body


def read(server):
    """Samples by name and labels."""
    _, body = curl(server)
    samples = {}
    for line in body.splitlines():
        if not line.startswith("#"):
            name, _, value = line.rpartition(" ")
            samples[name] = float(value)
    return samples


def check_form(server):
    head, body = curl(server)
    tap.ok(head.startswith("HTTP/1.1 200 "), "200", head)
    tap.ok(f"Content-Type: {TYPE}" in head, "the type of OpenMetrics", head)
    tap.ok(body.endswith("\n# EOF\n"), "the end is marked")
    head, nothing = curl(server, "-I")
    tap.ok(head.startswith("HTTP/1.1 200 ") and nothing == ""
           and f"Content-Length: {len(body)}" in head, "HEAD", head)
    if parser is None:
        tap.skip("Prometheus' parser takes it", "no prometheus_client")
        return
    families = {family.name: family for family
                in parser.text_string_to_metric_families(body)}
    kinds = {name: family.type for name, family in families.items()}
    tap.ok(kinds["pli_messages_accepted"] == "counter"
           and kinds["pli_connections"] == "gauge"
           and kinds["pli_sync_seconds"] == "histogram"
           and kinds["pli_build"] == "info", "Prometheus' parser takes it",
           kinds)
    tap.ok(all(family.documentation.endswith(".")
               for family in families.values()), "every one is explained")
    tap.equal(families["pli_sync_seconds"].unit, "seconds", "and the unit")


def check_numbers(server):
    before = read(server)
    tap.equal(before['pli_connections{protocol="smtp"}'], 0, "nobody is there")
    smtp = mailwire.Smtp(server.smtp)
    smtp.hello()
    imap = mailwire.Imap(server.imap)
    during = read(server)
    tap.equal([during[f'pli_connections{{protocol="{name}"}}'] for name
               in ("smtp", "lmtp", "imap", "submission")], [1, 0, 1, 0],
              "open connections, by protocol")
    for _ in range(3):
        smtp.deliver("a@x.test", "bob@localhost", MESSAGE)
    maildir.wait_count(os.path.join(server.root, "root"), "bob", 3)
    smtp.quit()
    imap.close()
    end = time.monotonic() + 20
    while True:
        after = read(server)
        if (not any(after[f'pli_connections{{protocol="{name}"}}']
                    for name in ("smtp", "imap"))
                and after["pli_deliveries_waiting"] == 0
                or time.monotonic() > end):
            break
        time.sleep(0.05)
    tap.equal((after['pli_connections{protocol="smtp"}'],
               after['pli_connections{protocol="imap"}']), (0, 0),
              "and none once they have gone")
    for name, wanted in (("pli_messages_accepted_total", 3),
                         ("pli_delivered_total", 3),
                         ("pli_octets_received_total", 3 * len(MESSAGE)),
                         ("pli_sessions_total", 2),
                         ("pli_accept_seconds_count", 3),
                         ('pli_accept_seconds_bucket{le="+Inf"}', 3)):
        tap.equal(after[name] - before[name], wanted, name)
    tap.ok(1 <= after["pli_sync_seconds_count"] - before[
        "pli_sync_seconds_count"] <= 3 and after["pli_sync_seconds_sum"] > 0
        and after["pli_accept_seconds_sum"] >= after["pli_sync_seconds_sum"],
        "syncs have their time, and 250 waits for it", after)
    tap.equal((after["pli_commits_waiting"], after["pli_deliveries_waiting"]),
              (0, 0), "nothing waits")


def say(server, octets, seconds=30):
    """What is answered until the server closes."""
    with socket.create_connection(("127.0.0.1", server.metrics),
                                  seconds) as s:
        try:
            s.sendall(octets)
            got = b""
            while True:
                more = s.recv(65536)
                if not more:
                    return got
                got += more
        except ConnectionError:
            return got


def check_requests(server):
    for octets, status in (
            (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"404"),
            (b"GET /metrics/ HTTP/1.1\r\nHost: x\r\n\r\n", b"404"),
            (b"GET /metrics?x=y HTTP/1.1\r\nHost: x\r\n\r\n", b"200"),
            (b"GET /../metrics HTTP/1.1\r\nHost: x\r\n\r\n", b"404"),
            (b"GET /metrics HTTP/1.0\r\n\r\n", b"200"),
            (b"GET /metrics HTTP/1.1\r\n\r\n", b"400"),
            (b"DELETE /metrics HTTP/1.1\r\nHost: x\r\n\r\n", b"405"),
            (b"POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\n"
             b"abc", b"405"),
            (b"POST /metrics HTTP/1.1\r\nHost: x\r\n"
             b"Content-Length: 99999999999\r\n\r\n", b"405"),
            (b"GET /" + b"x" * 100000 + b" HTTP/1.1\r\n\r\n", b"414"),
            (b"GET /metrics HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 100000
             + b"\r\n\r\n", b"431"),
            (b"GET /metrics HTTP/1.1\r\nHost: x\r\n"
             + b"X: y\r\n" * 20000 + b"\r\n", b"431")):
        got = say(server, octets)
        # what was not read resets the connection, and may the answer, too
        tap.ok(got.split(b" ")[1:2] == [status]
               or got == b"" and len(octets) > 50000,
               f"{octets[:40]!r}: {status.decode()}", got[:200])
    for octets in (b"\0" * 1000, b"EHLO x\r\n\r\n", b"\x16\x03\x01\x02\0" * 9,
                   b"\r\n" * 50000):
        say(server, octets)
    tap.ok("pli_sessions_total" in curl(server)[1], "it goes on")
    head, _ = curl(server, "-X", "PUT")
    tap.ok("Allow: GET, HEAD" in head, "405 tells what is allowed", head)


def check_slow(server):
    """Clients that say nothing, and ones that never end, all at once."""
    start = time.monotonic()
    clients = [socket.create_connection(("127.0.0.1", server.metrics), 30)
               for _ in range(CONNECTIONS + 8)]
    drips = clients[CONNECTIONS // 2:]
    for s in drips:
        s.sendall(b"GET /metrics HTTP/1.1\r\nX: ")
    served = None
    while time.monotonic() - start < LIFE + 3:
        for s in drips:
            try:
                s.sendall(b"y")
            except OSError:
                pass
        if time.monotonic() - start > LIFE / 2 + 2 and served is None:
            served = curl(server)
        time.sleep(0.5)
    tap.ok(served and "200" in served[0] and served[1].endswith("# EOF\n"),
           "an honest client is served once the silent ones have gone", served)
    ended = 0
    for s in clients[:CONNECTIONS]:
        s.settimeout(1)
        try:
            while s.recv(4096):
                pass
            ended += 1
        except ConnectionError:
            ended += 1
        except OSError:
            pass
    for s in clients:
        s.close()
    tap.equal(ended, CONNECTIONS, "those that go on for ever are ended, too")


def find_process(server):
    """The pid of the one that serves the metrics."""
    pid = server.process.pid
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as f:
        for child in f.read().split():
            with open(f"/proc/{child}/cmdline", "rb") as words:
                if b"\0--child\0metrics\0" in words.read():
                    return int(child)
    raise AssertionError("no process serves metrics")


def check_process(server):
    """It is a process of its own, whose end costs nothing but itself."""
    before = read(server)
    pid = find_process(server)
    os.kill(pid, signal.SIGKILL)
    after = read(server)
    tap.ok(after["pli_messages_accepted_total"]
           == before["pli_messages_accepted_total"]
           and find_process(server) != pid,
           "killed it is there again, with all that was counted", after)
    server.configure(f"port={server.port(90)}\n")
    server.process.send_signal(signal.SIGHUP)
    end = time.monotonic() + 20
    while ("[metrics] port is another one" not in server.log_tail()
           and time.monotonic() < end):
        time.sleep(0.05)
    tap.ok("[metrics] port is another one now, which takes a restart"
           in server.log_tail(), "another port takes a restart")


def check_many(server):
    codes = []
    for _ in range(300):
        codes.append(say(server, b"GET /metrics HTTP/1.0\r\n\r\n")[9:12])
    tap.equal(set(codes), {b"200"}, "300 scrapes one after the other")
    fds = len(os.listdir(f"/proc/{find_process(server)}/fd"))
    tap.ok(fds < 60, f"{fds} descriptors are open")


def check_off(folder):
    server = Server(folder)
    server.configure()
    try:
        server.start()
        with socket.socket() as s:
            tap.ok(s.connect_ex(("127.0.0.1", server.metrics)) != 0,
                   "without a port nothing is served")
    finally:
        server.close()
    server.configure(f"port={server.metrics}\naddress=here\n")
    status, said = server.check()
    tap.ok(status == 78 and "`here` is no IPv4" in said,
           "an address that is none", said)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        server.configure(f"port={taken.getsockname()[1]}\n")
        got = subprocess.run([plidfile.PLID, "-c", server.file],
                             capture_output=True, timeout=60)
    tap.ok(got.returncode == 69 and b"ready" not in got.stdout,
           "a port that is taken", got)


def main():
    with tempfile.TemporaryDirectory(prefix="pli-test-") as folder:
        server = Server(folder)
        server.configure(f"port={server.metrics}\n")
        try:
            server.start()
            check_form(server)
            check_numbers(server)
            check_requests(server)
            check_many(server)
            check_slow(server)
            check_process(server)
            tap.equal(server.stop(), 0, "it ends")
        finally:
            server.close()
        check_off(folder)
    tap.done()


main()
