#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The pli command from outside: what it prints, what it exits with."""
import base64
import binascii
import hashlib
import json
import os
import pty
import subprocess
import sys
import tempfile
import unittest

SRC = os.environ.get("G_TEST_SRCDIR",
                     os.path.join(os.path.dirname(__file__), "../.."))
PLI = os.path.join(os.environ.get("G_TEST_BUILDDIR", "."), "pli")
DATA = os.path.join(SRC, "tests/data/cli")
MIXED = os.path.join(DATA, "mixed.eml")
NESTED = os.path.join(DATA, "nested.eml")
HOSTILE = os.path.join(DATA, "hostile-names.eml")
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
os.environ["LC_ALL"] = "C.UTF-8"
FOLDER = tempfile.TemporaryDirectory(prefix="pli-cli-")
TMP = FOLDER.name


def sha(octets):
    return hashlib.sha256(octets).hexdigest()


def read(path):
    with open(path, "rb") as f:
        return f.read()


def write(name, octets):
    path = os.path.join(TMP, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as f:
        f.write(octets)
    return path


def pli(*args, status=0, given=b"", stdout=subprocess.PIPE):
    """Standard output as text; fails on another exit status than this, when
    it is not None."""
    run = subprocess.run([PLI, *args], input=given, stdout=stdout,
                         stderr=subprocess.PIPE)
    pli.err = run.stderr.decode("utf-8")
    assert status is None or run.returncode == status, \
        f"exit {run.returncode}, not {status}: {pli.err}"
    return run.stdout.decode("utf-8") if run.stdout is not None else ""


def lines(text):
    return [json.loads(line) for line in text.splitlines()]


def leaves(tree):
    if "children" not in tree:
        return [tree]
    return [x for child in tree["children"] for x in leaves(child)]


def check_mixed(message):
    served = read(MIXED)
    assert message["schema"] == 1
    assert message["size"] == len(served)
    assert message["sha256"] == sha(served)
    assert message["subject"] == "Grüße and a pictüre", message["subject"]
    assert message["from"] == ["Jürgen Weiß", "juergen@example.org"]
    assert message["to"] == [["O'Neil, Pat", "pat@example.org"],
                             [None, "bob@example.org"]], message["to"]
    assert message["date"] == 1795419404
    assert message["message_id"] == "mixed.1@example.org"
    tree = message["tree"]
    assert (tree["type"], tree["path"]) == ("multipart/mixed", "TEXT")
    plain, html, image, notes = leaves(tree)
    assert [x["path"] for x in leaves(tree)] == ["1.1", "1.2", "2", "3"]
    assert plain["cte"] == "quoted-printable"
    assert plain["charset"] == "iso-8859-1"
    assert plain["sha256"] == sha(b"Gr\xfc\xdfe,\r\nsee the picture.")
    assert plain["text_sha256"] == sha("Grüße,\nsee the picture.".encode())
    assert html["text_sha256"] == sha("<p>Grüße</p>\n".encode())
    assert image["filename"] == "見picture.png", image["filename"]
    assert image["disposition"] == "inline"
    assert image["cid"] == "pic.1@example.org"
    assert image["size"] == len(PNG) and image["sha256"] == sha(PNG)
    assert "text_sha256" not in image
    assert notes["sha256"] == sha(b"one\r\ntwo")
    assert notes["filename"] == "notes.txt"
    assert (notes["cte"], notes["charset"], notes["cid"]) == \
        ("7bit", None, None)
    assert (notes["raw_size"], notes["lines"]) == (8, 1)


def test_tree_json():
    check_mixed(lines(pli("tree", "--json", MIXED))[0])


def test_tree_json_ranges():
    octets = read(MIXED)
    tree = lines(pli("tree", "--json", MIXED))[0]["tree"]
    notes = leaves(tree)[3]
    at = notes["body"]["offset"]
    assert octets[at:at + notes["body"]["length"]] == b"one\r\ntwo"
    at = notes["header"]["offset"]
    header = octets[at:at + notes["header"]["length"]]
    assert header.startswith(b"Content-Type: text/plain; name=notes.txt")
    assert header.endswith(b"attachment\r\n\r\n")


def test_tree_json_with_lf_only():
    """A file with LF is the message that is served with CRLF."""
    path = write("lf.eml", read(MIXED).replace(b"\r\n", b"\n"))
    message = lines(pli("tree", "--json", path))[0]
    check_mixed(message)
    assert message["stored_size"] == len(read(path))


def test_tree_json_nested():
    message = lines(pli("tree", "--json", NESTED))[0]
    paths = [x["path"] for x in leaves(message["tree"])]
    assert paths == ["1", "2.1", "2.2", "3.1"], paths
    outer = message["tree"]["children"][1]
    assert (outer["type"], outer["path"]) == ("message/rfc822", "2")
    assert outer["children"][0]["path"] == "2"
    assert outer["children"][0]["envelope"]["subject"] == "inside"


def test_tree_text():
    text = pli("tree", MIXED)
    assert "Subject: Grüße and a pictüre" in text
    assert "From:    Jürgen Weiß <juergen@example.org>" in text
    assert '"見picture.png"' in text and "1.2 text/html" in text
    assert "`-- 3 text/plain" in text, text


def on_terminal(locale, *args):
    """What a terminal is given."""
    try:
        parent, child = pty.openpty()
    except OSError as e:
        raise unittest.SkipTest(f"no pseudo-terminal: {e}") from e
    with subprocess.Popen([PLI, *args], stdout=child,
                          env=dict(os.environ, LC_ALL=locale)) as run:
        os.close(child)
        out = b""
        try:
            while piece := os.read(parent, 65536):
                out += piece
        except OSError:
            pass
        os.close(parent)
        assert run.wait() == 0
    return out


def test_terminal():
    text = on_terminal("C.UTF-8", "tree", MIXED).decode("utf-8")
    assert "└── 3 text/plain" in text and "├── 2 image/png" in text, text
    text = on_terminal("C", "tree", MIXED)
    assert text.isascii() and b"`-- 3 text/plain" in text, text
    assert b'"\\u{898b}picture.png"' in text, text


def test_locale_does_not_change_files():
    for args in (["tree", MIXED], ["tree", "--json", MIXED],
                 ["structure", MIXED]):
        run = subprocess.run([PLI, *args], capture_output=True, check=True,
                             env=dict(os.environ, LC_ALL="C"))
        assert run.stdout.decode("utf-8") == pli(*args)


def test_controls_are_escaped():
    path = write("esc.eml", b"Subject: =?utf-8?Q?a=1B[2Jb?=\r\n\r\nx\r\n")
    text = pli("tree", path)
    assert "\x1b" not in text and "a\\x1b[2Jb" in text, text


def test_stdin():
    check_mixed(lines(pli("tree", "--json", "-", given=read(MIXED)))[0])
    with open(MIXED, "rb") as f:
        run = subprocess.run([PLI, "tree", "--json", "-"], stdin=f,
                             capture_output=True, check=True)
    check_mixed(json.loads(run.stdout))


def test_large_stdin():
    """More than is held in memory."""
    body = b"0123456789abcdef" * 4 + b"\r\n"
    octets = b"Subject: big\r\n\r\n" + body * 60000
    message = lines(pli("tree", "--json", "-", given=octets))[0]
    assert message["size"] == len(octets)
    assert message["sha256"] == sha(octets)
    assert message["tree"]["sha256"] == sha(body * 60000)


def test_mbox():
    first = b"Subject: one\n\n>From the desk\n>>From x\n"
    second = b"Subject: two\n\nbody\n"
    head = b"From a@example.org Mon Nov 23 07:36:44 2026\n"
    path = write("box.mbox", head + first + b"\n" + head + second + b"\n")
    a, b = lines(pli("tree", "--json", path))
    assert (a["subject"], a["offset"], a["number"]) == ("one", 0, 1)
    assert (b["subject"], b["number"]) == ("two", 2)
    assert b["offset"] == len(head + first) + 1
    served = b"Subject: one\r\n\r\nFrom the desk\r\n>From x\r\n"
    assert a["sha256"] == sha(served) and a["size"] == len(served)
    assert a["tree"]["sha256"] == sha(b"From the desk\r\n>From x\r\n")
    assert path + "#2: " in pli("tree", path)
    assert len(pli("structure", path).splitlines()) == 2


def test_mbox_with_cr_only():
    """It starts like an mbox and is none: still a message, not silence."""
    path = write("cr.mbox", b"From a@example.org Mon Nov 23 07:36:44 2026\r"
                 b"Subject: x\r" + b"Received: x\r" * 200)
    assert len(lines(pli("tree", "--json", path, status=1))) == 1


def test_maildir():
    for name in ("cur/2.b:2,S", "cur/1.a:2,", "new/3.c", "cur/.hidden"):
        write("box/" + name, b"Subject: " + name[-3:].encode() + b"\n\nx\n")
    messages = lines(pli("tree", "--json", os.path.join(TMP, "box")))
    names = [os.path.relpath(m["file"], os.path.join(TMP, "box"))
             for m in messages]
    assert names == ["cur/1.a:2,", "cur/2.b:2,S", "new/3.c"], names
    pli("tree", TMP, status=66)
    assert "no Maildir" in pli.err


def test_maildir_file_is_one_message():
    """What looks like an mbox is none inside a Maildir."""
    head = b"From a@example.org Mon Nov 23 07:36:44 2026\n"
    write("one/cur/x", (head + b"Subject: s\n\nb\n\n") * 2)
    os.makedirs(os.path.join(TMP, "one/new"), exist_ok=True)
    assert len(lines(pli("tree", "--json", os.path.join(TMP, "one")))) == 1


def test_missing():
    for command in ("tree", "structure", "envelope", "check"):
        pli(command, os.path.join(TMP, "none.eml"), status=66)
        assert pli.err == \
            f"pli: {TMP}/none.eml: No such file or directory\n", pli.err


def test_goes_on_after_missing():
    out = pli("tree", "--json", os.path.join(TMP, "none"), MIXED, status=66)
    check_mixed(lines(out)[0])


def test_empty():
    path = write("empty.eml", b"")
    message = lines(pli("tree", "--json", path, status=1))[0]
    assert [d["name"] for d in message["defects"]] == ["empty-message"]
    assert pli("structure", path, status=1).startswith('("text" "plain"')
    assert pli("envelope", path, status=1).startswith("(NIL")
    assert "empty-message" in pli("check", path, status=1)
    pli("tree", "-", status=1)
    pli("extract", "-d", os.path.join(TMP, "out-empty"), path, status=1)


def test_truncated():
    whole = read(MIXED)
    for cut in (20, 200, 420, 700, len(whole) - 12):
        path = write("cut.eml", whole[:cut])
        message = lines(pli("tree", "--json", path, status=1))[0]
        assert message["defects"], cut
        pli("structure", path, status=1)
        pli("check", path, status=1)


def test_binary():
    for octets in (bytes(range(256)) * 40, os.urandom(20000), b"\0"):
        path = write("bin.eml", octets)
        for command in ("tree", "structure", "envelope", "check"):
            pli(command, path, status=1)
        message = lines(pli("tree", "--json", path, status=1))[0]
        assert message["defects"]


def test_invalid_text_is_valid_json():
    path = write("bad.eml", b"Subject: \xff\xfe=?x?q?a=00?=\r\n"
                 b"Content-Type: te\xc3\xff/pl\"ain; charset=\"\xff\\\"\"; "
                 b"name=\"\xed\xa0\x80\"\r\nContent-ID: <\xf5>\r\n\r\nx\r\n")
    run = subprocess.run([PLI, "tree", "--json", path], capture_output=True)
    assert run.returncode in (0, 1)
    json.loads(run.stdout.decode("utf-8", "strict"))


def test_check():
    clean = write("clean.eml", b"Date: Mon, 23 Nov 2026 07:36:44 +0000\r\n"
                  b"From: a@example.org\r\nSubject: s\r\n"
                  b"MIME-Version: 1.0\r\n"
                  b"Content-Type: text/plain\r\n\r\nx\r\n")
    assert pli("check", clean) == clean + ": clean\n"
    head = b"From: a@example.org\r\nContent-Type: text/plain\r\n"
    twice = b"Content-Type: text/html\r\n"
    path = write("twice.eml", head + twice + b"\r\nx\r\n")
    text = pli("check", path, status=1)
    assert f"{path}: @{len(head)}+{len(twice)}: part 1: error: " \
        "duplicate-content-type [ambiguity]: " in text, text
    assert "(RFC 2045 5)\n    readers disagree about which type" in text, text
    assert text.rstrip().split("\n")[-1].startswith("    remedy: "), text
    both = lines(pli("check", "--json", clean, path, status=1))
    assert [x["status"] for x in both] == ["clean", "found"]
    defect = next(d for d in both[1]["defects"]
                  if d["name"] == "duplicate-content-type")
    assert (defect["offset"], defect["length"], defect["part"],
            defect["severity"], defect["section"]) == \
        (len(head), len(twice), "1", "error", "RFC 2045 5")
    assert "Dovecot takes the first" in defect["readers"] and defect["remedy"]
    table = [json.loads(x) for x in pli("check", "--list").splitlines()]
    assert len(table) > 70 and all(x["remedy"] for x in table)
    assert len({x["number"] for x in table}) == len(table)


def test_check_decodes():
    """Defects that only decoding shows."""
    path = write("junk.eml", b"From: a@example.org\r\nMIME-Version: 1.0\r\n"
                 b"Content-Type: text/plain; charset=x-nonesuch\r\n"
                 b"Content-Transfer-Encoding: base64\r\n\r\n"
                 b"aGVs*bG8g/w==\r\n")
    found = lines(pli("check", "--json", path, status=1))[0]["defects"]
    names = {d["name"] for d in found}
    assert {"base64-junk", "unknown-charset"} <= names, names


def test_text_without_charset():
    """UTF-8 is read as that only if all of the part is."""
    head = b"Subject: a\r\nMIME-Version: 1.0\r\n"
    long = "\u00e9\u4fe1\U0001f389 a\r\n".encode() * 9000
    rows = [  # field, body, text, defects
        (b"", "caf\u00e9\r\n".encode(), "caf\u00e9\n", {"utf8-unlabelled"}),
        (b"", long, long.decode().replace("\r", ""), {"utf8-unlabelled"}),
        (b"", long + b"\xe9", None, {"undecodable-text"}),
        (b"", b"caf\xe9 \xc3\xa9\r\n", "caf\u00e9 \u00c3\u00a9\n",
         {"undecodable-text"}),
        (b"Content-Type: text/plain; charset=US-ASCII\r\n"
         b"Content-Transfer-Encoding: base64\r\n", b"w6k=\r\n", "\u00e9",
         {"utf8-unlabelled"}),
        (b"Content-Type: text/plain; charset=iso-8859-1\r\n"
         b"Content-Transfer-Encoding: 8bit\r\n", b"\xc3\xa9\r\n",
         "\u00c3\u00a9\n", set()),
        (b"Content-Type: text/html\r\n"
         b"Content-Transfer-Encoding: quoted-printable\r\n",
         b"<meta charset=3Dutf-8>=C3=A9=C3", None, {"undecodable-text"}),
        (b"", b"plain\r\n", "plain\n", set()),
    ]
    ours = {"utf8-unlabelled", "undecodable-text", "unknown-charset"}
    for field, body, text, defects in rows:
        path = write("bare.eml", head + field + b"\r\n" + body)
        tree = lines(pli("tree", "--json", path))[0]
        names = {d["name"] for d in tree["defects"]} & ours
        assert names == defects, (field, names)
        want = body.decode("cp1252").replace("\r\n", "\n") \
            if text is None and field == b"" else text
        if want is not None:
            assert tree["tree"]["text_sha256"] == \
                hashlib.sha256(want.encode()).hexdigest(), field
        status = 1 if "undecodable-text" in defects else 0
        shown = {d["name"] for d in
                 lines(pli("check", "--json", path, status=status))[0]["defects"]}
        assert shown & ours == defects, (field, shown)


def test_flowed_text():
    """RFC 3676 4.1 to 4.6: flowed, fixed, stuffed, quoted, signature."""
    def flowed(params, text, head=b""):
        path = write("flowed.eml", head + b"Content-Type: text/plain; "
                     + params + b"\r\n\r\n" + text)
        return lines(pli("tree", "--json", path))[0]["tree"].get(
            "flowed_sha256")
    text = (b"one \r\ntwo \r\nthree\r\n\r\n stuffed\r\n>quoted \r\n> on\r\n"
            b">> deep\r\n-- \r\nme\r\n")
    assert flowed(b"format=flowed", text) == sha(
        b"one two three\n\nstuffed\n> quoted on\n>> deep\n-- \nme\n")
    assert flowed(b'FORMAT="Flowed"; DelSp=YES', text) == sha(
        b"onetwothree\n\nstuffed\n> quotedon\n>> deep\n-- \nme\n")
    assert flowed(b"format=flowed; charset=iso-8859-1", b"\xe9 \r\n\xe9") \
        == sha("é é\n".encode())
    assert flowed(b"format=flowed", "é \né\n".encode()) == \
        sha("é é\n".encode()), "UTF-8 without saying so"
    assert flowed(b"format=flowed", b"b25lIA0KdHdvDQo=\r\n",
                  b"Content-Transfer-Encoding: base64\r\n") == \
        sha(b"one two\n")
    assert flowed(b"format=fixed", text) is None
    assert flowed(b"x=y", text) is None
    path = write("html.eml", b"Content-Type: text/html; format=flowed\n\nx")
    assert "flowed_sha256" not in lines(pli("tree", "--json", path))[0]["tree"]


def test_escapes_across_blocks():
    """The body is read in blocks of 64 KiB, and an escape may lie across."""
    head = b"Content-Transfer-Encoding: quoted-printable\r\n\r\n"
    for text, name in ((b"=3d", "qp-lower-case"), (b"=D3", None),
                       (b"=\t\r\n", "qp-soft-blanks"), (b"=D3=e", "qp-lower-case"),
                       (b"=aF", "qp-lower-case"),
                       (b"=D=3d", "qp-lower-case")):
        for before in range(65536 - 6, 65536 + 2):
            path = write("qp.eml", head + b"x" * before + text + b"\r\n")
            found = {x["name"] for x in
                     lines(pli("check", "--json", path, status=None))[0][
                         "defects"]} & {"qp-lower-case", "qp-soft-blanks"}
            assert found == ({name} if name else set()), (text, before)


def test_block_without_name():
    """A BinHex block that is broken off has no name."""
    path = os.path.join(DATA, "binhex-without-name.eml")
    pli("check", path, status=1)
    tree = lines(pli("tree", "--json", path, status=1))[0]["tree"]
    names = [x["name"] for x in tree["files"]]
    assert len(names) == 2 and names[0] and names[1] is None, names
    said = lines(pli("extract", "--json", "-d", os.path.join(TMP, "binhex"),
                     path, status=1))
    assert [x["original_name"] for x in said] == names, said


def test_structure_and_envelope():
    text = pli("structure", MIXED)
    assert text.endswith(")\n") and text.count("\n") == 1
    assert text.startswith('((("text" "plain"') or \
        text.startswith('(("text" "plain"'), text
    assert '"mixed"' in text
    envelope = pli("envelope", MIXED)
    assert envelope.startswith('("Mon, 23 Nov 2026 07:36:44 +0000" ')
    assert envelope.endswith('"<mixed.1@example.org>")\n')


def test_extract():
    out = os.path.join(TMP, "made/here")
    got = lines(pli("extract", "-d", out, "--json", MIXED))
    assert [(x["name"], x["path"], x["type"]) for x in got] == [
        ("見picture.png", "2", "image/png"),
        ("notes.txt", "3", "text/plain")]
    assert got[0]["sha256"] == sha(PNG) and got[0]["size"] == len(PNG)
    assert got[0]["original_name"] == "見picture.png"
    assert got[0]["file"] == got[0]["message"] == MIXED
    assert read(os.path.join(out, "見picture.png")) == PNG
    assert read(os.path.join(out, "notes.txt")) == b"one\r\ntwo"
    assert got[1]["output"] == os.path.join(out, "notes.txt")
    assert sorted(os.listdir(out)) == ["notes.txt", "見picture.png"]
    again = pli("extract", "-d", out, MIXED)
    assert "notes (2).txt (text/plain, 8 octets, part 3 of" in again
    assert len(os.listdir(out)) == 4


def extract_types(*options, env=None):
    """{name: (declared, detected)} of odd files, and standard error."""
    png = (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01"
           b"\x08\x06\0\0\0")
    parts = (("a.txt", "text/plain", png),
             ("b.png", "image/png", b"%PDF-1.7\n" + b"x" * 200000),
             ("c", "application/octet-stream", b"plain words\r\n"),
             ("empty.bin", "application/octet-stream", b""))
    text = b"Content-Type: multipart/mixed; boundary=b\r\n"
    for name, kind, octets in parts:
        text += (f"\r\n--b\r\nContent-Type: {kind}; name={name}\r\n"
                 "Content-Transfer-Encoding: base64\r\n\r\n"
                 ).encode() + base64.encodebytes(octets)
    uu = binascii.b2a_uu(b"GIF89a\1\0\1\0\0\0\0;")
    text += (b"\r\n--b\r\n\r\nbegin 644 d.txt\n" + uu +
             b"`\nend\n\r\n--b--\r\n")
    path = write("types.eml", text)
    with tempfile.TemporaryDirectory(dir=TMP) as out:
        run = subprocess.run([PLI, "extract", "-d", out, *options, path],
                             capture_output=True,
                             env=dict(os.environ, **(env or {})))
    assert run.returncode == 0, run
    return ({x["original_name"]: (x["type"], x["detected_type"])
             for x in lines(run.stdout.decode())}
            if "--json" in options else None), run.stderr.decode()


def test_detected_types():
    found, err = extract_types("--json")
    assert err == "", err
    assert found == {
        "a.txt": ("text/plain", "image/png"),
        "b.png": ("image/png", "application/pdf"),
        "c": ("application/octet-stream", "text/plain"),
        "empty.bin": ("application/octet-stream", None),
        "d.txt": ("application/octet-stream", "image/gif")}, found
    found, err = extract_types("--json", "--no-detect")
    assert err == "" and {x[1] for x in found.values()} == {None}, found
    found, err = extract_types("--json", env={"MAGIC": "/nonexistent"})
    assert {x[1] for x in found.values()} == {None} and len(found) == 5, found
    assert err.startswith("pli: extract: cannot detect types: "), err


def test_detection_costs_nothing_when_off():
    """libmagic is not even loaded."""
    loud = {"LD_DEBUG": "files"}
    if "libmagic" not in extract_types("--json", env=loud)[1]:
        raise unittest.SkipTest("LD_DEBUG tells nothing")
    for options in ([], ["--json", "--no-detect"], ["--union"]):
        assert "libmagic" not in extract_types(*options, env=loud)[1], options


def test_extract_nested():
    out = os.path.join(TMP, "nested")
    got = lines(pli("extract", "-d", out, "--json", NESTED))
    assert [(x["name"], x["path"]) for x in got] == [
        ("inner.eml", "2"), ("part-2.2.pdf", "2.2")], got
    assert read(os.path.join(out, "inner.eml")).startswith(b"From: b@")
    assert read(os.path.join(out, "part-2.2.pdf")) == b"%PDF-1.7"
    assert got[1]["original_name"] is None


def test_extract_without_attachment():
    path = write("plain.eml", b"Subject: s\r\n\r\nx\r\n")
    out = pli("extract", "-d", os.path.join(TMP, "plain"), path)
    assert out == path + ": no attachment\n"


def test_hostile_names():
    top = os.path.join(TMP, "hostile")
    out = os.path.join(top, "deep/er/out")
    os.makedirs(out)
    victim = write("hostile/victim", b"precious")
    os.symlink(victim, os.path.join(out, "link"))
    got = lines(pli("extract", "-d", out, "--json", HOSTILE))
    assert len(got) == 19, len(got)
    assert read(victim) == b"precious"
    assert os.path.islink(os.path.join(out, "link"))
    files = [os.path.relpath(os.path.join(base, name), top)
             for base, _, names in os.walk(top) for name in names]
    assert all(f.startswith("deep/er/out/") for f in files
               if f != "victim"), files
    assert not os.path.exists("/tmp/pli-escaped.txt")
    names = [x["name"] for x in got]
    assert len(set(names)) == len(names)
    for i, (name, entry) in enumerate(zip(names, got)):
        assert read(os.path.join(out, name)) == b"octets %d" % i, name
        assert len(name.encode()) <= 255
        assert not set(name) & set("/\0\r\n\u202e"), name
        assert name[0] not in ".-"
        assert entry["sha256"] == sha(b"octets %d" % i)
    assert names[0] == "pli-escaped.txt" and names[1] == "passwd"
    assert names[8:10] == ["twice.txt", "twice (2).txt"]
    assert names[11] == "twice (2) (2).txt", names[11]
    assert names[13] == "link (2)"
    assert names[14] == "annfdp.exe"


def test_many_of_one_name():
    """Duplicates are numbered without trying every number again."""
    part = (b"--b\r\nContent-Type: application/x-a; name=same.bin\r\n\r\n"
            b"x\r\n")
    path = write("many.eml", b"Content-Type: multipart/mixed; boundary=b\r\n"
                 b"\r\n" + part * 3000 + b"--b--\r\n")
    out = os.path.join(TMP, "many")
    pli("extract", "-d", out, path)
    assert len(os.listdir(out)) == 3000
    assert os.path.exists(os.path.join(out, "same (3000).bin"))


def test_names_made_alike():
    """Long names that are alike once a number cuts them."""
    part = ("--b\r\nContent-Type: application/x-a; name=\"%s%04d.b\"\r\n"
            "\r\nx\r\n")
    names = ["n" * 249 + "%04d.b" % i for i in range(1500)]
    path = write("alike.eml", b"Content-Type: multipart/mixed; boundary=b\r\n"
                 b"\r\n" + "".join(part % ("n" * 249, i)
                                 for i in list(range(1500)) * 2).encode()
                 + b"--b--\r\n")
    out = os.path.join(TMP, "alike")
    pli("extract", "-d", out, path)
    have = os.listdir(out)
    assert set(names) < set(have) and len(have) == 3000
    assert os.path.exists(os.path.join(out, "n" * 246 + " (1501).b"))


def test_extract_into_no_folder():
    path = write("file", b"x")
    pli("extract", "-d", path, MIXED, status=73)
    pli("extract", "-d", os.path.join(path, "sub"), MIXED, status=73)


def test_failed_output():
    for args in (["tree", MIXED], ["tree", "--json", MIXED],
                 ["structure", MIXED], ["check", MIXED], ["help"],
                 ["help", "tree"], ["tree", "--help"], ["--version"]):
        with open("/dev/full", "wb") as full:
            pli(*args, status=74, stdout=full)
        assert "standard output: No space left" in pli.err, pli.err
        assert pli.err.count("\n") == 1, pli.err


def test_closed_pipe():
    reader, writer = os.pipe()
    os.close(reader)
    try:
        pli("tree", MIXED, status=74, stdout=writer)
    finally:
        os.close(writer)
    assert "Broken pipe" in pli.err, pli.err


def test_closed_output():
    """A file of ours must not become standard output."""
    out = os.path.join(TMP, "closed")
    run = subprocess.run(["sh", "-c", 'exec "$0" "$@" >&-', PLI, "extract",
                          "-d", out, MIXED], capture_output=True)
    assert run.returncode == 74, run
    assert read(os.path.join(out, "notes.txt")) == b"one\r\ntwo"


def test_usage():
    for args in ([], ["nonesuch"], ["tree"], ["tree", "--nonesuch", MIXED],
                 ["structure"], ["structure", MIXED, MIXED], ["envelope"],
                 ["extract", MIXED], ["extract", "-d", TMP], ["check"],
                 ["join"], ["join", "-o", TMP], ["join", "--x", MIXED],
                 ["dev"], ["dev", "--root", TMP], ["help", "nonesuch"],
                 ["dev", "--root", TMP, "--port-base", "64600"],
                 ["dev", "--root", TMP, "--port-base", "x"]):
        out = pli(*args, status=64)
        assert out == "" and pli.err.count("\n") == 1, (args, pli.err)
        assert pli.err.startswith("pli: "), pli.err


def test_help():
    text = pli("help")
    for command in ("tree", "structure", "envelope", "extract", "check",
                    "join", "dev", "help"):
        assert f"\n  {command} " in text
        one = pli("help", command)
        assert one.startswith(f"usage: pli {command}")
        if command != "help":
            assert "Exit status" in one
        assert pli(command, "--help") == one
    assert pli("--version").startswith("pli ")


def test_dev_execs_the_server():
    """The server is taken from beside the command, with what it was given."""
    here = os.path.join(TMP, "bin")
    os.makedirs(here)
    os.makedirs(os.path.join(TMP, "sbin"))
    copy = os.path.join(here, "pli")
    with open(copy, "wb") as f:
        f.write(read(PLI))
    os.chmod(copy, 0o755)
    server = os.path.join(TMP, "sbin/plid")
    with open(server, "w", encoding="utf-8") as f:
        f.write('#!/bin/sh\nprintf "<%s>" "$@"\nexit 7\n')
    os.chmod(server, 0o755)
    run = subprocess.run([copy, "dev", "--root", "a b", "--port-base", "0"],
                         capture_output=True)
    assert run.returncode == 7, run
    assert run.stdout == b"<--dev><--root><a b><--port-base><0>", run.stdout
    os.unlink(server)
    run = subprocess.run([copy, "dev", "--root", "r", "--port-base", "0"],
                         capture_output=True, env={"PATH": here})
    assert run.returncode == 69, run


def main():
    tests = [(name[5:], f) for name, f in globals().items()
             if name.startswith("test_")]
    failed = 0
    print(f"1..{len(tests)}")
    for number, (name, test) in enumerate(tests, 1):
        title = f"{number} /cli/cli/{name.replace('_', '-')}"
        try:
            test()
            print(f"ok {title}", flush=True)
        except unittest.SkipTest as e:
            print(f"ok {title} # SKIP {e}", flush=True)
        except Exception as e:  # pylint: disable=broad-except
            failed += 1
            print(f"not ok {title}")
            for line in f"{type(e).__name__}: {e}".splitlines():
                print(f"# {line}", flush=True)
    FOLDER.cleanup()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
