# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a hostile client may say to the SMTP server, and what it is told.

A case is a row: a group, a name, a door (smtp, lmtp, submit; listed, which is
smtp for a client that may say XCLIENT and XFORWARD; proxy, where a PROXY header
comes first; normal, which is smtp of a server that has bare_line_ends=normalise),
and steps. A step is what the client sends at once and the replies that must
come, each a code or a code and an enhanced status; CLOSED stands for the end of
the connection. What it does not send at once is a Drip or a Flood.

The rows of slow_clients are for a server of their own, whose limits are SLOW:
nobody wants to wait for minutes.
"""
import re

CLOSED = "closed"

OK = 250
MAIL = "MAIL FROM:<a@client.test>\r\n"
RCPT = "RCPT TO:<alice@example.org>\r\n"
BINARY = "MAIL FROM:<a@client.test> BODY=BINARYMIME\r\n"
BAD_LINE = "550 5.6.11"


# in seconds, and data_rate in octets a second
SLOW = {"command_timeout": 1, "data_timeout": 1, "data_rate": 500,
        "handshake_timeout": 1}


class Drip:
    """Octets that come one by one, `every` seconds, until something is said or
    they are over. Then there is silence."""

    def __init__(self, octets, every=0.1):
        self.octets = octets.encode("latin-1")
        self.every = every

    def __str__(self):
        return f"{show_octets(self.octets)} (one each {self.every} s)"


class Flood:
    """The same again and again, by who never reads."""

    def __init__(self, octets):
        self.octets = octets.encode("latin-1")

    def __str__(self):
        return f"{show_octets(self.octets)} (for ever, reading nothing)"


class Case:
    def __init__(self, group, name, door, *steps, delivers=0):
        self.group = group
        self.name = name
        self.door = door
        self.steps = [(octets.encode("latin-1") if isinstance(octets, str)
                       else octets, replies) for octets, replies in steps]
        self.delivers = delivers


def hello(door):
    return ("LHLO" if door == "lmtp" else "EHLO") + " client.test\r\n"


def greeted(door):
    return (hello(door), [OK])


def to_data(door):
    """The steps up to 354."""
    return [greeted(door), (MAIL + RCPT + "DATA\r\n", [OK, OK, 354])]


def ends_of_data():
    ends = {
        "LF . LF": "\n.\n", "LF . CRLF": "\n.\r\n", "CRLF . LF": "\r\n.\n",
        "CR . CR": "\r.\r", "CR . LF": "\r.\n", "CRLF . CR": "\r\n.\r",
        "CR . CRLF": "\r.\r\n", "LF . CR": "\n.\r", "LF . LF CR": "\n.\n\r",
        "CRLF . CR CRLF": "\r\n.\r\r\n", "CR CRLF . CRLF": "\r\r\n.\r\n",
        "LF CR . CRLF": "\n\r.\r\n", "CRLF NUL . CRLF": "\r\n\0.\r\n",
        "CRLF . NUL CRLF": "\r\n.\0\r\n", "NUL": "\0", "VT . CRLF": None,
    }
    smuggled = "MAIL FROM:<x@y.test>\r\nRCPT TO:<bob@example.org>\r\n" \
        "DATA\r\nSubject: smuggled\r\n\r\nx\r\n.\r\n"
    for door in ("smtp", "lmtp", "normal"):
        refused = [BAD_LINE]
        for name, end in ends.items():
            if end is None:
                continue
            for place, octets in (
                    ("in the body", "Subject: s\r\n\r\nbody" + end),
                    ("in the header", "Subject: s" + end),
                    ("at the start", end[1:] if end[0] == "\r"
                     and end[1:2] != "\n" else end)):
                if place == "at the start" and not any(
                        octets.startswith(x) for x in ("\n", "\0", ".", "\r")):
                    continue
                if octets.startswith(".\r\n") or octets == "\r\n.\r\n":
                    continue
                taken = door == "normal" and "\0" not in octets
                yield Case("end of data", f"{name} {place}", door,
                           *to_data(door),
                           (octets + smuggled, [OK] if taken else refused),
                           ("NOOP\r\n", [OK]), delivers=int(taken))
        yield Case("end of data", "VT and FF are no line ends", door,
                   *to_data(door),
                   ("x\v.\v\f.\f\r\n.\r\n", [OK]), delivers=1)
        yield Case("end of data", "dots that are none", door, *to_data(door),
                   ("..\r\n. \r\n.x\r\n.\r\n", [OK]), delivers=1)
        yield Case("end of data", "none before the peer goes", door,
                   *to_data(door), ("Subject: cut\r\n\r\nx\r\n", None))


def bare_octets():
    for name, octet in (("CR", "\r"), ("LF", "\n"), ("NUL", "\0")):
        wanted = BAD_LINE if octet == "\0" else OK
        text = f"Subject: a{octet}b\r\n\r\nx{octet}y{octet}"
        yield Case("bare octets", f"{name} three times, DATA", "normal",
                   *to_data("normal"), (text + "\r\n.\r\n", [wanted]),
                   ("NOOP\r\n", [OK]), delivers=int(wanted == OK))
        yield Case("bare octets", f"{name} three times, BDAT", "normal",
                   greeted("normal"),
                   (f"{MAIL}{RCPT}BDAT {len(text)} LAST\r\n{text}",
                    [OK, OK, wanted]), ("NOOP\r\n", [OK]),
                   delivers=int(wanted == OK))
    for name, octet in (("CR", "\r"), ("LF", "\n"), ("NUL", "\0")):
        for place, text in (("header", f"Subject: a{octet}b\r\n\r\nx\r\n"),
                            ("body", f"Subject: s\r\n\r\na{octet}b\r\n"),
                            ("last line", f"Subject: s\r\n\r\nx{octet}\r\n")):
            yield Case("bare octets", f"{name} in the {place}, DATA", "smtp",
                       *to_data("smtp"), (text + ".\r\n", [BAD_LINE]))
            yield Case("bare octets", f"{name} in the {place}, BDAT", "smtp",
                       greeted("smtp"),
                       (f"{MAIL}{RCPT}BDAT {len(text)} LAST\r\n{text}",
                        [OK, OK, BAD_LINE]))
    for name, line, reply in (
            ("LF ends a command", "NOOP\n", "500 5.5.2"),
            ("CR alone in a command", "NOOP\rx\r\n", "500 5.5.2"),
            ("NUL in a command", "NO\0OP\r\n", "500 5.5.2"),
            ("NUL in a path", "MAIL FROM:<a\0b@c.test>\r\n", "500 5.5.2"),
            ("ESC in a command", "\x1b[2J\r\n", "500 5.5.2"),
            ("8-bit verb", "\xc3\xa9\r\n", "500 5.5.1"),
            ("TAB behind a verb", "MAIL\tFROM:<>\r\n", "500 5.5.2")):
        yield Case("bare octets", name, "smtp", greeted("smtp"),
                   (line, [reply]))


def chunks():
    start = [greeted("smtp"), (MAIL + RCPT, [OK, OK])]
    for name, steps in (
            ("no size", [("BDAT\r\n", ["501 5.5.4", CLOSED])]),
            ("a word", [("BDAT x\r\n", ["501 5.5.4", CLOSED])]),
            ("negative", [("BDAT -1\r\n", ["501 5.5.4", CLOSED])]),
            ("plus", [("BDAT +1\r\n", ["501 5.5.4", CLOSED])]),
            ("hexadecimal", [("BDAT 0x10 LAST\r\n", ["501 5.5.4", CLOSED])]),
            ("2^63", [("BDAT 9223372036854775808 LAST\r\n",
                       ["552 5.3.4", CLOSED])]),
            ("2^64", [("BDAT 18446744073709551616 LAST\r\n",
                       ["552 5.3.4", CLOSED])]),
            ("50 digits", [("BDAT " + "9" * 50 + "\r\n",
                            ["501 5.5.4", CLOSED])]),
            ("LAST missing", [("BDAT 3 FIRST\r\nx\r\nNOOP\r\n",
                               ["501 5.5.4", OK])]),
            ("a third word", [("BDAT 3 LAST LAST\r\nx\r\nNOOP\r\n",
                               ["501 5.5.4", OK])]),
            ("too big, octets swallowed",
             [("BDAT 60000000\r\n" + "QUIT\r\n", ["552 5.3.4"])]),
            ("commands are octets", [("BDAT 6\r\nQUIT\r\nBDAT 0 LAST\r\n"
                                      "NOOP\r\n", [OK, OK, OK])]),
            ("DATA after a chunk", [("BDAT 3\r\nx\r\nDATA\r\n",
                                     [OK, "503 5.5.1"])]),
            ("MAIL after a chunk", [("BDAT 3\r\nx\r\n" + MAIL,
                                     [OK, "503 5.5.1"])]),
            ("RCPT after a chunk", [("BDAT 3\r\nx\r\n" + RCPT,
                                     [OK, "503 5.5.1"])]),
            ("RSET after a chunk", [("BDAT 3\r\nx\r\nRSET\r\nBDAT 3 LAST\r\n"
                                     "x\r\n", [OK, OK, "503 5.5.1"])]),
            ("after a bad chunk", [("BDAT 2\r\nx\nBDAT 6 LAST\r\nQUIT\r\n",
                                    [BAD_LINE, "503 5.5.1"])]),
            ("CR and LF in two", [("BDAT 2\r\nx\rBDAT 1 LAST\r\n\n",
                                   [OK, OK])]),
            ("CR at the end", [("BDAT 2 LAST\r\nx\r", [BAD_LINE])]),
            ("dots are octets", [("BDAT 9 LAST\r\nx\r\n.\r\n.\r\r", None)])):
        yield Case("chunks", name, "smtp", *start, *steps,
                   delivers=1 if name in ("commands are octets",
                                          "CR and LF in two") else 0)
    yield Case("chunks", "before EHLO", "smtp",
               ("BDAT 6\r\nQUIT\r\nNOOP\r\n", ["503 5.5.1", OK]))
    yield Case("chunks", "before RCPT", "smtp", greeted("smtp"),
               (MAIL + "BDAT 6 LAST\r\nQUIT\r\nNOOP\r\n",
                [OK, "503 5.5.1", OK]))
    yield Case("chunks", "none accepted", "smtp", greeted("smtp"),
               (MAIL + "RCPT TO:<none@example.org>\r\nBDAT 6 LAST\r\n"
                "QUIT\r\n", [OK, "550 5.1.1", "503 5.5.1"]))
    yield Case("chunks", "BODY=BINARYMIME by DATA", "smtp", greeted("smtp"),
               (BINARY + RCPT + "DATA\r\nNOOP\r\n",
                [OK, OK, "503 5.5.1", OK]))


def by_chunk(message):
    """All of it as the last chunk, and a command behind it."""
    return f"BDAT {len(message)} LAST\r\n{message}NOOP\r\n"


def binary():
    """What the store cannot keep is encoded, or refused."""
    two = ("Content-Type: multipart/%s; boundary=b\r\n\r\n--b\r\n%s\r\n"
           "--b\r\n\r\nx\r\n--b--\r\n")
    part = "Content-Type: message/partial; id=x; number=1; total=2"
    for name, message, reply in (
            ("a NUL in a body is encoded", "Subject: x\r\n\r\na\0b", OK),
            ("bare CR and LF in a body are encoded",
             "Subject: x\r\n\r\na\nb\rc\n.\n.\r\n", OK),
            ("nothing but NULs", "\r\n" + "\0" * 5000, OK),
            ("a NUL in the header", "Subject: \0\r\n\r\nx", BAD_LINE),
            ("a bare LF in the header", "Subject: x\n\r\n\r\nx", BAD_LINE),
            ("lines that end in LF", "Subject: x\n\nx\n", BAD_LINE),
            ("no header's end", "Subject: x\0", BAD_LINE),
            ("a NUL in a part's header",
             two % ("mixed", "X: \0\r\n\r\nx"), BAD_LINE),
            ("a NUL in a preamble", (two % ("mixed", "\r\nx")).replace(
                "--b", "\0\r\n--b", 1), BAD_LINE),
            ("a NUL behind the last boundary",
             two % ("mixed", "\r\nx") + "\0", BAD_LINE),
            ("a NUL in a part", two % ("mixed", "\r\n\0"), OK),
            ("a NUL in a signed part", two % ("signed", "\r\n\0"),
             "554 5.6.3"),
            ("a bare LF in an encrypted part",
             two % ("encrypted", "\r\n\n"), "554 5.6.3"),
            ("a NUL in a fragment", part + "\r\n\r\n\0", "554 5.6.3"),
            ("a NUL in an encoding that is not known",
             "Content-Transfer-Encoding: x-y\r\n\r\n\0", "554 5.6.3"),
            ("a NUL in base64",
             "Content-Transfer-Encoding: base64\r\n\r\neH\0g=\r\n", OK)):
        yield Case("binary messages", name, "smtp", greeted("smtp"),
                   (BINARY + RCPT, [OK, OK]),
                   (by_chunk(message), [reply, OK]),
                   delivers=1 if reply == OK else 0)


def transactions():
    """TRANSID, and what is said again with it."""
    mail = "MAIL FROM:<a@client.test> TRANSID=<%s@client.test>\r\n"
    bad = "501 5.5.4"
    for name, value in (
            ("empty", "="), ("no value", ""), ("no brackets", "=a@b"),
            ("no domain", "=<a>"), ("no local part", "=<@b>"),
            ("a quoted local part", '=<"a"@b>'), ("two @", "=<a@b@c>"),
            ("a slash", "=<../../etc/passwd@b>"), ("two dots", "=<a..b@c>"),
            ("a dot first", "=<.a@b>"), ("not ASCII", "=<\xe4@b>"),
            ("81 octets", "=<" + "x" * 77 + "@b>"),
            ("a control", "=<a\x01@b>")):
        yield Case("transactions", f"TRANSID, {name}", "smtp",
                   greeted("smtp"),
                   (f"MAIL FROM:<a@b.test> TRANSID{value}\r\n",
                    ["500 5.5.2" if name == "a control" else bad]))
    yield Case("transactions", "TRANSID twice", "smtp", greeted("smtp"),
               (mail.strip() % 1 + " TRANSID=<2@b>\r\n", [bad]))
    yield Case("transactions", "TRANSID in LMTP", "lmtp", greeted("lmtp"),
               (mail % 2, ["555 5.5.4"]))
    yield Case("transactions", "TRANSID in RCPT", "smtp", greeted("smtp"),
               (MAIL + "RCPT TO:<alice@example.org> TRANSID=<1@b>\r\n",
                [OK, "555 5.5.4"]))
    message = "Subject: x\r\n\r\nx\r\n.\r\n"
    for name, *steps in (
            ("nothing left", ("DATA\r\n", [354]), (".\r\n", [OK])),
            ("octets that are none of it", ("DATA\r\n", [354]),
             (message, ["554 5.5.0"])),
            ("a chunk that is none of it",
             ("BDAT 3 LAST\r\nx\r\n", ["554 5.5.0"])),
            ("another recipient", ("RCPT TO:<bob@example.org>\r\n",
                                   ["503 5.5.1"])),
            ("another sender", ("MAIL FROM:<b@client.test>\r\n",
                                ["503 5.5.1"])),
            ("RSET", ("RSET\r\nDATA\r\n", [OK, "503 5.5.1"]))):
        one = mail % name.replace(" ", "-")
        yield Case("transactions", f"accepted before: {name}", "smtp",
                   greeted("smtp"),
                   (one + RCPT + "DATA\r\n", [OK, OK, 354]),
                   (message, [OK]), (one, [355]), *steps, delivers=1)


def ahead_of_replies():
    for name, octets in (("EHLO", hello("smtp") + "NOOP\r\n"),
                         ("EHLO, half a command", hello("smtp") + "NO"),
                         ("EHLO, a transaction",
                          hello("smtp") + MAIL + RCPT + "DATA\r\nx\r\n.\r\n")):
        yield Case("early octets", f"behind {name}", "smtp",
                   (octets, [OK, "554 5.5.0", CLOSED]))
    yield Case("early octets", "behind DATA", "smtp", greeted("smtp"),
               (MAIL + RCPT + "DATA\r\nSubject: x\r\n\r\nx\r\n.\r\n",
                [OK, OK, "554 5.5.0", CLOSED]))
    yield Case("early octets", "behind AUTH", "submit", greeted("submit"),
               ("AUTH SCRAM-SHA-256\r\n*\r\n", ["554 5.5.0", CLOSED]))
    for name, octets in (("a command", "NOOP\r\n"), ("MAIL", MAIL),
                         ("AUTH", "AUTH PLAIN AGEAYg==\r\n"),
                         ("EHLO", hello("smtp")), ("half a line", "NOO"),
                         ("garbage", "\x16\x03\xff\xff\xff")):
        # what is not dropped would be read as a handshake, which fails
        yield Case("STARTTLS", f"{name} behind it is no command", "smtp",
                   greeted("smtp"), ("STARTTLS\r\n" + octets,
                                     [220, "no reply"]))
    for name, line, reply in (("an argument", "STARTTLS x\r\n", "501 5.5.4"),
                              ("in a transaction", MAIL + "STARTTLS\r\n",
                               "503 5.5.1")):
        yield Case("STARTTLS", name, "smtp", greeted("smtp"),
                   (line, [OK, reply] if "MAIL" in line else [reply]))
    yield Case("STARTTLS", "not offered", "lmtp", greeted("lmtp"),
               ("STARTTLS\r\n", ["502 5.5.1"]))


def other_protocols():
    for verb in ("GET / HTTP/1.1", "POST / HTTP/1.1", "HEAD / HTTP/1.0",
                 "PUT /x HTTP/1.1", "OPTIONS * HTTP/1.1",
                 "CONNECT mx.example.org:25 HTTP/1.1", "get /"):
        for door in ("smtp", "submit", "lmtp"):
            yield Case("other protocols", f"{verb}", door,
                       (verb + "\r\nHost: x\r\n\r\n" + MAIL,
                        ["554 5.5.0", CLOSED]))
    for name, octets in (("SSH", "SSH-2.0-x\r\n"), ("IMAP", "a1 LOGIN a b\r\n"),
                         ("POP3", "USER a\r\n"), ("SIP", "INVITE sip:a SIP/2\r\n"),
                         ("EHLO to LMTP", None), ("LHLO to SMTP", None)):
        if octets is not None:
            yield Case("other protocols", name, "smtp",
                       (octets, ["500 5.5.1"]))
    yield Case("other protocols", "EHLO to LMTP", "lmtp",
               ("EHLO x\r\n", ["500 5.5.1"]))
    yield Case("other protocols", "LHLO to SMTP", "smtp",
               ("LHLO x\r\n", ["500 5.5.1"]))
    yield Case("other protocols", "TURN", "smtp", greeted("smtp"),
               ("TURN\r\n", ["502 5.5.1"]))


def long_lines():
    for name, octets, replies in (
            ("a command of 1 MB", "NOOP " + "x" * 1000000 + "\r\nNOOP\r\n",
             ["500 5.5.2", OK]),
            ("a verb of 1 MB", "x" * 1000000 + "\r\nNOOP\r\n",
             ["500 5.5.2", OK]),
            ("a path of 1 MB", "MAIL FROM:<" + "a" * 1000000 + ">\r\n",
             ["500 5.5.2"]),
            ("just over the limit", "NOOP " + "x" * 2042 + "\r\n",
             ["500 5.5.2"]),
            ("just within it", "NOOP " + "x" * 2041 + "\r\n", [OK])):
        yield Case("long lines", name, "smtp", greeted("smtp"),
                   (octets, replies))
    for name, text in (("a body line of 1 MB", "\r\n" + "x" * 1000000),
                       ("a field of 1 MB", "Subject: " + "x" * 1000000),
                       ("100000 fields", "X: y\r\n" * 100000),
                       ("folds of 1 MB", "S: x\r\n" + " y\r\n" * 250000)):
        yield Case("long lines", name + " is taken", "smtp", *to_data("smtp"),
                   (text + "\r\n.\r\n", [OK]), delivers=1)
    yield Case("long lines", "an AUTH response of 1 MB", "submit",
               greeted("submit"), ("AUTH SCRAM-SHA-256\r\n", [334]),
               ("A" * 1000000 + "\r\nNOOP\r\n", ["500 5.5.6", OK]))


def floods():
    yield Case("floods", "1001 recipients", "smtp", greeted("smtp"),
               (MAIL + RCPT * 1001 + "NOOP\r\n",
                [OK] + [OK] * 1000 + ["452 4.5.3", OK]))
    yield Case("floods", "20 errors", "smtp", greeted("smtp"),
               ("x\r\n" * 25, ["500 5.5.1"] * 19 + ["421 4.7.0", CLOSED]))
    yield Case("floods", "20 unknown recipients", "smtp", greeted("smtp"),
               (MAIL + "RCPT TO:<none@example.org>\r\n" * 25 + "NOOP\r\n",
                [OK] + ["550 5.1.1"] * 25 + [OK]))
    yield Case("floods", "1000 NOOPs", "smtp", greeted("smtp"),
               ("NOOP\r\n" * 1000, [OK] * 1000))
    yield Case("floods", "1000 RSETs", "smtp", greeted("smtp"),
               ("RSET\r\n" * 1000, [OK] * 1000))


ADDRESSES = """
501 5.1.7|
501 5.1.7|a@b.test
501 5.1.7|<a@b.test
501 5.1.7|<<a@b.test>>
501 5.1.7|<a@b@c.test>
501 5.1.7|<a b@c.test>
501 5.1.7|<a@b..test>
501 5.1.7|<a@.test>
501 5.1.7|<a@test.>
501 5.1.7|<a@-b.test>
501 5.1.7|<a@b_c.test>
501 5.1.7|<.a@b.test>
501 5.1.7|<a.@b.test>
501 5.1.7|<a..b@c.test>
501 5.1.7|<@b.test>
501 5.1.7|<a@>
501 5.1.7|<a>
501 5.1.7|<"a@b.test>
501 5.1.7|<"a\\"@b.test>
501 5.1.7|<"a"b@c.test>
501 5.1.7|<a"b"@c.test>
501 5.1.7|<a@[1.2.3]>
501 5.1.7|<a@[1.2.3.4>
501 5.1.7|<a@[1.2.3.256]>
501 5.1.7|<a@[IPv6:::g]>
501 5.1.7|<a@[IPv6:1:2:3:4:5:6:7:8:9]>
501 5.1.7|<a@[x]>
501 5.1.7|<@a.test,b@c.test>
501 5.1.7|<@a.test:>
501 5.1.7|<a(comment)@b.test>
501 5.1.7|<a@(comment)b.test>
501 5.1.7|<a;b@c.test>
501 5.5.4|<a@b.test>x
501 5.1.7|<${65}@b.test>
501 5.1.7|<a@${256}>
501 5.1.7|<caf\\xe9@b.test>
553 5.6.7|<caf\\xc3\\xa9@b.test>
250|<>
250|<a@b.test>
250|<A.B+c=d@e.test>
250|<"a b"@c.test>
250|<"a\\"b"@c.test>
250|<"a@b"@c.test>
250|<""@c.test>
250|<a@[192.0.2.1]>
250|<a@[IPv6:2001:db8::1]>
250|<@x.test,@y.test:a@b.test>
250|<!#$%&'*/=?^_`{|}~@b.test>
250|<${64}@b.test>
250|<a@xn--bcher-kva.test>
250|<a@1.2.3.test>
""".strip().splitlines()


def addresses():
    for row in ADDRESSES:
        reply, _, path = row.partition("|")
        path = re.sub(r"\\x(..)", lambda m: chr(int(m[1], 16)), path)
        path = path.replace("\\\\", "\\")
        for n in (64, 65, 256):
            path = path.replace("${%d}" % n, "x" * n)
        reply = OK if reply == "250" else reply
        shown = path if len(path) < 60 else f"{path[:40]}... ({len(path)})"
        shown = re.sub("[^ -~]", lambda m: f"\\x{ord(m[0]):02x}", shown)
        yield Case("addresses", f"MAIL FROM:{shown}", "smtp", greeted("smtp"),
                   (f"MAIL FROM:{path}\r\n", [reply]))


def parameters():
    for text, reply in (
            ("SIZE=", "501 5.5.4"), ("SIZE=x", "501 5.5.4"),
            ("SIZE=-1", "501 5.5.4"), ("SIZE=" + "9" * 21, "501 5.5.4"),
            ("SIZE=99999999999999999999", "552 5.3.4"),
            ("SIZE=52428801", "552 5.3.4"), ("SIZE=1 SIZE=2", "501 5.5.4"),
            ("BODY=", "501 5.5.4"), ("BODY=9BIT", "501 5.5.4"),
            ("SMTPUTF8=x", "501 5.5.4"), ("PRDR=1", "501 5.5.4"),
            ("RET=FULL", "555 5.5.4"), ("ENVID=x", "555 5.5.4"),
            ("BY=1;R", "555 5.5.4"), ("MT-PRIORITY=1", "555 5.5.4"),
            ("REQUIRETLS", "555 5.5.4"), ("HOLDFOR=1", "555 5.5.4"),
            ("AUTH=<>", "555 5.5.4"),
            ("XFOO", "555 5.5.4"), ("=x", "501 5.5.4"),
            ("-X=1", "501 5.5.4"), ("X=a=b", "501 5.5.4"),
            ("X=\xff", "501 5.5.4"), ("SIZE=1 " * 200, "500 5.5.2")):
        shown = text if len(text) < 40 else text[:30] + "..."
        shown = shown.replace("\xff", "\\xff")
        yield Case("parameters", f"MAIL FROM:<a@b.test> {shown}", "smtp",
                   greeted("smtp"),
                   (f"MAIL FROM:<a@b.test> {text}\r\n",
                    [reply if text != "SIZE=1 " * 200 else "501 5.5.4"]))
    for text in ("NOTIFY=NEVER", "ORCPT=rfc822;a@b.test", "SIZE=1", "XFOO=1"):
        yield Case("parameters", f"RCPT TO:<alice@example.org> {text}", "smtp",
                   greeted("smtp"),
                   (MAIL + RCPT[:-2] + f" {text}\r\n", [OK, "555 5.5.4"]))


def sequences():
    for name, octets, replies in (
            ("MAIL before EHLO", MAIL, ["503 5.5.1"]),
            ("RCPT before EHLO", RCPT, ["503 5.5.1"]),
            ("DATA before EHLO", "DATA\r\n", ["503 5.5.1"]),
            ("AUTH is not offered here", "AUTH PLAIN\r\n", ["502 5.5.1"])):
        yield Case("sequence", name, "smtp", (octets, replies))
    for name, octets, replies in (
            ("RCPT before MAIL", RCPT, ["503 5.5.1"]),
            ("DATA before MAIL", "DATA\r\n", ["503 5.5.1"]),
            ("DATA before RCPT", MAIL + "DATA\r\n", [OK, "503 5.5.1"]),
            ("MAIL twice", MAIL + MAIL, [OK, "503 5.5.1"]),
            ("DATA when none was accepted",
             MAIL + "RCPT TO:<none@example.org>\r\nDATA\r\n",
             [OK, "550 5.1.1", "503 5.5.1"]),
            ("RCPT after RSET", MAIL + "RSET\r\n" + RCPT,
             [OK, OK, "503 5.5.1"]),
            ("DATA with an argument", MAIL + RCPT + "DATA x\r\n",
             [OK, OK, "501 5.5.4"]),
            ("RSET with one", "RSET x\r\n", ["501 5.5.4"]),
            ("QUIT with one", "QUIT x\r\n", ["501 5.5.4"]),
            ("no name", "EHLO\r\n", ["501 5.5.4"]),
            ("a name that is markup", "EHLO <script>\r\n", ["501 5.5.4"]),
            ("a name of 256", "EHLO " + "x" * 256 + "\r\n", ["501 5.5.4"]),
            ("a bad literal", "EHLO [999.1.1.1]\r\n", ["501 5.5.4"]),
            ("VRFY tells nothing", "VRFY alice\r\nVRFY none\r\n", [252, 252]),
            ("VRFY of nothing", "VRFY\r\n", ["501 5.5.4"]),
            ("EXPN of an account", "EXPN alice\r\n", ["550 5.1.1"]),
            ("ETRN is not offered", "ETRN x\r\n", ["502 5.5.1"]),
            ("ATRN is not offered", "ATRN x\r\n", ["502 5.5.1"]),
            ("HELP", "HELP\r\n", [214])):
        yield Case("sequence", name, "smtp", greeted("smtp"),
                   (octets, replies))
    for door in ("submit",):
        for name, octets in (("MAIL", MAIL), ("BDAT", "BDAT 6\r\nQUIT\r\n")):
            yield Case("sequence", f"{name} before AUTH", door, greeted(door),
                       (octets, ["530 5.7.0" if name == "MAIL"
                                 else "503 5.5.1"]))


def authentication():
    for name, octets, replies in (
            ("no mechanism", "AUTH\r\n", ["501 5.5.4"]),
            ("an unknown one", "AUTH ANONYMOUS\r\n", ["504 5.5.4"]),
            ("GSSAPI", "AUTH GSSAPI =\r\n", ["504 5.5.4"]),
            ("NTLM", "AUTH NTLM\r\n", ["504 5.5.4"]),
            ("PLAIN in the clear", "AUTH PLAIN AGEAYg==\r\n", ["538 5.7.11"]),
            ("LOGIN in the clear", "AUTH LOGIN\r\n", ["538 5.7.11"]),
            ("EXTERNAL without certificate", "AUTH EXTERNAL =\r\n",
             ["504 5.5.4"]),
            ("no base64", "AUTH SCRAM-SHA-256 !!!\r\n", ["501 5.5.2"]),
            ("half a base64", "AUTH SCRAM-SHA-256 biws\r\nNOOP\r\n", None),
            ("a blank in it", "AUTH SCRAM-SHA-256 biws LA==\r\n",
             ["501 5.5.2"]),
            ("not SCRAM", "AUTH SCRAM-SHA-256 eHh4\r\n", ["501 5.5.2"]),
            ("an empty name", "AUTH SCRAM-SHA-256 biwsbj0scj1hYmM=\r\n",
             None),
            ("a name of 40", "AUTH " + "X" * 40 + "\r\n", ["501 5.5.4"])):
        yield Case("authentication", name, "submit", greeted("submit"),
                   (octets, replies))
    yield Case("authentication", "cancelled", "submit", greeted("submit"),
               ("AUTH SCRAM-SHA-256\r\n", [334]), ("*\r\n", ["501 5.7.0"]),
               ("AUTH CRAM-MD5\r\n", [334]), ("*\r\n", ["501 5.7.0"]))
    yield Case("authentication", "a command as response", "submit",
               greeted("submit"), ("AUTH CRAM-MD5\r\n", [334]),
               (MAIL, ["501 5.5.2"]), (MAIL, ["530 5.7.0"]))
    yield Case("authentication", "in a transaction", "submit",
               greeted("submit"), (MAIL, ["530 5.7.0"]),
               ("AUTH CRAM-MD5\r\n", [334]), ("AAAA\r\n", None))
    yield Case("authentication", "before EHLO", "submit",
               ("AUTH CRAM-MD5\r\n", ["503 5.5.1"]))


def xclient():
    ask = "XCLIENT ADDR=192.0.2.1\r\n"
    forward = "XFORWARD ADDR=192.0.2.1\r\n"
    for door in ("smtp", "lmtp", "submit"):
        for verb, line in (("XCLIENT", ask), ("XFORWARD", forward)):
            yield Case("XCLIENT and XFORWARD", f"{verb}, not listed", door,
                       greeted(door), (line, ["550 5.7.0"]))
    for name, steps in (
            ("before EHLO", [(ask, ["550 5.7.0"])]),
            ("in a transaction", [greeted("smtp"),
                                  (MAIL + RCPT + ask, [OK, OK,
                                                       "550 5.7.0"])]),
            ("as another verb", [greeted("smtp"),
                                 ("XCLIENTADDR=192.0.2.1\r\n",
                                  ["500 5.5.1"])])):
        yield Case("XCLIENT and XFORWARD", f"XCLIENT, not listed, {name}",
                   "smtp", *steps)
    yield Case("XCLIENT and XFORWARD", "a login, not listed", "submit",
               greeted("submit"), ("XCLIENT LOGIN=alice\r\n",
                                   ["550 5.7.0"]), (MAIL, ["530 5.7.0"]))
    yield Case("XCLIENT and XFORWARD", "a login, 220 and no more", "listed",
               ("XCLIENT LOGIN=alice ADDR=127.0.0.1 HELO=a\r\n" + MAIL
                + "RCPT TO:<victim@elsewhere.test>\r\n",
                [220, OK, "refused"]))
    for verb, line in (("XCLIENT", ask), ("XFORWARD", forward)):
        begun = [greeted("listed"), (MAIL, [OK])]
        for name, steps in (
                ("after MAIL", [(line, ["503 5.5.1"])]),
                ("after RCPT", [(RCPT + line, [OK, "503 5.5.1"])]),
                ("in DATA", [(RCPT + "DATA\r\n", [OK, 354]),
                             (line + ".\r\n", [OK])]),
                ("after a chunk", [(RCPT + "BDAT 3\r\nx\r\n" + line,
                                    [OK, OK, "503 5.5.1"])]),
                ("in a chunk", [(RCPT + f"BDAT {len(line)} LAST\r\n" + line,
                                 [OK, OK])])):
            yield Case("XCLIENT and XFORWARD", f"{verb} {name}", "listed",
                       *begun, *steps,
                       delivers=1 if name in ("in DATA", "in a chunk") else 0)
        for name, args, reply in (
                ("nothing", "", "501 5.5.4"), ("a word", " x", "501 5.5.4"),
                ("no value", " NAME=", "501 5.5.4"),
                ("no name", " =x", "501 5.5.4"),
                ("two equals", " NAME=a=b", "501 5.5.4"),
                ("unknown", " TTL=1", "501 5.5.4"),
                ("twice", " NAME=a NAME=b", "501 5.5.4"),
                ("a thousand", " NAME=a" * 250, "501 5.5.4"),
                ("256 octets", " NAME=" + "a" * 256, "501 5.5.4"),
                ("255 encoded ones", " HELO=" + "+61" * 255, "501 5.5.4"),
                ("3000 octets", " NAME=" + "a" * 3000, "500 5.5.2"),
                ("1 MB", " NAME=" + "a" * 1000000, "500 5.5.2"),
                ("NUL", " NAME=a\0b", "500 5.5.2"),
                ("NUL encoded", " NAME=a+00b", "501 5.5.4"),
                ("CRLF encoded", " NAME=a+0D+0ARCPT", "501 5.5.4"),
                ("DEL encoded", " NAME=a+7F", "501 5.5.4"),
                ("cut xtext", " NAME=a+2", "501 5.5.4"),
                ("xtext of no digits", " NAME=a+GG", "501 5.5.4"),
                ("8-bit", " NAME=caf\xc3\xa9", "501 5.5.4"),
                ("8-bit encoded", " NAME=caf+C3+A9", "501 5.5.4"),
                ("TAB", " NAME=a\tADDR=192.0.2.1", "500 5.5.2"),
                ("an address in brackets", " ADDR=[192.0.2.1]", "501 5.5.4"),
                ("octal", " ADDR=0192.0.2.1", "501 5.5.4"),
                ("no address", " ADDR=localhost", "501 5.5.4"),
                ("IPv6 without tag", " ADDR=2001:db8::1", "501 5.5.4"),
                ("a zone", " ADDR=IPV6:fe80::1%lo", "501 5.5.4"),
                ("port 65536", " PORT=65536", "501 5.5.4"),
                ("port -1", " PORT=-1", "501 5.5.4"),
                ("port 1e3", " PORT=1e3", "501 5.5.4"),
                ("long protocol", " PROTO=" + "x" * 65, "501 5.5.4")):
            yield Case("XCLIENT and XFORWARD", f"{verb}, {name}", "listed",
                       greeted("listed"), (f"{verb}{args}\r\n", [reply]),
                       ("NOOP\r\n", [OK]))
    for name, text, replies in (
            ("pipelined MAIL", ask + MAIL, [220, "503 5.5.1"]),
            ("to be the listed again", ask + "XCLIENT ADDR=127.0.0.2\r\n",
             [220, "550 5.7.0"]),
            ("no login by XFORWARD", "XFORWARD LOGIN=alice\r\n",
             ["501 5.5.4"]),
            ("no message id by XCLIENT", "XCLIENT IDENT=x\r\n",
             ["501 5.5.4"]),
            ("PROTO=LMTP", "XCLIENT PROTO=LMTP\r\n", ["501 5.5.4"])):
        yield Case("XCLIENT and XFORWARD", name, "listed", greeted("listed"),
                   (text, replies))


def proxy_headers():
    line = "PROXY TCP4 192.0.2.1 192.0.2.2 4000 25\r\n"
    signature = "\r\n\r\n\0\r\nQUIT\n"
    v4 = "\xc0\0\2\1\xc0\0\2\2\x0f\xa0\0\x19"
    whole = signature + "\x21\x11\0\x0c" + v4
    for name, octets in (
            ("none", "EHLO client.test\r\n"), ("TLS", "\x16\3\1\2\0\1"),
            ("HTTP", "GET / HTTP/1.1\r\n\r\n"), ("NUL", "\0"),
            ("lower case", line.lower()), ("a space first", " " + line),
            ("two spaces", line.replace(" ", "  ", 1)),
            ("LF", line.replace("\r", "")), ("CR", line.replace("\n", "x")),
            ("a third address", line.replace(" 4000", " 192.0.2.3 4000")),
            ("no ports", "PROXY TCP4 192.0.2.1 192.0.2.2\r\n"),
            ("UDP4", line.replace("TCP4", "UDP4")),
            ("TCP6 with IPv4", line.replace("TCP4", "TCP6")),
            ("TCP4 with IPv6", line.replace("192.0.2.1", "2001:db8::1")),
            ("octal", line.replace("192.", "0192.")),
            ("hexadecimal", line.replace("192.", "0xc0.")),
            ("256", line.replace("192.", "256.")),
            ("a name", line.replace("192.0.2.1", "localhost")),
            ("port 65536", line.replace("4000", "65536")),
            ("port 04000", line.replace("4000", "04000")),
            ("port -1", line.replace("4000", "-1")),
            ("NUL in an address", line.replace(".1 ", ".1\0 ")),
            ("8-bit", line.replace(".1 ", ".1\xff ")),
            ("108 octets", "PROXY UNKNOWN " + "x" * 93 + "\r\n"),
            ("1 MB", "PROXY UNKNOWN " + "x" * 1000000 + "\r\n"),
            ("v2 cut signature", signature[:11] + "x"),
            ("v2 version 1", signature + "\x11\x11\0\x0c" + v4),
            ("v2 version 3", signature + "\x31\x11\0\x0c" + v4),
            ("v2 command 2", signature + "\x22\x11\0\x0c" + v4),
            ("v2 family 4", signature + "\x21\x41\0\x0c" + v4),
            ("v2 transport 3", signature + "\x21\x13\0\x0c" + v4),
            ("v2 short", signature + "\x21\x11\0\x0b" + v4),
            ("v2 IPv6 that is IPv4", signature + "\x21\x21\0\x0c" + v4),
            ("v2 64 KiB", signature + "\x21\x11\xff\xff" + v4),
            ("v2 TLV cut", signature + "\x21\x11\0\x0e" + v4 + "\4\0"),
            ("v2 TLV too long", signature + "\x21\x11\0\x10" + v4
             + "\4\xff\xffx"),
            ("v2 wrong checksum", signature + "\x21\x11\0\x13" + v4
             + "\3\0\4\0\0\0\0"),
            ("v2 checksum of three octets", signature + "\x21\x11\0\x12"
             + v4 + "\3\0\3\0\0\0"),
            ("v2 LOCAL, wrong checksum", signature + "\x20\0\0\7"
             "\3\0\4\0\0\0\0")):
        yield Case("PROXY headers", name, "proxy", (octets, [CLOSED]))
    for name, octets in (("v1", line), ("v2", whole)):
        yield Case("PROXY headers", f"{name} twice", "proxy",
                   (octets + line, [220, "500 5.5.1"]))
        yield Case("PROXY headers", f"{name}, then a relay", "proxy",
                   (octets.replace("192.0.2.1 ", "127.0.0.1 ")
                    .replace("\xc0\0\2\1", "\x7f\0\0\1"), [220]),
                   greeted("smtp"),
                   (MAIL + "RCPT TO:<victim@elsewhere.test>\r\n",
                    [OK, "refused"]))
    yield Case("PROXY headers", "v2 ends before a bare LF", "proxy",
               (whole + "NOOP\n", [220, "500 5.5.2"]))
    yield Case("PROXY headers", "v2 padded with 16000 octets", "proxy",
               (signature + "\x21\x11" + "\x3e\x8f" + v4 + "\4\x3e\x80"
                + "\r\n" * 8000 + "NOOP\r\n", [220, OK]))
    yield Case("PROXY headers", "v1 where none is awaited", "smtp",
               (line, ["500 5.5.1"]), greeted("smtp"))
    yield Case("PROXY headers", "v1 in a transaction", "smtp",
               greeted("smtp"), (MAIL + line, [OK, "500 5.5.1"]))
    yield Case("PROXY headers", "v2 where none is awaited", "smtp",
               (whole[:12] + "\r\n", ["500 5.5.1", "500 5.5.1", "500 5.5.2",
                                      "500 5.5.2", "500 5.5.1"]),
               ("NOOP\r\n", [OK]))


def turns():
    for name, door, steps in (
            ("not offered", "smtp", [greeted("smtp"),
                                     ("TURN\r\n", ["502 5.5.1"])]),
            ("not offered", "lmtp", [greeted("lmtp"),
                                     ("TURN\r\n", ["502 5.5.1"])]),
            ("before EHLO", "submit", [("TURN\r\n", ["503 5.5.1"])]),
            ("without AUTH", "submit", [greeted("submit"),
                                        ("TURN\r\n", ["530 5.7.0"])]),
            ("with a domain", "submit", [greeted("submit"),
                                         ("TURN x.test\r\n",
                                          ["501 5.5.4"])]),
            ("pipelined", "submit", [greeted("submit"),
                                     ("TURN\r\nMAIL FROM:<>\r\nTURN\r\n",
                                      ["530 5.7.0", "530 5.7.0",
                                       "530 5.7.0"])]),
            ("with NUL", "submit", [greeted("submit"),
                                    ("TURN\0\r\n", ["500 5.5.2"])]),
            ("with 1 MB", "submit", [greeted("submit"),
                                     ("TURN " + "x" * 1000000 + "\r\n",
                                      ["500 5.5.2"])]),
            ("in a transaction", "smtp", [greeted("smtp"),
                                          (MAIL + RCPT + "TURN\r\n",
                                           [OK, OK, "502 5.5.1"])])):
        yield Case("TURN", name, door, *steps)


RELAYS = """
victim@elsewhere.test
@example.org:victim@elsewhere.test
@example.org,@mx.example.org:victim@elsewhere.test
@elsewhere.test:victim@elsewhere.test
victim%elsewhere.test@example.org
victim%elsewhere.test@mx.example.org
victim%elsewhere.test@[127.0.0.1]
victim%elsewhere.test%example.org@example.net
elsewhere.test!victim@example.org
elsewhere.test!victim
example.org!elsewhere.test!victim@example.org
victim@elsewhere.test@example.org
"victim@elsewhere.test"@example.org
"victim@elsewhere.test"
"victim%elsewhere.test"@example.org
"elsewhere.test!victim"@example.org
"@elsewhere.test:victim"@example.org
"victim"@elsewhere.test
victim@[192.0.2.25]
victim@[127.0.0.1]
victim@[IPv6:::1]
victim@[IPv6:2001:db8::25]
"victim@elsewhere.test"@[127.0.0.1]
victim@elsewhere.test.
victim@elsewhere.test.example.org
victim@sub.example.org
victim@example.org.elsewhere.test
victim@example.orgelsewhere.test
victim@xexample.org
victim@localhost
victim@localhost.localdomain
victim@mx
victim
victim@
@elsewhere.test
alice+victim@elsewhere.test
alice+victim=elsewhere.test@elsewhere.test
victim=elsewhere.test@example.org
SRS0=x=y=elsewhere.test=victim@example.org
SRS1=x=elsewhere.test==y=z=w=victim@example.org
prvs=x/victim@elsewhere.test
bounce+victim=elsewhere.test@example.org
victim@elsewhere.test,alice@example.org
victim@elsewhere.test>,<alice@example.org
alice@example.org,victim@elsewhere.test
alice@example.org> <victim@elsewhere.test
postmaster@elsewhere.test
""".strip().splitlines()


def relays():
    for form in RELAYS:
        path = form if form.startswith("<") else f"<{form}>"
        yield Case("open relay", f"RCPT TO:{path}", "smtp", greeted("smtp"),
                   (MAIL + f"RCPT TO:{path}\r\n", [OK, "refused"]))


def policies():
    """With helo_checks=strict and own_senders=refuse."""
    own = "MAIL FROM:<bob@example.org>\r\n"
    for name, helo, mail, replies in (
            ("a name without a domain", "client", MAIL, ["550 5.7.1"]),
            ("a name that is a dot", "client.", MAIL, ["550 5.7.1"]),
            ("another's address", "[192.0.2.9]", MAIL, ["550 5.7.1"]),
            ("another's IPv6 address", "[IPv6:2001:db8::9]", MAIL,
             ["550 5.7.1"]),
            ("its own address", "[127.0.0.1]", MAIL, [OK]),
            ("an own sender", "client.test", own, ["550 5.7.1"]),
            ("an own sender in capitals", "client.test",
             own.upper().replace("EXAMPLE.ORG", "ExAmPlE.oRg"),
             ["550 5.7.1"]),
            ("an own sender, routed", "client.test",
             "MAIL FROM:<@client.test:bob@example.org>\r\n", ["550 5.7.1"]),
            ("the null sender", "client.test", "MAIL FROM:<>\r\n", [OK])):
        yield Case("policies", name, "smtp", (f"EHLO {helo}\r\n", [OK]),
                   (mail + RCPT, [OK, *replies]))
        yield Case("policies", name + ", to postmaster", "smtp",
                   (f"EHLO {helo}\r\n", [OK]),
                   (mail + "RCPT TO:<Postmaster>\r\n", [OK, OK]))
    yield Case("policies", "postmaster first", "smtp",
               ("EHLO client\r\n", [OK]),
               (MAIL + "RCPT TO:<postmaster>\r\n" + RCPT +
                "RCPT TO:<postmaster@elsewhere.test>\r\n",
                [OK, OK, "550 5.7.1", "550 5.7.1"]))


def slow_clients():
    """Each is told 421 4.4.2, but where nothing can be said: within TLS that
    never came to be, ahead of a PROXY header, and to who does not read."""
    late = ["421 4.4.2", CLOSED]
    silence = ("", late)

    def row(name, door, *steps, delivers=0):
        return Case("slow clients", name, door, *steps, delivers=delivers)

    for door in ("smtp", "lmtp", "submit"):
        yield row("a greeting never answered", door, silence)
        yield row("silence after EHLO", door, greeted(door), silence)
        yield row("a command that never ends", door, greeted(door),
                  (Drip("NOOP" + " x" * 100), late))
        yield row("a command without its CRLF", door, greeted(door),
                  ("NOOP", late))
    yield row("a command without its LF", "smtp", ("EHLO client.test\r", late))
    yield row("EHLO, an octet at a time", "smtp",
              (Drip("EHLO " + "x" * 100), late))
    yield row("a line that is too long, an octet at a time", "smtp",
              ("NOOP " + "x" * 3000, None), (Drip("x" * 100), late))
    yield row("silence after MAIL", "smtp", greeted("smtp"), (MAIL, [OK]),
              silence)
    yield row("silence after DATA", "smtp", *to_data("smtp"), silence)
    yield row("DATA that stops in a line", "smtp", *to_data("smtp"),
              ("Subject: x\r\n\r\nx", late))
    yield row("DATA that stops in its end", "smtp", *to_data("smtp"),
              ("x\r\n.\r", late))
    yield row("DATA, an octet at a time", "smtp", *to_data("smtp"),
              (Drip("x" * 100), late))
    yield row("DATA below the rate, in lines", "lmtp", *to_data("lmtp"),
              (Drip("\r\n" * 100), late))
    yield row("DATA that is refused, an octet at a time", "smtp",
              *to_data("smtp"), ("\0", None), (Drip("x" * 100), late))
    chunk = (MAIL + RCPT + "BDAT 1000\r\nSubject: x\r\n", [OK, OK])
    yield row("a chunk that stops", "smtp", greeted("smtp"), chunk, silence)
    yield row("a chunk, an octet at a time", "smtp", greeted("smtp"), chunk,
              (Drip("x" * 100), late))
    yield row("a chunk that is refused, and stops", "smtp", greeted("smtp"),
              ("BDAT 1000\r\nx", ["503 5.5.1"]), silence)
    yield row("a next chunk that never comes", "smtp", greeted("smtp"),
              (MAIL + RCPT + "BDAT 1\r\nx", [OK, OK, OK]), silence)
    yield row("AUTH that stops", "submit", greeted("submit"),
              ("AUTH SCRAM-SHA-256\r\n", [334]), silence)
    yield row("AUTH, an octet at a time", "submit", greeted("submit"),
              ("AUTH SCRAM-SHA-256\r\n", [334]), (Drip("A" * 100), late))
    for door in ("smtp", "submit"):
        for name, octets in (("that never begins", ""),
                             ("that stops in a record", "\x16\3\1\2\0\1"),
                             ("an octet at a time", None)):
            yield row("a TLS handshake " + name, door, greeted(door),
                      ("STARTTLS\r\n", [220]),
                      (Drip("\x16\3\1\2\0\1\0\1\xfc\3\3" + "x" * 100)
                       if octets is None else octets, [CLOSED]))
    for name, octets in (("none", ""), ("that stops", "PROXY TCP4 192.0.2.1"),
                         ("of version 2 that stops",
                          "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc0\0")):
        yield row(f"a PROXY header: {name}", "proxy", (octets, [CLOSED]))
    yield row("a PROXY header, an octet at a time", "proxy",
              (Drip("PROXY UNKNOWN " + "x" * 80), [CLOSED]))
    yield row("replies that are never read", "smtp", greeted("smtp"),
              (Flood("HELP\r\n" * 100), [CLOSED]))
    yield row("a chunk is an octet at a time, but in time", "smtp",
              greeted("smtp"), (MAIL + RCPT + "BDAT 20 LAST\r\n", [OK, OK]),
              (Drip("Subject: x\r\n\r\nxxxx\r\n"[:20], 0.02), [OK]),
              delivers=1)


def show_octets(octets):
    if isinstance(octets, (Drip, Flood)):
        return str(octets)
    text = octets.decode("latin-1")
    if len(text) > 70:
        text = text[:50] + f"... ({len(octets)} octets)"
    return "".join({"\r": "\\r", "\n": "\\n", "|": "\\|"}.get(c) or (
        c if " " <= c <= "~" else f"\\x{ord(c):02x}") for c in text)


def show_replies(replies):
    shown = []
    for reply in replies or ["any"]:
        if shown and shown[-1][0] == str(reply):
            shown[-1][1] += 1
        else:
            shown.append([str(reply), 1])
    return ", ".join(f"{n} x {reply}" if n > 2 else ", ".join([reply] * n)
                     for reply, n in shown)


def format_table():
    """doc/hostile-smtp.md."""
    lines = ["# What hostile SMTP clients are told", "",
             "Written by `python3 tests/lib/hostile_smtp.py`, whose rows "
             "tests/e2e/test-hostile-smtp.py", "plays to a server. The "
             "replies are those to the step that matters; *closed*",
             "ends the connection."]
    group = None
    for case in get_cases():
        if case.group != group:
            group = case.group
            lines += ["", f"## {group[0].upper() + group[1:]}", "",
                      *(["The server has " + ", ".join(
                          f"{key}={value}" for key, value in SLOW.items())
                         + " in [limits].", ""]
                        if group == "slow clients" else []),
                      "| case | door | octets | replies |", "|---|---|---|---|"]
        slow = group == "slow clients"
        octets, replies = case.steps[-1] if slow else next(
            (step for step in case.steps if step[1] is None
             or any(r not in (OK, 354, 355) for r in step[1])),
            case.steps[-1])
        name = case.name.replace("|", "\\|")
        if octets == b"":
            octets = b"(nothing)"
        lines.append(f"| {name} | {case.door} | `{show_octets(octets)}` | "
                     f"{show_replies(replies)} |")
    return "\n".join(lines) + "\n"


def get_cases():
    cases = []
    for group in (ends_of_data, bare_octets, chunks, binary, transactions,
                  ahead_of_replies, other_protocols, long_lines, floods,
                  addresses, parameters, sequences, authentication, xclient,
                  proxy_headers, turns, relays, policies, slow_clients):
        cases.extend(group())
    return cases


if __name__ == "__main__":
    print(format_table(), end="")
