/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Text in any charset to UTF-8, streaming.
 *
 * Labels as mail uses them are mapped through our own list, then given to
 * iconv. US-ASCII and UTF-8 are validated and passed, single-byte charsets go
 * through tables. The policy: an octet (or the shortest run) that the charset
 * does not have becomes U+FFFD, with PLI_DEFECT_UNDECODABLE_TEXT; under an
 * unknown label every octet over 127 does, with PLI_DEFECT_UNKNOWN_CHARSET.
 * Only labels on our list are known, whatever else iconv would open; it has
 * all of iconv's but the EBCDIC charsets that shift. Labels are read as their
 * usual supersets (gb2312 as gb18030, shift_jis as cp932, euc-kr as cp949,
 * iso-2022-jp as cp50221), and an ISO-8859 charset as the windows charset of
 * its script in 0x80 to 0x9f where that has a character (the WHATWG encoding
 * standard does so for -1, -9 and -11), with PLI_DEFECT_CHARSET_MISLABELLED.
 * US-ASCII is windows-1252, every octet over 127
 * PLI_DEFECT_UNDECODABLE_TEXT; labels that name no charset ("unknown-8bit",
 * "x-user-defined", "default") are US-ASCII. A leading U+FEFF of a Unicode
 * charset is a signature and is dropped; one of another charset than the
 * label's is PLI_DEFECT_BOM_CONFLICT, and the label counts.
 * U+0000 passes as it is. The output is always valid UTF-8.
 */
#ifndef PLI_ENGINE_CHARSET_H
#define PLI_ENGINE_CHARSET_H

#include "engine/buf.h"
#include "engine/context.h"
#include "engine/defect.h"

PLI_BEGIN_DECLS

/* The name iconv knows, for a label in any case ("x-sjis", "cp-1252",
 * "iso8859_1", " utf8 ", quoted ones); NULL when unknown. Static or owned by
 * the context. An empty label is US-ASCII. */
const char *
pli_charset_find(PliContext *context, PliSlice label);

typedef struct PliCharsetDecoder PliCharsetDecoder;

/* Never NULL. */
PliCharsetDecoder *
pli_charset_decoder_new(PliContext *context, PliSlice label);

void
pli_charset_decoder_free(PliCharsetDecoder *decoder);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(PliCharsetDecoder, pli_charset_decoder_free)

/* Converts all of `octets` but an unfinished character, which it keeps;
 * appends to `out`. FALSE at the buffer's ceiling. */
gboolean
pli_charset_decoder_feed(PliCharsetDecoder *decoder, PliSlice octets,
                         PliBuf *out);

/* The end of the text: what was kept is flushed or replaced. */
gboolean
pli_charset_decoder_finish(PliCharsetDecoder *decoder, PliBuf *out);

/* Adds what was met to `set`. */
void
pli_charset_decoder_get_defects(const PliCharsetDecoder *decoder,
                                PliDefectSet *set);

/* A bounded value at once. Appends to `out`; defects are added to `set`
 * (may be NULL). FALSE at the buffer's ceiling. */
gboolean
pli_charset_decode(PliContext *context, PliSlice label, PliSlice octets,
                   PliBuf *out, PliDefectSet *set);

/*
 * Header text without a charset (RFC 7103 7.7): UTF-8 when it is valid
 * UTF-8, else windows-1252. Appends to `out`.
 */
gboolean
pli_charset_decode_raw(PliContext *context, PliSlice octets, PliBuf *out,
                       PliDefectSet *set);

PLI_END_DECLS

#endif
