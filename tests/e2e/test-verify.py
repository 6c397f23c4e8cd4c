# SPDX-License-Identifier: LGPL-2.1-or-later
"""pli verify on PGP/MIME and S/MIME that gpg, gpgsm and openssl made, and that
was changed; each verdict is compared with theirs."""
import os
import shutil
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "lib"))
import keyring  # noqa: E402
import tap  # noqa: E402
from sealed_mail import (MIXED, TEXT, cms_entity, message,  # noqa: E402
                         mixed_entity, need_programs, run, signatures,
                         signed_entity, verify)


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
    tap.equal((status, report["verdict"], report["layers"][0]["from"],
               signatures(report)[0]["from_matches"]),
              (1, "other-signer", "alice@example.org", "yes"),
              "around: a message inside has its own From, and is not good "
              "for who sent it on")
    whole = b"Content-Type: message/rfc822\r\n\r\n" + message("alice", good)
    status, report = verify(ring, message("mallory", signed_entity(
        whole, ring.sign("mallory", whole), "pgp", b"on")))
    tap.equal((status, report["verdict"],
               [layer["from"] for layer in report["layers"]]),
              (0, "good", ["mallory@example.org", "alice@example.org"]),
              "around: who signs it in turn is")
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


def main():
    need_programs()
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
    for name, ours, theirs in TABLE:
        tap.note(f"{name:38} {ours} {' '.join(theirs)}")
    tap.done()


if __name__ == "__main__":
    main()
