# SPDX-License-Identifier: LGPL-2.1-or-later
"""The programs of doc/examples do what they say."""
import email
import email.policy
import hashlib
import os
import socket
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "lib"))
import tap  # noqa: E402

TOP = tap.top_srcdir()
EXAMPLES = os.path.join(tap.top_builddir(), "doc", "examples")
SAMPLE = os.path.join(TOP, "script", "sample.eml")
SIGNED = b"""From: a@test.invalid\r
MIME-Version: 1.0\r
Content-Type: multipart/signed; boundary=b; micalg=pgp-sha256;\r
 protocol="application/pgp-signature"\r
\r
--b\r
Content-Type: text/plain; charset=utf-8\r
Content-Transfer-Encoding: 8bit\r
\r
gr\xc3\xbcn\r
--b\r
Content-Type: application/pgp-signature\r
\r
none\r
--b--\r
"""


def run(name, *words, **more):
    return subprocess.run([os.path.join(EXAMPLES, name), *words],
                          capture_output=True, **more)


def parse(octets):
    return email.message_from_bytes(octets, policy=email.policy.default)


def text_of(part):
    return part.get_content().replace("\r\n", "\n")


def check_usage():
    for name, n in (("walk", 0), ("extract", 1), ("edit", 1), ("compose", 4)):
        result = run(name, *["x"] * n)
        tap.ok(result.returncode == 64 and b"usage: " in result.stderr,
               f"{name} tells how it is used", result)
    for name, words in (("walk", []), ("extract", ["x"]), ("edit", ["x"])):
        result = run(name, "/nowhere/at all", *words)
        tap.ok(result.returncode == 66 and b"/nowhere" in result.stderr,
               f"{name} names a file that is not there", result)


def check_walk(work):
    out = run("walk", SAMPLE).stdout.decode()
    tap.ok("From:    Renée Dupré <renee@test.invalid>\n" in out and
           "Subject: Un pli bien “plié”: 見積書\n" in out,
           "walk decodes the header", out)
    tap.ok("\n  2 application/pdf, 21 octets, named Rechnung Größe.pdf\n"
           in out and "! preamble-text at 379" in out,
           "walk shows parts, names and defects", out)
    path = os.path.join(work, "controls")
    with open(path, "wb") as f:
        f.write(b"Subject: =?utf-8?Q?a=1B[2Jb=C2=9B?=\n\n")
    out = run("walk", path).stdout
    tap.ok(b"Subject: a?[2Jb?\n" in out, "walk writes no control", out)


def check_extract(work):
    folder = os.path.join(work, "out")
    os.mkdir(folder)
    out = run("extract", SAMPLE, folder).stdout.decode().split("\n")
    tap.equal(sorted(os.listdir(folder)),
              ["005-dot.gif", "006-Rechnung_Gr____e.pdf"],
              "extract writes the two files, under safe names")
    with open(SAMPLE, "rb") as f:
        want = [x.get_payload(decode=True) for x in parse(f.read()).walk()
                if x.get_filename()]
    got = []
    for path in out[:-1]:
        with open(path, "rb") as f:
            got.append(f.read())
    tap.equal(got, want, "they hold what Python takes out")
    result = run("extract", SAMPLE, folder)
    tap.ok(result.returncode == 74 and b"005-dot.gif" in result.stderr,
           "extract writes over nothing", result)


def check_stream():
    """Parts are told before the message has ended."""
    with open(SAMPLE, "rb") as f:
        message = f.read().replace(b"\n", b"\r\n")
    cut = message.index(b"--innermost")
    ours, theirs = socket.socketpair()
    with subprocess.Popen([os.path.join(EXAMPLES, "stream")], stdin=theirs,
                          stdout=subprocess.PIPE) as process:
        theirs.close()
        for i in range(0, cut, 7):
            ours.sendall(message[i:min(i + 7, cut)])
        early = [process.stdout.readline() for _ in range(6)]
        tap.ok(early[5] == b"part 3 begins: multipart/related\n" and
               early[4].startswith(b"part 2 ends: "),
               "stream tells of parts while octets arrive", early)
        ours.sendall(message[cut:])
        ours.close()
        rest = process.stdout.read().decode()
        tap.ok(process.wait() == 0 and
               f"whole: {len(message)} octets, 9 parts" in rest,
               "stream ends with the message", rest)
    whole = (b"".join(early).decode() + rest).split()
    sums = [hashlib.sha256(x.get_payload(decode=True)).hexdigest()
            for x in parse(message).walk() if x.get_filename()]
    tap.ok(len(sums) == 2 and all(x in whole for x in sums),
           "stream's sums are those of the decoded parts", rest)


def check_edit(work):
    path = os.path.join(work, "8bit.eml")
    with open(path, "wb") as f:
        f.write("From: a@test.invalid\nContent-Type: text/plain; "
                "charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n"
                "grün\n".encode())
    result = run("edit", path, "geprüft")
    message = parse(result.stdout)
    tap.ok(result.returncode == 0 and result.stdout.isascii() and
           text_of(message) == "grün\n" and
           message["X-Checked"] == "geprüft" and
           result.stdout.startswith(b"X-Checked: "),
           "edit adds its field and leaves the text", result)
    result = run("edit", path, "a\r\nBcc: x@test.invalid")
    tap.ok(result.returncode == 1 and result.stdout == b"" and
           b"X-Checked" in result.stderr,
           "edit refuses a value that would be another field", result)
    with open(SAMPLE, "rb") as f:
        before = parse(f.read().replace(b"\n", b"\r\n"))
    result = run("edit", SAMPLE, "x", "1.2")
    after = parse(result.stdout)
    left = [x for x in before.walk()
            if x not in list(before.get_payload(0).get_payload(1).walk())]
    tap.equal([(x.get_content_type(), x.get_payload(decode=True))
               for x in after.walk()],
              [(x.get_content_type(), x.get_payload(decode=True))
               for x in left],
              "edit drops a part with what is in it")
    for name, why in (("7", b"no part 7"), ("1.MIME", b"no part 1.MIME"),
                      ("", b"cannot be dropped")):
        result = run("edit", SAMPLE, "x", name)
        tap.ok(result.returncode == 1 and result.stdout == b"" and
               why in result.stderr, f"edit drops no part {name!r}", result)
    with open(path, "wb") as f:
        f.write(SIGNED)
    result = run("edit", path, "x")
    tap.ok(result.returncode == 1 and b"signature" in result.stderr,
           "edit touches nothing that is signed", result)
    result = run("edit", path, "x", "1")
    tap.ok(result.returncode == 1 and result.stdout == b"" and
           b"signature" in result.stderr,
           "edit drops nothing that is signed", result)


def check_compose(work):
    text = "Grüße,\n\nFrom here on\n.\n" + "lang " * 300 + "\n"
    octets = bytes(range(256)) * 300
    text_path = os.path.join(work, "text")
    name = "Größe 1.bin"
    path = os.path.join(work, name)
    with open(text_path, "w", encoding="utf-8") as f:
        f.write(text)
    with open(path, "wb") as f:
        f.write(octets)
    env = dict(os.environ, LC_ALL="C.UTF-8", G_FILENAME_ENCODING="utf-8")
    result = run("compose", "Renée <renee@test.invalid>", "b@test.invalid",
                 "Un pli “plié”", text_path, path, env=env)
    message = parse(result.stdout)
    parts = list(message.iter_parts())
    tap.ok(result.returncode == 0 and result.stdout.isascii() and
           len(parts) == 2 and not message.defects,
           "compose writes a multipart", result.stderr)
    tap.equal((message["subject"], message["from"].addresses[0].display_name,
               message["to"]), ("Un pli “plié”", "Renée", "b@test.invalid"),
              "its header reads as it was given")
    tap.equal(text_of(parts[0]), text, "its text does")
    tap.ok(parts[1].get_content() == octets and
           parts[1].get_content_disposition() == "attachment",
           "and its attachment")
    mail = os.path.join(work, "mail")
    with open(mail, "wb") as f:
        f.write(result.stdout)
    out = run("walk", mail).stdout.decode()
    tap.ok(f"named {name}\n" in out and "! " not in out,
           "walk reads it back, without a defect", out)
    result = run("compose", "", "b@test.invalid", "", text_path, path)
    tap.ok(result.returncode == 1 and b"From: an address" in result.stderr,
           "compose refuses what is no address", result)


def main():
    with tempfile.TemporaryDirectory() as work:
        check_usage()
        check_walk(work)
        check_extract(work)
        check_stream()
        check_edit(work)
        check_compose(work)
    tap.done()


main()
