#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""make-mail.py - write messages for bench-engine to read.

Usage: make-mail.py DIR [COUNT] [SEED]

Writes DIR/small, COUNT (10,000) messages of 4 KB on average with the headers
that mail has by the time it is delivered, and DIR/large, three messages with
a base64 attachment of 25, 37 and 50 MB. A folder that is there already is left
as it is. The same COUNT and SEED give the same octets on any machine.
"""
import base64
import os
import quopri
import random
import sys
import time

WORDS = """the of and to in a is that for it as was with be by on not this are
at from have you we will can please find attached report meeting invoice budget
project review status final draft order ship client server message next week
thank regards update schedule account delivery customer planning question
answer version problem change request office number""".split()
LATIN = "Grüße façade naïve résumé señor año Zürich crème brûlée Straße".split()
CYRILLIC = "отчёт письмо сообщение договор встреча проект заказ".split()
NAMES = ["Ada Marsh", "Jürgen Weiß", "Bob Field", "Renée Roux", "O'Neil, Pat",
         "Иван Петров", "Carol Dübel", "Grace H. Stone", "Sam Baker"]
DOMAINS = ["example.com", "example.org", "example.net", "mail.example.edu"]
MAILERS = ["Example Mail 7.1 (Build 42)", "Roundabout/1.6.2", "Postbote 102.3"]
TARGETS = (2600, 3200, 3700, 4100, 4500, 5000, 5600)
LARGE_MB = (25, 37, 50)


class Maker:
    def __init__(self, seed):
        self.r = random.Random(seed)

    def words(self, n, pool=WORDS):
        return " ".join(self.r.choice(pool) for _ in range(n))

    def hex(self, n):
        return "%0*x" % (n, self.r.getrandbits(4 * n))

    def base64_of(self, n_octets, first="", width=72):
        text = base64.b64encode(self.r.randbytes(n_octets)).decode()
        return ("\r\n\t" + first).join(
            text[i:i + width] for i in range(0, len(text), width))

    def encoded(self, text):
        if text.isascii():
            return text
        if self.r.random() < 0.5:
            return "=?utf-8?B?%s?=" % base64.b64encode(text.encode()).decode()
        q = "".join("_" if b == 32 else chr(b) if chr(b).isalnum() and b < 128
                    else "=%02X" % b for b in text.encode())
        return "=?UTF-8?Q?%s?=" % q

    def mailbox(self):
        name = self.r.choice(NAMES)
        at = "user%d@%s" % (self.r.randint(1, 500), self.r.choice(DOMAINS))
        if "," in name or "." in name:
            return '"%s" <%s>' % (name, at)
        return "%s <%s>" % (self.encoded(name), at)

    def message_id(self):
        return "<%s.%s@%s>" % (self.hex(12), self.hex(8),
                               self.r.choice(DOMAINS))

    # -- headers ------------------------------------------------------------

    def trace(self, when):
        """What transports added, newest first."""
        r = self.r
        domain = r.choice(DOMAINS)
        h = ["Return-Path: <bounce+%s@%s>" % (self.hex(8), domain),
             "Delivered-To: user%d@example.com" % r.randint(1, 500)]
        for i in range(r.choice((2, 3, 3, 4))):
            h.append("Received: from mx%d.%s (mx%d.%s [192.0.2.%d])\r\n"
                     "\tby in%d.example.com (Postfix) with ESMTPS id %s\r\n"
                     "\tfor <user%d@example.com>; %s"
                     % (i, domain, i, domain, r.randint(1, 254), i,
                        self.hex(11).upper(), r.randint(1, 500),
                        date(when - 2 * i)))
        h.append("Authentication-Results: in0.example.com;\r\n"
                 "\tdkim=pass header.d=%s header.s=s%s header.b=%s;\r\n"
                 "\tspf=pass (in0.example.com: domain of %s designates "
                 "192.0.2.1\r\n\tas permitted sender) smtp.mailfrom=%s"
                 % (domain, self.hex(4), self.hex(8), domain, domain))
        h.append("DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=%s;"
                 "\r\n\ts=s%s; t=%d; h=From:To:Subject:Date:Message-ID:"
                 "MIME-Version:\r\n\t Content-Type; bh=%s;\r\n\tb=%s"
                 % (domain, self.hex(4), when, self.base64_of(32, " "),
                    self.base64_of(256, " ")))
        return h

    def header(self, when, inner=False):
        r = self.r
        subject = self.words(r.randint(2, 8))
        if r.random() < 0.2:
            subject = self.words(3, r.choice((LATIN, CYRILLIC)))
        if r.random() < 0.4:
            subject = "Re: " + subject
        h = [] if inner else self.trace(when)
        h += ["From: " + self.mailbox(),
              "To: " + ",\r\n\t".join(self.mailbox()
                                      for _ in range(r.choice((1, 1, 2, 4))))]
        if r.random() < 0.3:
            h.append("Cc: " + self.mailbox())
        h += ["Subject: " + self.encoded(subject), "Date: " + date(when),
              "Message-ID: " + self.message_id()]
        if subject.startswith("Re: "):
            refs = [self.message_id() for _ in range(r.randint(1, 4))]
            h += ["In-Reply-To: " + refs[-1],
                  "References: " + "\r\n\t".join(refs)]
        if inner:
            return h + ["MIME-Version: 1.0"]
        if r.random() < 0.4:
            h += ["List-Id: <list%d.example.org>" % r.randint(1, 20),
                  "List-Unsubscribe: <mailto:leave-%s@example.org>,\r\n"
                  "\t<https://lists.example.org/leave/%s>"
                  % (self.hex(8), self.hex(16)),
                  "Precedence: bulk"]
        h += ["Reply-To: " + self.mailbox(),
              "User-Agent: " + r.choice(MAILERS),
              "X-Priority: 3",
              "X-Spam-Status: No, score=-%d.%d required=5.0 tests=BAYES_00,"
              "\r\n\tDKIM_SIGNED,DKIM_VALID,SPF_PASS autolearn=ham"
              % (r.randint(0, 4), r.randint(0, 9)),
              "X-Originating-IP: [198.51.100.%d]" % r.randint(1, 254),
              "MIME-Version: 1.0"]
        return h

    # -- bodies: header lines and octets ------------------------------------

    def lines(self, room, pool=WORDS):
        out = []
        while room > 0:
            line = self.words(self.r.randint(6, 11), pool)
            if self.r.random() < 0.05:
                line = self.r.choice(("", "-- ", "> " + line, "From " + line))
            out.append(line)
            room -= len(line) + 2
        return "\r\n".join(out) + "\r\n"

    def text(self, room, sub="plain"):
        style = self.r.choice(("7bit", "7bit", "8bit", "quoted-printable",
                               "base64"))
        pool = WORDS if style == "7bit" else WORDS * 3 + LATIN
        if style == "base64":
            room = room * 3 // 4
        text = self.lines(room, pool)
        if sub == "html":
            text = "<html><body>\r\n<p>%s</p>\r\n</body></html>\r\n" % text
        raw = text.encode()
        if style == "quoted-printable":
            raw = crlf(quopri.encodestring(raw.replace(b"\r\n", b"\n")))
        elif style == "base64":
            raw = crlf(base64.encodebytes(raw))
        charset = "us-ascii" if style == "7bit" else "utf-8"
        return (["Content-Type: text/%s; charset=%s" % (sub, charset),
                 "Content-Transfer-Encoding: " + style], raw)

    def attachment(self, n_octets):
        kind, end = self.r.choice((("application/pdf", "pdf"),
                                   ("image/png", "png"),
                                   ("application/zip", "zip"),
                                   ("application/octet-stream", "bin")))
        name = "%s-%s.%s" % (self.r.choice(WORDS), self.hex(4), end)
        body = crlf(base64.encodebytes(self.r.randbytes(n_octets)))
        return (['Content-Type: %s;\r\n\tname="%s"' % (kind, name),
                 "Content-Transfer-Encoding: base64",
                 'Content-Disposition: attachment;\r\n\tfilename="%s"; size=%d'
                 % (name, n_octets)], body)

    def multipart(self, sub, parts):
        mark = "----=_Part_%s_%s" % (self.hex(6), self.hex(8))
        out = [b"This is a multi-part message in MIME format.\r\n"]
        for head, body in parts:
            out.append(b"\r\n--%s\r\n" % mark.encode())
            out.append("\r\n".join(head).encode() + b"\r\n\r\n" + body)
        out.append(b"\r\n--%s--\r\n" % mark.encode())
        return (['Content-Type: multipart/%s;\r\n\tboundary="%s"'
                 % (sub, mark)], b"".join(out))

    def body(self, room):
        draw = self.r.random()
        if draw < 0.45:
            return self.text(room)
        if draw < 0.75:
            return self.multipart("alternative",
                                  [self.text(room // 3),
                                   self.text(room // 2, "html")])
        if draw < 0.95:
            return self.multipart("mixed",
                                  [self.text(room // 3),
                                   self.attachment(room * 3 // 8)])
        when = 1700000000 + self.r.randint(0, 10**7)
        head, inner = self.text(room // 3)
        octets = "\r\n".join(self.header(when, True) + head).encode()
        return self.multipart("mixed",
                              [self.text(room // 6),
                               (["Content-Type: message/rfc822"],
                                octets + b"\r\n\r\n" + inner)])

    def small(self):
        target = self.r.choice(TARGETS)
        header = self.header(1700000000 + self.r.randint(0, 6 * 10**7))
        used = sum(len(line) + 2 for line in header)
        head, body = self.body(max(target - used - 150, 300))
        return "\r\n".join(header + head).encode() + b"\r\n\r\n" + body

    def large(self, mb):
        header = self.header(1700000000 + mb)
        head, body = self.multipart(
            "mixed", [self.text(2000),
                      self.attachment(mb * 1000000 * 57 // 78)])
        return "\r\n".join(header + head).encode() + b"\r\n\r\n" + body


def crlf(octets):
    return octets.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def date(t):
    return time.strftime("%a, %d %b %Y %H:%M:%S +0000", time.gmtime(t))


def fill(folder, messages):
    """Under another name until it is whole."""
    if os.path.exists(folder):
        return
    half = folder + ".new"
    os.makedirs(half, exist_ok=True)
    count = total = 0
    for message in messages:
        with open(os.path.join(half, "%05d.eml" % count), "wb") as f:
            f.write(message)
        count += 1
        total += len(message)
    os.rename(half, folder)
    print("%s: %d messages, %d octets, mean %d"
          % (folder, count, total, total // max(count, 1)), file=sys.stderr)


def main():
    if len(sys.argv) < 2 or sys.argv[1].startswith("-"):
        print(__doc__.strip())
        return 2
    root = sys.argv[1]
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 10000
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else 1
    maker = Maker(seed)
    fill(os.path.join(root, "small"), (maker.small() for _ in range(count)))
    maker = Maker(seed + 1)
    fill(os.path.join(root, "large"), (maker.large(mb) for mb in LARGE_MB))
    return 0


if __name__ == "__main__":
    sys.exit(main())
