# SPDX-License-Identifier: LGPL-2.1-or-later
"""When the power goes, nothing is lost that was acknowledged: what SIGKILL
cannot show, for it leaves the kernel's pages alone.

A server takes mail under strace. The trace is replayed up to PLI_CRASH_CUTS
moments (40) with all dropped that was not synced, files and names; a server is
started on each, and must deliver every message acknowledged by then, once.
"""
import copy
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "lib"))
import crash  # noqa: E402
import maildir  # noqa: E402
import mailwire  # noqa: E402
import plidev  # noqa: E402
import tap  # noqa: E402

CUTS = int(os.environ.get("PLI_CRASH_CUTS", "40"))
SEED = int(os.environ.get("PLI_CRASH_SEED", str(random.randrange(1 << 30))))
CLIENTS = 4
REPLY = b"250 2.0.0 message accepted\r\n"


class Client(threading.Thread):
    """Delivers `count` messages, each of an id of its own."""

    def __init__(self, server, name, count, rng):
        super().__init__(daemon=True)
        self.lmtp = name.startswith("l")
        self.smtp = mailwire.Smtp(server.port(24 if self.lmtp else 25))
        self.port = self.smtp.socket.getsockname()[1]
        self.ids = [f"{name}x{n}" for n in range(count)]
        self.rng = rng
        self.codes = []

    def run(self):
        self.smtp.command("LHLO x" if self.lmtp else "EHLO x")
        for one in self.ids:
            size = self.rng.choice((0, 10, 60, 2000))
            body = ("y" * 70 + "\r\n") * size
            octets = f"Message-ID: <{one}@x>\r\n\r\n{body}end\r\n".encode()
            self.smtp.send(b"MAIL FROM:<>\r\nRCPT TO:<u@x>\r\nDATA\r\n")
            for _ in range(3):
                self.smtp.reply()
            self.smtp.send(octets + b".\r\n")
            self.codes.append(self.smtp.reply()[0])


def record(folder, rng):
    """(the disk as it was, the trace's path, the clients)"""
    server = plidev.Server(root=os.path.join(folder, "root"))
    os.makedirs(server.root)
    server.log_path = os.path.join(folder, "log")
    server.start()
    disk = crash.Disk(server.root)
    path = os.path.join(folder, "trace")
    strace = subprocess.Popen(
        crash.COMMAND + ["-o", path, "-p", str(server.worker)],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    first = strace.stderr.readline()
    if b"attached" not in first:
        server.kill()
        tap.skip_all(f"strace cannot attach: {first.decode().strip()}")
    clients = [Client(server, f"{'l' if n % 4 == 3 else 's'}{n}", 12,
                      random.Random(rng.random())) for n in range(CLIENTS)]
    for client in clients:
        client.start()
    for client in clients:
        client.join(120)
    time.sleep(0.5)
    # it must not do anything at its end that the trace has not
    os.kill(server.process.pid, signal.SIGSTOP)
    os.kill(server.worker, signal.SIGKILL)
    server.kill()
    strace.wait(60)
    strace.stderr.close()
    return disk, path, clients


def try_cut(disk, root, wanted, seconds=30):
    """None, or what went wrong with a server on what lasted."""
    disk.write_out(root)
    server = plidev.Server(root=root)
    try:
        server.start()
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            found = maildir.count_ids(root, "u")
            if wanted <= set(found):
                break
            time.sleep(0.02)
        server.stop()
        found = maildir.count_ids(root, "u")
    except RuntimeError as error:
        return f"it does not start: {error}"
    finally:
        server.kill()
    missing = sorted(wanted - set(found))
    more = sorted(one for one, n in found.items() if n > 1)
    if missing or more or "cut" in found:
        return f"missing {missing}, twice {more}, cut {found.get('cut')}"
    return None


def choose_cuts(path, disk, rng):
    """Lines after which something had changed, CUTS of them."""
    trace = crash.Trace(path, disk, REPLY)
    changes = [i for i, line in enumerate(trace.lines) if trace.step(line)]
    tap.note(f"{len(trace.lines)} calls, {len(changes)} changes, "
             f"{len(trace.acknowledged)} acknowledged")
    return set(rng.sample(changes, min(CUTS, len(changes)))), trace


def replay(path, disk, cuts, clients, folder, seconds=30):
    trace = crash.Trace(path, disk, REPLY)
    ports = {client.port: client for client in clients}
    faults, tried = [], 0
    for i, line in enumerate(trace.lines):
        trace.step(line)
        if i not in cuts:
            continue
        wanted = set()
        for port, client in ports.items():
            wanted |= set(client.ids[:trace.acknowledged.count(port)])
        root = os.path.join(folder, f"cut{i}")
        fault = try_cut(disk, root, wanted, seconds)
        tried += 1
        if fault:
            faults.append(f"after call {i}: {fault}: {line[:120]}")
        shutil.rmtree(root, ignore_errors=True)
        if tried % 100 == 0:
            tap.note(f"{tried} of {len(cuts)} cuts")
    return faults, tried


def check_the_check(path, disk, clients, folder):
    """Were nothing ever synced, this test would see it."""
    disk.end_sync = disk.begun.pop
    last = len(crash.Trace(path, disk, REPLY).lines) - 1
    faults, _ = replay(path, disk, {last}, clients, folder, 1)
    tap.ok(len(faults) == 1 and "missing" in faults[0],
           "without syncs mail is lost", faults)


def main():
    if not shutil.which("strace"):
        tap.skip_all("strace is not installed")
    tap.note(f"PLI_CRASH_CUTS={CUTS} PLI_CRASH_SEED={SEED}")
    rng = random.Random(SEED)
    with tempfile.TemporaryDirectory(prefix="pli-test-") as folder:
        disk, path, clients = record(folder, rng)
        codes = [code for client in clients for code in client.codes]
        tap.equal(codes, [250] * 12 * CLIENTS, "every message is taken")
        again, without = copy.deepcopy(disk), copy.deepcopy(disk)
        cuts, trace = choose_cuts(path, disk, rng)
        tap.equal(len(trace.acknowledged), 12 * CLIENTS,
                  "the trace has every reply")
        faults, tried = replay(path, again, cuts, clients, folder)
        tap.ok(not faults, f"{tried} crashes lose nothing, and make nothing "
               "twice", "\n".join(faults[:20]))
        check_the_check(path, without, clients, folder)
    tap.done()


main()
