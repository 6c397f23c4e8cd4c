# SPDX-License-Identifier: LGPL-2.1-or-later
"""Around signatures: time limits, the network, output that does not arrive, pli
tree --verify, and edits and conversions that leave what is signed alone."""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "lib"))
import keyring  # noqa: E402
import tap  # noqa: E402
from sealed_mail import (CRLF, MIXED, PLI, cms_entity, head,  # noqa: E402
                         message, mixed_entity, need_programs, run, signatures,
                         signed_entity, verify)


def check_bounds(ring):
    """Time, network, and what is asked for wrongly."""
    good = message("alice", signed_entity(MIXED, ring.sign("alice", MIXED),
                                          "pgp"))
    with tempfile.TemporaryDirectory() as work:
        slow = os.path.join(work, "gpgconf")
        with open(slow, "w", encoding="ascii") as f:
            f.write(f"#!/bin/sh\nsleep 600 & echo $! >{work}/pid; wait\n")
        os.chmod(slow, 0o755)
        env = dict(ring.env, PATH=work + ":" + ring.env["PATH"])
        start = time.monotonic()
        status, out, err = run(ring, "verify", good, "--time-limit", "2",
                               env=env)
        tap.ok(status == 75 and out == b"" and "longer than 2 s" in err
               and 1 < time.monotonic() - start < 30,
               "bounds: an end when gpg has none", (status, out, err))
        with open(os.path.join(work, "pid"), encoding="ascii") as f:
            pid = f.read().strip()
        time.sleep(0.2)
        state = ""
        if os.path.exists(f"/proc/{pid}/stat"):
            with open(f"/proc/{pid}/stat", encoding="ascii") as f:
                state = f.read().rsplit(")", 1)[1].split()[0]
        tap.ok(state in ("", "Z"), "bounds: and nothing is left behind",
               state)
        big = os.path.join(work, "two")
        with open(big, "wb") as f:
            f.write(b"From a Thu Nov 26 12:00:00 2026\n" +
                    good.replace(CRLF, b"\n") +
                    b"\nFrom b Thu Nov 26 12:00:00 2026\n" +
                    head("bob").replace(CRLF, b"\n") + b"\n\nhi\n")
        got = subprocess.run([PLI, "verify", big], env=ring.env,
                             capture_output=True, timeout=60, check=False)
        tap.ok(got.returncode == 1 and b"two#1: good\n" in got.stdout
               and b"two#2: unsigned\n" in got.stdout,
               "bounds: each message of an mbox", got)
        with open("/dev/full", "wb") as full:
            got = subprocess.run([PLI, "verify", big], env=ring.env,
                                 stdout=full, stderr=subprocess.PIPE,
                                 timeout=60, check=False)
        tap.equal((got.returncode, got.stderr.count(b"\n")), (74, 1),
                  "bounds: output that does not arrive is told once")
    tap.equal(run(ring, "verify", good, "--home", "/nonexistent")[0], 66,
              "bounds: a folder of keys that is not there")
    tap.equal(run(ring, "verify", good, "--time-limit", "0")[0], 64,
              "bounds: no time at all")
    with keyring.Keyring() as empty:
        _, report = verify(ring, good, "--home", empty.home)
        tap.equal(report["verdict"], "key-unknown",
                  "bounds: --home has the keys")
    status, out, _ = run(ring, "tree", good, "--json", "--verify")
    tree = json.loads(out)
    tap.equal((status, tree["verification"]["verdict"],
               tree["tree"]["type"]), (0, "good", "multipart/signed"),
              "bounds: pli tree --verify has it beside the tree")
    status, out, _ = run(ring, "tree", good, "--verify")
    tap.ok(status == 0 and b"signatures: good\n" in out
           and b"alice@example.org is the signer's" in out,
           "bounds: and in words", out)


def check_network(ring, ca):
    """No socket but the agents' own, which are files."""
    if shutil.which("strace") is None:
        tap.skip("network: nothing is asked for", "no strace")
        return
    with tempfile.TemporaryDirectory() as work:
        trace = os.path.join(work, "t")
        for name, entity in (
                ("OpenPGP", signed_entity(MIXED, ring.sign("alice", MIXED),
                                          "pgp")),
                ("S/MIME", cms_entity(ca.sign("bob", MIXED, True)))):
            got = subprocess.run(
                ["strace", "-f", "-qq", "-e", "trace=connect,execve", "-o",
                 trace, PLI, "verify", "-"], input=message("alice", entity),
                env=ring.env, capture_output=True, timeout=120, check=False)
            if not os.path.exists(trace):
                tap.skip(f"network: {name}", "strace may not trace")
                continue
            with open(trace, encoding="utf-8", errors="replace") as f:
                lines = f.read()
            tap.ok(got.stdout and "/gpg" in lines
                   and "AF_INET" not in lines and "/dirmngr\"" not in lines,
                   f"network: {name}: nothing is asked for",
                   [x for x in lines.splitlines()
                    if "AF_INET" in x or "/dirmngr\"" in x])


def check_edit(ring, ca):
    """Signatures over what an edit or a conversion does not touch stay good;
    what is signed is not touched."""
    text = (b"Content-Type: text/plain; charset=utf-8\r\n"
            b"Content-Transfer-Encoding: 8bit\r\n\r\nCaf\xc3\xa9\r\n")
    photo = (b"Content-Type: image/png\r\n"
             b"Content-Transfer-Encoding: base64\r\n\r\niVBORw0KGgo=\r\n")
    for kind, signer, signature, says in (
            ("pgp", "alice", ring.sign("alice", MIXED),
             lambda *blobs: ring.says("gpg", *blobs)),
            ("smime", "bob", ca.sign("bob", MIXED), ca.says)):
        whole = message(signer, mixed_entity(
            text, signed_entity(MIXED, signature, kind), photo))
        for name, command, *options in (
                ("without an edit", "edit"),
                ("one part less, one field more", "edit", "--drop", "3",
                 "--add-field", "X-Gate: seen"),
                ("put into another multipart", "edit", "--enclose",
                 "2=mixed"),
                ("with 7bit beside it", "convert", "--7bit"),
                ("normalized", "normalize")):
            status, out, err = run(ring, command, whole, *options)
            _, report = verify(ring, out)
            got = [s["verdict"] for s in signatures(report)]
            tap.ok(status == 0 and got == ["good"] and MIXED in out
                   and says(MIXED, signature) == "good"
                   and (out == whole) == (name in ("without an edit",
                                                   "normalized")),
                   f"{kind}: good {name}", (status, err, report))
        for change in (["--drop", "2.1.2"], ["--add-field", "2.1/X: y"]):
            status, out, err = run(ring, "edit", whole, *change)
            tap.ok(status == 1 and out == b"" and "2.1" in err
                   and "signed" in err,
                   f"{kind}: {' '.join(change)} is refused", (status, err))
            status, out, err = run(ring, "edit", whole, "--force", *change)
            _, report = verify(ring, out)
            tap.equal((status, [s["verdict"] for s in signatures(report)]),
                      (0, ["bad"]), f"{kind}: {' '.join(change)}, forced")


def main():
    need_programs()
    with keyring.Keyring() as ring, keyring.Authority("Test CA") as ca:
        ring.make("alice")
        ca.make("bob")
        ca.give(ring, "bob")
        check_bounds(ring)
        check_network(ring, ca)
        check_edit(ring, ca)
    tap.done()


if __name__ == "__main__":
    main()
