# SPDX-License-Identifier: LGPL-2.1-or-later
"""pli verify on messages made to look signed by somebody else: none of them is
good. A key that is trusted as one person's says nothing of another."""
import base64
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "lib"))
import keyring  # noqa: E402
import tap  # noqa: E402
from sealed_mail import (TEXT, cms_entity, encrypted_entity,  # noqa: E402
                         message, mixed_entity, need_programs, signatures,
                         signed_entity, verify)

EVIL = TEXT.replace(b"last", b"evil")
FROM = b"From: alice@example.org\r\n"


def check_from(ring):
    """Whom a reader sees, when alice is who signed."""
    whole = message("alice", signed_entity(TEXT, ring.sign("alice", TEXT),
                                           "pgp"))
    for name, field, want in (
            ("one address", FROM, "good"),
            ("a name that is one", b'From: "boss@example.org" '
             b"<alice@example.org>\r\n", "good"),
            ("a group of one", b"From: g: alice@example.org;\r\n", "good"),
            ("no From", b"", "other-signer"),
            ("an empty group", b"From: boss:;\r\n", "other-signer"),
            ("no address", b"From: boss\r\n", "other-signer"),
            ("an empty address", b'From: "boss@example.org" <>\r\n',
             "other-signer"),
            ("an address that is no UTF-8",
             b"From: b\xff@example.org\r\n", "other-signer"),
            ("an encoded-word", b"From: =?utf-8?q?boss=40example.org?=\r\n",
             "other-signer"),
            ("another address after it",
             b"From: alice@example.org, boss@example.org\r\n",
             "other-signer"),
            ("another address before it",
             b"From: boss@example.org, alice@example.org\r\n",
             "other-signer"),
            ("an address without angles before it",
             b"From: boss@example.org <alice@example.org>\r\n",
             "other-signer"),
            ("two in angles",
             b"From: <alice@example.org> <boss@example.org>\r\n",
             "other-signer"),
            ("a route", b"From: <@alice@example.org:boss@example.org>\r\n",
             "other-signer"),
            ("only the Sender", b"From: boss@example.org\r\nSender: "
             b"alice@example.org\r\n", "other-signer"),
            ("a second field", FROM + b"From: boss@example.org\r\n",
             "ambiguous")):
        status, report = verify(ring, whole.replace(FROM, field))
        tap.equal((status, report["verdict"],
                   [s["verdict"] for s in signatures(report)]),
                  (0 if want == "good" else 1, want, ["good"]),
                  f"from: {name} is {want}")


def check_addresses(ring, friend):
    """An address counts when somebody vouches that it is the key's."""
    mail = message("boss", signed_entity(TEXT, friend.sign("carol", TEXT),
                                         "pgp"))
    # carol's key is known as hers, before she calls herself boss in it
    friend.give(ring, "carol")
    ring.gpg("--quick-sign-key", ring.fingerprint("carol"))
    friend.gpg("--quick-add-uid", "carol@example.org",
               "Boss <boss@example.org>")
    friend.give(ring, "carol")
    for sender, any_key, want in (
            ("carol", False, (0, "good", "good", "yes")),
            ("boss", False, (1, "other-signer", "good", "untrusted")),
            ("boss", True, (0, "good", "good", "untrusted")),
            ("alice", True, (1, "other-signer", "good", "no"))):
        status, report = verify(ring, mail.replace(
            b"boss@", sender.encode() + b"@", 1),
            *(["--any-key"] if any_key else []))
        got = signatures(report)[0]
        tap.equal((status, report["verdict"], got["verdict"],
                   got["from_matches"]), want,
                  f"addresses: {sender} of a key vouched for as carol's"
                  f"{', with --any-key' if any_key else ''}")


def check_letters(ring):
    """Upper case is lower case in ASCII; other letters are others."""
    ring.gpg("--charset", "utf-8", "--passphrase", "", "--quick-gen-key",
             "X <stra\u00dfe@example.org>", "future-default", "default",
             "never")
    signature = ring.gpg("--charset", "utf-8", "-u",
                         "<stra\u00dfe@example.org>", "--armor",
                         "--detach-sign", octets=TEXT)
    entity = signed_entity(TEXT, signature, "pgp")
    for name, want in (("stra\u00dfe", "good"), ("STRA\u00dfE", "good"),
                       ("strasse", "other-signer"),
                       ("\u017ftra\u00dfe", "other-signer")):
        _, report = verify(ring, message(name, entity))
        tap.equal(report["verdict"], want, f"letters: {ascii(name)}")


def check_certificate(ring, ca):
    """What stands in a name was not looked at as an address."""
    ca.make("eve", called="Eve <alice@example.org>")
    entity = signed_entity(TEXT, ca.sign("eve", TEXT), "smime")
    for sender, want in (("eve", "good"), ("alice", "other-signer")):
        _, report = verify(ring, message(sender, entity))
        tap.equal((report["verdict"], signatures(report)[0]["email"]),
                  (want, "eve@example.org"),
                  f"certificate: a name with an address, from {sender}")


def check_octets(ring, ca):
    """A signature that has octets of its own says nothing of those beside
    it; and what was never sealed does not come out as if it was."""
    alice = ("-u", "alice@example.org")
    for name, octets, kind in (
            ("clear", ring.gpg(*alice, "--clearsign", octets=TEXT), "pgp"),
            ("whole", ring.gpg(*alice, "--armor", "--sign", octets=TEXT),
             "pgp"),
            ("opaque", ca.sign("bob", TEXT, True), "smime")):
        sender = "bob" if kind == "smime" else "alice"
        status, report = verify(ring, message(
            sender, signed_entity(EVIL, octets, kind)))
        tap.ok(status == 1 and report["verdict"] in ("bad", "not-checked")
               and not signatures(report)
               and report["documents"][0]["leaves"][0]["cover"] == "unsigned",
               f"octets: a signature of other ones, {name}", report)
    status, report = verify(ring, message("bob", cms_entity(
        ca.sign("bob", TEXT))))
    tap.equal((status, report["verdict"]), (1, "bad"),
              "octets: a signature of none")
    inside = ring.gpg("--store", octets=EVIL) + ring.gpg(
        *alice, "--sign", octets=TEXT)
    sealed = ring.gpg("--dearmor", octets=ring.encrypt(TEXT, "alice",
                                                       sign="alice"))
    more = ring.gpg("--dearmor", octets=ring.encrypt(EVIL, "alice"))
    for name, octets in (("one not signed before it", inside),
                         ("not sealed", inside[-400:]),
                         ("another after it", sealed + more),
                         ("another before it", more + sealed)):
        armored = ring.gpg("--enarmor", octets=octets).replace(
            b"ARMORED FILE", b"MESSAGE")
        status, report = verify(ring, message("alice",
                                              encrypted_entity(armored)))
        tap.ok(status == 1 and len(report["documents"]) == 1
               and report["verdict"] in ("bad", "not-checked"),
               f"octets: sealed ones: {name}", report)


def check_several(ring):
    """Signatures beside one another: each must be good, one the sender's."""
    alice, mallory = ring.sign("alice", TEXT), ring.sign("mallory", TEXT)
    wrong = ring.sign("mallory", EVIL)
    for name, blobs, want in (
            ("hers and another", (alice, mallory), "good"),
            ("another and hers", (mallory, alice), "good"),
            ("hers and a bad one", (alice, wrong), "bad"),
            ("a bad one and hers", (wrong, alice), "bad"),
            ("two others", (mallory, mallory), "other-signer")):
        _, report = verify(ring, message("alice", signed_entity(
            TEXT, b"".join(blobs), "pgp")))
        tap.equal(report["verdict"], want, f"several: {name}")
    parts = [signed_entity(TEXT, ring.sign(name, TEXT), "pgp",
                           name.encode()) for name in ("alice", "mallory")]
    status, report = verify(ring, message("alice", mixed_entity(*parts)))
    tap.equal((status, report["verdict"]), (1, "other-signer"),
              "several: a part that another signed")


def check_frame(ring):
    """Multiparts that others may take apart otherwise, or that are not what
    they say."""
    good = signed_entity(TEXT, ring.sign("alice", TEXT), "pgp")

    def with_param(text):
        return good.replace(b"micalg=x;", b"micalg=x; " + text + b";")
    html = b"Content-Type: text/html\r\n\r\nbuy\r\n"
    for name, entity, want in (
            ("a digest that is none", good, "good"),
            ("another protocol before it", with_param(
                b'protocol="application/pkcs7-signature"'), "error"),
            ("another boundary", with_param(b"boundary=other"), "ambiguous"),
            ("another boundary, in pieces", with_param(b"boundary*0=other"),
             "ambiguous"),
            ("base64 by its label",
             b"Content-Transfer-Encoding: base64\r\n" + good, "ambiguous"),
            ("a part behind the end", mixed_entity(good) + b"--mix\r\n" +
             html + b"--mix--\r\n", "ambiguous"),
            ("a boundary that begins as the one around",
             mixed_entity(good, boundary=b"si"), "ambiguous")):
        status, report = verify(ring, message("alice", entity))
        tap.equal((status, report["verdict"]),
                  (0 if want == "good" else 1, want), f"frame: {name}")
    sealed = encrypted_entity(ring.encrypt(TEXT, "alice", sign="alice"))
    _, report = verify(ring, message("alice", sealed.replace(
        b"--enc--", b"--enc\r\n" + html + b"--enc--")))
    tap.equal((report["verdict"], [leaf["cover"] for leaf
                                   in report["documents"][0]["leaves"]]),
              ("error", ["unsigned"] * 3),
              "frame: a third part beside what is sealed")


def check_many(ring):
    """Looked at once, however many parts lie in something encoded; when each is
    decoded anew that takes longer than the limit."""
    parts = mixed_entity(*[b"Content-Type: text/plain\r\n\r\n" + b"x" * 600]
                         * 9900)
    status, report = verify(ring, message(
        "alice", b"Content-Type: message/rfc822\r\n"
        b"Content-Transfer-Encoding: base64\r\n\r\n" +
        base64.encodebytes(parts).replace(b"\n", b"\r\n")),
        "--time-limit", "8")
    tap.equal((status, report["verdict"],
               [len(d["leaves"]) for d in report["documents"]]),
              (1, "unsigned", [9900]), "many: parts inside base64")


def main():
    need_programs()
    with keyring.Keyring() as ring, keyring.Keyring() as friend, \
            keyring.Authority("Test CA") as ca:
        ring.make("alice")
        ring.make("mallory")
        friend.make("carol")
        ca.make("bob")
        ca.give(ring, "bob")
        check_from(ring)
        check_several(ring)
        check_letters(ring)
        check_octets(ring, ca)
        check_certificate(ring, ca)
        check_addresses(ring, friend)
        check_frame(ring)
        check_many(ring)
    tap.done()


if __name__ == "__main__":
    main()
