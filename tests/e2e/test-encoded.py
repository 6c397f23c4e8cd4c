# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is inside messages and multiparts that carry an encoding: FETCH, `pli
tree`, `pli structure` and `pli extract` show the same parts with the same
octets, of mail delivered with CRLF and of files with LF.
"""
import base64
import glob
import hashlib
import json
import os
import quopri
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "lib"))
import imap_strict  # noqa: E402
import mailwire  # noqa: E402
import plidev  # noqa: E402
import tap  # noqa: E402

USER = "inner"
DECODERS = {
    "7bit": lambda octets: octets,
    # what Pli says of a group that is cut off is another test's matter
    "base64": lambda octets: base64.b64decode(
        octets + b"=" * (-len(octets.strip()) % 4)),
    "quoted-printable": quopri.decodestring,
}


def fixtures():
    folder = os.path.join(tap.top_srcdir(), "tests", "data", "mime")
    return sorted(glob.glob(os.path.join(folder, "encoded-*.eml")))


def pli(*arguments):
    return subprocess.run(
        [os.path.join(tap.top_builddir(), "pli"), *arguments],
        stdout=subprocess.PIPE, timeout=60, check=False).stdout


def leaves(part):
    if "children" not in part:
        return [part]
    return [leaf for child in part["children"] for leaf in leaves(child)]


def count_inside(tree):
    return sum("source" in leaf["body"] for leaf in leaves(tree))


def compare_leaf(imap, number, leaf):
    """What the tree says of a leaf against what FETCH gives; what is wrong, or
    None."""
    path = leaf["path"]
    got = imap.fetch(number, f"(BODY.PEEK[{path}] BODY.PEEK[{path}]<2.7>)")
    octets = got[number][f"BODY[{path}]"] or b""
    part = got[number].get(f"BODY[{path}]<2>")
    if len(octets) != leaf["raw_size"]:
        return f"{path}: {len(octets)} octets, not {leaf['raw_size']}"
    if (part or b"") != octets[2:9]:
        return f"{path}: <2.7> is {part!r} of {octets[:12]!r}"
    if leaf["cte"] not in DECODERS or "opaque" in leaf["flags"]:
        return None
    decoded = DECODERS[leaf["cte"]](octets)
    if hashlib.sha256(decoded).hexdigest() != leaf["sha256"]:
        return f"{path}: {decoded[:60]!r} is not what the tree has"
    return None


def compare_sections(imap, number, name, path_of_file):
    """BODYSTRUCTURE against `pli structure` and the tree."""
    got = imap.fetch(number, "(BODYSTRUCTURE)")[number]["BODYSTRUCTURE"]
    want = imap_strict.parse_bodystructure(
        pli("structure", path_of_file).strip())
    tap.equal([x[:3] for x in imap_strict.sections(got)],
              [x[:3] for x in imap_strict.sections(want)],
              f"{name}: BODYSTRUCTURE is what pli structure says")


def compare_extracted(imap, number, name, path_of_file, folder):
    lines = pli("extract", "--json", "-d", folder, path_of_file).splitlines()
    files = [json.loads(line) for line in lines]
    wrong = []
    for one in files:
        got = imap.fetch(number, f"(BODY.PEEK[{one['path']}] "
                                 f"BODY.PEEK[{one['path']}.MIME])")[number]
        head = (got[f"BODY[{one['path']}.MIME]"] or b"").lower()
        octets = got[f"BODY[{one['path']}]"] or b""
        if b"mac-binhex40" in head or b"x-uuencode" in head:
            continue
        if b"base64" in head:
            octets = DECODERS["base64"](octets)
        with open(one["output"], "rb") as f:
            if f.read() != octets:
                wrong.append(f"{one['path']}: {octets[:60]!r}")
    tap.ok(not wrong, f"{name}: FETCH gives what pli extract writes", wrong)
    return len(files)


def check_message(imap, number, path, folder):
    name = os.path.basename(path)
    report = json.loads(pli("tree", "--json", path))
    wrong = [compare_leaf(imap, number, leaf)
             for leaf in leaves(report["tree"])]
    wrong = [x for x in wrong if x]
    tap.ok(not wrong, f"{name}: FETCH gives what pli tree shows", wrong)
    compare_sections(imap, number, name, path)
    return (count_inside(report["tree"]),
            compare_extracted(imap, number, name, path,
                              os.path.join(folder, name + ".d")))


def select(imap, count, seconds=30):
    end = time.monotonic() + seconds
    have = imap.select()
    while have < count and time.monotonic() < end:
        time.sleep(0.1)
        have = imap.select()
    return have


def deliver(server, paths):
    """In order, one after the other: the mailbox has them so, too."""
    imap = mailwire.Imap(server.imap)
    imap.login(USER)
    smtp = mailwire.Smtp(server.smtp)
    smtp.hello()
    for n, path in enumerate(paths, 1):
        with open(path, "rb") as f:
            code, text = smtp.deliver("ada@test.invalid", USER,
                                      mailwire.as_sent(f.read()))
        if code != 250:
            tap.bail(f"{path}: {code} {text}")
        if select(imap, n) != n:
            tap.bail(f"{path} does not arrive")
    smtp.quit()
    return imap


def drop(server, paths, first):
    """Files of another program, with LF, into the Maildir."""
    maildir = os.path.join(server.root, "mail", USER, "Maildir")
    imap = mailwire.Imap(server.imap)
    imap.login(USER)
    for n, path in enumerate(paths):
        with open(path, "rb") as f:
            octets = f.read().replace(b"\r\n", b"\n")
        name = f"{1000000000 + n}.x{n}.example"
        with open(os.path.join(maildir, "tmp", name), "wb") as f:
            f.write(octets)
        os.rename(os.path.join(maildir, "tmp", name),
                  os.path.join(maildir, "new", name))
        if select(imap, first + n) != first + n:
            tap.bail(f"{path} is not seen")
    return imap


def write_copies(folder, paths, change):
    os.makedirs(folder)
    copies = []
    for path in paths:
        with open(path, "rb") as f:
            octets = change(f.read())
        copies.append(os.path.join(folder, os.path.basename(path)))
        with open(copies[-1], "wb") as f:
            f.write(octets)
    return copies


def check_all(imap, copies, first, folder):
    inside = extracted = 0
    for n, path in enumerate(copies, first):
        got = check_message(imap, n, path, folder)
        inside += got[0]
        extracted += got[1]
    tap.ok(inside >= 20 and extracted >= 8,
           f"{inside} leaves inside, {extracted} files")


def check_whole(folder):
    """A message that has a name is written whole: decoded, or as it stands
    when it was read so."""
    inside = b"Subject: inside\r\n\r\nbody\r\n"
    encoded = base64.encodebytes(inside).replace(b"\n", b"\r\n")
    for name, body in (("decoded", encoded), ("as it stands", inside)):
        path = os.path.join(folder, name + ".eml")
        with open(path, "wb") as f:
            f.write(b"Content-Type: message/rfc822; name=a.eml\r\n"
                    b"Content-Transfer-Encoding: base64\r\n\r\n" + body)
        out = os.path.join(folder, name)
        pli("extract", "-d", out, path)
        with open(os.path.join(out, "a.eml"), "rb") as f:
            tap.equal(f.read(), inside, f"a message is written {name}")


def main():
    paths = fixtures()
    with plidev.Server() as server:
        folder = os.path.join(server.root, "copies")
        os.makedirs(folder)
        sent = write_copies(os.path.join(folder, "crlf"), paths,
                            mailwire.as_sent)
        kept = write_copies(os.path.join(folder, "lf"), paths,
                            lambda octets: octets.replace(b"\r\n", b"\n"))
        check_whole(folder)
        imap = deliver(server, sent)
        check_all(imap, sent, 1, os.path.join(folder, "crlf"))
        imap.close()
        imap = drop(server, kept, len(paths) + 1)
        check_all(imap, kept, len(paths) + 1, os.path.join(folder, "lf"))
        imap.close()
        tap.equal(server.stop(), 0, "SIGTERM ends it with 0")
    tap.done()


if __name__ == "__main__":
    main()
