# SPDX-License-Identifier: LGPL-2.1-or-later
"""A disk that fails, is full, or takes the server with it: strace makes the n-th
write, sync, rename or open fail with EIO or ENOSPC, or kills there. Whatever was
acknowledged is delivered once after a restart, and a reply is 250 or 4yz.

PLI_INJECT_RUNS runs (36), seed PLI_INJECT_SEED.
"""
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "lib"))
import maildir  # noqa: E402
import mailwire  # noqa: E402
import plidev  # noqa: E402
import tap  # noqa: E402

RUNS = int(os.environ.get("PLI_INJECT_RUNS", "36"))
SEED = int(os.environ.get("PLI_INJECT_SEED", str(random.randrange(1 << 30))))
MESSAGES = 8
# a call, and how often it comes while the messages are taken, about
CALLS = {"fdatasync": 30, "fsync": 12, "pwrite64": 150, "renameat2": 8,
         "write": 40, "openat": 20, "mkdirat": 6, "ftruncate": 8,
         "linkat": 3}
FAULTS = ("error=EIO", "error=ENOSPC", "signal=SIGKILL")


def deliver(server, acknowledged, replies):
    """Eight messages of several sizes, as far as it goes."""
    smtp = None
    for n in range(MESSAGES):
        body = ("z" * 70 + "\r\n") * (2000 if n % 3 == 2 else n)
        octets = f"Message-ID: <m{n}@x>\r\n\r\n{body}end\r\n".encode()
        try:
            if smtp is None:
                smtp = mailwire.Smtp(server.port(24 if n % 2 else 25),
                                     timeout=20)
                smtp.command("LHLO x" if n % 2 else "EHLO x")
            code, text = smtp.deliver("x@y", "u", octets)
            replies.append((code, text))
            if code == 250:
                acknowledged.add(f"m{n}")
        except (OSError, ValueError):
            pass
        smtp = None


def attach(worker, call, fault, n):
    strace = subprocess.Popen(
        ["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={call}",
         "-e", f"inject={call}:{fault}:when={n}", "-p",
         str(worker)], stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE)
    # it says nothing with -qq: wait until it traces
    for _ in range(200):
        with open(f"/proc/{worker}/status",
                  encoding="ascii") as f:
            if "TracerPid:\t0\n" not in f.read():
                time.sleep(0.05)
                return strace
        time.sleep(0.01)
    strace.kill()
    strace.wait()
    return None


def check_again(server, acknowledged):
    """On the same root, without faults: None, or what is wrong."""
    server.start()
    more = {f"m{n}" for n in range(MESSAGES)}
    end = time.monotonic() + 20
    while time.monotonic() < end and not acknowledged <= set(
            maildir.count_ids(server.root, "u")):
        time.sleep(0.02)
    server.stop()
    found = maildir.count_ids(server.root, "u")
    missing = sorted(acknowledged - set(found))
    twice = sorted(one for one, count in found.items() if count > 1)
    if missing or twice or not set(found) <= more:
        return f"missing {missing}, twice {twice}, found {found}"
    return None


def run(folder, call, fault, n):
    """None, or what went wrong."""
    server = plidev.Server(root=os.path.join(folder, "root"))
    acknowledged, replies = set(), []
    os.makedirs(server.root)
    server.log_path = os.path.join(folder, "log")
    server.start()
    worker = server.worker
    strace = attach(worker, call, fault, n)
    if strace is None:
        server.kill()
        tap.skip_all("strace cannot attach")
    try:
        deliver(server, acknowledged, replies)
        killed = server.children("worker") != [worker]
        alive = server.is_alive()
    finally:
        server.kill()
        strace.wait(60)
        strace.stderr.close()
    bad = [reply for reply in replies if reply[0] != 250
           and not 400 <= reply[0] < 500]
    if bad:
        return f"a reply that is not temporary: {bad}"
    if not alive or "signal" not in fault and killed:
        return "the server died: " + server.log_tail()
    return check_again(server, acknowledged)


def main():
    if not shutil.which("strace"):
        tap.skip_all("strace is not installed")
    tap.note(f"PLI_INJECT_RUNS={RUNS} PLI_INJECT_SEED={SEED}")
    rng = random.Random(SEED)
    cases = [(call, fault, n) for call, most in CALLS.items()
             for fault in FAULTS for n in range(1, most + 1)]
    for call, fault, n in sorted(rng.sample(cases, min(RUNS, len(cases)))):
        with tempfile.TemporaryDirectory(prefix="pli-test-") as folder:
            wrong = run(folder, call, fault, n)
        tap.ok(not wrong, f"{fault} at {call} {n}", wrong)
    tap.done()


main()
