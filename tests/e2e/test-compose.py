# SPDX-License-Identifier: LGPL-2.1-or-later
"""pli compose: what it writes, read by Pli, GMime and Python's email, which
find the same; reports by their fields; signatures by gpg and openssl."""
import email
import email.policy
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "lib"))
import keyring  # noqa: E402
import tap  # noqa: E402
import view  # noqa: E402

PLI = os.path.join(tap.top_builddir(), "pli")
FIXED = ["--from", "Änn B. <ann@example.org>", "--date", "1700000000",
         "--message-id", "1@example.org", "--seed", "s"]
TEXT = "Grüße,\nFrom here to there\n.\n--\ntrailing \n" + "x" * 1200 + "\n"
HTML = "<p>Grüße <img src=\"cid:dot.png\"></p>\n"
PNG = bytes(range(256)) * 3
CRLF = b"\r\n"


def run(args, octets=b"", env=None):
    got = subprocess.run(args, input=octets, capture_output=True, timeout=120,
                         env=env, check=False)
    return got.returncode, got.stdout, got.stderr.decode()


def compose(*args, octets=b"", env=None):
    return run([PLI, "compose", *args], octets, env)


def sha(octets):
    return hashlib.sha256(octets).hexdigest()


def facts_of(one):
    """Of a reader's view: who, about what, and each leaf that has octets."""
    return one["from"][0][1], one["subject"], [
        (x["type"], x["filename"] or "-", x["sha256"])
        for x in one["leaves"] if "sha256" in x]


def by_pli(octets):
    one = json.loads(run([PLI, "tree", "--json", "-"], octets)[1])
    return (*facts_of({**one, "from": [one["from"]],
                       "leaves": view.leaves_of(one["tree"])}),
            [d["name"] for d in one["defects"]], one["tree"])


def by_gmime(octets):
    gmime = view.Gmime()
    with tempfile.NamedTemporaryFile() as f:
        f.write(octets)
        f.flush()
        one = gmime.read(f.name)
    gmime.close()
    return facts_of(one)


def agree(name, octets, subject, leaves=None):
    """All three read the same out of it, and nothing is wrong with it."""
    ours = by_pli(octets)
    good = tap.equal(ours[3], [], f"{name}: without a defect")
    good &= tap.ok(octets.endswith(CRLF) and octets.isascii()
                   and octets.count(b"\n") == octets.count(CRLF)
                   and max(map(len, octets.split(CRLF))) <= 998,
                   f"{name}: fit for 7bit transport")
    good &= tap.equal(by_gmime(octets), ours[:3], f"{name}: as GMime reads it")
    good &= tap.equal(facts_of(view.read_python(octets)), (*ours[:2], [
        leaf for leaf in ours[2] if not leaf[0].startswith("message/")]),
        f"{name}: as Python reads it")
    good &= tap.equal(ours[:2], ("ann@example.org", subject),
                      f"{name}: From and Subject")
    if leaves is not None:
        tap.equal(ours[2], leaves, f"{name}: what was given")
    return ours


def shape(part):
    return (part["type"], [shape(c) for c in part.get("children", [])])


def check_parts(work):
    def path(name, octets):
        full = os.path.join(work, name)
        with open(full, "wb") as f:
            f.write(octets)
        return full
    text = path("text", TEXT.encode())
    html = path("html", HTML.encode())
    png = path("dot.png", PNG)
    odd = path("Übersicht „3“.bin", b"a\r\nb\nc\r--\n")
    crlf = sha(TEXT.replace("\n", "\r\n").encode())
    subject = "Grüße =?utf-8?q?x?= and more " + "ab " * 40 + "end"
    status, out, err = compose(*FIXED, "--to", "b@example.org, \"C, D\" "
                               "<cd@example.org>", "--subject", subject,
                               "--text", text)
    tap.equal((status, err), (0, ""), "text: written")
    agree("text", out, subject, [("text/plain", "-", crlf)])
    again = compose(*FIXED, "--to", "b@example.org, \"C, D\" "
                    "<cd@example.org>", "--subject", subject, "--text", text)
    tap.equal(again[1], out, "text: the same options give the same octets")
    status, out, _ = compose(*FIXED, "--subject", "all", "--text", text,
                             "--html", html, "--inline", png, "--attach", odd,
                             "--attach", png)
    ours = agree("all", out, "all")
    tap.equal(shape(ours[4]), ("multipart/mixed", [
        ("multipart/alternative", [
            ("text/plain", []), ("multipart/related", [
                ("text/html", []), (ours[2][2][0], [])])]),
        (ours[2][3][0], []), (ours[2][4][0], [])]), "all: how it is built")
    tap.equal([leaf[1:] for leaf in ours[2]],
              [("-", crlf), ("-", sha(HTML.replace("\n", "\r\n").encode())),
               ("dot.png", sha(PNG)),
               ("Übersicht „3“.bin", sha(b"a\r\nb\nc\r--\n")),
               ("dot.png", sha(PNG))], "all: every octet of every file")
    given = path("in.json", json.dumps({
        "from": "ann@example.org", "to": "b@example.org", "subject": "j",
        "text": TEXT, "date": 1700000000, "message_id": "1@example.org",
        "seed": "s", "headers": [["X-A", "ünï"], ["List-Id", "<a.b>"]],
        "files": [{"file": png, "name": "x/y.png", "type": "image/png",
                   "disposition": "attachment", "description": "Ä",
                   "cid": "a@b"}]}).encode())
    status, out, err = compose("--from-json", given)
    tap.equal((status, err), (0, ""), "json: written")
    agree("json", out, "j", [("text/plain", "-", crlf),
                             ("image/png", "x/y.png", sha(PNG))])
    return text, png, path


def check_answers(path, text):
    original = path("o.eml", (
        "Return-Path: <x@example.net>\nFrom: =?utf-8?q?B=C3=B6b?= "
        "<bob@example.net>\nTo: Ann <ann@example.org>, g: c@example.net,\n"
        " d@example.net;\nCc: e@example.net\nSubject: =?utf-8?q?Fr=C3=A4ge?="
        "\nMessage-ID: <o2@example.net>\nReferences: <o0@example.net>\n"
        " <o1@example.net>\nDate: Thu, 26 Nov 2026 12:00:00 +0000\nMIME-Version: 1.0\n"
        "Content-Type: text/plain; charset=utf-8\n"
        "Content-Transfer-Encoding: 8bit\n\n"
        "8bit: ä\n").encode())
    status, out, err = compose(*FIXED, "--reply", original, "--text", text,
                               "--auto-submitted", "auto-replied")
    got = email.message_from_bytes(out, policy=email.policy.default)
    tap.equal((status, got["To"], got["Subject"], got["In-Reply-To"],
               got["References"], got["Auto-Submitted"], got["Cc"]),
              (0, "Böb <bob@example.net>", "Re: Fräge", "<o2@example.net>",
               "<o0@example.net> <o1@example.net> <o2@example.net>",
               "auto-replied", None), "reply: what it takes")
    agree("reply", out, "Re: Fräge")
    out = compose("--from", "ann@example.org", "--reply", original,
                  "--reply-all", "--text", text)[1]
    got = email.message_from_bytes(out, policy=email.policy.default)
    tap.equal([a.addr_spec for a in got["Cc"].addresses],
              ["c@example.net", "d@example.net", "e@example.net"],
              "reply: to all but oneself")
    again = path("again.eml", out)
    out = compose(*FIXED, "--reply", again, "--text", text)[1]
    got = email.message_from_bytes(out, policy=email.policy.default)
    tap.equal(got["Subject"], "Re: Fräge", "reply: one Re: is enough")
    out = compose(*FIXED, "--forward", original, "--text", text)[1]
    ours = agree("forward", out, "Fwd: Fräge")
    tap.equal(shape(ours[4]), ("multipart/mixed", [
        ("text/plain", []), ("message/rfc822", [("text/plain", [])])]),
        "forward: the message inside")
    tap.equal(ours[2][1][2], sha("8bit: ä\r\n".encode()),
              "forward: its text is kept")
    with open(original, "rb") as f:
        given = compose(*FIXED, "--forward", "-", "--text", text,
                        octets=f.read())
    tap.equal(given, (0, out, ""), "forward: from standard input")
    out = compose(*FIXED, "--subject", "d", "--digest", original, "--digest",
                  again)[1]
    ours = agree("digest", out, "d")
    tap.equal(shape(ours[4])[0], "multipart/digest", "digest: its type")
    hostile = path("h.eml", b"From: " + b"g:" * 20000 + b"\nSubject: a\rb\0c"
                   b"\nMessage-ID: <a b>\nReferences: " + b"<a@b> " * 3000 +
                   b"<" + b"c" * 5000 + b">\n\nx\n")
    status, out, err = compose(*FIXED, "--reply", hostile, "--text", text)
    got = email.message_from_bytes(out, policy=email.policy.default)
    tap.ok(status == 0 and len(got["References"].split()) <= 100
           and got["Subject"].startswith("Re: a"),
           "reply: to nonsense", (status, err))
    return original


def check_reports(path, original):
    def report(name, member, kind, want, words="words\n", **more):
        given = path("r.json", json.dumps(dict({
            "from": "ann@example.org", "to": "b@example.org", "subject": "r",
            "text": words, "seed": "s", member: more.pop("report")},
            **more)).encode())
        status, out, err = compose("--from-json", given)
        tap.equal((status, err), (0, ""), f"{name}: written")
        ours = agree(name, out, "r")
        tree = ours[4]
        tap.equal((tree["type"], tree["children"][1]["type"]),
                  ("multipart/report", kind), f"{name}: its type")
        start = tree["children"][1]["body"]
        body = out[start["offset"]:start["offset"] + start["length"]]
        tap.equal(body.decode(), want.replace("\n", "\r\n"),
                  f"{name}: its fields")
        got = email.message_from_bytes(out, policy=email.policy.default)
        tap.equal(got.get_param("report-type"), kind.split("/")[1],
                  f"{name}: its parameter")
        return ours
    ours = report("dsn", "dsn", "message/delivery-status",
                  "Original-Envelope-Id: E1\nReporting-MTA: dns; mx.example\n"
                  "Arrival-Date: Tue, 14 Nov 2023 22:13:20 +0000\n\n"
                  "Final-Recipient: rfc822; b@example.org\nAction: failed\n"
                  "Status: 5.1.1\nRemote-MTA: dns; r.example\n"
                  "Diagnostic-Code: smtp; 550 5.1.1 no ??b??\n\n"
                  "Original-Recipient: utf-8; \\x{E4}@example.org\n"
                  "Final-Recipient: rfc822; c@example.org\nAction: delayed\n"
                  "Status: 4.4.1\n"
                  "Will-Retry-Until: Tue, 14 Nov 2023 22:13:20 +0000\n",
                  report={
                      "reporting_mta": "mx.example", "envelope_id": "E1",
                      "arrival": 1700000000, "recipients": [
                          {"final_recipient": "b@example.org",
                           "action": "failed", "status": "5.1.1",
                           "remote_mta": "r.example",
                           "diagnostic": "550 5.1.1 no\r\näbä"[:13]
                           .replace("\r\n", " ") + "äbä"[0:3]},
                          {"final_recipient": "c@example.org",
                           "original_recipient": "ä@example.org",
                           "action": "delayed", "status": "4.4.1",
                           "will_retry_until": 1700000000}]},
                  original=original)
    tap.equal(ours[4]["children"][2]["type"], "message/rfc822",
              "dsn: the message")
    ours = report("mdn", "mdn", "message/disposition-notification",
                  "Reporting-UA: pli\n"
                  "Final-Recipient: rfc822; ann@example.org\n"
                  "Original-Message-ID: <o2@example.net>\n"
                  "Disposition: manual-action/MDN-sent-manually; displayed\n",
                  report={"reporting_ua": "pli",
                          "final_recipient": "ann@example.org",
                          "original_message_id": "<o2@example.net>",
                          "mode": "manual-action/MDN-sent-manually",
                          "disposition": "displayed"},
                  original=original, only_header=True)
    tap.equal(ours[4]["children"][2]["type"], "text/rfc822-headers",
              "mdn: the header alone")
    report("arf", "arf", "message/feedback-report",
           "Feedback-Type: abuse\nUser-Agent: pli/1\nVersion: 1\n"
           "Original-Mail-From: <x@example.net>\nSource-IP: 192.0.2.1\n",
           report={"feedback_type": "abuse", "user_agent": "pli/1",
                   "original_mail_from": "<x@example.net>",
                   "source_ip": "192.0.2.1"}, original=original)


def check_refusals(path, text):
    for name, status, word, args in (
            ("no From", 65, "From", ["--text", text]),
            ("a line in a Subject", 65, "Subject",
             [*FIXED, "--subject", "a\nBcc: x@y", "--text", text]),
            ("a second Subject", 65, "subject",
             [*FIXED, "--header", "subject: b", "--text", text]),
            ("no address", 65, "To", [*FIXED, "--to", "nobody"]),
            ("a bad id", 65, "Message-ID",
             ["--from", "a@b", "--message-id", "a b@c"]),
            ("no file", 66, "nothing", [*FIXED, "--attach",
                                        "/nonexistent/nothing"]),
            ("a header without a colon", 65, "--header",
             [*FIXED, "--header", "x"]),
            ("standard input twice", 65, "standard input",
             [*FIXED, "--text", "-", "--attach", "-"]),
            ("a word", 64, "options", [*FIXED, "word"])):
        got = compose(*args, octets=b"hi\n")
        tap.ok((got[0], got[1]) == (status, b"") and word in got[2],
               f"refused: {name}", got)
    for name, word, given in (
            ("an unknown member", "form", {"form": "a@b"}),
            ("a number", "from", {"from": 1}),
            ("a report without words", "text",
             {"from": "a@b", "mdn": {
                 "final_recipient": "a@b", "disposition": "displayed",
                 "mode": "manual-action/MDN-sent-manually"}}),
            ("a status", "Status", {"from": "a@b", "text": "x", "dsn": {
                "reporting_mta": "a", "recipients": [
                    {"final_recipient": "a@b", "action": "failed",
                     "status": "5.1"}]}}),
            ("a line in a report", "Remote-MTA",
             {"from": "a@b", "text": "x", "dsn": {
                 "reporting_mta": "a", "recipients": [
                     {"final_recipient": "a@b", "action": "failed",
                      "status": "5.1.1", "remote_mta": "a\nb"}]}}),
            ("a report of nobody", "recipients",
             {"from": "a@b", "text": "x", "dsn": {"reporting_mta": "a"}})):
        got = compose("--from-json", path("bad.json",
                                          json.dumps(given).encode()))
        tap.ok((got[0], got[1]) == (65, b"") and word in got[2],
               f"refused: {name}", got)


def check_crypto(text, png, original):
    if keyring.missing():
        tap.skip("signed and sealed", " ".join(keyring.missing()))
        return
    with keyring.Keyring() as ring, keyring.Authority("Test CA") as ca:
        ring.make("ann")
        ring.make("bob")
        for name in ("ann", "bob"):
            ca.make(name)
            ca.give(ring, name, name == "ann")
        for kind, smime in (("pgp", []), ("smime", ["--smime"])):
            for what, more in (("signed", ["--sign", "ann@example.org"]),
                               ("sealed", ["--encrypt"]),
                               ("both", ["--sign", "ann@example.org",
                                         "--encrypt"])):
                name = f"{kind} {what}"
                args = [*FIXED, "--to", "Bob <bob@example.org>", "--subject",
                        "c", "--text", text, "--attach", png, "--forward",
                        original]
                status, out, err = compose(*args, *smime, *more, env=ring.env)
                tap.equal((status, err), (0, ""), f"{name}: written")
                agree(name, out, "c")
                got = json.loads(run([PLI, "verify", "--json", "-"], out,
                                     ring.env)[1])
                tap.equal(got["verdict"], "unsigned" if what == "sealed"
                          else "good", f"{name}: as pli verify has it")
                status, plain, err = run([PLI, "decrypt", "-"], out, ring.env)
                inner = by_pli(plain)
                names = [leaf[1] for leaf in inner[2]]
                tap.ok(status == 0 and inner[3] == []
                       and "dot.png" in names and "encrypted.asc" not in names
                       and "smime.p7m" not in names,
                       f"{name}: what was sealed comes out", (err, inner))
                if what == "signed":
                    check_outside(ring, ca, kind, name, out)
        status, out, err = compose(*FIXED, "--to", "eve@example.org",
                                   "--text", text, "--encrypt", env=ring.env)
        tap.ok((status, out) == (1, b"") and "eve@example.org" in err,
               "no key of the recipient: nothing is written", err)
        status, out, err = compose(*FIXED, "--text", text, "--sign",
                                   "eve@example.org", env=ring.env)
        tap.ok((status, out) == (1, b"") and "eve@example.org" in err,
               "no key of the signer: nothing is written", err)
        check_keys(ring, text)


def check_keys(ring, text):
    """Sealed for whom it is to, by a key that is known as theirs."""
    def seal(to, *more, sender="ann@example.org"):
        status, out, err = compose("--from", sender, "--to", to, "--text",
                                   text, "--encrypt", *more, env=ring.env)
        packets = ring.gpg("--list-packets", octets=out[out.find(b"-----"):],
                           good=()).decode() if out else ""
        return status, len(re.findall("^:pubkey enc packet", packets, re.M)), \
            err
    # "nn@example.org" stands in ann's user id, and is not hers
    tap.equal(seal("nn@example.org"),
              (1, 0, "pli: compose: nn@example.org: there is no key to seal "
               "for it\n"), "keys: not one whose address ends the same")
    ring.make("nn")
    tap.equal(seal("nn@example.org"), (0, 2, ""), "keys: but its own")
    with keyring.Keyring() as friend:
        friend.make("eve")
        friend.give(ring, "eve")
        ring.gpg("--quick-sign-key", ring.fingerprint("eve"))
        friend.gpg("--quick-add-uid", "eve@example.org",
                   "Boss <boss@example.org>")
        friend.give(ring, "eve")
    tap.equal(seal("eve@example.org"), (0, 2, ""), "keys: one vouched for")
    status, _, err = seal("boss@example.org")
    tap.ok(status == 1 and "boss@example.org" in err,
           "keys: not by a user id that nobody vouches for", err)
    tap.equal(seal("boss@example.org", "--any-key"), (0, 2, ""),
              "keys: unless any will do")
    status, _, err = seal("-x@example.org")
    tap.ok(status == 1 and "-x@example.org" in err,
           "keys: an address is no option", err)
    status, _, err = seal("nobody:;", sender="none:;")
    tap.ok(status == 65 and "recipient" in err,
           "keys: nobody at all", (status, err))
    status, _, err = seal(",".join(["a@b"] * 10001))
    tap.ok(status == 65 and "too many" in err,
           "keys: more addresses than are read", (status, err))


def check_outside(ring, ca, kind, name, out):
    """Python cuts the octets out, gpg and openssl say what they are."""
    boundary = b"--" + out.split(b'boundary="', 1)[1].split(b'"', 1)[0]
    entity = out.split(boundary + CRLF)[1][:-2]
    part = email.message_from_bytes(out).get_payload(1)
    signature = part.get_payload(decode=True)
    if kind == "pgp":
        tap.equal(ring.says("gpg", entity, signature), "good",
                  f"{name}: as gpg has it")
        micalg = email.message_from_bytes(out).get_param("micalg")
        tap.ok(micalg.startswith("pgp-sha"), f"{name}: micalg", micalg)
    else:
        tap.equal(ring.says("gpgsm", entity, signature), "good",
                  f"{name}: as gpgsm has it")
        tap.equal(ca.says(entity, signature), "good",
                  f"{name}: as openssl has it")


def main():
    with tempfile.TemporaryDirectory() as work:
        text, png, path = check_parts(work)
        original = check_answers(path, text)
        check_reports(path, original)
        check_refusals(path, text)
        check_crypto(text, png, original)
    tap.done()


if __name__ == "__main__":
    main()
