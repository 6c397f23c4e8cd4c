# SPDX-License-Identifier: LGPL-2.1-or-later
"""pli verify and decrypt on PGP/MIME and S/MIME that gpg, gpgsm and openssl
made, and that was changed; each verdict is compared with theirs."""
import base64
import email
import email.policy
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

PLI = os.path.join(tap.top_builddir(), "pli")
CRLF = b"\r\n"
TEXT = (b"Content-Type: text/plain; charset=utf-8\r\n"
        b"Content-Transfer-Encoding: quoted-printable\r\n\r\n"
        b"Caf=C3=A9, and a blank at the end=20\r\n.\r\nlast line\r\n")
MIXED = (b"Content-Type: multipart/mixed; boundary=in\r\n\r\n"
         b"--in\r\n" + TEXT + b"\r\n--in\r\nContent-Type: image/png\r\n"
         b"Content-Transfer-Encoding: base64\r\n\r\niVBORw0KGgo=\r\n"
         b"--in--\r\n")


def head(name, *fields):
    return CRLF.join([b"From: " + name.encode() + b"@example.org",
                      b"To: you@example.org", b"Subject: a test",
                      b"Date: Thu, 26 Nov 2026 12:00:00 +0000",
                      b"Message-ID: <1@example.org>", b"MIME-Version: 1.0",
                      *fields])


def signed_entity(entity, signature, kind, boundary=b"sig"):
    if kind == "pgp":
        protocol, body = b"application/pgp-signature", \
            signature.replace(b"\r\n", b"\n").replace(b"\n", CRLF)
        part = b"Content-Type: application/pgp-signature; name=s.asc\r\n\r\n"
    else:
        protocol, body = b"application/pkcs7-signature", \
            base64.encodebytes(signature).replace(b"\n", CRLF)
        part = (b"Content-Type: application/pkcs7-signature; name=smime.p7s"
                b"\r\nContent-Transfer-Encoding: base64\r\n\r\n")
    return (b"Content-Type: multipart/signed; boundary=" + boundary +
            b"; micalg=x;\r\n protocol=\"" + protocol + b"\"\r\n\r\n--" +
            boundary + CRLF + entity + b"\r\n--" + boundary + CRLF + part +
            body + b"\r\n--" + boundary + b"--\r\n")


def encrypted_entity(sealed, boundary=b"enc"):
    return (b"Content-Type: multipart/encrypted; boundary=" + boundary +
            b";\r\n protocol=\"application/pgp-encrypted\"\r\n\r\n--" +
            boundary + b"\r\nContent-Type: application/pgp-encrypted\r\n\r\n"
            b"Version: 1\r\n\r\n--" + boundary +
            b"\r\nContent-Type: application/octet-stream\r\n\r\n" +
            sealed.replace(b"\n", CRLF) + b"\r\n--" + boundary + b"--\r\n")


def cms_entity(der, kind=b"signed-data"):
    return (b"Content-Type: application/pkcs7-mime; smime-type=" + kind +
            b"; name=smime.p7m\r\nContent-Transfer-Encoding: base64\r\n\r\n"
            + base64.encodebytes(der).replace(b"\n", CRLF))


def mixed_entity(*parts, boundary=b"mix"):
    return (b"Content-Type: multipart/mixed; boundary=" + boundary +
            b"\r\n\r\n" + b"".join(b"--" + boundary + CRLF + p + CRLF
                                   for p in parts) +
            b"--" + boundary + b"--\r\n")


def message(name, entity, *fields):
    return head(name, *fields) + CRLF + entity


def run(ring, command, octets, *options, env=None, timeout=120):
    got = subprocess.run([PLI, command, *options, "-"], input=octets,
                         capture_output=True, timeout=timeout,
                         env=env or ring.env, check=False)
    return got.returncode, got.stdout, got.stderr.decode()


def verify(ring, octets, *options):
    status, out, err = run(ring, "verify", octets, "--json", *options)
    if not out:
        return status, {"verdict": err, "layers": [], "documents": []}
    return status, json.loads(out)


def signatures(report):
    return [s for layer in report["layers"] for s in layer["signatures"]]


TABLE = []


def row(name, ours, *theirs):
    TABLE.append((name, ours, theirs))
    return all(t == ours for t in theirs)


def check_pgp(ring, other):
    """Detached signatures (RFC 3156 5)."""
    def one(name, signer, want, entity=MIXED, signature=None, sent=None,
            whole=None):
        signature = signature or ring.sign(signer, entity)
        sent = sent or entity
        status, report = verify(ring, message(
            signer, signed_entity(sent, signature, "pgp")))
        got = signatures(report)[0] if signatures(report) else {}
        theirs = ring.says("gpg", sent, signature)
        tap.ok(row("pgp " + name, got.get("verdict"), theirs)
               and theirs == want, f"pgp: {name} is {want}, as gpg has it",
               (got, theirs))
        tap.equal((report["verdict"], status),
                  (whole or want, 0 if want == "good" else 1),
                  f"pgp: {name}: the message")
        return got, report
    got, report = one("signed", "alice", "good")
    tap.equal((got["fingerprint"], got["email"], got["from_matches"],
               got["trust"], got["digest"], got["expires"]),
              (ring.fingerprint("alice"), "alice@example.org", "yes",
               "ultimate", "sha256", None), "pgp: whose signature it is")
    tap.ok(abs(got["created"] - time.time()) < 300
           and abs(report["checked"] - time.time()) < 300,
           "pgp: when it was made, and checked", report)
    tap.equal([(leaf["path"], leaf["cover"])
               for leaf in report["documents"][0]["leaves"]],
              [("1.1", "signed"), ("1.2", "signed"), ("2", "wrapping")],
              "pgp: what is signed")
    one("a changed octet", "alice", "bad",
        signature=ring.sign("alice", MIXED),
        sent=MIXED.replace(b"last line", b"last lime"))
    one("a changed label inside", "alice", "bad",
        signature=ring.sign("alice", MIXED),
        sent=MIXED.replace(b"image/png", b"image/gif"))
    one("a blank more at the end", "alice", "bad",
        signature=ring.sign("alice", TEXT), sent=TEXT + b" ")
    one("an expired signature", "alice", "expired",
        signature=ring.sign("alice", MIXED, "--faked-system-time",
                            "20240201T000000", "--default-sig-expire", "1d"))
    one("an expired key", "old", "key-expired",
        signature=ring.sign("old", MIXED, "--faked-system-time",
                            "20240201T000000"))
    one("an unknown key", "zoe", "key-unknown",
        signature=other.sign("zoe", MIXED))
    one("an untrusted key", "carol", "untrusted",
        signature=other.sign("carol", MIXED))
    signature = ring.sign("dave", MIXED)
    ring.revoke("dave")
    one("a revoked key", "dave", "key-revoked", signature=signature)
    untrusted = message("carol", signed_entity(
        MIXED, other.sign("carol", MIXED), "pgp"))
    status, report = verify(ring, untrusted, "--any-key")
    tap.equal((status, report["verdict"]), (0, "good"),
              "pgp: --any-key takes it")


def check_around(ring):
    """What lies beside what is signed, and who says to have sent it."""
    good = signed_entity(MIXED, ring.sign("alice", MIXED), "pgp")
    status, report = verify(ring, message("mallory", good))
    tap.equal((status, report["verdict"],
               signatures(report)[0]["from_matches"]),
              (1, "other-signer", "no"), "around: signed by another")
    ring.gpg("--quick-add-uid", "alice@example.org",
             "Alice at work <office@example.net>")
    status, report = verify(ring, message("x", good).replace(
        b"x@example.org", b"Office@EXAMPLE.net", 1))
    tap.equal((status, report["verdict"]), (0, "good"),
              "around: by another address of the same key")
    status, report = verify(ring, message(
        "alice", mixed_entity(good, b"Content-Type: text/html\r\n\r\nbuy\r\n")))
    tap.equal((status, report["verdict"],
               [(leaf["path"], leaf["cover"])
                for leaf in report["documents"][0]["leaves"]]),
              (1, "partial", [("1.1.1", "signed"), ("1.1.2", "signed"),
                              ("1.2", "wrapping"), ("2", "unsigned")]),
              "around: a part beside it is not signed")
    three = good.replace(b"\r\n--sig\r\nContent-Type: application",
                         b"\r\n--sig\r\n\r\nthird\r\n--sig\r\n"
                         b"Content-Type: application")
    status, report = verify(ring, message("alice", three))
    tap.equal((status, report["verdict"], report["layers"][0]["state"],
               signatures(report)), (1, "error", "malformed", []),
              "around: three parts are no multipart/signed")
    status, report = verify(ring, message("alice", good[:-6]))
    tap.equal((status, report["layers"][0]["state"]), (1, "malformed"),
              "around: nor is one that was cut off")
    status, report = verify(ring, message("alice", good).replace(
        b"\r\n", b"\n"))
    tap.equal((status, report["verdict"]), (0, "good"),
              "around: a file with LF is signed as it is served")
    other = b"Content-Type: text/plain; boundary=other\r\n"
    status, report = verify(ring, message("alice", other + good))
    tap.ok(status == 1 and report["verdict"] != "good",
           "around: two Content-Type fields are not good", report)
    status, report = verify(ring, message("alice", TEXT))
    tap.equal((status, report["verdict"], report["layers"]),
              (1, "unsigned", []), "around: nothing is signed")
    forwarded = message("mallory", b"Content-Type: message/rfc822\r\n\r\n"
                        + message("alice", good))
    status, report = verify(ring, forwarded)
    tap.equal((status, report["verdict"], report["layers"][0]["from"]),
              (0, "good", "alice@example.org"),
              "around: a message inside has its own From")
    inline = message("alice", b"Content-Type: text/plain\r\n\r\n" + ring.gpg(
        "-u", "alice@example.org", "--clearsign", octets=b"hello\n"))
    status, report = verify(ring, inline)
    tap.equal((status, report["verdict"], report["layers"][0]["kind"],
               report["layers"][0]["state"]),
              (1, "not-checked", "pgp-inline", "unsupported"),
              "around: OpenPGP inside a text is told of, not opened")


def check_smime(ring, ca, stranger):
    """Detached and opaque signatures, compared with gpgsm and openssl."""
    def one(name, signer, want, authority=ca, opaque=False, change=None,
            openssl=None, crl=None):
        signature = authority.sign(signer, MIXED, opaque)
        sent = MIXED
        if change and opaque:
            signature = signature.replace(*change)
        elif change:
            sent = MIXED.replace(*change)
        entity = cms_entity(signature) if opaque else \
            signed_entity(sent, signature, "smime")
        status, report = verify(ring, message(signer, entity))
        got = signatures(report)[0] if signatures(report) else {}
        blobs = (signature,) if opaque else (sent, signature)
        theirs = (ring.says("gpgsm", *blobs), ca.says(*blobs, crl=crl))
        row("smime " + name, got.get("verdict"), *theirs)
        tap.ok(got.get("verdict") == want and theirs[0] == want
               and theirs[1] == (openssl or want),
               f"smime: {name} is {want}, as gpgsm and openssl have it",
               (report, theirs))
        tap.equal((report["verdict"], status),
                  (want, 0 if want == "good" else 1),
                  f"smime: {name}: the message")
        return got, report
    got, report = one("signed", "bob", "good")
    tap.equal((got["email"], got["from_matches"], got["issuer"],
               got["serial"], got["revocation_asked"],
               got["key_algorithm"], got["digest"]),
              ("bob@example.org", "yes", "CN=Test CA", "1000", False, "rsa",
               "sha256"), "smime: whose signature it is")
    one("a changed octet", "bob", "bad", change=(b"last line", b"last lime"))
    got, report = one("opaque", "bob", "good", opaque=True)
    tap.equal([[(leaf["path"], leaf["cover"]) for leaf in d["leaves"]]
               for d in report["documents"]],
              [[("1", "wrapping")], [("1", "signed"), ("2", "signed")]],
              "smime: what is signed inside")
    one("opaque, a changed octet", "bob", "bad", opaque=True,
        change=(b"last line", b"last lime"))
    one("an unknown authority", "eve", "untrusted", authority=stranger)
    one("an expired certificate", "frank", "key-expired",
        openssl="untrusted")
    # without a list of the revoked nobody can know
    got, _ = one("a revoked certificate, offline", "grace", "good")
    tap.equal(got["revocation_asked"], False,
              "smime: that it was not looked up is told")
    check_revoked(ring, ca)
    by_openssl = ca.openssl(
        "smime", "-sign", "-signer", ca.path("bob.crt"), "-inkey",
        ca.path("bob.key"), octets=b"Content-Type: text/plain\n\nhi\n")
    status, report = verify(ring, b"From: bob@example.org\r\n" + by_openssl)
    tap.equal((status, report["verdict"]), (0, "good"),
              "smime: a message as openssl writes it")
    plain = cms_entity(ca.sign("bob", MIXED, True)).replace(
        b"application/pkcs7-mime; smime-type=signed-data",
        b"application/octet-stream")
    status, report = verify(ring, message("bob", plain))
    tap.equal((status, report["verdict"]), (0, "good"),
              "smime: by the name of the file alone")


def check_revoked(ring, ca):
    """With a list that dirmngr has already."""
    if shutil.which("dirmngr") is None:
        tap.skip("smime: a revoked certificate", "no dirmngr")
        return
    with open(os.path.join(ring.home, "gpgsm.conf"), "w",
              encoding="ascii") as f:
        f.write("enable-issuer-based-crl-check\n")
    path = ca.crl()
    der = path + ".der"
    ca.openssl("crl", "-in", path, "-outform", "DER", "-out", der)
    ring.run("gpgsm", "--call-dirmngr", "loadcrl", der)
    for name, want in (("bob", "good"), ("grace", "key-revoked")):
        signature = ca.sign(name, MIXED)
        _, report = verify(ring, message(name, signed_entity(
            MIXED, signature, "smime")), "--online")
        theirs = ca.says(MIXED, signature, crl=path)
        tap.ok(report["verdict"] == want
               and signatures(report)[0]["revocation_asked"]
               and theirs == ("good" if want == "good" else "untrusted"),
               f"smime: {name} with a list of the revoked is {want}",
               (report, theirs))
        TABLE.append((f"smime {name}, online", report["verdict"],
                      (theirs,)))
    os.unlink(os.path.join(ring.home, "gpgsm.conf"))


def check_sealed(ring, ca, other):
    """Encrypted, signed and encrypted, nested, damaged."""
    sealed = ring.encrypt(MIXED, "alice")
    status, report = verify(ring, message("alice", encrypted_entity(sealed)))
    tap.equal((status, report["verdict"], report["layers"][0]["state"],
               len(report["documents"])), (1, "unsigned", "done", 2),
              "sealed: encrypted and not signed")
    sealed = ring.encrypt(MIXED, "alice", sign="alice")
    both = message("alice", encrypted_entity(sealed))
    status, report = verify(ring, both)
    tap.equal((status, report["verdict"],
               [leaf["cover"] for leaf in report["documents"][1]["leaves"]]),
              (0, "good", ["signed", "signed"]),
              "sealed: signed and encrypted in one")
    sealed = other.encrypt(MIXED, "zoe")
    status, report = verify(ring, message("zoe", encrypted_entity(sealed)))
    tap.equal((status, report["verdict"], report["layers"][0]["state"]),
              (1, "not-checked", "no-key"), "sealed: for somebody else")
    der = ca.encrypt(MIXED, "bob")
    status, report = verify(ring, message(
        "bob", cms_entity(der, b"enveloped-data")))
    tap.equal((report["layers"][0]["kind"], report["layers"][0]["state"]),
              ("smime-encrypted", "done"), "sealed: enveloped-data")
    mislabelled = message("bob", cms_entity(der, b"signed-data"))
    _, report = verify(ring, mislabelled)
    tap.equal(report["layers"][0]["kind"], "smime-encrypted",
              "sealed: what it is, not what its label says")
    inner = signed_entity(TEXT, ring.sign("alice", TEXT), "pgp", b"s1")
    middle = encrypted_entity(ring.encrypt(inner, "alice"))
    outer = signed_entity(middle, ring.sign("alice", middle), "pgp", b"s2")
    status, report = verify(ring, message("alice", outer))
    tap.equal((status, report["verdict"],
               [layer["kind"] for layer in report["layers"]]),
              (0, "good", ["pgp-signed", "pgp-encrypted", "pgp-signed"]),
              "nested: signed in encrypted in signed")
    triple = cms_entity(ca.sign("bob", cms_entity(ca.encrypt(
        signed_entity(TEXT, ca.sign("bob", TEXT), "smime"), "bob"),
        b"enveloped-data"), True))
    status, report = verify(ring, message("bob", triple))
    tap.equal((status, report["verdict"],
               [layer["kind"] for layer in report["layers"]]),
              (0, "good", ["smime-opaque", "smime-encrypted",
                           "smime-signed"]), "nested: S/MIME, three times")
    deep = TEXT
    for _ in range(10):
        deep = cms_entity(ca.sign("bob", deep, True))
    status, report = verify(ring, message("bob", deep))
    tap.equal((status, report["verdict"], len(report["documents"]),
               report["layers"][-1]["state"]),
              (1, "not-checked", 9, "limit"), "nested: not without end")


def decrypt(ring, octets, *options):
    return run(ring, "decrypt", octets, *options)


def check_decrypt(ring, ca, other):
    """What comes out is what was sealed, octet for octet, or nothing."""
    sealed = ring.encrypt(MIXED, "alice")
    outer = head("alice") + b"\r\nX-Kept: as\r\n it is\r\n"
    status, out, err = decrypt(ring, outer + encrypted_entity(sealed))
    tap.equal((status, out, err), (0, outer + MIXED, ""),
              "decrypt: a whole message")
    beside = b"Content-Type: text/html\r\n\r\n<p>beside\r\n"
    status, out, err = decrypt(ring, message("alice", mixed_entity(
        beside, encrypted_entity(sealed), cms_entity(
            ca.encrypt(TEXT, "bob"), b"enveloped-data"), beside)))
    tap.equal((status, out, err), (0, message("alice", mixed_entity(
        beside, MIXED, TEXT, beside)), ""), "decrypt: parts among others")
    lf = message("alice", encrypted_entity(sealed)).replace(CRLF, b"\n")
    status, out, _ = decrypt(ring, lf)
    tap.equal((status, out),
              (0, message("alice", MIXED).replace(CRLF, b"\n")),
              "decrypt: a file with LF stays one")
    inner = signed_entity(TEXT, ring.sign("alice", TEXT), "pgp", b"s1")
    middle = encrypted_entity(ring.encrypt(inner, "alice"))
    status, out, err = decrypt(ring, message("alice", signed_entity(
        middle, ring.sign("alice", middle), "pgp", b"s2")))
    tap.ok(status == 0 and inner in out and "does not hold" in err,
           "decrypt: a signature around breaks, and it is told", (out, err))
    _, report = verify(ring, message("alice", inner))
    status, out, err = decrypt(ring, message("alice", middle))
    tap.equal((status, out, err), (0, message("alice", inner), ""),
              "decrypt: a signature inside stays")
    tap.equal(report["verdict"], "good", "decrypt: and is good")
    opaque = cms_entity(ca.sign("bob", TEXT, True))
    tap.equal(decrypt(ring, message("bob", opaque)),
              (0, message("bob", opaque), ""),
              "decrypt: what is only signed stays as it is")
    status, out, err = decrypt(ring, message("bob", cms_entity(ca.sign(
        "bob", cms_entity(ca.encrypt(TEXT, "bob"), b"enveloped-data"),
        True))))
    tap.ok((status, out) == (0, message("bob", TEXT))
           and "does not hold" in err, "decrypt: sealed inside signed", out)
    more = (b"From: boss@example.org\r\nSubject: other\r\n" + TEXT)
    status, out, _ = decrypt(ring, message("alice", encrypted_entity(
        ring.encrypt(more, "alice"))))
    tap.equal((status, out), (0, message("alice", TEXT)),
              "decrypt: no second From comes out")
    evil = TEXT + b"--mix\r\nContent-Type: text/html\r\n\r\nplanted\r\n"
    status, out, err = decrypt(ring, message("alice", mixed_entity(
        beside, encrypted_entity(ring.encrypt(evil, "alice")))))
    tap.ok((status, out) == (1, b"") and "other parts" in err,
           "decrypt: no boundary comes out", (status, out, err))
    check_damaged(ring, ca, other)


def check_damaged(ring, ca, other):
    blocks = ring.encrypt(b"Content-Type: text/plain\r\n\r\n" +
                          b"secret words " * 4000, "alice")
    raw = ring.gpg("--dearmor", octets=blocks)
    for name, octets in (
            ("cut short", raw[:-40]), ("cut in the middle", raw[:300]),
            ("an octet changed at the end", raw[:-10] + bytes(
                [raw[-10] ^ 1]) + raw[-9:])):
        sealed = ring.gpg("--enarmor", octets=octets).replace(
            b"ARMORED FILE", b"MESSAGE")
        status, out, err = decrypt(ring, message(
            "alice", encrypted_entity(sealed)))
        tap.ok(status == 1 and out == b"" and err,
               f"decrypt: {name}: not an octet", (status, out[:200], err))
        _, report = verify(ring, message("alice", encrypted_entity(sealed)))
        tap.ok(report["verdict"] in ("bad", "not-checked")
               and len(report["documents"]) == 1,
               f"decrypt: {name}: nor does verify open it", report)
    # without what protects against changes (RFC 4880 5.7)
    bare = ring.gpg("--trust-model", "always", "--rfc2440", "--disable-mdc",
                    "--armor", "-r", "alice@example.org", "--encrypt",
                    octets=TEXT, good=())
    if b"BEGIN PGP MESSAGE" in bare:
        packets = ring.gpg("--list-packets", octets=bare, good=())
        status, out, err = decrypt(ring, message(
            "alice", encrypted_entity(bare)))
        if b"mdc_method: 0" in packets or b"mdc" not in packets:
            tap.ok((status, out) == (1, b""),
                   "decrypt: no plaintext without protection", (out, err))
    status, out, err = decrypt(ring, message("zoe", encrypted_entity(
        other.encrypt(TEXT, "zoe"))))
    tap.ok((status, out) == (1, b"") and "no-key" in err,
           "decrypt: sealed for others", (status, out, err))
    status, out, _ = decrypt(ring, message("bob", cms_entity(
        ca.encrypt(TEXT, "bob")[:-30], b"enveloped-data")))
    tap.equal((status, out), (1, b""), "decrypt: a CMS object cut short")
    status, out, _ = decrypt(ring, message("alice", encrypted_entity(
        ring.encrypt(TEXT, "alice", sign="alice"))), "--json")
    one = json.loads(out)
    tap.equal((status, one["status"], one["problem"],
               one["verification"]["verdict"]),
              (0, "decrypted", None, "good"), "decrypt: a report")
    bomb = ring.encrypt(b"Content-Type: text/plain\r\n\r\n" +
                        b"a" * (70 << 20), "alice")
    status, out, err = decrypt(ring, message("alice",
                                             encrypted_entity(bomb)))
    tap.ok((status, out) == (1, b"") and "limit" in err
           and len(bomb) < 1 << 20,
           f"decrypt: 70 MiB out of {len(bomb)} octets are refused", err)


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
    if keyring.missing():
        tap.skip_all(f"not there: {' '.join(keyring.missing())}")
    with keyring.Keyring() as ring, keyring.Keyring() as other, \
            keyring.Authority("Test CA") as ca, \
            keyring.Authority("Nobody's CA") as stranger:
        for name in ("alice", "dave", "mallory"):
            ring.make(name)
        ring.make("old", "20240601T000000")
        other.make("zoe")
        other.make("carol")
        other.give(ring, "carol")
        ca.make("bob")
        ca.make("frank", "20200101000000Z", "20210101000000Z")
        ca.make("grace")
        ca.revoke("grace")
        stranger.make("eve")
        ca.give(ring, "bob")
        check_pgp(ring, other)
        check_around(ring)
        check_smime(ring, ca, stranger)
        check_sealed(ring, ca, other)
        check_decrypt(ring, ca, other)
        check_bounds(ring)
        check_network(ring, ca)
        check_edit(ring, ca)
    for name, ours, theirs in TABLE:
        tap.note(f"{name:38} {ours} {' '.join(theirs)}")
    tap.done()


if __name__ == "__main__":
    main()
