# SPDX-License-Identifier: LGPL-2.1-or-later
"""Each case of tests/lib/hostile_smtp.py: the answers that it names, nothing
smuggled, nothing relayed, no hang."""
import concurrent.futures
import os
import select
import shutil
import socket
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "lib"))
import hostile_smtp  # noqa: E402
import maildir  # noqa: E402
import plidfile  # noqa: E402
import tap  # noqa: E402

SECONDS = 5
# the cases come from a client that is judged, and is quick
POLICY = """[policy]
exempt=192.0.2.1
helo_checks=strict
own_senders=refuse
[limits]
rate_connections=0
rate_failed_recipients=0
rate_failed_logins=0
"""
# the offset of the port, and where the client is
DOORS = {"smtp": (25, "127.0.0.1"), "lmtp": (24, "127.0.0.1"),
         "submit": (587, "127.0.0.1"), "listed": (25, "127.0.0.2"),
         "proxy": (80, "127.0.0.1"), "normal": (25, "127.0.0.1")}


class Closed(Exception):
    pass


class Talk:
    def __init__(self, server, door):
        offset, source = DOORS[door]
        self.socket = socket.socket()
        # little is in flight, so that who does not read is soon stuck
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
        self.socket.settimeout(SECONDS)
        self.socket.bind((source, 0))
        self.socket.connect(("127.0.0.1", server.port(offset)))
        self.file = self.socket.makefile("rb")
        self.has_tls = False
        if door != "proxy":
            self.reply()

    def reply(self):
        """"250 2.1.0" or "354"."""
        while True:
            line = self.file.readline()
            if not line:
                raise Closed
            if not line.endswith(b"\r\n") or not line[:3].isdigit():
                raise ValueError(f"no reply: {line[:100]!r}")
            if line[3:4] != b"-":
                break
        words = line[4:].split(b" ")
        code = line[:3].decode()
        if words[0].count(b".") == 2 and words[0][:1] == line[:1]:
            return code + " " + words[0].decode()
        return code

    def is_closed(self):
        try:
            if self.has_tls:
                self.file.read(7)  # an alert
            return self.file.read(1) == b""
        except ConnectionResetError:
            return True  # what it did not read was thrown away


def fits(got, wanted):
    if wanted == "refused":
        return got[0] == "5"
    if isinstance(wanted, int):
        return got[:3] == str(wanted)
    return got == wanted


def drip(talk, step):
    for i in range(len(step.octets)):
        talk.socket.sendall(step.octets[i:i + 1])
        if select.select([talk.socket], [], [], step.every)[0]:
            return


def flood(talk, step):
    """Until it is closed: an error, for much was not read."""
    talk.socket.settimeout(0.2)
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        try:
            talk.socket.sendall(step.octets)
        except TimeoutError:
            continue
    talk.socket.settimeout(SECONDS)


def send(talk, octets):
    try:
        if isinstance(octets, hostile_smtp.Drip):
            drip(talk, octets)
        elif isinstance(octets, hostile_smtp.Flood):
            flood(talk, octets)
            return "it is not closed"
        else:
            talk.socket.sendall(octets)
    except OSError:
        # it closed in the middle, which the replies tell
        return None
    return None


def run_step(talk, octets, replies):
    """None, or what came in place of it."""
    fault = send(talk, octets)
    if fault or isinstance(octets, hostile_smtp.Flood):
        return fault
    for wanted in replies or []:
        if wanted == hostile_smtp.CLOSED:
            if not talk.is_closed():
                return "it is not closed"
            return None
        if wanted == "no reply":
            talk.socket.settimeout(0.3)
            try:
                return f"a reply: {talk.socket.recv(100)!r}"
            except TimeoutError:
                return None
        got = talk.reply()
        talk.has_tls |= octets == b"STARTTLS\r\n" and got[:3] == "220"
        if not fits(got, wanted):
            return f"{got} in place of {wanted}"
    return None


def play_case(server, case):
    """None, or what was wrong."""
    start = time.monotonic()
    fault = None
    try:
        talk = Talk(server, case.door)
        for octets, replies in case.steps:
            fault = run_step(talk, octets, replies)
            if fault:
                break
        talk.file.close()
        talk.socket.close()
    except (OSError, Closed, ValueError) as error:
        fault = repr(error)
    if not fault and time.monotonic() - start > SECONDS:
        fault = "it lasted too long"
    return fault


def run_case(server, case):
    return tell(case, play_case(server, case))


def tell(case, fault):
    return tap.ok(not fault, f"{case.group}, {case.door}: {case.name}", fault)


def run_slow(server, cases):
    """All at once, for each only waits; yields what run_case returns."""
    with concurrent.futures.ThreadPoolExecutor(len(cases)) as pool:
        faults = pool.map(lambda case: play_case(server, case), cases)
        for case, fault in zip(cases, list(faults)):
            yield tell(case, fault)


def check_deliveries(server, wanted):
    data = os.path.join(server.root, "root")
    maildir.wait_count(data, "alice", wanted, 30)
    time.sleep(0.5)
    tap.equal(len(maildir.read_all(data, "alice")), wanted, "what was accepted is there")
    others = [name for name in os.listdir(os.path.join(data, "mail"))
              if name != "alice"]
    tap.equal(others, [], "and nothing was smuggled in")
    return [octets for octets in maildir.read_all(data, "alice")
            if b"\r" in octets.replace(b"\r\n", b"")
            or b"\n" in octets.replace(b"\r\n", b"")]


def check_table(cases):
    tap.ok(len(cases) >= 250, f"{len(cases)} cases")
    tap.ok(len(hostile_smtp.RELAYS) >= 40,
           f"{len(hostile_smtp.RELAYS)} forms of open relay")
    names = [(c.group, c.door, c.name) for c in cases]
    tap.equal(sorted(n for n in set(names) if names.count(n) > 1), [],
              "each once")
    with open(os.path.join(tap.top_srcdir(), "doc/hostile-smtp.md"),
              encoding="utf-8") as f:
        tap.ok(f.read() == hostile_smtp.format_table(),
               "doc/hostile-smtp.md has them")


def is_slow(case):
    return case.group == "slow clients"


def make_server(folder, certificate, smtp="", limits=""):
    os.mkdir(folder)
    server = plidfile.Server(folder, certificate)
    server.configure(
        smtp="checkpoint=yes\nxclient=127.0.0.2\n"
        "xforward=127.0.0.2\nturn=yes\n" + smtp,
        more="[listener proxied]\nprotocol=smtp\nproxy=yes\n"
        f"proxies=127.0.0.1\nport={server.port(80)}\n" + POLICY + limits)
    server.user("add", "alice", said=b"a secret\n")
    server.user("add", "--secret", "bob", said=b"b secret\n")
    server.write_aliases("# none\n")
    return server


def play(server, cases):
    try:
        server.start()
        if is_slow(cases[0]):
            results = run_slow(server, cases)
        else:
            results = (run_case(server, case) for case in cases)
        wanted = sum(case.delivers for case, good in zip(cases, results)
                     if good)
        bare = check_deliveries(server, wanted)
        tap.equal(bare, [], "all line ends are CRLF")
        tap.ok(server.is_alive(), "it serves on")
        tap.equal(server.stop(), 0, "SIGTERM ends it with 0")
    finally:
        server.close()


def main():
    if not shutil.which("openssl"):
        tap.skip_all("openssl is not installed")
    cases = hostile_smtp.get_cases()
    check_table(cases)
    with tempfile.TemporaryDirectory(prefix="pli-test-") as folder:
        certificate = os.path.join(folder, "own")
        plidfile.make_certificate(certificate)
        play(make_server(os.path.join(folder, "usual"), certificate),
             [case for case in cases
              if case.door != "normal" and not is_slow(case)])
        limits = "".join(f"{key}={value}\n"
                         for key, value in hostile_smtp.SLOW.items())
        play(make_server(os.path.join(folder, "slow"), certificate,
                         limits=limits), [c for c in cases if is_slow(c)])
        server = make_server(os.path.join(folder, "normal"), certificate,
                             "bare_line_ends=normalise\n")
        play(server, [case for case in cases if case.door == "normal"])
        tap.ok("normalised=" in server.log_tail(1 << 30)
               or '"normalised"' in server.log_tail(1 << 30),
               "the log says what was normalised")
    tap.done()


main()
