# SPDX-License-Identifier: LGPL-2.1-or-later
"""Who is slow is dropped in time: drips of commands and of messages, and those
that only wait while there are many."""
import os
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "lib"))
import maildir  # noqa: E402
import mailwire  # noqa: E402
import plidfile  # noqa: E402
import tap  # noqa: E402

LIMITS = """[limits]
command_timeout=2
data_timeout=3
data_rate=500
"""
LATE = 20 if tap.is_sanitized() else 5  # a busy machine has its share


def drip(smtp, octets, every, seconds):
    """Sends an octet at a time; the reply that it leads to, and after how
    long."""
    start = time.monotonic()
    smtp.socket.settimeout(every)
    for i in range(int(seconds / every)):
        try:
            smtp.send(octets[i:i + 1])
            line = smtp.socket.recv(1000)
        except TimeoutError:
            continue
        except OSError as e:
            line = str(e).encode()
        return line, time.monotonic() - start
    return b"nothing", time.monotonic() - start


def is_dropped(name, got, least):
    line, seconds = got
    tap.ok(line.startswith(b"421 4.4.2 ") and least <= seconds < least + LATE,
           name, f"{line!r} after {seconds:.1f} s")


def to_data(smtp):
    smtp.hello()
    smtp.command("MAIL FROM:<a@client.test>")
    smtp.command("RCPT TO:<alice@example.org>")
    return smtp


def test_drips(server):
    smtp = mailwire.Smtp(server.smtp)
    is_dropped("a command, an octet at a time",
               drip(smtp, b"NOOP" + b" " * 60, 0.5, 30), 2)
    smtp.close()
    smtp = mailwire.Smtp(server.smtp)
    is_dropped("silence", drip(smtp, b"", 1, 30), 2)
    smtp.close()
    for name, commands, replies in (
            ("DATA", b"DATA\r\n", 1), ("a chunk", b"BDAT 100000\r\n", 0),
            ("a chunk that nobody wants", b"RSET\r\nBDAT 100000\r\n", 2)):
        smtp = to_data(mailwire.Smtp(server.smtp))
        smtp.send(commands)
        for _ in range(replies):
            smtp.reply()
        is_dropped(f"{name}, an octet at a time", drip(smtp, b"x" * 60, 0.5, 30),
                   3)
        smtp.close()


def test_steady(server):
    """Longer than data_timeout, but fast enough."""
    smtp = to_data(mailwire.Smtp(server.smtp))
    smtp.command("DATA")
    for _ in range(12):
        smtp.send(b"x" * 998 + b"\r\n")
        time.sleep(0.5)
    smtp.send(b".\r\n")
    tap.equal(smtp.reply()[0], 250, "a message that comes steadily is taken")
    smtp.quit()


def slow_disk(worker):
    """strace, with which each sync of the worker takes 3 seconds; None: it
    cannot be had."""
    if not shutil.which("strace"):
        return None
    strace = subprocess.Popen(
        ["strace", "-f", "-qq", "-o", "/dev/null", "-e",
         "trace=fsync,fdatasync", "-e",
         "inject=fsync,fdatasync:delay_enter=3000000", "-p", str(worker)],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(200):
        with open(f"/proc/{worker}/status", encoding="ascii") as f:
            if "TracerPid:\t0\n" not in f.read():
                time.sleep(0.05)
                return strace
        time.sleep(0.01)
    strace.kill()
    strace.wait()
    return None


def test_late_end(server):
    """A message whose answer comes too late: 451, and it is kept all the
    same, which the log says."""
    server.configure(more="[limits]\nanswer_timeout=1\n")
    server.start()
    strace = slow_disk(server.worker)
    if strace is None:
        tap.skip("a late answer to a message", "strace cannot attach")
        server.stop()
        return
    try:
        smtp = to_data(mailwire.Smtp(server.smtp))
        smtp.command("DATA")
        start = time.monotonic()
        smtp.send(b"Message-ID: <late@x>\r\n\r\nx\r\n.\r\n")
        reply, took = smtp.reply(), time.monotonic() - start
        tap.ok(reply[0] == 451 and reply[1].startswith("4.3.0") and took > 0.9,
               "451 for a message that takes too long to keep",
               f"{reply} after {took:.1f} s")
        tap.equal(smtp.command("MAIL FROM:<>")[0], 250, "the session goes on")
        data = os.path.join(server.root, "root")
        tap.equal(maildir.wait_count(data, "alice", 2, 60), 2,
                  "the message is there nevertheless")
        smtp.close()
    finally:
        strace.terminate()
        strace.wait(60)
        tap.equal(server.stop(), 0, "SIGTERM ends it with 0")
    log = server.log_tail(10 ** 6)
    tap.ok('question="end of data"' in log and "reply=none" in log and
           "unconfirmed=1" in log, "the log says that nobody was told",
           log[-1500:])


def wait_closed(smtp, seconds):
    """When it was told 421 4.4.2 and closed, or None."""
    smtp.socket.settimeout(seconds)
    start = time.monotonic()
    try:
        line = smtp.file.readline()
        rest = smtp.file.readline()
    except OSError:
        return None
    if not line.startswith(b"421 4.4.2 ") or rest:
        return None
    return time.monotonic() - start


def test_load(server):
    server.configure(more="[limits]\ncommand_timeout=100\nconnections=20\n")
    server.start()
    try:
        idle = [mailwire.Smtp(server.smtp) for _ in range(17)]
        quick = wait_closed(idle[0], 4)
        idle += [mailwire.Smtp(server.smtp) for _ in range(2)]
        first = wait_closed(idle[1], 3 + LATE)
        time.sleep(0.5)
        dropped = [smtp for smtp in idle[1:]
                   if first is not None and wait_closed(smtp, 0.1) is not None]
        for smtp in idle:
            smtp.close()
        tap.ok(quick is None, "17 of 20 connections have more than 3 s")
        tap.ok(first is not None and len(dropped) >= 3,
               "with 19 of 20 those that wait already have 3 s of 100",
               f"first after {first} s, then {len(dropped)}")
        smtp = mailwire.Smtp(server.smtp)
        tap.equal(smtp.hello()[0], 250, "and there is room again")
        smtp.quit()
    finally:
        server.stop()
    log = server.log_tail(100000)
    tap.ok("time_percent=25" in log and "time_percent=3" in log and
           log.rindex("time_percent=100") > log.rindex("time_percent=3"),
           "the log tells of the load", log[-600:])


def main():
    folder = tempfile.mkdtemp(prefix="pli-test-")
    certificate = os.path.join(folder, "own")
    plidfile.make_certificate(certificate)
    server = plidfile.Server(folder, certificate)
    server.user("add", "alice", said=b"a secret\n")
    server.write_aliases("")
    server.configure(more=LIMITS)
    server.start()
    try:
        test_drips(server)
        test_steady(server)
    finally:
        server.stop()
    test_load(server)
    test_late_end(server)
    shutil.rmtree(folder)
    tap.done()


main()
