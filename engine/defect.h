/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What can be wrong with a message, by name.
 *
 * Malformed mail is data, not an error: a reader meets a defect, notes it and
 * goes on. The table below is the catalogue; numbers are part of the stored
 * structure and never change, so new rows go to the end.
 *
 * X(NUMBER, NAME, name, severity, kind, RFC section, enhanced status,
 *   sentence)
 */
#ifndef PLI_ENGINE_DEFECT_H
#define PLI_ENGINE_DEFECT_H

#include "engine/slice.h"
#include "engine/span.h"

PLI_BEGIN_DECLS

typedef enum {
	PLI_SEVERITY_NOTE,    /* legal or common, worth knowing */
	PLI_SEVERITY_WARNING, /* against an RFC, one obvious reading */
	PLI_SEVERITY_ERROR,   /* against an RFC, octets may be misread */
} PliSeverity;

typedef enum {
	PLI_DEFECT_PLAIN,     /* every reader sees the same */
	PLI_DEFECT_AMBIGUITY, /* two readers may see different messages */
	PLI_DEFECT_LIMIT,     /* a ceiling of PliLimits; never means clean */
} PliDefectKind;

#define PLI_DEFECT_TABLE(X)                                                    \
	/* lines and octets */                                                 \
	X(1, BARE_LF, "bare-lf", NOTE, PLAIN, "RFC 5322 2.3", "5.6.0",         \
	  "a line ends with LF alone; CRLF is the line end of Internet mail")  \
	X(2, BARE_CR, "bare-cr", WARNING, AMBIGUITY, "RFC 5322 2.3", "5.6.0",  \
	  "a CR without LF; some readers end the line there")                  \
	X(3, NUL_OCTET, "nul-octet", WARNING, AMBIGUITY, "RFC 5322 4",         \
	  "5.6.0", "a NUL octet; some readers stop at it")                     \
	X(4, LONG_LINE, "long-line", NOTE, PLAIN, "RFC 5322 2.1.1", "5.6.0",   \
	  "a line of more than 998 octets; relays may break it")               \
	X(5, MIXED_LINE_ENDS, "mixed-line-ends", NOTE, AMBIGUITY,              \
	  "RFC 5322 2.3", "5.6.0",                                             \
	  "some lines end with CRLF and some with LF alone")                   \
	/* header */                                                           \
	X(16, HEADER_8BIT, "header-8bit", NOTE, PLAIN, "RFC 5322 2.2",         \
	  "5.6.7", "octets over 127 stand in a header field unencoded")        \
	X(17, MALFORMED_FIELD, "malformed-field", WARNING, AMBIGUITY,          \
	  "RFC 7103 7.2", "5.6.0",                                             \
	  "a header line that is no field and no continuation; some readers "  \
	  "start the body there")                                              \
	X(18, BLANK_BEFORE_COLON, "blank-before-colon", WARNING, AMBIGUITY,    \
	  "RFC 5322 4.5", "5.6.0",                                             \
	  "blanks between a field's name and its colon; some readers do not "  \
	  "see the field")                                                     \
	X(19, CONTINUATION_AT_START, "continuation-at-start", WARNING,         \
	  AMBIGUITY, "RFC 5322 2.2.3", "5.6.0",                                \
	  "the header starts with a continuation line")                        \
	X(20, BLANK_CONTINUATION, "blank-continuation", WARNING, AMBIGUITY,    \
	  "RFC 5322 3.2.2", "5.6.0",                                           \
	  "a continuation line of blanks only; some readers end the header "   \
	  "there")                                                             \
	X(21, MBOX_FROM_LINE, "mbox-from-line", NOTE, PLAIN, "RFC 4155 A",     \
	  "5.6.0", "an mbox \"From \" line stands in the header")              \
	X(22, HEADER_UNTERMINATED, "header-unterminated", WARNING, PLAIN,      \
	  "RFC 5322 2.1", "5.6.0",                                             \
	  "no empty line ends the header; the body is empty")                  \
	X(23, DUPLICATE_FIELD, "duplicate-field", WARNING, AMBIGUITY,          \
	  "RFC 5322 3.6", "5.6.0",                                             \
	  "a field that may stand once stands again; the first one counts")    \
	X(24, MISSING_MIME_VERSION, "missing-mime-version", NOTE, PLAIN,       \
	  "RFC 7103 8.1", "5.6.0",                                             \
	  "MIME fields without MIME-Version; they are honoured all the same")  \
	/* Content-* fields */                                                 \
	X(32, DUPLICATE_CONTENT_TYPE, "duplicate-content-type", ERROR,         \
	  AMBIGUITY, "RFC 2045 5", "5.6.0",                                    \
	  "Content-Type stands more than once; the first one counts, other "   \
	  "readers take the last")                                             \
	X(33, DUPLICATE_ENCODING, "duplicate-encoding", ERROR, AMBIGUITY,      \
	  "RFC 2045 6", "5.6.0",                                               \
	  "Content-Transfer-Encoding stands more than once; the first one "    \
	  "counts")                                                            \
	X(34, DUPLICATE_DISPOSITION, "duplicate-disposition", WARNING,         \
	  AMBIGUITY, "RFC 2183 2", "5.6.0",                                    \
	  "Content-Disposition stands more than once; the first one counts")   \
	X(35, MALFORMED_CONTENT_TYPE, "malformed-content-type", WARNING,       \
	  AMBIGUITY, "RFC 2045 5.1", "5.6.0",                                  \
	  "Content-Type has no type/subtype; it is read as text/plain")        \
	X(36, MALFORMED_PARAMETER, "malformed-parameter", WARNING, AMBIGUITY,  \
	  "RFC 2045 5.1", "5.6.0",                                             \
	  "a parameter breaks the syntax; readers differ in what they skip")   \
	X(37, DUPLICATE_PARAMETER, "duplicate-parameter", ERROR, AMBIGUITY,    \
	  "RFC 2045 5.1", "5.6.0",                                             \
	  "a parameter stands more than once; the first one counts")           \
	X(38, UNKNOWN_ENCODING, "unknown-encoding", WARNING, AMBIGUITY,        \
	  "RFC 2045 6.4", "5.6.1",                                             \
	  "a transfer encoding that is not known; the octets are left as "     \
	  "they are")                                                          \
	X(39, COMPOSITE_ENCODED, "composite-encoded", WARNING, AMBIGUITY,      \
	  "RFC 2045 6.4", "5.6.1",                                             \
	  "a multipart or message with an encoding other than 7bit, 8bit or "  \
	  "binary")                                                            \
	X(40, UNBALANCED_QUOTE, "unbalanced-quote", WARNING, AMBIGUITY,        \
	  "RFC 2045 5.1", "5.6.0", "a quoted string has no closing quote")     \
	X(41, RFC2231_GAP, "rfc2231-gap", WARNING, AMBIGUITY, "RFC 2231 3",    \
	  "5.6.0", "a segment of a continued parameter is missing; what "      \
	  "follows the gap is left out")                                       \
	X(42, RFC2231_CONFLICT, "rfc2231-conflict", WARNING, AMBIGUITY,        \
	  "RFC 2231 3", "5.6.0",                                               \
	  "a parameter is given plain and in RFC 2231 form; the RFC 2231 "     \
	  "form counts")                                                       \
	X(43, WORD_IN_PARAMETER, "word-in-parameter", NOTE, AMBIGUITY,         \
	  "RFC 2047 5", "5.6.0",                                               \
	  "an encoded-word stands in a parameter; it is decoded for names")    \
	X(44, ENCLOSED_FILE, "enclosed-file", NOTE, AMBIGUITY, "RFC 7103 1",   \
	  "5.6.0",                                                             \
	  "a file stands inside a part, in a form that MIME does not know; "   \
	  "some readers show it, others show text or winmail.dat")             \
	X(45, BOUNDARY_CONFLICT, "boundary-conflict", ERROR, AMBIGUITY,        \
	  "RFC 2231 3", "5.6.0",                                               \
	  "a boundary is given plain and in RFC 2231 form; the plain one "     \
	  "counts")                                                            \
	X(46, COMMENT_IN_PARAMETER, "comment-in-parameter", NOTE, AMBIGUITY,   \
	  "RFC 2045 5.1", "5.6.0",                                             \
	  "a comment stands in a MIME field; it is skipped")                   \
	/* multiparts */                                                       \
	X(48, MISSING_BOUNDARY, "missing-boundary", ERROR, AMBIGUITY,          \
	  "RFC 2046 5.1.1", "5.6.0",                                           \
	  "a multipart without a usable boundary parameter; it has no parts")  \
	X(49, CHILDLESS_MULTIPART, "childless-multipart", WARNING, AMBIGUITY,  \
	  "RFC 2046 5.1.1", "5.6.0",                                           \
	  "a multipart has no parts; all its text is preamble or epilogue")    \
	X(50, UNCLOSED_MULTIPART, "unclosed-multipart", WARNING, PLAIN,        \
	  "RFC 2046 5.1.1", "5.6.0",                                           \
	  "the closing boundary of a multipart is missing")                    \
	X(51, BOUNDARY_PREFIX, "boundary-prefix", ERROR, AMBIGUITY,            \
	  "RFC 2046 5.1.1", "5.6.0",                                           \
	  "a line starts with a boundary and goes on; some readers take it "   \
	  "for the boundary")                                                  \
	X(52, BOUNDARY_BLANKS, "boundary-blanks", NOTE, PLAIN,                 \
	  "RFC 2046 5.1.1", "5.6.0", "blanks follow a boundary")               \
	X(53, BOUNDARY_AFTER_CLOSE, "boundary-after-close", ERROR, AMBIGUITY,  \
	  "RFC 2046 5.1.1", "5.6.0",                                           \
	  "a boundary occurs again after its closing line; some readers see "  \
	  "another part")                                                      \
	X(54, BOUNDARY_REUSED, "boundary-reused", ERROR, AMBIGUITY,            \
	  "RFC 2046 5.1.2", "5.6.0",                                           \
	  "a multipart uses the boundary of one that encloses it")             \
	X(55, BOUNDARY_LONG, "boundary-long", NOTE, PLAIN, "RFC 2046 5.1.1",   \
	  "5.6.0", "a boundary of more than 70 octets")                        \
	X(56, PREAMBLE_TEXT, "preamble-text", NOTE, PLAIN, "RFC 2046 5.1.1",   \
	  "5.6.0", "text before the first part, which no reader shows")        \
	X(57, EPILOGUE_TEXT, "epilogue-text", NOTE, PLAIN, "RFC 2046 5.1.1",   \
	  "5.6.0", "text after the closing boundary, which no reader shows")   \
	X(58, BOUNDARY_IN_HEADER, "boundary-in-header", WARNING, AMBIGUITY,    \
	  "RFC 2046 5.1", "5.6.0",                                             \
	  "a boundary occurs inside a part's header; the part has no body")    \
	X(59, BOUNDARY_ODD, "boundary-odd", WARNING, AMBIGUITY,                \
	  "RFC 2046 5.1.1", "5.6.0",                                           \
	  "a boundary is in RFC 2231 form only, has octets that none may "     \
	  "have, quoted pairs or a fold in it, starts or ends in a blank, "    \
	  "stands in single quotes, or looks like an encoded-word")            \
	X(60, BOUNDARY_OVERLAP, "boundary-overlap", WARNING, AMBIGUITY,        \
	  "RFC 2046 5.1.2", "5.6.0",                                           \
	  "a boundary and one that encloses it start alike to the end of the " \
	  "shorter; the longest that matches a line counts")                   \
	X(61, PREAMBLE_PART, "preamble-part", WARNING, AMBIGUITY,              \
	  "RFC 2046 5.1.1", "5.6.0",                                           \
	  "the text before the first part looks like a part")                  \
	X(62, EPILOGUE_PART, "epilogue-part", WARNING, AMBIGUITY,              \
	  "RFC 2046 5.1.1", "5.6.0",                                           \
	  "the text after the closing boundary looks like a part")             \
	/* encodings */                                                        \
	X(64, BASE64_JUNK, "base64-junk", WARNING, AMBIGUITY, "RFC 2045 6.8",  \
	  "5.6.0", "octets outside the alphabet stand in base64; they are "    \
	  "skipped")                                                           \
	X(65, BASE64_PADDING, "base64-padding", WARNING, AMBIGUITY,            \
	  "RFC 2045 6.8", "5.6.0",                                             \
	  "padding stands where base64 goes on; some readers stop there")      \
	X(66, BASE64_TRUNCATED, "base64-truncated", WARNING, AMBIGUITY,        \
	  "RFC 2045 6.8", "5.6.0",                                             \
	  "base64 ends inside a group of four")                                \
	X(67, QP_MALFORMED, "qp-malformed", WARNING, AMBIGUITY,                \
	  "RFC 2045 6.7", "5.6.0",                                             \
	  "an \"=\" of quoted-printable is followed by no hexadecimal pair")   \
	X(68, UU_MALFORMED, "uu-malformed", WARNING, AMBIGUITY,                \
	  "POSIX uuencode", "5.6.0", "a uuencoded line breaks the format")     \
	X(69, ENCODED_8BIT, "encoded-8bit", WARNING, AMBIGUITY,                \
	  "RFC 2045 6.2", "5.6.0",                                             \
	  "octets over 127 in a part that says it is 7bit or encoded")         \
	X(70, XX_MALFORMED, "xx-malformed", WARNING, AMBIGUITY, "xxencode",    \
	  "5.6.0", "an xxencoded line breaks the format")                      \
	X(71, YENC_MALFORMED, "yenc-malformed", WARNING, AMBIGUITY,            \
	  "yEnc 1.3", "5.6.0",                                                 \
	  "yEnc breaks the format or is not as long as it says")               \
	X(72, YENC_CHECKSUM, "yenc-checksum", WARNING, PLAIN, "yEnc 1.3",      \
	  "5.6.0", "the CRC-32 of yEnc is not that of its octets")             \
	X(73, BINHEX_MALFORMED, "binhex-malformed", WARNING, AMBIGUITY,        \
	  "RFC 1741 App. A", "5.6.0",                                          \
	  "BinHex breaks the format or ends before its time")                  \
	X(74, BINHEX_CHECKSUM, "binhex-checksum", WARNING, PLAIN,              \
	  "RFC 1741 App. A", "5.6.0",                                          \
	  "a CRC of BinHex is not that of its octets")                         \
	X(75, INLINE_NESTED, "inline-nested", WARNING, AMBIGUITY,              \
	  "RFC 7103 1", "5.6.0",                                               \
	  "an encoded block starts inside another one that has not ended")     \
	X(76, INLINE_UNFINISHED, "inline-unfinished", WARNING, AMBIGUITY,      \
	  "RFC 7103 1", "5.6.0",                                               \
	  "an encoded block in the text has no end; the rest of the text "     \
	  "was read as part of it")                                            \
	X(77, TNEF_MALFORMED, "tnef-malformed", WARNING, AMBIGUITY,            \
	  "MS-OXTNEF 2.1", "5.6.0",                                            \
	  "TNEF (winmail.dat) breaks the format; what follows is not read")    \
	X(78, TNEF_CHECKSUM, "tnef-checksum", NOTE, PLAIN, "MS-OXTNEF 2.1.3",  \
	  "5.6.0", "a checksum of TNEF is not that of its octets")             \
	X(79, LIMIT_TNEF, "limit-tnef", ERROR, LIMIT, "MS-OXTNEF 2.1",         \
	  "5.6.0", "more in TNEF than the limit; the rest is left out")        \
	/* text */                                                             \
	X(80, UNKNOWN_CHARSET, "unknown-charset", WARNING, AMBIGUITY,          \
	  "RFC 2046 4.1.2", "5.6.0",                                           \
	  "a charset that is not known; octets over 127 are replaced")         \
	X(81, UNDECODABLE_TEXT, "undecodable-text", WARNING, PLAIN,            \
	  "RFC 2046 4.1.2", "5.6.0",                                           \
	  "octets that the charset does not have; each is replaced")           \
	X(82, WORD_MALFORMED, "word-malformed", NOTE, AMBIGUITY, "RFC 2047 2", \
	  "5.6.0", "an encoded-word breaks the syntax; it is left as it is")   \
	X(83, ADDRESS_MALFORMED, "address-malformed", NOTE, AMBIGUITY,         \
	  "RFC 5322 3.4", "5.6.0", "an address breaks the syntax")             \
	X(84, DATE_MALFORMED, "date-malformed", NOTE, PLAIN, "RFC 5322 3.3",   \
	  "5.6.0", "a date breaks the syntax")                                 \
	X(85, PARTS_IN_TEXT, "parts-in-text", NOTE, AMBIGUITY, "RFC 2046 4.1", \
	  "5.6.0", "a text has boundaries and the headers of parts in it")     \
	X(86, MESSAGE_IN_TEXT, "message-in-text", NOTE, AMBIGUITY,             \
	  "RFC 2046 4.1", "5.6.0",                                             \
	  "a text starts with a header that has MIME fields")                  \
	X(87, CHARSET_UTF7, "charset-utf7", NOTE, AMBIGUITY, "RFC 2152",       \
	  "5.6.0", "text in UTF-7, which hides markup from who does not "      \
	  "decode it")                                                         \
	X(88, ESCAPE_IN_ASCII, "escape-in-ascii", NOTE, AMBIGUITY,             \
	  "RFC 1468", "5.6.0",                                                 \
	  "text that is labelled us-ascii, or nothing, has the escapes of "    \
	  "ISO-2022; they are left as they are")                               \
	X(89, QP_LOWER_CASE, "qp-lower-case", NOTE, AMBIGUITY,                 \
	  "RFC 2045 6.7", "5.6.0",                                             \
	  "hexadecimal digits of quoted-printable are in lower case; they "    \
	  "count")                                                             \
	X(90, QP_SOFT_BLANKS, "qp-soft-blanks", NOTE, AMBIGUITY,               \
	  "RFC 2045 6.7", "5.6.0",                                             \
	  "blanks stand between the \"=\" of a soft line break and the line "  \
	  "end; it is a soft break")                                           \
	X(91, QP_BLANKS, "qp-blanks", NOTE, AMBIGUITY, "RFC 2045 6.7",         \
	  "5.6.0",                                                             \
	  "blanks stand at the end of a line of quoted-printable; they are "   \
	  "dropped")                                                           \
	X(92, MIME_VERSION_ODD, "mime-version-odd", NOTE, PLAIN, "RFC 2045 4", \
	  "5.6.0",                                                             \
	  "the MIME-Version is not 1.0; the message is read as if it were")    \
	/* the whole message */                                                \
	X(96, TRUNCATED_MESSAGE, "truncated-message", ERROR, PLAIN,            \
	  "RFC 5321 4.1.1.4", "5.6.0", "the message ended before its time")    \
	X(97, EMPTY_MESSAGE, "empty-message", WARNING, PLAIN, "RFC 5322 3.6",  \
	  "5.6.0", "there is no header and no body")                           \
	X(98, PARTIAL_MALFORMED, "partial-malformed", WARNING, AMBIGUITY,      \
	  "RFC 2046 5.2.2", "5.6.0",                                           \
	  "a message/partial without a usable id or number")                   \
	X(99, PARTIAL_CONFLICT, "partial-conflict", WARNING, AMBIGUITY,        \
	  "RFC 2046 5.2.2", "5.6.0",                                           \
	  "pieces of a message differ in id or total, or one is there twice")  \
	X(100, PARTIAL_INCOMPLETE, "partial-incomplete", WARNING, PLAIN,       \
	  "RFC 2046 5.2.2", "5.6.0",                                           \
	  "pieces of a message are missing, or how many there are")            \
	X(101, PARTIAL_ENCODED, "partial-encoded", WARNING, AMBIGUITY,         \
	  "RFC 2046 5.2.2", "5.6.1",                                           \
	  "a message/partial with an encoding other than 7bit")                \
	/* limits */                                                           \
	X(111, LIMIT_ENCODINGS, "limit-encodings", ERROR, LIMIT,               \
	  "RFC 2045 6.4", "5.6.0",                                             \
	  "encoded messages or multiparts nest deeper than the limit; what "   \
	  "lies in the last is not opened")                                    \
	X(112, LIMIT_DEPTH, "limit-depth", ERROR, LIMIT, "RFC 2046 5.1",       \
	  "5.6.0", "parts nest deeper than the limit; what lies beyond is "    \
	  "one opaque part")                                                   \
	X(113, LIMIT_PARTS, "limit-parts", ERROR, LIMIT, "RFC 2046 5.1",       \
	  "5.6.0", "more parts than the limit; the rest is one opaque part")   \
	X(114, LIMIT_FIELDS, "limit-fields", ERROR, LIMIT, "RFC 5322 2.2",     \
	  "5.6.0", "more header fields than the limit; the rest is counted "   \
	  "only")                                                              \
	X(115, LIMIT_FIELD_OCTETS, "limit-field-octets", ERROR, LIMIT,         \
	  "RFC 5322 2.2", "5.6.0",                                             \
	  "a field longer than the limit; its rest is counted only")           \
	X(116, LIMIT_HEADER_OCTETS, "limit-header-octets", ERROR, LIMIT,       \
	  "RFC 5322 2.2", "5.6.0",                                             \
	  "a header longer than the limit; its rest is counted only")          \
	X(117, LIMIT_BOUNDARY, "limit-boundary", ERROR, LIMIT,                 \
	  "RFC 2046 5.1.1", "5.6.0",                                           \
	  "a boundary longer than the limit; the multipart stays opaque")      \
	X(118, LIMIT_PARAMETERS, "limit-parameters", ERROR, LIMIT,             \
	  "RFC 2045 5.1", "5.6.0",                                             \
	  "more parameters than the limit; the rest is left out")              \
	X(119, LIMIT_ADDRESSES, "limit-addresses", ERROR, LIMIT,               \
	  "RFC 5322 3.4", "5.6.0",                                             \
	  "more addresses than the limit; the rest is left out")               \
	X(120, LIMIT_STRINGS, "limit-strings", ERROR, LIMIT, "RFC 5322 2.2",   \
	  "5.6.0", "more header text than the limit; the rest is left out of " \
	  "ENVELOPE and BODYSTRUCTURE")                                        \
	X(121, LIMIT_DEFECTS, "limit-defects", ERROR, LIMIT, "RFC 7103 1",     \
	  "5.6.0", "more defects than the limit; the rest is not listed")      \
	X(110, LIMIT_READINGS, "limit-readings", ERROR, LIMIT, "RFC 7103 1",   \
	  "5.6.0", "a message has more readings than the limit; the rest is "  \
	  "not made")                                                          \
	/* more on text and names */                                           \
	X(122, CHARSET_MISLABELLED, "charset-mislabelled", NOTE, AMBIGUITY,    \
	  "RFC 2046 4.1.2", "5.6.0",                                           \
	  "octets 0x80 to 0x9f under an ISO-8859 label; they are read as in "  \
	  "the windows charset that goes with it")                             \
	X(123, BOM_CONFLICT, "bom-conflict", WARNING, AMBIGUITY,               \
	  "RFC 2781 3.3", "5.6.0",                                             \
	  "text starts with the byte order mark of another charset than it "   \
	  "is labelled with; the label counts")                                \
	X(124, UTF8_UNLABELLED, "utf8-unlabelled", NOTE, AMBIGUITY,            \
	  "RFC 2046 4.1.2", "5.6.0",                                           \
	  "text without a charset, or labelled us-ascii, is valid UTF-8 and "  \
	  "is read as that")                                                   \
	X(125, FILENAME_FORMS, "filename-forms", WARNING, AMBIGUITY,           \
	  "RFC 2231 3", "5.6.0",                                               \
	  "a file name's plain and RFC 2231 forms decode to different names; " \
	  "the RFC 2231 form counts")                                          \
	X(126, FILENAME_AND_NAME, "filename-and-name", WARNING, AMBIGUITY,     \
	  "RFC 2183 2.3", "5.6.0",                                             \
	  "filename of Content-Disposition and name of Content-Type differ; "  \
	  "filename counts")                                                   \
	X(127, PERCENT_MALFORMED, "percent-malformed", WARNING, AMBIGUITY,     \
	  "RFC 2231 4", "5.6.0",                                               \
	  "a \"%\" of an RFC 2231 value is followed by no hexadecimal pair")

typedef enum {
#define PLI_DEFECT_ENUM(number, NAME, ...) PLI_DEFECT_##NAME = number,
	PLI_DEFECT_TABLE(PLI_DEFECT_ENUM)
#undef PLI_DEFECT_ENUM
} PliDefectId;

typedef struct {
	PliDefectId id;
	const char *name; /* stable, lower case with dashes */
	PliSeverity severity;
	PliDefectKind kind;
	const char *section; /* of an RFC */
	const char *status;  /* RFC 3463 */
	const char *sentence;
} PliDefectInfo;

/* One defect of one message. */
typedef struct {
	PliDefectId id;
	guint32 part;
	PliSpan span;
} PliDefect;

/*
 * Where readers of bounded values (fields, words, codecs) leave what they
 * meet: a bit a defect, where the caller knows the span. Bits, not records,
 * so that a hostile value costs nothing.
 */
typedef struct {
	guint64 bits[2]; /* bit n of the pair is the defect numbered n */
} PliDefectSet;

/* A set starts as zero: PliDefectSet set = {{0}}. */
static inline void
pli_defect_set_add(PliDefectSet *set, PliDefectId id)
{
	set->bits[id / 64] |= G_GUINT64_CONSTANT(1) << (id % 64);
}

static inline void
pli_defect_set_add_all(PliDefectSet *set, const PliDefectSet *other)
{
	for (guint i = 0; i < G_N_ELEMENTS(set->bits); i++)
		set->bits[i] |= other->bits[i];
}

static inline gboolean
pli_defect_set_has(const PliDefectSet *set, PliDefectId id)
{
	return (set->bits[id / 64] >> (id % 64)) & 1;
}

static inline gboolean
pli_defect_set_is_empty(const PliDefectSet *set)
{
	return (set->bits[0] | set->bits[1]) == 0;
}

/* The row of a number; NULL for a number that has none. */
const PliDefectInfo *
pli_defect_get_info(guint32 id);

/* The row of a name; NULL when there is none. */
const PliDefectInfo *
pli_defect_find_info(const char *name);

/* "note", "warning", "error" */
const char *
pli_severity_get_name(PliSeverity severity);

PLI_END_DECLS

#endif
