#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What engine/header-writer.h writes, Python's email package reads as it was
meant: text, addresses with groups, parameters."""
import email
import email.policy
import os
import random
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))
import tap  # noqa: E402

BUILD = os.environ.get("G_TEST_BUILDDIR", ".")
PROGRAM = os.path.join(BUILD, "tests", "e2e", "write-header")
PIECES = ["a", "word", "Grüße", "привет", "日本語", "🎉", "Q.", "(c)", "_",
          "=41", "x" * 70, '"', "\\", ",", ";", "<", "@", "é" * 50, "?="]


def write(requests):
    """The fields for a list of lists of strings, as octets."""
    items = [str(item) for request in requests for item in request]
    stdin = b"".join(item.encode() + b"\0" for item in items)
    run = subprocess.run([PROGRAM], input=stdin, stdout=subprocess.PIPE,
                         check=True)
    fields = run.stdout.split(b"\0")[:-1]
    assert len(fields) == len(requests), (len(fields), len(requests))
    return fields


def read(field):
    """The only header field Python finds; None when it finds another."""
    message = email.message_from_bytes(field + b"\r\nbody\r\n",
                                       policy=email.policy.SMTP)
    if len(message) != 1 or message.get_payload().strip() != "body":
        return None
    return next(iter(message.values()))


def make_text(rng, pieces, most):
    return " ".join(rng.choice(pieces)
                    for _ in range(rng.randrange(1, most)))


def check_all(name, requests, want, get):
    wrong = []
    for request, field, wanted in zip(requests, write(requests), want):
        value = read(field)
        got = None if value is None else get(value)
        if got != wanted:
            wrong.append((field, got, wanted))
    tap.ok(not wrong, name, f"{len(wrong)} wrong, the first:\n{wrong[:1]}")


def check_text(rng):
    fixed = ["Hello", "Grüße aus Köln", " leading", "trailing ", "two  blanks",
             "=?utf-8?Q?no_word?=", "привет " * 30 + "!", "x" * 990,
             "日本語" * 60]
    texts = fixed + [make_text(rng, PIECES, 30) for _ in range(300)]
    check_all("text", [["text", "Subject", text] for text in texts], texts,
              str)


def address_item(kind, name="", local="", domain=""):
    return [kind, name, local, domain]


def without_blanks(value):
    if isinstance(value, (list, tuple)):
        return [without_blanks(x) for x in value]
    return value.replace(" ", "") if value else value


def check_addresses(rng):
    """Python puts a blank between two words of one phrase, which RFC 2047
    6.2 forbids: there blanks do not count."""
    requests, want = [], []
    for _ in range(200):
        items, groups = [], []
        for _ in range(rng.randrange(1, 8)):
            members = []
            for _ in range(rng.randrange(1, 4)):
                name = make_text(rng, PIECES, 6) if rng.random() < .8 else ""
                local = rng.choice(["joe", "a.b", "with blank", 'q"u'])
                members.append((name, local, "example.org"))
            group = make_text(rng, PIECES, 4) if rng.random() < .3 else None
            if group is not None:
                items += address_item("b", group)
                groups.append((group, members))
            else:
                groups += [(None, [member]) for member in members]
            for member in members:
                items += address_item("m", *member)
            if group is not None:
                items += address_item("e")
        requests.append(["addresses", "To", len(items) // 4] + items)
        want.append(groups)

    def get(value):
        return [(group.display_name,
                 [(a.display_name, a.username, a.domain)
                  for a in group.addresses]) for group in value.groups]
    plain = [re.search(rb"\?=\s+=\?", field) is None
             for field in write(requests)]
    for is_plain, name, same in ((True, "addresses", list),
                                 (False, "long names", without_blanks)):
        chosen = [i for i, p in enumerate(plain) if p == is_plain]
        assert len(chosen) > 20, len(chosen)
        check_all(name, [requests[i] for i in chosen],
                  [same(want[i]) for i in chosen],
                  lambda value: same(get(value)))


def check_params(rng):
    names = ["a.txt", "a b.txt", 'q"u\\o.txt', "Grüße.txt", "日本語" * 30,
             "x" * 300, "a;b", "it's 50% *", ""]
    names += [make_text(rng, PIECES, 12) for _ in range(200)]
    requests = [["params", "Content-Disposition", "attachment", 2,
                 "filename", name, "size", "4"] for name in names]
    check_all("parameters", requests,
              [{"filename": name, "size": "4"} for name in names],
              lambda value: dict(value.params))


def check_refused():
    bad = ["x\r\nBcc: me", "x\nBcc: me", "\r", "\x7f", "\x01"]
    fields = write([["text", "Subject", text] for text in bad] +
                   [["params", "Content-Type", "text/plain", 1, "name", text]
                    for text in bad] +
                   [["addresses", "To", 1, "m", text, "a", "b"]
                    for text in bad] +
                   [["addresses", "To", 1, "m", "x", "jö", "example.org"]])
    tap.ok(all(field.startswith(b"!") and b"\n" not in field
               for field in fields), "controls are refused", fields)
    tap.ok("jö@example.org" in fields[-1].decode(),
           "the error names the address", fields[-1])


def main():
    rng = random.Random(2047)
    check_text(rng)
    check_addresses(rng)
    check_params(rng)
    check_refused()
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
