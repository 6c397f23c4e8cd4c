# SPDX-License-Identifier: LGPL-2.1-or-later
"""Event trees and decoded parts that ship with Apache James Mime4j's test
messages: how parts nest, which octets are header, body, preamble and epilogue,
and what a body decodes to."""
import base64
import glob
import html
import os
import quopri
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "lib"))
import expected  # noqa: E402
import tap  # noqa: E402

TAG = re.compile(rb'<(/?)(message|header|field|multipart|preamble|epilogue|'
                 rb'body-part|body|text-body|binary-body)(?: name="([^"]*)")?'
                 rb'(/?)>(?:\r\n)?')
HELD = {"field", "preamble", "epilogue", "body"}
ENCODED = ("base64", "x-uuencode", "uuencode", "x-uue",
           "quoted-printable")


def unescape(octets):
    return html.unescape(octets.decode("latin-1")).encode("latin-1")


class Node:
    """An element of a peer's tree; a part's entity is its header and what
    follows it."""

    def __init__(self, name):
        self.name = name
        self.fields = []
        self.preamble = self.epilogue = self.body = None
        self.decoded = None
        self.children = []


def read_events(path):
    """The message element of an event tree, as parts."""
    with open(path, "rb") as f:
        octets = f.read()
    stack = [Node("root")]
    start = 0
    at = 0
    while m := TAG.search(octets, at):
        at = m.end()
        name = m.group(2).decode()
        if m.group(4):
            stack[-1].decoded = m.group(3).decode()
        elif not m.group(1):
            start = m.end()
            if name in ("message", "body-part"):
                node = Node(name)
                stack[-1].children.append(node)
                stack.append(node)
            elif name == "multipart":
                stack[-1].name = "multipart"
        elif name in ("message", "body-part"):
            stack.pop()
        elif name in HELD:
            text = unescape(octets[start:m.start()])
            if name == "field":
                stack[-1].fields.append(text)
            else:
                setattr(stack[-1], name, text)
    return stack[0].children[0]


def peer_shape(node):
    """As ours: a leaf is "-", a message is "m(...)", a multipart "(...)"."""
    if node.name == "multipart":
        return "(" + " ".join(map(peer_shape, node.children)) + ")"
    if node.children:
        return "m" + "".join(map(peer_shape, node.children))
    return "-"


def shape(node):
    if node["type"].startswith("multipart/"):
        inside = [x for x in node.get("children") or []
                  if "synthetic" not in x["flags"]]
        return "(" + " ".join(map(shape, inside)) + ")"
    if node.get("children"):
        return "m" + "".join(map(shape, node["children"]))
    return "-"


def pairs(peer, node, octets=b"", base=0):
    """Each part of both, with the octets that its offsets count in: those of
    the file, or of the decoded body it stands in."""
    yield peer, node, octets, base
    inside = [x for x in node.get("children") or []
              if "synthetic" not in x["flags"]]
    if inside and inside[0]["header"].get("source") != \
            node["header"].get("source"):
        body = expected.span(octets, node["body"], base)
        octets = base64.b64decode(body) if node["cte"] == "base64" \
            else quopri.decodestring(body)
        base = 0
    for a, b in zip(peer.children, inside):
        yield from pairs(a, b, octets, base)


def fields_of(header):
    """The fields of a header without what is none."""
    out = []
    for line in re.findall(rb"[^\n]*\n|[^\n]+", header):
        if line[:1] in b" \t" and out:
            out[-1] += line
        elif re.match(rb"[!-9;-~]+[ \t]*:", line):
            out.append(line)
        elif out:
            out.append(b"")
    return [re.sub(rb"\r?\n\Z", b"", x) for x in out if x]


def compare_part(compare, file, peer, node, octets, base):
    where = node["path"]
    compare.see(file, where, "fields", b"\n".join(peer.fields),
                b"\n".join(fields_of(
                    expected.span(octets, node["header"], base))))
    body = expected.span(octets, node["body"], base)
    inside = [x for x in node.get("children") or []
              if "synthetic" not in x["flags"]]
    if peer.name == "multipart":
        if inside:
            first = base + inside[0]["header"]["offset"]
            last = inside[-1]["body"]
            end = base + last["offset"] + last["length"]
            begin = base + node["body"]["offset"]
            head = octets[begin:first]
            tail = octets[end:begin + node["body"]["length"]]
        else:
            m = re.search(rb"(\r?\n|\A)--[^\r\n]*--[ \t]*(\r?\n|\Z)", body)
            end = m.start() if "closed" in node["flags"] else len(body)
            head, tail = body[:end], body[end:]
        compare_around(compare, file, where, peer, head, tail)
    elif peer.body is not None:
        compare.see(file, where, "body", peer.body, body)


def compare_around(compare, file, where, peer, head, tail):
    """Preamble and epilogue: what stands around the boundary lines."""
    before = re.sub(rb"(\r?\n|\A)--[^\r\n]*(\r?\n)?\Z", b"", head)
    compare.see(file, where, "preamble", peer.preamble or b"", before)
    m = re.match(rb"(?:\r?\n)?--[^\r\n]*--[ \t]*(?:\r?\n|\Z)", tail)
    compare.see(file, where, "epilogue", peer.epilogue or b"",
                tail[m.end():] if m else tail)


def compare_decoded(compare, file, folder, peer, node):
    with open(os.path.join(folder, peer.decoded), "rb") as f:
        want = f.read()
    # A hard line break comes out of quoted-printable as CRLF from both; what
    # was decoded already is as it is.
    if node["cte"] not in ENCODED and "source" not in node["body"]:
        want = expected.as_crlf(want)
    compare.see(file, node["path"], "decoded size", len(want),
                node.get("size"))
    compare.see(file, node["path"], "decoded", expected.sha256(want)[:16],
                node.get("sha256", "")[:16])


def main():
    folder = tap.shared_folder("corpus", "james-mime4j")
    paths = sorted(glob.glob(os.path.join(folder, "*", "*.msg")))
    got = expected.trees(paths)
    compare = expected.Comparison("james-mime4j")
    for path in paths:
        file = os.path.relpath(path, folder)
        stem = path[:-len(".msg")]
        with open(path, "rb") as f:
            octets = f.read()
        if not compare.see(file, "", "messages", 1, len(got[path])):
            continue
        one = got[path][0]
        base = 0
        if "offset" in one:
            base = octets.index(b"\n", one["offset"]) + 1
        peer = read_events(stem + ".xml")
        decoded = read_events(stem + "_decoded.xml")
        if not compare.see(file, "", "parts", peer_shape(peer),
                           shape(one["tree"])):
            continue
        for a, b, within, start in pairs(peer, one["tree"], octets, base):
            compare_part(compare, file, a, b, within, start)
        for a, b, _, _ in pairs(decoded, one["tree"], octets, base):
            if a.decoded is not None:
                compare_decoded(compare, file, os.path.dirname(path), a, b)
    compare.report({"messages": 78, "parts": 70, "fields": 200, "body": 100,
                    "decoded": 100, "preamble": 40, "epilogue": 40})
    tap.done()


main()
