# SPDX-License-Identifier: LGPL-2.1-or-later
"""The files inside parts: `pli extract` takes them out of uuencode, xxencode,
yEnc and BinHex blocks and out of TNEF, octet for octet, under safe names.
"""
import base64
import binascii
import hashlib
import json
import os
import shutil
import struct
import subprocess
import sys
import zlib

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "lib"))
import tap  # noqa: E402

ALL_OCTETS = bytes(range(256)) * 5
TEXT = b"a line of a file\r\n" * 40
XX = b"+-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
HQX = b"!\"#$%&'()*+,-012345689@ABCDEFGHIJKLMNPQRSTUVXYZ[`abcdefhijklmpqr"


def uuencode(name, octets, table=None):
    lines = [b"begin 644 " + name]
    for at in range(0, len(octets), 45):
        lines.append(binascii.b2a_uu(octets[at:at + 45],
                                     backtick=True).rstrip(b"\n"))
    lines += [b"`", b"end"]
    if table is not None:
        lines[1:-1] = [bytes(table[(c - 32) % 64] for c in line)
                       for line in lines[1:-1]]
    return b"\r\n".join(lines) + b"\r\n"


def yencode(octets):
    out = bytearray()
    for octet in octets:
        octet = (octet + 42) % 256
        if octet in (0, 10, 13, 61):
            out += b"=" + bytes([(octet + 64) % 256])
        else:
            out.append(octet)
    # a line may end anywhere but after an escape
    lines, at = [], 0
    while at < len(out):
        end = min(at + 128, len(out))
        if out[end - 1] == 61:
            end += 1
        line = bytes(out[at:end])
        lines.append(b"." + line if line[:1] == b"." else line)
        at = end
    return b"\r\n".join(lines) + b"\r\n"


def yenc_piece(name, octets, part, total, size, begin):
    head = b"=ybegin part=%d total=%d line=128 size=%d name=%s\r\n" % (
        part, total, size, name)
    head += b"=ypart begin=%d end=%d\r\n" % (begin, begin + len(octets) - 1)
    tail = b"=yend size=%d part=%d pcrc32=%08x\r\n" % (
        len(octets), part, zlib.crc32(octets))
    return head + yencode(octets) + tail


def crc16(octets):
    crc = 0
    for octet in octets + b"\0\0":
        for bit in range(7, -1, -1):
            top = crc & 0x8000
            crc = (crc << 1 | (octet >> bit & 1)) & 0xffff
            if top:
                crc ^= 0x1021
    return struct.pack(">H", crc)


def binhex(name, data, resource):
    head = bytes([len(name)]) + name + b"\0TEXTttxt" + struct.pack(
        ">HLL", 0, len(data), len(resource))
    octets = b"".join(x + crc16(x) for x in (head, data, resource))
    octets = octets.replace(b"\x90", b"\x90\0")
    bits = "".join(f"{x:08b}" for x in octets)
    bits += "0" * (-len(bits) % 6)
    text = bytes(HQX[int(bits[i:i + 6], 2)] for i in range(0, len(bits), 6))
    text = b":" + text + b":"
    return (b"(This file must be converted with BinHex 4.0)\r\n\r\n" +
            b"\r\n".join(text[i:i + 64] for i in range(0, len(text), 64)) +
            b"\r\n")


def tnef_attribute(level, tag, octets):
    return struct.pack("<BLL", level, tag, len(octets)) + octets + \
        struct.pack("<H", sum(octets) & 0xffff)


def tnef(files, messages=()):
    out = struct.pack("<LH", 0x223e9f78, 1)
    out += tnef_attribute(1, 0x00089006, struct.pack("<L", 0x10000))
    for name, octets in files:
        out += tnef_attribute(2, 0x00069002, bytes(14))
        out += tnef_attribute(2, 0x00018010, name + b"\0")
        out += tnef_attribute(2, 0x0006800f, octets)
    for inner in messages:
        guid = bytes.fromhex("0703020000000000c000000000000046")
        value = guid + inner
        value += bytes(-len(value) % 4)
        props = struct.pack("<LHHLL", 1, 0x000d, 0x3701, 1,
                            len(guid) + len(inner)) + value
        out += tnef_attribute(2, 0x00069002, bytes(14))
        out += tnef_attribute(2, 0x00018010, b"inner message\0")
        out += tnef_attribute(2, 0x00069005, props)
    return out


def message(body, kind=b"text/plain", encoding=b"8bit"):
    if encoding == b"base64":
        body = base64.encodebytes(body).replace(b"\n", b"\r\n")
    return (b"From: ada@test.invalid\r\nSubject: files\r\n"
            b"MIME-Version: 1.0\r\nContent-Type: " + kind +
            b"\r\nContent-Transfer-Encoding: " + encoding + b"\r\n\r\n" + body)


def extract(octets):
    """(exit status, what --json says, octets by file name)"""
    folder = os.path.join(tap.top_builddir(), "tests", "e2e", "inside")
    shutil.rmtree(folder, ignore_errors=True)
    got = subprocess.run([os.path.join(tap.top_builddir(), "pli"), "extract",
                          "--json", "-d", folder, "-"], input=octets,
                         capture_output=True)
    files = {}
    for name in os.listdir(folder):
        with open(os.path.join(folder, name), "rb") as f:
            files[name] = f.read()
    shutil.rmtree(folder)
    said = [json.loads(x) for x in got.stdout.decode("utf-8").splitlines()]
    return got.returncode, said, files


def check(name, octets, within, want):
    """Each wanted file is there; those from inside say so, with their sum."""
    _, said, files = extract(octets)
    got = {x["name"]: (x["within"], x["sha256"]) for x in said
           if x["within"] is not None}
    tap.equal(got, {n: (within, hashlib.sha256(o).hexdigest())
                    for n, o in want.items()}, name + ": what is told")
    tap.ok(all(files.get(n) == o for n, o in want.items()),
           name + ": every octet")


def check_tree():
    """`pli tree` lists the files, `pli check` says that they are there."""
    octets = message(uuencode(b"a.bin", ALL_OCTETS) + uuencode(b"b", TEXT))
    pli = os.path.join(tap.top_builddir(), "pli")
    got = subprocess.run([pli, "tree", "--json", "-"], input=octets,
                         capture_output=True, check=True)
    files = json.loads(got.stdout)["tree"]["files"]
    tap.equal([(x["name"], x["within"], x["size"], x["sha256"])
               for x in files],
              [(n, "uuencode", len(o), hashlib.sha256(o).hexdigest())
               for n, o in (("a.bin", ALL_OCTETS), ("b", TEXT))],
              "pli tree --json lists the files")
    got = subprocess.run([pli, "tree", "-"], input=octets,
                         capture_output=True, check=True)
    tap.ok(b'+ "a.bin" in uuencode, 1280 octets' in got.stdout,
           "pli tree shows them", got.stdout)
    got = subprocess.run([pli, "check", "--json", "-"], input=octets,
                         capture_output=True)
    names = {x["name"] for x in json.loads(got.stdout)["defects"]}
    tap.ok("enclosed-file" in names and "uu-malformed" not in names,
           "pli check names them", names)
    broken = octets.replace(b"`\r\nend\r\n", b"")
    got = subprocess.run([pli, "check", "--json", "-"], input=broken,
                         capture_output=True)
    names = {x["name"] for x in json.loads(got.stdout)["defects"]}
    tap.ok("inline-unfinished" in names and got.returncode == 1,
           "pli check names what is wrong with them", names)


def check_blocks():
    check("uuencode", message(b"Here it is.\r\n" +
                              uuencode(b"all.bin", ALL_OCTETS) +
                              b"And the other:\r\n" +
                              uuencode(b"two words.txt", TEXT) + b"Bye.\r\n"),
          "uuencode", {"all.bin": ALL_OCTETS, "two words.txt": TEXT})
    check("uuencode in base64",
          message(uuencode(b"all.bin", ALL_OCTETS), encoding=b"base64"),
          "uuencode", {"all.bin": ALL_OCTETS})
    check("uuencode with LF line ends",
          message(uuencode(b"all.bin", ALL_OCTETS)).replace(b"\r\n", b"\n"),
          "uuencode", {"all.bin": ALL_OCTETS})
    check("xxencode", message(uuencode(b"all.bin", ALL_OCTETS, XX)),
          "xxencode", {"all.bin": ALL_OCTETS})
    check("BinHex", message(binhex(b"Read me", ALL_OCTETS, b"fork" * 9),
                            b"application/mac-binhex40"),
          "binhex", {"Read me": ALL_OCTETS, "Read me.rsrc": b"fork" * 9})
    check("BinHex without a resource fork",
          message(b"Text first.\r\n" + binhex(b"note", TEXT, b"")),
          "binhex", {"note": TEXT})


def check_yenc():
    half = len(ALL_OCTETS) // 2
    first = yenc_piece(b"all.bin", ALL_OCTETS[:half], 1, 2, len(ALL_OCTETS), 1)
    second = yenc_piece(b"all.bin", ALL_OCTETS[half:], 2, 2, len(ALL_OCTETS),
                        half + 1)
    check("yEnc in two pieces", message(first + b"\r\n" + second),
          "yenc", {"all.bin": ALL_OCTETS})
    check("yEnc, a piece missing", message(second), "yenc",
          {"all.bin": ALL_OCTETS[half:]})
    check("yEnc, pieces of two files",
          message(first + second.replace(b"all.bin", b"other.bin")), "yenc",
          {"all.bin": ALL_OCTETS[:half], "other.bin": ALL_OCTETS[half:]})


def check_tnef():
    files = [(b"all.bin", ALL_OCTETS), (b"empty", b""), (b"text.txt", TEXT)]
    want = {n.decode(): o for n, o in files}
    for kind in (b"application/ms-tnef", b"application/vnd.ms-tnef",
                 b"application/octet-stream; name=\"WINMAIL.DAT\""):
        check("TNEF as " + kind.decode(),
              message(tnef(files), kind, b"base64"), "tnef", want)
    inner = tnef([(b"deep.bin", ALL_OCTETS)])
    check("a message in TNEF",
          message(tnef([(b"text.txt", TEXT)], [inner]),
                  b"application/ms-tnef", b"base64"),
          "tnef", {"text.txt": TEXT, "deep.bin": ALL_OCTETS})
    for _ in range(20):
        inner = tnef([(b"level.txt", TEXT)], [inner])
    status, said, files = extract(message(inner, b"application/ms-tnef",
                                          b"base64"))
    levels = [x for x in said if x["within"] == "tnef"]
    tap.ok(status in (0, 1) and 4 <= len(levels) <= 10 and
           all(files[x["name"]] == TEXT for x in levels),
           "TNEF in TNEF in TNEF ...: to a bound", (status, len(levels)))
    whole = tnef([(b"all.bin", ALL_OCTETS)])
    for cut in range(0, len(whole), 97):
        status, said, _ = extract(message(whole[:cut], b"application/ms-tnef",
                                          b"base64"))
        if status not in (0, 1):
            break
    tap.ok(status in (0, 1), "TNEF cut anywhere", (cut, status))


def check_names():
    hostile = {b"../../etc/passwd": "passwd", b".profile": "profile",
               b"C:\\dir\\x.exe": "x.exe",
               "re\u202egnp.exe".encode(): "regnp.exe"}
    for sent, name in hostile.items():
        check("the name " + repr(sent),
              message(uuencode(sent, TEXT)), "uuencode", {name: TEXT})
    body = b"".join(uuencode(b"same", b"%d" % i) for i in range(300))
    _, said, files = extract(message(body))
    tap.ok(len(files) == len(said) == 300 and
           {files[x["name"]] for x in said} == {b"%d" % i for i in range(300)},
           "300 files of one name: each is kept")
    _, said, files = extract(message(uuencode(b"n" * 4000 + b".txt", TEXT)))
    tap.ok(len(said) == 1 and len(said[0]["name"].encode()) <= 255 and
           said[0]["name"].endswith(("n", ".txt")), "a name of 4,000 octets")


def main():
    check_blocks()
    check_yenc()
    check_tnef()
    check_names()
    check_tree()
    tap.done()


if __name__ == "__main__":
    main()
