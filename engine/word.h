/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Encoded-words (RFC 2047) in header text, both ways.
 */
#ifndef PLI_ENGINE_WORD_H
#define PLI_ENGINE_WORD_H

#include "engine/buf.h"
#include "engine/context.h"
#include "engine/defect.h"

PLI_BEGIN_DECLS

/*
 * Header text (a Subject, a phrase, a comment) to UTF-8: folds are undone,
 * encoded-words decoded where they stand (also inside quoted strings), blanks
 * between adjacent ones dropped, a character split over adjacent words of one
 * charset and encoding joined. Raw 8-bit octets are read as
 * pli_charset_decode_raw() does; those inside a Q word as its charset, unless
 * all of `text` is UTF-8 and the charset is another. A malformed word stays as
 * it is. The output has no CR, LF or NUL. Linear in `text`. FALSE at the
 * buffer's ceiling.
 */
gboolean
pli_word_decode(PliContext *context, PliSlice text, PliBuf *out,
                PliDefectSet *set);

/* The same as a string that the caller frees; never NULL. */
char *
pli_word_decode_dup(PliContext *context, PliSlice text);

/*
 * Text with raw 8-bit octets as US-ASCII: UTF-8 becomes "=?utf-8?Q?..?="
 * words, anything else "=?unknown-8bit?Q?..?=" (RFC 1428). Text without 8-bit
 * octets passes unchanged; CR, LF and NUL become blanks. Words keep to 75
 * octets and to character borders.
 */
gboolean
pli_word_encode_raw(PliSlice text, PliBuf *out);

PLI_END_DECLS

#endif
