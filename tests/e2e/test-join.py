#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""pli join: messages cut up as message/partial come out whole, or not at all.

What comes out is held to RFC 2046 5.2.2.1 as it is written down here once
more; fragments that contradict each other leave nothing behind.
"""
import hashlib
import json
import os
import random
import resource
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "lib"))
import tap  # noqa: E402

PLI = os.path.join(tap.top_builddir(), "pli")
TMP = os.path.join(tap.top_builddir(), "tests", "e2e", "join-out")
OUT = os.path.join(TMP, "out")
CONTENT = (b"content-", b"subject:", b"message-id:", b"encrypted:",
           b"mime-version:")
OUTER = (b"From: a@example.org\r\nSubject: part\r\nX-Long: one\r\n two\r\n"
         b"MESSAGE-ID: <p@example.org>\r\nMime-Version: 1.0\r\n")
INNER = (b"From: not@example.org\r\nSubject: whole\r\n"
         b"Message-ID: <w@example.org>\r\nMIME-Version: 1.0\r\n"
         b"Content-Type: text/plain;\r\n charset=utf-8\r\n")
HEADER = (b"From: a@example.org\r\nX-Long: one\r\n two\r\n"
          b"Subject: whole\r\nMessage-ID: <w@example.org>\r\n"
          b"MIME-Version: 1.0\r\n"
          b"Content-Type: text/plain;\r\n charset=utf-8\r\n")


def write(name, octets):
    path = os.path.join(TMP, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as f:
        f.write(octets)
    return path


def join(*args, given=b"", before=None):
    """Exit status, standard output, standard error."""
    run = subprocess.run([PLI, "join", *args], input=given,
                         capture_output=True, timeout=120, preexec_fn=before)
    return run.returncode, run.stdout, run.stderr.decode("utf-8")


def report(*args):
    status, out, _ = join("--json", *args)
    return status, [json.loads(x) for x in out.decode("utf-8").splitlines()]


def fragment(number, total, body, ident=b"i", outer=OUTER, extra=b""):
    told = b"; total=%d" % total if total else b""
    return (outer + b'Content-Type: message/partial; id="%s"; number=%d%s\r\n'
            % (ident, number, told) + extra + b"\r\n" + body)


def cut(message, n, generator):
    """At the starts of lines, the header's too."""
    lines = message.splitlines(keepends=True)
    at = sorted(generator.sample(range(1, len(lines)), n - 1))
    return [b"".join(lines[a:b]) for a, b in zip([0] + at, at + [len(lines)])]


def whole_of(fragments, outer=OUTER):
    """What the bodies make."""
    first, rest = fragments[0], b"".join(fragments[1:])
    header, empty, body = first.partition(b"\r\n\r\n")
    fields = []
    for line in (header + b"\r\n" if empty else first).splitlines(True):
        if line[:1] in b" \t":
            fields[-1] += line
        else:
            fields.append(line)
    kept = b"".join(x for x in fields if x.lower().startswith(CONTENT))
    outer = outer.replace(b"Subject: part\r\n", b"").replace(
        b"MESSAGE-ID: <p@example.org>\r\n", b"").replace(
        b"Mime-Version: 1.0\r\n", b"")
    return outer + kept + (b"\r\n" if empty else b"") + body + rest


def mbox(messages):
    return b"".join(b"From a@example.org Thu Jan  1 00:00:00 2026\r\n" + x +
                    b"\r\n\r\n" for x in messages)


def check_cuts():
    """Any message, cut anywhere, in any order, however it is kept."""
    generator = random.Random(2046)
    wrong = []
    for n in range(2, 40):
        body = b"".join(b"%d %s\r\n" % (i, b"x" * generator.randrange(70))
                        for i in range(generator.randrange(n, 400)))
        bodies = cut(INNER + b"\r\n" + body, n, generator)
        want = whole_of(bodies)
        numbered = [fragment(i + 1, n if i + 1 == n or n % 2 else 0, x)
                    for i, x in enumerate(bodies)]
        generator.shuffle(numbered)
        if n % 3 == 0:
            numbered = [x.replace(b"\r\n", b"\n") for x in numbered]
        paths = [write(f"cuts/{n}/cur/{i}", x)
                 for i, x in enumerate(numbered)]
        os.makedirs(os.path.join(TMP, f"cuts/{n}/new"))
        for args, given in ((paths, b""), ([f"{TMP}/cuts/{n}"], b"")):
            status, out, err = join(*args, given=given)
            if (status, out) != (0, want):
                wrong.append((n, args, status, err, out[:300], want[:300]))
    tap.ok(not wrong, "a message in 2 to 39 fragments", wrong[:2])


def check_inputs():
    bodies = [INNER + b"\r\none\r\n", b"two\r\n"]
    want = HEADER + b"\r\none\r\n\r\ntwo\r\n\r\n"
    box = mbox([fragment(2, 2, bodies[1]), b"Subject: no fragment\r\n\r\nx",
                fragment(1, 2, bodies[0])])
    tap.equal(join(write("box", box)), (0, want, ""), "an mbox")
    tap.equal(join("-", given=box), (0, want, ""), "standard input")
    big = b"y" * 70 + b"\r\n"
    given = mbox([fragment(1, 2, INNER + b"\r\n" + big * 50000),
                  fragment(2, 2, big * 50000)])
    status, out, _ = join("-", given=given)
    tap.equal((status, hashlib.sha256(out).hexdigest()), (0, hashlib.sha256(
        HEADER + b"\r\n" + big * 50000 + b"\r\n" + big * 50000 + b"\r\n"
    ).hexdigest()), "seven megabytes through a pipe")
    one = fragment(1, 1, INNER + b"\r\nall\r\n")
    tap.equal(join(write("one", one)), (0, HEADER + b"\r\nall\r\n", ""),
              "a single fragment")


def check_many():
    """More fragments than files may be open."""
    n = 400
    paths = [write(f"many/{i}", fragment(i, n, b"line %d\r\n" % i if i > 1
                                         else INNER + b"\r\nline 1\r\n"))
             for i in range(1, n + 1)]
    status, out, err = join(*reversed(paths), before=lambda:
                            resource.setrlimit(resource.RLIMIT_NOFILE,
                                               (24, 24)))
    want = HEADER + b"\r\n" + b"".join(b"line %d\r\n" % i
                                       for i in range(1, n + 1))
    tap.ok((status, out) == (0, want), "400 fragments, 24 files open", err)


def check_encoded():
    """RFC 2046 5.2.2 forbids it; decoded, and said."""
    paths = [write("enc1", fragment(
        1, 2, b"U3ViamVjdDogcw0KRnJvbTogeA0KDQpvbmUNCg==\r\n",
        extra=b"Content-Transfer-Encoding: base64\r\n")),
        write("enc2", fragment(
            2, 2, b"=74wo\r\n",
            extra=b"Content-Transfer-Encoding: quoted-printable\r\n"))]
    status, out, err = join(*paths)
    want = (b"From: a@example.org\r\nX-Long: one\r\n two\r\nSubject: s\r\n"
            b"\r\none\r\ntwo\r\n")
    tap.equal((status, out), (1, want), "encoded fragments")
    tap.ok("encoding other than 7bit" in err, "are told of", err)
    tap.ok(report(*paths)[1][0]["encoded"], "in JSON too")


FIRST = fragment(1, 3, INNER + b"\r\none\r\n")
SECOND = fragment(2, 3, b"two\r\n")
THIRD = fragment(3, 3, b"three\r\n")
# name, fragments, status, words of the sentence, missing
BROKEN = (
    ("the second", [FIRST, THIRD], "incomplete", "missing number 2 of 3",
     [[2, 2]]),
    ("all but the first", [FIRST], "incomplete", "missing number 2-3 of 3",
     [[2, 3]]),
    ("the first", [SECOND, THIRD], "incomplete", "missing number 1 of 3",
     [[1, 1]]),
    ("the total", [fragment(1, 0, b"x"), fragment(3, 0, b"y")], "incomplete",
     "missing number 2, and no fragment says how many there are", [[2, 2]]),
    ("the total alone", [fragment(1, 0, b"x")], "incomplete",
     "no fragment says how many there are", []),
    ("nearly all", [fragment(1, 999999999, b"x")], "incomplete",
     "missing number 2-999999999 of 999999999", [[2, 999999999]]),
    ("every second", [fragment(2 * i, 40, b"x") for i in range(1, 21)],
     "incomplete", "missing number 1, 3, 5, 7, 9, 11, 13, 15, 17, 19 ... of "
     "40", [[i, i] for i in range(1, 40, 2)]),
    ("a number that is twice there", [FIRST, SECOND, THIRD, SECOND],
     "conflict", "are both number 2", []),
    ("two totals", [FIRST, fragment(2, 2, b"y")], "conflict",
     "that there are 2", [[3, 3]]),
    ("a number over the total", [FIRST, SECOND, THIRD, fragment(4, 0, b"z")],
     "conflict", "is number 4 of 3", []),
    ("a number far over it", [FIRST, fragment(999999999, 3, b"z")],
     "conflict", "is number 999999999 of 3", [[2, 3]]),
)
MALFORMED = (
    ("a control in an id", fragment(1, 1, b"x", ident=b"a\x1b[2Jb"),
     "its id has control characters"),
    ("NUL in an id", fragment(1, 1, b"x", ident=b"a\0b"),
     "its id has control characters"),
    ("an id of 999 octets", fragment(1, 1, b"x", ident=b"i" * 999),
     "its id is longer than a line may be"),
    ("an empty id", fragment(1, 1, b"x", ident=b""),
     "without a usable id or number"),
    ("number 0", fragment(0, 1, b"x"), "without a usable id or number"),
    ("a number of ten digits", fragment(9999999999, 1, b"x"),
     "without a usable id or number"),
    ("no number", b"Content-Type: message/partial; id=i\r\n\r\nx",
     "without a usable id or number"),
)


def left():
    return sorted(os.listdir(OUT)) if os.path.isdir(OUT) else []


def check_broken():
    for name, fragments, kind, words, missing in BROKEN:
        paths = [write(f"broken/{i}", x) for i, x in enumerate(fragments)]
        status, out, err = join(*paths)
        tap.ok((status, out) == (1, b"") and words in err and
               err.count("\n") == 1, f"{name}: {kind}", (status, out, err))
        shutil.rmtree(OUT, ignore_errors=True)
        status, said = report("-o", OUT, *paths)
        got = (status, len(said), said[0]["status"], said[0]["missing"],
               said[0]["name"], "size" in said[0], left())
        tap.equal(got, (1, 1, kind, missing, None, False, []),
                  f"{name}: reported, and nothing is left")
    for name, octets, words in MALFORMED:
        path = write("malformed", octets)
        status, out, err = join(path)
        tap.ok((status, out) == (1, b"") and words in err and "\x1b" not in
               err and "\0" not in err, name, (status, out, err))
        status, said = report(path)
        tap.equal((status, [x["status"] for x in said]), (1, ["malformed"]),
                  f"{name}: reported")
    tap.equal(join(write("plain", b"Subject: x\r\n\r\ny"))[:2], (1, b""),
              "no fragment at all")


def check_limits():
    """A header that is too long is not cut short in silence."""
    fields = b"".join(b"X-%d: %s\r\n" % (i, b"y" * 900) for i in range(5000))
    for name, octets in (
            ("inside", fragment(1, 1, fields + b"\r\nbody\r\n")),
            ("outside", fragment(1, 1, b"\r\nbody\r\n", extra=fields))):
        path = write("long", octets)
        status, out, err = join(path)
        tap.ok((status, out) == (1, b"") and "over a limit" in err,
               f"a header over the limit {name}", (status, err))
        shutil.rmtree(OUT, ignore_errors=True)
        status, said = report("-o", OUT, path)
        tap.equal((status, [x["status"] for x in said], left()),
                  (1, ["failed"], []), "and nothing is left")


def check_folder():
    shutil.rmtree(OUT, ignore_errors=True)
    paths = []
    for k, ident in enumerate((b"../../up", b"a b@example.org", b"/etc/x",
                               b"broken@example.org", b"\xe9")):
        paths.append(write(f"folder/{k}.2", fragment(2, 2, b"two\r\n",
                                                     ident)))
        if ident[:1] != b"b":
            paths.append(write(f"folder/{k}.1", fragment(
                1, 2, INNER + b"\r\none\r\n", ident)))
    want = HEADER + b"\r\none\r\ntwo\r\n"
    status, out, err = join(*paths)
    tap.ok((status, out) == (1, b"") and "-o DIR" in err,
           "many messages do not go to standard output", err)
    status, out, err = join("-o", OUT, *paths)
    tap.ok(status == 1 and err.count("\n") == 1 and "broken@example.org: "
           "missing number 1 of 2" in err, "one of five is not whole", err)
    tap.equal(out.count(b"2 fragments, "), 4, "four are written")
    tap.equal(len(left()), 4, "in the folder")
    tap.ok({"a b@example.org.eml", "up.eml", "x.eml"} < set(left()) and
           all(open(os.path.join(OUT, x), "rb").read() == want
               for x in left()), "each under its id's name", left())
    status, said = report("-o", OUT, *paths)
    again = [x for x in said if x["status"] == "whole"]
    tap.equal((len(again), len(left())), (4, 8), "nothing is replaced")
    tap.ok(all(x["sha256"] == hashlib.sha256(want).hexdigest() and
               x["size"] == len(want) and os.path.exists(x["output"]) and
               [y["number"] for y in x["fragments"]] == [1, 2] and
               x["total"] == 2 and not x["missing"] and x["problem"] is None
               for x in again), "the report says what is there", again)
    tap.equal(report(*paths)[1][0]["output"], None,
              "a report alone writes nothing")
    tap.equal(len(left()), 8, "nowhere")
    tap.equal(join("-o", write("file", b""), *paths)[0], 73,
              "a folder that cannot be made")
    tap.equal(join(os.path.join(TMP, "absent"), *paths)[0], 66,
              "a path that is not there")
    with open("/dev/full", "wb") as full:
        tap.equal(subprocess.run([PLI, "join", *paths[:2]], stdout=full,
                                 stderr=subprocess.DEVNULL).returncode, 74,
                  "a full disk")


def main():
    shutil.rmtree(TMP, ignore_errors=True)
    check_cuts()
    check_inputs()
    check_many()
    check_encoded()
    check_broken()
    check_limits()
    check_folder()
    shutil.rmtree(TMP, ignore_errors=True)
    tap.done()


main()
