/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Writes header fields (RFC 5322 2.2, 2047, 2231): folded lines that end in
 * CRLF, in US-ASCII unless UTF-8 is allowed. What is read back is what was
 * given.
 *
 * Lines are folded before blanks so that they have at most 78 octets, 76 where
 * there is an encoded-word; only what has no blank to fold at is longer, and
 * no line is longer than 998. Folding adds no blank and takes none away.
 *
 * Values are UTF-8. CR, LF, other controls than HTAB and what is not UTF-8 are
 * refused with an error that names the field: no value starts another field.
 * Each function appends one whole field to `out` or, when it fails, nothing.
 *
 * U+FEFF at the start of encoded text is read as a byte order mark.
 */
#ifndef PLI_ENGINE_HEADER_WRITER_H
#define PLI_ENGINE_HEADER_WRITER_H

#include "engine/address.h"
#include "engine/buf.h"

PLI_BEGIN_DECLS

#define PLI_HEADER_WRITER_LINE 78
#define PLI_HEADER_WRITER_WORD_LINE 76
#define PLI_HEADER_WRITER_LINE_MAX 998
#define PLI_HEADER_WRITER_NAME_MAX 76

#define PLI_HEADER_WRITER_ERROR pli_header_writer_error_quark()

typedef enum {
	PLI_HEADER_WRITER_ERROR_NAME,	 /* no name of a field or parameter */
	PLI_HEADER_WRITER_ERROR_VALUE,	 /* cannot stand in such a field */
	PLI_HEADER_WRITER_ERROR_ADDRESS, /* cannot be written, see message */
	PLI_HEADER_WRITER_ERROR_LONG,	 /* cannot be folded to 998 octets */
	PLI_HEADER_WRITER_ERROR_FULL,	 /* the buffer's ceiling */
} PliHeaderWriterError;

GQuark
pli_header_writer_error_quark(void);

typedef enum {
	PLI_HEADER_WRITER_ASCII = 0,
	/* The message goes where SMTPUTF8 is offered (RFC 6532): text, phrases
	 * and addresses are written as they are. */
	PLI_HEADER_WRITER_UTF8 = 1 << 0,
	/* A parameter in the form of RFC 2231 is preceded by a plain one, "_"
	 * for each other character, for readers that know no better. */
	PLI_HEADER_WRITER_FALLBACK = 1 << 1,
} PliHeaderWriterFlags;

/*
 * Unstructured text, as of Subject and Comments. Words that are not US-ASCII,
 * look like encoded-words, or are longer than 900 octets, are encoded with the
 * blanks between them, in Q or B by length; so are blanks at either end, which
 * readers drop otherwise.
 */
gboolean
pli_header_writer_add_text(PliBuf *out, PliHeaderWriterFlags flags,
                           const char *name, PliSlice text, GError **error);

/*
 * A value that has its syntax already: a date, message-ids, a list header.
 * Only folded; blanks at either end are dropped. Octets over 127 need UTF8.
 */
gboolean
pli_header_writer_add_structured(PliBuf *out, PliHeaderWriterFlags flags,
                                 const char *name, PliSlice value,
                                 GError **error);

/*
 * Mailboxes and groups, in the order of the reader of engine/address.h; there
 * is at least one, groups are closed and do not nest. `name` of each is UTF-8
 * and not encoded, empty for none; it becomes atoms, a quoted string, or
 * encoded-words, as it needs. `local` and `domain` are as they read, without
 * quotes, and not empty; not in US-ASCII they need UTF8. `route` must be empty.
 */
gboolean
pli_header_writer_add_addresses(PliBuf *out, PliHeaderWriterFlags flags,
                                const char *name, const PliAddress *addresses,
                                gsize n, GError **error);

typedef struct {
	PliSlice name;
	PliSlice value;
} PliHeaderWriterParam;

/*
 * A token or type/subtype and its parameters (RFC 2045 5.1, RFC 2183): a value
 * is a token, a quoted string, or in the form of RFC 2231 as UTF-8; one that
 * is too long for a line is continued over several (RFC 2231 3). Raw UTF-8 is
 * never written.
 */
gboolean
pli_header_writer_add_params(PliBuf *out, PliHeaderWriterFlags flags,
                             const char *name, PliSlice value,
                             const PliHeaderWriterParam *params, gsize n,
                             GError **error);

PLI_END_DECLS

#endif
