/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What one scan of a message found, in the form it is stored in.
 *
 * Flat, position-independent, little-endian, checksummed; read through the
 * accessors below, which need no alignment. Every index in it is validated
 * once, by pli_structure_open(); after that no accessor fails. Immutable and
 * reference-counted: any number of threads may read one. It holds no octets
 * of bodies, so everything here is bounded by PliLimits.
 *
 * Parts are numbered in document order, the message itself is part 0. A
 * message/rfc822 part has one child: the message inside, a part of its own
 * with header and body. doc/engine.md draws the layout, doc/strict.md says
 * how ambiguous mail is read.
 *
 * Source 0 is the message. A message or multipart that carries an encoding
 * has its children in a source of its own, from 1: the decoding of its body.
 * In such a source an LF alone is an octet and counts as one, whatever the
 * line mode.
 */
#ifndef PLI_ENGINE_STRUCTURE_H
#define PLI_ENGINE_STRUCTURE_H

#include "engine/defect.h"
#include "engine/field-name.h"
#include "engine/limits.h"
#include "engine/slice.h"
#include "engine/span.h"

PLI_BEGIN_DECLS

/* How the octets are laid out; a newer program reads older layouts. */
#define PLI_STRUCTURE_LAYOUT 2
#define PLI_STRUCTURE_LAYOUT_FIRST 2 /* the oldest that a release wrote */
/* How ambiguous mail is read; changes with every changed row of strict.md. */
#define PLI_STRUCTURE_READING 2

typedef struct PliStructure PliStructure;

enum {
	PLI_STRUCTURE_INCOMPLETE = 1 << 0, /* the message was cut off */
	PLI_STRUCTURE_LIMITED = 1 << 1,    /* a ceiling was reached */
	PLI_STRUCTURE_AMBIGUOUS = 1 << 2,  /* has an ambiguity defect */
	PLI_STRUCTURE_HAS_NUL = 1 << 3,
	PLI_STRUCTURE_HAS_8BIT = 1 << 4,
	PLI_STRUCTURE_HEADER_8BIT = 1 << 5, /* in a header, any part's */
};

typedef enum {
	PLI_PART_LEAF = 0,
	PLI_PART_MULTIPART = 1, /* children are its body parts, at least one */
	PLI_PART_MESSAGE = 2,   /* one child: the message inside */
} PliPartKind;

/* Content-Transfer-Encoding as read. */
typedef enum {
	PLI_ENCODING_7BIT = 0, /* also when there is no field */
	PLI_ENCODING_8BIT = 1,
	PLI_ENCODING_BINARY = 2,
	PLI_ENCODING_QUOTED_PRINTABLE = 3,
	PLI_ENCODING_BASE64 = 4,
	PLI_ENCODING_UUENCODE = 5,
	PLI_ENCODING_XXENCODE = 6,
	PLI_ENCODING_YENC = 7,
	PLI_ENCODING_BINHEX = 8,
	PLI_ENCODING_UNKNOWN = 15,
} PliEncoding;

/* The body's octets are those of the content (RFC 2045 6.2). */
static inline gboolean
pli_encoding_is_identity(PliEncoding encoding)
{
	return encoding <= PLI_ENCODING_BINARY;
}

/* They are not, and it is known what to make of them. */
static inline gboolean
pli_encoding_is_decodable(PliEncoding encoding)
{
	return !pli_encoding_is_identity(encoding) &&
	       encoding != PLI_ENCODING_UNKNOWN;
}

/* What stands for it in Content-Transfer-Encoding; static, NULL for UNKNOWN. */
const char *
pli_encoding_get_name(PliEncoding encoding);

enum {
	PLI_PART_SYNTHETIC = 1 << 0, /* stands for no octets: see strict.md */
	PLI_PART_OPAQUE = 1 << 1,    /* composite, but not opened (a limit) */
	PLI_PART_CLOSED = 1 << 2,    /* multipart with its closing boundary */
	PLI_PART_HAS_NUL = 1 << 3,   /* in the body, children's included */
	PLI_PART_HAS_8BIT = 1 << 4,  /* in the body, children's included */
	PLI_PART_IN_DIGEST = 1 << 5, /* default type is message/rfc822 */
	PLI_PART_IS_MESSAGE = 1 << 6, /* has a message header: the root and the
	                                 child of each MESSAGE part */
	PLI_PART_LONG_LINE = 1 << 7, /* a body line over 998 octets */
	PLI_PART_BARE_CR = 1 << 8,   /* in the body, children's included */
	PLI_PART_HAS_MIME = 1 << 9,  /* a Content-* or MIME-Version field */
};

typedef struct {
	guint32 index;
	guint32 parent; /* PLI_NONE for the root */
	guint32 n_children;
	guint32 first_field;
	guint32 n_fields;
	guint32 flags; /* PLI_PART_* */
	guint16 depth; /* 0 for the root */
	PliPartKind kind;
	PliEncoding encoding;
	PliSpan header; /* with the empty line that ends it, if there */
	PliSpan body;   /* without the line end before a boundary */
	guint64 header_lines, header_bare_lf;
	guint64 body_lines, body_bare_lf; /* LFs, and those without CR */
	guint64 body_hash; /* XXH3 of a leaf's octets; a multipart's preamble,
	                      boundary lines and epilogue folded */
	guint32 first_child; /* position in the children section */
	guint32 first_item;
	guint32 n_items;
} PliPart;

enum {
	PLI_FIELD_MALFORMED = 1 << 0, /* a line that is no field; no name */
	PLI_FIELD_8BIT = 1 << 1,
	PLI_FIELD_NUL = 1 << 2,
	PLI_FIELD_BLANK_COLON = 1 << 3, /* blanks before the colon */
	PLI_FIELD_FOLDED = 1 << 4,
	PLI_FIELD_CUT = 1 << 5, /* longer than field_octets */
};

/* The decoding of a composite part's body. */
typedef struct {
	guint32 index;        /* as in PliSpan, from 1 */
	guint32 part;         /* whose body is decoded */
	guint32 outer;        /* the source that body lies in, below index */
	PliEncoding encoding; /* of the part */
	gboolean to_crlf;     /* an LF alone is made CRLF before decoding */
	guint64 length;       /* decoded octets */
} PliPartSource;

/* Sources decoded of one another, at most. */
#define PLI_STRUCTURE_SOURCE_LEVELS 16

/* One header field, whole: name, colon, value, folds and last line end. */
typedef struct {
	guint32 index;
	guint32 flags; /* PLI_FIELD_* */
	PliFieldName name;
	PliSpan span;
	guint32 name_length; /* 0 when malformed */
	guint32 value_start; /* just past the colon, from span.offset */
	guint32 bare_lf;
	guint32 hash; /* CRC-32C */
} PliField;

/*
 * A piece of header text kept in the structure, so that ENVELOPE and
 * BODYSTRUCTURE read no message octets. Values are unfolded and trimmed,
 * otherwise as they came (8-bit octets too); of duplicates the first counts.
 */
typedef enum {
	PLI_ITEM_TYPE = 1,      /* name: type, value: subtype; lower case */
	PLI_ITEM_TYPE_PARAM = 2, /* name: lower case, value: unquoted */
	PLI_ITEM_ENCODING = 3,  /* value: lower case */
	PLI_ITEM_DISPOSITION = 4, /* value: lower case */
	PLI_ITEM_DISPOSITION_PARAM = 5,
	PLI_ITEM_ID = 6,
	PLI_ITEM_DESCRIPTION = 7,
	PLI_ITEM_MD5 = 8,
	PLI_ITEM_LANGUAGE = 9, /* one item a tag */
	PLI_ITEM_LOCATION = 10,
	/* of a part with PLI_PART_IS_MESSAGE */
	PLI_ITEM_DATE = 32,
	PLI_ITEM_SUBJECT = 33,
	PLI_ITEM_FROM = 34, /* the field's value, addresses unread */
	PLI_ITEM_SENDER = 35,
	PLI_ITEM_REPLY_TO = 36,
	PLI_ITEM_TO = 37,
	PLI_ITEM_CC = 38,
	PLI_ITEM_BCC = 39,
	PLI_ITEM_IN_REPLY_TO = 40,
	PLI_ITEM_MESSAGE_ID = 41,
	PLI_ITEM_REFERENCES = 42,
} PliItemKind;

typedef struct {
	PliItemKind kind;
	guint32 field; /* where it was read */
	PliSlice name;
	PliSlice value; /* both valid as long as the structure */
} PliItem;

/*
 * Checks `bytes` whole (magic, layout, checksum, every index) and reads them
 * in place. The bytes are referenced. NULL and a G_FILE_ERROR_INVAL that names
 * what is wrong when they are no structure, or one with a must-understand
 * section that is newer than this program.
 */
PliStructure *
pli_structure_open(GBytes *bytes, GError **error);

/* Any thread may take and drop references. */
PliStructure *
pli_structure_ref(PliStructure *structure);

/* The last one frees it. NULL is nothing. */
void
pli_structure_unref(PliStructure *structure);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(PliStructure, pli_structure_unref)

/* The stored form; owned by the structure, and good on its own for whoever
 * takes a reference. */
GBytes *
pli_structure_get_bytes(const PliStructure *structure);

/* The PLI_STRUCTURE_READING that it was made by. */
guint16
pli_structure_get_reading(const PliStructure *structure);

/* That of the parser. */
PliLineMode
pli_structure_get_line_mode(const PliStructure *structure);

/* A sum of PLI_STRUCTURE_INCOMPLETE and those after it. */
guint32
pli_structure_get_flags(const PliStructure *structure);

/* Octets, LFs and bare LFs of the message as stored. */
guint64
pli_structure_get_length(const PliStructure *structure);
guint64
pli_structure_get_lines(const PliStructure *structure);
guint64
pli_structure_get_bare_lf(const PliStructure *structure);

/* RFC822.SIZE: octets as IMAP and POP3 serve them in the line mode. */
guint64
pli_structure_get_served_length(const PliStructure *structure);

/* A body's or header's octets as served: length, plus bare LFs in LF-FILE. */
guint64
pli_structure_get_served_body(const PliStructure *structure,
                              const PliPart *part);
guint64
pli_structure_get_served_header(const PliStructure *structure,
                                const PliPart *part);

guint32
pli_structure_get_n_parts(const PliStructure *structure);
guint32
pli_structure_get_n_fields(const PliStructure *structure);
guint32
pli_structure_get_n_defects(const PliStructure *structure);
/* Without source 0. */
guint32
pli_structure_get_n_sources(const PliStructure *structure);

/* Indexes run from 0 to n - 1; any other is a bug of the caller's. */
void
pli_structure_get_part(const PliStructure *structure, guint32 part,
                       PliPart *ret_part);
void
pli_structure_get_field(const PliStructure *structure, guint32 field,
                        PliField *ret_field);
void
pli_structure_get_defect(const PliStructure *structure, guint32 index,
                         PliDefect *ret_defect);

/* `source` runs from 1 to n; the others' indexes from 0. */
void
pli_structure_get_source(const PliStructure *structure, guint32 source,
                         PliPartSource *ret_source);

/* Octets of a source, 0 too. */
guint64
pli_structure_get_source_length(const PliStructure *structure, guint32 source);

/* Part index of the n-th child, n from 0. */
guint32
pli_structure_get_child(const PliStructure *structure, const PliPart *part,
                        guint32 n);

/* The n-th item of a part, n from 0 to part->n_items - 1. */
void
pli_structure_get_item(const PliStructure *structure, const PliPart *part,
                       guint32 n, PliItem *ret_item);

/* The next item of a kind, from the part's item *n on, which is moved behind
 * it; FALSE when there is none. Start with 0. */
gboolean
pli_structure_next_item(const PliStructure *structure, const PliPart *part,
                        PliItemKind kind, guint32 *n, PliItem *ret_item);

/* The first item of a kind; FALSE when the part has none. */
gboolean
pli_structure_find_item(const PliStructure *structure, const PliPart *part,
                        PliItemKind kind, PliItem *ret_item);

/* A parameter by its name as written (lower case, with any RFC 2231 star);
 * kind is TYPE_PARAM or DISPOSITION_PARAM. FALSE when there is none. */
gboolean
pli_structure_find_param(const PliStructure *structure, const PliPart *part,
                         PliItemKind kind, const char *name,
                         PliSlice *ret_value);

/* "text", "plain": lower case, never empty, defaults of RFC 2045 5.2 and
 * RFC 2046 5.1.5 applied. Valid as long as the structure. */
void
pli_structure_get_type(const PliStructure *structure, const PliPart *part,
                       PliSlice *ret_type, PliSlice *ret_subtype);

/* Compared without case. */
gboolean
pli_structure_is_type(const PliStructure *structure, const PliPart *part,
                      const char *type, const char *subtype);

PLI_END_DECLS

#endif
