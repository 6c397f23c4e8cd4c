# SPDX-License-Identifier: LGPL-2.1-or-later
"""Keys for tests, made by gpg, gpgsm and openssl in a folder of their own, and
what these programs themselves say of a signature."""
import os
import re
import shutil
import subprocess
import tempfile

PROGRAMS = ("gpg", "gpgsm", "gpg-agent", "gpgconf", "openssl")
# Keys are as old as this, so that there is a past to sign in.
BORN = "20240101T000000"

CA_CONFIG = """
[ca]
default_ca = d
[d]
database = %(dir)s/index
serial = %(dir)s/serial
new_certs_dir = %(dir)s
certificate = %(dir)s/ca.crt
private_key = %(dir)s/ca.key
default_md = sha256
policy = p
unique_subject = no
default_crl_days = 3000
[p]
commonName = supplied
emailAddress = optional
"""


def missing():
    return [p for p in PROGRAMS if shutil.which(p) is None]


class Keyring:
    """A GNUPGHOME. Its path is short: the agent's socket is in it."""

    def __init__(self):
        self.home = tempfile.mkdtemp(prefix="plk", dir="/tmp")
        os.chmod(self.home, 0o700)
        self.env = dict(os.environ, GNUPGHOME=self.home, LC_ALL="C")

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        subprocess.run(["gpgconf", "--homedir", self.home, "--kill", "all"],
                       capture_output=True, timeout=60, check=False)
        shutil.rmtree(self.home, ignore_errors=True)

    def run(self, program, *args, octets=b"", good=(0,)):
        got = subprocess.run([program, "--batch", *args], input=octets,
                             env=self.env, capture_output=True, timeout=120,
                             check=False)
        if good and got.returncode not in good:
            raise RuntimeError(f"{program} {args}: {got.stderr.decode()}")
        return got.stdout

    def gpg(self, *args, **more):
        return self.run("gpg", "--no-tty", *args, **more)

    def make(self, name, expires="never", born=BORN):
        """A key for name@example.org, trusted: it is our own."""
        self.gpg("--faked-system-time", born, "--passphrase", "",
                 "--quick-gen-key",
                 f"{name.capitalize()} <{name}@example.org>",
                 "future-default", "default", expires)

    def fingerprint(self, name):
        text = self.gpg("--with-colons", "-k", name).decode()
        return re.search(r"^fpr:+([0-9A-F]+):", text, re.M).group(1)

    def give(self, other, name):
        """The public key, to somebody who does not know whose it is."""
        other.gpg("--import", octets=self.gpg("--export", name))

    def revoke(self, name):
        path = os.path.join(self.home, "openpgp-revocs.d",
                            self.fingerprint(name) + ".rev")
        with open(path, encoding="utf-8") as f:
            text = f.read().replace(":-----BEGIN", "-----BEGIN")
        self.gpg("--import", octets=text.encode())

    def sign(self, name, octets, *more):
        return self.gpg(*more, "-u", f"{name}@example.org", "--armor",
                        "--detach-sign", octets=octets)

    def encrypt(self, octets, *to, sign=None):
        args = [a for name in to for a in ("-r", f"{name}@example.org")]
        if sign:
            args += ["-u", f"{sign}@example.org", "--sign"]
        return self.gpg("--trust-model", "always", "--armor", *args,
                        "--encrypt", octets=octets)

    def says(self, program, octets, signature=None):
        """What gpg or gpgsm says of a signature, in Pli's words."""
        args = ["--status-fd", "1", "--verify"]
        if program == "gpgsm":
            args = ["--disable-crl-checks"] + args
        with tempfile.TemporaryDirectory() as work:
            path = os.path.join(work, "s")
            with open(path, "wb") as f:
                f.write(octets if signature is None else signature)
            args += [path] + ([] if signature is None else ["-"])
            status = self.run(program, *args, octets=octets,
                              good=()).decode(errors="replace")
        has = set(re.findall(r"^\[GNUPG:\] (\w+)", status, re.M))
        for word, verdict in (("BADSIG", "bad"), ("REVKEYSIG", "key-revoked"),
                              ("EXPKEYSIG", "key-expired"),
                              ("EXPSIG", "expired"),
                              ("NO_PUBKEY", "key-unknown"),
                              ("ERRSIG", "error")):
            if word in has:
                return verdict
        if "GOODSIG" not in has:
            return "none"
        return "good" if has & {"TRUST_ULTIMATE", "TRUST_FULLY"} \
            else "untrusted"


class Authority:
    """A certificate authority of openssl's."""

    def __init__(self, name):
        self.dir = tempfile.mkdtemp(prefix="plc", dir="/tmp")
        self.env = dict(os.environ, OPENSSL_CONF=self.path("config"))
        for file, text in (("config", CA_CONFIG % {"dir": self.dir} +
                            "[req]\ndistinguished_name = n\n[n]\n"),
                           ("index", ""), ("serial", "1000\n")):
            with open(self.path(file), "w", encoding="ascii") as f:
                f.write(text)
        self.openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes",
                     "-keyout", self.path("ca.key"), "-out",
                     self.path("ca.crt"), "-subj", f"/CN={name}", "-days",
                     "5000", "-addext",
                     "keyUsage=critical,keyCertSign,cRLSign", "-addext",
                     "basicConstraints=critical,CA:TRUE")

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        shutil.rmtree(self.dir, ignore_errors=True)

    def path(self, name):
        return os.path.join(self.dir, name)

    def openssl(self, *args, octets=b"", good=True):
        got = subprocess.run(["openssl", *args], input=octets, env=self.env,
                             capture_output=True, timeout=120, check=False)
        if good and got.returncode != 0:
            raise RuntimeError(f"openssl {args}: {got.stderr.decode()}")
        return got.stdout if good else got.returncode == 0

    def make(self, name, start="20240101000000Z", end="20400101000000Z",
             called=None):
        self.openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout",
                     self.path(f"{name}.key"), "-out",
                     self.path(f"{name}.csr"), "-subj",
                     f"/CN={called or name.capitalize()}"
                     f"/emailAddress={name}@example.org")
        with open(self.path("ext"), "w", encoding="ascii") as f:
            f.write(f"subjectAltName=email:{name}@example.org\n"
                    "keyUsage=digitalSignature,keyEncipherment\n"
                    "extendedKeyUsage=emailProtection\n")
        self.openssl("ca", "-batch", "-notext", "-in",
                     self.path(f"{name}.csr"), "-out",
                     self.path(f"{name}.crt"), "-startdate", start,
                     "-enddate", end, "-extfile", self.path("ext"))

    def revoke(self, name):
        self.openssl("ca", "-revoke", self.path(f"{name}.crt"))

    def crl(self):
        self.openssl("ca", "-gencrl", "-out", self.path("crl"))
        return self.path("crl")

    def import_p12(self, ring, name):
        p12 = self.openssl("pkcs12", "-export", "-legacy", "-inkey",
                           self.path(f"{name}.key"), "-in",
                           self.path(f"{name}.crt"), "-certfile",
                           self.path("ca.crt"), "-passout", "pass:")
        path = self.path("p12")
        with open(path, "wb") as f:
            f.write(p12)
        ring.run("gpgsm", "--disable-dirmngr", "--pinentry-mode", "loopback",
                 "--passphrase-fd", "0", "--import", path,
                 octets=b"\n", good=(0, 2))

    def give(self, ring, name, trusted=True):
        """Certificate and key to gpgsm; the authority is trusted, or not."""
        # Now and then gpgsm takes no key; that depends on the file's salt.
        for _ in range(5):
            self.import_p12(ring, name)
            if f"<{name}@example.org>" in ring.run(
                    "gpgsm", "--disable-dirmngr", "--with-colons",
                    "--list-secret-keys").decode(errors="replace"):
                break
        else:
            raise RuntimeError(f"gpgsm does not take the key of {name}")
        if trusted:
            text = self.openssl("x509", "-in", self.path("ca.crt"), "-noout",
                                "-fingerprint", "-sha1").decode()
            with open(os.path.join(ring.home, "trustlist.txt"), "a",
                      encoding="ascii") as f:
                f.write(text.split("=")[1].strip() + " S\n")
            subprocess.run(["gpgconf", "--homedir", ring.home, "--reload",
                            "gpg-agent"], capture_output=True, check=False)

    def sign(self, name, octets, opaque=False, form="DER"):
        args = ["-nodetach"] if opaque else []
        return self.openssl("cms", "-sign", "-binary", *args, "-outform",
                            form, "-signer", self.path(f"{name}.crt"),
                            "-inkey", self.path(f"{name}.key"),
                            "-certfile", self.path("ca.crt"), octets=octets)

    def encrypt(self, octets, *to):
        return self.openssl("cms", "-encrypt", "-binary", "-aes256",
                            "-outform", "DER",
                            *[self.path(f"{n}.crt") for n in to],
                            octets=octets)

    def says(self, octets, signature=None, crl=None):
        """What openssl says: good, untrusted (and so expired), bad."""
        with tempfile.TemporaryDirectory() as work:
            content = os.path.join(work, "c")
            with open(content, "wb") as f:
                f.write(octets)
            args = ["cms", "-verify", "-binary", "-inform", "DER", "-purpose",
                    "any", "-out", os.path.join(work, "out")]
            if signature is not None:
                args += ["-content", content]
            else:
                signature = octets
            known = os.path.join(work, "known")
            with open(known, "wb") as f:
                for path in (self.path("ca.crt"), crl):
                    if path:
                        with open(path, "rb") as one:
                            f.write(one.read())
            chain = ["-CAfile", known] + (["-crl_check"] if crl else [])
            if self.openssl(*args, *chain, octets=signature, good=False):
                return "good"
            return "untrusted" if self.openssl(
                *args, "-noverify", octets=signature, good=False) else "bad"
