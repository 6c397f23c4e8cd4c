# SPDX-License-Identifier: LGPL-2.1-or-later
"""Master, workers, auth process: what each may do, and what one's end costs."""
import imaplib
import os
import pwd
import re
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "lib"))
import maildir  # noqa: E402
import mailwire  # noqa: E402
import plidev  # noqa: E402
import plidfile  # noqa: E402
import tap  # noqa: E402

PASSWORD = b"correct horse battery"
USER = "nobody"


def status_of(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as f:
        return dict(line.rstrip("\n").split(":\t", 1) for line in f
                    if ":\t" in line)


def wait_for(what, seconds=20):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = what()
        if value:
            return value
        time.sleep(0.01)
    return what()


def make_server(folder, server_lines="", **more):
    server = plidfile.Server(folder, os.path.join(folder, "own"))
    plidfile.make_certificate(server.certificate)
    server.user("add", "alice", said=PASSWORD)
    server.write_aliases("bob: alice\n")
    server.configure(server=server_lines, **more)
    return server


def deliver(port, ids, greeting="EHLO x", rcpt="alice@example.org"):
    smtp = mailwire.Smtp(port, timeout=30)
    smtp.command(greeting)
    codes = []
    for one in ids:
        codes.append(smtp.deliver(
            "x@y", rcpt, f"Message-ID: <{one}@x>\r\n\r\nend\r\n".encode())[0])
    smtp.close()
    return codes


def try_rights(server):
    """As root: the processes that hear strangers are another user's."""
    uid = pwd.getpwnam(USER).pw_uid
    for kind in ("worker", "auth"):
        pid, = server.children(kind)
        have = status_of(pid)
        tap.equal(have["Uid"].split(), [str(uid)] * 4, f"the {kind}'s user")
        tap.equal(have["CapEff"], "0" * 16, f"the {kind} has no capability")
        tap.equal(have["CapPrm"], "0" * 16, f"the {kind} can take none")
        tap.equal(have["NoNewPrivs"], "1", f"the {kind} gets none")
        tap.equal(have["Seccomp"], "2", f"the {kind}'s calls are filtered")
        tap.ok(have["Groups"].split() in ([], [str(
            pwd.getpwnam(USER).pw_gid)]), f"the {kind}'s groups",
            have["Groups"])


def memory_has(pid, needle):
    """Whether a process's memory holds the octets."""
    with open(f"/proc/{pid}/maps", encoding="ascii") as maps, \
            open(f"/proc/{pid}/mem", "rb") as memory:
        for line in maps:
            m = re.match(r"([0-9a-f]+)-([0-9a-f]+) rw", line)
            if not m:
                continue
            start, end = (int(x, 16) for x in m.groups())
            try:
                memory.seek(start)
                if needle in memory.read(end - start):
                    return True
            except (OSError, OverflowError, ValueError):
                continue
    return False


def try_secrets(server):
    """Keys of accounts are the auth process's alone."""
    with open(server.users, "rb") as f:
        key = re.search(rb"scram-sha-256=\d+,[^,]+,([^,]+),", f.read())[1]
    auth, = server.children("auth")
    tap.ok(memory_has(auth, key), "the auth process knows the keys")
    tap.ok(not memory_has(server.worker, key), "a worker does not")
    tap.ok(not memory_has(server.process.pid, key), "nor does the master")
    published = os.path.join(server.root, "root", "run", "users")
    with open(published, "rb") as f:
        text = f.read()
    tap.ok(b"alice:" in text and key not in text,
           "what is published has names only", text)


def open_inbox(server):
    context = ssl.create_default_context(cafile=server.certificate + ".pem")
    imap = imaplib.IMAP4_SSL("localhost", server.port(993),
                             ssl_context=context, timeout=60)
    imap.login("alice", PASSWORD.decode())
    return imap


def select(imap):
    return int(imap.select("INBOX", readonly=True)[1][0])


def submits(server):
    got = subprocess.run(
        ["swaks", "--server", "127.0.0.1", "--port", str(server.port(587)),
         "--tls", "--auth", "PLAIN", "--auth-user", "alice",
         "--auth-password", PASSWORD.decode(), "--from",
         "alice@example.org", "--to", "alice@example.org", "--timeout", "20"],
        capture_output=True, timeout=60)
    return got.returncode


def try_end_of_worker(server):
    """SIGKILL: the next connection is served within a second."""
    before = server.worker
    held = mailwire.Smtp(server.smtp)
    os.kill(before, signal.SIGKILL)
    start = time.monotonic()
    codes = None
    while codes is None and time.monotonic() < start + 20:
        try:
            codes = deliver(server.smtp, ["after-worker"])
        except (OSError, ValueError):
            pass  # it was among the connections of the one that ends
    took = time.monotonic() - start
    tap.equal(codes, [250], "mail is taken after a worker was killed")
    tap.ok(took < 1 or tap.is_sanitized(), f"after {took * 1000:.0f} ms")
    try:
        gone = held.socket.recv(100) == b""
    except OSError:
        gone = True
    tap.ok(gone, "its own connections are gone")
    tap.ok("was killed by signal 9" in server.log_tail(10 ** 7),
           "the log says so", server.log_tail())
    tap.ok(server.worker != before, "another one serves")


def try_end_of_auth(server):
    auth, = server.children("auth")
    os.kill(auth, signal.SIGKILL)
    wait_for(lambda: server.children("auth") not in ([], [auth]))
    tap.ok(wait_for(lambda: submits(server) == 0),
           "who logs in is served after the auth process was killed")


def try_end_of_master(server):
    pids = [server.worker, *server.children("auth")]
    server.kill()
    tap.ok(wait_for(lambda: not any(os.path.exists(f"/proc/{pid}")
                                    for pid in pids)),
           "the others end with the master")
    start = time.monotonic()
    server.start()
    took = time.monotonic() - start
    tap.ok(took < 1 or tap.is_sanitized(),
           f"it serves again in {took * 1000:.0f} ms")


def try_privileges():
    if os.geteuid() != 0:
        tap.skip("rights", "only root can become another user")
        return
    with tempfile.TemporaryDirectory(prefix="pli-test-") as folder:
        os.chmod(folder, 0o755)
        server = make_server(folder, f"user={USER}\n")
        os.chown(server.users, pwd.getpwnam(USER).pw_uid, -1)
        try:
            server.start()
            try_rights(server)
            tap.equal(deliver(server.smtp, ["one"]), [250], "it takes mail")
            tap.equal(deliver(server.port(24), ["two"], "LHLO x"), [250],
                      "LMTP, too")
            tap.equal(submits(server), 0, "and who logs in")
            if not tap.is_sanitized():
                try_secrets(server)
            try_end_of_worker(server)
            try_end_of_auth(server)
            try_end_of_master(server)
            tap.equal(server.stop(), 0, "SIGTERM ends it with 0")
        finally:
            server.close()


def try_no_user():
    with tempfile.TemporaryDirectory(prefix="pli-test-") as folder:
        server = make_server(folder, "user=no-such-user\n")
        status, said = server.check()
        tap.ok(status == 78 and "no user `no-such-user`" in said,
               "an unknown user is told by plid -t", (status, said))


def count(server):
    return maildir.count_ids(os.path.join(server.root, "root"), "alice")


def try_several():
    """Three workers share the accounts; one that is killed costs its own."""
    with tempfile.TemporaryDirectory(prefix="pli-test-") as folder:
        server = make_server(folder, "workers=3\n")
        try:
            server.start()
            workers = server.children("worker")
            tap.equal(len(workers), 3, "three workers")
            held = [mailwire.Smtp(server.smtp) for _ in range(6)]
            for smtp in held:
                smtp.hello()
            ids = [f"h{n}" for n in range(6)]
            codes = [smtp.deliver("x@y", "alice@example.org",
                                  f"Message-ID: <{one}@x>\r\n\r\nend\r\n"
                                  .encode())[0]
                     for smtp, one in zip(held, ids)]
            tap.equal(codes, [250] * 6, "each takes mail")
            os.kill(workers[0], signal.SIGKILL)
            alive = 0
            for smtp in held:
                try:
                    alive += smtp.command("NOOP")[0] == 250
                except (OSError, ValueError):
                    pass
            tap.equal(alive, 4, "two sessions of six go with one of three")
            tap.ok(wait_for(lambda: len(server.children("worker")) == 3),
                   "there are three again")
            tap.equal(deliver(server.port(24), [f"l{n}" for n in range(6)],
                              "LHLO x"), [250] * 6, "LMTP")
            wanted = {one: 1 for one in ids + [f"l{n}" for n in range(6)]}
            wait_for(lambda: count(server) == wanted)
            tap.equal(count(server), wanted, "all of it is there once")
            imap = open_inbox(server)
            tap.equal(select(imap), 12, "IMAP sees what all have delivered")
            deliver(server.port(24), ["late"], "LHLO x")
            tap.ok(wait_for(lambda: select(imap) == 13),
                   "and what comes later")
            imap.logout()
            try_fewer(server)
        finally:
            server.close()


def try_fewer(server):
    """What a slot holds that is not used any more is delivered, and the slot
    removed."""
    place = os.path.join(server.root, "root", "mail", "alice")
    spool = os.path.join(server.root, "root", "spool")
    server.stop()
    os.rename(place, place + ".away")
    with open(place, "w", encoding="ascii") as f:
        f.write("in the way")
    server.start()
    sessions = [mailwire.Smtp(server.smtp) for _ in range(3)]
    for n, smtp in enumerate(sessions):
        smtp.hello()
        smtp.deliver("x@y", "alice@example.org",
                     f"Message-ID: <kept{n}@x>\r\n\r\nend\r\n".encode())
    server.kill()
    os.unlink(place)
    os.rename(place + ".away", place)
    server.configure(server="workers=1\n")
    server.start()
    tap.ok(wait_for(lambda: all(f"kept{n}" in count(server)
                                for n in range(3))),
           "mail of slots that are not used any more is delivered",
           count(server))
    tap.ok(wait_for(lambda: sorted(
        name for name in os.listdir(spool) if name.endswith(".db"))
        == ["0.db"]), "and the slots are removed", os.listdir(spool))
    tap.ok(wait_for(lambda: len(server.children("worker")) == 1),
           "one worker is left")
    tap.equal(server.stop(), 0, "SIGTERM ends it with 0")


def resumes(server, folder, times):
    """How many of `times` connections take up the first one's session."""
    ticket = os.path.join(folder, "ticket")
    base = ["openssl", "s_client", "-connect",
            f"127.0.0.1:{server.port(993)}", "-tls1_2"]
    subprocess.run(base + ["-sess_out", ticket], input=b"a LOGOUT\r\n",
                   capture_output=True, timeout=60)
    return sum(b"Reused, " in subprocess.run(
        base + ["-sess_in", ticket], input=b"a LOGOUT\r\n",
        capture_output=True, timeout=60).stdout for _ in range(times))


def try_tickets():
    with tempfile.TemporaryDirectory(prefix="pli-test-") as folder:
        server = make_server(folder, "workers=2\n")
        try:
            server.start()
            # one of the two has a session more, so the other is next
            held = mailwire.Smtp(server.smtp)
            one = resumes(server, folder, 2)
            held.close()
            held = [mailwire.Smtp(server.smtp) for _ in range(2)]
            held[0].close()
            tap.equal((one, resumes(server, folder, 2)), (2, 2),
                      "a ticket of one worker is good for the others")
            held[1].close()
            tap.equal(server.stop(), 0, "SIGTERM ends it with 0")
        finally:
            server.close()


def try_activation():
    """A service manager has bound the sockets."""
    with tempfile.TemporaryDirectory(prefix="pli-test-") as folder:
        server = make_server(folder)
        sockets = []
        for offset in (25, 143):
            s = socket.socket()
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            s.bind(("127.0.0.1", server.port(offset)))
            s.listen(5)
            sockets.append(s)
        other = socket.create_server(("127.0.0.1", 0))
        early = socket.create_connection(("127.0.0.1", server.smtp))
        fds = [s.fileno() for s in sockets + [other]]
        script = ("import os,sys\nfds=[int(x) for x in sys.argv[1].split()]\n"
                  "high=[os.dup2(fd,100+i) for i,fd in enumerate(fds)]\n"
                  "for i,fd in enumerate(high): os.dup2(fd,3+i)\n"
                  "os.environ['LISTEN_FDS']=str(len(fds))\n"
                  "os.environ['LISTEN_PID']=str(os.getpid())\n"
                  "os.execv(sys.argv[2],sys.argv[2:])\n")
        log = open(server.log_path, "ab")
        server.process = subprocess.Popen(
            [sys.executable, "-c", script, " ".join(map(str, fds)),
             plidfile.PLID, "-c", server.file], pass_fds=fds,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log)
        log.close()
        try:
            tap.equal(server.process.stdout.readline(), b"ready\n",
                      "it starts with sockets that were handed over")
            tap.ok(early.recv(100).startswith(b"220 "),
                   "who came before is served")
            tap.equal(deliver(server.smtp, ["a"]), [250], "it takes mail")
            tap.ok(wait_for(lambda: "no [listener NAME] has the address"
                            in server.log_tail(10 ** 6)),
                   "one that is nobody's is told", server.log_tail())
            tap.equal(server.stop(), 0, "SIGTERM ends it with 0")
        finally:
            early.close()
            for s in sockets + [other]:
                s.close()
            server.close()


def try_drain():
    """SIGTERM: an answer that is open is given; who idles is let go."""
    with tempfile.TemporaryDirectory(prefix="pli-test-") as folder:
        server = make_server(folder, "drain=1\n")
        try:
            server.start()
            idle = mailwire.Smtp(server.smtp)
            os.kill(server.process.pid, signal.SIGTERM)
            tap.equal(idle.socket.recv(100), b"", "who idles is let go")
            start = time.monotonic()
            status = server.stop()
            tap.ok(status == 0 and time.monotonic() - start < 10,
                   "it ends in time", status)
            server.start()
            os.kill(server.worker, signal.SIGSTOP)
            start = time.monotonic()
            server.stop()
            took = time.monotonic() - start
            tap.ok(took < 20, f"a worker that hangs is ended ({took:.1f} s)")
            server.start()
            tap.equal(deliver(server.smtp, ["again"]), [250], "it starts again")
            tap.equal(server.stop(), 0, "SIGTERM ends it with 0")
        finally:
            server.close()


def main():
    try_privileges()
    try_no_user()
    try_several()
    try_tickets()
    try_activation()
    try_drain()
    tap.done()


main()
