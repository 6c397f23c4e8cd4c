# SPDX-License-Identifier: LGPL-2.1-or-later
"""pli edit: what it writes, refuses and reports; every octet that it was not
asked to change, on 1,000 messages; and the memory that it takes."""
import json
import os
import random
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "lib"))
import tap  # noqa: E402

PLI = os.path.join(tap.top_builddir(), "pli")
LONG = os.environ.get("PLI_TEST_LONG")

TREE = (b"Subject: x\nReceived: one\nReceived: two\nMIME-Version: 1.0\n"
        b"Content-Type: multipart/mixed; boundary=b\n\n"
        b"--b\nContent-Type: text/plain\n\none\n"
        b"--b\nContent-Type: image/png; name=\"x.png\"\n"
        b"Content-Transfer-Encoding: base64\nX-Kept:  as\n it is\n\nAAAA\n"
        b"--b\nContent-Type: message/rfc822\n\nSubject: in\n\nthree\n"
        b"--b--\n")
SIGNED = TREE.replace(b"mixed", b"signed")


def edit(octets, *options):
    got = subprocess.run([PLI, "edit", *options, "-"], input=octets,
                         capture_output=True, timeout=120)
    return got.returncode, got.stdout, got.stderr.decode()


def check_changes(folder):
    new = os.path.join(folder, "new")
    with open(new, "wb") as f:
        f.write(b"caf\xc3\xa9 and more of it\n" * 2)
    whole = os.path.join(folder, "whole")
    with open(whole, "wb") as f:
        f.write(b"X: y\r\n\r\nwhole\r\n")
    cases = [
        ("nothing", [], TREE),
        ("add-field", ["--add-field", "X-A: b"],
         TREE.replace(b"boundary=b\n", b"boundary=b\nX-A: b\n")),
        ("prepend-field", ["--prepend-field", "2.0/X-A:b"], None),
        ("prepend-field", ["--prepend-field", "3.0/X-A:b"],
         TREE.replace(b"Subject: in", b"X-A: b\nSubject: in")),
        ("text that is not ASCII", ["--replace-field", "Subject: é x"],
         TREE.replace(b"Subject: x", b"Subject: =?utf-8?B?w6k=?= x")),
        ("replace the last", ["--replace-field", "received#-1: three"],
         TREE.replace(b"Received: two", b"received: three")),
        ("remove all of a name", ["--remove-field", "received"],
         TREE.replace(b"Received: one\nReceived: two\n", b"")),
        ("remove one", ["--remove-field", "2/X-Kept"],
         TREE.replace(b"X-Kept:  as\n it is\n", b"")),
        ("drop", ["--drop", "2"],
         re.sub(rb"Content-Type: image.*?--b\n", b"", TREE, flags=re.S)),
        ("drop the last", ["--drop", "3"],
         re.sub(rb"--b\nContent-Type: message.*three\n", b"", TREE,
                flags=re.S)),
        ("replace-part", ["--replace-part", f"1={whole}"],
         TREE.replace(b"Content-Type: text/plain\n\none\n",
                      b"X: y\n\nwhole\n\n")),
        ("insert-part", ["--insert-part", f"4={whole}"],
         TREE.replace(b"--b--", b"--b\nX: y\n\nwhole\n\n--b--")),
        ("replace-body", ["--replace-body", f"2={new}"],
         TREE.replace(b"base64", b"quoted-printable").replace(
             b"AAAA", 2 * b"caf=C3=A9 and more of it=0A" + b"=\n")),
        ("replace-body of text", ["--replace-body", f"1={new}"],
         TREE.replace(b"text/plain\n\none",
                      b"text/plain\nContent-Transfer-Encoding: "
                      b"quoted-printable\n\n"
                      + b"caf=C3=A9 and more of it\n" * 2)),
    ]
    for name, options, want in cases:
        status, out, err = edit(TREE, *options)
        if want is None:
            tap.ok(status == 1 and out == b"" and "no part 2.0" in err,
                   f"{name}: there is no such part", err)
            continue
        tap.equal((status, out), (0, want), f"{name}: {' '.join(options)}")
    status, out, err = edit(TREE.replace(b"\n", b"\r\n"), "--add-field",
                            "A: b")
    tap.equal((status, out),
              (0, TREE.replace(b"boundary=b\n", b"boundary=b\nA: b\n")
               .replace(b"\n", b"\r\n")), "CRLF stays")


def check_script(folder):
    path = os.path.join(folder, "script")

    def run(script, *options):
        with open(path, "w", encoding="utf-8") as f:
            f.write(script if isinstance(script, str) else json.dumps(script))
        return edit(TREE, "--script", path, *options)

    status, out, err = run([
        {"op": "drop", "part": "2"},
        {"op": "remove-field", "name": "Received", "nth": 2},
        {"op": "insert-part", "part": "1", "text": "\r\nzero"}])
    tap.equal((status, out),
              (0, re.sub(rb"Content-Type: image.*?--b\n", b"", TREE,
                         flags=re.S).replace(b"Received: two\n", b"")
               .replace(b"--b\nContent-Type: text",
                        b"--b\n\nzero\n--b\nContent-Type: text")), "script")
    for bad, why in (("{", "script"), ("{}", "an array"),
                     ('[{"op": "x"}]', "operation 1: op is"),
                     ('[{"op": "drop"}]', "part is expected"),
                     ('[{"op": "drop", "part": 2}]', "part is a string"),
                     ('[{"op": "drop", "part": "2", "y": "z"}]',
                      "y is no member"),
                     ('[{"op": "replace-body", "part": "1"}]',
                      "one of file and text")):
        status, out, err = run(bad)
        tap.ok(status == 64 and out == b"" and why in err,
               f"script: {bad}", err)
    enclose = [{"op": "enclose", "part": "0", "subtype": "mixed",
                "text": "look\r\n"}]
    first = run(enclose, "--seed", "s")
    tap.equal(run(enclose, "--seed", "s"), first, "a seed: the same again")
    tap.ok(run(enclose)[1] != run(enclose)[1], "and without, never")
    tap.ok(first[0] == 0 and TREE in first[1]
           and first[1].startswith(b"Subject: x\nMIME-Version")
           and b"\n\nlook\n" in first[1], "enclosed, as it was", first)


def check_report():
    status, out, err = edit(TREE, "--json", "--drop", "2", "--add-field",
                            "X-A: b")
    one = json.loads(out)
    tap.equal((status, one["status"], one["problem"]),
              (0, "edited", None), "report: edited")
    whole = edit(TREE, "--drop", "2", "--add-field", "X-A: b")[1]
    drop, add = one["changes"]
    tap.equal((drop["action"], drop["what"], drop["path"], drop["type"],
               drop["filename"]),
              ("removed", "part", "2", "image/png", "x.png"),
              "report: the part")
    tap.equal((add["action"], add["what"], add["name"], one["length"]),
              ("added", "field", "X-A", len(whole)), "report: the field")
    at = add["new"]["offset"]
    tap.equal(whole[at:at + add["new"]["length"]], b"X-A: b\n",
              "report: where it is")
    old = drop["old"]
    tap.ok(TREE[old["offset"]:][:old["length"]].endswith(b"AAAA"),
           "report: where it was")
    status, out, err = edit(TREE, "--diff", "--drop", "2", "--add-field",
                            "X-A: b")
    tap.ok(status == 0 and out.startswith(b'- part 2 (image/png, "x.png") ')
           and b"\n+ field X-A of the message " in out, "diff", out)
    one = json.loads(edit(TREE, "--json")[1])
    tap.equal((one["status"], one["changes"]), ("unchanged", []),
              "report: nothing to do")
    status, out, err = edit(SIGNED, "--json", "--drop", "2")
    one = json.loads(out)
    tap.ok(status == 1 and one["status"] == "refused"
           and one["problem"].startswith("part 2 ")
           and one["changes"] == [], "report: refused", one)


def check_refused(folder):
    status, out, err = edit(SIGNED, "--drop", "2")
    tap.ok(status == 1 and out == b"" and "part 2 " in err
           and "signature" in err, "signed: refused, with the part", err)
    tap.equal(edit(SIGNED, "--drop", "2", "--force")[:2],
              (0, edit(TREE, "--drop", "2")[1].replace(b"mixed", b"signed")),
              "signed: unless forced")
    status, out, err = edit(TREE, "--drop", "2", "--remove-field",
                            "2/X-Kept")
    tap.ok(status == 1 and out == b"" and "twice" in err, "a conflict", err)
    for options, code in ((["--drop"], 64), (["--insert-part", "1"], 64),
                          (["--add-field", "x"], 64),
                          (["--remove-field", "x#0"], 64),
                          (["--json", "--diff"], 64),
                          (["--add-field", "a b: c"], 1),
                          (["--add-field", "a: b\nc: d"], 1),
                          (["--insert-part", "1=/none/such"], 74),
                          (["--enclose", "0=x;y"], 1)):
        status, out, err = edit(TREE, *options)
        tap.ok(status == code and out == b"" and err, f"{options}: {code}",
               (status, out, err))
    two = b"From a Thu Jan  1 00:00:00 2026\nA: b\n\nx\n\n"
    tap.equal(edit(two * 2)[0], 65, "more than one message")
    got = subprocess.run([PLI, "edit", "/none/such"], capture_output=True,
                         timeout=60)
    tap.equal(got.returncode, 66, "no such file")
    # a file is there whole, or as it was
    path = os.path.join(folder, "out")
    with open(path, "wb") as f:
        f.write(TREE)
    os.chmod(path, 0o640)
    got = subprocess.run([PLI, "edit", "--add-field", "A: b", "-o", path,
                          path], capture_output=True, timeout=60)
    with open(path, "rb") as f:
        tap.equal((got.returncode, f.read(), os.stat(path).st_mode & 0o777),
                  (0, edit(TREE, "--add-field", "A: b")[1], 0o640),
                  "in its own place")
    got = subprocess.run([PLI, "edit", "-o", folder + "/none/x", path],
                         capture_output=True, timeout=60)
    tap.ok(got.returncode == 74 and sorted(os.listdir(folder)) ==
           sorted(["new", "whole", "script", "out"]), "nothing is left over",
           os.listdir(folder))
    with open("/dev/full", "wb") as full:
        got = subprocess.run([PLI, "edit", path], stdout=full,
                             stderr=subprocess.PIPE, timeout=60)
    tap.equal(got.returncode, 74, "a full disk is told of")


def make_part(rng, depth):
    kind = rng.randrange(6)
    if kind == 0 and depth < 3:
        return b"\r\n".join(make_multipart(rng, depth + 1)[:2])
    if kind == 1 and depth < 3:
        return (b"Content-Type: message/rfc822\r\n\r\nSubject: in\r\n"
                + make_part(rng, depth + 1))
    if kind == 2:
        return (b"Content-Type: application/octet-stream\r\n"
                b"Content-Transfer-Encoding: binary\r\n\r\n"
                + rng.randbytes(rng.randrange(400)).replace(b"\n--", b"\n"))
    lines = [bytes(rng.choices(b"abc -=\t.", k=rng.randrange(90)))
             for _ in range(rng.randrange(6))]
    return (b"Content-Type: text/plain\r\nX-N: %d\r\n\r\n" % rng.randrange(1000)
            + b"\r\n".join(lines))


def make_multipart(rng, depth=0):
    """Header, body, and the parts of which it is made."""
    boundary = b"=_%d_%d" % (depth, rng.randrange(10 ** 9))
    parts = [make_part(rng, depth) for _ in range(rng.randrange(2, 6))]
    header = (b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; "
              b"boundary=\"%s\"\r\n" % boundary)
    body = rng.choice([b"", b"preamble\r\n"])
    for part in parts:
        body += b"--%s\r\n%s\r\n" % (boundary, part)
    return header, body + b"--%s--\r\n" % boundary, boundary, parts


def check_generated(n):
    rng = random.Random(1)
    bad = []
    for i in range(n):
        header, body, boundary, parts = make_multipart(rng)
        message = b"Subject: %d\r\n" % i + header + b"\r\n" + body
        gone = rng.randrange(len(parts))
        status, out, err = edit(message, "--drop", str(gone + 1),
                                "--add-field", f"X-N: {i}")
        left = [p for k, p in enumerate(parts) if k != gone]
        start = body[:body.index(b"--" + boundary)]
        want = (b"Subject: %d\r\n" % i + header + b"X-N: %d\r\n\r\n" % i
                + start + b"".join(b"--%s\r\n%s\r\n" % (boundary, p)
                                   for p in left)
                + b"--%s--\r\n" % boundary)
        if (status, out) != (0, want):
            bad.append((i, status, err, message, out))
    tap.ok(not bad, f"{n} messages: one part less, one field more, and every "
           "other octet as it was", bad[:1])


def get_rss(arguments):
    pid = os.fork()
    if pid == 0:
        os.dup2(os.open("/dev/null", os.O_WRONLY), 1)
        os.execv(PLI, ["pli", *arguments])
    _, status, usage = os.wait4(pid, 0)
    return status, usage.ru_maxrss


def check_memory(folder, mebibytes):
    if tap.is_sanitized():
        return tap.skip("memory", "a sanitizer takes its own")
    path = os.path.join(folder, "big")
    line = b"x" * 76 + b"\r\n"
    with open(path, "wb") as f:
        f.write(b"MIME-Version: 1.0\r\n"
                b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
                b"--b\r\n\r\none\r\n--b\r\n\r\n")
        for _ in range(mebibytes * 16):
            f.write(line * 840)
        f.write(b"--b--\r\n")
    _, base = get_rss(["--version"])
    status, rss = get_rss(["edit", "--drop", "1", "--add-field", "A: b",
                           path])
    tap.note(f"{os.path.getsize(path)} octets: {rss} KiB, --version {base}")
    tap.ok(status == 0 and rss - base < 2048, "memory: a big message",
           (status, rss, base))
    with open(path, "wb") as f:
        for _ in range(mebibytes * 16):
            f.write(line * 840)
    small = os.path.join(folder, "out")
    status, rss = get_rss(["edit", "--replace-field", "A: c",
                           "--replace-body", f"1={path}", small])
    tap.ok(status == 0 and rss - base < 2048, "memory: a big new part",
           (status, rss, base))


def main():
    with tempfile.TemporaryDirectory() as folder:
        check_changes(folder)
        check_script(folder)
        check_report()
        check_refused(folder)
        check_generated(1000 if LONG else 150)
        check_memory(folder, 1024 if LONG else 32)
    tap.done()


main()
