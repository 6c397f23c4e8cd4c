# SPDX-License-Identifier: LGPL-2.1-or-later
"""SMTP and IMAP by hand, octet for octet: what the stock clients hide."""
import re
import socket

import imap_strict

BARE_LF = re.compile(rb"(?<!\r)\n")
BARE_CR = re.compile(rb"\r(?!\n)")


def as_sent(octets):
    """A file's octets as a conforming client sends them: CRLF line ends and
    the last line ended. (What goes between DATA and the final dot.)"""
    octets = BARE_LF.sub(b"\r\n", octets)
    if octets and not octets.endswith(b"\r\n"):
        octets += b"\r\n"
    return octets


def is_refused(octets):
    """NUL or bare CR: not to be taken in DATA."""
    return b"\0" in octets or BARE_CR.search(octets) is not None


def dot_stuffed(octets):
    if octets.startswith(b"."):
        octets = b"." + octets
    return octets.replace(b"\r\n.", b"\r\n..") + b".\r\n"


class Smtp:
    """One SMTP connection. Replies are (code, text)."""

    def __init__(self, port, timeout=60, host="127.0.0.1", source=None):
        self.socket = socket.create_connection(
            (host, port), timeout, source and (source, 0))
        self.file = self.socket.makefile("rb")
        self.body_unanswered = False
        self.greeting = self.reply()

    def reply(self):
        lines = []
        while True:
            line = self.file.readline()
            if not line.endswith(b"\r\n"):
                raise ConnectionError(f"reply cut off: {line!r}")
            lines.append(line[4:-2].decode("ascii"))
            if line[3:4] != b"-":
                return int(line[:3]), "\n".join(lines)

    def send(self, octets):
        self.socket.sendall(octets)

    def command(self, text):
        self.send(text.encode() + b"\r\n")
        return self.reply()

    def hello(self):
        return self.command("EHLO test.example")

    def deliver(self, sender, rcpt, octets):
        """MAIL, RCPT and DATA in one write; the reply to the message.
        body_unanswered tells, after an exception, that its octets had been
        on the way."""
        self.send(b"MAIL FROM:<%s>\r\nRCPT TO:<%s>\r\nDATA\r\n"
                  % (sender.encode(), rcpt.encode()))
        for _ in range(2):
            reply = self.reply()
            if reply[0] != 250:
                break
        else:
            reply = self.reply()
            if reply[0] == 354:
                self.body_unanswered = True
                self.send(dot_stuffed(octets))
                reply = self.reply()
                self.body_unanswered = False
                return reply
        raise ConnectionError(f"not let in: {reply}")

    def quit(self):
        reply = self.command("QUIT")
        self.close()
        return reply

    def close(self):
        self.file.close()
        self.socket.close()


class Imap:
    """One IMAP connection; every response goes through imap_strict."""

    def __init__(self, port, timeout=120, host="127.0.0.1"):
        self.socket = socket.create_connection((host, port), timeout)
        self.file = self.socket.makefile("rb", 1 << 16)
        self.count = 0
        self.greeting = self.response()

    def read_response(self):
        """The octets of one response, with its literals."""
        out = []
        while True:
            line = self.file.readline()
            if not line.endswith(b"\r\n"):
                raise ConnectionError(f"response cut off: {line[:200]!r}")
            out.append(line)
            m = re.search(rb"\{(\d+)\}\r\n$", line)
            if m is None:
                return b"".join(out)
            size = int(m.group(1))
            octets = self.file.read(size)
            if len(octets) != size:
                raise ConnectionError("literal cut off")
            out.append(octets)

    def response(self):
        return imap_strict.parse_response(self.read_response())

    def send(self, text):
        """A command with a tag of its own; the tag."""
        self.count += 1
        tag = f"t{self.count}"
        self.socket.sendall(f"{tag} {text}\r\n".encode())
        return tag

    def results(self, tag):
        """Untagged responses up to the tagged one, which comes last."""
        while True:
            one = self.response()
            yield one
            if one[0] == "tagged":
                if one[1] != tag:
                    raise ConnectionError(f"{one[1]} answered, not {tag}")
                return

    def command(self, text):
        out = list(self.results(self.send(text)))
        if out[-1][2] != "OK":
            raise ConnectionError(f"{text}: {out[-1]}")
        return out

    def login(self, user, password="pass"):
        return self.command(f"LOGIN {user} {password}")

    def select(self, mailbox="INBOX"):
        """The number of messages."""
        for one in self.command(f"SELECT {mailbox}"):
            if one[0] == "EXISTS":
                exists = one[1]
        return exists

    def fetch(self, what, items):
        """{message number: items}"""
        out = {}
        for one in self.command(f"FETCH {what} {items}"):
            if one[0] == "FETCH":
                out.setdefault(one[1], {}).update(one[2])
        return out

    def close(self):
        self.file.close()
        self.socket.close()
