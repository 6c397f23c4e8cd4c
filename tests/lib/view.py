# SPDX-License-Identifier: LGPL-2.1-or-later
"""What readers of mail see of a message: Pli, GMime and Python's email.

A view has "subject", "from" and "to" (lists of [name, address], groups
opened), "date" (seconds since 1970) and "leaves", each with "type",
"filename", "size" and "sha256" of its octets decoded, and "text_sha256", of the
same with LF as line end. Where Python shows no octets these are not there.
"""
import email
import email.header
import email.policy
import email.utils
import hashlib
import json
import os
import re
import select
import subprocess

import tap

PLI = os.path.join(tap.top_builddir(), "pli")
GMIME = os.path.join(tap.top_builddir(), "tests", "e2e", "view-gmime")
BATCH = 100


class Gmime:
    """GMime in a process of its own, which is started again after a message
    that it died of, or took longer than ten seconds for."""

    def __init__(self, patience=10):
        self.patience = patience
        self.process = None

    def read(self, path):
        """The view, of nothing when GMime takes it for no message; None when
        it died."""
        if self.process is None:
            self.process = subprocess.Popen(
                [GMIME], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL)
        self.process.stdin.write(path.encode() + b"\n")
        self.process.stdin.flush()
        out = self.process.stdout
        # it writes a line whole, or dies
        line = (out.readline() if
                select.select([out], [], [], self.patience)[0] else b"")
        if not line.endswith(b"\n"):
            self.close()
            return None
        return tidy({"subject": None, "from": [], "to": [], "date": None,
                     "leaves": [], **json.loads(line)})

    def close(self):
        if self.process is not None:
            self.process.kill()
            self.process.communicate()
            self.process = None


def tidy(view):
    """Blanks at the ends of a subject say nothing, nor does a name without
    octets."""
    if view["subject"] is not None:
        view["subject"] = view["subject"].strip(" \t\r\n") or None
    for key in ("from", "to"):
        view[key] = [[who or None, address] for who, address in view[key]]
    return view


def sums_of(octets):
    return {"size": len(octets), "sha256": hashlib.sha256(octets).hexdigest(),
            "text_sha256": hashlib.sha256(
                octets.replace(b"\r\n", b"\n")).hexdigest()}


def as_utf8(text):
    """RFC 6532: what Python keeps of octets over 127 is UTF-8."""
    return text and text.encode("utf-8", "surrogateescape").decode(
        "utf-8", "replace")


def decode_words(text):
    """RFC 2047's words, but in no file name: there they stand for
    themselves."""
    text = re.sub(r"\r?\n(?=[ \t])", "", as_utf8(text) or "")
    # make_header() puts blanks of its own between the words
    return "".join(
        piece if isinstance(piece, str) else
        piece.decode(charset or "raw-unicode-escape", "replace")
        for piece, charset in email.header.decode_header(text))


def raw_values(message, name):
    return [v for k, v in message.raw_items() if k.lower() == name]


def python_addresses(message, name):
    text = [re.sub(r"\r?\n(?=[ \t])", "", v)
            for v in raw_values(message, name)]
    return [[decode_words(who) or None, decode_words(address)]
            for who, address in email.utils.getaddresses(text)]


def python_leaves(message):
    out = []
    todo = [message]
    while todo:
        part = todo.pop()
        kind = part.get_content_type()
        name = as_utf8(part.get_filename())
        # it opens whatever is called message/, and has no octets of it
        if kind.startswith("message/") and kind not in (
                "message/rfc822", "message/global"):
            out.append({"type": kind, "filename": name})
        elif part.is_multipart():
            todo += reversed(part.get_payload())
        else:
            out.append({"type": kind, "filename": name,
                        **sums_of(part.get_payload(decode=True) or b"")})
    return out


def read_python(octets):
    message = email.message_from_bytes(octets, policy=email.policy.compat32)
    subject = raw_values(message, "subject")
    date = raw_values(message, "date")
    when = email.utils.parsedate_tz(date[0]) if date else None
    return tidy({
        "subject": decode_words(subject[0]) if subject else None,
        "from": python_addresses(message, "from"),
        "to": python_addresses(message, "to"),
        "date": email.utils.mktime_tz(when) if when else None,
        "leaves": python_leaves(message)})


def leaves_of(tree):
    out = []
    todo = [tree]
    while todo:
        node = todo.pop()
        if node.get("children"):
            todo += reversed(node["children"])
        else:
            out.append(node)
    return out


def read_pli(paths):
    """{path: what pli tree says, with "leaves"}; of an mbox there is none."""
    out = {}
    for first in range(0, len(paths), BATCH):
        got = subprocess.run([PLI, "tree", "--json", "--"]
                             + paths[first:first + BATCH],
                             capture_output=True, timeout=600)
        for line in got.stdout.splitlines():
            one = json.loads(line)
            if "number" not in one:
                one["leaves"] = leaves_of(one["tree"])
                out[one["file"]] = one
    return out
