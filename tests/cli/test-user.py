# SPDX-License-Identifier: LGPL-2.1-or-later
"""pli user: the file of accounts, whose keys are reckoned anew by Python."""
import base64
import hashlib
import hmac
import json
import os
import pty
import random
import signal
import stat
import subprocess
import sys
import tempfile
import termios
import time
import warnings

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "lib"))
import tap  # noqa: E402

PLI = os.path.join(tap.top_builddir(), "pli")


def pli(*words, said="", status=0):
    """The output, and the error, of a run that ends with `status`."""
    got = subprocess.run([PLI, "user", *words], input=said.encode(),
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                         timeout=60)
    if got.returncode != status:
        tap.note(f"{words}: {got.returncode}, not {status}: {got.stderr}")
        raise AssertionError(words)
    return got.stdout.decode() + got.stderr.decode()


def read(path):
    with open(path, encoding="utf-8") as f:
        lines = [line for line in f.read().splitlines()
                 if line and not line.startswith("#")]
    return {line.split(":")[0]: dict(field.split("=", 1) for field
                                     in line.split(":")[1:])
            for line in lines}


def has_keys(value, name, password):
    """Whether the keys of SCRAM (RFC 5802 3) are the password's."""
    iterations, salt, stored, server = value.split(",")
    salted = hashlib.pbkdf2_hmac(name, password.encode(),
                                 base64.b64decode(salt), int(iterations))
    client = hmac.digest(salted, b"Client Key", name)
    return (hashlib.new(name, client).digest() == base64.b64decode(stored)
            and hmac.digest(salted, b"Server Key", name)
            == base64.b64decode(server))


def check_keys(path):
    pli("add", "-f", path, "alice", said="correct horse\n")
    fields = read(path)["alice"]
    tap.ok(has_keys(fields["scram-sha-1"], "sha1", "correct horse")
           and has_keys(fields["scram-sha-256"], "sha256", "correct horse"),
           "both keys are those of RFC 5802", fields)
    tap.equal(fields["scram-sha-256"].split(",")[0], "10000",
              "10000 iterations")
    tap.equal(stat.S_IMODE(os.stat(path).st_mode), 0o600, "the mode is 0600")
    pli("passwd", "-f", path, "--iterations", "4096", "alice",
        said="battery staple\n")
    changed = read(path)["alice"]
    tap.ok(has_keys(changed["scram-sha-256"], "sha256", "battery staple")
           and changed["scram-sha-256"].startswith("4096,"),
           "passwd gives it another", changed)
    tap.ok(changed["scram-sha-256"].split(",")[1]
           != fields["scram-sha-256"].split(",")[1], "and another salt")
    # SASLprep: a non-ASCII blank is a blank, a soft hyphen nothing, ª an a
    pli("add", "-f", path, "prep", said="I\u00adX\u00a0\u00aa\n")
    tap.ok(has_keys(read(path)["prep"]["scram-sha-256"], "sha256", "IX a"),
           "a password is prepared (RFC 4013)")


def check_crypt(path):
    pli("add", "-f", path, "--crypt", "--secret", "bob", said="hunter2\n")
    fields = read(path)["bob"]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import crypt
        tap.ok(fields["crypt"].startswith("$y$") and fields["crypt"]
               == crypt.crypt("hunter2", fields["crypt"]),
               "--crypt keeps a yescrypt", fields)
    except ImportError:
        tap.skip("--crypt keeps a yescrypt", "Python has no crypt")
    tap.equal(base64.b64decode(fields["secret"]), b"hunter2",
              "--secret keeps the password")
    tap.ok("scram-sha-256" not in fields, "and no keys", fields)


def check_list(path):
    tap.equal(pli("list", "-f", path),
              "alice scram\nprep scram\nbob crypt secret\n", "list")
    rows = [json.loads(line) for line
            in pli("list", "--json", "-f", path).splitlines()]
    tap.equal(rows[2], {"name": "bob", "scram": False, "crypt": True,
                        "pam": False, "secret": True}, "list --json")


def check_pam(folder):
    path = os.path.join(folder, "pam")
    pli("add", "-f", path, "--pam", "alice")
    pli("add", "-f", path, "bob", said="x\n")
    with open(path, encoding="utf-8") as f:
        tap.equal(f.readline(), "alice:pam\n", "--pam asks for no password")
    pli("passwd", "-f", path, "--pam", "bob")
    pli("passwd", "-f", path, "alice", said="y\n")
    tap.equal(pli("list", "-f", path), "alice scram\nbob pam\n",
              "passwd goes from the one to the other")
    row = json.loads(pli("list", "--json", "-f", path).splitlines()[1])
    tap.equal(row, {"name": "bob", "scram": False, "crypt": False,
                    "pam": True, "secret": False}, "list --json")
    for option in ("--crypt", "--secret"):
        got = pli("add", "-f", path, "--pam", option, "carol", status=64)
        tap.ok("neither" in got, f"--pam {option}", got)


def check_faults(path):
    def says(words, text, name, said="x\n", status=64):
        got = pli(*words, said=said, status=status)
        tap.ok(text in got, name, got)

    says(["add", "-f", path, "alice"], "already", "add of one that is there",
         status=73)
    says(["passwd", "-f", path, "carol"], "no account carol",
         "passwd of one that is not", status=67)
    says(["remove", "-f", path, "carol"], "no account carol",
         "remove of one that is not", status=67)
    says(["add", "-f", path, "Carol"], "a-z", "a name in capitals")
    says(["add", "-f", path, "../carol"], "a-z", "a name that is a path")
    says(["add", "-f", path, "c:d"], "a-z", "a name with a colon")
    says(["add", "-f", path, "n" * 201], "at most 200", "a long name")
    says(["add", "-f", path, "carol"], "1 to 1024", "an empty password",
         said="\n")
    says(["add", "-f", path, "carol"], "1 to 1024", "a control", said="a\ab\n")
    says(["add", "-f", path, "carol"], "1 to 1024", "a CR within",
         said="a\rb\n")
    says(["add", "-f", path, "carol"], "standard input", "NUL",
         said="a\0b", status=66)
    says(["add", "-f", path, "--crypt", "carol"], "at most 511",
         "a password too long for a crypt", said="x" * 512 + "\n")
    says(["add", "-f", path, "carol"], "standard input", "no password",
         said="", status=66)
    says(["add", "-f", path, "carol"], "standard input", "a long password",
         said="x" * 2000 + "\n", status=66)
    says(["add", "-f", path, "--iterations", "4095", "carol"], "4096",
         "few iterations")
    says(["drop", "-f", path, "carol"], "none of add", "another verb")
    says(["add", "-f", path], "expected", "no name")
    for verb in ("passwd", "remove"):
        says([verb, "-f", path + ".none", "carol"], "add makes the file",
             f"{verb} in no file", status=66)
    says(["list", "-f", path + ".none"], "No such file", "no file", status=66)
    tap.ok(not os.path.exists(path + ".none.lock"), "no lock is left")
    says(["add", "-f", os.path.join(path, "x"), "carol"], "Not a directory",
         "a file that cannot be made", status=74)
    tap.equal(sorted(read(path)), ["alice", "bob", "prep"],
              "nothing has changed")


GOOD = ("4096,c2FsdA==,AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=,"
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")


def check_lines(folder):
    path = os.path.join(folder, "lines")
    for line, text in (
            ("alice", "alice has none of them"),
            ("alice:crypt=$y$a:crypt=$y$b", "twice"),
            ("alice:crypt=plain", "begin with $"),
            ("alice:scram=x", "is none of"),
            ("alice:nonsense", "KEY=VALUE"),
            ("Alice:crypt=$y$a", "the name of an account"),
            (":crypt=$y$a", "the name of an account"),
            (f"alice:scram-sha-256={GOOD}:scram-sha-256={GOOD}", "twice"),
            (f"alice:scram-sha-1={GOOD}", "as long as the hash"),
            ("alice:scram-sha-256=" + GOOD.replace("4096", "0"), "1000000"),
            ("alice:scram-sha-256=" + GOOD.replace("c2FsdA==", "c2FsdA"),
             "the salt"),
            ("alice:scram-sha-256=1,2,3", "commas"),
            ("alice:crypt=$y$a:secret=!", "in base64"),
            ("alice:crypt=$y$a:secret=AGE=", "NUL"),
            ("alice:crypt=$y$" + "a" * 9000, "8192")):
        with open(path, "w", encoding="utf-8") as f:
            f.write(f"# comment\n\nzoe:scram-sha-256={GOOD}\n{line}\n")
        got = pli("list", "-f", path, status=65)
        tap.ok(f"{path}:4: " in got and text in got,
               f"a line that is wrong: {text}", got)
        got = pli("add", "-f", path, "carol", said="x\n", status=65)
        with open(path, encoding="utf-8") as f:
            tap.ok(f.read().endswith(line + "\n"), "it is left alone", got)
    with open(path, "w", encoding="utf-8") as f:
        f.write(f"# kept\n\nzoe:scram-sha-256={GOOD}\r\n"
                f"yan:scram-sha-256={GOOD}")
    os.chmod(path, 0o640)
    pli("remove", "-f", path, "zoe")
    pli("add", "-f", path, "xan", said="x\n")
    with open(path, encoding="utf-8") as f:
        text = f.read()
    tap.ok(text.startswith("# kept\n\nyan:") and "\nxan:" in text,
           "comments stay, and a last line without end", text)
    tap.equal(stat.S_IMODE(os.stat(path).st_mode), 0o640, "the mode stays")


def check_terminal(path):
    def type_in(*lines):
        pid, fd = pty.fork()
        if pid == 0:
            os.execv(PLI, ["pli", "user", "add", "-f", path, "typed"])
        seen = b""
        for i, line in enumerate(lines):
            while seen.count(b": ") <= i:
                seen += os.read(fd, 100)
            time.sleep(0.1)
            os.write(fd, line.encode() + b"\n")
        try:
            while True:
                more = os.read(fd, 100)
                if not more:
                    break
                seen += more
        except OSError:
            pass
        os.close(fd)
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), seen

    status, seen = type_in("typed secret", "other secret")
    tap.ok(status == 66 and b"differ" in seen, "two that differ", seen)
    status, seen = type_in("typed secret", "typed secret")
    tap.ok(status == 0 and b"secret" not in seen, "asked twice, not shown",
           seen)
    tap.ok(has_keys(read(path)["typed"]["scram-sha-256"], "sha256",
                    "typed secret"), "and kept")


def check_interrupt(path):
    """Ctrl-C ends the question, and leaves a terminal that shows what is
    typed."""
    pid, fd = pty.fork()
    if pid == 0:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.execv(PLI, ["pli", "user", "add", "-f", path, "interrupted"])
    seen = b""
    while b": " not in seen:
        seen += os.read(fd, 100)
    quiet = termios.tcgetattr(fd)[3] & termios.ECHO
    os.write(fd, b"half\x03")
    _, status = os.waitpid(pid, 0)
    after = termios.tcgetattr(fd)[3] & termios.ECHO
    try:
        seen += os.read(fd, 100)
    except OSError:
        pass  # the signal has thrown the output away, too
    os.close(fd)
    tap.ok(not quiet and after, "the terminal is as it was", (quiet, after))
    tap.ok(os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGINT,
           "the signal ends it", status)
    tap.ok(b"half" not in seen and "interrupted" not in read(path),
           "and nothing is kept", seen)


def check_together(folder):
    path = os.path.join(folder, "together")
    runs = [subprocess.Popen([PLI, "user", "add", "-f", path, "--iterations",
                              "4096", f"user{i}"], stdin=subprocess.PIPE)
            for i in range(12)]
    for run in runs:
        run.communicate(b"x\n", 60)
    tap.equal(sorted(read(path)), sorted(f"user{i}" for i in range(12)),
              "12 at one time lose nothing")


def check_kills(folder):
    path = os.path.join(folder, "kills")
    rand = random.Random(5)
    for i in range(5):
        pli("add", "-f", path, "--iterations", "4096", f"user{i}", said="x\n")
    whole = 0
    for i in range(60):
        run = subprocess.Popen([PLI, "user", "passwd", "-f", path,
                                "--iterations", "4096", f"user{i % 5}"],
                               stdin=subprocess.PIPE)
        run.stdin.write(b"y\n")
        run.stdin.close()
        time.sleep(rand.random() * 0.02)
        run.kill()
        run.wait()
        users = read(path)
        whole += len(users) == 5 and all(len(u) == 2 for u in users.values())
    tap.equal(whole, 60, "a kill at any time leaves the file whole")
    pli("passwd", "-f", path, "user0", said="z\n")
    tap.ok(has_keys(read(path)["user0"]["scram-sha-256"], "sha256", "z"),
           "and it goes on")


def main():
    with tempfile.TemporaryDirectory(prefix="pli-test-") as folder:
        path = os.path.join(folder, "users")
        check_keys(path)
        check_crypt(path)
        check_list(path)
        check_pam(folder)
        check_faults(path)
        check_lines(folder)
        check_terminal(path)
        check_interrupt(path)
        check_together(folder)
        check_kills(folder)
    tap.done()


main()
