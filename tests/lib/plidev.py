# SPDX-License-Identifier: LGPL-2.1-or-later
"""A throw-away server for a test: `pli dev` on a free port base."""
import os
import random
import select
import signal
import socket
import subprocess
import tempfile
import time

import tap

OFFSETS = (24, 25, 80, 110, 143, 190, 465, 587, 993, 995)


def free_port_base():
    """A base whose ports are free now, beneath the ephemeral ones."""
    for _ in range(200):
        base = random.randrange(10000, 31000, 10)
        try:
            for offset in OFFSETS:
                with socket.socket() as s:
                    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                    s.bind(("127.0.0.1", base + offset))
        except OSError:
            continue
        return base
    return tap.bail("no free ports")


class Server:
    """start(), stop(), kill(); the root stays between them."""

    def __init__(self, root=None, program=None):
        self._folder = None
        if root is None:
            self._folder = tempfile.TemporaryDirectory(prefix="pli-test-")
            root = self._folder.name
        self.root = root
        self.program = program or os.path.join(tap.top_builddir(), "pli")
        self.base = free_port_base()
        self.process = None
        self.log_path = os.path.join(root, "test-server.log")

    def start(self, seconds=60):
        log = open(self.log_path, "ab")
        self.process = subprocess.Popen(
            [self.program, "dev", "--root", self.root,
             "--port-base", str(self.base)],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log)
        log.close()
        end = time.monotonic() + seconds
        seen = b""
        while b"ready\n" not in seen:
            left = end - time.monotonic()
            if left <= 0:
                self.kill()
                raise RuntimeError("the server never said ready\n"
                                   + self.log_tail())
            if select.select([self.process.stdout], [], [], left)[0]:
                more = os.read(self.process.stdout.fileno(), 4096)
                if not more:
                    self.process.wait()
                    raise RuntimeError(
                        f"the server ended with {self.process.returncode}\n"
                        + self.log_tail())
                seen += more
        return self

    def port(self, offset):
        return self.base + offset

    @property
    def smtp(self):
        return self.port(25)

    @property
    def imap(self):
        return self.port(143)

    def children(self, kind):
        """Pids of its processes: "worker" or "auth"."""
        found = []
        for name in os.listdir("/proc"):
            try:
                with open(f"/proc/{name}/stat", encoding="utf-8",
                          errors="replace") as f:
                    parent = int(f.read().rpartition(")")[2].split()[1])
                with open(f"/proc/{name}/cmdline", "rb") as f:
                    words = f.read().split(b"\0")
            except (OSError, ValueError):
                continue
            if parent == self.process.pid and words[1:3] == [
                    b"--child", kind.encode()]:
                found.append(int(name))
        return sorted(found)

    @property
    def worker(self):
        """The pid of the only worker."""
        worker, = self.children("worker")
        return worker

    def log_tail(self, octets=3000):
        try:
            with open(self.log_path, "rb") as f:
                return f.read()[-octets:].decode("utf-8", "replace")
        except OSError:
            return ""

    def is_alive(self):
        return self.process is not None and self.process.poll() is None

    def stop(self, seconds=30):
        """SIGTERM; the exit status."""
        if self.process is None:
            return None
        if self.is_alive():
            self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            status = self.process.wait()
        self.process.stdout.close()
        self.process = None
        return status

    def kill(self):
        """SIGKILL, and gone when this returns."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process.stdout.close()
            self.process = None

    def close(self):
        self.kill()
        if self._folder is not None:
            self._folder.cleanup()

    def __enter__(self):
        try:
            return self.start()
        except RuntimeError as error:
            self.close()
            tap.note(error)
            return tap.bail("the server does not start")

    def __exit__(self, *_):
        self.close()
