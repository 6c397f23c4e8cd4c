#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Intake beside Postfix: the same generator (smtp-source) to each in turn.

usage: bench-intake.py [--messages N] [--sessions N,N] [--rounds N] [--size N]
                       [--json] [--syscalls | --bdat]

A run ends when all its mail is in the Maildir. Postfix is unpacked from
Debian's package and delivers by virtual(8); root is needed. --syscalls counts
Pli's system calls and syncs a message under strace instead. --bdat sends by
BDAT, a generator of its own, one chunk a message: for big ones (--size 5000000).

What --dir holds is left there: ext4 is slow to make files near those that were
deleted in the last minutes, so a benchmark that cleans up behind itself slows
the next one.
"""
import argparse
import contextlib
import json
import os
import re
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "lib"))
import peers  # noqa: E402
import plidev  # noqa: E402

TICK = os.sysconf("SC_CLK_TCK")
SYNCS = ("fsync", "fdatasync", "syncfs", "sync_file_range", "msync")


def cpu_of(group):
    """Seconds that the processes of a group have used, ended ones too."""
    total = 0
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            with open(f"/proc/{name}/stat", encoding="utf-8",
                      errors="replace") as f:
                fields = f.read().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[2]) == group:
            total += sum(int(fields[i]) for i in (11, 12, 13, 14))
    return total / TICK


def cpu_of_one(pid):
    with open(f"/proc/{pid}/stat", encoding="utf-8") as f:
        fields = f.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def files_in(folder):
    try:
        return sum(1 for _ in os.scandir(folder))
    except OSError:
        return 0


@contextlib.contextmanager
def folder_for(options):
    if options.dir:
        yield tempfile.mkdtemp(prefix="bench-intake-", dir=options.dir)
    else:
        with tempfile.TemporaryDirectory() as folder:
            yield folder


class Pli:
    name = "pli"

    def __init__(self, folder):
        self.server = plidev.Server(root=folder)
        self.server.start()
        self.port = self.server.smtp
        self.folder = os.path.join(folder, "mail/u/Maildir/new")
        self.group = None

    def cpu(self):
        return sum(cpu_of_one(pid) for pid in self.pids())

    def pids(self):
        return [self.server.process.pid, *self.server.children("auth"),
                *self.server.children("worker")]

    def stop(self):
        self.server.stop()


class Postfix:
    name = "postfix"

    def __init__(self, folder, port):
        os.chmod(folder, 0o755)
        base = os.path.join(folder, "mail")
        os.makedirs(base)
        os.chown(base, 1000, 1000)
        self.postfix = peers.Postfix(os.path.join(folder), port, {
            "virtual_mailbox_domains": "bench.test",
            "virtual_mailbox_base": base,
            "virtual_mailbox_maps": "static:u/Maildir/",
            "virtual_minimum_uid": "100",
            "virtual_uid_maps": "static:1000",
            "virtual_gid_maps": "static:1000"})
        self.postfix.start()
        self.port = port
        self.folder = os.path.join(base, "u/Maildir/new")

    def cpu(self):
        return cpu_of(self.postfix.process.pid)

    def stop(self):
        self.postfix.stop()


def source(port, sessions, messages, size):
    base = peers.unpack("postfix")
    subprocess.run(
        [f"{base}/usr/sbin/smtp-source", "-d", "-s", str(sessions), "-m",
         str(messages), "-l", str(size), "-f", "a@bench.test", "-t",
         "u@bench.test", f"127.0.0.1:{port}"], check=True, timeout=600,
        env={"LD_LIBRARY_PATH": f"{base}/usr/lib/postfix"})


def make_octets(size):
    """A mail with a base64 attachment."""
    head = (b"From: a@bench.test\r\nSubject: big\r\nMIME-Version: 1.0\r\n"
            b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n"
            b"text\r\n--b\r\nContent-Type: application/octet-stream\r\n"
            b"Content-Transfer-Encoding: base64\r\n\r\n")
    line = b"QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWZnaGlqa2xtbm9wcXJz" \
        b"dHV2d3h5eg==\r\n"
    tail = b"--b--\r\n"
    n = (size - len(head) - len(tail)) // len(line)
    return head + line * n + tail


def send_chunks(port, messages, octets):
    with socket.create_connection(("127.0.0.1", port)) as s:
        replies = s.makefile("rb")
        replies.readline()
        s.sendall(b"EHLO bench.test\r\n")
        while replies.readline()[3:4] == b"-":
            pass
        start = (b"MAIL FROM:<a@bench.test>\r\nRCPT TO:<u@bench.test>\r\n"
                 b"BDAT %d LAST\r\n" % len(octets))
        for _ in range(messages):
            s.sendall(start)
            s.sendall(octets)
            for _ in range(3):
                reply = replies.readline()
                if not reply.startswith(b"250"):
                    raise RuntimeError(reply)


def source_chunks(port, sessions, messages, size):
    octets = make_octets(size)
    threads = [threading.Thread(target=send_chunks, args=(
        port, messages // sessions, octets)) for _ in range(sessions)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def run_once(server, options, sessions):
    """(accepted a second, in the Maildir a second, CPU ms a message)."""
    messages, size = options.messages, options.size
    before, cpu = files_in(server.folder), server.cpu()
    start = time.monotonic()
    if options.bdat:
        source_chunks(server.port, sessions, messages, size)
    else:
        source(server.port, sessions, messages, size)
    accepted = time.monotonic() - start
    end = start + 300
    while files_in(server.folder) - before < messages:
        if time.monotonic() > end:
            raise RuntimeError(f"{server.name} lost mail")
        time.sleep(0.01)
    stored = time.monotonic() - start
    time.sleep(0.3)
    return (messages / accepted, messages / stored,
            (server.cpu() - cpu) * 1000 / messages)


def compare(options):
    with folder_for(options) as folder:
        os.chmod(folder, 0o755)
        for name in ("pli", "postfix"):
            os.makedirs(os.path.join(folder, name))
        pli = Pli(os.path.join(folder, "pli"))
        postfix = Postfix(os.path.join(folder, "postfix"),
                          pli.server.port(25) + 1000)
        try:
            for sessions in options.sessions:
                rows = {pli: [], postfix: []}
                for _ in range(options.rounds):
                    for server, row in rows.items():
                        row.append(run_once(server, options, sessions))
                report(options, sessions, rows)
        finally:
            pli.stop()
            postfix.stop()


def report(options, sessions, rows):
    medians = {}
    for server, row in rows.items():
        medians[server.name] = [statistics.median(x) for x in zip(*row)]
        accepted, stored, cpu = medians[server.name]
        if options.json:
            print(json.dumps({"server": server.name, "sessions": sessions,
                              "accepted_per_s": round(accepted, 1),
                              "stored_per_s": round(stored, 1),
                              "cpu_ms": round(cpu, 3)}), flush=True)
        else:
            print(f"{server.name:8} {sessions:4} sessions: accepted "
                  f"{accepted:8.0f}/s, in the Maildir {stored:8.0f}/s, CPU "
                  f"{cpu:6.3f} ms a message", flush=True)
    if not options.json:
        a, b = medians["pli"], medians["postfix"]
        print(f"pli / postfix: accepted {a[0] / b[0]:.2f}, in the Maildir "
              f"{a[1] / b[1]:.2f}, CPU {a[2] / b[2]:.3f}", flush=True)


def trace(options, sessions, arguments):
    """What strace writes of Pli's processes while mail is sent, once with
    nobody else about."""
    with folder_for(options) as folder:
        pli = Pli(folder)
        source(pli.port, sessions, 50, options.size)
        time.sleep(1)
        log = os.path.join(folder, "strace")
        tracer = subprocess.Popen(
            ["strace", "-f", "-o", log, *arguments]
            + [f"-p{pid}" for pid in pli.pids()], stderr=subprocess.DEVNULL)
        time.sleep(1)
        source(pli.port, sessions, options.messages, options.size)
        while files_in(pli.folder) < options.messages + 50:
            time.sleep(0.05)
        tracer.send_signal(signal.SIGINT)
        tracer.wait()
        pli.stop()
        with open(log, encoding="utf-8") as f:
            return f.read()


def count_syscalls(options):
    n = options.messages
    for sessions in options.sessions:
        calls = {m[2]: int(m[1]) for m in re.finditer(
            r"^ *[\d.]+ +[\d.]+ +\d+ +(\d+) (?: *\d+ )? *(\w+)$",
            trace(options, sessions, ["-c"]), re.M)}
        calls.pop("total", None)
        print(f"{sessions:4} sessions: {sum(calls.values()) / n:.1f} "
              "system calls a message; most: " + ", ".join(
                  f"{name} {calls[name] / n:.1f}" for name in sorted(
                      calls, key=calls.get, reverse=True)[:6]))
        synced = re.findall(
            r"^\d+ +\w+\(\d+<([^>]*)>", trace(
                options, sessions, ["-y", "-e", ",".join(SYNCS)]), re.M)
        spool = sum("/spool/" in path for path in synced)
        print(f"{sessions:4} sessions: {spool / n:.2f} syncs to the 250, "
              f"{len(synced) / n:.2f} to the Maildir", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--messages", type=int, default=3000)
    parser.add_argument("--sessions", default="10,100",
                        type=lambda s: [int(x) for x in s.split(",")])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--size", type=int, default=4096)
    parser.add_argument("--dir", help="where both keep their mail")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--syscalls", action="store_true")
    parser.add_argument("--bdat", action="store_true")
    options = parser.parse_args()
    try:
        if options.syscalls:
            count_syscalls(options)
        else:
            compare(options)
    except peers.Missing as why:
        sys.exit(f"bench-intake: {why}")


main()
