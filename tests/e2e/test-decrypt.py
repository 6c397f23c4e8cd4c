# SPDX-License-Identifier: LGPL-2.1-or-later
"""pli verify and decrypt on what is sealed: encrypted, signed inside and
around, nested, damaged. What comes out is what was sealed, or nothing."""
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "lib"))
import keyring  # noqa: E402
import tap  # noqa: E402
from sealed_mail import (CRLF, MIXED, TEXT, cms_entity, decrypt,  # noqa: E402
                         encrypted_entity, head, message, mixed_entity,
                         need_programs, signed_entity, verify)


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
    check_sealed_header(ring, ca)
    evil = TEXT + b"--mix\r\nContent-Type: text/html\r\n\r\nplanted\r\n"
    status, out, err = decrypt(ring, message("alice", mixed_entity(
        beside, encrypted_entity(ring.encrypt(evil, "alice")))))
    tap.ok((status, out) == (1, b"") and "other parts" in err,
           "decrypt: no boundary comes out", (status, out, err))


# With Subject all that comes from inside, and what of it is outside, too.
SEALED = b"".join(name + b": inside\r\n" for name in (
    b"Date", b"To", b"Cc", b"Reply-To", b"Followup-To", b"Message-ID",
    b"In-Reply-To", b"References", b"Keywords", b"Comments"))
HIDDEN = (b"Subject:", b"Date:", b"To:", b"Message-ID:")


def check_sealed_header(ring, ca):
    """What was sealed with the body comes in place of what hides it."""
    outer = head("alice").replace(b"a test", b"[...]") + CRLF
    told = (b"Subject: the\r\n real one\r\nSubject: another\r\n"
            b"From: boss@example.org\r\nSender: boss@example.org\r\n"
            b"Received: from nowhere\r\nX-Other: y\r\n"
            b"HP-Outer: Subject: [...]\r\nTo : z\r\n" + SEALED)
    want = b"".join(x + CRLF for x in outer[:-2].split(CRLF)
                    if not x.startswith(HIDDEN)) \
        + b"Subject: the\r\n real one\r\n" + SEALED
    for say in (b'; hp="cipher"', b"; hp=clear", b'; protected-headers="v1"'):
        kind = TEXT.replace(b"charset=utf-8", b"charset=utf-8" + say)
        status, out, err = decrypt(ring, outer + encrypted_entity(
            ring.encrypt(told + kind, "alice")))
        tap.equal((status, out, err), (0, want + kind, ""),
                  f"decrypt: header sealed:{say.decode()}")
    for say in (b"; hp=other", b'; protected-headers="v2"'):
        kind = TEXT.replace(b"charset=utf-8", b"charset=utf-8" + say)
        tap.equal(decrypt(ring, outer + encrypted_entity(
            ring.encrypt(told + kind, "alice")))[1], outer + kind,
            f"decrypt: no header sealed:{say.decode()}")
    # signed inside what is sealed: the part that is signed has them
    inner = b"Subject: signed\r\n" + TEXT.replace(
        b"charset=utf-8", b"charset=utf-8; hp=cipher")
    for name, signed in (
            ("detached", signed_entity(inner, ca.sign("bob", inner, False),
                                       "smime")),
            ("opaque", cms_entity(ca.sign("bob", inner, True)))):
        status, out, err = decrypt(ring, message("bob", cms_entity(
            ca.encrypt(signed, "bob"), b"enveloped-data")))
        tap.equal((status, out, err),
                  (0, head("bob").replace(b"Subject: a test\r\n", b"")
                   + b"\r\nSubject: signed\r\n" + signed, ""),
                  f"decrypt: header signed inside, {name}")


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


def main():
    need_programs()
    with keyring.Keyring() as ring, keyring.Keyring() as other, \
            keyring.Authority("Test CA") as ca:
        ring.make("alice")
        other.make("zoe")
        ca.make("bob")
        ca.give(ring, "bob")
        check_sealed(ring, ca, other)
        check_decrypt(ring, ca, other)
        check_damaged(ring, ca, other)
    tap.done()


if __name__ == "__main__":
    main()
