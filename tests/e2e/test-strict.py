# SPDX-License-Identifier: LGPL-2.1-or-later
"""One strict reading, whoever asks.

Every message of tests/data/mime and tests/data/ambiguity lies in a Maildir as
another program would have left it (SMTP does not take NUL and bare CR). FETCH
BODYSTRUCTURE and each BODY[n], `pli structure`, `pli tree` and `pli extract`
have the same parts, types, names, sizes and octets.
"""
import base64
import glob
import hashlib
import json
import os
import quopri
import shutil
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "lib"))
import imap_strict  # noqa: E402
import mailwire  # noqa: E402
import plidev  # noqa: E402
import tap  # noqa: E402

USER = "strict"
DECODERS = {
    "7bit": bytes, "8bit": bytes, "binary": bytes,
    "base64": base64.b64decode,
    "quoted-printable": quopri.decodestring,
}
DATA = os.path.join(tap.top_srcdir(), "tests", "data")
PLI = os.path.join(tap.top_builddir(), "pli")


def pli(*arguments):
    return subprocess.run([PLI, *arguments], stdout=subprocess.PIPE,
                          timeout=60, check=False).stdout


def json_lines(*arguments):
    return [json.loads(x) for x in pli(*arguments).decode().splitlines()]


def rows_of(tree):
    """Every part of a tree that is no multipart, in order."""
    stack, rows = [tree], []
    while stack:
        part = stack.pop()
        if not part["type"].startswith("multipart/") or \
                "opaque" in part["flags"]:
            rows.append(part)
        stack += reversed(part.get("children", []))
    return rows


def compare_structure(fetched, shown):
    """BODYSTRUCTURE as fetched and as `pli structure` prints it."""
    shown = imap_strict.parse_bodystructure(shown.strip())
    return None if shown == fetched else f"structure: {shown}\n{fetched}"


def plain_names(body):
    """What a client may take for the name without RFC 2231 and 2047."""
    params = list(body["params"])
    if body.get("disposition"):
        params += body["disposition"][1]
    names = {value for name, value in params if name in ("name", "filename")}
    odd = any("*" in name for name, _ in params) or \
        any(b"=?" in x or max(x, default=0) > 126 or b"\\" in x or not x
            for x in names)
    return None if odd or len(names) != 1 else \
        names.pop().decode("ascii")


def compare_tree(fetched, rows):
    """The same of the tree: section numbers, types, sizes, names."""
    want = [(path, octets) for path, octets, _, _ in
            imap_strict.sections(fetched)]
    have = [(x["path"], x["raw_size"]) for x in rows]
    if have != want:
        return f"tree: {have}\n{want}"
    for (_, _, _, body), row in zip(imap_strict.sections(fetched), rows):
        kind = f"{body['type']}/{body['subtype']}".lower()
        if "opaque" in row["flags"]:
            row = dict(row, type="application/octet-stream")
        if row["type"] != kind:
            return f"tree: {row['path']} is {row['type']}, not {kind}"
        name = plain_names(body)
        # IMAP's strings have no NUL: a blank stands for it (strict.md)
        if name is not None and "children" not in row and \
                (row["filename"] or "").replace("\ufffd", " ") != name:
            return f"tree: {row['filename']!r}, not {name!r}"
    return None


def compare_octets(imap, number, rows, defects):
    """BODY[n] is as long as all say, and decodes to what the tree has."""
    odd = {x["part"] for x in defects
           if x["name"].startswith(("base64-", "qp-", "nul-"))}
    for row in rows:
        key = f"BODY[{row['path']}]"
        got = imap.fetch(number, f"(BODY.PEEK[{row['path']}])")
        octets = got[number][key] or b""
        if len(octets) != row["raw_size"]:
            return f"{key} has {len(octets)} octets, not {row['raw_size']}"
        decode = DECODERS.get(row["cte"])
        if "children" in row or decode is None or "opaque" in row["flags"] \
                or odd:
            continue
        digest = hashlib.sha256(decode(octets)).hexdigest()
        if digest != row["sha256"]:
            return f"{key} is {octets[:60]!r}, which the tree has not"
    return None


def compare_extracted(path, folder, rows):
    """What `pli extract` writes is what the tree says of it."""
    shutil.rmtree(folder, ignore_errors=True)
    by_path = {x["path"]: x for x in rows}
    for one in json_lines("extract", "--json", "-d", folder, path):
        row = by_path.get(one["path"])
        if row is None:
            return f"extract: there is no part {one['path']}"
        if "children" in row:
            continue
        if one["within"] is None:
            want = [(row["type"], row["filename"], row["size"],
                     row["sha256"])]
        else:
            want = [(x["type"] or "application/octet-stream", x["name"],
                     x["size"], x["sha256"]) for x in row["files"]]
        have = (one["type"], one["original_name"], one["size"],
                one["sha256"])
        if have not in want:
            return f"extract: {have}\n{want}"
        with open(one["output"], "rb") as f:
            if hashlib.sha256(f.read()).hexdigest() != one["sha256"]:
                return f"extract: {one['output']} has other octets"
    return None


def compare(imap, number, path, folder):
    fetched = imap.fetch(number, "(BODYSTRUCTURE)")[number]["BODYSTRUCTURE"]
    report = json_lines("tree", "--json", path)[0]
    rows = rows_of(report["tree"])
    return (compare_structure(fetched, pli("structure", path)) or
            compare_tree(fetched, rows) or
            compare_octets(imap, number, rows, report["defects"]) or
            compare_extracted(path, folder, rows))


def drop(server, paths):
    """One after the other, so that the mailbox has them in this order."""
    maildir = os.path.join(server.root, "mail", USER, "Maildir")
    imap = mailwire.Imap(server.imap)
    imap.login(USER)
    imap.select()
    for n, path in enumerate(paths, 1):
        name = f"{1000000000 + n}.x{n}.example"
        temporary = os.path.join(maildir, "tmp", name)
        shutil.copyfile(path, temporary)
        os.rename(temporary, os.path.join(maildir, "new", name))
        end = time.monotonic() + 60
        while imap.select() != n:
            if time.monotonic() > end:
                tap.bail(f"{path} is not seen")
            time.sleep(0.02)
    return imap


def main():
    paths = sorted(glob.glob(os.path.join(DATA, "mime", "*.eml")) +
                   glob.glob(os.path.join(DATA, "ambiguity", "*.eml")))
    with plidev.Server() as server:
        folder = os.path.join(server.root, "out")
        imap = drop(server, paths)
        for n, path in enumerate(paths, 1):
            name = os.path.relpath(path, DATA)
            wrong = compare(imap, n, path, folder)
            tap.ok(wrong is None, f"{name}: one reading", wrong)
        imap.close()
        tap.equal(server.stop(), 0, "SIGTERM ends it with 0")
    tap.done()


main()
