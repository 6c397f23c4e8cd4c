# SPDX-License-Identifier: LGPL-2.1-or-later
"""A strict parser of what an IMAP server says, by the ABNF of RFC 9051
section 9 (and what RFC 3501 has beside it: RECENT, LSUB, RFC822, ...).

Anything the grammar does not have is an Error with its position: there is no
leniency to hide behind. Octets over 127 are an error outside the octets of a
message, unless utf8=True (after ENABLE UTF8=ACCEPT).

    parse_response(octets) -> (kind, value...)
        octets is one response with its literals and its last CRLF.
    parse_bodystructure(octets), parse_envelope(octets)
        one value alone, as `pli structure` prints it.
    sections(body) -> (section, octets, lines or None, body) of each leaf and
        each message/rfc822 part, with the section numbers of RFC 9051 6.4.5.1.
"""
import re
import sys

sys.setrecursionlimit(20000)

ATOM_SPECIALS = b'(){ %*"\\]'
ASTRING = frozenset(
    c for c in range(0x21, 0x7f) if c not in b'(){%*"\\')
ATOM = frozenset(c for c in ASTRING if c != 0x5d)
ENCODINGS = ("7BIT", "8BIT", "BINARY", "BASE64", "QUOTED-PRINTABLE")
MONTHS = b"Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"
DATE_TIME = re.compile(
    rb'"( \d|\d\d)-(' + MONTHS + rb')-\d{4} \d\d:\d\d:\d\d [+-]\d{4}"')
SYSTEM_FLAGS = {b"\\answered", b"\\flagged", b"\\deleted", b"\\seen",
                b"\\draft", b"\\recent"}


class Error(Exception):
    """The octets are not in the grammar."""


class Parser:
    def __init__(self, octets, utf8=False):
        self.data = octets
        self.at = 0
        self.utf8 = utf8

    def fail(self, what):
        near = self.data[max(0, self.at - 40):self.at + 40]
        raise Error(f"{what} at {self.at}, near {near!r}")

    # -- the small things ----------------------------------------------
    def peek(self, text):
        return self.data[self.at:self.at + len(text)].upper() == text

    def take(self, text):
        if not self.peek(text):
            return False
        self.at += len(text)
        return True

    def want(self, text):
        if not self.take(text):
            self.fail(f"wanted {text!r}")

    def sp(self):
        self.want(b" ")

    def match(self, pattern, what):
        m = re.compile(pattern, re.I).match(self.data, self.at)
        if m is None:
            self.fail(f"wanted {what}")
        self.at = m.end()
        return m

    def number(self, bits=32, nonzero=False):
        text = self.match(rb"\d+", "a number").group(0)
        if nonzero and text.startswith(b"0"):
            self.fail("wanted a number that is not zero")
        if int(text) >= 1 << bits:
            self.fail(f"number of more than {bits} bits")
        return int(text)

    def number64(self):
        return self.number(63)

    def span_of(self, allowed, what):
        start = self.at
        while self.at < len(self.data) and self.data[self.at] in allowed:
            self.at += 1
        if start == self.at:
            self.fail(f"wanted {what}")
        return self.data[start:self.at]

    def atom(self):
        return self.span_of(ATOM, "an atom")

    # -- strings -------------------------------------------------------
    def quoted(self):
        self.want(b'"')
        out = bytearray()
        while True:
            if self.at >= len(self.data):
                self.fail("quoted string without an end")
            c = self.data[self.at]
            if c == 0x22:
                break
            if c == 0x5c:
                self.at += 1
                if self.data[self.at:self.at + 1] not in (b'"', b"\\"):
                    self.fail("only quotes and backslashes are escaped")
                c = self.data[self.at]
            elif c in (0, 10, 13):
                self.fail("NUL, CR or LF in a quoted string")
            elif c > 127 and not self.utf8:
                self.fail("8-bit octet in a quoted string")
            out.append(c)
            self.at += 1
        self.at += 1
        return self.check_text(bytes(out))

    def literal(self, eight_bit=False):
        m = self.match(rb"\{(\d+)\}\r\n", "a literal")
        size = int(m.group(1))
        if size >= 1 << 63:
            self.fail("literal of more than 63 bits")
        if self.at + size > len(self.data):
            self.fail("literal is cut off")
        out = self.data[self.at:self.at + size]
        if b"\0" in out:
            self.fail("NUL in a literal")
        self.at += size
        return out if eight_bit else self.check_text(out)

    def check_text(self, text):
        if not text.isascii():
            if not self.utf8:
                self.fail("8-bit octets before ENABLE UTF8=ACCEPT")
            try:
                text.decode("utf-8")
            except UnicodeDecodeError:
                self.fail("not UTF-8")
        return text

    def string(self, eight_bit=False):
        if self.peek(b'"'):
            return self.quoted()
        if self.peek(b"{"):
            return self.literal(eight_bit)
        return self.fail("wanted a string")

    def nil(self):
        m = re.compile(rb"NIL(?![!-'*-z|}~])", re.I).match(self.data, self.at)
        if m is None:
            return False
        self.at = m.end()
        return True

    def nstring(self, eight_bit=False):
        return None if self.nil() else self.string(eight_bit)

    def astring(self):
        if self.peek(b'"') or self.peek(b"{"):
            return self.string()
        return self.span_of(ASTRING, "an astring")

    # -- body structure ------------------------------------------------
    def body(self):
        self.want(b"(")
        out = self.body_multipart() if self.peek(b"(") else self.body_single()
        self.want(b")")
        return out

    def body_multipart(self):
        parts = []
        while self.peek(b"("):
            parts.append(self.body())
        self.sp()
        out = {"type": "multipart", "parts": parts,
               "subtype": text_of(self.string())}
        if self.take(b" "):
            out["params"] = self.params()
            self.extension(out)
        return out

    def body_single(self):
        quoted_type = self.peek(b'"')
        kind = text_of(self.string())
        self.sp()
        quoted_subtype = self.peek(b'"')
        subtype = text_of(self.string())
        if not kind or not subtype:
            self.fail("empty media type")
        out = {"type": kind.lower(), "subtype": subtype, "parts": []}
        self.sp()
        out["params"] = self.params()
        self.sp()
        out["id"] = self.nstring()
        self.sp()
        out["description"] = self.nstring()
        self.sp()
        out["encoding"] = text_of(self.string())
        if not out["encoding"]:
            self.fail("empty encoding")
        self.sp()
        out["octets"] = self.number()
        message = out["type"] == "message" and \
            subtype.lower() in ("rfc822", "global")
        if message or out["type"] == "text":
            if not quoted_type or (message and not quoted_subtype):
                self.fail("this media type is written as a quoted string")
        if out["type"] == "multipart":
            self.fail("a multipart without parts")
        if message and (subtype.lower() == "rfc822" or self.peek(b" (")):
            self.sp()
            out["envelope"] = self.envelope()
            self.sp()
            out["parts"] = [self.body()]
        if "envelope" in out or out["type"] == "text":
            self.sp()
            out["lines"] = self.number64()
        if self.take(b" "):
            out["md5"] = self.nstring()
            self.extension(out)
        return out

    def extension(self, out):
        if not self.take(b" "):
            return
        out["disposition"] = self.disposition()
        if not self.take(b" "):
            return
        out["language"] = self.language()
        if not self.take(b" "):
            return
        out["location"] = self.nstring()
        while self.take(b" "):
            self.body_extension()

    def body_extension(self):
        if self.take(b"("):
            self.body_extension()
            while self.take(b" "):
                self.body_extension()
            self.want(b")")
        elif re.match(rb"\d", self.data[self.at:self.at + 1]):
            self.number64()
        else:
            self.nstring()

    def params(self):
        if self.nil():
            return []
        self.want(b"(")
        out = []
        while True:
            name = self.string()
            self.sp()
            out.append((text_of(name).lower(), self.string()))
            if not self.take(b" "):
                break
        self.want(b")")
        return out

    def disposition(self):
        if self.nil():
            return None
        self.want(b"(")
        kind = text_of(self.string())
        self.sp()
        params = self.params()
        self.want(b")")
        return kind, params

    def language(self):
        if not self.take(b"("):
            return self.nstring()
        out = [self.string()]
        while self.take(b" "):
            out.append(self.string())
        self.want(b")")
        return out

    # -- envelope ------------------------------------------------------
    def envelope(self):
        self.want(b"(")
        out = {"date": self.nstring()}
        self.sp()
        out["subject"] = self.nstring()
        for name in ("from", "sender", "reply-to", "to", "cc", "bcc"):
            self.sp()
            out[name] = self.addresses()
        self.sp()
        out["in-reply-to"] = self.nstring()
        self.sp()
        out["message-id"] = self.nstring()
        self.want(b")")
        return out

    def addresses(self):
        if self.nil():
            return None
        self.want(b"(")
        out = []
        open_groups = 0
        while not self.take(b")"):
            one = self.address()
            out.append(one)
            if one[3] is None:
                open_groups += 1 if one[2] is not None else -1
                if open_groups not in (0, 1):
                    self.fail("groups do not nest")
        if not out:
            self.fail("an empty list of addresses")
        if open_groups:
            self.fail("a group without an end")
        return out

    def address(self):
        self.want(b"(")
        out = []
        for n in range(4):
            if n:
                self.sp()
            out.append(self.nstring())
        self.want(b")")
        return tuple(out)

    # -- FETCH ---------------------------------------------------------
    def section(self):
        """The text between the brackets, checked."""
        start = self.at
        part = re.compile(rb"[1-9]\d*(\.[1-9]\d*)*").match(
            self.data, self.at)
        if part:
            self.at = part.end()
        if part is None or self.take(b"."):
            if part and self.take(b"MIME"):
                pass
            elif self.take(b"HEADER.FIELDS.NOT") or \
                    self.take(b"HEADER.FIELDS"):
                self.want(b" (")
                self.astring()
                while self.take(b" "):
                    self.astring()
                self.want(b")")
            elif not (self.take(b"HEADER") or self.take(b"TEXT")):
                if part:
                    self.fail("wanted a section's text")
        return self.data[start:self.at]

    def flags(self, permanent=False):
        self.want(b"(")
        out = []
        while not self.take(b")"):
            if out:
                self.sp()
            if permanent and self.take(b"\\*"):
                out.append(b"\\*")
                continue
            start = self.at
            system = self.take(b"\\")
            self.atom()
            flag = self.data[start:self.at]
            if system and not permanent and \
                    flag.lower() not in SYSTEM_FLAGS:
                self.fail("unknown system flag")
            out.append(flag)
        return out

    def fetch_item(self):
        if self.take(b"BODYSTRUCTURE "):
            return "BODYSTRUCTURE", self.body()
        if self.take(b"BODY "):
            return "BODY", self.body()
        if self.take(b"BODY["):
            section = self.section()
            self.want(b"]")
            name = "BODY[" + text_of(section).upper() + "]"
            if self.peek(b"<"):
                m = self.match(rb"<\d+>", "an origin")
                name += text_of(m.group(0))
            self.sp()
            return name, self.nstring(eight_bit=True)
        if self.take(b"BINARY.SIZE["):
            m = self.match(rb"([1-9]\d*(\.[1-9]\d*)*)?\] ", "a section")
            return "BINARY.SIZE[" + text_of(m.group(1) or b"") + "]", \
                self.number()
        if self.take(b"ENVELOPE "):
            return "ENVELOPE", self.envelope()
        if self.take(b"INTERNALDATE "):
            m = DATE_TIME.match(self.data, self.at)
            if m is None:
                self.fail("wanted a date-time")
            self.at = m.end()
            return "INTERNALDATE", m.group(0)[1:-1]
        if self.take(b"RFC822.SIZE "):
            return "RFC822.SIZE", self.number64()
        for name in ("RFC822.HEADER", "RFC822.TEXT", "RFC822"):
            if self.take(name.encode() + b" "):
                return name, self.nstring(eight_bit=True)
        if self.take(b"UID "):
            return "UID", self.number(nonzero=True)
        if self.take(b"FLAGS "):
            return "FLAGS", self.flags()
        return self.fail("wanted an item of FETCH")

    def fetch_items(self):
        self.want(b"(")
        out = {}
        while True:
            name, value = self.fetch_item()
            if name in out:
                self.fail(f"{name} comes twice")
            out[name] = value
            if not self.take(b" "):
                break
        self.want(b")")
        return out

    # -- responses -----------------------------------------------------
    def resp_text(self):
        code = None
        if self.take(b"["):
            start = self.at
            name = self.atom().upper()
            if name == b"PERMANENTFLAGS":
                self.sp()
                self.flags(permanent=True)
            elif name in (b"UIDNEXT", b"UIDVALIDITY", b"UNSEEN"):
                self.sp()
                self.number(nonzero=True)
            elif name == b"CAPABILITY":
                while self.take(b" "):
                    self.atom()
            elif self.take(b" "):
                self.match(rb"[^\]\r\n\0\x80-\xff]+", "a code's text")
            code = self.data[start:self.at]
            self.want(b"]")
            self.take(b" ")
        text = self.match(rb"[^\r\n\0]*", "text").group(0)
        if code is None and not text:
            self.fail("wanted text")
        self.check_text(text)
        return code, text

    def mailbox_list(self):
        self.want(b"(")
        flags = []
        while not self.take(b")"):
            if flags:
                self.sp()
            self.want(b"\\")
            flags.append(b"\\" + self.atom())
        self.sp()
        if not self.nil() and len(self.quoted()) != 1:
            self.fail("the delimiter is one character")
        self.sp()
        return flags, self.astring()

    def status(self):
        mailbox = self.astring()
        self.want(b" (")
        out = {}
        while not self.take(b")"):
            if out:
                self.sp()
            name = self.atom().upper()
            if name not in (b"MESSAGES", b"UIDNEXT", b"UIDVALIDITY",
                            b"UNSEEN", b"DELETED", b"SIZE", b"RECENT",
                            b"HIGHESTMODSEQ"):
                self.fail("unknown item of STATUS")
            self.sp()
            out[text_of(name)] = self.number64()
        return mailbox, out

    def untagged_number(self):
        number = self.number()
        self.sp()
        for name in (b"EXISTS", b"RECENT", b"EXPUNGE"):
            if self.take(name):
                return text_of(name), number
        self.want(b"FETCH ")
        if number == 0:
            self.fail("message 0")
        return "FETCH", number, self.fetch_items()

    def untagged(self):
        if re.match(rb"\d", self.data[self.at:self.at + 1]):
            return self.untagged_number()
        name = text_of(self.atom()).upper()
        if name in ("OK", "NO", "BAD", "BYE", "PREAUTH"):
            self.sp()
            return (name,) + self.resp_text()
        if name == "FLAGS":
            self.sp()
            return name, self.flags(permanent=True)
        if name in ("LIST", "LSUB"):
            self.sp()
            return (name,) + self.mailbox_list()
        if name == "STATUS":
            self.sp()
            return (name,) + self.status()
        if name in ("CAPABILITY", "ENABLED"):
            out = []
            while self.take(b" "):
                out.append(self.atom())
            return name, out
        if name == "SEARCH":
            out = []
            while self.take(b" "):
                out.append(self.number(nonzero=True))
            return name, out
        return self.fail("unknown response")

    def response(self):
        if self.take(b"+ "):
            out = ("+",) + self.resp_text()
        elif self.take(b"* "):
            out = self.untagged()
        else:
            tag = self.span_of(ASTRING - {0x2b}, "a tag")
            self.sp()
            status = self.match(rb"OK|NO|BAD", "OK, NO or BAD").group(0)
            self.sp()
            out = ("tagged", text_of(tag), text_of(status).upper())
            out += self.resp_text()
        self.want(b"\r\n")
        self.end()
        return out

    def end(self):
        if self.at != len(self.data):
            self.fail("more than the grammar has")


def text_of(octets):
    return octets.decode("utf-8", "surrogateescape")


def parse_response(octets, utf8=False):
    return Parser(octets, utf8).response()


def parse_bodystructure(octets, utf8=False):
    parser = Parser(octets, utf8)
    out = parser.body()
    parser.end()
    return out


def parse_envelope(octets, utf8=False):
    parser = Parser(octets, utf8)
    out = parser.envelope()
    parser.end()
    return out


def sections(body):
    """Each part that has a size, with its section number. A stack and not a
    recursion: mail nests deep."""
    multipart = body["type"] == "multipart"
    stack = [(body, "" if multipart else "1")]
    while stack:
        one, path = stack.pop()
        if one["type"] == "multipart":
            prefix = path + "." if path else ""
            stack += [(part, prefix + str(n)) for n, part in
                      reversed(list(enumerate(one["parts"], 1)))]
            continue
        yield path, one["octets"], one.get("lines"), one
        for inside in one["parts"]:
            stack.append((inside, path if inside["type"] == "multipart"
                          else path + ".1"))
