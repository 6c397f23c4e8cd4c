# SPDX-License-Identifier: LGPL-2.1-or-later
"""pli normalize: what it writes, refuses and reports; and over the ambiguous
fixtures and the shared corpus, that what pli tree shows is the same before and
after, that pli check finds no ambiguity that could be resolved, and that
Python's email agrees with pli tree afterwards."""
import collections
import email
import email.header
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
import tap  # noqa: E402

PLI = os.path.join(tap.top_builddir(), "pli")
LONG = os.environ.get("PLI_TEST_LONG")

# of what a part decodes to, or of a field that has no other form
STAYS = {"enclosed-file", "inline-nested", "inline-unfinished",
         "binhex-malformed", "tnef-malformed", "parts-in-text",
         "message-in-text", "partial-malformed", "partial-conflict",
         "partial-encoded", "uu-malformed", "xx-malformed",
         "yenc-malformed", "address-malformed", "word-malformed"}

TWICE = (b"Subject: x\nMIME-Version: 1.0\n"
         b"Content-Type: text/html\nContent-Type: text/plain\n\nx\n")


def run(command, octets, *options):
    got = subprocess.run([PLI, command, *options, "-"], input=octets,
                         capture_output=True, timeout=120)
    return got.returncode, got.stdout, got.stderr.decode()


def normalize(octets, *options):
    return run("normalize", octets, *options)


def check_small():
    plain = b"Subject: x\r\n\ny\r\n"
    tap.equal(normalize(b"Subject: x\n\ny\n"), (0, b"Subject: x\n\ny\n", ""),
              "what is plain stays as it is")
    tap.equal(normalize(TWICE)[:2],
              (0, TWICE.replace(b"Content-Type: text/plain\n", b"")),
              "one type")
    tap.equal(normalize(plain)[:2], (0, plain.replace(b"\n\n", b"\n\r\n")),
              "mixed line ends: as most are")
    status, out, _ = normalize(TWICE, "--json")
    one = json.loads(out)
    tap.equal((status, one["status"], one["problem"], one["left"],
               one["changes"]),
              (0, "normalized", None, [],
               [{"path": "1", "type": "text/html", "header": True,
                 "boundary": False, "encoding": False, "charset": False}]),
              "report")
    text = (b"Subject: x\nMIME-Version: 1.0\nContent-Type: text/plain\n\n"
            b"From: me\nContent-Type: text/html\n\n<p>\n")
    status, out, err = normalize(text)
    tap.ok(status == 1 and out == text and "message-in-text" in err,
           "what lies in a part stays, and is told of", (status, out, err))
    one = json.loads(normalize(text, "--json")[1])
    tap.equal((one["status"], one["left"]),
              ("unchanged", ["message-in-text 1"]), "and reported")


def check_refused():
    signed = (b"Subject: x\nMIME-Version: 1.0\n"
              b"Content-Type: multipart/signed; boundary=b\n\n"
              b"--b\nX : y\n\nin\n"
              b"--b\nContent-Type: application/pgp-signature\n\nsig\n"
              b"--b--\n")
    status, out, err = normalize(signed)
    tap.ok(status == 1 and out == b"" and "part 1 is ambiguous" in err
           and "multipart/signed" in err, "signed: refused, with the part",
           err)
    status, out, _ = normalize(signed, "--force")
    tap.ok(status == 0 and b"\nX: y\n" in out, "signed: unless forced", out)
    one = json.loads(normalize(signed, "--json")[1])
    tap.ok(one["status"] == "refused" and "part 1" in one["problem"],
           "signed: reported", one)
    beside = signed.replace(b"Subject: x", b"Subject: x\nSubject: y")
    status, out, _ = normalize(beside)
    tap.equal((status, out), (1, b""), "signed: not while it is ambiguous")
    clean = beside.replace(b"X : y", b"X: y")
    tap.equal(normalize(clean)[:2],
              (0, clean.replace(b"Subject: y\n", b"")),
              "signed: around it all may change, in it nothing")
    two = b"From a Thu Jan  1 00:00:00 2026\nA: b\n\nx\n\n"
    tap.equal(normalize(two * 2)[0], 65, "more than one message")
    with open("/dev/full", "wb") as full:
        got = subprocess.run([PLI, "normalize", "-"], input=TWICE,
                             stdout=full, stderr=subprocess.PIPE, timeout=60)
    tap.equal(got.returncode, 74, "a full disk is told of")
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "m")
        with open(path, "wb") as f:
            f.write(TWICE)
        got = subprocess.run([PLI, "normalize", "-o", path, path], timeout=60)
        with open(path, "rb") as f:
            tap.equal((got.returncode, f.read(), os.listdir(folder)),
                      (0, normalize(TWICE)[1], ["m"]), "in its own place")


def tree_of(octets):
    return json.loads(run("tree", octets, "--json")[1])


def flatten(node, out):
    """What a reader is to see: type, place, name and content of each part."""
    children = node.get("children") or []
    row = [node["type"], node["path"]]
    if not children:
        row += [node.get("filename"),
                node.get("text_sha256") or node.get("sha256")]
    out.append(row)
    for child in children:
        flatten(child, out)
    return out


def view_of(one):
    view = {k: one.get(k) for k in ("subject", "from", "to", "date",
                                    "message_id")}
    view["tree"] = flatten(one["tree"], [])
    return view


def ambiguities(octets):
    found = json.loads(run("check", octets, "--json")[1])["defects"]
    return {d["name"] for d in found} & AMBIGUOUS - STAYS


def python_leaves(octets):
    out = []
    todo = [email.message_from_bytes(octets, policy=email.policy.compat32)]
    while todo:
        part = todo.pop()
        kind = part.get_content_type()
        # it opens whatever is called message/
        if kind.startswith("message/") and kind not in (
                "message/rfc822", "message/global"):
            out.append([kind, part.get_filename(), None])
        elif part.is_multipart():
            todo += reversed(part.get_payload())
        else:
            out.append([kind, part.get_filename(),
                        part.get_payload(decode=True) or b""])
    return out


def same_octets(body, leaf):
    """As text is the same with CRLF and LF."""
    lines = body.replace(b"\r\n", b"\n")
    return leaf["sha256"] in {hashlib.sha256(x).hexdigest() for x in
                              (body, lines, lines.replace(b"\n", b"\r\n"))}


def leaves_of(node, out):
    children = node.get("children") or []
    if not children:
        out.append(node)
    for child in children:
        leaves_of(child, out)
    return out


def compare_python(octets, one):
    """None, or how Python's email differs from pli tree."""
    try:
        theirs = python_leaves(octets)
    except Exception as e:  # the peer's own fault
        return f"died: {type(e).__name__}"
    ours = leaves_of(one["tree"], [])
    if len(theirs) != len(ours):
        return f"{len(theirs)} leaves for {len(ours)}"
    for (kind, name, body), leaf in zip(theirs, ours):
        if kind != leaf["type"]:
            return f"type {kind} for {leaf['type']}"
        if body is not None and not same_octets(body, leaf):
            return f"content of {leaf['path']}"
        decoded = email.header.make_header(
            email.header.decode_header(name)) if name else None
        if name and str(decoded) != leaf["filename"]:
            return f"name {name!r} for {leaf['filename']!r}"
    return None


# Blanks after the name of an encoding, and names with 8-bit octets, which are
# no ambiguity, Python reads in its own way.
PEER_FAULTS = collections.Counter()


def check_one(path, octets, told, tally):
    # Python decodes the lines of a file, and Pli those of a message
    octets = re.sub(rb"\r?\n", b"\r\n", octets)
    status, out, err = normalize(octets, "--seed", "s")
    if status not in (0, 1) or (status == 1 and not out and octets):
        tally["refused" if status == 1 else f"status {status}"] += 1
        if status not in (1, 65):
            told.append(f"{path}: {status} {err}")
        return
    again = normalize(out, "--seed", "s")[1]
    if again != out:
        told.append(f"{path}: not the same again")
    left = ambiguities(out)
    if left:
        told.append(f"{path}: {left} left")
    if out == octets:
        tally["same"] += 1
        return
    tally["normalized"] += 1
    one = tree_of(out)
    before, after = view_of(tree_of(octets)), view_of(one)
    if before != after and os.path.basename(path) not in OTHER_VIEW:
        told.append(f"{path}: {before} became {after}")
    why = compare_python(out, one)
    if why is not None:
        PEER_FAULTS[re.sub(r"\d+", "N", why.split(" ")[0])] += 1
        tally["python differs"] += 1
        if os.environ.get("PLI_TEST_TELL"):
            tap.note(f"python: {path}: {why}")


# doc/strict.md: "served as application/octet-stream", and then it says so
OTHER_VIEW = {"encoded-message-binhex.eml"}


def check_folder(top, name, limit, only=".eml"):
    told, tally = [], collections.Counter()
    paths = [os.path.join(folder, n) for folder, _, names in os.walk(top)
             for n in names if n.endswith(only)]
    for path in sorted(paths)[::1 if LONG else limit]:
        if os.path.getsize(path) > 1 << 20 and not LONG:
            continue
        with open(path, "rb") as f:
            check_one(path, f.read(), told, tally)
    tap.note(f"{name}: {dict(tally)}")
    tap.ok(not told and tally["normalized"] > 3,
           f"{name}: all readers see what pli tree shows",
           "\n".join(told[:20]))
    tap.ok(tally["python differs"] * 100 <= tally["normalized"],
           f"{name}: Python does, too, but for its own faults")


def main():
    global AMBIGUOUS
    rows = [json.loads(x) for x in subprocess.run(
        [PLI, "check", "--list"], capture_output=True,
        timeout=60).stdout.splitlines()]
    AMBIGUOUS = {r["name"] for r in rows if r["kind"] == "ambiguity"}
    check_small()
    check_refused()
    data = os.path.join(tap.top_srcdir(), "tests", "data")
    check_folder(os.path.join(data, "ambiguity"), "ambiguity", 3)
    check_folder(os.path.join(data, "mime"), "mime", 3)
    check_folder(tap.shared_folder("corpus"), "corpus", 40,
                 "" if LONG else ".eml")
    tap.note(f"python differs: {dict(PEER_FAULTS)}")
    tap.done()


main()
