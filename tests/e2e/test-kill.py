# SPDX-License-Identifier: LGPL-2.1-or-later
"""SIGKILL at random moments loses nothing that was acknowledged.

Clients deliver, sending again what got no reply; the worker, the master (with
all its children) or the auth process is killed at random. A worker is started
again by its master, a master by the test, on the same root. In the end each acknowledged message
is there once, or once more for each time its reply was cut off.

PLI_KILL_COUNT deliveries (200), seed PLI_KILL_SEED.
"""
import os
import random
import re
import signal
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "lib"))
import mailwire  # noqa: E402
import plidev  # noqa: E402
import tap  # noqa: E402

COUNT = int(os.environ.get("PLI_KILL_COUNT", "200"))
SEED = os.environ.get("PLI_KILL_SEED", str(random.randrange(1 << 30)))
CLIENTS = 4
TEXT = ("Message-ID: <%s@test.invalid>\r\nSubject: %s\r\nMIME-Version: 1.0\r\n"
        "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n%s\r\n"
        "--b--\r\n")


class Killer(threading.Thread):
    """Kills and restarts until told to end."""

    def __init__(self, server, rng):
        super().__init__(daemon=True)
        self.server = server
        self.rng = rng
        self.lock = threading.Lock()
        self.kills = 0
        self.workers = 0  # of those
        self.ending = threading.Event()
        self.error = None

    def run(self):
        while not self.ending.wait(self.rng.uniform(0.002, 0.08)):
            try:
                self.kill()
            except RuntimeError as error:
                self.error = error
                return

    def kill(self):
        self.kills += 1
        kind = self.rng.choice(("master", "master", "worker", "worker",
                                "worker", "auth"))
        if kind == "master":
            self.server.kill()
            self.server.start()
            return
        self.workers += kind == "worker"
        for pid in self.server.children(kind):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass  # it is being started again


class Client(threading.Thread):
    """Delivers its share. cut[id]: how often the reply to it was missing
    once its octets were on the way."""

    def __init__(self, server, ids, rng, killer):
        super().__init__(daemon=True)
        self.server = server
        self.ids = ids
        self.rng = rng
        self.killer = killer
        self.acknowledged = []
        self.cut = {}

    def run(self):
        smtp = None
        for one in self.ids:
            time.sleep(self.rng.uniform(0, 0.06))
            size = self.rng.choice((10, 2000, 70000, 400000))
            octets = (TEXT % (one, one, ("x" * 70 + "\r\n") * (size // 72))
                      ).encode()
            while self.killer.error is None:
                try:
                    if smtp is None:
                        smtp = mailwire.Smtp(self.server.smtp, timeout=20)
                        smtp.hello()
                    code, _ = smtp.deliver("k@test.invalid", "kill", octets)
                    if code == 250:
                        self.acknowledged.append(one)
                        break
                    time.sleep(0.05)
                except (OSError, ValueError):
                    if smtp is not None and smtp.body_unanswered:
                        self.cut[one] = self.cut.get(one, 0) + 1
                    smtp = None
                    time.sleep(0.02)


def log_in(server, seconds=20):
    """The last kill may have been the auth process's: then it is a moment
    until somebody judges passwords."""
    end = time.monotonic() + seconds
    while True:
        try:
            imap = mailwire.Imap(server.imap)
            imap.login("kill")
            return imap
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)


def count_messages(server, want, seconds=60):
    """{id: how often}, once at least `want` messages are there."""
    imap = log_in(server)
    end = time.monotonic() + seconds
    found = imap.select()
    steady = 0
    while (found < want or steady < 5) and time.monotonic() < end:
        time.sleep(0.2)
        now = imap.select()
        steady = steady + 1 if now == found else 0
        found = now
    out = {}
    if found:
        items = "BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)]"
        for one in imap.fetch("1:*", f"({items} BODY.PEEK[TEXT])").values():
            head = b"".join(v or b"" for k, v in one.items()
                            if k.startswith("BODY[HEADER"))
            m = re.search(rb"<(k\d+)@test\.invalid>", head)
            whole = (one["BODY[TEXT]"] or b"").endswith(b"--b--\r\n")
            name = m.group(1).decode() if m and whole else "damaged"
            out[name] = out.get(name, 0) + 1
    imap.close()
    return out


def main():
    tap.note(f"PLI_KILL_COUNT={COUNT} PLI_KILL_SEED={SEED}")
    rng = random.Random(SEED)
    with plidev.Server() as server:
        killer = Killer(server, random.Random(rng.random()))
        ids = [f"k{n}" for n in range(COUNT)]
        clients = [Client(server, ids[n::CLIENTS],
                          random.Random(rng.random()), killer)
                   for n in range(CLIENTS)]
        for thread in clients + [killer]:
            thread.start()
        for thread in clients:
            thread.join()
        killer.ending.set()
        killer.join()
        if not tap.ok(killer.error is None, "it starts after every kill",
                      killer.error):
            tap.done()
        acknowledged = sum((c.acknowledged for c in clients), [])
        tap.equal(len(acknowledged), COUNT, "every delivery ended in a 250")
        have = count_messages(server, COUNT)
        tap.note(f"{killer.kills} kills, {killer.workers} of workers, "
                 f"{sum(have.values())} messages")
        tap.ok(killer.kills >= COUNT // 20, "it was killed often",
               killer.kills)
        lost = [x for x in acknowledged if x not in have]
        tap.ok(not lost, "no acknowledged message is missing", lost)
        cut = {}
        for client in clients:
            cut.update(client.cut)
        more = {x: n for x, n in have.items() if n > 1 + cut.get(x, 0)}
        tap.ok(not more, "none is there more often than its replies were cut",
               {x: (n, cut.get(x)) for x, n in more.items()})
        tap.ok("damaged" not in have, "none is damaged", have.get("damaged"))
        tap.equal(server.stop(), 0, "SIGTERM ends it with 0")
        log = server.log_tail(1 << 30)
        tap.ok("Sanitizer" not in log and "runtime error" not in log,
               "no sanitizer finding", log[-3000:])
    tap.done()


main()
