# SPDX-License-Identifier: LGPL-2.1-or-later
"""plid with a configuration file, accounts and aliases, on free ports."""
import os
import subprocess

import plidev
import tap

PLI = os.path.join(tap.top_builddir(), "pli")
PLID = os.path.join(tap.top_builddir(), "plid")


MECHANISMS = "SCRAM-SHA-256 PLAIN LOGIN CRAM-MD5 EXTERNAL"


class Server(plidev.Server):
    """plid with a configuration of the test's."""

    def __init__(self, folder, certificate):
        super().__init__(root=folder)
        self.users = os.path.join(folder, "users")
        self.aliases = os.path.join(folder, "aliases")
        self.file = os.path.join(folder, "plid.conf")
        self.certificate = certificate

    def configure(self, domains="example.org example.net", more="",
                  smtp="", tls="", server="",
                  accounts="failure_delay=0\n"):
        doors = "".join(
            f"[listener {name}]\nprotocol={protocol}\nport={self.port(n)}\n"
            f"tls={tls}\n" for name, protocol, n, tls in (
                ("in", "smtp", 25, "starttls"), ("lmtp", "lmtp", 24, "none"),
                ("submit", "submission", 587, "starttls"),
                ("read", "imap", 993, "implicit"),
                ("clear", "imap", 143, "starttls")))
        with open(self.file, "w", encoding="utf-8") as f:
            f.write(f"[server]\nroot={self.root}/root\n"
                    f"hostname=mx.example.org\n{server}{doors}"
                    f"[certificate own]\ncertificate={self.certificate}.pem\n"
                    f"key={self.certificate}.key\n"
                    f"[smtp]\nexpn=yes\n{smtp}{tls}"
                    f"[accounts]\nmode=file\nusers={self.users}\n"
                    f"aliases={self.aliases}\ndomains={domains}\n"
                    f"mechanisms={MECHANISMS}\n{accounts}{more}")

    def check(self):
        got = subprocess.run([PLID, "-t", "-c", self.file],
                             capture_output=True, timeout=60)
        return got.returncode, got.stderr.decode()

    def start(self, seconds=60):
        log = open(self.log_path, "ab")
        self.process = subprocess.Popen(
            [PLID, "-c", self.file], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=log)
        log.close()
        if self.process.stdout.readline() != b"ready\n":
            raise RuntimeError(self.log_tail())
        return self

    def write_aliases(self, text):
        with open(self.aliases + ".new", "w", encoding="utf-8") as f:
            f.write(text)
        os.rename(self.aliases + ".new", self.aliases)

    def user(self, *words, said=b""):
        return subprocess.run([PLI, "user", *words, "-f", self.users,
                               "--iterations", "4096"], input=said,
                              capture_output=True, timeout=60).returncode


def make_certificate(path, names="DNS:localhost"):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                    "-subj", "/CN=mx.example.org", "-addext",
                    "subjectAltName=" + names, "-keyout", path + ".key",
                    "-out", path + ".pem"], check=True, capture_output=True,
                   timeout=60)


def end_certificate(path):
    """Makes one that ended yesterday of it."""
    subprocess.run(["openssl", "x509", "-in", path + ".pem", "-signkey",
                    path + ".key", "-days", "-1", "-out", path + ".pem"],
                   check=True, capture_output=True, timeout=60)
