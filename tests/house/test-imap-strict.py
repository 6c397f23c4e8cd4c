# SPDX-License-Identifier: LGPL-2.1-or-later
"""The strict parser takes the RFC's examples and refuses what servers are
known to get wrong."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "lib"))
import imap_strict  # noqa: E402
import tap  # noqa: E402

TEXT = b'("TEXT" "PLAIN" ("CHARSET" "US-ASCII") NIL NIL "7BIT" 3028 92)'
TEXT_EXT = TEXT[:-1] + b' NIL NIL NIL NIL)'
ENVELOPE = (b'("Wed, 17 Jul 1996 02:23:25 -0700 (PDT)" "IMAP4rev2 WG mtg" '
            b'(("Terry Gray" NIL "gray" "cac.washington.edu")) '
            b'(("Terry Gray" NIL "gray" "cac.washington.edu")) '
            b'(("Terry Gray" NIL "gray" "cac.washington.edu")) '
            b'((NIL NIL "imap" "cac.washington.edu")) NIL NIL NIL '
            b'"<B27397-0100000@cac.washington.edu>")')
IMAGE = b'("IMAGE" "PNG" NIL "<i@x>" NIL "BASE64" 4554)'
MESSAGE = (b'("MESSAGE" "RFC822" NIL NIL NIL "7BIT" 400 ' + ENVELOPE + b' '
           + TEXT + b' 12)')

GOOD_BODIES = [
    ("text", TEXT),
    ("text with extension data", TEXT_EXT),
    ("image", IMAGE),
    ("multipart", b'(' + TEXT + IMAGE + b' "MIXED")'),
    ("multipart with extension data",
     b'(' + TEXT + b' "MIXED" ("BOUNDARY" "b") ("INLINE" NIL) ("en" "de") '
     b'"http://x" 12 ("a" NIL (3 "b")))'),
    ("message", MESSAGE),
    ("nested", b'((' + TEXT + b'(' + MESSAGE + b' "DIGEST") "A") "B")'),
    ("literal", b'("TEXT" "PLAIN" ("NAME" {3}\r\na"b) NIL NIL "7BIT" 1 1)'),
    ("escapes", rb'("TEXT" "PLAIN" ("NAME" "a\"\\b") NIL NIL "7BIT" 1 1)'),
    ("unknown encoding", b'("A" "B" NIL NIL NIL "X-UNKNOWN" 1)'),
    ("language nil in place",
     b'("IMAGE" "PNG" NIL NIL NIL "BASE64" 1 "md5" ("attachment" '
     b'("filename" "x")) NIL "loc")'),
]
BAD_BODIES = [
    ("the known garbage", b'("garbage" "")'),
    ("empty", b'()'),
    ("multipart without parts", b'("MULTIPART" "MIXED" NIL NIL NIL "7BIT" 0)'),
    ("multipart of nothing", b'( "MIXED")'),
    ("parts with a blank between", b'(' + TEXT + b' ' + IMAGE + b' "MIXED")'),
    ("no subtype", b'(' + TEXT + b')'),
    ("NIL type", b'(NIL NIL NIL NIL NIL "7BIT" 0)'),
    ("empty type", b'("" "" NIL NIL NIL "7BIT" 0)'),
    ("text without lines", b'("TEXT" "PLAIN" NIL NIL NIL "7BIT" 3)'),
    ("lines NIL", b'("TEXT" "PLAIN" NIL NIL NIL "7BIT" 3 NIL)'),
    ("lines negative", b'("TEXT" "PLAIN" NIL NIL NIL "7BIT" 3 -1)'),
    ("octets quoted", b'("IMAGE" "PNG" NIL NIL NIL "7BIT" "3")'),
    ("octets over 32 bits", b'("IMAGE" "PNG" NIL NIL NIL "7BIT" 4294967296)'),
    ("lines on an image", b'("IMAGE" "PNG" NIL NIL NIL "BASE64" 3 4 NIL)'),
    ("empty parameters", b'("IMAGE" "PNG" () NIL NIL "BASE64" 3)'),
    ("odd parameters", b'("IMAGE" "PNG" ("A") NIL NIL "BASE64" 3)'),
    ("parameter NIL", b'("IMAGE" "PNG" ("A" NIL) NIL NIL "BASE64" 3)'),
    ("encoding NIL", b'("IMAGE" "PNG" NIL NIL NIL NIL 3)'),
    ("encoding empty", b'("IMAGE" "PNG" NIL NIL NIL "" 3)'),
    ("8-bit in quoted",
     b'("IMAGE" "PNG" ("A" "\xc3\xa9") NIL NIL "BASE64" 3)'),
    ("8-bit in literal",
     b'("IMAGE" "PNG" ("A" {2}\r\n\xc3\xa9) NIL NIL "BASE64" 3)'),
    ("CR in quoted", b'("IMAGE" "PNG" ("A" "a\rb") NIL NIL "BASE64" 3)'),
    ("NUL in quoted", b'("IMAGE" "PNG" ("A" "a\0b") NIL NIL "BASE64" 3)'),
    ("NUL in literal", b'("IMAGE" "PNG" ("A" {1}\r\n\0) NIL NIL "7BIT" 3)'),
    ("odd escape", rb'("IMAGE" "PNG" ("A" "a\b") NIL NIL "BASE64" 3)'),
    ("literal cut", b'("IMAGE" "PNG" ("A" {99}\r\nab) NIL NIL "7BIT" 3)'),
    ("an atom for a string", b'(IMAGE PNG NIL NIL NIL "BASE64" 3)'),
    ("two blanks", b'("IMAGE"  "PNG" NIL NIL NIL "BASE64" 3)'),
    ("a blank at the end", b'("IMAGE" "PNG" NIL NIL NIL "BASE64" 3 )'),
    ("text after", TEXT + b' '),
    ("disposition a string",
     b'("IMAGE" "PNG" NIL NIL NIL "BASE64" 3 NIL "inline")'),
    ("disposition without parameters",
     b'("IMAGE" "PNG" NIL NIL NIL "BASE64" 3 NIL ("inline"))'),
    ("empty language",
     b'("IMAGE" "PNG" NIL NIL NIL "BASE64" 3 NIL NIL ())'),
    ("message without its inside",
     b'("MESSAGE" "RFC822" NIL NIL NIL "7BIT" 400)'),
    ("message without lines", MESSAGE[:-4] + b')'),
    ("message in a literal",
     b'({7}\r\nMESSAGE' + MESSAGE[len(b'("MESSAGE"'):]),
    ("literal with plus", b'("A" {1+}\r\nB NIL NIL NIL "7BIT" 3)'),
]
BAD_ENVELOPES = [
    ("nine fields", ENVELOPE[:-len(b' "<B27397-0100000@cac.washington.edu>")')]
     + b')'),
    ("empty address list", ENVELOPE.replace(b"NIL NIL NIL \"<", b"() NIL NIL "
                                            b"\"<")),
    ("address of three", ENVELOPE.replace(b"(NIL NIL \"imap\" ",
                                          b"(NIL \"imap\" ")),
    ("blank between addresses",
     ENVELOPE.replace(b'((NIL NIL "imap" "cac.washington.edu"))',
                      b'((NIL NIL "a" "b") (NIL NIL "c" "d"))')),
    ("group without an end",
     ENVELOPE.replace(b'((NIL NIL "imap" "cac.washington.edu"))',
                      b'((NIL NIL "group" NIL))')),
    ("group end alone",
     ENVELOPE.replace(b'((NIL NIL "imap" "cac.washington.edu"))',
                      b'((NIL NIL NIL NIL))')),
]
GOOD_RESPONSES = [
    b"* OK [CAPABILITY IMAP4rev2 AUTH=PLAIN] ready\r\n",
    b"* 18 EXISTS\r\n",
    b"* FLAGS (\\Answered \\Seen $Forwarded)\r\n",
    b"* OK [PERMANENTFLAGS (\\Deleted \\Seen \\*)] Limited\r\n",
    b"* OK [UIDVALIDITY 3857529045] UIDs valid\r\n",
    b'* LIST (\\HasNoChildren) "/" INBOX\r\n',
    b'* LIST () NIL {5}\r\na"b c\r\n',
    b"* STATUS blurdybloop (MESSAGES 231 UIDNEXT 44292)\r\n",
    b"* CAPABILITY IMAP4rev2 STARTTLS\r\n",
    b"* BYE going\r\n",
    b"+ go on\r\n",
    b"a1 OK [READ-WRITE] SELECT completed\r\n",
    b"a.2 BAD no such thing\r\n",
    b"* 1 FETCH (UID 7 FLAGS (\\Seen) RFC822.SIZE 44827 INTERNALDATE "
    b'"17-Jul-1996 02:44:25 -0700" BODY[HEADER.FIELDS (From "To")] {2}\r\n'
    b"\xff\n BODY[1.2.MIME]<0> NIL BODY[] \"\")\r\n",
    b"* 2 FETCH (ENVELOPE " + ENVELOPE + b" BODYSTRUCTURE " + MESSAGE
    + b")\r\n",
    b'* 3 FETCH (INTERNALDATE " 7-Jul-1996 02:44:25 -0700")\r\n',
]
BAD_RESPONSES = [
    b"* 18 EXISTS \r\n",
    b"* 18 EXISTS\n",
    b"* OK\r\n",
    b"* OK [UIDNEXT 0] zero\r\n",
    b"* FLAGS (\\Answered  \\Seen)\r\n",
    b"* 0 FETCH (UID 1)\r\n",
    b"* 1 FETCH ()\r\n",
    b"* 1 FETCH (UID 1 UID 1)\r\n",
    b"* 1 FETCH (UID 0)\r\n",
    b"* 1 FETCH (BODY[0] NIL)\r\n",
    b"* 1 FETCH (BODY[1.] NIL)\r\n",
    b"* 1 FETCH (BODY[MIME] NIL)\r\n",
    b"* 1 FETCH (BODY[] {1}\r\n\0)\r\n",
    b"* 1 FETCH (FLAGS (\\Wrong))\r\n",
    b'* 1 FETCH (INTERNALDATE "7-Jul-1996 02:44:25 -0700")\r\n',
    b'* 1 FETCH (INTERNALDATE "17-Jly-1996 02:44:25 -0700")\r\n',
    b"* 1 FETCH (RFC822.SIZE \"3\")\r\n",
    b"* LIST () / INBOX\r\n",
    b"* STATUS x (MESSAGES)\r\n",
    b"* SOMETHING else\r\n",
    b"a1 MAYBE\r\n",
    b"* OK text with \xc3\xa9\r\n",
]


def refuses(function, octets):
    try:
        return False, function(octets)
    except imap_strict.Error as error:
        return True, error


def main():
    for name, octets in GOOD_BODIES:
        bad, what = refuses(imap_strict.parse_bodystructure, octets)
        tap.ok(not bad, f"takes {name}", what)
    for name, octets in BAD_BODIES:
        bad, what = refuses(imap_strict.parse_bodystructure, octets)
        tap.ok(bad, f"refuses {name}", what)
    bad, what = refuses(imap_strict.parse_envelope, ENVELOPE)
    tap.ok(not bad, "takes the RFC's envelope", what)
    for name, octets in BAD_ENVELOPES:
        assert octets != ENVELOPE
        bad, what = refuses(imap_strict.parse_envelope, octets)
        tap.ok(bad, f"refuses envelope: {name}", what)
    for octets in GOOD_RESPONSES:
        bad, what = refuses(imap_strict.parse_response, octets)
        tap.ok(not bad, f"takes {octets[:40]!r}", what)
    for octets in BAD_RESPONSES:
        bad, what = refuses(imap_strict.parse_response, octets)
        tap.ok(bad, f"refuses {octets[:50]!r}", what)

    got = imap_strict.parse_bodystructure(GOOD_BODIES[6][1])
    tap.equal([x[:3] for x in imap_strict.sections(got)],
              [("1.1", 3028, 92), ("1.2.1", 400, 12), ("1.2.1.1", 3028, 92)],
              "sections of nested parts")
    got = imap_strict.parse_bodystructure(
        b'("MESSAGE" "RFC822" NIL NIL NIL "7BIT" 9 ' + ENVELOPE + b' ('
        + TEXT + IMAGE + b' "MIXED") 3)')
    tap.equal([x[0] for x in imap_strict.sections(got)],
              ["1", "1.1", "1.2"], "sections of a message with parts")
    deep = b'(' * 3000 + TEXT + b' "MIXED")' * 3000
    got = list(imap_strict.sections(imap_strict.parse_bodystructure(deep)))
    tap.ok(len(got) == 1 and got[0][0] == ".".join(["1"] * 3000),
           "3,000 levels")
    tap.ok(imap_strict.parse_bodystructure(
        '("IMAGE" "PNG" ("A" "é") NIL NIL "BASE64" 3)'.encode(), utf8=True),
        "UTF-8 once it is enabled")
    tap.done()


main()
