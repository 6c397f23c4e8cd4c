/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is inside a message or multipart that carries an encoding: while its
 * body passes, the octets are decoded and scanned by a parser of their own,
 * whose structure becomes the part's children when the part ends.
 *
 * doc/strict.md has the two rules. A message is decoded, but in any encoding
 * other than quoted-printable it is read as it stands when it starts with a
 * header field. A multipart is decoded when no boundary of its own occurs in
 * the octets as they are.
 *
 * A parser has at most one of these; that one's parser may have the next, to
 * limits.encodings. All other limits are the message's: the inner parser gets
 * what the outer one has left, which waits meanwhile. Memory is that of a
 * parser and two pieces of body.
 */
#ifndef PLI_ENGINE_PARSER_INNER_PRIV_H
#define PLI_ENGINE_PARSER_INNER_PRIV_H

#include "engine/parser.h"

typedef struct PliParserInner PliParserInner;

/* Whether there is a decoder for composites in this encoding. BinHex has
 * none: an octet of it may become 96, and of 96 each again. */
static inline gboolean
pli_parser_inner_is_decoded(PliEncoding encoding)
{
	return encoding >= PLI_ENCODING_QUOTED_PRINTABLE &&
	       encoding <= PLI_ENCODING_YENC;
}

/* The body of `part`, the current one, starts; `kind` is MESSAGE, or MULTIPART
 * with its boundary on top of the parser's table. FALSE: limits.encodings is
 * reached. */
gboolean
pli_parser_inner_begin(PliParser *parser, guint32 part, PliPartKind kind);

/* Octets of the body, in order. */
void
pli_parser_inner_feed(PliParser *parser, PliSlice octets);

/* The part has parts as it stands. */
void
pli_parser_inner_drop(PliParser *parser);

/* The part ended: its body's span is known, and it has no children yet. TRUE:
 * now it has. */
gboolean
pli_parser_inner_end(PliParser *parser);

/* For a copy of the parser: one that ends where this one is. */
PliParserInner *
pli_parser_inner_dup(const PliParserInner *inner);

void
pli_parser_inner_free(PliParserInner *inner);

gsize
pli_parser_inner_get_memory(const PliParserInner *inner);

#endif
