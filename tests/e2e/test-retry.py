# SPDX-License-Identifier: LGPL-2.1-or-later
"""An LMTP client that never heard what became of its message sends it again: it
is there once. What is sent twice on purpose is there twice.
"""
import os
import re
import signal
import socket
import struct
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "lib"))
import maildir  # noqa: E402
import plidev  # noqa: E402
import tap  # noqa: E402

KILLS = 12


class Client:
    """LMTP, in one go: the replies to all but the message are awaited."""

    def __init__(self, server, source="127.0.0.1"):
        self.socket = socket.create_connection(
            ("127.0.0.1", server.port(24)), 20, (source, 0))
        self.file = self.socket.makefile("rb")
        self.reply()
        self.say("LHLO client.test")

    def reply(self):
        """The code; None: the connection has ended."""
        while True:
            try:
                line = self.file.readline()
            except OSError:
                return None
            if not line.endswith(b"\r\n"):
                return None
            if line[3:4] != b"-":
                return int(line[:3])

    def say(self, line):
        self.socket.sendall(line.encode() + b"\r\n")
        return self.reply()

    def begin(self, sender, people):
        self.say(f"MAIL FROM:<{sender}>")
        for one in people:
            self.say(f"RCPT TO:<{one}>")
        self.say("DATA")

    def send(self, octets):
        self.socket.sendall(octets + b".\r\n")

    def deliver(self, octets, people=("u",), sender="a@x"):
        self.begin(sender, people)
        self.send(octets)
        return [self.reply() for _ in people]

    def close(self):
        self.file.close()
        self.socket.close()

    def send_and_close(self, octets):
        """In one segment, so that the reply meets a closed socket."""
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 1)
        self.send(octets)
        self.close()

    def reset(self):
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                               struct.pack("ii", 1, 0))
        self.close()


def message(name, lines=20):
    return (f"Subject: {name}\r\nMessage-ID: <{name}@x>\r\n\r\n"
            + "one line of many\r\n" * lines).encode()


def count(server, name, account="u"):
    return sum(f"Subject: {name}\r\n".encode() in octets
               for octets in maildir.read_all(server.root, account))


def wait(server, name, account="u", wanted=1):
    end = time.monotonic() + 20
    while count(server, name, account) < wanted and time.monotonic() < end:
        time.sleep(0.005)
    return count(server, name, account)


def deliver(server, name, people=("u",), sender="a@x", source="127.0.0.1",
            lines=20):
    client = Client(server, source)
    replies = client.deliver(message(name, lines), people, sender)
    client.close()
    return replies


def cut(server, name, people=("u",)):
    """Sends it, and goes before the reply; it arrives all the same."""
    client = Client(server)
    client.begin("a@x", people)
    client.send_and_close(message(name))
    for one in people:
        wait(server, name, one)
    time.sleep(0.2)


def check_on_purpose(server):
    client = Client(server)
    for _ in range(2):
        client.deliver(message("twice"))
    client.close()
    tap.equal(count(server, "twice"), 2, "twice in one session: twice there")
    for _ in range(2):
        deliver(server, "again")
    tap.equal(count(server, "again"), 2, "in two sessions: twice there")
    big = message("big", 10000)
    for _ in range(2):
        client = Client(server)
        client.deliver(big)
        client.close()
    tap.equal(count(server, "big"), 2, "a big one, too")
    # who closes his half and reads the reply has heard it
    for _ in range(2):
        client = Client(server)
        client.begin("a@x", ["u"])
        client.send(message("half"))
        client.socket.shutdown(socket.SHUT_WR)
        tap.equal(client.reply(), 250, "half closed: there is a reply")
        client.close()
    tap.equal(count(server, "half"), 2, "half closed: twice there")
    # and so has who sends QUIT behind it
    for _ in range(2):
        client = Client(server)
        client.begin("a@x", ["u"])
        client.socket.sendall(message("piped") + b".\r\nQUIT\r\n")
        client.socket.shutdown(socket.SHUT_WR)
        tap.equal([client.reply(), client.reply()], [250, 221],
                  "with QUIT: there are both replies")
        client.close()
    tap.equal(count(server, "piped"), 2, "with QUIT: twice there")
    both = [Client(server) for _ in range(2)]
    for client in both:
        client.begin("a@x", ["u"])
    for client in both:
        client.send(message("abreast"))
    tap.equal([client.reply() for client in both], [250, 250],
              "at the same time: both are taken")
    tap.equal(count(server, "abreast"), 2, "at the same time: twice there")
    for client in both:
        client.close()


def send_and_see(server, client, name):
    """Returns when its file is there, and two syncs are to follow before the
    reply."""
    folder = os.path.join(server.root, "mail/u/Maildir/new")
    before = len(os.listdir(folder))
    client.send(message(name))
    end = time.monotonic() + 20
    while len(os.listdir(folder)) == before and time.monotonic() < end:
        pass


def check_cut(server):
    people = ("u", "v")
    cut(server, "closed", people)
    tap.equal(deliver(server, "closed", people), [250, 250],
              "sent again, it is accepted")
    tap.equal([count(server, "closed", who) for who in people], [1, 1],
              "it is there once for each")
    tap.equal(deliver(server, "closed", people), [250, 250], "and again")
    tap.equal([count(server, "closed", who) for who in people], [2, 2],
              "which was on purpose")


def check_reset(server):
    """A reset while it is delivered; it may come too late, but not always."""
    for i in range(8):
        name = f"reset{i}"
        client = Client(server)
        client.begin("a@x", ["u"])
        send_and_see(server, client, name)
        client.reset()
        time.sleep(0.2)
        deliver(server, name)
        if wait(server, name) == 1:
            break
    tap.equal(count(server, name), 1, "reset, and sent again: there once")


def check_others(server):
    """What differs in anything is another message."""
    for name, change in (("sender", {"sender": "b@x"}),
                         ("peer", {"source": "127.0.0.2"}),
                         ("octets", {"lines": 21})):
        cut(server, name)
        deliver(server, name, **change)
        tap.equal(count(server, name), 2, f"another {name}: it is delivered")
        deliver(server, name)
        tap.equal(count(server, name), 2, f"and the same {name} is not")
    cut(server, "people", ("u", "v"))
    deliver(server, "people", ("v", "w"))
    tap.equal([count(server, "people", who) for who in "uvw"], [1, 1, 1],
              "of several recipients each is one by itself")


def kill_when(server, name, at_file, worker_only):
    """SIGKILL while a message is under way, when its file is there or before:
    whether its reply was cut off."""
    client = Client(server)
    client.begin("a@x", ["u"])
    worker = server.worker
    if at_file:
        send_and_see(server, client, name)
    else:
        client.send(message(name))
    if worker_only:
        os.kill(worker, signal.SIGKILL)
        end = time.monotonic() + 20
        while server.children("worker") in ([], [worker]) \
                and time.monotonic() < end:
            time.sleep(0.01)
    else:
        server.kill()
        server.start()
    cut_off = client.reply() is None
    client.close()
    return cut_off


def check_killed(server):
    n = 0
    for i in range(KILLS):
        name = f"killed{i}"
        if not kill_when(server, name, i % 2, i % 4 < 2):
            continue
        n += 1
        deliver(server, name)
        time.sleep(0.2)
        tap.equal(wait(server, name), 1,
                  f"killed before its reply, and sent again: there once ({i})")
        deliver(server, name)
        tap.equal(count(server, name), 2, "sent on purpose then: twice")
    tap.ok(n > 0, f"{n} of {KILLS} kills came before the reply")


def attach(server, *what):
    strace = subprocess.Popen(
        ["strace", "-f", "-qq", "-o", "/dev/null", *what, "-p",
         str(server.worker)], stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL)
    status = f"/proc/{server.worker}/status"
    for _ in range(500):
        with open(status, encoding="ascii") as f:
            if re.search(r"TracerPid:\t[1-9]", f.read()):
                time.sleep(0.1)
                return strace
        time.sleep(0.01)
    strace.kill()
    strace.wait()
    return None


def check_replied(server):
    """Killed when the reply has left, which nobody has noted by then: who
    sends the same on purpose is heard."""
    client = Client(server)
    replies = client.deliver(message("replied"))
    server.kill()
    client.close()
    server.start()
    tap.equal(replies, [250], "a reply, and a kill")
    deliver(server, "replied")
    tap.equal(wait(server, "replied", wanted=2), 2,
              "what follows is no retry")


def check_refused(server):
    """Told to try again, and it had been lost before: it is there once."""
    cut(server, "later")
    where = os.path.join(server.root, "spool")
    tap.equal(count(server, "later"), 1, "it is there")
    strace = attach(server, "-e", "trace=fdatasync", "-e",
                    "inject=fdatasync:error=EIO:when=1")
    if strace is None:
        tap.skip("told to try again", "strace cannot attach")
        return
    replies = deliver(server, "later")
    strace.terminate()
    strace.wait()
    tap.ok(replies[0] // 100 == 4, "its retry meets a broken disk", replies)
    tap.equal(deliver(server, "later"), [250], "and the next one is taken")
    tap.equal(count(server, "later"), 1, "it is there once")
    tap.ok(os.path.exists(os.path.join(where, "retries")), "by its table")


def main():
    with plidev.Server() as server:
        deliver(server, "first", ("u", "v", "w"))
        check_on_purpose(server)
        check_cut(server)
        check_reset(server)
        check_others(server)
        check_killed(server)
        check_replied(server)
        check_refused(server)
        tap.equal(server.stop(), 0, "SIGTERM ends it with 0")
        log = server.log_tail(1 << 30)
        tap.ok("Sanitizer" not in log and "runtime error" not in log,
               "no sanitizer finding", log[-3000:])
    tap.done()


main()
