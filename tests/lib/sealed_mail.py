# SPDX-License-Identifier: LGPL-2.1-or-later
"""Messages that are signed and sealed, put together by hand, and what pli
verify and decrypt say of them."""
import base64
import json
import os
import subprocess

import keyring
import tap

PLI = os.path.join(tap.top_builddir(), "pli")
CRLF = b"\r\n"
TEXT = (b"Content-Type: text/plain; charset=utf-8\r\n"
        b"Content-Transfer-Encoding: quoted-printable\r\n\r\n"
        b"Caf=C3=A9, and a blank at the end=20\r\n.\r\nlast line\r\n")
MIXED = (b"Content-Type: multipart/mixed; boundary=in\r\n\r\n"
         b"--in\r\n" + TEXT + b"\r\n--in\r\nContent-Type: image/png\r\n"
         b"Content-Transfer-Encoding: base64\r\n\r\niVBORw0KGgo=\r\n"
         b"--in--\r\n")


def head(name, *fields):
    return CRLF.join([b"From: " + name.encode() + b"@example.org",
                      b"To: you@example.org", b"Subject: a test",
                      b"Date: Thu, 26 Nov 2026 12:00:00 +0000",
                      b"Message-ID: <1@example.org>", b"MIME-Version: 1.0",
                      *fields])


def signed_entity(entity, signature, kind, boundary=b"sig"):
    if kind == "pgp":
        protocol, body = b"application/pgp-signature", \
            signature.replace(b"\r\n", b"\n").replace(b"\n", CRLF)
        part = b"Content-Type: application/pgp-signature; name=s.asc\r\n\r\n"
    else:
        protocol, body = b"application/pkcs7-signature", \
            base64.encodebytes(signature).replace(b"\n", CRLF)
        part = (b"Content-Type: application/pkcs7-signature; name=smime.p7s"
                b"\r\nContent-Transfer-Encoding: base64\r\n\r\n")
    return (b"Content-Type: multipart/signed; boundary=" + boundary +
            b"; micalg=x;\r\n protocol=\"" + protocol + b"\"\r\n\r\n--" +
            boundary + CRLF + entity + b"\r\n--" + boundary + CRLF + part +
            body + b"\r\n--" + boundary + b"--\r\n")


def encrypted_entity(sealed, boundary=b"enc"):
    return (b"Content-Type: multipart/encrypted; boundary=" + boundary +
            b";\r\n protocol=\"application/pgp-encrypted\"\r\n\r\n--" +
            boundary + b"\r\nContent-Type: application/pgp-encrypted\r\n\r\n"
            b"Version: 1\r\n\r\n--" + boundary +
            b"\r\nContent-Type: application/octet-stream\r\n\r\n" +
            sealed.replace(b"\n", CRLF) + b"\r\n--" + boundary + b"--\r\n")


def cms_entity(der, kind=b"signed-data"):
    return (b"Content-Type: application/pkcs7-mime; smime-type=" + kind +
            b"; name=smime.p7m\r\nContent-Transfer-Encoding: base64\r\n\r\n"
            + base64.encodebytes(der).replace(b"\n", CRLF))


def mixed_entity(*parts, boundary=b"mix"):
    return (b"Content-Type: multipart/mixed; boundary=" + boundary +
            b"\r\n\r\n" + b"".join(b"--" + boundary + CRLF + p + CRLF
                                   for p in parts) +
            b"--" + boundary + b"--\r\n")


def message(name, entity, *fields):
    return head(name, *fields) + CRLF + entity


def run(ring, command, octets, *options, env=None, timeout=120):
    got = subprocess.run([PLI, command, *options, "-"], input=octets,
                         capture_output=True, timeout=timeout,
                         env=env or ring.env, check=False)
    return got.returncode, got.stdout, got.stderr.decode()


def verify(ring, octets, *options):
    status, out, err = run(ring, "verify", octets, "--json", *options)
    if not out:
        return status, {"verdict": err, "layers": [], "documents": []}
    return status, json.loads(out)


def decrypt(ring, octets, *options):
    return run(ring, "decrypt", octets, *options)


def signatures(report):
    return [s for layer in report["layers"] for s in layer["signatures"]]


def need_programs():
    if keyring.missing():
        tap.skip_all(f"not there: {' '.join(keyring.missing())}")
