# SPDX-License-Identifier: LGPL-2.1-or-later
"""Accounts whose passwords PAM judges: the real libpam with rules of our own,
whose program sees what PAM is asked."""
import base64
import imaplib
import os
import shutil
import signal
import smtplib
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "lib"))
import plidfile  # noqa: E402
import tap  # noqa: E402

SLEEP = str(300 + os.getpid() / 1e7)  # of this run alone
SECONDS = 10  # that PAM has for an answer
STRANGER = "unknown-to-pli"
CHECK = """#!/bin/sh
given=$(tr -d '\\0')
printf '%s:%s\\n' "$PAM_USER" "$given" >>FOLDER/asked
[ "$PAM_USER" != slow ] || sleep SLEEP
grep -Fxq -- "$PAM_USER:$given" FOLDER/passwords
"""
RULES = """auth requisite pam_exec.so quiet expose_authtok FOLDER/check
account required pam_listfile.so item=user sense=deny file=FOLDER/expired \
onerr=fail
"""


def has_pam():
    with open(os.path.join(tap.top_builddir(), "config.h"),
              encoding="utf-8") as f:
        return "#define HAVE_PAM 1" in f.read()


def has_modules():
    return any(os.path.exists(os.path.join(base, "pam_exec.so"))
               for top in ("/lib", "/usr/lib", "/lib64", "/usr/lib64")
               for base, _, _ in os.walk(top) if base.endswith("security"))


class Server(plidfile.Server):
    def __init__(self, folder, certificate):
        super().__init__(folder, certificate)
        self.folder = folder
        self.rules = os.path.join(folder, "pam.d")
        os.mkdir(self.rules)

    def write(self, name, text, mode=0o600):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text.replace("FOLDER", self.folder))
        os.chmod(path, mode)

    def set_up(self, service="pli", **more):
        self.configure(accounts=f"failure_delay=0\npam_service={service}\n"
                       f"pam_directory={self.rules}\n", **more)

    def asked(self):
        """What PAM was asked since the last look."""
        path = os.path.join(self.folder, "asked")
        if not os.path.exists(path):
            return []
        with open(path, encoding="utf-8") as f:
            lines = f.read().splitlines()
        os.unlink(path)
        return lines


def log_in(server, user, password, mechanism="PLAIN"):
    with smtplib.SMTP("localhost", server.port(587), timeout=60) as smtp:
        smtp.starttls(context=ssl._create_unverified_context())
        smtp.ehlo()
        if mechanism == "PLAIN":
            return smtp.docmd("AUTH", "PLAIN " + base64.b64encode(
                f"\0{user}\0{password}".encode()).decode())[0]
        smtp.user, smtp.password = user, password
        try:
            return smtp.auth(mechanism, {
                "LOGIN": smtp.auth_login,
                "CRAM-MD5": smtp.auth_cram_md5}[mechanism])[0]
        except smtplib.SMTPAuthenticationError as error:
            return error.smtp_code


def check_setup(server):
    """What plid -t says of it."""
    server.set_up()
    status, said = server.check()
    wanted = "--without-pam" if not has_pam() else \
        f"{server.rules}/pli was expected"
    tap.ok(status == 78 and "the account alice wants PAM" in said
           and server.users in said and wanted in said,
           "plid -t says what is missing", said)
    server.set_up(service="../pli")
    status, said = server.check()
    tap.ok(status == 78 and "is no `pam_service`" in said,
           "a service that is a path", said)
    server.set_up()


def check_logins(server):
    server.asked()
    for user, password, mechanism, code, asked in (
            ("alice", "a secret", "PLAIN", 235, "alice:a secret"),
            ("alice", "a secret", "LOGIN", 235, "alice:a secret"),
            ("ALICE@Example.org", "a secret", "PLAIN", 235,
             "alice:a secret"),
            ("alice", "b secret", "PLAIN", 535, "alice:b secret"),
            ("alice", "b secret", "LOGIN", 535, "alice:b secret"),
            ("o'brien", "p\u00e4ss$(id)", "PLAIN", 235,
             "o'brien:p\u00e4ss$(id)"),
            ("expired", "e secret", "PLAIN", 535, "expired:e secret"),
            # who is no account costs the same, and nobody is tried by it
            ("mallory", "m secret", "PLAIN", 535,
             f"{STRANGER}:" + "x" * 9),
            ("alice@elsewhere.test", "a secret", "PLAIN", 535,
             f"{STRANGER}:" + "x" * 9),
            ("root;reboot", "a", "PLAIN", 535, f"{STRANGER}:xx"),
            ("alice", "", "PLAIN", 535, f"{STRANGER}:x")):
        tap.equal((log_in(server, user, password, mechanism),
                   server.asked()), (code, [asked]),
                  f"{mechanism} {user} {password or 'nothing'}: {code}")
    long = "x" * 2500
    tap.equal((log_in(server, "alice", long, "LOGIN"),
               log_in(server, "bob", long, "LOGIN"), server.asked()),
              (535, 535, []), "a password that is too long")
    log = server.log_tail(10 ** 6)
    tap.ok("account=expired result=refused reason=" in log,
           "the log has PAM's reason", log)
    tap.ok("secret" not in log and "$(id)" not in log, "and no password", log)


def check_imap(server):
    context = ssl._create_unverified_context()
    with imaplib.IMAP4_SSL("localhost", server.port(993),
                           ssl_context=context) as imap:
        imap.login("alice", "a secret")
        tap.equal(imap.select()[0], "OK", "IMAP")
    for user, password, word in (("alice", "b", "AUTHENTICATIONFAILED"),
                                 ("slow", "s", "UNAVAILABLE")):
        try:
            with imaplib.IMAP4_SSL("localhost", server.port(993),
                                   ssl_context=context) as imap:
                imap.login(user, password)
            tap.ok(False, f"IMAP: {word}")
        except imaplib.IMAP4.error as error:
            tap.ok(word in str(error), f"IMAP: {word}", error)


def scram(server, user, password):
    got = subprocess.run(
        ["gsasl", "--client", "--smtp", "--mechanism", "SCRAM-SHA-256",
         "--no-starttls", "--authentication-id", user, "--password", password,
         "localhost", str(server.port(587))], stdin=subprocess.DEVNULL,
        capture_output=True, timeout=60)
    return got.returncode == 0 and b"235" in got.stdout


def check_other_ways(server, folder):
    """Nothing but PAM lets them in."""
    server.asked()
    tap.equal(log_in(server, "alice", "a secret", "CRAM-MD5"), 535,
              "not by CRAM-MD5")
    if shutil.which("gsasl"):
        tap.ok(not scram(server, "alice", "a secret")
               and scram(server, "bob", "b secret"),
               "not by SCRAM, which bob can use")
    else:
        tap.skip("not by SCRAM", "gsasl is not installed")
    for name in ("alice", "bob"):
        path = os.path.join(folder, name)
        plidfile.make_certificate(path, f"email:{name}@example.org")
        context = ssl._create_unverified_context()
        context.load_cert_chain(path + ".pem", path + ".key")
        with open(os.path.join(folder, "ca"), "ab") as ca, \
                open(path + ".pem", "rb") as f:
            ca.write(f.read())
    server.stop()
    server.set_up(tls=f"[tls]\nclient_ca={folder}/ca\n")
    server.start()
    for name, code in (("alice", 535), ("bob", 235)):
        context = ssl._create_unverified_context()
        context.load_cert_chain(os.path.join(folder, name + ".pem"),
                                os.path.join(folder, name + ".key"))
        with smtplib.SMTP("localhost", server.port(587), timeout=60) as smtp:
            smtp.starttls(context=context)
            smtp.ehlo()
            tap.equal(smtp.docmd("AUTH", "EXTERNAL =")[0], code,
                      f"EXTERNAL of {name}: {code}")
    tap.equal(server.asked(), [], "and PAM was not asked")


def is_running(*words):
    wanted = b"\0".join(word.encode() for word in words)
    for pid in os.listdir("/proc"):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as f:
                if f.read().rstrip(b"\0").endswith(wanted):
                    return True
        except OSError:
            pass
    return False


def check_slow(server):
    start = time.monotonic()
    codes = []
    run = threading.Thread(
        target=lambda: codes.append(log_in(server, "slow", "s secret")))
    run.start()
    while not is_running("sleep", SLEEP) and time.monotonic() - start < 9:
        time.sleep(0.1)
    seen = is_running("sleep", SLEEP)
    run.join()
    code = codes[0]
    took = time.monotonic() - start
    tap.ok(code == 454 and SECONDS - 1 < took < SECONDS + 10,
           f"PAM that hangs is given up ({took:.1f} s)", code)
    tap.ok(seen and not is_running("sleep", SLEEP), "with all that it started")
    tap.equal(log_in(server, "alice", "a secret"), 235, "and it goes on")
    tap.ok("no answer came in time" in server.log_tail(10 ** 6),
           "the log tells")


def find_program(server):
    """The pid of the pli-pam that asks by this server's rules."""
    wanted = ("pli-pam", "pli", server.rules)
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as f:
                if f.read() == "\0".join(wanted).encode() + b"\0":
                    return int(pid)
        except OSError:
            pass
    return None


def check_killed(server):
    pid = find_program(server)
    os.kill(pid, signal.SIGKILL)
    codes = [log_in(server, "alice", "a secret")]
    end = time.monotonic() + 20
    while codes[-1] != 235 and time.monotonic() < end:
        time.sleep(0.1)
        codes.append(log_in(server, "alice", "a secret"))
    tap.ok(codes[-1] == 235 and set(codes) <= {454, 235}
           and find_program(server) not in (pid, None),
           "killed pli-pam is there again", codes)


def check_trouble(server):
    os.rename(server.rules + "/pli", server.rules + "/away")
    tap.equal((log_in(server, "alice", "a secret"),
               log_in(server, "alice", "wrong")), (454, 454),
              "without rules nobody is told that a password is wrong")
    os.rename(server.rules + "/away", server.rules + "/pli")
    tap.equal(log_in(server, "alice", "a secret"), 235, "until they are back")


def check_many(server):
    codes = []
    runs = [threading.Thread(target=lambda i=i: codes.append(
        (i % 2, log_in(server, "alice", ("a secret", "wrong")[i % 2]))))
        for i in range(16)]
    for run in runs:
        run.start()
    for run in runs:
        run.join()
    tap.equal(set(codes), {(0, 235), (1, 535)}, "16 at one time")


def check_services(server):
    """pam_permit lets in who is an account, pam_deny nobody."""
    for service, module, code in (("all", "pam_permit", 235),
                                  ("none", "pam_deny", 535)):
        server.write(f"pam.d/{service}", f"auth required {module}.so\n"
                     "account required pam_permit.so\n")
        server.stop()
        server.set_up(service=service)
        server.start()
        tap.equal((log_in(server, "alice", "anything"),
                   log_in(server, "mallory", "anything"),
                   log_in(server, "alice", "")), (code, 535, 535),
                  f"{module}: {code}")


def check_unknown(server):
    """Names that are no accounts cost what accounts cost, some PAM, some
    keys."""
    server.asked()
    for i in range(20):
        log_in(server, f"mallory{i}", "m")
    n = len(server.asked())
    tap.ok(0 < n < 20, f"of 20 unknown names {n} cost what PAM costs")
    tap.equal((log_in(server, "bob", "b secret"), server.asked()), (235, []),
              "who has keys costs keys")


class Program:
    """pli-pam by itself."""

    def __init__(self, *words):
        self.socket, theirs = socket.socketpair(socket.AF_UNIX,
                                                socket.SOCK_SEQPACKET)
        self.socket.settimeout(60)
        self.run = subprocess.Popen(
            [os.path.join(tap.top_builddir(), "pli-pam"), *words],
            stdin=theirs, stderr=subprocess.DEVNULL)
        theirs.close()

    def ask(self, request):
        self.socket.send(request)
        return self.socket.recv(1000)[:1]

    def end(self):
        self.socket.close()
        return self.run.wait(60)


def check_program(server):
    program = Program("pli", server.rules)
    for request in (b"\0", b"alice", b"alice\0", b"alice\0a secret",
                    b"alice\0a secret\0more", b"alice\0a secret\0more\0",
                    b"alice\0" + b"x" * 3000 + b"\0"):
        tap.equal(program.ask(request), b"!",
                  f"a request that is none: {request[:40]!r}")
    tap.equal([program.ask(request) for request in (
        b"alice\0a secret\0", b"alice\0wrong\0", b"\0a\0",
        b"alice\0a secret\0")], [b"+", b"-", b"-", b"+"],
        "one after the other")
    tap.equal(program.end(), 0, "it ends when nobody can ask any more")
    for words in ((), ("a", "b", "c")):
        tap.equal(Program(*words).run.wait(60), 64, "wrong usage")
    for n, reply in ((8, b"+"), (9, b"-")):
        server.write(f"pam.d/prompts{n}",
                     "auth [conv_err=die default=ignore] pam_userdb.so "
                     "db=/none\n" * n + "auth required pam_permit.so\n"
                     "account required pam_permit.so\n")
        program = Program(f"prompts{n}", server.rules)
        tap.equal(program.ask(b"alice\0x\0"), reply,
                  f"modules that ask {n} times: {reply}")
        program.end()


def run_all(server, folder):
    server.write("pam.d/pli", RULES)
    server.write("check", CHECK.replace("SLEEP", SLEEP), 0o700)
    server.write("passwords", "alice:a secret\nexpired:e secret\n"
                 f"o'brien:p\u00e4ss$(id)\n{STRANGER}:xx\n")
    server.write("expired", "expired\n")
    tap.equal(server.check(), (0, ""), "plid -t is content")
    check_program(server)
    server.start()
    check_logins(server)
    check_imap(server)
    check_slow(server)
    check_killed(server)
    check_trouble(server)
    check_many(server)
    server.user("add", "bob", said=b"b secret\n")
    time.sleep(1.5)
    check_unknown(server)
    check_other_ways(server, folder)
    check_services(server)
    tap.equal(server.stop(), 0, "it ends")
    time.sleep(0.5)
    tap.equal(find_program(server), None, "and pli-pam with it")


def main():
    if not shutil.which("openssl"):
        tap.skip_all("openssl is not installed")
    with tempfile.TemporaryDirectory(prefix="pli-test-") as folder:
        certificate = os.path.join(folder, "own")
        plidfile.make_certificate(certificate)
        server = Server(folder, certificate)
        for name in ("alice", "expired", "o%27brien", "slow"):
            server.user("add", "--pam", name)
        server.write_aliases("")
        check_setup(server)
        if not has_pam() or not has_modules():
            tap.skip("PAM itself", "built without it, or no modules")
        else:
            try:
                run_all(server, folder)
            finally:
                server.close()
    tap.done()


main()
