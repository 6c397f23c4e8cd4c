/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * IMAP section specifications: which octets of a message BODY[...] names
 * (RFC 9051 6.4.5.1 and 9 "section-spec").
 */
#ifndef PLI_ENGINE_SECTION_H
#define PLI_ENGINE_SECTION_H

#include "engine/structure.h"

PLI_BEGIN_DECLS

/* As many numbers as parts may nest, plus one for BODY[1] of a leaf. */
#define PLI_SECTION_DEPTH 128

typedef enum {
	PLI_SECTION_WHOLE,      /* BODY[] and BODY[1.2] */
	PLI_SECTION_HEADER,     /* HEADER, also of a message inside */
	PLI_SECTION_FIELDS,     /* HEADER.FIELDS (names) */
	PLI_SECTION_FIELDS_NOT, /* HEADER.FIELDS.NOT (names) */
	PLI_SECTION_TEXT,
	PLI_SECTION_MIME,
} PliSectionText;

typedef struct {
	guint32 n_numbers;
	guint32 numbers[PLI_SECTION_DEPTH];
	PliSectionText text;
} PliSection;

/*
 * Reads "", "1.2", "TEXT", "2.HEADER", "1.MIME", "HEADER.FIELDS" (the names
 * stand outside and are the caller's). FALSE when `spec` is none of these.
 */
gboolean
pli_section_parse(PliSlice spec, PliSection *ret_section);

/*
 * The part that the numbers name: RFC 9051's rules (1 is the only part of a
 * message that is no multipart; under message/rfc822 numbers go on inside).
 * FALSE when there is none.
 */
gboolean
pli_section_find_part(const PliStructure *structure, const PliSection *section,
                      guint32 *ret_part);

/*
 * The span a section names; for FIELDS and FIELDS_NOT the whole header, of
 * which the caller picks fields from the field table. *ret_part is
 * the part whose header or body it is. FALSE when the section names nothing
 * (HEADER of a leaf, MIME of the message itself, no such part).
 */
gboolean
pli_section_find_span(const PliStructure *structure, const PliSection *section,
                      guint32 *ret_part, PliSpan *ret_span,
                      guint64 *ret_bare_lf);

/* The IMAP section number of a part ("1.2", "" for the root), as gen_corpus
 * and BODYSTRUCTURE order have it. The caller frees it. */
char *
pli_section_format_path(const PliStructure *structure, guint32 part);

PLI_END_DECLS

#endif
