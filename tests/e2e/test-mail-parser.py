# SPDX-License-Identifier: LGPL-2.1-or-later
"""Full trees that ship with Stalwart's mail-parser: parts, where they lie,
types, names, what bodies decode to, and what the header fields of each
message say. Each message is read with LF and with CRLF."""
import calendar
import glob
import json
import os
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "lib"))
import expected  # noqa: E402
import tap  # noqa: E402

ENCODED = ("base64", "quoted-printable")


def header_value(part, name):
    """What the first field of that name says; None when there is none."""
    for field in part["headers"]:
        if field["name"] == name:
            value = field["value"]
            return None if value == "Empty" else value
    return None


def text_value(part, name):
    value = header_value(part, name)
    return value.get("Text") if value else None


def content_value(part, name):
    value = header_value(part, name)
    return value.get("ContentType") if value else None


def attribute(content, name):
    for one in (content or {}).get("attributes") or []:
        if one["name"] == name:
            return one["value"]
    return None


def peer_children(message, part):
    """A part and the message its index counts in, for each child."""
    body = part["body"]
    if "Multipart" in body:
        return [(message, message["parts"][i]) for i in body["Multipart"]]
    if "Message" in body:
        return [(body["Message"], body["Message"]["parts"][0])]
    return []


def peer_shape(message, part):
    inside = [peer_shape(*x) for x in peer_children(message, part)]
    if "Multipart" in part["body"]:
        return "(" + " ".join(inside) + ")"
    return "m" + inside[0] if inside else "-"


def children(node):
    return [x for x in node.get("children") or []
            if "synthetic" not in x["flags"]]


def shape(node):
    if node["type"].startswith("multipart/"):
        return "(" + " ".join(map(shape, children(node))) + ")"
    return "m" + shape(node["children"][0]) if children(node) else "-"


def pairs(message, part, node):
    yield part, node
    for peer, ours in zip(peer_children(message, part), children(node)):
        yield from pairs(*peer, ours)


def mailboxes(value):
    """[name, address] of each, groups opened."""
    out = []
    for one in (value or {}).get("Address", {}).get("List", []):
        out.append([one["name"], one["address"]])
    for group in (value or {}).get("Address", {}).get("Group", []):
        out += [[x["name"], x["address"]] for x in group["addresses"]]
    return out


def seconds(value):
    date = (value or {}).get("DateTime")
    if date is None:
        return None
    zone = date["tz_hour"] * 3600 + date["tz_minute"] * 60
    if date["tz_before_gmt"]:
        zone = -zone
    return calendar.timegm((date["year"], date["month"], date["day"],
                            date["hour"], date["minute"],
                            date["second"])) - zone


def compare_envelope(compare, file, where, part, said):
    compare.see(file, where, "subject", text_value(part, "subject"),
                said["subject"])
    compare.see(file, where, "message_id", text_value(part, "message_id"),
                said["message_id"])
    compare.see(file, where, "date", seconds(header_value(part, "date")),
                said["date"])
    for field in ("from", "to"):
        peer = mailboxes(header_value(part, field))
        ours = said[field] or []
        if field == "from":
            peer = peer[:1]
            ours = [ours] if ours else []
        # An address that is missing is "" with us.
        ours = [[name, address or None] for name, address in ours]
        compare.see(file, where, field, peer, ours)


def compare_head(compare, file, part, node):
    """What the MIME fields of a part say."""
    where = node["path"]
    content = content_value(part, "content_type")
    disposition = content_value(part, "content_disposition")
    if content and content["c_subtype"]:
        compare.see(file, where, "type",
                    f"{content['c_type']}/{content['c_subtype']}".lower(),
                    node["type"])
    if children(node) or "synthetic" in node["flags"]:
        return
    if "filename" not in node:
        return
    compare.see(file, where, "charset", attribute(content, "charset"),
                node["charset"])
    compare.see(file, where, "disposition",
                disposition["c_type"].lower() if disposition else None,
                node["disposition"])
    compare.see(file, where, "file name",
                attribute(disposition, "filename")
                or attribute(content, "name"), node["filename"])
    compare.see(file, where, "cid", text_value(part, "content_id"),
                node["cid"])
    compare.see(file, where, "cte",
                (text_value(part, "content_transfer_encoding")
                 or "7bit").lower(), node["cte"])


def compare_place(compare, file, part, node):
    where = node["path"]
    compare.see(file, where, "header offset", part["offset_header"],
                node["header"]["offset"])
    compare.see(file, where, "body offset", part["offset_body"],
                node["body"]["offset"])
    compare.see(file, where, "end", part["offset_end"],
                node["body"]["offset"] + node["body"]["length"])


def compare_body(compare, file, part, node):
    where = node["path"]
    (kind, body), = part["body"].items()
    if kind in ("Text", "Html") and "text_sha256" in node:
        want = body.encode("utf-8").replace(b"\r\n", b"\n")
        compare.see(file, where, "text", expected.sha256(want)[:16],
                    node["text_sha256"][:16])
    elif kind in ("Text", "Html", "Binary", "InlineBinary"):
        want = body.encode("utf-8") if isinstance(body, str) else bytes(body)
        if node["cte"] not in ENCODED:
            want = expected.as_crlf(want)
        compare.see(file, where, "octets",
                    f"{len(want)}, {expected.sha256(want)[:16]}",
                    f"{node.get('size')}, {node.get('sha256', '')[:16]}")


def compare_message(compare, file, peer, one):
    root = peer["parts"][0]
    compare_envelope(compare, file, "", root, one)
    if not compare.see(file, "", "parts", peer_shape(peer, root),
                       shape(one["tree"])):
        return
    for part, node in pairs(peer, root, one["tree"]):
        if "envelope" in node:
            compare_envelope(compare, file, node["path"], part,
                             node["envelope"])
        compare_head(compare, file, part, node)
        compare_place(compare, file, part, node)
        compare_body(compare, file, part, node)


def write_forms(source, folder):
    """Each message with LF and with CRLF: {path: (name, the peer's tree)}"""
    shutil.rmtree(folder, ignore_errors=True)
    out = {}
    for path in sorted(glob.glob(os.path.join(source, "*", "*.eml"))):
        name = os.path.relpath(path, source)[:-len(".eml")]
        with open(path, "rb") as f:
            octets = f.read()
        for form, line_ends, text in (
                (".json", " LF", octets.replace(b"\r", b"")),
                (".crlf.json", " CRLF", expected.as_crlf(octets))):
            made = os.path.join(folder, name + line_ends)
            os.makedirs(os.path.dirname(made), exist_ok=True)
            with open(made, "wb") as f:
                f.write(text)
            with open(path[:-len(".eml")] + form, encoding="utf-8") as f:
                out[made] = name + line_ends, json.load(f)
    return out


def main():
    source = tap.shared_folder("corpus", "stalwart-mail-parser")
    folder = os.path.join(tap.top_builddir(), "tests", "e2e",
                          "mail-parser-corpus")
    forms = write_forms(source, folder)
    got = expected.trees(sorted(forms))
    compare = expected.Comparison("stalwart-mail-parser")
    for path, (name, peer) in sorted(forms.items()):
        if compare.see(name, "", "messages", 1, len(got[path])):
            compare_message(compare, name, peer, got[path][0])
    shutil.rmtree(folder, ignore_errors=True)
    compare.report({"messages": 214, "parts": 190, "subject": 214,
                    "from": 214, "to": 214, "date": 214, "message_id": 214,
                    "type": 650, "charset": 400, "disposition": 400,
                    "file name": 400, "cid": 400, "cte": 400, "text": 300,
                    "octets": 100, "header offset": 700, "body offset": 700,
                    "end": 700})
    tap.done()


main()
